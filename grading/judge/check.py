"""Check one item: call the student's function and the reference, compare, diagnose; a verdict comes of it."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from grading.judge.call import Outcome, attempt, quiet
from grading.judge.diagnosis import diagnose
from grading.judge.item import Call, Item, Reference
from grading.judge.seen import Seen
from grading.judge.smallest import smallest
from grading.judge.truth import Truth
from grading.record import Hint, Reason, Verdict, Why
from grading.student import borrowed

__all__ = ["check", "untrained"]


def check(item: Item, call: Call, reference: Reference, seed: int = 0) -> Verdict:
    """Check one item.

    Parameters
    ----------
    item : Item
        What is declared.
    call : callable
        ``call(name, args, kwargs)`` runs the student's function, here or in another process.
    reference : Reference
        The solution.
    seed : int
        Fixes the inputs.

    Returns
    -------
    Verdict
        Nothing is raised for anything that the student's function does.

    Raises
    ------
    RuntimeError
        If the reference fails: a fault of the assignment.
    """
    seen: list[Seen] = []
    gave_up: Outcome | None = None
    charged = False  # for a changed argument, which costs one group
    another = _steps(item, call)
    with quiet():
        for number, group in enumerate(item.groups):
            seen.append(tried := Seen(group))
            for case in group.cases(np.random.default_rng([seed, zlib.crc32(item.id.encode()), number])):
                before = _counted(call)
                found = gave_up or attempt(call, item.function, case, group.deadline)
                another = another or (None if found.why else _detour(item, _counted(call), before))
                if found.over:
                    gave_up = found
                tried.add(found, Truth(item, reference, case))
            charged = charged or (not tried.why and tried.charge())
        mistakes = () if another else diagnose(item, reference, seen)
        if not (another or mistakes or gave_up):
            smallest(call, seen)
    groups = [each.verdict(another) for each in seen]
    return Verdict(
        item.id,
        sum(group.points for group in groups),
        float(item.max_points),
        item.function,
        tuple(groups),
        tuple(Hint(mistake.name, mistake.hint, mistake.page) for mistake in mistakes),
    )


def _counted(call: Call) -> Counter[str]:
    """How often each lent function was called until now; nothing where calls are not counted."""
    return cast(Counter[str], getattr(call, "counted", Counter)())


def _detour(item: Item, after: Mapping[str, int], before: Mapping[str, int]) -> Why | None:
    """A way that calls earlier functions too often, or too seldom."""
    for name, (least, most) in item.calls.items():
        if name in after and not least <= (times := after[name] - before[name]) <= most:
            return Reason.CALLS(function=item.function, name=name, times=times, asks=item.asks)
    return None


def _steps(item: Item, call: Call) -> Why | None:
    """A derivative by a complex step, or by exact differences."""
    stepped = getattr(call, "stepped", None)
    found = stepped(item.function) if item.formula and stepped else ""
    return Reason.STEPS(function=item.function, found=found, asks=item.asks) if found in borrowed.STEPS else None


def untrained(found: Any, start: Any) -> str:
    """For a judge of training: a complaint if the weights found cannot be those of the start after some steps.

    They have the start's shapes, and no array is as it was: that of another architecture, or of one whose last layer
    alone was fitted, says nothing of training.

    Parameters
    ----------
    found, start : list of array
        What training returned, and where it began.

    Returns
    -------
    str
        An empty text if there is nothing to complain of.
    """
    shapes = [np.shape(each) for each in found], [np.shape(each) for each in start]
    if shapes[0] != shapes[1]:
        return f"the weights that came back have the shapes {shapes[0]}, those of the start {shapes[1]}"
    if not all(np.all(np.isfinite(each)) for each in found):
        return "the weights that came back are not finite numbers"
    same = [number for number, (end, begin) in enumerate(zip(found, start, strict=True)) if np.array_equal(end, begin)]
    return f"part {same[0]} of the weights is as it was at the start: it was not trained" if same else ""
