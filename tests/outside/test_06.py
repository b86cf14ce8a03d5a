"""Chapter 6, Theory of SGD: numbers of seed 2026, recomputed.

None is replaced. The first three are probabilities that can be counted on fingers, so numbers of later cells are added:
M and M_G of least squares (cell-020), the bound of Theorem 1 (cell-027), and gaps with a bound (cell-038).
"""

import itertools
from fractions import Fraction

import numpy as np
from pages import agrees, printed

CHAPTER = "06-theory-of-sgd"


def chance(batch):
    """The probability of an unordered batch of observations 0, 1, 2: its share of all ordered draws."""
    ordered = list(itertools.product(range(3), repeat=len(batch)))
    return Fraction(sum(sorted(draw) == sorted(batch) for draw in ordered), len(ordered))


def test_chance_of_the_first_observation_twice():
    """Batch {0, 0} of three observations, with replacement: one of nine ordered pairs."""
    assert chance((0, 0)) == Fraction(1, 9)
    assert agrees(printed(CHAPTER, "cell-003", 0), float(chance((0, 0))))


def test_chance_of_the_second_observation_twice():
    """Batch {1, 1}, likewise, and by the product rule: 1/3 · 1/3."""
    assert chance((1, 1)) == Fraction(1, 3) ** 2
    assert agrees(printed(CHAPTER, "cell-003", 3), float(chance((1, 1))))


def test_chance_of_two_observations():
    """Batch {1, 2} comes in two orders; all six batches together have the probability 1."""
    assert chance((1, 2)) == 2 * Fraction(1, 3) ** 2
    assert sum(map(chance, itertools.combinations_with_replacement(range(3), 2))) == 1
    assert agrees(printed(CHAPTER, "cell-003", 4), float(chance((1, 2))))


def observations():
    """The eight observations of the page: generator 0 draws a matrix of 8 by 2 inputs, then 8 numbers of noise."""
    rng = np.random.default_rng(0)
    inputs, noise = rng.normal(size=(8, 2)), rng.normal(size=8)
    return [(np.array([1.0, a, b]), 0.5 + 1.0 * a - 1.0 * b + 0.5 * e) for (a, b), e in zip(inputs, noise, strict=True)]


START = np.array([1.0, -1.0, 1.0])


def mean_error(w):
    """F(w), a loop over the observations."""
    return sum((x @ w - y) ** 2 / 2 for x, y in observations()) / 8


def minimizer():
    """w_*, by a Newton step from anywhere: F is a quadratic, whose derivatives come from differences of F."""
    e = np.eye(3)
    gradient = np.array([(mean_error(d) - mean_error(-d)) / 2 for d in e])
    H = np.array([[mean_error(a + b) - mean_error(a) - mean_error(b) + mean_error(0 * a) for a in e] for b in e])
    return -np.linalg.solve(H, gradient), H


def test_error_of_least_squares_at_the_start():
    """F(w_1), observation by observation; and as F_* + ½ uᵀ H u, with w_* and H from differences of F."""
    w_star, H = minimizer()
    u = START - w_star
    assert np.isclose(mean_error(START), mean_error(w_star) + u @ H @ u / 2)
    assert agrees(printed(CHAPTER, "cell-005", 0), mean_error(START))


def noise():
    """M_G and M of single draws: found by searches, where the page has eigenvectors and a formula.

    E‖g‖² - M_G ‖∇F‖² is bounded if M_G is at least the largest quotient E‖x xᵀu‖² / ‖H u‖², far from the minimum. The
    page takes twice the excess of that quotient over 1. M is then the largest value, at the point where the slope is 0.
    """
    data = observations()
    w_star, H = minimizer()

    def second(w):
        return sum((x @ w - y) ** 2 * (x @ x) for x, y in data) / 8

    u = np.ones(3)  # power iteration: the quotient is largest where A u = quotient · H² u
    A = sum((x @ x) * np.outer(x, x) for x, _ in data) / 8
    for _ in range(2000):
        u = np.linalg.solve(H, np.linalg.solve(H, A @ u))
        u /= np.linalg.norm(u)
    quotient = (u @ A @ u) / (H @ u @ H @ u)
    M_G = 1 + 2 * (quotient - 1)

    def excess(w):
        gradient = H @ (w - w_star)
        return second(w) - M_G * gradient @ gradient

    e = np.eye(3)  # a quadratic again: differences of size 1 are exact
    slope = np.array([(excess(w_star + d) - excess(w_star - d)) / 2 for d in e])
    bend = np.array(
        [[excess(w_star + a + b) - excess(w_star + a) - excess(w_star + b) + excess(w_star) for a in e] for b in e]
    )
    assert np.linalg.eigvalsh(bend)[-1] < 0
    return excess(w_star - np.linalg.solve(bend, slope)), M_G


