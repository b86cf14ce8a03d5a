"""What the checks promise, whatever a student's function does."""

import contextlib
import dataclasses
import json
import re
import signal
import sys
import time
import warnings
from collections import deque

import numpy as np
import pytest

from grading import engine
from grading.engine import Case, Group, Item, Mistake, Reference
from grading.hidden import score
from grading.judge import call as calling
from grading.judge import compare
from grading.record import Reason, Row, Status
from grading.student import borrowed
from grading.tell import words


def right_softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# ---------------------------------------------------------------------------------- right answers in unusual dress


@pytest.mark.parametrize(
    "function",
    [
        lambda a: right_softmax(a).tolist(),
        lambda a: tuple(right_softmax(a)),
        lambda a: np.asmatrix(right_softmax(a)),
        lambda a: right_softmax(a).astype(np.longdouble),
        lambda a: np.asfortranarray(right_softmax(a)),
        lambda a: right_softmax(a.astype(np.longdouble)),
        lambda a: (row for row in right_softmax(a)),
        lambda a: map(list, right_softmax(a)),
        lambda a: deque(right_softmax(a)),
        lambda a: right_softmax(a).astype(object),
        lambda a: [[np.float64(x) for x in row] for row in right_softmax(a)],
    ],
    ids=[
        *("lists", "tuple of rows", "matrix", "long double", "column order", "another order of rounding"),
        *("generator", "map", "deque", "objects", "NumPy's numbers in lists"),
    ],
)
def test_a_right_answer_in_another_type_is_right(graded, function):
    assert graded("softmax", function).points == 3


def test_right_values_that_change_an_argument_cost_one_group_and_the_argument_is_named(graded):
    def in_place(a):
        a -= a.max(axis=1, keepdims=True)
        np.exp(a, out=a)
        a /= a.sum(axis=1, keepdims=True)
        return a

    result = graded("softmax", in_place)
    assert [group.points for group in result.groups] == [0, 1, 1]
    assert (result.groups[0].why.reason, result.groups[0].why.data["name"]) == (Reason.CHANGED, "a")
    assert result.mistakes == ()


def test_one_buffer_for_all_answers_is_read_before_it_changes(graded):
    buffer = np.zeros((8, 8))

    def reused(a):
        buffer[: len(a), : a.shape[1]] = right_softmax(a)
        return buffer[: len(a), : a.shape[1]]

    assert graded("softmax", reused).points == 3


