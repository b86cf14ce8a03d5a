"""The graded items of `autoencoder`: inputs, and groups for partial credit."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grading.engine import Case, Reference, Rng, draw, group, item, items, untrained
from grading.judge.draw import batches, epochs, f32, network, normal, uniform
from nnlib.data import mnist


@draw
def orthonormal(rng: Rng, k: int, p: int) -> np.ndarray:
    """k orthonormal rows."""
    return np.linalg.qr(rng.normal(size=(p, p)))[0][:k]


@draw
def cloud(rng: Rng, n: int, p: int) -> np.ndarray:
    """Points far from zero, with another spread along each of p directions."""
    return rng.normal(size=(n, p)) * 0.6 ** np.arange(p) @ orthonormal(p, p)(rng) + 2 * rng.normal(size=p)


def lines(value: Any) -> np.ndarray:
    """What is left of the axes if their signs do not count: v v^T for each of them."""
    return np.einsum("ji,jk->jik", value[1], value[1])


def shares(value: Any) -> Any:
    """The eigenvalues as shares of the variance, whatever C is divided by."""
    return value[2] / np.sum(value[2])


def planes(n: int, p: int, k: int, far: float = 1) -> tuple:
    """X, the mean, axes."""
    return normal(n, p), far * normal(p), orthonormal(k, p)


def pairs(n: int, p: int) -> tuple:
    return normal(n, p), normal(n, p)


@draw
def spectrum(rng: Rng, p: int) -> np.ndarray:
    return np.sort(rng.exponential(size=p))[::-1].copy()


def spans(k: int, m: int, p: int) -> tuple:
    return normal(k, p), normal(m, p)


@draw
def same_plane(rng: Rng, k: int) -> tuple:
    """k dimensions of 2 k + 1, twice: among so many cosines of 1 one is a little larger."""
    A = rng.normal(size=(k, 2 * k + 1)) / 100
    return A, (rng.normal(size=(k, k)) + 3 * k * np.eye(k)) @ A


def sum_of_cosines(angles: Any) -> Any:
    """k for k angles of 0, by whatever formula they are found; a small angle is lost in the rounding of its cosine."""
    return np.sum(np.cos(angles))


def direction(g: Any) -> list:
    """A list of gradients, divided by the length of all of them together."""
    length = np.sqrt(sum(np.sum(np.square(part)) for part in g))
    return [np.divide(part, length) for part in g]


def linear(n: int, p: int, k: int, *more: Any) -> tuple:
    return [normal(k, p), normal(k), normal(p, k), normal(p)], normal(n, p), *more


@draw
def one_far(rng: Rng, weights: Any, X: np.ndarray, decoder: bool) -> tuple:
    """A large F that hides the gradient from differences, and from no formula: huge residuals meet tiny numbers.

    For the encoder the bias of a pixel to which hardly anything leads is huge. For the decoder a pixel of one image is,
    which hardly changes the code.
    """
    W1, b1, W2, b2 = weights
    if decoder:
        W1[:, 0] *= 1e-18
        b1[:] = X[0] = 0
        X[0, 0] = 1e9
    else:
        W2[0] *= 1e-9
        b2[0] = 1e9
    return weights, X


def tiny(images: np.ndarray, side: int) -> np.ndarray:
    """Images of side by side pixels: means over blocks."""
    block = 28 // side
    return images.astype(float).reshape(-1, side, block, side, block).mean(axis=(2, 4)).reshape(-1, side * side)


@draw
def linear_digits(rng: Rng) -> tuple:
    """500 steps on 400 digits of 7 by 7 pixels, with a code of 4 numbers."""
    X = tiny(mnist().X_train[:400], 7)
    return [0.1 * normal(4, 49), np.zeros(4), 0.1 * normal(49, 4), np.zeros(49)], X - X.mean(axis=0), 500, 0.2


def at_idle_inputs(found: Any, start: np.ndarray, X: np.ndarray) -> str:
    """A complaint if weights of inputs that are 0 in every image have changed: their derivative is 0 all the time."""
    idle = ~np.any(X, axis=0)
    same = np.allclose(np.asarray(found)[:, idle], start[:, idle], atol=1e-6)
    return "" if same else "weights of pixels that are always 0 have changed: steps along the gradient leave them alone"


def near_pca(weights: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if the error is more than 5 % above PCA's."""
    (W, *_), X = case.args[:2]
    W1, b1, W2, b2 = weights
    if said := untrained([W1, W2], [W, case.args[0][2]]) or at_idle_inputs(W1, W, X):
        return said
    error = np.mean(np.sum(((X @ W1.T + b1) @ W2.T + b2 - X) ** 2, axis=1))
    ratio = float(error / reference["pca_error"](reference["principal_axes"](X, 1)[2])[4])
    return None if ratio <= 1.05 else f"the error on digits is {ratio:.2f} times PCA's, at most 1.05 is asked for"


