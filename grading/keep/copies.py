"""Copies of a gradebook that is a file, and of the whole state: made by SQLite itself, so that no writer disturbs them.

Of PostgreSQL nothing is copied here: it has ``pg_dump``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from grading.keep import private

__all__ = ["CopyError", "archive", "copies", "held", "keep", "put_back", "put_back_all", "snapshot", "sound"]

KEPT = 5
FOLDER = "copies"
ABOUT = "archive.json"  # the first member: what is in an archive, and how old
LEFT_OUT = ("lock", "nbgrader.log", "release.db")
HELD = """
    SELECT assignment.name, COUNT(DISTINCT submitted_assignment.id),
    COUNT(grade.manual_score) + COUNT(grade.extra_credit)
    FROM assignment JOIN submitted_assignment ON submitted_assignment.assignment_id = assignment.id
    LEFT JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
    LEFT JOIN grade ON grade.notebook_id = submitted_notebook.id GROUP BY assignment.name ORDER BY assignment.name
"""


class CopyError(Exception):
    """It cannot be copied, or put back; the sentence says why, and what to do."""


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)


def sound(path: Path) -> bool:
    """Whether a file is a gradebook that can be read to its end."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_opened(path)) as book:
        return book.execute("PRAGMA quick_check").fetchall() == [("ok",)] and bool(
            book.execute("SELECT 1 FROM sqlite_master WHERE name = 'grade'").fetchone()
        )
    return False


def held(path: Path) -> str:
    """What a gradebook holds, in words."""
    try:
        with contextlib.closing(_opened(path)) as book:
            found = book.execute(HELD).fetchall()
    except sqlite3.Error as error:
        return f"it cannot be read: {error}"
    told = [f"{name}: {count} students, {hands} points by hand" for name, count, hands in found]
    return "; ".join(told) or "nobody's grades"


