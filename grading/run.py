"""One round of grading: every submission gets a row, whatever is wrong with it or with others.

Submissions are executed beside each other by workers (`grading.kernel`); one writer gives each executed notebook to
nbgrader's own converters, which write the gradebook, the autograded notebook and the feedback. A line in the journal
ends a submission: what has none is graded again in the next round, so a round can be killed at any time.

To grade in another way, replace ``_execute``: it takes a repaired notebook and returns it with outputs.
"""

from __future__ import annotations

import contextlib
import csv
import glob
import hashlib
import json
import logging
import os
import queue
import re
import shutil
import sys
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from grading import intake
from grading.engine import MIME
from grading.intake import Handed, Source, Status, deleted
from grading.kernel import FAULTS, Limits, Worker, fault

__all__ = ["Course", "Row", "Student", "UsageError", "grade", "read_students"]

STOPPED = {"TimeLimit": "ran too long and was stopped", "KernelDied": "ended Python and was left out"}


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
    """

    root: Path
    assignment: str
    state: Path

    @property
    def folder(self) -> Path:
        """The assignment's source folder."""
        return self.root / "solutions" / self.assignment

    @property
    def notebook(self) -> Path:
        """The source notebook."""
        return self.folder / f"{self.assignment}.ipynb"

    @property
    def gradebook(self) -> str:
        """The gradebook's address."""
        return f"sqlite:///{self.state / 'gradebook.db'}"

    @property
    def release(self) -> Path:
        """The notebook as students got it, made again from the source."""
        return self.state / "release" / self.assignment / f"{self.assignment}.ipynb"

    def result(self, step: str, student: str) -> Path:
        """The folder of a student's submitted, autograded or feedback files."""
        return self.state / step / student / self.assignment

    def digest(self) -> str:
        """Changes when anything changes that points depend on: the assignment, its items, or the engine."""
        engine = Path(__file__).parent
        parts = [*sorted(self.folder.glob("*.ipynb")), *sorted(self.folder.glob("*.py"))]
        parts += [
            engine / f"{name}.py"
            for name in ("borrowed", "bridge", "engine", "hidden", "intake", "kernel", "sandbox", "wire")
        ]
        return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()


@dataclass(frozen=True)
class Student:
    """A line of the students file."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Row:
    """What a student gets.

    Attributes
    ----------
    items : dict
        Points for each item.
    reasons : dict
        For each item that lost points, why.
    notes : list of str
        What was wrong with the submission as a whole.
    submission, source : str
        Hashes of what was graded, and with what.
    waiting : list of str
        Items that a person has to read in formgrader; until then they count as zero.
    """

    student: str
    status: Status
    items: dict[str, float]
    reasons: dict[str, str]
    notes: list[str]
    submission: str
    source: str
    seconds: float = 0.0
    waiting: list[str] = field(default_factory=list)
    person: Student | None = field(default=None, compare=False)

    @property
    def total(self) -> float:
        """Sum over the items."""
        return sum(self.items.values())


# ---------------------------------------------------------------------------------------------- students


def read_students(path: Path) -> dict[str, Student]:
    """Read a CSV file with the columns id, first_name, last_name and, if there is one, email.

    Raises
    ------
    UsageError
        If the file cannot be used; the sentence names the line.
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
                if not texts["id"] or intake.safe_id(texts["id"]) != texts["id"]:
                    allowed = "letters, digits and _ . , - + @ ' ( ) or spaces, the first a letter or digit"
                    raise UsageError(
                        f"{path}, line {lines.line_num}: the id {texts['id']!r} is not safe; use {allowed}"
                    )
                students[texts["id"]] = Student(**texts)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"the students file {path} cannot be read: {error}") from None
    return students


# ---------------------------------------------------------------------------------------------- the round


