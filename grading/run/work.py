"""Grade one submission: bytes in, a row and two files out. Runs in a worker, on this machine or another one.

A worker needs nothing but this package: the assignment comes with the task, and what is made goes back as bytes. It
leaves the work to a process that it watches (`grading.run.watched`). To grade in another way, replace `grade_one`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import platform
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from nbformat import NotebookNode

from grading.course import books_of, prefix
from grading.intake.repair import Found, Handed, Source, parse, repair
from grading.judge.catalogue import CATALOGUE
from grading.record import Reason, Row, Status, Stop, Verdict, Why
from grading.run import container as containers
from grading.run import watched
from grading.run.execution import Execution, Limits, Ran
from grading.run.sandbox import Sandbox, SandboxError, obstacle
from grading.run.watched import Begin, GaveUp
from grading.tell import feedback
from grading.tell import notebook as rendering

__all__ = ["Bundle", "Graded", "RefusedError", "Task", "execute", "grade_one", "not_graded", "seed_of"]
__all__ += ["joined", "part", "program", "settle", "text"]

ROOMS = ("student", "judge", "intake", "run")  # where points come about: what changes there makes grades old
ACCEPT = (
    "--allow-unisolated accepts that risk, for one round; for nbgrader's own commands it is c.Check.allow_unisolated "
    "in nbgrader_config.py"
)
TRIES = 3  # of a sandbox that somebody kills
SPACE = 1 << 30  # bytes that judging a submission may take
BARE = {"error": "NotImplementedError", "words": ""}  # what is raised by an answer that is as it was handed out
T = TypeVar("T")


class RefusedError(Exception):
    """A machine may not grade: it has no sandbox, and nobody has accepted that, or other versions of what grades.

    The sentence says where, and why.
    """


@dataclass(frozen=True)
class Bundle:
    """An assignment as a worker needs it.

    Attributes
    ----------
    name : str
        Of the assignment.
    files : dict
        The source notebooks, ``checks.py``, ``mistakes.toml`` and what else lies beside them, by name; and with its way
        from there, the catalogue of mistakes that assignments share.
    release : dict
        Each notebook as students got it, by its name without ``.ipynb``.
    site : str
        The book's address, for links in the feedback; may be empty.
    beside : dict
        What lies beside the notebooks for students to use, by its path.
    libraries : tuple of str
        That its code may use, of those that could do an exercise, see `grading.judge.reference.libraries_of`.
    """

    name: str
    files: Mapping[str, bytes]
    release: Mapping[str, str]
    site: str = ""
    beside: Mapping[str, bytes] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        folder: Path,
        release: Path | None,
        site: str = "",
        beside: Mapping[str, bytes] | None = None,
        libraries: Sequence[str] = (),
    ) -> Bundle:
        """Read an assignment's folder, and that of its release, if there is one yet."""
        paths = [path for path in sorted(folder.iterdir()) if path.suffix in (".ipynb", ".py", ".toml")]
        files = {path.name: path.read_bytes() for path in paths}
        if (shared := folder.parent / CATALOGUE).is_file():
            files[f"../{CATALOGUE}"] = shared.read_bytes()
        books = books_of(folder) if release else []
        given = {book: (Path(release or "") / f"{book}.ipynb").read_text(encoding="utf-8") for book in books}
        return cls(folder.name, files, given, site, beside or {}, tuple(libraries))

    @property
    def digest(self) -> str:
        """Changes when anything changes that points depend on: the assignment, its items, or this program."""
        return hashlib.sha256(f"{self.own} {program()}".encode()).hexdigest()

    @property
    def own(self) -> str:
        """The part of it that is the assignment's."""
        parts = [name.encode() + data for name, data in sorted([*self.files.items(), *self.beside.items()])]
        parts += [text.encode() for _, text in sorted(self.release.items())]
        parts += [name.encode() for name in self.libraries]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def unpacked(self) -> Path:
        """A course with this assignment alone, where the engine can load it."""
        return _unpacked(self.name, tuple(sorted(self.files.items())))

    def sources(self) -> dict[str, Source]:
        """Each source notebook, by its name."""
        return {book: Source.parse(self.files[f"{book}.ipynb"].decode(), text) for book, text in self.release.items()}

    def source(self) -> Source:
        """All of the assignment, with the items' names as a row has them."""
        sources = self.sources()
        each = [source.under(prefix(book, sources)) for book, source in sources.items()]
        return functools.reduce(Source.plus, each)


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """Of what decides about points beside the task: a class is graded with the same on all machines."""
    return (
        ("the grading program", program()[:8]),
        ("Python", ".".join(platform.python_version_tuple()[:2])),
        ("numpy", metadata.version("numpy")),
    )


