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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from grading.intake.archive import KINDS, MAX_DEPTH, BadError, Entry, as_shown, read, some, unzipped
from grading.intake.lean import MAX_BYTES, MAX_READ, lean
from grading.intake.platforms import GRADESCOPE, Label, Roster, label_of, submitters, without_group
from grading.intake.repair import Found, unsafe
from grading.record import Status, Student

__all__ = ["TEAM", "Place", "submissions"]

TEAM = "handed in for all of"  # before a group's name, in a note of each of its members
RETURNED = "Feedback Attachment(s)"  # what the instructor put into a student's folder
MAX_MEMBERS = 10_000  # of a student's zip; also the files that are looked at for one student
MAX_AROUND = 4  # folders around the students' own
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
        - what a platform gives for download: those of ``LAYOUTS``, Gradescope with its ``submission_metadata.yml``,
          GitHub Classroom, Google Classroom. Folders around it do not matter.

        Instead of a notebook there may be a zip with the notebook anywhere in it.
    assignment : str
        The notebook's name without ``.ipynb``.
    students : mapping, optional
        Who takes part. A file belongs to the student whose id, login, address or full name it bears, or (except for
        Moodle) whose number. What bears a group's name belongs to all who are in the group.

    Returns
    -------
    places : dict
        By student, in order. Who is not in ``students`` gets what stands in the name as id, made safe. Ids that differ
        in case alone, or in how Unicode writes a letter, are one student's. Where one of several students may be
        meant, it is none's: they get a place that is not graded, and the file has a row of its own.
    notes : list of str
        What was left out or had to be guessed, a line each.

    Raises
    ------
    ValueError
        If there is nothing to grade; the sentence says what to change.
    """
    roster, notes = Roster(students or {}), list[str]()
    top = _top(path, assignment, roster, notes)
    labels = _labels(path, top, assignment, roster, notes)
    left_out = [as_shown(entry.name) for entry in top if entry not in labels and entry.name != GRADESCOPE]
    if left_out:
        notes.append(f"left out, not a notebook, folder or zip: {some(left_out)}")
    one = [label.name for found in labels.values() for label in found] == [assignment]
    if one or not labels:
        hint = "; is it the folder of one student?" * one
        raise ValueError(f"{path} has no submissions: there should be a folder or a notebook for each student{hint}")
    found, teams, doubts = _owned(labels, roster)
    notes += [f"{student}: {why}" for student, why in doubts.items()]
    places = dict[str, Place]()
    for student in sorted({*found, *doubts}, key=lambda name: (name.casefold(), name)):
        if student not in found:
            places[student] = Place(student, assignment, {}, (doubts[student],), Status.NOT_GRADED)
            continue
        own, said = found[student], list[str]()
        names = [as_shown(entry.name) for entry in own]
        if len({label.source or entry.name for entry, label in own.items()}) > 1:
            said.append(f"several folders or files are of this student: {some(names)}")
            notes.append(f"{student}: {said[0]}")
        label = next(iter(own.values()))
        written = unicodedata.normalize("NFC", label.name)
        if student not in roster.known and student not in (written, f"{written} {label.number}", label.login):
            notes.append(f"{names[0]}: {unsafe(written)}, so the student is called {student}")
        if any(each.late for each in own.values()):
            said.append("Canvas has it as late")
        said += [f"{TEAM} {as_shown(teams[entry])}" for entry in own if entry in teams]
        places[student] = Place(student, assignment, own, tuple(dict.fromkeys(said)))
    return places, notes


def _labels(
    path: Path, top: list[Entry], assignment: str, roster: Roster, notes: list[str]
) -> dict[Entry, list[Label]]:
    """Of whom each folder and file is, as its name says, or Gradescope's file beside it."""
    told = next((entry for entry in top if entry.name == GRADESCOPE and entry.kind == "file"), None)
    if told:
        handed = submitters(told)
        return {entry: handed[entry.name] for entry in top if handed.get(entry.name)}
    numbered = [entry for entry in top if re.fullmatch(r"submission_\d+", entry.name)]
    if len(numbered) > 1 and not any(roster.named(entry.name) for entry in numbered):
        raise ValueError(
            f"{path} has Gradescope's folders ({numbered[0].name}, ...), and {GRADESCOPE} is not beside them, which "
            "says whose they are: give the whole export"
        )
    labels = {entry: label for entry in top if (label := label_of(entry, assignment, roster))}
    for kind in ("Moodle", ""):
        alike = {entry: label for entry, label in labels.items() if label.platform == kind}
        names = without_group(alike.values(), roster)
        if names:
            before = sorted({as_shown(name.removesuffix(own).rstrip(" -")) for name, own in names.items()})
            notes.append(f"what stands before the students' names was left out: {some(before)}")
        labels |= {entry: replace(each, name=names[each.name]) for entry, each in alike.items() if each.name in names}
    return {entry: [label] for entry, label in labels.items()}


