"""The round over the shipped submissions: each gets what it deserves, and is told why."""

import filecmp
import json
import os
import re

import make_submissions
import nbformat
import psutil
import pytest
from test_feedback import parsed, strangers

from grading import engine
from grading.record import Status

OURS = ("engine.py", "call.py", "check.py", "bridge.py")  # whose frames no student sees

# student: status, points lost by item, and words that the row must have
EXPECTED = {
    "ada": ("graded", {}, []),
    "bert": ("graded", None, ["not solved yet: everything"]),
    "carla": ("graded", {"softmax": "softmax without a shift"}, ["softmax: softmax without a shift"]),
    "dario": ("graded", {"delta-matrix": "h' forgotten"}, ["delta-matrix: h' forgotten"]),
    "elif": (
        "graded",
        {"netbp-update": "weights updated before all deltas are known"},
        ["netbp-update: weights updated before all deltas are known"],
    ),
    "farid": ("graded", {"forward": None}, ["forward: the answer stopped with SyntaxError: expected ':' (line"]),
    "greta": ("timed out", {}, ["ran too long and was stopped: cell `while True:`"]),
    "hugo": ("partly graded", {"delta-matrix": None}, ["delta-matrix: the answer was deleted"]),
    "ines": ("graded", {}, []),
    "jonas": ("crashed", {}, ["ended Python and was left out: cell `import os`"]),
    "kim": ("renamed", {}, ["my backprop (2).ipynb was taken for backprop.ipynb"]),
    "lena": ("unreadable", None, ["backprop.ipynb is cut off"]),
    "mio": ("unreadable", None, ["backprop.ipynb is empty"]),
    "nora": ("graded", {}, ["the answer solve-softmax is there 2 times, the last counts"]),
    "omar": ("graded", {}, ["3 locked cells were deleted and put back"]),
    "pia": ("graded", {}, []),
    "quin": ("graded", {}, []),
    "rosa": (
        "timed out",
        {"gradient-component": None},
        ["no answer within", "ran too long and was stopped: cell check-"],
    ),
    "sven": ("crashed", {"train": None}, ["train: one step: it ended Python"]),
    "tara": ("missing", None, ["there is no backprop.ipynb"]),
}


@pytest.fixture(scope="module")
def items(root):
    return {item.id: item for item in engine.load_items("backprop", root)}


def worth(item, mistake, root):
    """What a mistake leaves of an item's points, asked of the engine without a kernel or nbgrader."""
    if mistake is None:
        return 0.0
    right = engine.reference("backprop", root)
    planted = next(each for each in item.mistakes if each.name == mistake)
    return engine.check(item, engine.variant(item, right, planted), right).points


def test_shipped_submissions_are_what_the_script_makes(tmp_path):
    make_submissions.make(tmp_path)
    shipped = os.path.join(os.path.dirname(__file__), "submissions")

    def differences(comparison):
        yield from comparison.left_only + comparison.right_only + comparison.diff_files
        for inner in comparison.subdirs.values():
            yield from differences(inner)

    assert not list(differences(filecmp.dircmp(tmp_path, shipped))), "run python tests/grading/make_submissions.py"


def test_command_succeeds_and_everyone_has_a_row(first_round):
    assert first_round.done.returncode == 0, first_round.done.stderr
    assert set(first_round.rows) == set(make_submissions.SUBMISSIONS) == set(EXPECTED)


@pytest.mark.parametrize("student", EXPECTED)
def test_row(student, first_round, items, root):
    status, lost, words = EXPECTED[student]
    row = first_round.rows[student]
    assert row["status"] == status
    for name, item in items.items():
        if lost is None:
            expected = 0.0
        elif name in lost:
            expected = worth(item, lost[name], root)
            assert expected < item.max_points
        else:
            expected = item.max_points
        assert float(row[name]) == expected, (name, row["remarks"])
    assert float(row["total"]) == sum(float(row[name]) for name in items)
    for text in words:
        assert text in row["remarks"]
    if lost == {} and not words:
        assert row["remarks"] == "deltas-first: waits for a person"


def test_table_fits_and_names_everyone(first_round):
    lines = first_round.done.stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith(("Grades", "Report", "Feedback"))) <= 120
    assert (first_round.state / "backprop.txt").read_text().splitlines() == lines[:-3]
    firsts = [line.split()[0] for line in lines if line]
    for student, row in first_round.rows.items():
        assert firsts.count(student) == 1
        assert f" {float(row['total']):g} " in next(line for line in lines if line.startswith(student)) + " "


