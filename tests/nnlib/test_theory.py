"""The theory of SGD: both sides of each inequality, equalities where there are some, and what breaks a statement."""

import importlib
import itertools

import numpy as np
import pytest
from drawn import given, settings, st

from nnlib import SAGA, theory
from nnlib.objectives import LeastSquares, LogisticRegression, SigmoidUnit
from nnlib.theory import Sides, constants, draws, lemma1, lemma2, proposition1, theorem1, theorem2, variance_factor

PROBLEMS = theory.problems()
every = pytest.mark.parametrize("objective", PROBLEMS.values(), ids=PROBLEMS)
kinds = pytest.mark.parametrize("sampling", ["replacement", "without"])
law = settings(max_examples=40, deadline=None, derandomize=True)
START = np.array([1.0, -1.0, 1.0])


def limit(objective):
    return 1 / (objective.L * objective.M_G)


def start(objective):
    """w_1, for the network in the middle of its box."""
    return START if not hasattr(objective, "radius") else 0.5 * np.resize(START, objective.p)


def anywhere(objective, rng, points=1):
    """Random weights: of every size, or anywhere in the half of the box from which no step leads out."""
    if hasattr(objective, "radius"):
        return objective.radius / 2 * rng.uniform(-1, 1, size=(points, objective.p))
    return rng.normal(size=(points, 3)) * 10 ** rng.uniform(-2, 1)


def isotropic():
    """∇²F = 2 I: Proposition 1 and Lemma 1 are equalities."""
    return LeastSquares(np.vstack([np.eye(2), -np.eye(2)]) * 2, [1.0, -1.0, 2.0, 0.0])


# The pieces


@every
def test_many_points_at_once_are_one_after_the_other(objective):
    W = anywhere(objective, np.random.default_rng(0), 4)
    np.testing.assert_allclose(objective.values(W), [objective.F(w) for w in W], rtol=1e-12)
    each = [[objective.g(w, i) for i in range(objective.n)] for w in W]
    np.testing.assert_allclose(objective.gradients(W), each, rtol=1e-12, atol=1e-15)


@pytest.mark.equation("conditional-expectation")
@kinds
@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_draws_are_all_batches_with_their_probabilities(batch_size, sampling):
    J, P = draws(4, batch_size, sampling)
    ways = itertools.product(range(4), repeat=batch_size)
    ways = [way for way in ways if sampling == "replacement" or len(set(way)) == batch_size]
    counted = {tuple(row): 0 for row in J.tolist()}
    for way in ways:
        counted[tuple(sorted(way))] += 1
    np.testing.assert_allclose(P, np.array(list(counted.values())) / len(ways))


@kinds
@pytest.mark.parametrize("batch_size", [1, 2, 3, 8])
def test_the_share_is_that_of_the_variance(batch_size, sampling):
    x = np.random.default_rng(1).normal(size=8)
    J, P = draws(8, batch_size, sampling)
    variance = P @ (x[J].mean(axis=1) - x.mean()) ** 2
    assert variance == pytest.approx(variance_factor(8, batch_size, sampling) * x.var(), abs=1e-15)


# The constants: a search climbs, and finds nothing beyond

# How far the constant lies above what is found: L is the least one for the first two, M of the first is exact.
ABOVE = {
    "least squares": (1.001, 1.03),
    "logistic regression": (1.001, 1.2),
    "sigmoid unit": (1.05, 1.25),
    "tanh network in a box": (5, 9.5),
}


@pytest.mark.equation("assumption-1")
@pytest.mark.equation("assumption-2")
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_search_finds_no_curvature_above_L_and_no_variance_above_M(name, seed):
    for sides, at_most in zip(
        (theory.assumption1(PROBLEMS[name], seed=seed), theory.assumption2(PROBLEMS[name], seed=seed)),
        ABOVE[name],
        strict=True,
    ):
        assert sides.holds
        assert sides.slack < at_most


