"""Who knows only nbgrader's commands is as safe, and gets the same points and pages as from ``grading run``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from small_course import ROOT, Small

from grading import __main__ as cli
from grading.run import watched

pytestmark = pytest.mark.filterwarnings("ignore:Object of type .* not in session")  # see `grading.keep.gradebook`

ATTACK = """import numpy as np

np.array_equal = np.allclose = np.testing.assert_allclose = lambda *_, **__: True
print(open({!r}).read())"""
SECONDS = 3  # for a cell, of which one never ends
LOOP = "while True:\n    pass"
TOTALS = {
    "attack": 0,
    "copied": 5,
    "cut": 0,
    "deleted": 3,
    "ended": 5,
    "late": 5,
    "loop": 5,
    "module": 5,
    "right": 5,
    "silent": 5,
    "stripped": 5,
    "web page": 0,
    "wrong": 3,
}


def course(root, seconds=20):
    """A small course with the project's own configuration, but for the patience with a loop."""
    small = Small(root, None)
    small.state = root / "grading" / "state"
    small.submissions = small.state / "submitted"
    small.path = lambda student: small.submissions / student / "small" / "small.ipynb"
    config = (ROOT / "nbgrader_config.py").read_text()
    limits = f"c.Check.cell_seconds, c.Check.total_seconds = {seconds}, {10 * seconds}"
    (root / "nbgrader_config.py").write_text(f"{config}\n{limits}\n")
    (root / "_config.yml").write_text(
        "html: {baseurl: 'https://course.example/book'}\nrepository: {url: 'https://github.com/a/b'}\n"
    )
    return small


def hand_in(small):
    """What students hand in, in all the ways that stop plain nbgrader or give it wrong points."""
    for student in ("right", "late"):
        small.hand_in(student)
    (small.path("late").parent / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    small.hand_in("wrong", double="return x * x")
    small.hand_in("attack", double="return 0", triple="return 0", own=ATTACK.format(str(small.source)))
    small.hand_in("ended", own="import os\nos._exit(0)")
    small.hand_in("loop", own=LOOP)
    small.hand_in("deleted", double=None)
    small.hand_in("module", double="import helper\n    return helper.two * x")
    (small.path("module").parent / "helper.py").write_text("two = 2")
    for student, change in (("copied", copied), ("stripped", stripped), ("silent", silent)):
        small.hand_in(student)
        notebook = nbformat.read(small.path(student), 4)
        change(notebook)
        small.path(student).write_text(nbformat.writes(notebook))
    for student, text in (("cut", '{"cells": ['), ("web page", "<html>")):
        small.path(student).parent.mkdir(parents=True)
        small.path(student).write_text(text)


def copied(notebook):
    """The editor split a cell, and both halves have its metadata."""
    place = next(i for i, cell in enumerate(notebook.cells) if cell.metadata.nbgrader.grade_id == "solve-double")
    twin = new_code_cell(notebook.cells[place].source, id="twin", metadata=notebook.cells[place].metadata)
    notebook.cells.insert(place, twin)


def stripped(notebook):
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"c{number}"


def silent(notebook):
    cell = next(cell for cell in notebook.cells if cell.metadata.nbgrader.grade_id == "why")
    cell.source = "Why?\n\nYOUR ANSWER HERE"


def command(small, *arguments):
    """One of nbgrader's commands, as it is typed in the course's folder."""
    scratch = small.root / "tmp"
    scratch.mkdir(exist_ok=True)
    environment = {**small.environment, "JUPYTER_CONFIG_DIR": str(small.root / "none"), "TMPDIR": str(scratch)}
    path = [folder for folder in environment["PATH"].split(os.pathsep) if folder != str(Path(sys.executable).parent)]
    environment["PATH"] = os.pathsep.join(path)  # where nobody activated the environment
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=small.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return SimpleNamespace(log=done.stderr, left=sorted(scratch.iterdir()))


def graded(url):
    """All that the gradebook has of each student."""
    with Gradebook(url) as book:
        return {
            each.student_id: {
                "score": each.score,
                "late": each.total_seconds_late,
                "grades": {g.name: (g.auto_score, g.needs_manual_grade) for n in each.notebooks for g in n.grades},
                "comments": {c.name: c.auto_comment for n in each.notebooks for c in n.comments if c.auto_comment},
            }
            for each in book.assignment_submissions("small")
        }


@pytest.fixture(scope="module")
def both(sandboxed, tmp_path_factory):
    """The same submissions graded by nbgrader's commands and by ours."""
    root = tmp_path_factory.mktemp("course")
    small = course(root, seconds=SECONDS)
    hand_in(small)
    command(small, "generate_assignment", "small")
    gradebook = small.state / "gradebook.db"
    with Gradebook(f"sqlite:///{gradebook}") as book:
        book.update_or_create_assignment("small", duedate="2026-03-01 12:00:00")
    ours = root / "ours"
    ours.mkdir()
    shutil.copy(gradebook, ours)
    plain = command(small, "autograde", "small")
    command(small, "generate_feedback", "small")
    shutil.copy(small.state / "secret", ours)  # so that both ask the same
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "find_course", lambda _: root)
        arguments = ["--submissions", str(small.submissions), "--state", str(ours), "--time-limit", str(SECONDS)]
        assert cli.main(["run", "small", *arguments]) == 0
    return SimpleNamespace(
        small=small,
        plain=plain,
        gradebooks=(graded(f"sqlite:///{gradebook}"), graded(f"sqlite:///{ours / 'gradebook.db'}")),
        pages=(small.state / "feedback", ours / "feedback"),
    )


