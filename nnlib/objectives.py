"""Objectives as the analysis sees them: F(w) = (1/n) Σ E_i(w), its gradient, and stochastic gradients."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from .activations import sigmoid
from .backend import Array, is_tensor, move, namespace, take, to_numpy
from .network import Network
from .validation import Named, instance, not_negative, positive, setting, whole

__all__ = ["EmpiricalRisk", "LeastSquares", "LogisticRegression", "SigmoidUnit", "TanhNetwork"]


class EmpiricalRisk(Named):
    """F(w) = (1/n) Σ_i E_i(w), the mean error of a network on data, as a function of all weights in one vector.

    Where the network has a penalty, F, ∇F and g are with it: they are what `Network.fit` minimizes.
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

    fixed = ("network", "X", "Y")

    def __init__(self, network: Network, X: Array, Y: Array) -> None:
        self.network = instance("network", network, Network, "mlp([2, 3, 1])")
        self.X, self.Y = network.checked(X, Y)

    @property
    def p(self) -> int:
        """Number of weights."""
        return len(self.network.w)

    @property
    def n(self) -> int:
        """Number of observations."""
        return int(self.X.shape[0])

    def F(self, w: Array) -> float:
        """F(w) = (1/n) Σ_i E_i(w) (equation empirical-risk), plus the network's penalty where there is one."""
        with self._at(w) as network:
            return network._error(self.X, self.Y)

    def grad(self, w: Array) -> Array:
        """∇F(w) = (1/n) Σ_i ∇E_i(w), shape (p,), with the penalty's; zero at a minimum (equation stationarity)."""
        with self._at(w) as network:
            return network._gradient(self.X, self.Y) + 0  # a copy: `network.g` is overwritten by the next call

    def g(self, w: Array, xi: Any) -> Array:
        """g(w, ξ) = (1/|J|) Σ_{j ∈ J} ∇E_j(w), shape (p,), J = `xi`, one or several (equation stochastic-gradient).

        With the penalty's gradient, which is that of all weights whatever is drawn.
        """
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
        network.own_layers()
        own = network.w + 0
        try:
            network.w[:] = w
            yield network
        finally:
            network.w[:] = own