def program() -> str:
    """Changes when anything of this program changes that points depend on."""
    here = Path(__file__).parents[1]
    own = [here / "record.py", *(path for room in ROOMS for path in (here / room).rglob("*"))]
    own = sorted(path for path in own if path.is_file() and "__pycache__" not in path.parts)
    return hashlib.sha256(
        b"\0".join(path.relative_to(here).as_posix().encode() + path.read_bytes() for path in own)
    ).hexdigest()


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
    versions : tuple
        Those with which the class is graded, see `versions`.
    """

    found: Found
    bundle: Bundle
    limits: Limits
    source: str
    late: float = 0.0
    secret: str = ""
    unisolated: bool = False
    container: str | None = None
    versions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.found.student


@dataclass(frozen=True)
class Graded:
    """What became of a submission.

    Attributes
    ----------
    row : Row
        What the student gets.
    autograded, pages : dict
        The executed notebooks and the feedback, as texts of files, by the notebook's name.
    """

    row: Row
    autograded: dict[str, str]
    pages: dict[str, str]


def text(notebook: NotebookNode) -> str:
    """A notebook as the text of a file, in one line: nobody reads it, and to indent it takes ten times as long."""
    return json.dumps(notebook)


# ---------------------------------------------------------------------------------------------- in the worker


@lru_cache(maxsize=4)
def _unpacked(bundle_name: str, files: tuple[tuple[str, bytes], ...]) -> Path:
    """The assignment's files in a folder, where the engine can load them; once for each worker."""
    root = Path(_folder.name) / hashlib.sha256(b"".join(data for _, data in files)).hexdigest()[:16]
    there = root / "solutions" / bundle_name
    there.mkdir(parents=True, exist_ok=True)
    for name, data in files:
        (there / name).write_bytes(data)
    return root


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


def other(wanted: tuple[tuple[str, str], ...]) -> str:
    """Which versions here differ from those wanted; empty if none does."""
    pairs = [(name, here, there) for (name, here), (_, there) in zip(versions(), wanted, strict=False) if here != there]
    said = ", ".join(f"{name} {here} in place of {there}" for name, here, there in pairs)
    return f"it has {said}: install there what is installed where the round is started" if pairs else ""


@cache
def _sandbox(container: str | None, isolated: bool, libraries: tuple[str, ...]) -> Sandbox:
    if not isolated:
        return Sandbox("none", libraries)
    return Sandbox(None, libraries) if container is None else containers.ContainerSandbox(container, "", libraries)


def ready(libraries: tuple[str, ...]) -> None:
    """Start what grades in this thread, and its sandbox, before there is a submission for it."""
    with contextlib.suppress(GaveUp):
        watched.mine().do(_ready, libraries)


def _ready(libraries: tuple[str, ...], *_: object) -> None:
    if not obstacle():
        with contextlib.suppress(SandboxError, OSError):
            _sandbox(None, True, libraries).prepare()


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
        If there is no sandbox here, and the task asks for one, or if other versions are installed.
    """
    if why := other(task.versions):
        raise RefusedError(f"the machine {platform.node()} cannot grade with the others: {why}")
    try:
        graded: Graded = watched.mine().do(_graded, task)
    except GaveUp as error:
        return not_graded(task, error)
    return graded


def _graded(task: Task, begin: Begin, spared: Mapping[str, str]) -> Graded:
    start = time.monotonic()
    try:
        sources, parts = task.bundle.sources(), task.found.parts
        done = {
            book: _book(task, book, parts.get(book, task.found), source, begin, spared)
            for book, source in sources.items()
        }
    except RefusedError:
        raise
    except Exception as error:
        return not_graded(task, error)
    row = joined({book: row for book, (row, _, _) in done.items()})
    row = replace(row, submission=task.found.digest, seconds=round(time.monotonic() - start, 3))
    return _made(task, row, {book: (notebook, stops) for book, (_, notebook, stops) in done.items()}, sources)


def _book(
    task: Task, book: str, found: Found, source: Source, begin: Begin, spared: Mapping[str, str]
) -> tuple[Row, NotebookNode, list[Stop]]:
    """Grade one notebook: its row, what it looks like when it has run, and the cells that have stopped."""
    begin("", task.limits.total)
    handed, ran, under = parse(found, book), Ran(), prefix(book, task.bundle.release)
    notebook, notes = repair(handed, source)
    seed = seed_of(found.content, task.secret) if handed.status.readable else 0
    for attempt in range(TRIES if handed.status.readable else 0):
        try:
            ran = execute(
                notebook,
                task.bundle,
                seed,
                task.limits,
                task.unisolated,
                task.container,
                lambda item, seconds: begin(item and under + item, seconds),
                {item.removeprefix(under): why for item, why in spared.items()},
                found.files,
                book,
            )
            break
        except SandboxError:  # somebody killed it: the student is not to blame
            if attempt == TRIES - 1:
                raise
            notebook, _ = repair(handed, source)
    row = Row(found.student, handed.status, notes=list(notes), submission=found.digest, source=task.source)
    row = settle(replace(row, late=task.late, seed=seed), source, ran, source.blank(notebook))
    return row, notebook, ran.stops


def execute(
    notebook: NotebookNode,
    bundle: Bundle,
    seed: int,
    limits: Limits,
    unisolated: bool,
    container: str | None,
    begin: Begin,
    spared: Mapping[str, str],
    files: Mapping[str, bytes],
    book: str = "",
) -> Ran:
    """Run a repaired notebook and check its items, in the process that judges.

    Returns
    -------
    Ran
        What came of it.

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
    sandbox = _sandbox(container, not why, bundle.libraries)
    book = book or bundle.name
    watched.may_hold(SPACE)
    given, files = bundle.sources()[book].given, {**files, **bundle.beside}
    about = (seed, limits, begin, spared, files, book, given)
    execution = Execution(notebook, sandbox, bundle.name, bundle.unpacked(), *about)
    execution.run()
    return execution.ran


