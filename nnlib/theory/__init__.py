"""The lecture's theory of SGD as numbers: each function returns both sides of its inequality.

An objective has `F`, `grad`, `values`, `gradients`, and the constants `L`, `M`, `M_G` and `F_inf` (see `objectives`).
Over the draw of a batch, an expectation is a finite sum. So the lemmas are evaluated exactly, and so are the theorems
where all sequences of draws can be listed; elsewhere many runs advance together, as rows of one matrix.

``python -m nnlib.theory`` checks every statement on every objective and prints the table.
"""

import functools
import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from ..backend import Array
from ..objectives import LeastSquares, LogisticRegression, SigmoidUnit, TanhNetwork, _Linear
from ..sampling import growing
from ..validation import function, keywords, number, one_of, shown, vector, whole

__all__ = [
    "Estimate",
    "Sides",
    "constants",
    "draws",
    "lemma1",
    "lemma2",
    "problems",
    "proposition1",
    "saga_rate",
    "svrg_factor",
    "svrg_rate",
    "theorem1",
    "theorem1_exact",
    "theorem1_right",
    "theorem2",
    "theorem46",
    "theorem47",
    "theorem51",
    "variance_factor",
]

Analysed = _Linear | TanhNetwork  # has values, gradients and the constants
Convex = LeastSquares | LogisticRegression  # the latter with a penalty
Sampling = Literal["replacement", "without"]
QUANTILE = 2.3263  # of the normal distribution at 99 %: one-sided bounds of means over at least 1,000 runs


Statement = TypeVar("Statement", bound=Callable[..., Any])