@pytest.mark.parametrize(
    ("name", "constant", "part"),
    [
        ("least squares", "L", 0.99),
        ("least squares", "M", 0.95),
        ("logistic regression", "L", 0.99),
        ("logistic regression", "M", 0.7),
        ("sigmoid unit", "L", 0.9),
        ("sigmoid unit", "M", 0.5),
        ("tanh network in a box", "L", 0.08),
        ("tanh network in a box", "M", 0.1),
    ],
)
def test_a_constant_below_what_is_attained_breaks_a_line_of_the_table(name, constant, part, monkeypatch):
    objective = PROBLEMS[name]
    value = part * getattr(objective, constant)
    small = type(objective.__class__.__name__, (type(objective),), {constant: value})
    made = small.__new__(small)
    vars(made).update(vars(objective))
    printed = importlib.import_module("nnlib.theory.__main__")
    monkeypatch.setattr(printed, "problems", lambda: {name: made})
    monkeypatch.setattr(printed, "at_points", lambda *_: [])
    monkeypatch.setattr(printed, "along_runs", lambda *_: [])
    lines = {line: sides.holds for line, _, sides in printed.table()}
    found = {"L": "largest curvature found ≤ L", "M": "largest variance found ≤ M"}
    assert lines == {line: letter != constant for letter, line in found.items()}


@pytest.mark.equation("assumption-1")
def test_the_curvature_that_is_found_is_known_where_there_is_one_weight():
    """e'' = s²(1 - s)(2 - 3s) with y = 0 is largest at s = (15 - √33)/24; at the border of a box that ends before."""
    unit = SigmoidUnit([[1.0]], [0.0])
    assert theory.assumption1(unit).left == pytest.approx(unit.L, rel=1e-6)
    assert theory.assumption1(unit, radius=10.0, starts=4).left == pytest.approx(unit.L, rel=1e-6)
    boxed = SigmoidUnit([[1.0]], [0.0])
    vars(boxed)["radius"] = 0.05  # flat enough that the largest curvature is at its border
    s = 1 / (1 + np.exp(0.05)), 1 / (1 + np.exp(-0.05))
    there = max(t**2 * (1 - t) * (2 - 3 * t) for t in s)
    assert theory.assumption1(boxed).left == pytest.approx(there, rel=1e-3)


# The statements hold


@pytest.mark.equation("descent")
@every
@law
@given(st.integers(0, 10**6))
def test_proposition_1(objective, seed):
    rng = np.random.default_rng(seed)
    w, v = anywhere(objective, rng, 2)
    assert proposition1(objective, w, v).holds


@pytest.mark.equation("lemma-1")
@pytest.mark.equation("lemma-2")
@every
@kinds
@law
@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(-6, 1))
def test_lemmas_1_and_2(objective, sampling, seed, batch_size, power):
    """Exactly, for every batch size; they hold for any α > 0, also beyond 1/(L M_G)."""
    rng = np.random.default_rng(seed)
    (w,) = anywhere(objective, rng)
    alpha = limit(objective) * 2**power
    first, second = (lemma(objective, w, alpha, batch_size, sampling) for lemma in (lemma1, lemma2))
    assert first.holds
    assert second.holds
    assert first.left == second.left
    assert first.right <= second.right + 1e-12 * (1 + abs(second.right))  # Lemma 2 follows from Lemma 1


@every
def test_lemmas_along_whole_runs(objective):
    rng, w, alpha = np.random.default_rng(3), start(objective), limit(objective)
    for _ in range(200):
        assert lemma1(objective, w, alpha).holds
        assert lemma2(objective, w, alpha).holds
        w = w - alpha * objective.g(w, rng.integers(objective.n))


