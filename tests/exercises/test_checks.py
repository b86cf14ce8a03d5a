"""The visible checks: what passes, what does not, and the sentence that the student reads."""

import numpy as np
import pytest

from nnlib import checks


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


def test_part_lets_a_students_own_error_through():
    with pytest.raises(ZeroDivisionError), checks.part("softmax"):
        _ = 1 / 0