def test_printing_and_warnings_cost_nothing(graded, capfd):
    def noisy(a):
        print("x" * 100_000)
        print("careful", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        np.log(np.array([-1.0, 0.0]))
        return right_softmax(a)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert graded("softmax", noisy).points == 3
    assert capfd.readouterr() == ("", "")


def test_settings_of_numpy_that_a_student_changes_do_no_harm():
    groups, right = quick(some=(1, (np.array([1.5, 0.0]),)))
    tiny = np.array([0.0, 1e-320])  # underflows where the difference is taken
    with np.errstate(all="raise"):
        result = engine.check(
            Item("double", "double", groups), engine.caller({"double": lambda x: 2 * x + tiny}), right
        )
    assert result.points == 1


# ------------------------------------------------------------------------------------------------- broken answers


def endless():
    while True:
        time.sleep(0.01)


def deep():
    return deep()


class Strange:
    def __array__(self, *_, **__):
        raise RuntimeError("no array")


class AlwaysEqual(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__


def nested(depth):
    value = [1.0]
    for _ in range(depth):
        value = [value]
    return value


BROKEN = {
    "None": (lambda a: None, "None"),
    "text": (lambda a: "0.5", "str"),
    "dict": (lambda a: {}, "dict"),
    "complex": (lambda a: right_softmax(a) + 0j, "complex numbers where real ones were expected"),
    "generator": (lambda a: (x for x in a), "off"),
    "not an array": (lambda a: Strange(), "RuntimeError"),
    "list with None": (lambda a: [None] * len(a), "None"),
    "NaN": (lambda a: right_softmax(a) * np.nan, "not finite"),
    "infinity": (lambda a: right_softmax(a) + np.inf, "not finite"),
    "huge": (lambda a: np.full(a.shape, 1.7e308), "off, by about 1000 times"),
    "number": (lambda a: 0.25, "shape ()"),
    "flat": (lambda a: right_softmax(a).ravel(), "shape (4,)"),
    "empty": (lambda a: np.array([]), "shape (0,)"),
    "empty list": (lambda a: [], "shape (0,)"),
    "ragged list": (lambda a: [[1.0], [1.0, 2.0]], "list of 2"),
    "nested": (lambda a: nested(100), ""),
    "nested too deep": (lambda a: nested(100_000), ""),
    "raises": (lambda a: 1 / 0, "ZeroDivisionError: division by zero"),
    "raises strange": (lambda a: (_ for _ in ()).throw(type("Odd", (Exception,), {"__str__": lambda s: 1})()), "Odd"),
    "sys.exit": (lambda a: sys.exit(0), "SystemExit"),
    "interrupt": (lambda a: signal.default_int_handler(signal.SIGINT, None), "time limit"),
    "deep recursion": (lambda a: deep(), "RecursionError"),
    "no argument": (lambda: 1, "TypeError"),
    "equal to all": (lambda a: np.zeros(a.shape).view(AlwaysEqual), "off"),
    "not a function": (3.0, "is no function"),
    "None in place of a function": (None, "is no function"),
    "unsolved": (lambda a: (_ for _ in ()).throw(NotImplementedError()), "not solved yet"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_gets_zero_and_a_sentence(graded, name):
    function, word = BROKEN[name]
    result = graded("softmax", function)
    assert result.points == 0
    assert result.mistakes == ()
    assert all(group.why for group in result.groups)
    assert word in words.said(result.groups[0].why)
    assert "0 of 3 points" in words.text(result)


def test_a_function_that_is_missing_is_named(items, right):
    result = engine.check(items["softmax"], engine.caller({}), right)
    assert result.points == 0
    assert "there is no function softmax" in words.text(result)


def quick(**groups):
    """An item whose reference doubles its argument."""
    made = tuple(
        Group(name, points, lambda rng, cases=cases: [Case(case) for case in cases], deadline=0.2)
        for name, (points, *cases) in groups.items()
    )
    text = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    return made, Reference({"double": lambda x: 2 * x}, {"double": text})


def test_an_endless_loop_costs_one_deadline_and_not_the_groups_before():
    groups, right = quick(small=(1, (1.0,)), large=(1, (5.0,), (6.0,)), other=(1, (7.0,), (8.0,)))
    start = time.monotonic()
    result = engine.check(
        Item("double", "double", groups), engine.caller({"double": lambda x: endless() if x > 2 else 2 * x}), right
    )
    assert time.monotonic() - start < 1
    assert [group.points for group in result.groups] == [1, 0, 0]
    assert "no answer within 0.2 s" in words.said(result.groups[1].why)


def test_an_endless_loop_that_catches_exceptions_ends_too():
    groups, right = quick(small=(1, (1.0,)))

    def stubborn(x):
        while True:
            with contextlib.suppress(Exception):
                endless()

    assert engine.check(Item("double", "double", groups), engine.caller({"double": stubborn}), right).points == 0


def test_the_alarm_of_the_caller_is_put_back(graded):
    before = signal.getsignal(signal.SIGALRM)
    graded("softmax", right_softmax)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


# ------------------------------------------------------------------------------------------------------- diagnosis


def double_item(*mistakes):
    groups, right = quick(some=(1, (1.0,), (np.array([2.0, 3.0]),)))
    return Item("double", "double", groups, mistakes), right


WRONG = Mistake("tripled", "how often?", "page", (("2 * x", "3 * x"),))
RAISES = Mistake("raises", "why?", "page", (("return 2 * x", "raise ValueError"),))


def test_exceptions_alone_name_no_mistake():
    item, right = double_item(RAISES)

    def function(x):
        raise ValueError("something else")

    result = engine.check(item, engine.caller({"double": function}), right)
    assert result.points == 0
    assert result.mistakes == ()


def test_a_mistake_is_named_only_if_all_values_are_its_own():
    item, right = double_item(WRONG)
    exact = engine.check(item, engine.caller({"double": lambda x: 3 * x}), right)
    near = engine.check(item, engine.caller({"double": lambda x: 3 * x if np.ndim(x) else 2 * x}), right)
    assert [each.name for each in exact.mistakes] == [WRONG.name]
    assert near.mistakes == ()


def grouped(*mistakes):
    """An item of two parts: the sum of the rows, and their mean."""
    text = "def f(x):\n    ### BEGIN SOLUTION\n    return x.sum(axis=0), x.mean(axis=1)\n    ### END SOLUTION"
    cases = [(np.arange(6.0).reshape(2, 3) ** 2,), (np.ones((4, 2)) * [1, 5],)]
    groups = [
        Group(name, 1, lambda rng: [Case(case) for case in cases], part=lambda value, i=i: value[i])
        for i, name in enumerate(("the sums", "the means"))
    ]
    known = tuple(Mistake(name, "How?", "page", tuple(edits)) for name, *edits in mistakes)
    namespace = {}
    exec(text, namespace)
    return Item("f", "f", tuple(groups), known), Reference({"f": namespace["f"]}, {"f": text})


SUM_OF_ROWS = ("sums over the wrong axis", ("sum(axis=0)", "sum(axis=1)"))
MEAN_OF_ALL = ("one mean", ("mean(axis=1)", "mean()"))
BOTH_AXES = ("axes exchanged", ("sum(axis=0)", "sum(axis=1)"), ("mean(axis=1)", "mean(axis=0)"))


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda x: (x.sum(axis=1), x.mean(axis=1)), [SUM_OF_ROWS]),
        (lambda x: (x.sum(axis=1), x.mean()), [SUM_OF_ROWS, MEAN_OF_ALL]),
        (lambda x: (x.sum(axis=1), x.mean(axis=0)), [BOTH_AXES]),
        (lambda x: (x.sum(axis=0), x.mean()), [MEAN_OF_ALL]),
        (lambda x: (x.sum(axis=1), 7 * x.mean(axis=1)), []),
        (lambda x: (0 * x.sum(axis=0), 0 * x.mean(axis=1)), []),
    ],
)
def test_a_mistake_explains_each_group_that_failed_and_leaves_the_others(function, named):
    item, right = grouped(SUM_OF_ROWS, MEAN_OF_ALL, BOTH_AXES)
    result = engine.check(item, engine.caller({"f": function}), right)
    assert [each.name for each in result.mistakes] == [name for name, *_ in named]


def test_no_member_of_a_pair_breaks_what_passed():
    """The two together give what was seen, but the second one repairs what the first one would break elsewhere."""
    breaks = ("all doubled", ("return x.sum", "x = 2 * x\n    return x.sum"))
    mends = ("means halved", ("x.mean(axis=1)", "x.mean(axis=1) / 2"))
    item, right = grouped(breaks, mends)
    result = engine.check(item, engine.caller({"f": lambda x: (2 * x.sum(axis=0), x.mean(axis=1))}), right)
    assert [group.points for group in result.groups] == [0, 1]
    assert result.mistakes == ()


SHAPES = ("without keepdims", ("x.mean(axis=1)", "(x - x.mean(axis=1)).mean(axis=1)"))


def test_an_exception_names_the_mistake_whose_shapes_do_not_fit_either():
    item, right = grouped(SHAPES, MEAN_OF_ALL)
    same = engine.check(item, engine.caller({"f": lambda x: (x.sum(axis=0), (x.mean(1) * x).mean(1))}), right)
    other = engine.check(item, engine.caller({"f": lambda x: (x.sum(axis=0), x.mean(1) + np.ones(9))}), right)
    assert [each.name for each in same.mistakes] == ["without keepdims"]
    assert other.mistakes == ()


def test_two_mistakes_at_once_are_both_named(items, right):
    item = items["delta_output"]
    both = {"y - yhat", "mean taken in delta"}
    result = engine.check(item, engine.caller({"delta_output": lambda yhat, Y: (Y - yhat) / len(Y)}), right)
    assert {mistake.name for mistake in result.mistakes} == both
    assert set(words.line(result).split(" and ")) == both
    assert all(mistake.hint in words.text(result) for mistake in result.mistakes)


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([("no such text", "x")], "'no such text' occurs 0 times in the solution and must occur exactly once"),
        ([("x", "y")], "'x' occurs 2 times in the solution and must occur exactly once"),
        ([("return 2", "return 3"), ("2 * x", "x")], "two patterns overlap at '2'; write them as one"),
    ],
)
def test_an_edit_that_is_not_at_one_place_is_refused_and_said_where(edits, said):
    text = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x + 0 * x"
    item, _ = double_item(Mistake("odd", "", "page", tuple(edits)))
    with pytest.raises(ValueError, match=re.escape(f"item 'double', mistake 'odd': {said}")):
        engine.variant(item, Reference({}, {"double": text}), *item.mistakes)


