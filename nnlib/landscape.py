"""The surface of F around and between minimizers: sections through it, and how sharp a minimizer is."""

from collections.abc import Iterable

from .backend import Array, move, namespace
from .optimizers import Objective
from .validation import keywords, number, positive, seeded, sequence, vector, whole

__all__ = ["section", "sharpness"]


@keywords
def section(objective: Objective, w: Array, v: Array, alphas: Iterable[float]) -> list[float]:
    """F((1 - α) w + α v) for each α: the line from w (α = 0) to v (α = 1), and beyond (equation section).

    Source: Goodfellow, Vinyals, Saxe 2015; Keskar et al. 2017, section 2.2.1.
    """
    w, v = vector("w", w), vector("v", v, len(w))
    alphas = [number("alphas", alpha) for alpha in sequence("alphas", alphas, "numbers, as np.linspace(-0.5, 1.5, 81)")]
    return [float(objective.F((1 - alpha) * w + alpha * v)) for alpha in alphas]


@keywords
def sharpness(objective: Objective, w: Array, eps: float = 1e-3, steps: int = 10, seed: int = 0) -> float:
    """φ(w, ε) = 100 (max_{v ∈ C_ε} F(w + v) - F(w)) / (1 + F(w)) over the box C_ε = {v : |v_i| ≤ ε (|w_i| + 1)}.

    Keskar et al. 2017, equations 3 and 4 with A = I (equation sharpness-box, equation sharpness). They climb with
    L-BFGS-B; here each step goes to the corner of the box where the linear model of F at the present point is
    largest, v ← ε (|w| + 1) sign ∇F(w + v). If F is convex in the box, no such step goes down, for F lies above its
    tangent.

    Parameters
    ----------
    objective : Objective
    w : array (p,)
        Usually a minimizer. It is not changed.
    eps : float
        Size of the box, ε.
    steps : int
        Gradients that are spent.
    seed : int
        Of the corner that the search starts from.

    Returns
    -------
    float
        A lower bound of φ: the highest F found, 0 where none is above F(w). In percent of 1 + F(w).

    Raises
    ------
    ValueError
        `eps` is not positive, or `steps` is below 1.
    """
    w, eps, steps = vector("w", w), positive("eps", eps), whole("steps", steps)
    xp = namespace(w)
    side = eps * (abs(w) + 1)
    corner = seeded(seed).choice([-1.0, 1.0], size=len(w))
    F = highest = float(objective.F(w))
    v = side * xp.sign(objective.grad(w + side * move(corner, w)))
    for _ in range(steps - 1):
        highest = max(highest, float(objective.F(w + v)))
        v = side * xp.sign(objective.grad(w + v))
    return 100 * (max(highest, float(objective.F(w + v))) - F) / (1 + F)
