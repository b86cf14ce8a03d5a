"""The words for what `grading.record` holds: a sentence for each reason, and nothing is decided by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grading.record import Reason, Row, Status, Stop, Verdict, Why

__all__ = ["duration", "line", "number", "remarks", "said", "stopped", "text"]

WORDS = {
    Reason.RIGHT: "all right",
    Reason.NO_ANSWER: "no answer",
    Reason.ANSWER_RAISED: "the answer stopped with {raised}",
    Reason.ANSWER_DELETED: "the answer was deleted",
    Reason.STATUS: "{status}",
    Reason.NO_POINTS: "the check gave no points",
    Reason.OUT_OF_RANGE: "the check gave {points} of {most}",
    Reason.UNSOLVED: "not solved yet",
    Reason.RAISED: "stopped with {raised}",
    Reason.LATE: "no answer within {seconds:g} s",
    Reason.INTERRUPTED: "no answer within the time limit",
    Reason.ENDLESS: "what was returned has too many parts to be looked at",
    Reason.NOT_NUMBERS: "returned {what}",
    Reason.MISSING: "there is no function {name}",
    Reason.NO_FUNCTION: "{name} is no function, its name was given to something else",
    Reason.CHANGED: "{function} changed its argument {name}: a function leaves its arguments as they were",
    Reason.BORROWED: "it calls {name}; this part asks for your own code, with NumPy alone",
    Reason.ABSENT: "it needs {name}, which is not there when graded",
    Reason.CALLS: "{function} called {name} {often}; the task asks for {asks}",
    Reason.STEPS: "{function} computes with {found}; the task asks for {asks}",
    Reason.PARTS: "{where} has {parts}, expected {wanted}{inputs}",
    Reason.NO_ARRAY: "{where} is a list of {parts}, expected an array of shape {wanted}{inputs}",
    Reason.SHAPE: "{where} has shape {found}, expected {wanted}{inputs}",
    Reason.NOT_FINITE: "{where} has entries that are not finite numbers{inputs}",
    Reason.PRECISION: "{where} is right to the digits of {found} only, and the inputs are {wanted}: "
    "where are the others lost?{inputs}",
    Reason.OFF: "{manner}{spot} is off, by about {about:g} times the largest entry{inputs}",
    Reason.FORM: "what was returned has another form than the task states",
    Reason.JUDGED: "{words}",
    Reason.JUDGE_LATE: "no answer in time",
    Reason.TIME_LIMIT: "it ran longer than {seconds:g} s and was stopped",
    Reason.UNSTOPPABLE: "it ran too long and could not be stopped",
    Reason.ENDED: "it ended Python",
    Reason.GARBLED: "it answered with {words}",
    Reason.BROKEN: "it stopped the grader's own code with {error}",
    Reason.OVER_LIMIT: "{words}",
    Reason.TEST_FAILED: "the test stopped{at} with {raised}",
    Reason.TEST_HIDDEN: "a hidden test stopped with {error}",
    Reason.TEST_STDERR: "something was written to stderr, a warning perhaps: nbgrader gives no points then",
    Reason.TEST_PART: "the test gave {points:g} points",
    Reason.CELLS_LATE: "all cells together took too long",
    Reason.CHECKS_LATE: "all checks together took too long",
    Reason.GONE: "the process was gone before the check",
    Reason.GIVEN_UP: "{words}",
    Reason.FAULT: "fault of the grader: {error}: {words}",
    Reason.NOTED: "{words}",
    Reason.DELETED: "the answer {answer} was deleted",
    Reason.CELLS_STOPPED: "ran too long and was stopped: {cells}",
    Reason.CELLS_LOST: "ended Python and was left out: {cells}",
    Reason.NO_VERDICT: "no verdict on {items}",
    Reason.HANDED_LATE: "handed in {hours:.1f} hours after the due date",
    Reason.PENALTY: "{points:g} points of the whole assignment are taken away because it was late",
    Reason.UNISOLATED: "not isolated: the code ran without a sandbox on the machine that graded",
    Reason.STRANGER: "not in the students file",
    Reason.NOT_THERE: "{name} is not there when graded; {place} went on without it",
    Reason.NOBODY_THERE: "nobody answers input() when graded; {place} went on without an answer",
    Reason.NO_MAGIC: "{name} does nothing when graded, and the cell went on without it: {words}",
    Reason.BESIDE: "the answer {answer} is not in its cell, and an own cell beside it may hold it: a person reads it",
    Reason.OWN_CELL: "the answer {answer} was left as it was; what an own cell defines counts",
    Reason.IN_DOUBT: "journal and gradebook do not say the same of this student; the next round grades it again",
}
KINDS = {
    "NoneType": "None: is the return missing?",
    "complex": "complex numbers where real ones were expected",
}
# in which manner a value is off
MANNERS = {
    "zero": "everything is 0; ",
    "sign": "every entry has the wrong sign; ",
    "factor": "every entry is {times} what it should be; ",
    "offset": "all entries are off by the same amount; ",
    "signs": "the sizes are right, but some of the signs are not; ",
    "transposed": "rows and columns are exchanged; ",
    "alike": "all rows are alike, and should not be; ",
    "order": "the rows are right, but in another order; ",
    "shifted": "the entries are shifted by one place; ",
    "row": "only row {index} is wrong; ",
    "column": "only column {index} is wrong; ",
}
INSTRUCTORS = (Reason.STRANGER, Reason.UNISOLATED, Reason.IN_DOUBT)  # students need not read these
LONGEST = 300  # characters of a line


def said(why: Why) -> str:
    """A reason as a sentence, which begins with no capital."""
    words = WORDS[why.reason].format_map({**why.data, **_phrases(why.data)})
    words = f"{why.data['book']}: {words}" if "book" in why.data else words
    came = f" gives {why.data['came']}" if "came" in why.data else ""
    return f"{words}. Try it: {why.data['call']}{came}" if "call" in why.data else words


def _phrases(data: Mapping[str, Any]) -> dict[str, str]:
    """What is made of the data before it comes into a sentence."""
    phrases = {name: str(tuple(value)) for name, value in data.items() if isinstance(value, list)}
    path = data.get("path", ())
    where = "result" + "".join(f"[{part}]" for part in path) if path else "the result"
    phrases |= {"where": where, "spot": f"entry {data['entry']} of {where}" if data.get("entry") else where}
    manner = MANNERS.get(data.get("how", ""), "")
    phrases["manner"] = manner.format(times=_times(data.get("factor")), index=data.get("index"))
    shapes = ", ".join(f"{name} {tuple(shape)}" for name, shape in data.get("inputs", ()))
    phrases["inputs"] = f" for {shapes}" * bool(shapes)
    if "kind" in data:
        what = f"a value of type {data['kind']} where numbers were expected"
        phrases["what"] = KINDS.get(data["kind"], what)
    if isinstance(data.get("found"), int):
        phrases["parts"] = number(data["found"], "part")
    if "times" in data:
        phrases["often"] = {0: "never", 1: "once", 2: "twice"}.get(data["times"], f"{data['times']} times")
    if "error" in data:
        phrases["raised"] = f"{data['error']}: {data['words']}" if data.get("words") else data["error"]
    phrases["at"] = f" at `{data['line']}`" if data.get("line") else ""
    if "cells" in data:
        phrases["cells"] = ", ".join(f"cell {name}" if name else f"cell `{first}`" for name, first in data["cells"])
    phrases["place"] = phrases.get("cells", "the cell")
    if "items" in data:
        phrases["items"] = ", ".join(data["items"])
    return phrases


def _times(factor: float | None) -> str:
    """A factor in words."""
    if factor is None:
        return "the same number of times"
    whole = factor if factor >= 1 else 1 / factor
    return f"{whole:g} times" if factor >= 1 else "half of" if whole == 2 else f"one part in {whole:g} of"


def line(verdict: Verdict) -> str:
    """Why an item has not all of its points, in one line."""
    if verdict.why:
        words = said(verdict.why)
    elif verdict.mistakes:
        words = " and ".join(mistake.name for mistake in verdict.mistakes)
    elif verdict.failed and verdict.failed.why:
        words = f"{verdict.failed.name}: {said(verdict.failed.why)}"
    else:
        words = said(Reason.RIGHT())
    return " ".join(words.split())[:LONGEST]


def text(verdict: Verdict) -> str:
    """What a check prints."""
    points = f"{verdict.points:g} of {number(verdict.max_points, 'point')}"
    lines = [f"{verdict.function or verdict.item}: {points}"]
    for group in verdict.groups:
        words = said(group.why) if group.why else "right"
        lines.append(f"  {group.points:g}/{group.max_points:g}  {group.name}: {words}")
    if verdict.why:
        lines.append(said(verdict.why))
    for mistake in verdict.mistakes:
        lines.append(f"This looks like a known mistake: {mistake.name}.")
        lines.append(f"{mistake.hint} Read again: {mistake.page}.")
    return "\n".join(lines)


def stopped(stop: Stop) -> tuple[str, str]:
    """A name and a sentence for what stopped a cell, as an exception has them."""
    reason = stop.why.reason
    return "TimeLimit" if reason.too_late else "KernelDied" if reason.died else "NotRun", said(stop.why)


def remarks(row: Row, student: bool = False) -> list[str]:
    """What went wrong, a sentence for each thing: first what concerns the whole submission.

    Parameters
    ----------
    row : Row
        A student's.
    student : bool
        Whether the student shall read it: then without what is the instructor's business alone.
    """
    notes = [said(note) for note in row.notes if not (student and note.reason in INSTRUCTORS)]
    late = [f"late by {duration(row.late)}"] * (row.late > 0)
    taken = f"{number(row.penalty, 'point')} {'is' if row.penalty == 1 else 'are'} taken away for that"
    late += [taken] * (row.penalty > 0)
    if row.status in (Status.GRADED, Status.RENAMED, Status.LATE):
        first, last = late, notes
    else:
        first, last = [f"{row.status}: {'; '.join(notes)}".removesuffix(": "), *late], []
    if not row.status.readable:  # every item has the same reason
        return first
    unsolved: Sequence[str] = row.unsolved
    if unsolved:
        which = "everything" if len(unsolved) == len(row.items) else ", ".join(unsolved)
        first.append(f"{said(Reason.UNSOLVED())}: {which}")
    others = [f"{item}: {line(verdict)}" for item, verdict in row.lost.items() if item not in unsolved]
    return [*first, *others, *last]


def number(count: float, noun: str) -> str:
    """A number of things, as "1 point" and "0.5 points"."""
    return f"{count:g} {noun}{'s' * (count != 1)}"


def duration(seconds: float) -> str:
    """A time in the unit that a person would use."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
