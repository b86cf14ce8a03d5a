"""Layers: an equation and its two derivatives, nothing else.

``forward(z) -> (z_next, cache)``; ``backward(delta, cache)`` is dE/dz from delta = dE/dz_next;
``gradient(delta, cache)`` writes dE/dβ into the layer's slice of the network's `g`. The cache is explicit and nothing
is added up, so a second backward pass gives the same answer.

Images have shape (n, C, H, W): observations, channels, rows, columns. Convolution and pooling lay them out in memory
with the observations last, so that a window that slides is a few long runs of numbers; nobody else needs to know.
"""

import itertools
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from . import activations
from .activations import Function
from .backend import Array, empty, is_tensor, move, namespace
from .initializers import Initializer, checked, glorot_normal
from .validation import Named, absent, number, refused, setting, shown, whole, write

__all__ = ["Activation", "AvgPool2D", "Conv2D", "Dense", "Dropout", "Flatten", "Layer", "MaxPool2D", "Weighted"]

Shape = tuple[int, ...]
UNBOUND = "it comes with the network that the layer is given to: Network([...], error, input_shape)"
CACHE = 2**18  # numbers that a core keeps at hand: 1 MiB in float32


class Layer(Named):
    """One step of the network function. A layer without weights needs only `forward` and `backward`."""

    n_weights = 0
    reusable = False  # True where nothing of the network is kept, so that one object may stand at several places
    place: object = None  # the mark of the network that the layer is in
    trainable = refused("fit trains all weights; a layer cannot be frozen")

    def build(self, shape: Shape) -> Shape:
        """Take the shape of one observation that comes in, return the shape that goes out.

        Raises
        ------
        ValueError
            The layer cannot take this shape.
        """
        return shape

    def settings(self) -> dict[str, Any]:
        """The arguments that make this layer again, as JSON values: `Network.save` stores them."""
        return {}

    def bind(self, w: Array, g: Array, rng: np.random.Generator) -> None:
        """Take views of the layer's slices of `w` and `g`, and draw initial weights."""

    def forward(self, z: Array) -> tuple[Array, Any]:
        """z -> (z_next, cache); the first axis counts observations."""
        raise NotImplementedError

    def forward_train(self, z: Array, rng: np.random.Generator) -> tuple[Array, Any]:
        """`forward` while training: what the layer draws at random comes from `rng`.

        A first layer that corrupts its inputs here and nowhere else makes a denoising autoencoder (equation denoising).
        """
        return self.forward(z)

    def backward(self, delta: Array, cache: Any) -> Array:
        """dE/dz from delta = dE/dz_next."""
        raise NotImplementedError

    def gradient(self, delta: Array, cache: Any) -> None:
        """Write dE/dβ, summed over the observations."""

    def __getstate__(self) -> dict[str, Any]:
        """A copy is in no network: it has the arguments, and gets views of weights from the network that takes it."""
        return {name: value for name, value in vars(self).items() if name not in ("place", "beta", "dbeta")}


class Weighted(Layer):
    """A layer with weights: `outputs` units, or maps, each with a bias and `inputs` weights.

    Attributes
    ----------
    beta, dbeta : array (outputs, 1 + inputs)
        Weights and dE/dβ, views of the network's `w` and `g`; column 0 is the bias.
    """

    outputs: int
    inputs: int = absent(UNBOUND)
    init: Initializer = setting(checked)
    fan_out: int
    beta: Array = absent(UNBOUND)
    dbeta: Array = absent(UNBOUND)
    fixed: ClassVar[tuple[str, ...]] = ("outputs",)

    @property
    def n_weights(self) -> int:  # type: ignore[override]
        """Number of weights and biases (equation weight-count, one layer of it)."""
        return self.outputs * (1 + self.inputs)

    def bind(self, w: Array, g: Array, rng: np.random.Generator) -> None:
        shape = (self.outputs, 1 + self.inputs)
        object.__setattr__(self, "beta", w.reshape(shape))
        object.__setattr__(self, "dbeta", g.reshape(shape))
        self.beta[:, 0] = 0
        write(
            f"{self!r}: init",
            self.beta[:, 1:],
            self.init(rng, (self.outputs, self.inputs), self.inputs, self.fan_out),
        )

    def __setattr__(self, name: str, value: Any) -> None:
        """``layer.beta = B`` writes the numbers into the network's `w`, of which `beta` is a view."""
        if name in ("beta", "dbeta") and hasattr(self, name):
            write(name, getattr(self, name), value)
        else:
            super().__setattr__(name, value)


