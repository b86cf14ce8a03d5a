"""The graded items of `sgd-theory`: inputs, and groups for partial credit."""

import numpy as np

from grading.engine import Draw, Rng, draw, group, item, items
from grading.judge.draw import choice, f32, normal, uniform

SQUARES, LOGISTIC = "least squares", "logistic"


def inputs(n: int, p: int) -> Draw:
    """Columns of different size, so that the eigenvalues lie apart."""
    return normal(n, p) * np.geomspace(2, 1, p)


def curved(model: str, n: int, p: int, lam: float = 0.0) -> tuple:
    """Without a penalty, or with one of about `lam`."""
    return model, inputs(n, p), lam * uniform(0.5, 2)


def step(model: str, n: int, p: int, lam: float) -> tuple:
    """A step from a random point; some rate, and some L."""
    y = normal(n) if model == SQUARES else choice([-1.0, 1.0], n)
    return model, normal(p), inputs(n, p), y, lam, uniform(0.2, 0.4), uniform(1.5, 3)


def sample(n: int, p: int, size: int) -> tuple:
    """Gradients whose mean is not zero."""
    return 1 + normal(n, p), size


@draw
def visited(rng: Rng, points: int, n: int, p: int) -> np.ndarray:
    """Gradients at points with much and with little noise, near and far from a stationary point."""
    centre = rng.normal(size=(points, 1, p)) * np.geomspace(0.05, 3, points)[:, None, None]
    noise = rng.normal(size=(points, n, p)) * np.linspace(1, 2, points)[:, None, None]
    return rng.permutation(centre + noise)


def quiet(points: int, n: int, p: int) -> tuple:
    """Much gradient and hardly any noise, at all points."""
    return uniform(5, 6, points, 1, p) + 0.1 * normal(points, n, p), 3.0


def limits(size: int, noisy: bool = True) -> tuple:
    return uniform(0.5, 4), uniform(2, 6) if noisy else 1.0, size


@draw
def bound(rng: Rng, part: float, M_G: float, M: float = 1.0, T: int | None = None) -> tuple:
    """Theorem 1 at `part` of the largest safe step, with a start above F_inf, which is not 0."""
    F_inf, L, steps = rng.uniform(0.5, 2), rng.uniform(1.5, 4), T or int(rng.integers(20, 200))
    return F_inf + rng.uniform(1, 3), F_inf, steps, part / (L * M_G), L, M * rng.uniform(1, 3), M_G


def at_limit(L: float, M_G: float) -> tuple:
    """The largest safe step itself, in numbers without rounding."""
    return uniform(2, 4), uniform(0.5, 1), 50, 1 / (L * M_G), L, uniform(1, 3), M_G


@draw
def targets(rng: Rng, M: float, M_G: float) -> tuple:
    """Targets for which 4 D / (alpha eps) is not near a whole number (nor is a half or a fourth of it)."""
    while True:
        eps, D, L, noise = rng.uniform(0.1, 0.5), rng.uniform(1, 4), rng.uniform(1, 4), M * rng.uniform(0.5, 2)
        alpha = min(1 / (L * M_G), eps / (2 * L * noise)) if noise else 1 / (L * M_G)
        if 0.2 < 4 * D / (alpha * eps) % 1 < 0.8:
            return eps, D, L, noise, M_G


@draw
def runs(rng: Rng, R: int, T: int, times: float) -> tuple:
    """Squares that differ between runs, and a right side of mean + `times` standard errors."""
    squares = rng.uniform(1, 3, size=(R, 1)) * rng.uniform(0.5, 1.5, size=(R, T)) * np.geomspace(3, 1, T)
    Z = squares.mean(axis=1)
    return squares, float(Z.mean() + times * Z.std(ddof=1) / np.sqrt(R))


def decays(R: int, T: int, q: float) -> tuple:
    """Rates beta k^-q; squares that fall and differ."""
    squares, alphas = uniform(0.5, 1.5, R, T) * np.geomspace(4, 1, T), uniform(0.2, 0.6) * np.arange(1, T + 1) ** -q
    return squares, alphas, uniform(1, 3), uniform(1, 3), uniform(1, 3)


QUADRATIC = (step(SQUARES, 6, 2, 0.0), step(SQUARES, 5, 3, 0.2))
NOISY = (targets(5.0, 1.0), targets(8.0, 2.0), targets(3.0, 1.0))
SEVERAL = (runs(6, 5, 3.0), runs(20, 8, 1.0), runs(9, 1, 4.0), f32(runs(12, 6, 3.0)))

