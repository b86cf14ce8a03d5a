"""The smallest failing call that can be found, for a student to paste into the notebook."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grading.judge.call import Outcome, attempt
from grading.judge.compare import arrays
from grading.judge.item import Call
from grading.judge.seen import Seen
from grading.judge.truth import Truth
from grading.record import Reason, Why

__all__ = ["smallest"]

TRIES = 80  # and not a time: what is told should be the same each time
SECONDS = 20.0  # of computing for all of them, in the process of the checker: far more than they need
SLOW = 0.5  # seconds: calls that take longer are not repeated
LONGEST = 240  # characters of a call that somebody would paste
DIGITS = 4  # of what came back


def smallest(call: Call, seen: Sequence[Seen]) -> None:
    """Add to the first complaint the smallest call for which it holds, and what came back there.

    Inputs lose rows, columns and parts, and their numbers are rounded, as long as the solution still answers, the
    function still fails in the same way, and the inputs stay of their kind: whole numbers, rows that sum to 1, signs,
    symmetry. Nothing is added where no short call is found, or where a call is slow.

    Parameters
    ----------
    call : callable
        The student's function.
    seen : sequence of Seen
        What the groups gave; the first one that failed is changed.
    """
    failed = next((each for each in seen if each.why and each.why.reason is not Reason.CHANGED), None)
    if failed is None or failed.why is None or failed.group.judge:
        return
    _, truth = failed.tried[failed.first]
    search = _Search(call, failed, failed.why)
    start = time.perf_counter()
    if not search.fails(truth.case.args) or time.perf_counter() - start > SLOW:
        return
    args = search.shrunk(truth.case.args)
    text = _called(truth, args)
    if search.found is None or len(text) > LONGEST:
        return
    value = search.found.value
    came = {} if search.found.why else {"came": _shown(value)}
    failed.why = Why(failed.why.reason, {**failed.why.data, "call": text, **came})


class _Search:
    """Tries calls, as long as there is time."""

    def __init__(self, call: Call, seen: Seen, why: Why) -> None:
        self.call, self.seen, self.why = call, seen, why
        self.found: Outcome | None = None
        self.left, self.end = TRIES, time.process_time() + SECONDS

    def fails(self, args: tuple[Any, ...]) -> bool:
        """Whether the function fails in the same way, and the solution does not."""
        if self.left <= 0 or time.process_time() > self.end:
            return False
        self.left -= 1
        _, old = self.seen.tried[self.seen.first]
        truth = Truth(old.item, old.reference, replace(old.case, args=args))
        if truth.outcome.why or not _finite(truth.outcome.value):
            return False
        found = attempt(self.call, old.item.function, truth.case, self.seen.group.deadline)
        if found.over:
            self.left = 0
            return False
        why = found.why or self.seen.complaint(found, truth)
        if not why or why.reason is not self.why.reason or why.data.get("error") != self.why.data.get("error"):
            return False
        self.found = found
        return True

    def shrunk(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The smallest arguments that are found: first their sizes, then their numbers."""
        kinds, tried = list(map(_kind, arrays(args))), {repr(args)}
        for steps in (_smaller, _rounder):
            going = True
            while going:
                going = False
                for less in steps(args):
                    new = (text := repr(less)) not in tried
                    tried.add(text)
                    if new and _keeps(kinds, less) and self.fails(less):
                        args, going = less, steps is _smaller
                        break
        return args


# ------------------------------------------------------------------------------------------------------- less


