"""The three errors: textbook values, delta = ∂E_i/∂a, and nothing that overflows."""

import numpy as np
import pytest

from nnlib import BinaryCrossEntropy, CrossEntropy, SumOfSquares, Unmatched
from nnlib.activations import sigmoid, softmax

RNG = np.random.default_rng(7)
PAIRS = [
    SumOfSquares(),
    BinaryCrossEntropy(),
    CrossEntropy(),
    Unmatched("sigmoid"),
    Unmatched("tanh"),
    Unmatched("softmax"),
]


def targets(n, K):
    return np.eye(K)[RNG.integers(K, size=n)]


@pytest.mark.equation("delta-output")
@pytest.mark.parametrize("error", PAIRS, ids=repr)
def test_delta_is_the_derivative_of_the_value(error):
    a, Y, eps = RNG.standard_normal((8, 4)), targets(8, 4), 1e-6
    slopes = [(error.value(a + eps * e, Y) - error.value(a - eps * e, Y)) / (2 * eps) for e in np.eye(4)]
    np.testing.assert_allclose(error.delta(a, Y), np.stack(slopes, axis=1), atol=1e-8)


@pytest.mark.equation("delta-output")
@pytest.mark.parametrize("error", PAIRS[:3], ids=repr)
def test_matched_pairs_start_with_yhat_minus_y(error):
    a, Y = RNG.standard_normal((8, 4)), targets(8, 4)
    np.testing.assert_array_equal(error.delta(a, Y), error.output(a) - Y)


@pytest.mark.equation("sum-of-squares")
@pytest.mark.equation("binary-cross-entropy")
@pytest.mark.equation("cross-entropy")
def test_values_are_the_lectures_formulas():
    a, Y = RNG.standard_normal((5, 3)), targets(5, 3)
    np.testing.assert_allclose(SumOfSquares().value(a, Y), 0.5 * ((a - Y) ** 2).sum(1))
    p = sigmoid(a)
    np.testing.assert_allclose(BinaryCrossEntropy().value(a, Y), -(Y * np.log(p) + (1 - Y) * np.log(1 - p)).sum(1))
    np.testing.assert_allclose(CrossEntropy().value(a, Y), -(Y * np.log(softmax(a))).sum(1))
    np.testing.assert_allclose(Unmatched("sigmoid").value(a, Y), 0.5 * ((p - Y) ** 2).sum(1))


@pytest.mark.equation("sum-of-squares-one")
@pytest.mark.equation("binary-cross-entropy-one")
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_one_output_gives_the_formulas_of_one_number(y):
    a, yhat = 0.4, 1 / (1 + np.exp(-0.4))
    assert SumOfSquares().value(np.array([[a]]), np.array([[y]])) == pytest.approx([0.5 * (a - y) ** 2])
    surprise = -np.log(yhat if y else 1 - yhat)
    assert BinaryCrossEntropy().value(np.array([[a]]), np.array([[y]])) == pytest.approx([surprise])


@pytest.mark.equation("binary-from-a")
@pytest.mark.equation("cross-entropy-from-a")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("error", "a", "y", "E"),
    [
        (BinaryCrossEntropy(), [1e4], [1], 0),
        (BinaryCrossEntropy(), [1e4], [0], 1e4),
        (BinaryCrossEntropy(), [-1e4], [1], 1e4),
        (BinaryCrossEntropy(), [20], [1], np.log1p(np.exp(-20.0))),  # max(a, 0) - y a cancels exactly
        (CrossEntropy(), [1e4, -1e4], [1, 0], 0),
        (CrossEntropy(), [1e4, -1e4], [0, 1], 2e4),
        (CrossEntropy(), [1e4, 1e4], [0, 1], np.log(2)),
    ],
)
def test_right_values_at_the_extremes(error, a, y, E, dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value = error.value(np.array([a], dtype), np.array([y], dtype))
        delta = error.delta(np.array([a], dtype), np.array([y], dtype))
    assert value.dtype == dtype
    assert value[0] == pytest.approx(E, rel=1e-6, abs=1e-300)
    assert np.isfinite(delta).all()


def test_an_unmatched_pair_saturates():
    """As wrong as can be, and no delta to learn from; the matched pair has one."""
    a, y = np.array([[-20.0]]), np.array([[1.0]])
    assert abs(Unmatched("sigmoid").delta(a, y)).max() < 1e-8
    assert abs(BinaryCrossEntropy().delta(a, y)).max() > 0.99


def test_targets_are_checked():
    with pytest.raises(ValueError, match=r"unit vector.*\[1\. 1\.\].*one_hot"):
        CrossEntropy().check(np.array([[1.0, 0.0], [1.0, 1.0]]))
    with pytest.raises(ValueError, match=r"\[0, 1\].*1\.5 in row 1, column 0"):
        BinaryCrossEntropy().check(np.array([[1.0], [1.5]]))
