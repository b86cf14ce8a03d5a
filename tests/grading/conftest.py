"""A round over the shipped submissions, and a small course."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_course import ROOT, Small, read_csv

from grading import __main__ as cli
from grading import pool
from grading.pool import processes


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
def small(tmp_path, monkeypatch, capsys, lasting):
    """A small course with no submissions yet."""
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setattr(pool, "processes", lambda _: pool.Workers(lasting.make, 4))
    return Small(tmp_path, capsys)


class Round:
    """The round over the shipped submissions."""

    def __init__(self, state):
        self.state = state
        folder = Path(__file__).with_name("submissions")
        self.command = [sys.executable, "-m", "grading", "run", "backprop", "--submissions", str(folder)]
        self.command += ["--state", str(state), "--time-limit", "6", "--jobs", "3"]

    def run(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            self.command, cwd=self.state.parent, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="session")
def first_round(tmp_path_factory):
    """Graded once for all tests."""
    graded = Round(tmp_path_factory.mktemp("course") / "state")
    graded.done = graded.run()
    graded.rows = read_csv(graded.state / "backprop.csv") if graded.done.returncode == 0 else {}
    return graded
