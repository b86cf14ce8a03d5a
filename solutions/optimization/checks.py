"""The graded items of `optimization`: inputs, groups for partial credit, and the mistakes that people make."""

from typing import Any

import numpy as np

from grading.engine import Case, Draw, Group, Item, Mistake, Reference, Rng, group

PAGE = "chapters/03-optimization"

f32 = np.float32


def mistake(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    return Mistake(name, hint, PAGE, edits)


def squares(w: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """The objective of part 1, for the methods."""
    r = X @ w - y
    return 0.5 * np.mean(r**2), X.T @ r / len(X)


def logistic(w: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """The objective of part 2, for the methods."""
    m = y * (X @ w)
    return np.mean(np.logaddexp(0, -m)), X.T @ (-y * np.exp(-np.logaddexp(0, m))) / len(X)


def inputs(rng: Rng, n: int, p: int, dtype: Any = float) -> np.ndarray:
    return rng.normal(size=(n, p)).astype(dtype)


def classes(rng: Rng, n: int, dtype: Any = float) -> np.ndarray:
    """Both classes occur where n > 1."""
    y = rng.choice([-1.0, 1.0], size=n)
    y[:2] = [-1.0, 1.0][:n]
    return rng.permutation(y).astype(dtype)


# ------------------------------------------------------------------------------------------------- the objectives


def regression(n: int, p: int, dtype: Any = float) -> Draw:
    return lambda r: (r.normal(size=p).astype(dtype), inputs(r, n, p, dtype), r.normal(size=n).astype(dtype))


def one_far(n: int, p: int) -> Draw:
    """A huge target where X is tiny: a large F hides the gradient from differences, and from no formula."""

    def draw(r: Rng) -> tuple[Any, ...]:
        w, X, y = regression(n, p)(r)
        X[0], y[0] = 1e-9 * X[0], 1e9
        return w, X, y

    return draw


SEVERAL = (regression(5, 3), regression(4, 4), regression(7, 2))

LEAST_SQUARES = Item(
    "empirical-risk",
    "least_squares",
    (
        group(
            "one observation, and float32", 1, regression(1, 3), regression(1, 1), one_far(1, 2), regression(1, 2, f32)
        ),
        group("several observations: F", 1, *SEVERAL, part=lambda both: both[0]),
        group("several observations: the gradient", 1, *SEVERAL, one_far(4, 3), part=lambda both: both[1]),
    ),
    (
        mistake("F without the half", "E_i is half of a square. Where is the half in F?", ("0.5 * ", "")),
        mistake(
            "factor 2 in the gradient",
            "The 2 of the square's derivative meets the half. What is left?",
            ("X.T @ residuals", "2 * X.T @ residuals"),
        ),
        mistake(
            "gradient of the sum",
            "F is the mean of the E_i. By what is the sum in its gradient divided?",
            (" / len(X)", ""),
        ),
        mistake(
            "sum in place of the mean in F",
            "F is the mean of the E_i. By what is the sum of the squares divided?",
            ("np.mean(", "np.sum("),
        ),
        mistake(
            "mean over the weights",
            "The mean is over observations, which are rows. How many are there?",
            ("len(X)", "len(w)"),
        ),
        mistake(
            "gradient with the wrong sign",
            "The minus of gradient descent belongs to the step. What is the derivative of x w - y with respect to w?",
            ("X.T @", "-X.T @"),
        ),
    ),
    formula=True,
)


def classification(n: int, p: int, dtype: Any = float) -> Draw:
    return lambda r: (r.normal(size=p).astype(dtype), inputs(r, n, p, dtype), classes(r, n, dtype))


def large_margins(rng: Rng) -> tuple[Any, ...]:
    """Margins of either sign, up to some thousands."""
    X = 2e3 * np.sign(inputs(rng, 6, 1)) * rng.uniform(1, 2, size=(6, 1)) * np.array([[1.0, 0.1]])
    y = np.sign(X[:, 0]) * np.array([1, -1, 1, -1, 1, -1])
    return np.array([1.0, 0.5]), X, y


MARGINS = (classification(6, 3), classification(4, 4), classification(7, 2))

LOGISTIC = Item(
    "logistic-risk",
    "logistic",
    (
        group("one observation, and float32", 1, classification(1, 3), classification(1, 1), classification(1, 2, f32)),
        group("several observations: F", 1, *MARGINS, part=lambda both: both[0]),
        group("several observations: the gradient", 1, *MARGINS, part=lambda both: both[1]),
        group("large margins", 1, large_margins),
    ),
    (
        mistake(
            "overflow of exp",
            "exp(1000) is no floating-point number, but ln(1 + exp(1000)) is one. Which function of NumPy computes it?",
            ("np.logaddexp(0, -m)", "np.log(1 + np.exp(-m))"),
        ),
        mistake(
            "y left out of the margin",
            "E_i depends on the class. Where does y enter m?",
            ("y * (X @ w)", "X @ w"),
        ),
        mistake(
            "sigma taken at m",
            "A large positive margin is a class that is right. How large should the gradient be there?",
            ("np.exp(-np.logaddexp(0, m))", "np.exp(-np.logaddexp(0, -m))"),
        ),
        mistake(
            "factor y left out of the gradient",
            "m = y x w depends on w. What is its derivative?",
            ("-y * np.exp", "-np.exp"),
        ),
        mistake(
            "classes read as 0 and 1",
            "yhat - y is the formula for the classes 0 and 1. Which classes are these?",
            ("-y * np.exp(-np.logaddexp(0, m))", "np.exp(-np.logaddexp(0, -X @ w)) - y"),
        ),
        mistake(
            "gradient of the sum",
            "F is the mean of the E_i. By what is the sum in its gradient divided?",
            (" / len(X)", ""),
        ),
        mistake(
            "gradient with the wrong sign",
            "Does E_i grow or fall when the margin grows?",
            ("-y * np.exp", "y * np.exp"),
        ),
    ),
    formula=True,
)

# ---------------------------------------------------------------------------------------------------- the methods


def problem(rng: Rng, objective: Any, n: int, p: int, dtype: Any = float) -> tuple[Any, ...]:
    """(objective, w, X, y), for the methods."""
    y = (rng.normal(size=n) if objective is squares else classes(rng, n)).astype(dtype)
    return objective, rng.normal(size=p).astype(dtype), inputs(rng, n, p, dtype), y


def rates(rng: Rng, T: int, dtype: Any = float) -> np.ndarray:
    """Rates that differ from step to step, small enough for all rows here."""
    return rng.uniform(0.05, 0.3, size=T).astype(dtype)


def descents(objective: Any, T: int, n: int = 12, p: int = 3, dtype: Any = float) -> Draw:
    return lambda r: (*problem(r, objective, n, p, dtype), rates(r, T, dtype))


def constant(objective: Any, T: int) -> Draw:
    return lambda r: (*problem(r, objective, 12, 3), np.full(T, 0.2))


UPHILL = mistake(
    "step uphill", "The gradient points to where F grows. Which way does the step go?", ("- alpha", "+ alpha")
)
AT_START = mistake(
    "gradient always taken at the start",
    "Each step starts where the one before ended, and takes its gradient there.",
    ("objective(path[-1]", "objective(w"),
)
IN_PLACE = mistake(
    "one array in all rows",
    "w -= changes an array in place, and a list holds the same array many times. What does each row show then?",
    ("path.append(path[-1] - alpha * gradient)", "w -= alpha * gradient\n        path.append(w)"),
)
NO_START = mistake(
    "start left out",
    "All iterates are asked for. Which is the first one?",
    ("np.array(path)", "np.array(path[1:])"),
)
LAST_ONLY = mistake(
    "last iterate alone",
    "All iterates are asked for, one in each row.",
    ("np.array(path)", "path[-1]"),
)

GRADIENT_DESCENT = Item(
    "gradient-descent",
    "gradient_descent",
    (
        group("one step", 1, descents(squares, 1), descents(logistic, 1, p=2)),
        group("several steps with one rate", 1, constant(squares, 6), constant(logistic, 5)),
        group("rates that change, and float32", 1, descents(squares, 5), descents(logistic, 4, dtype=f32), at=4),
    ),
    (
        UPHILL,
        AT_START,
        IN_PLACE,
        NO_START,
        LAST_ONLY,
        mistake(
            "first rate for all steps",
            "Each step has its own learning rate. Which one does the second step use?",
            ("alpha * gradient", "alphas[0] * gradient"),
        ),
        mistake(
            "mean taken twice",
            "The objective takes the mean over the rows already.",
            ("alpha * gradient", "alpha * gradient / len(X)"),
        ),
    ),
)


def matrices(n: int, p: int, dtype: Any = float) -> Draw:
    """Columns of different size, so that the eigenvalues lie apart."""
    return lambda r: ((inputs(r, n, p) * np.geomspace(3, 1, p)).astype(dtype),)


STABLE_RATE = Item(
    "stable-rate",
    "stable_rate",
    (
        group("a single weight", 1, matrices(6, 1), matrices(1, 1)),
        group("several weights", 1, matrices(8, 3), matrices(12, 5)),
        group(
            "inputs of different size, and float32",
            1,
            lambda r: (np.column_stack([np.ones(9), 70 + inputs(r, 9, 1), 0.1 * inputs(r, 9, 1)]),),
            matrices(10, 3, f32),
            at=10,
        ),
    ),
    (
        mistake("sum in place of the mean", "H is X^T X, divided by what?", (" / len(X)", "")),
        mistake(
            "1 / L in place of 2 / L",
            "At 1 / L one direction arrives in a single step. How much longer may a step be before it stops shrinking?",
            ("2 / L", "1 / L"),
        ),
        mistake(
            "smallest eigenvalue",
            "All directions must shrink with the same rate. Which of them asks for the shortest step?",
            (".max()", ".min()"),
        ),
        mistake(
            "singular value not squared",
            "The eigenvalues of X^T X are the squares of the singular values of X.",
            ("np.linalg.eigvalsh(X.T @ X / len(X)).max()", "np.linalg.svd(X, compute_uv=False).max() / len(X)"),
        ),
        mistake(
            "sum of the eigenvalues",
            "The trace is the sum of all eigenvalues. Which one of them is L?",
            (".max()", ".sum()"),
        ),
        mistake(
            "mean over the weights",
            "H is a mean over observations, which are rows. How many are there?",
            ("len(X)", "X.shape[1]"),
        ),
    ),
)


def draws(objective: Any, T: int, n: int = 8, p: int = 3, dtype: Any = float) -> Draw:
    """T different observations; the first index is not 0."""

    def draw(r: Rng) -> tuple[Any, ...]:
        indices = r.permutation(n)[:T]
        return (*problem(r, objective, n, p, dtype), np.where(indices == 0, indices[-1], indices), rates(r, T, dtype))

    return draw


def again(objective: Any, T: int) -> Draw:
    """One observation, T times."""
    return lambda r: (*problem(r, objective, 1, 2), np.zeros(T, dtype=int), rates(r, T))


SGD = Item(
    "sgd",
    "sgd",
    (
        group("a single observation", 1, again(squares, 3), again(logistic, 3)),
        group("one step", 1, draws(squares, 1, p=2), draws(logistic, 1)),
        group(
            "several steps, and float32", 1, draws(squares, 6), draws(logistic, 5), draws(logistic, 4, dtype=f32), at=4
        ),
    ),
    (
        UPHILL,
        AT_START,
        IN_PLACE,
        NO_START,
        LAST_ONLY,
        mistake(
            "all rows in place of one",
            "A step asks one observation. How many rows does the objective get?",
            ("X[[j]], y[[j]]", "X, y"),
        ),
        mistake(
            "rows in their own order",
            "The indices were drawn. Which of them belongs to the first step?",
            ("zip(indices, alphas)", "zip(range(len(indices)), alphas)"),
        ),
        mistake(
            "gradient divided by n",
            "A step with one observation has the full rate. Which mean is taken, over how many rows?",
            ("alpha * gradient", "alpha * gradient / len(X)"),
        ),
    ),
)

# --------------------------------------------------------------------------------------------- rates and batches


def rule(name: str, *ranges: tuple[float, float], T: int, m: int | None = None) -> Draw:
    """The rule with numbers drawn from the ranges, and m as the last one."""
    last = () if m is None else (m,)
    return lambda r: (name, (*(float(r.uniform(*each)) for each in ranges), *last), T)


LEARNING_RATES = Item(
    "learning-rates",
    "learning_rates",
    (
        group("constant", 1, rule("constant", (0.1, 1), T=4), rule("constant", (0.1, 1), T=1)),
        group("harmonic", 1, rule("harmonic", (1, 5), (0.5, 9), T=6), rule("harmonic", (1, 5), (50, 90), T=9)),
        group("one harmonic step", 1, rule("harmonic", (1, 5), (0.5, 9), T=1)),
        group(
            "step decay",
            1,
            rule("step", (0.1, 1), (0.3, 0.9), T=7, m=3),
            rule("step", (0.1, 1), (0.3, 0.9), T=4, m=1),
            rule("step", (0.1, 1), (0.3, 0.9), T=3, m=5),
        ),
    ),
    (
        mistake(
            "k counted from 0",
            "Python counts from 0, the iterations of the lecture from 1. Which is the first k?",
            ("np.arange(1, T + 1)", "np.arange(T)"),
        ),
        mistake(
            "one rate too few",
            "np.arange leaves its end out. How many rates are asked for?",
            ("np.arange(1, T + 1)", "np.arange(1, T)"),
        ),
        mistake(
            "a single number as constant rate",
            "Each step gets its rate from the array. What has to be returned for T equal rates?",
            ("np.full(T, alpha)", "alpha"),
        ),
        mistake(
            "harmonic rate without brackets",
            "In Python a / b + c is (a / b) + c. What stands in the denominator of the rule?",
            ("beta / (gamma + k)", "beta / gamma + k"),
        ),
        mistake(
            "harmonic rate without gamma",
            "gamma keeps the first rates from being too large. Where does it stand?",
            ("gamma + k", "k"),
        ),
        mistake(
            "step decay one step too early",
            "The first rate is kept for k = 1, ..., m. What is the exponent at k = m?",
            ("(k - 1) // m", "k // m"),
        ),
        mistake(
            "step decay without steps",
            "The exponent is rounded down. What would the rate look like without that?",
            ("// m", "/ m"),
        ),
    ),
)


def orders(n: int, size: int) -> Draw:
    """A permutation that does not begin with its least or largest index, and is in no order."""

    def draw(r: Rng) -> tuple[Any, ...]:
        order = r.permutation(n)
        while n > 2 and order[0] in (0, n - 1):
            order = r.permutation(n)
        return order, size

    return draw


EPOCH_BATCHES = Item(
    "epoch-batches",
    "epoch_batches",
    (
        group("batches that come out even", 1, orders(12, 4), orders(12, 3)),
        group("some left over", 1, orders(10, 4), orders(11, 3), orders(9, 7)),
        group("batches of one, of all and of more", 1, orders(5, 1), orders(7, 7), orders(6, 10)),
    ),
    (
        mistake(
            "rest left out",
            "Every observation comes once in an epoch. Where are the last ones?",
            ("range(0, len(order), size)", "range(0, len(order) - size + 1, size)"),
        ),
        mistake(
            "rest spread over all batches",
            "All batches but the last have `size` indices. What do parts of nearly equal size have?",
            (
                "[order[i : i + size] for i in range(0, len(order), size)]",
                "np.array_split(order, -(-len(order) // size))",
            ),
        ),
        mistake(
            "as many batches as `size`",
            "`size` is how many indices a batch holds, and not how many batches there are.",
            ("[order[i : i + size] for i in range(0, len(order), size)]", "np.array_split(order, size)"),
        ),
        mistake(
            "last batch filled up from the front",
            "Every observation comes once in an epoch. How often do the first ones come now?",
            ("order[i : i + size]", 'np.take(order, range(i, i + size), mode="wrap")'),
        ),
        mistake(
            "permutation not used",
            "Without the permutation each epoch has the same batches. What stands at place i of the shuffled row?",
            ("order[i : i + size]", "np.arange(len(order))[i : i + size]"),
        ),
        mistake(
            "batches overlap",
            "Python leaves the end of a slice out. Where does one batch end, and where does the next begin?",
            ("i + size]", "i + size + 1]"),
        ),
    ),
)


def minibatches(objective: Any, sizes: tuple[int, ...], n: int = 10, p: int = 3, dtype: Any = float) -> Draw:
    """Batches without repetition, of the given sizes."""
    return lambda r: (
        *problem(r, objective, n, p, dtype),
        [r.choice(n, size=size, replace=False) for size in sizes],
        rates(r, len(sizes), dtype),
    )


def run(rng: Rng) -> list[Case]:
    """Ten epochs of batches of 16 out of 200, with harmonic rates, on logistic regression."""
    n, p = 200, 4
    X = inputs(rng, n, p)
    towards = rng.normal(size=p)
    y = np.where(X @ towards / np.linalg.norm(towards) + rng.normal(size=n) > 0, 1.0, -1.0)
    batches = [order[i : i + 16] for order in (rng.permutation(n) for _ in range(10)) for i in range(0, n, 16)]
    alphas = 40 / (20 + np.arange(1, len(batches) + 1))
    return [Case((logistic, np.zeros(p), X, y, batches, alphas))]


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


MINIBATCH = Item(
    "minibatch-sgd",
    "minibatch_sgd",
    (
        group("batches of one", 1, minibatches(squares, (1, 1, 1)), minibatches(logistic, (1, 1, 1, 1)), at=4),
        group("one step", 1, minibatches(squares, (4,)), minibatches(logistic, (3,), p=2)),
        group(
            "several steps, batches of different size, and float32",
            1,
            minibatches(squares, (3, 3, 2)),
            minibatches(logistic, (4, 1, 10, 5)),
            minibatches(logistic, (3, 2, 4), dtype=f32),
            at=4,
        ),
        Group("a run on logistic regression reaches a stated accuracy", 2, run, judge=arrives, deadline=20.0),
    ),
    (
        UPHILL,
        AT_START,
        IN_PLACE,
        mistake(
            "all rows in place of the batch",
            "A mini-batch step looks at the rows of its batch only.",
            ("X[J], y[J]", "X, y"),
        ),
        mistake(
            "sum over the batch in place of the mean",
            "The objective takes the mean over the rows of the batch. What multiplies it again?",
            ("alpha * gradient", "alpha * len(J) * gradient"),
        ),
        mistake(
            "mean taken twice",
            "The objective takes the mean over the rows that it is given already.",
            ("alpha * gradient", "alpha * gradient / len(J)"),
        ),
        mistake(
            "sum over the batch divided by n",
            "The mean is over the batch. By how many rows is its sum divided?",
            ("alpha * gradient", "alpha * gradient * len(J) / len(X)"),
        ),
    ),
)


def gradients(n: int, p: int, size: int, replacement: bool, dtype: Any = float) -> Draw:
    """Gradients whose mean is not zero."""
    return lambda r: ((1 + r.normal(size=(n, p))).astype(dtype), size, replacement)


BATCH_VARIANCE = Item(
    "variance-without",
    "batch_variance",
    (
        group("a batch of one", 1, gradients(6, 3, 1, True), gradients(5, 2, 1, False)),
        group("with replacement", 1, gradients(6, 3, 4, True), gradients(5, 1, 8, True), gradients(7, 4, 3, True, f32)),
        group(
            "without replacement",
            1,
            gradients(6, 3, 4, False),
            gradients(9, 2, 2, False),
            gradients(7, 4, 3, False, f32),
        ),
        group("a single weight, and batches of all", 1, gradients(6, 1, 6, False), gradients(6, 1, 3, False)),
    ),
    (
        mistake(
            "mean over the components",
            "The squared norm of a vector is a sum over its components. Over what does the mean run?",
            ("np.mean(np.sum((G - G.mean(axis=0)) ** 2, axis=1))", "np.mean((G - G.mean(axis=0)) ** 2)"),
        ),
        mistake(
            "n - 1 in S^2",
            "All n gradients are known, nothing is estimated from a sample. By what is the sum divided?",
            ("np.mean(np.sum((G - G.mean(axis=0)) ** 2, axis=1))", "np.sum((G - G.mean(axis=0)) ** 2) / (n - 1)"),
        ),
        mistake(
            "second moment in place of the variance",
            "The distance is measured from gradF. What is subtracted from each row before it is squared?",
            ("(G - G.mean(axis=0))", "G"),
        ),
        mistake(
            "divided by the square of the batch",
            "The mean of m independent vectors has a variance m times smaller. What is true of their sum?",
            ("S2 / size", "S2 / size**2"),
        ),
        mistake(
            "correction left out",
            "Without replacement a batch of all observations has no variance. Which factor is 0 then?",
            (" * (n - size) / (n - 1)", ""),
        ),
        mistake(
            "correction divided by n",
            "A batch of one observation has the variance S^2, with replacement or without. Which factor is 1 there?",
            ("/ (n - 1)", "/ n"),
        ),
        mistake(
            "correction with replacement too",
            "With replacement all draws are independent. Does a batch of n then hold all observations?",
            ("        return S2 / size\n", "        return S2 / size * (n - size) / (n - 1)\n"),
        ),
    ),
)

ITEMS = (
    LEAST_SQUARES,
    LOGISTIC,
    GRADIENT_DESCENT,
    STABLE_RATE,
    SGD,
    LEARNING_RATES,
    EPOCH_BATCHES,
    MINIBATCH,
    BATCH_VARIANCE,
)
