"""One round of grading: every submission gets a row, whatever is wrong with it or with others.

Submissions are graded beside each other by workers (`grading.run.work`, `grading.run.pool`). What comes back is written
here, that of a second together, since a disk takes as long for many as for one: the files, the gradebook, and then a
line for each in the journal. What has no line is graded again in the next round, so a round can be killed at any time.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from grading.course import beside, books_of, prefix, settings, sources
from grading.intake import find
from grading.intake.archive import Entry, as_shown, some
from grading.intake.classlist import ClassList, ListError, read_list
from grading.intake.platforms import Label, Roster
from grading.intake.repair import Found, Source
from grading.keep import private
from grading.keep.gradebook import Booked, Grades, LockedError, shown
from grading.keep.journal import Journal, replace_file, replace_files, secret_of
from grading.keep.memory import Memory, remember
from grading.record import Reason, Row, Status, Student
from grading.run import pool
from grading.run.execution import SLOWEST, Limits
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
    part,
)

__all__ = ["Course", "UsageError", "feedback_again", "grade", "read_students", "rows_of"]

GROUP = 50  # submissions that are written together
LINGER = 1.0  # seconds that one of them waits for others
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
        Its name: a folder of the sources (``solutions/``, for nbgrader ``source/``), with a notebook or several in it.
    state : Path
        Where gradebook, journal, feedback and reports are kept.
    gradebook : str
        The gradebook's address; a file in ``state``, unless something else is said.
    site : str
        The book's address, for links; may be empty.
    memory : Memory
        What later commands in this state shall know.
    """

    root: Path
    assignment: str
    state: Path
    gradebook: str = ""
    site: str = ""
    memory: Memory = field(default_factory=Memory)

    @property
    def url(self) -> str:
        """The gradebook's address."""
        return self.gradebook or f"sqlite:///{self.state / 'gradebook.db'}"

    @property
    def folder(self) -> Path:
        """The assignment's source folder."""
        return sources(self.root) / self.assignment

    @cached_property
    def books(self) -> list[str]:
        """The names of its notebooks, without ``.ipynb``."""
        return books_of(self.folder)

    @property
    def release(self) -> Path:
        """The folder with the notebooks as students got them, made again from the sources."""
        return self.state / "release" / self.assignment

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.state / f"{self.assignment}.jsonl"

    def file(self, step: str, student: str, book: str, ending: str = "ipynb") -> Path:
        """A student's file of a step: submitted, autograded or feedback."""
        return self.state / step / student / self.assignment / f"{book}.{ending}"

    def config(self) -> Config:
        """What ``nbgrader_config.py`` says."""
        return settings(self.root)

    def bundle(self) -> Bundle:
        """All that a worker needs of the assignment."""
        return Bundle.read(self.folder, self.release, self.site, beside(self.root, self.assignment))

    @property
    def place(self) -> Path:
        """Where the last round found the submissions; before there was one, where ``nbgrader collect`` puts them."""
        folders = (self.state / "submitted", self.root / "submitted")
        return Path(Journal(self.journal).place or next((folder for folder in folders if folder.is_dir()), folders[0]))

    def check(self) -> None:
        """Refuse a name that is none of an assignment, and say which there are."""
        there = sorted({path.parent.name for path in sources(self.root).glob("*/*.ipynb")})
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.assignment) or self.assignment not in there:
            raise UsageError(f"there is no assignment {self.assignment!r}; there is {', '.join(there) or 'none'}")


# ---------------------------------------------------------------------------------------------- students


