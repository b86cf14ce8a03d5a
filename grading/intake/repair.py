"""Read what a student handed in, however broken, and make a notebook of it that can be graded.

The student's file is never changed and never trusted: of it only the text of its cells is used. All else (locked cells,
tests, metadata) comes from the source, so a cell that was deleted, copied, moved or stripped harms nobody but itself.
Where the file comes from is the business of `grading.intake.find`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode, from_dict

from grading.intake.defined import alike, defined, is_code, unsolved
from grading.intake.pictures import MAX_PICTURES, Album
from grading.record import Reason, Status, Why

__all__ = [
    "MAX_CELLS",
    "MAX_TEXT",
    "SKIPPED",
    "Found",
    "Handed",
    "Source",
    "known_cells",
    "parse",
    "repair",
    "safe_id",
    "unsafe",
]

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
MAX_ID = 100  # bytes of a student's id: it is a folder's name, and part of others
MAX_CELLS = 2_000  # the longest assignment has 60
MAX_TEXT = 1_000_000  # characters of a cell; pictures pasted into one have some 100,000


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
        For every graded cell the solution cells that belong to it: those since the graded cell before, or where there
        is none, that cell's.
    stubs : dict
        For every answer that a person reads the text that students got. A task has one too, and no answer of its own:
        what belongs to it stands in cells that students add.
    given : dict
        For every cell the text that students got.
    plain : frozenset of str
        The cells that students got and nbgrader knows nothing of, by their texts without white space.
    """

    cells: dict[str, NotebookNode]
    points: dict[str, float] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)
    stubs: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()

    @classmethod
    def load(cls, notebook: Path, release: Path) -> Source:
        """Read the source notebook, and of the release what stands where a person reads."""
        return cls.parse(notebook.read_text(encoding="utf-8"), release.read_text(encoding="utf-8"))

    @classmethod
    @functools.lru_cache(maxsize=32)  # a worker has the same ones for each submission
    def parse(cls, notebook: str, release: str) -> Source:
        """The same from the text of both files, where there is no disk to read them from."""
        given, all_given = known_cells(release), nbformat.reads(release, as_version=4).cells
        plain = frozenset(_squeezed(cell.source) for cell in all_given if not _name(cell))
        source = cls(known_cells(notebook), plain=plain)
        since, before = list[str](), list[str]()
        for name, cell in source.cells.items():
            about = cell.metadata.nbgrader
            if about.solution:
                since.append(name)
            if about.grade or about.task:
                source.points[name] = float(about.points)
                if not about.task:
                    before, since = since or before, []  # several tests may belong to one answer
                source.answers[name] = [] if about.task else before
                if about.solution or about.task or cell.cell_type != "code":
                    source.stubs[name] = given[name].source
        source.given.update({name: cell.source for name, cell in given.items()})
        return source

    def under(self, prefix: str) -> Source:
        """The same with other names for the items, where an assignment has several notebooks."""
        tables = {part: table for part, table in vars(self).items() if isinstance(table, dict)}
        named: dict[str, Any] = {part: {prefix + name: table[name] for name in table} for part, table in tables.items()}
        return replace(self, **named)

    def plus(self, other: Source) -> Source:
        """The cells of both."""
        return Source(*(mine | vars(other)[name] for name, mine in vars(self).items()))

    def blank(self, notebook: NotebookNode) -> set[str]:
        """The answers for a person that are as they were handed out, and have no cell of the student's own beside them.

        Many write below the cell that is meant for it. What stands there is for a person to judge.
        """
        return {name for name in self._untouched(notebook) if name in self.stubs and not _beside(notebook, name)}

    def beside(self, notebook: NotebookNode) -> set[str]:
        """The answers for a person that are as they were handed out, and may stand in a cell beside their own."""
        return {name for name in self._untouched(notebook) if name in self.stubs and _beside(notebook, name)}

    def _untouched(self, notebook: NotebookNode) -> Iterator[str]:
        for cell in notebook.cells:
            name = _name(cell)
            if name in self.cells and cell.metadata.nbgrader.solution and self.untouched(name, cell.source):
                yield name

    def untouched(self, name: str, text: str) -> bool:
        """Whether an answer is as it was handed out, or empty; white space and comments make no difference."""
        code = self.cells[name].cell_type == "code"
        if code and (not text.strip() or (name not in self.stubs and unsolved(text))):
            return True
        return alike(text, self.given.get(name, ""), code)


