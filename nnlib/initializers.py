"""Initial weights: each draws an array of the given shape; biases start at zero.

A unit with `fan_in` inputs and `fan_out` uses keeps the size of z on the way forward where Var β = 1 / fan_in, and the
size of delta on the way back where Var β = 1 / fan_out (for h'(0) = 1). A convolution counts the weights that meet: its
fan_in is C · kh · kw, its fan_out is maps · kh · kw.
"""

import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from .validation import function, keywords, number

__all__ = ["glorot_normal", "glorot_uniform", "he_normal", "normal"]

Initializer: TypeAlias = Callable[[np.random.Generator, tuple[int, ...], int, int], Any]


def checked(name: str, init: Any) -> Initializer:
    """`init`, if it can be asked for weights."""
    expected = (
        "a function of nnlib.initializers, as glorot_normal or normal(0.01) "
        "(an activation is a layer of its own: Activation('relu') after it)"
    )
    function(name, init, expected)
    try:
        inspect.signature(init).bind("rng", "shape", "fan_in", "fan_out")
    except TypeError:
        raise ValueError(
            f"{name}: expected {expected}, called as init(rng, shape, fan_in, fan_out); "
            f"got {init.__name__}, which must be called first: {init.__name__}(...)"
        ) from None
    return init  # type: ignore[no-any-return]


@keywords
def normal(sd: float = 0.01) -> Initializer:
    """β ~ N(0, sd²), whatever the fans: too small vanishes, too large explodes (lecture, Vanishing Gradients).

    Parameters
    ----------
    sd : float
        Standard deviation, not negative.
    """
    number("sd", sd, "a standard deviation of at least 0", lambda x: 0 <= x < math.inf)
    return partial(_normal, sd)


def _normal(sd: float, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Any:
    return sd * rng.standard_normal(shape)


def glorot_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Any:
    """β ~ N(0, 2 / (fan_in + fan_out)), between the two demands: equation glorot-variance.

    (Glorot & Bengio 2010, section 4.2.1.)
    """
    return math.sqrt(2 / (fan_in + fan_out)) * rng.standard_normal(shape)


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Any:
    """β ~ U(-r, r) with r = √(6 / (fan_in + fan_out)): the same variance (Glorot & Bengio 2010, equation 16)."""
    r = math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-r, r, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Any:
    """β ~ N(0, 2 / fan_in), for ReLU passes half of the variance on: equation he-variance.

    (He et al. 2015, section 2.2.)
    """
    return math.sqrt(2 / fan_in) * rng.standard_normal(shape)
