"""What was found out of the code of a class, kept for the next round: few of a class hand in anew, or nobody.

It is a file in the state, and safe to delete: what it lacks is found out again. So it is when it cannot be read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from grading.keep import private
from grading.keep.round import Course
from grading.tell import similar
from grading.tell.similar import Pair, Prints

__all__ = ["pairs"]

TABLES = """
    CREATE TABLE IF NOT EXISTS prints (code BLOB PRIMARY KEY, marks BLOB, lines BLOB, words TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS pairs (class BLOB PRIMARY KEY, found TEXT);
    PRAGMA synchronous = OFF;
"""


def pairs(course: Course) -> list[Pair]:
    """Pairs of submissions with nearly the same code (`grading.tell.similar`).

    Of a class in which nothing has changed nothing is read; of one that has changed, only new code is looked at.
    """
    path = course.state / f"{course.assignment}.prints"
    for file in (str(path), str(path), ":memory:"):
        try:
            if file == str(path):
                os.close(private.opener(file, os.O_CREAT | os.O_RDWR))
            with contextlib.closing(sqlite3.connect(file)) as book:
                book.executescript(TABLES)
                return _pairs(course, book)
        except (OSError, sqlite3.Error, ValueError, TypeError):  # cut off, of another version, or not to be written
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    raise AssertionError("a database in memory cannot fail")


def _pairs(course: Course, book: sqlite3.Connection) -> list[Pair]:
    key = _digest(Path(similar.__file__).read_bytes(), platform.python_version().encode())  # another makes other prints
    release = similar.given(course.release, course.books)
    about = [(str(path), *_stamp(path)) for path in similar.notebooks(course.state, course.assignment, course.books)]
    whole = _digest(key, json.dumps([about, release]).encode())
    for (found,) in book.execute("SELECT found FROM pairs WHERE class = ?", (whole,)):
        return [_pair(each) for each in json.loads(found)]
    stale = {code for (code,) in book.execute("SELECT code FROM prints")}
    new = dict[bytes, Prints]()

    def printed(code: str) -> Prints:
        digest = _digest(key, code.encode("utf-8", "surrogatepass"))
        stale.discard(digest)
        if digest in new:
            return new[digest]
        for marks, lines, words in book.execute("SELECT marks, lines, words FROM prints WHERE code = ?", (digest,)):
            return Prints(np.frombuffer(marks, "<u8"), np.frombuffer(lines, "<i4"), set(json.loads(words)))
        new[digest] = similar.prints(code)
        return new[digest]

    codes = similar.handed_in(course.state, course.assignment, course.books)
    result = similar.pairs(codes, release, printed=printed)
    rows = [
        (code, marks.astype("<u8").tobytes(), lines.astype("<i4").tobytes(), json.dumps(sorted(words)))
        for code, (marks, lines, words) in new.items()
    ]
    with book:
        book.executemany("DELETE FROM prints WHERE code = ?", [(code,) for code in stale])
        book.executemany("INSERT INTO prints VALUES (?, ?, ?, ?)", rows)
        book.execute("DELETE FROM pairs")
        book.execute("INSERT INTO pairs VALUES (?, ?)", (whole, json.dumps([asdict(each) for each in result])))
    return result


def _digest(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).digest()


def _stamp(path: Path) -> Sequence[int]:
    """A file that was written anew has another one."""
    about = path.stat()
    return about.st_ino, about.st_mtime_ns, about.st_size


def _pair(plain: dict[str, object]) -> Pair:
    return Pair(**{name: _tuples(value) for name, value in plain.items()})  # type: ignore[arg-type]


def _tuples(value: object) -> object:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
