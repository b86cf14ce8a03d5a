"""The visible checks: what passes, what does not, and the sentence that the student reads."""

import collections
import linecache
import re
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from nnlib import checks
from nnlib.checks.there import THERE


def test_close_allows_rounding_and_no_more(capsys):
    checks.close([1.0, 2.0 + 1e-9], [1, 2], "z")
    assert capsys.readouterr().out == "✓ z: the numbers agree\n"
    with pytest.raises(checks.Failed):
        checks.close([1.0, 2.0 + 1e-5], [1, 2], "z")


def test_close_shows_both_sides_and_asks():
    with pytest.raises(checks.Failed, match=r"z: found\n\[1\. 3\.\]\nexpected\n\[1\. 2\.\]\nAsk yourself: why\?"):
        checks.close([1.0, 3.0], [1.0, 2.0], "z", "why?")


def test_close_names_one_entry_of_a_large_array():
    wanted = np.zeros((5, 5))
    found = wanted.copy()
    found[3, 1] = 2.0
    with pytest.raises(checks.Failed, match=r"z: entry \[3, 1\] is 2, expected 0"):
        checks.close(found, wanted, "z")


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "forget its return"), ("text", "str"), ([1.0, np.nan], "not finite"), ([[1.0, 2.0]], r"shape \(1, 2\)")],
)
def test_close_says_what_is_no_array_of_numbers(value, said):
    with pytest.raises(checks.Failed, match=said):
        checks.close(value, [1.0, 2.0], "z")


def test_shape_asks_the_question_of_that_wrong_shape():
    checks.shape(np.ones((2, 3)), (2, 3), "z")
    with pytest.raises(checks.Failed, match="where is the bias"):
        checks.shape(np.ones((2, 2)), (2, 3), "z", {(2, 2): "where is the bias?"})
    with pytest.raises(checks.Failed, match=r"shape \(3, 2\), expected \(2, 3\)$"):
        checks.shape(np.ones((3, 2)), (2, 3), "z", {(2, 2): "where is the bias?"})


@pytest.mark.parametrize(
    ("value", "said"), [(None, "forget its return"), (3.0, "of type float"), ([1, 2, 3], "has 3 parts, expected 2")]
)
def test_parts_counts(value, said):
    checks.parts((1, 2), 2, "what it returns")
    with pytest.raises(checks.Failed, match=said):
        checks.parts(value, 2, "what it returns")


@pytest.mark.parametrize("value", [0.84, float("nan")])
def test_at_least_takes_the_bound_and_nothing_below(value):
    checks.at_least(0.85, 0.85, "accuracy")
    with pytest.raises(checks.Failed, match=r"at least 0\.85"):
        checks.at_least(value, 0.85, "accuracy")


def F(w):
    return float(np.sum(w**3))


@pytest.mark.parametrize("w", [1.5, [0.5, -1.0], [[0.5, 1.0], [2.0, -3.0]]])
def test_gradient_takes_any_shape(w):
    w = np.array(w)
    checks.gradient(F, 3 * w**2, w, "g")
    with pytest.raises(checks.Failed, match="central differences give"):
        checks.gradient(F, 3 * w**2 * (1 + 1e-4), w, "g")


def test_gradient_names_the_worst_entry():
    w = np.array([[0.5, 1.0], [2.0, -3.0]])
    g = 3 * w**2
    g[1, 0] = np.nan
    with pytest.raises(checks.Failed, match=r"g: entry \[1, 0\] is nan, central differences give 12"):
        checks.gradient(F, g, w, "g")


def test_part_names_the_function_that_is_not_solved():
    def forward():
        raise NotImplementedError

    later = r"^forward is not solved yet \(these checks of gradient call it\)$"
    with pytest.raises(checks.Unsolved, match=later), checks.part("gradient"):
        forward()
    with pytest.raises(checks.Unsolved, match=r"^forward is not solved yet$"), checks.part("forward"):
        forward()


def test_part_lets_an_error_through_that_no_function_of_the_notebook_has_to_do_with():
    with pytest.raises(ZeroDivisionError), checks.part("softmax"):
        _ = 1 / 0


