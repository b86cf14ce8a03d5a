"""The graded items of `optimization`: inputs, and groups for partial credit."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grading.engine import Case, Draw, Reference, Rng, draw, group, item, items
from grading.judge.draw import batches, f32, normal, uniform


def squares(w: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """The objective of part 1, for the methods."""
    r = X @ w - y
    return 0.5 * np.mean(r**2), X.T @ r / len(X)


def logistic(w: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """The objective of part 2, for the methods."""
    m = y * (X @ w)
    return np.mean(np.logaddexp(0, -m)), X.T @ (-y * np.exp(-np.logaddexp(0, m))) / len(X)


@draw
def classes(rng: Rng, n: int) -> np.ndarray:
    """Both classes occur where n > 1."""
    y = rng.choice([-1.0, 1.0], size=n)
    y[:2] = [-1.0, 1.0][:n]
    return rng.permutation(y)


def regression(n: int, p: int) -> tuple:
    return normal(p), normal(n, p), normal(n)


def classification(n: int, p: int) -> tuple:
    return normal(p), normal(n, p), classes(n)


@draw
def one_far(rng: Rng, w: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple:
    """A huge target where X is tiny: a large F hides the gradient from differences, and from no formula."""
    X[0], y[0] = 1e-9 * X[0], 1e9
    return w, X, y


@draw
def margins(rng: Rng, low: float, high: float) -> tuple:
    """Margins of about `low` to `high`, each once with either sign."""
    sizes = np.repeat(np.linspace(low, high, 3), 2)
    X = np.outer(rng.choice([-1, 1], size=6) * sizes * rng.uniform(1, 1.03, size=6), [1.0, 0.1])
    return np.array([1.0, 0.5]), X, np.sign(X[:, 0]) * np.array([1, -1, 1, -1, 1, -1])


def stays_finite(result: Any) -> Any:
    """F, and where the gradient is a finite number: where exp overflows, its digits are asked for elsewhere."""
    return [result[0], np.isfinite(result[1])]


def problem(objective: Callable, n: int, p: int) -> tuple:
    """(objective, w, X, y), for the methods."""
    return objective, *(regression if objective is squares else classification)(n, p)


def rates(T: int) -> Draw:
    """Rates that differ from step to step, small enough for all rows here."""
    return uniform(0.05, 0.3, T)


def descents(objective: Callable, T: int, p: int = 3, n: int = 12) -> tuple:
    return *problem(objective, n, p), rates(T)


def last(path: Any) -> Any:
    """Where a run ends, however it is recorded."""
    return np.atleast_2d(path)[-1]


def matrices(n: int, p: int) -> Draw:
    """Columns of different size, so that the eigenvalues lie apart."""
    return normal(n, p) * np.geomspace(3, 1, p)


def rising(n: int, p: int) -> Draw:
    """The same, with the largest column at the end."""
    return normal(n, p) * np.geomspace(1, 3, p)


@draw
def different(rng: Rng, T: int) -> np.ndarray:
    """T indices of eight observations, without the first one."""
    return 1 + rng.permutation(7)[:T]


def draws(objective: Callable, T: int, p: int = 3) -> tuple:
    return *problem(objective, 8, p), different(T), rates(T)


def alone(objective: Callable) -> tuple:
    """One observation, and one step."""
    return *problem(objective, 1, 2), np.array([0]), rates(1)


@draw
def order(rng: Rng, n: int) -> np.ndarray:
    """A permutation that does not begin with its least or largest index, and is in no order."""
    found = rng.permutation(n)
    while n > 2 and found[0] in (0, n - 1):
        found = rng.permutation(n)
    return found


def minibatches(objective: Callable, *sizes: int, n: int = 10, p: int = 3) -> tuple:
    return *problem(objective, n, p), batches(n, *sizes), rates(len(sizes))


@draw
def run(rng: Rng) -> tuple:
    """Ten epochs of batches of 16 out of 200, with harmonic rates, on logistic regression."""
    n, p = 200, 4
    X, towards = rng.normal(size=(n, p)), rng.normal(size=p)
    y = np.where(X @ towards / np.linalg.norm(towards) + rng.normal(size=n) > 0, 1.0, -1.0)
    batches = [order[i : i + 16] for order in (rng.permutation(n) for _ in range(10)) for i in range(0, n, 16)]
    return logistic, np.zeros(p), X, y, batches, 40 / (20 + np.arange(1, len(batches) + 1))


def arrives(path: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if F at the last iterate is more than 0.01 above the minimum, or if no steps of SGD led there.

    Steps along the gradients of all rows pass: it is the other groups that tell them from batches.
    """
    objective, start, X, y, batches, alphas = case.args
    path = np.asarray(path, dtype=float)
    if path.shape != (len(batches) + 1, len(start)):
        return f"the path has shape {path.shape}, expected {(len(batches) + 1, len(start))}"
    if not np.array_equal(path[0], start):
        return "row 0 of the path is not the start"

    def along(rows: list[Any]) -> float:
        """The cosine between all steps of the path and those that the gradients of such rows ask for."""
        asked = [-alpha * objective(w, X[J], y[J])[1] for w, J, alpha in zip(path[:-1], rows, alphas, strict=True)]
        taken = np.diff(path, axis=0)
        return float(np.vdot(taken, asked) / (np.linalg.norm(taken) * np.linalg.norm(asked)))

    if along(batches) < 0.9 and along([np.arange(len(X))] * len(batches)) < 0.99:
        return "the steps of the path do not follow the gradients: the task asks for a step for each batch"
    w = np.zeros(len(start))
    for _ in range(30):  # Newton steps; the classes overlap, so there is a minimum
        m = y * (X @ w)
        s = np.exp(-np.logaddexp(0, m) - np.logaddexp(0, -m))
        w = w - np.linalg.solve((X.T * s) @ X / len(X), objective(w, X, y)[1])
    gap = float(objective(path[-1], X, y)[0] - objective(w, X, y)[0])
    return None if gap <= 0.01 else f"F is {gap:.2g} above its minimum after the run, at most 0.01 is asked for"


