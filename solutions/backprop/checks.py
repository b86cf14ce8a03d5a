"""The graded items of `backprop`: inputs, groups for partial credit, and the mistakes that people make."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from grading.engine import Case, Draw, Group, Item, Mistake, Reference, Rng, group, untrained
from nnlib.data import mnist

PAGE = "chapters/04-backpropagation"


def network(rng: Rng, sizes: Sequence[int], dtype: Any = float) -> list[np.ndarray]:
    """One beta (outputs, 1 + inputs) for each pair of neighbouring layers."""
    pairs = itertools.pairwise(sizes)
    return [(rng.normal(size=(m, 1 + p)) / np.sqrt(1 + p)).astype(dtype) for p, m in pairs]


def without_biases(betas: list[np.ndarray]) -> list[np.ndarray]:
    return [np.hstack([np.zeros((len(beta), 1)), beta[:, 1:]]) for beta in betas]


def rows(rng: Rng, n: int, p: int, dtype: Any = float) -> np.ndarray:
    return rng.normal(size=(n, p)).astype(dtype)


def one_hot(rng: Rng, n: int, K: int, dtype: Any = float) -> np.ndarray:
    return np.eye(K, dtype=dtype)[rng.integers(K, size=n)]


def probabilities(rng: Rng, n: int, K: int, dtype: Any = float) -> np.ndarray:
    return rng.dirichlet(np.ones(K), size=n).astype(dtype)


def mistake(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    return Mistake(name, hint, PAGE, edits)


f32 = np.float32

SOFTMAX = Item(
    "softmax",
    "softmax",
    (
        group("one observation", 1, lambda r: (rows(r, 1, 4),)),
        group("a batch", 1, lambda r: (rows(r, 5, 3),), lambda r: (rows(r, 4, 4, f32),)),
        group(
            "large pre-activations",
            1,
            lambda r: (1e3 * rows(r, 3, 4),),
            lambda r: (rows(r, 3, 4) + np.array([[-2e3], [0.0], [2e3]]),),
        ),
    ),
    (
        mistake(
            "softmax without a shift",
            "exp overflows from about 710 on. What does softmax do when every a_k of a row moves by the same amount?",
            ("a - a.max(axis=1, keepdims=True)", "a"),
        ),
        mistake(
            "not normalized",
            "Probabilities sum to 1. Where does the denominator of the equation enter?",
            (" / e.sum(axis=1, keepdims=True)", ""),
        ),
        mistake(
            "softmax over the wrong axis",
            "Rows are observations. Over which index does the sum of the equation run, and which axis is that?",
            ("axis=1", "axis=0"),
        ),
        mistake(
            "softmax normalized over the whole batch",
            "Each observation has its own probabilities. What should each row sum to?",
            ("e.sum(axis=1, keepdims=True)", "e.sum()"),
        ),
        mistake(
            "one shift for the whole batch",
            "A row far below the batch's maximum underflows to 0/0. Whose maximum should be subtracted?",
            ("a.max(axis=1, keepdims=True)", "a.max()"),
        ),
    ),
)


def passes(n: int, sizes: Sequence[int], output: str = "softmax", dtype: Any = float) -> Draw:
    return lambda r: (network(r, sizes, dtype), rows(r, n, sizes[0], dtype), output)


FORWARD = Item(
    "forward",
    "forward",
    (
        group("networks without biases", 1, lambda r: (without_biases(network(r, (3, 4, 2))), rows(r, 5, 3))),
        group("one layer", 1, passes(5, (3, 4)), passes(4, (3, 2), "identity")),
        group("several layers", 1, passes(5, (3, 4, 2)), passes(6, (2, 5, 3, 4), "identity"), passes(3, (4, 4, 4))),
        group("a batch of one, and float32", 1, passes(1, (3, 4, 2)), passes(5, (3, 6, 3), "softmax", f32)),
    ),
    (
        mistake(
            "bias left out",
            "z_0 = 1 is multiplied by column 0 of beta. Where does that column enter?",
            (" + beta[:, 0]", ""),
        ),
        mistake(
            "bias taken from the last column",
            "The bias is column 0: beta[j, 0] belongs to z_0 = 1.",
            ("beta[:, 1:].T + beta[:, 0]", "beta[:, :-1].T + beta[:, -1]"),
        ),
        mistake(
            "h applied to the output layer",
            "The output layer has sigma in the place of h. What goes into sigma?",
            ('softmax(a[-1]) if output == "softmax" else a[-1]', 'softmax(z[-1]) if output == "softmax" else z[-1]'),
        ),
        mistake(
            "h forgotten in the hidden layers",
            "Without h a chain of layers is one linear layer. What is z in terms of a?",
            ("z.append(h(a[-1]))", "z.append(a[-1])"),
        ),
        mistake(
            "output function ignored",
            "With output='identity' the network's value is a itself, and only then.",
            ('softmax(a[-1]) if output == "softmax" else a[-1]', "softmax(a[-1])"),
        ),
        mistake(
            "X missing in z",
            "The first layer's input is an activation too: z[0] is X, and len(z) is len(a) + 1.",
            ("return a, z", "return a, z[1:]"),
        ),
        mistake("a and z exchanged", "The task states (a, z), in this order.", ("return a, z", "return z, a")),
    ),
)

DELTA_OUTPUT = Item(
    "delta-output",
    "delta_output",
    (
        group("one observation", 1, lambda r: (probabilities(r, 1, 3), one_hot(r, 1, 3))),
        group(
            "a batch",
            1,
            lambda r: (probabilities(r, 5, 3), one_hot(r, 5, 3)),
            lambda r: (rows(r, 4, 2, f32), rows(r, 4, 2, f32)),
        ),
    ),
    (
        mistake("y - yhat", "The sign: does E grow or fall when a_k grows at yhat_k > y_k?", ("yhat - Y", "Y - yhat")),
        mistake(
            "D at a matched output",
            "sigma' cancels against the derivative of the matched error. What is left when it is multiplied in again?",
            ("yhat - Y", "yhat * (1 - yhat) * (yhat - Y)"),
        ),
        mistake(
            "derivative with respect to yhat",
            "-y / yhat is dE/dyhat. delta is dE/da: what does the chain rule through softmax make of it?",
            ("yhat - Y", "-Y / yhat"),
        ),
        mistake(
            "mean taken in delta",
            "delta belongs to one observation, a row each. The mean over the rows comes later, and only once.",
            ("yhat - Y", "(yhat - Y) / len(Y)"),
        ),
        mistake(
            "delta summed over the batch",
            "delta belongs to one observation: it has as many rows as yhat.",
            ("yhat - Y", "(yhat - Y).sum(axis=0)"),
        ),
    ),
    formula=True,
)


def units(K: int, m: int, t: int, dtype: Any = float, large: float = 1.0) -> Draw:
    return lambda r: (dtype(large * r.normal()), t, r.normal(size=K).astype(dtype), network(r, (m, K), dtype)[0])


HIDDEN_UNIT = Item(
    "delta-hidden",
    "delta_hidden_unit",
    (
        group("at a_t = 0, where h' is 1", 1, units(3, 4, 1, large=0.0), units(3, 4, 3, large=0.0)),
        group("first and last unit", 1, units(3, 4, 1), units(3, 4, 4), units(4, 3, 2)),
        group("a single unit in the next layer, and float32", 1, units(1, 3, 2), units(3, 3, 3, f32)),
    ),
    (
        mistake(
            "h' forgotten",
            "a_u depends on a_t through z_t = h(a_t). Which factor does the chain rule add?",
            ("(1 - np.tanh(a_t) ** 2) * total", "total"),
        ),
        mistake(
            "h in place of h'",
            "The chain rule asks for the slope of h at a_t, and not for its value.",
            ("(1 - np.tanh(a_t) ** 2)", "np.tanh(a_t)"),
        ),
        mistake(
            "h' taken at z",
            "h' is evaluated at the pre-activation a_t. If you have z already, 1 - z^2 is h'(a).",
            ("np.tanh(a_t) ** 2", "np.tanh(np.tanh(a_t)) ** 2"),
        ),
        mistake(
            "unit counted from the bias column",
            "Units count from 1 here and column 0 is the bias. Which column holds the weights that leave unit t?",
            ("beta[u, t]", "beta[u, t - 1]"),
        ),
        mistake(
            "unit taken one column too far",
            "Units count from 1 here: beta[u, t] already skips the bias.",
            ("beta[u, t]", "beta[u, t + 1]"),
        ),
    ),
    formula=True,
)


def layers(n: int, m: int, K: int, dtype: Any = float, large: float = 1.0) -> Draw:
    return lambda r: (large * rows(r, n, m, dtype), rows(r, n, K, dtype), network(r, (m, K), dtype)[0])


HIDDEN = Item(
    "delta-matrix",
    "delta_hidden",
    (
        group("at a = 0, where h' is 1", 1, layers(5, 4, 3, large=0.0), layers(4, 4, 4, large=0.0)),
        group("a batch", 1, layers(5, 4, 3), layers(5, 4, 4), layers(6, 3, 4)),
        group("a batch of one", 1, layers(1, 4, 3)),
        group("saturated units, and float32", 1, layers(5, 4, 3, large=30.0), layers(4, 3, 5, f32)),
    ),
    (
        mistake(
            "h' forgotten",
            "a_u depends on a_t through z_t = h(a_t). Which factor does the chain rule add?",
            ("(1 - h(a) ** 2) * ", ""),
        ),
        mistake(
            "h' taken at z",
            "h' is evaluated at the pre-activation. If you have z already, 1 - z^2 is h'(a).",
            ("h(a) ** 2", "h(h(a)) ** 2"),
        ),
        mistake(
            "h in place of h'",
            "The chain rule asks for the slope of h, not for its value.",
            ("1 - h(a) ** 2", "h(a)"),
        ),
        mistake(
            "beta transposed",
            "The sum runs over u, the units of the next layer. Which index of beta is that?",
            ("beta[:, 1:]", "beta[:, 1:].T"),
        ),
        mistake(
            "bias column propagated",
            "z_0 = 1 is nobody's activation, so there is no delta_0. Which column of beta must stay out?",
            (
                "(1 - h(a) ** 2) * (delta_next @ beta[:, 1:])",
                "(1 - np.pad(h(a), ((0, 0), (1, 0))) ** 2) * (delta_next @ beta)",
            ),
        ),
        mistake(
            "last column dropped in place of the bias",
            "The bias is column 0: the weights between units are beta[:, 1:].",
            ("beta[:, 1:]", "beta[:, :-1]"),
        ),
    ),
    formula=True,
)


def products(n: int, m: int, s: int, dtype: Any = float) -> Draw:
    return lambda r: (rows(r, n, m, dtype), rows(r, n, s, dtype))


BATCHES = (products(5, 3, 4), products(6, 2, 2), products(7, 4, 3, f32))

GRADIENT_LAYER = Item(
    "gradient-component",
    "gradient_layer",
    (
        group("one observation", 1, products(1, 3, 2)),
        group("a batch: the weights between units", 1, *BATCHES, part=lambda g: g[:, 1:]),
        group("a batch: the biases", 1, *BATCHES, part=lambda g: g[:, 0]),
    ),
    (
        mistake(
            "sum over the batch in place of the mean",
            "F is the mean of the E_i. By what is the sum over the rows divided?",
            (" / len(z)", ""),
        ),
        mistake(
            "bias column zero",
            "dE/dbeta_t0 = delta_t z_0. What is z_0?",
            ("np.ones", "np.zeros"),
        ),
        mistake(
            "bias column missing",
            "The gradient has beta's shape, with column 0 for the bias. What is z_0?",
            ("np.hstack([ones, z])", "z"),
        ),
        mistake(
            "bias column last",
            "The gradient has beta's layout: the bias is column 0.",
            ("[ones, z]", "[z, ones]"),
        ),
        mistake(
            "gradient transposed",
            "beta[t, s] goes from unit s to unit t, so the gradient's rows belong to delta.",
            ("delta.T @ np.hstack([ones, z])", "np.hstack([ones, z]).T @ delta"),
        ),
    ),
)


def problems(n: int, sizes: Sequence[int], dtype: Any = float, *more: Any) -> Draw:
    return lambda r: (network(r, sizes, dtype), rows(r, n, sizes[0], dtype), one_hot(r, n, sizes[-1], dtype), *more)


GRADIENT = Item(
    "gradient",
    "gradient",
    (
        group("one layer", 1, problems(5, (3, 4))),
        group("one hidden layer", 1, problems(5, (3, 4, 2)), problems(6, (2, 4, 3), f32)),
        group("several hidden layers", 1, problems(6, (3, 5, 4, 3)), problems(4, (3, 3, 3, 3, 3))),
        group("a batch of one", 1, problems(1, (3, 4, 2)), problems(1, (8, 30, 4))),
    ),
    (
        mistake(
            "pre-activation in place of the activation",
            "dE/dbeta_ts = delta_t z_s: what enters the layer is z, not a.",
            ("gradient_layer(delta, z[l])", "gradient_layer(delta, a[l - 1] if l else z[0])"),
        ),
        mistake(
            "mean taken twice",
            "gradient_layer takes the mean over the rows already.",
            ("gradient_layer(delta, z[l])", "gradient_layer(delta, z[l]) / len(X)"),
        ),
        mistake(
            "layers in reverse order",
            "Deltas are found from the last layer to the first, but g[l] must stand where betas[l] stands.",
            ("g.insert(0, ", "g.append("),
        ),
        mistake(
            "delta propagated through the wrong beta",
            "The beta between hidden layer l and the next layer carries delta back, not the beta that feeds layer l.",
            ("delta_hidden(a[l - 1], delta, betas[l])", "delta_hidden(a[l - 1], delta, betas[l - 1])"),
        ),
        mistake(
            "delta not updated between layers",
            "Every layer has its own delta.",
            ("            delta = delta_hidden", "            delta_hidden"),
        ),
        mistake(
            "sign of the gradient",
            "The minus of gradient descent belongs to the step, not to the gradient.",
            ("gradient_layer(delta, z[l])", "-gradient_layer(delta, z[l])"),
        ),
    ),
    asks="backpropagation, which goes forward once",
    calls={"forward": (0, 24)},  # once for each observation is fine, once for each weight or unit is not
    formula=True,
)

NUMERICAL = Item(
    "gradient-numerical",
    "numerical_gradient",
    (
        group("one layer", 1, problems(4, (2, 3), float, 1e-2), problems(3, (3, 2), float, 0.1), at=100),
        group("several layers", 2, problems(3, (2, 3, 2), float, 1e-2), at=100),
    ),
    (
        mistake(
            "one-sided difference",
            "(F(w + eps) - F(w)) / eps has an error of order eps. Which second point makes it eps^2?",
            ("beta[index] = kept - eps", "beta[index] = kept"),
            ("(2 * eps)", "eps"),
        ),
        mistake(
            "divided by eps in place of 2 eps",
            "How far apart are the two points?",
            ("(2 * eps)", "eps"),
        ),
        mistake(
            "eps ignored",
            "The step is an argument. Whoever calls with another eps wants another quotient.",
            ("eps", "1e-5"),
        ),
        mistake(
            "weight not put back",
            "Only one weight may differ from where the gradient is taken. What did the loop leave behind?",
            ("            beta[index] = kept\n", ""),
        ),
        mistake(
            "difference with the wrong sign",
            "F at the larger weight comes first.",
            ("above - below", "below - above"),
        ),
    ),
)


def steps(sizes: Sequence[int], eta: float, dtype: Any = float) -> Draw:
    return lambda r: (
        network(r, sizes, dtype),
        r.normal(size=sizes[0]).astype(dtype),
        np.eye(sizes[-1], dtype=dtype)[0],
        eta,
    )


NETBP = Item(
    "netbp-update",
    "netbp_step",
    (
        group("no hidden layer", 1, steps((3, 2), 0.5)),
        group("the paper's network 2-2-3-2", 1, steps((2, 2, 3, 2), 0.5), steps((2, 2, 3, 2), 5.0)),
        group("other sizes, and float32", 1, steps((3, 4, 3), 1.0), steps((2, 3, 2), 1.0, f32)),
    ),
    (
        mistake(
            "D missing at the output",
            "Sigmoid with squares is not a matched pair: sigma'(a) = yhat (1 - yhat) does not cancel.",
            ("z[-1] * (1 - z[-1]) * (z[-1] - y)", "z[-1] - y"),
        ),
        mistake(
            "D missing at the hidden layers",
            "Every delta carries the slope of its own unit, z (1 - z).",
            ("z[l] * (1 - z[l]) * (betas[l]", "(betas[l]"),
        ),
        mistake(
            "weights updated before all deltas are known",
            "Every delta is a derivative at the old weights. Find them all, then change the weights.",
            ("(betas[l][:, 1:]", "((betas[l] - eta * np.outer(deltas[0], np.append(1.0, z[l])))[:, 1:]"),
        ),
        mistake(
            "step uphill",
            "The gradient points to where E grows. Which way does the step go?",
            ("beta - eta", "beta + eta"),
        ),
        mistake(
            "bias not updated",
            "The bias has a derivative too: delta_t z_0 with z_0 = 1.",
            ("np.append(1.0, z_in)", "np.append(0.0, z_in)"),
        ),
        mistake(
            "tanh's slope in a sigmoid network",
            "h is the sigmoid here: its slope is z (1 - z), while 1 - z^2 belongs to tanh.",
            ("z[-1] * (1 - z[-1])", "(1 - z[-1] ** 2)"),
            ("z[l] * (1 - z[l])", "(1 - z[l] ** 2)"),
        ),
    ),
    formula=True,
)


def runs(k: int, alpha: float, dtype: Any = float) -> Draw:
    return lambda r: (
        *problems(12, (3, 4, 3), dtype)(r),
        [r.choice(12, size=size, replace=False) for size in r.integers(2, 6, size=k)],
        alpha,
    )


def small(images: np.ndarray) -> np.ndarray:
    """Images of 14 by 14: means over 2 by 2 pixels, so that even a slow program is checked in seconds."""
    return images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)


def digits(rng: Rng) -> list[Case]:
    """Four epochs of 196-30-10 on 500 of the training images."""
    data = mnist()
    batches = [batch for _ in range(4) for batch in np.split(rng.permutation(500), 50)]
    return [Case((network(rng, (196, 30, 10), f32), small(data.X_train[:500]), data.Y_train[:500], batches, 0.2))]


def reads_digits(betas: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if less than 75 % of the 1000 test images are read, or if it was no descent that got there.

    The delta of a softmax adds up to 0 over the classes. So a step changes no sum over the classes, in any column.
    """
    start = case.args[0]
    if said := untrained(betas, start):
        return said
    if not np.allclose(np.sum(betas[-1], axis=0), start[-1].sum(axis=0), atol=1e-2):
        return "the last layer's sums over the classes have changed: steps along the gradient leave them as they are"
    data = mnist()
    yhat = reference["forward"](betas, small(data.X_test))[1][-1]
    accuracy = float(np.mean(yhat.argmax(axis=1) == data.Y_test.argmax(axis=1)))
    return None if accuracy >= 0.75 else f"{accuracy:.0%} of the test digits are read, at least 75% are asked for"


