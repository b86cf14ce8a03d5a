"""The graded items of `vanishing-gradients`: inputs, and groups for partial credit."""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grading.engine import Case, Reference, Rng, draw, group, item, items
from grading.judge.draw import f32, network, normal, one_hot, uniform
from nnlib.data import mnist


def sums(h: str, *shape: int) -> tuple:
    """a, h."""
    return 2 * normal(*shape), h


@draw
def extreme(rng: Rng, *more: float) -> np.ndarray:
    """Pre-activations where exp overflows, and some where it does not."""
    return np.concatenate([[-800.0, -45.0, *more, 45.0, 800.0], rng.normal(size=3), 1e4 * rng.normal(size=3)])


@draw
def chains(rng: Rng, units: int, large: float = 1.0, equal: bool = False) -> tuple:
    """w, b, x; with `equal` all weights are the same, and there are no biases."""
    w, b, x = large * rng.normal(size=units + 1), rng.normal(size=units), np.float64(rng.uniform(0.2, 1.0))
    return (np.full(units + 1, w[0]), 0 * b, x) if equal else (w, b, x)


def problems(n: int, sizes: Sequence[int], h: str) -> tuple:
    """betas, X, Y, h."""
    return network(sizes), normal(n, sizes[0]), one_hot(n, sizes[-1]), h


def stretches(sizes: Sequence[int], h: str) -> tuple:
    """betas, h."""
    return [3 * beta for beta in network(sizes)], h


def draws(sizes: Sequence[int], more: str) -> tuple:
    """Draws (outputs, inputs) from N(0, 1) for each layer, and the rule or h."""
    return [normal(m, p) for p, m in itertools.pairwise(sizes)], more


def signs(betas: Any) -> list[np.ndarray]:
    """Of each number: 0 for a bias, and otherwise that of the draw."""
    return [np.sign(beta) for beta in betas]


@draw
def layers(rng: Rng, h: str, steps: int, nv: float) -> tuple:
    """v, n, q, h, steps."""
    n = int(rng.integers(40, 200))
    return nv * rng.uniform(0.8, 1.2) / n, n, rng.uniform(0.3, 2.0), h, steps


@draw
def gradient(rng: Rng, length: float, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """A gradient of the given length."""
    g = [rng.normal(size=shape) for shape in shapes]
    return [each * (length / np.sqrt(sum(np.sum(each**2) for each in g))) for each in g]


def tanh_networks(*sizes: int, biases: bool = True) -> tuple:
    return (network(sizes, biases),)


DEPTH, WIDTH = 20, 50
DEEP = (196, *[WIDTH] * DEPTH, 10)


@functools.cache
def images() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """1000 images of 14 by 14 with their digits, and the test images."""
    data = mnist()
    both = data.X_train[:1000], data.X_test
    X, X_test = (each.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196).astype(float) for each in both)
    return X, data.Y_train[:1000], X_test, data.Y_test


def arrays(betas: Any) -> list[np.ndarray]:
    """The betas, if they have the right shapes."""
    found = [np.asarray(beta, dtype=float) for beta in betas]
    if [beta.shape for beta in found] != [(m, 1 + p) for p, m in itertools.pairwise(DEEP)]:
        raise ValueError("other shapes than the task states")
    return found


def bent(a: np.ndarray, h: str) -> tuple[np.ndarray, np.ndarray]:
    """h(a) and h'(a)."""
    if h == "relu":
        return np.maximum(a, 0), (a > 0).astype(float)
    t = np.tanh(a / 2 if h == "sigmoid" else a)
    return ((1 + t) / 2, (1 - t**2) / 4) if h == "sigmoid" else (t, 1 - t**2)


def beyond(h: str) -> Callable[[Any], Any]:
    """By how many powers of ten the first and the last delta are too far apart, and how far slopes are too small.

    Both are 0 for all that is asked for. Saturated sigmoids with large weights keep the size of delta in the mean.
    """

    def part(betas: Any) -> np.ndarray:
        X, Y, _, _ = images()
        *hidden, last = arrays(betas)
        z, slopes = X[:100], []
        for beta in hidden:
            z, slope = bent(beta[:, 0] + z @ beta[:, 1:].T, h)
            slopes.append(slope)
        a = last[:, 0] + z @ last[:, 1:].T
        powers = np.exp(a - a.max(axis=1, keepdims=True))
        delta, sizes = powers / powers.sum(axis=1, keepdims=True) - Y[:100], []
        for slope, behind in zip(reversed(slopes), [last, *reversed(hidden)], strict=False):
            delta = slope * (delta @ behind[:, 1:])
            sizes.append(np.log10(np.sqrt(np.mean(delta**2))))
        median = float(np.median(slopes))
        return np.maximum(0.0, [abs(sizes[-1] - sizes[0]) - 1.0, 0.05 - median if h == "sigmoid" else 0.0])

    return part


