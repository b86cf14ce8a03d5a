"""What was done, a line of JSON for each thing, on disk before the next one starts."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from grading.keep import private
from grading.record import Row

__all__ = ["Journal", "replace_file", "secret_of"]


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
    handed_in : dict
        By student and what was handed in, when it was for the first time.
    last : dict
        By student, what was handed in last; without its name and its time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Row] = {}
        self.place = ""
        self.handed_in: dict[tuple[str, str], datetime] = {}
        self.last: dict[str, str] = {}
        torn = False
        if path.exists():
            text = path.read_text(encoding="utf-8", errors="replace")
            torn = bool(text) and not text.endswith("\n")
            for line in text.splitlines():
                with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                    self._take(json.loads(line))
        if torn:
            self._add({})

    def _take(self, line: dict[str, Any]) -> None:
        if "begun" in line:
            self.rows.pop(line["begun"], None)
        elif "place" in line:
            self.place = str(line["place"])
        elif "student" in line:
            line.pop("total", None)
            content, when = str(line.pop("content", "")), line.pop("handed_in", None)
            self._known(line["student"], content, datetime.fromisoformat(when) if when else None)
            self.rows[line["student"]] = Row.loaded(line)

    def _add(self, line: dict[str, Any]) -> None:
        with open(self.path, "a", encoding="utf-8", opener=private.opener) as file:
            file.write("\n" * (not line) or json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def found_in(self, place: Path) -> None:
        """The submissions of this round lie there."""
        if self.place != str(place):
            self.place = str(place)
            self._add({"place": self.place})

    def begin(self, student: str) -> None:
        """From now on what the gradebook has for this student is in doubt."""
        if self.rows.pop(student, None) is not None:
            self._add({"begun": student})

    def _known(self, student: str, content: str, when: datetime | None) -> None:
        self.last[student] = content
        if when:
            first = self.handed_in.get((student, content), when)
            self.handed_in[student, content] = min(first, when)

    def end(self, row: Row, content: str = "", when: datetime | None = None) -> None:
        """The gradebook has this row, of what was handed in then."""
        about = {"content": content, "handed_in": when.isoformat() if when else None}
        self._add({**row.plain(), "total": row.total, **about})
        self._known(row.student, content, when)
        self.rows[row.student] = row


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
    private.folder(path.parent)
    new = path.with_name(f".{path.name}.new")  # one name, so that what a power cut left is overwritten
    new.unlink(missing_ok=True)  # and not followed if somebody has put a link there
    with open(new, "xb", opener=private.opener) as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