ITEMS = items(
    lipschitz=item(
        "assumption-1",
        group("least squares", curved(SQUARES, 8, 3), curved(SQUARES, 5, 1), curved(SQUARES, 1, 2)),
        group("the logistic model", curved(LOGISTIC, 8, 3), curved(LOGISTIC, 6, 4)),
        group("with a penalty", curved(SQUARES, 7, 2, 0.5), curved(LOGISTIC, 7, 3, 0.5)),
        group("float32, and a large penalty", f32(curved(SQUARES, 9, 3, 3.0)), curved(LOGISTIC, 6, 3, 3.0), at=4),
    ),
    lemma1_sides=item(
        "lemma-1",
        group("a single observation", step(SQUARES, 1, 2, 0.0), step(LOGISTIC, 1, 1, 0.1), at=20),
        group("least squares: the left side", *QUADRATIC, part=0, at=50),
        group("least squares: the right side", *QUADRATIC, part=1, at=50),
        group(
            "the logistic model, and float32",
            step(LOGISTIC, 6, 2, 0.1),
            step(LOGISTIC, 5, 3, 0.0),
            f32(step(LOGISTIC, 7, 2, 0.3)),
            at=20,
        ),
    ),
    moments=item(
        "second-moment",
        group("||gradF||^2", sample(6, 3, 1), sample(5, 2, 3), sample(1, 4, 2), part=0),
        group("E||g||^2, single draws", sample(6, 3, 1), f32(sample(5, 4, 1)), sample(4, 2, 1), part=1),
        group("E||g||^2, batches", sample(6, 3, 2), sample(5, 1, 4), f32(sample(7, 2, 10)), part=1),
    ),
    smallest_M=item(
        "assumption-2",
        group("one point", (visited(1, 5, 3), 1.0), (visited(1, 4, 2), 1.0)),
        group(
            "several points, M_G = 1", (visited(6, 5, 3), 1.0), (visited(4, 6, 1), 1.0), (f32(visited(5, 4, 2)), 1.0)
        ),
        group(
            "several points, a larger M_G", (visited(6, 5, 3), 1.3), (visited(5, 4, 2), 2.0), (visited(4, 7, 2), 1.1)
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
        group("safe steps", bound(0.3, 1.0), bound(0.7, 4.0), bound(0.5, 2.0, T=1)),
        group("no noise", bound(0.5, 1.0, M=0.0), bound(0.2, 3.0, M=0.0)),
        group("the largest safe step", at_limit(2.0, 4.0), at_limit(0.5, 1.0), at_limit(4.0, 2.0)),
        group(
            "beyond what is safe",
            bound(1.5, 4.0),
            bound(3.0, 6.0),
            bound(5.0, 2.0),
            bound(2.5, 1.0),
            bound(0.0, 2.0),
            bound(-0.5, 2.0),
            part=np.isinf,
        ),
    ),
    plan=item(
        "theorem-1-plan",
        group("the floor decides: the rate", *NOISY, part=0),
        group("the floor decides: the number of steps", *NOISY, part=1),
        group("the safe step decides", targets(0.1, 20.0), targets(0.2, 30.0)),
        group("no noise", targets(0.0, 1.0), targets(0.0, 3.0)),
    ),
    read_off=item(
        "theorem-1-experiment",
        group("the mean", *SEVERAL, runs(1000, 20, 5.0), part=0),
        group("the upper bound", *SEVERAL, part=1, at=4),
        group("a thousand runs", runs(1000, 20, 5.0), runs(1000, 10, -1.0), at=4),
        group("the verdict", *(runs(10, 7, times) for times in (-4.0, -1.0, 1.0, 2.0, 2.6, 6.0)), part=2),
    ),
    theorem2_sides=item(
        "theorem-2-mean",
        group("one step", decays(5, 1, 1.0), decays(3, 1, 0.5)),
        group("the left side with a constant rate", decays(4, 6, 0.0), decays(6, 4, 0.0), part=0),
        group("the left side with rates that decay, and one run", decays(4, 6, 1.0), decays(1, 7, 0.5), part=0),
        group("the right side, and float32", decays(4, 6, 1.0), f32(decays(3, 8, 0.5)), part=1),
    ),
)