def test_the_edits_of_a_mistake_are_made_together():
    text = "def double(x):\n    ### BEGIN SOLUTION\n    a, b = 1, 2\n    return [a, b]"
    item, _ = double_item(Mistake("exchanged", "", "page", (("[a", "[b"), ("b]", "a]"))))
    assert engine.variant(item, Reference({}, {"double": text}), *item.mistakes)("double", (0,), {}) == [2, 1]


def test_a_pattern_in_a_docstring_is_no_edit():
    text = 'def double(x):\n    """2 * x"""\n    ### BEGIN SOLUTION\n    return x + x\n    ### END SOLUTION'
    item, _ = double_item(WRONG)
    with pytest.raises(ValueError, match="occurs 0 times"):
        engine.variant(item, Reference({}, {"double": text}), WRONG)


# ------------------------------------------------------------------------------------------------------- tolerance


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_tolerance_follows_the_precision_of_the_inputs(dtype):
    groups, right = quick(some=(1, (np.arange(1, 4, dtype=dtype),)))
    eps = float(np.finfo(dtype).eps)

    def points(factor):
        item = Item("double", "double", groups)
        return engine.check(item, engine.caller({"double": lambda x: 2 * x.astype(float) * factor}), right).points

    assert points(1 + 4 * eps) == 1
    assert points(1 + 1e4 * eps) == 0


