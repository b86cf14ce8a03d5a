"""The assignment's own solution, and what students get, as submissions: does the one pass the tests, and the other not?

This is for tests that run where student code runs. They may need what is not there, or ask for more than the solution
does, and that would cost the whole class its points. What `checks.py` declares is tried without a sandbox, in
`grading.assignment`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import nbformat

from grading.assignment import Finding
from grading.intake.repair import Found, known_cells
from grading.record import Reason, Row, Status, Verdict
from grading.run.work import Bundle
from grading.tell import words

__all__ = ["solution", "stub"]

Grade = Callable[[Found, Bundle], Row]


def solution(bundle: Bundle, names: list[str], grade: Grade) -> list[Finding]:
    """Try the solution.

    Parameters
    ----------
    bundle : Bundle
        The assignment, with what it may use.
    names : list of str
        The items to look at, see `grading.assignment.tests`.
    grade : callable
        Grades a submission.

    Returns
    -------
    list of (good, words)
        Nothing where it has all points. Where the source has no solution there is nothing to try, and ``good`` is None.
    """
    whole = {book: _whole(bundle.files[f"{book}.ipynb"].decode(), given) for book, given in bundle.release.items()}
    # as if students had all of it, so that the line at which a hidden test stops is named
    row = grade(_handed(whole), replace(bundle, release=whole))
    if row.status is Status.NOT_GRADED:
        return [(False, f"the solution itself could not be tried: {words.remarks(row)[0]}")]
    return [
        (None, f"the source has no solution of {name}, so its test could not be tried")
        if verdict.reason is Reason.UNSOLVED
        else (False, f"the solution itself has {_of(verdict)} points in {name}: {words.line(verdict)}")
        for name, verdict in row.verdicts.items()
        if name in names and (verdict.points is None or verdict.points < verdict.max_points)
    ]


def stub(bundle: Bundle, names: list[str], grade: Grade) -> list[Finding]:
    """Try what students get; the parameters are as in `solution`."""
    row = grade(_handed(bundle.release), bundle)
    return [
        (None, f"what students get has {_of(verdict)} points in {name}, before they have written anything")
        for name, verdict in row.verdicts.items()
        if name in names and verdict.points and verdict.points == verdict.max_points
    ]


def _whole(source: str, given: str) -> str:
    """What students get, with its header and footer, and all that was taken out of it."""
    known, notebook = known_cells(source), nbformat.reads(given, as_version=4)
    for cell in notebook.cells:
        if (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in known:
            cell.source = known[name].source
    return str(nbformat.writes(notebook))


def _handed(books: Mapping[str, str]) -> Found:
    name = "solution"
    parts = {book: Found(name, Status.GRADED, f"{book}.ipynb", text.encode()) for book, text in books.items()}
    return Found.several(name, parts) if len(parts) > 1 else next(iter(parts.values()))


def _of(verdict: Verdict) -> str:
    return f"{verdict.points or 0:g} of {verdict.max_points:g}"
