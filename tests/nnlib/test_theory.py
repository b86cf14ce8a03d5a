"""The theory of SGD: both sides of each inequality, equalities where there are some, and what breaks a statement."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnlib import theory
from nnlib.objectives import LeastSquares
from nnlib.theory import Sides, constants, draws, lemma1, lemma2, proposition1, share, theorem1, theorem2

PROBLEMS = theory.problems()
every = pytest.mark.parametrize("objective", PROBLEMS.values(), ids=PROBLEMS)
kinds = pytest.mark.parametrize("sampling", ["replacement", "without"])
law = settings(max_examples=40, deadline=None, derandomize=True)
START = np.array([1.0, -1.0, 1.0])


def limit(objective):
    return 1 / (objective.L * objective.M_G)


def isotropic():
    """∇²F = 2 I: Proposition 1 and Lemma 1 are equalities."""
    return LeastSquares(np.vstack([np.eye(2), -np.eye(2)]) * 2, [1.0, -1.0, 2.0, 0.0])


# The pieces


@every
def test_many_points_at_once_are_one_after_the_other(objective):
    W = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(objective.values(W), [objective.F(w) for w in W], rtol=1e-12)
    each = [[objective.g(w, i) for i in range(objective.n)] for w in W]
    np.testing.assert_allclose(objective.gradients(W), each, rtol=1e-12, atol=1e-15)


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
    assert variance == pytest.approx(share(8, batch_size, sampling) * x.var(), abs=1e-15)


# The statements hold


@every
@law
@given(st.integers(0, 10**6))
def test_proposition_1(objective, seed):
    rng = np.random.default_rng(seed)
    w, v = rng.normal(size=(2, 3)) * 10 ** rng.uniform(-2, 1)
    assert proposition1(objective, w, v).holds


@every
@kinds
@law
@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(-6, 1))
def test_lemmas_1_and_2(objective, sampling, seed, batch_size, power):
    """Exactly, for every batch size; they hold for any α > 0, also beyond 1/(L M_G)."""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=3) * 10 ** rng.uniform(-2, 1)
    alpha = limit(objective) * 2**power
    first, second = (lemma(objective, w, alpha, batch_size, sampling) for lemma in (lemma1, lemma2))
    assert first.holds
    assert second.holds
    assert first.left == second.left
    assert first.right <= second.right + 1e-12 * (1 + abs(second.right))  # Lemma 2 follows from Lemma 1


@every
def test_lemmas_along_whole_runs(objective):
    rng, w, alpha = np.random.default_rng(3), START, limit(objective)
    for _ in range(200):
        assert lemma1(objective, w, alpha).holds
        assert lemma2(objective, w, alpha).holds
        w = w - alpha * objective.g(w, rng.integers(objective.n))


@every
@pytest.mark.parametrize("part", [0.1, 1.0])
@pytest.mark.parametrize("T", [1, 2, 5])
def test_theorem_1_exactly(objective, part, T):
    """The left side is the mean over all sequences of draws, here one by one."""
    alpha = part * limit(objective)
    sides = theory.theorem1_exact(objective, START, alpha, T)
    means = []
    for sequence in itertools.product(range(objective.n), repeat=T - 1) if T <= 2 else [()]:
        w, squares = START, []
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
    exact, many = theory.theorem1_exact(objective, START, alpha, 5), theorem1(objective, START, alpha, 5, runs=4000)
    assert abs(many.mean - exact.left) < 3 * (many.left - many.mean) / 2.3263 + 1e-15
    assert many.right == exact.right
    assert many.holds


@every
@pytest.mark.parametrize("batch_size", [1, 4])
def test_theorem_1_for_long_runs(objective, batch_size):
    _, M_G = constants(objective, batch_size)
    alpha = 1 / (objective.L * M_G)
    assert theorem1(objective, START, alpha, 200, batch_size=batch_size).holds


@every
@pytest.mark.parametrize("power", [0.5, 1.0])
def test_theorem_2(objective, power):
    assert theorem2(objective, START, lambda k: limit(objective) / k**power, 200).holds


def test_strong_convexity():
    objective = PROBLEMS["least squares"]
    beta = 2 / objective.c
    for T in (1, 20, 400):
        assert theory.theorem46(objective, START, limit(objective), T).holds
        assert theory.theorem47(objective, START, beta, beta / limit(objective), T).holds
    first = theory.theorem46(objective, START, limit(objective), 1)
    assert first.mean == pytest.approx(first.right)  # before the first step nothing is random


def test_the_floor_of_theorem_46_is_reached():
    """One weight, L = c and α = 1/c: each step lands on an observation, and E F(w) - F_* is αLM/(2c) exactly."""
    objective = LeastSquares([[1.0], [1.0]], [-1.0, 1.0])
    sides = theory.theorem46(objective, np.array([3.0]), 1.0, 50)
    assert sides.right == pytest.approx(0.5)
    assert sides.mean == pytest.approx(0.5)


# Equalities, and what breaks a statement


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
    with pytest.raises(ValueError, match="beta: Theorem 4"):
        theory.theorem47(objective, START, 0.5 / objective.c, 1e6, 10)
    with pytest.raises(ValueError, match="Theorem 1 allows at most"):
        theory.theorem46(objective, START, 2 * limit(objective), 10)
    with pytest.raises(ValueError, match="strongly convex"):
        theory.theorem46(LeastSquares([[1.0, 1.0]], [1.0]), np.zeros(2), 0.1, 10)
    with pytest.raises(ValueError, match="runs: expected at least 1,000"):
        theorem1(objective, START, limit(objective), 10, runs=10)
    with pytest.raises(ValueError, match="batch_size: expected 1 to 8"):
        lemma2(objective, START, 0.1, batch_size=9)


def test_the_table_says_what_fails(monkeypatch, capsys):
    monkeypatch.setattr(theory, "table", lambda: [("A", "x", Sides(1.0, 2.0)), ("B", "x", Sides(2.0, 1.0))])
    assert theory.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("holds")
    assert lines[2].endswith("FAILS")
    monkeypatch.setattr(theory, "table", lambda: [("A", "x", Sides(1.0, 2.0))])
    assert theory.main() == 0