# ------------------------------------------------------------------------------------------------ what numbers say


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (-0.5 + 2e-6, -0.5),
        ([1.0, -0.5 + 2e-6], [1.0, -0.5]),
        (1e6 + 2.0, 1e6),
        (np.full((5, 5), 0.5 + 2e-6), [[0.5] * 5] * 5),
    ],
)
def test_what_is_wrong_is_never_printed_like_what_is_right(found, wanted):
    with pytest.raises(checks.Failed) as failed:
        checks.close(found, wanted, "z")
    found, _, wanted = str(failed.value).partition("expected")
    assert found.split()[-1].strip("[],") != wanted.split()[0 if np.ndim(found) == 0 else -1].strip("[],")
    assert found.replace("z: found", "").strip() != wanted.strip()


def test_at_least_prints_enough_digits_too():
    with pytest.raises(checks.Failed, match=r"is 0\.849999, expected at least 0\.85"):
        checks.at_least(0.849999, 0.85, "accuracy")


W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (-W, "Every entry has the wrong sign"),
        (2 * W, "Every entry is twice what is expected"),
        (W / 2, "Every entry is half of what is expected"),
        (-3 * W, "Every entry is minus 3 times what is expected"),
        (W / 6, "Every entry is 1/6 of what is expected"),
        (W * 6 / 5, "Every entry is 6/5 times what is expected"),
        (W + 0.25, r"Every entry is too large by 0\.25"),
        (0 * W, "Every entry is 0"),
        (W[::-1], "The rows are right, in another order"),
        (W[:, [1, 2, 0]], "The columns are right, in another order"),
        (W[[0, 0]] + 1, "All rows are alike"),
        (W + np.array([0, 0, 1]), "Only column 2 is wrong"),
        (W + np.array([[0], [-3]]), "Only row 1 is wrong"),
        (W + np.array([[0, 0, 0], [0, 9, 0]]), r"Only entry \[1, 1\] is wrong"),
        (W.T, r"shape \(3, 2\), expected \(2, 3\)\nRows and columns are exchanged"),
        (W[None], "an axis of length 1 too many"),
        (W * 1.234567, r"7\.\]\]\nAsk"),  # no simple factor: nothing is said
        (W + 0.1 * W**2, r"7\.\]\]\nAsk"),
    ],
)
def test_close_says_what_is_wrong_where_it_is_certain(found, said):
    with pytest.raises(checks.Failed, match=said) as failed:
        checks.close(found, W, "z", "why?")
    assert str(failed.value).endswith("\nAsk yourself: why?")


def test_one_number_says_nothing_but_its_sign():
    with pytest.raises(checks.Failed, match=r"^z: found -2, expected 2\nThe sign is wrong\.$"):
        checks.close(-2.0, 2.0, "z")
    with pytest.raises(checks.Failed, match=r"^z: found 1, expected 2$"):
        checks.close(1.0, 2.0, "z")


def test_small_numbers_count_where_each_does():
    checks.close([1.0, 1e-9], [1.0, 2e-9], "z")  # as always: relative to the largest
    with pytest.raises(checks.Failed, match=r"found\n\[.* 1.*e-09\]\nexpected\n\[.* 2.*e-09\]"):
        checks.close([1.0, 1e-9], [1.0, 2e-9], "z", each=True)
    checks.close([1.0, 2e-9 * (1 + 1e-7), 0.0], [1.0, 2e-9, 0.0], "z", each=True)


def test_gradient_says_what_is_wrong_with_all_entries():
    w = np.array([[0.5, 1.0], [2.0, -3.0]])
    with pytest.raises(checks.Failed, match="twice what is expected"):
        checks.gradient(F, 6 * w**2, w, "g")
    with pytest.raises(checks.Failed, match="wrong sign"):
        checks.gradient(F, -3 * w**2, w, "g")
    with pytest.raises(checks.Failed, match="an axis of length 1 too many"):
        checks.gradient(F, 3 * w[None] ** 2, w, "g")


@pytest.mark.parametrize(
    "value",
    [
        [1, 2.0],
        (1, 2),
        collections.deque([1.0, 2.0]),
        np.array([1, 2], dtype=object),
        np.array([1, 2], dtype=np.float32),
        np.matrix([1.0, 2.0]).A1,
        [np.array(1.0), np.array(2.0)],
    ],
)
def test_numbers_are_numbers_whatever_holds_them(value):
    checks.close(value, [1.0, 2.0], "z")
    checks.shape(value, (2,), "z")
    checks.parts(value, 2, "z")