def judged(reference, function, *cases, dtype=float, **more):
    """Of a function with a reference of its own, in a group of these cases."""
    text = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n"
    group = Group("all", 1, lambda rng: [Case((np.array(case, dtype=dtype),)) for case in cases])
    right = Reference({"f": reference}, {"f": text})
    return engine.check(Item("f", "f", (group,), **more), engine.caller({"f": function}), right)


def slope(a):
    return 1 - np.tanh(a) ** 2


FAR = [-17.0, 16.0, 18.0]  # where the solution's own 1 - tanh^2 has lost nearly all of its digits
ONE_ROUNDING_OFF = {
    "1/cosh^2": (slope, lambda a: 1 / np.cosh(a) ** 2, [[0.3, -2.0], [-9.0, 9.5]]),
    "(1 - t)(1 + t)": (slope, lambda a: (1 - np.tanh(a)) * (1 + np.tanh(a)), [[-7.0, 8.0]]),
    "sech^2 by exp": (slope, lambda a: 4 / (np.exp(a) + np.exp(-a)) ** 2, [FAR]),
    "softmax by logsumexp": (
        lambda a: np.exp(a - a.max()) / np.exp(a - a.max()).sum(),
        lambda a: np.exp(a - np.logaddexp.reduce(a)),
        [[3e3, -1e3, 3e3 + 1], [5e4, 5e4 - 1.5, 0.0]],
    ),
    "softmax by logsumexp, its Jacobian": (
        lambda a: np.diag(p := np.exp(a - a.max()) / np.exp(a - a.max()).sum()) - np.outer(p, p),
        lambda a: np.diag(p := np.exp(a - np.logaddexp.reduce(a))) - np.outer(p, p),
        [[0.3, 1e4, 1e4 + 1, -2.0], [1e4, 1e4 + 2, 5.0]],
    ),
    "a variance by the mean of squares": (
        lambda x: np.mean((x - x.mean()) ** 2),
        lambda x: np.mean(x**2) - x.mean() ** 2,
        [[100.0, 101.0, 99.5], [7.0, 8.0, 9.0]],
    ),
    "a sum from the other end": (np.sum, lambda x: sum(reversed(list(x))), [[1e8, 1.0, -1e8, 3e-3]]),
}


@pytest.mark.parametrize("name", ONE_ROUNDING_OFF)
def test_another_right_formula_is_right_where_the_computation_magnifies_rounding(name):
    reference, function, cases = ONE_ROUNDING_OFF[name]
    assert judged(reference, function, *cases).points == 1


