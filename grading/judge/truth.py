"""What is right for a call, and how exactly that can be said: the reference, there and close by."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from grading.judge.call import OWN, Ours, Outcome, attempt
from grading.judge.item import Case, Item, Reference

__all__ = ["Truth"]

MOVES = 5  # bits of an index
FINER = {"e": np.float64, "f": np.float64, "d": np.longdouble}


class Truth:
    """The reference at the inputs of a call; it is computed when it is asked for, and once.

    Parameters
    ----------
    item : Item
        Whose function it is.
    reference : Reference
        The solution.
    case : Case
        The call.
    """

    def __init__(self, item: Item, reference: Reference, case: Case) -> None:
        self.item, self.reference, self.case = item, reference, case

    @property
    def names(self) -> list[str]:
        """Of the arguments, as the task has them; one that has no name has its number."""
        names = list(inspect.signature(self.reference[self.item.function]).parameters)
        return [*names, *map(str, range(len(names) + 1, len(self.case.args) + 1))]

    @property
    def inputs(self) -> list[list[Any]]:
        """Names and shapes of the arrays among the arguments, if they are few enough to be told."""
        told: list[list[Any]] = []
        for name, value in zip(self.names, self.case.args, strict=False):
            if isinstance(value, np.ndarray):
                told.append([name, list(value.shape)])
            elif isinstance(value, list | tuple):
                parts = enumerate(value)
                told += [[f"{name}[{i}]", list(part.shape)] for i, part in parts if isinstance(part, np.ndarray)]
        return told if len(told) < 8 else []

    @cached_property
    def outcome(self) -> Outcome:
        """What it gives."""
        return self._at(lambda value: value)

    @cached_property
    def others(self) -> tuple[Any, ...]:
        """What it gives in higher precision, and at inputs that are one rounding away.

        The first tells its own rounding, the others how the problem magnifies that of its inputs: its condition.
        Where one of them gives nothing, as linear algebra does in higher precision, it is left out.
        """
        return tuple(outcome.value for outcome in self._others() if not outcome.why)

    def _others(self) -> Iterator[Outcome]:
        yield self._at(_finer)
        for bit in range(MOVES):
            yield self._at(functools.partial(_moved, bit=bit))

    def _at(self, change: Callable[[np.ndarray | np.floating | float], Any]) -> Outcome:
        """At changed inputs."""
        case = replace(self.case, args=_each(self.case.args, change), kwargs=_each(self.case.kwargs, change))
        return attempt(Ours(self.reference.functions), self.item.function, case, OWN)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value in which each array, and each number, of floating point is changed."""
    if isinstance(value, list | tuple):
        return type(value)(_each(part, change) for part in value)
    if isinstance(value, dict):
        return {key: _each(part, change) for key, part in value.items()}
    floating = isinstance(value, float) or (isinstance(value, np.ndarray | np.floating) and value.dtype.char in FINER)
    return change(value) if floating else value


def _finer(value: Any) -> Any:
    return value if type(value) is float else value.astype(FINER[value.dtype.char])


def _moved(value: Any, bit: int) -> Any:
    """Each number goes to one of its neighbours, by a bit of its index: any two go apart for some bit. Zeros stay."""
    signs = 1.0 - 2.0 * (np.arange(np.size(value)).reshape(np.shape(value)) >> bit & 1)
    if type(value) is float:
        return value * (1.0 + float(np.finfo(float).eps))
    return (value * (1 + signs * np.finfo(value.dtype).eps)).astype(value.dtype)
