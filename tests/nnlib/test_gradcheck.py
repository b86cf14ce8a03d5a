"""The gradient check accepts right gradients and names wrong ones by their size."""

import numpy as np
import pytest

from nnlib import check_gradient

W = np.array([0.3, -1.2, 2.0])


def F(w):
    return float((w**3).sum() + w[0] * w[1])


def grad(w):
    return 3 * w**2 + np.array([w[1], w[0], 0])


def test_right_gradient():
    before = W.copy()
    assert check_gradient(F, grad, W) < 1e-9
    np.testing.assert_array_equal(W, before)


@pytest.mark.parametrize("wrong", [lambda w: -grad(w), lambda w: 2 * grad(w), lambda w: grad(w) + 0.1 * (w == 2)])
def test_wrong_gradient(wrong):
    assert check_gradient(F, wrong, W) > 1e-3


def test_only_some_coordinates():
    calls = []
    check_gradient(lambda w: calls.append(1) or F(w), grad, W, coordinates=2)
    assert len(calls) == 4


def test_zero_gradient_is_no_division_by_zero():
    assert check_gradient(lambda w: 1.0, np.zeros_like, W) == 0


def test_float32_uses_a_larger_step():
    assert check_gradient(F, grad, W.astype(np.float32)) < 1e-3


def test_bad_input():
    with pytest.raises(ValueError, match=r"shape of w, \(3,\), got \(2,\)"):
        check_gradient(F, lambda w: np.zeros(2), W)
    with pytest.raises(ValueError, match="floating-point"):
        check_gradient(F, grad, np.array([1, 2, 3]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_not_right(wrong):
    with np.errstate(invalid="ignore"):
        error = check_gradient(lambda w: float(w @ w), lambda w: np.array([2 * w[0], wrong]), np.ones(2))
    assert not error < 1e-3
