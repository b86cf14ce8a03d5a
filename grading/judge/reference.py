"""The notebook's own solution, read from its source, and variants of it with mistakes planted."""

from __future__ import annotations

import ast
import codecs
import contextlib
import functools
import itertools
import json
import math
import re
import traceback
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grading.course import libraries, sources
from grading.judge.call import Ours
from grading.judge.catalogue import CATALOGUE, text_of, with_mistakes
from grading.judge.item import AssignmentError, Call, Item, Mistake, Reference
from grading.student import borrowed

__all__ = ["allowing", "cells_of", "is_reference", "libraries_of", "load_items", "reference", "variant"]


def load_items(assignment: str, root: Path) -> tuple[Item, ...]:
    """Read the declared items: ``ITEMS`` in ``solutions/<assignment>/checks.py``, with the catalogue of mistakes.

    Parameters
    ----------
    assignment : str
        The assignment's folder.
    root : Path
        The repository.

    Returns
    -------
    tuple of Item
        None where there is no ``checks.py``: all graded cells are tests as nbgrader has them. The same objects as long
        as the files are the same.

    Raises
    ------
    FileNotFoundError
        If there is no such assignment.
    AssignmentError
        If a file is not what it should be; the sentence names it and the line.
    """
    path = sources(Path(root)) / assignment / "checks.py"
    if path.parent.is_dir() and not path.exists():
        return ()
    if not path.is_file():
        raise FileNotFoundError(f"assignment {assignment!r} declares no checks: {path} is missing")
    catalogues = [path.with_name(CATALOGUE), path.parents[1] / CATALOGUE]
    return _items(path, text_of(path), *(text_of(each) for each in catalogues if each.is_file()))


def libraries_of(assignment: str, root: Path) -> tuple[str, ...]:
    """The libraries that an assignment's code may use, of those that could do its work.

    They are what the course allows, or else all where ``checks.py`` declares no item, and none where it does: what is
    judged from outside asks for the student's own code.
    """
    said = libraries(Path(root))
    if said is None:
        said = [] if load_items(assignment, root) else list(borrowed.LIBRARIES)
    return borrowed.whole(said)


def allowing(assignment: str, root: Path) -> contextlib.AbstractContextManager[None]:
    """While this lasts, functions of this process may use the libraries of the assignment."""
    return borrowed.permitted(libraries_of(assignment, root))


@functools.cache
def _items(path: Path, text: str, *_: str) -> tuple[Item, ...]:
    names: dict[str, Any] = {"__name__": f"checks_of_{path.parent.name}", "__file__": str(path)}
    _run(text, path, names)
    items = names.get("ITEMS")
    if not isinstance(items, tuple | list) or not all(isinstance(item, Item) for item in items):
        raise AssignmentError(f"{path} declares no ITEMS: write ITEMS = items(FUNCTION=item(ID, group(...), ...), ...)")
    for what in "id", "function":
        for name, times in Counter(getattr(item, what) for item in items).items():
            if times > 1:
                raise AssignmentError(f"{path}: {times} items have the {what} {name!r}, and each needs its own")
    for item in items:
        for group in item.groups:
            if not isinstance(group.points, int | float) or not 0 <= group.points < math.inf:
                raise AssignmentError(f"{path}, item {item.id!r}: the group {group.name!r} has {group.points!r} points")
    return with_mistakes(items, path.parent)


def _run(text: str, path: Path, names: dict[str, Any], where: str = "") -> None:
    """Execute what a lecturer wrote; what it raises becomes a sentence with the line."""
    try:
        exec(compile(text, str(path), "exec", dont_inherit=True), names)
    except SyntaxError as error:
        raise AssignmentError(f"{path}{where}, line {error.lineno}: {error.msg}") from None
    except AssignmentError:
        raise
    except Exception as error:
        lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == str(path)]
        said = f"{path}{where}, line {lines[-1] if lines else 1}: {type(error).__name__}: {error}"
        raise AssignmentError(said) from error