def not_graded(task: Task, error: BaseException) -> Graded:
    """The result where the grader failed: no points, and a sentence that says whose fault it is."""
    found, sources = task.found, task.bundle.sources()
    note = Reason.FAULT(error=type(error).__name__, words=" ".join(str(error).split())[:300])
    row = Row(found.student, Status.NOT_GRADED, notes=[note], submission=found.digest, source=task.source)
    row = joined({book: settle(replace(row, late=task.late), source) for book, source in sources.items()})
    handed = Handed(found.student, Status.NOT_GRADED)
    return _made(task, row, {book: (repair(handed, source)[0], []) for book, source in sources.items()}, sources)


def _made(
    task: Task, row: Row, done: Mapping[str, tuple[NotebookNode, Sequence[Stop]]], sources: Mapping[str, Source]
) -> Graded:
    graded = Graded(row, {}, {})
    for book, (notebook, stops) in done.items():
        own = part(row, prefix(book, sources))
        rendering.write(notebook, own, stops)
        graded.autograded[book] = text(notebook)
        graded.pages[book] = feedback_page(own, notebook, sources[book], task.bundle.site)
    return graded


def feedback_page(
    row: Row,
    notebook: NotebookNode,
    source: Source,
    site: str,
    words: Mapping[str, str] | None = None,
) -> str:
    """The page that the student gets back, with the words of a person where there are some."""
    return feedback.page(notebook, row=row, points=source.points, site=site, words=words or {})


# ---------------------------------------------------------------------------------------------- from verdicts to a row


def settle(row: Row, source: Source, ran: Ran | None = None, blank: Collection[str] = ()) -> Row:
    """Make a row of what is known of a submission.

    Parameters
    ----------
    row : Row
        With the status and the notes of the intake.
    source : Source
        The assignment.
    ran : Ran, optional
        What came of the cells and items; nothing, if nothing could be run.
    blank : collection of str
        The answers for a person that are as they were handed out.

    Returns
    -------
    Row
        With points, verdicts and its final status.
    """
    ran = ran or Ran()
    row = replace(row, cpu=round(ran.used.cpu, 3), memory=ran.used.memory, isolation=ran.isolation)
    passed = [reason(cells=cells, **({"name": name} if name else {})) for (reason, name), cells in ran.passed.items()]
    notes = [*row.notes, *[Reason.UNISOLATED()] * (row.isolation == "none"), *_stopped(ran.stops), *passed]
    verdicts, waiting, unsettled = dict[str, Verdict](), list[str](), list[str]()
    for name, most in source.points.items():
        if name in source.stubs:
            verdict = Verdict(name, 0.0, most, why=Reason.NO_ANSWER() if name in blank else None)
            waiting += [name] * (row.status.readable and name not in blank)
        else:
            verdict = _checked(ran.verdicts.get(name), name, most)
            unsettled += [name] * (verdict.points is None)
        if not row.status.readable:
            verdict = replace(verdict, why=Reason.STATUS(status=str(row.status)))
        elif (verdict.points or 0.0) < most:
            gone = [note for note in notes if note in [Reason.DELETED(answer=each) for each in source.answers[name]]]
            stop = next((stop for each in source.answers[name] for stop in ran.stops if stop.name == each), None)
            if name in blank:
                pass
            elif stop and stop.raised and stop.why.data == BARE:
                verdict = replace(verdict, why=Reason.UNSOLVED())
            elif stop and stop.raised:
                verdict = replace(verdict, why=Reason.ANSWER_RAISED(**stop.why.data))
            elif gone:
                notes = [note for note in notes if note not in gone]  # it is said once
                verdict = replace(verdict, why=Reason.ANSWER_DELETED())
                unsettled.append(name)
        if verdict.why or name not in source.stubs:
            verdicts[name] = verdict
    status = row.status
    if status.readable:
        if unsettled:
            notes.append(Reason.NO_VERDICT(items=list(dict.fromkeys(unsettled))))
        if row.late > 0:
            notes.append(Reason.HANDED_LATE(hours=row.late / 3600))
        status = _status(row, {stop.why.reason for stop in ran.stops} | ran.faults, bool(unsettled))
    points = {name: verdicts[name].points or 0.0 if name in verdicts else 0.0 for name in source.points}
    return replace(row, status=status, items=points, verdicts=verdicts, notes=notes, waiting=waiting)


