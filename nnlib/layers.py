"""Layers: an equation and its two derivatives, nothing else.

``forward(z) -> (z_next, cache)``; ``backward(delta, cache)`` is dE/dz from delta = dE/dz_next;
``gradient(delta, cache)`` writes dE/dβ into the layer's slice of the network's `g`. The cache is explicit and nothing
is added up, so a second backward pass gives the same answer.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import activations
from .activations import Function
from .backend import Array, move, namespace

Shape = tuple[int, ...]


class Layer:
    """One step of the network function. A layer without weights needs only `forward` and `backward`."""

    n_weights = 0

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

    def backward(self, delta: Array, cache: Any) -> Array:
        """dE/dz from delta = dE/dz_next."""
        raise NotImplementedError

    def gradient(self, delta: Array, cache: Any) -> None:
        """Write dE/dβ, summed over the observations."""


def glorot(rng: np.random.Generator, outputs: int, inputs: int) -> Any:
    """Normal with variance 2 / (inputs + outputs), which keeps the size of z and of delta (Glorot & Bengio 2010)."""
    return rng.standard_normal((outputs, inputs)) * math.sqrt(2 / (inputs + outputs))


def he(rng: np.random.Generator, outputs: int, inputs: int) -> Any:
    """Normal with variance 2 / inputs: ReLU passes half of the variance on (He et al. 2015)."""
    return rng.standard_normal((outputs, inputs)) * math.sqrt(2 / inputs)


class Dense(Layer):
    """a = β [1, z]: unit t sums its inputs, a_t = Σ_s β_ts z_s with z_0 = 1 (lecture, Network Function).

    Parameters
    ----------
    outputs : int
        Number of units.
    init : callable, optional
        ``init(rng, outputs, inputs)`` draws the weights without the biases; biases start at zero.

    Attributes
    ----------
    beta, dbeta : array (outputs, 1 + inputs)
        Weights and dE/dβ, views of the network's `w` and `g`; column 0 is the bias.
    """

    def __init__(self, outputs: int, init: Callable[[np.random.Generator, int, int], Any] = glorot) -> None:
        if outputs < 1:
            raise ValueError(f"Dense: outputs must be at least 1, got {outputs}")
        self.outputs, self.init = outputs, init

    def settings(self) -> dict[str, Any]:
        return {"outputs": self.outputs}

    def build(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(
                f"{self!r} expects a vector for each observation, shape (inputs,), got shape {shape}; flatten it first"
            )
        self.inputs = shape[0]
        self.n_weights = self.outputs * (1 + self.inputs)
        return (self.outputs,)

    def bind(self, w: Array, g: Array, rng: np.random.Generator) -> None:
        self.beta = w.reshape(self.outputs, 1 + self.inputs)
        self.dbeta = g.reshape(self.outputs, 1 + self.inputs)
        self.beta[:, 1:] = move(self.init(rng, self.outputs, self.inputs), like=w)
        self.beta[:, 0] = 0

    def forward(self, z: Array) -> tuple[Array, Array]:
        a = z @ self.beta[:, 1:].T
        a += self.beta[:, 0]
        return a, z

    def backward(self, delta: Array, cache: Array) -> Array:
        return delta @ self.beta[:, 1:]  # Σ_u δ_u β_ut (equation delta-hidden, before h')

    def gradient(self, delta: Array, cache: Array) -> None:
        z = cache
        # ∂E/∂β_ts = δ_t z_s (equation gradient-component)
        namespace(z).matmul(delta.T, z, out=self.dbeta[:, 1:])
        self.dbeta[:, 0] = delta.sum(axis=0)  # z_0 = 1

    def __repr__(self) -> str:
        return f"Dense({self.outputs})"


class Activation(Layer):
    """z = h(a), element by element; backward multiplies by h'(a) (equation delta-hidden).

    Parameters
    ----------
    h : str or nnlib.activations.Function
        "sigmoid", "tanh", "relu" or "identity".
    """

    def __init__(self, h: str | Function) -> None:
        self.h = activations.get(h)

    def settings(self) -> dict[str, Any]:
        return {"h": self.h.name}

    def forward(self, z: Array) -> tuple[Array, Array]:
        z = self.h(z)
        return z, z

    def backward(self, delta: Array, cache: Array) -> Array:
        return self.h.pull(delta, cache)

    def __repr__(self) -> str:
        return f"Activation({self.h.name!r})"
