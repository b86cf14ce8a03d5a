"""A new assignment, ready to be changed: one item that works, with its checks, mistakes and guide."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from grading.assignment import NAME
from grading.engine import AssignmentError

__all__ = ["make"]

TITLE = """# {title}

Say what this assignment is about, and why.

| part | you write | about | points |
|---|---|---|---|
| 1 | `leaky_relu`: the activation | 10 min | 3 |"""
SETUP = """import numpy as np

from nnlib import checks"""
TASK = """## 1. A leaky unit

Say what the function computes, with its formula:

$$h(a) = \\begin{{cases}} a & a > 0 \\\\ 0.01 \\, a & a \\le 0 . \\end{{cases}}$$"""
SOLVE = '''def leaky_relu(a):
    """The activation of a leaky unit, for each entry.

    a: array. Returns z, of the same shape.
    """
    ### BEGIN SOLUTION
    return np.where(a > 0, a, 0.01 * a)
    ### END SOLUTION'''
CHECK = """with checks.part("leaky_relu"):
    z = leaky_relu(np.array([[2.0, 0.0], [-1.0, -100.0]]))
    checks.shape(z, (2, 2), "z")
    checks.close(z, [[2.0, 0.0], [-0.01, -1.0]], "z", "what does a unit with a < 0 answer, and one with a > 0?")"""
GRADED = """# Graded on other inputs when you hand in. Here it does nothing.
### BEGIN HIDDEN TESTS
from grading.hidden import score

score("{id}", globals())
### END HIDDEN TESTS"""
CHECKS = '''"""The graded items of `{name}`: inputs, and groups for partial credit."""

from grading.engine import group, item, items
from grading.judge.draw import f32, normal, uniform

ITEMS = items(
    leaky_relu=item(
        "{id}",
        group("both signs", normal(4, 3), 100 * normal(5)),
        group("above 0", uniform(0.5, 2)),
        group("one number, and float32", normal(), f32(normal(5))),
    ),
)
'''
MISTAKES = """# What to find in the solution and what to put there, then the hint. page: of the book, or "" for none.
page = ""

[{id}]
"ReLU" = ['0.01 * a', '0.0 * a', "A leaky unit answers below 0 too. With which slope?"]
"sides exchanged" = ['a > 0', 'a < 0', "On which side of 0 is the slope 1?"]
"""
GUIDE = """# Guide for the instructor: {title}

## What it is for

Say what a student who has done this assignment can do.

**Time.** About ten minutes.

## Items and points

<!-- items -->
<!-- end of items -->

## Known mistakes

<!-- mistakes -->
<!-- end of mistakes -->
"""


def make(root: Path, name: str, title: str = "") -> str:
    """Make ``solutions/<name>``: all of it, or nothing.

    Parameters
    ----------
    root : Path
        The course.
    name : str
        Of the assignment, its folder and its notebook.
    title : str
        Its heading; the name, where none is said.

    Returns
    -------
    str
        What was made, and what comes next.

    Raises
    ------
    AssignmentError
        If the name cannot be one, or is taken.
    """
    if not NAME.fullmatch(name):
        raise AssignmentError(
            f"{name!r} is no name of an assignment: use letters, digits, - and _, as it is an address too"
        )
    folder = root / "solutions" / name
    taken = [path.name for path in (root / "solutions").iterdir() if path.name.casefold() == name.casefold()]
    if taken:
        raise AssignmentError(f"there is an assignment {taken[0]!r} already: choose another name, or change {folder}")
    title = " ".join(title.split()) or name.replace("-", " ").replace("_", " ").capitalize()
    words = {"name": name, "id": f"{name}-leaky-relu", "title": title}
    files = {
        f"{name}.ipynb": json.dumps(_notebook(words), indent=1, ensure_ascii=False, sort_keys=True) + "\n",
        "checks.py": CHECKS.format(**words),
        "mistakes.toml": MISTAKES.format(**words),
        "guide.md": GUIDE.format(**words),
    }
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root / "solutions") as place:
        made = Path(place) / name
        made.mkdir()
        for file, text in files.items():
            (made / file).write_text(text, encoding="utf-8", newline="\n")
        os.rename(made, folder)
    own = (root / "scripts" / "release.py").is_file()
    release = f"python scripts/release.py {name}" if own else f"nbgrader generate_assignment {name}"
    lines = [
        f"{folder} has an assignment of one item: {', '.join(files)}. Change it, and then:",
        f"  python -m grading doctor {name}      tries solution, stub and mistakes, and says what is missing",
        f"  {release}      makes what students get: exercises/{name}",
        f"  python -m grading run {name} --submissions FOLDER",
    ]
    return "\n".join(lines)


def _notebook(words: dict[str, str]) -> dict[str, Any]:
    locked = {"locked": True}
    cells = [
        _cell("title", TITLE.format(**words), locked),
        _cell("setup", SETUP, locked, code=True, tags=["provided"]),
        _cell("part-1", TASK.format(**words), locked),
        _cell("solve-leaky_relu", SOLVE, {"solution": True}, code=True),
        _cell("check-leaky_relu", CHECK, locked, code=True, tags=["raises-exception"]),
        _cell(words["id"], GRADED.format(**words), {**locked, "grade": True, "points": 3}, code=True),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def _cell(
    name: str, text: str, kind: dict[str, Any], code: bool = False, tags: list[str] | None = None
) -> dict[str, Any]:
    usual = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
    metadata: dict[str, Any] = {"nbgrader": {**usual, "grade_id": name, **kind}} | ({"tags": tags} if tags else {})
    more: dict[str, Any] = {"execution_count": None, "outputs": []} if code else {}
    source = text.splitlines(keepends=True)
    return {"cell_type": "code" if code else "markdown", "id": name, "metadata": metadata, "source": source, **more}
