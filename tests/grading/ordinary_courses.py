"""Courses as nbgrader's users have them: tests are asserts, nothing is declared, and nothing was written for us."""

import logging
import os
import sys
from pathlib import Path
from unittest import mock

import nbformat
import nbgrader
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config

QUICKSTART = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "source"  # what `quickstart` copies
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "course101"
c.IncludeHeaderFooter.header = "source/header.ipynb"
"""


def about(name, **more):
    """nbgrader's metadata."""
    kinds = {"grade": False, "solution": False, "locked": False, "task": False, **more}
    return {"nbgrader": {"schema_version": 3, "grade_id": name, **kinds}}


def given(text, kind=new_code_cell):
    """A cell that nbgrader does not know of."""
    return kind(text)


def answer(name, text):
    return new_code_cell(text, metadata=about(name, solution=True))


def test(name, points, text):
    return new_code_cell(text, metadata=about(name, grade=True, locked=True, points=points))


def question(name, points, text, kind=new_markdown_cell):
    return kind(text, metadata=about(name, grade=True, solution=True, points=points))


def task(name, points, text):
    return new_markdown_cell(text, metadata=about(name, locked=True, task=True, points=points))


def notebook(*cells):
    """As Jupyter wrote them before cells had ids."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = new_notebook(cells=list(cells), metadata=kernel)
    made.nbformat_minor = 2
    for cell in cells:
        del cell["id"]
    return made


# Tests that build on one another, as they are found in many a course: the first imports for all of them, one changes
# a list that the next looks at, one gives partial credit by its last line, and a part of each is hidden.
STATISTICS = notebook(
    given("# Statistics", new_markdown_cell),
    given("import math\nimport numpy as np\n\ndata = [2.0, 4.0, 4.0, 5.0]"),
    answer("mean", "def mean(xs):\n    ### BEGIN SOLUTION\n    return sum(xs) / len(xs)\n    ### END SOLUTION"),
    given("mean(data)"),
    test(
        "mean-test",
        2,
        "from numpy.testing import assert_allclose\n\nassert_allclose(mean(data), 3.75)\n"
        '### BEGIN HIDDEN TESTS\nassert mean([-1, 1]) == 0, "the mean of -1 and 1"\n### END HIDDEN TESTS\n'
        "data.append(10.0)",
    ),
    answer(
        "deviation",
        "def deviation(xs):\n    ### BEGIN SOLUTION\n    m = mean(xs)\n"
        "    return math.sqrt(mean([(x - m) ** 2 for x in xs]))\n    ### END SOLUTION",
    ),
    test("deviation-test", 3, "assert len(data) == 5\nassert_allclose(deviation(data), 2.6832815729997477)"),
    answer(
        "median", "def median(xs):\n    ### BEGIN SOLUTION\n    return sorted(xs)[len(xs) // 2]\n    ### END SOLUTION"
    ),
    test(
        "median-part",
        4,
        "got = 0\n### BEGIN HIDDEN TESTS\n"
        "for xs, right in [([1], 1), ([3, 1, 2], 2), ([5, 5, 1], 5), ([9, 8, 7, 6, 5], 7)]:\n"
        "    try:\n        got += median(xs) == right\n    except Exception:\n        pass\n### END HIDDEN TESTS\ngot",
    ),
    question(
        "why",
        2,
        "Why is the median not moved by one wild value?\n\n### BEGIN SOLUTION\nIt counts ranks.\n### END SOLUTION",
    ),
    task("experiment", 3, "Draw 100 numbers, and compare their mean and median, in as many cells as you like."),
    answer(
        "root",
        "from scipy import optimize\n\ndef root(f):\n    ### BEGIN SOLUTION\n"
        "    return optimize.brentq(f, 0, 4)\n    ### END SOLUTION",
    ),
    test(
        "root-test",
        1,
        "from scipy.special import expit\nassert np.isclose(root(lambda x: expit(x) - 0.75), np.log(3))",
    ),
)

# A class, a plot, an answer in code that a person reads, and tests that look at names instead of calling functions.
ACCOUNTS = notebook(
    given("import numpy as np\nimport matplotlib.pyplot as plt"),
    answer(
        "account",
        "class Account:\n    ### BEGIN SOLUTION\n    def __init__(self, balance=0):\n        self.balance = balance\n\n"
        "    def pay(self, amount):\n        if amount < 0:\n            raise ValueError('negative')\n"
        "        self.balance += amount\n        return self\n    ### END SOLUTION",
    ),
    test(
        "account-pays",
        1,
        "a = Account()\na.pay(5)\nassert a.balance == 5\n"
        "### BEGIN HIDDEN TESTS\na.pay(2).pay(3)\nassert a.balance == 10\n### END HIDDEN TESTS",
    ),
    test(
        "account-refuses",
        1,
        "try:\n    a.pay(-1)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('did not raise')",
    ),
    answer(
        "table", "### BEGIN SOLUTION\ntable = np.arange(6).reshape(2, 3)\ntotal = table.sum(axis=0)\n### END SOLUTION"
    ),
    test("table-shape", 1, "assert isinstance(table, np.ndarray)\nassert table.shape == (2, 3)"),
    test("table-total", 1.5, "np.testing.assert_array_equal(total, table.sum(axis=0))"),
    question("plot", 2, "plt.plot(table[0])\nplt.title('a row');", new_code_cell),
)

# What students make of it: by notebook and answer; what is left out stays as it was handed out.
RIGHT = {
    "ps1/problem1/squares": 'def squares(n):\n    if n < 1:\n        raise ValueError("n")\n'
    "    return [i * i for i in range(1, n + 1)]",
    "ps1/problem1/sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    "ps1/problem1/sum_of_squares_equation": "$\\sum i^2$",
    "ps1/problem1/sum_of_squares_application": "print(sum_of_squares(3))",
    "ps1/problem2/part-a": "Fibonacci.",
    "ps1/problem2/part-b": "Below zero.",
    "statistics/statistics/mean": "def mean(xs):\n    return sum(xs) / len(xs)",
    "statistics/statistics/deviation": "def deviation(xs):\n    m = mean(xs)\n"
    "    return math.sqrt(mean([(x - m) ** 2 for x in xs]))",
    "statistics/statistics/median": "def median(xs):\n    return sorted(xs)[len(xs) // 2]",
    "statistics/statistics/why": "It counts ranks.",
    "statistics/statistics/root": "from scipy import optimize\n\ndef root(f):\n    return optimize.brentq(f, 0, 9)",
    "accounts/accounts/account": "class Account:\n    def __init__(self):\n        self.balance = 0\n\n"
    "    def pay(self, x):\n        if x < 0:\n            raise ValueError\n"
    "        self.balance += x\n        return self",
    "accounts/accounts/table": "table = np.array([[1, 2, 3], [4, 5, 6]])\ntotal = table.sum(0)",
    "accounts/accounts/plot": "plt.plot(table[0])",
}
CHANGES = {
    "ada": {},  # all is right
    "ben": {  # off by one, and no error
        "ps1/problem1/squares": "def squares(n):\n    return [i * i for i in range(1, n)]",
        "statistics/statistics/mean": "def mean(xs):\n    return sum(xs) / (len(xs) - 1)",
        "statistics/statistics/root": "import scipy\n\ndef root(f):\n    return scipy.optimize.brentq(f, 0, 1.0)",
        "accounts/accounts/table": "table = np.ones((3, 2))\ntotal = table.sum(1)",
    },
    "cem": {  # does not call squares; does not raise
        "ps1/problem1/squares": "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]",
        "ps1/problem1/sum_of_squares": "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6",
        "statistics/statistics/median": "def median(xs):\n    return xs[len(xs) // 2]",
        "accounts/accounts/account": "class Account:\n    balance = 0\n    def pay(self, x):\n        self.balance = x",
    },
    "dia": {  # nothing was done
        **dict.fromkeys(RIGHT),
    },
    "eva": {  # a syntax error, a name that is not there
        "ps1/problem1/squares": "def squares(n)\n    return []",
        "statistics/statistics/deviation": "def deviation(xs):\n    return math.sqrt(variance(xs))",
        "accounts/accounts/table": "table = np.zeros((2, 3)\ntotal = 1",
    },
    "fyn": {  # right, with a warning: nbgrader gives nothing for what writes to stderr
        "ps1/problem1/sum_of_squares": "import warnings\n\ndef sum_of_squares(n):\n    warnings.warn('slow')\n"
        "    return sum(squares(n))",
        "statistics/statistics/mean": "import sys\n\ndef mean(xs):\n    print('mean', file=sys.stderr)\n"
        "    return sum(xs) / len(xs)",
        "accounts/accounts/plot": None,
    },
    "gil": {  # prints, and half of it
        "ps1/problem1/squares": RIGHT["ps1/problem1/squares"].replace("    return", "    print(n)\n    return"),
        "ps1/problem1/sum_of_squares": None,
        "statistics/statistics/median": "def median(xs):\n    return 5",
        "statistics/statistics/why": None,
        "accounts/accounts/account": "class Account(list):\n    pass",
    },
    "hal": {  # exits, and raises what is no error
        "ps1/problem1/squares": "def squares(n):\n    exit()",
        "statistics/statistics/deviation": "def deviation(xs):\n    raise SystemExit",
        "accounts/accounts/account": "class Account:\n    def __init__(self):\n        raise KeyboardInterrupt",
    },
}


def lay_out(root):
    """The course, as `nbgrader quickstart` would make it, and two assignments more."""
    source = root / "source"
    (source / "ps1").mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    for path in ("header.ipynb", "ps1/problem1.ipynb", "ps1/problem2.ipynb", "ps1/jupyter.png"):
        (source / path).write_bytes((QUICKSTART / path).read_bytes())
    for name, made in (("statistics", STATISTICS), ("accounts", ACCOUNTS)):
        (source / name).mkdir()
        (source / name / f"{name}.ipynb").write_text(nbformat.writes(made), encoding="utf-8")
    return root


def nbgrader_do(root, step, assignment):
    """What nbgrader's own command does, in this process: `generate_assignment` or `autograde`."""
    from nbgrader import converters
    from nbgrader.coursedir import CourseDirectory

    where = {"root": str(root), "course_id": "course101", "assignment_id": assignment}
    config = Config(
        {"CourseDirectory": where, "IncludeHeaderFooter": {"header": str(root / "source" / "header.ipynb")}}
    )
    log = logging.getLogger("nbgrader in a test")
    log.propagate = False
    made = {"generate_assignment": converters.GenerateAssignment, "autograde": converters.Autograde}[step]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic by its name
    with mock.patch.dict(os.environ, PATH=path):
        made(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()


def hand_in(root, assignment, student, changes, into="submitted"):
    """Write a student's notebooks: the release with the student's answers."""
    answers = {**RIGHT, **changes}
    for release in sorted((root / "release" / assignment).glob("*.ipynb")):
        made = nbformat.read(release, as_version=4)
        for cell in made.cells:
            name = f"{assignment}/{release.stem}/{cell.metadata.get('nbgrader', {}).get('grade_id')}"
            if answers.get(name) is not None:
                cell.source = answers[name]
        path = root / into / student / assignment / release.name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, path)


def by_nbgrader(root, assignment):
    """The automatic points of each student in nbgrader's gradebook; None for what waits for a person."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        return points_in(book, assignment)


def points_in(book, assignment):
    return {
        one.student_id: {
            f"{each.name}/{grade.name}": None if grade.needs_manual_grade else grade.auto_score
            for each in one.notebooks
            for grade in each.grades
        }
        for one in book.assignment_submissions(assignment)
    }
