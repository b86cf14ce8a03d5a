"""The same engine for plain ``nbgrader autograde`` and for formgrader's Autograde button.

nbgrader calls these two in the place of its own steps; ``nbgrader_config.py`` says so. An instructor who never learns
of ``python -m grading`` is as safe: student code runs in the sandbox, and the verdict is made outside of it.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Integer, Unicode

from grading import intake, work
from grading.execution import Execution, Limits
from grading.intake import Found, Source, Status
from grading.row import Row
from grading.sandbox import Sandbox

__all__ = ["Check", "Repair"]


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    root = Unicode(help="The repository: the folder with solutions/ and exercises/.").tag(config=True)

    def _source(self, resources: ResourcesDict) -> tuple[str, Source]:
        name, root = resources["nbgrader"]["assignment"], Path(self.root)
        notebook = f"{resources['nbgrader']['notebook']}.ipynb"
        release = root / "exercises" / name / notebook
        return name, Source.load(root / "solutions" / name / notebook, release)


class Repair(_Step):
    """In the place of nbgrader's sanitizing: the source's locked cells with the student's answers.

    A duplicated cell, junk in the metadata or a deleted test stops nothing.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Repair a submission; see `grading.intake.repair`."""
        _, source = self._source(resources)
        name, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        found = Found(student, Status.GRADED, f"{name}.ipynb", nbformat.writes(nb).encode())
        notebook, notes = intake.repair(intake.parse(found, name), source)
        for note in notes:
            self.log.warning("%s: %s", student, note)
        return notebook, resources


class Check(_Step):
    """In the place of nbgrader's execution: the cells run in the sandbox, the items are checked outside of it."""

    cell_seconds = Float(20.0, help="Seconds for a cell.").tag(config=True)
    total_seconds = Float(200.0, help="Seconds for all cells of a submission.").tag(config=True)
    memory = Integer(2048, help="MB for a submission.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Execute and check a repaired submission; see `grading.execution`."""
        name, source = self._source(resources)
        student = str(resources["nbgrader"]["student"])
        limits = Limits(self.cell_seconds, self.total_seconds, self.memory)
        with Sandbox() as sandbox:
            if not sandbox.isolated:
                self.log.warning("student code is not isolated: bubblewrap is missing")
            seed = zlib.crc32(student.encode("utf-8", "replace"))
            execution = Execution(nb, sandbox, name, Path(self.root), seed, limits)
            execution.run()
        row = Row(student, Status.GRADED, {}, {}, {}, [], "", "")
        row = work.settle(row, nb, source, execution.faults)
        for reason in [*row.notes, *(f"{item}: {why}" for item, why in row.reasons.items())]:
            self.log.info("%s: %s", student, reason)
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, cell_index: int) -> Any:
        """Nothing is done cell by cell."""
        return cell, resources