class _Linear(Named):
    """What objectives of Xw share: E_i(w) = e_i(x_iᵀ w) + λ ‖w‖². Subclasses give e_i, e_i' and e_i''."""

    lam: float = 0.0
    smoothness = 1.0  # the least upper bound of |e_i''|
    lipschitz = math.inf  # the least upper bound of |e_i'|
    F_inf: float = 0.0  # no value of F is less
    fixed = ("X", "y")

    def __init__(self, X: Array, y: Array) -> None:
        self.X = _numbers("X", X, 2, like=X)
        self.y = _numbers("y", y, 1, like=self.X)
        if len(self.y) != len(self.X):
            raise ValueError(f"y: expected a target for each of the {len(self.X)} rows of X, got {len(self.y)}")

    def _value(self, a: Array, y: Array) -> Array:
        raise NotImplementedError

    def _slope(self, a: Array, y: Array) -> Array:
        raise NotImplementedError

    def _curvature(self, a: Array, y: Array) -> Array:
        raise NotImplementedError

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "lam":
            vars(self).pop("w_star", None)  # the minimizer was that of another λ

    @property
    def n(self) -> int:
        """Number of observations."""
        return int(self.X.shape[0])

    @property
    def p(self) -> int:
        """Number of weights."""
        return int(self.X.shape[1])

    def _product(self, X: Array, w: Array) -> Array:
        """Xw. A column in place of w would be broadcast against y, and all numbers after it be wrong."""
        if w.shape != (self.X.shape[1],):
            raise ValueError(f"w: expected a vector of shape ({self.X.shape[1]},), got {tuple(w.shape)}")
        return X @ w

    def F(self, w: Array) -> float:
        """F(w)."""
        F = float(self._value(self._product(self.X, w), self.y).mean())
        return F + self.lam * float(w @ w) if self.lam else F

    def grad(self, w: Array) -> Array:
        """∇F(w) = (1/n) Xᵀ e'(Xw) + 2 λ w, shape (p,)."""
        return self._gradient(w, self.X, self.y)

    def g(self, w: Array, xi: Any) -> Array:
        """The same over the indices `xi` alone (an integer or integers), shape (p,)."""
        xi = np.atleast_1d(xi)
        return self._gradient(w, take(self.X, xi), take(self.y, xi))

    def Hv(self, w: Array, v: Array, xi: Any = None) -> Array:
        """∇²F(w) v = (1/n) Xᵀ (e''(Xw) ⊙ Xv) + 2 λ v, shape (p,); over the indices `xi` alone, where they are given."""
        X, y = self.X, self.y
        if xi is not None:
            xi = np.atleast_1d(xi)
            X, y = take(X, xi), take(y, xi)
        return X.T @ (self._curvature(self._product(X, w), y) * self._product(X, v)) / len(X) + 2 * self.lam * v

    def values(self, W: Array) -> Array:
        """F(w) for every row w of `W`, shape (runs,)."""
        return self._value(W @ self.X.T, self.y).mean(axis=1) + self.lam * (W * W).sum(axis=1)

    def gradients(self, W: Array) -> Array:
        """∇E_i(w) for every row w of `W` and every observation i, shape (runs, n, p); their mean over i is ∇F."""
        return self._slope(W @ self.X.T, self.y)[:, :, None] * self.X + 2 * self.lam * W[:, None, :]

    def _gradient(self, w: Array, X: Array, y: Array) -> Array:
        g = X.T @ self._slope(self._product(X, w), y)
        g /= len(X)
        if self.lam:
            g += 2 * self.lam * w
        return g

    @cached_property
    def _svd(self) -> tuple[Array, Array, Array]:
        """U, σ, Vᵀ of X; a σ that rounding alone can have made is 0."""
        U, sigma, Vt = np.linalg.svd(to_numpy(self.X).astype(float), full_matrices=False)
        sigma[sigma <= self._rounding * sigma[0]] = 0
        return U, sigma, Vt

    @property
    def _rounding(self) -> float:
        """What is lost against the largest singular value of X."""
        return float(max(self.X.shape) * np.finfo(to_numpy(self.X).dtype).eps)

    @cached_property
    def _squares(self) -> tuple[float, float]:
        """The largest and the smallest eigenvalue of XᵀX / n."""
        (n, p), sigma = self.X.shape, self._svd[1]
        return float(sigma[0] ** 2 / n), float(sigma[-1] ** 2 / n) if n >= p else 0.0

    @property
    def L(self) -> float:
        """A Lipschitz constant of ∇F (equation assumption-1). On a quadratic, α < 2 / L (equation stable-rate).

        Of least squares and logistic regression it is the least one, of `SigmoidUnit` a bound.
        """
        return self.smoothness * self._squares[0] + 2 * self.lam

    @property
    def L_i(self) -> Array:
        """The least Lipschitz constant of each ∇E_i, shape (n,); of `SigmoidUnit` a bound."""
        X = to_numpy(self.X).astype(float)
        return self.smoothness * (X * X).sum(axis=1) + 2 * self.lam

    @property
    def L_coordinates(self) -> Array:
        """The least Lipschitz constant of each ∂F/∂w_j along e_j, shape (p,); of `SigmoidUnit` a bound."""
        X = to_numpy(self.X).astype(float)
        return self.smoothness * (X * X).mean(axis=0) + 2 * self.lam

    @property
    def M(self) -> float:
        """The noise M of Assumption 2 for single observations drawn uniformly: E‖g‖² ≤ M + M_G ‖∇F‖².

        The penalty's part of g is no noise, so E‖g‖² - ‖∇F‖² ≤ (1/n) Σ_i e'(a_i)² ‖x_i‖² ≤ M, which is the largest e'²
        times (1/n) Σ_i ‖x_i‖².
        """
        X = to_numpy(self.X).astype(float)
        return self.lipschitz**2 * float((X * X).sum(axis=1).mean())

    @property
    def M_G(self) -> float:
        """M_G of Assumption 2 that goes with `M`."""
        return 1.0


