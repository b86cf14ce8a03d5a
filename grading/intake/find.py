"""Find what was handed in, in whatever form an instructor has it, and read one student's file at a time.

Nothing is unpacked to a disk, no link is followed, and of no file more than ``MAX_READ`` bytes are read. What cannot be
used costs a line, and nobody else's submission.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from grading.intake.archive import KINDS, MAX_DEPTH, BadError, Entry, as_shown, read, some, unzipped
from grading.intake.lean import MAX_BYTES, MAX_READ, lean
from grading.intake.platforms import Label, Roster, label_of
from grading.intake.repair import Found
from grading.record import Status, Student

__all__ = ["Place", "submissions"]

MAX_MEMBERS = 10_000  # of a student's zip; also the files that are looked at for one student
MAX_ALL = 500_000  # members of the zip with all submissions
MAX_FILES = 50  # of those beside a notebook that it may read
MAX_FILE = 6_000_000  # bytes of each
MAX_FILES_BYTES = 20_000_000  # and of all
ENDINGS = {".py", ".csv", ".tsv", ".txt", ".dat", ".json", ".npy", ".npz", ".png", ".jpg", ".jpeg"}
SAFE = re.compile(r"[A-Za-z0-9_][\w .,+()-]{0,99}")
NOT_OWN = {"timestamp.txt", "submission_secret.txt", "__pycache__"}  # nbgrader's, and nobody's
TAKEN = {*sys.stdlib_module_names, "numpy", "matplotlib", "IPython", "PIL", "nnlib", "grading", "sitecustomize"}


def submissions(
    path: Path, assignment: str, students: Mapping[str, Student] | None = None
) -> tuple[dict[str, Place], list[str]]:
    """Find the submissions of all students. Only names are looked at; `Place.load` reads a file.

    Parameters
    ----------
    path : Path
        A folder, or a zip of one, with any of

        - a subfolder for each student, named by the id, with the notebook in it or in a subfolder named after the
          assignment. nbgrader's ``timestamp.txt`` beside the notebook says when it was handed in.
        - files ``<student>.ipynb``, ``<student>_<assignment>.ipynb`` or ``<assignment>_<student>.ipynb``.
        - what Moodle, Canvas, Blackboard or Brightspace give for download; see ``LAYOUTS``.

        Instead of a notebook there may be a zip with the notebook anywhere in it.
    assignment : str
        The notebook's name without ``.ipynb``.
    students : mapping, optional
        Who takes part. A platform's file belongs to the student whose id, name or (except for Moodle) number it bears.

    Returns
    -------
    places : dict
        By student, in order. Who is not in ``students`` gets what stands in the name as id, made safe. Ids that differ
        in case alone, or in how Unicode writes a letter, are one student's.
    notes : list of str
        What was left out or had to be guessed, a line each.

    Raises
    ------
    ValueError
        If there is nothing to grade; the sentence says what to change.
    """
    roster, notes = Roster(students or {}), list[str]()
    top = _top(path, assignment, roster, notes)
    labels = {entry: label for entry in top if (label := label_of(entry, assignment, roster))}
    left_out = [as_shown(entry.name) for entry in top if entry not in labels]
    if left_out:
        notes.append(f"left out, not a notebook, folder or zip: {some(left_out)}")
    one = [label.name for label in labels.values()] == [assignment]
    if one or not labels:
        hint = "; is it the folder of one student?" * one
        raise ValueError(f"{path} has no submissions: there should be a folder or a notebook for each student{hint}")
    numbers: dict[tuple[str, str], set[str]] = {}
    for label in labels.values():
        numbers.setdefault((label.platform, label.name), set()).add(label.number)
    found: dict[str, dict[Entry, Label]] = {}
    for entry, label in labels.items():
        alone = len(numbers[label.platform, label.name]) == 1
        found.setdefault(roster.id(label, alone), {})[entry] = label
    places = {}
    for student in sorted(found, key=lambda name: (name.casefold(), name)):
        own, said = found[student], list[str]()
        names = [as_shown(entry.name) for entry in own]
        if len({label.source or entry.name for entry, label in own.items()}) > 1:
            said.append(f"several folders or files are of this student: {some(names)}")
            notes.append(f"{student}: {said[0]}")
        label = next(iter(own.values()))
        written = unicodedata.normalize("NFC", label.name)
        if student not in roster.known and student not in (written, f"{written} {label.number}"):
            notes.append(f"{names[0]}: the name is no safe id, so the student is called {student}")
        if any(each.late for each in own.values()):
            said.append("Canvas has it as late")
        places[student] = Place(student, assignment, own, tuple(said))
    return places, notes


@dataclass(frozen=True)
class Place:
    """Where one student's submission is; `load` reads it."""

    student: str
    assignment: str
    _own: Mapping[Entry, Label]
    _notes: tuple[str, ...] = ()

    def load(self) -> Found:
        """Read the student's notebook. Nothing that lies there raises.

        Of several files with the right name the one handed in last is taken, where all have a time; else one of those
        with the same content; else none, since nobody but the student knows which is meant.
        """
        search = _Search(self.assignment)
        for entry, label in self._own.items():
            search.look(entry, label)
        status, file = search.choice()
        data, size, content, files = b"", 0, b"", dict[str, bytes]()
        if file:
            try:
                data, size = read(file.entry, MAX_READ)
            except BadError as error:
                status = Status.UNREADABLE
                search.notes.append(f"{file.shown} {error}")
            content = hashlib.sha256(data).digest()
            if size > MAX_READ or (left := lean(data)) is None:
                status = Status.TOO_LARGE
                most = (
                    f"{MAX_READ / 1e6:.0f} MB" if size > MAX_READ else f"{MAX_BYTES / 1e6:.0f} MB without its outputs"
                )
                search.notes.append(f"{file.shown} has more than {most}")
            else:
                data = left
                files = search.beside(file)
        name, when, notes = file.shown if file else "", file.when if file else None, (*self._notes, *search.notes)
        found = Found(self.student, status, name, data if status.readable else b"", notes, "", when, "", files)
        about = repr((status, name, size, notes)).encode("utf-8", "replace")
        digest = hashlib.sha256(about + content + found.content).hexdigest()
        return replace(found, digest=digest, secret=file.secret if file else "")


