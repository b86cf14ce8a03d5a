"""Each optimizer is its equation, and goes downhill where the way is known."""

import math

import numpy as np
import pytest

from nnlib import SGD, AdaGrad, Adam, Momentum, Nesterov, RMSProp
from nnlib.optimizers import cosine, harmonic, step_decay

MU, B, B1, B2, EPS = 0.5, 0.8, 0.7, 0.9, 1e-3


class Quadratic:
    """F(w) = ½ (w - c)ᵀ H (w - c); its only observation is itself."""

    n = 1
    H, c = np.diag([1.0, 10.0]), np.array([1.0, -2.0])

    def F(self, w):
        return 0.5 * (w - self.c) @ self.H @ (w - self.c)

    def grad(self, w):
        return self.H @ (w - self.c)


class Rosenbrock:
    """F(w) = (1 - w_1)² + 100 (w_2 - w_1²)²: a bent valley, with its minimum at (1, 1)."""

    n = 1

    def F(self, w):
        return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2

    def grad(self, w):
        return np.array([-2 * (1 - w[0]) - 400 * w[0] * (w[1] - w[0] ** 2), 200 * (w[1] - w[0] ** 2)])


def nesterov(alpha, w, gradient, steps):
    """As in the paper: the gradient is taken at w + mu v. Returns where the next gradient would be taken."""
    v = 0.0
    for _ in range(steps):
        v = MU * v - alpha * gradient(w + MU * v)
        w = w + v
    return w + MU * v


def adagrad(alpha, w, gradient, steps):
    squares = 0.0
    for _ in range(steps):
        squares += gradient(w) ** 2
        w = w - alpha * gradient(w) / (math.sqrt(squares) + EPS)
    return w


def rmsprop(alpha, w, gradient, steps):
    r = 0.0
    for _ in range(steps):
        r = B * r + (1 - B) * gradient(w) ** 2
        w = w - alpha * gradient(w) / (math.sqrt(r) + EPS)
    return w


def adam(alpha, w, gradient, steps):
    m = r = 0.0
    for k in range(1, steps + 1):
        m, r = B1 * m + (1 - B1) * gradient(w), B2 * r + (1 - B2) * gradient(w) ** 2
        w = w - alpha * (m / (1 - B1**k)) / (math.sqrt(r / (1 - B2**k)) + EPS)
    return w


@pytest.mark.parametrize(
    ("optimizer", "by_hand"),
    [
        (Nesterov(0.1, MU), nesterov),
        (AdaGrad(0.1, EPS), adagrad),
        (RMSProp(0.1, B, EPS), rmsprop),
        (Adam(0.1, B1, B2, EPS), adam),
    ],
    ids=lambda x: type(x).__name__,
)
def test_the_equation_on_numbers(optimizer, by_hand):
    """One weight at a time, in plain numbers: the vector form must do the same to each component."""
    quadratic, start, steps = Quadratic(), np.array([3.0, 0.5]), 7
    found = optimizer.minimize(quadratic, start, steps, batch_size=None)
    for i in range(2):
        slope = lambda w, i=i: quadratic.H[i, i] * (w - quadratic.c[i])  # noqa: E731
        assert found[i] == pytest.approx(by_hand(0.1, start[i], slope, steps), rel=1e-12)


@pytest.mark.parametrize(
    "optimizer",
    [SGD(0.1), Momentum(0.05), Nesterov(0.05), AdaGrad(1.0), RMSProp(step_decay(0.1, 0.1, 100)), Adam(0.3)],
    ids=lambda x: type(x).__name__,
)
def test_a_quadratic(optimizer):
    w = optimizer.minimize(Quadratic(), np.zeros(2), 600, batch_size=None)
    np.testing.assert_allclose(w, Quadratic.c, atol=1e-3)


@pytest.mark.parametrize(
    ("optimizer", "steps"),
    [
        (SGD(1e-3), 20_000),
        (Momentum(1e-4, 0.99), 20_000),
        (Nesterov(1e-4, 0.99), 20_000),
        (AdaGrad(0.5), 20_000),
        (RMSProp(cosine(0.01, 20_000)), 20_000),
        (Adam(0.02), 20_000),
    ],
    ids=lambda x: type(x).__name__,
)
def test_rosenbrocks_valley(optimizer, steps):
    w = optimizer.minimize(Rosenbrock(), np.array([-1.2, 1.0]), steps, batch_size=None)
    assert Rosenbrock().F(w) < 1e-4


@pytest.mark.parametrize("make", [Momentum, Nesterov, AdaGrad, RMSProp, Adam])
def test_a_second_run_does_not_remember_the_first(make):
    optimizer = make(0.01)
    runs = [optimizer.minimize(Quadratic(), np.zeros(2), 5, batch_size=None) for _ in range(2)]
    np.testing.assert_array_equal(*runs)


def test_step_sizes():
    assert [harmonic(2.0, 1.0)(k) for k in (1, 3)] == [1.0, 0.5]
    assert [step_decay(1.0, 0.5, 10)(k) for k in (1, 10, 11, 21)] == [1.0, 1.0, 0.5, 0.25]
    alpha = cosine(1.0, 100, end=0.2)
    assert [alpha(k) for k in (1, 51, 101, 500)] == pytest.approx([1.0, 0.6, 0.2, 0.2])


@pytest.mark.parametrize(
    ("make", "name"),
    [(lambda: Nesterov(0.1, 1.0), "mu"), (lambda: RMSProp(0.1, -0.1), "b"), (lambda: Adam(0.1, b2=1), "b2")],
)
def test_a_share_outside_its_range_is_named(make, name):
    with pytest.raises(ValueError, match=rf"{name}: expected a share in \[0, 1\)"):
        make()