@pytest.mark.parametrize(
    ("reference", "function", "cases"),
    [
        (np.log, lambda x: np.log(x + 1e-8), [[0.3, 2.0]]),
        (np.log, lambda x: np.log(np.maximum(x, 1e-12)), [[1e-13, 2.0]]),
        (lambda x: 1 / (1 + np.exp(-x)), lambda x: 1 / (1 + np.exp(-np.clip(x, -20, 20))), [[-30.0, 22.0]]),
        (slope, lambda a: slope(a) + 1e-9, [[0.3, -2.0]]),
        (np.square, lambda x: 1.000001 * x**2, [[1e4, 2e4]]),
    ],
)
def test_the_condition_excuses_no_mistake(reference, function, cases):
    assert judged(reference, function, *cases).points == 0


def test_nothing_excuses_more_than_a_thousandth():
    """Where the computation is hopeless, all digits could be rounding: no wrong answer gets in by that."""
    hopeless = [[1.0, 1e-16, -1.0]]
    assert judged(lambda x: 1e17 * np.sum(x) + 1, lambda x: 1.002 * (1e17 * np.sum(x) + 1), *hopeless).points == 0
    half = [[1.5, 0.25]]
    assert judged(np.sum, lambda x: 1.01 * np.sum(x), *half, dtype=np.float16).points == 0


def test_a_whole_number_is_exact():
    def count(x):
        return int(np.ceil(1e5 * x[0]))

    assert judged(count, lambda x: float(count(x)), [3.7]).points == 1
    assert judged(count, lambda x: count(x) + 1, [3.7]).points == 0


@pytest.mark.parametrize(
    ("what", "function", "points"),
    [
        ("moved and put back", lambda x: (x.__iadd__(0.1), x.__isub__(0.1), 2 * x)[-1], 1),
        ("changed", lambda x: (2 * x, x.__imul__(3))[0], 0),
        ("another type of number", lambda x: (2 * x, setattr(x, "shape", (-1, 1)))[0], 0),
    ],
)
def test_an_argument_that_differs_by_a_rounding_is_as_it_was(what, function, points):
    assert judged(lambda x: 2 * x, function, [0.3, 0.7]).points == points


def test_a_list_of_arguments_keeps_its_parts(items, right):
    def replaced(betas, X, Y):
        g = right["gradient"](betas, X, Y)
        betas[0] = betas[0] - g[0]
        return g

    result = engine.check(items["gradient"], engine.caller({**right.functions, "gradient": replaced}), right)
    assert (result.points, result.groups[0].why.data["name"]) == (3, "betas")
    assert "gradient changed its argument betas" in words.text(result)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_digits_that_were_lost_on_the_way_are_spoken_of(graded, dtype):
    result = graded("softmax", lambda a: right_softmax(a).astype(dtype))
    assert result.points == 0
    why = result.groups[0].why
    assert (why.reason, why.data["found"], why.data["wanted"]) == (Reason.PRECISION, np.dtype(dtype).name, "float64")


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_mistake_is_named_in_any_precision(graded, dtype):
    result = graded("softmax", lambda a: right_softmax(a.T).T.astype(dtype))
    assert [mistake.name for mistake in result.mistakes] == ["softmax over the wrong axis"]


# ------------------------------------------------------------------------------------------- another way than asked


def counted(times, least=0, most=2):
    """An item whose function may call `one`, and what is said of a function that calls it so often."""
    _, (group,) = None, quick(some=(1, (1.0,), (2.0,)))[0]
    source = {name: f"def {name}(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n" for name in ("one", "double")}
    right = Reference({"one": (lambda x: x), "double": lambda x: 2 * x}, source)
    item = Item("double", "double", (group,), asks="the sum, which needs it twice", calls={"one": (least, most)})
    namespace = {"one": None}
    exec(f"def double(x):\n    for _ in range({times}):\n        one(x)\n    return 2 * x", namespace)
    with engine.predecessors(namespace, item, right):
        result = engine.check(item, engine.caller(namespace), right)
    assert namespace["one"] is None
    return result


@pytest.mark.parametrize("times", [1, 2])
def test_calls_of_an_earlier_function_are_counted_for_each_call(times):
    assert counted(times, least=1).points == 1