def _smaller(args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Less of everything that has one length, or of that and of what is one longer, as weights with a bias are."""
    shapes = [array.shape for array in arrays(args)]
    lengths = sorted({length for shape in shapes for length in shape if length > 1}, reverse=True)
    for length in lengths:
        for size in sorted({1, length // 2, length - 1} - {0}):
            for lengths_of in ({length: size}, {length: size, length + 1: size + 1}):
                for axes in (slice(None), slice(0, 1), slice(-1, None)):
                    yield _each(args, functools.partial(_cut, sizes=lengths_of, axes=axes))
    for place, value in enumerate(args):
        if isinstance(value, list) and len(value) > 1:
            yield (*args[:place], value[:1], *args[place + 1 :])
            yield (*args[:place], value[:-1], *args[place + 1 :])
        if isinstance(value, int) and not isinstance(value, bool) and value > 1:
            for less in sorted({1, value // 2, value - 1}):
                yield (*args[:place], less, *args[place + 1 :])


def _rounder(args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Rounder numbers."""
    for digits in (0, 1, 2, 3):
        yield _each(args, functools.partial(_round, digits=digits))


def _round(array: np.ndarray, digits: int) -> np.ndarray:
    return np.asarray(np.round(array, digits))


def _cut(array: np.ndarray, sizes: dict[int, int], axes: slice) -> np.ndarray:
    for axis in range(array.ndim)[axes]:
        if array.shape[axis] in sizes:
            array = array.take(range(sizes[array.shape[axis]]), axis=axis)
    return array


def _each(value: Any, change: Callable[[np.ndarray], Any]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_each(part, change) for part in value)
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, float):  # a drawn number, too
        return type(value)(change(np.array(value)))
    return value


# ------------------------------------------------------------------------------------------ what inputs have to be


def _kind(array: np.ndarray) -> tuple[str, ...]:
    """What must stay so, for a call to be one that the task allows."""
    if array.dtype.kind != "f":
        return ()
    kept = {
        "whole": bool(np.all(array == np.round(array))),
        "not 0": bool(np.all(array)),
        "positive": bool(np.all(array >= 0)),
        "at most 1": bool(np.all(np.abs(array) <= 1)),
        "sums": array.ndim > 0 and bool(np.allclose(array.sum(axis=-1), 1)),
        "rising": array.ndim == 1 and len(array) > 1 and bool(np.all(np.diff(array) > 0)),
        "symmetric": array.ndim == 2 and array.shape[0] == array.shape[1] > 1 and bool(np.allclose(array, array.T)),
        "unit": array.ndim == 2 and bool(np.allclose(np.sum(array**2, axis=0), 1)),
    }
    return tuple(name for name, holds in kept.items() if holds)


def _keeps(kinds: Sequence[tuple[str, ...]], args: tuple[Any, ...]) -> bool:
    return all(
        {*kind} <= {*_kind(array), *(("rising", "symmetric") if array.size == 1 else ())}
        for kind, array in zip(kinds, arrays(args), strict=False)
    )


def _finite(value: Any) -> bool:
    return all(np.all(np.isfinite(array)) for array in arrays(value))


# ------------------------------------------------------------------------------------------------------- as text


def _called(truth: Truth, args: tuple[Any, ...]) -> str:
    """The call as a student would write it; too long a text where an argument has no such form."""
    return f"{truth.item.function}({', '.join(map(_literal, args))})"


def _literal(value: Any) -> str:
    if isinstance(value, np.ndarray):
        kind = f", dtype=np.{value.dtype}" if value.dtype.kind == "f" and value.dtype != float else ""
        if value.size > 60:
            return " " * LONGEST
        if not value.size:
            return f"np.empty({value.shape}{kind})"
        return f"np.array({_plain(value.tolist())}{kind})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, np.floating | float):
        return f"{float(value):.6g}" if type(value) is np.float32 else repr(float(value))
    if isinstance(value, bool | int | str | None):
        return repr(value)
    return " " * LONGEST  # a function, for example


def _plain(numbers: Any) -> str:
    """Nested lists with short numbers: 1.0 for 1.0, and no more digits than there are."""
    if isinstance(numbers, list):
        return f"[{', '.join(map(_plain, numbers))}]"
    return repr(numbers + 0)  # no -0.0


def _shown(value: Any) -> str:
    """What came back, in few digits."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"[:LONGEST]
    return " ".join(np.array2string(value, precision=DIGITS, suppress_small=True, threshold=12).split())[:LONGEST]
