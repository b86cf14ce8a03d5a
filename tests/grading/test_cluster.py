"""The same work on a cluster of Dask: workers that share no disk with the grader, of which some die."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import pytest
from small_course import LEASHED

from grading import __main__ as cli
from grading.keep.round import Course, UsageError, grade
from grading.run import pool
from grading.run.execution import Limits

pytest.importorskip("distributed", reason="Dask is not installed: pip install distributed")


def started(*command, folder, **more):
    environment = {**os.environ, "PYTHONPATH": "", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5", **more}
    return subprocess.Popen(
        [*LEASHED, sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def cluster(folder, workers, **more):
    """A scheduler and workers, each in a folder of its own; the address and the workers."""
    file = folder / "scheduler.json"
    quiet = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]  # its port would be a fixed one
    about = ["--host", "127.0.0.1", *quiet, "--port", "0", "--scheduler-file", str(file)]
    kept = [started("distributed.cli.dask_scheduler", *about, folder=folder)]
    try:
        end = time.monotonic() + 60
        while not file.exists() or not file.read_text().endswith("}"):
            assert time.monotonic() < end
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        alone = ["--no-nanny", "--nthreads", "1", *quiet, "--death-timeout", "60"]
        for number in range(workers):
            (folder / str(number)).mkdir()
            kept.append(started("distributed.cli.dask_worker", address, *alone, folder=folder / str(number), **more))
        yield address, kept[1:]
    finally:
        for process in kept:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """Three workers; the address and the workers."""
    with cluster(tmp_path_factory.mktemp("cluster"), 3) as made:
        yield made


def test_workers_that_die_take_nothing_with_them(small, scheduler):
    address, workers = scheduler
    for number in range(10):
        small.hand_in(f"s{number:02}", double="return x * x" if number % 4 == 0 else "return 2 * x")
    small.hand_in("s05", own="import time\ntime.sleep(1)")
    doomed = iter(workers[:2])

    def progress(row, done, count):
        if done in (2, 5):
            next(doomed).kill()

    with pool.cluster(address, 2) as there:
        assert there.width >= 2
        course = Course(small.root, "small", small.state)
        rows = grade(course, small.submissions, workers=there, limits=Limits(5, 20), progress=progress)
    assert [row.total for row in rows] == [3 if number % 4 == 0 else 5 for number in range(10)]
    assert {str(row.status) for row in rows} == {"graded"}
    assert [worker.poll() is None for worker in workers] == [False, False, True]


def test_the_command_takes_a_scheduler(small, scheduler):
    small.hand_in("ann")
    assert "1 student," in small.run("--scheduler", scheduler[0])
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


def test_a_worker_without_a_sandbox_refuses_and_is_named(small, tmp_path):
    """Whatever there is on the machine from which the round is started."""
    small.hand_in("ann", own=f"open({str(tmp_path / 'ran')!r}, 'w').write('x')")
    with cluster(tmp_path, 1, PATH=str(tmp_path)) as (address, _):
        assert cli.main(small.command("--scheduler", address)[3:]) == 2
        said = small.capsys.readouterr().err
        assert "tcp://127.0.0.1" in said
        assert "bubblewrap is not installed" in said
        assert not (tmp_path / "ran").exists()
        small.run("--scheduler", address, "--allow-unisolated")
    assert small.rows()["ann"]["isolation"] == "none"


def test_the_requirement_travels_with_each_task(small, tmp_path, monkeypatch):
    """A worker that comes later, and was not asked before."""
    small.hand_in("ann")
    with cluster(tmp_path, 1, PATH=str(tmp_path)) as (address, _), pool.cluster(address, 1) as there:
        monkeypatch.setattr(there, "everywhere", lambda function: {})
        with pytest.raises(UsageError, match="bubblewrap is not installed"):
            grade(Course(small.root, "small", small.state), small.submissions, workers=there, limits=Limits(5, 20))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "http://127.0.0.1:{port}", "tcp://127.0.0.1", "foo"])
def test_an_address_at_which_is_no_scheduler(address):
    """A port at which nobody listens, one of another service, and what is no address: a sentence after seconds."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))  # and does not listen
        start = time.monotonic()
        with pytest.raises(pool.ClusterError, match="cannot be used, expected an address as tcp://host:8786"):  # noqa: SIM117
            with pool.cluster(address.format(port=busy.getsockname()[1]), 1):
                pass
    assert time.monotonic() - start < 30