def cells_of(path: Path) -> list[dict[str, Any]]:
    """The cells of a source notebook.

    Raises
    ------
    AssignmentError
        If there is no notebook, or none that can be read.
    """
    if not path.is_file():
        raise AssignmentError(f"{path} is missing: the notebook has the name of its folder")
    text = text_of(path)
    if path.read_bytes().startswith(codecs.BOM_UTF8):
        raise AssignmentError(f"{path} begins with a byte-order mark: save it in UTF-8 without one")
    if re.search(r"^<<<<<<< ", text, re.MULTILINE):
        raise AssignmentError(f"{path}: a merge with git was not finished; choose one side of each conflict")
    try:
        read = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise AssignmentError(f"{path} is no notebook: {error}") from None
    cells = read.get("cells") if isinstance(read, dict) else None
    if not isinstance(cells, list):
        version = read.get("nbformat") if isinstance(read, dict) else None
        known = f"a notebook of version {version}" if isinstance(version, int) else "no notebook"
        raise AssignmentError(f"{path} is {known}: open and save it in Jupyter, which writes version 4")
    about = read.get("metadata")
    kernel = about.get("kernelspec") if isinstance(about, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    if str(language or "python").lower() != "python":
        raise AssignmentError(f"{path} is in {language}, and only Python can be graded")
    for number, cell in enumerate(cells, start=1):
        try:
            cell["source"] = "".join(cell["source"])
            cell["cell_type"], cell["metadata"].get("nbgrader", {}).get("grade_id")
        except (KeyError, TypeError, AttributeError):
            said = f"cell {number} is damaged: open and save the notebook in Jupyter"
            raise AssignmentError(f"{path}: {said}") from None
    return cells


def reference(assignment: str, root: Path, book: str = "") -> Reference:
    """Execute the solution cells of the source notebook, and the cells tagged ``provided`` that they stand on.

    Parameters
    ----------
    assignment : str
        The assignment's folder.
    root : Path
        The repository.
    book : str, optional
        The notebook, if it has not the assignment's name.

    Returns
    -------
    Reference
        No check and no training cell is executed. The same object as long as the notebook is the same.

    Raises
    ------
    AssignmentError
        If there is no notebook, or if one of these cells raises.
    """
    path = sources(Path(root)) / assignment / f"{book or assignment}.ipynb"
    return _reference(path, path.read_bytes() if path.is_file() else b"")


@functools.cache
def _reference(path: Path, _: bytes) -> Reference:
    functions: dict[str, Any] = {"__name__": "reference"}
    source: dict[str, str] = {}
    for number, cell in enumerate(cells_of(path), start=1):
        if is_reference(cell):
            text, about = cell["source"], cell["metadata"].get("nbgrader", {})
            _run(text, path, functions, f", cell {about.get('grade_id') or cell.get('id') or number!r}")
            tree = ast.parse(text).body
            source |= {node.name: text for node in tree if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return Reference(functions, source)


def is_reference(cell: Mapping[str, Any]) -> bool:
    """Whether a cell is executed for the reference: a solution in code, or one that is tagged ``provided``."""
    metadata = cell["metadata"]
    wanted = metadata.get("nbgrader", {}).get("solution", False) or "provided" in metadata.get("tags", [])
    return bool(wanted and cell["cell_type"] == "code")


def variant(item: Item, right: Reference, *mistakes: Mistake) -> Call:
    """A call of the reference with mistakes planted.

    Parameters
    ----------
    item : Item
        Whose function is changed; all others stay right.
    right : Reference
        The solution.
    *mistakes : Mistake
        Planted one after the other in the solution of the item's function. The second one edits what the first one
        has left, for two mistakes often change one line, and both can be made there: (Y - yhat) / len(Y).

    Returns
    -------
    Call

    Raises
    ------
    AssignmentError
        If a pattern does not occur exactly once, if two patterns of a mistake overlap, or if what they make is no code.
    """
    if item.function not in right.source:
        raise AssignmentError(f"item {item.id!r}: no solution cell of the notebook defines {item.function}")
    head, begin, solution = right.source[item.function].partition("### BEGIN SOLUTION")  # a docstring is not code
    names = " and ".join(repr(mistake.name) for mistake in mistakes)
    for mistake in mistakes:
        solution = _edited(solution, mistake, f"item {item.id!r}, mistake {mistake.name!r}")
    namespace = dict(right.functions)
    _run(head + begin + solution, Path(f"<{item.function}>"), namespace, f" of item {item.id!r} with {names}")
    return Ours(namespace)


def _edited(text: str, mistake: Mistake, where: str) -> str:
    """The text with all edits made together: each pattern is looked for in the text as it was."""
    places = []
    for pattern, replacement in mistake.edits:
        if (times := text.count(pattern)) != 1:
            raise AssignmentError(
                f"{where}: {pattern!r} occurs {times} times in the solution and must occur exactly once"
            )
        start = text.index(pattern)
        places.append((start, start + len(pattern), replacement))
    places.sort()
    for (_, end, _), (start, _, _) in itertools.pairwise(places):
        if start < end:
            raise AssignmentError(f"{where}: two patterns overlap at {text[start:end]!r}; write them as one")
    for start, end, replacement in reversed(places):
        text = text[:start] + replacement + text[end:]
    return text