class LeastSquares(_Linear):
    """F(w) = 1/(2n) ‖X w - y‖² = (1/n) Σ_i ½ (x_iᵀ w - y_i)² (lecture, Sum of Squares, of a linear unit).

    ∇F(w) = (1/n) Xᵀ(X w - y), so ∇F(w) - ∇F(v) = (XᵀX / n)(w - v): L is the largest eigenvalue of XᵀX / n, and F is
    c-strongly convex with the smallest one. Likewise ∇²E_i = x_i x_iᵀ has the eigenvalues ‖x_i‖² and 0, so
    L_i = ‖x_i‖². Column j of X gives ∂²F/∂w_j² = ‖X_:j‖² / n.

    Parameters
    ----------
    X : array (n, p)
        An observation in each row. A column of ones makes the first weight a bias.
    y : array (n,)
        Targets.

    Raises
    ------
    ValueError
        `X` or `y` is empty, has another shape, or holds other things than finite numbers.
    """

    def _value(self, a: Array, y: Array) -> Array:
        return 0.5 * (a - y) ** 2

    def _slope(self, a: Array, y: Array) -> Array:
        return a - y

    def _curvature(self, a: Array, y: Array) -> Array:
        return namespace(a).ones_like(a)

    @property
    def c(self) -> float:
        """The constant of strong convexity; 0 where columns of X depend on each other, as where n < p."""
        return self._squares[1]

    @cached_property
    def w_star(self) -> Array:
        """The minimizer, XᵀX w_* = Xᵀy; where there are several, the shortest."""
        X, y = to_numpy(self.X).astype(float), to_numpy(self.y).astype(float)
        return move(np.linalg.lstsq(X, y, rcond=self._rounding)[0], like=self.X)

    @property
    def F_star(self) -> float:
        """F(w_*)."""
        return self.F(self.w_star)

    @property
    def F_inf(self) -> float:  # type: ignore[override]
        """No value of F is less: F_*."""
        return self.F_star

    def noise(self, M_V: float | None = None) -> tuple[float, float]:
        """M and M_V with E‖g‖² - ‖∇F‖² ≤ M + M_V ‖∇F‖², M the least that goes with M_V.

        With u = w - w_*, H = XᵀX / n and the residuals r_i at w_*, the left side is uᵀ(A - H²)u + 2 bᵀu + c, where
        A = (1/n) Σ ‖x_i‖² x_i x_iᵀ, b = (1/n) Σ ‖x_i‖² r_i x_i and c = (1/n) Σ ‖x_i‖² r_i²; and ‖∇F‖² = uᵀH²u. The
        difference is bounded iff M_V H² - (A - H²) ⪰ 0, and its maximum is M = c + bᵀ(M_V H² - A + H²)⁻¹ b.

        Parameters
        ----------
        M_V : float, optional
            By default twice the least for which M is finite: the largest eigenvalue of H⁻¹AH⁻¹ - I.

        Raises
        ------
        ValueError
            No finite M goes with this `M_V`.
        """
        X, r = to_numpy(self.X).astype(float), to_numpy(self.X @ self.w_star - self.y).astype(float)
        squares = (X * X).sum(axis=1)
        U, sigma, _ = self._svd
        kept = sigma > 0  # F does not change along the other directions
        Z = self.n * U[:, kept] / sigma[kept]  # X in coordinates in which H² is the identity
        A, b = Z.T @ (squares[:, None] * Z) / self.n, Z.T @ (squares * r) / self.n
        spread, B = np.linalg.eigh(A - np.eye(len(A)))
        least = max(0.0, float(spread[-1]))
        M_V = 2 * least if M_V is None else M_V
        if least > M_V:
            raise ValueError(f"M_V: expected at least {least:.6g}, got {M_V}; below it no M is large enough")
        gap, along = M_V - spread, (B.T @ b) ** 2
        needed = along > 1e-24 * float((squares**2 * r**2).mean() + 1e-300)
        with np.errstate(divide="ignore"):
            M = float((squares * r**2).mean() + (along[needed] / gap[needed]).sum())
        return M, M_V

    @property
    def M(self) -> float:
        """M of Assumption 2 for single observations drawn uniformly, from `noise`."""
        return self.noise()[0]

    @property
    def M_G(self) -> float:
        """M_G = 1 + M_V of Assumption 2 that goes with `M`."""
        return 1 + self.noise()[1]


