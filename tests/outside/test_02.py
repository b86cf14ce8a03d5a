"""Numbers of chapter 2, error functions, recomputed without nnlib.

Replaced: in "c13" the numbers 0 and 4, 0.6 and 3.0, are starts that the page typed. The results of the same rows are
recomputed in their place, 0.769 and 0.998, and so are the steps that the rows count.
"""

import math

import numpy as np
from pages import agrees, printed, texts

CHAPTER = "02-error-functions"


def descent(start, slope):
    """yhat before each step on both weights, which stay equal; the input is 1, the target 0, the rate 0.15."""
    bias = weight = start
    while True:
        yhat = 1 / (1 + math.exp(-(bias + weight)))
        yield yhat
        step = 0.15 * slope(yhat)
        bias, weight = bias - step, weight - step


def squares(yhat):
    """The derivative of (yhat - 0)² / 2 in a, with the slope of the sigmoid."""
    return yhat * yhat * (1 - yhat)


def steps(start, slope):
    """Until yhat is below one half."""
    return next(k for k, yhat in enumerate(descent(start, slope)) if yhat < 0.5)


def test_first_answer_from_0_6():
    """sigma(a) at a = 0.6 + 0.6, as (1 + tanh(a / 2)) / 2."""
    assert agrees(printed(CHAPTER, "c13", 1), (1 + math.tanh(0.6)) / 2)


def test_first_answer_from_3():
    """sigma(6), by the geometric series 1 - e^-6 + e^-12 - ..."""
    assert agrees(printed(CHAPTER, "c13", 5), sum((-math.exp(-6)) ** k for k in range(10)))


def test_steps_until_the_answer_is_right():
    """The columns of whole numbers: each weight steps by itself, for the cross entropy along yhat."""
    rows = dict(texts(CHAPTER))["c13"].splitlines()[1:]
    for row in rows:
        start, _, *counted = row.split()
        assert [int(count) for count in counted] == [
            steps(float(start), lambda yhat: yhat),
            steps(float(start), squares),
        ]
    assert len(rows) == 3


def test_delta_where_softmax_is_sure_and_wrong():
    """The derivative of -ln softmax_2 at a = (9, 0, 0) in a_2, by a complex step; no formula for delta is used."""
    a = np.array([9, 1e-30j, 0])
    error = -np.log(np.exp(a[1]) / np.exp(a).sum())
    assert agrees(printed(CHAPTER, "c16", 1), error.imag / 1e-30)


def test_answer_that_squares_ask_for():
    """Where 0.7 (1 - t)² + 0.3 t² is least: the vertex of the parabola through three of its points.

    The page rounds to three digits and prints 0.7, so the agreement asked for is one to three digits.
    """
    t = np.array([0.0, 0.5, 1.0])
    second, first, _ = np.polyfit(t, 0.7 * (1 - t) ** 2 + 0.3 * t**2, 2)
    assert agrees(printed(CHAPTER, "c27", 0), -first / (2 * second), units=0.0051)


def test_answer_that_cross_entropy_asks_for():
    """Where -0.7 ln t - 0.3 ln(1 - t) is least: golden section, to three digits as the page rounds."""

    def expected(t):
        return -0.7 * math.log(t) - 0.3 * math.log(1 - t)

    low, high, golden = 0.001, 0.999, (math.sqrt(5) - 1) / 2
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if expected(left) < expected(right) else (left, high)
    assert agrees(printed(CHAPTER, "c27", 1), low, units=0.0051)


def test_surprise_of_sixty_answers():
    """-ln of the likelihood of 20 times three yes-or-no answers, one at a time, as ln(1 + e^-a) or ln(1 + e^a).

    From seed 2 the page draws two (20, 3) arrays of normal numbers that are not used here, then a, then the answers.
    """
    rng = np.random.default_rng(2)
    _, _, a = (rng.normal(size=(20, 3)) for _ in range(3))
    yes = rng.integers(0, 2, size=(20, 3))
    surprise = math.fsum(math.log1p(math.exp(-v if y else v)) for v, y in zip(a.ravel(), yes.ravel(), strict=True))
    assert agrees(printed(CHAPTER, "c05", 0), surprise)
    assert agrees(printed(CHAPTER, "c05", 1), surprise)


def test_least_error_when_softmax_is_applied_twice():
    """The largest probability that the softmax of ten probabilities can have, by steps towards the first of them.

    The distribution moves from uniform to sure; the error falls all the way, and its end is what the page prints.
    """
    errors = []
    for sure in np.linspace(0, 1, 101):
        inner = np.full(10, (1 - sure) / 10)
        inner[0] += sure
        errors.append(math.log(np.exp(inner).sum()) - inner[0])
    assert (np.diff(errors) < 0).all()
    assert agrees(printed(CHAPTER, "c29", 1), errors[-1])