def statement(f: Statement) -> Statement:
    """`f`, whose objective must be one with known constants, and whose w a point of it."""
    inner, has_point = keywords(f), "w" in inspect.signature(f).parameters

    @functools.wraps(f)
    def checked(objective: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(objective, Analysed):
            raise ValueError(
                "objective: expected one whose constants L, M and M_G are known, as LeastSquares(X, y), "
                f"got {shown(objective)}"
            )
        if has_point and (args or "w" in kwargs):
            vector("w", args[0] if args else kwargs["w"], objective.p)
        return inner(objective, *args, **kwargs)

    return checked  # type: ignore[return-value]


def _at_most(left: float, right: float, size: float) -> bool:
    return left <= right + 1e-12 * (abs(left) + abs(right) + size)


class Sides(NamedTuple):
    """Both sides of an inequality left ≤ right.

    Where a side is a difference, as F(w) - F_* is, `size` is that of the numbers subtracted: rounding is judged by it,
    so that the verdict does not depend on the unit of F.
    """

    left: float
    right: float
    size: float = 0.0

    @property
    def slack(self) -> float:
        """right / left: 1 where the inequality is an equality (and below 1 where it is not and both are negative)."""
        return self.right / self.left if self.left else math.inf

    @property
    def holds(self) -> bool:
        """Is left ≤ right, rounding aside?"""
        return _at_most(self.left, self.right, self.size)


class Estimate(NamedTuple):
    """The same where the left side is the mean over random runs: with an upper bound that holds with 99 %."""

    mean: float
    left: float
    right: float
    size: float = 0.0

    @property
    def slack(self) -> float:
        """right / mean."""
        return self.right / self.mean

    @property
    def holds(self) -> bool:
        """Is the upper bound of the left side at most the right side, rounding aside?"""
        return _at_most(self.left, self.right, self.size)


def variance_factor(n: int, batch_size: int = 1, sampling: Sampling = "replacement") -> float:
    """The variance of a batch's mean over that of a single draw (equations variance-replacement, variance-without)."""
    whole("n", n)
    whole("batch_size", batch_size, 1, n)
    one_of("sampling", sampling, ("replacement", "without"))
    if sampling == "replacement" or n == 1:
        return 1 / batch_size
    return (n - batch_size) / (n - 1) / batch_size


@statement
def constants(objective: Analysed, batch_size: int = 1, sampling: Sampling = "replacement") -> tuple[float, float]:
    """M and M_G of Assumption 2 for a batch (equation assumption-2).

    M and M_G - 1 are `variance_factor` times a single draw, as the variance is.
    """
    part = variance_factor(objective.n, batch_size, sampling)
    return part * objective.M, 1 + part * (objective.M_G - 1)


def draws(n: int, batch_size: int = 1, sampling: Sampling = "replacement") -> tuple[Array, Array]:
    """Every batch that can be drawn, as rows of indices, and its probability (equation conditional-expectation)."""
    variance_factor(n, batch_size, sampling)  # refuses a batch that is empty or too large
    if sampling == "without":
        J = np.array(list(itertools.combinations(range(n), batch_size)))
        return J, np.full(len(J), 1 / len(J))
    J = np.array(list(itertools.combinations_with_replacement(range(n), batch_size)))
    counts = (J[:, :, None] == np.arange(n)).sum(axis=1)
    orders = [math.factorial(batch_size) / math.prod(map(math.factorial, row)) for row in counts.tolist()]
    return J, np.array(orders) / n**batch_size


@statement
def assumption1(objective: Analysed, starts: int = 50, seed: int = 0, radius: float = 30.0) -> Sides:
    """The largest curvature that a search finds, and L (equation assumption-1).

    The curvature at w is the largest absolute eigenvalue of ∇²F(w), from differences of ∇F. The search climbs it from
    `starts` random points of a box: the objective's own where it has one, |w_j| ≤ `radius` elsewhere.
    """
    eps = 1e-5 * getattr(objective, "radius", radius)

    def curvature(W: Array) -> Array:
        steps = eps * np.vstack([np.eye(W.shape[1]), -np.eye(W.shape[1])])
        slopes = objective.gradients((W[:, None, :] + steps).reshape(-1, W.shape[1])).mean(axis=1)
        there, back = np.split(slopes.reshape(len(W), *steps.shape), 2, axis=1)
        H = (there - back) / (2 * eps)
        largest: Array = abs(np.linalg.eigvalsh((H + H.transpose(0, 2, 1)) / 2)).max(axis=1)
        return largest

    found = _climbed(curvature, objective, starts, seed, radius)
    return Sides(found, objective.L, 1e4 * found)  # differences of ∇F lose half of the digits


@statement
def assumption2(objective: Analysed, starts: int = 50, seed: int = 0, radius: float = 30.0) -> Sides:
    """The largest E‖g‖² - M_G ‖∇F‖² that a search finds, and M (equation assumption-2).

    Where M_G is 1 the left side is a variance. The search is that of `assumption1`.
    """

    def excess(W: Array) -> Array:
        each = objective.gradients(W)
        return (each**2).sum(axis=2).mean(axis=1) - objective.M_G * (each.mean(axis=1) ** 2).sum(axis=1)

    return Sides(_climbed(excess, objective, starts, seed, radius), objective.M)


def _climbed(f: Callable[[Array], Array], objective: Analysed, starts: int, seed: int, radius: float) -> float:
    """The largest value of f, a function of points in rows, that projected steps uphill find in the box."""
    rng, p = np.random.default_rng(seed), objective.p
    radius = getattr(objective, "radius", radius) * (1 - 1e-4)  # differences stay in the box
    W = radius * rng.uniform(-1, 1, size=(whole("starts", starts, 1), p))
    W[::2] *= 10 ** rng.uniform(-2, 0, size=(len(W[::2]), 1))  # every other one nearer to 0
    if isinstance(objective, LeastSquares):
        W[0] = objective.w_star  # a narrow peak is easily missed
    value, step, shifts = f(W), np.full((starts, 1), radius / 4), 1e-4 * radius * np.eye(p)
    for _ in range(60):
        around = np.clip(np.concatenate([W[:, None] + shifts, W[:, None] - shifts], axis=1), -radius, radius)
        above, below = np.split(f(around.reshape(-1, p)).reshape(starts, 2 * p), 2, axis=1)
        uphill = np.where(W * np.sign(above - below) < radius, above - below, 0)  # along the border, not out
        length = np.linalg.norm(uphill, axis=1, keepdims=True)
        V = np.clip(W + step * uphill / np.where(length > 0, length, 1), -radius, radius)
        new = f(V)
        up = new > value
        W[up], value[up] = V[up], new[up]
        step = np.where(up[:, None], 2 * step, step / 2)
    return float(value.max())


@statement
def proposition1(objective: Analysed, w: Array, v: Array) -> Sides:
    """F(w) ≤ F(v) + ∇F(v)ᵀ(w - v) + (L/2) ‖w - v‖² (lecture, Proposition 1; equation descent)."""
    d = w - v
    terms = objective.F(v), float(objective.grad(v) @ d), objective.L / 2 * float(d @ d)
    return Sides(objective.F(w), sum(terms), sum(map(abs, terms)))


@statement
def lemma1(
    objective: Analysed, w: Array, alpha: float, batch_size: int = 1, sampling: Sampling = "replacement"
) -> Sides:
    """E F(w_{k+1}) - F(w_k) ≤ -α ∇F(w_k)ᵀ E[g] + ½ α² L E‖g‖² (equation lemma-1), by listing every batch."""
    alpha = number("alpha", alpha)
    g, P = _every_batch(objective, w, batch_size, sampling)
    mean, square = P @ g, float(P @ (g * g).sum(axis=1))
    right = -alpha * float(objective.grad(w) @ mean) + alpha**2 * objective.L / 2 * square
    before, after = objective.F(w), float(P @ objective.values(w - alpha * g))
    return Sides(after - before, right, abs(before) + abs(after))


@statement
def lemma2(
    objective: Analysed, w: Array, alpha: float, batch_size: int = 1, sampling: Sampling = "replacement"
) -> Sides:
    """E F(w_{k+1}) - F(w_k) ≤ -(1 - ½ α L M_G) α ‖∇F(w_k)‖² + ½ α² L M (equation lemma-2; E[g] = ∇F is needed)."""
    alpha = number("alpha", alpha)
    M, M_G = constants(objective, batch_size, sampling)
    L, grad = objective.L, objective.grad(w)
    right = -(1 - alpha * L * M_G / 2) * alpha * float(grad @ grad) + alpha**2 * L * M / 2
    return lemma1(objective, w, alpha, batch_size, sampling)._replace(right=right)


@statement
def theorem1(
    objective: Analysed, w: Array, alpha: float, T: int, runs: int = 1000, batch_size: int = 1, seed: int = 0
) -> Estimate:
    """E[(1/T) Σ_k ‖∇F(w_k)‖²] ≤ α L M + 2 (F(w_1) - F_inf) / (T α) for α ≤ 1/(L M_G) (equation theorem-1).

    The left side is the mean over `runs` runs of T steps from w_1 = `w`, batches drawn with replacement.

    Raises
    ------
    ValueError
        α is larger than the theorem allows, or there are fewer than 1,000 runs.
    """
    squares = _squares(objective, w, lambda k: alpha, T, runs, batch_size, seed)
    right = theorem1_right(objective, w, alpha, T, batch_size)
    return Estimate(*_upper(squares.mean(axis=1)), right, 2 * objective.F(w) / (T * alpha))


@statement
def theorem1_exact(objective: Analysed, w: Array, alpha: float, T: int) -> Sides:
    """The same, the left side exact: all n^(T-1) sequences of single draws are listed (equation total-expectation)."""
    _steps(T)
    W, total = w[None, :], 0.0
    for k in range(T):
        each = objective.gradients(W)
        total += float((each.mean(axis=1) ** 2).sum(axis=1).mean())
        if k < T - 1:
            W = (W[:, None, :] - alpha * each).reshape(-1, len(w))
    return Sides(total / T, theorem1_right(objective, w, alpha, T), 2 * objective.F(w) / (T * alpha))


@statement
def theorem1_right(objective: Analysed, w: Array, alpha: float, T: int, batch_size: int = 1) -> float:
    """α L M + 2 (F(w_1) - F_inf) / (T α): the floor, and what is left of the start."""
    M, M_G = constants(objective, batch_size)
    _steps(T)
    alpha = number("alpha", alpha)
    if not 0 < alpha * objective.L * M_G <= 1 + 1e-12:
        raise ValueError(f"alpha: Theorem 1 allows at most 1/(L M_G) = {1 / (objective.L * M_G):.6g}, got {alpha:.6g}")
    return alpha * objective.L * M + 2 * (objective.F(w) - objective.F_inf) / (T * alpha)


@statement
def theorem2(
    objective: Analysed, w: Array, alpha: Callable[[int], float], T: int, runs: int = 1000, seed: int = 0
) -> Estimate:
    """E[Σ_k α_k ‖∇F(w_k)‖²] ≤ 2 (F(w_1) - F_inf) + L M Σ_k α_k² (equation theorem-2).

    Needs 0 < α_k ≤ 1/(L M_G) for all k. Where Σ α_k² is finite, so is the right side for T → ∞; where Σ α_k is not, the
    weighted mean of ‖∇F‖² tends to 0 (equation theorem-2-mean).

    Raises
    ------
    ValueError
        Some α_k is larger than 1/(L M_G) or not positive, or there are fewer than 1,000 runs.
    """
    _steps(T)
    function("alpha", alpha, "a function of k = 1, 2, ..., as lambda k: 0.1 / k")
    alphas = np.array([alpha(k) for k in range(1, T + 1)])
    limit = 1 / (objective.L * objective.M_G)
    if alphas.max() > limit * (1 + 1e-12):
        raise ValueError(f"alpha: expected at most 1/(L M_G) = {limit:.6g} for every k, got {alphas.max():.6g}")
    if not alphas.min() > 0:
        raise ValueError(f"alpha: expected a positive rate for every k, got {alphas.min():.6g}")
    squares = _squares(objective, w, alpha, T, runs, 1, seed)
    right = 2 * (objective.F(w) - objective.F_inf) + objective.L * objective.M * float((alphas**2).sum())
    return Estimate(*_upper(squares @ alphas), right, 2 * objective.F(w))


@statement
def theorem46(objective: Convex, w: Array, alpha: float, T: int, runs: int = 1000, seed: int = 0) -> Estimate:
    """E F(w_T) - F_* ≤ αLM/(2c) + (1 - αc)^(T-1) (F(w_1) - F_* - αLM/(2c)), F c-strongly convex (equation theorem-46).

    Needs α ≤ 1/(L M_G). Linear convergence to a floor (Bottou, Curtis & Nocedal 2018, Theorem 4.6, with μ = 1).

    Raises
    ------
    ValueError
        F is not strongly convex, α is larger than the theorem allows, or there are fewer than 1,000 runs.
    """
    c = _strong(objective)
    theorem1_right(objective, w, alpha, T)  # the same limit for α
    powers = (1 - alpha * c) ** np.arange(T)
    noise = alpha**2 * objective.L * objective.M / 2 * float(powers[:-1].sum())  # exact also where the floor is huge
    right = noise + float(powers[-1]) * (objective.F(w) - objective.F_star)
    return Estimate(*_gap(objective, w, lambda k: alpha, T, runs, seed), right, objective.F(w))


@statement
def theorem47(
    objective: Convex, w: Array, beta: float, gamma: float, T: int, runs: int = 1000, seed: int = 0
) -> Estimate:
    """E F(w_T) - F_* ≤ ν / (γ + T) for α_k = β / (γ + k) (equation theorem-47).

    Bottou, Curtis & Nocedal 2018, Theorem 4.7, with μ = 1. ν is the larger of β² L M / (2 (β c - 1)) and
    (γ + 1)(F(w_1) - F_*). Needs β > 1/c and α_1 ≤ 1/(L M_G).

    Raises
    ------
    ValueError
        F is not strongly convex, β is too small, α_1 is too large, or there are fewer than 1,000 runs.
    """
    c = _strong(objective)
    if beta * c <= 1 + 1e-12:  # at 1/c the right side is infinite, whichever way c is rounded
        raise ValueError(f"beta: Theorem 4.7 needs more than 1/c = {1 / c:.6g}, got {beta:.6g}")
    theorem1_right(objective, w, beta / (gamma + 1), T)  # the same limit for α_1
    nu = beta**2 * objective.L * objective.M / (2 * (beta * c - 1))
    nu = max(nu, (gamma + 1) * (objective.F(w) - objective.F_star))
    gap = _gap(objective, w, lambda k: beta / (gamma + k), T, runs, seed)
    return Estimate(*gap, nu / (gamma + T), objective.F(w))


def _steps(T: int) -> None:
    try:
        whole("T", T, 1, None, "at least 1 step")
    except ValueError as e:
        raise ValueError(f"{e}; the theorems are about the mean over k = 1, ..., T") from None


def _strong(objective: Convex) -> float:
    """The constant of strong convexity, if it is positive."""
    if not isinstance(objective, Convex) or not objective.c > 0:
        here = "c = 0" if isinstance(objective, Convex) else f"F is that of a {type(objective).__name__}"
        raise ValueError(f"objective: the theorem needs a strongly convex one, and here {here}")
    return objective.c


def _every_batch(objective: Analysed, w: Array, batch_size: int, sampling: Sampling) -> tuple[Array, Array]:
    """g(w, ξ) for every ξ, and the probabilities."""
    J, P = draws(objective.n, batch_size, sampling)
    return objective.gradients(w[None, :])[0][J].mean(axis=1), P


def _walk(
    objective: Analysed, w: Array, alpha: Callable[[int], float], T: int, runs: int, batch_size: int, seed: int
) -> Iterator[tuple[Array, Array]]:
    """w_k, a run in each row, and the gradients of all observations there, for k = 1, ..., T."""
    rng = _enough(T, runs, seed)
    W, everyone = np.tile(w, (runs, 1)), np.arange(runs)[:, None]
    for k in range(1, T + 1):
        each = objective.gradients(W)
        yield W, each
        W = W - alpha(k) * each[everyone, rng.integers(objective.n, size=(runs, batch_size))].mean(axis=1)


def _squares(
    objective: Analysed, w: Array, alpha: Callable[[int], float], T: int, runs: int, batch_size: int, seed: int
) -> Array:
    """‖∇F(w_k)‖² for k = 1, ..., T, a run in each row."""
    walk = _walk(objective, w, alpha, T, runs, batch_size, seed)
    return np.stack([(each.mean(axis=1) ** 2).sum(axis=1) for _, each in walk], axis=1)


def _gap(
    objective: Convex, w: Array, alpha: Callable[[int], float], T: int, runs: int, seed: int
) -> tuple[float, float]:
    """The mean of F(w_T) - F_* and its upper bound."""
    *_, (W, _) = _walk(objective, w, alpha, T, runs, 1, seed)
    return _upper(objective.values(W) - objective.F_star)


def _upper(sample: Array) -> tuple[float, float]:
    """The mean, and what the expectation does not exceed with 99 %."""
    mean = float(sample.mean())
    return mean, mean + QUANTILE * float(sample.std(ddof=1)) / math.sqrt(len(sample))


# Variants: less noise, step by step -----------------------------------------------------------------------------------


@statement
def theorem51(
    objective: Convex, w: Array, alpha: float, tau: float, T: int, runs: int = 1000, seed: int = 0
) -> Estimate:
    """E F(w_T) - F_* ≤ ω ρ^(T-1) for batches of n_k = ⌈τ^(k-1)⌉ draws (equation dynamic-sample-rate).

    ω is the larger of αLM/c and F(w_1) - F_*, and ρ the larger of 1 - αc/2 and 1/τ (Bottou, Curtis & Nocedal 2018,
    Theorem 5.1 and Corollary 5.2, with μ = μ_G = 1). They bound the variance of g(w_k, ξ_k) by M τ^(1-k), at every w_k.
    Here Assumption 2 takes its place: it gives E‖g‖² ≤ M τ^(1-k) + M_G ‖∇F‖², and the same proof goes through for
    α ≤ 1/(L M_G). The draws are with replacement, so that n_k may be larger than n.

    Raises
    ------
    ValueError
        F is not strongly convex, α is larger than the theorem allows, τ is not above 1, or there are fewer than 1,000
        runs.
    """
    c, F_star, size = _strong(objective), objective.F_star, growing(tau)
    theorem1_right(objective, w, alpha, T)  # the same limit for α
    omega = max(alpha * objective.L * objective.M / c, objective.F(w) - F_star)
    rng, W, even = _enough(T, runs, seed), np.tile(w, (runs, 1)), np.full(objective.n, 1 / objective.n)
    for k in range(1, T):
        counts = rng.multinomial(size(k), even, size=runs)
        W = W - alpha / size(k) * (counts[:, None, :] @ objective.gradients(W))[:, 0]
    right = omega * max(1 - alpha * c / 2, 1 / tau) ** (T - 1)
    return Estimate(*_upper(objective.values(W) - F_star), right, objective.F(w))


@statement
def svrg_factor(objective: Convex, alpha: float, m: int) -> float:
    """ρ = 1 / (c α (1 - 2Lα) m) + 2Lα / (1 - 2Lα), L the largest of the L_i (equation svrg-rate).

    Johnson & Zhang 2013, Theorem 1, for F c-strongly convex and E_i convex with L_i-Lipschitz gradients. Bottou, Curtis
    & Nocedal 2018 print it without c.

    Raises
    ------
    ValueError
        F is not strongly convex, α is not below 1/(4L), or m is too small for ρ < 1.
    """
    c, L = _strong(objective), float(objective.L_i.max())
    if not 0 < alpha < 1 / (4 * L):
        raise ValueError(f"alpha: expected less than 1/(4 L) = {1 / (4 * L):.6g}, L the largest L_i, got {alpha:.6g}")
    part = 1 - 2 * L * alpha
    rho = 1 / (c * alpha * part * m) + 2 * L * alpha / part
    if rho >= 1:
        least = math.floor(1 / (c * alpha * (1 - 4 * L * alpha))) + 1
        raise ValueError(f"m: expected at least {least} inner steps for a factor below 1, got {m}")
    return rho


@statement
def svrg_rate(
    objective: Convex,
    w: Array,
    alpha: float,
    m: int,
    T: int,
    choice: Literal["average", "random"] = "random",
    runs: int = 1000,
    seed: int = 0,
) -> Estimate:
    """E F(w_T) - F_* ≤ ρ^(T-1) (F(w_1) - F_*) for SVRG with m inner steps, ρ of `svrg_factor` (equation svrg-rate).

    The paper's random inner iterate is one of those before the steps 1, ..., m, ours one of those after. The proof ends
    with ‖v_{m+1} - w_*‖² ≥ (2/L)(F(v_{m+1}) - F_*) on its left side, which it drops, and which pays for the difference.

    Raises
    ------
    ValueError
        An assumption of `svrg_factor` fails, or there are fewer than 1,000 runs.
    """
    one_of("choice", choice, ("average", "random"))
    rho, F_star, n = svrg_factor(objective, alpha, m), objective.F_star, objective.n
    rng, W = _enough(T, runs, seed), np.tile(w, (runs, 1))
    for _ in range(1, T):
        grad, V, total = objective.gradients(W).mean(axis=1), W, np.zeros_like(W)
        stop, chosen = rng.integers(1, m + 1, size=runs), W + 0
        for j in range(1, m + 1):
            J = rng.integers(n, size=runs)
            V = V - alpha * (_own(objective, V, J) - _own(objective, W, J) + grad)
            total += V
            chosen[stop == j] = V[stop == j]
        W = total / m if choice == "average" else chosen
    right = rho ** (T - 1) * (objective.F(w) - F_star)
    return Estimate(*_upper(objective.values(W) - F_star), right, objective.F(w))


@statement
def saga_rate(
    objective: LogisticRegression, w: Array, T: int, long: bool = False, runs: int = 1000, seed: int = 0
) -> Estimate:
    """E‖w_T - w_*‖² ≤ (1 - αc)^(T-1) (‖w_1 - w_*‖² + 2αnD), SAGA with α = 1/(2(cn + L)) (equation saga-rate).

    D = F(w_1) - F_* (∇F(w_*) is 0) and L is the largest L_i; with `long`, α = 1/(3L) and the first factor is
    1 - min{1/(4n), c/(3L)} (Defazio, Bach & Lacoste-Julien 2014, Theorem 1 and its second part). Their proof needs
    every E_i to be c-strongly convex. The penalty of logistic regression does this with c = 2λ.

    Raises
    ------
    ValueError
        The E_i are not strongly convex, or there are fewer than 1,000 runs.
    """
    if not isinstance(objective, LogisticRegression) or not objective.c > 0:
        raise ValueError("objective: expected every E_i strongly convex, as in logistic regression with lam > 0")
    n, c, L = objective.n, objective.c, float(objective.L_i.max())
    alpha = 1 / (3 * L) if long else 1 / (2 * (c * n + L))
    rho = 1 - min(1 / (4 * n), c / (3 * L)) if long else 1 - alpha * c
    best, F_star = objective.w_star, objective.F_star
    right = rho ** (T - 1) * (float((w - best) @ (w - best)) + 2 * alpha * n * (objective.F(w) - F_star))
    rng, W, everyone = _enough(T, runs, seed), np.tile(w, (runs, 1)), np.arange(runs)
    table = objective.gradients(W)
    mean = table.mean(axis=1)
    for _ in range(1, T):
        J = rng.integers(n, size=runs)
        g = _own(objective, W, J)
        change = g - table[everyone, J]
        W = W - alpha * (change + mean)
        table[everyone, J] = g
        mean = mean + change / n
    return Estimate(*_upper(((W - best) ** 2).sum(axis=1)), right)


def _own(objective: _Linear, W: Array, J: Array) -> Array:
    """∇E_j(w) for every row w of `W` and its own j in `J`, shape (runs, p)."""
    X = objective.X[J]
    return objective._slope((W * X).sum(axis=1), objective.y[J])[:, None] * X + 2 * objective.lam * W


def _enough(T: int, runs: int, seed: int) -> np.random.Generator:
    """The generator of the runs, if there are enough of them and they make a step."""
    _steps(T)
    whole("runs", runs, 1000, None, "at least 1,000, which the bound of the mean needs")
    return np.random.default_rng(seed)


# Examples -------------------------------------------------------------------------------------------------------------


def problems() -> dict[str, Analysed]:
    """Small problems of each kind, with noise that does not vanish at the minimum."""
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(8), rng.normal(size=(8, 2))])
    y = X @ [0.5, 1.0, -1.0] + 0.5 * rng.normal(size=8)
    return {
        "least squares": LeastSquares(X, y),
        "logistic regression": LogisticRegression(X, np.sign(y), lam=0.01),
        "sigmoid unit": SigmoidUnit(X, (y > 0).astype(float)),
        "tanh network in a box": TanhNetwork(X[:, 1:], np.tanh(y), units=2, radius=2, lam=0.01),
    }
