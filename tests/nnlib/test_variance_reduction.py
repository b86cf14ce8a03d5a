"""SVRG and SAGA: unbiased, less and less noisy, and so linear where SGD stalls."""

import numpy as np
import pytest
from toys import Quadratic

from nnlib import SGD, EmpiricalRisk, SumOfSquares, mlp
from nnlib.objectives import LeastSquares, LogisticRegression
from nnlib.optimizers import SAGA, SVRG


class Script:
    """A generator that draws what it is told: `indices` in turn, and `stop` where a single number is asked for."""

    def __init__(self, indices, stop=None):
        self.indices, self.stop = indices, stop

    def integers(self, low, high=None, size=None):
        return self.stop if size is None else np.resize(self.indices, size)


def run(method, objective, w, iterations, script):
    w = w.copy()
    steps = method.run(objective, w, script)
    for _ in range(iterations):
        next(steps)
    return w


def objectives():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 3))
    y = np.sign(rng.standard_normal(6))
    network = mlp([3, 2, 1], error=SumOfSquares(), seed=1)
    return [
        LeastSquares(X, y),
        LogisticRegression(X, y, 0.1),
        EmpiricalRisk(network, X, np.ones((6, 1))),
    ]


every = pytest.mark.parametrize("objective", objectives(), ids=lambda x: type(x).__name__)


def start(objective):
    p = len(objective.network.w) if isinstance(objective, EmpiricalRisk) else 3
    return np.random.default_rng(1).standard_normal(p)


# Their equations


@pytest.mark.equation("svrg")
@every
@pytest.mark.parametrize("choice", ["last", "average", "random"])
def test_svrg_by_its_definition(objective, choice):
    """Two outer iterations of four inner steps, the random one stopped after three."""
    alpha, order, w = 0.1, [3, 0, 0, 5, 2, 4, 1, 3], start(objective)
    found = run(SVRG(alpha, m=4, choice=choice), objective, w, 2, Script(order, stop=3))
    draws = iter(order)
    for _ in range(2):
        inner = [w]
        for _ in range(3 if choice == "random" else 4):
            i, v = next(draws), inner[-1]
            inner.append(v - alpha * (objective.g(v, i) - objective.g(w, i) + objective.grad(w)))
        w = np.mean(inner[1:], axis=0) if choice == "average" else inner[-1]
    np.testing.assert_allclose(found, w, rtol=1e-12, atol=1e-14)


@pytest.mark.equation("saga")
@every
def test_saga_by_its_definition(objective):
    """The table in words: where each gradient was last taken. Index 2 comes twice in a row."""
    alpha, order, w = 0.1, [2, 2, 0, 5, 2, 4], start(objective)
    found = run(SAGA(alpha), objective, w, 6, Script(order))
    places = [w] * 6
    for j in order:
        mean = np.mean([objective.g(places[i], i) for i in range(6)], axis=0)
        g = objective.g(w, j) - objective.g(places[j], j) + mean
        places[j] = w
        w = w - alpha * g
    np.testing.assert_allclose(found, w, rtol=1e-12, atol=1e-14)


@every
def test_svrg_is_unbiased(objective):
    """After two fixed inner steps, the mean over all n third steps is a gradient step."""
    w, before = start(objective), [4, 1]
    there = run(SVRG(0.1, m=2), objective, w, 1, Script(before))
    steps = [run(SVRG(0.1, m=3), objective, w, 1, Script([*before, i])) - there for i in range(6)]
    np.testing.assert_allclose(np.mean(steps, axis=0), -0.1 * objective.grad(there), atol=1e-14)
    assert np.ptp(steps, axis=0).max() > 1e-4


@every
def test_saga_is_unbiased(objective):
    w, before = start(objective), [4, 1, 4]
    there = run(SAGA(0.1), objective, w, 3, Script(before))
    steps = [run(SAGA(0.1), objective, w, 4, Script([*before, j])) - there for j in range(6)]
    np.testing.assert_allclose(np.mean(steps, axis=0), -0.1 * objective.grad(there), atol=1e-14)
    assert np.ptp(steps, axis=0).max() > 1e-4


def test_the_defaults_are_two_passes_and_the_last_iterate():
    objective, w = objectives()[0], start(objectives()[0])
    default, said = (method.minimize(objective, w, 3) for method in (SVRG(0.05), SVRG(0.05, 12, "last")))
    np.testing.assert_array_equal(default, said)


def test_a_learning_rate_of_k_is_followed():
    objective, w = objectives()[0], start(objectives()[0])
    for make, order in ((SAGA, [2, 0]), (lambda a: SVRG(a, m=1), [2, 0])):
        one = run(make(0.1), objective, w, 1, Script(order))
        for iterations in (1, 2):
            found = run(make(lambda k: 0.1 if k == 1 else 1e-300), objective, w, iterations, Script(order))
            np.testing.assert_array_equal(found, one)