def test_an_iterator_is_taken_as_a_list():
    checks.close((n for n in (1.0, 2.0)), [1.0, 2.0], "z")
    checks.parts(map(float, "12"), 2, "z")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.array([1.0, 2.0 + 1j]), "complex numbers, expected real"),
        (np.array([1.0 + 0j, 2.0]), "complex numbers, expected real"),
        ([1.0, None], "an entry that is None"),
        (["1", "2"], "cannot be read as an array of numbers"),
        ([[1.0], [1.0, 2.0]], "different shapes"),
        ({"a": 1.0}, "is a dict"),
        ([1.0, np.inf], r"entry \[1\] is infinity"),
    ],
)
def test_what_cannot_be_the_numbers_is_told(value, said):
    with pytest.raises(checks.Failed, match=said):
        checks.close(value, [1.0, 2.0], "z")


# ----------------------------------------------------------------------------------- the functions of a notebook


class Notebook:
    """Cells run one after the other in a namespace, and their texts are known, as in Jupyter."""

    def __init__(self):
        self.names, self.count = {"np": np, "checks": checks}, 0

    def run(self, cell):
        cell = textwrap.dedent(cell).strip()
        self.count += 1
        file = f"<cell {self.count} of {id(self)}>"
        linecache.cache[file] = len(cell), None, cell.splitlines(keepends=True), file
        exec(compile(cell, file, "exec"), self.names)

    def fails(self, cell):
        with pytest.raises(checks.Failed) as failed:
            self.run(cell)
        return str(failed.value)


@pytest.fixture
def notebook():
    return Notebook()


SOFTMAX = """
with checks.part("softmax"):
    checks.close(softmax(np.zeros((2, 3))), np.full((2, 3), 1 / 3), "softmax", "what is a row's sum?")
"""
LATER = SOFTMAX.replace('part("softmax")', 'part("forward")')


@pytest.mark.parametrize(
    ("line", "argument", "given"),
    [
        ("x -= 1.0", "x", "np.ones(3)"),
        ("x[0] = np.nan", "x", "np.ones(3)"),
        ("x.sort()", "x", "np.array([2.0, 1.0])"),
        ("x.shape = 3, 1", "x", "np.ones(3)"),
        ("x.reshape(-1)[:] = 0", "x", "np.ones((2, 2))"),
        ("x[1] -= 1.0", "x", "[np.ones(2), np.ones(3)]"),
        ("x[0] = x[0] - 1.0", "x", "[np.ones(2), np.ones(3)]"),
        ("x.append(1.0)", "x", "[1.0, 2.0]"),
        ("x['w'] *= 2", "x", "{'w': np.ones(2)}"),
        ("x[0][1] *= 2", "x", "([np.ones(2), np.ones(2)],)"),
        ("y += 1", "y", "np.ones(3), y=np.ones(2)"),
    ],
)
def test_a_changed_argument_is_named(notebook, line, argument, given):
    notebook.run(f"def step(x, y=None):\n    {line}\n    return 1.0")
    said = notebook.fails(f"with checks.part('step'):\n    checks.close(step({given}), 2.0, 'a step')")
    assert said.startswith(f"step changed its argument {argument}, ")
    assert f"Work on a copy: {argument} = " in said
    assert said.endswith("?")


def test_all_changed_arguments_are_named(notebook):
    notebook.run("def step(w, v):\n    v *= 0.5\n    w += v\n    return w")
    said = notebook.fails("with checks.part('step'):\n    step(np.ones(2), np.ones(2))")
    assert said.startswith("step changed its arguments w and v, ")


@pytest.mark.parametrize(
    "body",
    [
        "kept = x[0]\n    x[0] = 5\n    x[0] = kept",  # put back, as a difference quotient may
        "x = x - 1",
        "x = x.copy()\n    x -= 1",
        "pass",
    ],
)
def test_an_argument_that_is_as_it_was_is_no_fault(notebook, body):
    notebook.run(f"def step(x):\n    {body}\n    return 1.0")
    notebook.run("with checks.part('step'):\n    checks.close(step(np.array([1.0, np.nan])), 1.0, 'a step')")


