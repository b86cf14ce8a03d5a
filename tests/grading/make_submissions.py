"""Make the submissions that the tests grade: the students' notebook with answers and declared damage.

``python tests/grading/make_submissions.py`` writes the folder ``submissions`` anew; a test says when that is due.
"""

import copy
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from grading import engine  # noqa: E402

NAME = "backprop"
ESSAY = "The recursion multiplies by $W^{[l]}$, and hers is the new one. With a small step it hardly shows."


def load(folder: str) -> dict:
    return json.loads((ROOT / folder / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))


def grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def index(notebook: dict, name: str) -> int:
    return next(i for i, cell in enumerate(notebook["cells"]) if grade_id(cell) == name)


def find(notebook: dict, name: str) -> dict:
    return notebook["cells"][index(notebook, name)]


def text(cell: dict) -> str:
    return "".join(cell["source"])


def write(cell: dict, source: str) -> None:
    cell["source"] = source.splitlines(keepends=True)


def solved() -> dict:
    """The students' notebook with every answer right."""
    notebook, source = load("exercises"), load("solutions")
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            lines = text(find(source, grade_id(cell))).splitlines()
            write(cell, "\n".join(line for line in lines if "### " not in line))
    essay = find(notebook, "deltas-first")
    write(essay, text(find(load("exercises"), "deltas-first")).replace("YOUR ANSWER HERE", ESSAY))
    return notebook


def own_cell(source: str) -> dict:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "a-cell-of-mine",
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def edited(function: str, *edits: tuple[str, str]) -> dict:
    """A solved notebook with edits in the answer of one function."""
    notebook = solved()
    cell = find(notebook, f"solve-{function}")
    for old, new in edits:
        if old not in text(cell):
            raise ValueError(f"{old!r} does not occur in the answer of {function}")
        write(cell, text(cell).replace(old, new))
    return notebook


def mistaken(item: str, name: str) -> dict:
    """A solved notebook with one of the mistakes that the assignment knows."""
    declared = next(each for each in engine.load_items(NAME, ROOT) if each.id == item)
    mistake = next(each for each in declared.mistakes if each.name == name)
    return edited(declared.function, *mistake.edits)


def with_own(after: str, source: str) -> dict:
    """A solved notebook with a cell of the student's own."""
    notebook = solved()
    notebook["cells"].insert(index(notebook, after) + 1, own_cell(source))
    return notebook


def without(*names: str) -> dict:
    notebook = solved()
    notebook["cells"] = [cell for cell in notebook["cells"] if grade_id(cell) not in names]
    return notebook


def duplicated() -> dict:
    """The first try at softmax was copied, the copy mended; a locked cell was copied too."""
    notebook = solved()
    place = index(notebook, "solve-softmax")
    first = copy.deepcopy(notebook["cells"][place])
    write(first, "def softmax(a):\n    return a")
    notebook["cells"].insert(place, first)
    notebook["cells"].append(copy.deepcopy(find(notebook, "check-forward")))
    return notebook


def stripped() -> dict:
    """An editor took nbgrader's metadata of some cells and left junk in others; the graded cells are gone."""
    notebook = without("softmax", "forward", "train")
    for number, cell in enumerate(notebook["cells"]):
        about = cell["metadata"].get("nbgrader", {})
        if number % 4 == 0:
            cell["metadata"] = {}
        elif number % 4 == 1:
            about["schema_version"] = 99
        elif number % 4 == 2:
            about |= {"points": "all", "junk": [1, 2], "locked": "yes"}
    return notebook


def noisy() -> dict:
    """Right, with a warning and words on stderr."""
    return edited(
        "softmax",
        ("    e = ", "    print('debug', a.shape, file=sys.stderr)\n    np.log(np.zeros(1))\n    e = "),
        ("def softmax", "import sys\n\nprint('loaded', file=sys.stderr)\n\n\ndef softmax"),
    )


def truncated() -> str:
    whole = dump(solved())
    return whole[: len(whole) // 2]


def dump(notebook: dict) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


SUBMISSIONS: dict[str, tuple[str, Callable[[], dict | str]]] = {
    "ada": ("backprop/backprop.ipynb", solved),
    "bert": ("backprop.ipynb", lambda: load("exercises")),
    "carla": ("backprop.ipynb", lambda: mistaken("softmax", "softmax without a shift")),
    "dario": ("backprop.ipynb", lambda: mistaken("delta-matrix", "h' forgotten")),
    "elif": ("backprop.ipynb", lambda: mistaken("netbp-update", "weights updated before all deltas are known")),
    "farid": ("backprop.ipynb", lambda: edited("forward", ("for beta in betas:", "for beta in betas"))),
    "greta": ("backprop.ipynb", lambda: with_own("solve-delta_output", "while True:\n    pass")),
    "hugo": ("backprop.ipynb", lambda: without("solve-delta_hidden")),
    "ines": ("backprop.ipynb", lambda: with_own("solve-forward", "import sys\n\nsys.exit()")),
    "jonas": ("backprop.ipynb", lambda: with_own("solve-gradient", "import os\n\nos._exit(1)")),
    "kim": ("my backprop (2).ipynb", solved),
    "lena": ("backprop.ipynb", truncated),
    "mio": ("backprop.ipynb", lambda: ""),
    "nora": ("backprop.ipynb", duplicated),
    "omar": ("backprop.ipynb", stripped),
    "pia": ("backprop.ipynb", noisy),
    "quin": ("backprop.ipynb", lambda: with_own("solve-softmax", "for _ in range(40):\n    print('x' * 1_000_000)")),
    "rosa": (
        "backprop.ipynb",
        lambda: edited("gradient_layer", ("    ones", "    while len(z):\n        pass\n    ones")),
    ),
    "sven": (
        "backprop.ipynb",
        lambda: edited("train", ("    for batch", "    __import__('os')._exit(1)\n    for batch")),
    ),
    "tara": ("notes.txt", lambda: "I could not open the notebook.\n"),
}


def make(folder: Path) -> None:
    """Write every submission into the folder."""
    for student, (path, build) in SUBMISSIONS.items():
        made = build()
        file = folder / student / path
        file.parent.mkdir(parents=True)
        file.write_text(made if isinstance(made, str) else dump(made), encoding="utf-8")


if __name__ == "__main__":
    here = Path(__file__).with_name("submissions")
    shutil.rmtree(here, ignore_errors=True)
    make(here)
    print(f"{len(SUBMISSIONS)} submissions in {here.relative_to(ROOT)}")