class LogisticRegression(_Linear):
    """F(w) = (1/n) Σ_i log(1 + exp(-y_i x_iᵀ w)) + λ ‖w‖², y_i = ±1: `BinaryCrossEntropy` of one sigmoid unit.

    The penalty counts every weight, and is neither halved nor divided by n. With e(a) = log(1 + exp(-y a)),
    e'(a) = -y σ(-y a) and e''(a) = σ(a) σ(-a) ≤ ¼, so that ∇²F(w) lies between 2 λ I and XᵀX / (4n) + 2 λ I. The bounds
    are reached, at w = 0 and where ‖w‖ → ∞, so L = λ_max(XᵀX) / (4n) + 2 λ, c = 2 λ, and in the same way
    L_i = ¼ ‖x_i‖² + 2 λ and, along e_j, ‖X_:j‖² / (4n) + 2 λ.

    Parameters
    ----------
    X : array (n, p)
        An observation in each row. A column of ones makes the first weight a bias.
    y : array (n,)
        Classes, -1 and 1.
    lam : float
        λ, not negative.

    Raises
    ------
    ValueError
        `X` or `y` is empty, has another shape, or holds other things than finite numbers; a class is neither -1 nor 1;
        `lam` is negative.
    """

    smoothness, lipschitz = 0.25, 1.0
    lam: float = setting(not_negative)

    def __init__(self, X: Array, y: Array, lam: float = 0.0) -> None:
        super().__init__(X, y)
        if not (abs(self.y) == 1).all():
            raise ValueError("y: expected the classes -1 and 1; targets 0 and 1 become these as 2 * y - 1")
        self.lam = lam

    def _value(self, a: Array, y: Array) -> Array:
        m = y * a
        xp = namespace(a)
        return xp.log1p(xp.exp(-abs(m))) - m.clip(max=0)  # exp of nothing positive: no overflow

    def _slope(self, a: Array, y: Array) -> Array:
        return -y * sigmoid(-y * a)

    def _curvature(self, a: Array, y: Array) -> Array:
        return sigmoid(a) * sigmoid(-a)

    @property
    def c(self) -> float:
        """The constant of strong convexity: 2 λ."""
        return 2 * self.lam

    @cached_property
    def w_star(self) -> Array:
        """The minimizer, by Newton steps w ← w - t ∇²F(w)⁻¹ ∇F(w), t halved until F falls enough.

        Raises
        ------
        ValueError
            λ = 0: where a plane separates the classes, there is no minimizer.
        """
        if not self.lam:
            raise ValueError("lam: expected a positive one; without a penalty F may have no minimizer")
        X, w = to_numpy(self.X).astype(float), np.zeros(self.X.shape[1])
        exact = LogisticRegression(X, to_numpy(self.y).astype(float), self.lam)
        for _ in range(100):
            g, e2 = exact.grad(w), exact._curvature(X @ w, exact.y)
            s = np.linalg.solve((X.T * e2) @ X / self.n + 2 * self.lam * np.eye(len(w)), g)
            if float(g @ s) <= 1e-30:
                break
            F, t = exact.F(w), 1.0
            while t > 1e-9 and exact.F(w - t * s) > F - t * float(g @ s) / 4 + 1e-15:
                t /= 2
            w = w - t * s
        return move(w, like=self.X)

    @property
    def F_star(self) -> float:
        """F(w_*)."""
        return self.F(self.w_star)