def reads_digits(betas: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if less than a third of the test images are read after 12 epochs."""
    X, Y, X_test, Y_test = images()
    rng, h = np.random.default_rng(0), case.args[1]
    if np.any(beyond(h)(betas)):
        return f"{h}: first and last delta are further apart than the task allows, so no training was tried"
    batches = [J for _ in range(12) for J in np.split(rng.permutation(1000), 50)]
    betas = reference["train"](arrays(betas), X, Y, batches, h)
    accuracy = float(reference["accuracy"](betas, X_test, Y_test, h))
    return (
        None if accuracy >= 1 / 3 else f"{h}: {accuracy:.0%} of the test digits are read, at least a third is asked for"
    )


THREE = ((4, 3), (3, 5), (2, 4))

ITEMS = items(
    slope=item(
        "sigmoid-slope",
        group("sigmoid", sums("sigmoid", 6), f32(sums("sigmoid", 3, 4)), (uniform(-2, 2), "sigmoid")),
        group(
            "tanh and ReLU",
            sums("tanh", 3, 4),
            sums("relu", 4, 3),
            (np.array([-2.0, -0.5, 0.0, 0.5, 2.0]), "relu"),
            f32(sums("tanh", 5)),
            (uniform(-2, 2), "tanh"),
            (uniform(0.5, 2), "relu"),
        ),
        group("far from zero", (extreme(0.0), "sigmoid"), (extreme(0.0), "tanh"), (extreme(), "relu")),
        formula=True,
    ),
    chain_factor=item(
        "delta-product",
        group("equal weights, no biases", chains(3, equal=True), chains(6, 3.0, equal=True)),
        group("a single unit", chains(1), chains(1, 4.0)),
        group("different weights and biases", chains(4), chains(12, 3.0), f32(chains(5))),
        formula=True,
    ),
    deltas=item(
        "delta-layers",
        group("one observation", problems(1, (3, 4, 2), "tanh"), problems(1, (4, 5, 4, 3), "sigmoid")),
        group("ReLU", problems(6, (3, 6, 4), "relu"), problems(5, (3, 5, 6, 4, 2), "relu")),
        group("tanh and sigmoids", problems(5, (3, 5, 4, 3), "tanh"), f32(problems(6, (4, 4, 4, 4), "sigmoid"))),
        group("ten layers", problems(3, (3, *[6] * 10, 2), "tanh")),
        asks="backpropagation, which goes forward once",
        calls={"forward": (0, 40)},  # the ten layers have 62 units
        formula=True,
    ),
    rms_deltas=item(
        "delta-rms",
        group("one hidden layer", problems(5, (3, 4, 2), "tanh"), problems(1, (2, 3, 3), "sigmoid")),
        group("several layers", problems(6, (3, 5, 2, 4, 3), "relu"), f32(problems(4, (4, 3, 3, 2), "tanh"))),
    ),
    layer_bounds=item(
        "delta-bound",
        group("a single unit in each next layer", stretches((3, 4, 1), "tanh"), stretches((5, 3, 1), "sigmoid")),
        group("tanh and ReLU", stretches((3, 4, 5, 2), "tanh"), f32(stretches((4, 4, 4), "relu"))),
        group("sigmoids", stretches((3, 5, 4, 3), "sigmoid"), stretches((2, 3, 2), "sigmoid")),
    ),
    initial_betas=item(
        "initial-weights",
        group("biases 0, and each draw at its place", draws((4, 3, 5), "glorot"), draws((5, 5, 2), "he"), part=signs),
        group("Glorot", draws((6, 3, 5, 2), "glorot"), f32(draws((2, 7), "glorot"))),
        group("He", draws((6, 3, 5, 2), "he"), f32(draws((2, 7), "he"))),
    ),
    predicted_factors=item(
        "delta-factor",
        group("one layer", layers("tanh", 1, 1.0), layers("relu", 1, 3.0), layers("sigmoid", 1, 20.0)),
        group("ReLU", layers("relu", 4, 2.0), layers("relu", 3, 0.5)),
        group("tanh", layers("tanh", 5, 1.0), layers("tanh", 4, 4.0)),
        group("sigmoids", layers("sigmoid", 5, 1.0), layers("sigmoid", 4, 50.0)),
    ),
    clip=item(
        "gradient-clipping",
        group(
            "long gradients",
            (gradient(8.0, *THREE), 2.0),
            (gradient(5.0, (3, 4)), 0.5),
            (f32(gradient(3.0, *THREE)), 0.1),
            (gradient(1e-12, *THREE), 1e-13),
        ),
        group(
            "short gradients, and zero",
            (gradient(0.3, *THREE), 2.0),
            (gradient(2.0, (3, 4)), 2.5),
            ([np.zeros((2, 3)), np.zeros((1, 3))], 1.0),
        ),
        group("squares that overflow", (gradient(1e200, *THREE), 2.0), (f32(gradient(1e30, *THREE)), 3.0)),
    ),
    sigmoid_twin=item(
        "sigmoid-rescue",
        group("one hidden layer, biases 0", tanh_networks(3, 4, 2, biases=False), tanh_networks(2, 5, 3, biases=False)),
        group(
            "several layers, biases 0",
            tanh_networks(3, 5, 4, 2, biases=False),
            tanh_networks(4, *[3] * 6, biases=False),
        ),
        group("with biases", tanh_networks(3, 4, 2), tanh_networks(3, 5, 4, 2), f32(tanh_networks(2, 4, 3))),
    ),
    repair=item(
        "deep-repair",
        group("tanh: first and last delta within a factor of 10", draws(DEEP, "tanh"), part=beyond("tanh")),
        group("ReLU: first and last delta within a factor of 10", draws(DEEP, "relu"), part=beyond("relu")),
        group("sigmoids: the same, and half of the slopes above 1/20", draws(DEEP, "sigmoid"), part=beyond("sigmoid")),
        group(
            "tanh and ReLU read digits after training",
            draws(DEEP, "relu"),
            draws(DEEP, "tanh"),
            judge=reads_digits,
            points=2,
        ),
    ),
)
