"""What the folders of grading decide: which files the sandbox sees, and after which changes old grades are no more."""

import shutil
from pathlib import Path

import pytest

import grading
from grading.run import work
from grading.run.sandbox import Sandbox
from grading.run.work import Bundle

GRADING = Path(grading.__file__).parent


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of grading, and the digest of an assignment that is graded by it."""
    here = tmp_path / "grading"
    shutil.copytree(GRADING, here, ignore=shutil.ignore_patterns("state", "__pycache__"))
    monkeypatch.setattr(work, "__file__", str(here / "run" / "work.py"))
    return here, lambda: Bundle("small", {}, {}).digest


@pytest.mark.parametrize("room", ["student", "judge", "intake", "run"])
def test_a_new_file_where_points_come_about_makes_grades_old(copied, room):
    here, digest = copied
    seen = {digest()}
    for name in ("new.py", "new.toml", "deeper/new.py"):
        (here / room / name).parent.mkdir(exist_ok=True)
        (here / room / name).touch()
        seen.add(digest())
    (here / room / "new.py").rename(here / room / "newer.py")
    assert len({*seen, digest()}) == 5


@pytest.mark.parametrize("name", ["record.py", "student/wire.py", "judge/check.py", "intake/repair.py", "run/work.py"])
def test_a_change_where_points_come_about_makes_grades_old(copied, name):
    here, digest = copied
    before = digest()
    with (here / name).open("a") as file:
        file.write("# changed\n")
    assert digest() != before


def test_what_is_told_or_compiled_makes_no_grade_old(copied):
    here, digest = copied
    before = digest()
    for name in ("tell/feedback.py", "keep/journal.py", "formgrader/pages.py", "judge/__pycache__/check.pyc"):
        (here / name).parent.mkdir(exist_ok=True)
        with (here / name).open("a") as file:
            file.write("# changed\n")
    assert digest() == before


def test_the_catalogues_of_mistakes_travel_with_an_assignment_and_a_change_in_them_makes_grades_old(tmp_path):
    folder = tmp_path / "solutions" / "small"
    folder.mkdir(parents=True)
    empty = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    for path in (tmp_path / "small.ipynb", folder / "small.ipynb"):
        path.write_text(empty)
    (folder / "guide.md").touch()

    def read():
        return Bundle.read(folder, tmp_path)

    seen = {read().digest}
    for path in (folder / "mistakes.toml", folder.parent / "mistakes.toml"):
        path.write_text("# new")
        seen.add(read().digest)
        path.write_text("# changed")
        seen.add(read().digest)
    assert len(seen) == 5
    there = read().unpacked()
    shutil.rmtree(there / "solutions" / "small")
    assert (there / "solutions" / "mistakes.toml").read_text() == "# changed"


def test_the_sandbox_sees_all_of_the_students_room_and_nothing_else():
    with Sandbox("none") as alone:
        there = alone._folder / "modules" / "grading"
        seen = {path.relative_to(there): path.read_bytes() for path in there.rglob("*") if path.is_file()}
    room = [path for path in (GRADING / "student").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert seen == {Path("__init__.py"): b"", **{path.relative_to(GRADING): path.read_bytes() for path in room}}
