"""Each activation: its value against the textbook formula, its derivative against difference quotients."""

import numpy as np
import pytest

from nnlib import activations

A = np.linspace(-4, 4, 41)  # holds 0 only approximately; ReLU's kink is tested by itself
TEXTBOOK = {
    "identity": lambda a: a,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": lambda a: (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a)),
    "relu": lambda a: np.maximum(0, a),
}


@pytest.mark.equation("sigmoid")
@pytest.mark.equation("tanh")
@pytest.mark.equation("relu")
@pytest.mark.parametrize("name", TEXTBOOK)
def test_value_is_the_lectures_formula(name):
    np.testing.assert_allclose(activations.get(name)(A), TEXTBOOK[name](A), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_derivative_is_the_limit_of_difference_quotients(name):
    h, a, eps = activations.get(name), A[np.abs(A) > 0.01], 1e-6
    np.testing.assert_allclose(h.derivative(a), (h(a + eps) - h(a - eps)) / (2 * eps), atol=1e-9)


@pytest.mark.equation("sigmoid-slope")
def test_the_sigmoids_slope_is_at_most_a_quarter():
    """At a = 0 and nowhere else, and symmetric about it."""
    a = np.linspace(-6, 6, 1201)
    slope = activations.sigmoid.derivative(a)
    assert activations.sigmoid.derivative(np.zeros(1))[0] == 0.25
    assert (slope[np.abs(a) > 1e-3] < 0.25).all()
    np.testing.assert_allclose(slope, slope[::-1], rtol=1e-12)
    np.testing.assert_allclose(0.25 - slope, np.tanh(a / 2) ** 2 / 4, atol=1e-15)


@pytest.mark.parametrize("name", [*TEXTBOOK, "softmax"])
def test_pull_is_the_transposed_jacobian(name):
    h, rng = activations.get(name), np.random.default_rng(0)
    a, delta, eps = rng.standard_normal(5), rng.standard_normal(5), 1e-6
    J = np.stack([(h(a + eps * e) - h(a - eps * e)) / (2 * eps) for e in np.eye(5)], axis=1)
    np.testing.assert_allclose(h.vjp(delta, h(a)), J.T @ delta, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax"])
def test_no_overflow_at_ten_thousand(name, dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        z = activations.get(name)(np.array([[-1e4, 0, 1e4]], dtype=dtype))
    assert z.dtype == dtype
    assert np.isfinite(z).all()
    assert z[0, 2] == 1


def test_sigmoid_keeps_small_values():
    np.testing.assert_allclose(activations.sigmoid(np.array([-50.0])), np.exp(-50.0), rtol=1e-12)


def test_relu_at_the_kink():
    assert activations.relu.derivative(np.array([0.0]))[0] == 0


@pytest.mark.equation("tanh-sigmoid")
def test_tanh_is_a_stretched_sigmoid():
    a = np.linspace(-30, 30, 601)
    np.testing.assert_allclose(activations.tanh(a), 2 * activations.sigmoid(2 * a) - 1, rtol=0, atol=1e-15)


@pytest.mark.equation("softmax-shift")
def test_softmax_is_shift_invariant_and_sums_to_one():
    a = np.random.default_rng(1).standard_normal((6, 4))
    np.testing.assert_allclose(activations.softmax(a + 100), activations.softmax(a), rtol=1e-12)
    np.testing.assert_allclose(activations.softmax(a).sum(axis=1), 1)


def test_softmax_has_no_elementwise_derivative():
    with pytest.raises(TypeError, match="vjp"):
        activations.softmax.derivative(np.zeros((1, 2)))


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"sigmoid.*'swish'"):
        activations.get("swish")
