"""The graded items of `vanishing-gradients`: inputs, groups for partial credit, and the mistakes that people make."""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grading.engine import Case, Draw, Group, Item, Mistake, Reference, Rng, group
from nnlib.data import mnist

PAGE, BEFORE = "chapters/09-vanishing-gradients", "chapters/04-backpropagation"

f32 = np.float32


def mistake(name: str, hint: str, *edits: tuple[str, str], page: str = PAGE) -> Mistake:
    return Mistake(name, hint, page, edits)


def network(rng: Rng, sizes: Sequence[int], dtype: Any = float) -> list[np.ndarray]:
    """One beta (outputs, 1 + inputs) for each pair of neighbouring layers."""
    pairs = itertools.pairwise(sizes)
    return [(rng.normal(size=(m, 1 + p)) / np.sqrt(1 + p)).astype(dtype) for p, m in pairs]


def sums(shape: Any, h: str, dtype: Any = float) -> Draw:
    """a, h."""
    return lambda r: ((2 * r.normal(size=shape)).astype(dtype), h)


def extreme(h: str) -> Draw:
    """Pre-activations where exp overflows, and some where it does not."""
    return lambda r: (np.concatenate([[-800.0, -45.0, 0.0, 45.0, 800.0], r.normal(size=3), 1e4 * r.normal(size=3)]), h)


SLOPE = Item(
    "sigmoid-slope",
    "slope",
    (
        group("sigmoid", 1, sums(6, "sigmoid"), sums((3, 4), "sigmoid", f32), lambda r: (float(r.normal()), "sigmoid")),
        group("tanh and ReLU", 1, sums((3, 4), "tanh"), sums((4, 3), "relu"), sums(5, "tanh", f32)),
        group("far from zero", 1, extreme("sigmoid"), extreme("tanh"), extreme("relu")),
    ),
    (
        mistake(
            "sigmoid in place of its slope",
            "Back through a unit goes the slope of h. At 0, how large is the sigmoid, and how large is its slope?",
            ("e / (1 + e) ** 2", "0.5 + 0.5 * np.tanh(0.5 * a)"),
        ),
        mistake(
            "overflow in the sigmoid's slope",
            "exp overflows from about 710 on, and infinity by infinity is no number. Are the slopes at a and -a equal?",
            ("-np.abs(a)", "-a"),
        ),
        mistake(
            "a (1 - a)",
            "z (1 - z) holds for z = sigma(a). What is the argument of your function?",
            ("e / (1 + e) ** 2", "a * (1 - a)"),
        ),
        mistake(
            "square forgotten in tanh's slope",
            "tanh'(a) = 1 - tanh(a)^2. What does your function give at a = -2, and can a slope of tanh be above 1?",
            ("np.tanh(a) ** 2", "np.tanh(a)"),
        ),
        mistake(
            "tanh's slope taken at z",
            "The argument is the pre-activation a, and z is not known yet. What must be computed first?",
            ("1 - np.tanh(a) ** 2", "1 - a**2"),
        ),
        mistake(
            "ReLU in place of its slope",
            "ReLU grows with a where a is positive. By how much for each unit of a?",
            ("np.where(a > 0, 1.0, 0.0)", "np.where(a > 0, a, 0.0)"),
        ),
        mistake(
            "slope 1 everywhere for ReLU",
            "A unit with a negative sum is silent. What is its slope?",
            ("np.where(a > 0, 1.0, 0.0)", "np.ones_like(a)"),
        ),
    ),
    formula=True,
)


