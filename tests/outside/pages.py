"""The numbers that a page prints, for those who recompute them from outside: with NumPy alone, and nothing of nnlib.

``python tests/outside/pages.py 2026`` draws four numbers from each chapter by that seed: from all that its cells print
with decimals or an exponent. Those of seed 2026 are recomputed in the files beside this one. Cells whose outputs differ
from run to run are left out.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "book" / "chapters").glob("*.ipynb"))
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d*\.\d+|\d+(?=e[-+]?\d))(?:e[-+]?\d+)?(?![\w.]*\w)", re.IGNORECASE)
EACH = 4


def texts(chapter):
    """What each cell of a chapter prints, by the cell's id."""
    notebook = json.loads((ROOT / "book" / "chapters" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "nbval-ignore-output" in cell["metadata"].get("tags", []):
            continue
        outputs = cell.get("outputs", [])
        found = [out.get("text", out.get("data", {}).get("text/plain", "")) for out in outputs]
        yield cell["id"], "".join("".join(text) for text in found)


def numbers(chapter):
    """Each number that is printed: the cell's id, its place among the numbers of the cell, and the text of it."""
    for cell, text in texts(chapter):
        for place, found in enumerate(NUMBER.findall(text)):
            yield cell, place, found


def printed(chapter, cell, place):
    """The text of one number."""
    return next(text for name, where, text in numbers(chapter) if (name, where) == (cell, place))


def agrees(text, value, units=0.51):
    """Whether a value, rounded as the page does, is the number that it prints; `units` of the last printed digit."""
    mantissa, _, exponent = text.lower().partition("e")
    digits = len(mantissa.partition(".")[2])
    return abs(float(text) - value) <= units * 10.0 ** (int(exponent or 0) - digits)


def draw(seed):
    """Four numbers of each chapter."""
    for index, chapter in enumerate(CHAPTERS):
        found = list(numbers(chapter))
        chosen = np.random.default_rng([seed, index]).choice(len(found), size=EACH, replace=False)
        yield from ((chapter, *found[each]) for each in sorted(chosen))


if __name__ == "__main__":
    for each in draw(int(sys.argv[1])):
        print(*each)