def test_noise_of_one_draw():
    """M of least squares for single draws."""
    assert agrees(printed(CHAPTER, "cell-020", 0), noise()[0])


def test_growth_of_noise_without_replacement():
    """M_G for batches of 4 of 8 without replacement.

    The excess over 1 shrinks as the variance of a batch's mean does. That share is found by listing all 70 batches.
    """
    values = np.array([x[1] for x, _ in observations()])
    means = [np.mean([values[i] for i in batch]) for batch in itertools.combinations(range(8), 4)]
    share = np.var(means) / np.var(values)
    assert agrees(printed(CHAPTER, "cell-020", 11), 1 + share * (noise()[1] - 1))


def test_bound_of_theorem_1():
    """The right side of Theorem 1 at the largest rate, from constants by hand.

    Four of the eight observations are x = (1, 1), four are (1, -1), so ‖x‖² = 2 and H = I: L = 1. y is x (1, 2) plus 1
    or minus 1, and of each x there are two with either sign. So w_* = (1, 2), all r² are 1, and b, the mean of
    ‖x‖² r x, is 0. A = 2 I, so the least M_G - 1 is 1, and twice that is taken: M_G = 3, and M is the mean of ‖x‖² r²,
    which is 2. The start is (1, 1) away: F - F_* = 1.
    """
    L, M, M_G, gap, T = 1, 2, 3, 1, 2000
    alpha = Fraction(1, L * M_G)
    assert agrees(printed(CHAPTER, "cell-027", 1), float(alpha * L * M + 2 * gap / (T * alpha)))


def gap_left(part):
    """E[F(w_2000)] - F_* of least squares at a part of the rate 1 / (L M_G), and the bound of Theorem 4.6.

    A draw makes u = w - w_* into u - α x (xᵀu + r). So E[u] and E[u uᵀ] follow, step by step, from a loop over the
    observations. The bound is iterated as in its proof: D becomes (1 - α c) D + α² L M / 2.
    """
    w_star, H = minimizer()
    M, M_G = noise()
    c, *_, L = np.linalg.eigvalsh(H)
    alpha = part / (L * M_G)
    each = [(np.eye(3) - alpha * np.outer(x, x), -alpha * (x @ w_star - y) * x) for x, y in observations()]
    m = START - w_star
    V = np.outer(m, m)
    D = m @ H @ m / 2
    for _ in range(1999):
        turned = [(B @ V @ B.T, np.outer(B @ m, s), np.outer(s, s)) for B, s in each]
        V = sum(quadratic + mixed + mixed.T + pure for quadratic, mixed, pure in turned) / 8
        m = sum(B @ m + s for B, s in each) / 8
        D = (1 - alpha * c) * D + alpha**2 * L * M / 2
    return np.trace(H @ V) / 2, D


def test_gap_at_the_largest_rate():
    """The exact gap at the largest rate of the theorem."""
    assert agrees(printed(CHAPTER, "cell-038", 0), gap_left(1)[0])


def test_gap_at_an_eighth_of_it():
    """The exact gap at an eighth of that rate."""
    assert agrees(printed(CHAPTER, "cell-038", 2), gap_left(1 / 8)[0])


def test_bound_at_an_eighth_of_it():
    """The bound on that gap."""
    assert agrees(printed(CHAPTER, "cell-038", 3), gap_left(1 / 8)[1])