def chains(units: int, dtype: Any = float, equal: bool = False, large: float = 1.0) -> Draw:
    """w, b, x; with `equal` all weights are the same, and there are no biases."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        w, b = large * rng.normal(size=units + 1), rng.normal(size=units)
        if equal:
            w, b = np.full(units + 1, w[0]), 0 * b
        return w.astype(dtype), b.astype(dtype), dtype(rng.uniform(0.2, 1.0))

    return draw


CHAIN = Item(
    "delta-product",
    "chain_factor",
    (
        group("equal weights, no biases", 1, chains(3, equal=True), chains(6, equal=True, large=3.0)),
        group("a single unit", 1, chains(1), chains(1, large=4.0)),
        group("different weights and biases", 1, chains(4), chains(12, large=3.0), chains(5, f32)),
    ),
    (
        mistake(
            "weight that enters in place of the weight that leaves",
            "delta comes from behind. Through which weight does it reach the unit?",
            ("* w_out", "* w_in"),
        ),
        mistake(
            "slope taken at z",
            "h' is taken at the pre-activation, before the unit bends it.",
            ('slope(a, "sigmoid")', 'slope(activation(a, "sigmoid"), "sigmoid")'),
        ),
        mistake("bias left out", "What is a_l, with all its terms?", (" + bias", "")),
        mistake(
            "weights left out",
            "Each unit gives two factors, a slope and a weight. Where is the second one?",
            (" * w_out", ""),
        ),
        mistake(
            "a quarter for each unit",
            "A quarter is the largest slope, at a = 0 only. What are the sums of this chain?",
            ('slope(a, "sigmoid")', "0.25"),
        ),
        mistake(
            "sum handed on in place of z",
            "The next unit receives what this one gives out. What does a unit do to its sum?",
            ('z = activation(a, "sigmoid")', "z = a"),
        ),
        mistake(
            "last weight left out",
            "There are as many factors as hidden units. Which weight leads from the last one to the output?",
            ("w[1:])", "[*w[1:-1], 1.0])"),
        ),
    ),
    formula=True,
)


def problems(n: int, sizes: Sequence[int], h: str, dtype: Any = float) -> Draw:
    """betas, X, Y, h."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        X, Y = rng.normal(size=(n, sizes[0])), np.eye(sizes[-1])[rng.integers(sizes[-1], size=n)]
        return network(rng, sizes, dtype), X.astype(dtype), Y.astype(dtype), h

    return draw


DELTAS = Item(
    "delta-layers",
    "deltas",
    (
        group("one hidden layer", 1, problems(5, (3, 4, 2), "tanh"), problems(4, (2, 5, 3), "sigmoid", f32)),
        group("ReLU", 1, problems(6, (3, 6, 4), "relu"), problems(5, (3, 5, 6, 4, 2), "relu")),
        group("several layers", 1, problems(5, (3, 5, 4, 3), "tanh"), problems(6, (4, 4, 4, 4), "sigmoid")),
        group("ten layers; one observation", 1, problems(3, (3, *[6] * 10, 2), "tanh"), problems(1, (3, 4, 2), "tanh")),
    ),
    (
        mistake(
            "slope forgotten",
            "The next layer depends on a through h. Which factor does the chain rule add?",
            ("slope(a[l - 1], h) * ", ""),
            page=BEFORE,
        ),
        mistake(
            "slope taken at z",
            "Your function slope wants the pre-activation. What is z[l] in terms of a[l - 1]?",
            ("slope(a[l - 1], h)", "slope(z[l], h)"),
            page=BEFORE,
        ),
        mistake(
            "h in place of its slope",
            "The chain rule asks for the slope of h, and not for its value.",
            ("slope(a[l - 1], h)", "activation(a[l - 1], h)"),
            page=BEFORE,
        ),
        mistake(
            "mean taken in delta",
            "delta belongs to one observation, a row each. No mean is taken here.",
            ("z[-1] - Y", "(z[-1] - Y) / len(X)"),
            page=BEFORE,
        ),
        mistake(
            "y - yhat",
            "The sign: does E grow or fall when a_k grows at yhat_k > y_k?",
            ("z[-1] - Y", "Y - z[-1]"),
            page=BEFORE,
        ),
        mistake(
            "beta of the layer before",
            "delta comes from behind. Which beta lies between hidden layer l and the next one?",
            ("betas[l][:, 1:]", "betas[l - 1][:, 1:]"),
            page=BEFORE,
        ),
        mistake(
            "layers from the last to the first",
            "Deltas are found from the back, but they stand in the order of betas.",
            ("found.insert(0, ", "found.append("),
            ("found[0]", "found[-1]"),
            page=BEFORE,
        ),
        mistake(
            "last column dropped in place of the bias",
            "The bias is column 0: the weights between units are beta[:, 1:].",
            ("[:, 1:]", "[:, :-1]"),
            page=BEFORE,
        ),
    ),
    asks="backpropagation, which goes forward once",
    calls={"forward": (0, 40)},  # the ten layers have 62 units
    formula=True,
)

