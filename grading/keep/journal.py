"""What was done, a line of JSON for each thing, on disk before the next one starts."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from grading.keep import private
from grading.record import Row

__all__ = ["Checks", "Journal", "JournalError", "replace_file", "replace_files", "secret_of"]

FORM = 2  # of the lines: whoever changes them in a way that this version could not read counts on
NAMED = re.compile(r'"(?:student|begun)":\s*("(?:[^"\\\n]|\\.)*")')  # in a line that is none


class JournalError(Exception):
    """The journal is none that can be used here; the sentence says what to do."""


@dataclass(frozen=True)
class Checks:
    """With what rows were graded: a hash for each of its parts, and when that was first used.

    Attributes
    ----------
    number : int
        Counted from 1 in the journal.
    since : str
        Day and time.
    assignment, program, limits : str
        Of what lies in the assignment's folder; of the grader; and what a submission may cost.
    """

    number: int
    since: str
    assignment: str
    program: str
    limits: str

    def __str__(self) -> str:
        return f"{self.number} ({self.since})"


class Journal:
    """The results of an assignment; of a student's lines the last counts.

    Its first line says its form. A line that cannot be read is no result, whether a power cut tore it, somebody edited
    it or another version wrote it: that student is in doubt, and graded again.

    Parameters
    ----------
    path : Path
        The file; it may not exist yet.

    Attributes
    ----------
    rows : dict
        By student, what the gradebook has for certain.
    doubt : set
        Students with a line, and none that counts.
    place : str
        Where the last round found the submissions.
    handed_in : dict
        By student and what was handed in, when it was for the first time.
    last : dict
        By student, what was handed in last; without its name and its time.
    checks : dict
        With what rows were graded, by their ``source``.
    older : bool
        Whether an older version wrote it, which did not say its form.

    Raises
    ------
    JournalError
        If a newer version wrote it, or if it is another assignment's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Row] = {}
        self.doubt = set[str]()
        self.place = ""
        self.handed_in: dict[tuple[str, str], datetime] = {}
        self.last: dict[str, str] = {}
        self.checks: dict[str, Checks] = {}
        self._form = 0
        # not by splitlines: what students' code says may have a sign that ends a line elsewhere
        text = path.read_text(encoding="utf-8-sig", errors="replace") if path.exists() else ""
        self._torn = bool(text) and not text.endswith("\n")
        for line in filter(str.strip, text.split("\n")):
            try:
                self._take(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                self._doubt(json.loads(name) for name in NAMED.findall(line))
        self.older = bool(text.strip()) and self._form < FORM

    def _take(self, line: dict[str, Any]) -> None:
        if "journal" in line:
            self._is(line)
        elif "begun" in line:
            self._doubt([line["begun"]] if isinstance(line["begun"], str) else line["begun"])
        elif "gone" in line:
            self.rows.pop(line["gone"], None)
            self.doubt.discard(line["gone"])
        elif "place" in line:
            self.place = str(line["place"])
        elif "checks" in line:
            self.checks[line["checks"]] = Checks(**line["about"])
        elif "student" in line:
            line.pop("total", None)
            content, when = str(line.pop("content", "")), line.pop("handed_in", None)
            self._known(line["student"], content, datetime.fromisoformat(when) if when else None)
            self.rows[line["student"]] = Row.loaded(line)
            self.doubt.discard(line["student"])

    def _is(self, line: dict[str, Any]) -> None:
        form = int(line["journal"])
        if form > FORM:
            said = f"a newer version of grading wrote {self.path} (its form is {form}, this version knows {FORM})"
            raise JournalError(f"{said}: grade with that version, or put an older state back (the command restore)")
        if line.get("assignment", self.path.stem) != self.path.stem:
            said = f"{self.path} is the journal of {line['assignment']!r}, not of {self.path.stem!r}"
            raise JournalError(f"{said}: put the right one there, or move it away, and all are graded again")
        self._form = max(self._form, form)

    def _doubt(self, students: Iterable[str]) -> None:
        for student in students:
            self.rows.pop(student, None)
            self.doubt.add(student)

    def _add(self, *lines: dict[str, Any]) -> None:
        if self._form < FORM:
            self.renew()
        with open(self.path, "a", encoding="utf-8", opener=private.opener) as file:
            file.write("\n" * self._torn)
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        self._torn = False

    def renew(self) -> None:
        """Write the first line; what an older version wrote stays below it."""
        text = self.path.read_text(encoding="utf-8-sig", errors="replace") if self.path.exists() else ""
        replace_file(self.path, json.dumps({"journal": FORM, "assignment": self.path.stem}) + "\n" + text)
        self._form = FORM

    def found_in(self, place: Path) -> None:
        """The submissions of this round lie there."""
        if self.place != str(place):
            self.place = str(place)
            self._add({"place": self.place})

    def graded_with(self, source: str, since: str, **parts: str) -> None:
        """The rows of this ``source`` to come were graded with these."""
        if source not in self.checks:
            self.checks[source] = Checks(len(self.checks) + 1, since, **parts)
            self._add({"checks": source, "about": asdict(self.checks[source])})

    def begin(self, *students: str) -> None:
        """From now on what the gradebook has for these students is in doubt."""
        if known := [student for student in students if student in self.rows]:
            self._doubt(known)
            self._add(*({"begun": student} for student in known))

    def gone(self, student: str) -> None:
        """There is nothing of this student any more, neither here nor in the gradebook."""
        self.rows.pop(student, None)
        self.doubt.discard(student)
        self._add({"gone": student})

    def _known(self, student: str, content: str, when: datetime | None) -> None:
        self.last[student] = content
        if when:
            first = self.handed_in.get((student, content), when)
            self.handed_in[student, content] = min(first, when)

    def end(self, *rows: Row, of: Mapping[str, tuple[str, datetime | None]] | None = None) -> None:
        """The gradebook has these rows; by the student, of what, and when that was handed in."""
        handed = {row.student: (of or {}).get(row.student, ("", None)) for row in rows}
        about = {
            name: {"content": what, "handed_in": when and when.isoformat()} for name, (what, when) in handed.items()
        }
        self._add(*({**row.plain(), "total": row.total, **about[row.student]} for row in rows))
        for row in rows:
            self._known(row.student, *handed[row.student])
            self.rows[row.student] = row
            self.doubt.discard(row.student)


def secret_of(state: Path) -> str:
    """The secret of a course, which no student may know: what the items ask depends on it (`grading.run.work.seed_of`).

    It is made once. Whoever has it can ask a submission the same again.

    Raises
    ------
    OSError
        If it cannot be read or made.
    """
    path = state / "secret"
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    secret = path.read_text(encoding="ascii", errors="replace")
    if not re.fullmatch(r"[0-9a-f]{64}", secret):  # an empty one would be known to everybody
        raise OSError(
            errno.EINVAL, "what is there was not written to its end; delete it, and it is made anew", str(path)
        )
    return secret


def replace_file(path: Path, content: str | bytes) -> None:
    """Replace a file in one step: a reader sees the old text or the new one, never half of it.

    It is the owner's alone, whatever the old one was.

    Parameters
    ----------
    path : Path
        Its folder is made where it is missing, for the owner alone too.
    content : str or bytes
        What it shall hold.

    Raises
    ------
    OSError
        If there is no room, or no right to write; the old file is as it was.
    """
    new = _written(path, content)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)


def replace_files(contents: Mapping[Path, str | bytes], state: Path) -> None:
    """The same for many files of a state, which wait for the disk once. What is empty is no file."""
    new = {path: _written(path, content) for path, content in contents.items() if content}
    _sync(state, new.values())
    for path in contents:
        if path in new:
            new[path].replace(path)
        else:
            path.unlink(missing_ok=True)


def _written(path: Path, content: str | bytes) -> Path:
    """The new file, beside the old one."""
    private.folder(path.parent)
    new = path.with_name(f".{path.name}.new")  # one name, so that what a power cut left is overwritten
    new.unlink(missing_ok=True)  # and not followed if somebody has put a link there
    with open(new, "xb", opener=private.opener) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return new


def _sync(folder: Path, files: Iterable[Path]) -> None:
    """On disk: all that its file system has, where one call does it; else one file after the other."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            done = ctypes.CDLL(None, use_errno=True).syncfs(handle)
        finally:
            os.close(handle)
    except (AttributeError, OSError, TypeError):  # another system than Linux
        for path in files:
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        return
    if done:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