class Dense(Weighted):
    """a = β [1, z]: unit t sums its inputs, a_t = Σ_s β_ts z_s with z_0 = 1 (lecture, Network Function).

    The cache is [1, z], an observation in each row.

    Parameters
    ----------
    outputs : int
        Number of units.
    init : callable, optional
        One of `nnlib.initializers`; biases start at zero.
    """

    def __init__(self, outputs: int, init: Initializer = glorot_normal) -> None:
        self.outputs, self.init = whole("Dense: outputs", outputs), init
        self.fan_out = outputs

    def settings(self) -> dict[str, Any]:
        return {"outputs": self.outputs}

    def build(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(
                f"{self!r} expects a vector for each observation, shape (inputs,), got shape {shape}; "
                "put Flatten() before it"
            )
        self.inputs = shape[0]
        return (self.outputs,)

    def forward(self, z: Array) -> tuple[Array, Array]:
        one_z = empty((len(z), 1 + self.inputs), like=z)
        one_z[:, 0], one_z[:, 1:] = 1, z  # z_0 = 1 (equation network-function-absorbed)
        # equation hidden-unit; equation forward-matrix, observations in rows
        return one_z @ self.beta.T, one_z

    def backward(self, delta: Array, cache: Array) -> Array:
        # Σ_u δ_u β_ut (equation delta-hidden, before h')
        return delta @ self.beta[:, 1:]

    def gradient(self, delta: Array, cache: Array) -> None:
        # ∂E/∂β_ts = δ_t z_s (equation gradient-component)
        namespace(delta).matmul(delta.T, cache, out=self.dbeta)

    def __repr__(self) -> str:
        return f"Dense({self.outputs})"


class Activation(Layer):
    """z = h(a), element by element; backward multiplies by h'(a) (equation delta-hidden).

    Parameters
    ----------
    h : str or nnlib.activations.Function
        "sigmoid", "tanh", "relu" or "identity".
    """

    reusable = True
    h: Any = setting(lambda name, h: activations.get(h, "Activation: h"))

    def __init__(self, h: str | Function) -> None:
        self.h = h

    def settings(self) -> dict[str, Any]:
        return {"h": self.h.name}

    def forward(self, z: Array) -> tuple[Array, Array]:
        z = self.h(z)
        return z, z

    def backward(self, delta: Array, cache: Array) -> Array:
        return self.h.vjp(delta, cache)  # times D = diag(h'(a)) (equation delta-matrix)

    def __repr__(self) -> str:
        return f"Activation({self.h.name!r})"


class Flatten(Layer):
    """z with all of its numbers in one vector for each observation, in the order (C, H, W)."""

    reusable = True

    def build(self, shape: Shape) -> Shape:
        return (int(np.prod(shape)),)

    def forward(self, z: Array) -> tuple[Array, Shape]:
        return z.reshape(len(z), -1), tuple(z.shape)

    def backward(self, delta: Array, cache: Shape) -> Array:
        return delta.reshape(cache)

    def __repr__(self) -> str:
        return "Flatten()"


class Dropout(Layer):
    """z ⊙ m / (1 - p) with m_s = 0 with probability `p`, else 1: some units are deleted (lecture, Overfitting).

    The division keeps the mean of every z ("inverted" dropout), so that nothing needs to be scaled in `predict`, where
    no unit is dropped (Srivastava et al. 2014; their p is the fraction that is kept).

    Parameters
    ----------
    p : float
        The fraction of units that is dropped, in [0, 1).
    """

    reusable = True
    p: float = setting(
        lambda name, p: number("Dropout: p", p, "the fraction that is dropped, in [0, 1)", lambda x: 0 <= x < 1)
    )

    def __init__(self, p: float) -> None:
        self.p = p

    def settings(self) -> dict[str, Any]:
        return {"p": self.p}

    def forward(self, z: Array) -> tuple[Array, float]:
        return z, 1.0

    def forward_train(self, z: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """z ⊙ m / (1 - p) (equation dropout): mean z, variance z² p / (1 - p) (equation dropout-moments)."""
        m = move(rng.random(tuple(z.shape)) >= self.p, like=z)
        m /= 1 - self.p
        return z * m, m

    def backward(self, delta: Array, cache: Array) -> Array:
        return delta * cache

    def __repr__(self) -> str:
        return f"Dropout({self.p:g})"


class _Sliding(Layer):
    """A window that slides over an image: what convolution and pooling share."""

    fixed: ClassVar[tuple[str, ...]] = ("size", "stride", "padding")
    input: Shape = absent(UNBOUND)
    positions: Shape = absent(UNBOUND)

    def __init__(
        self, size: int | tuple[int, int], stride: int | tuple[int, int], padding: int | tuple[int, int] = 0
    ) -> None:
        name = type(self).__name__
        self.size, self.stride = _pair(f"{name}: size", size), _pair(f"{name}: stride", stride)
        self.padding = _pair(f"{name}: padding", padding, least=0)

    def build(self, shape: Shape) -> Shape:
        """(C, H, W) -> (C, H', W') with H' = ⌊(H + 2 P - k) / s⌋ + 1 positions (equation output-size)."""
        if len(shape) != 3:
            raise ValueError(f"{self!r} expects an image, shape (C, H, W), for each observation, got shape {shape}")
        if any(side + 2 * p < k for side, p, k in zip(shape[1:], self.padding, self.size, strict=True)):
            raise ValueError(f"{self!r} expects an image of at least {self.size[0]}×{self.size[1]}, got shape {shape}")
        self.input = shape
        self.positions = tuple(
            (side + 2 * p - k) // s + 1
            for side, p, k, s in zip(shape[1:], self.padding, self.size, self.stride, strict=True)
        )
        return (shape[0], *self.positions)

    def windows(self, z: Array) -> Iterator[Array]:
        """For each place (i, j) in the window, row by row: what lies there in `z` (C, H, W, n), at every position."""
        (h, w), (sh, sw) = self.positions, self.stride
        for i, j in itertools.product(*map(range, self.size)):
            yield z[:, i : i + sh * h : sh, j : j + sw * w : sw]

    def _window(self, stride: tuple[int, int] = (1, 1)) -> str:
        text = _short(self.size)
        if self.stride != stride:
            text += f", stride={_short(self.stride)}"
        if self.padding != (0, 0):
            text += f", padding={_short(self.padding)}"
        return text


class Conv2D(_Sliding, Weighted):
    """a_m(r, c) = β_m0 + Σ_d Σ_i Σ_j β_m,dij z_d(r + i, c + j): one unit, moved over the image (lecture, CNN).

    For one channel and one map it is equation convolution, for several equation convolution-channels. M maps have
    M (C kh kw + 1) weights and biases (equation filter-count), and a shift of z shifts a (equation equivariance).
    Every position of map m has the same weights and bias, so this is the dense equation on patches: with the patch of
    each position as a column, a = β [1, patches]. The kernel is not flipped (cross-correlation, as on the slides).
    With a stride s the position (r, c) begins at row s r and column s c; padding adds zeros on each side.

    Parameters
    ----------
    maps : int
        Number of feature maps.
    size : int or (int, int)
        Rows and columns of the kernel.
    stride : int or (int, int)
        How far the kernel moves from one position to the next.
    padding : int or (int, int)
        Rows and columns of zeros on each side.
    init : callable, optional
        One of `nnlib.initializers`; biases start at zero.

    Attributes
    ----------
    beta, dbeta : array (maps, 1 + C · kh · kw)
        Weights and dE/dβ, views of the network's `w` and `g`; column 0 is the bias, then (C, kh, kw) in this order.
    """

    fixed: ClassVar[tuple[str, ...]] = ("outputs", "size", "stride", "padding")

    def __init__(
        self,
        maps: int,
        size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        init: Initializer = glorot_normal,
    ) -> None:
        super().__init__(size, stride, padding)
        self.outputs, self.init = whole("Conv2D: maps", maps), init

    def settings(self) -> dict[str, Any]:
        return {"maps": self.outputs, "size": self.size, "stride": self.stride, "padding": self.padding}

    def build(self, shape: Shape) -> Shape:
        super().build(shape)
        self.inputs = shape[0] * self.size[0] * self.size[1]
        self.fan_out = self.outputs * self.size[0] * self.size[1]
        return (self.outputs, *self.positions)

    def patches(self, z: Array, rows: slice) -> Array:
        """(C, H, W, n) -> [1, patches], (1 + C · kh · kw, rows · w · n): a column for each position in these rows."""
        windows = [window[:, rows] for window in self.windows(z)]
        shape = windows[0].shape
        patches = empty((1 + self.inputs, *shape[1:]), like=z)
        patches[0] = 1  # z_0 = 1
        by_channel = patches[1:].reshape(shape[0], len(windows), *shape[1:])
        for place, window in enumerate(windows):
            by_channel[:, place] = window
        return _flat(patches)

    def strips(self, z: Array) -> Iterator[slice]:
        """Rows of positions whose patches fit into a processor's cache together; a GPU takes all at once.

        The equations hold for all positions at once, that is for one strip; so made, an epoch of the benchmark's
        convolutional network takes 1.12 times as long.
        """
        h, w = self.positions
        step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1]))
        return (slice(r, min(r + step, h)) for r in range(0, h, step))

    def forward(self, z: Array) -> tuple[Array, Array]:
        z = self._padded(z)
        a = empty((self.outputs, *self.positions, z.shape[-1]), like=z)
        for rows in self.strips(z):
            # a = β [1, patches] (equation conv-patches)
            namespace(z).matmul(self.beta, self.patches(z, rows), out=_flat(a[:, rows]))
        return _first(a), z

    def backward(self, delta: Array, cache: Array) -> Array:
        z, delta = cache, _last(delta)
        (C, H, W), (ph, pw) = self.input, self.padding
        dz = namespace(z).zeros_like(z)
        for rows in self.strips(z):
            columns = self.beta[:, 1:].T @ _flat(delta[:, rows])
            columns = columns.reshape(C, -1, *delta[:, rows].shape[1:])
            for place, window in enumerate(self.windows(dz)):
                # a pixel gets something from every patch that it is in (equation conv-backward)
                window[:, rows] += columns[:, place]
        return _first(dz[:, ph : ph + H, pw : pw + W])

    def gradient(self, delta: Array, cache: Array) -> None:
        z, delta = cache, _last(delta)
        # every position adds its δ_t z_s to the weights that it shares (equation conv-gradient)
        self.dbeta[:] = sum(self.patches(z, rows) @ _flat(delta[:, rows]).T for rows in self.strips(z)).T

    def _padded(self, z: Array) -> Array:
        """(n, C, H, W) -> (C, H + 2 ph, W + 2 pw, n), zeros around the image, each row of pixels in one run."""
        (C, H, W), (ph, pw) = self.input, self.padding
        padded = empty((C, H + 2 * ph, W + 2 * pw, len(z)), like=z)
        if ph or pw:
            padded[:] = 0
        padded[:, ph : ph + H, pw : pw + W] = _last(z)
        return padded

    def __repr__(self) -> str:
        return f"Conv2D({self.outputs}, {self._window()})"


