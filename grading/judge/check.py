"""Check one item: call the student's function and the reference, compare, diagnose; a verdict comes of it."""

from __future__ import annotations

import itertools
import time
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from grading.judge.call import OWN, Ours, Outcome, attempt, bounded, quiet
from grading.judge.compare import difference, same
from grading.judge.item import Call, Case, Group, Item, Mistake, Reference
from grading.judge.reference import variant
from grading.record import GroupVerdict, Hint, Reason, Verdict, Why
from grading.student import borrowed

__all__ = ["check", "untrained"]

DIAGNOSIS = 20.0  # seconds of computing in which a known mistake is looked for


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
    seen: list[tuple[Case, Outcome]] = []  # for the diagnosis
    groups: list[GroupVerdict] = []
    gave_up: Outcome | None = None
    another = _steps(item, call)
    with quiet():
        for number, group in enumerate(item.groups):
            why: Why | None = None
            for case in group.cases(np.random.default_rng([seed, zlib.crc32(item.id.encode()), number])):
                before = _counted(call)
                found = gave_up or attempt(call, item.function, case, group.deadline)
                another = another or (None if found.why else _detour(item, _counted(call), before))
                if found.over:
                    gave_up = found
                elif group.judge is None:
                    seen.append((case, found))
                why = why or found.why or _complaint(group, case, found.value, item, reference)
            groups.append(GroupVerdict(group.name, 0.0 if why else float(group.points), float(group.points), why))
        if another:  # right values by another way are no answer
            groups = [replace(group, points=0.0, why=another) for group in groups]
        failed = any(group.why for group in groups)
        mistakes = _diagnose(item, reference, seen) if failed and not another else ()
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


def _right(item: Item, case: Case, reference: Reference) -> Outcome:
    return attempt(Ours(reference.functions), item.function, case, OWN)


def _complaint(group: Group, case: Case, value: Any, item: Item, reference: Reference) -> Why | None:
    """What is wrong with what was returned."""
    part = group.part or (lambda whole: whole)
    wanted = None if group.judge else _right(item, case, reference)
    if wanted and wanted.why:
        raise RuntimeError(f"the reference {item.function} failed: {wanted.why}")
    try:
        with bounded(OWN):
            if group.judge:
                said = group.judge(value, case, reference)
                return Reason.JUDGED(words=str(said)) if said else None
            return difference(part(value), part(wanted.value if wanted else None), case)
    except TimeoutError:
        return Reason.JUDGE_LATE()
    except Exception:  # too few parts, or parts of another kind
        return Reason.FORM()


def _diagnose(item: Item, reference: Reference, seen: Sequence[tuple[Case, Outcome]]) -> tuple[Mistake, ...]:
    """The known mistake that gives everything that was seen, or else the two that do so together."""
    if all(found.kind or same(found, _right(item, case, reference), case) for case, found in seen):
        return ()  # nothing but right values and exceptions: too little to name anything
    end = time.process_time() + DIAGNOSIS
    singles = ((mistake,) for mistake in item.mistakes)
    for mistakes in itertools.chain(singles, itertools.permutations(item.mistakes, 2)):
        if time.process_time() > end:
            break
        try:
            call = variant(item, reference, *mistakes)
        except (ValueError, SyntaxError):
            continue  # the first edit left nothing for the second one
        if all(same(found, attempt(call, item.function, case, 5.0), case) for case, found in seen):
            return mistakes
    return ()
