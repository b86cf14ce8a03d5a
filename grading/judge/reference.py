"""The notebook's own solution, read from its source, and variants of it with mistakes planted."""

from __future__ import annotations

import ast
import functools
import importlib.util
import itertools
import json
from pathlib import Path
from typing import Any

from grading.course import sources
from grading.judge.call import Ours
from grading.judge.catalogue import with_mistakes
from grading.judge.item import Call, Item, Mistake, Reference

__all__ = ["load_items", "reference", "variant"]


@functools.cache
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
        None where there is no ``checks.py``: all graded cells are tests as nbgrader has them.

    Raises
    ------
    FileNotFoundError
        If there is no such assignment.
    ValueError
        If the catalogue has an entry that is none.
    """
    path = sources(Path(root)) / assignment / "checks.py"
    if path.parent.is_dir() and not path.exists():
        return ()
    spec = importlib.util.spec_from_file_location(f"checks_of_{assignment}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"assignment {assignment!r} declares no checks: {path} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return with_mistakes(module.ITEMS, path.parent)


@functools.cache
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
        No check and no training cell is executed.
    """
    path = sources(Path(root)) / assignment / f"{book or assignment}.ipynb"
    functions: dict[str, Any] = {"__name__": "reference"}
    source: dict[str, str] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        metadata = cell["metadata"]
        solution = metadata.get("nbgrader", {}).get("solution", False)
        if cell["cell_type"] != "code" or not (solution or "provided" in metadata.get("tags", [])):
            continue
        text = "".join(cell["source"])
        exec(compile(text, str(path), "exec"), functions)
        source |= {node.name: text for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return Reference(functions, source)


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
    ValueError
        If a pattern does not occur exactly once, or if two patterns of a mistake overlap.
    """
    head, begin, solution = right.source[item.function].partition("### BEGIN SOLUTION")  # a docstring is not code
    for mistake in mistakes:
        solution = _edited(solution, mistake, f"item {item.id!r}, mistake {mistake.name!r}")
    namespace = dict(right.functions)
    exec(compile(head + begin + solution, f"<{item.function}>", "exec"), namespace)
    return Ours(namespace)


def _edited(text: str, mistake: Mistake, where: str) -> str:
    """The text with all edits made together: each pattern is looked for in the text as it was."""
    places = []
    for pattern, replacement in mistake.edits:
        if (times := text.count(pattern)) != 1:
            raise ValueError(f"{where}: {pattern!r} occurs {times} times in the solution and must occur exactly once")
        start = text.index(pattern)
        places.append((start, start + len(pattern), replacement))
    places.sort()
    for (_, end, _), (start, _, _) in itertools.pairwise(places):
        if start < end:
            raise ValueError(f"{where}: two patterns overlap at {text[start:end]!r}; write them as one")
    for start, end, replacement in reversed(places):
        text = text[:start] + replacement + text[end:]
    return text
