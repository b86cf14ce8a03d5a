"""Chapter 8, Overfitting: numbers of seed 2026, recomputed.

None is replaced. Added: the arithmetic mean over masks (cell-038), the constant of a prior (cell-049-map), and what a
penalty on the bias does (cell-062).
"""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from pages import agrees, printed

CHAPTER = "08-overfitting"


def test_error_of_the_true_curve():
    """Half of the mean square of what was added to the curve: the noise alone, without the curve.

    Generator 10⁶ draws 5,000 uniform inputs, and then 5,000 normal numbers, which are multiplied by 0.3.
    """
    rng = np.random.default_rng(10**6)
    rng.uniform(-1, 1, 5000)
    noise = [0.3 * z for z in rng.normal(size=5000)]
    assert agrees(printed(CHAPTER, "cell-003", 0), math.fsum(e * e for e in noise) / 5000 / 2)


def best_of(m, n):
    """The mean score of the best of m coin tossers on n observations: Σ j P(best = j), in whole numbers."""
    at_most = list(itertools.accumulate(math.comb(n, j) for j in range(n + 1)))
    exactly = [now**m - before**m for before, now in itertools.pairwise([0, *at_most])]
    return float(Fraction(sum(j * p for j, p in enumerate(exactly)), n * 2 ** (n * m)))


def test_the_best_of_a_thousand_coin_tossers():
    """1,000 tossers, chosen on 100 observations, in percent."""
    assert agrees(printed(CHAPTER, "cell-015", 9), 100 * best_of(1000, 100))


def shrunk(alpha_s, k):
    """What k steps and the penalty 2 λ = 1 / (k α) make of a component 1, by stepping and by solving, in this order."""
    w = 0.0
    for _ in range(k):
        w += alpha_s * (1 - w)
    return w, alpha_s / (alpha_s + 1 / k)


def test_least_ratio_after_one_step():
    """For k = 1 the smaller eigenvalue decides; it and the largest come from the singular values of X.

    Generator 0 draws a matrix of 40 by 6 first. The ratio of the factors is 1 + α s, with α one over the largest s.
    """
    X = np.random.default_rng(0).normal(size=(40, 6)) * [2, 1, 0.5, 0.3, 0.1, 0.05]
    s = np.linalg.svd(X, compute_uv=False) ** 2 / 40
    steps, penalty = shrunk(s[-1] / s[0], 1)
    assert math.isclose(steps / penalty, 1 + s[-1] / s[0])
    assert agrees(printed(CHAPTER, "cell-053", 2), steps / penalty)


def test_largest_ratio_after_a_hundred_steps():
    """The largest ratio over all α s from 0 to 1 for k = 100, by golden sections; the page takes the best of a grid."""

    def ratio(a):
        steps, penalty = shrunk(a, 100)
        return steps / penalty

    low, high, golden = 1e-4, 0.1, (math.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if ratio(left) < ratio(right):
            low = left
        else:
            high = right
    assert all(ratio(a) <= ratio(low) for a in np.linspace(1e-4, 1, 200))  # no other hill
    assert agrees(printed(CHAPTER, "cell-053", 17), ratio(low))


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_arithmetic_mean_over_masks(unit):
    """The mean prediction over all 256 sets of kept units, each with its probability.

    Generator 1 draws 8 numbers z, then a matrix of 3 by 8. A unit is kept with probability 0.6, and divided by it.
    """
    rng = np.random.default_rng(1)
    z, W = rng.normal(size=8), rng.normal(size=(3, 8))
    mean = 0.0
    for size in range(9):
        for kept in itertools.combinations(range(8), size):
            sums = [sum(row[s] * z[s] for s in kept) / 0.6 for row in W]
            mean += 0.6**size * 0.4 ** (8 - size) / sum(math.exp(a - sums[unit]) for a in sums)
    assert agrees(printed(CHAPTER, "cell-038", 6 + unit), mean)


def test_constant_of_a_normal_prior():
    """What the logarithms and -n times the penalized error differ by, from the normalizations alone.

    12 observations with standard deviation 1 and 3 weights with standard deviation 0.7: no weight occurs in it.
    """
    constant = -(12 + 3) / 2 * math.log(2 * math.pi) - 3 * math.log(0.7)
    assert agrees(printed(CHAPTER, "cell-049-map", 0), constant)


def test_constant_of_a_laplace_prior():
    """The same with a density exp(-|w| / 0.4) / 0.8 for each weight."""
    constant = -12 / 2 * math.log(2 * math.pi) - 3 * math.log(0.8)
    assert agrees(printed(CHAPTER, "cell-049-map", 1), constant)


def test_penalty_on_the_bias():
    """How far a line is off on average if its bias is penalized as well: normal equations of two unknowns.

    Generator 0 draws 100 inputs, then 100 numbers of noise. F + λ (b² + a²) is least where its two derivatives are 0.
    """
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=100), rng.normal(size=100)
    y, lam = 290 + 3 * x + noise, 0.01
    A = np.array([[1 + 2 * lam, x.mean()], [x.mean(), np.mean(x * x) + 2 * lam]])
    b, a = np.linalg.solve(A, [y.mean(), np.mean(x * y)])
    assert agrees(printed(CHAPTER, "cell-062", 1), abs(np.mean(b + a * x - y)))
