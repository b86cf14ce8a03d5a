"""Convex objectives: their derivatives, their constants, their minimum."""

import numpy as np
import pytest
from drawn import given, settings, st

from nnlib import (
    L2,
    BinaryCrossEntropy,
    Dense,
    EmpiricalRisk,
    Network,
    SumOfSquares,
    Unmatched,
    check_gradient,
    mlp,
    theory,
)
from nnlib.objectives import LeastSquares, LogisticRegression, SigmoidUnit, TanhNetwork
from nnlib.optimizers import GradientDescent

MAKE = {
    "least squares": LeastSquares,
    "logistic": LogisticRegression,
    "logistic with penalty": lambda X, y: LogisticRegression(X, y, 0.3),
}
every = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
seeds = given(st.integers(0, 10**6))
law = settings(max_examples=30, deadline=None, derandomize=True)


def data(seed=0, n=12, p=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, p)), np.sign(rng.standard_normal(n))


def points(seed, p=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((2, p)) * 10 ** rng.uniform(-2, 1)


def hessian(objective, w, xi=None):
    return np.column_stack([objective.Hv(w, e, xi) for e in np.eye(len(w))])


# Values and derivatives


def test_the_formulas_on_numbers():
    X, y, w = [[1, 2], [3, -1]], [1, -1], np.array([0.5, -0.25])
    a = np.array([0.0, 1.75])
    assert LeastSquares(X, y).F(w) == pytest.approx(((a[0] - 1) ** 2 + (a[1] + 1) ** 2) / 4)
    expected = (np.log(2) + np.log(1 + np.exp(1.75))) / 2 + 0.3 * (0.25 + 0.0625)
    assert LogisticRegression(X, y, 0.3).F(w) == pytest.approx(expected)


@every
def test_gradient_and_hessian_against_difference_quotients(make):
    objective = make(*data())
    w, v = points(1)
    assert check_gradient(objective.F, objective.grad, w) < 1e-8
    for xi in (None, [2, 5, 5]):
        along = lambda w, xi=xi: v @ (objective.grad(w) if xi is None else objective.g(w, xi))  # noqa: E731
        assert check_gradient(along, lambda w, xi=xi: objective.Hv(w, v, xi), w) < 1e-7


@pytest.mark.equation("stochastic-gradient")
@every
def test_the_gradient_is_the_mean_over_the_observations(make):
    objective = make(*data())
    w, v = points(2)
    rows = [objective.g(w, i) for i in range(objective.n)]
    np.testing.assert_allclose(np.mean(rows, axis=0), objective.grad(w), atol=1e-14)
    np.testing.assert_allclose(objective.g(w, [1, 4]), (rows[1] + rows[4]) / 2, atol=1e-14)
    products = [objective.Hv(w, v, i) for i in range(objective.n)]
    np.testing.assert_allclose(np.mean(products, axis=0), objective.Hv(w, v), atol=1e-13)


@pytest.mark.equation("empirical-risk")
@pytest.mark.equation("stationarity")
def test_a_networks_risk_is_the_mean_error_and_stationary_at_its_minimum():
    X, y = data()
    with_ones = np.column_stack([np.ones(len(X)), X])
    w = LeastSquares(with_ones, y).w_star
    risk = EmpiricalRisk(Network([Dense(1)], SumOfSquares(), 3), X, y[:, None])
    assert risk.F(w) == pytest.approx(np.mean([(x @ w - t) ** 2 / 2 for x, t in zip(with_ones, y, strict=True)]))
    singles = [(x @ w - t) * x for x, t in zip(with_ones, y, strict=True)]
    np.testing.assert_allclose(np.mean(singles, axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(risk.grad(w), 0, atol=1e-14)
    v = w + 0.1
    singles = [(x @ v - t) * x for x, t in zip(with_ones, y, strict=True)]
    np.testing.assert_allclose(risk.grad(v), np.mean(singles, axis=0), rtol=1e-12)
    assert risk.F(v) > risk.F(w)


def test_they_are_networks_of_one_unit():
    X, y = data()
    with_ones = np.column_stack([np.ones(len(X)), X])
    w = np.array([0.3, -1.0, 0.5, 2.0])
    for error, objective, Y in (
        (SumOfSquares(), LeastSquares(with_ones, y), y),
        (BinaryCrossEntropy(), LogisticRegression(with_ones, y), (y + 1) / 2),
    ):
        risk = EmpiricalRisk(Network([Dense(1)], error, 3), X, Y[:, None])
        assert objective.F(w) == pytest.approx(risk.F(w), rel=1e-13)
        np.testing.assert_allclose(objective.grad(w), risk.grad(w), atol=1e-14)


def test_logistic_values_do_not_overflow():
    objective = LogisticRegression([[1.0], [1.0]], [1, -1])
    with np.errstate(all="raise", under="ignore"):
        assert objective.F(np.array([1e4])) == pytest.approx(5e3)  # (0 + 10⁴) / 2
        assert objective.F(np.array([-1e4])) == pytest.approx(5e3)
        np.testing.assert_allclose(objective.grad(np.array([1e4])), [0.5])
        np.testing.assert_allclose(objective.Hv(np.array([1e4]), np.array([1.0])), [0.0])


# The constants of the analysis


@pytest.mark.equation("assumption-1")
@every
@law
@seeds
def test_the_constants_bound_the_derivatives(make, seed):
    objective = make(*data(seed))
    w, v = points(seed)
    step = np.linalg.norm(w - v)
    for i, L in enumerate(objective.L_i):
        assert np.linalg.norm(objective.g(w, i) - objective.g(v, i)) <= L * step * (1 + 1e-9)
    assert np.linalg.norm(objective.grad(w) - objective.grad(v)) <= objective.L * step * (1 + 1e-9)
    for j, L in enumerate(objective.L_coordinates):
        there = w + np.eye(3)[j] * (v - w)
        assert abs(objective.grad(there)[j] - objective.grad(w)[j]) <= L * abs(v - w)[j] * (1 + 1e-9)
    below = objective.F(v) + objective.grad(v) @ (w - v) + 0.5 * objective.c * step**2
    assert objective.F(w) >= below - 1e-9 * abs(below)


@every
def test_the_constants_are_the_best(make):
    """L, L_i and L_coordinates are reached at w = 0, where e'' is largest; c of least squares anywhere."""
    objective = make(*data())
    zero = np.zeros(3)
    assert np.linalg.eigvalsh(hessian(objective, zero))[-1] == pytest.approx(objective.L)
    np.testing.assert_allclose(np.diag(hessian(objective, zero)), objective.L_coordinates)
    for i in range(objective.n):
        assert np.linalg.eigvalsh(hessian(objective, zero, i))[-1] == pytest.approx(objective.L_i[i])
    far = 1e6 * np.ones(3)
    assert np.linalg.eigvalsh(hessian(objective, far))[0] == pytest.approx(objective.c, abs=1e-12)


def test_more_weights_than_observations_are_not_strongly_convex():
    assert LeastSquares(*data(n=2, p=3)).c == 0
    assert LeastSquares(np.diag([1, 2]), [0, 0]).c == pytest.approx(0.5)
    assert LogisticRegression(*data()).c == 0


# The minimum


@law
@seeds
def test_the_minimum_of_least_squares(seed):
    X, y = data(seed)
    objective = LeastSquares(X, y + X @ [1, 2, 3])
    np.testing.assert_allclose(objective.grad(objective.w_star), 0, atol=1e-12)
    w, _ = points(seed)
    gap = objective.F(w) - objective.F_star
    distance = w - objective.w_star
    assert gap == pytest.approx(0.5 * distance @ hessian(objective, w) @ distance, rel=1e-9)
    assert 2 * objective.c * gap <= objective.grad(w) @ objective.grad(w) * (1 + 1e-9)  # Bottou et al. (4.12)


def test_the_shortest_of_several_minimizers():
    X, y = data(n=2, p=3)
    objective = LeastSquares(X, y)
    assert objective.F_star == pytest.approx(0, abs=1e-28)
    kernel = np.linalg.svd(X)[2][-1]
    assert objective.w_star @ kernel == pytest.approx(0, abs=1e-12)


def test_scikit_learn_finds_the_same_logistic_regression():
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = data(n=40)
    lam = 0.05
    witness = linear_model.LogisticRegression(C=1 / (2 * lam * len(X)), fit_intercept=False, tol=1e-10, max_iter=1000)
    objective = LogisticRegression(X, y, lam)
    w = GradientDescent(1 / objective.L).minimize(objective, np.zeros(3), 400)
    np.testing.assert_allclose(w, witness.fit(X, y).coef_[0], atol=1e-5)
    np.testing.assert_allclose(objective.grad(w), 0, atol=1e-9)


# What comes in, what goes out


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LeastSquares([1, 2], [1, 2]), r"X: expected shape \(n, p\).*got \(2,\)"),
        (lambda: LeastSquares([["a"]], [1]), r"X: expected numbers of shape \(n, p\)"),
        (lambda: LeastSquares([[1, 2], [3]], [1, 2]), r"X: expected numbers of shape \(n, p\)"),
        (lambda: LeastSquares(np.zeros((0, 2)), []), r"X: expected shape \(n, p\) and no dimension 0, got \(0, 2\)"),
        (lambda: LeastSquares([[1, np.inf]], [1]), "X: expected finite numbers"),
        (lambda: LeastSquares([[1, 2]], [[1]]), r"y: expected shape \(n,\).*got \(1, 1\)"),
        (lambda: LeastSquares([[1, 2]], [np.nan]), "y: expected finite numbers"),
        (lambda: LeastSquares([[1, 2]], [1, 2]), "y: expected a target for each of the 1 rows of X, got 2"),
        (lambda: LogisticRegression([[1], [2]], [0, 1]), "y: expected the classes -1 and 1"),
        (lambda: LogisticRegression([[1]], [1], -1), "lam: expected a number of at least 0, got -1"),
        (lambda: LogisticRegression([[1]], [1], np.nan), "lam"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@every
def test_float32_stays_float32(make):
    X, y = data()
    objective = make(X.astype(np.float32), y)
    w = np.ones(3, np.float32)
    assert objective.grad(w).dtype == objective.g(w, 1).dtype == objective.Hv(w, w).dtype == np.float32
    assert pytest.approx(make(X, y).L, rel=1e-6) == objective.L
    if isinstance(objective, LeastSquares):
        assert objective.w_star.dtype == np.float32


@every
def test_tensors_give_the_same_numbers(make):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    X, y = data()
    a, b = make(X, y), make(torch.tensor(X), torch.tensor(y))
    w, v = points(3)
    tw, tv = torch.tensor(w), torch.tensor(v)
    assert b.F(tw) == pytest.approx(a.F(w), rel=1e-14)
    for mine, other in (
        (a.grad(w), b.grad(tw)),
        (a.g(w, [1, 1, 7]), b.g(tw, [1, 1, 7])),
        (a.Hv(w, v), b.Hv(tw, tv)),
        (a.Hv(w, v, 4), b.Hv(tw, tv, 4)),
    ):
        assert isinstance(other, torch.Tensor)
        np.testing.assert_allclose(other.numpy(), mine, atol=1e-14)
    assert (a.L, a.c, *a.L_i, *a.L_coordinates) == pytest.approx((b.L, b.c, *b.L_i, *b.L_coordinates))
    if isinstance(b, LeastSquares):
        np.testing.assert_allclose(b.w_star.numpy(), a.w_star, atol=1e-14)
    assert make(torch.arange(6).reshape(2, 3), [1, -1]).X.dtype == torch.float64


# Noise: E‖g‖² ≤ M + M_G ‖∇F‖² over one observation drawn uniformly


def binary(X, y):
    return SigmoidUnit(X, (y > 0).astype(float))


NOISY = {**MAKE, "sigmoid unit": binary}
each_noisy = pytest.mark.parametrize("make", NOISY.values(), ids=NOISY)


def excess(objective, w):
    """E‖g‖² - M_G ‖∇F‖²: at most M."""
    squares = [sum(objective.g(w, i) ** 2) for i in range(objective.n)]
    return np.mean(squares) - objective.M_G * sum(objective.grad(w) ** 2)


@pytest.mark.equation("assumption-2")
@each_noisy
@law
@seeds
def test_no_point_violates_assumption_2(make, seed):
    objective = make(*data(seed))
    for w in points(seed):
        assert excess(objective, w) <= objective.M * (1 + 1e-9)
    assert objective.M_G >= 1


@pytest.mark.parametrize("M_V", [None, 60.0, 1e6])
def test_the_noise_of_least_squares_is_exact(M_V):
    """The maximum of E‖g‖² - (1 + M_V) ‖∇F‖², found by steps uphill from w_*, is M."""
    objective = LeastSquares(*data(5))
    M, M_V = objective.noise(M_V)
    G = lambda w: np.array([objective.g(w, i) for i in range(objective.n)])  # noqa: E731
    V = lambda w: (G(w) ** 2).sum(axis=1).mean() - (1 + M_V) * sum(objective.grad(w) ** 2)  # noqa: E731
    p, w = len(objective.w_star), objective.w_star
    eye = np.eye(p)  # V is quadratic: differences are exact, and one Newton step finds its maximum
    slope = np.array([(V(w + e) - V(w - e)) / 2 for e in eye])
    curve = np.array([[(V(w + d + e) - V(w + d - e) - V(w - d + e) + V(w - d - e)) / 4 for e in eye] for d in eye])
    top = w - np.linalg.solve(curve, slope)
    assert V(top) == pytest.approx(M, rel=1e-6)
    assert (np.linalg.eigvalsh(curve) < 0).all()


def test_where_all_targets_are_met_the_noise_vanishes():
    X, _ = data(3)
    objective = LeastSquares(X, X @ [1.0, -2.0, 0.5])
    assert pytest.approx(0, abs=1e-20) == objective.M
    assert excess(objective, objective.w_star) == pytest.approx(0, abs=1e-20)


def test_less_than_the_least_share_is_refused():
    objective = LeastSquares(*data())
    with pytest.raises(ValueError, match="M_V: expected at least"):
        objective.noise(objective.noise()[1] / 2.1)


def test_bounds_of_the_sigmoid_unit_are_reached():
    """On a grid of a and y, e' and e'' come as near to their bounds as the grid allows, and never beyond."""
    unit = binary(*data())
    a, y = np.meshgrid(np.linspace(-9, 9, 1801), np.linspace(0, 1, 11))
    for values, bound in ((unit._slope(a, y), unit.lipschitz), (unit._curvature(a, y), unit.smoothness)):
        assert bound * (1 - 1e-4) < abs(values).max() <= bound


@law
@seeds
def test_the_sigmoid_units_gradient_is_lipschitz(seed):
    unit = binary(*data(seed))
    w, v = points(seed)
    assert np.linalg.norm(unit.grad(w) - unit.grad(v)) <= unit.L * np.linalg.norm(w - v) * (1 + 1e-9)
    for i, L_i in enumerate(unit.L_i):
        assert np.linalg.norm(unit.g(w, i) - unit.g(v, i)) <= L_i * np.linalg.norm(w - v) * (1 + 1e-9)


def test_a_sigmoid_unit_is_the_network():
    X, y = data()
    unit = binary(X, y)
    network = Network([Dense(1)], Unmatched("sigmoid"), input_shape=3, dtype=np.float64)
    risk = EmpiricalRisk(network, X, unit.y[:, None])
    w = np.array([0.3, -1.0, 0.8])
    full = np.concatenate([[0.0], w])  # no bias
    assert risk.F(full) == pytest.approx(unit.F(w))
    np.testing.assert_allclose(risk.grad(full)[1:], unit.grad(w), rtol=1e-12)
    assert check_gradient(unit.F, unit.grad, w) < 1e-8
    for v in np.eye(3):
        along = lambda w, v=v: v @ unit.grad(w)  # noqa: E731
        assert check_gradient(along, lambda w, v=v: unit.Hv(w, v), w) < 1e-7


def test_the_sigmoid_unit_is_not_convex_and_not_negative():
    unit = SigmoidUnit([[1.0]], [0.0])
    assert unit.Hv(np.array([3.0]), np.array([1.0]))[0] < 0
    assert unit.F(np.array([-40.0])) == pytest.approx(unit.F_inf, abs=1e-15)
    with pytest.raises(ValueError, match="targets in"):
        SigmoidUnit([[1.0]], [1.5])


# A network in a box


def boxed(seed=0, units=2, radius=1.5, lam=0.02):
    X, y = data(seed, p=2)
    return TanhNetwork(X, 0.7 * y, units, radius, lam)


def inside(network, rng, points):
    """Weights in the box, many of them near its corners, where the curvature is."""
    W = rng.uniform(-1, 1, size=(points, network.p))
    return network.radius * np.sign(W) * abs(W) ** rng.uniform(0.05, 1, size=(points, 1))


def test_the_tanh_network_is_the_network():
    objective = boxed(units=3)
    network = mlp([2, 3, 1], "tanh", SumOfSquares(), dtype=np.float64)
    network.penalty = L2(0.02, biases=True)
    risk = EmpiricalRisk(network, objective.X[:, 1:], objective.y[:, None])
    for w in inside(objective, np.random.default_rng(0), 5):
        assert objective.F(w) == pytest.approx(risk.F(w), rel=1e-12)
        np.testing.assert_allclose(objective.grad(w), risk.grad(w), rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(objective.g(w, [1, 4]), risk.g(w, [1, 4]), rtol=1e-10, atol=1e-14)


@law
@seeds
def test_the_box_bounds_hold(seed):
    objective, rng = boxed(seed, radius=2 ** np.random.default_rng(seed).uniform(-2, 2)), np.random.default_rng(seed)
    w, v = inside(objective, rng, 2)
    for u in v, w + 1e-4 * (v - w):  # far, and so near that the second derivative shows
        step = np.linalg.norm(w - u)
        assert np.linalg.norm(objective.grad(w) - objective.grad(u)) <= objective.L * step * (1 + 1e-7)
        for i, L_i in enumerate(objective.L_i):
            assert np.linalg.norm(objective.g(w, i) - objective.g(u, i)) <= L_i * step * (1 + 1e-7)
    assert excess(objective, w) <= objective.M
    assert objective.F(w) >= objective.F_inf


@pytest.mark.parametrize("radius", [0.25, 1.0, 4.0])
def test_the_box_bounds_are_not_far_off(radius):
    """How many times L and M are the largest curvature and variance that a search finds, in three boxes."""
    objective = boxed(radius=radius)
    curvature, variance = theory.assumption1(objective, starts=20), theory.assumption2(objective, starts=20)
    assert curvature.holds
    assert variance.holds
    assert curvature.slack < 5.5
    assert variance.slack < 10


def test_outside_the_box_nothing_is_said():
    objective = boxed()
    for call in (objective.F, objective.grad, lambda w: objective.g(w, 0)):
        with pytest.raises(ValueError, match=r"box \|w_j\| ≤ 1.5.*Assumption 1 fails"):
            call(np.full(objective.p, 1.6))
        with pytest.raises(ValueError, match="expected 9 weights, got 3"):
            call(np.zeros(3))
    for name, value in {"units": 0, "radius": 0.0, "lam": -1.0}.items():
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            boxed(**{name: value})


def test_the_minimum_of_penalized_logistic_regression():
    X, y = data(n=30)
    for scale, lam in (1, 1e-3), (1, 0.3), (50, 1e-6), (50, 1e-3):
        objective = LogisticRegression(scale * X, y, lam)
        assert np.linalg.norm(objective.grad(objective.w_star)) < 1e-12 * scale
        assert objective.F_star == objective.F(objective.w_star)
    with pytest.raises(ValueError, match="may have no minimizer"):
        LogisticRegression(X, y).F_star  # noqa: B018
