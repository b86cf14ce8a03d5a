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
from pathlib import Path
from typing import Any

from grading.keep import private
from grading.record import Row

__all__ = ["Journal", "replace_file", "replace_files", "secret_of"]


class Journal:
    """The results of an assignment; of a student's lines the last counts.

    A line that a power cut tore, or that an older version wrote, is no result: that student is graded again.

    Parameters
    ----------
    path : Path
        The file; it may not exist yet.

    Attributes
    ----------
    rows : dict
        By student, what the gradebook has for certain.
    place : str
        Where the last round found the submissions.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Row] = {}
        self.place = ""
        last = dict[str, dict[str, Any]]()
        torn = False
        if path.exists():
            text = path.read_text(encoding="utf-8", errors="replace")
            torn = bool(text) and not text.endswith("\n")
            for each in text.splitlines():
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    self._take(json.loads(each), last)
        for student, line in last.items():
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                self.rows[student] = Row.loaded(line)
        if torn:
            self._add("")

    def _take(self, line: dict[str, Any], last: dict[str, dict[str, Any]]) -> None:
        if "begun" in line:
            last.pop(line["begun"], None)
        elif "place" in line:
            self.place = str(line["place"])
        elif "student" in line:
            line.pop("total", None)
            last[line["student"]] = line

    def _add(self, *lines: str) -> None:
        with open(self.path, "a", encoding="utf-8", opener=private.opener) as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())

    def found_in(self, place: Path) -> None:
        """The submissions of this round lie there."""
        if self.place != str(place):
            self.place = str(place)
            self._add(_line({"place": self.place}))

    def begin(self, students: Iterable[str]) -> None:
        """From now on what the gradebook has for these students is in doubt."""
        begun = [student for student in students if self.rows.pop(student, None) is not None]
        if begun:
            self._add(*(_line({"begun": student}) for student in begun))

    def end(self, rows: Iterable[Row]) -> None:
        """The gradebook has these rows."""
        ended = {row.student: row for row in rows}
        self._add(*(_line({**row.plain(), "total": row.total}) for row in ended.values()))
        self.rows |= ended


def _line(about: dict[str, Any]) -> str:
    return json.dumps(about, ensure_ascii=False)


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
