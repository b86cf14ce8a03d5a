"""Whether two values are the same but for rounding, and where they are not, how: no answer to read off."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from grading.judge.call import Outcome
from grading.judge.item import Case
from grading.judge.manner import manner
from grading.record import Reason, Why

__all__ = ["COARSEST", "arrays", "changed", "difference", "precision", "same"]

COARSEST = 1e-3  # no right value is further off, relative to the largest entry, whatever its condition
OPERATIONS = 16.0  # roundings for each number that comes in
AMPLIFIED = 256.0  # another right formula magnifies rounding by so much more than the reference does
TOLD_APART = 1e3  # two mistakes differ by more roundings than this times those of a right value

Others = Callable[[], Sequence[Any]]


def arrays(value: Any) -> Iterator[np.ndarray]:
    """All arrays and drawn numbers in a value, to any depth."""
    if isinstance(value, np.ndarray | np.floating):
        yield np.asarray(value)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from arrays(part)


def precision(of: Iterable[np.ndarray]) -> np.dtype:
    """The coarsest in use."""
    kinds = {array.dtype for array in of if array.dtype.kind == "f"} & {np.dtype(kind) for kind in "efd"}
    return max(kinds, key=lambda kind: np.finfo(kind).eps, default=np.dtype(float))


def rounding(case: Case, kind: np.dtype | None = None) -> float:
    """What rounding may do, relative to the largest entry: eps of the inputs' precision x number of operations.

    What was returned has no say in it: a wrong value does not become right by a cast.
    """
    inputs = list(arrays(case.args))
    eps = float(np.finfo(kind or precision(inputs)).eps)
    return OPERATIONS * eps * (8 + sum(array.size for array in inputs))


def difference(
    found: Any,
    wanted: Any,
    case: Case,
    others: Others = tuple,
    path: tuple[int, ...] = (),
    tolerance: float | None = None,
) -> Why | None:
    """The first difference, which gives no answer away.

    Parameters
    ----------
    found, wanted : list or array
        What came back, and what is right.
    case : Case
        The call.
    others : callable
        Gives what the reference makes of the same inputs in higher precision, and of inputs that are one rounding away:
        how far these are apart from `wanted` tells what the computation does to rounding. Asked only where it matters.
    path : tuple of int
        Leads to the part.
    tolerance : float, optional
        In the place of what follows from the inputs.
    """
    about = {"path": list(path)}
    if isinstance(wanted, list):
        if not isinstance(found, list):
            found = list(found) if found.ndim else [found]
        if len(found) != len(wanted):
            return Reason.PARTS(found=len(found), wanted=len(wanted), **about)
        pairs = enumerate(zip(found, wanted, strict=True))
        each = (difference(part, right, case, others, (*path, i), tolerance) for i, (part, right) in pairs)
        return next((why for why in each if why), None)
    if isinstance(found, list):  # nested lists of numbers are as good as an array
        try:
            found = np.array([np.asarray(part) for part in found])
        except ValueError:
            return Reason.NO_ARRAY(found=len(found), wanted=list(wanted.shape), **about)
    if wanted.ndim == 0 and found.size == 1:
        found = found.reshape(())
    if found.shape != wanted.shape:
        return Reason.SHAPE(found=list(found.shape), wanted=list(wanted.shape), **about)
    if found.size == 0:
        return None
    found64, wanted64 = found.astype(float), wanted.astype(float)
    if not np.all(np.isfinite(found64)):
        return Reason.NOT_FINITE(**about)
    scale = float(np.max(np.abs(wanted64))) or 1.0
    apart = np.abs(found64 - wanted64) / scale
    worst, own = float(np.max(apart)), precision([found])
    inputs = precision(arrays(case.args))

    def allowed(kind: np.dtype) -> float:
        if wanted.dtype.kind in "iub":  # a count is a count
            return 1e-9
        least = tolerance or min(COARSEST, rounding(case, kind))
        if tolerance or not least < worst <= COARSEST:
            return least
        eps = float(np.finfo(kind).eps) / float(np.finfo(inputs).eps)
        return min(COARSEST, least + AMPLIFIED * eps * _spread(wanted64, others(), path) / scale)

    if worst <= allowed(inputs):
        return None
    if np.finfo(own).eps > np.finfo(inputs).eps and worst <= allowed(own):
        return Reason.PRECISION(found=str(own), wanted=str(inputs), **about)
    entry = [int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape)]
    size = float(f"{min(worst, 1e3):.0e}")  # one digit: no answer to read off
    return Reason.OFF(entry=entry, about=size, **about, **manner(found64, wanted64))


def _spread(wanted: np.ndarray, others: Sequence[Any], path: tuple[int, ...]) -> float:
    """How far the others are from what is wanted, at most."""
    far = 0.0
    for other in others:
        with contextlib.suppress(IndexError, TypeError, ValueError):  # another form: of no use here
            for number in path:
                other = other[number]
            gap = np.max(np.abs(np.asarray(other, dtype=float) - wanted))
            far = max(far, float(gap) if np.isfinite(gap) else 0.0)
    return far


def same(one: Outcome, other: Outcome, case: Case) -> bool:
    """Whether two functions, each with its own rounding, gave the same: a value, or an exception."""
    if one.kind or other.kind:
        return one.kind == other.kind
    if _shapes(one.value) != _shapes(other.value):
        return False
    for a, b in zip(map(np.squeeze, arrays(one.value)), map(np.squeeze, arrays(other.value)), strict=True):
        finite = np.isfinite(a)  # both may overflow, but in the same places
        kind = precision([*arrays(case.args), a, b])  # a mistake is named in any precision
        tolerance = min(COARSEST, TOLD_APART * rounding(case, kind))
        if not np.array_equal(finite, np.isfinite(b)) or difference(a[finite], b[finite], case, tolerance=tolerance):
            return False
    return True


def changed(now: Any, before: Any) -> bool:
    """Whether an argument is not what it was before a call: in its numbers, beyond rounding, its shape or its type.

    A weight that was moved, and put back, may differ by a rounding.
    """
    if isinstance(before, np.ndarray) and isinstance(now, np.ndarray):
        if (now.shape, now.dtype) != (before.shape, before.dtype):
            return True
        if before.dtype.kind != "f":
            return not np.array_equal(now, before)
        slack = 64 * float(np.finfo(before.dtype).eps) * float(np.max(np.abs(before), initial=1.0))
        return not np.allclose(now, before, rtol=0, atol=slack, equal_nan=True)
    if isinstance(before, list | tuple) and isinstance(now, list | tuple):
        return len(now) != len(before) or any(map(changed, now, before))
    if isinstance(before, dict) and isinstance(now, dict):
        return now.keys() != before.keys() or any(changed(now[key], before[key]) for key in before)
    return type(now) is not type(before) or (isinstance(before, bool | int | float | str) and now != before)


def _shapes(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return () if value.size == 1 else value.shape  # one number, as `difference` has it
    return [_shapes(part) for part in value]
