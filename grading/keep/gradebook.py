"""The one writer into nbgrader's gradebook, by nbgrader's own tables: SQLite, or PostgreSQL for several graders."""

from __future__ import annotations

import contextlib
import copy
import errno
import hashlib
import itertools
import logging
import os
import re
import shutil
import sys
import time
import warnings
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from traitlets.config import Config

from grading.course import books_of, prefix, sources
from grading.intake.repair import known_cells, safe_id
from grading.keep import private
from grading.record import Row, Status, Student

__all__ = ["AddressError", "Booked", "DamagedError", "Grades", "LockedError", "address", "damaged", "file_of", "shown"]

PATIENCE = 60  # seconds for another program that writes to the gradebook
T = TypeVar("T")


class LockedError(Exception):
    """Another program keeps the gradebook to itself."""


class DamagedError(Exception):
    """The file is no gradebook, or is damaged."""


class AddressError(Exception):
    """There is no gradebook at this address; the sentence says what would be one."""


def address(url: str) -> str:
    """A gradebook's address in full.

    Raises
    ------
    AddressError
        If there can be none; the sentence says what would be one.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    forms = "sqlite:////folder/gradebook.db or postgresql+psycopg://user@host/name"
    if url.startswith("sqlite:///") and not url.endswith(("/", ":memory:")):
        path = Path(url.removeprefix("sqlite:///")).absolute()
        if not path.parent.is_dir():
            raise AddressError(f"the gradebook {url} cannot be made: there is no folder {path.parent}")
        return f"sqlite:///{path}"
    try:
        made = make_url(url)
        if made.get_backend_name() != "postgresql":
            raise AddressError(f"the gradebook {shown(url)} is of a kind that is not known here; expected {forms}")
        made.get_dialect().import_dbapi()
    except ImportError as error:
        said = f"the gradebook {shown(url)} needs {error.name}, which is not installed"
        raise AddressError(f"{said}; expected postgresql+psycopg://..., and pip install psycopg") from None
    except (SQLAlchemyError, ValueError):
        raise AddressError(f"{shown(url)} is no address of a gradebook; expected {forms}") from None
    return url


@contextlib.contextmanager
def damaged(url: str) -> Iterator[None]:
    """Say of a file that is no gradebook that it is none.

    Raises
    ------
    DamagedError
        Instead of what the database's own program says.
    """
    from sqlalchemy.exc import DatabaseError

    try:
        yield
    except DatabaseError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig) or "no such table" in str(error.orig):
            raise DamagedError(f"the gradebook {shown(url)} is damaged ({error.orig})") from None
        raise


def file_of(url: str) -> Path | None:
    """The file of a gradebook that is one."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def shown(url: str) -> str:
    """An address without its password."""
    return re.sub(r"(://[^/@]*?):[^/]*@", r"\1:***@", url)


class Booked(NamedTuple):
    """What the gradebook gets of a submission.

    Attributes
    ----------
    row : Row
        Points, status, and what waits for a person.
    comments : mapping
        For each answer, by its cell's name, what nbgrader says of it by itself ("No response.").
    when : datetime, optional
        When it was handed in, in UTC.
    person : Student, optional
        Names for the gradebook.
    same : bool
        Whether it is the submission that the gradebook has: what a person has read need not be read again.
    """

    row: Row
    comments: Mapping[str, str]
    when: datetime | None = None
    person: Student | None = None
    same: bool = False