# ---------------------------------------------------------------------------------------------- which file it is


@dataclass(frozen=True)
class _File:
    entry: Entry
    name: str  # as the student named it
    shown: str
    rank: int  # of two with the right name the lower is taken
    when: datetime | None = None
    order: tuple[str, str] | None = None  # who says which is newer, and when
    secret: str = ""
    folder: Entry | None = None  # where it lies; of a file that was handed in by itself, none

    def is_a(self, suffix: str) -> bool:
        return self.name.casefold().endswith(suffix)


@dataclass
class _Search:
    """Looks for one student's notebook."""

    assignment: str
    notes: list[str] = field(default_factory=list)
    _files: list[_File] = field(default_factory=list)
    _bad: int = 0
    _looked: int = 0

    def look(self, entry: Entry, label: Label) -> None:
        """At a folder or a file of the student."""
        if entry.kind == "folder":
            self._walk(entry, label)
            return
        order = (label.platform, label.upload.zfill(20)) if label.upload else None
        name = re.sub(r"-\d+(?=\.\w+$)", "", label.file) if label.platform == "Canvas" else label.file
        self._add(_File(entry, name, as_shown(label.file if label.platform else entry.name), 0, None, order))

    def choice(self) -> tuple[Status, _File | None]:
        """The notebook, if it is clear which one it is, and how that came out."""
        zips = [file for file in self._files if file.is_a(".zip")]
        if len(zips) == 1 and not self._right():
            self._unzip(zips[0])
        wanted = f"{self.assignment}.ipynb"
        right, notebooks = self._right(), [file for file in self._files if file.is_a(".ipynb")]
        if right:
            file = _newest(right)
            if file is None:
                self.notes.append(f"{some([each.shown for each in right])}: it cannot be told which counts")
                return Status.SEVERAL, None
            if len(right) > 1:
                self.notes.append(f"there are {len(right)} notebooks {wanted}; {file.shown} was taken")
            return Status.GRADED, file
        if len(notebooks) == 1:
            self.notes.append(f"{notebooks[0].shown} was taken for {wanted}")
            return Status.RENAMED, notebooks[0]
        if notebooks:
            names = some([file.shown for file in notebooks])
            self.notes.append(f"{len(notebooks)} notebooks ({names}), none is called {wanted}")
            return Status.SEVERAL, None
        if len(zips) > 1:
            self.notes.append(f"{len(zips)} zips ({some([file.shown for file in zips])}) and no {wanted}")
            return Status.SEVERAL, None
        if self._bad:
            return Status.UNREADABLE, None
        names = some([file.shown for file in self._files])
        self.notes.append(f"there is no {wanted}" + f", only {names}: the notebook itself is needed" * bool(names))
        return Status.MISSING, None

    def beside(self, notebook: _File) -> dict[str, bytes]:
        """What lies beside a notebook and it may read: its own modules, small data, pictures of a proof."""
        found, room, looked = dict[str, bytes](), MAX_FILES_BYTES, 0
        # what was handed in file by file lies beside each other
        alone = [(file.name, file.entry) for file in self._files if file.folder is None and file is not notebook]
        waiting = [("", notebook.folder)]
        while waiting:
            where, folder = waiting.pop(0)
            try:
                children = [(child.name, child) for child in folder.children()] if folder else alone
            except OSError:
                continue
            for name, child in children:
                looked += 1
                stem, ending = os.path.splitext(name)
                if looked > 100 * MAX_FILES or name in NOT_OWN or not SAFE.fullmatch(name):
                    continue
                if child.kind == "folder" and where.count("/") < 3 and (where or name not in TAKEN):
                    waiting.append((f"{where}{name}/", child))
                if child.kind != "file" or ending.lower() not in ENDINGS:
                    continue
                if ending == ".py" and not where and stem in TAKEN:
                    self.notes.append(f"{as_shown(name)} was not used: Python has a module of this name")
                    continue
                try:
                    data, size = read(child, min(MAX_FILE, room))
                except BadError as error:
                    self.notes.append(f"{as_shown(where + name)} {error}")
                    continue
                if size > len(data) or len(found) == MAX_FILES:
                    self.notes.append(f"{as_shown(where + name)} was not used: there is too much beside the notebook")
                else:
                    found[where + name], room = data, max(1, room - size)
        return found

    def _right(self) -> list[_File]:
        wanted = f"{self.assignment}.ipynb"
        right = [file for file in self._files if file.name.casefold() == wanted.casefold()]
        return [file for file in right if file.name == wanted] or right

    def _add(self, file: _File) -> None:
        if file.entry.kind == "file":
            self._files.append(file)
        else:
            self._complain(f"{file.shown} {KINDS[file.entry.kind]}")

    def _complain(self, words: str) -> None:
        self._bad += 1
        if self._bad <= 5:
            self.notes.append(words)

    def _walk(self, folder: Entry, label: Label, shown: str = "", depth: int = 0) -> None:
        """Everywhere in what a platform or a zip has; else only where nbgrader would look."""
        try:
            children = folder.children()
        except OSError as error:
            self._complain(f"the folder {shown or as_shown(folder.name)} cannot be opened: {error.strerror}")
            return
        when, secret = None, ""
        if not label.platform:
            beside = {child.name: child for child in children}
            when, secret = self._time(beside.get("timestamp.txt")), _secret(beside.get("submission_secret.txt"))
        order = ("timestamp.txt", when.isoformat()) if when else None
        for child in children:
            self._looked += 1
            if self._looked > MAX_MEMBERS:
                if self._looked == MAX_MEMBERS + 1:
                    self._complain(f"there are more than {MAX_MEMBERS:,} files; only the first were looked at")
                return
            path, inside = shown + as_shown(child.name), bool(label.platform)
            notebook = child.name.casefold().endswith(".ipynb")
            if child.kind != "folder" or notebook:
                self._add(_File(child, child.name, path, depth if inside else -depth, when, order, secret, folder))
            elif depth < MAX_DEPTH if inside else depth == 0 and child.name == self.assignment:
                self._walk(child, label, f"{path}/", depth + 1)

    def _time(self, file: Entry | None) -> datetime | None:
        if file is None:
            return None
        try:
            text = read(file)[0].decode("ascii")
            match = re.fullmatch(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d[\d:.]*) ?(?:([A-Z]{1,5})|([+-][\d:]+))?\s*", text)
            if match:  # the zone is letters alone, or its name could be a path
                when = datetime.fromisoformat(match[1] + (match[3] or ""))
                if match[2] not in (None, "Z", "GMT", "UTC"):
                    when = when.replace(tzinfo=ZoneInfo(match[2]))
                return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
        except (BadError, ValueError, KeyError, OverflowError, OSError):
            pass
        self.notes.append("timestamp.txt has no time that can be read: when this was handed in is not known")
        return None

    def _unzip(self, file: _File) -> None:
        try:
            data, size = read(file.entry, MAX_READ)
            if size > MAX_READ:
                raise BadError(f"has more than {MAX_READ / 1e6:.0f} MB: hand in the notebook alone")
            if data.count(b"PK\x01\x02") > MAX_MEMBERS:  # before anything is made of each
                raise BadError(f"has more than {MAX_MEMBERS:,} files: hand in the notebook alone")
            notes = list[str]()
            root = unzipped(io.BytesIO(data), MAX_MEMBERS, notes)
        except BadError as error:
            self._complain(f"{file.shown} {error}")
            return
        for note in notes:
            self._complain(f"{file.shown}: {note}")
        self._files.remove(file)
        before = len(self._files)
        self._walk(root, Label("", platform="zip"), f"{file.shown}/")
        if len(self._files) == before and not self._bad:
            self._complain(f"{file.shown} is empty")


