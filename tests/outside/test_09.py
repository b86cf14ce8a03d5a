"""Chapter 9, Vanishing gradients, from outside.

The networks of the page are drawn by ``default_rng(seed)``, layer by layer from the inputs on: a standard normal matrix
(units, inputs) times the standard deviation; all biases are 0 and draw nothing. The data are the first 100 training
images. Deltas are computed on the way forward here, and not by backpropagation.

Replaced: the second number of cell-026 (1.00) is a typed parameter of the page, the factor that is argued; the next
result of the cell, 1.41, is taken. The second number of cell-017 (1e+00) has one digit: two others with more are added.
"""

import itertools

import numpy as np
from pages import ROOT, agrees, printed

CHAPTER = "09-vanishing-gradients"


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def sigmoid_slope(a):
    return np.exp(-a) / (1 + np.exp(-a)) ** 2


def tanh_slope(a):
    return 1 / np.cosh(a) ** 2


def images():
    """The first 100 training images as rows of grey values, and their unit vectors."""
    with np.load(ROOT / "nnlib" / "data" / "mnist_subset.npz") as stored:
        X, labels = stored["X_train"][:100], stored["y_train"][:100]
    return X.reshape(100, -1) / 255, np.eye(10)[labels]


def drawn(seed, depth, width, variance):
    """The weights of each layer, `depth` hidden ones of `width` units and 10 outputs, as on the page."""
    rng, sizes = np.random.default_rng(seed), [784, *[width] * depth, 10]
    return [np.sqrt(variance(n, m)) * rng.standard_normal((m, n)) for n, m in itertools.pairwise(sizes)]


def he(n_in, n_out):
    return 2 / n_in


def glorot(n_in, n_out):
    return 2 / (n_in + n_out)


def sums(W, X, h):
    """The pre-activations of each layer."""
    a = [X @ W[0].T]
    for W_l in W[1:]:
        a.append(h(a[-1]) @ W_l.T)
    return a


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def delta(W, a, Y, slope, layer):
    """dE/da of one hidden layer: the derivatives of the outputs for each of its units, carried forward.

    T[i, k, t] is the derivative of a_k, in the layer reached, for a_t of `layer`, for image i.
    """
    T = W[layer + 1] * slope(a[layer])[:, None, :]
    for following in range(layer + 1, len(W) - 1):
        T = W[following + 1] @ (slope(a[following])[:, :, None] * T)
    return np.einsum("ik,ikt->it", softmax(a[-1]) - Y, T)


def what_is_left(depth, h, slope, variance):
    """Geometric mean over five seeds of rms of delta in the first hidden layer over that in the last."""
    X, Y = images()
    logs = []
    for seed in range(5):
        W = drawn(seed, depth, 100, variance)
        a = sums(W, X, h)
        first, last = (np.mean(delta(W, a, Y, slope, layer) ** 2) for layer in (0, depth - 1))
        logs.append(np.log(first / last) / 2)
    return np.exp(np.mean(logs))


def test_sigmoids_with_he_weights_ten_layers():
    """What is left of delta behind ten layers of 100 sigmoids, weights N(0, 2 / n_in): derivatives carried forward."""
    value = what_is_left(10, sigmoid, sigmoid_slope, he)
    assert agrees(printed(CHAPTER, "cell-017", 23), value)


def test_tanh_with_he_weights_two_layers():
    """What is left of delta behind two layers of 100 tanh units, weights N(0, 2 / n_in), in the same way."""
    value = what_is_left(2, np.tanh, tanh_slope, he)
    assert agrees(printed(CHAPTER, "cell-017", 47), value)


def test_growth_of_the_sums_without_activations():
    """Identity units, weights N(0, 2 / n): the factor of the rms of a from layer to layer, of 30 layers and ten seeds.

    No image goes through the network: the second moments of a, over images, are S in a layer and W S W' in the next.
    """
    X, _ = images()
    growth = []
    for seed in range(10):
        S, traces = X.T @ X / len(X), []
        for W_l in drawn(seed, 30, 100, he)[:-1]:
            S = W_l @ S @ W_l.T
            traces.append(np.trace(S))
        growth.append(np.log(traces[-1] / traces[0]) / 2 / 29)
    assert agrees(printed(CHAPTER, "cell-026", 2), np.exp(np.mean(growth)))


def test_length_of_the_whole_gradient():
    """20 layers of 64 sigmoids, Glorot's weights: the length of the gradient of the mean cross entropy, with biases.

    It is the slope of F along the gradient. So F is measured at two points along it, a little before and behind.
    """
    X, Y = images()
    W = drawn(0, 20, 64, glorot)
    a = sums(W, X, sigmoid)
    z = [X, *map(sigmoid, a[:-1])]
    upper, parts = (softmax(a[-1]) - Y) / len(X), []
    for layer in reversed(range(len(W))):
        parts.append((upper.sum(axis=0), sum(np.outer(d, one) for d, one in zip(upper, z[layer], strict=True))))
        if layer:
            upper = (upper @ W[layer]) * sigmoid_slope(a[layer - 1])
    parts.reverse()
    length = np.sqrt(sum((bias**2).sum() + (matrix**2).sum() for bias, matrix in parts))

    def F(t):
        """The mean cross entropy after a way of t along the gradient."""
        value = X
        for layer, (bias, matrix) in enumerate(parts):
            value = value if layer == 0 else sigmoid(value)
            value = value @ (W[layer] + t * matrix / length).T + t * bias / length
        return -np.mean(np.log(softmax(value))[Y == 1])

    slope = (F(1e-4) - F(-1e-4)) / 2e-4
    assert abs(slope / length - 1) < 1e-6
    assert agrees(printed(CHAPTER, "cell-055", 0), slope)


def test_widest_window():
    """The largest width of the inputs z with w sigma'(w z) >= 1: its border by bisection, w by golden section."""

    def width(w):
        inside, outside = 0.0, 1.0
        for _ in range(60):
            middle = (inside + outside) / 2
            if w * sigmoid_slope(w * middle) >= 1:
                inside = middle
            else:
                outside = middle
        return 2 * inside

    low, high, golden = 4.0, 40.0, (np.sqrt(5) - 1) / 2
    for _ in range(50):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if width(left) > width(right) else (left, high)
    assert agrees(printed(CHAPTER, "cell-009", 1), width(low))


def test_predicted_factor_of_tanh_with_standard_normal_weights():
    """tanh, N(0, 1), 100 units, 30 layers: the predicted factor of delta, the integrals by Gauss and Legendre.

    q, the variance of the sums, starts with the mean squared length of the images, and becomes 100 E[tanh(a)^2]; the
    factor is the root of 100 E[tanh'(a)^2], and its geometric mean over 29 steps is printed.
    """
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.arange(-120.0, 120.0, 0.5)
    a = (edges[:, None] + 0.25 * (nodes + 1)).ravel()
    da = np.tile(0.25 * weights, len(edges))
    X, _ = images()
    q, logs = np.mean((X**2).sum(axis=1)), []
    for _ in range(29):
        density = da * np.exp(-(a**2) / (2 * q)) / np.sqrt(2 * np.pi * q)
        logs.append(np.log(100 * density @ tanh_slope(a) ** 2) / 2)
        q = 100 * density @ np.tanh(a) ** 2
    assert agrees(printed(CHAPTER, "cell-029", 15), np.exp(np.mean(logs)))
