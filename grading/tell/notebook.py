"""The executed notebook, as formgrader and nbgrader's own steps read it: a rendering of what came of a submission."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from nbformat import NotebookNode, from_dict

from grading.record import Row, Stop, Verdict
from grading.tell import words

__all__ = ["ABOUT", "recalled", "remember", "write"]

ABOUT = "about-this-submission"  # the cell that tells formgrader what the page says at its top
KEPT = "grading"  # where a notebook keeps the row


def write(notebook: NotebookNode, row: Row, stops: Sequence[Stop] = ()) -> None:
    """Write into a notebook what came of its cells and items.

    nbgrader gives full marks to a graded cell with no output, and zero to one with a warning. Here a graded cell has
    what the check prints and its points as a number, or one error, with no traceback: that would show the checks.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; it changes.
    row : Row
        What the student gets.
    stops : sequence of Stop
        Cells that came to no end.
    """
    ended = {stop.cell: stop for stop in stops if not stop.raised}
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and about.get("grade") and not about.get("solution"):
            cell.outputs = _verdict(row.verdicts[about["grade_id"]])
        elif stop := ended.get(cell.get("id", "")):
            cell.outputs = [out for out in cell.outputs if out.output_type != "error"] + [_error(*words.stopped(stop))]
    if row.notes:
        notes = "\n".join(f"- {words.said(note)}" for note in row.notes)
        told = {"cell_type": "markdown", "id": ABOUT, "metadata": {}, "source": f"**About this submission**\n\n{notes}"}
        notebook.cells.insert(0, from_dict(told))
    remember(notebook, row)


def _verdict(verdict: Verdict) -> list[NotebookNode]:
    if verdict.points is None:
        return [_error("NotRun", words.line(verdict))]
    number = {"text/plain": str(verdict.points)}
    return [
        _output("stream", name="stdout", text=words.text(verdict) + "\n"),
        _output("execute_result", data=number, metadata={}, execution_count=None),
    ]


def _error(name: str, said: str) -> NotebookNode:
    return _output("error", ename=name, evalue=said, traceback=[f"{name}: {said}"])


def _output(kind: str, **about: Any) -> NotebookNode:
    return cast(NotebookNode, from_dict({"output_type": kind, **about}))


def remember(notebook: NotebookNode, row: Row) -> None:
    """Keep the row in a notebook's metadata, so that nbgrader's own steps can go on from it.

    What it cost, and under which limits, the journal keeps: here the same submission gives the same notebook.
    """
    notebook.metadata[KEPT] = replace(row, source="", seconds=0.0, cpu=0.0, memory=0).plain()


def recalled(notebook: NotebookNode) -> Row:
    """The row that a notebook keeps.

    Raises
    ------
    LookupError, TypeError, ValueError
        If it keeps none, or something else: plain nbgrader lets pass what a student writes into the metadata.
    """
    return Row.loaded(json.loads(json.dumps(notebook.metadata[KEPT])))