def read_students(path: Path) -> ClassList:
    """Read a class list: a CSV file of one's own, or what a platform exports (`grading.intake.classlist`).

    Raises
    ------
    UsageError
        If the file cannot be used; the sentence names line and column.
    """
    try:
        return read_list(path)
    except ListError as error:
        raise UsageError(str(error)) from None


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
    allow_missing: bool = False,
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
        Gets what was left out or guessed among the submissions, a line each.
    allow_missing : bool
        Whether most of ``students`` may have handed in nothing: so it looks where names are not understood, too.

    Returns
    -------
    list of Row
        One for each student, in order.

    Raises
    ------
    UsageError
        If the submissions or the assignment cannot be used, if student code would not be isolated, or if the results
        cannot be written. Nothing is raised for what is in a submission.
    """
    course.check()
    workers = workers or pool.processes(2)
    look = functools.partial(missing, container)
    if not unisolated and (bare := [f"{name}: {why}" for name, why in workers.everywhere(look).items() if why]):
        raise UsageError(f"student code would run without a sandbox, as whoever grades. {'; '.join(bare)}.\n{ACCEPT}")
    new = not course.state.exists()
    for line in [] if new else _private(course):
        remark(line)
    try:
        handed, remarks = find.submissions(submissions, course.assignment, students)
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from None
    students = students or {}
    if students and not only:
        remarks += _absent(course, submissions, handed, students, allow_missing, fresh)
    for line in remarks:
        remark(line)
    names = sorted({*handed, *students}, key=lambda name: (name.casefold(), name))
    if only and only not in names:
        raise UsageError(f"there is no student {only!r}; there is {', '.join(names[:10])}{', ...' * (len(names) > 10)}")
    if new:
        _private(course)
    try:
        with _alone(course.state / "lock"):
            remember(course.state, course.memory)
            journal = Journal(course.journal)
            if fresh or not journal.rows.keys() >= set(names):
                workers.start()
            rules = (secret_of(course.state), unisolated, container)
            one = _Round(course, journal, limits or Limits(), students, progress, submissions, rules)
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


def _absent(
    course: Course,
    place: Path,
    handed: Mapping[str, find.Place],
    students: Mapping[str, Student],
    allowed: bool,
    fresh: bool,
) -> list[str]:
    """What there is to say of students who are not in the folder; where they are most, it is refused."""
    rows = {} if fresh else Journal(course.journal).rows
    earlier = {name for name, row in rows.items() if row.status.readable}
    kept = [name for name in students if name not in handed and name in earlier]
    missing = [name for name in students if name not in handed and name not in earlier]
    strange = some([as_shown(name) for name in handed if name not in students])
    names = [f"{one.first_name} {one.last_name}".strip() for one in map(students.__getitem__, missing)]
    absent = some([f"{name} ({key})" if name else key for name, key in zip(names, missing, strict=True)])
    if 2 * len(missing) > len(students) and not allowed:
        whose = f" What is there is of nobody on the list: {strange}." * bool(strange)
        raise UsageError(
            f"nothing was graded: {len(missing)} of the {len(students)} students on the list have nothing in {place}: "
            f"{absent}.{whose} Is it the right folder, and the right list? The names of folders have to be ids, "
            "logins, addresses or full names of the list; for teams it needs a column group. If so many really "
            "handed in nothing: --allow-missing"
        )
    said = [f"not in {place}, so what an earlier round graded stands: {some(kept)}"] if kept else []
    if missing and strange:
        said.append(f"not on the list: {strange}; and nothing was found of {absent}: is one the other?")
    return said


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
        journal: Journal,
        limits: Limits,
        students: Mapping[str, Student],
        progress: Callable[[Row, int, int], None],
        place: Path,
        rules: tuple[str, bool, str | None],
    ) -> None:
        self.place, self.rules = place, rules
        self.course, self.limits, self.students, self.progress = course, limits, students, progress
        self.journal = journal
        self.book = Grades(course.url, course.state, course.assignment, course.config())
        if faults := list(Bundle.read(course.folder, None).faults()):
            raise UsageError(f"{course.assignment} cannot be graded: {'; '.join(faults)}")
        self.book.register(course.root)
        self.bundle = course.bundle()
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
                known = self.journal.rows.get(name) if name in graded else None
                place = handed.get(name) or (None if fresh else self._kept(name))
                if place and name not in handed and known and known.source == self.digest:
                    self._done(known, rows, len(names))
                    continue
                found = place.load(self.course.books) if place else Found.nothing(name)
                late = self._late(found)
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

        def write() -> None:
            some = [ready.popleft() for _ in range(len(ready))]
            for row in self._write(some):
                self._done(row, rows, len(names))

        ready, since = deque[tuple[Task, Graded]](), time.monotonic()
        most = len(self.course.books) * SLOWEST * self.limits.total + 120
        try:
            for task, result in pool.results(workers, grade_one, tasks(), most, write):
                if isinstance(result, RefusedError):
                    raise result
                since = since if ready else time.monotonic()
                ready.append((task, not_graded(task, result) if isinstance(result, BaseException) else result))
                if len(ready) == GROUP or time.monotonic() - since > LINGER:
                    write()
        finally:
            write()
        return _now(self.book, [rows[name] for name in names], self.source, self.students)

    def _kept(self, student: str) -> find.Place | None:
        """What an earlier round, which looked somewhere else, found of a student."""
        row = self.journal.rows.get(student)
        files = (self.course.file("submitted", student, book) for book in self.course.books)
        if not row or not row.status.readable or not any(file.is_file() for file in files):
            return None
        folder = Entry(self.course.state / "submitted" / student)
        return find.Place(student, self.course.assignment, {folder: Label(student)})

    def _done(self, row: Row, rows: dict[str, Row], count: int) -> None:
        rows[row.student] = row
        self.progress(row, len(rows), count)

    def _late(self, found: Found) -> float:
        due = self.extended.get(found.student, self.due)
        if due is None or found.handed_in is None:
            return 0.0
        return max(0.0, (found.handed_in - due).total_seconds())

    def _files(self, found: Found, graded: Graded) -> Iterator[tuple[Path, str | bytes]]:
        """What was handed in, where formgrader's Autograde button looks for it, and what came of it, and when."""
        steps = ["submitted", "autograded", "feedback"]
        if self.place == self.course.state / "submitted":
            steps.remove("submitted")  # it lies there already
        for book in self.course.books:
            if "submitted" in steps:
                yield self.course.file("submitted", found.student, book), found.parts.get(book, found).data
            yield self.course.file("autograded", found.student, book), graded.autograded[book]
            yield self.course.file("feedback", found.student, book, "html"), graded.pages[book]
        when = f"{found.handed_in:%Y-%m-%d %H:%M:%S.%f} UTC" if found.handed_in else ""
        for folder in (self.course.file(step, found.student, "").parent for step in steps):
            yield folder / "timestamp.txt", when
            yield folder / "submission_secret.txt", found.secret  # `nbgrader release_feedback` asks for it

    def _write(self, done: Sequence[tuple[Task, Graded]]) -> list[Row]:
        """Files, gradebook and journal of several submissions, each of these synced once."""
        entries, files = list[Booked](), dict[Path, str | bytes]()
        for task, graded in done:
            student, row = task.found.student, graded.row
            silent = [item for item, verdict in row.verdicts.items() if verdict.reason is Reason.NO_ANSWER]
            comments = dict.fromkeys(silent, "No response.")
            entries.append(Booked(row, comments, self.when.pop(student), self.students.get(student)))
            files |= self._files(task.found, graded)
        if not entries:
            return []
        self.journal.begin([entry.row.student for entry in entries])
        replace_files(files, self.course.state)
        lost = self.book.write(entries)
        rows = [replace(row, penalty=lost.get(row.student, 0.0) if row.late else 0.0) for row, *_ in entries]
        for row in rows:
            if row.penalty:
                _pages(self.course, row, self.bundle)
        self.journal.end(rows)
        return rows


