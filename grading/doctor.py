"""What grading needs on this machine, or what an assignment lacks: ``python -m grading doctor [ASSIGNMENT]``."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from grading import assignment, engine
from grading.assignment import Finding
from grading.course import sources
from grading.intake.repair import Found
from grading.keep import private, trial
from grading.keep.gradebook import Grades
from grading.keep.round import Course
from grading.record import Row
from grading.run import cgroup, container
from grading.run.execution import Limits
from grading.run.sandbox import Sandbox, SandboxError, obstacle
from grading.run.work import Bundle, Task, grade_one, missing
from grading.student.wire import Closed, Late, Peer, WireError

__all__ = ["findings", "main"]

ATTEMPT = """
import os, socket
seen = []
try:
    socket.create_connection(("198.51.100.1", 9), 1)  # an address that nobody has (RFC 5737)
    seen.append("the network")
except OSError as error:
    if error.errno not in (101, 113, 99):  # unreachable, or no address: there is no network
        seen.append("the network")
seen += [path for path in {paths!r} if os.path.exists(path)]
seen
"""
UNGROUPED = (
    "each process has its limit, and what many hold together is looked at ten times a second. Where there is systemd: "
    "systemd-run --user --scope -p Delegate=yes python -m grading ..."
)


def findings(root: Path, state: Path) -> Iterator[Finding]:
    """Try what grading needs.

    Parameters
    ----------
    root, state : Path
        The repository, and where grading keeps its files.

    Yields
    ------
    good, words
        ``good`` is None where grading works without it.
    """
    version = ".".join(map(str, sys.version_info[:3]))
    yield (3, 11) <= sys.version_info[:2] <= (3, 13), f"Python {version} (3.11, 3.12 or 3.13)"
    yield from _sandboxed([str(sources(root)), str(root / "tests"), str(root / ".git"), str(state)])
    for name in sorted(path.parent.name for path in sources(root).glob("*/checks.py")):
        yield _tried(f"assignment {name}", lambda name=name: _assignment(name, root))  # type: ignore[misc]
    yield _tried(f"the folder {state} can be written", lambda: _written(state))
    yield from _closed(root, state)
    free = shutil.disk_usage(state if state.exists() else root).free
    yield (True if free > 1 << 30 else None), f"{free / 1e9:.1f} GB are free for notebooks and feedback"
    for module, use in (("distributed", "Dask, for --scheduler"), ("psycopg", "for a gradebook in PostgreSQL")):
        there = importlib.util.find_spec(module) is not None
        yield (True if there else None), f"{module}{'' if there else ' is not installed'}: {use}"


def _tried(words: str, act: Callable[[], object]) -> Finding:
    try:
        act()
    except Exception as error:
        return False, f"{words}: {type(error).__name__}: {error}"
    return True, words


def _assignment(name: str, root: Path) -> None:
    items, right = engine.load_items(name, root), engine.reference(name, root)
    for item in items:
        right[item.function]
    made = root / "exercises"  # another course may have none, or nbgrader's release/
    if made.is_dir() and not (made / name / f"{name}.ipynb").is_file():
        raise FileNotFoundError(f"exercises/{name} is missing: make exercises")


def _written(state: Path) -> None:
    private.folder(state)
    with tempfile.TemporaryFile(dir=state) as file:
        file.write(b"1")


def _closed(root: Path, state: Path) -> Iterator[Finding]:
    """What other accounts of this machine can do: where students have none, a note is enough."""
    everybody = [root, state, *root.glob("*.py"), *sources(root).glob("*.toml"), *sources(root).glob("*/*")]
    everybody += Path(__file__).parent.glob("**/*.py")
    if changed := sorted({str(path) for path in everybody if private.changeable(path)}):
        names = " ".join(changed[:3]) + " ..." * (len(changed) > 3)
        yield False, f"other accounts can change what decides about grades: chmod -R go-w {names}"
    if state.exists():
        strangers = [str(path) for path in private.strange(state, root)]
        if strangers:
            names = " ".join(strangers[:3]) + " ..." * (len(strangers) > 3)
            yield False, f"somebody else has put this where grades are kept: look at it, and delete it: {names}"
        is_open = private.readable(state)
        yield not is_open, f"the gradebook is closed to other accounts{f': chmod 700 {state}' * is_open}"
    open_ = [str(path) for path in (sources(root), root / "tests", root / ".git") if private.readable(path)]
    if open_:
        yield None, f"other accounts of this machine can read the right answers: chmod 700 {' '.join(open_)}"


def _sandboxed(secret: list[str]) -> Iterator[Finding]:
    if why := obstacle():
        other = container.obstacle()
        words = f"in a container too: {other}" if other else "with --container, one of podman works"
        yield (False if other else None), f"without a container nothing is graded: {why}; {words}"
        return
    try:
        with Sandbox() as sandbox:
            times = []
            for _ in range(2):
                start = time.monotonic()
                place = sandbox.place(0, 1 << 30)
                peer = Peer(place.socket, lambda _: None)
                peer.until = time.monotonic() + 30
                told = peer.call("%run", (ATTEMPT.format(paths=secret),), {})
                place.end()
                times.append(time.monotonic() - start)
            seen = told[-1]["data"]["text/plain"] if told and "data" in told[-1] else str(told)
            yield True, f"a student's process starts ({1000 * times[1]:.0f} ms)"
            words = "it sees no network, no solutions, no gradebook"
            yield seen == "[]", words + ("" if seen == "[]" else f": {seen}")
            words = "every submission has namespaces of its own in one sandbox"
            yield (True, words) if sandbox.nested else (None, "namespaces cannot be nested: slower, as safe")
            words = "the system holds all processes of a submission together to its memory (control groups)"
            yield (True, words) if cgroup.home() else (None, f"no control group: {UNGROUPED}")
    except (SandboxError, Closed, Late, WireError) as error:
        yield False, f"a student's process does not start: {error}"


def _assigned(name: str, root: Path) -> Iterator[Finding]:
    """What is to say of an assignment, and then of the tests that run where student code runs."""
    found = list(assignment.findings(name, root))
    yield from found
    if any(good is False for good, _ in found) or not (names := assignment.tests(name, root)):
        return
    if why := missing():
        yield None, f"the solution was not tried with the tests: {why}"
        return
    with tempfile.TemporaryDirectory(prefix="grading-") as state:
        course = Course(root, name, Path(state))
        with contextlib.closing(Grades(course.url, course.state, name, course.config())) as book:
            book.register(root)
        bundle = course.bundle(engine.libraries_of(name, root))
        tried = trial.solution(bundle, names, _graded)
        yield from tried or [(True, f"the solution has full marks in its own tests: {', '.join(names)}")]
        yield from trial.stub(bundle, names, _graded)


def _graded(found: Found, bundle: Bundle) -> Row:
    return grade_one(Task(found, bundle, Limits(), "")).row


def main(root: Path, state: Path, name: str = "") -> int:
    """Print the findings on this machine, or on an assignment; 1 if grading would not work."""
    bad = False
    for good, words in _assigned(name, root) if name else findings(root, state):
        print(f"{'ok  ' if good else 'note' if good is None else 'BAD '}  {words}")
        bad |= good is False
    return int(bad)
