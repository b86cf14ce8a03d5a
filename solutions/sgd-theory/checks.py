"""The graded items of `sgd-theory`: inputs, and groups for partial credit."""

from typing import Any

import numpy as np

from grading.engine import Draw, Rng, draw, group, item, items
from grading.judge.draw import choice, f32, normal, uniform

SQUARES, LOGISTIC = "least squares", "logistic"


def inputs(n: int, p: int) -> Draw:
    """Columns of different size, the largest one at the end, so that the eigenvalues lie apart."""
    return normal(n, p) * np.geomspace(1, 2, p)


def curved(model: str, n: int, p: int, lam: float = 0.0, size: float = 1.0) -> tuple:
    """Without a penalty, or with one of about `lam`."""
    return model, size * inputs(n, p), lam * uniform(0.5, 2)


def step(model: str, n: int, p: int, lam: float) -> tuple:
    """A step from a random point; some rate, and some L."""
    y = normal(n) if model == SQUARES else choice([-1.0, 1.0], n)
    return model, normal(p), inputs(n, p), y, lam, uniform(0.2, 0.4), uniform(1.5, 3)


def sample(n: int, p: int, size: int) -> tuple:
    """Gradients whose mean is not zero."""
    return 1 + normal(n, p), size


@draw
def visited(rng: Rng, points: int, n: int, p: int) -> np.ndarray:
    """Gradients at points near and far from a stationary point, with more and with less noise, in any order."""
    centre = rng.normal(size=(points, 1, p))
    centre *= np.geomspace(1.5, 0.05, points)[:, None, None] / np.linalg.norm(centre, axis=2, keepdims=True)
    noise = rng.normal(size=(points, n, p))
    noise -= noise.mean(axis=1, keepdims=True)
    spread = np.sqrt(rng.permutation(np.linspace(4, 16, points)) / np.mean(np.sum(noise**2, axis=2), axis=1))
    return rng.permutation(centre + spread[:, None, None] * noise)


def quiet(points: int, n: int, p: int) -> tuple:
    """Much gradient and hardly any noise, at all points."""
    return uniform(5, 6, points, 1, p) + 0.1 * normal(points, n, p), 3.0


def limits(size: int, noisy: bool = True) -> tuple:
    return uniform(0.5, 4), uniform(2, 6) if noisy else 1.0, size


@draw
def bound(rng: Rng, part: float, M_G: float, M: float = 1.0, T: int | None = None, start: float = 1.0) -> tuple:
    """Theorem 1 at `part` of the largest safe step; F begins above F_inf, and F_inf is not 0, unless start is."""
    F_inf, L, steps = start * rng.uniform(0.5, 2), rng.uniform(1.5, 4), T or int(rng.integers(20, 200))
    return F_inf + start * rng.uniform(1, 3), F_inf, steps, part / (L * M_G), L, M * rng.uniform(1, 3), M_G


def at_limit(L: float, M_G: float) -> tuple:
    """The largest safe step itself, in numbers without rounding."""
    return uniform(2, 4), uniform(0.5, 1), 50, 1 / (L * M_G), L, uniform(1, 3), M_G


def no_bound(value: Any) -> Any:
    """Minus one in the place of infinity, which has no difference from anything; the bounds here are positive."""
    return np.where(np.asarray(value) == np.inf, -1.0, value)


@draw
def targets(rng: Rng, M: float, M_G: float, low: float = 0.55, high: float = 0.8) -> tuple:
    """Targets for which 4 D / (alpha eps) lies between two whole numbers, `low` to `high` above the lower one."""
    while True:
        eps, D, L, noise = rng.uniform(0.1, 0.5), rng.uniform(1, 4), rng.uniform(1, 4), M * rng.uniform(0.5, 2)
        alpha = min(1 / (L * M_G), eps / (2 * L * noise)) if noise else 1 / (L * M_G)
        if low < 4 * D / (alpha * eps) % 1 < high:
            return eps, D, L, noise, M_G


@draw
def even(rng: Rng) -> tuple:
    """Targets without noise for which 4 D / (alpha eps) is a whole number below 1000, in numbers without rounding."""
    eps, L, M_G = (2.0 ** rng.integers(0, 2, size=3)).tolist()
    return eps / 4, float(rng.integers(3, 13)) / 2, L, 0.0, 2 * M_G


@draw
def runs(rng: Rng, R: int, T: int, times: float, size: float = 1.0) -> tuple:
    """Squares that differ between runs, and a right side of mean + `times` standard errors."""
    squares = size * rng.uniform(1, 3, size=(R, 1)) * rng.uniform(0.5, 1.5, size=(R, T)) * np.geomspace(3, 1, T)
    Z = squares.mean(axis=1)
    return squares, float(Z.mean() + times * Z.std(ddof=1) / np.sqrt(R))


@draw
def alike(rng: Rng, R: int, T: int) -> tuple:
    """Runs without any spread, so that the upper bound is the right side itself, without rounding."""
    value = float(rng.integers(2, 9))
    return np.full((R, T), value), value


def decays(R: int, T: int, q: float) -> tuple:
    """Rates beta k^-q; squares that fall and differ."""
    squares, alphas = uniform(0.5, 1.5, R, T) * np.geomspace(4, 1, T), uniform(0.2, 0.6) * np.arange(1, T + 1) ** -q
    return squares, alphas, uniform(1, 3), uniform(1, 3), uniform(1, 3)


