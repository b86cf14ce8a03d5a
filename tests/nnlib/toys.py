"""Objectives whose minimum is known, for NumPy and torch alike."""

import numpy as np

from nnlib.backend import move, namespace


class Quadratic:
    """F(w) = ½ (w - c)ᵀ H (w - c); its only observation is itself."""

    n = 1
    H, c = np.diag([1.0, 10.0]), np.array([1.0, -2.0])

    def F(self, w):
        return float(0.5 * (w - move(self.c, w)) @ self.grad(w))

    def grad(self, w):
        return move(self.H, w) @ (w - move(self.c, w))

    def g(self, w, xi):
        return self.grad(w)


class Rosenbrock:
    """F(w) = (1 - w_1)² + 100 (w_2 - w_1²)²: a bent valley, with its minimum at (1, 1).

    As a mean of two observations: E_1 = 2 (1 - w_1)² and E_2 = 200 (w_2 - w_1²)².
    """

    n = 2

    def F(self, w):
        return float((1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2)

    def grad(self, w):
        return self.g(w, [0, 1])

    def g(self, w, xi):
        e1 = [-4 * (1 - w[0]), 0 * w[0]]
        e2 = [-800 * w[0] * (w[1] - w[0] ** 2), 400 * (w[1] - w[0] ** 2)]
        rows = namespace(w).stack([namespace(w).stack(e1), namespace(w).stack(e2)])
        return rows[np.atleast_1d(xi)].mean(axis=0)