def test_feedback_tells_and_leaks_nothing(first_round, root):
    """Nobody finds a right answer in the feedback that was not handed in."""
    source = nbformat.read(root / "solutions/backprop/backprop.ipynb", as_version=4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source.split("### BEGIN SOLUTION\n")[1].split("    ### END")[0]
        for cell in source.cells
        if cell.metadata.nbgrader.solution and cell.cell_type == "code"
    }
    from bs4 import BeautifulSoup

    for student in EXPECTED:
        page = first_round.state / "feedback" / student / "backprop" / "backprop.html"
        html = page.read_text(encoding="utf-8")
        assert len(html) < 2_000_000, student  # 40 MB were printed by one
        text = " ".join(BeautifulSoup(html, "html.parser").get_text().split())
        assert "HIDDEN TESTS" not in text
        assert "grading.hidden" not in text
        assert not [name for name in OURS if name in text], student
        hidden = {"bert": set(answers), "hugo": {"solve-delta_hidden"}, "carla": {"solve-softmax"}}.get(student, set())
        if first_round.rows[student]["status"] in ("unreadable", "missing"):
            hidden = set(answers)
            assert first_round.rows[student]["remarks"].split(": ", 1)[1].split(";")[0] in text
        for name in hidden:
            assert " ".join(answers[name].split()) not in text, (student, name)
    carla = (first_round.state / "feedback/carla/backprop/backprop.html").read_text(encoding="utf-8")
    assert "softmax without a shift" in carla


def test_pages_of_a_round_are_small_and_show_nothing_hidden(first_round, root):
    source = nbformat.read(root / "solutions/backprop/backprop.ipynb", as_version=4)
    solutions = [
        cell.source.split("### BEGIN SOLUTION\n")[1].split("### END")[0].strip()
        for cell in source.cells
        if "### BEGIN SOLUTION" in cell.source
    ]
    assert len(solutions) > 10
    pages = sorted((first_round.state / "feedback").glob("*/backprop/backprop.html"))
    assert len(pages) > 10
    for path in pages:
        html = path.read_text(encoding="utf-8")
        executed_path = first_round.state / "autograded" / path.parts[-3] / "backprop/backprop.ipynb"
        handed = "".join(cell.source for cell in nbformat.read(executed_path, as_version=4).cells)
        tree = parsed(html)
        assert list(strangers(tree)) == []
        without_pictures = re.sub(r"data:image/[^\"]+", "", html)
        assert len(without_pictures) < (150_000 if len(handed) < 30_000 else 300_000), path
        text = tree.get_text()
        for secret in ("HIDDEN TESTS", "grading.hidden", "globals()", str(root), "/tmp/", *OURS, "Traceback"):
            assert secret not in text, (path, secret)
        for output in re.findall(r'"seed": (\d{6,})', executed_path.read_text(encoding="utf-8")):
            assert output not in html
        for solution in solutions:
            assert solution in handed or solution not in text, path


def test_gradebook_agrees_with_the_csv(first_round):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{first_round.state / 'gradebook.db'}") as gradebook:
        for student, row in first_round.rows.items():
            submission = gradebook.find_submission("backprop", student)
            assert submission.score == float(row["total"])
            waiting = [g.name for book in submission.notebooks for g in book.grades if g.needs_manual_grade]
            answered = Status(row["status"]).readable and student != "bert"
            assert waiting == (["deltas-first"] if answered else [])


def test_second_round_grades_nothing_and_says_the_same(first_round):
    journal = (first_round.state / "backprop.jsonl").read_bytes()
    again = first_round.run()
    assert again.stdout == first_round.done.stdout
    assert (first_round.state / "backprop.jsonl").read_bytes() == journal


def test_nothing_is_left_running(first_round):
    """No kernel and no worker outlives the round."""
    assert first_round.done.returncode == 0
    mine = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert not [line for line in mine if "grading-" in line and "ipykernel" in line]


def test_journal_has_the_time_of_each(first_round):
    lines = [json.loads(line) for line in (first_round.state / "backprop.jsonl").read_text().splitlines()]
    done = [line for line in lines if "student" in line]
    assert sorted(line["student"] for line in done) == sorted(EXPECTED)
    assert all(line["seconds"] >= 0 and line["source"] for line in done)