RMS = Item(
    "delta-rms",
    "rms_deltas",
    (
        group("one hidden layer", 1, problems(5, (3, 4, 2), "tanh"), problems(1, (2, 3, 3), "sigmoid")),
        group("several layers", 1, problems(6, (3, 5, 2, 4, 3), "relu"), problems(4, (4, 3, 3, 2), "tanh", f32)),
    ),
    (
        mistake(
            "output layer included",
            "The last delta belongs to the output. Is that a hidden layer?",
            ("[:-1]", ""),
        ),
        mistake(
            "sum in place of the mean",
            "The length grows with the number of units. What makes layers of different widths comparable?",
            ("np.mean", "np.sum"),
        ),
        mistake(
            "root forgotten",
            "The mean of the squares is not of the size of delta. What is left to do?",
            ("np.sqrt(np.mean(delta**2))", "np.mean(delta**2)"),
        ),
        mistake(
            "mean of the absolute values",
            "That is another measure. Root mean square: in which order are the three steps taken?",
            ("np.sqrt(np.mean(delta**2))", "np.mean(np.abs(delta))"),
        ),
        mistake(
            "mean over the observations taken first",
            "Deltas of different observations cancel in a mean. What is squared: each delta, or their mean?",
            ("np.mean(delta**2)", "np.mean(delta.mean(axis=0) ** 2)"),
        ),
        mistake(
            "last layer first",
            "Which hidden layer stands first in the result?",
            ("[:-1]", "[-2::-1]"),
        ),
    ),
)


def stretches(sizes: Sequence[int], h: str, dtype: Any = float) -> Draw:
    """betas, h."""
    return lambda r: ([3 * beta for beta in network(r, sizes, dtype)], h)


BOUNDS = Item(
    "delta-bound",
    "layer_bounds",
    (
        group(
            "a single unit in each next layer", 1, stretches((3, 4, 1), "tanh"), stretches((5, 3, 1), "sigmoid"), at=10
        ),
        group("tanh and ReLU", 1, stretches((3, 4, 5, 2), "tanh"), stretches((4, 4, 4), "relu", f32), at=10),
        group("sigmoids", 1, stretches((3, 5, 4, 3), "sigmoid"), stretches((2, 3, 2), "sigmoid"), at=10),
    ),
    (
        mistake(
            "Frobenius norm",
            "The root of the sum of all squares is a bound too, but a worse one. Which norm says how far W stretches?",
            ("np.linalg.norm(beta[:, 1:], 2)", "np.linalg.norm(beta[:, 1:])"),
        ),
        mistake(
            "bias column included",
            "Nothing is sent back to z_0 = 1. Which column stays out?",
            ("beta[:, 1:], 2", "beta, 2"),
        ),
        mistake(
            "first matrix included",
            "The inputs have no delta. To which layers does the first matrix send one back?",
            ("in betas[1:]", "in betas"),
        ),
        mistake(
            "matrix that enters in place of the matrix that leaves",
            "delta comes from behind. Which matrix does it pass on its way to layer l?",
            ("in betas[1:]", "in betas[:-1]"),
        ),
        mistake(
            "slope left out for sigmoids",
            "A delta passes a unit's slope too. How large is it at most for sigmoids?",
            ('0.25 if h == "sigmoid" else 1.0', "1.0"),
        ),
        mistake(
            "a quarter for every h",
            "A quarter is the sigmoid's largest slope. What is that of tanh, at 0?",
            ('0.25 if h == "sigmoid" else 1.0', "0.25"),
        ),
        mistake(
            "square of the norm",
            "The largest eigenvalue of W'W is the square of what is asked for.",
            ("np.linalg.norm(beta[:, 1:], 2)", "np.linalg.norm(beta[:, 1:], 2) ** 2"),
        ),
    ),
)


