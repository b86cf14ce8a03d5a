"""Numbers of chapter 4, backpropagation, recomputed without nnlib."""

import math

import numpy as np
from pages import ROOT, agrees, printed

CHAPTER = "04-backpropagation"
SHAPES = ((2, 3), (3, 3), (2, 4))  # of 2-2-3-2: a row for each unit, the bias in front
POINTS = [(0.1, 0.1), (0.3, 0.4), (0.1, 0.5), (0.6, 0.9), (0.4, 0.2)]  # Higham & Higham: category A
POINTS += [(0.6, 0.3), (0.5, 0.6), (0.9, 0.2), (0.4, 0.4), (0.7, 0.6)]  # category B
TARGETS = [(1, 0)] * 5 + [(0, 1)] * 5


def layers(w):
    """The three matrices that a vector of 23 weights holds one after the other."""
    return [part.reshape(shape) for part, shape in zip(np.split(np.asarray(w), [6, 15]), SHAPES, strict=True)]


def answer(betas, x):
    """yhat of a network of sigmoids, unit by unit; weights may be complex."""
    for beta in betas:
        x = [1 / (1 + np.exp(-(row[0] + sum(b * v for b, v in zip(row[1:], x, strict=True))))) for row in beta]
    return x


def half_square(betas, x, y):
    """E_i of netbp."""
    return sum((v - t) ** 2 for v, t in zip(answer(betas, x), y, strict=True)) / 2


def failed():
    """The weights of the one stored run that does not put all ten points into their category."""
    runs = np.load(ROOT / "book" / "_data" / "netbp.npz")["w"]
    z = np.array(POINTS).T
    parts = np.split(runs, [6, 15], axis=1)
    for part, shape in zip(parts, SHAPES, strict=True):
        beta = part.reshape(-1, *shape)
        z = 1 / (1 + np.exp(-(beta[:, :, 1:] @ z + beta[:, :, :1])))
    in_a = z[:, 0] > z[:, 1]
    (run,) = runs[(in_a != [True] * 5 + [False] * 5).any(axis=1)]
    return layers(run)


def test_paths_of_one_weight():
    """With two hidden layers of 100 units and 10 outputs: ways through the network, counted by matrices of ones."""
    ways = np.ones(1)
    for into in (100, 10):
        ways = np.ones((into, len(ways))) @ ways
    assert agrees(printed(CHAPTER, "price-count", 1), ways.sum())


def test_derivative_for_a_bias():
    """Of the binary cross entropy in the first bias of the first layer: a complex step, and no backpropagation.

    Seed 4 draws the weights layer by layer.
    """
    rng = np.random.default_rng(4)
    betas = [rng.normal(size=shape).astype(complex) for shape in SHAPES]
    betas[0][0, 0] += 1e-30j
    yes, no = answer(betas, [0.3, 0.4])
    error = -np.log(yes) - np.log(1 - no)
    for place in (0, 1):
        assert agrees(printed(CHAPTER, "unit-by-unit-check", place), error.imag / 1e-30)


def test_derivatives_for_other_weights():
    """The other nine rows of the table, in the same way."""
    rng = np.random.default_rng(4)
    betas = [rng.normal(size=shape).astype(complex) for shape in SHAPES]
    rows = [(layer, s) for layer, (_, width) in enumerate(SHAPES) for s in range(width)]
    for row, (layer, s) in enumerate(rows):
        moved = [beta.copy() for beta in betas]
        moved[layer][0, s] += 1e-30j
        yes, no = answer(moved, [0.3, 0.4])
        error = -np.log(yes) - np.log(1 - no)
        assert agrees(printed(CHAPTER, "unit-by-unit-check", 2 * row), error.imag / 1e-30)


def test_one_answer_for_six_points():
    """Output 1 of the run that failed, for the eighth point: forward with the stored weights, unit by unit."""
    assert agrees(printed(CHAPTER, "plateau", 5), answer(failed(), POINTS[7])[0])


