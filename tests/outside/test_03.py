"""Numbers of chapter 3, optimization, recomputed without nnlib."""

import math
from itertools import combinations, combinations_with_replacement

import numpy as np
from pages import agrees, printed

CHAPTER = "03-optimization"


def squares():
    """The 60 observations of the least squares problem: a constant and two inputs, and the targets."""
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
    return X, X @ [1.0, -2.0, 0.5] + 0.5 * rng.normal(size=60)


def two_weights():
    """The 20 points of w_1 tanh(w_2 x)."""
    x = np.linspace(-3, 3, 20)
    return x, 1.5 * np.tanh(x) + 0.2 * np.random.default_rng(0).normal(size=20)


def test_descent_from_the_saddle():
    """w_1 after 3,000 steps with the rate 0.2 from (0, 0), the derivatives by the chain rule, point by point."""
    x, y = two_weights()
    w1 = w2 = 0.0
    for _ in range(3000):
        slope1 = slope2 = 0.0
        for x_i, y_i in zip(x.tolist(), y.tolist(), strict=True):
            z = math.tanh(w2 * x_i)
            residual = w1 * z - y_i
            slope1 += residual * z / len(x)
            slope2 += residual * w1 * (1 - z * z) * x_i / len(x)
        w1, w2 = w1 - 0.2 * slope1, w2 - 0.2 * slope2
    assert agrees(printed(CHAPTER, "two-weights", 0), w1)


def test_curvature_of_the_saddle():
    """At w = 0 the product w_1 w_2 x is all that is left of the network: eigenvalues -mean(x y) and mean(x y)."""
    x, y = two_weights()
    assert agrees(printed(CHAPTER, "two-weights", 4), -np.mean(x * y))
    assert agrees(printed(CHAPTER, "two-weights", 5), np.mean(x * y))


def test_steps_that_a_factor_of_100_costs():
    """Along the falling direction a step with the rate 0.2 multiplies the distance by 1 + 0.2 mean(x y)."""
    x, y = two_weights()
    steps = math.log(100, 1 + 0.2 * np.mean(x * y))  # nearly 13.05, so there is nothing to spare for rounding
    assert agrees(printed(CHAPTER, "escape", 4), steps, units=0.5)


def test_batch_gap_after_200_steps():
    """F - F* is the sum of lambda_i / 2 (1 - 0.1 lambda_i)^400 d_i²; d is the start's distance, in eigenvectors."""
    X, y = squares()
    curvature, directions = np.linalg.eigh(X.T @ X / len(y))
    d = directions.T @ np.linalg.lstsq(X, y)[0]
    gap = curvature / 2 * d**2
    assert agrees(printed(CHAPTER, "batch-check", 0), gap.sum())
    assert agrees(printed(CHAPTER, "batch-check", 1), (gap * (1 - 0.1 * curvature) ** 400).sum())


def test_mini_batch_gap_after_200_steps():
    """Batches of five without replacement, `choice` of seed 0; each residual by itself, F - F* by the distance from w*.

    For a quadratic the gap is half the mean of (x_i · (w - w*))².
    """
    X, y = squares()
    rng, w = np.random.default_rng(0), [0.0, 0.0, 0.0]
    for _ in range(200):
        change = [0.0, 0.0, 0.0]
        for j in rng.choice(60, 5, replace=False):
            residual = sum(a * b for a, b in zip(X[j], w, strict=True)) - y[j]
            change = [c + residual * a for c, a in zip(change, X[j], strict=True)]
        w = [b - 0.1 * c / 5 for b, c in zip(w, change, strict=True)]
    away = np.array(w) - np.linalg.solve(X.T @ X, X.T @ y)
    assert agrees(printed(CHAPTER, "mini-code", 1), np.mean((X @ away) ** 2) / 2)


