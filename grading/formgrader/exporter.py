"""The feedback page for nbgrader's own command and formgrader's button; apart, as loading nbconvert takes seconds.

In ``nbgrader_config.py``::

    c.GenerateFeedback.exporter_class = "grading.formgrader.exporter.FeedbackExporter"
    c.FeedbackExporter.site = "https://example.org/book"
    c.HTMLExporter.filters = {"markdown2html": "grading.formgrader.exporter.markdown"}  # for what formgrader shows
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from traitlets import Unicode, default

from grading.record import Row, Status
from grading.tell import feedback
from grading.tell.markdown import illustrated
from grading.tell.notebook import recalled

__all__ = ["FeedbackExporter", "markdown"]


@pass_context
def markdown(context: Context, text: str) -> str:
    """Markdown as the feedback page shows it: no HTML passes through, and formulas are MathML, which needs no network.

    Parameters
    ----------
    context : Context
        Of the template, which knows the cell and what is attached to it.
    text : str
        Of a cell.

    Returns
    -------
    str
        Safe HTML.
    """
    return str(illustrated(text, context.get("cell", {}).get("attachments")))


class FeedbackExporter(Exporter):
    """Makes `grading.tell.feedback.page` of a notebook into which nbgrader's ``GetGrades`` has written the points."""

    site = Unicode("", help="The book's address; if empty, its pages are named and not linked").tag(config=True)
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]  # as of every exporter that makes a text
        self, nb: NotebookNode, resources: Any | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert a notebook.

        Parameters
        ----------
        nb : NotebookNode
            From the autograded folder.
        resources : dict
            What nbgrader knows: student, assignment, the gradebook's address.
        **kw
            For nbconvert.

        Returns
        -------
        page : str
        resources : dict
        """
        notebook, resources = super().from_notebook_node(nb, resources, **kw)
        about = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
        graded = [each for each in about if "score" in each]
        points = {each.grade_id: float(each.points) for each in graded}
        items = {each.grade_id: float(each.score) for each in graded}
        waiting, words = _by_hand(resources["nbgrader"])
        try:
            row = recalled(notebook)
        except (LookupError, TypeError, ValueError):  # of plain nbgrader: there are points, and no words
            row = Row("", Status.GRADED)
        student, penalty = resources["nbgrader"]["student"], float(resources["nbgrader"].get("late_penalty") or 0)
        row = replace(row, student=student, items=items, waiting=waiting, penalty=penalty)
        return feedback.page(notebook, row=row, points=points, site=self.site, words=words), resources


def _by_hand(about: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """What a person has yet to read, and has written: in the notebook nbgrader puts its own words among these."""
    from nbgrader.api import Gradebook

    with Gradebook(about["db_url"]) as gradebook:
        book = gradebook.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
        waiting = [grade.name for grade in book.grades if grade.needs_manual_grade]
        return waiting, {each.name: each.manual_comment for each in book.comments if each.manual_comment}