def test_largest_delta_of_the_run_that_failed():
    """The derivative of each point's E_i in the bias of output 1, which is delta, by central differences."""
    betas, deltas = failed(), []
    for x, y in zip(POINTS, TARGETS, strict=True):
        errors = []
        for eps in (1e-5, -1e-5):
            moved = [beta.copy() for beta in betas]
            moved[2][0, 0] += eps
            errors.append(half_square(moved, x, y))
        deltas.append((errors[0] - errors[1]) / 2e-5)
    assert agrees(printed(CHAPTER, "plateau", 15), max(map(abs, deltas)))
    assert agrees(printed(CHAPTER, "plateau", 14), abs(sum(deltas)))
    assert agrees(printed(CHAPTER, "plateau", 8), deltas[4])


def test_largest_stored_cost():
    """The cost of the run that failed, from its weights: the sum of the squares over ten points and two outputs."""
    cost = sum(2 * half_square(failed(), x, y) for x, y in zip(POINTS, TARGETS, strict=True))
    assert agrees(printed(CHAPTER, "netbp-stored", 2), cost)


def test_netbp_until_10_000():
    """The cost at the start and after 10,000 steps: the slopes unit by unit, in plain numbers, without NumPy.

    Seed 0 draws the weights, layer by layer, half as large as standard normal numbers, and then the points
    of all 30,000 steps that the page takes.
    """
    rng = np.random.default_rng(0)
    betas = [(0.5 * rng.standard_normal(shape)).tolist() for shape in SHAPES]

    def values(x):
        z = [x]
        for beta in betas:
            x = [1 / (1 + math.exp(-row[0] - sum(map(float.__mul__, row[1:], x)))) for row in beta]
            z.append(x)
        return z

    def cost():
        return sum(
            (v - t) ** 2 for x, y in zip(POINTS, TARGETS, strict=True) for v, t in zip(values(x)[3], y, strict=True)
        )

    assert agrees(printed(CHAPTER, "netbp-function", 0), cost())
    for k in rng.integers(10, size=30_000)[:10_000].tolist():
        z = values(POINTS[k])
        delta = [v * (1 - v) * (v - t) for v, t in zip(z[3], TARGETS[k], strict=True)]
        for beta, sent in zip(reversed(betas), reversed(z[:3]), strict=True):
            back = [
                v * (1 - v) * sum(d * row[s] for d, row in zip(delta, beta, strict=True))
                for s, v in enumerate(sent, start=1)
            ]  # with the old weights
            for d, row in zip(delta, beta, strict=True):
                row[:] = [row[0] - 0.05 * d, *(b - 0.05 * d * v for b, v in zip(row[1:], sent, strict=True))]
            delta = back
    assert agrees(printed(CHAPTER, "netbp-function", 1), cost())


def test_three_equal_units():
    """2-3-2 of sigmoids and a softmax, all weights 0.1 at the start: trained as the one unit that it is worth.

    With three equal hidden units, the outputs see 3 z; each of the three weights to an output gets delta_k z. By
    symmetry the two outputs stay opposite, and delta = yhat - y of the first is minus that of the second. Each of 200
    epochs takes the ten points in an order that seed 0 permutes, one at a time, at the rate 0.1.
    """
    rng = np.random.default_rng(0)
    hidden, bias, out = [0.1, 0.1, 0.1], [0.1, 0.1], [0.1, 0.1]
    for _ in range(200):
        for i in rng.permutation(10):
            x1, x2 = POINTS[i]
            z = 1 / (1 + math.exp(-(hidden[0] + hidden[1] * x1 + hidden[2] * x2)))
            lead = bias[0] - bias[1] + 3 * z * (out[0] - out[1])
            delta = 1 / (1 + math.exp(-lead)) - TARGETS[i][0]
            below = z * (1 - z) * delta * (out[0] - out[1])
            bias = [bias[0] - 0.1 * delta, bias[1] + 0.1 * delta]
            out = [out[0] - 0.1 * delta * z, out[1] + 0.1 * delta * z]
            hidden = [b - 0.1 * below * v for b, v in zip(hidden, (1, x1, x2), strict=True)]
    for place in range(9):
        assert agrees(printed(CHAPTER, "quiz-symmetry", place), hidden[place % 3])
