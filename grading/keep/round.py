"""One round of grading: every submission gets a row, whatever is wrong with it or with others.

Submissions are graded beside each other by workers (`grading.run.work`, `grading.run.pool`). What comes back is written
here, that of a second together, since a disk takes as long for many as for one: the files, the gradebook, and then a
line for each in the journal. What has no line is graded again in the next round, so a round can be killed at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from grading import assignment, engine
from grading.course import beside, books_of, prefix, settings, sources
from grading.intake import find
from grading.intake.archive import Entry, as_shown, some
from grading.intake.classlist import ClassList, ListError, read_list
from grading.intake.platforms import Label, Roster
from grading.intake.repair import Found, Source
from grading.keep import copies, private, trial
from grading.keep.changes import Change, append, moved
from grading.keep.gradebook import Booked, DamagedError, Grades, LockedError, damaged, file_of, shown
from grading.keep.journal import Journal, replace_file, replace_files, secret_of
from grading.keep.memory import Memory, recall, remember
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
    other,
    part,
    program,
    ready,
    versions,
)
from grading.tell import feedback

__all__ = ["Course", "Standing", "UsageError", "alone", "feedback_again", "grade", "read_students", "rows_of"]
__all__ += ["standing_of", "way_back"]

GROUP = 50  # submissions that are written together
LINGER = 1.0  # seconds that one of them waits for others
STEPS = ("submitted", "autograded", "feedback")
LATE = "(late)"  # what is taken away, among the items that changed
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

    @property
    def changes(self) -> Path:
        """What rounds have changed of points, for a spreadsheet."""
        return self.state / f"{self.assignment}.changes.csv"

    def file(self, step: str, student: str, book: str, ending: str = "ipynb") -> Path:
        """A student's file of a step: submitted, autograded or feedback."""
        return self.state / step / student / self.assignment / f"{book}.{ending}"

    def config(self) -> Config:
        """What ``nbgrader_config.py`` says."""
        return settings(self.root)

    def bundle(self, libraries: Sequence[str] = ()) -> Bundle:
        """All that a worker needs of the assignment; to run something, also what it may use."""
        return Bundle.read(self.folder, self.release, self.site, beside(self.root, self.assignment), libraries)

    @property
    def place(self) -> Path:
        """Where the last round found the submissions; before there was one, where ``nbgrader collect`` puts them."""
        named = str(self.config().CourseDirectory.get("submitted_directory", "submitted"))
        folders = (self.state / "submitted", self.root / named)
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
    new_gradebook: bool = False,
    changed: Callable[[Change], None] = lambda _: None,
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
    allow_missing : bool
        Whether most of ``students`` may have handed in nothing: so it looks where names are not understood, too.
    new_gradebook : bool
        Go on where the gradebook that was here is gone, and what persons gave with it.
    changed : callable
        Gets what changes of points that were there before.

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
        with alone(course.state), _sound(course):
            same = not new_gradebook and course.memory.gradebook == recall(course.state).gradebook
            if same:
                _there(course)
            _whole(course)
            remember(course.state, course.memory)
            may_use = engine.libraries_of(course.assignment, course.root)
            journal = Journal(course.journal)
            if fresh or not journal.rows.keys() >= set(names):
                workers.start(partial(ready, may_use))
            rules = (secret_of(course.state), unisolated, container, versions())
            told, limits = (remark, changed), limits or Limits()
            one = _Round(course, journal, limits, students, progress, submissions, rules, told, same, may_use)
            try:
                for line in one.solved(workers):
                    remark(line)
                return one.all(handed, [only] if only else names, workers, fresh, heal=not only)
            finally:
                one.book.close()
    except RefusedError as error:
        raise UsageError(str(error)) from None
    except LockedError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise _unwritten(error) from None
    finally:
        workers.stop()


def _whole(course: Course) -> None:
    """Nobody is graded with an assignment whose own solution would not have full marks."""
    found = assignment.checked_before(course.assignment, course.root, course.state / f"{course.assignment}.tried")
    if found:
        raise _faulty(course, found)


def _faulty(course: Course, found: Sequence[str]) -> UsageError:
    more = f" ({len(found) - 1} more: python -m grading doctor {course.assignment})" if found[1:] else ""
    return UsageError(f"nobody was graded, the assignment has a fault: {found[0]}{more}")


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


