"""Optimizers: each one is an equation on the flat vectors `w` and `g`.

An optimizer works on anything with `n`, `g(w, xi)` and, for gradient descent, `grad(w)`: a network's empirical risk or
a quadratic. α may be a number or a function of the iteration k = 1, 2, ...: `harmonic`, `step_decay` and `cosine` make
such functions.
"""

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from .backend import Array, namespace

Rate = float | Callable[[int], float]


class Objective(Protocol):
    """F(w) = (1/n) Σ E_i(w), as the analysis sees it."""

    @property
    def n(self) -> int:
        """Number of observations."""

    def F(self, w: Array) -> float:
        """The value."""

    def grad(self, w: Array) -> Array:
        """∇F(w)."""

    def g(self, w: Array, xi: Any) -> Array:
        """The stochastic gradient over the indices `xi`."""


class Optimizer:
    """w ← w + (a step made of g). Subclasses give `update`."""

    def __init__(self, alpha: Rate) -> None:
        if not callable(alpha) and not alpha > 0:
            raise ValueError(f"alpha: the learning rate must be positive, got {alpha}")
        self._alpha = alpha
        self.k = 0

    def alpha(self, k: int) -> float:
        """The learning rate α_k."""
        return self._alpha(k) if callable(self._alpha) else self._alpha

    def start(self, w: Array) -> None:
        """Forget the past: k = 0 and no momentum."""
        self.k = 0

    def step(self, w: Array, g: Array) -> None:
        """One iteration: change `w` in place, given the gradient or its estimate `g`."""
        self.k += 1
        self.update(w, g, self.alpha(self.k))

    def update(self, w: Array, g: Array, alpha: float) -> None:
        """The optimizer's equation."""
        raise NotImplementedError

    def minimize(
        self,
        objective: Objective,
        w: Array,
        iterations: int,
        batch_size: int | None = 1,
        replace: bool = True,
        seed: int = 0,
        callback: Callable[[int, Array], object] | None = None,
    ) -> Array:
        """Run `iterations` steps from `w` and return the last iterate; `w` itself is not changed.

        Parameters
        ----------
        objective : Objective
        w : array (p,)
            The first iterate.
        iterations : int
        batch_size : int or None
            |J|, the number of observations drawn for each step; None takes all of them (gradient descent).
        replace : bool
            Draw J with or without replacement.
        seed : int
            Of the generator that draws J.
        callback : callable, optional
            ``callback(k, w)`` after each step, w being the live iterate.
        """
        if batch_size is not None and not 1 <= batch_size <= objective.n:
            raise ValueError(f"batch_size: expected None or 1 to n = {objective.n}, got {batch_size}")
        rng = np.random.default_rng(seed)
        w = w + 0  # a copy, in either library
        self.start(w)
        for k in range(1, iterations + 1):
            if batch_size is None:
                g = objective.grad(w)
            else:
                xi = (
                    rng.integers(objective.n, size=batch_size)
                    if replace
                    else rng.choice(objective.n, batch_size, replace=False)
                )
                g = objective.g(w, xi)
            self.step(w, g)
            if callback is not None:
                callback(k, w)
        return w


class SGD(Optimizer):
    """w_{k+1} = w_k - α_k g(w_k, ξ_k) (lecture, Optimization).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    """

    def __init__(self, alpha: Rate = 0.1) -> None:
        super().__init__(alpha)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        w -= alpha * g


class Momentum(Optimizer):
    """v_{k+1} = μ v_k - α_k g(w_k, ξ_k), w_{k+1} = w_k + v_{k+1}, v_1 = 0 (Polyak 1964; Bottou et al. 2018, 7.1).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    mu : float
        The share of the last step that is kept, in [0, 1).
    """

    def __init__(self, alpha: Rate = 0.1, mu: float = 0.9) -> None:
        super().__init__(alpha)
        self.mu = _share("mu", mu)

    def start(self, w: Array) -> None:
        super().start(w)
        self.v = namespace(w).zeros_like(w)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        self.v *= self.mu
        self.v -= alpha * g
        w += self.v


