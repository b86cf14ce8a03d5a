"""``python -m nnlib.theory``: every statement on every problem, and the table of both sides."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backend import Array
from ..objectives import LogisticRegression, TanhNetwork
from . import (
    Analysed,
    Convex,
    Sampling,
    assumption1,
    assumption2,
    lemma1,
    lemma2,
    problems,
    proposition1,
    saga_rate,
    svrg_rate,
    theorem1,
    theorem1_exact,
    theorem2,
    theorem46,
    theorem47,
    theorem51,
)

BATCHES: list[tuple[int, Sampling]] = [(1, "replacement"), (3, "replacement"), (3, "without")]


def at_points(objective: Analysed, pairs: Array, rng: np.random.Generator) -> Iterator[tuple[str, list[Any]]]:
    """What holds at every point: the proposition and the lemmas, each at a thousand of them."""
    limit = 1 / (objective.L * objective.M_G)
    yield "Proposition 1", [proposition1(objective, w, v) for w, v in pairs]
    for batch_size, sampling in BATCHES:
        label = f", batch {batch_size} {sampling}" if batch_size > 1 else ""
        arguments = [(w, limit * 2 ** rng.uniform(-6, 1), batch_size, sampling) for w, _ in pairs]
        yield "Lemma 1" + label, [lemma1(objective, *these) for these in arguments]
        yield "Lemma 2" + label, [lemma2(objective, *these) for these in arguments]


def along_runs(objective: Analysed, w: Array) -> Iterator[tuple[str, Any]]:
    """What holds along a run that starts at `w`: the theorems, each where its assumptions hold."""
    limit = 1 / (objective.L * objective.M_G)
    for part, label in ((1.0, "largest step"), (0.1, "a tenth of it")):
        yield f"Theorem 1, {label}, exact, T = 6", theorem1_exact(objective, w, part * limit, 6)
        yield f"Theorem 1, {label}, T = 300", theorem1(objective, w, part * limit, 300)
    yield "Theorem 2, 1/k, T = 300", theorem2(objective, w, lambda k: limit / k, 300)
    yield "Theorem 2, 1/√k, T = 300", theorem2(objective, w, lambda k: limit * (1 / math.sqrt(k)), 300)
    if isinstance(objective, Convex):
        beta = 2 / objective.c
        yield "Theorem 4.6, largest step, T = 300", theorem46(objective, w, limit, 300)
        yield "Theorem 4.7, T = 300", theorem47(objective, w, beta, beta / limit, 300)
        tau, alpha = 1 / (1 - limit * objective.c / 2), 1 / (10 * objective.L_i.max())
        yield "Theorem 5.1, largest step, T = 200", theorem51(objective, w, limit, tau, 200)
        m = math.ceil(2.5 / (objective.c * alpha))
        yield "SVRG, rate 1/(10 L), T = 3", svrg_rate(objective, w, alpha, m, 3)
    if isinstance(objective, LogisticRegression):
        yield "SAGA, rate 1/(2(cn + L)), T = 300", saga_rate(objective, w, 300)
        yield "SAGA, rate 1/(3 L), T = 300", saga_rate(objective, w, 300, long=True)


def points(objective: Analysed, rng: np.random.Generator) -> tuple[Array, Array]:
    """Where runs start, and a thousand pairs of points."""
    if isinstance(objective, TanhNetwork):  # inside its box
        start = 0.5 * np.resize([1.0, -1.0, 1.0], objective.p)
        return start, objective.radius / 2 * rng.uniform(-1, 1, size=(1000, 2, objective.p))
    start = np.array([1.0, -1.0, 1.0])
    return start, rng.normal(size=(1000, 2, 3)) * 10 ** rng.uniform(-2, 1, size=(1000, 1, 1))


def table() -> Iterator[tuple[str, str, Any]]:
    """Statement, problem, and both sides, at the point of a thousand where they are closest."""
    for name, objective in problems().items():
        yield "largest curvature found ≤ L", name, assumption1(objective)
        yield "largest variance found ≤ M", name, assumption2(objective)
        rng = np.random.default_rng(1)
        start, pairs = points(objective, rng)
        for statement, sides in at_points(objective, pairs, rng):
            yield statement, name, min(sides, key=closeness)
        for statement, both in along_runs(objective, start):
            yield statement, name, both


def closeness(sides: Any) -> tuple[bool, float]:
    """What fails comes first, then what is nearly an equality; values of the size of rounding come last."""
    scale = abs(sides.left) + abs(sides.right)
    return sides.holds, (sides.right - sides.left) / scale if scale > 1e-6 else math.inf


def main() -> int:
    """Print the table; 1 if an inequality fails."""
    failed = 0
    print(f"{'statement':39} {'objective':21} {'left side':>12} {'right side':>12} {'slack':>8}  verdict")
    for statement, name, sides in table():
        failed += not sides.holds
        verdict = "holds" if sides.holds else "FAILS"
        numbers = f"{sides.left:12.4e} {sides.right:12.4e} {sides.slack:8.3g}"
        print(f"{statement:39} {name:21} {numbers}  {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
