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
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from traitlets.config import Config

from grading.course import books_of, prefix, sources
from grading.intake.repair import known_cells, safe_id
from grading.keep import private
from grading.record import Row, Status, Student

__all__ = ["AddressError", "DamagedError", "Grades", "LockedError", "address", "damaged", "file_of", "shown"]

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
            self.__dict__.pop("_names", None)

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
        submissions = self._book.assignment_submissions(self.assignment)
        extended = {each.student_id: each.duedate for each in submissions if each.extension and each.duedate}
        return self._book.find_assignment(self.assignment).duedate, extended

    # ------------------------------------------------------------------------------------------ submissions

    def write(
        self,
        row: Row,
        notebook_row: Mapping[str, str],
        when: datetime | None,
        person: Student | None,
        same: bool = False,
    ) -> None:
        """Put one submission into the gradebook.

        Parameters
        ----------
        row : Row
            Points, status, and what waits for a person.
        notebook_row : mapping
            For each answer, by its cell's name, what nbgrader says of it by itself ("No response.").
        when : datetime, optional
            When it was handed in, in UTC.
        person : Student, optional
            Names for the gradebook.
        same : bool
            Whether it is the submission that the gradebook has: what a person has read need not be read again.

        Raises
        ------
        LockedError
            If another program keeps it to itself.
        ValueError
            If the id is none that is safe in a page, a path and a table, or a name is none.
        """
        if safe_id(row.student) != row.student:
            raise ValueError(f"{row.student!r} is no safe id of a student; {safe_id(row.student)} would be one")
        if person:
            person.check()
        self._tried(lambda: self._write(row, notebook_row, when, person, same))

    @cached_property
    def _names(self) -> dict[str, str]:
        """The cells' names by their ids: a grade would ask the database for its own, one by one."""
        books = self._book.find_assignment(self.assignment).notebooks
        return {
            cell.id: prefix(book.name, books) + cell.name
            for book in books
            for cell in (*book.grade_cells, *book.solution_cells, *book.task_cells)
        }

    def _write(
        self, row: Row, comments: Mapping[str, str], when: datetime | None, person: Student | None, same: bool
    ) -> None:
        book, name = self._book, self.assignment
        about = {key: getattr(person, key) for key in ("first_name", "last_name", "email")} if person else {}
        book.update_or_create_student(row.student, **about)
        submission = book.update_or_create_submission(name, row.student)
        submission.timestamp = when
        names = self._names
        with book.db.no_autoflush:
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    item = names[grade.cell_id]
                    if row.status is Status.NOT_GRADED and grade.manual_score is not None:
                        continue  # our own fault takes nothing that a person gave
                    waits = item in row.waiting
                    score = None if waits else row.items[item]
                    kept = same and grade.auto_score == score
                    grade.auto_score = score
                    if not row.status.readable:  # what a person gave an earlier one is not for one that cannot be read
                        grade.manual_score = grade.extra_credit = None
                    if not (kept and grade.manual_score is not None):
                        grade.needs_manual_grade = waits or grade.manual_score is not None
                for comment in notebook.comments:
                    comment.auto_comment = comments.get(names[comment.cell_id])
                notebook.late_submission_penalty = None
        book.db.flush()
        if submission.total_seconds_late > 0:
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = self._penalty(row.student, notebook, submission.total_seconds_late)
        book.db.commit()

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

    def graded(self) -> set[str]:
        """Students of whom the gradebook has a submission."""
        return {each.student_id for each in self._book.assignment_submissions(self.assignment)}

    def grades(self) -> dict[str, dict[str, Any]]:
        """For each student nbgrader's grade of each item, by the item's name."""
        names = self._names
        return {
            each.student_id: {names[grade.cell_id]: grade for book in each.notebooks for grade in book.grades}
            for each in self._book.assignment_submissions(self.assignment)
        }

    def penalty(self, student: str) -> float:
        """What a student lost for being late."""
        return _penalty(self._book.find_submission(self.assignment, student))

    def penalties(self) -> dict[str, float]:
        """The same for every student."""
        return {each.student_id: _penalty(each) for each in self._book.assignment_submissions(self.assignment)}

    def points(self, student: str) -> dict[str, float]:
        """A student's points, by the item's name; none, where there is no submission."""
        from nbgrader.api import MissingEntry

        try:
            books = self._book.find_submission(self.assignment, student).notebooks
        except MissingEntry:
            return {}
        return {self._names[grade.cell_id]: float(grade.score) for book in books for grade in book.grades}

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

    def words(self, student: str) -> dict[str, str]:
        """What a person wrote beside a student's answers, by the answer's name."""
        submission = self._book.find_submission(self.assignment, student)
        comments = [each for book in submission.notebooks for each in book.comments]
        return {self._names[each.cell_id]: each.manual_comment for each in comments if each.manual_comment}


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


def _penalty(submission: Any) -> float:
    return float(sum(each.late_submission_penalty or 0.0 for each in submission.notebooks))
