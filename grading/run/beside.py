"""A test as nbgrader has them: a graded cell that runs where the student's code runs, and what its outputs are worth.

What it says can be forged there, and its text can be read, so its verdict says that it was made `beside` that code.
The rule of points is nbgrader's (``nbgrader.utils.determine_grade``), which is too slow to import for each worker.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
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
        0 if something was raised or written to stderr; else the value of the last line if that is a number, which can
        be too large; else all points. A negative number is none, for nbgrader.
    """
    outputs: list[Any] = told if isinstance(told, list) else [{"output_type": "error"}]
    for out in outputs:
        kind = out.get("output_type") if isinstance(out, dict) else "error"
        if kind == "error" or (kind == "stream" and out.get("name") == "stderr"):
            return 0.0
        if kind == "execute_result":
            try:
                value = float(out.get("data", {})["text/plain"])
            except (ValueError, KeyError, TypeError):
                return most
            return value if value >= 0 else most
    return most


def verdict(cell: NotebookNode, told: Any, given: str, why: Why | None = None) -> Verdict:
    """What came of a test.

    Parameters
    ----------
    cell : NotebookNode
        The test.
    told : list of dict
        Its outputs.
    given : str
        The part of it that students got. Where another line failed, nothing is told but the kind of the exception.
    why : Why, optional
        Why it came to no end.

    Returns
    -------
    Verdict
    """
    about = cell.metadata.nbgrader
    most = float(about.points)
    got = 0.0 if why else points(told, most)
    if got < most and not why:
        why = Reason.TEST_PART(points=got) if got else _why(told, cell.source, given)
    return Verdict(about.grade_id, got, most, why=why, beside=True)


def _why(told: Any, source: str, given: str) -> Why:
    outputs = [out for out in told if isinstance(out, dict)] if isinstance(told, list) else []
    error = next((out for out in outputs if out.get("output_type") == "error"), None)
    if error is None:
        wrote = any(out.get("name") == "stderr" for out in outputs)
        return Reason.TEST_STDERR() if wrote else Reason.TEST_PART(points=0.0)
    name, words = str(error.get("ename"))[:100], str(error.get("evalue"))[:LONGEST]
    if name == "NotImplementedError":
        return Reason.UNSOLVED()
    place = PLACE.search("\n".join(map(str, error.get("traceback") or ())))
    lines, line = source.split("\n"), int(place[1]) if place else 0
    if line in _visible(source, given) or given.strip() == source.strip():
        where = lines[line - 1].strip()[:LONGEST] if 0 < line <= len(lines) else ""
        return Reason.TEST_FAILED(line=where, error=name, words=words)
    known = isinstance(getattr(builtins, name, None), type)  # a name of their own could tell what the test asks
    return Reason.TEST_HIDDEN(error=name if known else "an exception")


def _visible(source: str, given: str) -> Iterator[int]:
    """The numbers of those lines that students got: they stand there in the same order."""
    left = iter(given.split("\n"))
    wanted = next(left, None)
    for number, line in enumerate(source.split("\n"), 1):
        if line == wanted:
            yield number
            wanted = next(left, None)
