"""A course as nbgrader's users have it is graded as it is: with nbgrader's points, and our isolation and reports.

What nbgrader's own `autograde` gives is asked of nbgrader itself. Complaints that stand behind a test are named there.
"""

import html
import json
import shutil

import nbformat
import ordinary_courses as ordinary
import pytest
import sympy
from nbformat.v4 import new_code_cell
from nbgrader import utils
from nbgrader.api import Gradebook
from small_course import read_csv

from grading import __main__ as cli
from grading.course import CourseError, find_course
from grading.run.beside import points
from grading.student.borrowed import LIBRARIES, found, permitted, whole

pytestmark = pytest.mark.filterwarnings("ignore:Object of type .* not in session")  # see `grading.keep.gradebook`

COMPARED = ("ada", "ben", "cem", "dia", "fyn", "gil")  # nbgrader takes a second for each
SNEAK = """import sys
seen = []

def median(xs):
    seen.append(str(sys._getframe(1).f_code.co_consts) + str(sys._getframe(1).f_globals.get("In")))
    raise type(f"Saw {seen[-1][-150:]}", (Exception,), {})(In[-1][-150:])"""
ONLY_OURS = {  # what nbgrader would take minutes for, or would stop at
    "ian": {"statistics/statistics/mean": "def mean(xs):\n    while True:\n        pass"},
    "jon": {"statistics/statistics/deviation": "import os\n\ndef deviation(xs):\n    os._exit(0)"},
    "kim": {"statistics/statistics/mean": SNEAK.replace("median", "mean"), "statistics/statistics/median": SNEAK},
    "liv": {"statistics/statistics/mean": "mean = lambda xs: sum(xs) / len(xs)\nwhile True:\n    pass"},
}
OWN = {"ada": "print('found', assert_allclose.__name__)", "kim": "print(seen)\nprint(In)\nprint(dir())"}  # a last cell


@pytest.fixture(scope="module")
def course(sandboxed, tmp_path_factory):
    """Two assignments, graded by nbgrader and then by the command, which both find the same files."""
    root = ordinary.lay_out(tmp_path_factory.mktemp("course101"))
    for assignment in ("ps1", "statistics"):
        ordinary.nbgrader_do(root, "generate_assignment", assignment)
        for student in COMPARED:
            ordinary.hand_in(root, assignment, student, ordinary.CHANGES[student])
        ordinary.nbgrader_do(root, "autograde", assignment)
    for student, changes in ONLY_OURS.items():
        ordinary.hand_in(root, "statistics", student, changes)
    for student, text in OWN.items():
        path = root / "submitted" / student / "statistics" / "statistics.ipynb"
        made = nbformat.read(path, as_version=4)
        made.cells.append(new_code_cell(text))
        nbformat.write(made, path)
    for student in ("one", "other", "torn", "two"):
        ordinary.hand_in(root, "ps1", student, {})
    handed = root / "submitted"
    (handed / "one" / "ps1" / "problem2.ipynb").unlink()
    (handed / "other" / "ps1" / "problem2.ipynb").rename(handed / "other" / "ps1" / "problem2 (1).ipynb")
    (handed / "torn" / "ps1" / "problem1.ipynb").write_text('{"cells": [')
    for book, name in (("problem1", "a"), ("problem2", "b")):
        (handed / "two" / "ps1" / f"{book}.ipynb").rename(handed / "two" / "ps1" / f"{name}.ipynb")
    (handed / "nobody" / "ps1").mkdir(parents=True)
    for assignment in ("ps1", "statistics"):
        assert run(root, assignment) == 0
    return root


def run(root, assignment, *more):
    where = ["--course", str(root), "--submissions", str(root / "submitted"), "--time-limit", "2"]
    return cli.main(["run", assignment, *where, *more])


def row(course, student, assignment="statistics"):
    return read_csv(course / "grading" / "state" / f"{assignment}.csv")[student]


def page(course, student, book="statistics", assignment="statistics"):
    text = (course / "grading" / "state" / "feedback" / student / assignment / f"{book}.html").read_text()
    return html.unescape(text)


@pytest.mark.parametrize("assignment", ["ps1", "statistics"])
def test_every_cell_of_every_student_has_the_points_that_nbgrader_gives(course, assignment):
    theirs = ordinary.by_nbgrader(course, assignment)
    with Gradebook(f"sqlite:///{course / 'grading' / 'state' / 'gradebook.db'}") as book:
        ours = ordinary.points_in(book, assignment)
    assert theirs.keys() == set(COMPARED)
    assert {student: ours[student] for student in theirs} == theirs
    assert len({str(each) for each in theirs.values()}) > 3  # it is a class of different students