def normals(rng: Rng, sizes: Sequence[int], dtype: Any = float) -> list[np.ndarray]:
    """Draws (outputs, inputs) from N(0, 1) for each layer."""
    return [rng.normal(size=(m, p)).astype(dtype) for p, m in itertools.pairwise(sizes)]


def draws(sizes: Sequence[int], *more: str, dtype: Any = float) -> Draw:
    """draws, and the rule or h."""
    return lambda r: (normals(r, sizes, dtype), *more)


INITIAL = Item(
    "initial-weights",
    "initial_betas",
    (
        group("as many units as inputs", 1, draws((4, 4, 4), "glorot"), draws((5, 5), "he")),
        group("Glorot", 1, draws((6, 3, 5, 2), "glorot"), draws((2, 7), "glorot", dtype=f32)),
        group("He", 1, draws((6, 3, 5, 2), "he"), draws((2, 7), "he", dtype=f32)),
    ),
    (
        mistake(
            "multiplied by the variance",
            "c times a number of variance 1 has the variance c^2. Which c is needed?",
            ("np.sqrt(variance) * draw", "variance * draw"),
        ),
        mistake(
            "bias counted as an input",
            "The biases are 0 and add nothing to the variance of a sum. How many terms has it?",
            ("n_out, n_in = draw.shape", "n_out, n_in = draw.shape[0], draw.shape[1] + 1"),
        ),
        mistake(
            "He with the number of units",
            "The sum of a unit runs over its inputs. Which index of draw counts them?",
            ("2 / n_in if", "2 / n_out if"),
        ),
        mistake(
            "rules exchanged",
            "Which of the two rules looks at the inputs alone?",
            ('rule == "he"', 'rule != "he"'),
        ),
        mistake(
            "Glorot's weights with half the variance",
            "For a layer with as many units as inputs, n v should be 1. Is it so with your variance?",
            ("2 / (n_in + n_out)", "1 / (n_in + n_out)"),
        ),
        mistake(
            "mean of the two variances",
            "Forward asks for 1 / n_in, backward for 1 / n_out. Of what does the equation take the mean: of v or of n?",
            ("2 / (n_in + n_out)", "(1 / n_in + 1 / n_out) / 2"),
        ),
        mistake(
            "bias column last",
            "The bias is column 0.",
            ("[np.zeros(n_out), np.sqrt(variance) * draw]", "[np.sqrt(variance) * draw, np.zeros(n_out)]"),
        ),
    ),
)


