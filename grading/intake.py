"""Read what students handed in, however broken, and make a notebook of it that can be graded.

The student's file is never changed and never trusted: of it only the text of its cells is used. All else (locked cells,
tests, metadata) comes from the source, so a cell that was deleted, copied, moved or stripped harms nobody but itself.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

__all__ = [
    "MAX_BYTES",
    "Handed",
    "Source",
    "Status",
    "deleted",
    "find",
    "known_cells",
    "read",
    "repair",
    "safe_id",
    "student_folders",
]

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
MAX_BYTES = 10_000_000  # a notebook with many pictures has 2 MB; a larger file is output printed by mistake


class Status(StrEnum):
    """What became of a submission. All but ``ok`` and ``renamed`` get zero points and a row."""

    OK = "ok"
    RENAMED = "renamed"
    MISSING = "missing"
    SEVERAL = "several notebooks"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    NOT_GRADED = "not graded"

    @property
    def readable(self) -> bool:
        """Whether there is a notebook to run."""
        return self in (Status.OK, Status.RENAMED)


@dataclass(frozen=True)
class Source:
    """An assignment's source notebook: where every locked cell comes from.

    Attributes
    ----------
    cells : dict
        Cells that nbgrader knows, in order.
    points : dict
        For every graded cell its maximum.
    answers : dict
        For every graded cell the solution cells that belong to it: those since the graded cell before.
    stubs : dict
        For every answer that a person reads the text that students got.
    """

    cells: dict[str, NotebookNode]
    points: dict[str, float] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)
    stubs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, notebook: Path, release: Path) -> Source:
        """Read the source notebook, and of the release what stands where a person reads."""
        source, since = cls(known_cells(notebook)), list[str]()
        for name, cell in source.cells.items():
            about = cell.metadata.nbgrader
            if about.solution:
                since.append(name)
            if about.grade:
                source.points[name] = float(about.points)
                source.answers[name], since = since, []
        given = known_cells(release)
        by_hand = [
            name for name, cell in source.cells.items() if cell.metadata.nbgrader.solution and name in source.points
        ]
        source.stubs.update({name: given[name].source for name in by_hand})
        return source


def known_cells(notebook: Path) -> dict[str, NotebookNode]:
    """The cells of a source or release notebook that nbgrader knows, in order."""
    cells = nbformat.read(notebook, as_version=4).cells
    return {c.metadata.nbgrader.grade_id: c for c in cells if "grade_id" in c.metadata.get("nbgrader", {})}


@dataclass(frozen=True)
class Handed:
    """One student's submission as it was found.

    Attributes
    ----------
    cells : list of dict
        ``type``, ``text`` and ``id`` (the source cell that it claims to be, or None) of each cell.
    notes : tuple of str
        What had to be guessed or was wrong, in words for student and instructor.
    digest : str
        Changes when the file changes.
    """

    student: str
    status: Status
    notes: tuple[str, ...] = ()
    digest: str = ""
    cells: tuple[Mapping[str, Any], ...] = ()


# ---------------------------------------------------------------------------------------------- finding


def safe_id(name: str) -> str:
    """A student id that is safe as a folder name, in a glob and in a spreadsheet: the name itself where it can be."""
    if re.fullmatch(r"[^\W_][\w .,@+'()-]{0,99}", name) and not name.endswith((" ", ".")):
        return name
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "student"
    return f"{readable}-{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def student_folders(folder: Path) -> dict[str, Path]:
    """The subfolders of a folder of submissions by student id, in order; hidden folders and links are left out."""
    found = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    return {safe_id(path.name): path for path in sorted(found) if not path.name.startswith((".", "__MACOSX"))}


def find(folder: Path, assignment: str) -> tuple[Status, Path | None, tuple[str, ...]]:
    """Find a student's notebook, in the folder or in its subfolder named after the assignment."""
    places = [folder / assignment, folder]
    notebooks = [path for place in places if place.is_dir() for path in sorted(place.glob("*.ipynb"))]
    notebooks = [path for path in notebooks if path.is_file() and not path.is_symlink() and path.name[0] != "."]
    right = [path for path in notebooks if path.stem == assignment]
    if right:
        return Status.OK, right[0], ()
    if len(notebooks) == 1:
        return Status.RENAMED, notebooks[0], (f"{notebooks[0].name} was taken for {assignment}.ipynb",)
    if notebooks:
        names = ", ".join(path.name for path in notebooks[:3]) + (", ..." if len(notebooks) > 3 else "")
        return Status.SEVERAL, None, (f"{len(notebooks)} notebooks ({names}), none is called {assignment}.ipynb",)
    return Status.MISSING, None, (f"there is no {assignment}.ipynb",)


# ---------------------------------------------------------------------------------------------- reading


