"""A class of thousands costs no more for each than a small one: laws that hold on any machine, and no times."""

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from small_course import ROOT, Small
from sqlalchemy import event
from sqlalchemy.engine import Engine
from test_similar import SOLVED

from grading.keep import journal, prints
from grading.keep import round as run
from grading.keep.gradebook import Grades
from grading.record import Status
from grading.run import pool
from grading.run.work import not_graded
from grading.tell import similar


class Prompt(Executor):
    """Has each result at once, and runs nothing: what is measured here is all that comes after."""

    def submit(self, function, task):
        future = Future()
        future.set_result(not_graded(task, RuntimeError("nobody computes here")))
        return future


def handed_in(root, count):
    small = Small(root, None)
    for number in range(count):
        small.hand_in(f"s{number:03}")
    return small


def round_of(small, executor=Prompt, width=4, **more):
    course = run.Course(small.root, "small", small.state)
    workers = pool.Workers(executor, width)
    return run.grade(course, small.submissions, workers=workers, unisolated=True, **more)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """A small class and one that is larger; each has had a round, so that there is nothing to register."""
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "LINGER", 1e9)  # no clock has a say in what is written together
        for count in (4, 40):
            made.append(handed_in(tmp_path_factory.mktemp("class"), count))
            round_of(made[-1])
    return made


@pytest.fixture
def patiently(monkeypatch):
    monkeypatch.setattr(run, "LINGER", 1e9)


def statements(act):
    """How many SQL statements it makes."""
    seen = []

    def note(connection, cursor, statement, *_):
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(seen)


def test_what_a_table_asks_the_gradebook_does_not_grow(classes):
    small, large = (
        statements(lambda one=one: run.rows_of(run.Course(one.root, "small", one.state))) for one in classes
    )
    assert small == large


def test_what_a_round_asks_the_gradebook_does_not_grow(classes, patiently):
    """Neither for students whom it has not seen, nor for those whom it has."""
    small, large = (statements(lambda one=one: round_of(one)) for one in classes)
    assert large <= small + 2
    for one in classes:
        with contextlib.closing(Grades(f"sqlite:///{one.state / 'gradebook.db'}", one.state, "small")) as book:
            for student in [each.id for each in book._book.students]:
                book._book.remove_student(student)
    small, large = (statements(lambda one=one: round_of(one, new_gradebook=True)) for one in classes)
    assert large <= small + 2


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "syncfs"), reason="only Linux writes many files at once")
def test_many_wait_for_the_disk_together(classes, patiently, monkeypatch):
    waits, real = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: waits.append(handle) or real(handle))
    counts = []
    for one in classes:
        waits.clear()
        round_of(one)
        counts.append(len(waits))
    assert counts[0] == counts[1] <= 4


def test_first_the_disk_then_the_name_then_the_gradebook_then_the_journal(tmp_path, patiently, monkeypatch):
    """In this order nothing is claimed that a power cut can take back."""
    small, seen = handed_in(tmp_path, 3), []
    round_of(small)
    monkeypatch.setattr(run.copies, "keep", lambda *_: None)  # the copy of a gradebook gets its name before all this

    def noted(where, name, word):
        real = getattr(where, name)
        monkeypatch.setattr(where, name, lambda *args, **more: seen.append(word) or real(*args, **more))

    noted(journal, "_sync", "disk")
    noted(Path, "replace", "name")
    noted(Grades, "write", "gradebook")
    noted(journal.Journal, "begin", "doubt")
    noted(journal.Journal, "end", "claim")
    round_of(small)
    assert list(dict.fromkeys(seen)) == ["doubt", "disk", "name", "gradebook", "claim"]
    assert seen.count("name") == 9


def test_where_files_are_synced_one_by_one(tmp_path, monkeypatch):
    """On other systems than Linux; what is empty is removed."""
    synced, real = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(handle) or real(handle))
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    (tmp_path / "gone").write_text("old")
    journal.replace_files({tmp_path / "a" / "b": "text", tmp_path / "c": b"bytes", tmp_path / "gone": ""}, tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"b": b"text", "c": b"bytes"}
    assert len(synced) == 2


def ended(small):
    path = small.state / "small.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line["student"] for line in map(json.loads, lines) if "student" in line]


def test_nobody_waits_for_a_slow_one(tmp_path, patiently):
    """What has come is written while another submission still computes."""
    small = handed_in(tmp_path, 3)

    class Slow(Prompt):
        def submit(self, function, task):
            if task.found.student != "s001":
                return super().submit(function, task)
            future = Future()

            def late():
                end = time.monotonic() + 60
                while len(ended(small)) < 2 and time.monotonic() < end:
                    time.sleep(0.01)
                before.extend(ended(small))
                future.set_result(not_graded(task, RuntimeError("late")))

            threading.Thread(target=late).start()
            return future

    before = []
    round_of(small, Slow)
    assert sorted(before) == ["s000", "s002"]
    assert sorted(ended(small)) == ["s000", "s001", "s002"]


def test_what_has_come_is_kept_when_somebody_stops_the_round(tmp_path, patiently):
    small = handed_in(tmp_path, 4)

    class Stopped(Prompt):
        def submit(self, function, task):
            if task.found.student == "s002":
                raise KeyboardInterrupt
            return super().submit(function, task)

    with pytest.raises(KeyboardInterrupt):
        round_of(small, Stopped, width=1)
    assert ended(small) == ["s000", "s001"]


