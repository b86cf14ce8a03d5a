"""The same work on a cluster of Dask: workers that share no disk with the grader, of which some die."""

import json
import os
import subprocess
import sys
import time

import psutil
import pytest
from small_course import LEASHED
from tasks import die_of_three, hang_on_one

from grading import __main__ as cli
from grading import pool
from grading.execution import Limits
from grading.run import Course, grade

pytest.importorskip("distributed", reason="Dask is not installed: pip install distributed")


def started(*command, folder):
    environment = {**os.environ, "PYTHONPATH": "", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5"}
    return subprocess.Popen(
        [*LEASHED, sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """A scheduler and four workers, each in a folder of its own; the address and the workers."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    quiet = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]  # its port would be a fixed one
    local = ["--host", "127.0.0.1", *quiet]
    kept = [
        started("distributed.cli.dask_scheduler", *local, "--port", "0", "--scheduler-file", str(file), folder=folder)
    ]
    try:
        end = time.monotonic() + 60
        while not file.exists() or not file.read_text().endswith("}"):
            assert time.monotonic() < end
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        for number in range(4):
            (folder / str(number)).mkdir()
            alone = [
                "--no-nanny",
                "--nthreads",
                "1",
                "--no-dashboard",
                "--dashboard-address",
                "127.0.0.1:0",
                "--death-timeout",
                "60",
            ]
            kept.append(started("distributed.cli.dask_worker", address, *alone, folder=folder / str(number)))
        yield address, kept[1:]
    finally:
        for process in kept:
            process.kill()
            process.wait()


def test_workers_that_die_take_nothing_with_them(small, scheduler):
    address, workers = scheduler
    for number in range(16):
        small.hand_in(f"s{number:02}", double="return x * x" if number % 4 == 0 else "return 2 * x")
    small.hand_in("s05", own="import time\ntime.sleep(1)")
    doomed = iter(workers[:2])

    def progress(row, done, count):
        if done in (3, 7):
            next(doomed).kill()

    with pool.cluster(address, 2) as there:
        assert there.width >= 2
        course = Course(small.root, "small", small.state)
        rows = grade(course, small.submissions, workers=there, limits=Limits(5, 20), progress=progress)
    assert [row.total for row in rows] == [3 if number % 4 == 0 else 5 for number in range(16)]
    assert {str(row.status) for row in rows} == {"graded"}
    assert [worker.poll() is None for worker in workers] == [False, False, True, True]


def test_the_command_takes_a_scheduler(small, scheduler):
    small.hand_in("ann")
    assert "1 students" in small.run("--scheduler", scheduler[0])
    assert float(small.rows()["ann"]["total"]) == 5


def test_workers_of_this_machine(small):
    small.hand_in("ann", double="return x * x")
    small.run("--scheduler", "local")
    assert float(small.rows()["ann"]["total"]) == 3


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_a_scheduler_that_is_not_there(small, address, monkeypatch, capsys):
    small.hand_in("ann")
    monkeypatch.setattr(pool, "PATIENCE", 1)
    assert cli.main(small.command("--scheduler", address)[3:]) == 2
    assert f"the scheduler {address} cannot be used" in capsys.readouterr().err


def test_a_submission_that_ends_its_worker_harms_no_other():
    """Tried again alone, and given up at last; the others are done once."""
    seen = list(pool.results(pool.processes(2), die_of_three, range(6), 60))
    done = {task: result for task, result in seen if not isinstance(result, BaseException)}
    assert done == {0: 0, 1: 1, 2: 4, 4: 16, 5: 25}
    assert [task for task, result in seen if isinstance(result, BaseException)] == [3]


def test_a_worker_that_hangs_is_given_up(monkeypatch):
    before = psutil.Process().children()
    monkeypatch.setattr(pool, "TRIES", 2)
    seen = dict(pool.results(pool.processes(1), hang_on_one, range(3), 10))
    assert seen[0] == 0
    assert seen[2] == 2
    assert isinstance(seen[1], BaseException)
    _, left = psutil.wait_procs([each for each in psutil.Process().children() if each not in before], 20)
    assert [each for each in left if "spawn_main" in " ".join(each.cmdline())] == []