def test_a_helper_may_write_into_what_it_gets(notebook):
    notebook.run("def fill(z):\n    z[:] = 1.0\n\ndef step(n):\n    z = np.zeros(n)\n    fill(z)\n    return z")
    notebook.run("with checks.part('step'):\n    checks.close(step(2), [1.0, 1.0], 'ones')")


def test_where_a_check_fails_an_inner_change_is_mentioned(notebook):
    notebook.run("""
        def delta(yhat, Y):
            yhat -= Y
            return yhat

        def error(yhat, Y):
            delta(yhat.copy(), Y)
            z = yhat + 0.0
            return np.sum(delta(z, Y) * z)
    """)
    said = notebook.fails(
        "with checks.part('error'):\n    checks.close(error(np.ones(2), np.ones(2)), 1.0, 'E', 'why?')"
    )
    assert said == "E: found 0, expected 1\nLook here first: delta changes its argument yhat.\nAsk yourself: why?"


def test_a_change_by_an_earlier_function_is_not_blamed_on_this_part(notebook):
    notebook.run("def softmax(a):\n    a -= 1\n    e = np.exp(a)\n    return e / e.sum(axis=1, keepdims=True)")
    assert notebook.fails(LATER).startswith("softmax changed its argument a (these checks of forward call it), ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("e = np.exp(a)\n    return e / e.sum(axis=1)", r"line 3 of its cell.*a \(2, 3\), e \(2, 3\).*keepdims"),
        ("return a @ np.ones((4, 4))", r"size 4 is different from 3.*transposed"),
        ("return max(np.abs(a) - 1, 0)", "truth value.*np.maximum"),
        ("return a[2]", "out of bounds.*counted from 0"),
        ("return {'x': 1}['y']", "KeyError: 'y'.*which keys"),
        ("return [].sort() + a", "NoneType.*what is None"),
        ("return np.foo(a)", "AttributeError.*spelled"),
        ("return aa", "NameError.*where does the name get its value"),
        ("return a.tolist() - a.tolist()", r"np.array\(\.\.\.\)"),
        ("import math\n    return math.exp(a)", "which function takes one number"),
        ("return a + np.ones((3, 2))", "transposed"),
        ("return a + np.ones((2, 4))", "bias"),
        ("return np.hstack([a, np.ones(2)])", "which shapes are put together"),
        ("return map(abs, a)[0]", "is list"),
        ("return 1 / int(a[0, 0])", "ZeroDivisionError"),
        ("b, c, d = a", "how many things"),
        ("return softmax(a)", "RecursionError.*call itself"),
        ("raise ValueError", "ValueError.*which shape"),
        ("return (1 / 0 for _ in a)", "ZeroDivisionError"),  # raised when the generator runs
    ],
)
def test_an_exception_becomes_the_students_line_and_a_question(notebook, body, said):
    notebook.run(f"def softmax(a):\n    {body}")
    for check, also in (SOFTMAX, ""), (LATER, " (these checks of forward call it)"):
        told = notebook.fails(check)
        assert told.startswith("softmax stopped in line ")
        assert f"of its cell{also}:\n    " in told
        assert body.splitlines()[-1].strip() in told  # the student's own line
        assert re.search(said, told, re.DOTALL), told
        assert told.endswith("?")
        assert "Traceback" not in told


def test_who_called_is_told_too(notebook):
    notebook.run("def slope(a, W):\n    return a * (W.T @ a)")
    notebook.run("def delta(a):\n    W = np.ones((3, 2))\n    return slope(a, W)")
    said = notebook.fails("with checks.part('delta'):\n    delta(np.ones(2))")
    assert said.startswith(
        "slope stopped in line 2 of its cell (these checks of delta call it):\n    return a * (W.T @ a)"
    )
    assert "It was called in line 3 of the cell of delta:\n    return slope(a, W)" in said


def test_a_function_that_forgot_its_return_is_found_by_who_uses_it(notebook):
    notebook.run("def forward(X):\n    X + 1")
    notebook.run("def gradient(X):\n    a, z = forward(X)\n    return a")
    said = notebook.fails("with checks.part('gradient'):\n    gradient(np.ones(2))")
    assert said.endswith("Ask yourself: forward returned None: did it forget its return?")
    said = notebook.fails("with checks.part('forward'):\n    a, z = forward(np.ones(2))")
    assert said == "forward returned None\nAsk yourself: did the function forget its return?"