def layers(h: str, steps: int, nv: float) -> Draw:
    """v, n, q, h, steps."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        n = int(rng.integers(40, 200))
        return float(nv * rng.uniform(0.8, 1.2) / n), n, float(rng.uniform(0.3, 2.0)), h, steps

    return draw


PREDICTED = Item(
    "delta-factor",
    "predicted_factors",
    (
        group("one layer", 1, layers("tanh", 1, 1.0), layers("relu", 1, 3.0), layers("sigmoid", 1, 20.0), at=1e3),
        group("ReLU", 1, layers("relu", 4, 2.0), layers("relu", 3, 0.5), at=1e3),
        group("tanh", 1, layers("tanh", 5, 1.0), layers("tanh", 4, 4.0), at=1e3),
        group("sigmoids", 1, layers("sigmoid", 5, 1.0), layers("sigmoid", 4, 50.0), at=1e3),
    ),
    (
        mistake(
            "q kept from the first layer",
            "The sums of the next layer have another variance. Which line of the loop changes q?",
            ("        q = n * v", "        later = n * v"),
        ),
        mistake(
            "q changed before the first factor",
            "q is given for the first layer. At which q is its factor taken?",
            ("        q = n * v", "        later = n * v"),
            (
                "        factors.append",
                "        q = n * v * expected(lambda a: activation(a, h) ** 2, q)\n        factors.append",
            ),
        ),
        mistake(
            "root forgotten",
            "n v E[h'^2] is the factor of delta squared. What is asked for?",
            ("np.sqrt(n * v", "(n * v"),
        ),
        mistake(
            "squared mean in place of the mean square",
            "First the square of each slope, then the mean. Is that the same as the square of the mean slope?",
            ("expected(lambda a: slope(a, h) ** 2, q)", "expected(lambda a: slope(a, h), q) ** 2"),
        ),
        mistake(
            "variance of z in place of its mean square",
            "Var(a) is n v times the mean of z^2, for the weights have mean 0. Is the mean of z subtracted?",
            (
                "expected(lambda a: activation(a, h) ** 2, q)",
                "(expected(lambda a: activation(a, h) ** 2, q) - expected(lambda a: activation(a, h), q) ** 2)",
            ),
        ),
        mistake(
            "n left out on the way forward",
            "A sum over n inputs has n times the variance of one term. Where is n in the new q?",
            ("q = n * v", "q = v"),
        ),
        mistake(
            "h in place of its slope",
            "Back through a unit goes the slope of h, and not its value.",
            ("slope(a, h) ** 2", "activation(a, h) ** 2"),
        ),
    ),
)


def slopes(shapes: Sequence[tuple[int, ...]], size: float, c: float, dtype: Any = float) -> Draw:
    """g, c: a gradient of the given length."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        g = [rng.normal(size=shape) for shape in shapes]
        length = np.sqrt(sum(np.sum(each**2) for each in g))
        return [(each * (size / length)).astype(dtype) for each in g], c

    return draw


THREE = ((4, 3), (3, 5), (2, 4))

CLIP = Item(
    "gradient-clipping",
    "clip",
    (
        group("long gradients", 1, slopes(THREE, 8.0, 2.0), slopes(((3, 4),), 5.0, 0.5), slopes(THREE, 3.0, 0.1, f32)),
        group(
            "short gradients, and zero",
            1,
            slopes(THREE, 0.3, 2.0),
            slopes(((3, 4),), 2.0, 5.0),
            lambda r: ([np.zeros((2, 3)), np.zeros((1, 3))], 1.0),
        ),
        group("squares that overflow", 1, slopes(THREE, 1e200, 2.0), slopes(THREE, 1e30, 3.0, f32)),
    ),
    (
        mistake(
            "each layer clipped by itself",
            "The direction of the whole gradient should stay. Does it, if each layer has its own factor?",
            ("c / length", "c / np.linalg.norm(each)"),
        ),
        mistake(
            "each number cut off",
            "That changes the direction: large numbers are cut, small ones stay. How many factors should there be?",
            ("each * min(1.0, c / length)", "np.clip(each, -c, c)"),
        ),
        mistake(
            "short gradients made long",
            "What is the minimum with 1 for?",
            ("min(1.0, c / length)", "(c / length)"),
        ),
        mistake(
            "square of the length",
            "Length is the root of the sum of the squares.",
            ("largest * np.sqrt(", "largest**2 * ("),
        ),
        mistake(
            "lengths of the layers added up",
            "Squares add up, lengths do not. How long is a vector with the parts 3 and 4?",
            (
                "largest * np.sqrt(sum(np.sum((each / largest) ** 2) for each in g))",
                "largest * sum(np.linalg.norm(each / largest) for each in g)",
            ),
        ),
        mistake(
            "squares overflow",
            "(1e200)^2 is infinite, and c / infinity is 0. By what can you divide before you square?",
            ("max(np.max(np.abs(each)) for each in g)", "float(any(np.any(each) for each in g))"),
        ),
        mistake(
            "length 1 in place of c",
            "c is the limit. How long is your clipped gradient?",
            ("c / length", "1 / length"),
        ),
    ),
)


