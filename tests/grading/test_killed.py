"""Killed at any moment, the next round does exactly the rest, and the result equals an undisturbed round's.

The places where a round can be torn are where it writes. So most kills hit rounds whose submissions were graded before,
and which only write: sixty of them, each at a random moment. Others hit whole rounds with their workers and sandboxes.
"""

import contextlib
import functools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import Executor, Future

import psutil
import pytest
from small_course import Small

from grading.keep import gradebook, journal
from grading.keep import round as run
from grading.run import pool, watched
from grading.run.execution import Limits
from grading.tell import report

SEED = int(os.environ.get("KILL_SEED", "1"))  # KILL_SEED=... replays another sequence of moments
TABLES = """
    SELECT student.id, base_cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade
    FROM grade JOIN base_cell ON grade.cell_id = base_cell.id
    JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN student ON submitted_assignment.student_id = student.id ORDER BY 1, 2
"""


def hand_in_all(small):
    for number in range(8):
        small.hand_in(f"s{number:02}", double=["return 2 * x", "return x * x", "return 1 / 0"][number % 3])
    small.path("s03").write_text("{")
    small.hand_in("s05", own="import os\nos._exit(1)")
    small.path("s07").rename(small.path("s07").with_name("mine.ipynb"))


def course(small, state):
    """A course whose checks ask the same as the undisturbed one's."""
    if state != small.state:
        state.mkdir(exist_ok=True)
        (state / "secret").write_text((small.state / "secret").read_text())
    return run.Course(small.root, "small", state)


def result(state):
    """All that a round leaves, without what tells of time and memory."""
    with sqlite3.connect(state / "gradebook.db") as book:
        grades = book.execute(TABLES).fetchall()
    rows = {}
    for line in map(json.loads, (state / "small.jsonl").read_text().splitlines()):
        if "student" in line:
            rows[line["student"]] = {k: v for k, v in line.items() if k not in ("seconds", "cpu", "memory")}
    folders = ("submitted", "autograded", "feedback")
    files = [path for name in folders for path in sorted((state / name).rglob("*")) if path.is_file()]
    return grades, rows, {str(path.relative_to(state)): path.read_bytes() for path in files}


class Done(Executor):
    """Hands out what was graded before."""

    began = staticmethod(lambda: None)  # called when writing begins

    def __init__(self, results):
        self.results = results

    def submit(self, function, task):
        self.began()
        future = Future()
        future.set_result(self.results[task.found.student])
        return future


def graded_before(course, submissions):
    """The rows of a round, and workers who hand out what its workers gave."""
    kept, whole = {}, run.grade_one

    def keep(task):
        kept[task.found.student] = whole(task)
        return kept[task.found.student]

    from concurrent.futures import ThreadPoolExecutor

    one = pool.Workers(lambda: ThreadPoolExecutor(1), 1)
    patched = pytest.MonkeyPatch()
    patched.setattr(run, "grade_one", keep)
    rows = run.grade(course, submissions, workers=one, limits=Limits(5, 20))
    patched.undo()
    return rows, pool.Workers(lambda: Done(kept), 3)


@pytest.fixture(scope="module")
def graded(sandboxed, tmp_path_factory):
    """A small course with one undisturbed round, and what its workers gave."""
    small = Small(tmp_path_factory.mktemp("killed"), None)
    hand_in_all(small)
    rows, workers = graded_before(course(small, small.state), small.submissions)
    return small, workers, rows


