"""Grade one submission: bytes in, a row and two files out. Runs in a worker, on this machine or another one.

A worker needs nothing but this package: the assignment comes with the task, and what is made goes back as bytes. It
leaves the work to a process that it watches (`grading.run.watched`). To grade in another way, replace `grade_one`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import re
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from grading.intake.repair import Found, Handed, Source, deleted, parse, repair
from grading.judge.catalogue import CATALOGUE
from grading.judge.item import MIME
from grading.row import Row, Status
from grading.run import container as containers
from grading.run import watched
from grading.run.execution import FAULTS, Execution, Limits, fault
from grading.run.sandbox import Sandbox, SandboxError, obstacle
from grading.run.watched import Begin, GaveUp
from grading.tell import feedback

__all__ = ["Bundle", "Graded", "RefusedError", "Task", "execute", "grade_one", "not_graded", "seed_of"]
__all__ += ["settle", "text"]

STOPPED = {"TimeLimit": "ran too long and was stopped", "KernelDied": "ended Python and was left out"}
ROOMS = ("student", "judge", "intake", "run")  # where points come about: what changes there makes grades old
UNISOLATED = "not isolated: the code ran without a sandbox on the machine that graded"
ACCEPT = (
    "--allow-unisolated accepts that risk, for one round; for nbgrader's own commands it is c.Check.allow_unisolated "
    "in nbgrader_config.py"
)
TRIES = 3  # of a sandbox that somebody kills
SPACE = 1 << 30  # bytes that judging a submission may take


class RefusedError(Exception):
    """Student code would run without a sandbox, and nobody has accepted that; the sentence says where, and why."""


@dataclass(frozen=True)
class Bundle:
    """An assignment as a worker needs it.

    Attributes
    ----------
    name : str
        Of the assignment.
    files : dict
        The source notebook, ``checks.py``, ``mistakes.toml`` and what else lies beside them, by name; and with its way
        from there, the catalogue of mistakes that assignments share.
    release : str
        The notebook as students got it.
    site : str
        The book's address, for links in the feedback; may be empty.
    """

    name: str
    files: Mapping[str, bytes]
    release: str
    site: str = ""

    @classmethod
    def read(cls, folder: Path, release: Path, site: str = "") -> Bundle:
        """Read an assignment's folder."""
        paths = [path for path in sorted(folder.iterdir()) if path.suffix in (".ipynb", ".py", ".toml")]
        files = {path.name: path.read_bytes() for path in paths}
        if (shared := folder.parent / CATALOGUE).is_file():
            files[f"../{CATALOGUE}"] = shared.read_bytes()
        return cls(folder.name, files, release.read_text(encoding="utf-8"), site)

    @property
    def digest(self) -> str:
        """Changes when anything changes that points depend on: the assignment, its items, or this program."""
        here = Path(__file__).parents[1]
        own = [here / "row.py", *(path for room in ROOMS for path in (here / room).rglob("*"))]
        own = sorted(path for path in own if path.is_file() and "__pycache__" not in path.parts)
        parts = [*(name.encode() + data for name, data in sorted(self.files.items())), self.release.encode()]
        parts += [path.relative_to(here).as_posix().encode() + path.read_bytes() for path in own]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def source(self) -> Source:
        """The source notebook."""
        return Source.parse(self.files[f"{self.name}.ipynb"].decode(), self.release)


@dataclass(frozen=True)
class Task:
    """One submission, and all that it takes to grade it.

    Attributes
    ----------
    found : Found
        What the student handed in.
    bundle : Bundle
        The assignment.
    limits : Limits
        What it may cost.
    source : str
        The hash of what it is graded with, for the row.
    late : float
        Seconds after the due date.
    secret : str
        Of the course, for the seed of the inputs: see `seed_of`.
    unisolated : bool
        Whether student code may run where there is no sandbox. It is for one round, and somebody has accepted the risk.
    container : str, optional
        The image of the container in which it shall run, see `missing`; without it, bubblewrap keeps it apart.
    """

    found: Found
    bundle: Bundle
    limits: Limits
    source: str
    late: float = 0.0
    secret: str = ""
    unisolated: bool = False
    container: str | None = None


@dataclass(frozen=True)
class Graded:
    """What became of a submission.

    Attributes
    ----------
    row : Row
        What the student gets.
    autograded, page : str
        The executed notebook and the feedback, as texts of files.
    """

    row: Row
    autograded: str
    page: str


def text(notebook: NotebookNode) -> str:
    """A notebook as the text of a file, in one line: nobody reads it, and to indent it takes ten times as long."""
    return json.dumps(notebook)


# ---------------------------------------------------------------------------------------------- in the worker


