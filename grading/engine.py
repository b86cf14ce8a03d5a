"""One engine for every graded item: call the student's function and the reference, compare, diagnose, word feedback.

An item is declared in ``solutions/<assignment>/checks.py``. The reference is the solution cell of the notebook itself.
``python -m grading.engine matrix backprop`` prints what every known mistake costs and how it is named. The work is done
in `grading.judge`; here stands what assignments, notebooks and scripts use of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from grading.course import CourseError, find_course
from grading.judge.call import Lent, Unusable, bounded, caller, earlier, lend, predecessors
from grading.judge.check import check, untrained
from grading.judge.item import MIME, Case, Draw, Group, Item, Mistake, Reference, Result, Rng, group
from grading.judge.reference import load_items, reference, variant

__all__ = ["MIME", "Case", "Group", "Item", "Mistake", "Reference", "Result", "Unusable"]
__all__ += ["Draw", "Lent", "Rng", "bounded", "caller", "check", "earlier", "group", "lend", "load_items"]
__all__ += ["predecessors", "reference", "untrained", "variant"]


def matrix(assignment: str, root: Path) -> str:
    """Every known mistake, what it costs and how it is named, as a Markdown table."""
    right = reference(assignment, root)
    lines = ["| item | mistake | points | named |", "|---|---|---|---|"]
    for item in load_items(assignment, root):
        for mistake in item.mistakes:
            result = check(item, variant(item, right, mistake), right)
            named = "yes" if result.mistakes == (mistake,) else f"no: {result.message}"
            lines.append(f"| `{item.id}` | {mistake.name} | {result.points:g} of {result.max_points:g} | {named} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """``matrix <assignment>`` prints the table of mistakes."""
    if len(arguments) != 2 or arguments[0] != "matrix" or not re.fullmatch(r"[\w-]+", arguments[1]):
        print("usage: python -m grading.engine matrix <assignment>", file=sys.stderr)
        return 2
    try:
        print(matrix(arguments[1], find_course()))
    except CourseError as error:
        print(f"grading: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
