"""Second-order methods: steps that know the curvature of F, from Hessian-vector products or from past gradients."""

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from .backend import Array, namespace
from .optimizers import Minimizer, Objective, drawn
from .sampling import Sampling, Size
from .validation import keywords, number, setting, whole

__all__ = ["LBFGS", "NewtonCG", "armijo", "conjugate_gradients", "hessian_vector", "two_loops", "wolfe"]


@keywords
def hessian_vector(objective: Objective, w: Array, v: Array, xi: Any = None) -> Array:
    """∇²F(w) v, without the matrix ∇²F; over the observations `xi` alone, where they are given.

    The objective's own `Hv(w, v, xi)` is exact and is taken where there is one. Else the central difference of the
    gradient, (∇F(w + ε v) - ∇F(w - ε v)) / (2 ε). Its error is about ε² ‖v‖³ F⁗ / 6 from the cut Taylor series, F⁗ a
    bound on the fourth derivatives, plus u (‖∇²F‖ ‖w‖ + ‖∇F‖) / ε from rounding (u: the dtype's unit roundoff). Their
    sum is least near ε ‖v‖ = u^(1/3) (1 + ‖w‖), the choice here, and then of the order u^(2/3): 10 digits in float64, 4
    in float32 (Nocedal & Wright 2006, 8.1).

    Parameters
    ----------
    objective : Objective
    w, v : array (p,)
        Where, and the vector that is multiplied.
    xi : array of int, optional
        Observations of a subsampled Hessian; all by default.
    """
    if hasattr(objective, "Hv"):
        product: Array = objective.Hv(w, v, xi)
        return product
    length = _norm(v)
    if length == 0:
        return v + 0
    eps = _roundoff(w) ** (1 / 3) * (1 + _norm(w)) / length

    def grad(w: Array) -> Array:
        return objective.grad(w) if xi is None else objective.g(w, xi)

    return (grad(w + eps * v) - grad(w - eps * v)) / (2 * eps)


class NewtonCG(Minimizer):
    """w_{k+1} = w_k + α_k s_k, where ∇²F(w_k) s_k ≈ -∇F(w_k): inexact Newton (equation newton).

    Bottou et al. 2018, Algorithm 6.1. s_k comes from conjugate gradients, which need only products ∇²F(w_k) v
    (`hessian_vector`). They stop where the residual is at most min(ρ, √‖∇F‖) ‖∇F‖, so that the steps become Newton's as
    ∇F → 0, or where the curvature along a direction is not positive: there the quadratic model has no minimum. α_k is
    the first of α, α/2, α/4, ... that satisfies Armijo's condition (`armijo`).

    Parameters
    ----------
    cg_iterations : int, optional
        The most products for a step; p, the number of weights, by default.
    rho : float
        ρ, in (0, 1): how much of the residual may remain.
    alpha : float or callable
        The step size that is tried first; 1 is Newton's.
    """

    rho: float = setting(lambda name, rho: number(name, rho, "a fraction between 0 and 1", lambda x: 0 < x < 1))

    def __init__(self, cg_iterations: int | None = None, rho: float = 0.5, alpha: float = 1.0) -> None:
        super().__init__(alpha)
        self.cg_iterations = None if cg_iterations is None else whole("cg_iterations", cg_iterations)
        self.rho = rho

    def run(
        self,
        objective: Objective,
        w: Array,
        rng: np.random.Generator,
        batch_size: Size | None = None,
        sampling: Sampling = "without",
    ) -> Iterator[None]:
        """A Newton step for each gradient.

        Parameters
        ----------
        objective, w, rng
            As for `Minimizer`.
        batch_size : int, callable or None
            The number of observations in the Hessian (F and ∇F take all of them); None takes all.
        sampling : str
            How they are drawn, see `nnlib.sampling.batches`.
        """
        for k, xi in enumerate(drawn(objective, batch_size, sampling, rng), start=1):
            g = objective.grad(w)
            norm = _norm(g)
            most = len(w) if self.cg_iterations is None else self.cg_iterations
            s = conjugate_gradients(
                partial(hessian_vector, objective, w, xi=xi), -g, min(self.rho, math.sqrt(norm)) * norm, most
            )
            w += armijo(objective, w, s, g, self.alpha(k)) * s
            yield


def conjugate_gradients(H: Callable[[Array], Array], b: Array, residual: float, iterations: int) -> Array:
    """s with ‖b - H s‖ ≤ `residual`, or what is reached before (Nocedal & Wright 2006, Algorithms 5.2 and 7.1).

    Where dᵀ H d ≤ 0 for a direction d, H is not positive definite: the answer is the s so far, and b itself where that
    is still zero. For symmetric H, bᵀ s > 0 in any case: downhill, if b = -∇F.

    Parameters
    ----------
    H : callable
        v -> H v.
    b : array (p,)
    residual : float
    iterations : int
        The most products.
    """
    s, r, d = 0 * b, b + 0, b + 0
    rr = _dot(r, r)
    for j in range(iterations):
        if math.sqrt(rr) <= residual:
            break
        Hd = H(d)
        curvature = _dot(d, Hd)
        if not curvature > 0:
            return b if j == 0 else s
        alpha = rr / curvature
        s += alpha * d
        r -= alpha * Hd
        before, rr = rr, _dot(r, r)
        d = r + rr / before * d
    return s


