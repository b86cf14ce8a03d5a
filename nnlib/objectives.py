"""Objectives as the analysis sees them: F(w) = (1/n) Σ E_i(w), its gradient, and stochastic gradients."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .backend import Array, take
from .network import Network


class EmpiricalRisk:
    """F(w) = (1/n) Σ_i E_i(w), the mean error of a network on data, as a function of all weights in one vector.

    The network's own weights are put back after each call.

    Parameters
    ----------
    network : Network
    X : array (n, ...)
        Inputs, an observation in each row.
    Y : array (n, K)
        Targets.

    Raises
    ------
    ValueError
        `X` or `Y` does not fit the network.
    """

    def __init__(self, network: Network, X: Array, Y: Array) -> None:
        self.network = network
        self.X, self.Y = network.checked(X, Y)

    @property
    def n(self) -> int:
        """Number of observations."""
        return int(self.X.shape[0])

    def F(self, w: Array) -> float:
        """F(w) = (1/n) Σ_i E_i(w)."""
        with self._at(w) as network:
            return network._error(self.X, self.Y)

    def grad(self, w: Array) -> Array:
        """∇F(w) = (1/n) Σ_i ∇E_i(w), shape (p,)."""
        with self._at(w) as network:
            return network._gradient(self.X, self.Y) + 0  # a copy: `network.g` is overwritten by the next call

    def g(self, w: Array, xi: Any) -> Array:
        """g(w, ξ) = (1/|J|) Σ_{j ∈ J} ∇E_j(w) over the indices J = `xi` (an integer or integers), shape (p,)."""
        xi = np.atleast_1d(xi)
        with self._at(w) as network:
            return network._gradient(take(self.X, xi), take(self.Y, xi)) + 0

    @contextmanager
    def _at(self, w: Array) -> Iterator[Network]:
        network = self.network
        if w.shape != network.w.shape:
            raise ValueError(
                f"w: expected all weights in one vector, shape {tuple(network.w.shape)}, got {tuple(w.shape)}"
            )
        own = network.w + 0
        try:
            network.w[:] = w
            yield network
        finally:
            network.w[:] = own