@lru_cache(maxsize=4)
def _unpacked(bundle_name: str, files: tuple[tuple[str, bytes], ...], release: str) -> tuple[Path, Source]:
    """The assignment's files in a folder, where the engine can load them; once for each worker."""
    root = Path(_folder.name) / hashlib.sha256(b"".join(data for _, data in files)).hexdigest()[:16]
    there = root / "solutions" / bundle_name
    there.mkdir(parents=True, exist_ok=True)
    for name, data in files:
        (there / name).write_bytes(data)
    return root, Source.parse(dict(files)[f"{bundle_name}.ipynb"].decode(), release)


_folder = tempfile.TemporaryDirectory(prefix="grading-")


def missing(container: str | None = None) -> str:
    """Why student code cannot be isolated here, and what to do; empty if it can.

    Parameters
    ----------
    container : str, optional
        In a container of this image; an empty text is podman with the files of this machine. Without it, by bubblewrap.
    """
    if container is None:
        return obstacle()
    return f"no container can be had: {why}" if (why := containers.obstacle(container)) else ""


@cache
def _sandbox(container: str | None, isolated: bool) -> Sandbox:
    if not isolated:
        return Sandbox("none")
    return Sandbox() if container is None else containers.ContainerSandbox(container)


def prepare() -> None:
    """In the process that judges: start a sandbox before there is a submission for it."""
    if not obstacle():
        with contextlib.suppress(SandboxError, OSError):
            _sandbox(None, True).prepare()


def seed_of(submission: bytes, secret: str) -> int:
    """The seed of what the items ask: of the bytes that were handed in, and of a secret of the course.

    So the same bytes are asked the same again, and the answers to one submission are of no use for the next.
    """
    return int.from_bytes(hashlib.sha256(secret.encode() + b"\0" + submission).digest()[:8], "big")


def grade_one(task: Task) -> Graded:
    """Grade a submission, in the process of this thread. Nothing is raised for anything that is in it.

    Parameters
    ----------
    task : Task
        The submission, the assignment, the limits.

    Returns
    -------
    Graded
        With a status for every case; ``not graded`` is the grader's own fault, and says which.

    Raises
    ------
    RefusedError
        If there is no sandbox here, and the task asks for one.
    """
    try:
        graded: Graded = watched.mine().do(_graded, task)
    except GaveUp as error:
        return not_graded(task, error)
    return graded


def _graded(task: Task, begin: Begin, spared: Mapping[str, str]) -> Graded:
    start = time.monotonic()
    found = task.found
    begin("", task.limits.total)
    try:
        source = task.bundle.source()
        row = Row(found.student, found.status, {}, {}, {}, [], found.digest, task.source, late=task.late)
        handed = parse(found, task.bundle.name)
        notebook, notes = repair(handed, source)
        row, faults = replace(row, status=handed.status, notes=list(notes)), set[str]()
        if handed.status.readable:
            seed = seed_of(found.data, task.secret)
            for attempt in range(TRIES):
                try:
                    rules = (task.limits, task.unisolated, task.container)
                    execution, way = execute(notebook, task.bundle, seed, *rules, begin, spared)
                    break
                except SandboxError:  # somebody killed it: the student is not to blame
                    if attempt == TRIES - 1:
                        raise
                    notebook, _ = repair(handed, source)
            used, faults = execution.used, execution.faults
            row = replace(row, cpu=round(used.cpu, 3), memory=used.memory, seed=seed, isolation=way)
            row.notes.extend([UNISOLATED] * (way == "none"))
        row = settle(row, notebook, source, faults)
    except RefusedError:
        raise
    except Exception as error:
        return not_graded(task, error)
    row = replace(row, seconds=round(time.monotonic() - start, 3))
    return _made(task, row, notebook, source)


def execute(
    notebook: NotebookNode,
    bundle: Bundle,
    seed: int,
    limits: Limits,
    unisolated: bool,
    container: str | None,
    begin: Begin,
    spared: Mapping[str, str],
) -> tuple[Execution, str]:
    """Run a repaired notebook and check its items, in the process that judges.

    Returns
    -------
    execution : Execution
        It is over.
    isolation : str
        How student code was kept apart; ``none`` if it was not.

    Raises
    ------
    RefusedError
        If it would not be, and ``unisolated`` is not set.
    SandboxError
        If the sandbox fails.
    """
    if (why := missing(container)) and not unisolated:
        said = f"student code would run without a sandbox, as whoever grades, on {platform.node()}: {why}"
        raise RefusedError(f"{said}.\n{ACCEPT}")
    sandbox = _sandbox(container, not why)
    root, _ = _unpacked(bundle.name, tuple(sorted(bundle.files.items())), bundle.release)
    watched.may_hold(SPACE)
    execution = Execution(notebook, sandbox, bundle.name, root, seed, limits, begin, spared)
    execution.run()
    return execution, sandbox.way


