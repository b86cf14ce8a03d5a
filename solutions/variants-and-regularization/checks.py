"""The graded items of `variants-and-regularization`: inputs, and groups for partial credit."""

import itertools
from typing import Any

import numpy as np

from grading.engine import Rng, draw, group, item, items
from grading.judge.draw import choice, f32, network, normal, uniform


def pushes(mu: float, *shape: int, rest: bool = False) -> tuple:
    """w, v, g, alpha, mu; with `rest` the last step v is zero."""
    return normal(*shape), np.zeros(shape) if rest else normal(*shape), normal(*shape), uniform(0.1, 0.4), mu


def moments(k: int, *shape: int, more: tuple[float, ...] = ()) -> tuple:
    """w, m, r, g, k, alpha, and perhaps b1, b2, eps."""
    return normal(*shape), normal(*shape), uniform(0.5, 2.0, *shape), normal(*shape), k, uniform(0.1, 0.5), *more


def from_zero(n: int, *more: float) -> tuple:
    return normal(n), np.zeros(n), np.zeros(n), normal(n), 1, uniform(0.1, 0.5), *more


def sums(n: int, p: int, count: int, alpha: float) -> tuple:
    """w, X, y, alpha, draws."""
    return normal(p), normal(n, p), normal(n), alpha, choice(n, count)


@draw
def chances(rng: Rng, n: int, units: int, p: float) -> np.ndarray:
    """With at least one entry dropped and one kept."""
    u = rng.random((n, units))
    u[0, :2] = 0.5 * p, 0.5 + 0.5 * p
    return u


def masks(n: int, units: int, p: float) -> tuple:
    """z, p, u."""
    return normal(n, units), p, chances(n, units, p)


@draw
def at_zero(rng: Rng, n: int, units: int) -> tuple:
    """p = 0, and some u are 0 as well: where u = p nothing is dropped."""
    u = rng.random((n, units))
    u[-1, ::2] = 0.0
    return rng.normal(size=(n, units)), 0.0, u


def dropped(n: int, s: int, m: int, K: int, p: float) -> tuple:
    """betas, X, Y, p, u for s inputs, m units, K outputs."""
    return network((s, m, K)), normal(n, s), normal(n, K), p, chances(n, m, p)


@draw
def one_far(rng: Rng, betas: Any, X: np.ndarray, Y: np.ndarray, *more: Any) -> tuple:
    """A huge target where all else is tiny: a large F hides the gradient from differences, and from no formula."""
    betas[0][:, 0] = 0
    X[0], Y[0] = 1e-9 * X[0], 1e9
    return betas, X, Y, *more


def of_layer(number: int) -> Any:
    """From the gradients to a layer's, the bias and the other weights each by its own scale."""
    return lambda g: [g[number][:, 0], g[number][:, 1:]]


def penalized(lam: float, *sizes: int) -> tuple:
    """betas, g, lam."""
    shapes = [(m, 1 + s) for s, m in itertools.pairwise(sizes)]
    return [normal(*shape) for shape in shapes], [normal(*shape) for shape in shapes], lam


@draw
def far(rng: Rng, tau: float, *shape: int) -> tuple:
    """u of both signs with |u| > tau."""
    return rng.choice([-1, 1], size=shape) * (tau + rng.uniform(0.1, 3.0, size=shape)), tau


@draw
def near(rng: Rng, tau: float, *shape: int) -> tuple:
    """u of both signs with |u| < tau, and a zero."""
    u = rng.uniform(-0.95 * tau, 0.95 * tau, size=shape)
    u.flat[0] = 0.0
    return u, tau


@draw
def lasso(rng: Rng, n: int, p: int, lam: float, k: int) -> tuple:
    """beta, X, y, alpha, lam, k."""
    beta, X = rng.normal(size=1 + p), rng.normal(size=(n, p))
    return beta, X, 2 * X[:, 0] + 1.5 + rng.normal(size=n), 0.1, lam, k


@draw
def permutation(rng: Rng, what: Any) -> np.ndarray:
    return rng.permutation(what)


LAMS = (0.3, 20.0, 0.001)


@draw
def with_lams(rng: Rng, X: np.ndarray, y: np.ndarray, lams: Any, pairs: Any) -> tuple:
    """The same with these lams, in this order."""
    return X, y, list(LAMS), pairs


def place(value: Any) -> Any:
    """The place of the chosen one of LAMS among the estimates that were returned, and what is none of them itself."""
    cv, best = value
    found = np.flatnonzero(np.take(LAMS, np.argsort(cv)) == best)
    return found if found.size else best


def up_to_a_factor(value: Any) -> Any:
    """The estimates as shares of their sum: which lam is better, and by how much, in any unit."""
    return value[0] / np.sum(value[0])


def ascending(pairs: Any) -> list[list[np.ndarray]]:
    """The order within train and within held does not count."""
    return [[np.sort(part) for part in pair] for pair in pairs]


