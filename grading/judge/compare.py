"""Whether two values are the same but for rounding, and where they are not, how: no answer to read off."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from grading.judge.call import Outcome
from grading.judge.item import Case
from grading.record import Reason, Why

__all__ = ["difference", "same"]


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _arrays(part)


def _precision(arrays: Iterable[np.ndarray]) -> np.dtype:
    """The coarsest in use."""
    kinds = {array.dtype for array in arrays if array.dtype.kind == "f"} & {np.dtype(kind) for kind in "efd"}
    return max(kinds, key=lambda kind: np.finfo(kind).eps, default=np.dtype(float))


def _tolerance(case: Case, precision: np.dtype | None = None) -> float:
    """Rounding allowed, relative to the largest entry: eps of the inputs' precision x number of operations.

    What was returned has no say in it: a wrong value does not become right by a cast.
    """
    inputs = list(_arrays(case.args))
    eps = float(np.finfo(precision or _precision(inputs)).eps)
    return 16.0 * eps * (8 + sum(array.size for array in inputs)) * case.condition


def difference(
    found: Any, wanted: Any, case: Case, path: tuple[int, ...] = (), precision: np.dtype | None = None
) -> Why | None:
    """The first difference, which gives no answer away; `path` leads to the part, `precision` is that of the inputs."""
    about = {"path": list(path), "inputs": _inputs(case)}
    if isinstance(wanted, list):
        if not isinstance(found, list):
            found = list(found) if found.ndim else [found]
        if len(found) != len(wanted):
            return Reason.PARTS(found=len(found), wanted=len(wanted), **about)
        pairs = enumerate(zip(found, wanted, strict=True))
        each = (difference(part, right, case, (*path, i), precision) for i, (part, right) in pairs)
        return next((why for why in each if why), None)
    if isinstance(found, list):  # nested lists of numbers are as good as an array
        try:
            found = np.array([np.asarray(part) for part in found])
        except ValueError:
            return Reason.NO_ARRAY(found=len(found), wanted=list(wanted.shape), **about)
    if found.shape != wanted.shape:
        return Reason.SHAPE(found=list(found.shape), wanted=list(wanted.shape), **about)
    if found.size == 0:
        return None
    found64, wanted64 = found.astype(float), wanted.astype(float)
    if not np.all(np.isfinite(found64)):
        return Reason.NOT_FINITE(**about)
    scale = float(np.max(np.abs(wanted64))) or 1.0
    apart = np.abs(found64 - wanted64) / scale
    if float(np.max(apart)) <= _tolerance(case, precision):
        return None
    inputs, own = _precision(_arrays(case.args)), _precision([found])
    if np.finfo(own).eps > np.finfo(inputs).eps and float(np.max(apart)) <= _tolerance(case, own):
        return Reason.PRECISION(found=str(own), wanted=str(inputs), **about)
    worst = [int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape)]
    size = min(float(np.max(apart)), 1e3)
    order = 10.0 ** math.floor(math.log10(size))  # of magnitude alone: no answer to read off
    return Reason.OFF(entry=worst, about=order, **about)


def same(one: Outcome, other: Outcome, case: Case) -> bool:
    if one.kind or other.kind:
        return one.kind == other.kind
    if _shapes(one.value) != _shapes(other.value):
        return False
    for a, b in zip(_arrays(one.value), _arrays(other.value), strict=True):
        finite = np.isfinite(a)  # both may overflow, but in the same places
        coarse = _precision([*_arrays(case.args), a, b])  # a mistake is named in any precision
        if not np.array_equal(finite, np.isfinite(b)) or difference(a[finite], b[finite], case, precision=coarse):
            return False
    return True


def _shapes(value: Any) -> Any:
    return value.shape if isinstance(value, np.ndarray) else [_shapes(part) for part in value]


def _inputs(case: Case) -> list[list[int]]:
    """Shapes of the arrays among the inputs, if they are few enough to be told."""
    shapes = [list(array.shape) for array in _arrays(case.args) if array.ndim]
    return shapes if len(shapes) < 8 else []