def test_each_inner_iterate_is_as_likely_as_any_other():
    """j steps are made for the random iterate j = 1, ..., 4: 500 ± 5 standard deviations of 19 in 2,000."""
    objective, counts, calls = Quadratic(), [], []
    grad = objective.grad
    objective.g = lambda w, xi: calls.append(0) or grad(w)
    SVRG(1e-3, 4, "random").minimize(objective, np.zeros(2), 2_000, callback=lambda k, w: counts.append(len(calls)))
    steps = np.diff([0, *counts]) // 2
    found = np.bincount(steps)
    assert len(found) == 5
    assert found[0] == 0
    assert abs(found[1:] - 500).max() < 5 * 19.4


# How fast


def problem(n=60):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((n, 3))
    return LeastSquares(X, X @ [1, 2, 3] + rng.standard_normal(n))


def gaps(method, objective, iterations, each=1, **options):
    found = []

    def note(k, w):
        if k % each == 0:
            d = objective.X @ (w - objective.w_star)  # F(w) - F_*, to all its digits
            found.append(0.5 * d @ d / objective.n)

    method.minimize(objective, np.zeros(3), iterations, callback=note, **options)
    return np.array(found)


def test_linear_convergence_with_the_step_that_leaves_sgd_in_its_noise():
    objective = problem()
    n, alpha = objective.n, 1 / (5 * max(objective.L_i))
    saga = gaps(SAGA(alpha), objective, 60 * n, each=10 * n)
    svrg = gaps(SVRG(alpha), objective, 18, each=3)
    sgd = gaps(SGD(alpha), objective, 60 * n)
    for linear in (saga, svrg):
        assert linear[-1] < 1e-20
        assert (linear[1:] < 0.01 * linear[:-1]).all()  # a factor, again and again
    assert sgd[-20 * n :].min() > 1e-5
    assert np.mean(sgd[-20 * n : -10 * n]) < 2 * np.mean(sgd[-10 * n :])  # and there it stays


@pytest.mark.equation("svrg-rate")
@pytest.mark.parametrize("choice", ["average", "random"])
def test_svrg_keeps_the_bound(choice):
    """E gap_{k+1} ≤ ρ gap_k with ρ = 1 / (c α (1 - 2 L α) m) + 2 L α / (1 - 2 L α), L that of the ∇E_i."""
    objective = problem(20)
    c, L, m = objective.c, max(objective.L_i), 1000
    alpha = 1 / (10 * L)
    rho = 1 / (c * alpha * (1 - 2 * L * alpha) * m) + 2 * L * alpha / (1 - 2 * L * alpha)
    assert rho < 0.7
    first = objective.F(np.zeros(3)) - objective.F_star
    found = [gaps(SVRG(alpha, m, choice), objective, 2, seed=seed) for seed in range(8)]
    bound = first * rho ** np.array([1, 2])
    assert (np.mean(found, axis=0) <= bound).all()


@pytest.mark.equation("svrg-rate")
def test_the_bound_needs_c():
    """Printed without c, ρ would be 0.3125 here. Along the flat direction nothing moves: the true factor is near 1."""

    class Flat(Quadratic):
        H, c = np.diag([1.0, 1e-6]), np.zeros(2)

    alpha, L, m, w = 0.1, 1.0, 200, np.array([0.0, 1.0])
    printed = 1 / (1 - 2 * alpha * L) * (1 / (m * alpha) + 2 * L * alpha)
    for choice in ("last", "average", "random"):
        after = SVRG(alpha, m, choice).minimize(Flat(), w, 1)
        assert printed < 0.32 < 0.9999 < Flat().F(after) / Flat().F(w) < 1


@pytest.mark.equation("saga-rate")
def test_saga_keeps_its_bound():
    """E ‖w_k - w_*‖² ≤ (1 - c / (2 (c n + L)))^k (‖w_1 - w_*‖² + n D / (c n + L)), α = 1 / (2 (c n + L))."""
    objective = problem(20)
    c, L, n, k = objective.c, max(objective.L_i), objective.n, 400
    w, best = np.zeros(3), objective.w_star
    D = objective.F(w) - objective.grad(best) @ (w - best) - objective.F_star
    bound = (1 - c / (2 * (c * n + L))) ** k * ((w - best) @ (w - best) + n * D / (c * n + L))
    found = [SAGA(1 / (2 * (c * n + L))).minimize(objective, w, k, seed=seed) - best for seed in range(8)]
    assert np.mean([d @ d for d in found]) <= bound < 1