def snapshot(book: Path, new: Path) -> None:
    """Copy a gradebook as it is at one moment, whoever writes to it meanwhile; the copy has its time.

    Raises
    ------
    CopyError
        If it cannot be read. What is at ``new`` is then as it was.
    """
    private.folder(new.parent)
    made, when = new.with_name(".gradebook.db.new"), book.stat().st_mtime_ns  # one name, as in `journal.replace_file`
    made.unlink(missing_ok=True)
    os.close(private.opener(str(made), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        with contextlib.closing(_opened(book)) as source, contextlib.closing(sqlite3.connect(made)) as target:
            target.execute("PRAGMA journal_mode = OFF")  # what is torn is not used anyway
            source.backup(target)
    except sqlite3.Error as error:
        made.unlink(missing_ok=True)
        if "full" in str(error):
            raise OSError(28, os.strerror(28), str(new)) from None
        raise CopyError(f"the gradebook {book} cannot be copied: {error}") from None
    os.utime(made, ns=(when, when))
    made.replace(new)


def copies(state: Path) -> list[Path]:
    """The copies that there are, the newest first."""
    return sorted((state / FOLDER).glob("gradebook-*.db"), reverse=True)


def keep(state: Path, book: Path) -> None:
    """Copy a gradebook, if it has changed since the last copy, and let go of all but the last five."""
    there = copies(state)
    if there and there[0].stat().st_mtime_ns == book.stat().st_mtime_ns:
        return
    newest = there[0].stem if there else ""
    name = max(f"gradebook-{time.strftime('%Y%m%d-%H%M%S')}", newest)  # a clock may be set back
    while (new := state / FOLDER / f"{name}.db") in there:
        name += "b"
    snapshot(book, new)
    if not sound(new):
        new.unlink()
        raise CopyError(f"the gradebook {book} is damaged")
    for old in copies(state)[KEPT:]:
        old.unlink()


def put_back(state: Path, book: Path, copy: Path) -> None:
    """Put a copy in the gradebook's place; what was there is kept beside the copies.

    Raises
    ------
    CopyError
        If the copy is damaged.
    """
    if not sound(copy):
        raise CopyError(f"{copy} is no gradebook that can be read: choose another copy")
    if book.exists():
        aside = state / FOLDER / f"replaced-{time.strftime('%Y%m%d-%H%M%S')}.db"
        private.folder(aside.parent)
        shutil.copyfile(book, aside)
        aside.chmod(0o600)
    for left in ("-journal", "-wal", "-shm"):  # of the old one: it must not be played into the new one
        book.with_name(book.name + left).unlink(missing_ok=True)
    snapshot(copy, book)


# ---------------------------------------------------------------------------------------------- the whole state


def _newest(state: Path, book: Path) -> float:
    files = [book, *state.glob("*.jsonl")]
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)


def archive(state: Path, book: Path | None, file: Path) -> int:
    """Pack all of a state into one file, for nobody but its owner; how many files.

    Parameters
    ----------
    state : Path
        No round may be writing to it.
    book : Path, optional
        The gradebook; without it none comes into the archive, as it is no file.
    file : Path
        It is made or replaced, and not in the state itself.

    Raises
    ------
    CopyError
        If the file would be in the state, or the gradebook cannot be read.
    """
    if file.resolve().is_relative_to(state.resolve()):
        raise CopyError(f"{file} would lie in the state that it holds: name another place")
    new, count = file.with_name(f".{file.name}.new"), 0
    new.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".archive-") as made:
        try:
            with open(new, "xb", opener=private.opener) as out, tarfile.open(fileobj=out, mode="w:gz") as packed:
                about = {"archive": 1, "newest": _newest(state, book or state), "gradebook": book is not None}
                (Path(made) / ABOUT).write_text(json.dumps(about), encoding="utf-8")
                packed.add(Path(made) / ABOUT, ABOUT)
                if book:
                    snapshot(book, Path(made) / "gradebook.db")
                    packed.add(Path(made) / "gradebook.db", "gradebook.db")
                for path in _files(state):
                    if path != book:
                        packed.add(path, path.relative_to(state).as_posix(), recursive=False)
                        count += 1
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
    return count


def _files(state: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(state):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            half = name.startswith(".") and name.endswith(".new")
            if not (half or path.is_symlink() or (path.parent == state and name in LEFT_OUT)):
                yield path


def put_back_all(file: Path, state: Path, book: Path, replace: bool) -> Path | None:
    """Unpack an archive as the state; where there was one, it is moved aside, and its new name returned.

    Raises
    ------
    CopyError
        If the file is no archive, or the state has something newer and ``replace`` does not say that it may go.
    """
    made = Path(tempfile.mkdtemp(dir=_parent(state), prefix=f".{state.name}-"))
    try:
        try:
            with tarfile.open(file) as packed:
                about = json.loads((packed.extractfile(ABOUT) or io.BytesIO()).read())
                newest = float(about["newest"])
                if not replace and _newest(state, book) > newest + 1:
                    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(newest))
                    raise CopyError(
                        f"{state} has grades that are newer than those in {file} ({day}); to replace it (it is moved "
                        "aside, and not deleted): --replace"
                    )
                packed.extractall(made, filter="data")
        except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError) as error:
            raise CopyError(f"{file} is no archive of a state, or a damaged one: {error}") from None
        (made / ABOUT).unlink()
        for folder, _, _ in os.walk(made):
            os.chmod(folder, 0o700)
        if about.get("gradebook") and not sound(made / "gradebook.db"):
            raise CopyError(f"the gradebook in {file} is damaged: take another archive")
        aside = None
        if state.exists():
            aside = state.with_name(f"{state.name}-before-{time.strftime('%Y%m%d-%H%M%S')}")
            state.rename(aside)
        made.rename(state)
        return aside
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _parent(state: Path) -> Path:
    private.folder(state.parent)
    return state.parent
