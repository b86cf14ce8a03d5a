"""Visible checks for the exercises: they know no answer, they compare with what the task states.

A check that passes says so in one line. One that fails raises with a sentence for people, shown without a traceback.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["Failed", "Unsolved", "at_least", "close", "gradient", "part", "parts", "shape"]


class Failed(AssertionError):
    """A check that did not pass; a notebook shows its sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"✗ {self}"]


class Unsolved(NotImplementedError):
    """A check that met a function that is still a stub."""

    def _render_traceback_(self) -> list[str]:
        return [f"· {self}"]


@contextmanager
def part(name: str) -> Iterator[None]:
    """The checks of one part of an exercise: ``with checks.part("softmax"): ...``.

    Parameters
    ----------
    name : str
        The part's function.

    Raises
    ------
    Unsolved
        If a stub is called; the message names the stub, which may belong to an earlier part.
    """
    try:
        yield
    except NotImplementedError as error:
        stub = traceback.extract_tb(error.__traceback__)[-1].name
        also = "" if stub == name else f" (these checks of {name} call it)"
        raise Unsolved(f"{stub} is not solved yet{also}") from None
    print(f"✓ {name}: all visible checks pass")


def parts(value: Any, expected: int, name: str) -> None:
    """Check how many parts a list or tuple has.

    Parameters
    ----------
    value : list or tuple
        What the student's function returned.
    expected : int
        How many parts the task states.
    name : str
        What the value is, in words.

    Raises
    ------
    Failed
        If it is no list or tuple, or has another number of parts.
    """
    if value is None:
        raise Failed(f"{name} is None: did the function forget its return?")
    if not isinstance(value, list | tuple):
        raise Failed(f"{name} is of type {type(value).__name__}, expected a list with {expected} parts")
    if len(value) != expected:
        raise Failed(f"{name} has {len(value)} parts, expected {expected}")
    print(f"✓ {name}: {expected} parts")


def shape(value: Any, expected: tuple[int, ...], name: str, hints: Mapping[tuple[int, ...], str] | None = None) -> None:
    """Check the shape of a result.

    Parameters
    ----------
    value : array_like
        What the student's function returned.
    expected : tuple of int
        The shape that the task states.
    name : str
        What the value is, in words: "delta of the hidden layer".
    hints : mapping, optional
        For a wrong shape that has a usual cause, the question to ask.

    Raises
    ------
    Failed
        If the shape differs; the message names both shapes and the hint.
    """
    found = _array(value, name).shape
    if found != tuple(expected):
        raise Failed(_sentence(f"{name} has shape {found}, expected {expected}", (hints or {}).get(found, "")))
    print(f"✓ {name}: shape {found}")


def close(value: Any, expected: Any, name: str, hint: str = "", tolerance: float = 1e-6) -> None:
    """Check a result against numbers that can be worked out by hand.

    Parameters
    ----------
    value, expected : array_like
        The result and the worked numbers.
    name : str
        What the value is, in words.
    hint : str, optional
        The question to ask when the numbers differ.
    tolerance : float, optional
        Largest allowed difference, relative to the largest worked number (or to 1 if that is smaller).

    Raises
    ------
    Failed
        If shapes or numbers differ; the message shows both.
    """
    found, wanted = _array(value, name), np.asarray(expected, dtype=float)
    if not np.all(np.isfinite(wanted)):  # no difference from it would be too large
        raise ValueError(f"expected: the worked numbers of {name} must be finite, got {expected}")
    if found.shape != wanted.shape:
        raise Failed(_sentence(f"{name} has shape {found.shape}, expected {wanted.shape}", hint))
    if not np.all(np.isfinite(found)):
        raise Failed(_sentence(f"{name} has entries that are not finite numbers", hint))
    if np.any(np.abs(found - wanted) > tolerance * max(1.0, float(np.max(np.abs(wanted), initial=0.0)))):
        raise Failed(_sentence(f"{name}: {_both(found, wanted)}", hint))
    print(f"✓ {name}: the numbers agree")


def at_least(value: Any, bound: float, name: str, hint: str = "") -> None:
    """Check that a number reaches a bound.

    Parameters
    ----------
    value : float
        The result.
    bound : float
        What the task asks for.
    name : str
        What the value is, in words.
    hint : str, optional
        The question to ask when it is less.

    Raises
    ------
    Failed
        If the number is less than the bound, or no number.
    """
    if not float(_array(value, name)) >= bound:
        raise Failed(_sentence(f"{name} is {value:.4g}, expected at least {bound:g}", hint))
    print(f"✓ {name}: {value:.4g}, at least {bound:g} is asked for")


def gradient(F: Callable[[np.ndarray], float], grad: Any, w: Any, name: str, hint: str = "", eps: float = 1e-5) -> None:
    """Check a gradient against central differences, dF/dw_i = (F(w + eps e_i) - F(w - eps e_i)) / (2 eps).

    Parameters
    ----------
    F : callable
        The function, from an array of the shape of ``w`` to a number.
    grad : array_like
        The student's gradient at ``w``.
    w : array_like
        Where it was taken.
    name : str
        What the gradient is, in words.
    hint : str, optional
        The question to ask when it differs.
    eps : float, optional
        The step of the difference.

    Raises
    ------
    Failed
        If an entry differs by more than 1e-6 of the largest entry; the message names the worst entry.
    """
    at, found = np.array(w, dtype=float), _array(grad, name)
    if found.shape != at.shape:
        raise Failed(_sentence(f"{name} has shape {found.shape}, expected {at.shape}", hint))
    slopes = np.empty(at.shape)
    for index in np.ndindex(*at.shape):
        step = np.zeros(at.shape)
        step[index] = eps
        slopes[index] = (F(at + step) - F(at - step)) / (2 * eps)
    difference = np.abs(found - slopes)
    worst = np.unravel_index(np.argmax(np.where(np.isfinite(difference), difference, np.inf)), at.shape)
    if not difference[worst] <= 1e-6 * max(1.0, float(np.max(np.abs(slopes)))):
        entry = f"entry {[int(i) for i in worst]}" if at.ndim else "it"
        problem = f"{name}: {entry} is {found[worst]:.6g}, central differences give {slopes[worst]:.6g}"
        raise Failed(_sentence(problem, hint))
    print(f"✓ {name}: agrees with central differences")


def _array(value: Any, name: str) -> np.ndarray:
    if value is None:
        raise Failed(f"{name} is None: did the function forget its return?")
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise Failed(f"{name} is a {type(value).__name__} that cannot be read as an array of numbers") from None


def _both(found: np.ndarray, wanted: np.ndarray) -> str:
    if found.ndim == 0:
        return f"found {found:.6g}, expected {wanted:.6g}"
    if found.size <= 16:
        shown, target = (np.array2string(array, precision=5, suppress_small=True) for array in (found, wanted))
        return f"found\n{shown}\nexpected\n{target}"
    worst = tuple(int(i) for i in np.unravel_index(np.argmax(np.abs(found - wanted)), found.shape))
    return f"entry {list(worst)} is {found[worst]:.6g}, expected {wanted[worst]:.6g}"


def _sentence(problem: str, hint: str) -> str:
    return f"{problem.rstrip()}\nAsk yourself: {hint}" if hint else problem
