"""The assignments, read once."""

import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the runner does: small products gain nothing from threads

import pytest

from grading import engine

ASSIGNMENT = "backprop"


@pytest.fixture(scope="session")
def items(root):
    """Item by its function's name."""
    return {item.function: item for item in engine.load_items(ASSIGNMENT, root)}


@pytest.fixture(scope="session")
def right(root):
    """The solution."""
    return engine.reference(ASSIGNMENT, root)


@pytest.fixture(scope="session")
def cells(root):
    """The text of each cell of the source, by the cell's id."""
    notebook = json.loads((root / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}


@pytest.fixture
def graded(items, right):
    """Check a student's function: ``graded("softmax", function)``."""

    def check(name, function, seed=0):
        return engine.check(items[name], engine.caller({**right.functions, name: function}), right, seed)

    return check
