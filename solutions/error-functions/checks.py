"""The graded items of `error-functions`: inputs, groups for partial credit, and the mistakes that people make."""

from typing import Any

import numpy as np

from grading.engine import Draw, Item, Mistake, Rng, group

PAGE = "chapters/02-error-functions"

f32 = np.float32


def mistake(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    return Mistake(name, hint, PAGE, edits)


def rows(rng: Rng, n: int, K: int, dtype: Any = float) -> np.ndarray:
    return rng.normal(size=(n, K)).astype(dtype)


def one_hot(rng: Rng, n: int, K: int, dtype: Any = float) -> np.ndarray:
    return np.eye(K, dtype=dtype)[rng.integers(K, size=n)]


def yes_or_no(rng: Rng, n: int, K: int, dtype: Any = float) -> np.ndarray:
    """Targets 0 and 1, both of which occur."""
    Y = rng.integers(2, size=(n, K))
    Y.flat[0], Y.flat[-1] = 1, 0
    return Y.astype(dtype)


def wide(rng: Rng, n: int, K: int, dtype: Any = float) -> np.ndarray:
    """Sizes from 100 to 1e4, with 1e4 among them; all positive."""
    a = 10 ** rng.uniform(2, 4, size=(n, K))
    a.flat[0] = 1e4
    return a.astype(dtype)


# ------------------------------------------------------------------------------------------------------- the errors


def squares(n: int, K: int, dtype: Any = float) -> Draw:
    return lambda r: (rows(r, n, K, dtype), rows(r, n, K, dtype))


SUM_OF_SQUARES = Item(
    "sum-of-squares",
    "sum_of_squares",
    (
        group("one output", 1, squares(5, 1), squares(1, 1)),
        group("several outputs", 1, squares(5, 3), squares(4, 4), squares(6, 2, f32)),
    ),
    (
        mistake(
            "factor 1/2 left out",
            "The derivative of a square has a factor 2. What is in front of the sum, so that it cancels?",
            ("0.5 * ", ""),
        ),
        mistake(
            "mean over the outputs",
            "The norm is a sum over k. Is anything divided by K?",
            ("np.sum(", "np.mean("),
        ),
        mistake(
            "one number for the whole batch",
            "Each observation keeps its own error. Over which axis does the sum run?",
            (", axis=1", ""),
        ),
        mistake(
            "sum over the observations",
            "Rows are observations. Over which index does the sum of the equation run, and which axis is that?",
            ("axis=1", "axis=0"),
        ),
        mistake(
            "distance in place of its square",
            "The error is half of the square of the norm. Where did the square go?",
            ("0.5 * np.sum((a - Y) ** 2, axis=1)", "0.5 * np.sqrt(np.sum((a - Y) ** 2, axis=1))"),
        ),
    ),
)


def questions(n: int, K: int, dtype: Any = float) -> Draw:
    return lambda r: (rows(r, n, K, dtype), yes_or_no(r, n, K, dtype))


def sure_questions(n: int, K: int, right: bool, dtype: Any = float) -> Draw:
    """Large |a|, with one moderate question in the last row."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        Y = yes_or_no(rng, n, K, dtype)
        a = wide(rng, n, K, dtype) * (2 * Y - 1) * (1 if right else -1)
        a[-1, -1] = rng.uniform(0.5, 1.5)
        return a, Y

    return draw


BINARY = "np.maximum(a, 0) - Y * a + np.log1p(np.exp(-np.abs(a)))"

BINARY_CROSS_ENTROPY = Item(
    "binary-from-a",
    "binary_cross_entropy",
    (
        group("one question", 1, questions(6, 1), questions(4, 1), at=1e3),
        group("several questions", 1, questions(5, 3), questions(3, 4), questions(1, 2), at=1e3),
        group("sure and right", 1, sure_questions(4, 3, True), at=1e3),
        group("sure and wrong, and float32", 1, sure_questions(4, 3, False), sure_questions(5, 2, False, f32)),
    ),
    (
        mistake(
            "logarithm of yhat",
            "yhat is rounded to 1 or 0 where the network is sure, and 0 has no logarithm. Which form needs a alone?",
            (BINARY, "-Y * np.log(1 / (1 + np.exp(-a))) - (1 - Y) * np.log(1 - 1 / (1 + np.exp(-a)))"),
        ),
        mistake(
            "yhat kept away from 0 and 1",
            "With a smallest yhat there is a largest error. What should a network pay that is surer and wrong?",
            (
                BINARY,
                "-Y * np.log(np.clip(sigmoid(a), 1e-12, 1)) - (1 - Y) * np.log(np.clip(1 - sigmoid(a), 1e-12, 1))",
            ),
        ),
        mistake(
            "absolute value in the exponent left out",
            "exp(-a) is harmless for positive a only. Which number is never negative?",
            ("-np.abs(a)", "-a"),
        ),
        mistake(
            "first term left out",
            "What is the error of a yes with a large positive a, when the target is a no?",
            ("np.maximum(a, 0) - Y * a", "-Y * a"),
        ),
        mistake(
            "the noes left out",
            "A no has a probability as well, 1 - yhat. What does the network pay for a target 0?",
            (BINARY, "Y * (np.maximum(-a, 0) + np.log1p(np.exp(-np.abs(a))))"),
        ),
        mistake(
            "sign of y a",
            "Does the error of a yes grow or fall when a grows?",
            ("- Y * a", "+ Y * a"),
        ),
        mistake(
            "mean over the questions",
            "The surprises of all questions add up. Is anything divided by K?",
            ("np.sum(", "np.mean("),
        ),
    ),
)


def classes(n: int, K: int, dtype: Any = float) -> Draw:
    return lambda r: (rows(r, n, K, dtype), one_hot(r, n, K, dtype))


def sure_classes(n: int, K: int, right: bool, dtype: Any = float) -> Draw:
    """The right class leads by far, or another one does; the first row lies low, the last one is moderate."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        label = rng.integers(K, size=n)
        leader = label if right else (label + rng.integers(1, K, size=n)) % K
        a = rng.normal(size=(n, K)) + np.eye(K)[leader] * wide(rng, n, 1)
        a[0] -= 1.5e4
        a[-1] = rng.normal(size=K)
        return a.astype(dtype), np.eye(K, dtype=dtype)[label]

    return draw


def all_large(n: int, K: int) -> Draw:
    """The same number, large and of either sign, in all a_k of an observation: nobody is sure of anything."""
    return lambda r: (rows(r, n, K) + np.linspace(-8e3, 8e3, n)[:, None], one_hot(r, n, K))


CLASSES = "np.log(np.sum(np.exp(s), axis=1)) - np.sum(Y * s, axis=1)"
SHARES = "np.exp(s) / np.sum(np.exp(s), axis=1, keepdims=True)"

CROSS_ENTROPY = Item(
    "cross-entropy-from-a",
    "cross_entropy",
    (
        group("one observation", 1, classes(1, 4), classes(1, 2), at=1e3),
        group("a batch", 1, classes(5, 3), classes(4, 4), at=1e3),
        group("sure and right, or all a_k large", 1, sure_classes(4, 3, True), all_large(4, 3), at=1e3),
        group("sure and wrong, and float32", 1, sure_classes(4, 3, False), sure_classes(5, 4, False, f32)),
    ),
    (
        mistake(
            "logarithm of the softmax",
            "yhat is rounded to 0 where the network is sure of another class. Which form takes no logarithm of yhat?",
            (CLASSES, f"-np.sum(Y * np.log({SHARES}), axis=1)"),
        ),
        mistake(
            "small number added to yhat",
            "With a smallest yhat there is a largest error. What should a network pay that is surer and wrong?",
            (CLASSES, f"-np.sum(Y * np.log({SHARES} + 1e-12), axis=1)"),
        ),
        mistake(
            "no shift",
            "exp overflows from about 710 on. Which number may be subtracted from all a_k of an observation?",
            (" - a.max(axis=1, keepdims=True)", ""),
        ),
        mistake(
            "one shift for the whole batch",
            "A row far below the batch's maximum has a sum of zeros, and 0 has no logarithm. Whose maximum is it?",
            ("a.max(axis=1, keepdims=True)", "a.max()"),
        ),
        mistake(
            "shift in one term only",
            "The maximum cancels between the two terms. Does it, if only one of them has s?",
            ("Y * s", "Y * a"),
        ),
        mistake(
            "sum of logarithms",
            "ln of a sum is not the sum of the ln. Which comes first?",
            ("np.log(np.sum(np.exp(s), axis=1))", "np.sum(s, axis=1)"),
        ),
        mistake(
            "binary cross entropy for classes",
            "Exactly one class is right, so the answers share a sum of 1. Which output function does that?",
            (CLASSES, f"np.sum({BINARY}, axis=1)"),
        ),
    ),
)

# -------------------------------------------------------------------------------------------------- the derivatives

DELTA = Item(
    "matched-delta",
    "matched_delta",
    (
        group(
            "regression",
            1,
            lambda r: (rows(r, 5, 3), rows(r, 5, 3), "squares"),
            lambda r: (rows(r, 1, 2, f32), rows(r, 1, 2, f32), "squares"),
        ),
        group(
            "yes-or-no questions",
            1,
            lambda r: (*questions(5, 3)(r), "binary"),
            lambda r: (*questions(1, 2)(r), "binary"),
            lambda r: (*sure_questions(4, 3, False, f32)(r), "binary"),
        ),
        group(
            "classes",
            1,
            lambda r: (*classes(5, 3)(r), "classes"),
            lambda r: (*classes(1, 4)(r), "classes"),
            lambda r: (*sure_classes(4, 3, False, f32)(r), "classes"),
        ),
    ),
    (
        mistake("y - yhat", "Does E grow or fall when a_k grows at yhat_k > y_k?", ("yhat - Y", "Y - yhat")),
        mistake(
            "slope kept in a matched pair",
            "The slope of the output function cancels against the error's derivative. What is left?",
            ("return yhat - Y", 'return (yhat - Y) * (1 if pair == "squares" else yhat * (1 - yhat))'),
        ),
        mistake(
            "a in place of yhat",
            "Targets are compared with answers. Which function makes an answer of a?",
            ("sigmoid(a)", "a"),
            ("softmax(a)", "a"),
        ),
        mistake(
            "softmax for separate questions",
            "Can a picture show a dog and a cat? Which output function allows two yeses?",
            ("sigmoid(a)", "softmax(a)"),
        ),
        mistake(
            "sigmoid for classes",
            "Exactly one class is right. Which output function makes probabilities that add up to 1?",
            ("softmax(a)", "sigmoid(a)"),
        ),
        mistake(
            "mean taken in delta",
            "delta belongs to one observation. The mean over the observations comes later, and only once.",
            ("yhat - Y", "(yhat - Y) / len(Y)"),
        ),
    ),
    calls={"sum_of_squares": (0, 1), "binary_cross_entropy": (0, 1), "cross_entropy": (0, 1)},
    formula=True,
)


def vector(K: int, scale: float = 1.0, dtype: Any = float) -> Draw:
    return lambda r: (scale * rows(r, 1, K, dtype)[0],)


JACOBIAN = Item(
    "softmax-jacobian",
    "softmax_jacobian",
    (
        group("the diagonal", 1, vector(3), vector(5), part=lambda J: np.diag(J)),
        group("two classes", 1, vector(2), lambda r: (np.full(2, r.normal()),)),
        group("several classes, large a, and float32", 1, vector(3), vector(6), vector(4, 1e3), vector(4, 1.0, f32)),
    ),
    (
        mistake(
            "diagonal alone",
            "Does the probability of one class change when the pre-activation of another one grows?",
            ("np.diag(yhat) - np.outer(yhat, yhat)", "np.diag(yhat * (1 - yhat))"),
        ),
        mistake(
            "sign beside the diagonal",
            "The answers share a sum of 1. If a_k grows, do the other answers grow or fall?",
            (
                "np.diag(yhat) - np.outer(yhat, yhat)",
                "np.outer(yhat, yhat) + np.diag(yhat * (1 - yhat) - yhat**2)",
            ),
        ),
        mistake(
            "1 in place of yhat on the diagonal",
            "The bracket [j = k] stands inside: what is it multiplied by?",
            ("np.diag(yhat)", "np.eye(len(yhat))"),
        ),
        mistake(
            "square subtracted twice on the diagonal",
            "yhat (1 - yhat) holds the square already. What does the outer product subtract there once more?",
            ("np.diag(yhat)", "np.diag(yhat * (1 - yhat))"),
        ),
        mistake(
            "squares subtracted from whole columns",
            "An entry has two factors, yhat_j and yhat_k. What does yhat**2 subtract beside the diagonal?",
            ("np.outer(yhat, yhat)", "yhat**2"),
        ),
        mistake(
            "bracket left out",
            "Where j = k, the answer grows with its own a_k. Which term does that?",
            ("np.diag(yhat) - np.outer(yhat, yhat)", "-np.outer(yhat, yhat)"),
        ),
    ),
    formula=True,
)


def with_sigmoid(n: int, K: int, scale: float = 1.0, dtype: Any = float) -> Draw:
    """Outputs of all kinds: the first row is moderate, so that the largest entry is."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        a = rows(rng, n, K, dtype)
        a[1:] *= dtype(scale)
        return a, yes_or_no(rng, n, K, dtype), "sigmoid"

    return draw


def with_softmax(n: int, K: int, scale: float = 1.0, dtype: Any = float) -> Draw:
    def draw(rng: Rng) -> tuple[Any, ...]:
        a = rows(rng, n, K, dtype)
        a[1:] *= dtype(scale)
        return a, one_hot(rng, n, K, dtype), "softmax"

    return draw


UNMATCHED = Item(
    "unmatched-delta",
    "unmatched_delta",
    (
        group("sigmoid", 1, with_sigmoid(5, 3), with_sigmoid(1, 2)),
        group("softmax, one observation", 1, with_softmax(1, 3), with_softmax(1, 5)),
        group("softmax, a batch", 1, with_softmax(5, 3), with_softmax(4, 4)),
        group(
            "saturated outputs, and float32",
            1,
            with_sigmoid(4, 3, 200.0),
            with_softmax(4, 3, 200.0),
            with_sigmoid(4, 3, 1.0, f32),
            with_softmax(4, 3, 1.0, f32),
        ),
    ),
    (
        mistake(
            "delta of a matched pair",
            "Nothing cancels here: dE/dyhat is yhat - y. Which factor comes from dyhat/da?",
            ("yhat * (1 - yhat) * (yhat - Y)", "yhat - Y"),
            ("yhat * (v - np.sum(yhat * v, axis=1, keepdims=True))", "v"),
        ),
        mistake(
            "slope of tanh",
            "1 - z^2 is the slope of tanh. Which one has the sigmoid?",
            ("yhat * (1 - yhat) *", "(1 - yhat**2) *"),
        ),
        mistake(
            "softmax treated like a sigmoid",
            "a_k acts on all answers of the observation. Which entries of the Jacobian are missing?",
            ("yhat * (v - np.sum(yhat * v, axis=1, keepdims=True))", "yhat * (1 - yhat) * v"),
        ),
        mistake(
            "sum over the whole batch",
            "The answers of one observation do not depend on the others. Over which axis does the sum over j run?",
            ("np.sum(yhat * v, axis=1, keepdims=True)", "np.sum(yhat * v)"),
        ),
        mistake(
            "weights of the sum left out",
            "The differences yhat_j - y_j alone add up to 0. By what is each multiplied in the sum over j?",
            ("np.sum(yhat * v, axis=1", "np.sum(v, axis=1"),
        ),
        mistake(
            "y - yhat",
            "Does E grow or fall when yhat_k > y_k and a_k grows?",
            ("yhat * (1 - yhat) * (yhat - Y)", "yhat * (1 - yhat) * (Y - yhat)"),
            ("v = yhat - Y", "v = Y - yhat"),
        ),
    ),
    calls={"sum_of_squares": (0, 1)},
    formula=True,
)

# ------------------------------------------------------------------------------------------------------ what it means


def race(y: int, most: int = 2000, x: float | None = None) -> Draw:
    """beta, x, y, alpha, most: an answer that is wrong at the start."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        at = float(rng.uniform(0.5, 2.0)) if x is None else x
        a = float(rng.uniform(2.0, 4.0)) * (1 - 2 * y)
        share = float(rng.uniform(0.3, 0.7))
        return np.array([share * a, (1 - share) * a / at]), at, y, float(rng.uniform(0.1, 0.3)), most

    return draw


def right_already(y: int) -> Draw:
    return lambda r: (np.array([1.0, 0.5]) * (2 * y - 1), float(r.uniform(0.5, 2.0)), y, 0.2, 50)


def first(pair: Any) -> Any:
    return pair[0]


def second(pair: Any) -> Any:
    return pair[1]


RACE = Item(
    "steps-until-right",
    "steps_until_right",
    (
        group("target 0: cross entropy", 1, race(0), race(0), race(0, x=-1.5), part=first),
        group("target 0: squares", 1, race(0), race(0), race(0, x=-1.5), part=second),
        group("target 1", 1, race(1), race(1), race(1, x=-0.5)),
        group("right already, or not within the limit", 1, right_already(0), right_already(1), race(0, 3), race(1, 12)),
    ),
    (
        mistake(
            "slope left out with the squares",
            "If both take the same number of steps, both have the same delta. Which factor do the squares keep?",
            ("if not matched:", "if False:"),
        ),
        mistake(
            "slope in both",
            "With the cross entropy the slope cancels. For which of the two runs does it stay?",
            ("if not matched:", "if True:"),
        ),
        mistake(
            "bias not changed",
            "The bias is a weight too, of an input that is always 1. What is its derivative?",
            ("            bias -= alpha * delta\n", ""),
        ),
        mistake(
            "x left out of the step",
            "a depends on beta_1 through beta_1 x. Which factor does the chain rule add?",
            ("alpha * delta * x", "alpha * delta"),
        ),
        mistake(
            "count starts at 1",
            "An answer that is right from the start takes no step. What is the count before the first one?",
            ("steps = 0", "steps = 1"),
        ),
        mistake(
            "right means below 1/2",
            "What is right depends on the target. Where should yhat be for y = 1?",
            ("abs(yhat - y) < 0.5", "yhat < 0.5"),
        ),
        mistake(
            "second run goes on where the first one ended",
            "Both errors start from the same weights. Where are they when the second run begins?",
            ("        bias, weight = beta\n", ""),
            ("counts = []", "counts = []\n    bias, weight = beta"),
        ),
        mistake(
            "step uphill",
            "The derivative says where the error grows. Which way does the step go?",
            ("-= alpha", "+= alpha"),
        ),
    ),
)


def shares(n: int, K: int, dtype: Any = float) -> Draw:
    """Unit vectors in which every class occurs, and not equally often."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        label = np.concatenate([np.arange(K), rng.integers(K - 1, size=n - K)])
        return np.eye(K, dtype=dtype)[rng.permutation(label)], "classes"

    return draw


def never(n: int, K: int, pair: str, dtype: Any = float) -> Draw:
    """Targets in which the first class or question never occurs, and no second one always does."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        label = 1 + np.concatenate([np.arange(K - 1), rng.integers(K - 1, size=n - K + 1)])
        return np.eye(K, dtype=dtype)[rng.permutation(label)], pair

    return draw


CONSTANT = Item(
    "constant-prediction",
    "best_constant",
    (
        group(
            "the answer",
            1,
            lambda r: (rows(r, 7, 3), "squares"),
            lambda r: (yes_or_no(r, 8, 2), "binary"),
            shares(9, 4),
            part=first,
        ),
        group(
            "F of a regression",
            1,
            lambda r: (rows(r, 7, 3), "squares"),
            lambda r: (rows(r, 4, 1), "squares"),
            part=second,
        ),
        group("F of questions and of classes", 1, lambda r: (yes_or_no(r, 9, 2), "binary"), shares(9, 3), part=second),
        group(
            "an answer that never occurs, and float32",
            1,
            never(8, 4, "classes"),
            never(7, 3, "binary"),
            shares(9, 3, f32),
        ),
    ),
    (
        mistake(
            "one mean over all outputs",
            "Each output has a constant of its own. Over which axis is the mean taken?",
            ("Y.mean(axis=0)", "np.full(Y.shape[1], Y.mean())"),
        ),
        mistake(
            "median in place of the mean",
            "The derivative of a square is linear in yhat. At which number is the sum over the observations zero?",
            ("Y.mean(axis=0)", "np.median(Y, axis=0)"),
        ),
        mistake(
            "factor 1/2 left out",
            "E_i of a regression is half of a squared norm. Where is the half?",
            ("0.5 * np.mean", "np.mean"),
        ),
        mistake(
            "sum over the observations in place of the mean",
            "F is the mean of the E_i. By what is the sum divided?",
            ("np.mean(np.sum(", "np.sum(np.sum("),
            ("-np.sum(q", "-len(Y) * np.sum(q"),
        ),
        mistake(
            "0 ln 0 is no number",
            "q ln q goes to 0 with q, but log(0) is infinite. What is put in its place?",
            ("np.where(q > 0, q, 1.0)", "q"),
        ),
        mistake(
            "the noes left out",
            "A question costs something when the answer is no, too. With which probability is it?",
            ('(surprise(1 - yhat) if pair == "binary" else 0.0)', "0.0"),
        ),
        mistake(
            "noes counted for classes",
            "One class out of K is one question with K answers. Which terms belong to K separate questions?",
            ('(surprise(1 - yhat) if pair == "binary" else 0.0)', "surprise(1 - yhat)"),
        ),
        mistake(
            "logarithm to the base 2",
            "The errors of the lecture have the natural logarithm. What does a fair coin cost, ln 2 or 1?",
            ("np.log(", "np.log2("),
        ),
    ),
)

ITEMS = (
    SUM_OF_SQUARES,
    BINARY_CROSS_ENTROPY,
    CROSS_ENTROPY,
    DELTA,
    JACOBIAN,
    UNMATCHED,
    RACE,
    CONSTANT,
)
