"""The graded items of `network-function`: inputs, groups for partial credit, and the mistakes that people make."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from grading.engine import Case, Draw, Group, Item, Mistake, Reference, Rng, group

PAGE = "chapters/01-network-function"

f32 = np.float32


def mistake(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    return Mistake(name, hint, PAGE, edits)


def rows(rng: Rng, n: int, p: int, dtype: Any = float) -> np.ndarray:
    return rng.normal(size=(n, p)).astype(dtype)


def wide(rng: Rng, shape: Any, dtype: Any = float) -> np.ndarray:
    """Numbers of both signs and of all sizes from 0.1 to 1e4; a small one, where slopes are, and 1e4 are among them."""
    a = rng.choice([-1.0, 1.0], size=shape) * 10 ** rng.uniform(-1, 4, size=shape)
    a.flat[0], a.flat[1], a.flat[-1] = -1e4, rng.uniform(0.2, 0.6), 1e4
    return a.astype(dtype)


def network_of(rng: Rng, sizes: Sequence[int], dtype: Any = float) -> list[np.ndarray]:
    """One beta (outputs, 1 + inputs) for each pair of neighbouring layers."""
    pairs = itertools.pairwise(sizes)
    return [(1.5 * rng.normal(size=(m, 1 + p)) / np.sqrt(1 + p)).astype(dtype) for p, m in pairs]


def without_biases(betas: list[np.ndarray]) -> list[np.ndarray]:
    return [np.hstack([np.zeros((len(beta), 1), beta.dtype), beta[:, 1:]]) for beta in betas]


# -------------------------------------------------------------------------------------------------- the functions

SIGMOID = Item(
    "sigmoid",
    "sigmoid",
    (
        group("positive a", 1, lambda r: (abs(rows(r, 3, 4)),)),
        group("both signs, and float32", 1, lambda r: (rows(r, 1, 5)[0],), lambda r: (2 * rows(r, 4, 3, f32),)),
        group("large a of both signs", 1, lambda r: (wide(r, (4, 3)),), lambda r: (wide(r, (3, 3), f32),)),
    ),
    (
        mistake(
            "exponential of a positive number",
            "exp(a) / (1 + exp(a)) is no number where exp(a) is infinite. Of which numbers is exp harmless?",
            ("np.exp(-np.abs(a))", "np.exp(a)"),
            ("np.where(np.asarray(a) >= 0, 1 / (1 + e), e / (1 + e))", "e / (1 + e)"),
        ),
        mistake(
            "the form for positive a, everywhere",
            "With exp(-|a|), a and -a would get the same value. Which form belongs to a negative a?",
            ("np.where(np.asarray(a) >= 0, 1 / (1 + e), e / (1 + e))", "1 / (1 + e)"),
        ),
        mistake(
            "sign of the exponent",
            "Does the sigmoid rise or fall with a? Look at exp(-a) for a large positive a.",
            (">= 0", "< 0"),
        ),
        mistake(
            "tanh in the place of the sigmoid",
            "The values of the sigmoid lie between 0 and 1. What is it at a = 0?",
            ("np.where(np.asarray(a) >= 0, 1 / (1 + e), e / (1 + e))", "np.tanh(a)"),
        ),
        mistake(
            "the slope in the place of the value",
            "exp(-a) / (1 + exp(-a))^2 is the slope of the sigmoid. What is its value?",
            ("np.where(np.asarray(a) >= 0, 1 / (1 + e), e / (1 + e))", "e / (1 + e) ** 2"),
        ),
    ),
)


def at_zero(rng: Rng, n: int, m: int) -> np.ndarray:
    """Numbers of both signs, and some that are 0."""
    a = rows(rng, n, m)
    a[0], a[-1, 0] = 0.0, -0.0
    return a


ACTIVATION = Item(
    "activation-and-slope",
    "activation",
    (
        group("sigmoid", 1, lambda r: (rows(r, 4, 3), "sigmoid")),
        group("tanh", 1, lambda r: (rows(r, 4, 3), "tanh"), lambda r: (2 * rows(r, 1, 4), "tanh")),
        group("ReLU, at 0 too", 1, lambda r: (rows(r, 4, 3), "relu"), lambda r: (at_zero(r, 3, 4), "relu")),
        group(
            "large a of both signs, and float32",
            1,
            lambda r: (wide(r, (4, 3)), "sigmoid"),
            lambda r: (wide(r, (4, 3)), "tanh"),
            lambda r: (wide(r, (4, 3), f32), "sigmoid"),
            lambda r: (wide(r, (4, 3), f32), "tanh"),
            lambda r: (wide(r, (2, 3), f32), "relu"),
        ),
    ),
    (
        mistake(
            "slope taken at z",
            "z (1 - z) and 1 - z^2 are written in z already. What happens if h is applied once more?",
            ("z * (1 - z)", "sigmoid(z) * (1 - sigmoid(z))"),
            ("1 - z**2", "1 - (2 * sigmoid(2 * z) - 1) ** 2"),
        ),
        mistake(
            "argument of the sigmoid not doubled",
            "tanh is the sigmoid stretched in both directions. What does the identity ask for inside?",
            ("sigmoid(2 * a)", "sigmoid(a)"),
        ),
        mistake(
            "slope of the sigmoid for tanh",
            "z (1 - z) is largest at z = 1/2, where the sigmoid is steepest. At which z is tanh steepest?",
            ("1 - z**2", "z * (1 - z)"),
        ),
        mistake(
            "ReLU with slope 1 at 0",
            "At a = 0 there is no derivative, and the task states a number. A unit that is off at 0 has which slope?",
            ("a > 0", "a >= 0"),
        ),
        mistake(
            "value of ReLU as its slope",
            "max(0, a) is the value. How fast does it grow for a > 0?",
            ("(a > 0) * 1.0", "np.maximum(a, 0)"),
        ),
        mistake(
            "slope of the sigmoid with an overflow",
            "exp(-a) / (1 + exp(-a))^2 is infinity by infinity for a very negative a. Which form needs z alone?",
            ("z * (1 - z)", "np.exp(-a) / (1 + np.exp(-a)) ** 2"),
        ),
        mistake(
            "value and slope exchanged",
            "The task states (z, slope), in this order.",
            ("return z, z * (1 - z)", "return z * (1 - z), z"),
            ("return z, 1 - z**2", "return 1 - z**2, z"),
            ("return np.maximum(a, 0), (a > 0) * 1.0", "return (a > 0) * 1.0, np.maximum(a, 0)"),
        ),
    ),
    formula=True,
)

OUTPUT = Item(
    "output-functions",
    "output",
    (
        group(
            "identity and sigmoid",
            1,
            lambda r: (rows(r, 4, 3), "identity"),
            lambda r: (rows(r, 4, 3), "sigmoid"),
            lambda r: (rows(r, 1, 2, f32), "sigmoid"),
        ),
        group(
            "softmax",
            1,
            lambda r: (rows(r, 1, 4), "softmax"),
            lambda r: (rows(r, 5, 3), "softmax"),
            lambda r: (rows(r, 4, 4, f32), "softmax"),
        ),
        group(
            "large pre-activations",
            1,
            lambda r: (wide(r, (3, 4)), "sigmoid"),
            lambda r: (wide(r, (3, 4)), "softmax"),
            lambda r: (rows(r, 3, 4) + np.array([[-8e3], [0.0], [8e3]]), "softmax"),
        ),
    ),
    (
        mistake(
            "softmax without a shift",
            "exp overflows from about 710 on. What does softmax do when every a_k of a row moves by the same amount?",
            ("np.exp(a - a.max(axis=1, keepdims=True))", "np.exp(a)"),
        ),
        mistake(
            "one shift for the whole batch",
            "A row far below the batch's maximum underflows to 0/0. Whose maximum should be subtracted?",
            ("a.max(axis=1, keepdims=True)", "a.max()"),
        ),
        mistake(
            "softmax over the wrong axis",
            "Rows are observations. Over which index does the sum of the equation run, and which axis is that?",
            ("axis=1", "axis=0"),
        ),
        mistake(
            "sigmoids divided by their sum",
            "The quotients of the softmax are those of exponentials. What does the sigmoid do to them?",
            ("np.exp(a - a.max(axis=1, keepdims=True))", "sigmoid(a)"),
        ),
        mistake(
            "softmax not normalized",
            "The probabilities of the classes share a sum of 1. Where does the denominator enter?",
            (" / e.sum(axis=1, keepdims=True)", ""),
        ),
        mistake(
            "probabilities for a regression",
            "The answer of a regression can be any number. Which function leaves them as they are?",
            ("return a\n", "return sigmoid(a)\n"),
        ),
    ),
)

# ---------------------------------------------------------------------------------------------------- the networks


def single(p: int, M: int, K: int, sigma: str, dtype: Any = float) -> Draw:
    """x, beta1, beta2, sigma: one observation."""
    return lambda r: (rows(r, 1, p, dtype)[0], *network_of(r, (p, M, K), dtype), sigma)


def single_without(p: int, M: int, K: int, sigma: str) -> Draw:
    return lambda r: (rows(r, 1, p)[0], *without_biases(network_of(r, (p, M, K))), sigma)


UNIT_BY_UNIT = Item(
    "network-function",
    "unit_by_unit",
    (
        group("networks without biases", 1, single_without(3, 4, 2, "identity"), single_without(2, 3, 1, "identity")),
        group("with biases", 1, single(3, 4, 2, "identity"), single(4, 2, 3, "identity"), single(1, 3, 1, "identity")),
        group("sigmoid and softmax outputs", 1, single(3, 4, 2, "sigmoid"), single(2, 5, 3, "softmax", f32)),
    ),
    (
        mistake(
            "biases of the hidden units left out",
            "a_j is a sum over the inputs, and one term more. Where does the sum of a unit begin?",
            ("a_j = beta1[j - 1, 0]", "a_j = 0.0"),
        ),
        mistake(
            "biases of the output units left out",
            "a_k is a sum over the hidden units, and one term more. Where does the sum of a unit begin?",
            ("a_k = beta2[k - 1, 0]", "a_k = 0.0"),
        ),
        mistake(
            "weight of the input before",
            "X_i has the weight beta_ji, and column 0 belongs to the bias. In which column is the weight of X_1?",
            ("beta1[j - 1, i] * x[i - 1]", "beta1[j - 1, i - 1] * x[i - 1]"),
        ),
        mistake(
            "h applied to each term of the sum",
            "A unit forms its sum first. On what does h act: on the terms, or on a_j?",
            ("a_j += beta1[j - 1, i] * x[i - 1]", "a_j += np.tanh(beta1[j - 1, i] * x[i - 1])"),
            ("z.append(np.tanh(a_j))", "z.append(a_j)"),
        ),
        mistake(
            "h forgotten",
            "Without h the hidden units change nothing: the network is a linear model. What is z_j in terms of a_j?",
            ("z.append(np.tanh(a_j))", "z.append(a_j)"),
        ),
        mistake(
            "h at the output too",
            "The output units have sigma in the place of h. What goes into sigma?",
            ("a.append(a_k)", "a.append(np.tanh(a_k))"),
        ),
        mistake(
            "sum carried on from unit to unit",
            "Each unit starts a sum of its own. What is left in the variable from the unit before?",
            ("z = []", "z, a_j = [], 0.0"),
            ("a_j = beta1[j - 1, 0]", "a_j += beta1[j - 1, 0]"),
        ),
    ),
)


def batch(n: int, p: int, M: int, K: int, sigma: str, dtype: Any = float) -> Draw:
    """X, beta1, beta2, sigma: n observations."""
    return lambda r: (rows(r, n, p, dtype), *network_of(r, (p, M, K), dtype), sigma)


def batch_without(n: int, p: int, M: int, K: int, sigma: str) -> Draw:
    return lambda r: (rows(r, n, p), *without_biases(network_of(r, (p, M, K))), sigma)


THREE_LAYERS = Item(
    "network-function-absorbed",
    "three_layers",
    (
        group("networks without biases", 1, batch_without(5, 3, 4, 2, "identity")),
        group("a batch", 1, batch(5, 3, 2, 4, "identity"), batch(6, 2, 3, 4, "softmax"), batch(4, 4, 4, 4, "sigmoid")),
        group("a batch of one, and float32", 1, batch(1, 3, 4, 2, "identity"), batch(5, 3, 4, 3, "softmax", f32)),
    ),
    (
        mistake(
            "z_0 sent through h",
            "There is no unit 0 that computes anything. What does z_0 send, and what is tanh(1)?",
            ("np.hstack([ones, np.tanh(a)])", "np.tanh(np.hstack([ones, a]))"),
        ),
        mistake(
            "column of ones last",
            "The bias is column 0 of beta. Where must X_0 and z_0 stand, so that each meets its own weight?",
            ("[ones, X]", "[X, ones]"),
            ("[ones, np.tanh(a)]", "[np.tanh(a), ones]"),
        ),
        mistake(
            "zeros in the place of ones",
            "A bias is the weight of something that always sends 1. What does it add if 0 is sent?",
            ("np.ones", "np.zeros"),
        ),
        mistake(
            "h forgotten",
            "Without h the two products are one matrix, and the network is a linear model. What is z in terms of a?",
            ("np.tanh(a)", "a"),
        ),
        mistake(
            "h at the output too",
            "The output layer has sigma in the place of h. What goes into sigma?",
            ("output(z @ beta2.T, sigma)", "output(np.tanh(z @ beta2.T), sigma)"),
        ),
        mistake(
            "an observation in each column",
            "X has an observation in each row, and so has yhat. Which factor of the product is transposed?",
            ("return output(z @ beta2.T, sigma)", "return output(z @ beta2.T, sigma).T"),
        ),
    ),
)


def deep(n: int, sizes: Sequence[int], h: str, sigma: str, dtype: Any = float) -> Draw:
    """X, betas, h, sigma."""
    return lambda r: (rows(r, n, sizes[0], dtype), network_of(r, sizes, dtype), h, sigma)


NETWORK = Item(
    "network-function-deep",
    "network",
    (
        group("no hidden layer", 1, deep(5, (3, 4), "tanh", "softmax"), deep(4, (3, 2), "relu", "identity")),
        group(
            "one hidden layer, with each h",
            1,
            deep(5, (3, 4, 2), "tanh", "softmax"),
            deep(5, (3, 5, 2), "relu", "identity"),
            deep(4, (2, 3, 2), "sigmoid", "sigmoid"),
        ),
        group(
            "several hidden layers",
            1,
            deep(5, (3, 5, 4, 2), "tanh", "identity"),
            deep(5, (3, 3, 3, 3, 3), "sigmoid", "softmax"),
            deep(4, (2, 6, 4, 5, 2), "relu", "identity"),
        ),
        group(
            "a batch of one, and float32",
            1,
            deep(1, (3, 4, 2), "tanh", "identity"),
            deep(5, (3, 4, 4, 2), "tanh", "softmax", f32),
        ),
    ),
    (
        mistake(
            "h at the output layer",
            "The last layer has sigma in the place of h. How many layers have h?",
            (
                "output(z @ betas[-1][:, 1:].T + betas[-1][:, 0], sigma)",
                "output(activation(z @ betas[-1][:, 1:].T + betas[-1][:, 0], h)[0], sigma)",
            ),
        ),
        mistake(
            "h forgotten",
            "Without h all layers collapse into one. What does a hidden layer send?",
            ("activation(z @ beta[:, 1:].T + beta[:, 0], h)[0]", "z @ beta[:, 1:].T + beta[:, 0]"),
        ),
        mistake(
            "choice of h ignored",
            "h is an argument. Whoever asks for ReLU wants another network function.",
            (", h)[0]", ', "tanh")[0]'),
        ),
        mistake(
            "slope in the place of the value",
            "activation returns two arrays. Which of them does a unit send to the next layer?",
            (", h)[0]", ", h)[1]"),
        ),
        mistake(
            "biases of the hidden layers left out",
            "z_0 = 1 is multiplied by column 0 of each beta. Where does that column enter?",
            (" + beta[:, 0]", ""),
        ),
        mistake(
            "sigma in the hidden layers",
            "sigma says what the answer means, and only the last layer answers. What do hidden units have?",
            ("activation(z @ beta[:, 1:].T + beta[:, 0], h)[0]", "output(z @ beta[:, 1:].T + beta[:, 0], sigma)"),
        ),
        mistake(
            "only the first hidden layer",
            "Each hidden layer reads what the one before it has sent. How many betas does the loop see?",
            ("betas[:-1]", "betas[:-1][:1]"),
        ),
    ),
)


def sizes_of(count: int, *more: Any) -> Draw:
    """Different numbers of units, so that no two counts agree by chance."""
    return lambda r: ([int(m) for m in r.choice(np.arange(2, 50), size=count, replace=False)], *more)


COUNT = Item(
    "weight-count",
    "count_weights",
    (
        group("no hidden layer, and one", 1, sizes_of(2), sizes_of(3), sizes_of(3)),
        group("more layers", 1, sizes_of(4), sizes_of(6)),
        group("shared biases", 1, sizes_of(2, True), sizes_of(5, True)),
    ),
    (
        mistake(
            "biases left out",
            "Each unit has a bias besides the weights from the units before it. How many are there in a layer?",
            (" + (1 if shared else m)", ""),
        ),
        mistake(
            "a bias for each unit that sends",
            "A bias belongs to the unit that forms a sum, not to the unit that sends. Which of the two numbers counts?",
            ("else m)", "else before)"),
        ),
        mistake(
            "biases for the inputs too",
            "The inputs form no sum, so they have no bias. Where does the sum over the layers start?",
            ("total = 0", "total = 0 if shared else sizes[0]"),
        ),
        mistake(
            "shared biases not counted once",
            "With shared=True the units of a layer have one bias together. How many numbers are to be learned then?",
            ("(1 if shared else m)", "m"),
        ),
        mistake(
            "shared biases not counted at all",
            "A shared bias is one number that is learned. How many of them has a layer?",
            ("(1 if shared else m)", "(0 if shared else m)"),
        ),
        mistake(
            "returned inside the loop",
            "How many layers does the function see before it returns?",
            ("    return total", "        return total"),
        ),
    ),
)

# ---------------------------------------------------------------------------------------------- weights and symmetries

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def answers(betas: Any, X: np.ndarray) -> np.ndarray:
    """1 for a yes (above 0.9), 0 for a no (below 0.1), 1/2 for all else: of a network with two tanh units."""
    beta1, beta2 = (np.array(beta, dtype=float) for beta in betas)
    if beta1.shape != (2, 1 + X.shape[1]) or beta2.shape != (1, 3):
        raise ValueError("not the shapes that the task states")
    z = np.tanh(X @ beta1[:, 1:].T + beta1[:, 0])
    a = np.clip(z @ beta2[:, 1:].T + beta2[:, 0], -100, 100)
    yhat = 1 / (1 + np.exp(-a))
    return np.where(yhat > 0.9, 1.0, np.where(yhat < 0.1, 0.0, 0.5))


def at_the_corners(betas: Any) -> np.ndarray:
    return answers(betas, CORNERS)


def band(p: int) -> Draw:
    """A direction of p numbers, two borders, and a steepness."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        low = float(rng.uniform(-2, 1))
        return rng.normal(size=p), low, low + float(rng.uniform(1.5, 3)), float(rng.uniform(10, 20))

    return draw


