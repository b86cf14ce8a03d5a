"""Visible checks for the exercises: they know no answer, they compare with what the task states.

A check that passes says so in one line; one that fails raises AssertionError with a sentence for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["close", "gradient", "shape"]


def _array(value: Any, name: str) -> np.ndarray:
    if value is None:
        raise AssertionError(f"{name} is None: did the function forget its return?")
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise AssertionError(f"{name} is a {type(value).__name__} that cannot be read as an array of numbers") from None


def _sentence(problem: str, hint: str) -> str:
    return f"{problem}: {hint}" if hint else problem


def shape(
    value: Any, expected: tuple[int, ...], name: str, hints: Mapping[tuple[int, ...], str] | None = None
) -> None:
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
    AssertionError
        If the shape differs; the message names both shapes and the hint.
    """
    found = _array(value, name).shape
    if found != tuple(expected):
        raise AssertionError(_sentence(f"{name} has shape {found}, expected {expected}", (hints or {}).get(found, "")))
    print(f"{name}: the shape {found} is right")


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
    AssertionError
        If shapes or numbers differ; the message shows both.
    """
    found, wanted = _array(value, name), np.asarray(expected, dtype=float)
    if found.shape != wanted.shape:
        raise AssertionError(_sentence(f"{name} has shape {found.shape}, expected {wanted.shape}", hint))
    if not np.all(np.isfinite(found)):
        raise AssertionError(_sentence(f"{name} has entries that are not finite numbers", hint))
    if np.any(np.abs(found - wanted) > tolerance * max(1.0, float(np.max(np.abs(wanted), initial=0.0)))):
        shown = np.array2string(found, precision=4, suppress_small=True)
        target = np.array2string(wanted, precision=4, suppress_small=True)
        raise AssertionError(_sentence(f"{name} is\n{shown}\nexpected\n{target}", hint).rstrip())
    print(f"{name}: the numbers agree")


def gradient(
    F: Callable[[np.ndarray], float], grad: Any, w: Any, name: str, hint: str = "", eps: float = 1e-5
) -> None:
    """Check a gradient against central differences, dF/dw_i = (F(w + eps e_i) - F(w - eps e_i)) / (2 eps).

    Parameters
    ----------
    F : callable
        The function, from a flat vector to a number.
    grad : array_like
        The student's gradient at ``w``, flat.
    w : array_like
        Where it was taken, flat.
    name : str
        What the gradient is, in words.
    hint : str, optional
        The question to ask when it differs.
    eps : float, optional
        The step of the difference.

    Raises
    ------
    AssertionError
        If an entry differs by more than 1e-6 of the largest entry; the message names the worst entry.
    """
    at, found = np.array(w, dtype=float), _array(grad, name)
    if found.shape != at.shape:
        raise AssertionError(_sentence(f"{name} has shape {found.shape}, expected {at.shape}", hint))
    steps = eps * np.eye(at.size)
    slopes = np.array([(F(at + step) - F(at - step)) / (2 * eps) for step in steps])
    difference = np.abs(found - slopes)
    worst = int(np.argmax(np.where(np.isfinite(difference), difference, np.inf)))
    if not difference[worst] <= 1e-6 * max(1.0, float(np.max(np.abs(slopes)))):
        problem = f"{name}: entry {worst} is {found[worst]:.6g}, central differences give {slopes[worst]:.6g}"
        raise AssertionError(_sentence(problem, hint))
    print(f"{name}: agrees with central differences in all {at.size} entries")