@pytest.mark.equation("total-expectation")
@pytest.mark.equation("theorem-1")
@every
@pytest.mark.parametrize("part", [0.1, 1.0])
@pytest.mark.parametrize("T", [1, 2, 5])
def test_theorem_1_exactly(objective, part, T):
    """The left side is the mean over all sequences of draws, here one by one."""
    alpha = part * limit(objective)
    sides = theory.theorem1_exact(objective, start(objective), alpha, T)
    means = []
    for sequence in itertools.product(range(objective.n), repeat=T - 1) if T <= 2 else [()]:
        w, squares = start(objective), []
        for k in range(T):
            squares.append(sum(objective.grad(w) ** 2))
            w = w - alpha * objective.g(w, sequence[k]) if k < len(sequence) else w
        means.append(np.mean(squares))
    if T <= 2:
        assert sides.left == pytest.approx(np.mean(means), rel=1e-12)
    assert sides.holds


@every
def test_theorem_1_by_many_runs_agrees_with_all_sequences(objective):
    alpha = limit(objective)
    w = start(objective)
    exact, many = theory.theorem1_exact(objective, w, alpha, 5), theorem1(objective, w, alpha, 5, runs=4000)
    assert abs(many.mean - exact.left) < 3 * (many.left - many.mean) / 2.3263 + 1e-15
    assert many.right == exact.right
    assert many.holds


@every
@pytest.mark.parametrize("batch_size", [1, 4])
def test_theorem_1_for_long_runs(objective, batch_size):
    _, M_G = constants(objective, batch_size)
    alpha = 1 / (objective.L * M_G)
    assert theorem1(objective, start(objective), alpha, 200, batch_size=batch_size).holds


@pytest.mark.equation("theorem-2")
@every
@pytest.mark.parametrize("power", [0.5, 1.0])
def test_theorem_2(objective, power):
    assert theorem2(objective, start(objective), lambda k: limit(objective) / k**power, 200).holds


@pytest.mark.equation("theorem-2-mean")
def test_the_weighted_mean_of_theorem_2_goes_to_zero_where_the_rates_allow_it():
    """Harmonic rates: the mean falls with T, below its bound. Rates with a finite sum: it stays where it is."""
    objective = LeastSquares([[1.0], [1.0]], [1.0, -1.0])  # L = 1, E g² = w² + 1
    objective.noise = lambda: (1.0, 0.0)  # M = 1, M_G = 1, which is exact here
    means = {}
    for power in 1, 3:
        for T in 10, 100, 1000:
            A = sum(k**-power for k in range(1, T + 1))
            found = theorem2(objective, np.array([2.0]), lambda k: k**-power, T)  # noqa: B023
            assert found.holds
            means[power, T] = found.mean / A
    assert means[1, 10] > 1.3 * means[1, 100] > 1.3**2 * means[1, 1000]
    assert means[3, 1000] > 0.98 * means[3, 100] > 0.9 * means[3, 10]


@pytest.mark.equation("theorem-46")
@pytest.mark.equation("theorem-47")
def test_strong_convexity():
    objective = PROBLEMS["least squares"]
    beta = 2 / objective.c
    for T in (1, 20, 400):
        assert theory.theorem46(objective, START, limit(objective), T).holds
        assert theory.theorem47(objective, START, beta, beta / limit(objective), T).holds
    first = theory.theorem46(objective, START, limit(objective), 1)
    assert first.mean == pytest.approx(first.right)  # before the first step nothing is random


@pytest.mark.equation("theorem-46")
def test_the_floor_of_theorem_46_is_reached():
    """One weight, L = c and α = 1/c: each step lands on an observation, and E F(w) - F_* is αLM/(2c) exactly."""
    objective = LeastSquares([[1.0], [1.0]], [-1.0, 1.0])
    sides = theory.theorem46(objective, np.array([3.0]), 1.0, 50)
    assert sides.right == pytest.approx(0.5)
    assert sides.mean == pytest.approx(0.5)


# Equalities, and what breaks a statement


def test_a_verdict_does_not_depend_on_the_unit():
    """Rounding is relative: to the sides, or to the numbers whose difference they are."""
    assert not Sides(5e-13, 1e-20).holds
    assert Sides(1.0, 1 - 1e-13).holds
    assert Sides(5e-13, 1e-20, size=1.0).holds
    assert not theory.Estimate(4e-13, 5e-13, 1e-20).holds


