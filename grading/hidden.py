"""What the graded cells of a notebook call: ``score("delta-hidden", globals())``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from grading import engine
from grading.course import find_course, sources
from grading.tell import words

__all__ = ["score"]


def _assignment(item_id: str, root: Path) -> str:
    named = os.environ.get("NNCOURSE_ASSIGNMENT")
    if named:
        return named
    found = [
        path.parent.name
        for path in sorted(sources(root).glob("*/checks.py"))
        if any(item.id == item_id for item in engine.load_items(path.parent.name, root))
    ]
    if len(found) != 1:
        names = f" ({', '.join(found)})" if found else ""
        raise LookupError(f"item {item_id!r} is declared in {len(found)} assignments{names}, expected one")
    return found[0]


def score(item_id: str, namespace: dict[str, Any]) -> float:
    """Check one item in the student's namespace, print the feedback, and return the points.

    Parameters
    ----------
    item_id : str
        The id that ``solutions/<assignment>/checks.py`` declares.
    namespace : dict
        The notebook's ``globals()``. Functions of the other items are replaced by right ones during the check.

    Returns
    -------
    float
        The points: as the last expression of a graded cell they are nbgrader's partial credit.

    Raises
    ------
    LookupError
        If the item is not declared: a fault of the assignment. Nothing is raised for what student code does.
    """
    root = find_course()
    assignment = _assignment(item_id, root)
    items = engine.load_items(assignment, root)
    item = next((item for item in items if item.id == item_id), None)
    if item is None:
        raise LookupError(f"item {item_id!r} is not declared in solutions/{assignment}/checks.py")
    reference = engine.reference(assignment, root)
    seed = int(os.environ.get("NNCOURSE_SEED", "0"))
    with engine.allowing(assignment, root), engine.predecessors(namespace, item, reference):
        verdict = engine.check(item, engine.caller(namespace), reference, seed)
    print(words.text(verdict))
    return verdict.points or 0.0