def says_band(betas: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if a point that is 4/s or more from both borders is answered wrongly."""
    direction, low, high, s = case.args
    X = 2 * np.random.default_rng(1).normal(size=(400, len(direction)))
    u = X @ direction
    far = np.minimum(abs(u - low), abs(u - high)) >= 4 / s
    wanted = ((low < u) & (u < high)).astype(float)
    wrong = int(np.sum((answers(betas, X)[:, 0] != wanted)[far]))
    return (
        f"{wrong} of {int(far.sum())} points away from the borders get a wrong or an unsure answer" if wrong else None
    )


def judged(name: str, points: float, *draws: Draw) -> Group:
    return Group(name, points, lambda rng: [Case(draw(rng)) for draw in draws], judge=says_band)


BAND = Item(
    "xor-by-hand",
    "band_network",
    (
        group(
            "exclusive or at the corners",
            1,
            lambda r: (np.ones(2), 0.5, 1.5, float(r.uniform(8, 12))),
            part=at_the_corners,
        ),
        group(
            "the band across (1, -1) at the corners",
            1,
            lambda r: (np.array([1.0, -1.0]), -0.5, 0.5, float(r.uniform(8, 12))),
            part=at_the_corners,
        ),
        judged("any band in the plane", 1, band(2), band(2), band(2)),
        judged("one input, and many", 1, band(1), band(5)),
    ),
    (
        mistake(
            "sign of the biases",
            "Unit 1 switches where its a is 0, and that should be at u = low. Which bias does that?",
            ("-low", "low"),
            ("-high", "high"),
        ),
        mistake(
            "the two borders exchanged",
            "Which of z_1 and z_2 is 1 in the band, and which is -1? Does the output see them with the right signs?",
            ("[[-low, *direction], [-high, *direction]]", "[[-high, *direction], [-low, *direction]]"),
        ),
        mistake(
            "sum of the switches in the place of their difference",
            "Write down (z_1, z_2) before, in and behind the band. Which combination is large in the band alone?",
            ("1.0, -1.0]])", "1.0, 1.0]])"),
        ),
        mistake(
            "no bias at the output",
            "Outside the band both switches agree, and their difference is 0. What does a sigmoid answer at 0?",
            ("[[-1.0, 1.0, -1.0]]", "[[0.0, 1.0, -1.0]]"),
        ),
        mistake(
            "bias without the steepness",
            "a = s (u - low) is 0 at u = low. Where is s u - low equal to 0?",
            (
                "s * np.array([[-low, *direction], [-high, *direction]])",
                "np.array([[-low, *(s * direction)], [-high, *(s * direction)]])",
            ),
        ),
        mistake(
            "units too flat",
            "Between the borders of a narrow band a flat unit has not switched yet. Where does s enter?",
            ("s * np.array([[-low", "np.array([[-low"),
        ),
        mistake(
            "direction ignored",
            "The units look along the direction that is given. Which of its numbers is the weight of input i?",
            ("*direction", "*np.ones(len(direction))"),
        ),
    ),
)


def exchange(rng: Rng, M: int) -> np.ndarray:
    """An order in which every unit moves, and comes home after M exchanges only: its inverse is another one."""
    round_trip = rng.permutation(M)
    order = np.empty(M, dtype=int)
    order[round_trip] = np.roll(round_trip, 1)
    return order


def flips(rng: Rng, M: int) -> np.ndarray:
    """Signs of both kinds."""
    signs = np.ones(M, dtype=int)
    signs[: M // 2] = -1
    return rng.permutation(signs)


def pair(p: int, M: int, K: int, moved: bool, flipped: bool, dtype: Any = float) -> Draw:
    def draw(rng: Rng) -> tuple[Any, ...]:
        order = exchange(rng, M) if moved else np.arange(M)
        signs = flips(rng, M) if flipped else np.ones(M, dtype=int)
        return (*network_of(rng, (p, M, K), dtype), order, signs)

    return draw


COMPANION = Item(
    "weight-symmetries",
    "companion",
    (
        group("only flips", 1, pair(3, 4, 2, False, True), pair(2, 2, 1, False, True)),
        group("only exchanges", 1, pair(3, 4, 2, True, False), pair(2, 3, 1, True, False)),
        group("both", 1, pair(3, 5, 2, True, True), pair(4, 4, 4, True, True), pair(2, 4, 3, True, True, f32)),
    ),
    (
        mistake(
            "bias of a flipped unit kept",
            "The unit is to send -z_j = tanh(-a_j). Which terms of a_j must change their sign?",
            ("signs[:, None] * beta1[order]", "np.column_stack([beta1[order, :1], signs[:, None] * beta1[order, 1:]])"),
        ),
        mistake(
            "weights out of a unit not flipped",
            "The flipped unit sends -z_j. What must its weights do, so that the product stays the same?",
            ("signs * beta2[:, 1 + order]", "beta2[:, 1 + order]"),
        ),
        mistake(
            "weights into a unit not flipped",
            "If only the weights out of a unit change their sign, so does its part of the answer. What else must flip?",
            ("signs[:, None] * beta1[order]", "beta1[order]"),
        ),
        mistake(
            "weights out of a unit not moved",
            "An exchanged unit takes all its weights along. Which column of beta2 leaves the unit that was moved?",
            ("beta2[:, 1 + order]", "beta2[:, 1:]"),
        ),
        mistake(
            "column counted from the bias",
            "Row r of beta1 and column r of beta2 do not belong to the same unit. Who has column 0?",
            ("1 + order", "order"),
        ),
        mistake(
            "moved the other way",
            "order says for each new row where it comes from. Where does the new row 0 come from?",
            (
                "= beta2.copy()",
                "= beta2.copy()\n    order = np.argsort(order)\n    into = signs[:, None] * beta1[order]",
            ),
        ),
        mistake(
            "signs in the old places",
            "signs[r] belongs to the new row r. Is the sign applied before the exchange, or after it?",
            ("signs[:, None] * beta1[order]", "(signs[:, None] * beta1)[order]"),
            ("signs * beta2[:, 1 + order]", "(signs * beta2[:, 1:])[:, order]"),
        ),
    ),
)

ITEMS = (SIGMOID, ACTIVATION, OUTPUT, UNIT_BY_UNIT, THREE_LAYERS, NETWORK, COUNT, BAND, COMPANION)