def _there(course: Course) -> None:
    """Refuse to make a gradebook anew where there was one."""
    path = file_of(course.url)
    marks = [*copies.copies(course.state), *(course.state / "release").glob("*/registered.txt")]
    if path and (not path.exists() or not path.stat().st_size) and (marks or Journal(course.journal).rows):
        raise UsageError(f"the gradebook {path} is {'empty' if path.exists() else 'gone'}: {way_back(course)}")


def _right(course: Course, journal: Journal, book: Grades) -> None:
    """Refuse a gradebook that has little of what the journal has."""
    lacking = sorted(journal.rows.keys() - (book.graded() if journal.rows else set()))
    if 2 * len(lacking) > len(journal.rows):
        said = f"the gradebook {shown(course.url)} has nothing of {len(lacking)} of the {len(journal.rows)} students "
        said += f"whom {course.journal} has: {some(lacking)}. One of the two was emptied, or is of another course"
        raise UsageError(f"{said}: {way_back(course)}")


def way_back(course: Course) -> str:
    """What to do where a gradebook is lost."""
    there = copies.copies(course.state)
    if file_of(course.url) is None:
        back = "put a dump of the database back"
    elif there:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(there[0].stat().st_mtime))
        back = f"put a copy back with the command restore (there is {some([path.name for path in there[:1]])}, {when})"
    else:
        back = "there is no copy, so look for one of your own"
    return (
        f"{back}, or name the right one with --gradebook. To grade into a new one, without what persons gave: run "
        f"with --new-gradebook"
    )