def _pages(course: Course, row: Row, bundle: Bundle, words: Mapping[str, str] | None = None) -> bool:
    """Write a student's feedback from the executed notebooks, if there are any."""
    found = False
    for book, source in bundle.sources().items():
        path, under = course.file("autograded", row.student, book), prefix(book, bundle.release)
        if path.is_file():
            found, notebook = True, nbformat.read(path, as_version=4)
            own = {name.removeprefix(under): text for name, text in (words or {}).items() if name.startswith(under)}
            page = feedback_page(part(row, under), notebook, source, course.site, own)
            replace_file(course.file("feedback", row.student, book, "html"), page)
    return found


def _now(book: Grades, rows: Iterable[Row], source: Source, students: Mapping[str, Student]) -> list[Row]:
    """The rows as the gradebook has them: a person may have changed them."""
    grades, penalties, roster = book.grades(), book.penalties(), Roster(students)
    return [_changed(row, grades.get(row.student, {}), penalties.get(row.student, 0.0), source, roster) for row in rows]


def _changed(row: Row, grades: Mapping[str, Any], penalty: float, source: Source, roster: Roster) -> Row:
    row = replace(row, person=roster.person(row.student))
    if roster.known and not row.person:
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
    if not course.journal.is_file() or not all((course.release / f"{book}.ipynb").is_file() for book in course.books):
        raise UsageError(f"{course.assignment} was not graded yet: python -m grading run {course.assignment} ...")
    _private(course, always=False)
    file = course.url.removeprefix("sqlite:///")
    lost = f"the gradebook {shown(course.url)} has nothing of {course.assignment}, though it was graded"
    remedy = "name the right one with --gradebook, or give the run command again"
    if file != course.url and not Path(file).exists():
        raise UsageError(f"{lost}: {remedy}")
    book = Grades(course.url, course.state, course.assignment, course.config())
    try:
        if not book.knows():
            raise UsageError(f"{lost}: {remedy}")
        yield Journal(course.journal), book, course.bundle()
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
        for row in _now(book, journal.rows.values(), bundle.source(), {}):
            if only in ("", row.student):
                written += _pages(course, row, bundle, book.words(row.student))
    return written
