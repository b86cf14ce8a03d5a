"""Which course is graded: where one stands, or what was named; never where grading happens to be installed."""

import re

import pytest

from grading import __main__ as cli
from grading import engine, hidden
from grading.course import CourseError, find_course


@pytest.fixture(autouse=True)
def unnamed(monkeypatch):
    monkeypatch.delenv("NNCOURSE_ROOT", raising=False)


@pytest.fixture
def course(tmp_path):
    """A folder that is marked as a course, and in it one that is not."""
    (tmp_path / "course" / "solutions" / "small").mkdir(parents=True)
    (tmp_path / "course" / "_config.yml").touch()
    (tmp_path / "course" / "exercises" / "_config.yml").parent.mkdir()
    (tmp_path / "course" / "exercises" / "_config.yml").touch()
    return tmp_path / "course"


@pytest.mark.parametrize("below", [".", "solutions/small", "exercises"])
def test_it_is_the_nearest_folder_with_both_marks(course, below, monkeypatch):
    monkeypatch.chdir(course / below)
    assert find_course() == course


def test_a_name_goes_before_the_place(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course)
    other, third = tmp_path / "other", tmp_path / "third"
    for folder in (other, third):
        (folder / "solutions").mkdir(parents=True)
    monkeypatch.setenv("NNCOURSE_ROOT", str(other))
    assert find_course() == other
    assert find_course(third) == third
    with pytest.raises(CourseError, match="expected a folder with solutions/"):
        find_course(tmp_path / "nowhere")


COMMANDS = ("run small", "status small", "report small", "feedback small", "export small", "similar small", "doctor")


@pytest.mark.parametrize("command", COMMANDS)
def test_elsewhere_a_sentence_says_how_to_name_it_and_nothing_is_written(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(command.split()) == 2
    told = capsys.readouterr().err
    assert "--course FOLDER" in told
    assert str(tmp_path) in told
    assert not list(tmp_path.iterdir())


def test_the_same_for_what_notebooks_and_assignments_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError):
        hidden.score("delta-hidden", {})
    assert engine.main(["matrix", "backprop"]) == 2


def test_the_state_lies_in_the_course_that_was_named(course, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "small", "--course", str(course)]) == 2  # there is no assignment in it
    assert "there is no assignment 'small'" in capsys.readouterr().err
    cli.main(["doctor", "--course", str(course)])
    assert re.search(rf"the folder {re.escape(str(course))}/grading/state can be written", capsys.readouterr().out)