def tanh_networks(sizes: Sequence[int], biases: bool = True, dtype: Any = float) -> Draw:
    """betas of a tanh network."""

    def draw(rng: Rng) -> tuple[Any, ...]:
        betas = network(rng, sizes, dtype)
        for beta in betas:
            beta[:, 0] *= biases
        return (betas,)

    return draw


TWIN = Item(
    "sigmoid-rescue",
    "sigmoid_twin",
    (
        group("one hidden layer, biases 0", 1, tanh_networks((3, 4, 2), False), tanh_networks((2, 5, 3), False)),
        group("several layers, biases 0", 1, tanh_networks((3, 5, 4, 2), False), tanh_networks((4, *[3] * 6), False)),
        group(
            "with biases", 1, tanh_networks((3, 4, 2)), tanh_networks((3, 5, 4, 2)), tanh_networks((2, 4, 3), True, f32)
        ),
    ),
    (
        mistake(
            "biases not shifted",
            "z lies between 0 and 1, with 1/2 in the middle; t lies around 0. Where does the -1 of t = 2 z - 1 go?",
            ("-= twin[:, 1:].sum(axis=1)", "-= 0"),
        ),
        mistake(
            "old biases lost",
            "The sum has a bias already, and the shift comes on top of it. Where is b in b + W (2 z - 1)?",
            ("twin[:, 0] -= twin", "twin[:, 0] = -twin"),
        ),
        mistake(
            "weights not doubled for 2 z",
            "Two things double a hidden weight: the sum shall be twice as large, and t = 2 z - 1. Are both there?",
            ("            twin[:, 1:] *= 2\n", ""),
        ),
        mistake(
            "first layer like the others",
            "The inputs of the first layer are the same in both networks. What is special there?",
            ("if l > 0", "if l >= 0"),
        ),
        mistake(
            "output sums doubled",
            "The outputs have softmax in both networks. What should their sums be?",
            ("beta.copy() if l == len(betas) - 1 else 2 * beta", "2 * beta"),
        ),
        mistake(
            "shift with the wrong sign",
            "t = 2 z - 1. Which sign has the constant?",
            ("-= twin", "+= twin"),
        ),
        mistake(
            "shift by the new weights",
            "W t = 2 W z - W 1. Does the shift contain W or 2 W?",
            ("-= twin[:, 1:].sum(axis=1)", "-= 2 * twin[:, 1:].sum(axis=1)"),
        ),
        mistake(
            "biases not doubled",
            "The whole sum shall be twice as large. What belongs to it besides the weights?",
            ("else 2 * beta", "else np.column_stack([beta[:, 0], 2 * beta[:, 1:]])"),
        ),
    ),
)

DEPTH, WIDTH = 20, 50
DEEP = (196, *[WIDTH] * DEPTH, 10)


@functools.cache
def images() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """1000 images of 14 by 14 with their digits, and the test images."""
    data = mnist()
    both = data.X_train[:1000], data.X_test
    X, X_test = (each.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196).astype(float) for each in both)
    return X, data.Y_train[:1000], X_test, data.Y_test


def arrays(betas: Any) -> list[np.ndarray]:
    """The betas, if they have the right shapes."""
    found = [np.asarray(beta, dtype=float) for beta in betas]
    if [beta.shape for beta in found] != [(m, 1 + p) for p, m in itertools.pairwise(DEEP)]:
        raise ValueError("other shapes than the task states")
    return found


def bent(a: np.ndarray, h: str) -> tuple[np.ndarray, np.ndarray]:
    """h(a) and h'(a)."""
    if h == "relu":
        return np.maximum(a, 0), (a > 0).astype(float)
    t = np.tanh(a / 2 if h == "sigmoid" else a)
    return ((1 + t) / 2, (1 - t**2) / 4) if h == "sigmoid" else (t, 1 - t**2)