@pytest.mark.parametrize(("times", "said"), [(0, "never"), (3, "3 times"), (212, "212 times")])
def test_another_number_of_calls_earns_nothing_and_the_sentence_says_what_was_seen(times, said):
    result = counted(times, least=1)
    assert result.points == 0
    assert (
        words.said(result.groups[0].why) == f"double called one {said}; the task asks for the sum, which needs it twice"
    )


def test_calls_of_the_solutions_own_parts_are_not_counted(graded, right):
    assert engine.Lent.counted(engine.lend(Item("gradient", "gradient", ()), right)) == dict.fromkeys(
        ["softmax", "forward", "delta_output", "delta_hidden_unit", "delta_hidden", "gradient_layer", "h"], 0
    ) | {"random_network": 0}


STEPPED = {
    "a constant": "def f(a): return (a + 1e-30j) / 1e-30",
    "one in a tuple": "def f(a): return [a + h for h in (1e-30j, 2e-30j)]",
    "a global": "H = 1e-30j\ndef f(a): return a + H",
    "an array": "H = 1e-30j * np.eye(2)\ndef f(a): return a + H",
    "the imaginary part": "def f(a): return np.imag(np.emath.sqrt(a))",
    "an attribute": "def f(a): return np.emath.sqrt(a).imag",
    "a type": "def f(a): return a.astype(complex)",
    "a type's name": "def f(a): return a.astype('complex128')",
    "a helper": "def g(a): return a.imag\ndef f(a): return g(a)",
    "a closure": "def make(h):\n    return lambda a: a + h\nf = make(1e-30j)",
    "a default": "def f(a, h=1e-30j): return a + h",
    "a keyword's default": "def f(a, *, h=1e-30j): return a + h",
    "a partial": "import functools\ndef g(h, a): return a + h\nf = functools.partial(g, 1e-30j)",
    "long doubles": "def f(a): return a.astype(np.longdouble)",
    "fractions": "from fractions import Fraction\ndef f(a): return [float(Fraction(x)) for x in a]",
}
PLAIN = {
    "a formula": "def f(a): return 1 - np.tanh(a) ** 2",
    "images": "def f(images): return images.real",
    "a fast Fourier transform": "def f(a): return np.fft.irfft2(np.fft.rfft2(a) * np.conj(np.fft.rfft2(a)))",
    "a word in a text": "def f(a):\n    'This is complex: imag, longdouble.'\n    return a",
    "recursion": "def f(a, n=3): return a if n == 0 else f(a, n - 1)",
    "no function": "f = 3",
}


@pytest.mark.parametrize("source", [*STEPPED.values(), *PLAIN.values()], ids=[*STEPPED, *PLAIN])
def test_code_that_steps_is_told_from_code_that_does_not(source):
    namespace = {"__name__": "__main__", "np": np}
    exec(source, namespace)
    assert bool(borrowed.stepped(namespace["f"])) == (source in STEPPED.values())


def test_an_unknown_word_on_steps_from_the_other_side_is_not_repeated(items, right):
    call = engine.caller(right.functions)
    call.stepped = lambda name: "<img src=x>"
    assert engine.check(items["gradient"], call, right).points == 4


# ----------------------------------------------------------------------------------------------- seeds and secrecy


def test_the_same_seed_gives_the_same_inputs_and_another_seed_others(items, right):
    def inputs(seed):
        seen = []
        engine.check(items["softmax"], lambda name, args, kwargs: seen.append(args[0].copy()), right, seed)
        return seen

    assert all(np.array_equal(a, b) for a, b in zip(inputs(3), inputs(3), strict=True))
    fixed = [np.array_equal(a, b) for a, b in zip(inputs(3), inputs(4), strict=True)]
    assert np.mean(fixed) < 0.5


TRY = re.compile(r"Try it: (.*?\))(?: gives (.*))?$", re.MULTILINE)


