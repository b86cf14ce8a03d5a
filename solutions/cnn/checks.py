"""The graded items of `cnn`: inputs, and groups for partial credit."""

from typing import Any

import numpy as np

from grading.engine import Case, Reference, Rng, draw, group, item, items, untrained
from grading.judge.draw import batches, choice, epochs, f32, normal, one_hot, uniform
from nnlib.data import mnist


def layer(C: int, H: int, W: int, k: int, s: int = 1, P: int = 0) -> tuple:
    """C, H, W, M, k, s, P."""
    return C, H, W, choice(range(2, 9)), k, s, P


def windows(n: int, C: int, H: int, W: int, kh: int, kw: int, s: int = 1, P: int = 0) -> tuple:
    return normal(n, C, H, W), kh, kw, s, P


def each_unit(value: Any) -> np.ndarray:
    """The layer's weights, and those of the dense layer for each of the units that were counted."""
    size, weights, dense = value
    return np.array([weights, dense / np.prod(size)])


def convolutions(n: int, C: int, H: int, W: int, M: int, kh: int, kw: int, bias: float = 0) -> tuple:
    return normal(n, C, H, W), normal(M, C, kh, kw), bias * uniform(1, 2, M)


def bright(H: int, W: int, kh: int, kw: int) -> tuple:
    """One image, one map, no bias, and every a above 0."""
    return uniform(0.1, 1, 1, 1, H, W), uniform(0.1, 1, 1, 1, kh, kw), np.zeros(1)


def deltas(n: int, M: int, C: int, rows: int, columns: int, kh: int, kw: int) -> tuple:
    """delta (n, M, rows, columns), and the z that belongs to it."""
    return normal(n, M, rows, columns), normal(n, C, rows + kh - 1, columns + kw - 1)


def sent(n: int, M: int, C: int, rows: int, columns: int, kh: int, kw: int) -> tuple:
    return normal(n, M, rows, columns), normal(M, C, kh, kw)


def maps(n: int, C: int, H: int, W: int, k: int, shift: float = 0.0) -> tuple:
    return shift + normal(n, C, H, W), k


def pooled(n: int, C: int, rows: int, columns: int, k: int, left: int = 0, ties: bool = False) -> tuple:
    """delta, z and k; `left` rows and columns are in no window; with ties, z holds the numbers 0, 1, 2."""
    shape = n, C, rows * k + left, columns * k + left
    return normal(n, C, rows, columns), choice([0.0, 1.0, 2.0], *shape) if ties else normal(*shape), k


def passes(n: int, C: int, H: int, W: int, M1: int, M2: int, K: int, bias: float = 1) -> tuple:
    """Weights with windows of 3 by 2 and then 2 by 2, and images; with bias=0 all biases are 0."""
    units = M2 * ((H - 2) // 2 - 1) * ((W - 1) // 2 - 1)
    beta = normal(K, 1 + units) * (np.append(bias, np.ones(units)) / np.sqrt(units))
    kernels = 0.5 * normal(M1, C, 3, 2), 0.5 * normal(M2, M1, 2, 2)
    weights = [kernels[0], bias / 2 * normal(M1), kernels[1], bias / 2 * normal(M2), beta]
    return weights, normal(n, C, H, W)


@draw
def lit(rng: Rng, weights: Any, X: np.ndarray, *more: Any) -> tuple:
    """The same with every a above 0, where a ReLU changes nothing."""
    return [*map(np.abs, weights[:4]), weights[4]], np.abs(X), *more


def problems(n: int, *sizes: int) -> tuple:
    return *passes(n, *sizes), one_hot(n, sizes[-1])


def black(n: int, *sizes: int) -> tuple:
    """Black images and no biases: every pre-activation of both convolutions is 0."""
    weights, X = passes(n, *sizes, bias=0)
    return weights, 0 * X, one_hot(n, sizes[-1])


def runs(alpha: float, *sizes: int) -> tuple:
    return *problems(10, 1, 6, 7, 2, 2, 3), batches(10, *sizes), alpha


def small(images: np.ndarray) -> np.ndarray:
    """Images of 14 by 14: means over 2 by 2 pixels."""
    return images.astype(float).reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5))


