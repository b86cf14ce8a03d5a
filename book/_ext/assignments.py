"""The pages of the graded exercises, made from the notebooks that students get.

A page that holds ``<!-- assignment: NAME of LABEL, LABEL -->`` becomes the task: title, where to download it, the text
of every part, and the functions that are to be written. LABEL names the chapters that it belongs to. A page that holds
``<!-- assignments -->`` gets a table of all. Nothing of solutions/ is read.
"""

import json
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ONE = re.compile(r"<!-- assignment: ([\w-]+) of ([\w, -]+) -->")
PART = re.compile(r"^\| \d+ \|.*\| (\d+) min \| ([\d + ]+) \|$", re.MULTILINE)
NAMED = re.compile(r"\b(?i:equations?) `[\w-]+`(?:(?:, | and )`[\w-]+`)*")
ALL = "<!-- assignments -->"


def cells(app: Sphinx, name: str) -> list[dict[str, Any]]:
    """The cells of the students' notebook."""
    path = Path(app.srcdir).parent / "exercises" / name / f"{name}.ipynb"
    app.env.note_dependency(str(path))
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def text(cell: dict[str, Any]) -> str:
    """What stands in a cell, with the ids of equations as links."""
    return NAMED.sub(lambda found: re.sub(r"(?=`[\w-]+`)", "{eq}", found[0]), "".join(cell["source"]))


def size(title: str) -> tuple[int, int]:
    """Minutes and points, added up over the table of parts."""
    rows = PART.findall(title)
    return sum(int(time) for time, _ in rows), sum(int(each) for _, points in rows for each in points.split("+"))


def task(app: Sphinx, name: str, labels: str) -> str:
    """The page of one assignment, as Markdown."""
    first, *others = cells(app, name)
    heading, _, rest = text(first).partition("\n")
    minutes, points = size(rest)
    chapters = " and ".join(f"{{ref}}`{label.strip()}`" for label in labels.split(","))
    parts = [
        heading,
        f"Assignment `{name}`, with {chapters}: {points} points, about {minutes} minutes. "
        f"{{download}}`Download the notebook <../../exercises/{name}/{name}.ipynb>`: it has the checks "
        "and the given code, which this page leaves out. See {ref}`how to work on it and hand it in <exercises>`.",
        rest.strip(),
    ]
    for cell in others:
        if cell["cell_type"] == "markdown":
            parts.append(text(cell).replace("YOUR ANSWER HERE", "").strip())
        elif cell["metadata"].get("nbgrader", {}).get("solution"):
            parts.append(f"```{{code-block}} python\n:class: wrapped\n{''.join(cell['source'])}\n```")
    return "\n\n".join(parts)


def table(app: Sphinx) -> str:
    """All assignments, in the order of the table of contents."""
    contents = (Path(app.srcdir) / "_toc.yml").read_text(encoding="utf-8")
    lines = ["| assignment | time | points |", "|---|---|---|"]
    for name in re.findall(r"file: exercises/([\w-]+)", contents):
        first = text(cells(app, name)[0])
        minutes, points = size(first)
        heading = first.partition("\n")[0].removeprefix("# ")
        lines.append(f"| [{heading}](exercises/{name}.md) | {minutes}\N{NO-BREAK SPACE}min | {points} |")
    return "\n".join(lines)


def insert(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the text in the place of the comment."""
    source[0] = ONE.sub(lambda found: task(app, *found.groups()), source[0])
    if ALL in source[0]:
        source[0] = source[0].replace(ALL, table(app))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", insert)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