@contextlib.contextmanager
def _sound(course: Course) -> Iterator[None]:
    try:
        with damaged(course.url):
            yield
    except (DamagedError, copies.CopyError) as error:
        raise UsageError(f"{error}: {way_back(course)}") from None


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Two rounds at once would write the same files.

    A round that was killed holds its lock for a moment more where it was just starting another program.

    Raises
    ------
    UsageError
        If another round does not end.
    """
    path = state / "lock"
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
        rules: tuple[str, bool, str | None, tuple[tuple[str, str], ...]],
        told: tuple[Callable[[str], None], Callable[[Change], None]],
        same: bool,
        libraries: Sequence[str],
    ) -> None:
        self.place, self.rules = place, rules
        self.in_place = place == course.state / "submitted"  # what is handed in lies already where it would be kept
        self.course, self.limits, self.students, self.progress = course, limits, students, progress
        self.remark, self.changed = told
        self.journal = journal
        if self.journal.older:
            doubt = f"; graded again, as their lines cannot be read: {some(sorted(self.journal.doubt))}"
            self.remark(
                f"{course.journal.name} is an older version's, or has lost its first line: what can be read of it "
                f"stands ({len(self.journal.rows)} students)" + doubt * bool(self.journal.doubt)
            )
            self.journal.renew()
        self.was, self.known = dict(self.journal.rows), set[str]()
        there = (path := file_of(course.url)) and path.exists()
        self.book = Grades(course.url, course.state, course.assignment, course.config())
        if same:
            _right(course, self.journal, self.book)
        if path and there:  # only now: a wrong one must not push out a copy of the right one
            copies.keep(course.state, path)
        self.book.register(course.root, lambda: self.journal.begin(*self.journal.rows))
        self.bundle = course.bundle(libraries)
        self.source = self.bundle.source()
        # other limits can give other points, so they count as a change
        self.digest = hashlib.sha256(f"{self.bundle.digest} {limits}".encode()).hexdigest()
        parts = {"assignment": self.bundle.own[:12], "program": program()[:12], "limits": str(self.limits)}
        self.journal.graded_with(self.digest, time.strftime("%Y-%m-%d %H:%M"), **parts)
        self.due, self.extended = self.book.due()
        self.when: dict[str, datetime | None] = {}

    def solved(self, workers: pool.Workers) -> list[str]:
        """Refuse an assignment whose own solution does not pass the tests that run beside it; remarks otherwise.

        A file holds what was tried, so that an unchanged assignment costs nothing.
        """
        course, stamp = self.course, self.course.state / f"{self.course.assignment}.solved"
        key = hashlib.sha256(f"{self.digest} {self.rules[2]}".encode()).hexdigest()
        names = assignment.tests(course.assignment, course.root)
        if not names or (stamp.is_file() and stamp.read_text() == key):
            return []

        def one(found: Found, bundle: Bundle) -> Row:
            task = Task(found, bundle, self.limits, self.digest, 0.0, *self.rules)
            return workers.ahead(grade_one, task, len(course.books) * SLOWEST * self.limits.total + 120).row

        found = trial.solution(self.bundle, names, one)
        if faults := [said for good, said in found if good is False]:
            raise _faulty(course, faults)
        replace_file(stamp, key)
        return [said for _, said in found]

    def all(
        self, handed: Mapping[str, find.Place], names: list[str], workers: pool.Workers, fresh: bool, heal: bool
    ) -> list[Row]:
        self.known = self.book.graded()
        graded = set() if fresh else self.known
        self.journal.found_in(self.place)
        lost = self._lost(handed, names) if heal else {}
        names = sorted({*names, *lost}, key=lambda name: (name.casefold(), name))
        rows: dict[str, Row] = {}

        def tasks() -> Iterator[Task]:
            for name in names:
                known = self.journal.rows.get(name) if name in graded else None
                place = handed.get(name) or lost.get(name) or (None if fresh else self._kept(name))
                if place and name not in handed and known and known.source == self.digest:
                    self._done(known, rows, len(names))
                    continue
                found = self._first(place.load(self.course.books) if place else Found.nothing(name))
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
            some = [done.popleft() for _ in range(len(done))]
            for row in self._write(some):
                self._done(row, rows, len(names))

        done, since = deque[tuple[Task, Graded]](), time.monotonic()
        try:
            for task, result in pool.results(workers, grade_one, tasks(), self.remark, write):
                if isinstance(result, RefusedError):
                    raise result
                since = since if done else time.monotonic()
                done.append((task, not_graded(task, result) if isinstance(result, BaseException) else result))
                if len(done) == GROUP or time.monotonic() - since > LINGER:
                    write()
        finally:
            write()
        return _now(self.book, [rows[name] for name in names], self.source, self.students)

    def _lost(self, handed: Mapping[str, find.Place], names: list[str]) -> dict[str, find.Place]:
        """Of whom journal and gradebook do not say the same, and where an earlier round found their work."""
        lost = _in_doubt(self.course, self.journal, self.book)
        if lost and self.known:  # else other cells have made all grades void
            self.remark(f"journal and gradebook do not say the same of {some(lost)}: graded again")
        places = {name: place for name in lost if name not in handed and (place := self._kept(name, lost=True))}
        left = [name for name in lost if name not in handed and name not in names and name not in places]
        for name in sorted({*left} - self.book.graded()):
            self.journal.gone(name)
            self.remark(f"of {name} there is neither a submission nor a grade: left out")
        if left := sorted({*left} & self.book.graded()):
            self.remark(
                f"their submissions are not there, so they cannot be graded again: {some(left)}. Put them among the "
                "submissions; or if they have left the course: nbgrader db student remove --force ID"
            )
        return places

    def _kept(self, student: str, lost: bool = False) -> find.Place | None:
        """What an earlier round, which looked somewhere else, found of a student."""
        row = self.journal.rows.get(student)
        files = (self.course.file("submitted", student, book) for book in self.course.books)
        if not (lost or (row and row.status.readable)) or not any(file.is_file() for file in files):
            return None
        folder = Entry(self.course.state / "submitted" / student)
        return find.Place(student, self.course.assignment, {folder: Label(student)})

    def _done(self, row: Row, rows: dict[str, Row], count: int) -> None:
        rows[row.student] = row
        self.progress(row, len(rows), count)

    def _first(self, found: Found) -> Found:
        """The same handed in again was handed in when it was for the first time."""
        first = self.journal.handed_in.get((found.student, _content(found)))
        return replace(found, handed_in=min(first, found.handed_in or first)) if first else found

    def _late(self, found: Found) -> float:
        due = self.extended.get(found.student, self.due)
        if due is None or found.handed_in is None:
            return 0.0
        return max(0.0, (found.handed_in - due).total_seconds())

    def _files(self, found: Found, graded: Graded) -> Iterator[tuple[Path, str | bytes]]:
        """What was handed in, where formgrader's Autograde button looks for it, and what came of it, and when."""
        folders = {step: self.course.file(step, found.student, "").parent for step in STEPS}
        if self.in_place:
            del folders["submitted"]
        for book in self.course.books:
            if "submitted" in folders:
                one = found.parts.get(book, found)
                yield from ((folders["submitted"] / name, data) for name, data in one.files.items())
                yield folders["submitted"] / f"{book}.ipynb", one.data
            yield folders["autograded"] / f"{book}.ipynb", graded.autograded[book]
            yield folders["feedback"] / f"{book}.html", graded.pages[book]
        when = f"{found.handed_in:%Y-%m-%d %H:%M:%S.%f} UTC" if found.handed_in else ""
        for folder in folders.values():
            yield folder / "timestamp.txt", when
            yield folder / "submission_secret.txt", found.secret  # `nbgrader release_feedback` asks for it

    def _clear(self, student: str, files: Collection[Path]) -> None:
        """Take away what was handed in before; first, since a folder may have become a file."""
        folder = self.course.file("submitted", student, "").parent
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                with contextlib.suppress(OSError):  # there is something in it
                    path.rmdir()
            elif path not in files:
                path.unlink()

    def _write(self, done: Sequence[tuple[Task, Graded]]) -> list[Row]:
        """Files, gradebook and journal of several submissions, each of these synced once."""
        if not done:
            return []
        entries, files = dict[str, Booked](), dict[Path, str | bytes]()
        of = dict[str, tuple[str, datetime | None]]()
        for task, graded in done:
            student, row = task.found.student, graded.row
            of[student] = content, when = _content(task.found), self.when.pop(student)
            silent = [item for item, verdict in row.verdicts.items() if verdict.reason is Reason.NO_ANSWER]
            comments = dict.fromkeys(silent, "No response.")
            same = row.status.readable and content == self.journal.last.get(student)
            entries[student] = Booked(row, comments, when, self.students.get(student), same)
            files |= self._files(task.found, graded)
        had = {name: dict(self.was[name].items) for name in entries if name in self.was and name not in self.known}
        had |= self.book.points(entries.keys() & self.known)
        self.journal.begin(*entries)
        for student in () if self.in_place else entries:
            self._clear(student, files)
        replace_files(files, self.course.state)
        lost = self.book.write(list(entries.values()))
        rows = [replace(row, penalty=lost.get(row.student, 0.0) if row.late else 0.0) for row, *_ in entries.values()]
        for row in rows:
            if row.penalty:
                _pages(self.course, row, self.bundle)
        self._compare(rows, had)  # who has a line is not compared again
        self.journal.end(*rows, of=of)
        return rows

    def _compare(self, rows: Sequence[Row], had: Mapping[str, Mapping[str, float]]) -> None:
        """Note whose points are others than before."""
        now, found = self.book.points(had.keys()), list[Change]()
        for row in rows:
            if before := had.get(row.student):
                was = self.was.get(row.student)
                old = {**before, LATE: -was.penalty if was else 0.0}
                new = {**now[row.student], LATE: -row.penalty}
                found += moved(row.student, old, new, self._why(was, row), self.journal.checks[row.source])
        append(self.course.changes, found)
        for each in found:
            self.changed(each)

    def _why(self, was: Row | None, row: Row) -> str:
        """Why a submission was graded again."""
        if was is None:
            return "the journal had no line that can be read"
        why = ["not graded before"] * (was.status is Status.NOT_GRADED)
        why += ["new submission"] * (was.submission != row.submission)
        if was.source != row.source:
            old, new = self.journal.checks.get(was.source), self.journal.checks[row.source]
            parts = {"assignment": "checks changed", "program": "grader changed", "limits": "limits changed"}
            differ = [said for name, said in parts.items() if old and getattr(old, name) != getattr(new, name)]
            why += differ or ["checks changed"]
        why += ["due date changed"] * (was.late != row.late and was.submission == row.submission)
        return "; ".join(why) or "graded again"


