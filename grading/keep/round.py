"""One round of grading: every submission gets a row, whatever is wrong with it or with others.

Submissions are graded beside each other by workers (`grading.run.work`, `grading.run.pool`). What comes back is written
here, one submission after the other: the files, the gradebook, and then a line in the journal. What has no line is
graded again in the next round, so a round can be killed at any time.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grading.intake import find
from grading.intake.repair import Found, Source, safe_id
from grading.keep import private
from grading.keep.gradebook import Grades, LockedError
from grading.keep.journal import Journal, replace_file, secret_of
from grading.record import Reason, Row, Status, Student
from grading.run import pool
from grading.run.execution import Limits
from grading.run.work import (
    ACCEPT,
    Bundle,
    Graded,
    RefusedError,
    Task,
    feedback_page,
    grade_one,
    missing,
    not_graded,
    other,
    versions,
)

__all__ = ["Course", "UsageError", "feedback_again", "grade", "read_students", "rows_of"]

MOMENT = 1.0  # seconds in which a killed round lets go of its lock


class UsageError(Exception):
    """The command cannot do what it was asked; the sentence says what to change."""


@dataclass(frozen=True)
class Course:
    """Where one assignment and its grading lie.

    Attributes
    ----------
    root : Path
        The repository.
    assignment : str
        Its name: the folder under ``solutions/`` and the notebook in it.
    state : Path
        Where gradebook, journal, feedback and reports are kept.
    gradebook : str
        The gradebook's address; a file in ``state``, unless something else is said.
    site : str
        The book's address, for links; may be empty.
    """

    root: Path
    assignment: str
    state: Path
    gradebook: str = ""
    site: str = ""

    @property
    def url(self) -> str:
        """The gradebook's address."""
        return self.gradebook or f"sqlite:///{self.state / 'gradebook.db'}"

    @property
    def folder(self) -> Path:
        """The assignment's source folder."""
        return self.root / "solutions" / self.assignment

    @property
    def release(self) -> Path:
        """The notebook as students got it, made again from the source."""
        return self.state / "release" / self.assignment / f"{self.assignment}.ipynb"

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.state / f"{self.assignment}.jsonl"

    def file(self, step: str, student: str, ending: str = "ipynb") -> Path:
        """A student's file of a step: submitted, autograded or feedback."""
        return self.state / step / student / self.assignment / f"{self.assignment}.{ending}"

    def config(self) -> Config:
        """What ``nbgrader_config.py`` says."""
        path = self.root / "nbgrader_config.py"
        return PyFileConfigLoader(path.name, str(path.parent)).load_config() if path.is_file() else Config()

    @property
    def place(self) -> Path:
        """Where the last round found the submissions; before there was one, where ``nbgrader collect`` puts them."""
        return Path(Journal(self.journal).place or self.state / "submitted")

    def check(self) -> None:
        """Refuse a name that is none of an assignment, and say which there are."""
        there = sorted(path.parent.name for path in self.root.glob("solutions/*/*.ipynb"))
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.assignment) or self.assignment not in there:
            raise UsageError(f"there is no assignment {self.assignment!r}; there is {', '.join(there) or 'none'}")


# ---------------------------------------------------------------------------------------------- students