def gradients(n: int, p: int, size: int, replacement: bool) -> tuple:
    """Gradients whose mean is not zero."""
    return 1 + normal(n, p), size, replacement


ITEMS = items(
    least_squares=item(
        "empirical-risk",
        group(
            "F", regression(1, 3), regression(5, 3), regression(4, 4), regression(7, 2), f32(regression(6, 2)), part=0
        ),
        group(
            "the gradient for one observation",
            regression(1, 3),
            regression(1, 1),
            one_far(*regression(1, 2)),
            f32(regression(1, 2)),
            part=1,
        ),
        group(
            "the gradient for several",
            regression(5, 3),
            regression(4, 4),
            regression(7, 2),
            one_far(*regression(4, 3)),
            f32(regression(6, 2)),
            part=1,
        ),
        formula=True,
    ),
    logistic=item(
        "logistic-risk",
        group(
            "F",
            classification(1, 3),
            classification(6, 3),
            classification(4, 4),
            classification(7, 2),
            f32(classification(6, 2)),
            part=0,
        ),
        group(
            "the gradient for one observation",
            classification(1, 3),
            classification(1, 1),
            f32(classification(1, 2)),
            part=1,
        ),
        group(
            "the gradient for several",
            classification(6, 3),
            classification(4, 4),
            classification(7, 2),
            margins(17, 25),
            f32(classification(6, 2)),
            part=1,
        ),
        group("large margins", margins(2e3, 4e3), margins(800, 900), part=stays_finite),
        formula=True,
    ),
    gradient_descent=item(
        "gradient-descent",
        group("one step with one observation", descents(squares, 1, n=1), descents(logistic, 1, 2, n=1), part=last),
        group(
            "where several steps lead",
            descents(squares, 5),
            descents(logistic, 6, 2),
            f32(descents(logistic, 4)),
            part=last,
        ),
        group("the path: all iterates", descents(squares, 4, 2), descents(logistic, 3), f32(descents(squares, 3))),
    ),
    stable_rate=item(
        "stable-rate",
        group("one observation of one weight", matrices(1, 1), matrices(1, 1)),
        group("several observations", matrices(6, 1), matrices(8, 3), matrices(12, 5), rising(9, 3), rising(7, 2)),
        group(
            "inputs of different size, and float32",
            np.array([0.0, 1.0, 0.3]) * normal(9, 3) + np.array([1.0, 20.0, 0.0]),
            f32(matrices(10, 3)),
            f32(rising(10, 3)),
        ),
    ),
    sgd=item(
        "sgd",
        group("one step with one observation", alone(squares), alone(logistic), part=last),
        group(
            "where several steps lead",
            draws(squares, 6),
            draws(logistic, 1),
            draws(logistic, 5, 2),
            f32(draws(logistic, 4)),
            part=last,
        ),
        group("the path: all iterates", draws(squares, 3, 2), draws(logistic, 4), f32(draws(squares, 3))),
    ),
    learning_rates=item(
        "learning-rates",
        group("constant", ("constant", (uniform(0.1, 1),), 4), ("constant", (uniform(0.1, 1),), 1)),
        group(
            "harmonic",
            ("harmonic", (uniform(1, 5), uniform(0.5, 9)), 6),
            ("harmonic", (uniform(1, 5), uniform(50, 90)), 9),
            ("harmonic", (uniform(1, 5), uniform(0.5, 9)), 1),
        ),
        group(
            "step decay: the rates between the changes",
            ("step", (uniform(0.1, 1), uniform(0.3, 0.9), 3), 9),
            ("step", (uniform(0.1, 1), uniform(0.3, 0.9), 3), 6),
            part=slice(1, None, 3),
        ),
        group(
            "step decay: when the rate changes",
            ("step", (uniform(0.1, 1), uniform(0.3, 0.9), 3), 7),
            ("step", (uniform(0.1, 1), uniform(0.3, 0.9), 1), 4),
            ("step", (uniform(0.1, 1), uniform(0.3, 0.9), 4), 8),
            ("step", (uniform(0.1, 1), uniform(0.3, 0.9), 5), 3),
        ),
    ),
    epoch_batches=item(
        "epoch-batches",
        group("batches that come out even", (order(12), 4), (order(12), 3)),
        group("some left over", (order(10), 4), (order(11), 3), (order(9), 7), (order(6), 10)),
        group("batches of one and of all", (order(5), 1), (order(7), 7)),
    ),
    minibatch_sgd=item(
        "minibatch-sgd",
        group(
            "one step with one observation",
            minibatches(squares, 1, n=1),
            minibatches(logistic, 1, n=1, p=2),
            part=last,
        ),
        group("batches of one", minibatches(squares, 1, 1, 1), minibatches(logistic, 1, 1, 1, 1), part=last),
        group(
            "batches of different size, and float32",
            minibatches(squares, 3, 3, 2),
            minibatches(logistic, 4, 1, 10, 5),
            minibatches(logistic, 3, p=2),
            f32(minibatches(logistic, 3, 2, 4)),
            part=last,
        ),
        group("the path: all iterates", minibatches(squares, 4, 4, 4), minibatches(logistic, 3, 3, p=2)),
        group(
            "a run on logistic regression reaches a stated accuracy",
            *(run() for _ in range(3)),
            judge=arrives,
            deadline=20.0,
        ),
    ),
    batch_variance=item(
        "variance-without",
        group("a batch of one", gradients(6, 3, 1, True), gradients(5, 2, 1, False)),
        group("with replacement", gradients(6, 3, 4, True), gradients(5, 1, 8, True), f32(gradients(7, 4, 3, True))),
        group(
            "without replacement", gradients(6, 3, 4, False), gradients(9, 2, 2, False), f32(gradients(7, 4, 3, False))
        ),
        group(
            "one weight: a batch of one with replacement, and of all without",
            gradients(6, 1, 1, True),
            gradients(6, 1, 6, False),
            gradients(5, 1, 5, False),
        ),
    ),
)