@draw
def candidates(rng: Rng, n: int, p: int, k: int) -> tuple:
    """X, y, lams, pairs: several lams, not in order, and folds as the task wants them."""
    X = rng.normal(size=(n, p))
    y = 3 + X @ rng.normal(size=p) + 2 * rng.normal(size=n)
    cut = np.array_split(rng.permutation(n), k)
    pairs = [(np.concatenate(cut[:r] + cut[r + 1 :]), cut[r]) for r in range(k)]
    return X, y, rng.permutation([0.003, 0.05, 0.3, 1.0, 20.0]).tolist(), pairs


MASKED = (dropped(6, 3, 5, 2, 0.4), dropped(5, 2, 4, 3, 0.7), f32(dropped(3, 3, 4, 1, 0.25)))
MASKED += (one_far(*dropped(4, 3, 5, 2, 0.4)),)
DROPS = (masks(6, 4, 0.2), masks(4, 5, 0.5), masks(1, 5, 0.4), f32(masks(5, 6, 0.8)))
PENALIZED = (penalized(0.3, 3, 4, 2), penalized(0.05, 2, 3), f32(penalized(1.5, 2, 3, 3, 2)))
EQUAL = (candidates(20, 5, 4), candidates(18, 6, 3))
CHOICES = tuple(with_lams(candidates(24, 6, k)) for k in (3, 4, 6, 8))
STEPS = tuple(lasso(12, 8, 1.5, 1) for _ in range(8))

ITEMS = items(
    momentum_step=item(
        "momentum",
        group("the first step, from v = 0: w", pushes(0.9, 4, rest=True), part=0),
        group("later steps: v", pushes(0.9, 4), pushes(0.5, 2, 3), part=1),
        group("later steps: w, also for matrices and float32", pushes(0.7, 5), f32(pushes(0.9, 3, 2)), part=0),
    ),
    adam_step=item(
        "adam",
        group("what is kept, m and r", from_zero(4), moments(3, 2, 3), part=slice(1, 3)),
        group("w after the first step, from zero, with eps = 0", from_zero(5, 0.9, 0.999, 0.0), part=0),
        group(
            "w in later steps, with other b1, b2 and eps",
            moments(2, 4),
            moments(3, 3, 2, more=(0.5, 0.75, 0.3)),
            f32(moments(5, 4, more=(0.8, 0.95, 0.1))),
            part=0,
        ),
        group("w after very many steps, with eps = 0", moments(10**6, 4, more=(0.9, 0.999, 0.0)), part=0),
    ),
    svrg=item(
        "svrg",
        group("one inner step", sums(6, 3, 1, 0.1), sums(4, 2, 1, 0.2)),
        group(
            "several inner steps, and float32",
            sums(6, 3, 4, 0.1),
            sums(8, 4, 12, 0.05),
            f32(sums(7, 3, 5, 0.1)),
            points=2,
        ),
        group("one observation alone", sums(1, 3, 3, 0.1), sums(1, 2, 2, 0.05)),
    ),
    dropout=item(
        "dropout",
        group("what is sent on", *DROPS, part=0),
        group("the factors", *DROPS, part=1),
        group("p = 0, and some u = p", at_zero(3, 4), at_zero(1, 5)),
    ),
    dropout_gradient=item(
        "dropout-backward",
        group("p = 0: a network without dropout", dropped(5, 3, 4, 2, 0.0), dropped(1, 2, 3, 3, 0.0)),
        group("the output layer", *MASKED, part=of_layer(1)),
        group("the hidden layer", *MASKED, part=of_layer(0)),
        calls={"dropout": (0, 12)},  # once for each weight is too often
        formula=True,
    ),
    l2_gradient=item(
        "l2-regularization",
        group("the weights between units", *PENALIZED, part=lambda g: [layer[:, 1:] for layer in g]),
        group("the biases", *PENALIZED, part=lambda g: [layer[:, 0] for layer in g]),
    ),
    soft_threshold=item(
        "soft-thresholding",
        group("far from zero", far(0.7, 8), far(2.0, 3, 4), far(0.0, 5), f32(far(0.5, 6))),
        group("near zero", near(0.7, 8), near(2.0, 3, 4), f32(near(0.5, 6))),
    ),
    ista=item(
        "ista",
        group("without a penalty: gradient descent", lasso(10, 3, 0.0, 1), lasso(12, 4, 0.0, 5)),
        group("one step", *STEPS, f32(lasso(12, 8, 3.0, 1))),
        group("many steps", lasso(12, 4, 0.3, 20), lasso(20, 6, 0.8, 100), points=2),
    ),
    folds=item(
        "cross-validation-folds",
        group("folds of the same size", (permutation(12), 3), (permutation(6), 6), part=ascending),
        group(
            "folds of two sizes",
            *((permutation(n), k) for n, k in ((11, 3), (14, 5), (9, 2), (10, 4), (13, 5))),
            part=ascending,
        ),
    ),
    cross_validate=item(
        "cross-validation",
        group("the choice, by the estimates that were returned", *CHOICES, part=place),
        group("CV, folds of the same size", *EQUAL, part=0),
        group("CV, folds of two sizes", candidates(22, 4, 4), candidates(11, 3, 2), part=0),
        group(
            "CV up to a factor, leave one out",
            candidates(12, 3, 12),
            candidates(10, 4, 10),
            part=up_to_a_factor,
        ),
    ),
)
