"""The graded items of `error-functions`: inputs, and groups for partial credit."""

import numpy as np

from grading.engine import Draw, Rng, draw, group, item, items
from grading.judge.draw import f32, normal, one_hot, uniform


@draw
def yes_or_no(rng: Rng, n: int, K: int) -> np.ndarray:
    """Targets 0 and 1, both of which occur."""
    Y = rng.integers(2, size=(n, K)).astype(float)
    Y.flat[0], Y.flat[-1] = 1, 0
    return Y


def wide(rng: Rng, n: int, K: int) -> np.ndarray:
    """Sizes from 100 to 1e4, with 1e4 among them; all positive."""
    a = 10 ** rng.uniform(2, 4, size=(n, K))
    a.flat[0] = 1e4
    return a


def squares(n: int, K: int) -> tuple:
    return normal(n, K), normal(n, K)


def questions(n: int, K: int) -> tuple:
    return normal(n, K), yes_or_no(n, K)


def classes(n: int, K: int) -> tuple:
    return normal(n, K), one_hot(n, K)


@draw
def surprising(rng: Rng, n: int, K: int) -> tuple:
    """The right class is never the most likely one: the error tells it from the others."""
    a = rng.normal(size=(n, K))
    return a, np.eye(K)[a.argmin(axis=1)]


@draw
def sure_questions(rng: Rng, n: int, K: int, right: bool) -> tuple:
    """Large |a|, with one moderate question in the last row."""
    Y = yes_or_no(n, K)(rng)
    a = wide(rng, n, K) * (2 * Y - 1) * (1 if right else -1)
    a[-1, -1] = rng.uniform(0.5, 1.5)
    return a, Y


@draw
def sure_classes(rng: Rng, n: int, K: int, right: bool) -> tuple:
    """The right class leads by far, or another one does; the first row lies low, the last one is moderate."""
    label = rng.integers(K, size=n)
    leader = label if right else (label + rng.integers(1, K, size=n)) % K
    a = rng.normal(size=(n, K)) + np.eye(K)[leader] * wide(rng, n, 1)
    a[0] -= 1.5e4
    a[-1] = rng.normal(size=K)
    label[-1] = a[-1].argmin()
    return a, np.eye(K)[label]


def all_large(n: int, K: int) -> tuple:
    """The same number, large and of either sign, in all a_k of an observation: nobody is sure of anything."""
    return normal(n, K) + np.linspace(-8e3, 8e3, n)[:, None], one_hot(n, K)


def outputs(Y: Draw, sigma: str, scale: float = 1.0) -> tuple:
    """Outputs of all kinds for the targets: the first row is moderate, so that the largest entry is."""
    return below_first(Y, scale), sigma


@draw
def below_first(rng: Rng, Y: np.ndarray, scale: float) -> tuple:
    a = rng.normal(size=Y.shape)
    a[1:] *= scale
    return a, Y


@draw
def race(rng: Rng, y: int, most: int = 2000, x: float | None = None) -> tuple:
    """beta, x, y, alpha, most: an answer that is wrong at the start."""
    at = rng.uniform(0.5, 2.0) if x is None else x
    a, share = rng.uniform(2.0, 4.0) * (1 - 2 * y), rng.uniform(0.3, 0.7)
    return np.array([share * a, (1 - share) * a / at]), at, y, rng.uniform(0.1, 0.3), most


def right_already(y: int) -> tuple:
    return np.array([1.0, 0.5]) * (2 * y - 1), uniform(0.5, 2.0), y, 0.2, 50


def from_ln_3(y: int, alpha: float) -> tuple:
    """The first step leads just to the other side, or just not: both weights must take it from the same place."""
    return np.array([np.log(3.0) - 1, 0.5]) * (1 - 2 * y), 2.0, y, alpha, 50


@draw
def far_away(rng: Rng, y: int, most: int) -> tuple:
    """Neither error gets there."""
    return rng.uniform(8, 9, size=2) * (1 - 2 * y), 1.0, y, rng.uniform(0.1, 0.3), most


def undecided() -> tuple:
    """yhat is 1/2 at the start, and the target 1: not right yet."""
    return np.array([0.5, -0.5]), 1.0, 1, uniform(0.1, 0.3), 50


@draw
def answered(rng: Rng, n: int, *yeses: int) -> np.ndarray:
    """Questions with so many yeses each, in any order: the shares decide whether yes and no cost the same."""
    return np.stack([rng.permutation(np.arange(n) < each) for each in yeses], axis=1).astype(float)


@draw
def shares(rng: Rng, n: int, K: int) -> np.ndarray:
    """Unit vectors in which every class occurs, the last one once and the first one twice at least."""
    more = rng.integers(K - 1, size=n - K - 1)
    return np.eye(K)[rng.permutation(np.concatenate([np.arange(K), [0], more]))]


@draw
def alike(rng: Rng, n: int, K: int) -> np.ndarray:
    """n times the same unit vector."""
    return np.tile(np.eye(K)[rng.integers(K)], (n, 1))