def test_all_notebooks_are_in_the_table(course):
    ada = row(course, "ada", "ps1")
    assert float(ada["problem1/correct_squares"]) == 1
    assert (float(ada["total"]), float(ada["max_points"]), ada["status"]) == (3, 13, "graded")
    assert ada["waiting"].split("; ")[-2:] == ["problem2/part-a", "problem2/part-b"]
    assert "2. " not in ada["remarks"]


def test_a_task_goes_to_a_person(course):
    assert {row(course, student)["waiting"] for student in ("ada", "dia")} == {"why; experiment", "experiment"}


def test_what_can_be_fooled_is_marked(course):
    tests = "mean-test; deviation-test; median-part; root-test"
    assert row(course, "ada")["judged_beside"] == tests
    table = (course / "grading" / "state" / "statistics.txt").read_text()
    assert "1 mean-test* (2)" in table
    assert "4 why (2)" in table
    assert "* judged beside the student's code: can be fooled" in table
    assert (course / "grading" / "state" / "statistics.html").read_text().count("can be fooled") == 4


def test_what_failed_is_said_where_students_have_the_line(course):
    assert "the test stopped at `assert len(data) == 5` with AssertionError" in row(course, "ben")["remarks"]
    assert "the test stopped at `assert len(data) == 5`" in page(course, "ben")
    assert "stderr" in row(course, "fyn")["remarks"]
    assert "not solved yet" in row(course, "dia")["remarks"]


def test_a_hidden_test_shows_in_nothing_that_students_get(course):
    """Not in a traceback, by which nbgrader's feedback shows it, nor to code that looks for it."""
    hidden = ("mean of -1 and 1", "[-1, 1]", "(9, 8, 7, 6, 5)")
    state = course / "grading" / "state"
    for text in [
        *(page(course, student) for student in (*COMPARED, *ONLY_OURS)),
        (state / "statistics.csv").read_text(),
    ]:
        assert not [part for part in hidden if part in text]
    assert "print(dir())" in page(course, "kim")  # the cell that looks is there, and what it found
    assert "mean-test: " in row(course, "kim")["remarks"]


def test_what_a_test_imports_is_there_for_the_cells_after_it(course):
    assert "found assert_allclose" in page(course, "ada")


def test_a_test_that_hangs_costs_its_own_points(course):
    """nbgrader #1163: a loop without end stops the whole of autograding."""
    ian = row(course, "ian")
    assert (float(ian["mean-test"]), float(ian["median-part"]), ian["status"]) == (0, 4, "timed out")


def test_a_test_that_ends_python_costs_its_own_points(course):
    jon = row(course, "jon")
    assert [float(jon[item]) for item in ("mean-test", "deviation-test", "median-part")] == [2, 0, 4]
    assert jon["status"] == "crashed"


def test_what_a_cell_defined_before_it_hung_is_there_for_the_tests(course):
    liv = row(course, "liv")
    assert [float(liv[item]) for item in ("mean-test", "deviation-test", "median-part")] == [2, 3, 4]


PARTS = {
    "one": ("partly graded", 3, "there is no problem2.ipynb"),
    "other": ("renamed", 3, "problem2 (1).ipynb was taken for problem2.ipynb"),
    "torn": ("partly graded", 0, "problem1.ipynb is cut off"),
    "two": ("several notebooks", 0, "none is called problem1.ipynb"),
    "nobody": ("missing", 0, "there is no problem1.ipynb"),
}


@pytest.mark.parametrize("student", PARTS)
def test_a_submission_of_several_notebooks_is_found_part_by_part(course, student):
    status, total, said = PARTS[student]
    found = row(course, student, "ps1")
    assert (found["status"], float(found["total"])) == (status, total)
    assert said in found["remarks"]
    for book in ("problem1", "problem2"):
        assert "<h1>" in page(course, student, book, "ps1")


def test_the_same_again_runs_nothing(course, monkeypatch):
    """And by the name of the assignment alone."""
    before = (course / "grading" / "state" / "ps1.csv").read_text()
    monkeypatch.setattr("grading.run.pool.results", lambda workers, one, tasks, *_: [*tasks] and pytest.fail("ran"))
    monkeypatch.chdir(course / "source" / "ps1")
    assert cli.main(["run", "ps1", "--time-limit", "2"]) == 0
    assert (course / "grading" / "state" / "ps1.csv").read_text() == before