def test_a_wrong_constant_is_found_out_in_a_small_unit():
    """X and y times 10⁻⁸: F is 10⁻¹⁶ times what it was, and half of L is half of L."""
    objective, rng = PROBLEMS["least squares"], np.random.default_rng(0)

    class Flatter(LeastSquares):
        L = 1e-16 * objective.L / 2

    small = LeastSquares(1e-8 * objective.X, 1e-8 * objective.y)
    flatter = Flatter(small.X, small.y)
    points = rng.normal(size=(200, 2, 3))
    assert all(proposition1(small, w, v).holds for w, v in points)
    assert not all(proposition1(flatter, w, v).holds for w, v in points)


@pytest.mark.equation("theorem-46")
def test_dependent_columns_are_not_strongly_convex():
    """[1, x, 1 + 2x]: c is 0 and not what rounding leaves of it, so that Theorem 4.6 is not said."""
    x = np.random.default_rng(0).normal(size=30)
    objective = LeastSquares(np.column_stack([np.ones(30), x, 1 + 2 * x]), x + 0.3 * x**2)
    assert objective.c == 0
    with pytest.raises(ValueError, match="strongly convex one, and here c = 0"):
        theory.theorem46(objective, START, limit(objective), 50)
    assert theory.assumption2(objective).holds
    for seed in range(20):
        w, v = np.random.default_rng(seed).normal(size=(2, 3))
        assert lemma2(objective, w, limit(objective)).holds
        assert proposition1(objective, w, v).holds


@pytest.mark.equation("theorem-46")
@pytest.mark.parametrize("eps", [1e-3, 1e-6, 1e-9])
def test_theorem_46_where_columns_are_nearly_dependent(eps):
    """The floor αLM/(2c) is huge, and yet the right side is the first gap and a little more, exactly."""
    x = np.random.default_rng(0).normal(size=30)
    X = np.column_stack([np.ones(30), x, 1 + 2 * x + eps * np.sin(9 * x)])
    objective = LeastSquares(X, x + 0.3 * x**2)
    assert objective.c > 0
    sides = theory.theorem46(objective, START, limit(objective), 50)
    gap = objective.F(START) - objective.F_star
    assert sides.right == pytest.approx(gap, rel=1e-5)
    assert sides.holds


def test_equalities_where_the_hessian_is_a_multiple_of_the_identity():
    objective, w = isotropic(), np.array([0.7, -0.3])
    assert proposition1(objective, w, -w).slack == pytest.approx(1)
    sides = lemma1(objective, w, 0.1, 2)
    assert sides.left == pytest.approx(sides.right, rel=1e-12)


def test_the_floor_of_a_quadratic_is_known():
    """One weight, E_i = ½ c (w - x_i)²: E‖∇F‖² tends to c³ α S² / (2 - α c), and α L M is at most twice that."""
    c, x, alpha, T = 2.0, np.array([-1.0, 1.0]), 0.2, 400
    objective = LeastSquares(np.full((2, 1), np.sqrt(c)), np.sqrt(c) * x)
    np.testing.assert_allclose((objective.L, objective.M, objective.M_G), (c, c**2, 1))
    sides = theorem1(objective, np.zeros(1), alpha, T, runs=2000)
    floor = c**3 * alpha / (2 - alpha * c)
    warm = floor * (1 - (1 - (1 - alpha * c) ** (2 * T)) / (T * (1 - (1 - alpha * c) ** 2)))
    assert abs(sides.mean - warm) < 4 * (sides.left - sides.mean) / 2.3263
    assert sides.right < 2.1 * floor


def test_the_slides_lost_L_is_found():
    """½ T α² M in place of ½ T α² L M in the proof of Theorem 1 is too small where L > 1."""
    c, alpha = 4.0, 0.1
    objective = LeastSquares(np.full((2, 1), np.sqrt(c)), np.sqrt(c) * np.array([-1.0, 1.0]))
    rise = lemma2(objective, np.zeros(1), alpha).left  # at the minimum
    assert alpha**2 * objective.M / 2 < rise <= alpha**2 * objective.L * objective.M / 2 * (1 + 1e-12)


