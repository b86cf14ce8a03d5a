"""The graded items of `cnn`: inputs, groups for partial credit, and the mistakes that people make."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grading.engine import Case, Draw, Group, Item, Mistake, Reference, Rng, untrained
from nnlib.data import mnist

PAGE = "chapters/10-convolutional-networks"
f32 = np.float32


def normal(rng: Rng, *shape: int, dtype: Any = float) -> np.ndarray:
    return rng.normal(size=shape).astype(dtype)


def one_hot(rng: Rng, n: int, K: int, dtype: Any = float) -> np.ndarray:
    return np.eye(K, dtype=dtype)[rng.integers(K, size=n)]


def group(name: str, points: float, *draws: Draw, part: Callable[[Any], Any] | None = None) -> Group:
    """A group with one case for each draw of arguments."""
    return Group(name, points, lambda rng: [Case(draw(rng)) for draw in draws], part)


def mistake(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    return Mistake(name, hint, PAGE, edits)


def layer(C: int, H: int, W: int, k: int, s: int = 1, P: int = 0) -> Draw:
    """C, H, W, M, k, s, P, where the number of maps is drawn."""
    return lambda r: (C, H, W, int(r.integers(2, 9)), k, s, P)


PLAIN_LAYERS = (layer(1, 9, 12, 4), layer(3, 7, 6, 2), layer(2, 5, 8, 5))

LAYER_SIZE = Item(
    "output-size",
    "layer_size",
    (
        group("the size, with stride 1 and no padding", 1, *PLAIN_LAYERS, part=lambda value: value[0]),
        group(
            "the size, with other strides and paddings",
            1,
            layer(1, 8, 11, 3, 2),
            layer(2, 6, 9, 3, 1, 2),
            layer(3, 10, 7, 4, 3, 1),
            part=lambda value: value[0],
        ),
        group("the numbers of weights", 1, *PLAIN_LAYERS, part=lambda value: value[1:]),
    ),
    (
        mistake(
            "one position too few",
            "A window as large as the image fits once. What does your formula say then?",
            ("// s + 1", "// s"),
        ),
        mistake(
            "padding on one side only",
            "The zeros are added on each side. How many sides has an axis?",
            ("2 * P", "P"),
        ),
        mistake(
            "stride forgotten",
            "With a stride of s the window moves by s pixels. How many positions are left of those with stride 1?",
            ("// s", "// 1"),
        ),
        mistake(
            "positions rounded up",
            "A window that sticks out of the image is no position. Which way does the formula round?",
            ("(H + 2 * P - k) // s", "-(-(H + 2 * P - k) // s)"),
            ("(W + 2 * P - k) // s", "-(-(W + 2 * P - k) // s)"),
        ),
        mistake(
            "biases left out of the counts",
            "Each map has a bias, and so has each unit of the dense layer. Where are they counted?",
            ("(C * k * k + 1)", "C * k * k"),
            ("(C * H * W + 1)", "C * H * W"),
        ),
        mistake(
            "a bias for each unit of a map",
            "All units of a map share the weights. What else do they share?",
            ("M * (C * k * k + 1)", "M * C * k * k + units"),
        ),
        mistake(
            "a filter on one channel",
            "A filter looks at the window in all channels. How many weights does it need for that?",
            ("(C * k * k + 1)", "(k * k + 1)"),
        ),
    ),
)


def windows(n: int, C: int, H: int, W: int, kh: int, kw: int, s: int = 1, P: int = 0, dtype: Any = float) -> Draw:
    return lambda r: (normal(r, n, C, H, W, dtype=dtype), kh, kw, s, P)


PATCHES = Item(
    "conv-patches",
    "patches",
    (
        group("one image with one channel", 1, windows(1, 1, 5, 6, 2, 3), windows(1, 1, 4, 4, 3, 3)),
        group("several images and channels", 1, windows(3, 2, 5, 4, 3, 2), windows(2, 3, 4, 6, 2, 2, dtype=f32)),
        group("other strides", 1, windows(2, 2, 7, 8, 3, 2, 2), windows(1, 2, 8, 7, 2, 2, 3)),
        group("padding", 1, windows(2, 2, 4, 5, 3, 3, 1, 1), windows(2, 1, 5, 5, 3, 2, 2, 2)),
    ),
    (
        mistake(
            "patches in rows",
            "Each position gets a column. Which axis of the result counts the positions?",
            ("axis=2", "axis=1"),
        ),
        mistake(
            "last positions forgotten",
            "A window of k rows may begin at row H - k. Does a range include its end?",
            ("H - kh + 1", "H - kh"),
            ("W - kw + 1", "W - kw"),
        ),
        mistake(
            "positions column by column",
            "The positions come row by row. Which of the two loops is the inner one?",
            (
                "for r in range(0, H - kh + 1, s):\n        for c in range(0, W - kw + 1, s):",
                "for c in range(0, W - kw + 1, s):\n        for r in range(0, H - kh + 1, s):",
            ),
        ),
        mistake(
            "windows written column by column",
            "A window is written as the filter is, row by row. Which pixel of it comes second?",
            (".reshape(n, -1)", ".swapaxes(2, 3).reshape(n, -1)"),
        ),
        mistake(
            "channels mixed",
            "A column holds the whole window of the first channel, then that of the next one. What does yours hold?",
            (".reshape(n, -1)", ".transpose(0, 2, 3, 1).reshape(n, -1)"),
        ),
        mistake(
            "stride forgotten",
            "With a stride of s the window begins at 0, s, 2 s, ... Where is s in your loops?",
            ("+ 1, s)", "+ 1)"),
        ),
        mistake(
            "padding forgotten",
            "With padding, zeros are put around the image before any window is taken. Where does that happen?",
            ("((0, 0), (0, 0), (P, P), (P, P))", "0"),
        ),
    ),
)


def convolutions(n: int, C: int, H: int, W: int, M: int, kh: int, kw: int, dtype: Any = float, bias: float = 1) -> Draw:
    return lambda r: (
        normal(r, n, C, H, W, dtype=dtype),
        normal(r, M, C, kh, kw, dtype=dtype),
        (bias * (1 + r.random(M))).astype(dtype),
    )


CONVOLVE = Item(
    "convolution-channels",
    "convolve",
    (
        group(
            "one map without a bias",
            1,
            convolutions(1, 1, 5, 6, 1, 3, 3, bias=0),
            convolutions(2, 1, 4, 5, 1, 2, 3, bias=0),
        ),
        group("several maps with biases", 1, convolutions(2, 1, 5, 6, 3, 2, 3), convolutions(1, 1, 4, 4, 4, 3, 2)),
        group("several channels", 1, convolutions(2, 3, 5, 6, 2, 3, 2), convolutions(1, 2, 6, 4, 3, 2, 2)),
        group(
            "windows as large as the image, and float32",
            1,
            convolutions(3, 2, 3, 2, 3, 3, 2),
            convolutions(2, 2, 5, 5, 2, 3, 3, f32),
        ),
    ),
    (
        mistake(
            "kernel turned around",
            "The slides' formula has plus signs. Which weight meets the upper left pixel of a window?",
            ("kernels.reshape(M, -1)", "kernels[:, :, ::-1, ::-1].reshape(M, -1)"),
        ),
        mistake(
            "rows and columns of the kernel exchanged",
            "kernels[m, d, i, j] meets the pixel in row i and column j of the window. Which one does it meet in yours?",
            ("kernels.reshape(M, -1)", "kernels.swapaxes(2, 3).reshape(M, -1)"),
        ),
        mistake(
            "bias forgotten",
            "beta_m0 stands in front of the sums. Where is it in your program?",
            (" + bias[:, None]", ""),
        ),
        mistake(
            "bias once for each channel",
            "The bias stands in front of the sum over the channels. How often is it added?",
            ("+ bias[:, None]", "+ C * bias[:, None]"),
        ),
        mistake(
            "one bias for all maps",
            "Each map has a bias of its own. Which one does the second map get?",
            ("bias[:, None]", "bias[0]"),
        ),
        mistake(
            "only the first channel",
            "A unit looks at its window in all channels. Which sum of the equation is missing?",
            ("kernels.reshape(M, -1) @ patches(z, kh, kw)", "kernels[:, 0].reshape(M, -1) @ patches(z[:, :1], kh, kw)"),
        ),
        mistake(
            "ReLU taken already",
            "a is the pre-activation: it may be negative. To which part does the ReLU belong?",
            ("    return a.reshape", "    a = np.maximum(a, 0)\n    return a.reshape"),
        ),
    ),
)


def deltas(n: int, M: int, C: int, rows: int, columns: int, kh: int, kw: int, dtype: Any = float) -> Draw:
    """delta (n, M, rows, columns), and the z that belongs to it."""
    return lambda r: (
        normal(r, n, M, rows, columns, dtype=dtype),
        normal(r, n, C, rows + kh - 1, columns + kw - 1, dtype=dtype),
    )


BATCHES = (deltas(3, 2, 2, 3, 4, 2, 3), deltas(4, 3, 2, 4, 3, 3, 2), deltas(2, 2, 3, 3, 3, 2, 2, f32))

CONV_GRADIENT = Item(
    "conv-gradient",
    "conv_gradient",
    (
        group("one image, one channel, one map", 1, deltas(1, 1, 1, 3, 4, 2, 3), deltas(1, 1, 1, 1, 1, 3, 3)),
        group("one image, several channels and maps", 1, deltas(1, 3, 2, 3, 3, 2, 3), deltas(1, 4, 3, 4, 3, 3, 3)),
        group("a batch: the kernels", 1, *BATCHES, part=lambda value: value[0]),
        group("a batch: the biases", 1, *BATCHES, part=lambda value: value[1]),
    ),
    (
        mistake(
            "sum over the observations in place of the mean",
            "F is the mean of the E_i. By what is the sum over the images divided?",
            ("delta.sum(axis=(2, 3)).mean(axis=0)", "delta.sum(axis=(0, 2, 3))"),
            ("each.mean(axis=0)", "each.sum(axis=0)"),
        ),
        mistake(
            "mean over the positions",
            "A weight appears at every position, and the derivatives of all its places add up. Where is there a mean?",
            ("delta.sum(axis=(2, 3))", "delta.mean(axis=(2, 3))"),
            ("each.mean(axis=0)", "(each / (rows * columns)).mean(axis=0)"),
        ),
        mistake(
            "bias of one position only",
            "The bias appears at every position, just as the weights do. Which deltas does it collect?",
            ("delta.sum(axis=(2, 3))", "delta[:, :, 0, 0]"),
        ),
        mistake(
            "derivative of the bias zero",
            "The bias moves every unit of its map. What is the derivative of a_m(r, c) with respect to it?",
            ("delta.sum(axis=(2, 3))", "(0 * delta).sum(axis=(2, 3))"),
        ),
        mistake(
            "kernel turned around",
            "Forward, the weight (i, j) meets the pixel (r + i, c + j). Which pixel does it meet on the way back?",
            (".reshape(M, C, kh, kw)", ".reshape(M, C, kh, kw)[:, :, ::-1, ::-1]"),
        ),
        mistake(
            "maps and channels exchanged",
            "The gradient has the layout of kernels: first the map, then the channel. What has yours?",
            (".reshape(M, C, kh, kw)", ".reshape(M, C, kh, kw).swapaxes(0, 1)"),
        ),
    ),
    asks="the sum over the positions",
    calls={"convolve": (0, 60)},  # once for each weight is too often
)


def sent(n: int, M: int, C: int, rows: int, columns: int, kh: int, kw: int, dtype: Any = float) -> Draw:
    return lambda r: (normal(r, n, M, rows, columns, dtype=dtype), normal(r, M, C, kh, kw, dtype=dtype))


CONV_BACKWARD = Item(
    "conv-backward",
    "conv_backward",
    (
        group("one image, one channel, one map", 1, sent(1, 1, 1, 3, 4, 2, 3), sent(1, 1, 1, 4, 4, 3, 3)),
        group("several maps", 1, sent(1, 3, 3, 4, 3, 2, 2), sent(1, 2, 2, 3, 4, 3, 2)),
        group(
            "other numbers of maps and channels",
            1,
            sent(1, 3, 2, 4, 4, 3, 2),
            sent(1, 1, 3, 3, 5, 2, 2),
            sent(1, 4, 1, 3, 3, 2, 2),
        ),
        group(
            "a batch, one unit alone, and float32",
            1,
            sent(3, 2, 3, 4, 3, 2, 3),
            sent(2, 3, 2, 1, 1, 3, 3),
            sent(2, 2, 2, 4, 4, 2, 2, f32),
        ),
    ),
    (
        mistake(
            "kernel not turned",
            "A unit sends its upper left weight to the upper left pixel of its window. Try one unit alone.",
            ("kernels[:, :, ::-1, ::-1]", "kernels"),
        ),
        mistake(
            "only the rows of the kernel turned",
            "There is a minus sign in p - i, and one in q - j. What does each of them turn?",
            ("[:, :, ::-1, ::-1]", "[:, :, ::-1]"),
        ),
        mistake(
            "no zeros around delta",
            "The result has as many pixels as z. Which units see the pixel in the corner?",
            ("np.pad(delta, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))", "delta"),
        ),
        mistake(
            "zeros on one side only",
            "The pixel (p, q) gets something from the units (p - i, q - j). On which sides can these lie outside?",
            ("(kh - 1, kh - 1), (kw - 1, kw - 1)", "(0, 2 * kh - 2), (0, 2 * kw - 2)"),
        ),
        mistake(
            "maps and channels not exchanged",
            "The way back sums over the maps, and has a result for each channel. Which axis of kernels is which?",
            (".swapaxes(0, 1)", ""),
        ),
        mistake(
            "only the first map sends",
            "A pixel is seen by the units of all maps. Which sum of the equation is missing?",
            ("convolve(around, turned,", "convolve(around[:, :1], turned[:, :1],"),
        ),
        mistake(
            "mean taken",
            "delta belongs to one observation, and so does dE_i/dz. Where is the mean taken, and how often?",
            ("np.zeros(len(turned)))", "np.zeros(len(turned))) / len(delta)"),
        ),
    ),
    asks="one of the two ways that it shows",
    calls={"convolve": (0, 40)},  # once for each pixel is too often
)


def maps(n: int, C: int, H: int, W: int, k: int, shift: float = 0, dtype: Any = float) -> Draw:
    return lambda r: (normal(r, n, C, H, W, dtype=dtype) + dtype(shift), k)


MAX_POOL = Item(
    "max-pooling",
    "max_pool",
    (
        group("windows of 2 by 2, positive values", 1, maps(1, 1, 4, 6, 2, 9), maps(3, 2, 6, 4, 2, 9)),
        group(
            "other windows, rows left over, negative values",
            1,
            maps(2, 2, 6, 9, 3),
            maps(2, 3, 5, 7, 2, -9),
            maps(1, 2, 7, 8, 3, -9, f32),
        ),
    ),
    (
        mistake(
            "mean in place of the maximum",
            "Max pooling passes on the largest value. What does average pooling pass on?",
            ("windows.max", "windows.mean"),
        ),
        mistake(
            "windows that are no windows",
            "After a reshape, which units stand together? Number the units of a 4 by 4 map, and look.",
            ("rows, k, columns, k)", "rows, columns, k, k)"),
            ("axis=(3, 5)", "axis=(4, 5)"),
        ),
        mistake(
            "maximum that starts at 0",
            "The values may be negative. What is the largest of -3 and -1?",
            ("axis=(3, 5)", "axis=(3, 5), initial=0"),
        ),
        mistake(
            "windows that overlap",
            "The windows lie side by side. By how much does a window move?",
            (
                "windows.max(axis=(3, 5))",
                "np.max([z[:, :, i : H - k + 1 + i, j : W - k + 1 + j] for i in range(k) for j in range(k)], axis=0)",
            ),
        ),
        mistake(
            "windows that are not full",
            "Rows and columns that fill no window are left out. How many whole windows fit?",
            ("H // k, W // k", "-(-H // k), -(-W // k)"),
            (
                "z[:, :, : rows * k, : columns * k]",
                "np.pad(z, ((0, 0), (0, 0), (0, rows * k - H), (0, columns * k - W)), constant_values=-np.inf)",
            ),
        ),
        mistake(
            "k ignored",
            "The size of the window is an argument. What happens with windows of 3 by 3?",
            ("    rows, columns", "    k = 2\n    rows, columns"),
        ),
    ),
)


def pooled(
    n: int, C: int, rows: int, columns: int, k: int, left: int = 0, ties: bool = False, dtype: Any = float
) -> Draw:
    """delta, z and k; `left` rows and columns are in no window; with ties, z holds the numbers 0, 1, 2."""

    def draw(r: Rng) -> tuple[Any, ...]:
        shape = n, C, rows * k + left, columns * k + left
        z = r.integers(3, size=shape).astype(dtype) if ties else normal(r, *shape, dtype=dtype)
        return normal(r, n, C, rows, columns, dtype=dtype), z, k

    return draw


MAX_POOL_BACKWARD = Item(
    "max-pooling-backward",
    "max_pool_backward",
    (
        group("one map, windows of 2 by 2", 1, pooled(1, 1, 2, 3, 2), pooled(1, 1, 3, 2, 2)),
        group(
            "several images and maps, rows left over", 1, pooled(3, 2, 2, 2, 3, 1), pooled(2, 3, 2, 3, 2, 1, dtype=f32)
        ),
        group("equal values", 2, pooled(2, 2, 3, 2, 2, ties=True), pooled(1, 2, 2, 2, 3, 2, ties=True)),
    ),
    (
        mistake(
            "delta to every maximum",
            "If two units are equally large, is the sum of what they get still delta?",
            ("np.arange(k * k) == first[..., None]", "values == values.max(axis=4, keepdims=True)"),
        ),
        mistake(
            "delta shared among equal maxima",
            "The task says who gets the delta if several units are equally large. Who is it?",
            (
                "np.arange(k * k) == first[..., None]",
                "(lambda equal: equal / equal.sum(axis=4, keepdims=True))(values == values.max(axis=4, keepdims=True))",
            ),
        ),
        mistake(
            "delta to the last maximum",
            "Of several equal units the first one gets the delta. In which order are they looked at?",
            ("values.argmax(axis=4)", "k * k - 1 - values[..., ::-1].argmax(axis=4)"),
        ),
        mistake(
            "delta spread evenly",
            "Equal shares belong to average pooling. On which units does a maximum depend?",
            ("np.arange(k * k) == first[..., None]", "np.full(values.shape, 1 / (k * k))"),
        ),
        mistake(
            "delta to the upper left unit",
            "Where in the window is the maximum? The way back has to look at z again.",
            ("values.argmax(axis=4)", "0 * values.argmax(axis=4)"),
        ),
        mistake(
            "the maximum itself in place of delta",
            "z says where something arrives. What says how much arrives?",
            ("chosen * delta[..., None]", "chosen * values"),
        ),
        mistake(
            "units in no window left out",
            "dE/dz has an entry for each unit of z. What is it for a unit that no window looks at?",
            ("return dz", "return dz[:, :, : rows * k, : columns * k]"),
        ),
    ),
    asks="the place of each maximum",
    calls={"max_pool": (0, 40)},  # once for each pixel is too often
    formula=True,
)


def network(
    rng: Rng, n: int, C: int, H: int, W: int, M1: int, M2: int, K: int, dtype: Any = float, bias: float = 1
) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights with windows of 3 by 2 and then 2 by 2, and images; with bias=0 all biases are 0."""
    kernels1, kernels2 = normal(rng, M1, C, 3, 2) / 2, normal(rng, M2, M1, 2, 2) / 2
    units = M2 * ((H - 2) // 2 - 1) * ((W - 1) // 2 - 1)
    beta = normal(rng, K, 1 + units) / np.sqrt(units)
    beta[:, 0] *= bias
    weights = [kernels1, bias * normal(rng, M1) / 2, kernels2, bias * normal(rng, M2) / 2, beta]
    return [w.astype(dtype) for w in weights], normal(rng, n, C, H, W, dtype=dtype)


def passes(*sizes: int, dtype: Any = float, bias: float = 1) -> Draw:
    return lambda r: network(r, *sizes, dtype=dtype, bias=bias)  # type: ignore[misc]


FORWARD = Item(
    "cnn-forward",
    "forward",
    (
        group("one image, one map, no biases", 1, *(2 * [passes(1, 1, 6, 7, 1, 1, 2, bias=0)])),
        group("several images and maps", 1, passes(3, 1, 8, 7, 2, 3, 4), passes(4, 1, 6, 9, 3, 2, 2)),
        group(
            "several channels, odd sizes, and float32",
            1,
            passes(2, 3, 9, 8, 2, 2, 3),
            passes(3, 2, 8, 8, 2, 3, 2, dtype=f32),
        ),
    ),
    (
        mistake(
            "no ReLU",
            "Without the ReLU two convolutions are one linear layer. What are z1 and z2?",
            ("np.maximum(a1, 0)", "a1"),
            ("np.maximum(a2, 0)", "a2"),
        ),
        mistake(
            "pooling before the ReLU",
            "The task pools z1. In which of your lines does pooled get a window that is all negative?",
            ("max_pool(z1, 2)", "max_pool(a1, 2)"),
        ),
        mistake(
            "dense layer on a2",
            "The dense layer gets what the second ReLU passes on. Which array is that?",
            ("z2.reshape(len(X), -1)", "a2.reshape(len(X), -1)"),
        ),
        mistake(
            "bias of the dense layer left out",
            "Column 0 of beta belongs to z_0 = 1. Where does it enter?",
            ("beta[:, 0] + flat", "flat"),
        ),
        mistake(
            "bias of the dense layer in the last column",
            "The bias is column 0 of beta, in the whole course.",
            ("beta[:, 0] + flat @ beta[:, 1:].T", "beta[:, -1] + flat @ beta[:, :-1].T"),
        ),
        mistake(
            "observations mixed",
            "A row of the flattened array belongs to one image. Which numbers stand in its first row?",
            ("z2.reshape(len(X), -1)", "z2.reshape(-1, len(X)).T"),
        ),
        mistake(
            "maps flattened last",
            "Map by map, and in each map row by row: that is NumPy's own order. What has been moved before?",
            ("z2.reshape(len(X), -1)", "z2.transpose(0, 2, 3, 1).reshape(len(X), -1)"),
        ),
    ),
)


def problems(n: int, *sizes: int, dtype: Any = float) -> Draw:
    return lambda r: (*network(r, n, *sizes, dtype=dtype), one_hot(r, n, sizes[-1], dtype))  # type: ignore[misc]


def black(n: int, *sizes: int) -> Draw:
    """Black images and no biases: every pre-activation of both convolutions is 0."""

    def draw(r: Rng) -> tuple[Any, ...]:
        weights, X = network(r, n, *sizes, bias=0)  # type: ignore[misc]
        return weights, 0 * X, one_hot(r, n, sizes[-1])

    return draw


PROBLEMS = (problems(3, 1, 8, 7, 2, 3, 4), problems(4, 2, 9, 8, 3, 2, 3), problems(3, 2, 8, 8, 2, 3, 2, dtype=f32))

GRADIENT = Item(
    "cnn-gradient",
    "gradient",
    (
        group("the dense layer", 1, *PROBLEMS, part=lambda g: g[4]),
        group("the second convolution", 1, *PROBLEMS, part=lambda g: g[2:4]),
        group("the first convolution", 1, *PROBLEMS, part=lambda g: g[:2]),
        group("one image", 1, problems(1, 2, 8, 7, 2, 3, 3)),
        group("black images, where a is 0", 1, black(2, 1, 6, 7, 2, 2, 3)),
    ),
    (
        mistake(
            "no slope of the ReLU",
            "Each ReLU lies on the way back, too. What does it let through?",
            (" * (a2 > 0)", ""),
            (" * (a1 > 0)", ""),
        ),
        mistake(
            "slope of the first ReLU missing",
            "After the pooling the way back leads through the first ReLU. What does it let through?",
            (" * (a1 > 0)", ""),
        ),
        mistake(
            "slope 1 at a = 0",
            "At a = 0 the ReLU has no derivative, and the task chooses one. Which one?",
            ("(a2 > 0)", "(a2 >= 0)"),
            ("(a1 > 0)", "(a1 >= 0)"),
        ),
        mistake(
            "mean taken twice",
            "conv_gradient takes the mean over the observations already. How often is it taken in dbeta?",
            ("delta = yhat - Y", "delta = (yhat - Y) / len(X)"),
        ),
        mistake(
            "sum over the observations in dbeta",
            "F is a mean, as a function of beta, too. By what is the sum over the images divided?",
            (" / len(X)", ""),
        ),
        mistake(
            "y - yhat",
            "The sign: does E grow or fall when a_k grows at yhat_k > y_k?",
            ("yhat - Y", "Y - yhat"),
        ),
        mistake(
            "delta past the second convolution",
            "What travels back through the second convolution is the delta at a2. Is the ReLU's mask on it already?",
            ("conv_backward(delta2, kernels2)", "conv_backward((delta @ beta[:, 1:]).reshape(z2.shape), kernels2)"),
        ),
    ),
    asks="backpropagation, which goes forward once",
    calls={"forward": (0, 24), "convolve": (0, 60)},  # once for each weight is too often
    formula=True,
)


def runs(k: int, alpha: float) -> Draw:
    return lambda r: (
        *problems(10, 1, 6, 7, 2, 2, 3)(r),
        [r.choice(10, size=size, replace=False) for size in r.integers(2, 6, size=k)],
        alpha,
    )


def small(images: np.ndarray) -> np.ndarray:
    """Images of 14 by 14: means over 2 by 2 pixels."""
    return images.astype(float).reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5))


