"""The activation functions of the lecture, each with its derivative.

An activation is called like a function, ``z = h(a)``. Its two derivatives serve two readers: ``h.derivative(a)`` is the
h'(a) of the slides; ``h.vjp(delta, z)`` is what backpropagation needs, dE/da from dE/dz, written in the value z = h(a)
that the forward pass has already computed.
"""

import numpy as np

from .backend import Array, namespace, row_max
from .validation import one_of

__all__ = ["Function", "get", "identity", "relu", "sigmoid", "softmax", "tanh"]


class Function:
    """z = h(a). Subclasses give the value, h'(a), and h'(a) written in z."""

    name = ""

    def __call__(self, a: Array) -> Array:
        """z = h(a), element by element (softmax: row by row)."""
        raise NotImplementedError

    def derivative(self, a: Array) -> Array:
        """h'(a), element by element."""
        return self.slope(self(a))

    def slope(self, z: Array) -> Array:
        """h'(a) written in the value z = h(a)."""
        raise NotImplementedError

    def vjp(self, delta: Array, z: Array) -> Array:
        """dE/da = h'(a) dE/dz, for delta = dE/dz: the vector-Jacobian product of h."""
        return delta * self.slope(z)

    def __repr__(self) -> str:
        return self.name


class Identity(Function):
    """h(a) = a, h'(a) = 1."""

    name = "identity"

    def __call__(self, a: Array) -> Array:
        return a

    def slope(self, z: Array) -> Array:
        return namespace(z).ones_like(z)

    def vjp(self, delta: Array, z: Array) -> Array:
        return delta


class Sigmoid(Function):
    """h(a) = 1 / (1 + exp(-a)), h'(a) = z (1 - z) (equation sigmoid), at most 1/4 (equation sigmoid-slope).

    Where exp(-a) overflows to infinity, the quotient is 0: that is h(a), rounded.
    """

    name = "sigmoid"

    def __call__(self, a: Array) -> Array:
        with np.errstate(over="ignore"):
            e = namespace(a).exp(-a)
        e += 1
        return 1 / e

    def slope(self, z: Array) -> Array:
        return z * (1 - z)


class Tanh(Function):
    """h(a) = tanh(a), h'(a) = 1 - z² (equation tanh); tanh(a) = 2 sigmoid(2a) - 1 (equation tanh-sigmoid)."""

    name = "tanh"

    def __call__(self, a: Array) -> Array:
        return namespace(a).tanh(a)

    def slope(self, z: Array) -> Array:
        return 1 - z * z


class ReLU(Function):
    """h(a) = max{0, a}, h'(a) = 1 for a > 0, else 0 (equation relu).

    At a = 0 any value in [0, 1] is a subgradient; here 0.
    """

    name = "relu"

    def __call__(self, a: Array) -> Array:
        return a.clip(min=0)

    def slope(self, z: Array) -> Array:
        return (z > 0) * namespace(z).ones_like(z)

    def vjp(self, delta: Array, z: Array) -> Array:
        return delta * (z > 0)


class Softmax(Function):
    """σ(a)_k = exp(a_k) / Σ_j exp(a_j), for each row (equation softmax).

    Subtracting max_j a_j first changes nothing (equation softmax-shift) but overflow.

    Its Jacobian diag(ŷ) - ŷ ŷᵀ (equation softmax-jacobian) is not diagonal, so there is no h'(a) element by
    element: use `vjp`.
    """

    name = "softmax"

    def __call__(self, a: Array) -> Array:
        e = namespace(a).exp(a - row_max(a))
        e /= e.sum(axis=-1, keepdims=True)
        return e

    def slope(self, z: Array) -> Array:
        raise TypeError(
            "softmax mixes all units of a row, so it has no derivative element by element; use softmax.vjp(delta, z)"
        )

    def vjp(self, delta: Array, z: Array) -> Array:
        return z * (delta - (delta * z).sum(axis=-1, keepdims=True))


identity, sigmoid, tanh, relu, softmax = Identity(), Sigmoid(), Tanh(), ReLU(), Softmax()
by_name: dict[str, Function] = {f.name: f for f in (identity, sigmoid, tanh, relu, softmax)}


def get(h: "str | Function", name: str = "activation") -> Function:
    """The activation of that name, or `h` itself.

    Raises
    ------
    ValueError
        The name is none of the lecture's activations.
    """
    if isinstance(h, Function):
        return h
    return by_name[one_of(name, h, by_name, " (or a nnlib.activations.Function)")]