def _name(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _own(cell: NotebookNode) -> bool:
    """Whether a cell of a repaired notebook is the student's, with something in it."""
    return not _name(cell) and not cell.id.startswith(PLAIN) and bool(cell.source.strip())


def _beside(notebook: NotebookNode, name: str) -> bool:
    """Whether an own cell with something in it stands between an answer and the next task, or words right above it.

    The next task begins with words that were handed out, or with the next answer; between there may be checks.
    """
    place = next(number for number, cell in enumerate(notebook.cells) if _name(cell) == name)
    for cell in notebook.cells[place + 1 :]:
        if _own(cell):
            return True
        if cell.cell_type == "markdown" or (_name(cell) and cell.metadata.nbgrader.solution):
            break
    above = notebook.cells[place - 1] if place else None
    return above is not None and above.cell_type == "markdown" and _own(above)


def known_cells(text: str) -> dict[str, NotebookNode]:
    """The cells of a source or release notebook that nbgrader knows, in order.

    With all that older files leave out: cells had no ids before 2020, and there were no tasks before 2018.
    """
    known = dict[str, NotebookNode]()
    for cell in nbformat.reads(text, as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        kinds = {kind: bool(about.get(kind)) for kind in ("grade", "solution", "task", "locked")}
        if "grade_id" in about and any(kinds.values()):  # one that is nothing of these is the student's own
            kinds["locked"] = not kinds["solution"]
            about.update(kinds)
            cell.setdefault("id", about.grade_id[-64:])
            known[about.grade_id] = cell
    return known


@dataclass(frozen=True)
class Found:
    """What was found of one student's submission, as bytes: all that a worker needs of it.

    Attributes
    ----------
    student : str
        The id.
    status : Status
        If it is readable, there are bytes of a file that should be a notebook.
    name : str
        The file's name, as it may be shown.
    data : bytes
        Of the file; of a large one without outputs, see `grading.intake.lean`.
    notes : tuple of str
        What had to be guessed or was wrong, in words for student and instructor.
    digest : str
        Changes when anything of this changes but the time and the secret: the same again is the same submission.
    handed_in : datetime, optional
        When, in UTC and without a zone, as nbgrader writes times.
    secret : str
        By which a student finds the feedback in nbgrader's exchange; may be empty.
    files : dict
        What lay beside the notebook and it may read, by its path: modules, data, pictures.

    parts : dict
        Where the assignment has several notebooks, what was found of each, by its name; then there are no bytes here.
    """

    student: str
    status: Status
    name: str = ""
    data: bytes = b""
    notes: tuple[str, ...] = ()
    digest: str = ""
    handed_in: datetime | None = None
    secret: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    parts: Mapping[str, Found] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """All that was handed in, whatever its name and its time."""
        beside = [name.encode() + b"\0" + hashlib.sha256(data).digest() for name, data in sorted(self.files.items())]
        books = [name.encode() + b"\0" + hashlib.sha256(each.content).digest() for name, each in self.parts.items()]
        return self.data + b"".join([*beside, *books])

    @classmethod
    def several(cls, student: str, parts: Mapping[str, Found]) -> Found:
        """Of a student who was to hand in several notebooks; of each what was found."""
        digest = hashlib.sha256("".join(part.digest for part in parts.values()).encode()).hexdigest()
        when = max((part.handed_in for part in parts.values() if part.handed_in), default=None)
        secret = max(part.secret for part in parts.values())
        status = Status.GRADED if any(part.status.readable for part in parts.values()) else Status.MISSING
        return cls(student, status, digest=digest, handed_in=when, secret=secret, parts=parts)

    @classmethod
    def nothing(cls, student: str) -> Found:
        """Of a student who handed in nothing."""
        return cls(student, Status.MISSING, notes=("nothing was handed in",))


@dataclass(frozen=True)
class Handed:
    """One student's submission, read.

    Attributes
    ----------
    notes : tuple of str
        What had to be guessed or was wrong, in words for student and instructor.
    digest : str
        Changes when the submission changes.
    cells : tuple of dict
        ``type``, ``text`` and ``ids`` (the source cells that it claims to be, most credible first) of each cell, and
        of one with ``pictures`` these, as a notebook keeps attachments.
    """

    student: str
    status: Status
    notes: tuple[str, ...] = ()
    digest: str = ""
    cells: tuple[Mapping[str, Any], ...] = ()


def safe_id(name: str) -> str:
    """A student id that is safe as a folder name on any system, in a glob and in a spreadsheet.

    It is the name itself where that can be. The same name in another Unicode form gives the same id.
    """
    name = unicodedata.normalize("NFC", name)
    plain = re.fullmatch(r"[^\W_][\w .,@+'()-]*", name) and not name.endswith((" ", "."))
    reserved = re.match(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)", name, re.IGNORECASE)  # devices of Windows
    if plain and not reserved and len(name.encode()) <= MAX_ID:
        return name
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "student"
    return f"{readable}-{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def unsafe(name: str) -> str:
    """Why a name is no id, in words that follow it."""
    if (size := len(name.encode("utf-8", "replace"))) > MAX_ID:
        return f"the name is too long for an id: {size} bytes, {MAX_ID} are allowed"
    return "the name is no safe id"


# ---------------------------------------------------------------------------------------------- reading


def parse(found: Found, assignment: str) -> Handed:
    """Read the cells of what a student handed in. Nothing that is in the file raises.

    Parameters
    ----------
    found : Found
        The file.
    assignment : str
        The notebook's name without ``.ipynb``, for the sentences.

    Returns
    -------
    Handed
        With the status that was found, or ``unreadable`` or ``too large`` and a note that says why.
    """
    handed = Handed(found.student, found.status, found.notes, found.digest)
    if not found.status.readable:
        return handed
    try:
        cells, note = _cells(found.data, Album(found.files))
    except _DamagedError as error:
        said = f"{found.name or f'{assignment}.ipynb'} {error}"
        return replace(handed, status=error.status, notes=(*found.notes, said))
    return replace(handed, cells=cells, notes=(*found.notes, *note))


class _DamagedError(Exception):
    """In words that follow the file's name."""

    def __init__(self, words: str, status: Status = Status.UNREADABLE) -> None:
        super().__init__(words)
        self.status = status


# what students hand in under the name of a notebook, by how it starts
OTHERS = {
    "PK\x03\x04": "a zip file with another name",
    "%PDF": "a PDF",
    "<": "a web page",
    "---": "text for Jupytext",
    "#": "text or a Python script",
    "version https://git-lfs": "a pointer to a file that git has not fetched",
}


def _cells(data: bytes, album: Album) -> tuple[tuple[dict[str, Any], ...], list[str]]:
    """The cells, and what else has to be said."""
    if not data.strip():
        raise _DamagedError("is empty")
    encoding, unclear = json.detect_encoding(data), 0
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        unclear = text.count("\ufffd")
    text = text.removeprefix("\ufeff")
    try:  # no number is needed, and a long one would be refused or take its time
        notebook = json.loads(text, parse_int=_zero, parse_float=_zero, parse_constant=_zero)
    except json.JSONDecodeError as error:
        raise _DamagedError(_why(data, text, error)) from None
    except RecursionError:
        raise _DamagedError("is not a notebook: it is nested too deeply") from None
    cells = list(_listed(notebook, album))
    if len(cells) > MAX_CELLS:
        raise _DamagedError(f"has {len(cells)} cells, allowed are {MAX_CELLS}", Status.TOO_LARGE)
    notes = [f"{unclear} characters of the file cannot be read and were replaced"] if unclear else []
    long = 0
    for cell in cells:
        if len(cell["text"]) > MAX_TEXT:
            long, cell["text"] = long + 1, ""
    if long:
        notes.append(f"{long} cells with more than {MAX_TEXT:,} characters were emptied")
    if album.left_out:
        allowed = f"PNG or JPEG of at most 6 MB each, and at most {MAX_PICTURES}"
        notes.append(f"{album.left_out} pictures in cells of words cannot be shown: allowed are {allowed}")
    return tuple(cells), notes


def _zero(_: str) -> int:
    return 0


def _why(data: bytes, text: str, error: json.JSONDecodeError) -> str:
    for start, what in OTHERS.items():
        if text.lstrip().startswith(start):
            return f"is not a notebook but {what}"
    if b"\0" in data or text.count("\ufffd") > len(text) / 100:
        return "is not a notebook: it is not text"
    if re.search(r"^<<<<<<< ", text, re.MULTILINE):
        return f"is damaged in line {error.lineno}: a merge with git was not finished"
    if error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg:
        return "is cut off"
    return f"is damaged in line {error.lineno}: it is not JSON"


def _listed(notebook: Any, album: Album) -> Iterator[dict[str, Any]]:
    """The cells of a notebook of any version: before the fourth they are in worksheets, and code is an input."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    sheets = notebook.get("worksheets") if isinstance(notebook, dict) else None
    if cells is None and isinstance(sheets, list):
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for each in lists if isinstance(each, list) for cell in each]
    if not isinstance(cells, list):
        raise _DamagedError("is not a notebook: it has no list of cells")
    for cell in cells:
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if kind in ("code", "markdown", "raw", "heading", "html"):
            text = _text(cell["source"] if "source" in cell else cell.get("input"))
            made = {"type": kind if kind in ("code", "raw") else "markdown", "text": text, "ids": _claimed(cell)}
            if made["type"] == "markdown":
                made["text"], made["pictures"] = album.of(text, cell.get("attachments"))
            yield made


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair could not be written to a file


def _claimed(cell: dict[str, Any]) -> tuple[str, ...]:
    """By nbgrader's metadata, or where an editor stripped that, by its own id, which Colab keeps in the metadata."""
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    about = metadata.get("nbgrader")
    named = about.get("grade_id") if isinstance(about, dict) else None
    return tuple(name for name in (named, cell.get("id"), metadata.get("id")) if isinstance(name, str))


# ---------------------------------------------------------------------------------------------- repairing


DEFINES = re.compile(r"^(?:def|class) \w+", re.MULTILINE)
SKIPPED = "skip-execution"  # the tag by which Jupyter's own tools leave a cell out
PLAIN = "given-"  # before the number of a cell that was handed out, in its id


def repair(handed: Handed, source: Source) -> tuple[NotebookNode, tuple[Why, ...]]:
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
    notes : tuple of Why
        All that was wrong with the submission.
    """
    known = source.cells
    answers: dict[str, list[Mapping[str, Any]]] = {name: [] for name, cell in known.items() if _asks(cell)}
    follows: dict[str, list[NotebookNode]] = {"": [], **{name: [] for name in known}}
    notes, seen, place = list[Why](), set[str](), ""

    def note(words: str) -> None:
        notes.append(Reason.NOTED(words=words))

    def own(number: int, kind: str, text: str, pictures: Mapping[str, Any] | None = None) -> None:
        if kind != "code" and is_code(text):
            kind = "code"
            note(f"{', '.join(sorted(defined(text)))} was defined in a cell for words, which was read as code")
        prefix = PLAIN if _squeezed(text) in source.plain else "own-"
        follows[place].append(_cell(kind, text, f"{prefix}{number}", pictures=pictures))

    for words in handed.notes:
        note(words)
    names, guessed = _names(handed, source)
    if guessed:
        note(f"the marks of {', '.join(guessed)} were lost; recognized by what is in the cells")
    for number, (cell, name) in enumerate(zip(handed.cells, names, strict=True)):
        if name is None:
            own(number, cell["type"], cell["text"], cell.get("pictures"))
            continue
        if name not in seen:  # a copy somewhere else does not carry the cells after it away
            seen.add(name)
            place = name
        if name in answers:
            if cell["type"] != known[name].cell_type:
                note(f"the answer {name} was a {cell['type']} cell, read as {known[name].cell_type}")
            answers[name].append(cell)
        elif added := _added(cell["text"], source.given.get(name, "")):
            note(f"what was written into the locked cell {name} stands below it")
            own(number, cell["type"], added, cell.get("pictures"))
    if handed.status.readable:
        for answer, copies in answers.items():
            if not copies:
                notes.append(Reason.DELETED(answer=answer))
            if len(copies) > 1:
                stubs = [copy for copy in copies if source.untouched(answer, copy["text"])]
                copies[:] = [*stubs, *(copy for copy in copies if copy not in stubs)]  # a stub is no later answer
                note(f"the answer {answer} is there {len(copies)} times, the last counts")
        lost = [name for name in known if name not in seen and name not in answers]
        if lost:
            note(f"{len(lost)} locked {'cell was' if len(lost) == 1 else 'cells were'} deleted and put back")
    cells = list(follows[""])
    for name, cell in known.items():
        *earlier, last = answers.get(name) or [{"text": source.stubs.get(name, "") if name in answers else cell.source}]
        for number, copy in enumerate(earlier):
            cells.append(_cell(cell.cell_type, copy["text"], f"{name}-{number}"[-64:], pictures=copy.get("pictures")))
        pictures = last.get("pictures") if name in answers else cell.get("attachments")
        cells.append(_cell(cell.cell_type, last["text"], cell.id, {"nbgrader": dict(cell.metadata.nbgrader)}, pictures))
        cells += follows[name]
    found = list(_elsewhere(cells, source)) if handed.status.readable else []
    kept = {why.data["answer"] for why in found if why.reason is Reason.BESIDE}
    notes = [each for each in notes if each not in [Reason.DELETED(answer=name) for name in kept]] + found
    about = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": KERNEL}}
    return cast(NotebookNode, from_dict({**about, "cells": cells})), tuple(notes)


def _asks(cell: NotebookNode) -> bool:
    return bool(cell.metadata.nbgrader.solution)


def _added(text: str, given: str) -> str:
    """What a student has added to a text that was handed out, where all its lines are still there."""
    before, found, after = f"\n{text.strip()}\n".partition(f"\n{given.strip()}\n")
    return f"{before}\n\n{after}".strip() if found and given.strip() else ""


def _elsewhere(cells: Sequence[NotebookNode], source: Source) -> Iterator[Why]:
    """Find answers that were left as they were, because the student's own stands in another cell.

    A function's stub is then not run, as it would replace the answer by something that only raises.
    """
    notebook = cast(NotebookNode, from_dict({"cells": list(cells)}))
    for name in sorted(source.beside(notebook), key=list(source.cells).index):
        yield Reason.BESIDE(answer=name)
    own = [defined(cell.source) for cell in cells if cell.cell_type == "code" and _own(cell)]
    for cell in cells:
        name = _name(cell)
        if cell.cell_type != "code" or name not in source.cells or name in source.stubs or not _asks(cell):
            continue
        asked = defined(source.given.get(name, ""))
        if asked and asked & set().union(*own) and source.untouched(name, cell.source):
            cell.metadata["tags"] = [SKIPPED]
            yield Reason.OWN_CELL(answer=name)


def _names(handed: Handed, source: Source) -> tuple[list[str | None], list[str]]:
    """The source cell that each cell is, if it is one, and those answers that had lost what says so.

    An answer is then recognized by the first function or class that it defines, one in words by its first line, and a
    locked cell by its text.
    """
    known = source.cells
    names = [next((name for name in cell["ids"] if name in known), None) for cell in handed.cells]
    lost = {name: cell for name, cell in known.items() if name not in names}
    marks = dict[str, str]()
    for name, cell in lost.items():
        text = source.stubs.get(name, cell.source).strip()
        if cell.metadata.nbgrader.solution:
            text = next(iter(DEFINES.findall(text)), "") if cell.cell_type == "code" else text.partition("\n")[0]
        marks[text] = name
    marks.pop("", None)
    for number, own in enumerate(handed.cells):
        if names[number] is None:
            text = own["text"].strip()
            parts = (text, text.partition("\n")[0], *DEFINES.findall(text))
            names[number] = next((marks[part] for part in parts if part in marks), None)
    return names, [name for name, cell in lost.items() if name in names and cell.metadata.nbgrader.solution]


def _cell(
    kind: str,
    text: str,
    name: str,
    metadata: Mapping[str, Any] | None = None,
    pictures: Mapping[str, Any] | None = None,
) -> NotebookNode:
    # as nbformat makes it, which would look each over
    more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    if pictures and kind != "code":
        more["attachments"] = pictures
    about = {"cell_type": "code" if kind == "code" else "markdown", "id": name, "metadata": metadata or {}}
    return cast(NotebookNode, from_dict({**about, "source": text, **more}))
