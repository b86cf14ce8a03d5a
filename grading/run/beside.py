"""A test as nbgrader has them: a graded cell that runs where the student's code runs, and what its outputs are worth.

What it says can be forged there, and its text can be read, so its verdict says that it was made `beside` that code.
The rule of points is nbgrader's (``nbgrader.utils.determine_grade``), which is too slow to import for each worker.
"""

from __future__ import annotations

import builtins
import re
from typing import Any

from nbformat import NotebookNode

from grading.record import Reason, Verdict, Why

__all__ = ["points", "verdict"]

PLACE = re.compile(r"Cell In\s?\[\d+\], line (\d+)")  # the first one is of the cell itself
LONGEST = 200  # characters of what an exception says


def points(told: Any, most: float) -> float:
    """What the outputs of a test are worth.

    Parameters
    ----------
    told : list of dict
        The outputs, as a student's process has sent them.
    most : float
        The points of the cell.

    Returns
    -------
    float
        0 if something was raised, passed over (there it would have raised) or written to stderr; else the value of the
        last line if that is a number, which can be too large; else all points. A negative number is none, for nbgrader.
    """
    outputs: list[Any] = told if isinstance(told, list) else [{"output_type": "error"}]
    for out in outputs:
        kind = out.get("output_type") if isinstance(out, dict) else "error"
        if kind == "error" or _passed(out) or (kind == "stream" and out.get("name") == "stderr"):
            return 0.0
        if kind == "execute_result":
            try:
                value = float(out.get("data", {})["text/plain"])
            except (ValueError, KeyError, TypeError):
                return most
            return value if value >= 0 else most
    return most


def verdict(cell: NotebookNode, told: Any, why: Why | None, given: str, before: Any) -> Verdict:
    """What came of a test.

    Parameters
    ----------
    cell : NotebookNode
        The test.
    told : list of dict
        Its outputs.
    why : Why, optional
        Why it came to no end.
    given : str
        The part of it that students got.
    before : list of dict
        The outputs of that part, from a process in which the rest never was: of an exception only these may be shown.

    Returns
    -------
    Verdict
    """
    about = cell.metadata.nbgrader
    most = float(about.points)
    got = 0.0 if why else points(told, most)
    if got < most and not why:
        why = Reason.TEST_PART(points=got) if got else _why(told, given, before)
    return Verdict(about.grade_id, got, most, why=why, beside=True)


def _why(told: Any, given: str, before: Any) -> Why:
    error, shown = _error(told), _error(before)
    if passed := next((out for out in _dicts(told) if _passed(out)), None):
        name = re.sub(r"[^\w.]", "", str(passed.get("name")))[:LONGEST]
        return Reason.ABSENT(name=name) if passed.get("what") == "import" else Reason.TEST_HIDDEN(error="EOFError")
    if error is None:
        wrote = any(out.get("name") == "stderr" for out in _dicts(told))
        return Reason.TEST_STDERR() if wrote else Reason.TEST_PART(points=0.0)
    name = str(error.get("ename"))
    if name == "NotImplementedError":
        return Reason.UNSOLVED()
    if shown is None:
        known = isinstance(getattr(builtins, name, None), type)  # a name of their own could tell what the test asks
        return Reason.TEST_HIDDEN(error=name if known else "an exception")
    place = PLACE.search("\n".join(map(str, shown.get("traceback") or ())))
    lines = dict(enumerate(given.split("\n"), 1))
    line = lines.get(int(place[1]), "").strip()[:LONGEST] if place else ""
    name, words = str(shown.get("ename"))[:LONGEST], str(shown.get("evalue"))[:LONGEST]
    return Reason.TEST_FAILED(line=line, error=name, words=words)


def _error(told: Any) -> dict[str, Any] | None:
    return next((out for out in _dicts(told) if out.get("output_type") == "error"), None)


def _passed(out: dict[str, Any]) -> bool:
    return out.get("output_type") == "passed" and out.get("what") != "magic"


def _dicts(told: Any) -> list[dict[str, Any]]:
    return [out for out in told if isinstance(out, dict)] if isinstance(told, list) else []
