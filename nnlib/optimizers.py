"""Optimizers: each one is an equation on the flat vectors `w` and `g`.

An optimizer works on anything with `n`, `g(w, xi)` and, for gradient descent, `grad(w)`: a network's empirical risk or
a quadratic. α may be a number or a function of the iteration k = 1, 2, ...
"""

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
        if not 0 <= mu < 1:
            raise ValueError(f"mu: momentum must lie in [0, 1), got {mu}")
        self.mu = mu

    def start(self, w: Array) -> None:
        super().start(w)
        self.v = namespace(w).zeros_like(w)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        self.v *= self.mu
        self.v -= alpha * g
        w += self.v