class SigmoidUnit(_Linear):
    """F(w) = (1/n) Σ_i ½ (σ(x_iᵀ w) - y_i)²: `Unmatched` with a single sigmoid unit, the smallest nonconvex network.

    With s = σ(a), e'(a) = (s - y) s (1 - s) and e''(a) = s²(1 - s)² + (s - y) s (1 - s)(1 - 2s). Both are linear in y,
    so their extremes over y in [0, 1] are at y = 0 (or y = 1, its mirror image): e' = s²(1 - s) ≤ 4/27, at s = ⅔, and
    e'' = s²(1 - s)(2 - 3s), whose absolute value is largest at s = (15 - √33)/24. So the gradient's change is at most
    L = max|e''| λ_max(XᵀX / n) per unit, which would be reached if one w put all observations there; likewise
    L_i = max|e''| ‖x_i‖², and M = (4/27)² (1/n) Σ ‖x_i‖² with M_G = 1. F is not convex. F ≥ 0, and 0 is the
    minimum where some w meets all targets.

    Parameters
    ----------
    X : array (n, p)
        An observation in each row. A column of ones makes the first weight a bias.
    y : array (n,)
        Targets in [0, 1].

    Raises
    ------
    ValueError
        `X` or `y` is empty, has another shape, or holds other things than finite numbers; a target is not in [0, 1].
    """

    _s = (15 - math.sqrt(33)) / 24
    smoothness, lipschitz = _s**2 * (1 - _s) * (2 - 3 * _s), 4 / 27

    def __init__(self, X: Array, y: Array) -> None:
        super().__init__(X, y)
        if not ((self.y >= 0) & (self.y <= 1)).all():
            raise ValueError("y: expected targets in [0, 1]")

    def _value(self, a: Array, y: Array) -> Array:
        return 0.5 * (sigmoid(a) - y) ** 2

    def _slope(self, a: Array, y: Array) -> Array:
        s = sigmoid(a)
        return (s - y) * s * (1 - s)

    def _curvature(self, a: Array, y: Array) -> Array:
        s = sigmoid(a)
        return s * (1 - s) * (s * (1 - s) + (s - y) * (1 - 2 * s))


