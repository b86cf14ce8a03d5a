"""The graded items of `variants-and-regularization`: inputs, groups for partial credit, and known mistakes."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grading.engine import Draw, Item, Mistake, Rng, group

VARIANTS, OVERFITTING = "chapters/07-sgd-variants", "chapters/08-overfitting"

f32 = np.float32


def variant(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake that the chapter on the variants of SGD explains."""
    return Mistake(name, hint, VARIANTS, edits)


def mistake(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake that the chapter on overfitting explains."""
    return Mistake(name, hint, OVERFITTING, edits)


def vectors(rng: Rng, count: int, shape: Any, dtype: Any = float) -> list[np.ndarray]:
    return [rng.normal(size=shape).astype(dtype) for _ in range(count)]


def positive(rng: Rng, shape: Any, dtype: Any = float) -> np.ndarray:
    """Running means of squares are positive."""
    return rng.uniform(0.5, 2.0, size=shape).astype(dtype)


# ------------------------------------------------------------------------------------------------ variants of SGD


def pushes(shape: Any, mu: float, dtype: Any = float, rest: bool = False) -> Draw:
    """w, v, g, alpha, mu; with `rest` the last step v is zero."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        w, v, g = vectors(rng, 3, shape, dtype)
        return w, (0 * v if rest else v), g, float(rng.uniform(0.1, 0.4)), mu

    return draw


MOMENTUM = Item(
    "momentum",
    "momentum_step",
    (
        group("the first step, from v = 0: w", 1, pushes(4, 0.9, rest=True), part=lambda pair: pair[0]),
        group("later steps: v", 1, pushes(4, 0.9), pushes((2, 3), 0.5), part=lambda pair: pair[1]),
        group("later steps: w, also for matrices and float32", 1, pushes(5, 0.7), pushes((3, 2), 0.9, f32)),
    ),
    (
        variant(
            "w moved by the old v",
            "The new v holds the gradient of this step. Which v is added to w?",
            ("return w + v_new", "return w + v"),
        ),
        variant(
            "step uphill",
            "The gradient points to where F grows. Which sign has alpha g in v?",
            ("- alpha * g", "+ alpha * g"),
        ),
        variant(
            "v without alpha, and w with it",
            "Some books keep v = mu v + g and step by -alpha v. Here v is the step itself: where does alpha stand?",
            ("mu * v - alpha * g", "mu * v + g"),
            ("w + v_new", "w - alpha * v_new"),
        ),
        variant(
            "gradient weighted by 1 - mu",
            "That is a running mean, as in Adam. Momentum adds up: what stands before alpha g in the equation?",
            ("- alpha * g", "- (1 - mu) * alpha * g"),
        ),
        variant(
            "old v returned",
            "The next step needs the v that was made in this one. Which one is returned?",
            ("return w + v_new, v_new", "return w + v_new, v"),
        ),
        variant(
            "momentum left out of w",
            "w - alpha g is plain gradient descent. Where does v enter the step?",
            ("return w + v_new", "return w - alpha * g"),
        ),
        variant(
            "v and w exchanged",
            "The task states (w, v), in this order.",
            ("return w + v_new, v_new", "return v_new, w + v_new"),
        ),
    ),
)


def moments(shape: Any, k: int, *more: float, dtype: Any = float, zero: bool = False) -> Draw:
    """w, m, r, g, k, alpha, and perhaps b1, b2, eps."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        w, m, g = vectors(rng, 3, shape, dtype)
        r = positive(rng, shape, dtype)
        return w, (0 * m if zero else m), (0 * r if zero else r), g, k, float(rng.uniform(0.1, 0.5)), *more

    return draw


ADAM = Item(
    "adam",
    "adam_step",
    (
        group(
            "what is kept, m and r", 1, moments(4, 1, zero=True), moments((2, 3), 3), part=lambda all3: all3[1:], at=10
        ),
        group("w after the first step, from zero", 1, moments(5, 1, zero=True), part=lambda all3: all3[0], at=100),
        group(
            "w in later steps, with other b1, b2 and eps",
            1,
            moments(4, 2),
            moments((3, 2), 3, 0.5, 0.75, 0.3),
            moments(4, 5, 0.8, 0.95, 0.1, dtype=f32),
            part=lambda all3: all3[0],
            at=100,
        ),
        group("w after very many steps", 1, moments(4, 10**6), part=lambda all3: all3[0], at=10),
    ),
    (
        variant(
            "no bias correction",
            "m and r start at zero. How much of g is in m after the first step, and what makes up for it?",
            ("m / (1 - b1**k)", "m"),
            ("r / (1 - b2**k)", "r"),
        ),
        variant(
            "correction counted from k = 0",
            "The first step has k = 1. By what is m divided then?",
            ("b1**k", "b1 ** (k + 1)"),
            ("b2**k", "b2 ** (k + 1)"),
        ),
        variant(
            "corrected means kept",
            "The corrected means are for this step only. What do the equations of the next step start from?",
            ("eps), m, r", "eps), m_hat, r_hat"),
        ),
        variant(
            "b1 and b2 exchanged",
            "b1 belongs to the mean of g, b2 to the mean of the squares.",
            ("m = b1 * m + (1 - b1) * g", "m = b2 * m + (1 - b2) * g"),
            ("r = b2 * r + (1 - b2) * g", "r = b1 * r + (1 - b1) * g"),
            ("b1**k", "b0**k"),
            ("b2**k", "b1**k"),
            ("b0**k", "b2**k"),
        ),
        variant(
            "square root forgotten",
            "r has the unit of g * g. What must happen to it before g can be divided by it?",
            ("np.sqrt(r_hat)", "r_hat"),
        ),
        variant(
            "eps under the root",
            "eps is added to the root, not to the square. Where do the brackets of the equation close?",
            ("np.sqrt(r_hat) + eps", "np.sqrt(r_hat + eps)"),
        ),
        variant(
            "old m in the step",
            "The step uses the means that include this gradient. Which m is corrected?",
            ("m_hat = m / (1 - b1**k)", "m_hat = (m - (1 - b1) * g) / b1 / (1 - b1**k)"),
        ),
    ),
)


def sums(n: int, p: int, draws: int, alpha: float, dtype: Any = float) -> Draw:
    """w, X, y, alpha, draws."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        w, y = vectors(rng, 1, p, dtype)[0], vectors(rng, 1, n, dtype)[0]
        return w, vectors(rng, 1, (n, p), dtype)[0], y, alpha, rng.integers(n, size=draws)

    return draw


SVRG = Item(
    "svrg",
    "svrg",
    (
        group("one inner step", 1, sums(6, 3, 1, 0.1), sums(4, 2, 1, 0.2)),
        group("several inner steps", 2, sums(6, 3, 4, 0.1), sums(8, 4, 12, 0.05), at=10),
        group("one observation, and float32", 1, sums(1, 3, 3, 0.1), sums(7, 3, 5, 0.1, f32), at=10),
    ),
    (
        variant(
            "the snapshot moves along",
            "`a = b` gives one array a second name. After an inner step, is w still where grad F was taken?",
            ("moving = moving - alpha", "moving -= alpha"),
        ),
        variant(
            "plain SGD",
            "A single gradient is right on average only. Which two gradients at w correct it?",
            ("here - (there - grad)", "here"),
        ),
        variant(
            "brackets lost",
            "The inner bracket is the single gradient's error at w. Which sign has grad F once it is opened?",
            ("here - (there - grad)", "here - there - grad"),
        ),
        variant(
            "sum in place of the mean",
            "F is the mean of the E_i. By what is the sum over the rows divided?",
            (" / len(X)", ""),
        ),
        variant(
            "grad F taken anew in each inner step",
            "The point of the method is that grad F is computed once. At which point?",
            ("(there - grad)", "(there - X.T @ (X @ moving - y) / len(X))"),
        ),
        variant(
            "returned inside the loop",
            "How many inner steps are there before the function returns?",
            ("    return moving", "        return moving"),
        ),
        variant(
            "step uphill",
            "What is in the outer bracket is an estimate of the gradient. Which way does the step go?",
            ("moving - alpha", "moving + alpha"),
        ),
    ),
)


# --------------------------------------------------------------------------------------------------- overfitting


def masks(n: int, units: int, p: float, dtype: Any = float) -> Draw:
    """z, p, u, with at least one entry dropped and one kept."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        u = rng.random((n, units))
        u[0, :2] = 0.5 * p, 0.5 + 0.5 * p
        return vectors(rng, 1, (n, units), dtype)[0], p, u

    return draw


DROPOUT = Item(
    "dropout",
    "dropout",
    (
        group("p = 1/2: what is sent on", 1, masks(4, 5, 0.5), part=lambda pair: pair[0]),
        group("other p: what is sent on", 1, masks(6, 4, 0.2), masks(5, 6, 0.8, f32), part=lambda pair: pair[0]),
        group("the factors; one observation; p = 0", 1, masks(6, 4, 0.3), masks(1, 5, 0.4), masks(3, 4, 0.0)),
    ),
    (
        mistake(
            "p taken as the fraction that is kept",
            "Here p is the fraction that is dropped. How many entries remain for p = 1/4?",
            ("(u >= p) / (1 - p)", "(u < p) / np.float64(p)"),
        ),
        mistake(
            "not scaled",
            "If a quarter of the units is missing, the next layer receives less. What keeps the mean?",
            (" / (1 - p)", " * 1.0"),
        ),
        mistake(
            "divided by p",
            "What remains is the fraction 1 - p. By what must it be divided so that the mean stays?",
            ("/ (1 - p)", "/ np.float64(p)"),
        ),
        mistake(
            "the others dropped",
            "An entry is deleted where u < p. How often does that happen for p = 1/4?",
            ("u >= p", "u < p"),
        ),
        mistake(
            "one mask for all observations",
            "Each observation has its own mask. What is the shape of u?",
            ("(u >= p)", "(np.ones_like(u) * u[:1] >= p)"),
        ),
        mistake(
            "mask returned in place of the factors",
            "The way back multiplies by the same number as the way forward. Which number is it where m is 1?",
            ("return z * factors, factors", "return z * factors, factors * (1 - p)"),
        ),
    ),
)


def dropped(n: int, sizes: Sequence[int], p: float, dtype: Any = float) -> Draw:
    """betas, X, Y, p, u for inputs, units, outputs."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        s, m, K = sizes
        betas = [vectors(rng, 1, shape, dtype)[0] / 2 for shape in ((m, 1 + s), (K, 1 + m))]
        X, Y = vectors(rng, 1, (n, s), dtype)[0], vectors(rng, 1, (n, K), dtype)[0]
        u = rng.random((n, m))
        u[0, :2] = 0.5 * p, 0.5 + 0.5 * p
        return betas, X, Y, p, u

    return draw


def one_far(rng: Rng) -> tuple[Any, ...]:
    """A huge target where all else is tiny: a large F hides the gradient from differences, and from no formula."""
    betas, X, Y, p, u = dropped(4, (3, 5, 2), 0.4)(rng)
    betas[0][:, 0] = 0
    X[0], Y[0] = 1e-9 * X[0], 1e9
    return betas, X, Y, p, u


def of_layer(number: int) -> Callable[[Any], Any]:
    """From the gradients to a layer's, the bias and the other weights each by its own scale."""
    return lambda g: [g[number][:, 0], g[number][:, 1:]]


MASKED = (dropped(6, (3, 5, 2), 0.4), dropped(5, (2, 4, 3), 0.7), dropped(1, (3, 4, 1), 0.25, f32), one_far)

DROPOUT_BACKWARD = Item(
    "dropout-backward",
    "dropout_gradient",
    (
        group("p = 0: a network without dropout", 1, dropped(5, (3, 4, 2), 0.0), dropped(1, (2, 3, 3), 0.0)),
        group("the output layer", 1, *MASKED, part=of_layer(1)),
        group("the hidden layer", 1, *MASKED, part=of_layer(0)),
    ),
    (
        mistake(
            "no factor on the way back",
            "What was sent on is z times a factor. Which factor does the chain rule add?",
            ("* factors * (delta_2", "* (delta_2"),
        ),
        mistake(
            "mask without its scale on the way back",
            "What was sent on is z times m / (1 - p). By how much does it change when z changes?",
            ("* factors * (delta_2", "* (factors > 0) * (delta_2"),
        ),
        mistake(
            "z in place of what was sent on, in the output layer's gradient",
            "dE/dbeta_ts = delta_t times what the weight has multiplied. What did the output layer receive?",
            ("gradient_layer(delta_2, sent)", "gradient_layer(delta_2, z)"),
        ),
        mistake(
            "slope taken from what was sent on",
            "1 - z^2 is the slope of tanh at a. Is it so for a z that was deleted or scaled?",
            ("1 - z**2", "1 - sent**2"),
        ),
        mistake(
            "forward without dropout",
            "delta belongs to the network of this step, with its units deleted. What goes into the output layer?",
            ("yhat = sent @", "yhat = z @"),
        ),
        mistake(
            "slope of tanh forgotten",
            "Between a and what is sent on there is tanh too. Which factor is missing?",
            ("(1 - z**2) * factors", "factors"),
        ),
        mistake(
            "bias column propagated in place of the last unit",
            "Column 0 of beta is the bias, and no unit stands behind it. Which columns carry delta back?",
            ("delta_2 @ betas[1][:, 1:]", "delta_2 @ betas[1][:, :-1]"),
        ),
    ),
    calls={"dropout": (0, 12)},  # once for each weight is too often
    formula=True,
)


def penalized(sizes: Sequence[int], lam: float, dtype: Any = float) -> Draw:
    """betas, g, lam."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        shapes = [(m, 1 + s) for s, m in itertools.pairwise(sizes)]
        return [vectors(rng, 1, s, dtype)[0] for s in shapes], [vectors(rng, 1, s, dtype)[0] for s in shapes], lam

    return draw


PENALIZED = (penalized((3, 4, 2), 0.3), penalized((2, 3), 0.05), penalized((2, 3, 3, 2), 1.5, f32))

L2 = Item(
    "l2-regularization",
    "l2_gradient",
    (
        group("the weights between units", 1, *PENALIZED, part=lambda g: [layer[:, 1:] for layer in g]),
        group("the biases", 1, *PENALIZED, part=lambda g: [layer[:, 0] for layer in g]),
    ),
    (
        mistake(
            "biases penalized",
            "The sum of the penalty begins at s = 1. Which column is left out?",
            ("        pull[:, 0] = 0\n", ""),
        ),
        mistake(
            "last column exempt in place of the bias",
            "The bias is column 0.",
            ("pull[:, 0]", "pull[:, -1]"),
        ),
        mistake(
            "factor 2 forgotten",
            "The penalty is lam beta^2, and lam is not halved. What is its derivative?",
            ("2 * lam * beta", "lam * beta"),
        ),
        mistake(
            "penalty added in place of its derivative",
            "lam beta^2 is what the weight costs. By how much does the cost change with the weight?",
            ("2 * lam * beta", "lam * beta**2"),
        ),
        mistake(
            "L1's derivative",
            "lam sign(beta) belongs to the absolute value. Here the squares are added up.",
            ("2 * lam * beta", "lam * np.sign(beta)"),
        ),
        mistake(
            "gradient of F left out",
            "What is minimized is F plus the penalty. Which two derivatives are added?",
            ("whole.append(slopes + pull)", "whole.append(pull)"),
        ),
    ),
)


def far(shape: Any, tau: float, dtype: Any = float) -> Draw:
    """u of both signs with |u| > tau."""
    return lambda r: ((r.choice([-1, 1], size=shape) * (tau + r.uniform(0.1, 3.0, size=shape))).astype(dtype), tau)


def near(shape: Any, tau: float, dtype: Any = float) -> Draw:
    """u of both signs with |u| < tau, and a zero."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        u = rng.uniform(-0.95 * tau, 0.95 * tau, size=shape).astype(dtype)
        u.flat[0] = 0.0
        return u, tau

    return draw


SOFT = Item(
    "soft-thresholding",
    "soft_threshold",
    (
        group("far from zero", 1, far(8, 0.7), far((3, 4), 2.0), far(6, 0.5, f32)),
        group("near zero", 1, near(8, 0.7), near((3, 4), 2.0), near(6, 0.5, f32)),
    ),
    (
        mistake(
            "hard threshold",
            "What is left over moves towards zero too, by tau. How far does your function move a large u?",
            ("np.sign(u) * np.maximum(np.abs(u) - tau, 0)", "np.where(np.abs(u) > tau, u, 0)"),
        ),
        mistake(
            "moves past zero",
            "For |u| < tau the difference |u| - tau is negative. What is the maximum in the equation for?",
            ("np.maximum(np.abs(u) - tau, 0)", "(np.abs(u) - tau)"),
        ),
        mistake(
            "negative entries lost",
            "S(-u) = -S(u). What does your function do with u = -3?",
            ("np.sign(u) * np.maximum(np.abs(u) - tau, 0)", "np.maximum(u - tau, 0)"),
        ),
        mistake(
            "sign lost",
            "|u| has forgotten on which side u was. What brings it back?",
            ("np.sign(u) * ", ""),
        ),
        mistake(
            "u cut off at tau",
            "To cut off at tau keeps the small and shortens the large. Which of them should become zero?",
            ("np.sign(u) * np.maximum(np.abs(u) - tau, 0)", "np.clip(u, -tau, tau)"),
        ),
        mistake(
            "half of the distance",
            "v - u + tau = 0 is the condition for u > tau. How far from u is v?",
            ("np.abs(u) - tau", "np.abs(u) - tau / 2"),
        ),
    ),
)


def lasso(n: int, p: int, lam: float, k: int, dtype: Any = float) -> Draw:
    """beta, X, y, alpha, lam, k."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        X, beta = vectors(rng, 1, (n, p), dtype)[0], vectors(rng, 1, 1 + p, dtype)[0]
        y = (2 * X[:, 0] + 1.5 + rng.normal(size=n)).astype(dtype)
        return beta, X, y, 0.1, lam, k

    return draw


ISTA = Item(
    "ista",
    "ista",
    (
        group("without a penalty: gradient descent", 1, lasso(10, 3, 0.0, 1), lasso(12, 4, 0.0, 5), at=10),
        group("one step", 1, lasso(10, 4, 1.5, 1), lasso(8, 5, 3.0, 1, f32), at=10),
        group("many steps", 2, lasso(12, 4, 0.3, 20), lasso(20, 6, 0.8, 100), at=100),
    ),
    (
        mistake(
            "bias thresholded too",
            "The sum of the penalty begins at s = 1. Who takes the step without the threshold?",
            ("np.append(step[0], soft_threshold(step[1:], alpha * lam))", "soft_threshold(step, alpha * lam)"),
        ),
        mistake(
            "threshold without alpha",
            "A proximal step of size alpha weighs the penalty by alpha. How large is the threshold?",
            ("alpha * lam", "lam"),
        ),
        mistake(
            "threshold before the step",
            "After the last thing that happens in a step, weights should be exactly zero. What happens last?",
            ("        grad", "        beta = np.append(beta[0], soft_threshold(beta[1:], alpha * lam))\n        grad"),
            ("np.append(step[0], soft_threshold(step[1:], alpha * lam))", "step"),
        ),
        mistake(
            "subgradient in place of the threshold",
            "lam sign(beta) pushes a small weight to the other side. Which step lets it rest at zero?",
            ("soft_threshold(step[1:], alpha * lam)", "step[1:] - alpha * lam * np.sign(beta[1:])"),
        ),
        mistake(
            "sum in place of the mean",
            "F is the mean of the E_i. By what is the sum over the rows divided?",
            (" / len(A)", ""),
        ),
        mistake(
            "returned inside the loop",
            "How many steps are taken before the function returns?",
            ("    return beta", "        return beta"),
        ),
        mistake(
            "threshold only after the last step",
            "The threshold belongs to each step. In which line of the loop does it stand?",
            ("beta = np.append(step[0], soft_threshold(step[1:], alpha * lam))", "beta = step"),
            ("return beta", "return np.append(beta[0], soft_threshold(beta[1:], alpha * lam))"),
        ),
    ),
)


def ascending(pairs: Any) -> list[list[np.ndarray]]:
    """The order within train and within held does not count."""
    return [[np.sort(part) for part in pair] for pair in pairs]


FOLDS = Item(
    "cross-validation-folds",
    "folds",
    (
        group(
            "folds of the same size",
            1,
            lambda r: (r.permutation(12), 3),
            lambda r: (r.permutation(6), 6),
            part=ascending,
        ),
        group(
            "folds of two sizes",
            1,
            lambda r: (r.permutation(11), 3),
            lambda r: (r.permutation(14), 5),
            lambda r: (r.permutation(9), 2),
            part=ascending,
        ),
    ),
    (
        mistake(
            "not shuffled",
            "order says how the indices are shuffled. What is cut into pieces?",
            ("np.array_split(order, k)", "np.array_split(np.arange(len(order)), k)"),
        ),
        mistake(
            "positions in place of indices",
            "What is trained on are the other entries of order. Are these entries, or places in order?",
            (
                "np.concatenate(pieces[:r] + pieces[r + 1 :])",
                "np.flatnonzero(~np.isin(order, pieces[r]))",
            ),
        ),
        mistake(
            "rest in the last fold",
            "The sizes may differ by 1 at most. Who takes the indices that are left over?",
            (
                "np.array_split(order, k)",
                "np.split(order, [len(order) // k * j for j in range(1, k)])",
            ),
        ),
        mistake(
            "rest left out",
            "Every observation is held out once. Where are the last n mod k of them?",
            ("np.array_split(order, k)", "np.split(order[: len(order) // k * k], k)"),
        ),
        mistake(
            "train and held exchanged",
            "The task states (train, held). Which of the two is the larger one?",
            (
                "(np.concatenate(pieces[:r] + pieces[r + 1 :]), pieces[r])",
                "(pieces[r], np.concatenate(pieces[:r] + pieces[r + 1 :]))",
            ),
        ),
        mistake(
            "trained on everything",
            "Weights that have seen an observation cannot judge it. Which indices are in train?",
            ("np.concatenate(pieces[:r] + pieces[r + 1 :])", "order"),
        ),
    ),
)


def pieces(rng: Rng, n: int, k: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds as the task wants them."""
    cut = np.array_split(rng.permutation(n), k)
    return [(np.concatenate(cut[:r] + cut[r + 1 :]), cut[r]) for r in range(k)]


def candidates(n: int, p: int, k: int) -> Draw:
    """X, y, lams, pairs: several lams, not in order."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        X = rng.normal(size=(n, p))
        y = 3 + X @ rng.normal(size=p) + 2 * rng.normal(size=n)
        lams = [float(lam) for lam in rng.permutation([0.003, 0.05, 0.3, 1.0, 20.0])]
        return X, y, lams, pieces(rng, n, k)

    return draw


def best(pair: Any) -> Any:
    return pair[1]


def estimates(pair: Any) -> Any:
    return pair[0]


EQUAL = (candidates(20, 5, 4), candidates(18, 6, 3))
CHOICES = (*EQUAL, candidates(22, 8, 5), candidates(24, 9, 3))

CROSS_VALIDATION = Item(
    "cross-validation",
    "cross_validate",
    (
        group("the choice", 1, *CHOICES, part=best, at=1e3),
        group("CV, folds of the same size", 1, *EQUAL, part=estimates, at=1e3),
        group("CV, folds of two sizes", 1, candidates(22, 4, 4), candidates(11, 3, 2), part=estimates, at=1e3),
        group("CV, leave one out", 1, candidates(12, 3, 12), part=estimates, at=1e3),
    ),
    (
        mistake(
            "trained on all observations",
            "The weights must not have seen the fold that judges them. Which rows go into ridge?",
            ("ridge(X[train], y[train], lam)", "ridge(X, y, lam)"),
        ),
        mistake(
            "judged on the training part",
            "The training error wants no penalty at all. On which rows is the error taken?",
            ("X[held]", "X[train]"),
            ("y[held]", "y[train]"),
        ),
        mistake(
            "folds weighted by their size",
            "First a mean over each fold, then one over the folds. Which folds count more in a mean over all errors?",
            ("errors.append(np.mean((yhat - y[held]) ** 2) / 2)", "errors.extend((yhat - y[held]) ** 2 / 2)"),
        ),
        mistake(
            "penalty added to the error",
            "The penalty serves the training. What would it say about the predictions for the held-out rows?",
            ("np.mean((yhat - y[held]) ** 2) / 2", "np.mean((yhat - y[held]) ** 2) / 2 + lam * np.sum(beta[1:] ** 2)"),
        ),
        mistake(
            "sum over the fold in place of the mean",
            "How many observations does a fold have, and where does 1/|J| stand?",
            ("errors.append(np.mean(", "errors.append(np.sum("),
        ),
        mistake(
            "half forgotten",
            "E_i is half of the squared difference.",
            ("** 2) / 2", "** 2)"),
        ),
        mistake(
            "index of the best in place of the best",
            "What is asked for is a lambda. What does argmin return?",
            ("lams[np.argmin(cv)]", "np.argmin(cv)"),
        ),
        mistake(
            "largest estimate chosen",
            "CV estimates an error. Which lambda do you want?",
            ("argmin", "argmax"),
        ),
        mistake(
            "bias left out of the prediction",
            "ridge returns the bias first. Where does beta[0] enter the prediction?",
            ("beta[0] + ", ""),
        ),
    ),
)

ITEMS = (
    MOMENTUM,
    ADAM,
    SVRG,
    DROPOUT,
    DROPOUT_BACKWARD,
    L2,
    SOFT,
    ISTA,
    FOLDS,
    CROSS_VALIDATION,
)