def read_students(path: Path) -> dict[str, Student]:
    """Read a CSV file with the columns id, first_name, last_name and, if there is one, email.

    Raises
    ------
    UsageError
        If the file cannot be used; the sentence names line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            if "id" not in (lines.fieldnames or []):
                found = ", ".join(lines.fieldnames or []) or "nothing"
                raise UsageError(f"{path} needs a first line with the column id; it has {found}")
            students = {}
            for line in lines:
                texts = {name: (line.get(name) or "").strip() for name in ("id", "first_name", "last_name", "email")}
                if not any(texts.values()):
                    continue
                if not texts["id"] or safe_id(texts["id"]) != texts["id"]:
                    allowed = "letters, digits and _ . , - + @ ' ( ) or spaces, the first a letter or digit"
                    raise UsageError(
                        f"{path}, line {lines.line_num}: the id {texts['id']!r} is not safe; use {allowed}"
                    )
                one = students[texts["id"]] = Student(**texts)
                try:
                    one.check()
                except ValueError as error:
                    raise UsageError(f"{path}, line {lines.line_num}: {error}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"the students file {path} cannot be read: {error}") from None
    return students


# ---------------------------------------------------------------------------------------------- the round


def grade(
    course: Course,
    submissions: Path,
    students: Mapping[str, Student] | None = None,
    limits: Limits | None = None,
    workers: pool.Workers | None = None,
    fresh: bool = False,
    only: str = "",
    unisolated: bool = False,
    container: str | None = None,
    progress: Callable[[Row, int, int], None] = lambda *_: None,
    remark: Callable[[str], None] = lambda _: None,
) -> list[Row]:
    """Grade submissions.

    Parameters
    ----------
    course : Course
        The assignment, and where the results go.
    submissions : Path
        What `find.submissions` reads: a folder or a zip.
    students : mapping, optional
        Who takes part: a student who handed in nothing gets a row too.
    limits : Limits, optional
        What a submission may cost.
    workers : Workers, optional
        Who does it; two processes of this machine, unless something else is said.
    fresh : bool
        Grade again what has not changed since the last round.
    only : str
        This student alone.
    unisolated : bool
        Whether student code may run where there is no sandbox. Somebody has to accept that risk, for one round.
    container : str, optional
        Where bubblewrap cannot run: the image of a container, see `grading.run.work.missing`.
    progress : callable
        Gets each row as it is done, how many are done, and how many there are.
    remark : callable
        Gets what was left out or guessed among the submissions, and what is waited for, a line each.

    Returns
    -------
    list of Row
        One for each student, in order.

    Raises
    ------
    UsageError
        If the submissions or the assignment cannot be used, if student code would not be isolated, if workers have
        other versions, or if the results cannot be written. Nothing is raised for what is in a submission.
    """
    course.check()
    workers = workers or pool.processes(2)
    if unlike := [f"{name}: {why}" for name, why in workers.everywhere(partial(other, versions())).items() if why]:
        raise UsageError(f"not all machines would grade alike. {'; '.join(unlike)}")
    look = partial(missing, container)
    if not unisolated and (bare := [f"{name}: {why}" for name, why in workers.everywhere(look).items() if why]):
        raise UsageError(f"student code would run without a sandbox, as whoever grades. {'; '.join(bare)}.\n{ACCEPT}")
    new = not course.state.exists()
    for line in [] if new else _private(course):
        remark(line)
    try:
        handed, remarks = find.submissions(submissions, course.assignment, students)
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from None
    for line in remarks:
        remark(line)
    students = students or {}
    names = sorted({*handed, *students}, key=lambda name: (name.casefold(), name))
    if only and only not in names:
        raise UsageError(f"there is no student {only!r}; there is {', '.join(names[:10])}{', ...' * (len(names) > 10)}")
    if new:
        _private(course)
    try:
        with _alone(course.state / "lock"):
            if fresh or not Journal(course.journal).rows.keys() >= set(names):
                workers.start()
            rules = (secret_of(course.state), unisolated, container, versions())
            one = _Round(course, limits or Limits(), students, progress, remark, submissions, rules)
            try:
                return one.all(handed, [only] if only else names, workers, fresh)
            finally:
                one.book.close()
    except RefusedError as error:
        raise UsageError(str(error)) from None
    except LockedError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise _unwritten(error) from None


def _private(course: Course, always: bool = True) -> list[str]:
    """Close the state to others before anything in it is read."""
    try:
        return private.take(course.state, course.root, always)
    except private.UnsafeError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise _unwritten(error) from None


def _unwritten(error: OSError) -> UsageError:
    where = f" ({error.filename})" if error.filename else ""
    return UsageError(f"the results cannot be written: {error.strerror}{where}; the same command goes on where it was")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two rounds at once would write the same files.

    A round that was killed holds its lock for a moment more where it was just starting another program.
    """
    with open(path, "w", opener=private.opener) as file:
        with contextlib.suppress(ImportError):  # on Windows nothing keeps them apart
            import fcntl

            end = time.monotonic() + MOMENT
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise UsageError(f"another round is writing to {path.parent}: wait for it to end") from None
                time.sleep(0.05)
        yield