def in_a_process(act, kill_after=None, writing=True):
    """Do it in a fork that kills itself so many seconds after it began (to write); was it killed?"""
    pid = os.fork()
    if pid == 0:
        try:
            if kill_after is not None:
                timer = threading.Timer(kill_after, os.kill, (os.getpid(), signal.SIGKILL))
                Done.began = staticmethod(lambda: timer.ident or timer.start())
                if not writing:
                    timer.start()
            act()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def test_killed_sixty_times_while_it_writes(graded, tmp_path):
    small, workers, _ = graded
    rng, kills, states = random.Random(SEED), 0, 0
    act = functools.partial(run.grade, submissions=small.submissions, workers=workers, limits=Limits(5, 20))
    act(course(small, tmp_path / "whole"))
    start = time.monotonic()
    act(course(small, tmp_path / "whole"), fresh=True)  # nothing to register: little but writing
    whole = time.monotonic() - start
    while kills < 60:
        state, early = tmp_path / f"state-{states}", 2  # kills before anything is written
        again = functools.partial(act, course(small, state))
        while in_a_process(again, rng.uniform(0, whole / 2), writing=not early):
            kills, early = kills + 1, max(0, early - 1)
        assert result(state) == result(small.state), f"after {kills} kills, replay with KILL_SEED={SEED}"
        assert not list(state.rglob(".*.new")), "half a file was left"
        lines = (state / "small.jsonl").read_text().splitlines()
        ended = [line["student"] for line in map(loaded, lines) if "student" in line]
        assert sorted(ended) == sorted(set(ended)), "a submission was written twice"
        states += 1
        whole *= 0.9 if kills < 10 * states else 1.0  # so that few rounds end undisturbed
    print(f"{kills} kills in {states} rounds")


def loaded(line):
    try:
        return json.loads(line)
    except ValueError:
        return {}


def test_killed_while_it_replaces_old_grades(graded, tmp_path):
    """No mixture of old and new: neither does a row claim what the gradebook has not, nor the other way round."""
    small, workers, _ = graded
    state, rng = tmp_path / "state", random.Random(SEED)
    act = functools.partial(run.grade, submissions=small.submissions, workers=workers, limits=Limits(5, 20))
    act(course(small, state))
    for _ in range(10):
        in_a_process(lambda: act(course(small, state), fresh=True), rng.uniform(0, 0.3))
        act(course(small, state))
        assert result(state) == result(small.state)


def test_power_cut_between_write_and_rename(graded, tmp_path):
    """New files that never got their names, a torn line, a gradebook half made: as if they were not there."""
    small, workers, _ = graded
    state = course(small, tmp_path / "state").state
    (state / "gradebook-new.db").write_bytes(b"SQLite format 3\0 and no more")
    for step, ending in (("submitted", "ipynb"), ("autograded", "ipynb"), ("feedback", "html")):
        folder = state / step / "s00" / "small"
        folder.mkdir(parents=True)
        (folder / f".small.{ending}.new").write_text("{ hal")
    (state / "small.jsonl").write_text('{"student": "s00", "status": "graded", "items": {"dou')
    run.grade(course(small, state), small.submissions, workers=workers, limits=Limits(5, 20))
    first, torn, rest = (state / "small.jsonl").read_text().split("\n", 2)
    (state / "small.jsonl").write_text(f"{first}\n{rest}")
    assert torn.endswith('{"dou')
    assert result(state) == result(small.state)