@draw
def digits(rng: Rng) -> tuple:
    """Eight epochs on 400 of the training images, from 4 and 8 filters of 3 by 3."""
    data, beta = mnist(), np.append(0.0, np.ones(128)) / 11 * normal(10, 129)
    weights = [0.5 * normal(4, 1, 3, 3), np.zeros(4), 0.25 * normal(8, 4, 3, 3), np.zeros(8), beta]
    return weights, small(data.X_train[:400]), data.Y_train[:400].astype(float), epochs(8, 400, 20), 0.2


def reads_digits(weights: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if less than 72 % of the 1000 test images are read, or if it was no descent that got there.

    The delta of a softmax adds up to 0 over the classes. So a step changes no sum over the classes, in any column.
    """
    start = case.args[0]
    if said := untrained(weights, start):
        return said
    if not np.allclose(np.sum(weights[-1], axis=0), start[-1].sum(axis=0), atol=1e-6):
        return "the dense layer's sums over the classes have changed: steps along the gradient leave them as they are"
    data = mnist()
    yhat = reference["forward"](weights, small(data.X_test))[-1]
    accuracy = float(np.mean(yhat.argmax(axis=1) == data.Y_test.argmax(axis=1)))
    return None if accuracy >= 0.72 else f"{accuracy:.0%} of the test digits are read, at least 72% are asked for"


PLAIN_LAYERS = (layer(1, 9, 12, 4), layer(3, 7, 6, 2), layer(2, 5, 8, 5))
OTHER_LAYERS = (
    layer(1, 8, 11, 3, 2),
    layer(2, 9, 12, 4, 3),
    layer(2, 6, 9, 3, 1, 2),
    layer(1, 5, 7, 4, 1, 1),
    layer(3, 10, 7, 4, 3, 1),
    layer(2, 11, 9, 2, 2, 3),
)
BATCHES = (deltas(3, 2, 2, 3, 4, 2, 3), deltas(4, 3, 2, 4, 3, 3, 2), f32(deltas(2, 2, 3, 3, 3, 2, 2)))
PROBLEMS = (
    problems(3, 1, 8, 7, 2, 3, 4),
    problems(5, 2, 9, 8, 3, 2, 3),
    problems(4, 3, 8, 9, 2, 4, 3),
    f32(problems(3, 2, 8, 8, 2, 3, 2)),
)

ITEMS = items(
    layer_size=item(
        "output-size",
        group("the size, with stride 1 and no padding", *PLAIN_LAYERS, part=0),
        group("the size, with other strides and paddings", *OTHER_LAYERS, part=0),
        group("the numbers of weights", *PLAIN_LAYERS, *OTHER_LAYERS, part=each_unit),
    ),
    patches=item(
        "conv-patches",
        group("one image with one channel", windows(1, 1, 5, 6, 2, 3), windows(1, 1, 4, 4, 3, 3)),
        group("several images and channels", windows(3, 2, 5, 4, 3, 2), f32(windows(2, 3, 4, 6, 2, 2))),
        group(
            "other strides", windows(2, 2, 7, 8, 3, 2, 2), windows(1, 2, 8, 7, 2, 2, 3), windows(1, 1, 9, 5, 2, 4, 4)
        ),
        group(
            "padding", windows(2, 2, 4, 5, 3, 3, 1, 1), windows(2, 1, 5, 5, 3, 2, 1, 2), windows(1, 3, 2, 3, 2, 1, 1, 3)
        ),
    ),
    convolve=item(
        "convolution-channels",
        group("one map without a bias, every a above 0", bright(5, 6, 3, 3), bright(4, 5, 2, 3)),
        group("several maps with biases", convolutions(2, 1, 5, 6, 3, 2, 3, 1), convolutions(1, 1, 4, 4, 4, 3, 2, 1)),
        group("several channels, without biases", convolutions(2, 3, 5, 6, 2, 3, 2), convolutions(1, 2, 6, 4, 3, 2, 2)),
        group(
            "several channels with biases, and float32",
            convolutions(3, 2, 3, 2, 3, 3, 2, 1),
            f32(convolutions(2, 2, 5, 5, 2, 3, 3, 1)),
        ),
    ),
    conv_gradient=item(
        "conv-gradient",
        group(
            "the kernels: one image, one channel, one map",
            deltas(1, 1, 1, 3, 4, 2, 3),
            deltas(1, 1, 1, 2, 2, 3, 3),
            part=0,
        ),
        group(
            "the kernels: several channels and maps", deltas(1, 3, 2, 3, 3, 2, 3), deltas(1, 4, 3, 4, 3, 3, 3), part=0
        ),
        group("the kernels: a batch", *BATCHES, part=0),
        group("the biases", deltas(1, 1, 1, 3, 4, 2, 3), deltas(1, 4, 3, 4, 3, 3, 3), *BATCHES, part=1),
        asks="the sum over the positions",
        calls={"convolve": (0, 60)},  # once for each weight is too often
    ),
    conv_backward=item(
        "conv-backward",
        group("one image, one channel, one map", sent(1, 1, 1, 3, 4, 2, 3), sent(1, 1, 1, 4, 4, 3, 3)),
        group("several maps", sent(1, 3, 3, 4, 3, 2, 2), sent(1, 2, 2, 3, 4, 3, 2)),
        group(
            "other numbers of maps and channels",
            sent(1, 3, 2, 4, 4, 3, 2),
            sent(1, 1, 3, 3, 5, 2, 2),
            sent(1, 4, 1, 3, 3, 2, 2),
        ),
        group(
            "a batch, one unit alone, and float32",
            sent(3, 2, 3, 4, 3, 2, 3),
            sent(2, 3, 2, 1, 1, 3, 3),
            f32(sent(2, 2, 2, 4, 4, 2, 2)),
        ),
        asks="one of the two ways that it shows",
        calls={"convolve": (0, 40)},  # once for each pixel is too often
    ),
    max_pool=item(
        "max-pooling",
        group("windows of 2 by 2, positive values", maps(1, 1, 4, 6, 2, 9.0), maps(3, 2, 6, 4, 2, 9.0)),
        group(
            "other windows, rows left over, negative values",
            maps(2, 2, 6, 9, 3),
            maps(2, 3, 5, 7, 2, -9.0),
            f32(maps(1, 2, 7, 8, 3, -9.0)),
        ),
    ),
    max_pool_backward=item(
        "max-pooling-backward",
        group("one map, windows of 2 by 2", pooled(1, 1, 2, 3, 2), pooled(1, 1, 3, 2, 2)),
        group("several images and maps, rows left over", pooled(3, 2, 2, 2, 3, 1), f32(pooled(2, 3, 2, 3, 2, 1))),
        group("equal values", pooled(2, 2, 3, 2, 2, ties=True), pooled(1, 2, 2, 2, 3, ties=True), points=2),
        asks="the place of each maximum",
        calls={"max_pool": (0, 40)},  # once for each pixel is too often
        formula=True,
    ),
    forward=item(
        "cnn-forward",
        group(
            "one image, one map, no biases, every a above 0",
            lit(*passes(1, 1, 6, 7, 1, 1, 2, bias=0)),
            lit(*passes(1, 1, 8, 7, 1, 1, 3, bias=0)),
        ),
        group(
            "several images, maps and channels, no biases",
            passes(3, 1, 8, 7, 2, 3, 4, bias=0),
            passes(4, 1, 6, 9, 3, 2, 2, bias=0),
            passes(5, 3, 9, 8, 2, 2, 3, bias=0),
            f32(passes(6, 2, 8, 8, 3, 3, 2, bias=0)),
        ),
        group(
            "with biases", passes(3, 1, 8, 7, 2, 3, 4), passes(4, 3, 9, 8, 2, 2, 3), f32(passes(3, 2, 8, 8, 2, 3, 2))
        ),
    ),
    gradient=item(
        "cnn-gradient",
        group("the dense layer", *PROBLEMS, part=4),
        group("the second convolution", *PROBLEMS, part=slice(2, 4)),
        group("the first convolution", *PROBLEMS, part=slice(2)),
        group("one image, every a above 0", lit(*problems(1, 2, 8, 7, 2, 3, 3)), lit(*problems(1, 1, 9, 8, 3, 2, 4))),
        group("black images, where a is 0: kernels and biases", black(2, 1, 6, 7, 2, 2, 3), part=slice(4)),
        asks="backpropagation, which goes forward once",
        calls={"forward": (0, 24), "convolve": (0, 60)},  # once for each weight is too often
        formula=True,
    ),
    train=item(
        "cnn-train",
        group("one step", runs(0.5, 4), runs(0.1, 3)),
        group("several steps", runs(0.3, 3, 5, 2, 4), runs(0.2, 4, 3, 5)),
        group("real digits", digits(), judge=reads_digits, deadline=60.0),
    ),
)
