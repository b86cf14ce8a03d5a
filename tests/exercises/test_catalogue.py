"""How items, draws and mistakes are declared: what CONTRIBUTING shows works, and what is no declaration is refused."""

import json
import re

import numpy as np
import pytest

from grading import engine
from grading.judge.catalogue import with_mistakes
from grading.judge.draw import batches, draw, f32, network, normal, one_hot, uniform

SOLUTION = '''def leaky_relu(a):
    """0.01 * a"""
    ### BEGIN SOLUTION
    return np.where(a > 0, a, 0.01 * a)
    ### END SOLUTION
'''


def made(group, seed=0):
    """The arguments of each case."""
    return [case.args for case in group.cases(np.random.default_rng(seed))]


# ------------------------------------------------------------------------------------------------------- draws


def test_a_case_is_a_draw_or_a_tuple_of_draws_and_plain_values():
    group = engine.group("a", normal(3), (normal(2, 3), "tanh", 5), ([normal(2), normal(4)], (uniform(1, 2), 7)))
    (vector,), (matrix, name, five), (arrays, (between, seven)) = made(group)
    assert (vector.shape, matrix.shape, name, five, seven) == ((3,), (2, 3), "tanh", 5, 7)
    assert [each.shape for each in arrays] == [(2,), (4,)]
    assert type(between) is float
    assert 1 <= between <= 2


def test_the_same_generator_gives_the_same_and_another_one_does_not():
    group = engine.group("a", (normal(3), one_hot(4, 3), network((3, 4, 2)), batches(9, 2, 3)))
    one, again, other = made(group), made(group), made(group, 1)
    np.testing.assert_equal(one, again)
    assert not np.array_equal(one[0][0], other[0][0])


def test_draws_add_and_multiply():
    shift = np.array([[-1.0], [1.0]])
    drawn, scaled, summed, product = (
        each(np.random.default_rng(0))
        for each in (normal(2, 3), 1e3 * normal(2, 3), shift + normal(2, 3), normal(2, 3) * uniform(2, 2))
    )
    np.testing.assert_array_equal(scaled, 1e3 * drawn)
    np.testing.assert_array_equal(summed, shift + drawn)
    np.testing.assert_array_equal(product, 2 * drawn)


def test_values_that_depend_on_one_another_are_a_function_of_the_generator():
    @draw
    def optimum(rng, X, scale):
        """X, y, w: the best w for what was drawn."""
        w = scale * rng.normal(size=X.shape[1])
        return X, X @ w, w

    ((X, y, w, name),) = made(engine.group("a", (optimum(normal(5, 2), 3.0), "more")))
    np.testing.assert_array_equal(y, X @ w)
    assert name == "more"


def test_single_precision_is_for_what_was_drawn_and_for_no_setting():
    ((a, number, alpha, indices),) = made(engine.group("a", f32((normal(3), normal(), uniform(0, 1), batches(5, 2)))))
    assert (a.dtype, number.dtype, type(alpha), indices[0].dtype) == (np.float32, np.float32, float, np.int64)


def test_a_network_has_its_biases_in_column_0_or_none():
    shapes = [beta(np.random.default_rng(0)).shape for beta in network((3, 4, 2))]
    without = [beta(np.random.default_rng(0)) for beta in network((3, 4, 2), biases=False)]
    assert shapes == [(4, 4), (2, 5)]
    assert all(not beta[:, 0].any() and beta[:, 1:].all() for beta in without)


# --------------------------------------------------------------------------------------------------- the catalogue


@pytest.fixture
def written(tmp_path):
    """Writes a course of one assignment, "new", and reads its items."""

    def write(
        catalogue, shared="", checks='ITEMS = items(leaky_relu=item("leaky-relu", group("both signs", normal(9))))'
    ):
        folder = tmp_path / "solutions" / "new"
        folder.mkdir(parents=True)
        imports = "from grading.engine import group, item, items\nfrom grading.judge.draw import f32, normal\n"
        (folder / "checks.py").write_text(imports + checks)
        (folder / "mistakes.toml").write_text(catalogue)
        (folder.parent / "mistakes.toml").write_text(shared)
        cell = {"cell_type": "code", "metadata": {"nbgrader": {"solution": True}}, "source": SOLUTION}
        provided = {"cell_type": "code", "metadata": {"tags": ["provided"]}, "source": "import numpy as np"}
        (folder / "new.ipynb").write_text(json.dumps({"cells": [provided, cell]}))
        return engine.load_items("new", tmp_path)

    return write