def _secret(file: Entry | None) -> str:
    """What nbgrader's ``submit`` made for the student, who alone can then fetch the feedback."""
    try:
        text = read(file)[0].decode("ascii") if file else ""
    except (BadError, UnicodeDecodeError, OSError):
        return ""
    return text if re.fullmatch(r"[0-9a-f]{32,256}", text) else ""


def _newest(files: list[_File]) -> _File | None:
    if all(file.order for file in files) and len({file.order[0] for file in files if file.order}) == 1:
        last = max(file.order[1] for file in files if file.order)
        files = [file for file in files if file.order and file.order[1] == last]
    first = min(file.rank for file in files)
    files = [file for file in files if file.rank == first]
    if 1 < len(files) <= 5:
        try:
            if len({hashlib.sha256(read(file.entry)[0]).digest() for file in files}) == 1:
                return files[0]
        except BadError:
            return None
    return files[0] if len(files) == 1 else None


def _top(path: Path, assignment: str, roster: Roster, notes: list[str]) -> list[Entry]:
    """The folders and files of all students."""
    try:
        if path.is_dir():
            return Entry(path.resolve()).children()
        if not path.exists():
            raise BadError("does not exist")
        if not path.is_file():
            raise BadError("is neither a folder nor a zip file")
        top = unzipped(path, MAX_ALL, notes).children()
    except OSError as error:
        raise ValueError(f"the submissions {path} cannot be opened: {error.strerror}") from None
    except BadError as error:
        raise ValueError(f"the submissions {path}: it {error}") from None
    while len(top) == 1 and top[0].kind == "folder":  # a zip of the folder, or of one student in it?
        label, inner = label_of(top[0], assignment, roster), top[0].children()
        names = [os.path.splitext(entry.name)[0].casefold() for entry in inner]
        labels = [label_of(entry, assignment, roster) for entry in inner]
        platform = any(each and each.platform for each in labels)
        wraps = len([each for each in labels if each]) > 1 or any(entry.kind == "folder" for entry in inner)
        if (label and label.platform) or roster.knows(top[0].name) or assignment.casefold() in names:
            break
        if not wraps and not platform:
            break
        notes.append(f"the submissions are taken from the folder {as_shown(top[0].name)} of the zip")
        top = inner
    return top
