"""The pages of the graded exercises, made from the notebooks that students get.

A page that holds ``<!-- assignment: NAME of LABEL, LABEL -->`` becomes the task: title, where to download it, the text
of every part, and the functions that are to be written. LABEL names the chapters that it belongs to. A page that holds
``<!-- assignments -->`` gets a table of all. Nothing of solutions/ is read.

What a student downloads is ``_build/exercises.zip``, made at each build: the notebooks and nnlib, and no solution.
"""

import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ONE = re.compile(r"<!-- assignment: ([\w-]+) of ([\w, -]+) -->")
PART = re.compile(r"^\| \d+ \|.*\| (\d+) min \| ([\d + ]+) \|$", re.MULTILINE)
NAMED = re.compile(r"\b(?i:equations?) `[\w-]+`(?:(?:, | and )`[\w-]+`)*")
ALL = "<!-- assignments -->"
TOOLS = ("jupyterlab", "matplotlib", "numpy")  # what the notebooks need beside nnlib
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in the zip, so that the same files give the same bytes
READ_ME = """# Exercises on neural networks

With Python 3.11, 3.12 or 3.13, in this folder:

    python3 -m venv .venv
    .venv/bin/pip install -r requirements.txt
    .venv/bin/jupyter lab {first}/{first}.ipynb

On Windows, write `.venv\\Scripts` in place of `.venv/bin`. Each notebook begins with its task. Write your code in place
of `raise NotImplementedError`, and hand in the notebook under its own name.
"""


def names(book: Path) -> list[str]:
    """The assignments, in the order of the table of contents."""
    return re.findall(r"file: exercises/([\w-]+)", (book / "_toc.yml").read_text(encoding="utf-8"))


def cells(app: Sphinx, name: str) -> list[dict[str, Any]]:
    """The cells of the students' notebook."""
    path = Path(app.srcdir).parent / "exercises" / name / f"{name}.ipynb"
    if not path.is_file():
        raise ExtensionError(f"the page of {name} has nothing to show, {path} is missing: make exercises")
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
    """All assignments."""
    lines = ["| assignment | time | points |", "|---|---|---|"]
    for name in names(Path(app.srcdir)):
        first = text(cells(app, name)[0])
        minutes, points = size(first)
        heading = first.partition("\n")[0].removeprefix("# ")
        lines.append(f"| [{heading}](exercises/{name}.md) | {minutes}\N{NO-BREAK SPACE}min | {points} |")
    return "\n".join(lines)


def contents(root: Path) -> Iterator[tuple[str, bytes]]:
    """What is in the zip: a name and the bytes of each file."""
    assignments = names(root / "book")
    for name in assignments:
        yield f"{name}/{name}.ipynb", (root / "exercises" / name / f"{name}.ipynb").read_bytes()
    library = [path for path in sorted(root.glob("nnlib/**/*")) if path.is_file() and "__pycache__" not in path.parts]
    for path in (root / "pyproject.toml", root / "LICENSE", *library):
        yield path.relative_to(root).as_posix(), path.read_bytes()
    yield "README.md", READ_ME.format(first=assignments[0]).encode()
    lock = (root / "requirements.txt").read_text(encoding="utf-8")
    pins = re.findall(rf"^(?:{'|'.join(TOOLS)})==\S+", lock, re.MULTILINE)
    yield "requirements.txt", "\n".join([*pins, ".", ""]).encode()


def pack(app: Sphinx) -> None:
    """Make the zip, in one step, and only if it changes: the page that links it is else read again."""
    root = Path(app.srcdir).parent
    target, new = root / "_build" / "exercises.zip", root / "_build" / ".exercises.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(new, "w") as file:
        for name, content in contents(root):
            file.writestr(zipfile.ZipInfo(f"exercises/{name}", EPOCH), content, zipfile.ZIP_DEFLATED)
    if target.is_file() and target.read_bytes() == new.read_bytes():
        new.unlink()
    else:
        os.replace(new, target)


def insert(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the text in the place of the comment."""
    source[0] = ONE.sub(lambda found: task(app, *found.groups()), source[0])
    if ALL in source[0]:
        source[0] = source[0].replace(ALL, table(app))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", pack)
    app.connect("source-read", insert)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