SINGLE = (step(SQUARES, 1, 2, 0.0), step(LOGISTIC, 1, 2, 0.1))
DRAWS = (
    *(step(SQUARES, 6, 2, 0.0), step(SQUARES, 5, 3, 0.2)),
    *(step(LOGISTIC, 6, 2, 0.1), step(LOGISTIC, 5, 3, 0.0), f32(step(LOGISTIC, 7, 2, 0.3))),
)
FLOOR, SAFE = ((5.0, 1.0), (8.0, 2.0), (3.0, 1.0)), ((0.001, 20.0), (0.002, 30.0), (0.001, 40.0))
SEVERAL = (runs(6, 5, 3.0), runs(20, 8, 1.0), runs(9, 1, 4.0), f32(runs(12, 6, 3.0)))

ITEMS = items(
    lipschitz=item(
        "assumption-1",
        group("least squares, one observation", curved(SQUARES, 1, 1), curved(SQUARES, 1, 1)),
        group(
            "least squares, several observations",
            curved(SQUARES, 8, 3),
            curved(SQUARES, 5, 1),
            f32(curved(SQUARES, 9, 3)),
        ),
        group("the logistic model", curved(LOGISTIC, 8, 3), curved(LOGISTIC, 6, 4), curved(LOGISTIC, 1, 1)),
        group(
            "with a penalty",
            curved(SQUARES, 7, 2, 0.5),
            f32(curved(SQUARES, 9, 3, 3.0)),
            curved(LOGISTIC, 7, 3, 0.5, size=1e-12),  # all of its curvature is the penalty's
        ),
    ),
    lemma1_sides=item(
        "lemma-1",
        group("the left side, a single observation", *SINGLE, part=0),
        group("the left side, several", *DRAWS, part=0),
        group("the right side, a single observation", *SINGLE, part=1),
        group("the right side, several", *DRAWS, part=1),
    ),
    moments=item(
        "second-moment",
        group("||gradF||^2", sample(6, 3, 1), sample(5, 2, 3), sample(1, 4, 2), f32(sample(7, 2, 1)), part=0),
        group("E||g||^2, single draws", sample(6, 3, 1), f32(sample(5, 4, 1)), sample(4, 2, 1), part=1),
        group("E||g||^2, batches", sample(6, 3, 2), sample(5, 1, 4), f32(sample(7, 2, 10)), part=1),
    ),
    smallest_M=item(
        "assumption-2",
        group("one point", (visited(1, 5, 3), 1.0), (visited(1, 4, 2), 1.0)),
        group(
            "several points, M_G = 1",
            *((visited(6, 5, 3), 1.0) for _ in range(6)),
            *((visited(5, 6, 1), 1.0) for _ in range(3)),
            (f32(visited(5, 4, 2)), 1.0),
        ),
        group(
            "several points, a larger M_G",
            *((visited(6, 5, 3), 1.3) for _ in range(4)),
            *((visited(5, 4, 2), 2.0) for _ in range(3)),
            *((visited(4, 7, 2), 1.1) for _ in range(3)),
        ),
        group("no M needed", quiet(4, 5, 2), quiet(1, 3, 3)),
    ),
    safe_step=item(
        "safe-step",
        group("single draws", limits(1), limits(1), limits(1, noisy=False)),
        group("batches", limits(4), limits(10), limits(3, noisy=False)),
    ),
    theorem1_right=item(
        "theorem-1",
        group("a start at F_inf: the floor", bound(0.3, 1.0, start=0.0), bound(0.7, 4.0, start=0.0)),
        group("no noise: the start", bound(0.5, 1.0, M=0.0), bound(0.2, 3.0, M=0.0), bound(0.5, 2.0, M=0.0, T=1)),
        group(
            "both, up to the largest safe step",
            bound(0.3, 1.0),
            bound(0.7, 4.0),
            bound(0.5, 2.0, T=1),
            at_limit(2.0, 4.0),
            at_limit(0.5, 1.0),
            at_limit(4.0, 2.0),
        ),
        group(
            "beyond what is safe, and rates that are not positive",
            bound(1.01, 1.0),
            bound(1.5, 4.0),
            bound(3.0, 2.0),
            bound(3.0, 6.0),
            bound(5.0, 2.0),
            bound(2.5, 1.0),
            bound(0.0, 2.0),
            bound(-0.5, 2.0),
            part=no_bound,
        ),
    ),
    plan=item(
        "theorem-1-plan",
        group("the floor decides: the rate", *(targets(*each) for each in FLOOR), part=0),
        group("the safe step decides: the rate", *(targets(*each) for each in SAFE), part=0),
        group(
            "the number of steps",
            *(targets(*each, 0.2, 0.45) for each in FLOOR + SAFE),
            *(targets(*each, 0.55, 0.8) for each in FLOOR + SAFE),
            part=1,
        ),
        group("no noise, and steps that come out even", even(), even(), even()),
    ),
    read_off=item(
        "theorem-1-experiment",
        group("the mean", *SEVERAL, runs(1000, 20, 5.0), part=0),
        group("the upper bound", *SEVERAL, runs(1000, 10, -1.0), part=1),
        group(
            "the verdict where mean and upper bound agree",
            *(runs(10, 100, times, 0.1) for times in (-9.0, 9.0, 12.0)),
            alike(4, 8),
            part=2,
        ),
        group(
            "the verdict where the upper bound alone is too large",
            *(runs(10, 100, times, 0.1) for times in (0.1, 1.0, 2.0)),
            part=2,
        ),
    ),
    theorem2_sides=item(
        "theorem-2-mean",
        group("the left side with a constant rate", decays(4, 6, 0.0), decays(6, 4, 0.0), part=0),
        group("the left side with rates that decay, and one run", decays(4, 6, 1.0), decays(1, 7, 0.5), part=0),
        group("the right side after one step", decays(5, 1, 1.0), decays(3, 1, 0.5), part=1),
        group("the right side after every number of steps", decays(4, 6, 1.0), f32(decays(3, 8, 0.5)), part=1),
    ),
)
