"""A small course of its own for what needs many rounds."""

import csv
import os
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading import __main__ as cli

ROOT = Path(__file__).resolve().parents[2]

CHECKS = """
from grading.engine import Case, Group, Item, Mistake

def numbers(rng):
    return [Case((float(x),)) for x in rng.normal(size=3)]

ITEMS = (
    Item("double", "double", (Group("numbers", 2, numbers),),
         (Mistake("squared", "Is it the same for x = 3?", "page", (("2 * x", "x * x"),)),)),
    Item("triple", "triple", (Group("numbers", 3, numbers),)),
)
"""

SCORE = """# Graded on other inputs.
### BEGIN HIDDEN TESTS
from grading.hidden import score

score("{0}", globals())
### END HIDDEN TESTS"""


# A server that a test starts ends with it, also where the test is killed.
LEASHED = [setpriv, "--pdeathsig=TERM", "--"] if (setpriv := shutil.which("setpriv")) else []


def _about(name, **more):
    kinds = {"grade": False, "solution": False, "locked": False, "task": False, **more}
    return {"nbgrader": {"schema_version": 3, "grade_id": name, **kinds}}


def small_source():
    """Two functions, a visible check, and a question that a person reads."""
    cells = [new_markdown_cell("# Small", id="title", metadata=_about("title", locked=True))]
    for name, factor, points in (("double", 2, 2), ("triple", 3, 3)):
        answer = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return {factor} * x\n    ### END SOLUTION"
        cells += [
            new_code_cell(answer, id=f"solve-{name}", metadata=_about(f"solve-{name}", solution=True)),
            new_code_cell(f"{name}(1)", id=f"check-{name}", metadata=_about(f"check-{name}", locked=True)),
            new_code_cell(SCORE.format(name), id=name, metadata=_about(name, grade=True, locked=True, points=points)),
        ]
    question = "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    cells.append(new_markdown_cell(question, id="why", metadata=_about("why", grade=True, solution=True, points=1)))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=kernel)


class Small:
    """A course with one small assignment, and the command to grade it."""

    def __init__(self, root, capsys):
        self.capsys = capsys
        self.root, self.submissions, self.state = root, root / "submissions", root / "state"
        folder = root / "solutions" / "small"
        folder.mkdir(parents=True)
        self.source = folder / "small.ipynb"
        nbformat.write(small_source(), self.source)
        (folder / "checks.py").write_text(CHECKS)
        self.submissions.mkdir()

    def path(self, student):
        return self.submissions / student / "small.ipynb"

    def hand_in(self, student, double="return 2 * x", triple="return 3 * x", why="Because.", own=None, last=None):
        """Write a submission; an answer of None leaves its cell out; ``own`` and ``last`` are more cells."""
        answers = {"solve-double": double, "solve-triple": triple}
        cells = [new_code_cell(own, id="own")] if own else []
        for cell in small_source().cells:
            name = cell.metadata.nbgrader.grade_id
            if name in answers:
                if answers[name] is None:
                    continue
                cell.source = f"def {name.removeprefix('solve-')}(x):\n    {answers[name]}"
            elif name == "why":
                cell.source = f"Why?\n\n{why}"
            elif cell.metadata.nbgrader.grade:
                cell.source = "# Graded on other inputs."
            cells.append(cell)
        cells += [new_code_cell(last, id="last")] if last else []
        self.path(student).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=cells), self.path(student))

    def command(self, *more):
        where = ["--submissions", str(self.submissions), "--state", str(self.state)]
        return [sys.executable, "-m", "grading", "run", "small", *where, *more]

    @property
    def environment(self):
        return {**os.environ, "NNCOURSE_ROOT": str(self.root), "PYTHONPATH": str(ROOT)}

    def run(self, *more):
        """Grade in this process, which spares the imports; what was printed comes back."""
        self.capsys.readouterr()
        assert cli.main(self.command(*more)[3:]) == 0
        return self.capsys.readouterr().out

    def rows(self):
        return read_csv(self.state / "small.csv")


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}
