"""Chapter 7, SGD variants: numbers of seed 2026, recomputed.

Replaced: number 1 of cell-039 is a label (b2 = 0.999), and number 2 is taken, the mean that this Adam ends with.
Number 2 of cell-063 is a label (F times 1e+00), and number 3 is taken, the gap beside it. Added: the longer valley
(cell-026), the three points of Polyak's cycle (var-lessard), the gap at the other scale (cell-063), and the first gap
of the small problem (cell-007).
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from pages import agrees, printed

CHAPTER = "07-sgd-variants"


def test_svrg_with_one_observation():
    """F(w_2) / F(w_1) for the choice "random": with one observation SVRG is gradient descent.

    Generator 0 first draws how many of the 200 inner steps are made, j from 1 to 200. Each multiplies the weight, whose
    curvature is 1e-6, by 1 - 0.1 · 1e-6, and F by the square of that; here exactly, with fractions.
    """
    j = int(np.random.default_rng(0).integers(1, 201))
    factor = (1 - Fraction(1, 10) * Fraction(1, 10**6)) ** (2 * j)
    assert agrees(printed(CHAPTER, "cell-017", 3), float(factor))


def measured_factor(kappa):
    """The factor of Nesterov's method over the second half of 12 √κ steps, from powers of matrices.

    Along an eigenvalue lam, with α = 1, the error obeys e_{k+1} = (1 + μ)(1 - lam) e_k - μ (1 - lam) e_{k-1}; it is -1
    at first. The page looks at u_k = w_k + μ (w_k - w_{k-1}), where the gradient is taken.
    """
    root = math.isqrt(kappa)
    mu = (root - 1) / (root + 1)

    def distance(k):
        total = 0.0
        for lam in kappa ** (np.arange(5) / 4 - 1):
            A = np.array([[(1 + mu) * (1 - lam), -mu * (1 - lam)], [1.0, 0.0]])
            now, before = np.linalg.matrix_power(A, k) @ [-1.0, -1.0]
            total += (now + mu * (now - before)) ** 2
        return math.sqrt(total)

    last = 12 * root  # the page has steps 1, ..., last, and begins with entry last // 2 of them
    first = last // 2 + 1
    return (distance(last) / distance(first)) ** (1 / (last - first))


def test_factor_of_nesterov():
    """κ = 25."""
    assert agrees(printed(CHAPTER, "cell-026", 5), measured_factor(25))


def test_factor_of_nesterov_in_a_long_valley():
    """κ = 400."""
    assert agrees(printed(CHAPTER, "cell-026", 11), measured_factor(400))


def remembered(values, b):
    """A mean of the past in which each step back counts b times: the corrected memory of Adam, in no recursion."""
    weights = b ** np.arange(len(values) - 1, -1, -1.0)
    return weights @ values / weights.sum()


def adam_step(gradients, eps=1e-8):
    """What Adam with b_1 = 0.9, b_2 = 0.999 multiplies by α, from all derivatives so far."""
    gradients = np.array(gradients)
    return remembered(gradients, 0.9) / (math.sqrt(remembered(gradients**2, 0.999)) + eps)


def test_adam_with_a_long_memory():
    """The mean of the last 300 of 3,000 weights, for the derivatives 4, -1, -1 in turns and the rate 0.1 / √k."""
    w, gradients, way = 0.0, [], []
    for k in range(1, 3001):
        gradients.append(4.0 if k % 3 == 1 else -1.0)
        w = min(max(w - 0.1 / math.sqrt(k) * adam_step(gradients), -1.0), 1.0)
        way.append(w)
    assert agrees(printed(CHAPTER, "cell-039", 2), sum(way[-300:]) / 300)


def scaled_gap(s):
    """The gap of the round bowl after 60 steps of Adam with the rate 0.1 and ε = 1e-8, if F is multiplied by s.

    F(w) = ¼ Σ_j (√2 w_j - y_j)² with y = (1, -2) is least at y_j / √2, with curvature 1: each weight goes by itself.
    """
    gap = 0.0
    for best in 1 / math.sqrt(2), -2 / math.sqrt(2):
        w, gradients = 0.0, []
        for _ in range(60):
            gradients.append(s * (w - best))
            w -= 0.1 * adam_step(gradients)
        gap += (w - best) ** 2 / 2
    return gap


def test_adam_on_the_bowl():
    """F itself."""
    assert agrees(printed(CHAPTER, "cell-063", 3), scaled_gap(1.0))


def test_adam_stands_still():
    """F times 1e-10, which ε is not small against."""
    assert agrees(printed(CHAPTER, "cell-063", 6), scaled_gap(1e-10))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_cycle_of_polyak(place):
    """The three points among which momentum ends, as the solution of three linear equations.

    With α = 1/9 and μ = 4/9, w_{k+1} = w_k - α F'(w_k) + μ (w_k - w_{k-1}). F' is 25 w below 1 and 25 w - 24 above 2;
    the first and third point are below, the second is above.
    """
    alpha, mu = 1 / 9, 4 / 9
    A, b = np.zeros((3, 3)), np.zeros(3)
    for k in range(3):  # the equation for the point after k
        A[k, (k + 1) % 3] += 1
        A[k, k] -= 1 + mu - 25 * alpha
        A[k, (k - 1) % 3] += mu
        b[k] = 24 * alpha if k == 1 else 0.0
    points = np.linalg.solve(A, b)
    assert points[0] < 1
    assert points[1] > 2
    assert points[2] < 1
    assert agrees(printed(CHAPTER, "var-lessard", place), points[place])


def test_first_gap_of_the_small_problem():
    """F(0) - F_* of logistic regression with the penalty λ ‖w‖²: ln 2 minus the value where Newton's method ends.

    Generator 0 draws 50 times 3 inputs, four true weights with standard deviation 2, and a uniform number for each y.
    """
    rng = np.random.default_rng(0)
    inputs, truth, uniform = rng.normal(size=(50, 3)), rng.normal(0, 2, size=4), rng.random(50)
    X = [np.array([1.0, *row]) for row in inputs]
    y = [1 if u < 1 / (1 + math.exp(-x @ truth)) else -1 for x, u in zip(X, uniform, strict=True)]
    w, lam = np.zeros(4), 0.05
    for _ in range(20):
        gradient, hessian = 2 * lam * w, 2 * lam * np.eye(4)
        for x, sign in zip(X, y, strict=True):
            wrong = 1 / (1 + math.exp(sign * (x @ w)))
            gradient = gradient - sign * wrong * x / 50
            hessian = hessian + wrong * (1 - wrong) * np.outer(x, x) / 50
        w = w - np.linalg.solve(hessian, gradient)
    least = sum(math.log(1 + math.exp(-sign * (x @ w))) for x, sign in zip(X, y, strict=True)) / 50 + lam * w @ w
    assert agrees(printed(CHAPTER, "cell-007", 5), math.log(2) - least)