def test_feedback_shows_no_right_number(items, right):
    """But for what stands in the call that it shows, and for what came back there."""
    for item in items.values():
        secret = []

        def wrong(name, args, kwargs, secret=secret):
            value = right[name](*args, **kwargs)
            secret.extend(np.concatenate([np.ravel(array) for array in compare.arrays(calling.nested(value))]))
            return -1.5 * value if isinstance(value, np.ndarray | float) else [0.0 for part in value]

        text = TRY.sub("", words.text(engine.check(item, wrong, right)))
        said = [float(number) for number in re.findall(r"-?\d+\.\d+(?:e[-+]?\d+)?", text)]
        allowed = [digit * 10.0**power for power in range(-5, 4) for digit in range(1, 10)]  # one digit, and points
        close = [number for number in said if number not in allowed and np.any(np.isclose(secret, number, rtol=0.01))]
        assert close == [], item.id


@pytest.mark.parametrize("factor", [1.3, 2.7, 0.4, 1 + 3e-5, 77.7])
def test_feedback_tells_one_digit_of_a_difference(graded, factor):
    text = words.text(graded("softmax", lambda a: factor * right_softmax(a)))
    (size, *_) = re.findall(r"off, by about (\S+) times", text)
    assert float(size) == float(f"{abs(factor - 1):.0e}")
    assert ("every entry is" in text) == (abs(factor - 1) > 1e-4 or factor == 1 + 3e-5)


# ----------------------------------------------------------------------------------- the smallest call, and in words

WRONG_ANSWERS = {
    "softmax": "def softmax(a):\n    e = np.abs(a)\n    return e / e.sum(axis=1, keepdims=True)",
    "forward": """
def forward(betas, X, output="softmax"):
    a, z = [], [X]
    for beta in betas:
        a.append(beta[:, 0] + z[-1] @ beta[:, 1:].T)
        z.append(np.cos(a[-1]))
    z[-1] = softmax(a[-1]) if output == "softmax" else a[-1]
    return a, z
""",
    "delta_hidden": """
def delta_hidden(a, delta_next, beta):
    return np.cos(a) * (delta_next @ beta[:, 1:])
""",
    "gradient_layer": """
def gradient_layer(delta, z):
    return np.hstack([delta.mean(axis=0)[:, None], 7 * delta.T @ z / len(z)])
""",
    "netbp_step": """
def netbp_step(betas, x, y, eta):
    return [beta - eta * beta**2 for beta in betas]
""",
}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
@pytest.mark.parametrize("seed", [0, 5])
def test_a_failing_call_is_shown_that_can_be_pasted_and_is_small(items, right, name, seed):
    namespace = dict(right.functions)
    exec(WRONG_ANSWERS[name], namespace)
    text = words.text(engine.check(items[name], engine.caller(namespace), right, seed))
    shown, came = TRY.search(text).groups()
    ours, theirs = (eval(shown, {**place, "np": np}) for place in (right.functions, namespace))
    ours, theirs = calling.nested(ours), calling.nested(theirs)
    case = Case(eval(f"({shown.partition('(')[2][:-1]},)", {"np": np}))
    assert compare.difference(theirs, ours, case)  # the pasted call does fail
    assert len(shown) <= 160, "small"
    first = float(re.search(r"-?\d+\.?\d*(?:e[-+]?\d+)?", came)[0])
    assert first == pytest.approx(next(compare.arrays(theirs)).flat[0], abs=1e-3)  # and gives what is said


def test_inputs_stay_of_their_kind_when_they_get_smaller(items, right):
    """Probabilities that add up to 1, unit vectors: the task speaks of no others."""
    namespace = {**right.functions, "delta_output": lambda yhat, Y: yhat**2 - Y}
    text = words.text(engine.check(items["delta_output"], engine.caller(namespace), right))
    yhat, Y = eval(TRY.search(text)[1].removeprefix("delta_output"), {"np": np})
    np.testing.assert_allclose((yhat.sum(axis=1), Y.sum(axis=1)), 1.0)
    assert set(np.unique(Y)) <= {0.0, 1.0}


def test_no_call_is_shown_of_a_function_that_is_slow():
    groups, right = quick(some=(1, (np.ones((5, 5)),)))
    groups = tuple(dataclasses.replace(group, deadline=5.0) for group in groups)
    calls = []

    def slow(x):
        calls.append(time.sleep(0.6))
        return 3 * x

    result = engine.check(Item("double", "double", groups), engine.caller({"double": slow}), right)
    assert "Try it" not in words.text(result)
    assert len(calls) == 2