def test_a_result_that_the_check_cannot_use_is_described(notebook):
    notebook.run("def forward(X):\n    return X, X.T")
    said = notebook.fails("with checks.part('forward'):\n    a, z = forward(np.ones((2, 3)))\n    a = a + z")
    assert said.startswith(
        "these checks of forward cannot go on with what forward returned, [(2, 3), (3, 2)]:\n    a = a + z\n"
    )


@pytest.mark.parametrize("call", ["step(1, 2)", "step()", "step(1, rate=2)", "outer()"])
def test_other_arguments_than_the_tasks_are_told(notebook, call):
    notebook.run("def step(w):\n    return w\n\ndef outer():\n    return step(1, 2)")
    said = notebook.fails(f"with checks.part('step'):\n    {call}")
    assert said.startswith("step is defined with (w) and called with ")
    assert ("It was called in line 5 of the cell of outer" in said) == (call == "outer()")


def test_an_error_of_the_code_is_told_where_its_text_is_not_known(notebook):
    exec("def softmax(a):\n    return a + np.ones(5)", notebook.names)
    assert notebook.fails(SOFTMAX).startswith("softmax stopped in line 2 of its cell:\nwith a (2, 3)\nValueError: ")


@pytest.mark.parametrize("result", ["e.tolist()", "np.asmatrix(e)", "e.astype(object)", "(row.tolist() for row in e)"])
def test_a_check_computes_with_right_numbers_in_any_form(notebook, result):
    notebook.run(f"def softmax(a):\n    e = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)\n    return {result}")
    notebook.run(SOFTMAX + "    checks.close(-softmax(np.zeros((1, 2)))[:, 0] * 2, [-1.0], 'arithmetic in a check')")


@pytest.mark.parametrize("result", ["(row for row in e)", "map(np.asarray, e)", "list(e)", "deque(e)", "tuple(e)"])
def test_rows_are_as_good_as_an_array_and_the_student_keeps_them(notebook, result):
    notebook.names["deque"] = collections.deque
    notebook.run(f"def softmax(a):\n    e = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)\n    return {result}")
    notebook.run("def first(a):\n    return next(iter(softmax(a)))")
    notebook.run(
        SOFTMAX + "    rows = softmax(np.zeros((3, 2)))\n    checks.parts(rows, 3, 'rows')\n    a, b, c = rows"
    )
    notebook.run("with checks.part('first'):\n    checks.close(first(np.zeros((1, 2))), [0.5, 0.5], 'its first row')")


def test_the_functions_are_put_back_whatever_happens(notebook):
    notebook.run(
        "def f():\n    raise KeyboardInterrupt\n\ndef g(a):\n    a += 1\n\ndef k(): return 1.0\nkept = f, g, k"
    )
    for cell, raised in (
        ("f()", KeyboardInterrupt),
        ("g(np.ones(2))", checks.Failed),
        ("1 / 0", ZeroDivisionError),
        ("k()", None),
    ):
        block = f"with checks.part('k'):\n    assert k is not kept[2]\n    {cell}"
        if raised:
            with pytest.raises(raised):
                notebook.run(block)
        else:
            notebook.run(block)
        assert tuple(notebook.names[name] for name in "fgk") == notebook.names["kept"]
    notebook.run("with checks.part('k'):\n    later = k\n    def g(a):\n        return 7")
    assert notebook.names["g"](0) == 7
    assert notebook.names["later"]() == 1.0  # what somebody has kept still works, and wraps nothing anew
    assert notebook.names["k"] is notebook.names["kept"][2]


def test_a_stub_is_still_unsolved(notebook):
    notebook.run("def softmax(a):\n    raise NotImplementedError\n\ndef forward(a):\n    return softmax(a)")
    with pytest.raises(checks.Unsolved, match=r"^softmax is not solved yet \(these checks of forward call it\)$"):
        notebook.run("with checks.part('forward'):\n    forward(1)")