class Nesterov(Optimizer):
    """v_{k+1} = μ v_k - α_k g(w_k + μ v_k), w_{k+1} = w_k + v_{k+1}, v_1 = 0: g is taken where momentum leads.

    The vector that is kept, and at which g is given, is that point u_k = w_k + μ v_k:
    u_{k+1} = u_k + μ v_{k+1} - α_k g(u_k) (Nesterov 1983; in this form Sutskever et al. 2013, section 2).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    mu : float
        The share of the last step that is kept, in [0, 1).
    """

    def __init__(self, alpha: Rate = 0.1, mu: float = 0.9) -> None:
        super().__init__(alpha)
        self.mu = _share("mu", mu)

    def start(self, w: Array) -> None:
        super().start(w)
        self.v = namespace(w).zeros_like(w)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        self.v *= self.mu
        self.v -= alpha * g
        w += self.mu * self.v - alpha * g


class AdaGrad(Optimizer):
    """r_{k+1} = r_k + g ⊙ g, w_{k+1} = w_k - α_k g / (√r_{k+1} + ε), r_1 = 0 (Duchi, Hazan & Singer 2011).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    eps : float
        ε keeps the quotient finite where all derivatives have been zero.
    """

    def __init__(self, alpha: Rate = 0.1, eps: float = 1e-8) -> None:
        super().__init__(alpha)
        self.eps = eps

    def start(self, w: Array) -> None:
        super().start(w)
        self.r = namespace(w).zeros_like(w)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        self.r += g * g
        w -= alpha * g / (namespace(w).sqrt(self.r) + self.eps)


class RMSProp(AdaGrad):
    """r_{k+1} = b r_k + (1 - b) g ⊙ g, w_{k+1} = w_k - α_k g / (√r_{k+1} + ε), r_1 = 0 (Tieleman & Hinton 2012).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    b : float
        The share of the past squares that is kept, in [0, 1).
    eps : float
        ε keeps the quotient finite.
    """

    def __init__(self, alpha: Rate = 0.01, b: float = 0.9, eps: float = 1e-8) -> None:
        super().__init__(alpha, eps)
        self.b = _share("b", b)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        self.r *= self.b
        self.r += (1 - self.b) * g * g
        w -= alpha * g / (namespace(w).sqrt(self.r) + self.eps)


class Adam(Optimizer):
    """m_{k+1} = b1 m_k + (1 - b1) g, r_{k+1} = b2 r_k + (1 - b2) g ⊙ g, both zero at first (Kingma & Ba 2015).

    w_{k+1} = w_k - α_k m̂ / (√r̂ + ε), where m̂ = m_{k+1} / (1 - b1^k) and r̂ = r_{k+1} / (1 - b2^k) make up for the start
    at zero.

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    b1, b2 : float
        The shares of the past derivatives and squares that are kept, in [0, 1).
    eps : float
        ε keeps the quotient finite.
    """

    def __init__(self, alpha: Rate = 1e-3, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> None:
        super().__init__(alpha)
        self.b1, self.b2, self.eps = _share("b1", b1), _share("b2", b2), eps

    def start(self, w: Array) -> None:
        super().start(w)
        self.m, self.r = namespace(w).zeros_like(w), namespace(w).zeros_like(w)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        self.m *= self.b1
        self.m += (1 - self.b1) * g
        self.r *= self.b2
        self.r += (1 - self.b2) * g * g
        m, r = self.m / (1 - self.b1**self.k), self.r / (1 - self.b2**self.k)
        w -= alpha * m / (namespace(w).sqrt(r) + self.eps)


# Step sizes -----------------------------------------------------------------------------------------------------------


def harmonic(beta: float, gamma: float = 0.0) -> Callable[[int], float]:
    """α_k = β / (γ + k), whose sum is infinite and whose sum of squares is finite (Robbins & Monro 1951)."""
    return lambda k: beta / (gamma + k)


def step_decay(alpha: float, factor: float, every: int) -> Callable[[int], float]:
    """α_k = α factor^⌊(k - 1) / every⌋: the first `every` steps take α, the next α · factor, and so on."""
    return lambda k: alpha * factor ** ((k - 1) // every)


def cosine(alpha: float, iterations: int, end: float = 0.0) -> Callable[[int], float]:
    """α_k = end + ½ (α - end) (1 + cos(π (k - 1) / iterations)): from α down to `end` (Loshchilov & Hutter 2017)."""
    return lambda k: end + 0.5 * (alpha - end) * (1 + math.cos(math.pi * min(1.0, (k - 1) / iterations)))


def _share(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{name}: expected a share in [0, 1), got {value}")
    return value
