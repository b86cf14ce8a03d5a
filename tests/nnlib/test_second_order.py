"""Second-order methods: Hessian-vector products, conjugate gradients, line searches, Newton-CG, L-BFGS."""

from collections import deque
from itertools import pairwise

import numpy as np
import pytest
from drawn import given, settings, st
from toys import Quadratic, Rosenbrock

from nnlib import EmpiricalRisk, mlp, second_order
from nnlib.objectives import LeastSquares, LogisticRegression
from nnlib.second_order import LBFGS, NewtonCG, armijo, conjugate_gradients, hessian_vector, two_loops, wolfe

law = settings(max_examples=40, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)


def logistic(n=40, p=5, lam=0.01, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.logspace(0, 1, p)  # badly scaled
    return LogisticRegression(X, np.sign(X @ rng.standard_normal(p) + rng.standard_normal(n)), lam)


def symmetric(seed, p=5, positive=True):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((p, p))
    return (A @ A.T + 0.1 * np.eye(p) if positive else A + A.T), rng.standard_normal(p)


class WithoutHv:
    """An objective that knows no Hessian."""

    def __init__(self, objective):
        self.n, self.F, self.grad, self.g = objective.n, objective.F, objective.grad, objective.g


# Hessian-vector products


def test_an_exact_product_is_taken_where_there_is_one():
    objective, w, v = logistic(), np.ones(5), np.arange(5.0)
    np.testing.assert_array_equal(hessian_vector(objective, w, v), objective.Hv(w, v))
    np.testing.assert_array_equal(hessian_vector(objective, w, v, [1, 2]), objective.Hv(w, v, [1, 2]))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("xi", [None, [3, 8, 8]], ids=["all", "some"])
def test_a_difference_has_the_digits_it_promises(size, xi):
    """u^(2/3) is 4e-11 in float64 and 2e-5 in float32, whatever the length of v."""
    objective, rng = logistic(), np.random.default_rng(1)
    w, v = rng.standard_normal(5), size * rng.standard_normal(5)
    exact = objective.Hv(w, v, xi)
    found = hessian_vector(WithoutHv(objective), w, v, xi)
    assert np.linalg.norm(found - exact) < 1e-8 * np.linalg.norm(exact)
    short = LogisticRegression(objective.X.astype(np.float32), objective.y, 0.01)
    found = hessian_vector(WithoutHv(short), w.astype(np.float32), v.astype(np.float32), xi)
    assert found.dtype == np.float32
    assert np.linalg.norm(found - exact) < 3e-3 * np.linalg.norm(exact)


def test_the_difference_step_is_near_the_best():
    """Ten times longer or shorter is worse, or hardly better, on a function with fourth derivatives."""
    w, v = np.array([-1.2, 1.0]), np.array([0.6, 0.8])
    H = np.array([[2 - 400 * (w[1] - 3 * w[0] ** 2), -400 * w[0]], [-400 * w[0], 200.0]])
    error = np.linalg.norm(hessian_vector(Rosenbrock(), w, v) - H @ v)
    eps = np.finfo(float).eps ** (1 / 3) * (1 + np.linalg.norm(w))
    for factor in (1e-2, 1e2):
        e = factor * eps
        other = (Rosenbrock().grad(w + e * v) - Rosenbrock().grad(w - e * v)) / (2 * e)
        assert error < np.linalg.norm(other - H @ v)
    assert error < 1e-7 * np.linalg.norm(H @ v)


def test_the_difference_step_grows_with_w():
    """Where w is large, a step of length u^(1/3) would drown in the rounding of w + ε v."""
    objective = WithoutHv(logistic(lam=0.5))
    w, v = np.full(5, -1e6), np.arange(1.0, 6.0)
    np.testing.assert_allclose(hessian_vector(objective, w, v), v, rtol=1e-8)  # the penalty's 2 λ v alone


def test_the_product_with_zero_is_zero():
    zero = np.zeros(2)
    product = hessian_vector(Quadratic(), np.ones(2), zero)
    np.testing.assert_array_equal(product, zero)
    assert product is not zero


# Conjugate gradients


@law
@given(seeds)
def test_p_products_solve_a_positive_definite_system(seed):
    H, b = symmetric(seed)
    s = conjugate_gradients(lambda v: H @ v, b, 0.0, 10)
    np.testing.assert_allclose(H @ s, b, atol=1e-6)


@law
@given(seeds, st.integers(1, 5))
def test_they_stop_when_the_residual_is_small_enough(seed, share):
    H, b = symmetric(seed)
    calls = []
    wanted = np.linalg.norm(b) * 10.0**-share
    s = conjugate_gradients(lambda v: calls.append(0) or H @ v, b, wanted, 100)
    assert np.linalg.norm(b - H @ s) <= wanted * (1 + 1e-9)
    if len(calls) > 1:  # and not later
        before = conjugate_gradients(lambda v: H @ v, b, wanted, len(calls) - 1)
        assert np.linalg.norm(b - H @ before) > wanted * (1 - 1e-9)


@law
@given(seeds, st.integers(1, 8))
def test_the_direction_goes_down_for_any_symmetric_matrix(seed, iterations):
    """Each product lowers the model ½ sᵀHs - bᵀs as well."""
    H, b = symmetric(seed, positive=False)
    s = conjugate_gradients(lambda v: H @ v, b, 1e-3, iterations)
    assert b @ s > 0
    if s is not b:
        assert 0.5 * s @ H @ s - b @ s < 0


def test_negative_curvature_ends_them():
    b = np.array([1.0, 2.0])
    np.testing.assert_array_equal(conjugate_gradients(lambda v: -v, b, 0.0, 5), b)
    H = np.diag([1.0, -0.1])  # positive along b, negative along the next direction
    b = np.array([1.0, 0.5])
    np.testing.assert_allclose(conjugate_gradients(lambda v: H @ v, b, 0.0, 5), (b @ b) / (b @ H @ b) * b)
    np.testing.assert_array_equal(conjugate_gradients(lambda v: 0 * v, b, 0.0, 5), b)
    np.testing.assert_array_equal(conjugate_gradients(lambda v: 0 * v, np.zeros(2), 0.0, 5), 0)


# Line searches


@law
@given(seeds, st.floats(1e-3, 1e3))
def test_armijo_takes_the_first_that_is_low_enough(seed, alpha):
    w = np.random.default_rng(seed).uniform(-2, 2, 2)
    F, g = Rosenbrock().F, Rosenbrock().grad(w)
    found = armijo(Rosenbrock(), w, -g, g, alpha)
    low_enough = [t for t in alpha * 0.5 ** np.arange(60) if F(w - t * g) < F(w) - 1e-4 * t * g @ g]
    assert found == low_enough[0]


@law
@given(seeds, st.floats(1e-6, 1e6))
def test_wolfe_keeps_both_conditions(seed, alpha):
    w = np.random.default_rng(seed).uniform(-2, 2, 2)
    F, g = Rosenbrock().F, Rosenbrock().grad(w)
    d = -g
    found, there = wolfe(Rosenbrock(), w, d, g, alpha)
    assert F(w + found * d) < F(w) + 1e-4 * found * g @ d
    np.testing.assert_array_equal(there, Rosenbrock().grad(w + found * d))
    assert there @ d >= 0.9 * g @ d
    assert (there - g) @ (found * d) > 0  # so that L-BFGS may use the pair


class Parabola:
    """F(w) = ½ w² for one weight; from w = 1 along d = -1 its value is ½ (1 - α)², its slope α - 1."""

    n, tried = 1, ()

    def F(self, w):
        self.tried = (*self.tried, float(1 - w[0]))
        return 0.5 * float(w[0]) ** 2

    def grad(self, w):
        return w + 0


@pytest.mark.parametrize("search", [armijo, lambda *args: wolfe(*args)[0]], ids=["armijo", "wolfe"])
def test_the_step_must_pay(search):
    """½ (1 - α)² < ½ - 10⁻⁴ α up to α = 2 - 2 · 10⁻⁴. From 1.9999, F would fall, but by too little."""
    one = np.ones(1)
    assert search(Parabola(), one, -one, one, 1.9997) == 1.9997
    assert search(Parabola(), one, -one, one, 1.9999) == 1.9999 / 2


@pytest.mark.parametrize(
    ("first", "c1", "c2", "tried"),
    [
        (0.01, 1e-4, 0.9, [0.01, 0.02, 0.04, 0.08, 0.16]),  # the slope is flat enough from 0.1
        (16.0, 1e-4, 0.9, [16, 8, 4, 2, 1]),
        (0.7, 0.45, 0.01, [0.7, 1.4, 1.05]),  # allowed: 0.99 to 1.1
    ],
)
def test_wolfe_doubles_and_bisects(first, c1, c2, tried):
    one, parabola = np.ones(1), Parabola()
    alpha, there = wolfe(parabola, one, -one, one, first, c1, c2)
    assert parabola.tried[1:] == pytest.approx(tried)
    assert alpha == pytest.approx(tried[-1])
    np.testing.assert_allclose(there, 1 - alpha)


@pytest.mark.parametrize("search", [armijo, lambda *args: wolfe(*args)[0]], ids=["armijo", "wolfe"])
@pytest.mark.parametrize("level", [1e3, -1e3])
@pytest.mark.parametrize(("rise", "taken"), [(2e-13, True), (1e-11, False)], ids=["rounding", "more"])
def test_a_rise_within_the_rounding_of_f_is_let_through(search, level, rise, taken):
    """Near the minimum F(w) is its rounding: 10³ has digits to 10⁻¹³. The gradient still knows the way."""

    class Rounded(Parabola):
        def F(self, w):
            return level + rise if abs(w[0]) < 1e-8 else level

    w = np.array([1e-8])
    assert (search(Rounded(), w, -w, w, 1.0) == 1) == taken


def test_where_f_has_no_minimum_the_longest_step_is_taken():
    """F = -½ w²: every doubling is low enough and none flat enough."""

    class Down(Parabola):
        def F(self, w):
            return -0.5 * float(w[0]) ** 2

        def grad(self, w):
            return -w

    one = np.ones(1)
    alpha, there = wolfe(Down(), one, one, -one, 1.0)
    assert alpha > 1e15
    np.testing.assert_array_equal(there, -1 - alpha)


def test_with_a_wrong_gradient_no_step_is_taken():
    class Wrong(Parabola):
        def grad(self, w):
            return -w

    one = np.ones(1)
    assert armijo(Wrong(), one, one, -one) == 0
    alpha, there = wolfe(Wrong(), one, one, -one)
    assert alpha == 0
    np.testing.assert_array_equal(there, -one)


def test_a_good_first_step_is_kept():
    w = np.zeros(2)
    g = Quadratic().grad(w)
    newton = -np.linalg.solve(Quadratic.H, g)
    assert armijo(Quadratic(), w, newton, g) == 1
    assert wolfe(Quadratic(), w, newton, g)[0] == 1


@pytest.mark.parametrize("d", [0.0, 0.5, 1.0])
def test_uphill_or_nowhere_no_step_is_taken_nor_tried(d):
    one, parabola = np.ones(1), Parabola()
    assert armijo(parabola, one, d * one, one) == 0
    alpha, there = wolfe(parabola, one, d * one, one)
    assert alpha == 0
    np.testing.assert_array_equal(there, one)
    assert parabola.tried == ()


# Newton-CG


@pytest.mark.equation("newton")
def test_one_newton_step_solves_a_quadratic():
    rng = np.random.default_rng(0)
    objective = LeastSquares(rng.standard_normal((30, 6)) * np.logspace(0, 2, 6), rng.standard_normal(30))
    w = NewtonCG(cg_iterations=30, rho=1e-12).minimize(objective, np.ones(6), 1)
    np.testing.assert_allclose(w, objective.w_star, rtol=1e-8, atol=1e-12)
    few = NewtonCG(cg_iterations=1, rho=1e-12).minimize(objective, np.ones(6), 1)
    assert objective.F(few) - objective.F_star > 1e-6


def test_newton_cg_ends_faster_than_linearly():
    """The number of right digits about doubles at the end: min(ρ, √‖∇F‖) asks for Newton's step there."""
    objective, norms = logistic(), []
    NewtonCG().minimize(
        objective, np.zeros(5), 12, callback=lambda k, w: norms.append(np.linalg.norm(objective.grad(w)))
    )
    assert norms[-1] < 1e-14
    last = [norm for norm in norms if norm > 1e-13][-4:]
    factors = np.divide(last[1:], last[:-1])
    assert (factors[1:] < factors[:-1]).all()
    assert factors[-1] < 1e-2


def test_newton_cg_without_hv_is_the_same():
    objective = logistic()
    ours = NewtonCG(rho=1e-3).minimize(objective, np.zeros(5), 8)
    np.testing.assert_allclose(NewtonCG(rho=1e-3).minimize(WithoutHv(objective), np.zeros(5), 8), ours, rtol=1e-7)


def test_a_subsampled_hessian_uses_its_observations_alone():
    objective, seen = logistic(), []
    Hv = objective.Hv
    objective.Hv = lambda w, v, xi: seen.append(tuple(xi)) or Hv(w, v, xi)
    w = NewtonCG().minimize(objective, np.zeros(5), 60, batch_size=20, seed=3)
    assert {len(set(xi)) for xi in seen} == {20}  # without replacement
    assert 30 < len(set(seen)) <= 60  # drawn anew for each step, the same within a step
    assert np.linalg.norm(objective.grad(w)) < 1e-7


def test_newton_cg_leaves_a_saddle():
    """F = ½ w_1² - ½ w_2² + ¼ w_2⁴: near w_2 = 0 the curvature is negative, the minima are at ±1."""

    class Saddle:
        n = 1

        def F(self, w):
            return 0.5 * w[0] ** 2 - 0.5 * w[1] ** 2 + 0.25 * w[1] ** 4

        def grad(self, w):
            return np.array([w[0], -w[1] + w[1] ** 3])

    w = NewtonCG().minimize(Saddle(), np.array([1.0, 1e-3]), 40)
    np.testing.assert_allclose(w, [0, 1], atol=1e-8)


# L-BFGS


def dense_bfgs(pairs, p):
    """H by its recursion, as a matrix."""
    s, y = pairs[-1]
    H = (s @ y) / (y @ y) * np.eye(p)
    for s, y in pairs:
        rho = 1 / (y @ s)
        V = np.eye(p) - rho * np.outer(y, s)
        H = V.T @ H @ V + rho * np.outer(s, s)
    return H


@law
@given(seeds, st.integers(1, 6))
def test_two_loops_are_the_recursion_on_matrices(seed, m):
    A, g = symmetric(seed)
    rng = np.random.default_rng(seed)
    pairs = deque((s, A @ s) for s in rng.standard_normal((m, 5)))
    np.testing.assert_allclose(two_loops(g, pairs), dense_bfgs(pairs, 5) @ g, rtol=1e-6, atol=1e-8)
    s, y = pairs[-1]
    np.testing.assert_allclose(two_loops(y, pairs), s, rtol=1e-6, atol=1e-8)  # the secant equation


def test_without_pairs_the_direction_is_the_gradient():
    np.testing.assert_array_equal(two_loops(np.arange(3.0), deque()), np.arange(3.0))


@pytest.mark.equation("lbfgs")
def test_lbfgs_is_its_equation():
    """Every step is -α H ∇F for one α, H from the last m = 2 pairs, and α satisfies Wolfe's conditions."""
    objective, w, pairs = logistic(), np.zeros(5), deque(maxlen=2)
    iterates = [w]
    LBFGS(m=2).minimize(objective, w, 10, callback=lambda k, w: iterates.append(w.copy()))
    for w, after in pairwise(iterates):
        g, step = objective.grad(w), after - w
        d = -two_loops(g, pairs)
        np.testing.assert_allclose(step / np.linalg.norm(step), d / np.linalg.norm(d), atol=1e-6)
        assert objective.F(after) <= objective.F(w) + 1e-4 * g @ step
        assert objective.grad(after) @ step >= 0.9 * g @ step
        pairs.append((step, objective.grad(after) - g))


def test_lbfgs_begins_with_care_and_again_where_its_pairs_mislead(monkeypatch):
    """Without pairs the direction is -∇F, and the first step at most of length α; with pairs α is tried as it is."""
    objective, calls = logistic(), []

    def search(objective, w, d, g, alpha):
        calls.append((d, g, alpha))
        return (0.0, g) if len(calls) == 4 else wolfe(objective, w, d, g, alpha)

    monkeypatch.setattr(second_order, "wolfe", search)
    LBFGS(alpha=lambda k: 1 - k / 100).minimize(objective, np.full(5, -30.0), 6)
    for k, (d, g, alpha) in enumerate(calls, start=1):
        alone = k in (1, 5)  # the fourth search failed
        assert alpha == pytest.approx((1 - k / 100) / (max(1, np.linalg.norm(g)) if alone else 1))
        assert (d == -g).all() == alone
    assert np.linalg.norm(calls[0][1]) > 2


def test_a_small_first_gradient_is_not_stretched():
    seen = []
    LBFGS().minimize(Quadratic(), np.add(Quadratic.c, [1e-3, 0]), 1, callback=lambda k, w: seen.append(w.copy()))
    np.testing.assert_allclose(seen[0], Quadratic.c, atol=1e-15)  # the gradient's length is 1e-3, α = 1


def test_a_pair_without_curvature_is_left_out(monkeypatch):
    """yᵀs = 0 would be a division by zero."""

    class Line(Parabola):
        def F(self, w):
            return float(w.sum())

        def grad(self, w):
            return np.ones_like(w)

    w = LBFGS().minimize(Line(), np.zeros(2), 3)
    assert np.isfinite(w).all()
    assert (w < -1e15).all()


def test_newton_cg_tries_alpha_first():
    objective = Quadratic()
    seen = []
    NewtonCG(rho=1e-9, alpha=lambda k: 0.5 / k).minimize(
        objective, np.zeros(2), 2, callback=lambda k, w: seen.append(w / Quadratic.c)
    )
    np.testing.assert_allclose(seen, [[0.5, 0.5], [0.625, 0.625]], rtol=1e-6)  # a half, then a quarter of the rest


@pytest.mark.parametrize("m", [1, 3, 20])
def test_scipys_lbfgs_finds_the_same_minimum(m):
    optimize = pytest.importorskip("scipy.optimize")
    objective = logistic()
    witness = optimize.minimize(objective.F, np.zeros(5), jac=objective.grad, method="L-BFGS-B", tol=1e-15)
    w = LBFGS(m).minimize(objective, np.zeros(5), 120 if m == 1 else 40)
    assert objective.F(w) == pytest.approx(witness.fun, rel=1e-12)
    np.testing.assert_allclose(w, witness.x, atol=1e-5)


def test_lbfgs_needs_far_fewer_gradients_than_gradient_descent():
    """Condition number 10⁴: with the best constant step ln(10⁶) · 10⁴ / 2 gradients for six digits."""
    rng = np.random.default_rng(0)
    objective = LeastSquares(rng.standard_normal((60, 8)) * np.logspace(0, 2, 8), rng.standard_normal(60))
    assert objective.L / objective.c > 5e3
    calls = []
    counted = WithoutHv(objective)
    counted.grad = lambda w: calls.append(0) or objective.grad(w)
    w = LBFGS().minimize(counted, np.ones(8), 80)
    assert (objective.F(w) - objective.F_star) < 1e-6 * (objective.F(np.ones(8)) - objective.F_star)
    assert len(calls) < 120


@pytest.mark.parametrize("method", [LBFGS(), NewtonCG()], ids=["LBFGS", "NewtonCG"])
def test_at_the_minimum_they_stay(method):
    for objective, best in ((Quadratic(), Quadratic.c), (logistic(), LBFGS().minimize(logistic(), np.zeros(5), 60))):
        w = method.minimize(objective, best, 10)
        np.testing.assert_allclose(w, best, rtol=1e-6)
        assert objective.F(w) <= objective.F(best) * (1 + 1e-14)


@pytest.mark.parametrize("method", [LBFGS(), NewtonCG()], ids=["LBFGS", "NewtonCG"])
def test_f_never_rises_on_a_network(method):
    rng = np.random.default_rng(0)
    network = mlp([2, 5, 2], seed=2)
    X = rng.standard_normal((30, 2))
    risk = EmpiricalRisk(network, X, np.eye(2)[(X[:, 0] * X[:, 1] > 0).astype(int)])
    values = [risk.F(network.w)]
    method.minimize(risk, network.w, 40, callback=lambda k, w: values.append(risk.F(w)))
    assert (np.diff(values) <= 1e-12).all()
    assert values[-1] < 0.2 * values[0]  # XOR's four quadrants


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NewtonCG(cg_iterations=0), "cg_iterations: expected 1 or more, got 0"),
        (lambda: NewtonCG(rho=0), "rho: expected a fraction between 0 and 1, got 0"),
        (lambda: NewtonCG(rho=1), "rho"),
        (lambda: NewtonCG(alpha=0), "alpha"),
        (lambda: LBFGS(alpha=-1), "alpha"),
        (lambda: LBFGS(m=0), "m: expected 1 or more pairs, got 0"),
    ],
)
def test_bad_settings_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