def grade(
    course: Course,
    submissions: Path,
    students: Mapping[str, Student] | None = None,
    limits: Limits | None = None,
    jobs: int = 2,
    fresh: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Row]:
    """Grade a folder of submissions.

    Parameters
    ----------
    course : Course
        The assignment, and where the results go.
    submissions : Path
        A folder with a subfolder for each student.
    students : mapping, optional
        Who takes part: a student with no subfolder gets a row too.
    limits : Limits, optional
        What a submission may cost.
    jobs : int
        Submissions that run at the same time.
    fresh : bool
        Grade again what has not changed since the last round.
    progress : callable
        Gets a line for each submission as it is done.

    Returns
    -------
    list of Row
        One for each student, in order.

    Raises
    ------
    UsageError
        If the folder or the assignment cannot be used. Nothing is raised for what is in a submission.
    """
    limits, students = limits or Limits(), students or {}
    if not re.fullmatch(r"[A-Za-z0-9_-]+", course.assignment) or not course.notebook.is_file():
        there = sorted(path.parent.name for path in course.root.glob("solutions/*/*.ipynb"))
        raise UsageError(f"there is no assignment {course.assignment!r}; there is {', '.join(there) or 'none'}")
    if not submissions.is_dir():
        raise UsageError(f"the folder of submissions {submissions} does not exist")
    folders = intake.student_folders(submissions)
    if not folders:
        hint = "; is it the folder of one student?" if any(submissions.glob("*.ipynb")) else ""
        raise UsageError(f"{submissions} has no subfolders: there should be one for each student{hint}")
    course.state.mkdir(parents=True, exist_ok=True)
    with _alone(course.state / "lock"):
        return _Round(course, limits, fresh, progress).all(folders, students, jobs)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two rounds at once would write the same gradebook."""
    with path.open("w") as file:
        with contextlib.suppress(ImportError):  # on Windows nothing keeps them apart
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UsageError(f"another round is writing to {path.parent}: wait for it to end") from None
        yield


class _Round:
    def __init__(self, course: Course, limits: Limits, fresh: bool, progress: Callable[[str], None]) -> None:
        self.course, self.limits, self.fresh, self.progress = course, limits, fresh, progress
        # other limits can give other points, so they count as a change
        self.digest = hashlib.sha256(f"{course.digest()} {limits}".encode()).hexdigest()
        self.journal = _Journal(course.state / f"{course.assignment}.jsonl")
        self.engine = _Nbgrader(course)
        self.engine.register()
        self.source = Source.load(course.notebook, course.release)
        self.workers: queue.SimpleQueue[Worker] = queue.SimpleQueue()

    def all(self, folders: Mapping[str, Path], students: Mapping[str, Student], jobs: int) -> list[Row]:
        names = sorted({*folders, *students}, key=lambda name: (name.casefold(), name))
        graded = self.engine.graded()
        rows: dict[str, Row] = {}
        stop = threading.Event()
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(jobs) as threads:
            stack.callback(stop.set)
            for _ in range(jobs):
                self.workers.put(stack.enter_context(Worker()))
            futures = {}
            for name in names:
                known = self.journal.rows.get(name) if name in graded and not self.fresh else None
                futures[threads.submit(self._one, name, folders.get(name), known, stop)] = name
            try:
                for future in as_completed(futures):
                    row, notebook = future.result()
                    if notebook is not None:
                        row = self._write(row, notebook, students.get(row.student))
                    rows[row.student] = row
                    self.progress(f"{len(rows)}/{len(names)} {row.student}: {row.status}, {row.total:g} points")
            except BaseException:
                stop.set()
                threads.shutdown(wait=False, cancel_futures=True)
                while not self.workers.empty():
                    self.workers.get().end()
                raise
        grades = self.engine.grades()
        ordered = []
        for name in names:
            row = replace(rows[name], person=students.get(name))
            if students and name not in students:
                row = replace(row, notes=[*row.notes, "not in the students file"])
            if row.status is not Status.NOT_GRADED:  # the gradebook has the last word: a person may have changed it
                items = {item: float(grades[name][item].score) for item in self.source.points}
                reasons = {item: why for item, why in row.reasons.items() if items[item] < self.source.points[item]}
                waiting = [item for item in items if grades[name][item].needs_manual_grade]
                row = replace(row, items=items, reasons=reasons, waiting=waiting)
            ordered.append(row)
        return ordered

    def _one(
        self, name: str, folder: Path | None, known: Row | None, stop: threading.Event
    ) -> tuple[Row, NotebookNode | None]:
        """A row that is still right, or a new one with the executed notebook. Runs in a thread; never raises."""
        start, status, digest = time.monotonic(), Status.NOT_GRADED, ""
        try:
            handed = intake.read(name, folder, self.course.assignment)
            status, digest = handed.status, handed.digest
            if known and (known.status, known.submission, known.source) == (status, digest, self.digest):
                return known, None
            notebook, notes = intake.repair(handed, self.source)
            if status.readable and not stop.is_set():
                notebook = self._execute(name, notebook)
        except Exception as error:
            status, notes = Status.NOT_GRADED, (f"fault of the grader: {type(error).__name__}: {error}",)
            notebook, _ = intake.repair(Handed(name, status, notes), self.source)
        row = Row(name, status, {}, {}, list(notes), digest, self.digest)
        row = _settled(row, notebook, self.source)
        return replace(row, seconds=round(time.monotonic() - start, 2)), notebook

    def _execute(self, name: str, notebook: NotebookNode) -> NotebookNode:
        environment = {
            "NNCOURSE_ROOT": str(self.course.root),
            "NNCOURSE_ASSIGNMENT": self.course.assignment,
            "NNCOURSE_SEED": str(zlib.crc32(name.encode())),
        }
        worker = self.workers.get()
        try:
            return worker.execute(notebook, environment, self.limits)
        finally:
            self.workers.put(worker)

    def _write(self, row: Row, notebook: NotebookNode, person: Student | None) -> Row:
        self.journal.begin(row.student)
        try:
            self.engine.write(row.student, notebook, person, row.status)
        except Exception as error:  # nbgrader's own log says more
            words = f"fault of the grader: {type(error).__name__}: {error}"
            return replace(row, status=Status.NOT_GRADED, items=dict.fromkeys(row.items, 0.0), notes=[words])
        if row.status is not Status.NOT_GRADED:
            self.journal.end(row)
        return row


# ---------------------------------------------------------------------------------------------- from outputs to points


def _settled(row: Row, notebook: NotebookNode, source: Source) -> Row:
    """Read points and reasons from the outputs, and leave nothing that nbgrader would misread.

    nbgrader gives full marks to a graded cell with no output, and zero to one with a warning. Here a graded cell has
    either its points as a number, or one error.
    """
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    stopped: dict[str, list[str]] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            for out in _errors(cell):
                stopped.setdefault(out.ename, []).append(_label(cell))
    notes = [f"{words}: {', '.join(stopped[kind])}" for kind, words in STOPPED.items() if kind in stopped]
    notes = [*row.notes, *notes]
    items, reasons = {}, {}
    for name, most in source.points.items():
        by_hand = name in source.stubs
        points, reason = _read(cells[name], source.stubs[name]) if by_hand else _outcome(cells[name], most)
        items[name] = points or 0.0
        wrong = [out for answer in source.answers[name] for out in _errors(cells[answer])]
        if not row.status.readable:
            reason = str(row.status)
        elif items[name] < most and wrong and wrong[0].ename not in FAULTS:
            where = re.sub(r"\([^()]*, line (\d+)\)", r"(line \1)", wrong[0].evalue)  # IPython's name for the cell
            reason = f"the answer stopped with {wrong[0].ename}: {where}"
        elif items[name] < most and any(deleted(answer) in notes for answer in source.answers[name]):
            notes = [note for note in notes if note not in map(deleted, source.answers[name])]
            reason = "the answer was deleted"
        if not by_hand:
            _tidy(cells[name], points is not None, reason)
        if reason:
            reasons[name] = " ".join(reason.split())[:300]
    return replace(row, items=items, reasons=reasons, notes=notes)


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    return [out for out in cell.get("outputs", []) if out.output_type == "error"]


def _numbers(cell: NotebookNode) -> list[NotebookNode]:
    return [out for out in cell.outputs if out.output_type == "execute_result"]


def _label(cell: NotebookNode) -> str:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    first = str(cell.source).strip().split("\n")[0]
    return f"cell {name}" if name else f"cell `{first[:30]}`"


def _read(cell: NotebookNode, stub: str) -> tuple[float, str]:
    """An answer that a person reads: nbgrader asks for one unless the text is the release's."""
    return 0.0, "no answer" if cell.source.strip() == stub.strip() else ""