def _owned(
    labels: Mapping[Entry, list[Label]], roster: Roster
) -> tuple[dict[str, dict[Entry, Label]], dict[Entry, str], dict[str, str]]:
    """What each student has; of which team a folder is; and for students who may be meant by something, by what."""
    numbers: dict[tuple[str, str], set[str]] = {}
    for label in (each for several in labels.values() for each in several):
        numbers.setdefault((label.platform, label.name), set()).add(label.number or label.login)
    found: dict[str, dict[Entry, Label]] = {}
    teams: dict[Entry, str] = {}
    doubts: dict[str, list[str]] = {}
    for entry, several in labels.items():
        if len(several) > 1:
            teams[entry] = entry.name
        for label in several:
            alone = len(numbers[label.platform, label.name]) == 1
            owners, members = roster.owners(label), roster.members(label.name)
            if len(owners) > 1 or (owners and not alone and not roster.certain(label)):
                for owner in owners:
                    doubts.setdefault(owner, []).append(as_shown(entry.name))
                owners = []
            elif members and not owners:
                owners, teams[entry] = members, label.name
            for owner in owners or [roster.stranger(label, alone)]:
                found.setdefault(owner, {})[entry] = label
    words = "the name alone does not say whose {} is: name it by the id, or give a list with the platform's numbers"
    return found, teams, {who: words.format(some(names)) for who, names in doubts.items() if who not in found}


@dataclass(frozen=True)
class Place:
    """Where one student's submission is; `load` reads it."""

    student: str
    assignment: str
    _own: Mapping[Entry, Label]
    _notes: tuple[str, ...] = ()
    _status: Status | None = None

    @property
    def moodle(self) -> str:
        """Moodle's name of the student's folder, up to the number; nothing, if it is none of the student alone."""
        named = [re.match(r"([^_]+_\d+)_assignsubmission_", entry.name) for entry in self._own]
        alone = not any(note.startswith(TEAM) for note in self._notes)
        return next((match[1] for match in named if match and alone), "")

    def load(self, books: Sequence[str] = ()) -> Found:
        """Read the student's notebooks: those of these names, or the one that is named as the assignment.

        Nothing that lies there raises. Each is looked for by itself; one with another name is taken for the only one
        that is not there.
        """
        if self._status:
            digest = hashlib.sha256(repr((self._status, self._notes)).encode("utf-8", "replace")).hexdigest()
            return Found(self.student, self._status, notes=self._notes, digest=digest)
        if len(books) < 2:
            return self._load(books[0] if books else self.assignment)
        parts = {book: self._load(book, books) for book in books}
        renamed = [book for book, part in parts.items() if part.status is Status.RENAMED]
        for book in renamed if len(renamed) > 1 else ():
            said = f"{parts[book].name} may be any of {some([f'{each}.ipynb' for each in renamed])}"
            parts[book] = replace(parts[book], status=Status.MISSING, data=b"", notes=(*self._notes, said))
        return Found.several(self.student, parts)

    def _load(self, book: str, books: Sequence[str] = ()) -> Found:
        """Read one notebook.

        Of several files with the right name the one handed in last is taken, where all have a time; else one of those
        with the same content; else none, since nobody but the student knows which is meant.
        """
        search = _Search(self.assignment, book, {f"{each}.ipynb".casefold() for each in books if each != book})
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
    book: str
    others: set[str]  # the assignment's other notebooks
    notes: list[str] = field(default_factory=list)
    _files: list[_File] = field(default_factory=list)
    _elsewhere: list[str] = field(default_factory=list)
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
        wanted = f"{self.book}.ipynb"
        own = [file for file in self._files if file.name.casefold() not in self.others]
        right, notebooks = self._right(), [file for file in own if file.is_a(".ipynb")]
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
        names = some([file.shown for file in own])
        words = f", only {names}: the notebook itself is needed" * bool(names)
        if self._elsewhere:
            words = f", but {some(self._elsewhere)} lies there, in a folder that is not looked into"
        self.notes.append(f"there is no {wanted}{words}")
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
        wanted = f"{self.book}.ipynb"
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
        for child in sorted(children, key=self._order):
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
                if (label.platform, child.name) != ("Sakai", RETURNED):
                    self._walk(child, label, f"{path}/", depth + 1)
            else:
                self._pass_by(child, f"{path}/", depth + 1)

    def _order(self, child: Entry) -> int:
        """What may be the notebook is looked at before all else, however much lies beside it."""
        name = child.name.casefold()
        ranks = [
            name == f"{self.book}.ipynb".casefold(),
            name.endswith((".ipynb", ".zip")),
            child.name == self.assignment,
        ]
        return ranks.index(True) if True in ranks else len(ranks)

    def _pass_by(self, folder: Entry, shown: str, depth: int) -> None:
        """Where nbgrader would not look: what lies there is told, and not graded."""
        try:
            children = folder.children() if depth <= MAX_DEPTH else []
        except OSError:
            return
        for child in children:
            self._looked += 1
            if self._looked > MAX_MEMBERS:
                return
            name = child.name.casefold()
            if child.kind == "folder":
                self._pass_by(child, f"{shown}{as_shown(child.name)}/", depth + 1)
            elif child.kind == "file" and name.endswith((".ipynb", ".zip")):
                self._elsewhere.append(shown + as_shown(child.name))

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
            root = Entry(path.resolve())
        elif not path.exists():
            raise BadError("does not exist")
        elif not path.is_file():
            raise BadError("is neither a folder nor a zip file")
        else:
            root = unzipped(path, MAX_ALL, notes)
        top, wrapped = _unwrapped(root.children(), assignment, roster, path.is_file(), 0)
    except OSError as error:
        raise ValueError(f"the submissions {path} cannot be opened: {error.strerror}") from None
    except BadError as error:
        raise ValueError(f"the submissions {path}: it {error}") from None
    if wrapped:
        where = "of the zip" if path.is_file() else f"of {as_shown(path.name)}"
        notes.append(f"the submissions are taken from the folder {some(wrapped)} {where}")
    return top