def armijo(objective: Objective, w: Array, s: Array, g: Array, alpha: float = 1.0, c: float = 1e-4) -> float:
    """The first of α, α/2, α/4, ... with F(w + α s) < F(w) + c α gᵀ s, g = ∇F(w) (Armijo 1966); 0 where there is none.

    The first α may raise F within its rounding: near the minimum F shows nothing else, while ∇F still knows the way.
    """
    slope = _dot(g, s)
    if not slope < 0:
        return 0.0
    F = objective.F(w)
    slack = 4 * _roundoff(w) * abs(F)
    for _ in range(60):
        if objective.F(w + alpha * s) < F + slack + c * alpha * slope:
            return alpha
        alpha, slack = alpha / 2, 0.0
    return 0.0


class LBFGS(Minimizer):
    """w_{k+1} = w_k - α_k H_k ∇F(w_k), H_k from the last m steps (equation lbfgs).

    Nocedal 1980; Bottou et al. 2018, 6.2. With s_i = w_{i+1} - w_i, y_i = ∇F(w_{i+1}) - ∇F(w_i) and ϱ_i = 1 / y_iᵀ s_i,
    each pair makes H ← (I - ϱ_i s_i y_iᵀ) H (I - ϱ_i y_i s_iᵀ) + ϱ_i s_i s_iᵀ, beginning with H = (s_kᵀ y_k / y_kᵀ y_k)
    I. Two loops over the pairs give H_k ∇F without a matrix. α_k satisfies the weak Wolfe conditions (`wolfe`), so that
    y_kᵀ s_k > 0 and H_k stays positive definite; a pair for which rounding makes it otherwise is left out.

    Parameters
    ----------
    m : int
        Pairs that are remembered.
    alpha : float or callable
        The step size that is tried first; 1 is the model's.
    """

    def __init__(self, m: int = 10, alpha: float = 1.0) -> None:
        super().__init__(alpha)
        self.m = whole("m", m, 1, None, "1 or more pairs")

    def run(self, objective: Objective, w: Array, rng: np.random.Generator) -> Iterator[None]:
        pairs: deque[tuple[Array, Array]] = deque(maxlen=self.m)
        g = objective.grad(w)
        for k in itertools.count(1):
            d = -two_loops(g, pairs)
            first = self.alpha(k) / (1.0 if pairs else max(1.0, _norm(g)))  # nothing is known yet: no long step
            alpha, g_next = wolfe(objective, w, d, g, first)
            s, y = alpha * d, g_next - g
            w += s
            g = g_next
            if _dot(y, s) > _roundoff(w) * _norm(y) * _norm(s):
                pairs.append((s, y))
            elif alpha == 0:
                pairs.clear()  # downhill is not where they point
            yield


def wolfe(
    objective: Objective, w: Array, d: Array, g: Array, alpha: float = 1.0, c1: float = 1e-4, c2: float = 0.9
) -> tuple[float, Array]:
    """α with F(w + α d) < F(w) + c1 α gᵀ d and ∇F(w + α d)ᵀ d ≥ c2 gᵀ d, by bisection.

    Lewis & Overton 2013, Algorithm 4.6. The second condition makes y = ∇F(w + α d) - g satisfy yᵀ d ≥ (c2 - 1) gᵀ d >
    0. As in `armijo`, the first α may raise F within its rounding. Where the search finds no such α, the longest step
    that went down far enough, or 0.

    Returns
    -------
    alpha : float
    gradient : array (p,)
        ∇F(w + α d).
    """
    slope = _dot(g, d)
    if not slope < 0:
        return 0.0, g
    F = objective.F(w)
    slack = 4 * _roundoff(w) * abs(F)
    low, high, g_low = 0.0, math.inf, g
    for _ in range(60):
        v = w + alpha * d
        if objective.F(v) < F + slack + c1 * alpha * slope:
            g_v = objective.grad(v)
            if _dot(g_v, d) >= c2 * slope:
                return alpha, g_v
            low, g_low = alpha, g_v
        else:
            high = alpha
        alpha, slack = 2 * alpha if math.isinf(high) else (low + high) / 2, 0.0
    return low, g_low


def two_loops(g: Array, pairs: deque[tuple[Array, Array]]) -> Array:
    """H_k g, from the pairs (s_i, y_i), oldest first (Nocedal & Wright 2006, Algorithm 7.4)."""
    q = g + 0
    kept = []
    for s, y in reversed(pairs):
        a = _dot(s, q) / _dot(y, s)
        q -= a * y
        kept.append(a)
    if pairs:
        s, y = pairs[-1]
        q *= _dot(s, y) / _dot(y, y)
    for (s, y), a in zip(pairs, reversed(kept), strict=True):
        q += (a - _dot(y, q) / _dot(y, s)) * s
    return q


def _dot(u: Array, v: Array) -> float:
    return float(u @ v)


def _norm(v: Array) -> float:
    return math.sqrt(_dot(v, v))


def _roundoff(w: Array) -> float:
    return float(namespace(w).finfo(w.dtype).eps)