class _Pool(_Sliding):
    """A window for each position, none overlapping another unless the stride says so."""

    def __init__(self, size: int | tuple[int, int], stride: int | tuple[int, int] | None = None) -> None:
        super().__init__(size, size if stride is None else stride)

    def settings(self) -> dict[str, Any]:
        return {"size": self.size, "stride": self.stride}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._window(stride=self.size)})"


class MaxPool2D(_Pool):
    """The largest value in each window (equation max-pooling; lecture, CNN).

    Delta goes to the first place that has it, row by row (equation max-pooling-backward).

    Parameters
    ----------
    size : int or (int, int)
        Rows and columns of the window.
    stride : int or (int, int), optional
        The size by default: windows side by side. Rows and columns that fill no window are left out.
    """

    def forward(self, z: Array) -> tuple[Array, Any]:
        z = _last(z)
        windows = self.windows(z)
        largest = next(windows) + 0
        for window in windows:
            namespace(z).maximum(largest, window, out=largest)
        return _first(largest), (z, largest)

    def backward(self, delta: Array, cache: Any) -> Array:
        xp, (z, largest), delta = namespace(delta), cache, _last(delta)
        dz = xp.zeros_like(z)
        waiting = xp.ones_like(largest, dtype=bool)
        for window, dwindow in zip(self.windows(z), self.windows(dz), strict=True):
            here = waiting & (window == largest)
            dwindow += delta * here
            waiting ^= here
        return _first(dz)