def test_constants_that_are_too_small_are_found_out():
    """With half of L, or half of M, an inequality fails somewhere: the checks can fail."""
    objective = PROBLEMS["least squares"]
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 2, 3))

    class Flatter(LeastSquares):
        L = objective.L / 2

    class Quieter(LeastSquares):
        M = 0.5

    flatter, quieter = Flatter(objective.X, objective.y), Quieter([[1.0], [1.0]], [-1.0, 1.0])
    assert not all(proposition1(flatter, w, v).holds for w, v in points)
    assert not lemma2(quieter, quieter.w_star, 0.5).holds
    assert lemma2(LeastSquares(quieter.X, quieter.y), quieter.w_star, 0.5).holds


def test_bad_input_is_named():
    objective = PROBLEMS["least squares"]
    with pytest.raises(ValueError, match="Theorem 1 allows at most"):
        theorem1(objective, START, 1.1 * limit(objective), 10)
    with pytest.raises(ValueError, match="alpha: expected at most"):
        theorem2(objective, START, lambda k: 2 * limit(objective) / k, 10)
    with pytest.raises(ValueError, match="alpha: expected a positive rate for every k, got 0"):
        theorem2(objective, START, lambda k: limit(objective) * (k > 1), 10)
    with pytest.raises(ValueError, match="starts: expected"):
        theory.assumption1(objective, starts=0)
    with pytest.raises(ValueError, match="beta: Theorem 4"):
        theory.theorem47(objective, START, 0.5 / objective.c, 1e6, 10)
    pair = LeastSquares([[1.0], [1.0]], [1.0, -1.0])  # rounding makes c a little larger than 1
    with pytest.raises(ValueError, match="beta: Theorem 4"):
        theory.theorem47(pair, np.ones(1), 1.0, 5, 10)
    with pytest.raises(ValueError, match="Theorem 1 allows at most"):
        theory.theorem46(objective, START, 2 * limit(objective), 10)
    with pytest.raises(ValueError, match="strongly convex"):
        theory.theorem46(LeastSquares([[1.0, 1.0]], [1.0]), np.zeros(2), 0.1, 10)
    for T in 0, -1:
        for statement in (
            lambda T: theorem1(objective, START, limit(objective), T),
            lambda T: theory.theorem1_exact(objective, START, limit(objective), T),
            lambda T: theorem2(objective, START, lambda k: limit(objective), T),
            lambda T: theory.theorem46(objective, START, limit(objective), T),
            lambda T: theory.svrg_rate(objective, START, 1e-3, 10**5, T),
            lambda T: theory.saga_rate(PROBLEMS["logistic regression"], START, T),
        ):
            with pytest.raises(ValueError, match="T: expected at least 1 step"):
                statement(T)
    with pytest.raises(ValueError, match="strongly convex"):
        theory.theorem46(LogisticRegression(objective.X, np.sign(objective.y)), START, 0.1, 10)
    network = PROBLEMS["tanh network in a box"]
    with pytest.raises(ValueError, match=r"box \|w_j\| ≤ 2, and some \|w_j\| is 3.*Assumption 1"):
        proposition1(network, np.full(network.p, 3.0), start(network))
    with pytest.raises(ValueError, match="batch_size: expected 1 to 8, got 0"):
        lemma1(objective, START, 0.1, batch_size=0)
    with pytest.raises(ValueError, match="runs: expected at least 1,000"):
        theorem1(objective, START, limit(objective), 10, runs=10)
    with pytest.raises(ValueError, match="batch_size: expected 1 to 8"):
        lemma2(objective, START, 0.1, batch_size=9)