def test_a_new_item_in_ten_lines(written, root, tmp_path):
    """The one that CONTRIBUTING shows: the solution earns all, and every mistake is named."""
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Add an exercise")[2]
    item, mistakes = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("python", "toml"))
    assert len((item + mistakes).split("\n")) <= 1 + 10
    (item,) = written(f'page = "chapters/04-backpropagation"\n{mistakes}', checks=f"ITEMS = items(\n{item})")
    right = engine.reference("new", tmp_path)
    assert engine.check(item, engine.caller(right.functions), right).points == item.max_points
    for mistake in item.mistakes:
        result = engine.check(item, engine.variant(item, right, mistake), right)
        assert [each.name for each in result.mistakes] == [mistake.name]


@pytest.mark.parametrize(
    ("entry", "edits", "hint"),
    [
        ("[]", ("0.01", "0.1"), "How steep?"),
        ("['a > 0', 'a < 0']", ("a > 0", "a < 0"), "How steep?"),
        ('["Which side?"]', ("0.01", "0.1"), "Which side?"),
    ],
)
def test_what_an_entry_leaves_out_is_that_of_the_shared_one(written, entry, edits, hint):
    table = f"page = 'chapters/1'\n[leaky-relu]\npage = 'chapters/2'\nslope = {entry}"
    (item,) = written(table, "slope = ['0.01', '0.1', 'How steep?']")
    assert item.mistakes == (engine.Mistake("slope", hint, "chapters/2", (edits,)),)


def test_a_mistake_may_be_made_in_several_ways(written):
    table = "page = 'chapters/1'\n[leaky-relu]\nslope = [['0.01', '0.1'], ['0.01', '1'], 'How steep?']"
    (item,) = written(table)
    assert [(each.name, each.edits) for each in item.mistakes] == [
        ("slope", (("0.01", "0.1"),)),
        ("slope", (("0.01", "1"),)),
    ]


PAGE = "page = 'chapters/1'\n"


@pytest.mark.parametrize(
    ("catalogue", "shared", "said"),
    [
        (
            PAGE + "[leaky]",
            "",
            r"solutions/new/mistakes.toml: \[leaky\] is no item of checks.py; its items are leaky-relu",
        ),
        (PAGE + "pages = 'x'", "", r"mistakes.toml: \[pages\] is no item"),
        (PAGE + "leaky-relu = 3", "", r"mistakes.toml, \[leaky-relu\], '' is 3; write a list of texts"),
        (
            PAGE + "[leaky-relu]\nodd = 'hint'",
            "",
            r"\[leaky-relu\], 'odd' is 'hint'; write a list of texts: for each edit",
        ),
        (
            PAGE + "[leaky-relu]\nodd = [['a', 'b'], ['a'], 'hint']",
            "",
            r"\[leaky-relu\], 'odd' is \[\['a', 'b'\], \['a'\], 'hint'\]; write",
        ),
        (
            PAGE + "[leaky-relu]\nodd = []",
            "",
            r"\[leaky-relu\], 'odd' has no hint, and no mistake of this name is shared",
        ),
        (PAGE + "[leaky-relu]\nodd = ['a', 'b']", "", r"'odd' has no hint, and no mistake of this name is shared"),
        (PAGE + "[leaky-relu]\nodd = ['hint']", "", r"'odd' has no edits, and no mistake of this name is shared"),
        (PAGE + "[leaky-relu]\nodd = ['hint']", "odd = 3", r"mistakes.toml of all assignments, 'odd' is 3; write"),
        ("[leaky-relu]\nodd = ['a', 'b', 'hint']", "", r"\[leaky-relu\]: page = \"...\" is missing"),
        ("[leaky-relu", "", r"solutions/new/mistakes.toml is no TOML: "),
    ],
)
def test_what_is_no_mistake_is_refused_and_said_where(written, catalogue, shared, said):
    with pytest.raises(ValueError, match=said):
        written(catalogue, shared)


def test_without_a_catalogue_the_items_are_as_they_were_declared(tmp_path):
    items = (engine.item("double", engine.group("all", 1.0)),)
    assert with_mistakes(items, tmp_path / "new") == items
