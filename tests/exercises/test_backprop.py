"""The assignment proves itself: solution full, stub zero, every known mistake costs points and is named."""

import contextlib
import dataclasses
import io
import itertools
import json
import re
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from grading import engine
from nnlib.checks import Failed, Unsolved

ROOT = Path(__file__).resolve().parents[2]
ITEMS = engine.load_items("backprop", ROOT)
MISTAKES = [pytest.param(item, mistake, id=f"{item.id}: {mistake.name}") for item in ITEMS for mistake in item.mistakes]
# what cannot run at all is told by Python, in the student's own line
SHAPES_CLASH = {"beta transposed", "delta propagated through the wrong beta"}


def stub(item):
    def unsolved(*_, **__):
        raise NotImplementedError

    return unsolved


def planted(item, right, *mistakes):
    """A namespace with a wrong function, as a student would have it."""
    call = engine.variant(item, right, *mistakes)
    return {**right.functions, item.function: lambda *args, **kwargs: call(item.function, args, kwargs)}


# ------------------------------------------------------------------------------------------------------- graded


@pytest.mark.parametrize("seed", [0, 1, 2, 2**32])
@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_the_solution_has_full_marks(item, right, seed):
    result = engine.check(item, engine.caller(right.functions), right, seed)
    assert (result.points, result.mistakes, result.message) == (item.max_points, (), "all right")


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_the_stub_has_no_points_and_is_called_unsolved(item, right):
    result = engine.check(item, engine.caller({item.function: stub(item)}), right)
    assert (result.points, result.mistakes) == (0, ())
    assert "not solved yet" in result.text()


@pytest.mark.parametrize("seed", [0, 11])
@pytest.mark.parametrize(("item", "mistake"), MISTAKES)
def test_a_known_mistake_costs_points_and_is_named(item, mistake, right, seed):
    result = engine.check(item, engine.variant(item, right, mistake), right, seed)
    assert result.points < item.max_points
    assert result.mistakes == (mistake,)
    assert mistake.hint in result.text()


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_some_mistake_of_each_item_keeps_some_points(item, right):
    points = [engine.check(item, engine.variant(item, right, mistake), right).points for mistake in item.mistakes]
    if item.id != "gradient-numerical":  # every quotient that is wrong is wrong for all networks
        assert any(0 < each < item.max_points for each in points)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_two_mistakes_at_once_are_named_as_these_two_or_as_what_gives_the_same(item, right):
    item = dataclasses.replace(item, groups=tuple(group for group in item.groups if not group.judge))
    for pair in itertools.combinations(item.mistakes, 2):
        try:
            call = engine.variant(item, right, *pair)
        except ValueError:
            continue  # they exclude each other
        result = engine.check(item, call, right)
        if not result.mistakes:
            cases = [case for group in item.groups for case in group.cases(np.random.default_rng(99))]
            assert all(engine._try(call, item.function, case, 5.0).kind for case in cases), (
                "only exceptions name nothing"
            )
            continue
        same = engine.variant(item, right, *result.mistakes)
        for group in item.groups:
            for case in group.cases(np.random.default_rng(99)):  # inputs that the diagnosis has not seen
                both = [engine._try(each, item.function, case, 5.0) for each in (call, same)]
                assert engine._same(*both, case), [mistake.name for mistake in (*pair, *result.mistakes)]


def test_a_mistake_that_nobody_declared_is_not_named(right, items):
    result = engine.check(items["softmax"], engine.caller({"softmax": lambda a: np.abs(a)}), right)
    assert (result.points, result.mistakes) == (0, ())


def test_every_mistake_teaches(right):
    for item in ITEMS:
        names = [mistake.name for mistake in item.mistakes]
        assert len(set(names)) == len(names)
        assert sum(group.points for group in item.groups) == item.max_points
        for mistake in item.mistakes:
            assert mistake.hint.endswith((".", "?"))
            assert mistake.page.startswith("chapters/")
    assert sum(len(item.mistakes) for item in ITEMS) >= 30


def test_a_mistakes_page_is_a_page_of_the_book(root):
    pages = {mistake.page for item in ITEMS for mistake in item.mistakes}
    toc = (root / "book" / "_toc.yml").read_text(encoding="utf-8")
    assert all(re.search(rf"file: {page}\b", toc) for page in pages)


# ------------------------------------------------------------------------------------------------- visible checks


def run_check(cells, item, namespace):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(cells[f"check-{item.function}"], namespace)
    return out.getvalue()


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_the_solution_passes_the_visible_checks(item, right, cells):
    assert f"✓ {item.function}: all visible checks pass" in run_check(cells, item, dict(right.functions))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_a_visible_check_says_which_function_is_not_solved(item, right, cells):
    with pytest.raises(Unsolved, match=f"unsolved|{item.function} is not solved yet"):
        run_check(cells, item, {**right.functions, item.function: stub(item)})


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_a_function_without_return_is_asked_for_it(item, right, cells):
    with pytest.raises(Failed, match="did the function forget its return"):
        run_check(cells, item, {**right.functions, item.function: lambda *_, **__: None})


@pytest.mark.parametrize(("item", "mistake"), MISTAKES)
def test_a_known_mistake_fails_a_visible_check_with_a_question(item, mistake, right, cells):
    expected = ValueError if mistake.name in SHAPES_CLASH else Failed
    with pytest.raises(expected) as failed:
        run_check(cells, item, planted(item, right, mistake))
    if expected is Failed and "parts, expected" not in str(failed.value):
        assert str(failed.value).endswith("?")


# --------------------------------------------------------------------------------------------- the whole notebook


def executed(path, monkeypatch, **names):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()
    return notebook


def outputs(notebook, kind):
    return [(cell.id, out) for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == kind]


def test_the_source_runs_from_top_to_bottom_and_scores_full_marks(monkeypatch):
    names = {"NNCOURSE_ROOT": str(ROOT), "NNCOURSE_ASSIGNMENT": "backprop", "NNCOURSE_SEED": "5"}
    notebook = executed(ROOT / "solutions/backprop/backprop.ipynb", monkeypatch, **names)
    assert outputs(notebook, "error") == []
    points = {cell: float(out.data["text/plain"]) for cell, out in outputs(notebook, "execute_result")}
    assert points == {item.id: item.max_points for item in ITEMS}
    bundles = [out.data[engine.MIME] for _, out in outputs(notebook, "display_data")]
    assert [(each["item"], each["points"], each["seed"]) for each in bundles] == [
        (item.id, item.max_points, 5) for item in ITEMS
    ]
    assert not [out for _, out in outputs(notebook, "stream") if out.name == "stderr"]


def test_the_students_notebook_runs_to_the_end_and_only_says_what_is_not_solved(monkeypatch):
    notebook = executed(ROOT / "exercises/backprop/backprop.ipynb", monkeypatch)
    errors = outputs(notebook, "error")
    checks = [cell.id for cell in notebook.cells if cell.id.startswith("check-")]
    assert [cell for cell, _ in errors] == checks
    for _, error in errors:
        assert error.ename == "Unsolved"
        assert "is not solved yet" in error.traceback[0]  # one sentence, no traceback
        assert len(error.traceback) == 1


def test_items_and_graded_cells_belong_together(root):
    notebook = json.loads((root / "solutions/backprop/backprop.ipynb").read_text(encoding="utf-8"))
    graded = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in notebook["cells"]
        if cell["metadata"]["nbgrader"]["grade"] and cell["cell_type"] == "code"
    }
    assert graded == {item.id: item.max_points for item in ITEMS}