def not_graded(task: Task, error: BaseException) -> Graded:
    """The result where the grader failed: no points, and a sentence that says whose fault it is."""
    found, source = task.found, task.bundle.source()
    words = " ".join(f"fault of the grader: {type(error).__name__}: {error}".split())[:300]
    notebook, _ = repair(Handed(found.student, Status.NOT_GRADED, (words,)), source)
    row = Row(found.student, Status.NOT_GRADED, {}, {}, {}, [words], found.digest, task.source, late=task.late)
    return _made(task, settle(row, notebook, source), notebook, source)


def _made(task: Task, row: Row, notebook: NotebookNode, source: Source) -> Graded:
    page = feedback_page(row, notebook, source, task.bundle.site)
    feedback.remember(notebook, row)
    return Graded(row, text(notebook), page)


def feedback_page(
    row: Row,
    notebook: NotebookNode,
    source: Source,
    site: str,
    words: Mapping[str, str] | None = None,
) -> str:
    """The page that the student gets back, with the words of a person where there are some."""
    return feedback.page(notebook, row=row, points=source.points, site=site, words=words or {})


# ---------------------------------------------------------------------------------------------- from outputs to points


def settle(row: Row, notebook: NotebookNode, source: Source, faults: Collection[str] = ()) -> Row:
    """Read points and reasons from the outputs, and leave nothing that nbgrader would misread.

    nbgrader gives full marks to a graded cell with no output, and zero to one with a warning. Here a graded cell has
    either its points as a number, or one error.

    Parameters
    ----------
    row : Row
        With the status and the notes of the intake.
    notebook : NotebookNode
        Executed; its graded cells are tidied.
    source : Source
        The assignment.
    faults : collection of str
        Of ``FAULTS`` those that checks ran into.

    Returns
    -------
    Row
        With points, reasons, mistakes and its final status.
    """
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    stopped: dict[str, list[str]] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            for out in _errors(cell):
                stopped.setdefault(out.ename, []).append(_label(cell))
    notes = [f"{words}: {', '.join(stopped[kind])}" for kind, words in STOPPED.items() if kind in stopped]
    notes = [*row.notes, *notes]
    items, reasons, mistakes, waiting = dict[str, float](), dict[str, str](), dict[str, list[str]](), list[str]()
    open_ = list[str]()  # items that came to no verdict
    for name, most in source.points.items():
        cell, by_hand = cells[name], name in source.stubs
        points: float | None
        if by_hand:
            points, reason = 0.0, "no answer" if cell.source.strip() == source.stubs[name].strip() else ""
            waiting += [name] * (row.status.readable and not reason)
        else:
            points, reason = _outcome(cell, most)
            open_ += [name] * (points is None)
        verdict = points is not None
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
            open_.append(name)
        if not by_hand:
            mistakes[name] = [hint["name"] for hint in _bundle(cell).get("hints", [])]
            _tidy(cell, verdict, reason)
        if reason:
            reasons[name] = " ".join(reason.split())[:300]
    status = row.status
    if status.readable:
        kept = Status.LATE if row.late > 0 and status is Status.GRADED else status
        choices = {
            Status.CRASHED: "KernelDied" in stopped or "KernelDied" in faults,
            Status.TIMED_OUT: "TimeLimit" in stopped or "TimeLimit" in faults,
            Status.PARTLY: bool(open_),
        }
        status = next((choice for choice, applies in choices.items() if applies), kept)
        if open_:
            notes.append(f"no verdict on {', '.join(dict.fromkeys(open_))}")
        if row.late > 0:
            notes.append(f"handed in {row.late / 3600:.1f} hours after the due date")
    found = {name: names for name, names in mistakes.items() if names}
    return replace(row, status=status, items=items, reasons=reasons, mistakes=found, notes=notes, waiting=waiting)


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    return [out for out in cell.get("outputs", []) if out.output_type == "error"]


def _numbers(cell: NotebookNode) -> list[NotebookNode]:
    return [out for out in cell.outputs if out.output_type == "execute_result"]


def _bundle(cell: NotebookNode) -> dict[str, Any]:
    """What the engine said of a graded cell."""
    bundles = [out.data[MIME] for out in cell.outputs if out.output_type == "display_data" and MIME in out.data]
    last: dict[str, Any] = json.loads(json.dumps(bundles[-1])) if bundles else {}
    return last


def _label(cell: NotebookNode) -> str:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    first = str(cell.source).strip().split("\n")[0]
    return f"cell {name}" if name else f"cell `{first[:30]}`"


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
    bundle = _bundle(cell)
    return points, str(
        bundle.get("mistake") or bundle.get("message") or "points are missing, and the check does not say why"
    )


def _tidy(cell: NotebookNode, verdict: bool, reason: str) -> None:
    """Leave one number, or one error with no traceback: that would show the checks. Warnings cost nothing."""
    last = _numbers(cell)[-1:] if verdict else [fault("NotRun", reason)]
    rest = [out for out in cell.outputs if out.output_type in ("stream", "display_data")]
    for out in rest:
        if out.output_type == "stream":
            out.name = "stdout"
    cell.outputs = rest + last
