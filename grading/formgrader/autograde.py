"""The same engine for plain ``nbgrader autograde`` and for formgrader's Autograde button.

nbgrader calls these in the place of its own steps; ``nbgrader_config.py`` says so. An instructor who never learns of
``python -m grading`` is as safe: student code runs in the sandbox, and the verdict is made outside of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum
from traitlets import Bool, Float, Integer, List, Unicode

from grading.course import beside, books_of, sources
from grading.intake import find
from grading.intake.archive import Entry
from grading.intake.platforms import Label
from grading.intake.repair import Found, Source, parse, repair
from grading.judge.reference import libraries_of
from grading.keep.journal import secret_of
from grading.record import Row, Status
from grading.run import watched, work
from grading.run.execution import Limits, Ran
from grading.run.watched import Begin
from grading.tell import words
from grading.tell.notebook import recalled, remember, write

__all__ = ["Check", "Reader", "Repair"]

# as in `grading.keep.gradebook`: the rows are right, and the log is for what is said of submissions
warnings.filterwarnings("ignore", "Object of type .* not in session", module="nbgrader")


class Reader(NotebookExporter):
    """Opens no file: ``Repair`` and ``Check`` do, and what cannot be read costs its student alone."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Convert a notebook, of which the steps are told no more than where it lies."""
        path = Path(filename)
        resources = resources or ResourcesDict()
        resources["metadata"] = ResourcesDict(name=path.stem, path=str(path.parent))
        made: tuple[NotebookNode, dict[str, Any]]
        made = self.from_notebook_node(new_notebook(), resources, **kw)  # type: ignore[no-untyped-call]
        return made


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    root = Unicode(help="The repository: the folder with solutions/ and exercises/.").tag(config=True)
    state = Unicode(help="Where grading keeps its files, the course's secret among them.").tag(config=True)

    def _begin(self, resources: ResourcesDict) -> tuple[str, str, Path, Source]:
        """Student, assignment, the notebook's place, and the assignment's source."""
        about, root = resources["nbgrader"], Path(self.root)
        name, file = about["assignment"], f"{about['notebook']}.ipynb"
        source = Source.load(sources(root) / name / file, self._release(name) / file)
        return about["student"], name, Path(resources["metadata"]["path"], file), source

    def _found(self, student: str, name: str, path: Path) -> Found:
        """What a student has handed in of a notebook: nbgrader does not copy all that lies beside it."""
        books = books_of(sources(Path(self.root)) / name)
        folder = Path(self.root, self.config.CourseDirectory.get("submitted_directory", "submitted"), student)
        found = find.Place(student, name, {Entry(folder): Label(student)}).load(books)
        return found.parts.get(path.stem, found)

    def _release(self, name: str) -> Path:
        """The folder of an assignment's release."""
        return Path(self.root, self.config.CourseDirectory.get("release_directory", "release"), name)


class Repair(_Step):
    """In the place of nbgrader's sanitizing: the source's locked cells with the student's answers.

    A duplicated cell, junk in the metadata, a deleted test, or a file that is no notebook stops nothing.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Read and repair a submission; see `grading.intake.find` and `grading.intake.repair`."""
        student, name, path, source = self._begin(resources)
        found = self._found(student, name, path)
        handed = parse(found, path.stem)
        notebook, notes = repair(handed, source)
        for note in notes:
            self.log.warning("%s: %s", student, words.said(note))
        seed = work.seed_of(found.content, secret_of(Path(self.state)))
        remember(notebook, Row(student, handed.status, notes=list(notes), seed=seed))
        return notebook, resources


def _executed(asked: tuple[Any, ...], begin: Begin, spared: Mapping[str, str]) -> tuple[NotebookNode, Ran]:
    """In the process that judges."""
    book, text, files, *more = asked
    notebook = nbformat.reads(text, as_version=4)
    about = (notebook, *more, begin, spared, files, book)
    return notebook, work.execute(*about)


class Check(_Step):
    """In the place of nbgrader's execution: the cells run in the sandbox, the items are checked outside of it."""

    cell_seconds = Float(20.0, help="Seconds for a cell.").tag(config=True)
    total_seconds = Float(200.0, help="Seconds for all cells of a submission.").tag(config=True)
    memory = Integer(2048, help="MB for a submission.").tag(config=True)
    container = Unicode(
        None, allow_none=True, help="Run student code in a container of this image; '' is podman without an image."
    ).tag(config=True)
    libraries = List(
        Unicode(),
        None,
        allow_none=True,
        help="Which of the libraries that could do an exercise students may use; None: any where no checks.py declares "
        "items, and none where it does. Read by `grading.course`, for `python -m grading` too.",
    ).tag(config=True)
    allow_unisolated = Bool(
        False, help="Run student code as yourself where there is no sandbox: for code that you trust."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Execute and check a repaired submission; see `grading.run.execution`."""
        student, name, path, source = self._begin(resources)
        nb = nbformat.read(path, as_version=4)
        row, ran = recalled(nb), Ran()
        late = self._late(resources, row.status)
        if row.status.readable:
            limits = Limits(self.cell_seconds, self.total_seconds, self.memory)
            root = Path(self.root)
            more = beside(root, name), libraries_of(name, root)
            bundle = work.Bundle.read(sources(root) / name, self._release(name), "", *more)
            files = self._found(student, name, path).files
            asked = (path.stem, work.text(nb), files, bundle, row.seed, limits, self.allow_unisolated, self.container)
            nb, ran = watched.mine().do(_executed, asked)
        blank = source.blank(nb)
        row = work.settle(replace(row, late=late), source, ran, blank)
        write(nb, row, ran.stops)
        for cell in nb.cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade_id") in blank:
                about.checksum = compute_checksum(cell)  # nbgrader's sign of no response
        lost = [f"{item}: {words.line(verdict)}" for item, verdict in row.lost.items()]
        for said in [*map(words.said, row.notes), *lost]:
            self.log.info("%s: %s", student, said)
        return nb, resources

    def _late(self, resources: ResourcesDict, status: Status) -> float:
        """Seconds after the due date."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as book:
            submission = book.find_submission(about["assignment"], about["student"])
            if not status.readable:  # what a person gave to an earlier one is not for one that cannot be read
                for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                    grade.manual_score = grade.extra_credit = None
                book.db.commit()
            return float(submission.total_seconds_late)

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, cell_index: int) -> Any:
        """Nothing is done cell by cell."""
        return cell, resources
