"""Numbers of chapter 1, the network function, recomputed without nnlib."""

import math
from fractions import Fraction

import numpy as np
from pages import agrees, printed

CHAPTER = "01-network-function"


def inputs():
    """The 20 observations of the page, and the generator after them."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(20, 3)), rng


def test_sum_of_one_unit():
    """a_j of a single unit, in fractions: no rounding on the way."""
    bias, weights, x = Fraction("-0.5"), (2, 1), (Fraction("0.3"), Fraction("0.4"))
    a = bias + sum(b * v for b, v in zip(weights, x, strict=True))
    assert agrees(printed(CHAPTER, "unit-code", 0), float(a))


def test_value_of_one_unit():
    """z_j = tanh(a_j), by the continued fraction a / (1 + a² / (3 + a² / (5 + ...)))."""
    a, below = Fraction(1, 2), Fraction(21)
    for odd in range(19, 0, -2):
        below = odd + a * a / below
    assert agrees(printed(CHAPTER, "unit-code", 1), float(a / below))


def test_largest_slope_of_relu():
    """The steepest chord of max{0, a}, over all pairs of 401 points."""
    a = np.linspace(-4, 4, 401)
    rise = np.subtract.outer(np.maximum(0, a), np.maximum(0, a))
    run = np.subtract.outer(a, a)
    steepest = (rise[run > 0] / run[run > 0]).max()
    assert agrees(printed(CHAPTER, "slopes", 2), steepest)


def test_second_probability_of_a_softmax_network():
    """3-4-2, tanh and softmax, for the first observation: unit by unit, and the softmax of two as a sigmoid.

    The generator of the 20 observations then draws the 26 weights of each of three networks, and this is the third.
    A layer's weights are in rows, one for each unit, with the bias in front.
    """
    X, rng = inputs()
    for _ in range(3):
        w = rng.normal(size=4 * 4 + 2 * 5)
    hidden = [1.0]
    for j in range(4):
        bias, *row = w[4 * j : 4 * j + 4]
        hidden.append(math.tanh(bias + sum(b * v for b, v in zip(row, X[0], strict=True))))
    first, second = (math.fsum(w[16 + 5 * k + j] * hidden[j] for j in range(5)) for k in range(2))
    assert agrees(printed(CHAPTER, "loops-check", 5), 1 / (1 + math.exp(first - second)))


def test_the_slide_s_formula_taken_literally():
    """3-4-4-2 where unit j of the second hidden layer sees unit j of the first one only, as often as it has weights.

    That is a network in which its four weights stand, added up, on a diagonal, so matrices give it. Initial weights are
    Glorot's: normal with the variance 2 / (inputs + outputs), layer by layer from seed 3; biases are zero.
    """
    x, rng = inputs()[0][0], np.random.default_rng(3)
    layers = [math.sqrt(2 / (p + m)) * rng.standard_normal((m, p)) for p, m in ((3, 4), (4, 4), (4, 2))]
    z = np.tanh(layers[0] @ x)
    z = np.tanh(np.diag(layers[1].sum(axis=1)) @ z)
    odds = np.exp(layers[2] @ z)
    assert agrees(printed(CHAPTER, "deep-code", 2), odds[0] / odds.sum())


def test_bayes_error_of_the_mixture():
    """The smaller of two densities, integrated: along X_2 exactly by the normal distribution, along X_1 by a sum.

    On each line X_1 = const, three Gaussians remain, with a weight, a mean and a deviation each. The sign of the
    difference of the classes is looked for on a grid, its zeros by bisection; between them the less dense class counts.
    """
    share, means = (0.5, 0.25, 0.25), ((0, -0.1), (1, 1), (1, -1))
    covariances = ((0.6250, -0.2165, 0.8750), (0.2241, -0.1368, 0.9759), (0.2375, 0.1516, 0.4125))

    def line(x1):
        """Weight, mean and deviation of X_2 for the circles and the two Gaussians of the crosses."""
        for part, (m1, m2), (v1, v12, v2) in zip(share, means, covariances, strict=True):
            density = math.exp(-((x1 - m1) ** 2) / (2 * v1)) / math.sqrt(2 * math.pi * v1)
            yield part * density, m2 + v12 / v1 * (x1 - m1), math.sqrt(v2 - v12**2 / v1)

    grid, step = np.linspace(-8, 8, 161), 0.02
    error = total = 0.0
    for x1 in np.arange(-5, 6, step):
        parts = list(line(x1))

        def lead(x2, parts=parts):
            """Circles minus crosses."""
            circles, *crosses = (w / s * np.exp(-(((x2 - m) / s) ** 2) / 2) for w, m, s in parts)
            return circles - sum(crosses)

        sign = lead(grid) > 0
        ends = [-math.inf]
        for i in np.flatnonzero(sign[1:] != sign[:-1]):
            low, high = grid[i], grid[i + 1]
            for _ in range(30):
                middle = (low + high) / 2
                low, high = (middle, high) if (lead(middle) > 0) == sign[i] else (low, middle)
            ends.append(low)
        for low, high in zip(ends, [*ends[1:], math.inf], strict=True):
            masses = [
                w / 2 * (math.erf((high - m) / s / math.sqrt(2)) - math.erf((low - m) / s / math.sqrt(2)))
                for w, m, s in parts
            ]
            circles, crosses = masses[0], masses[1] + masses[2]
            error, total = error + step * min(circles, crosses), total + step * (circles + crosses)
    assert abs(total - 1) < 1e-6
    assert agrees(printed(CHAPTER, "bayes-code", 0), 100 * error)