def _content(found: Found) -> str:
    return hashlib.sha256(found.content).hexdigest() if found.status.readable else ""


def _pages(course: Course, row: Row, bundle: Bundle, words: Mapping[str, str] | None = None) -> bool:
    """Write a student's feedback from the executed notebooks, if there are any."""
    found = False
    for book, source in bundle.sources().items():
        path, under = course.file("autograded", row.student, book), prefix(book, bundle.release)
        if path.is_file():
            found, notebook = True, nbformat.read(path, as_version=4)
            page = feedback_page(part(row, under), notebook, source, course.site, _own(words or {}, under))
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
    if grades.keys() < source.points.keys():
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
    file, journal = file_of(course.url), Journal(course.journal)
    lost = f"the gradebook {shown(course.url)} has nothing of {course.assignment}, though it was graded"
    if file and (not file.exists() or not file.stat().st_size):
        raise UsageError(f"{lost}: {way_back(course)}")
    with _sound(course):
        book = Grades(course.url, course.state, course.assignment, course.config())
        try:
            if not book.knows():
                raise UsageError(f"{lost}: {way_back(course)}")
            _right(course, journal, book)
            yield journal, book, course.bundle()
        finally:
            book.close()


def _in_doubt(course: Course, journal: Journal, book: Grades) -> list[str]:
    """Students of whom journal, gradebook and folders do not say the same.

    A gradebook that others use too has students of theirs: of those, who has a folder here is ours.
    """
    graded, file = book.graded(), file_of(course.url)
    folders = {path.parent.name for path in (course.state / "autograded").glob(f"*/{course.assignment}")}
    ours = graded if file and file.parent == course.state else graded & folders
    return sorted((ours | folders | journal.doubt | journal.rows.keys()) - (journal.rows.keys() & graded))