class AvgPool2D(_Pool):
    """The mean of each window (equation average-pooling); delta is shared out evenly.

    Parameters
    ----------
    size : int or (int, int)
        Rows and columns of the window.
    stride : int or (int, int), optional
        The size by default: windows side by side. Rows and columns that fill no window are left out.
    """

    def forward(self, z: Array) -> tuple[Array, Any]:
        z = _last(z)
        mean = sum(self.windows(z)) / (self.size[0] * self.size[1])
        return _first(mean), z

    def backward(self, delta: Array, cache: Any) -> Array:
        dz = namespace(delta).zeros_like(cache)
        share = _last(delta) / (self.size[0] * self.size[1])
        for dwindow in self.windows(dz):
            dwindow += share
        return _first(dz)


def _last(z: Array) -> Array:
    """(n, C, H, W) -> (C, H, W, n), a view."""
    return namespace(z).moveaxis(z, 0, -1)


def _first(z: Array) -> Array:
    """(C, H, W, n) -> (n, C, H, W), a view."""
    return namespace(z).moveaxis(z, -1, 0)


def _flat(z: Array) -> Array:
    """(maps, rows, w, n) -> (maps, rows · w · n)."""
    return z.reshape(len(z), -1)


def _pair(name: str, value: int | tuple[int, int], least: int = 1) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, tuple | list | np.ndarray) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name}: expected a whole number, or two for rows and columns, got {shown(value)}")
    rows, columns = (whole(name, side, least) for side in pair)
    return rows, columns


def _short(pair: tuple[int, int]) -> str:
    return str(pair[0] if pair[0] == pair[1] else pair)
