"""A round over the shipped submissions, and a small course."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_course import ROOT, Small, read_csv

from grading import __main__ as cli


@pytest.fixture
def small(tmp_path, monkeypatch, capsys):
    """A small course with no submissions yet."""
    monkeypatch.setattr(cli, "ROOT", tmp_path)
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