def _stopped(stops: Sequence[Stop]) -> list[Why]:
    late = [[stop.name, stop.line] for stop in stops if stop.why.reason.too_late]
    died = [[stop.name, stop.line] for stop in stops if stop.why.reason.died]
    return [*[Reason.CELLS_STOPPED(cells=late)] * bool(late), *[Reason.CELLS_LOST(cells=died)] * bool(died)]


def _checked(verdict: Verdict | None, name: str, most: float) -> Verdict:
    """What a check says, if its points can be: the notebook says how many there are to earn."""
    if verdict is None:
        return Verdict(name, None, most, why=Reason.NO_POINTS())
    if verdict.points is not None and not 0 <= verdict.points <= most:
        return Verdict(name, None, most, why=Reason.OUT_OF_RANGE(points=f"{verdict.points:g}", most=most))
    return replace(verdict, max_points=most)


def _status(row: Row, reasons: Collection[Reason], unsettled: bool) -> Status:
    if any(reason.died for reason in reasons):
        return Status.CRASHED
    if any(reason.too_late for reason in reasons):
        return Status.TIMED_OUT
    if unsettled:
        return Status.PARTLY
    return Status.LATE if row.late > 0 and row.status is Status.GRADED else row.status


# ---------------------------------------------------------------------------------------------- several notebooks


GRAVE = (Status.NOT_GRADED, Status.CRASHED, Status.TIMED_OUT, Status.PARTLY)


def joined(rows: Mapping[str, Row]) -> Row:
    """One row for a submission of several notebooks, whose items and notes bear the notebook's name.

    What cannot be read of it costs its own items: a submission of which some can is partly graded.
    """
    first = next(iter(rows.values()))
    if len(rows) == 1:
        return first
    readable = [row.status for row in rows.values() if row.status.readable]
    grave = [status for status in GRAVE if status in [row.status for row in rows.values()]]
    if not readable or grave:
        status = grave[0] if grave else first.status
    elif len(readable) < len(rows):
        status = Status.PARTLY
    else:
        status = next((status for status in readable if status is not Status.GRADED), Status.GRADED)
    shared = [note for note in first.notes if all(note in row.notes for row in rows.values())]
    more = Row(first.student, status, notes=shared, submission=first.submission)
    more = replace(more, source=first.source, late=first.late, seed=first.seed)
    for book, row in rows.items():
        under = prefix(book, rows)
        more.items.update({under + item: points for item, points in row.items.items()})
        more.verdicts.update({under + name: replace(one, item=under + name) for name, one in row.verdicts.items()})
        more.notes.extend(Why(n.reason, {**n.data, "book": book}) for n in row.notes if n not in shared)
        more.waiting.extend(under + item for item in row.waiting)
    return replace(
        more,
        cpu=sum(row.cpu for row in rows.values()),
        memory=max(row.memory for row in rows.values()),
        isolation=next((row.isolation for row in rows.values() if row.isolation), ""),
    )


def part(row: Row, under: str) -> Row:
    """What a row says of one of several notebooks: of the items with this before their names."""

    def own(names: Mapping[str, T]) -> dict[str, T]:
        return {name.removeprefix(under): value for name, value in names.items() if name.startswith(under)}

    if not under:
        return row
    verdicts = {name: replace(one, item=name) for name, one in own(row.verdicts).items()}
    unread = {one.why.data["status"] for one in verdicts.values() if one.why and one.why.reason is Reason.STATUS}
    return replace(
        row,
        status=Status(unread.pop()) if unread else row.status,
        items=own(row.items),
        verdicts=verdicts,
        waiting=list(own(dict.fromkeys(row.waiting))),
        penalty=0.0,
        notes=[*row.notes, *[Reason.PENALTY(points=row.penalty)] * (row.penalty > 0)],
    )