def test_the_table_says_what_fails(monkeypatch, capsys):
    printed = importlib.import_module("nnlib.theory.__main__")
    monkeypatch.setattr(printed, "table", lambda: [("A", "x", Sides(1.0, 2.0)), ("B", "x", Sides(2.0, 1.0))])
    assert printed.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("holds")
    assert lines[2].endswith("FAILS")
    monkeypatch.setattr(printed, "table", lambda: [("A", "x", Sides(1.0, 2.0))])
    assert printed.main() == 0


# Variants: less noise, step by step

PAIR = LeastSquares([[1.0], [1.0]], [-1.0, 1.0])  # c = L = L_i = M = M_G = 1, w_* = 0, F_* = 1/2


@pytest.mark.equation("dynamic-sample-rate")
def test_theorem_51_by_hand():
    """ω = max{αLM/c, gap} and ρ = max{1 - αc/2, 1/τ}, each in turn the larger; and the mean over the runs is exact."""
    for alpha, start, tau, omega, rho in (
        (0.5, 0.2, 1.1, 0.5, 1 / 1.1),
        (0.5, 4.0, 2.0, 8.0, 0.75),
        (1.0, 4.0, 1.5, 8.0, 1 / 1.5),
    ):
        sides = theory.theorem51(PAIR, np.array([start]), alpha, tau, 8, runs=4000)
        assert sides.right == pytest.approx(omega * rho**7)
        gap = start**2 / 2
        for k in range(1, 8):
            gap = (1 - alpha) ** 2 * gap + alpha**2 / (2 * np.ceil(tau ** (k - 1)))
        assert abs(sides.mean - gap) < 4 * (sides.left - sides.mean) / 2.3263
        assert sides.holds


@pytest.mark.equation("dynamic-sample-rate")
@pytest.mark.parametrize("objective", [PROBLEMS["least squares"], PROBLEMS["logistic regression"]])
def test_theorem_51(objective):
    for alpha in (limit(objective), limit(objective) / 3):
        for tau in (1 / (1 - alpha * objective.c / 2), 1.2):
            assert theory.theorem51(objective, START, alpha, tau, 30).holds


@pytest.mark.equation("svrg-rate")
def test_the_rate_of_svrg_by_hand():
    """One weight, x² = 0.02: no noise, so that the random iterate has the mean gap of m powers."""
    objective, alpha, m = LeastSquares([[0.02**0.5]] * 2, [0.0, 0.0]), 0.1, 1000
    rho = 1 / (0.02 * 0.1 * 0.996 * m) + 0.004 / 0.996
    assert theory.svrg_factor(objective, alpha, m) == pytest.approx(rho)
    sides = theory.svrg_rate(objective, np.array([3.0]), alpha, m, 2, runs=4000)
    gap = 0.02 * 9 / 2
    exact = gap * np.mean((1 - alpha * 0.02) ** (2.0 * np.arange(1, m + 1)))
    assert abs(sides.mean - exact) < 4 * (sides.left - sides.mean) / 2.3263
    assert sides.right == pytest.approx(gap * rho)
    printed = 1 / 0.996 * (1 / (m * alpha) + 0.004)  # without c: not even of the right unit
    assert printed * gap < sides.mean / 10 < sides.right


@pytest.mark.equation("svrg-rate")
@pytest.mark.parametrize("choice", ["random", "average"])
def test_svrg_keeps_its_rate(choice):
    objective = PROBLEMS["least squares"]
    L = objective.L_i.max()
    for part in (10, 20):
        m = int(4 * part * L / objective.c)
        for T in (1, 2, 3):
            sides = theory.svrg_rate(objective, START, 1 / (part * L), m, T, choice)
            assert sides.holds
        assert sides.left < 0.2 * (objective.F(START) - objective.F_star)