def _unwrapped(
    entries: list[Entry], assignment: str, roster: Roster, is_zip: bool, depth: int
) -> tuple[list[Entry], list[str]]:
    """What lies in folders around the students' own, and the names of those folders.

    Whoever is on the list needs no guess. Without a list only a single folder can be such a one.
    """
    found, around = list[Entry](), list[str]()
    folders = [entry for entry in entries if entry.kind == "folder" and not entry.name.endswith((".ipynb", ".zip"))]
    for entry in entries:
        inner = entry.within() if entry in folders and depth < MAX_DEPTH else []
        single = folders == [entry] and not any(_is_file(other) for other in entries)
        if _wraps(entry, inner, assignment, roster, single, is_zip):
            below, names = _unwrapped(inner, assignment, roster, is_zip, depth + 1)
            found += below
            around += [as_shown(entry.name), *names]
        else:
            found.append(entry)
    return found, around


def _is_file(entry: Entry) -> bool:
    """Whether it may be a student's file: there are others beside them, as lists of grades and pages."""
    return entry.name.casefold().endswith((".ipynb", ".zip"))


def _wraps(
    folder: Entry, inner: list[Entry], assignment: str, roster: Roster, single: bool, is_zip: bool, depth: int = 0
) -> bool:
    """Whether students' folders or files are in it, and it is no student's own."""
    label = label_of(folder, assignment, roster)
    if not inner or roster.named(folder.name) or (label and (label.platform or roster.members(label.name))):
        return False
    if any(entry.name == GRADESCOPE for entry in inner):
        return True
    if assignment.casefold() in (os.path.splitext(entry.name)[0].casefold() for entry in inner):
        return False
    labels = {entry: each for entry in inner if (each := label_of(entry, assignment, roster))}
    known = sum(bool(roster.owners(each) or roster.members(each.name)) for each in labels.values())
    platforms = {entry.kind for entry, each in labels.items() if each.platform}
    if known > 1 or (single and (known or platforms)) or ("folder" in platforms and (known or not roster.known)):
        return True
    if single and is_zip:
        return len(labels) > 1 or any(entry.kind == "folder" for entry in inner)
    folders = [entry for entry in inner if entry.kind == "folder"]
    if single and sum(any(map(_is_file, entry.within())) for entry in folders) > 1:
        return True
    one = single and len(folders) == 1
    return (
        depth < MAX_AROUND
        and (single or bool(roster.known))
        and any(_wraps(entry, entry.within(), assignment, roster, one, is_zip, depth + 1) for entry in folders)
    )
