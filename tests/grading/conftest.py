"""A round over the shipped submissions, and a small course."""

import functools
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from small_course import ROOT, Small, read_csv

from grading import __main__ as cli
from grading.run import pool, sandbox
from grading.run.pool import processes
from grading.student.wire import Peer

ATTACKS = Path(__file__).with_name("attacks.toml")
NAMES = {kind: tuple(those) for kind, those in tomllib.loads(ATTACKS.read_text(encoding="utf-8")).items()}
GUARD = f"""if __import__("os").path.exists({str(ATTACKS)!r}):
    raise RuntimeError("an attack that can see the course is in no sandbox, and stops")
"""


RUN_CODE = {"sandboxed", "attack", "box", "without_bubblewrap"}  # fixtures of whatever runs, or tries to


def pytest_collection_modifyitems(items):
    """The mark of what could do harm, for scripts/bare.py."""
    for item in items:
        if RUN_CODE & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.sandboxed)


def tried():
    """Skip, unless a sandbox works here."""
    if why := sandbox.obstacle():
        pytest.skip(why)


@pytest.fixture(scope="session")
def sandboxed():
    """What needs student code to run is skipped where there is no sandbox for it."""
    tried()


@pytest.fixture(scope="session")
def attack():
    """The source of an attack by its name, after lines that give it values; where a sandbox works."""

    def source(name, **values):
        tried()
        (found,) = (
            those[name] for those in tomllib.loads(ATTACKS.read_text(encoding="utf-8")).values() if name in those
        )
        return GUARD + "".join(f"{each} = {value!r}\n" for each, value in values.items()) + found.strip()

    return source


@pytest.fixture(params=[*NAMES["cheats"], *NAMES["harmful"]])
def each_attack(request, attack):
    """Every attack, one after the other."""
    return attack(request.param)


@pytest.fixture(params=NAMES["held"])
def each_hold(request, attack):
    """Every way to hold memory that belongs to no process, one after the other."""
    return attack(request.param)


@pytest.fixture
def without_bubblewrap(monkeypatch):
    """A machine that has none, also for the workers."""
    without = [path for path in os.environ["PATH"].split(os.pathsep) if not os.path.exists(f"{path}/bwrap")]
    monkeypatch.setenv("PATH", os.pathsep.join(without))
    sandbox.obstacle.cache_clear()
    yield
    monkeypatch.undo()
    sandbox.obstacle.cache_clear()


class Lasting:
    """The workers of a round, kept for the next one: to start them takes seconds."""

    def __init__(self):
        self.executor = None

    def make(self):
        """Those that there are."""
        if self.executor is None:
            self.executor = processes(2).make()
            self.end, self.executor.shutdown = self.executor.shutdown, lambda *_, **__: None
        return self.executor


@pytest.fixture(scope="session")
def lasting():
    """Two workers for all rounds of this process."""
    workers = Lasting()
    yield workers
    if workers.executor is not None:
        workers.end()


@pytest.fixture(scope="session", autouse=True)
def alembic():
    """For every new gradebook nbgrader asks another program for its version, which takes seconds: once is enough."""
    from nbgrader import api

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "get_alembic_version", functools.cache(api.get_alembic_version))
        yield


@pytest.fixture
def small(sandboxed, tmp_path, monkeypatch, capsys, lasting):
    """A small course with no submissions yet."""
    monkeypatch.setattr(cli, "find_course", lambda _: tmp_path)
    monkeypatch.setattr(pool, "processes", lambda _: pool.Workers(lasting.make, 4))
    return Small(tmp_path, capsys)


@pytest.fixture
def unprotected(without_bubblewrap, tmp_path, monkeypatch, capsys):
    """A small course where there is no sandbox, for code that does no harm as a plain process."""
    monkeypatch.setattr(cli, "find_course", lambda _: tmp_path)
    return Small(tmp_path, capsys)


@pytest.fixture(scope="module")
def box(sandboxed):
    with sandbox.Sandbox() as made:
        yield made


@pytest.fixture(scope="module")
def ran(box):
    """What a cell shows in the sandbox, in a process of its own."""

    def run(code):
        place = box.place(1, 1 << 30)
        peer = Peer(place.socket, lambda _: None)
        peer.until = time.monotonic() + 30
        outputs = peer.call("%run", (code,), {})
        place.end()
        told = next((out for out in outputs if out["output_type"] == "passed"), outputs[0])
        return told.get("words") or told.get("evalue") or told["data"]["text/plain"]

    return run


class Round:
    """The round over the shipped submissions."""

    def __init__(self, state):
        self.state = state
        folder = Path(__file__).with_name("submissions")
        self.command = [sys.executable, "-m", "grading", "run", "backprop", "--submissions", str(folder)]
        self.command += ["--state", str(state), "--time-limit", "6", "--jobs", "3"]

    def run(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NNCOURSE_ROOT": str(ROOT)}
        return subprocess.run(
            self.command, cwd=self.state.parent, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="session")
def first_round(sandboxed, tmp_path_factory):
    """Graded once for all tests."""
    graded = Round(tmp_path_factory.mktemp("course") / "state")
    graded.done = graded.run()
    graded.rows = read_csv(graded.state / "backprop.csv") if graded.done.returncode == 0 else {}
    return graded