def digits(rng: Rng) -> list[Case]:
    """Eight epochs on 400 of the training images, from 4 and 8 filters of 3 by 3."""
    data = mnist()
    weights = [
        normal(rng, 4, 1, 3, 3) / 2,
        np.zeros(4),
        normal(rng, 8, 4, 3, 3) / 4,
        np.zeros(8),
        np.hstack([np.zeros((10, 1)), normal(rng, 10, 128) / 11]),
    ]
    batches = [batch for _ in range(8) for batch in np.split(rng.permutation(400), 40)]
    return [Case((weights, small(data.X_train[:400]), data.Y_train[:400].astype(float), batches, 0.1))]


def reads_digits(weights: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if less than 65 % of the 1000 test images are read, or if it was no descent that got there.

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
    return None if accuracy >= 0.65 else f"{accuracy:.0%} of the test digits are read, at least 65% are asked for"


TRAIN = Item(
    "cnn-train",
    "train",
    (
        group("one step", 1, runs(1, 0.5), runs(1, 0.1)),
        group("several steps", 1, runs(4, 0.3)),
        Group("real digits", 1, digits, judge=reads_digits, deadline=60.0),
    ),
    (
        mistake(
            "step uphill",
            "The gradient points to where F grows. Which way does the step go?",
            ("w - alpha", "w + alpha"),
        ),
        mistake(
            "all rows in place of the batch",
            "A mini-batch step looks at the rows of its batch only.",
            ("X[batch], Y[batch]", "X, Y"),
        ),
        mistake(
            "sum over the batch in place of the mean",
            "gradient is the mean over the batch already. What multiplies it again?",
            ("w - alpha * dw", "w - alpha * len(batch) * dw"),
        ),
        mistake(
            "returned inside the loop",
            "How many batches does the function see before it returns?",
            ("    return weights", "        return weights"),
        ),
        mistake(
            "gradient taken at the first weights",
            "Each step starts where the one before ended, and takes its gradient there.",
            ("    for batch in batches:", "    start = weights\n    for batch in batches:"),
            ("gradient(weights,", "gradient(start,"),
        ),
    ),
)

ITEMS: Sequence[Item] = (
    LAYER_SIZE,
    PATCHES,
    CONVOLVE,
    CONV_GRADIENT,
    CONV_BACKWARD,
    MAX_POOL,
    MAX_POOL_BACKWARD,
    FORWARD,
    GRADIENT,
    TRAIN,
)