def test_no_half_file_is_ever_seen(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    journal.replace_file(path, "old")

    def fails(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space"):
        journal.replace_file(path, "new")
    assert path.read_text() == "old"


FULL = """
import os, subprocess, sys
state, command = {state!r}, {command!r}
with open(os.path.join(state, "secret"), "w") as file:
    file.write({secret!r})
filler = os.path.join(state, "filler")
with open(filler, "wb") as file:
    free = os.statvfs(state)
    assert free.f_blocks * free.f_frsize < 10_000_000, "this is not the small disk"
    file.write(bytes(free.f_bavail * free.f_frsize - {left}))
first = subprocess.run(command, capture_output=True, text=True)
os.remove(filler)
second = subprocess.run(command, capture_output=True, text=True)
print(first.returncode, second.returncode)
print(first.stderr.strip().splitlines()[-1])
print(second.stdout)
"""


def test_a_full_disk(graded, tmp_path):
    """It says so in a line, and with room again the same command ends the round."""
    small, _, rows = graded
    state = tmp_path / "disk"
    state.mkdir()
    command = [sys.executable, "-m", "grading", "run", "small", "--submissions", str(small.submissions)]
    command += ["--state", str(state), "--jobs", "1"]
    secret = (small.state / "secret").read_text()  # its checks ask the same as the undisturbed round's
    script = FULL.format(state=str(state), command=command, left=100_000, secret=secret)
    disk = ["bwrap", "--dev-bind", "/", "/", "--size", "4000000", "--tmpfs", str(state)]
    done = subprocess.run([*disk, sys.executable, "-c", script], env=small.environment, capture_output=True, text=True)
    codes, said, *table = done.stdout.splitlines()
    assert codes == "2 0", done.stdout + done.stderr
    assert "cannot be written: No space left on device" in said
    points = run.Bundle.read(small.source.parent, course(small, small.state).release).source().points
    assert [line for line in table if line.startswith("s0")] == [
        line for line in report.table(rows, points).splitlines() if line.startswith("s0")
    ]


def test_a_locked_gradebook(graded, tmp_path, monkeypatch):
    """Another program that writes is waited for; one that does not end is named, and nothing is lost."""
    small, workers, _ = graded
    act = functools.partial(run.grade, submissions=small.submissions, workers=workers, limits=Limits(5, 20))
    state = tmp_path / "state"
    act(course(small, state))
    with sqlite3.connect(state / "gradebook.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(gradebook, "PATIENCE", 0.3)
        with pytest.raises(run.UsageError, match="another program keeps the gradebook"):
            act(course(small, state), fresh=True)
        other.execute("ROLLBACK")
    monkeypatch.undo()
    with sqlite3.connect(state / "gradebook.db", isolation_level=None, check_same_thread=False) as other:
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(1.0, other.execute, ("ROLLBACK",)).start()
        act(course(small, state))
    assert result(state) == result(small.state)


def workers_of(driver):
    """The workers and sandboxes of a round that runs."""
    found = []
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(driver.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.name() == "bwrap" or "grading.run.watched" in " ".join(process.cmdline()):
                    found.append(process)
    return found


def test_workers_and_sandboxes_are_killed(graded, tmp_path):
    """Whichever process of a round dies, the round ends, and nobody loses anything."""
    small, _, _ = graded
    state, rng, kills = course(small, tmp_path / "state").state, random.Random(SEED), 0
    command = [sys.executable, "-m", "grading", "run", "small", "--submissions", str(small.submissions)]
    command += ["--state", str(state), "--time-limit", "5", "--fresh"]
    round_ = subprocess.Popen(command, env=small.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while round_.poll() is None:
        time.sleep(rng.uniform(0.1, 0.3))
        begun = '"place"' in (state / "small.jsonl").read_text() if (state / "small.jsonl").exists() else False
        if begun and kills < watched.TRIES - 1 and (there := workers_of(round_)):  # so that nobody is given up
            rng.choice(there).kill()
            kills += 1
    assert round_.wait() == 0, round_.stderr.read().decode()
    assert kills
    assert result(state)[0] == result(small.state)[0]


def test_rounds_are_killed_whole(graded, tmp_path):
    """SIGKILL of the driver with all workers at work: no process stays, and the next round does the rest."""
    small, _, _ = graded
    state, rng = course(small, tmp_path / "state").state, random.Random(SEED)
    command = [sys.executable, "-m", "grading", "run", "small", "--submissions", str(small.submissions)]
    command += ["--state", str(state), "--time-limit", "5"]
    for _ in range(2):
        round_ = subprocess.Popen(command, env=small.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while round_.poll() is None and not (state / "small.jsonl").exists():
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 1))
        left = workers_of(round_)
        round_.kill()
        round_.wait()
        assert not psutil.wait_procs(left, timeout=20)[1], "a process outlived the round"
    assert subprocess.run(command, env=small.environment, capture_output=True).returncode == 0
    assert result(state)[::2] == result(small.state)[::2]  # the command has other limits