@pytest.mark.equation("saga-rate")
@pytest.mark.parametrize("long", [False, True])
def test_saga_keeps_its_rate(long):
    objective = PROBLEMS["logistic regression"]
    n, c, L, best = objective.n, objective.c, objective.L_i.max(), objective.w_star
    d, D = sum((START - best) ** 2), objective.F(START) - objective.F_star
    for T in (1, 50, 400):
        sides = theory.saga_rate(objective, START, T, long)
        by_hand = (
            (1 - min(1 / (4 * n), c / (3 * L))) ** (T - 1) * (d + 2 * n * D / (3 * L))
            if long
            else (1 - c / (2 * (c * n + L))) ** (T - 1) * (d + n * D / (c * n + L))
        )
        assert sides.right == pytest.approx(by_hand, rel=1e-9)
        assert sides.holds
    assert sides.mean < 0.1 * d


@pytest.mark.equation("saga-rate")
def test_the_rate_of_saga_where_n_decides():
    small = PROBLEMS["logistic regression"]
    objective = LogisticRegression(small.X, small.y, 1.0)
    n, c, L = objective.n, objective.c, objective.L_i.max()
    assert 1 / (4 * n) < c / (3 * L)
    one, many = (theory.saga_rate(objective, START, T, long=True) for T in (1, 101))
    assert many.right == pytest.approx(one.right * (1 - 1 / (4 * n)) ** 100)
    assert many.holds


def test_at_the_minimum_svrg_stays():
    """There the noise of SGD would be seen."""
    objective = PROBLEMS["least squares"]
    alpha = 1 / (10 * objective.L_i.max())
    m = int(2.5 / (objective.c * alpha))
    sides = theory.svrg_rate(objective, objective.w_star, alpha, m, 2)
    assert abs(sides.mean) < 1e-14
    assert (objective.gradients(objective.w_star[None, :]) ** 2).max() > 0.01


@pytest.mark.equation("saga-rate")
def test_runs_in_rows_are_saga():
    """The mean over the rows agrees with that over runs of `SAGA`, one at a time."""
    objective = PROBLEMS["logistic regression"]
    sides = theory.saga_rate(objective, START, 31)
    method = SAGA(1 / (2 * (objective.c * objective.n + objective.L_i.max())))
    ends = np.array([method.minimize(objective, START, 30, seed=seed) for seed in range(200)]) - objective.w_star
    squares = (ends**2).sum(axis=1)
    assert abs(squares.mean() - sides.mean) < 5 * squares.std() / np.sqrt(200)


def test_variants_name_the_assumption_that_fails():
    flat, objective = LeastSquares([[1.0, 1.0]], [1.0]), PROBLEMS["least squares"]
    L = objective.L_i.max()
    with pytest.raises(ValueError, match="strongly convex"):
        theory.theorem51(flat, np.zeros(2), 0.1, 1.1, 10)
    with pytest.raises(ValueError, match="Theorem 1 allows at most"):
        theory.theorem51(objective, START, 2 * limit(objective), 1.1, 10)
    with pytest.raises(ValueError, match="tau: expected a factor above 1"):
        theory.theorem51(objective, START, limit(objective), 1.0, 10)
    with pytest.raises(ValueError, match="strongly convex"):
        theory.svrg_rate(flat, np.zeros(2), 0.1, 100, 2)
    with pytest.raises(ValueError, match=r"alpha: expected less than 1/\(4 L\)"):
        theory.svrg_factor(objective, 1 / (4 * L), 10**6)
    alpha = 1 / (10 * L)
    least = int(1 / (objective.c * alpha * 0.6)) + 1
    assert theory.svrg_factor(objective, alpha, least) < 1
    with pytest.raises(ValueError, match=f"m: expected at least {least} inner steps"):
        theory.svrg_factor(objective, alpha, least - 1)
    with pytest.raises(ValueError, match="every E_i strongly convex"):
        theory.saga_rate(objective, START, 10)
    with pytest.raises(ValueError, match="every E_i strongly convex"):
        theory.saga_rate(LogisticRegression([[1.0], [2.0]], [1.0, -1.0]), np.zeros(1), 10)
    with pytest.raises(ValueError, match="runs: expected at least 1,000"):
        theory.saga_rate(PROBLEMS["logistic regression"], START, 10, runs=10)