MATRIX = np.arange(1.0, 13.0).reshape(4, 3) ** 2


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (0 * MATRIX, "everything is 0"),
        (-MATRIX, "every entry has the wrong sign"),
        (2 * MATRIX, "every entry is 2 times what it should be"),
        (MATRIX / 4, "every entry is one part in 4 of what it should be"),
        (MATRIX / 2, "every entry is half of what it should be"),
        (1.37 * MATRIX, "every entry is the same number of times what it should be"),
        (MATRIX + 1, "all entries are off by the same amount"),
        (MATRIX * np.where(np.arange(3) > 1, -1, 1), "the sizes are right, but some of the signs are not"),
        (MATRIX[::-1], "the rows are right, but in another order"),
        (np.roll(MATRIX, 1, axis=0) * [[0.5], [1], [1], [1]], "the entries are shifted by one place"),
        (np.tile(MATRIX[:1] + 1, (4, 1)), "all rows are alike, and should not be"),
        (MATRIX + np.array([1, 0, 0]), "only column 0 is wrong"),
        (MATRIX + [[0], [0], [3], [0]] * np.array([1, 2, 3]), "only row 2 is wrong"),
        (MATRIX**1.5, "entry [3, 2] of the result is off"),
    ],
)
def test_the_manner_of_a_difference_is_told(found, said):
    why = compare.difference(found, MATRIX, Case((MATRIX,)))
    assert words.said(why).startswith(said)


def test_rows_for_columns_are_told():
    square = MATRIX[:3]
    why = compare.difference(square.T, square, Case((MATRIX,)))
    assert words.said(why).startswith("rows and columns are exchanged")


# -------------------------------------------------------------------------------------------- inside the notebook


@pytest.fixture
def graded_cell(right, root, monkeypatch):
    monkeypatch.setenv("NNCOURSE_ROOT", str(root))
    monkeypatch.setenv("NNCOURSE_ASSIGNMENT", "backprop")
    monkeypatch.setenv("NNCOURSE_SEED", "7")

    def run(item, cell="", **names):
        namespace = dict(right.functions)
        exec(cell, namespace)
        namespace |= names
        before = dict(namespace)
        points = score(item, namespace)
        assert namespace == before  # what the student defined is put back
        return points

    return run


def test_a_later_part_does_not_pay_for_an_earlier_one(graded_cell, right):
    broken = dict.fromkeys(("softmax", "forward", "delta_output", "delta_hidden", "gradient_layer", "h"))
    assert graded_cell("gradient", right.source["gradient"], **broken) == 4


def test_comparison_functions_that_a_student_replaces_help_nobody(graded_cell, monkeypatch):
    for name in ("allclose", "isclose", "array_equal"):
        monkeypatch.setattr(np, name, lambda *_, **__: True)
    assert graded_cell("softmax", softmax=lambda a: np.zeros(a.shape)) == 0


def test_a_student_who_takes_the_name_np_harms_what_needs_it_alone(graded_cell, right):
    assert graded_cell("softmax", right.source["softmax"], np=3) == 0
    assert graded_cell("delta-output", right.source["delta_output"], np=3) == 2
    assert graded_cell("delta-matrix", right.source["delta_hidden"], np=3) == 4  # it needs h, which is given


def test_an_item_that_nobody_declared_is_a_fault_of_the_assignment():
    with pytest.raises(LookupError, match="no-such-item"):
        score("no-such-item", {})


def test_the_seed_of_the_course_is_that_of_the_inputs(graded_cell, monkeypatch):
    seeds = []
    check = engine.check
    monkeypatch.setattr(engine, "check", lambda *about: (seeds.append(about[-1]), check(*about))[1])
    graded_cell("softmax")
    assert seeds == [7]


def test_a_cell_prints_what_the_page_says_and_gives_the_points(graded_cell, capsys):
    assert graded_cell("softmax", softmax=lambda a: np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)) == 2
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "softmax: 2 of 3 points"
    assert "This looks like a known mistake: softmax without a shift." in said


def test_a_verdict_goes_to_json_and_back(graded):
    for function in (right_softmax, lambda a: np.exp(a) / np.exp(a).sum(axis=1, keepdims=True), lambda a: 1 / 0):
        verdict = graded("softmax", function)
        row = Row("ann", Status.GRADED, verdicts={"softmax": verdict})
        assert Row.loaded(json.loads(json.dumps(row.plain()))) == row
