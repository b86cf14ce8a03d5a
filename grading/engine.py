"""One engine for every graded item: call the student's function and the reference, compare, diagnose.

An item is declared in ``solutions/<assignment>/checks.py``, its mistakes in ``mistakes.toml`` beside it. The reference
is the solution cell of the notebook itself.
``python -m grading.engine matrix backprop`` prints what every known mistake costs and how it is named. The work is done
in `grading.judge`; here stands what assignments, notebooks and scripts use of it. `grading.tell.words` has the words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from grading.course import CourseError, find_course
from grading.judge.call import Lent, Unusable, bounded, caller, earlier, lend, predecessors
from grading.judge.check import check, untrained
from grading.judge.draw import Draw, draw, group, item, items
from grading.judge.item import AssignmentError, Case, Group, Item, Mistake, Reference, Rng
from grading.judge.reference import allowing, libraries_of, load_items, reference, variant
from grading.tell import words

__all__ = ["AssignmentError", "Case", "Group", "Item", "Mistake", "Reference", "Unusable"]
__all__ += ["Draw", "Lent", "Rng", "bounded", "caller", "check", "draw", "earlier", "group", "item", "items", "lend"]
__all__ += ["allowing", "libraries_of", "load_items", "predecessors", "reference", "untrained", "variant"]


def matrix(assignment: str, root: Path) -> str:
    """Every known mistake, what it costs and how it is named, as a Markdown table; ways that are alike share a row."""
    right = reference(assignment, root)
    lines = ["| item | mistake | points | named |", "|---|---|---|---|"]
    for asked in load_items(assignment, root):
        for mistake in asked.mistakes:
            result = check(asked, variant(asked, right, mistake), right)
            named = "yes" if [each.name for each in result.mistakes] == [mistake.name] else f"no: {words.line(result)}"
            lines.append(f"| `{asked.id}` | {mistake.name} | {result.points:g} of {result.max_points:g} | {named} |")
    return "\n".join(dict.fromkeys(lines))


def main(arguments: Sequence[str]) -> int:
    """``matrix <assignment>`` prints the table of mistakes."""
    if len(arguments) != 2 or arguments[0] != "matrix" or not re.fullmatch(r"[\w-]+", arguments[1]):
        print("usage: python -m grading.engine matrix <assignment>", file=sys.stderr)
        return 2
    try:
        print(matrix(arguments[1], find_course()))
    except (AssignmentError, CourseError, OSError) as error:
        print(f"grading: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