TRAIN = Item(
    "train",
    "train",
    (
        group("one and several steps", 1, runs(1, 0.5), runs(6, 0.5)),
        Group("real digits", 2, digits, judge=reads_digits, deadline=20.0),
    ),
    (
        mistake("step uphill", "The gradient points to where F grows.", ("beta - alpha", "beta + alpha")),
        mistake(
            "all rows in place of the batch",
            "A mini-batch step looks at the rows of its batch only.",
            ("X[batch], Y[batch]", "X, Y"),
        ),
        mistake(
            "sum over the batch in place of the mean",
            "gradient is the mean over the batch already. What multiplies it again?",
            ("beta - alpha * d", "beta - alpha * len(batch) * d"),
        ),
        mistake(
            "returned inside the loop",
            "How many batches does the function see before it returns?",
            ("    return betas", "        return betas"),
        ),
        mistake(
            "gradient taken at the first weights",
            "Each step starts where the one before ended, and takes its gradient there.",
            ("    for batch in batches:", "    start = betas\n    for batch in batches:"),
            ("gradient(betas,", "gradient(start,"),
        ),
    ),
)

ITEMS = (
    SOFTMAX,
    FORWARD,
    DELTA_OUTPUT,
    HIDDEN_UNIT,
    HIDDEN,
    GRADIENT_LAYER,
    GRADIENT,
    NUMERICAL,
    NETBP,
    TRAIN,
)