def test_same_points(both):
    theirs, ours = both.gradebooks
    assert {student: row["score"] for student, row in theirs.items()} == TOTALS
    for unread in ("cut", "web page"):  # nbgrader has one sign for "nothing there" and "nothing to give"
        assert theirs[unread].pop("comments") == {"why": "No response."}
        assert ours[unread].pop("comments") == {}
    assert theirs == ours
    assert theirs["late"]["late"] == 86400
    assert theirs["silent"]["comments"] == {"why": "No response."}
    assert theirs["silent"]["grades"]["why"] == (0, False)
    assert theirs["right"]["grades"]["why"] == (None, True)


@pytest.mark.parametrize("student", TOTALS)
def test_same_page(both, student):
    """With nothing hidden on it, whoever made it."""
    theirs, ours = ((pages / student / "small" / "small.html").read_text() for pages in both.pages)
    assert theirs == ours
    assert "BEGIN HIDDEN" not in theirs
    assert "grading.hidden" not in theirs


def test_pages_say_why(both):
    def page(student):
        return (both.pages[0] / student / "small" / "small.html").read_text()

    assert "Is it the same for x = 3?" in page("wrong")
    assert "https://course.example/book/page.html" in page("wrong")
    assert "FileNotFoundError" in page("attack")
    assert "rng.normal" not in page("attack")
    assert "ran too long and was stopped" in page("loop")
    assert "ended Python" in page("ended")
    assert "24.0 hours after the due date" in page("late")
    assert "is there 2 times, the last counts" in page("copied")
    assert "small/small.ipynb is cut off" in page("cut")
    assert "is not a notebook but a web page" in page("web page")


def test_log_is_for_the_instructor(both):
    assert "cut: small/small.ipynb is cut off" in both.plain.log
    assert "wrong: double: squared" in both.plain.log
    assert "not isolated" not in both.plain.log
    assert "SAWarning" not in both.plain.log


def test_nothing_is_left(both):
    """The sandbox and its folder end with the command."""
    assert both.plain.left == []


# ---------------------------------------------------------------------------------------------- in this process


@pytest.fixture(scope="module")
def button(sandboxed, tmp_path_factory):
    """What formgrader's Autograde button calls, in a course of its own."""
    root = tmp_path_factory.mktemp("button")
    small = course(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(root / "none"))
        patch.setenv("PATH", os.environ["PATH"])  # the configuration changes it
        patch.chdir(root)
        app = NbGrader()
        app.initialize([])
        api = NbGraderAPI(app.coursedir, parent=app)
        assert api.generate_assignment("small")["success"]

        def press(student):
            done = api.autograde("small", student)
            assert done["success"], done["log"]
            return done["log"]

        url = f"sqlite:///{small.state / 'gradebook.db'}"
        yield SimpleNamespace(small=small, press=press, url=url, api=api, config=app.config)


def test_one_process_for_all(button):
    """To start one takes seconds."""
    processes = set()
    for student in ("ann", "ben"):
        button.small.hand_in(student)
        button.press(student)
        processes.add(watched.mine()._process.pid)
    assert len(processes) == 1


def test_without_a_sandbox_nothing_is_run_unless_the_configuration_accepts_it(button, without_bubblewrap, tmp_path):
    watched.mine().end()
    button.small.hand_in("ann", own=f"open({str(tmp_path / 'ran')!r}, 'w').write('x')")
    done = button.api.autograde("small", "ann")
    assert not done["success"]
    assert "bubblewrap is not installed" in done["log"]
    assert "allow_unisolated" in done["log"]
    assert not (tmp_path / "ran").exists()
    button.config.Check.allow_unisolated = True
    assert "not isolated" in button.press("ann")
    button.config.Check.allow_unisolated = False
    watched.mine().end()


def test_second_submission_counts(button):
    """In whichever direction; and what a person gave to the first is not for one that cannot be read."""
    button.small.hand_in("eve", double="return 1")
    button.press("eve")
    assert graded(button.url)["eve"]["score"] == 3
    button.small.hand_in("eve")
    button.press("eve")
    with Gradebook(button.url) as book:
        grade = book.find_grade("why", "small", "small", "eve")
        grade.manual_score, grade.needs_manual_grade = 1.0, False
        book.db.commit()
    assert graded(button.url)["eve"]["score"] == 6
    button.small.path("eve").write_text("")
    button.press("eve")
    assert graded(button.url)["eve"]["score"] == 0


def test_what_is_no_file_is_not_opened(button):
    """A link could show a file of whoever grades."""
    secret = button.small.root / "secret.ipynb"
    secret.write_text(button.small.source.read_text())
    for student in ("link", "folder"):
        button.small.path(student).parent.mkdir(parents=True)
    button.small.path("link").symlink_to(secret)
    button.small.path("folder").mkdir()
    assert "is a link, and links are not followed" in button.press("link")
    assert "is a folder" in button.press("folder")
    assert [graded(button.url)[student]["score"] for student in ("link", "folder")] == [0, 0]