def test_variance_of_every_batch_size():
    """Of six gradients, by listing batches: each sum over its observations, the variance by E[g²] - E[g]².

    S² comes from pairs: half the mean squared distance of two independent draws. Batches with replacement are listed
    as counts, each weighted with the number of orders that give it.
    """
    X, y = squares()
    w = np.array([0.3, -0.2, 0.5])
    G = np.array([(x @ w - t) * x for x, t in zip(X[:6], y[:6], strict=True)])
    S2 = np.mean([np.sum((a - b) ** 2) for a in G for b in G]) / 2

    def variance(batches, orders):
        total, first, second = 0, 0.0, 0.0
        for J in batches:
            g, weight = G[list(J)].mean(axis=0), orders(J)
            total, first, second = total + weight, first + weight * g, second + weight * (g @ g)
        mean = first / total
        return second / total - mean @ mean

    def repeated(J):
        return math.factorial(len(J)) / math.prod(math.factorial(J.count(i)) for i in set(J))

    for m in range(1, 7):
        with_replacement = variance(combinations_with_replacement(range(6), m), repeated)
        without = variance(combinations(range(6), m), lambda J: 1)
        assert agrees(printed(CHAPTER, "enumerate", 2 * m - 2), with_replacement / S2)
        assert agrees(printed(CHAPTER, "enumerate", 2 * m - 1), without / S2)


def test_distance_at_a_thousandth_of_1_over_L():
    """After 1,000 steps each component along an eigenvector has been multiplied by (1 - 0.001 lambda / L)^1000."""
    X, y = squares()
    curvature, directions = np.linalg.eigh(X.T @ X / len(y))
    d = directions.T @ np.linalg.lstsq(X, y)[0]
    left = (1 - 0.001 * curvature / curvature.max()) ** 1000
    assert agrees(printed(CHAPTER, "stable", 4), np.linalg.norm(left * d) / np.linalg.norm(d))


def test_distance_beyond_the_limit():
    """The same at 1.99 / L, which converges, and at 2.01 / L and 2.1 / L, which do not."""
    X, y = squares()
    curvature, directions = np.linalg.eigh(X.T @ X / len(y))
    d = directions.T @ np.linalg.lstsq(X, y)[0]
    for place, factor in ((9, 1.99), (11, 2.01), (13, 2.1)):
        left = (1 - factor * curvature / curvature.max()) ** 1000
        assert agrees(printed(CHAPTER, "stable", place), np.linalg.norm(left * d) / np.linalg.norm(d))


def test_gap_of_sgd_on_logistic_regression():
    """The median of 20 seeds after one pass by permutation at the rate 0.2, step by step; w* by Newton's method."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 2)) @ np.array([[1.6, 0.0], [0.5, 0.7]])
    y = np.where(rng.random(60) < 1 / (1 + np.exp(-X @ [1.0, -1.5])), 1.0, -1.0)

    def F(w):
        return np.mean(np.log1p(np.exp(-y * (X @ w))))

    best = np.zeros(2)
    for _ in range(20):
        p = 1 / (1 + np.exp(y * (X @ best)))  # of the other class
        hessian = (X.T * (p * (1 - p))) @ X
        best = best + np.linalg.solve(hessian, X.T @ (y * p))
    gaps = []
    for seed in range(20):
        w = np.array([-2.0, 1.5])
        for j in np.random.default_rng(seed).permutation(60):
            w = w + 0.2 * y[j] * X[j] / (1 + math.exp(y[j] * (X[j] @ w)))
        gaps.append(F(w) - F(best))
    for place, value in ((6, np.median(gaps)), (7, min(gaps)), (8, max(gaps))):
        assert agrees(printed(CHAPTER, "logistic", place), value)


def test_what_a_slow_decay_leaves():
    """The product of 1 - 0.1 / k for k = 1, ..., T is Gamma(T + 0.9) / (Gamma(0.9) Gamma(T + 1))."""
    for place, T in ((0, 10**3), (1, 10**6)):
        left = math.exp(math.lgamma(T + 0.9) - math.lgamma(0.9) - math.lgamma(T + 1))
        assert agrees(printed(CHAPTER, "quiz-slow", place), left)