def beyond(h: str) -> Callable[[Any], Any]:
    """By how many powers of ten the first and the last delta are too far apart: 0 for all that is asked for."""

    def part(betas: Any) -> np.ndarray:
        X, Y, _, _ = images()
        *hidden, last = arrays(betas)
        z, slopes = X[:100], []
        for beta in hidden:
            z, slope = bent(beta[:, 0] + z @ beta[:, 1:].T, h)
            slopes.append(slope)
        a = last[:, 0] + z @ last[:, 1:].T
        powers = np.exp(a - a.max(axis=1, keepdims=True))
        delta, sizes = powers / powers.sum(axis=1, keepdims=True) - Y[:100], []
        for slope, behind in zip(reversed(slopes), [last, *reversed(hidden)], strict=False):
            delta = slope * (delta @ behind[:, 1:])
            sizes.append(np.log10(np.sqrt(np.mean(delta**2))))
        return np.maximum(0.0, abs(sizes[-1] - sizes[0]) - 1.0)

    return part


def deep(h: str) -> Draw:
    return draws(DEEP, h)


def to_train(rng: Rng) -> list[Case]:
    return [Case(deep(h)(rng)) for h in ("relu", "tanh")]


def reads_digits(betas: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if less than a third of the test images are read after 12 epochs."""
    X, Y, X_test, Y_test = images()
    rng, h = np.random.default_rng(0), case.args[1]
    if beyond(h)(betas) != 0:
        return f"{h}: first and last delta are further apart than the task allows, so no training was tried"
    batches = [J for _ in range(12) for J in np.split(rng.permutation(1000), 50)]
    betas = reference["train"](arrays(betas), X, Y, batches, h)
    accuracy = float(reference["accuracy"](betas, X_test, Y_test, h))
    return (
        None if accuracy >= 1 / 3 else f"{h}: {accuracy:.0%} of the test digits are read, at least a third is asked for"
    )


REPAIR = Item(
    "deep-repair",
    "repair",
    (
        group("tanh: first and last delta within a factor of 10", 1, deep("tanh"), part=beyond("tanh")),
        group("ReLU: first and last delta within a factor of 10", 1, deep("relu"), part=beyond("relu")),
        group("sigmoids: first and last delta within a factor of 10", 1, deep("sigmoid"), part=beyond("sigmoid")),
        Group("tanh and ReLU read digits after training", 2, to_train, judge=reads_digits),
    ),
    (
        mistake(
            "Glorot's weights for ReLU",
            "ReLU lets half of the squares pass, in each of twenty layers. Which variance makes up for it?",
            ('"he"', '"glorot"'),
        ),
        mistake(
            "Glorot's weights for sigmoids",
            "Near 0 a sigmoid's slope is a quarter. What becomes of delta in twenty layers with n v = 1?",
            ('sigmoid_twin(betas) if h == "sigmoid" else betas', "betas"),
        ),
        mistake(
            "four times the weights, and biases 0, for sigmoids",
            "The factor 4 makes up for the slope at 0. Where do the sums of a layer lie whose inputs lie around 1/2?",
            ("sigmoid_twin(betas)", "[4 * beta for beta in betas]"),
        ),
        mistake(
            "draws as they are",
            "Weights of variance 1 have n v = n. By what does a layer multiply delta then?",
            ('initial_betas(draws, "he")', "[np.insert(draw, 0, 0.0, axis=1) for draw in draws]"),
            ('initial_betas(draws, "glorot")', "[np.insert(draw, 0, 0.0, axis=1) for draw in draws]"),
        ),
        mistake(
            "small weights",
            "Small weights look safe. By what does a layer multiply delta if its weights are of the size 0.01?",
            ('initial_betas(draws, "he")', "[np.insert(0.01 * draw, 0, 0.0, axis=1) for draw in draws]"),
            ('initial_betas(draws, "glorot")', "[np.insert(0.01 * draw, 0, 0.0, axis=1) for draw in draws]"),
        ),
    ),
)

ITEMS = (
    SLOPE,
    CHAIN,
    DELTAS,
    RMS,
    BOUNDS,
    INITIAL,
    PREDICTED,
    CLIP,
    TWIN,
    REPAIR,
)