# What tests the form of a cross entropy is in float32, so that a small number added to yhat, which is a fault where the
# network is sure, costs nothing where it is not.
ITEMS = items(
    sum_of_squares=item(
        "sum-of-squares",
        group("one output", squares(5, 1), squares(1, 1)),
        group("several outputs", squares(5, 3), squares(4, 4), f32(squares(6, 2))),
    ),
    binary_cross_entropy=item(
        "binary-from-a",
        group("one question", f32(questions(6, 1)), f32(questions(4, 1))),
        group("several questions", f32(questions(5, 3)), f32(questions(4, 4)), f32(questions(1, 2))),
        group("sure and right", sure_questions(4, 3, True), sure_questions(5, 2, True)),
        group(
            "sure and wrong", sure_questions(4, 3, False), sure_questions(3, 2, False), f32(sure_questions(5, 2, False))
        ),
    ),
    cross_entropy=item(
        "cross-entropy-from-a",
        group("one observation", f32(surprising(1, 4)), f32(classes(1, 2))),
        group("a batch", f32(surprising(5, 3)), f32(classes(4, 4))),
        group("sure and right, or all a_k large", sure_classes(4, 3, True), sure_classes(4, 4, True), all_large(4, 3)),
        group("sure and wrong", sure_classes(4, 3, False), sure_classes(3, 5, False), f32(sure_classes(5, 4, False))),
    ),
    matched_delta=item(
        "matched-delta",
        group("regression", (*squares(5, 3), "squares"), f32((*squares(1, 2), "squares"))),
        group(
            "yes-or-no questions",
            (*questions(5, 3), "binary"),
            (*questions(1, 2), "binary"),
            (f32(sure_questions(4, 3, False)), "binary"),
        ),
        group(
            "classes",
            (*classes(5, 3), "classes"),
            (*classes(1, 4), "classes"),
            (f32(sure_classes(4, 3, False)), "classes"),
        ),
        calls={"sum_of_squares": (0, 1), "binary_cross_entropy": (0, 1), "cross_entropy": (0, 1)},
        formula=True,
    ),
    softmax_jacobian=item(
        "softmax-jacobian",
        group("the diagonal", normal(3), normal(5), part=np.diag),
        group("two classes", normal(2), normal() * np.ones(2), normal(2)),
        group(
            "several classes, large a, and float32",
            normal(3),
            normal(6),
            normal(4) + 1e4 * np.array([1.0, -1.0, 0.0, 1.0]),
            f32(normal(4)),
        ),
        formula=True,
    ),
    unmatched_delta=item(
        "unmatched-delta",
        group("sigmoid", outputs(yes_or_no(5, 3), "sigmoid"), outputs(yes_or_no(1, 2), "sigmoid")),
        group("softmax, one observation", outputs(one_hot(1, 3), "softmax"), outputs(one_hot(1, 5), "softmax")),
        group("softmax, a batch", outputs(one_hot(5, 3), "softmax"), outputs(one_hot(4, 4), "softmax")),
        group(
            "saturated outputs, and float32",
            outputs(yes_or_no(4, 3), "sigmoid", 200.0),
            outputs(one_hot(4, 3), "softmax", 200.0),
            f32(outputs(yes_or_no(4, 3), "sigmoid")),
            f32(outputs(one_hot(4, 3), "softmax")),
        ),
        calls={"sum_of_squares": (0, 1)},
        formula=True,
    ),
    steps_until_right=item(
        "steps-until-right",
        group("target 0: cross entropy", *[race(0)] * 6, race(0, x=-1.5), race(0, x=3.0), from_ln_3(0, 0.3), part=0),
        group("target 0: squares", *[race(0)] * 4, race(0, x=-1.5), race(0, x=3.0), from_ln_3(0, 1.55), part=1),
        group("target 1", *[race(1)] * 3, race(1, x=-0.5), race(1, x=2.0), from_ln_3(1, 0.3), from_ln_3(1, 1.55)),
        group(
            "right already, undecided, or not within the limit",
            right_already(0),
            right_already(1),
            undecided(),
            far_away(0, 3),
            far_away(1, 7),
        ),
    ),
    best_constant=item(
        "constant-prediction",
        group(
            "the answer", (normal(7, 3), "squares"), (answered(9, 4, 6), "binary"), (shares(9, 4), "classes"), part=0
        ),
        group(
            "F of a regression",
            (normal(7, 3), "squares"),
            (normal(4, 1), "squares"),
            (f32(normal(6, 3)), "squares"),
            part=1,
        ),
        group(
            "F of questions and of classes",
            (answered(9, 1, 2, 6), "binary"),
            (answered(7, 2), "binary"),
            (shares(9, 3), "classes"),
            part=1,
        ),
        # F is 0 with any logarithm, and with or without the noes: 0 ln 0 alone is asked for
        group(
            "answers that never occur, or always, and float32",
            (answered(7, 0, 7), "binary"),
            (answered(5, 5), "binary"),
            (alike(8, 4), "classes"),
            (f32(alike(6, 3)), "classes"),
        ),
    ),
)
