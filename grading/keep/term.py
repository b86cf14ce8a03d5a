"""What a course needs over a term: to try a round without its consequences, and to put a state away and back."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grading.keep import copies
from grading.keep.gradebook import Grades, file_of, shown
from grading.keep.journal import Journal
from grading.keep.memory import Memory, recall, remember
from grading.keep.round import Course, UsageError, alone

__all__ = ["archive", "restore", "tried"]


@contextlib.contextmanager
def tried(course: Course) -> Iterator[Course]:
    """The course with a state that is a copy and is thrown away: what a round would do can be seen in it.

    Raises
    ------
    UsageError
        If there is no gradebook to copy.
    """
    book = file_of(course.url)
    if book is None or not book.is_file():
        raise UsageError(f"only a gradebook that is a file, and is there, can be tried on: {shown(course.url)}")
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        state = Path(folder, "state")
        state.mkdir(mode=0o700)
        for path in (course.journal, course.state / "secret"):
            if path.is_file():
                shutil.copy2(path, state)
        for there in (course.state / "submitted").glob(f"*/{course.assignment}"):
            shutil.copytree(there, state / there.relative_to(course.state), symlinks=True)
        try:
            copies.snapshot(book, state / "gradebook.db")
        except copies.CopyError as error:
            raise UsageError(str(error)) from None
        yield replace(course, state=state, gradebook="", memory=Memory())


def archive(course: Course, file: Path) -> str:
    """Put all of a state into one file; what there is to say of it.

    Raises
    ------
    UsageError
        If that cannot be; the sentence says why.
    """
    if not course.state.is_dir():
        raise UsageError(f"there is no state in {course.state}")
    book = file_of(course.url)
    if book and not book.is_file():
        raise UsageError(f"the gradebook {book} is gone: put a copy back first, with the command restore")
    with alone(course.state), _said():
        count = copies.archive(course.state, book, file)
    dump = "" if book else "; the gradebook is in PostgreSQL and not in it: pg_dump makes a copy of that"
    return f"Archive: {file} ({count} files, for nobody but you: it holds the course's secret){dump}"


def restore(course: Course, named: str, replaces: bool) -> str:
    """Put back a copy of the gradebook, or an archive; what there is to say of it.

    Parameters
    ----------
    course : Course
        Its state and the gradebook's address; the assignment does not matter.
    named : str
        A copy's name, or its number in the list, or the path of a copy or of an archive.
    replaces : bool
        Whether an archive may take the place of something newer.

    Raises
    ------
    UsageError
        If that cannot be; the sentence says why.
    """
    book, path = file_of(course.url), _named(course.state, named)
    if book is None:
        raise UsageError(f"the gradebook {shown(course.url)} is in PostgreSQL: its own pg_restore puts a dump back")
    if not _is_book(path):
        with _said():
            aside = _locked(course.state, path, book, replaces)
        if book != course.state / "gradebook.db" and (course.state / "gradebook.db").is_file():
            with _said():
                copies.put_back(course.state, book, course.state / "gradebook.db")
            (course.state / "gradebook.db").unlink()
        remember(course.state, Memory(recall(course.state).students, course.memory.gradebook))
        was = f"; what was there is now {aside}" * bool(aside)
        return f"State: {course.state}, from {path}{was}"
    with alone(course.state), _said():
        copies.put_back(course.state, book, path)
        doubt = [f"{name}: {len(those)}" for name, those in _doubt(course).items() if those]
    again = f". Its points are others than those of the journal for some students ({', '.join(doubt)}); the next round "
    again = (again + "grades them again, and until then nothing is exported") * bool(doubt)
    return f"Gradebook: {book}, from {path.name} ({copies.held(book)}){again}. Who has formgrader open starts it again"


def _locked(state: Path, path: Path, book: Path, replaces: bool) -> Path | None:
    with alone(state) if state.is_dir() else contextlib.nullcontext():
        return copies.put_back_all(path, state, book, replaces)


def _named(state: Path, named: str) -> Path:
    there = copies.copies(state)
    if named.isdecimal() and 0 < int(named) <= len(there):
        return there[int(named) - 1]
    for path in (Path(named), state / copies.FOLDER / named):
        if path.is_file():
            return path
    known = f"there is {', '.join(path.name for path in there)}" if there else "there is none"
    raise UsageError(f"{named} is neither an archive nor a copy of the gradebook; of copies {known}")


def _is_book(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def _doubt(course: Course) -> dict[str, list[str]]:
    """Whose row in a journal is not what the gradebook has now: no longer certain."""
    found = {}
    for path in sorted(course.state.glob("*.jsonl")):
        journal, book = Journal(path), Grades(course.url, course.state, path.stem, course.config())
        try:
            grades = book.grades() if book.knows() else {}
        finally:
            book.close()
        scores = {name: {item: each.auto_score for item, each in those.items()} for name, those in grades.items()}
        found[path.stem] = [
            name
            for name, row in journal.rows.items()
            if name not in scores
            or any(score not in (None, row.items.get(item, 0.0)) for item, score in scores[name].items())
        ]
        journal.begin(*found[path.stem])
    return found


@contextlib.contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except copies.CopyError as error:
        raise UsageError(str(error)) from None