class TanhNetwork(Named):
    """F(w) = (1/n) Σ_i ½ (ŷ(x_i) - y_i)² + λ ‖w‖², ŷ = β⁽²⁾ [1, tanh(β⁽¹⁾ [1, x])], on the box |w_j| ≤ r.

    `mlp([p, units, 1], "tanh", SumOfSquares())` with an L2 penalty on all weights, w in the same order. On all of ℝᵖ
    its gradient is not Lipschitz, so the constants are those of the box, from bounds of every factor there. Write x
    for [1, x_i] and m for the number of hidden units. In the box:

    - |tanh(a)| ≤ t = tanh(r ‖x‖₁), 0 ≤ tanh' ≤ 1, |tanh''| ≤ 4/(3√3), so |ŷ - y| ≤ R_i = r (1 + m t) + |y_i|;
    - ∇ŷ = ([1, z], β⁽²⁾_k tanh'(a_k) x for each k), so ‖∇ŷ‖² ≤ J_i² = 1 + m t² + m r² ‖x‖²;
    - ∇²ŷ couples β⁽²⁾_k with row k of β⁽¹⁾ only. Along x/‖x‖ that is [[0, s], [s, u]] with s ≤ ‖x‖ and
      |u| ≤ 4/(3√3) r ‖x‖², so ‖∇²ŷ‖ ≤ B_i = ½ (|u| + √(u² + 4 s²)), at these bounds.

    As ∇²E_i = ∇ŷ ∇ŷᵀ + (ŷ - y) ∇²ŷ, L_i = J_i² + R_i B_i + 2 λ and L = (1/n) Σ L_i. As the penalty's part of g is no
    noise, E‖g‖² - ‖∇F‖² ≤ M = (1/n) Σ R_i² J_i², with M_G = 1. F ≥ 0.

    Parameters
    ----------
    X : array (n, p)
        An observation in each row, without a column of ones.
    y : array (n,)
        Targets.
    units : int
        m.
    radius : float
        r, half the side of the box.
    lam : float
        λ, not negative.

    Raises
    ------
    ValueError
        `X` or `y` is empty, has another shape, or holds other things than finite numbers; `units` is below 1, `radius`
        not positive, `lam` negative. Every method raises one for weights outside the box.
    """

    F_inf = 0.0
    M_G = 1.0
    fixed = ("X", "y", "units")
    radius: float = setting(positive)
    lam: float = setting(not_negative)

    def __init__(self, X: Array, y: Array, units: int = 2, radius: float = 1.0, lam: float = 0.0) -> None:
        units = whole("units", units)
        plain = LeastSquares(X, y)
        self.X, self.y = np.column_stack([np.ones(plain.n), to_numpy(plain.X).astype(float)]), to_numpy(plain.y)
        self.units, self.radius, self.lam, self.n = units, radius, lam, plain.n
        self.p = units * self.X.shape[1] + units + 1

    def values(self, W: Array) -> Array:
        """F(w) for every row w of `W`, shape (runs,)."""
        r, _, _ = self._forward(W)
        return 0.5 * (r**2).mean(axis=1) + self.lam * (W * W).sum(axis=1)

    def gradients(self, W: Array) -> Array:
        """∇E_i(w) for every row w of `W` and every observation i, shape (runs, n, p); their mean over i is ∇F."""
        r, z, out = self._forward(W)
        delta = r[:, :, None] * out[:, None, :] * (1 - z * z)  # equation delta-hidden
        first = (delta[:, :, :, None] * self.X[:, None, :]).reshape(len(W), self.n, -1)
        return np.concatenate([first, r[:, :, None], r[:, :, None] * z], axis=2) + 2 * self.lam * W[:, None, :]

    def F(self, w: Array) -> float:
        """F(w)."""
        return float(self.values(w[None, :])[0])

    def grad(self, w: Array) -> Array:
        """∇F(w), shape (p,)."""
        return self.gradients(w[None, :])[0].mean(axis=0)

    def g(self, w: Array, xi: Any) -> Array:
        """The same over the indices `xi` alone (an integer or integers), shape (p,)."""
        return self.gradients(w[None, :])[0][np.atleast_1d(xi)].mean(axis=0)

    @property
    def L(self) -> float:
        """A Lipschitz constant of ∇F in the box, from bounds of its factors."""
        return float(self.L_i.mean())

    @property
    def L_i(self) -> Array:
        """The same for each ∇E_i, shape (n,)."""
        R, J, length = self._bounds
        u = 4 / (3 * math.sqrt(3)) * self.radius * length**2
        return J**2 + R * (u + np.sqrt(u**2 + 4 * length**2)) / 2 + 2 * self.lam

    @property
    def M(self) -> float:
        """M of Assumption 2 in the box, for single observations drawn uniformly."""
        R, J, _ = self._bounds
        return float((R**2 * J**2).mean())

    @property
    def _bounds(self) -> tuple[Array, Array, Array]:
        """R_i, J_i and the length of [1, x_i]."""
        r, m, length = self.radius, self.units, np.sqrt((self.X**2).sum(axis=1))
        t = np.tanh(r * abs(self.X).sum(axis=1))
        return r * (1 + m * t) + abs(self.y), np.sqrt(1 + m * t**2 + m * r**2 * length**2), length

    def _forward(self, W: Array) -> tuple[Array, Array, Array]:
        """ŷ - y (runs, n), z (runs, n, m), and β⁽²⁾ without its bias (runs, m)."""
        if W.shape[1] != self.p:
            raise ValueError(f"w: expected {self.p} weights, got {W.shape[1]}")
        if not (largest := float(abs(W).max())) <= self.radius:
            raise ValueError(
                f"w: the constants hold in the box |w_j| ≤ {self.radius:g}, and some |w_j| is {largest:.4g}; "
                "outside, Assumption 1 fails. Take a larger radius, or smaller steps"
            )
        split = self.units * self.X.shape[1]
        beta = W[:, :split].reshape(len(W), self.units, -1)
        z = np.tanh(np.einsum("ni,rki->rnk", self.X, beta))
        out = W[:, split + 1 :]
        return np.einsum("rnk,rk->rn", z, out) + W[:, split, None] - self.y, z, out


def _numbers(name: str, value: Any, ndim: int, like: Any) -> Array:
    """`value` as finite floating-point numbers, in the library and dtype of `like` (float64 where it has integers)."""
    wanted = "(n, p)" if ndim == 2 else "(n,)"
    try:
        like = like if is_tensor(like) else np.asarray(like)
        if not (like.is_floating_point() if is_tensor(like) else like.dtype.kind == "f"):
            like = like.double() if is_tensor(like) else np.zeros(0)
        value = move(value, like)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected numbers of shape {wanted}, got other things") from None
    if value.ndim != ndim or 0 in value.shape:
        raise ValueError(f"{name}: expected shape {wanted} and no dimension 0, got {tuple(value.shape)}")
    if not np.isfinite(to_numpy(value)).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    return value
