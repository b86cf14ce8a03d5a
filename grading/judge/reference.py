"""The notebook's own solution, read from its source, and variants of it with mistakes planted."""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
from pathlib import Path
from typing import Any

from grading.judge.call import Ours
from grading.judge.item import Call, Item, Mistake, Reference

__all__ = ["load_items", "reference", "variant"]


@functools.cache
def load_items(assignment: str, root: Path) -> tuple[Item, ...]:
    """Read the declared items, ``ITEMS`` in ``solutions/<assignment>/checks.py``.

    Parameters
    ----------
    assignment : str
        The assignment's folder.
    root : Path
        The repository.

    Returns
    -------
    tuple of Item

    Raises
    ------
    FileNotFoundError
        If there is no such assignment.
    """
    path = Path(root) / "solutions" / assignment / "checks.py"
    spec = importlib.util.spec_from_file_location(f"checks_of_{assignment}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"assignment {assignment!r} declares no checks: {path} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.ITEMS)


@functools.cache
def reference(assignment: str, root: Path) -> Reference:
    """Execute the solution cells of the source notebook, and the cells tagged ``provided`` that they stand on.

    Parameters
    ----------
    assignment : str
        The assignment's folder.
    root : Path
        The repository.

    Returns
    -------
    Reference
        No check and no training cell is executed.
    """
    path = Path(root) / "solutions" / assignment / f"{assignment}.ipynb"
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
        Their edits are applied one after the other to the solution of the item's function.

    Returns
    -------
    Call

    Raises
    ------
    ValueError
        If a pattern does not occur in the solution.
    """
    head, begin, solution = right.source[item.function].partition("### BEGIN SOLUTION")  # a docstring is not code
    for mistake in mistakes:
        for pattern, replacement in mistake.edits:
            if pattern not in solution:
                where = f"the solution of {item.function}"
                raise ValueError(f"mistake {mistake.name!r}: {pattern!r} does not occur in {where}")
            solution = solution.replace(pattern, replacement)
    namespace = dict(right.functions)
    exec(compile(head + begin + solution, f"<{item.function}>", "exec"), namespace)
    return Ours(namespace)