def _outcome(cell: NotebookNode, most: float) -> tuple[float | None, str]:
    """Points of a graded cell (None if it came to no verdict) and, where some are missing, why."""
    errors, numbers = _errors(cell), _numbers(cell)
    if errors:
        return None, errors[-1].evalue if errors[-1].ename in FAULTS else f"{errors[-1].ename}: {errors[-1].evalue}"
    try:
        points = float(numbers[-1].data["text/plain"])
    except (LookupError, ValueError):
        return None, "the check gave no points"
    if not 0 <= points <= most:
        return None, f"the check gave {points:g} points of {most:g}"
    if points == most:
        return points, ""
    bundles = [out.data[MIME] for out in cell.outputs if out.output_type == "display_data" and MIME in out.data]
    reason = (bundles[-1].get("mistake") or bundles[-1].get("message")) if bundles else None
    return points, str(reason or "points are missing, and the check does not say why")


def _tidy(cell: NotebookNode, verdict: bool, reason: str) -> None:
    """Leave one number, or one error with no traceback: that would show the checks. Warnings cost nothing."""
    last = _numbers(cell)[-1:] if verdict else [fault("NotRun", reason)]
    rest = [out for out in cell.outputs if out.output_type in ("stream", "display_data")]
    for out in rest:
        if out.output_type == "stream":
            out.name = "stdout"
    cell.outputs = rest + last


