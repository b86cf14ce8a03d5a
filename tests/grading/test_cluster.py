"""The same work on a cluster of Dask: workers that share no disk with the grader, of which some die."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import Executor, Future

import psutil
import pytest
import tasks
from small_course import LEASHED, ROOT

from grading import __main__ as cli
from grading.keep import round
from grading.keep.round import Course, UsageError, grade
from grading.run import pool, work
from grading.run.execution import Limits
from grading.tell.words import said

pytest.importorskip("distributed", reason="Dask is not installed: pip install distributed")


PATHS = os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "grading")))


def eventually(there, seconds=300):
    """Wait for a condition, on a machine however slow."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def started(*command, folder, **more):
    environment = {**os.environ, "PYTHONPATH": PATHS, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5", **more}
    return subprocess.Popen(
        [*LEASHED, sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def cluster(folder, workers, address="", schedulers=None, **more):
    """A scheduler and workers, each in a folder of its own; the address and the workers."""
    file = folder / "scheduler.json"
    quiet = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]  # its port would be a fixed one
    port = address.rpartition(":")[2] or "0"
    about = ["--host", "127.0.0.1", *quiet, "--port", port, "--scheduler-file", str(file)]
    kept = [started("distributed.cli.dask_scheduler", *about, folder=folder, **more)]
    if schedulers is not None:
        schedulers.append(kept[0])
    try:
        eventually(lambda: file.exists() and file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        alone = ["--no-nanny", "--nthreads", "1", *quiet, "--death-timeout", "60"]
        for number in range(workers):
            (folder / str(number)).mkdir()
            name = ["--name", str(number)]
            kept.append(
                started("distributed.cli.dask_worker", address, *alone, *name, folder=folder / str(number), **more)
            )
        eventually(lambda: len(pool._ask(address, 60)["workers"]) == workers)
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


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "silent", "worker"])
def test_a_scheduler_that_is_not_there(small, scheduler, address, monkeypatch):
    """Nobody listens, it is no address, somebody listens and says nothing, it is a worker's."""
    small.hand_in("ann")
    monkeypatch.setattr(pool, "CONNECT", 5 if address == "worker" else 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        if address == "silent":
            address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        elif address == "worker":
            address = next(iter(pool._ask(scheduler[0], 60)["workers"]))
        start = time.monotonic()
        assert cli.main(small.command("--scheduler", address)[3:]) == 2
        assert time.monotonic() - start < 60  # far above what it takes, and not for ever
    assert f"the scheduler {address} cannot be used" in small.capsys.readouterr().err


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


# ---------------------------------------------------------------------------------------------- what fails


def awake(monkeypatch, workers):
    """On a slow machine a worker is late with its heartbeat: what is not stopped counts as heard of."""
    real = pool._ask

    def ask(*arguments):
        said = real(*arguments)
        pids = {process.pid for process in workers if psutil.Process(process.pid).status() != psutil.STATUS_STOPPED}
        for each in said["workers"].values():
            if each["id"] in pids:
                each["last_seen"] = time.monotonic()
        return said

    monkeypatch.setattr(pool, "_ask", ask)


def test_workers_that_are_stopped_or_killed(tmp_path, monkeypatch):
    """A worker is given up after a while. What ends every worker that has it gets no result; all others get theirs."""
    monkeypatch.setattr(pool, "SILENT", 1.0)
    monkeypatch.setattr(pool, "LOOK", 0.2)
    said = []
    names = ["stops once", "kills", "kills once", *"abcdefgh"]
    once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}  # else each has to end four of them
    with cluster(tmp_path, 5, **once) as (address, workers):
        awake(monkeypatch, workers)
        with pool.cluster(address, 1, said.append) as there:
            tasks_ = [(name, str(tmp_path / name)) for name in names]
            seen = {name: result for (name, _), result in pool.results(there, tasks.end_workers, tasks_)}
        left = [worker for worker in workers if worker.poll() is None]
    assert {name: result for name, result in seen.items() if name != "kills"} == {
        name: name for name in names if name != "kills"
    }
    assert isinstance(seen["kills"], pool.LostError)
    assert len(left) == 2  # one of which is stopped
    assert [line.split(" tcp://")[0] for line in said] == ["waits for the worker", "the worker"]
    assert "nothing for " in said[0]
    assert "is given up" in said[1]


def test_whoever_ends_workers_is_not_graded_and_is_told_why(small):
    small.hand_in("ann")
    small.hand_in("bob")

    class Ends(Executor):
        def submit(self, function, task):
            future = Future()
            if str(task) == "bob":
                future.set_exception(pool.LostError("each worker that had it died"))
            else:
                future.set_result(function(task))
            return future

    course = Course(small.root, "small", small.state)
    ann, bob = grade(course, small.submissions, workers=pool.Workers(Ends, 2), limits=Limits(5, 20))
    assert (str(ann.status), ann.total) == ("graded", 5)
    assert str(bob.status) == "not graded"
    assert "each worker that had it died" in " ".join(map(said, bob.notes))


def test_a_scheduler_that_dies(small, tmp_path, monkeypatch):
    """It is waited for; if it comes back the round goes on, and otherwise it ends: no student has a row of that."""
    for number in range(9):
        small.hand_in(f"s{number}", double="return x * x" if number % 4 == 0 else "return 2 * x")
    small.hand_in("slow", own="import time\ntime.sleep(1)")
    show, say, again, schedulers = cli._Progress.show, cli._Progress.say, contextlib.ExitStack(), []

    def shown(progress, row, done, count):
        show(progress, row, done, count)
        if done in (2, 6):
            schedulers[-1].kill()
            schedulers[-1].wait()
        if done == 6:
            monkeypatch.setattr(pool, "PATIENCE", 0.5)
            monkeypatch.setattr(pool, "CONNECT", 0.5)

    def told(progress, line):
        say(progress, line)
        if "does not answer" in line and len(schedulers) == 1:
            (tmp_path / "again").mkdir()
            again.enter_context(cluster(tmp_path / "again", 1, address, schedulers))

    monkeypatch.setattr(round, "GROUP", 1)  # else both deaths would be told at once
    monkeypatch.setattr(cli._Progress, "show", shown)
    monkeypatch.setattr(cli._Progress, "say", told)
    with again, cluster(tmp_path, 1, "", schedulers) as (address, _):
        assert cli.main(small.command("--scheduler", address)[3:]) == 2
    waits = f"waits for the scheduler {address}: it does not answer"
    ends = f"grading: the scheduler {address} does not answer, for 0.5 s now; {pool.ANEW}"
    lines = small.capsys.readouterr().err.splitlines()
    assert [line for line in lines if "points" not in line and "no worker" not in line] == [waits, waits, ends]
    booked = [line for line in (small.state / "small.jsonl").read_text().splitlines() if "student" in line]
    assert 6 <= len(booked) < 10
    assert not [line for line in booked if "not graded" in line]
    monkeypatch.undo()
    monkeypatch.setattr(cli, "find_course", lambda _: small.root)
    small.run()
    totals = {name: float(row["total"]) for name, row in small.rows().items()}
    assert totals == {"slow": 5, **{f"s{number}": 3 if number % 4 == 0 else 5 for number in range(9)}}


def test_all_workers_gone(tmp_path, monkeypatch):
    said = []
    with cluster(tmp_path, 1) as (address, _), pool.cluster(address, 1, said.append) as there:
        monkeypatch.setattr(pool, "PATIENCE", 0.5)
        monkeypatch.setattr(pool, "LOOK", 0.2)
        with pytest.raises(pool.ClusterError, match=r"has no worker, for 0\.5 s now; .* the same command goes on"):
            list(pool.results(there, tasks.end_workers, [("kills", "")]))
    assert said == [f"waits for the scheduler {address}: it has no worker"]


def test_a_scheduler_that_hangs(tmp_path, monkeypatch):
    """Its machine takes connections as before, and nothing comes."""
    schedulers, said = [], []
    with cluster(tmp_path, 1, schedulers=schedulers) as (address, _), pool.cluster(address, 1, said.append) as there:
        monkeypatch.setattr(pool, "PATIENCE", 0.5)
        monkeypatch.setattr(pool, "CONNECT", 0.5)
        monkeypatch.setattr(pool, "LOOK", 0.2)
        schedulers[0].send_signal(signal.SIGSTOP)
        with pytest.raises(pool.ClusterError, match="does not answer"):
            list(pool.results(there, tasks.end_workers, [("nothing", "")]))
    assert said == [f"waits for the scheduler {address}: it does not answer"]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A scheduler and two workers: what one does for a round that was stopped, it does to its end."""
    with cluster(tmp_path_factory.mktemp("two"), 2) as (address, _):
        yield address


@pytest.mark.parametrize(
    ("where", "sent"),
    [("local", signal.SIGINT), ("", signal.SIGTERM), ("tcp", signal.SIGINT), ("tcp", signal.SIGTERM)],
)
def test_stopped_by_somebody(small, two, where, sent):
    """Ctrl-C, which all programs of a terminal get, or a batch system: one sentence, and nothing is left."""
    small.hand_in("ann")
    small.hand_in("bob", own="import time\ntime.sleep(600)")
    more = ["--scheduler", two if where == "tcp" else where] if where else []
    more += ["--time-limit", "600"]
    with (small.root / "said").open("w+") as said:
        command = small.command(*more)
        process = subprocess.Popen(
            [*LEASHED, *command], env=small.environment, stdout=said, stderr=said, start_new_session=True
        )
        try:
            eventually(lambda: "1/2 ann" in (small.root / "said").read_text() or process.poll() is not None)
            children = psutil.Process(process.pid).children(recursive=True)
            (os.killpg if sent == signal.SIGINT else os.kill)(process.pid, sent)
            assert process.wait(120) == (130 if sent == signal.SIGINT else 143)
        finally:
            process.kill()
            process.wait()
        assert not psutil.wait_procs(children, timeout=60)[1]
    assert [line for line in (small.root / "said").read_text().splitlines() if line and "ann" not in line] == [
        "grading: stopped; the same command goes on where it was"
    ]


def test_workers_that_would_grade_otherwise(small, tmp_path, monkeypatch):
    """Another version of what decides about points, or none: said before the first student."""
    small.hand_in("ann")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "grading.py").write_text("")
    with cluster(tmp_path, 1, PYTHONPATH=str(tmp_path / "other")) as (address, _):
        assert cli.main(small.command("--scheduler", address)[3:]) == 2
    err = small.capsys.readouterr().err
    assert err.startswith("grading: not all machines would grade alike. tcp://127.0.0.1")
    assert "cannot do the work" in err
    assert "No module named" in err


def test_other_versions_are_named(small, scheduler, monkeypatch):
    small.hand_in("ann")
    monkeypatch.setattr(round, "versions", lambda: (*work.versions()[:-1], ("numpy", "0.1")))
    assert cli.main(small.command("--scheduler", scheduler[0])[3:]) == 2
    numpy = dict(work.versions())["numpy"]
    assert f"it has numpy {numpy} in place of 0.1: install there" in small.capsys.readouterr().err


def test_other_versions_are_refused_with_each_task(small, monkeypatch):
    """On a worker that comes later, and was not asked before."""
    small.hand_in("ann")
    monkeypatch.setattr(pool.Workers, "everywhere", lambda self, function: {})
    monkeypatch.setattr(round, "versions", lambda: (("the grading program", "another"),))
    with pytest.raises(UsageError, match="cannot grade with the others: it has the grading program"):
        grade(Course(small.root, "small", small.state), small.submissions)
    assert "student" not in (small.state / "small.jsonl").read_text()


def test_a_look_at_the_workers(monkeypatch):
    """Those that are heard of, that wait, that came later; what is silent because this program was stopped."""
    clock, gave_up, said = [0.0], [], []
    state = {name: {"last_seen": 1.0, "nthreads": 4, "status": "running"} for name in ("a", "b")}

    def ask(address, seconds, gone=()):
        gave_up.extend(gone)
        return {"type": "Scheduler", "workers": {name: dict(each) for name, each in state.items()}}

    def look(passed, *heard):
        clock[0] += passed
        for name in heard:
            state[name]["last_seen"] = clock[0]
        return there._look()

    monkeypatch.setattr(pool, "_ask", ask)
    monkeypatch.setattr(pool._Dask, "_connect", lambda self: self._look())
    monkeypatch.setattr(pool.time, "monotonic", lambda: clock[0])
    there = pool._Dask("tcp://here", said.append)
    assert there.width == 16
    state["c"] = {"last_seen": 1.0, "nthreads": 2, "status": "running"}
    assert look(5, "a", "b", "c")
    assert there.width == 20
    look(10_000, "a")  # as a notebook that was closed
    for _ in range(5):
        look(5, "a", "c")
    assert said == ["waits for the worker b: nothing for 30 s"]
    for _ in range(6):
        look(5, "a", "c")
    assert gave_up == ["b"]
    assert said[1:] == ["the worker b is given up: nothing for 60 s; others get what it had"]
    assert there.width == 12
    for each in state.values():
        each["status"] = "paused"
    assert not look(5, "a", "c")