@dataclass(frozen=True)
class Standing:
    """What the last rounds gave, with what persons have changed since.

    Attributes
    ----------
    rows : list of Row
        One for each student, also for those in doubt.
    source : Source
        The assignment.
    checks : dict
        By which version of the checks somebody was graded, by the row's ``source``.
    doubt : list of str
        Students of whom journal and gradebook do not say the same.
    stale : list of str
        Students whose page shows something else than the gradebook.
    """

    rows: list[Row]
    source: Source
    checks: dict[str, str]
    doubt: list[str]
    stale: list[str]


def standing_of(course: Course, students: Mapping[str, Student] | None = None) -> Standing:
    """What the last rounds gave, and whether all that is kept says the same; nothing is run or written.

    Raises
    ------
    UsageError
        If nothing was graded yet.
    """
    with _reading(course) as (journal, book, bundle):
        source, doubt = bundle.source(), _in_doubt(course, journal, book)
        note = [Reason.IN_DOUBT()]
        lost = {name: Row(name, Status.NOT_GRADED, dict.fromkeys(source.points, 0.0), notes=note) for name in doubt}
        rows = {**journal.rows, **lost}
        names = sorted(rows, key=lambda name: (name.casefold(), name))
        now, said = _now(book, [rows[name] for name in names], source, students or {}), book.all_words()
        stale = [row.student for row in now if row.student not in lost and _stale(course, row, said, bundle)]
        return Standing(now, source, {key: str(each) for key, each in journal.checks.items()}, doubt, stale)


def _stale(course: Course, row: Row, said: Mapping[str, Mapping[str, str]], bundle: Bundle) -> bool:
    for book in bundle.release:
        under = prefix(book, bundle.release)
        shows = feedback.shows(part(row, under), _own(said.get(row.student, {}), under))
        if feedback.shown(course.file("feedback", row.student, book, "html")) != shows:
            return course.file("autograded", row.student, book).is_file()
    return False


def _own(words: Mapping[str, str], under: str) -> dict[str, str]:
    return {name.removeprefix(under): text for name, text in words.items() if name.startswith(under)}


def rows_of(course: Course, students: Mapping[str, Student] | None = None) -> tuple[list[Row], Source]:
    """What the last rounds gave, with what persons have changed since; nothing is run.

    Raises
    ------
    UsageError
        If nothing was graded yet.
    """
    standing = standing_of(course, students)
    return standing.rows, standing.source


def feedback_again(course: Course, only: Collection[str] = ()) -> int:
    """Write the feedback pages anew, with the points and words that persons gave; how many.

    Parameters
    ----------
    course : Course
        The assignment.
    only : collection of str
        These students alone; without any, all.

    Raises
    ------
    UsageError
        If nothing was graded yet.
    """
    written = 0
    with _reading(course) as (journal, book, bundle):
        said = book.all_words()
        for row in _now(book, journal.rows.values(), bundle.source(), {}):
            if not only or row.student in only:
                written += _pages(course, row, bundle, said.get(row.student))
    return written
