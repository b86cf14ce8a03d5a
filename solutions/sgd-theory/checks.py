"""The graded items of `sgd-theory`: inputs, groups for partial credit, and the mistakes that people make."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grading.engine import Draw, Item, Mistake, Rng, group

PAGE = "chapters/06-theory-of-sgd"

f32 = np.float32


def mistake(name: str, hint: str, *edits: tuple[str, str], page: str = PAGE) -> Mistake:
    return Mistake(name, hint, page, edits)


def number(position: int) -> Callable[[Any], Any]:
    """One of the numbers that are returned."""
    return lambda value: value[position]


SQUARES, LOGISTIC = "least squares", "logistic"


def inputs(rng: Rng, n: int, p: int, dtype: Any = float) -> np.ndarray:
    """Columns of different size, so that the eigenvalues lie apart."""
    return (rng.normal(size=(n, p)) * np.geomspace(2, 1, p)).astype(dtype)


# ------------------------------------------------------------------------------------------------ Assumption 1


def curved(model: str, n: int, p: int, lam: float = 0.0, dtype: Any = float) -> Draw:
    """Without a penalty, or with one of about `lam`."""
    return lambda r: (model, inputs(r, n, p, dtype), lam * float(r.uniform(0.5, 2)))


LIPSCHITZ = Item(
    "assumption-1",
    "lipschitz",
    (
        group("least squares", 1, curved(SQUARES, 8, 3), curved(SQUARES, 5, 1), curved(SQUARES, 1, 2)),
        group("the logistic model", 1, curved(LOGISTIC, 8, 3), curved(LOGISTIC, 6, 4)),
        group("with a penalty", 1, curved(SQUARES, 7, 2, 0.5), curved(LOGISTIC, 7, 3, 0.5)),
        group("float32, and a large penalty", 1, curved(SQUARES, 9, 3, 3.0, f32), curved(LOGISTIC, 6, 3, 3.0), at=4),
    ),
    (
        mistake("sum in place of the mean", "L belongs to F, the mean. What divides X^T X?", (" / len(X)", "")),
        mistake(
            "quarter left out",
            "The slope of sigma is sigma(a) sigma(-a). Where is it largest, and how large is it there?",
            ("curvature / 4", "curvature"),
        ),
        mistake(
            "quarter for both models",
            "Half a square has the second derivative 1. To which model does the quarter belong?",
            ('if model == "logistic":', "if True:"),
        ),
        mistake(
            "penalty left out",
            "The penalty is a part of F. What is its second derivative?",
            (" + 2 * lam", ""),
        ),
        mistake(
            "lam in place of 2 lam",
            "The penalty is neither halved nor divided by n. What is the second derivative of lam w^2?",
            ("2 * lam", "lam"),
        ),
        mistake(
            "penalty divided by 4",
            "The quarter comes from sigma. Is there a sigma in the penalty?",
            ("curvature = curvature / 4", "curvature = curvature / 4 - 1.5 * lam"),
        ),
        mistake(
            "sum of the eigenvalues",
            "The trace is the sum of all eigenvalues. Which one of them bounds the change of the gradient?",
            (".max()", ".sum()"),
        ),
        mistake(
            "singular value not squared",
            "The eigenvalues of X^T X are the squares of the singular values of X.",
            ("np.linalg.eigvalsh(X.T @ X / len(X)).max()", "np.linalg.svd(X, compute_uv=False).max() / len(X)"),
        ),
    ),
)

# ----------------------------------------------------------------------------------------------------- Lemma 1


def step(model: str, n: int, p: int, lam: float, dtype: Any = float) -> Draw:
    """A step from a random point; some rate, and some L."""

    def draw(r: Rng) -> tuple[Any, ...]:
        y = r.normal(size=n) if model == SQUARES else r.choice([-1.0, 1.0], size=n)
        w, X = r.normal(size=p).astype(dtype), inputs(r, n, p, dtype)
        return model, w, X, y.astype(dtype), lam, float(r.uniform(0.2, 0.4)), float(r.uniform(1.5, 3))

    return draw


QUADRATIC = (step(SQUARES, 6, 2, 0.0), step(SQUARES, 5, 3, 0.2))
PENALIZED = (step(LOGISTIC, 6, 2, 0.1), step(LOGISTIC, 5, 3, 0.0), step(LOGISTIC, 7, 2, 0.3, f32))

LEMMA_1 = Item(
    "lemma-1",
    "lemma1_sides",
    (
        group("a single observation", 1, step(SQUARES, 1, 2, 0.0), step(LOGISTIC, 1, 1, 0.1), at=20),
        group("least squares: the left side", 1, *QUADRATIC, part=number(0), at=50),
        group("least squares: the right side", 1, *QUADRATIC, part=number(1), at=50),
        group("the logistic model, and float32", 1, *PENALIZED, at=20),
    ),
    (
        mistake(
            "F after the mean step",
            "The mean over the draws is taken of F(w_{k+1}), and not of w_{k+1}. To how many points may the step lead?",
            ("for g in G]", "for g in [mean]]"),
        ),
        mistake(
            "square of the mean in place of the mean of the squares",
            "Noise has a mean of zero and a length that is not. Which is taken first, the square or the expectation?",
            ("np.mean(np.sum(G**2, axis=1))", "(mean @ mean)"),
        ),
        mistake(
            "mean over the components",
            "A squared length is a sum over the components. Over what does the mean run?",
            ("np.mean(np.sum(G**2, axis=1))", "np.mean(G**2)"),
        ),
        mistake(
            "alpha not squared",
            "The step is alpha times g. What is its squared length?",
            ("alpha**2", "alpha"),
        ),
        mistake(
            "half left out",
            "The parabola of Proposition 1 has the factor L / 2. Where is the 2?",
            ("0.5 * ", ""),
        ),
        mistake(
            "F(w) not subtracted",
            "The left side is what a step changes on average. From where does it start?",
            (" - errors(model, w, X, y, lam).mean()", ""),
        ),
        mistake(
            "progress with the wrong sign",
            "The step goes against the gradient. Does the first term lower the bound, or raise it?",
            ("right = -alpha", "right = alpha"),
        ),
    ),
)

# ------------------------------------------------------------------------------------------------ Assumption 2


def sample(n: int, p: int, size: int, dtype: Any = float) -> Draw:
    """Gradients whose mean is not zero."""
    return lambda r: ((1 + r.normal(size=(n, p))).astype(dtype), size)


MOMENTS = Item(
    "second-moment",
    "moments",
    (
        group("||gradF||^2", 1, sample(6, 3, 1), sample(5, 2, 3), sample(1, 4, 2), part=number(0)),
        group("E||g||^2, single draws", 1, sample(6, 3, 1), sample(5, 4, 1, f32), sample(4, 2, 1), part=number(1)),
        group("E||g||^2, batches", 1, sample(6, 3, 2), sample(5, 1, 4), sample(7, 2, 10, f32), part=number(1)),
    ),
    (
        mistake(
            "square of the mean for both",
            "Where is the noise? Which is taken first for E||g||^2, the square or the mean?",
            ("np.mean(np.sum(G**2, axis=1))", "square"),
        ),
        mistake(
            "mean over the components",
            "A squared length is a sum over the components. Over what does the mean run?",
            ("np.mean(np.sum(G**2, axis=1))", "np.mean(G**2)"),
        ),
        mistake(
            "length not squared",
            "Both numbers are squares of lengths. What is np.linalg.norm?",
            ("np.sum(G.mean(axis=0) ** 2)", "np.linalg.norm(G.mean(axis=0))"),
        ),
        mistake(
            "whole second moment divided by the size",
            "A very large batch has no noise. What is E||g||^2 then, and is it zero?",
            ("square + (second - square) / size", "second / size"),
        ),
        mistake(
            "size of the batch ignored",
            "A batch has less noise than a single draw. Which part of the second moment does it divide?",
            (" / size", ""),
        ),
        mistake(
            "variance in place of the second moment",
            "E||g||^2 is measured from zero, and the variance from the mean. What lies between them?",
            ("return square, square + (", "return square, ("),
        ),
        mistake(
            "order exchanged",
            "The task states (square, second), in this order.",
            ("return square, square + (second - square) / size", "return square + (second - square) / size, square"),
        ),
    ),
)


def visited(points: int, n: int, p: int, M_G: float, dtype: Any = float) -> Draw:
    """Gradients at points with much and with little noise, near and far from a stationary point."""

    def draw(r: Rng) -> tuple[Any, ...]:
        centre = r.normal(size=(points, 1, p)) * np.geomspace(0.05, 3, points)[:, None, None]
        noise = r.normal(size=(points, n, p)) * np.linspace(1, 2, points)[:, None, None]
        return (r.permutation(centre + noise)).astype(dtype), M_G

    return draw


def quiet(points: int, n: int, p: int) -> Draw:
    """Much gradient and hardly any noise, at all points."""
    return lambda r: (5 + r.uniform(size=(points, 1, p)) + 0.1 * r.normal(size=(points, n, p)), 3.0)


SMALLEST_M = Item(
    "assumption-2",
    "smallest_M",
    (
        group("one point", 1, visited(1, 5, 3, 1.0), visited(1, 4, 2, 1.0)),
        group("several points, M_G = 1", 1, visited(6, 5, 3, 1.0), visited(4, 6, 1, 1.0), visited(5, 4, 2, 1.0, f32)),
        group("several points, a larger M_G", 1, visited(6, 5, 3, 1.3), visited(5, 4, 2, 2.0), visited(4, 7, 2, 1.1)),
        group("no M needed", 1, quiet(4, 5, 2), quiet(1, 3, 3)),
    ),
    (
        mistake(
            "mean over the points",
            "The inequality must hold at all points. Does it hold at the worst one?",
            ("np.max(", "np.mean("),
        ),
        mistake(
            "smallest over the points",
            "The inequality must hold at all points. Which of them asks for the largest M?",
            ("np.max(", "np.min("),
        ),
        mistake(
            "M_G left out",
            "Noise that vanishes with the gradient is paid for by M_G. Where does it enter?",
            ("M_G * squares", "squares"),
        ),
        mistake(
            "M_G - 1 in place of M_G",
            "M_G - 1 belongs to the variance. Is the left side the variance, or the second moment?",
            ("M_G * squares", "(M_G - 1) * squares"),
        ),
        mistake(
            "negative M",
            "Assumption 2 asks for M >= 0. What is the smallest such M where no noise is left to pay for?",
            ("max(0.0, np.max(seconds - M_G * squares))", "np.max(seconds - M_G * squares)"),
        ),
        mistake(
            "largest moments of different points",
            "Both sides belong to one and the same point. Are the two largest values taken at the same one?",
            ("np.max(seconds - M_G * squares)", "np.max(seconds) - M_G * np.max(squares)"),
        ),
    ),
)


def limits(size: int, noisy: bool = True) -> Draw:
    return lambda r: (float(r.uniform(0.5, 4)), float(r.uniform(2, 6)) if noisy else 1.0, size)


SAFE_STEP = Item(
    "safe-step",
    "safe_step",
    (
        group("single draws", 1, limits(1), limits(1), limits(1, noisy=False)),
        group("batches", 1, limits(4), limits(10), limits(3, noisy=False)),
    ),
    (
        mistake(
            "2 / (L M_G)",
            "Below 2 / (L M_G) there is some progress. Which limit keeps half of it, as the theorems ask?",
            ("1 / (L *", "2 / (L *"),
        ),
        mistake(
            "M_G left out",
            "Noise that grows with the gradient makes long steps dangerous. Which constant measures it?",
            ("1 / (L * (1 + (M_G - 1) / size))", "1 / L"),
        ),
        mistake(
            "L left out",
            "A narrow valley asks for short steps. Which constant measures how narrow it is?",
            ("(L * (1 + (M_G - 1) / size))", "(1 + (M_G - 1) / size)"),
        ),
        mistake(
            "size of the batch ignored",
            "A batch has less noise than a single draw. What is its M_G?",
            (" / size", ""),
        ),
        mistake(
            "whole M_G divided by the size",
            "M_G is never below 1, however large the batch is. Which part of it is noise?",
            ("(1 + (M_G - 1) / size)", "M_G / size"),
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------- Theorem 1


def bound(part: float, M_G: float, M: float = 1.0, T: int | None = None) -> Draw:
    """Theorem 1 at `part` of the largest safe step, with a start above F_inf, which is not 0."""

    def draw(r: Rng) -> tuple[Any, ...]:
        F_inf, L = float(r.uniform(0.5, 2)), float(r.uniform(1.5, 4))
        steps = int(r.integers(20, 200)) if T is None else T
        return F_inf + float(r.uniform(1, 3)), F_inf, steps, part / (L * M_G), L, M * float(r.uniform(1, 3)), M_G

    return draw


def at_limit(L: float, M_G: float) -> Draw:
    """The largest safe step itself, in numbers without rounding."""
    return lambda r: (
        float(r.uniform(2, 4)),
        float(r.uniform(0.5, 1)),
        50,
        1 / (L * M_G),
        L,
        float(r.uniform(1, 3)),
        M_G,
    )


THEOREM_1 = Item(
    "theorem-1",
    "theorem1_right",
    (
        group("safe steps", 1, bound(0.3, 1.0), bound(0.7, 4.0), bound(0.5, 2.0, T=1)),
        group("no noise", 1, bound(0.5, 1.0, M=0.0), bound(0.2, 3.0, M=0.0)),
        group("the largest safe step", 1, at_limit(2.0, 4.0), at_limit(0.5, 1.0), at_limit(4.0, 2.0)),
        group(
            "beyond what is safe",
            1,
            bound(1.5, 4.0),
            bound(3.0, 6.0),
            bound(5.0, 2.0),
            bound(2.5, 1.0),
            bound(0.0, 2.0),
            bound(-0.5, 2.0),
            part=np.isinf,
        ),
    ),
    (
        mistake(
            "no limit for the rate",
            "A theorem holds under its assumptions. Which one concerns the rate?",
            ("if not 0 < alpha <= 1 / (L * M_G):", "if alpha <= 0:"),
        ),
        mistake(
            "limit 1 / L",
            "The noise that grows with the gradient shortens the largest step. Which constant measures it?",
            ("1 / (L * M_G)", "1 / L"),
        ),
        mistake(
            "limit 2 / (L M_G)",
            "Up to 2 / (L M_G) there is some progress. How much of it does the proof of Theorem 1 need?",
            ("1 / (L * M_G)", "2 / (L * M_G)"),
        ),
        mistake(
            "largest safe step refused",
            "Is the largest safe step itself allowed by the theorem?",
            ("0 < alpha <= 1", "0 < alpha < 1"),
        ),
        mistake(
            "L left out of the floor",
            "A line of the slides' proof has lost this factor. Which constants does the floor have in Lemma 2?",
            ("alpha * L * M", "alpha * M"),
        ),
        mistake(
            "F_inf left out",
            "F can only lose what lies above its lower bound. From where is F(w_1) counted?",
            ("(F_1 - F_inf)", "F_1"),
        ),
        mistake(
            "factor 2 left out",
            "Half of the progress is kept, and the sum is brought to the other side. What multiplies the start?",
            ("2 * (F_1", "(F_1"),
        ),
        mistake(
            "start not divided by T",
            "The left side is a mean over the steps. What happens to the start in a long run?",
            ("(T * alpha)", "alpha"),
        ),
    ),
)


def targets(M: float, M_G: float) -> Draw:
    """Targets for which 4 D / (alpha eps) is not near a whole number (nor is a half or a fourth of it)."""

    def draw(r: Rng) -> tuple[Any, ...]:
        while True:
            eps, D, L = float(r.uniform(0.1, 0.5)), float(r.uniform(1, 4)), float(r.uniform(1, 4))
            noise = M * float(r.uniform(0.5, 2))
            alpha = min(1 / (L * M_G), eps / (2 * L * noise)) if noise else 1 / (L * M_G)
            if 0.2 < 4 * D / (alpha * eps) % 1 < 0.8:
                return eps, D, L, noise, M_G

    return draw


NOISY = (targets(5.0, 1.0), targets(8.0, 2.0), targets(3.0, 1.0))

PLAN = Item(
    "theorem-1-plan",
    "plan",
    (
        group("the floor decides: the rate", 1, *NOISY, part=number(0)),
        group("the floor decides: the number of steps", 1, *NOISY, part=number(1)),
        group("the safe step decides", 1, targets(0.1, 20.0), targets(0.2, 30.0)),
        group("no noise", 1, targets(0.0, 1.0), targets(0.0, 3.0)),
    ),
    (
        mistake(
            "safe step ignored",
            "With little noise the floor allows long steps. Which other limit has the rate?",
            ("min(alpha, eps / (2 * L * M))", "eps / (2 * L * M)"),
        ),
        mistake(
            "larger of the two limits",
            "Both limits have to be kept. Which of the two rates keeps both?",
            ("min(alpha,", "max(alpha,"),
        ),
        mistake(
            "all of eps for the floor",
            "Two terms share eps. How much of it may the floor take?",
            ("eps / (2 * L * M)", "eps / (L * M)"),
        ),
        mistake(
            "all of eps for the start",
            "Two terms share eps. How much of it may be left of the start?",
            ("4 * D", "2 * D"),
        ),
        mistake(
            "number of steps rounded down",
            "With one step too few the second term is above its half. Which whole number is enough?",
            ("math.ceil(", "math.floor("),
        ),
        mistake(
            "number of steps not rounded",
            "T is a whole number. Which one is the smallest that is enough?",
            ("math.ceil(", "("),
        ),
        mistake(
            "L left out of the floor",
            "The floor is alpha L M. Which rate makes it half of eps?",
            ("eps / (2 * L * M)", "eps / (2 * M)"),
        ),
    ),
)


def runs(R: int, T: int, times: float, dtype: Any = float) -> Draw:
    """Squares that differ between runs, and a right side of mean + `times` standard errors."""

    def draw(r: Rng) -> tuple[Any, ...]:
        level = r.uniform(1, 3, size=(R, 1))
        squares = (level * r.uniform(0.5, 1.5, size=(R, T)) * np.geomspace(3, 1, T)).astype(dtype)
        Z = squares.astype(float).mean(axis=1)
        return squares, float(Z.mean() + times * Z.std(ddof=1) / np.sqrt(R))

    return draw


SEVERAL = (runs(6, 5, 3.0), runs(20, 8, 1.0), runs(9, 1, 4.0), runs(12, 6, 3.0, f32))

READ_OFF = Item(
    "theorem-1-experiment",
    "read_off",
    (
        group("the mean", 1, *SEVERAL, runs(1000, 20, 5.0), part=number(0)),
        group("the upper bound", 1, *SEVERAL, part=number(1), at=4),
        group("a thousand runs", 1, runs(1000, 20, 5.0), runs(1000, 10, -1.0), at=4),
        group(
            "the verdict",
            1,
            *(runs(10, 7, times) for times in (-4.0, -1.0, 1.0, 2.0, 2.6, 6.0)),
            part=number(2),
        ),
    ),
    (
        mistake(
            "all steps taken as independent",
            "The steps of one run depend on each other. How many independent values are there?",
            ("squares.mean(axis=1)", "squares.ravel()"),
        ),
        mistake(
            "last step in place of the mean",
            "Theorem 1 bounds the mean over all steps. What of a run enters Z?",
            ("squares.mean(axis=1)", "squares[:, -1]"),
        ),
        mistake(
            "spread of the runs in place of the error of their mean",
            "More runs make the mean more certain. Which factor says so?",
            (" / np.sqrt(len(Z))", ""),
        ),
        mistake(
            "divided by R in place of R - 1",
            "The mean that is subtracted comes from the same runs. By what is the sum of squares divided?",
            ("ddof=1", "ddof=0"),
        ),
        mistake(
            "lower bound",
            "The expectation may be larger than the mean of the runs. On which side is the risk?",
            ("mean + 2.3263", "mean - 2.3263"),
        ),
        mistake(
            "verdict by the bare mean",
            "With other seeds the mean is another one. Which number has to be at most the right side?",
            ("upper <= right", "mean <= right"),
        ),
        mistake(
            "quantile of two sides",
            "The bound can fail on one side only. Which quantile does the task state?",
            ("2.3263", "2.5758"),
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------- Theorem 2


def decays(R: int, T: int, q: float, dtype: Any = float) -> Draw:
    """Rates beta k^-q; squares that fall and differ."""

    def draw(r: Rng) -> tuple[Any, ...]:
        squares = (r.uniform(0.5, 1.5, size=(R, T)) * np.geomspace(4, 1, T)).astype(dtype)
        alphas = (float(r.uniform(0.2, 0.6)) / np.arange(1, T + 1) ** q).astype(dtype)
        return squares, alphas, *(float(number) for number in r.uniform(1, 3, size=3))

    return draw


THEOREM_2 = Item(
    "theorem-2-mean",
    "theorem2_sides",
    (
        group("one step", 1, decays(5, 1, 1.0), decays(3, 1, 0.5)),
        group("the left side with a constant rate", 1, decays(4, 6, 0.0), decays(6, 4, 0.0), part=number(0)),
        group(
            "the left side with rates that decay, and one run", 1, decays(4, 6, 1.0), decays(1, 7, 0.5), part=number(0)
        ),
        group("the right side, and float32", 1, decays(4, 6, 1.0), decays(3, 8, 0.5, f32), part=number(1)),
    ),
    (
        mistake(
            "divided by the number of steps",
            "The weights are the rates. To what do they add up?",
            ("squares.mean(axis=0)) / A", "squares.mean(axis=0)) / np.arange(1, len(alphas) + 1)"),
        ),
        mistake(
            "steps not weighted",
            "Theorem 2 weights each step. With what?",
            ("alphas * squares", "squares"),
        ),
        mistake(
            "the last A_T for every number of steps",
            "Entry T - 1 uses the first T steps only. Which rates are in its A_T?",
            ("A = np.cumsum(alphas)", "A = np.sum(alphas)"),
        ),
        mistake(
            "rates not squared in the bound",
            "Noise enters Lemma 2 with the square of the rate. What is summed on the right side?",
            ("alphas**2", "alphas"),
        ),
        mistake(
            "T too many in the bound",
            "The last line of the slides' proof has a T inside the sum. What would a bound that grows with T prove?",
            ("np.cumsum(alphas**2)", "np.cumsum(alphas**2) * np.arange(1, len(alphas) + 1)"),
        ),
        mistake(
            "bound not divided by A_T",
            "Both sides are divided by A_T. What is the right side after that?",
            ("np.cumsum(alphas**2)) / A", "np.cumsum(alphas**2))"),
        ),
        mistake(
            "factor 2 left out",
            "Half of the progress is kept, and the sum is brought to the other side. What multiplies the start?",
            ("2 * D", "D"),
        ),
    ),
)

ITEMS = (
    LIPSCHITZ,
    LEMMA_1,
    MOMENTS,
    SMALLEST_M,
    SAFE_STEP,
    THEOREM_1,
    PLAN,
    READ_OFF,
    THEOREM_2,
)