class _Round:
    def __init__(
        self,
        course: Course,
        limits: Limits,
        students: Mapping[str, Student],
        progress: Callable[[Row, int, int], None],
        remark: Callable[[str], None],
        place: Path,
        rules: tuple[str, bool, str | None, tuple[tuple[str, str], ...]],
    ) -> None:
        self.place, self.rules, self.remark = place, rules, remark
        self.course, self.limits, self.students, self.progress = course, limits, students, progress
        self.journal = Journal(course.journal)
        self.book = Grades(course.url, course.state, course.assignment, course.config())
        self.book.register(course.root)
        self.bundle = Bundle.read(course.folder, course.release, course.site)
        self.source = self.bundle.source()
        # other limits can give other points, so they count as a change
        self.digest = hashlib.sha256(f"{self.bundle.digest} {limits}".encode()).hexdigest()
        self.due, self.extended = self.book.due()
        self.when: dict[str, datetime | None] = {}

    def all(self, handed: Mapping[str, find.Place], names: list[str], workers: pool.Workers, fresh: bool) -> list[Row]:
        graded = set() if fresh else self.book.graded()
        self.journal.found_in(self.place)
        rows: dict[str, Row] = {}

        def tasks() -> Iterator[Task]:
            for name in names:
                found = handed[name].load() if name in handed else Found.nothing(name)
                late = self._late(found)
                known = self.journal.rows.get(name) if name in graded else None
                if (
                    known
                    and known.status is not Status.NOT_GRADED  # the grader's own fault is tried again
                    and (known.isolation != "none" or self.rules[1])  # the risk was accepted for one round
                    and (known.submission, known.source, known.late) == (found.digest, self.digest, late)
                ):
                    self._done(known, rows, len(names))
                    continue
                self.when[name] = found.handed_in
                yield Task(found, self.bundle, self.limits, self.digest, late, *self.rules)

        for task, result in pool.results(workers, grade_one, tasks(), self.remark):
            self._done(self._write(task, result), rows, len(names))
        return _now(self.book, [rows[name] for name in names], self.source, self.students)

    def _done(self, row: Row, rows: dict[str, Row], count: int) -> None:
        rows[row.student] = row
        self.progress(row, len(rows), count)

    def _late(self, found: Found) -> float:
        due = self.extended.get(found.student, self.due)
        if due is None or found.handed_in is None:
            return 0.0
        return max(0.0, (found.handed_in - due).total_seconds())

    def _keep(self, found: Found) -> None:
        """What was handed in, where formgrader's Autograde button looks for it, and when: with every step."""
        folders = {
            step: self.course.file(step, found.student).parent for step in ("submitted", "autograded", "feedback")
        }
        if self.place == self.course.state / "submitted":
            del folders["submitted"]  # it lies there already
        else:
            _replace(folders["submitted"] / f"{self.course.assignment}.ipynb", found.data)
        when = f"{found.handed_in:%Y-%m-%d %H:%M:%S.%f} UTC" if found.handed_in else ""
        for folder in folders.values():
            _replace(folder / "timestamp.txt", when)
            _replace(folder / "submission_secret.txt", found.secret)  # `nbgrader release_feedback` asks for it

    def _write(self, task: Task, result: Graded | BaseException) -> Row:
        student, course = task.found.student, self.course
        if isinstance(result, RefusedError):
            raise result
        if isinstance(result, BaseException):
            result = not_graded(task, result)
        row = result.row
        self.journal.begin(student)
        self._keep(task.found)
        replace_file(course.file("autograded", student), result.autograded)
        replace_file(course.file("feedback", student, "html"), result.page)
        silent = [item for item, verdict in row.verdicts.items() if verdict.reason is Reason.NO_ANSWER]
        comments = dict.fromkeys(silent, "No response.")
        self.book.write(row, comments, self.when.pop(student), self.students.get(student))
        row = replace(row, penalty=self.book.penalty(student) if row.late else 0.0)
        if row.penalty:
            notebook = nbformat.reads(result.autograded, as_version=4)
            page = feedback_page(row, notebook, self.source, course.site)
            replace_file(course.file("feedback", student, "html"), page)
        self.journal.end(row)
        return row


def _replace(path: Path, content: str | bytes) -> None:
    """Nothing is a file that is not there."""
    if content:
        replace_file(path, content)
    else:
        path.unlink(missing_ok=True)


def _now(book: Grades, rows: Iterable[Row], source: Source, students: Mapping[str, Student]) -> list[Row]:
    """The rows as the gradebook has them: a person may have changed them."""
    grades, penalties = book.grades(), book.penalties()
    return [
        _changed(row, grades.get(row.student, {}), penalties.get(row.student, 0.0), source, students) for row in rows
    ]


def _changed(
    row: Row, grades: Mapping[str, Any], penalty: float, source: Source, students: Mapping[str, Student]
) -> Row:
    row = replace(row, person=students.get(row.student))
    if students and row.student not in students:
        row = replace(row, notes=[*row.notes, Reason.STRANGER()])
    if row.status is Status.NOT_GRADED or grades.keys() < source.points.keys():
        return row
    items = {item: float(grades[item].score) for item in source.points}
    waiting = [item for item in items if grades[item].needs_manual_grade]
    return replace(row, items=items, waiting=waiting, penalty=penalty)


# ---------------------------------------------------------------------------------------------- between rounds


@contextlib.contextmanager
def _reading(course: Course) -> Iterator[tuple[Journal, Grades, Bundle]]:
    course.check()
    if not course.journal.is_file() or not course.release.is_file():
        raise UsageError(f"{course.assignment} was not graded yet: python -m grading run {course.assignment} ...")
    _private(course, always=False)
    book = Grades(course.url, course.state, course.assignment, course.config())
    try:
        yield Journal(course.journal), book, Bundle.read(course.folder, course.release, course.site)
    finally:
        book.close()


def rows_of(course: Course, students: Mapping[str, Student] | None = None) -> tuple[list[Row], Source]:
    """What the last rounds gave, with what persons have changed since; nothing is run.

    Raises
    ------
    UsageError
        If nothing was graded yet.
    """
    with _reading(course) as (journal, book, bundle):
        source, names = bundle.source(), sorted(journal.rows, key=lambda name: (name.casefold(), name))
        return _now(book, [journal.rows[name] for name in names], source, students or {}), source


def feedback_again(course: Course, only: str = "") -> int:
    """Write the feedback pages anew, with the points and words that persons gave; how many.

    Raises
    ------
    UsageError
        If nothing was graded yet.
    """
    written = 0
    with _reading(course) as (journal, book, bundle):
        source = bundle.source()
        for row in _now(book, journal.rows.values(), source, {}):
            path = course.file("autograded", row.student)
            if only in ("", row.student) and path.is_file():
                notebook = nbformat.read(path, as_version=4)
                page = feedback_page(row, notebook, source, course.site, book.words(row.student))
                replace_file(course.file("feedback", row.student, "html"), page)
                written += 1
    return written