class Marked(Prompt):
    """Gives each student as many points for an item as it is told."""

    def __init__(self, points):
        self.points = points

    def submit(self, function, task):
        graded = not_graded(task, RuntimeError("nobody computes here"))
        items = {**graded.row.items, "double": self.points[task.found.student]}
        future = Future()
        future.set_result(replace(graded, row=replace(graded.row, status=Status.GRADED, items=items)))
        return future


def test_of_many_that_are_written_together_each_change_is_told(tmp_path, patiently):
    """The points that each had before, and nobody's who has the same."""
    small, told = handed_in(tmp_path, 5), []
    names = [f"s{number:03}" for number in range(5)]
    before, after = dict(zip(names, (0, 1, 2, 0, 1), strict=True)), dict(zip(names, (0, 2, 2, 1, 0), strict=True))
    round_of(small, lambda: Marked(before), changed=told.append)
    assert told == []
    round_of(small, lambda: Marked(after), fresh=True, changed=told.append)
    found = {each.student: (each.old, each.new) for each in told if each.item == "double"}
    assert found == {"s001": (1, 2), "s003": (0, 1), "s004": (1, 0)}
    lines = (small.state / "small.changes.csv").read_text().splitlines()
    assert len(lines) == 1 + len(told)


def test_a_folder_may_become_a_file(tmp_path):
    """Of what lies beside a notebook, the last that was handed in is kept."""
    small = handed_in(tmp_path, 1)
    beside, kept = small.path("s000").with_name("data.csv"), small.state / "submitted" / "s000" / "small" / "data.csv"
    for path in (beside / "one.csv", beside, beside / "two.csv"):
        if beside.is_dir():
            shutil.rmtree(beside)
        beside.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        path.write_text("1,2")
        round_of(small)
        assert [each for each in (kept, *kept.rglob("*")) if each.is_file()] == [kept / path.relative_to(beside)]


# ---------------------------------------------------------------------------------------------- fingerprints


def write(state, student, *codes):
    """A student's executed notebook, with a cell that all have."""
    cells = [new_code_cell(code) for code in ("import numpy as np", *codes)]
    journal.replace_file(
        state / "autograded" / student / "small" / "small.ipynb", json.dumps(new_notebook(cells=cells))
    )


@pytest.fixture
def looked_at(tmp_path, monkeypatch):
    """A class in which two have the same, and how many cells were looked at."""
    small = Small(tmp_path, None)
    course = run.Course(small.root, "small", small.state)
    course.release.mkdir(parents=True)
    (course.release / "small.ipynb").write_text(json.dumps(new_notebook(cells=[new_code_cell("import numpy as np")])))
    for number in range(4):
        write(small.state, f"s{number}", f"def own(x):\n    return [np.sin(each) for each in x[{'-' * number}1:]]")
    for student in ("ann", "ben"):
        write(small.state, student, *SOLVED.values())
    seen, real = [], similar.prints
    monkeypatch.setattr(similar, "prints", lambda code: seen.append(code) or real(code))
    return course, seen


def whole(course):
    """Without anything that was kept."""
    codes = similar.handed_in(course.state, course.assignment, course.books)
    return similar.pairs(codes, similar.given(course.release, course.books))


def test_only_new_code_is_looked_at(looked_at, monkeypatch):
    course, seen = looked_at
    first = prints.pairs(course)
    assert [(pair.one, pair.other) for pair in first] == [("ann", "ben")]
    assert first == whole(course)
    seen.clear()
    with monkeypatch.context() as patch:
        patch.setattr(similar, "handed_in", None)  # of an unchanged class no notebook is read
        assert prints.pairs(course) == first
    assert seen == []
    write(course.state, "s1", "x = 1")
    found = prints.pairs(course)
    assert seen == ["x = 1"]
    assert found == whole(course)
    seen.clear()
    write(course.state, "s2", *SOLVED.values())  # what was looked at before
    found = prints.pairs(course)
    assert seen == []
    assert [(pair.one, pair.other) for pair in found] == [("ann", "ben"), ("ann", "s2"), ("ben", "s2")]
    assert found == whole(course)


def test_what_two_have_is_looked_at_once(looked_at):
    course, seen = looked_at
    prints.pairs(course)
    assert len(seen) == len(set(seen)) == 4 + len(SOLVED) + 1


@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_bytes(b"no database" * 99),
                                  lambda file: file.write_bytes(file.read_bytes()[:5000])],
                         ids=["deleted", "something else", "cut off"])  # fmt: skip
def test_what_is_kept_can_be_lost(looked_at, harm):
    course, seen = looked_at
    prints.pairs(course)
    file = course.state / "small.prints"
    assert file.stat().st_mode & 0o077 == 0
    harm(file)
    write(course.state, "new", "x = 1")
    found = prints.pairs(course)
    assert found == whole(course)
    seen.clear()
    assert prints.pairs(course) == found
    assert seen == []


def test_where_nothing_can_be_kept(looked_at):
    """A folder lies where the file would be: the pairs are found all the same."""
    course, _ = looked_at
    (course.state / "small.prints").mkdir()
    assert prints.pairs(course) == whole(course)


# ---------------------------------------------------------------------------------------------- commands


def test_a_command_waits_for_nothing_that_it_does_not_need():
    """These take longer to import than all else."""
    heavy = ["nbgrader", "nbconvert", "sqlalchemy", "IPython", "matplotlib", "distributed", "grading.doctor"]
    code = f"import sys, grading.__main__; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
