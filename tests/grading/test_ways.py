"""The way that a task asks for is seen across the wire too."""

import nbformat
import pytest
from small_course import ROOT

from grading.run import sandbox
from grading.run.execution import Execution, Limits
from grading.tell import words

ERROR = """
def slopes(F, betas):
    found = []
    for l, beta in enumerate(betas):
        g = np.zeros(beta.shape)
        for index in np.ndindex(*beta.shape):
            g[index] = STEP
        found.append(g)
    return found

def F(betas, X, Y):
    return -np.sum(Y * np.log(forward(betas, X)[1][-1])) / len(X)

def moved(betas, l, index, step):
    new = [beta + 0 * step for beta in betas]
    new[l][index] += step
    return new

def gradient(betas, X, Y):
    return slopes(lambda new: F(new, X, Y), betas)
"""
WAYS = {
    "backpropagation": (None, 4, "gradient: 4 of 4 points"),
    "differences": (
        "(F(moved(betas, l, index, 1e-5)) - F(moved(betas, l, index, -1e-5))) / 2e-5",
        0,
        "gradient called forward 32 times; the task asks for backpropagation, which goes forward once",
    ),
    "a complex step": (
        "F(moved(betas, l, index, 1e-30j)).imag / 1e-30",
        0,
        "gradient computes with complex numbers; the task asks for backpropagation, which goes forward once",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_gradient_by_another_way_than_backpropagation_earns_nothing(way):
    step, points, said = WAYS[way]
    notebook = nbformat.read(ROOT / "solutions" / "backprop" / "backprop.ipynb", as_version=4)
    after = next(number for number, cell in enumerate(notebook.cells) if cell.id == "gradient")
    for cell in notebook.cells:
        if cell.id == "solve-gradient" and step:
            cell.source = ERROR.replace("STEP", step)
    notebook.cells = [cell for cell in notebook.cells[: after + 1] if not cell.id.startswith("check")]
    execution = Execution(notebook, sandbox.Sandbox(), "backprop", ROOT, 0, Limits(60.0, 300.0))
    execution.run()
    verdict = execution.ran.verdicts["gradient"]
    assert said in words.text(verdict)
    assert verdict.points == points
