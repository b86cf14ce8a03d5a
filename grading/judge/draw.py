"""Inputs of a check. A draw is a value that waits for a generator; draws compose to the arguments of a call."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np

from grading.judge.item import Case, Group, Item, Reference, Rng

__all__ = ["Draw", "batches", "choice", "draw", "epochs", "f32", "group", "item", "items", "network"]
__all__ += ["normal", "one_hot", "probabilities", "uniform"]


@dataclass(frozen=True)
class Draw:
    """A value that waits for a generator. It can be added and multiplied: ``1e3 * normal(3, 4)``."""

    of: Callable[[Rng], Any]
    __array_ufunc__ = None  # an array on the left leaves the sum to the draw

    def __call__(self, rng: Rng) -> Any:
        return self.of(rng)

    def __add__(self, other: Any) -> Draw:
        return Draw(lambda rng: self(rng) + _drawn(other, rng))

    def __mul__(self, other: Any) -> Draw:
        return Draw(lambda rng: self(rng) * _drawn(other, rng))

    __radd__, __rmul__ = __add__, __mul__


def _drawn(what: Any, rng: Rng) -> Any:
    """The value, with all draws in its tuples and lists made; a draw of a tuple fills as many places."""
    if isinstance(what, Draw):
        return what(rng)
    if not isinstance(what, tuple | list):
        return what
    made = [(part, _drawn(part, rng)) for part in what]
    spread = (value if isinstance(part, Draw) and isinstance(value, tuple) else (value,) for part, value in made)
    return type(what)(itertools.chain.from_iterable(spread))


def draw(function: Callable[..., Any]) -> Callable[..., Draw]:
    """Make a function of a generator and more into one of that more, whose result waits for the generator.

    For values that depend on one another, and for what takes time to load. Draws among the arguments are made before
    the function is called, those in what it returns after that.
    """

    @functools.wraps(function)
    def waiting(*args: Any, **more: Any) -> Draw:
        return Draw(lambda rng: _drawn(function(rng, *_drawn(args, rng), **more), rng))

    return waiting


# ------------------------------------------------------------------------------------------------ what is drawn


@draw
def normal(rng: Rng, *shape: int) -> Any:
    """Standard normal numbers; without a shape, one number."""
    return rng.normal(size=shape) if shape else np.float64(rng.normal())


@draw
def uniform(rng: Rng, low: float, high: float, *shape: int) -> Any:
    """Numbers between two bounds; without a shape, one ``float``."""
    return rng.uniform(low, high, size=shape or None)


@draw
def choice(rng: Rng, values: Any, *shape: int) -> Any:
    """Some of the values, or of the indices below a number; without a shape, one of them."""
    return rng.choice(values, size=shape) if shape else rng.choice(values).item()


@draw
def one_hot(rng: Rng, n: int, K: int) -> Any:
    """n unit vectors of K numbers, in rows."""
    return np.eye(K)[rng.integers(K, size=n)]


@draw
def probabilities(rng: Rng, n: int, K: int) -> Any:
    """n rows of K numbers that add up to 1."""
    return rng.dirichlet(np.ones(K), size=n)


def network(sizes: Sequence[int], biases: bool = True) -> list[Draw]:
    """One beta (outputs, 1 + inputs) for each pair of neighbouring layers; the biases are column 0."""
    scales = [np.append(float(biases), np.ones(p)) / np.sqrt(1 + p) for p in sizes[:-1]]
    return [scale * normal(m, len(scale)) for m, scale in zip(sizes[1:], scales, strict=True)]


@draw
def batches(rng: Rng, n: int, *sizes: int) -> Any:
    """A list of batches of the sizes: indices below n, without repetition in a batch."""
    return [rng.choice(n, size=size, replace=False) for size in sizes]


@draw
def epochs(rng: Rng, count: int, n: int, size: int) -> Any:
    """A list of batches that holds all indices below n in each epoch, in a new order."""
    return [batch for _ in range(count) for batch in np.split(rng.permutation(n), n // size)]


@draw
def f32(rng: Rng, *what: Any) -> Any:
    """The same, with all arrays and drawn numbers in single precision."""
    cast = _single(what)
    return cast if len(cast) > 1 else cast[0]


def _single(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_single, value))
    real = isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f"
    return value.astype(np.float32) if real else value


# -------------------------------------------------------------------------------------------- what is asked with it


def group(
    name: str,
    *cases: Any,
    points: float = 1.0,
    part: Any = None,
    judge: Callable[[Any, Case, Reference], str | None] | None = None,
    deadline: float = 5.0,
) -> Group:
    """A group of cases that earn their points together.

    Parameters
    ----------
    name : str
        What is tested, in words of the student.
    *cases : Draw or tuple
        The arguments of each call: a draw, or a tuple of draws and plain values. A draw of a tuple gives several.
    points : float
        Earned if every case passes.
    part : callable, int, slice or tuple of slices, optional
        The part of the result that counts, as a function of it or as an index.
    judge, deadline
        As in `Group`.
    """

    def made(rng: Rng) -> list[Case]:
        drawn = (_drawn(case if isinstance(case, tuple) else (case,), rng) for case in cases)
        return [Case(args) for args in drawn]

    return Group(name, points, made, part if part is None or callable(part) else itemgetter(part), judge, deadline)


def item(id: str, *groups: Group, **more: Any) -> Item:
    """An item with these groups, and more as in `Item`; `items` knows its function, ``mistakes.toml`` its mistakes."""
    return Item(id, "", groups, **more)


def items(**declared: Item) -> tuple[Item, ...]:
    """The items of an assignment, each by the name of its function, in the order of the notebook."""
    return tuple(replace(each, function=function) for function, each in declared.items())