def test_a_check_may_expect_an_exception(notebook):
    notebook.run("def f(a):\n    raise ValueError('a < 0')")
    notebook.run("with checks.part('f'):\n    try:\n        f(1)\n    except ValueError:\n        pass")


def test_a_deep_recursion_has_room(notebook):
    notebook.run("def f(n):\n    return 0 if n == 0 else 1 + f(n - 1)")
    notebook.run("with checks.part('f'):\n    checks.close(f(700), 700, 'f')")


def test_between_functions_that_call_one_another_often_nothing_stands(notebook):
    """Training calls some of them thousands of times."""
    notebook.names |= {"seen": (seen := []), "sys": sys}
    notebook.run("def h(a):\n    seen.append(sys._getframe(1).f_code.co_name)")
    notebook.run("def f(n):\n    for _ in range(n):\n        h(1.0)\n    return n")
    notebook.run("with checks.part('f'):\n    f(1000)")
    assert seen.count("f") > 950


def test_a_function_in_the_cell_of_its_check_is_still_the_students(notebook):
    said = notebook.fails("def softmax(a):\n    return a @ np.ones((4, 4))\n" + SOFTMAX)
    assert said.startswith("softmax stopped in line 2 of its cell:\n    return a @ np.ones((4, 4))\n")


@pytest.mark.parametrize("value", [np.array([2.0]), [[2.0]], np.float32(2.0)])
def test_an_array_with_one_number_is_that_number(value):
    checks.close(value, 2.0, "z")
    checks.shape(value, (), "z")
    checks.at_least(value, 2.0, "z")
    checks.gradient(lambda w: 2 * w, value, 0.5, "z")


def test_what_is_put_back_but_for_rounding_is_as_it_was(notebook):
    notebook.run("def quotient(w):\n    w += 1e-3\n    w -= 2e-3\n    w += 1e-3\n    return 1.0")
    notebook.run(
        "with checks.part('quotient'):\n    checks.close(quotient(np.array([0.0, 0.1, np.nan])), 1.0, 'a quotient')"
    )


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Two modules beside the notebook, and three that somebody has installed."""
    (tmp_path / "installed").mkdir()
    monkeypatch.chdir(tmp_path / "installed")  # which is where the notebook is not
    for name in ("pandas_like", "scipy_like", "helper", "tools"):
        folder = tmp_path / ("course" if name in ("helper", "tools") else "installed")
        path = folder / (f"{name}/__init__.py" if name == "tools" else f"{name}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("def function(x):\n    return x\n")
    for name in ("installed", "course"):
        monkeypatch.syspath_prepend(tmp_path / name)
    monkeypatch.chdir(tmp_path / "course")
    yield
    for name in ("pandas_like", "scipy_like", "helper", "tools"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("import pandas_like as pd", "pandas_like is"),
        ("from pandas_like import function as f", "pandas_like is"),
        ("import pandas_like, scipy_like", "pandas_like and scipy_like are"),
        ("from nnlib.activations import Tanh", "nnlib.activations is"),
        ("import nnlib\nnet = nnlib.activations", "nnlib.activations is"),
        ("import helper, tools\nfrom tools import function", ""),
        ("import numpy as np, matplotlib.pyplot as plt, math, os.path\nfrom numpy import exp, linalg", ""),
        ("from nnlib import checks, data\nfrom nnlib.data import mnist\nfrom IPython.display import Image", ""),
        ("x = 3\ndef f(a):\n    return a", ""),
    ],
)
def test_a_check_says_what_is_not_there_when_graded(notebook, elsewhere, capsys, code, missing):
    notebook.run(code)
    notebook.run("with checks.part('f'):\n    pass")
    said = capsys.readouterr().out
    told = [line for line in said.split("\n") if "not there when graded" in line]
    assert len(told) == bool(missing)
    assert all(line.startswith(f"! {missing} not there when graded: there are Python's own") for line in told)
    assert "✓ f: all visible checks pass" in said


def test_the_page_for_students_names_all_that_is_there_when_graded():
    text = (Path(__file__).parents[2] / "book" / "exercises.md").read_text(encoding="utf-8")
    sentence = text[text.index("When it is graded there are") :].partition(", and what you handed in")[0]
    assert set(re.findall(r"`([^`]+)`", sentence)) == set(THERE)