def test_what_a_person_gives_comes_into_table_and_pages(course):
    with Gradebook(f"sqlite:///{course / 'grading' / 'state' / 'gradebook.db'}") as book:
        submission = book.find_submission("ps1", "cem")
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if grade.needs_manual_grade:
                    grade.manual_score, grade.needs_manual_grade = 0.5, False
            for comment in notebook.comments:
                comment.manual_comment = f"Seen in {notebook.name}."
        book.db.commit()
    assert cli.main(["feedback", "ps1", "--course", str(course), "--student", "cem"]) == 0
    assert cli.main(["report", "ps1", "--course", str(course)]) == 0
    cem = row(course, "cem", "ps1")
    assert (float(cem["total"]), cem["waiting"]) == (1.5 + 5 * 0.5, "")
    for book, other in (("problem1", "problem2"), ("problem2", "problem1")):
        shown = page(course, "cem", book, "ps1")
        assert f"Seen in {book}." in shown
        assert f"Seen in {other}." not in shown
        assert "The check gave no reason" not in shown


# ---------------------------------------------------------------------------------------------- the rule of points


def told(*outputs):
    return [dict(json.loads(json.dumps(out))) for out in outputs]


ERROR = {"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []}
OUTPUTS = [
    [],
    [ERROR],
    [{"output_type": "stream", "name": "stdout", "text": "hello"}],
    [{"output_type": "stream", "name": "stderr", "text": "a warning"}],
    [{"output_type": "stream", "name": "stdout", "text": "1"}, ERROR],
    [{"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}],
    *(
        [{"output_type": "execute_result", "data": {"text/plain": value}, "metadata": {}, "execution_count": 1}]
        for value in ("0", "1", "1.5", "3", "-1", "nan", "'1'", "np.float64(1.0)", "[1]", "True", "1e-3")
    ),
]


@pytest.mark.parametrize("outputs", OUTPUTS, ids=str)
def test_points_of_outputs_are_those_of_nbgrader(outputs):
    cell = ordinary.test("t", 3, "")
    cell.outputs = nbformat.from_dict(outputs)
    assert points(told(*outputs), 3.0) == utils.determine_grade(cell)[0]


@pytest.mark.parametrize("outputs", [None, "all right", [None], [3], {"output_type": "stream"}])
def test_what_is_no_list_of_outputs_is_worth_nothing(outputs):
    assert points(outputs, 3.0) == 0


def test_more_than_there_is_to_earn_is_no_grade():
    """nbgrader stops there: a fault of the test, which a person has to see."""
    many = [{"output_type": "execute_result", "data": {"text/plain": "4"}}]
    assert points(many, 3.0) == 4


# ---------------------------------------------------------------------------------------------- better, and faults

CHECKS = """
from grading.engine import Case, Group, Item

def lists(rng):
    return [Case((list(map(float, rng.normal(size=n))),)) for n in (1, 3, 5)]

ITEMS = (Item("mean-test", "mean", (Group("lists", 2, lists),)),)
"""


@pytest.fixture
def fresh(sandboxed, tmp_path):
    """The course with one submission, and nothing graded."""
    root = ordinary.lay_out(tmp_path / "course")
    shutil.rmtree(root / "source" / "ps1")
    for assignment in ("statistics", "accounts"):
        folder = root / "release" / assignment
        folder.mkdir(parents=True)
        shutil.copy(root / "source" / assignment / f"{assignment}.ipynb", folder)
        ordinary.hand_in(root, assignment, "ada", {})
    return root


def test_checks_may_declare_some_items_and_data_may_lie_beside(fresh, capsys):
    """What is declared is judged from outside, the rest as before, and a test can read what lies beside it.

    Where something is declared own code is asked for, unless the course says what may be imported.
    """
    folder = fresh / "source" / "statistics"
    (folder / "checks.py").write_text(CHECKS)
    (folder / "more.csv").write_text("1,2,6\n")
    (folder / "tools.py").write_text("def read():\n    return [float(x) for x in open('more.csv').read().split(',')]\n")
    source = nbformat.read(folder / "statistics.ipynb", as_version=4)
    next(cell for cell in source.cells if cell.source.startswith("import math")).metadata.tags = ["provided"]
    test = next(cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "median-part")
    test.source = (
        "from tools import read\nassert median(read()) == 2\nimport os\nassert not os.path.exists('checks.py')"
    )
    mean = next(cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "deviation-test")
    mean.source = "import math\nassert math.isclose(deviation([1, 3]), 1)"
    nbformat.write(source, folder / "statistics.ipynb")
    assert run(fresh, "statistics") == 2
    told = capsys.readouterr().err
    assert "the solution itself has 0 of 1 points in root-test: it needs scipy, which is not there when graded" in told
    assert "ada" not in told
    with (fresh / "nbgrader_config.py").open("a") as file:
        file.write('c.Check.libraries = ["sklearn"]  # which needs scipy\n')
    assert run(fresh, "statistics") == 0
    ada = row(fresh, "ada")
    assert [float(ada[item]) for item in ("mean-test", "deviation-test", "median-part", "root-test")] == [2, 3, 4, 1]
    assert ada["judged_beside"] == "deviation-test; median-part; root-test"


def _declares_too_much(folder):
    (folder / "checks.py").write_text(CHECKS.replace('"mean-test"', '"average"'))


def _does_not_run(folder):
    (folder / "checks.py").write_text("ITEMS = (")


def _changed(**changes):
    def change(folder):
        path = folder / "statistics.ipynb"
        source = nbformat.read(path, as_version=4)
        if "kernel" in changes:
            source.metadata.kernelspec = changes["kernel"]
        for cell in source.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "mean-test":
                cell.source = changes.get("text", cell.source)
        nbformat.write(source, path)

    return change


FAULTS = {
    "an item without a cell": (
        _declares_too_much,
        "checks.py declares the item 'average', and no autograded cell has this id",
    ),
    "no Python in checks.py": (_does_not_run, "checks.py, line 1: '(' was never closed"),
    "an item that is not declared": (
        _changed(text='### BEGIN HIDDEN TESTS\nscore("mean-test", globals())\n### END HIDDEN TESTS'),
        "cell 'mean-test' calls score(\"mean-test\"), and checks.py declares no such item",
    ),
    "a test for nbgrader alone": (_changed(text="### AUTOTEST mean([1])"), "cell 'mean-test' has AUTOTEST"),
    "a test that the solution does not pass": (
        _changed(text="### BEGIN HIDDEN TESTS\nassert mean([1, 3]) == 5\n### END HIDDEN TESTS"),
        "the solution itself has 0 of 2 points in mean-test: the test stopped at `assert mean([1, 3]) == 5`",
    ),
    "another language": (
        _changed(kernel={"name": "ir", "display_name": "R", "language": "R"}),
        "statistics.ipynb is in R, and only Python can be graded",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_would_cost_everybody_points_is_said_before_the_first_student(fresh, fault, capsys):
    change, said = FAULTS[fault]
    change(fresh / "source" / "statistics")
    assert run(fresh, "statistics") == 2
    told = capsys.readouterr().err
    assert said in told
    assert "ada" not in told


def test_doctor_tries_solution_and_stub_with_the_tests(fresh, capsys):
    path = fresh / "source" / "accounts" / "accounts.ipynb"
    source = json.loads(path.read_text())
    for cell in source["cells"]:
        cell["id"] = "copied"  # as an editor leaves it, and nbgrader does not mind
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "table-shape":
            cell["source"] = "1"
    path.write_text(json.dumps({**source, "nbformat_minor": 5}))
    assert cli.main(["doctor", "accounts", "--course", str(fresh)]) == 0
    told = capsys.readouterr().out
    tests = "account-pays, account-refuses, table-shape, table-total"
    assert f"ok    the solution has full marks in its own tests: {tests}" in told
    assert "note  what students get has 1 of 1 points in table-shape, before they have written anything" in told


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('c.Check.libraries = "scipy"', "c.Check.libraries is a list of names"),
        ('c.Check.libraries = ["nbgrader"]', "names nbgrader, which is never there when graded"),
    ],
)
def test_what_cannot_be_allowed_is_refused(fresh, line, said, capsys):
    with (fresh / "nbgrader_config.py").open("a") as file:
        file.write(line + "\n")
    assert run(fresh, "accounts") == 2
    assert said in capsys.readouterr().err


def test_a_library_comes_with_what_it_needs():
    assert whole(["sklearn", "pandas", "nnlib"]) == ("scipy", "sklearn")
    assert whole([]) == ()
    assert "nnlib" not in whole(LIBRARIES)


def test_what_the_course_allows_does_the_work_of_an_item_and_nothing_else_does():
    """One function of a compiled library has no name of where it comes from."""
    from scipy.special import expit

    assert found(expit)
    assert found(lambda: expit(0) + sympy.Integer(1))
    with permitted(["scipy"]):
        assert not found(expit)
        assert found(sympy.Integer)
    assert found(expit)


def test_the_course_may_name_its_folders(fresh, monkeypatch):
    (fresh / "source").rename(fresh / "tasks")
    (fresh / "submitted").rename(fresh / "handed_in")
    monkeypatch.chdir(fresh / "tasks" / "accounts")
    with pytest.raises(CourseError, match=r"nbgrader_config\.py and source/"):
        find_course()
    with (fresh / "nbgrader_config.py").open("a") as file:
        file.write(
            'c.CourseDirectory.source_directory = "tasks"\nc.IncludeHeaderFooter.header = "tasks/header.ipynb"\n'
            'c.CourseDirectory.submitted_directory = "handed_in"\n'
        )
    assert find_course() == fresh
    assert cli.main(["run", "accounts"]) == 0
    assert float(row(fresh, "ada", "accounts")["total"]) == 4.5