class Grades:
    """An assignment's part of a gradebook.

    Parameters
    ----------
    url : str
        The gradebook's address, as ``sqlite:////folder/gradebook.db`` or ``postgresql+psycopg://user@host/name``.
    state : Path
        Where the release and nbgrader's log lie.
    assignment : str
        Its name.
    config : Config, optional
        Of nbgrader; what it says of late submissions counts here too.
    """

    def __init__(self, url: str, state: Path, assignment: str, config: Config | None = None) -> None:
        from nbgrader.api import Gradebook

        here = str(Path(sys.executable).parent)
        if here not in os.environ.get("PATH", "").split(os.pathsep):  # nbgrader calls alembic by its name
            os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
        # nbgrader 0.9.6 relates objects before it adds them, which SQLAlchemy 2.1 remarks on; the rows are right
        warnings.filterwarnings("ignore", "Object of type .* not in session", module="nbgrader")
        self.url, self.state, self.assignment, self.config = url, state, assignment, config or Config()
        self.log = logging.getLogger("grading.nbgrader")
        self.log.propagate = False
        self.log.setLevel(logging.WARNING)
        for handler in list(self.log.handlers):
            self.log.removeHandler(handler)
            handler.close()
        self.log.addHandler(_log(state / "nbgrader.log"))
        if url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///"))
            if not path.exists():  # made in several steps, of which none may be missing
                new = path.with_name(f"{path.stem}-new.db")
                new.unlink(missing_ok=True)
                new.touch(mode=0o600)
                self._tried(lambda: Gradebook(f"sqlite:///{new}")).close()
                new.replace(path)
            self._file, url = path, f"{url}?timeout={PATIENCE}"
        self._book: Any = self._tried(lambda: Gradebook(url))

    def close(self) -> None:
        """Close the connection."""
        self._book.close()

    def _tried(self, act: Callable[[], T]) -> T:
        """Do it again where another grader was in the way."""
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

        start = time.monotonic()
        for attempt in itertools.count():
            try:
                return act()
            except (IntegrityError, InvalidEntry, OperationalError, ProgrammingError) as error:
                failed = error
                if hasattr(self, "_book"):
                    self._book.db.rollback()
                if "is full" in str(error):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), shown(self.url)) from None
                locked = "locked" in str(error)  # at times at once, without SQLite's own patience
                if (attempt >= 4 and not locked) or (locked and time.monotonic() - start > PATIENCE):
                    break
                time.sleep(0.1 * 2 ** min(attempt, 4))
        if "locked" in str(failed):
            said = f"another program keeps the gradebook {shown(self.url)} to itself for more than {PATIENCE} s"
            raise LockedError(f"{said}: end it, and give the command again") from None
        if isinstance(failed, OperationalError):  # the disk, the server
            raise OSError(errno.EIO, str(failed.orig).strip(), shown(self.url)) from None
        raise failed

    # ------------------------------------------------------------------------------------------ the assignment

    def register(self, root: Path, before: Callable[[], None] = lambda: None) -> None:
        """Make the release, and tell the gradebook of the assignment: the first time, and when the source changed.

        Parameters
        ----------
        root : Path
            The repository.
        before : callable
            Called before grades are taken out, where other cells make them void.

        Raises
        ------
        OSError
            If nbgrader cannot make the release.
        """
        name = self.assignment
        folder, mark = sources(root) / name, self.state / "release" / name / "registered.txt"
        notebooks = {book: folder / f"{book}.ipynb" for book in books_of(folder)}
        read = b"".join(path.read_bytes() for path in notebooks.values())
        digest = hashlib.sha256(self.url.encode() + read).hexdigest()
        with self._alone():
            known, wanted = self._cells(), dict[tuple[str, str], Any]()
            for book, path in notebooks.items():
                wanted |= {(book, cell): each for cell, each in known_cells(path.read_text(encoding="utf-8")).items()}
            if known and mark.exists() and mark.read_text() == digest:
                return
            if known and known.keys() != wanted.keys():
                # nbgrader refuses to add or remove cells where there are submissions: grade them anew, keep a copy
                if self.url.startswith("sqlite:///"):
                    shutil.copy(self._file, self._file.with_name(f"{self._file.stem}-{digest[:8]}.db"))
                before()
                self._book.remove_assignment(name)
            abouts = {key: each.metadata.nbgrader for key, each in wanted.items()}
            points = {key: about.get("points") if about.grade or about.task else None for key, about in abouts.items()}
            if not mark.exists() and known == points:  # another grader told it
                self._release(root, f"sqlite:///{self.state / 'release.db'}")
            else:
                self._release(root, self.url)
            mark.write_text(digest)
            for old in ("_names", "_cells_of"):
                self.__dict__.pop(old, None)

    def _cells(self) -> dict[tuple[str, str], float | None]:
        """The cells of the assignment that the gradebook knows, by notebook and name, and their points."""
        from nbgrader.api import MissingEntry

        try:
            books = self._book.find_assignment(self.assignment).notebooks
        except MissingEntry:
            return {}
        finally:
            self._book.db.rollback()
        points = {
            (book.name, cell.name): cell.max_score for book in books for cell in (*book.grade_cells, *book.task_cells)
        }
        names = [(book.name, cell.name) for book in books for cell in book.source_cells]
        return {name: points.get(name) for name in names}

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two graders must not tell the gradebook of the same assignment at once. (A file has one round anyway.)"""
        if self._book.engine.dialect.name != "postgresql":
            yield
            return
        from sqlalchemy import text

        number = zlib.crc32(self.assignment.encode())
        with self._book.engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({number})"))
            try:
                yield
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({number})"))

    def _release(self, root: Path, url: str) -> None:
        from nbgrader.converters import GenerateAssignment, NbGraderException
        from nbgrader.coursedir import CourseDirectory

        course = {
            "course_id": self._book.course_id,  # PostgreSQL refuses an assignment of no course
            "root": str(root),
            "source_directory": str(sources(root)),
            "release_directory": str(self.state / "release"),
            "db_url": url,
            "assignment_id": self.assignment,
            "ignore": ["*.md", "*.py", "*.toml", "*.pyc", "__pycache__", ".ipynb_checkpoints"],
        }
        config = copy.deepcopy(self.config)  # its stubs and delimiters make the release that students have
        config.merge(Config({"CourseDirectory": course, "GenerateAssignment": {"force": True}}))
        for part, path in config.IncludeHeaderFooter.items():
            config.IncludeHeaderFooter[part] = str(root / path)
        self._book.db.rollback()
        try:
            directory = CourseDirectory(config=config, log=self.log)
            GenerateAssignment(coursedir=directory, config=config, log=self.log).start()
        except (NbGraderException, SystemExit) as error:
            log = self.state / "nbgrader.log"
            raised = re.findall(r"^[\w.]*(?:Error|Exception): .+", log.read_text(encoding="utf-8"), re.MULTILINE)
            said = f"nbgrader could not make the release: {[error, *raised][-1]}; {log} says more"
            raise OSError(errno.EIO, said) from None
        finally:
            self._book.db.rollback()

    def due(self) -> tuple[datetime | None, dict[str, datetime]]:
        """When the assignment is due, and for whom it is another time; in UTC."""
        due = self._book.find_assignment(self.assignment).duedate
        extensions = self._of_all("student_id", "extension") if due else ()
        return due, {student: due + more for student, more in extensions if more}

    # ------------------------------------------------------------------------------------------ submissions

    def write(self, entries: Sequence[Booked]) -> dict[str, float]:
        """Put submissions into the gradebook, in one transaction.

        Returns
        -------
        dict
            What each student loses for being late, where there is a penalty.

        Raises
        ------
        LockedError
            If another program keeps it to itself.
        ValueError
            If an id is none that is safe in a page, a path and a table, or a name is none.
        """
        for row, _, _, person, _ in entries:
            if safe_id(row.student) != row.student:
                raise ValueError(f"{row.student!r} is no safe id of a student; {safe_id(row.student)} would be one")
            if person:
                person.check()
        ordered = sorted(entries, key=lambda entry: entry.row.student)  # else two graders could wait for each other
        return self._tried(lambda: self._write(ordered))

    @cached_property
    def _cells_of(self) -> dict[str, tuple[list[str], list[str]]]:
        """By each notebook's id those of its cells: with points, and with comments."""
        return {
            book.id: (
                [cell.id for cell in (*book.grade_cells, *book.task_cells)],
                [cell.id for cell in (*book.solution_cells, *book.task_cells)],
            )
            for book in self._book.find_assignment(self.assignment).notebooks
        }

    @cached_property
    def _names(self) -> dict[str, str]:
        """The cells' names by their ids: a grade would ask the database for its own, one by one."""
        books = self._book.find_assignment(self.assignment).notebooks
        return {
            cell.id: prefix(book.name, books) + cell.name
            for book in books
            for cell in (*book.grade_cells, *book.solution_cells, *book.task_cells)
        }

    def _write(self, entries: Sequence[Booked]) -> dict[str, float]:
        from nbgrader.api import Student

        db, names, lost = self._book.db, self._names, dict[str, float]()
        those = [entry.row.student for entry in entries]
        students = {each.id: each for each in db.query(Student).where(Student.id.in_(those))}
        submissions = self._submissions(those)
        with db.no_autoflush:
            for row, comments, when, person, same in entries:
                student, submission = students.get(row.student) or Student(id=row.student), submissions[row.student]
                for about in ("first_name", "last_name", "email") if person else ():
                    setattr(student, about, getattr(person, about))
                submission.timestamp = when
                for notebook in submission.notebooks:
                    for grade in notebook.grades:
                        item = names[grade.cell_id]
                        if row.status is Status.NOT_GRADED and grade.manual_score is not None:
                            continue  # our own fault takes nothing that a person gave
                        waits = item in row.waiting
                        score = None if waits else row.items[item]
                        kept = same and grade.auto_score == score
                        grade.auto_score = score
                        if not row.status.readable:  # what a person gave an earlier one is not for one that is broken
                            grade.manual_score = grade.extra_credit = None
                        if not (kept and grade.manual_score is not None):
                            grade.needs_manual_grade = waits or grade.manual_score is not None
                    for comment in notebook.comments:
                        comment.auto_comment = comments.get(names[comment.cell_id])
                    notebook.late_submission_penalty = None
                db.add_all([student, submission])
            db.flush()
            for name, submission in submissions.items():
                if submission.timestamp and submission.total_seconds_late > 0:
                    for notebook in submission.notebooks:
                        notebook.late_submission_penalty = self._penalty(name, notebook, submission.total_seconds_late)
                    lost[name] = sum(each.late_submission_penalty or 0.0 for each in submission.notebooks)
        db.commit()
        return lost

    def _submissions(self, students: Sequence[str]) -> dict[str, Any]:
        """Those of these students, with all that belongs to them; where there is none, a new one."""
        from nbgrader.api import Comment, Grade, SubmittedAssignment, SubmittedNotebook
        from sqlalchemy.orm import selectinload

        assignment = self._book.find_assignment(self.assignment).id
        below = selectinload(SubmittedNotebook.grades), selectinload(SubmittedNotebook.comments)
        with_all = selectinload(SubmittedAssignment.notebooks).options(*below)
        asked = self._book.db.query(SubmittedAssignment).filter_by(assignment_id=assignment).options(with_all)
        found = {each.student_id: each for each in asked.where(SubmittedAssignment.student_id.in_(students))}
        for student in students:
            if student not in found:
                found[student] = SubmittedAssignment(assignment_id=assignment, student_id=student)
                for book, (graded, answered) in self._cells_of.items():
                    grades, comments = [Grade(cell_id=cell) for cell in graded], [Comment(cell_id=c) for c in answered]
                    notebook = SubmittedNotebook(notebook_id=book, grades=grades, comments=comments)
                    found[student].notebooks.append(notebook)
        return found

    def _penalty(self, student: str, notebook: Any, seconds: float) -> float | None:
        """What nbgrader's own plugin takes away for being late; nothing, unless the course says otherwise."""
        from nbgrader.preprocessors import AssignLatePenalties

        penalties = AssignLatePenalties(config=self.config)
        penalties.init_plugin()
        penalty = penalties.plugin_inst.late_submission_penalty(student, notebook.score, seconds)
        return None if penalty is None else float(penalties._check_late_penalty(notebook, penalty))

    def knows(self) -> bool:
        """Whether the assignment is in it."""
        return bool(self._cells())

    def _of_all(self, *columns: str) -> Any:
        """These columns of the assignment's submissions, for one statement: their objects would need one each."""
        from nbgrader.api import Assignment, SubmittedAssignment

        asked = self._book.db.query(*(getattr(SubmittedAssignment, column) for column in columns))
        return asked.join(SubmittedAssignment.assignment).where(Assignment.name == self.assignment)

    def graded(self) -> set[str]:
        """Students of whom the gradebook has a submission."""
        return {student for (student,) in self._of_all("student_id")}

    def grades(self, students: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """Of all students or some ``score``, ``auto_score`` and ``needs_manual_grade`` of each item, by its name."""
        from nbgrader.api import Grade, SubmittedAssignment, SubmittedNotebook

        names, found = self._names, defaultdict[str, dict[str, Any]](dict)
        asked = self._of_all("student_id").join(SubmittedAssignment.notebooks).join(SubmittedNotebook.grades)
        if students is not None:
            asked = asked.where(SubmittedAssignment.student_id.in_(students))
        for grade in asked.add_columns(Grade.cell_id, Grade.score, Grade.auto_score, Grade.needs_manual_grade):
            found[grade.student_id][names[grade.cell_id]] = grade
        return dict(found)

    def penalties(self) -> dict[str, float]:
        """What students lost for being late; nobody else is in it."""
        from nbgrader.api import SubmittedAssignment, SubmittedNotebook

        found, lost = defaultdict[str, float](float), SubmittedNotebook.late_submission_penalty
        for student, penalty in (
            self._of_all("student_id").join(SubmittedAssignment.notebooks).where(lost > 0).add_columns(lost)
        ):
            found[student] += penalty
        return dict(found)

    def points(self, students: Collection[str]) -> dict[str, dict[str, float]]:
        """Points of some students, by the item's name; nothing of those without a submission."""
        found = self.grades(students) if students else {}
        return {who: {item: float(grade.score) for item, grade in items.items()} for who, items in found.items()}

    def all_words(self) -> dict[str, dict[str, str]]:
        """What persons wrote beside answers: by the student, and by the answer's name."""
        from nbgrader import api

        asked = self._book.db.query(api.SubmittedAssignment.student_id, api.Comment.cell_id, api.Comment.manual_comment)
        asked = asked.join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Comment.notebook_id)
        asked = asked.join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
        found = dict[str, dict[str, str]]()
        for student, cell, text in asked.filter(api.Comment.manual_comment.isnot(None)):
            if text and cell in self._names:  # those of this assignment
                found.setdefault(student, {})[self._names[cell]] = text
        return found


def _log(path: Path) -> logging.Handler:
    """For what nbgrader says; where it cannot be written, as on a full disk, nothing more is said of that."""
    try:
        path.unlink(missing_ok=True)
        os.close(private.opener(str(path), os.O_CREAT | os.O_WRONLY))
        handler: logging.Handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    except OSError:
        return logging.NullHandler()
    handler.handleError = lambda record: None  # type: ignore[method-assign]
    return handler
