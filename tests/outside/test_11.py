"""Chapter 11, Autoencoders, from outside.

The variances along the principal axes are squared singular values of the centred images here, and not eigenvalues of
their covariance.

Replaced: the first number of cell-068 (0.4) is a typed parameter of the page; the next one, 17.2, is taken.
Added: the start and the end of gradient descent near saddles, since the four are all sums of variances or logarithms.
"""

from functools import cache

import numpy as np
from pages import ROOT, agrees, printed

CHAPTER = "11-autoencoders"


@cache
def images():
    """The training images as rows of grey values, in bytes."""
    with np.load(ROOT / "nnlib" / "data" / "mnist_subset.npz") as stored:
        return stored["X_train"].reshape(-1, 784)


@cache
def principal():
    """The mean of the training images, their principal axes as rows, and the variance along each, largest first."""
    X = images() / 255
    mean = X.mean(axis=0)
    R = np.linalg.qr(X - mean, mode="r")  # the same singular values and axes, and fewer rows
    _, values, axes = np.linalg.svd(R)
    return mean, axes, values**2 / len(X)


def test_least_cross_entropy_of_a_grey_target():
    """The binary cross entropy of 0.2, least over grey values: Newton's method in the pre-activation a.

    Its derivative is sigmoid(a) - 0.2, so that no logarithm is needed to find the place.
    """
    a = 0.0
    for _ in range(50):
        grey = 1 / (1 + np.exp(-a))
        a -= (grey - 0.2) / (grey * (1 - grey))
    least = -0.2 * np.log(1 / (1 + np.exp(-a))) - 0.8 * np.log(1 / (1 + np.exp(a)))
    assert agrees(printed(CHAPTER, "cell-006", 4), 1 / (1 + np.exp(-a)))
    assert agrees(printed(CHAPTER, "cell-006", 5), least)


def test_error_of_the_mean_image():
    """Every training image is replaced by the mean: half the mean squared distance of two images that are drawn.

    All pairs of grey values are counted, pixel by pixel, in whole numbers of 255.
    """
    X = images()
    n = len(X)
    grey, total = np.arange(256), 0
    for pixel in X.T:
        how_many = np.bincount(pixel, minlength=256)
        total += how_many @ ((grey[:, None] - grey) ** 2) @ how_many
    assert agrees(printed(CHAPTER, "cell-010", 1), total / 2 / n**2 / 255**2)


def test_expected_error_of_noisy_images():
    """PCA of images with noise: along each axis the error is its variance or that of the noise, the smaller one."""
    *_, variances = principal()
    for place, sigma in (1, 0.4), (3, 0.8):
        assert agrees(printed(CHAPTER, "cell-068", place), np.minimum(variances, sigma**2).sum())


def test_expected_error_is_measured():
    """The same for sigma 0.8 with noise that is really added to the training images; 1% is allowed."""
    X = images() / 255
    mean, axes, variances = principal()
    kept = axes[variances > 0.8**2]
    noisy = X + 0.8 * np.random.default_rng(0).normal(size=X.shape)
    error = ((mean + (noisy - mean) @ kept.T @ kept - X) ** 2).sum(axis=1).mean()
    assert abs(error / float(printed(CHAPTER, "cell-068", 3)) - 1) < 0.01


@cache
def coarse():
    """400 digits in 7 x 7 blocks, centred as the page does it, and their axes with the variances."""
    S = (images() / 255).reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)[:2000]
    S = S - S.mean(axis=0)
    few = S[:400] - S[:400].mean(axis=0)
    _, values, axes = np.linalg.svd(few, full_matrices=False)
    return few, axes, values**2 / len(few)


def beside(chosen):
    """The weights of 49-2-49 with two axes in both layers, and the page's noise; of each unit the bias first."""
    axes = coarse()[1][list(chosen)]
    noise = 1e-3 * np.random.default_rng(0).normal(size=2 * 50 + 49 * 3)
    below, above = noise[:100].reshape(2, 50), noise[100:].reshape(49, 3)
    return below[:, 0], axes + below[:, 1:], above[:, 0], axes.T + above[:, 1:]


def loss(b, A, c, B):
    """Half the mean squared error, and the derivatives; each is a mean over the digits."""
    x = coarse()[0]
    z = x @ A.T + b
    off = z @ B.T + c - x
    back = off @ B
    derivatives = back.mean(axis=0), back.T @ x / len(x), off.mean(axis=0), off.T @ z / len(x)
    return (off**2).sum() / 2 / len(x), derivatives


def test_start_beside_a_saddle():
    """F / F* beside the axes 1 and 3: without the noise it is the sum of the variances left out over the least one."""
    variances = coarse()[2]
    lowest = variances[2:].sum() / 2
    start, _ = loss(*beside((0, 2)))
    left_out = (variances.sum() - variances[0] - variances[2]) / 2
    assert abs(start / left_out - 1) < 1e-3
    assert agrees(printed(CHAPTER, "cell-018", 2), start / lowest)


def test_end_of_the_way_from_a_saddle():
    """F / F* after 2,000 steps of gradient descent with rate 0.3, from beside the axes 3 and 4."""
    weights = beside((2, 3))
    lowest = coarse()[2][2:].sum() / 2
    assert agrees(printed(CHAPTER, "cell-018", 6), loss(*weights)[0] / lowest)
    for _ in range(2000):
        weights = [w - 0.3 * g for w, g in zip(weights, loss(*weights)[1], strict=True)]
    assert agrees(printed(CHAPTER, "cell-018", 7), loss(*weights)[0] / lowest)