def deep(n: int, *sizes: int) -> tuple:
    return network(sizes), normal(n, sizes[0]), uniform(0, 1, n, sizes[0])


@draw
def copying(rng: Rng, betas: Any, X: np.ndarray, target: np.ndarray) -> tuple:
    """The target is the input, and every number of the code is above 0."""
    return [np.abs(betas[0]), *betas[1:]], target, target


def of_decoder(g: Any) -> Any:
    return g[len(g) // 2 :]


def of_encoder(g: Any) -> Any:
    return g[: len(g) // 2]


def runs(sizes: tuple[int, ...], k: int, sigma: float, alpha: float) -> tuple:
    """k steps of 3 images each, with noise of size sigma."""
    noises = [sigma * normal(3, sizes[0]) for _ in range(k)]
    return network(sizes), uniform(0, 1, 8, sizes[0]), noises, batches(8, *[3] * k), alpha


@draw
def digits(rng: Rng, sizes: tuple[int, ...], n: int, count: int, sigma: float) -> tuple:
    """Some epochs on n digits of 14 by 14 pixels, in batches of 20."""
    betas = [np.sqrt(2) * beta for beta in network(sizes, biases=False)]
    noises = [sigma * normal(20, 196) for _ in range(count * n // 20)]
    return betas, tiny(mnist().X_train[:n], 14), noises, epochs(count, n, 20), 0.03


def left(most: float, sigma: float) -> Callable[[Any, Case, Reference], str | None]:
    """A judge: the mean error of the test images against the clean ones, at most `most`, and got there by descent."""

    def judge(betas: Any, case: Case, reference: Reference) -> str | None:
        start, clean = case.args[:2]
        if said := untrained(betas, start):
            return said
        if said := "" if sigma else at_idle_inputs(np.asarray(betas[0])[:, 1:], start[0][:, 1:], clean):
            return said
        X = tiny(mnist().X_test, 14)
        noise = sigma * np.random.default_rng(0).normal(size=X.shape)
        error = float(reference["denoising_error"](betas, X, noise)[1])
        return None if error <= most else f"the error of the test images is {error:.1f}, at most {most:g} is asked for"

    return judge


def noisy(n: int, *sizes: int) -> tuple:
    return network(sizes), uniform(0, 1, n, sizes[0]), normal(n, sizes[0])


CLOUDS = ((cloud(30, 5), 2), (cloud(20, 4), 4), (cloud(40, 6), 1))
FEW = tuple((cloud(n, p), k) for n, p, k in ((4, 12, 2), (6, 9, 3), (3, 14, 1), (5, 13, 2), (4, 15, 3)))
PLANES = (planes(6, 5, 2), planes(4, 3, 3), planes(5, 4, 1), f32(planes(5, 6, 3)))
SPECTRA = tuple(spectrum(p) for p in (6, 3, 11, 2, 8))
BATCHES = (linear(5, 4, 2), linear(4, 3, 3), linear(6, 5, 1), f32(linear(5, 6, 3)))
DEEP = (
    deep(5, 5, 4, 2, 4, 5),
    f32(deep(6, 4, 5, 4, 2, 4, 5, 4)),
    deep(4, 3, 3, 3, 3, 3),
    deep(6, 4, 6, 3, 6, 4),
    deep(5, 4, 2, 4),
)
NOISY = (noisy(5, 4, 2, 4), noisy(4, 5, 4, 3, 4, 5), f32(noisy(6, 4, 3, 4)))

ITEMS = items(
    principal_axes=item(
        "principal-axes",
        group("the mean", *CLOUDS, part=0),
        group("the eigenvalues", *CLOUDS, part=2),
        group("the axes, whatever their signs", *CLOUDS, part=lines),
        group("fewer observations than pixels: the eigenvalues as shares of their sum", *FEW, part=shares),
    ),
    project=item(
        "pca-reconstruction",
        group("codes", *PLANES, part=0),
        group("reconstructions", *PLANES, part=1),
        group("a mean of 0, and one image", planes(6, 4, 2, 0), planes(1, 5, 3, 0)),
    ),
    reconstruction_error=item(
        "reconstruction-error",
        group("one image", pairs(1, 4), pairs(1, 7)),
        group("several images, and float32", pairs(5, 3), pairs(4, 4), f32(pairs(6, 8))),
    ),
    pca_error=item(
        "pca-error",
        group("no axis and all axes", *SPECTRA, part=lambda value: [value[:1], value[-1:]]),
        group("every number of axes", *SPECTRA),
    ),
    principal_angles=item(
        "principal-angles",
        group("orthonormal bases", (orthonormal(2, 6), orthonormal(2, 6)), (orthonormal(3, 7), orthonormal(3, 7))),
        group("any bases, and planes of other dimensions", spans(2, 2, 5), spans(3, 2, 6), spans(1, 3, 8)),
        group(
            "the same plane in other coordinates", same_plane(20), same_plane(16), same_plane(12), part=sum_of_cosines
        ),
    ),
    linear_gradient=item(
        "linear-autoencoder",
        group("the decoder, W2 and b2", *BATCHES, one_far(*linear(4, 4, 2), True), part=slice(2, 4)),
        group("the encoder, W1 and b1", *BATCHES, one_far(*linear(4, 4, 2), False), part=slice(2), points=2),
        group(
            "one image: the direction, whatever its length",
            linear(1, 4, 2),
            linear(1, 3, 3),
            one_far(*linear(1, 3, 2), False),
            part=direction,
        ),
        asks="backpropagation",
        formula=True,
    ),
    train_linear=item(
        "linear-autoencoder-train",
        group("one step", linear(5, 4, 2, 1, 0.1), linear(4, 3, 3, 1, 0.05)),
        group("several steps", linear(6, 4, 2, 4, 0.02)),
        group("real digits", linear_digits(), judge=near_pca, deadline=20.0),
    ),
    deep_gradient=item(
        "deep-autoencoder-gradient",
        group("the decoder's layers", *DEEP, part=of_decoder),
        group("the encoder's layers", *DEEP, part=of_encoder, points=2),
        group(
            "one image, which is its own target, with a code above 0",
            copying(*deep(1, 5, 3, 5)),
            copying(*deep(1, 8, 2, 8)),
        ),
        asks="backpropagation, which goes forward once",
        calls={"deep_forward": (0, 36), "cross_entropy": (0, 4)},  # once for each weight or unit is too often
        formula=True,
    ),
    train=item(
        "denoising",
        group("one step without noise", runs((5, 4, 2, 4, 5), 1, 0, 0.5), runs((4, 2, 4), 1, 0, 0.1)),
        group("several steps with noise", runs((5, 4, 2, 4, 5), 3, 0.5, 0.3), runs((4, 3, 4), 2, 1, 0.5), points=2),
        group("digits, 196-64-8-64-196", digits((196, 64, 8, 64, 196), 2000, 10, 0), judge=left(6, 0), deadline=20.0),
        group("noisy digits, 196-128-196", digits((196, 128, 196), 1000, 8, 0.5), judge=left(6, 0.5), deadline=20.0),
    ),
    denoising_error=item(
        "denoising-error",
        group("before", *NOISY, part=0),
        group("after", *NOISY, part=1),
    ),
)