# ---------------------------------------------------------------------------------------------- the journal


class _Journal:
    """A line of JSON for each result, on disk before the next one starts. A student's last line counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Row] = {}
        torn = False
        if path.exists():
            text = path.read_text(encoding="utf-8", errors="replace")
            torn = bool(text) and not text.endswith("\n")
            for line in text.splitlines():
                with contextlib.suppress(ValueError, TypeError, KeyError):  # a torn line: that student is graded again
                    self._take(json.loads(line))
        if torn:
            self._add({})

    def _take(self, line: dict[str, Any]) -> None:
        if "begun" in line:
            self.rows.pop(line["begun"], None)
        elif "student" in line:
            line.pop("total", None)
            self.rows[line["student"]] = Row(**{**line, "status": Status(line["status"])})

    def _add(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" * (not line) or json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def begin(self, student: str) -> None:
        """From now on what the gradebook has for this student is in doubt."""
        self._add({"begun": student})

    def end(self, row: Row) -> None:
        """The gradebook has this row."""
        line = {name: value for name, value in asdict(row).items() if name != "person"}
        self._add({**line, "total": row.total})


# ---------------------------------------------------------------------------------------------- nbgrader


class _Nbgrader:
    """The one writer into nbgrader's gradebook, by nbgrader's own converters."""

    def __init__(self, course: Course) -> None:
        from nbgrader.api import Gradebook

        here = str(Path(sys.executable).parent)
        if here not in os.environ.get("PATH", "").split(os.pathsep):  # nbgrader calls alembic by its name
            os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
        # nbgrader 0.9.6 relates objects before it adds them, which SQLAlchemy 2.1 remarks on; the rows are right
        warnings.filterwarnings("ignore", "Object of type .* not in session", module="nbgrader")
        self.course = course
        self.log = logging.getLogger("grading.nbgrader")
        self.log.propagate = False
        self.log.setLevel(logging.WARNING)
        for handler in list(self.log.handlers):
            self.log.removeHandler(handler)
            handler.close()
        self.log.addHandler(logging.FileHandler(course.state / "nbgrader.log", mode="w", encoding="utf-8"))
        self._open: Callable[[], Any] = lambda: Gradebook(course.gradebook)
        path = course.state / "gradebook.db"
        if not path.exists():  # made in several steps, of which none may be missing
            new = path.with_name("gradebook-new.db")
            new.unlink(missing_ok=True)
            Gradebook(f"sqlite:///{new}").close()
            new.replace(path)

    def _convert(self, converter: type, config: dict[str, dict[str, Any]], student: str = "*") -> None:
        from nbgrader.coursedir import CourseDirectory

        course = {
            "root": str(self.course.state),
            "source_directory": str(self.course.root / "solutions"),
            "release_directory": str(self.course.state / "release"),
            "db_url": self.course.gradebook,
            "assignment_id": self.course.assignment,
            "student_id": glob.escape(student),
            "ignore": ["*.md", "*.py", "*.pyc", "__pycache__", ".ipynb_checkpoints"],
        }
        loaded = Config({**config, "CourseDirectory": {**course, **config.get("CourseDirectory", {})}})
        loaded[converter.__name__].force = True
        directory = CourseDirectory(config=loaded, log=self.log)
        converter(coursedir=directory, config=loaded, log=self.log).start()

    def register(self) -> None:
        """Tell the gradebook of the assignment, and again when the source changed."""
        from nbgrader.api import MissingEntry
        from nbgrader.converters import GenerateAssignment

        name, mark = self.course.assignment, self.course.release.parent / "registered.txt"
        digest = hashlib.sha256(self.course.notebook.read_bytes()).hexdigest()
        with self._open() as gradebook:
            try:
                books = gradebook.find_assignment(name).notebooks
            except MissingEntry:
                books = []
            known = {cell.name for book in books for cell in book.source_cells}
            if known and mark.exists() and mark.read_text() == digest:
                return
            if known and known != intake.known_cells(self.course.notebook).keys():
                # nbgrader refuses to add or remove cells where there are submissions: grade them anew, keep a copy
                shutil.copy(self.course.state / "gradebook.db", self.course.state / f"gradebook-{digest[:8]}.db")
                gradebook.remove_assignment(name)
        root = {"CourseDirectory": {"root": str(self.course.root), "source_directory": "solutions"}}
        self._convert(GenerateAssignment, root)
        mark.write_text(digest)

    def write(self, student: str, notebook: NotebookNode, person: Student | None, status: Status) -> None:
        """Put one executed submission into the gradebook, and write its feedback."""
        from nbgrader.converters import Autograde, GenerateFeedback

        name = self.course.assignment
        with self._open() as gradebook:
            about = {key: value for key, value in asdict(person).items() if key != "id"} if person else {}
            gradebook.update_or_create_student(student, **about)
        path = self.course.result("submitted", student) / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        # the notebook is executed already, so its outputs stay; the rest of nbgrader's steps are its own
        nbgrader = "nbgrader.preprocessors"
        sanitize = [f"{nbgrader}.{step}" for step in ("DeduplicateIds", "OverwriteKernelspec", "OverwriteCells")]
        steps = ("LimitOutput", "SaveAutoGrades", "AssignLatePenalties", "CheckCellMetadata")
        autograde = [f"{nbgrader}.{step}" for step in steps]
        self._convert(
            Autograde,
            {"Autograde": {"sanitize_preprocessors": sanitize, "autograde_preprocessors": autograde}},
            student,
        )
        if not status.readable:
            self._forget_manual(student)
        self._feedback(student, GenerateFeedback)

    def _forget_manual(self, student: str) -> None:
        """What a person gave to an earlier submission is not for one that cannot be graded."""
        name = self.course.assignment
        with self._open() as gradebook:
            for grade in gradebook.find_submission_notebook(name, name, student).grades:
                grade.manual_score = grade.extra_credit = None
                grade.needs_manual_grade = False
            gradebook.db.commit()

    def _feedback(self, student: str, converter: type) -> None:
        nbgrader = "nbgrader.preprocessors"
        steps = [f"{nbgrader}.GetGrades", f"{nbgrader}.ClearHiddenTests"]
        steps.append("nbconvert.preprocessors.CSSHTMLHeaderPreprocessor")
        place = {"CourseDirectory": {"feedback_directory": str(self.course.state / "partial")}}
        self._convert(converter, {**place, "GenerateFeedback": {"preprocessors": steps}}, student)
        final = self.course.result("feedback", student)
        final.mkdir(parents=True, exist_ok=True)
        for page in self.course.result("partial", student).glob("*.html"):
            page.replace(final / page.name)
        shutil.rmtree(self.course.state / "partial" / student)

    def graded(self) -> set[str]:
        """Students of whom the gradebook has a submission."""
        with self._open() as gradebook:
            return {submission.student_id for submission in gradebook.assignment_submissions(self.course.assignment)}

    def grades(self) -> dict[str, dict[str, Any]]:
        """For each student nbgrader's grade of each item, by the item's name."""
        with self._open() as gradebook:
            return {
                submission.student_id: {grade.name: grade for book in submission.notebooks for grade in book.grades}
                for submission in gradebook.assignment_submissions(self.course.assignment)
            }