def read(student: str, folder: Path | None, assignment: str) -> Handed:
    """Read a student's submission. Nothing that is in the file raises.

    Parameters
    ----------
    student : str
        The id.
    folder : Path or None
        The student's folder; None if there is none.
    assignment : str
        The notebook's name.

    Returns
    -------
    Handed
    """
    if folder is None:
        return Handed(student, Status.MISSING, ("nothing was handed in",))
    status, path, notes = find(folder, assignment)
    if path is None:
        return Handed(student, status, notes)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            data = file.read(MAX_BYTES)
    except OSError as error:
        return Handed(student, Status.UNREADABLE, (*notes, f"{path.name} cannot be opened: {error.strerror}"))
    digest = hashlib.sha256(f"{path.name} {size}\n".encode("utf-8", "replace") + data).hexdigest()
    if size > MAX_BYTES:
        said = f"{path.name} has {size / 1e6:.0f} MB, allowed are {MAX_BYTES / 1e6:.0f}"
        return Handed(student, Status.TOO_LARGE, (*notes, said), digest)
    try:
        cells = tuple(_cells(data))
    except _DamagedError as error:
        return Handed(student, Status.UNREADABLE, (*notes, f"{path.name} {error}"), digest)
    return Handed(student, status, notes, digest, cells)


class _DamagedError(Exception):
    """In words that follow the file's name."""


def _cells(data: bytes) -> Iterator[dict[str, Any]]:
    if not data.strip():
        raise _DamagedError("is empty")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _DamagedError("is not a notebook: it is not text") from None
    except json.JSONDecodeError as error:
        ends = error.pos >= len(data.decode("utf-8-sig").rstrip()) - 1 or "Unterminated" in error.msg
        raise _DamagedError("is cut off" if ends else f"is damaged in line {error.lineno}: it is not JSON") from None
    except RecursionError:
        raise _DamagedError("is not a notebook: it is nested too deeply") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise _DamagedError("is not a notebook: it has no list of cells")
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw"):
            yield {"type": cell["cell_type"], "text": _text(cell.get("source")), "id": _claimed(cell)}


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair could not be written to a file


def _claimed(cell: dict[str, Any]) -> str | None:
    """Which cell of the source it is: by nbgrader's metadata, or where an editor stripped that, by its own id."""
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    named = about.get("grade_id") if isinstance(about, dict) else None
    return next((name for name in (named, cell.get("id")) if isinstance(name, str) and name), None)


# ---------------------------------------------------------------------------------------------- repairing


def repair(handed: Handed, source: Source) -> tuple[NotebookNode, tuple[str, ...]]:
    """Put a student's answers and own cells into the source's locked cells.

    Parameters
    ----------
    handed : Handed
        What the student handed in; if it cannot be read, the notebook has no answers.
    source : Source
        The assignment.

    Returns
    -------
    notebook : NotebookNode
        Every cell of the source is there once and in the source's order. A student's own cells stand after the cell
        that they stood after. Of an answer that is there more than once the last counts; the others run before it.
    notes : tuple of str
        All that was wrong with the submission.
    """
    known = source.cells
    answers: dict[str, list[str]] = {name: [] for name, cell in known.items() if cell.metadata.nbgrader.solution}
    follows: dict[str, list[NotebookNode]] = {"": [], **{name: [] for name in known}}
    notes, seen, place = list(handed.notes), set[str](), ""
    for number, cell in enumerate(handed.cells):
        name = cell["id"]
        if name not in known:
            follows[place].append(_cell(cell["type"], cell["text"], f"own-{number}"))
            continue
        if name not in seen:  # a copy somewhere else does not carry the cells after it away
            seen.add(name)
            place = name
        if name in answers:
            if cell["type"] != known[name].cell_type:
                notes.append(f"the answer {name} was a {cell['type']} cell, read as {known[name].cell_type}")
            answers[name].append(cell["text"])
    if handed.status.readable:
        for name, texts in answers.items():
            if not texts:
                notes.append(deleted(name))
            if len(texts) > 1:
                notes.append(f"the answer {name} is there {len(texts)} times, the last counts")
        lost = [name for name in known if name not in seen and name not in answers]
        if lost:
            notes.append(f"{len(lost)} locked {'cell was' if len(lost) == 1 else 'cells were'} deleted and put back")
    cells = list(follows[""])
    for name, cell in known.items():
        if name in answers:
            earlier = answers[name][:-1]
            cells += [_cell(cell.cell_type, text, f"{name}-{number}"[-64:]) for number, text in enumerate(earlier)]
        text = cell.source if name not in answers else (answers[name] or [source.stubs.get(name, "")])[-1]
        cells.append(_cell(cell.cell_type, text, cell.id, {"nbgrader": dict(cell.metadata.nbgrader)}))
        cells += follows[name]
    if notes:
        text = "**About this submission**\n\n" + "\n".join(f"- {note}" for note in notes)
        cells.insert(0, _cell("markdown", text, "about-this-submission"))
    return cast(NotebookNode, new_notebook(cells=cells, metadata={"kernelspec": KERNEL})), tuple(notes)


def deleted(name: str) -> str:
    """The note for an answer whose cell is not there."""
    return f"the answer {name} was deleted"


def _cell(kind: str, text: str, name: str, metadata: Mapping[str, Any] | None = None) -> NotebookNode:
    if kind == "code":
        return cast(NotebookNode, new_code_cell(text, id=name, metadata=metadata or {}))
    return cast(NotebookNode, new_markdown_cell(text, id=name, metadata=metadata or {}))
