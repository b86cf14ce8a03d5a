"""The graded items of `backprop`: inputs, and groups for partial credit."""

from typing import Any

import numpy as np

from grading.engine import Case, Reference, Rng, draw, group, item, items, untrained
from grading.judge.draw import batches, epochs, f32, network, normal, one_hot, probabilities
from nnlib.data import mnist


def passes(n: int, sizes: tuple[int, ...], output: str = "softmax") -> tuple:
    return network(sizes), normal(n, sizes[0]), output


def units(K: int, m: int, t: int, zero: bool = False) -> tuple:
    return 0.0 if zero else normal(), t, normal(K), network((m, K))[0]


def layers(n: int, m: int, K: int, large: float = 1.0) -> tuple:
    return large * normal(n, m), normal(n, K), network((m, K))[0]


def outputs(n: int, K: int) -> tuple:
    """yhat, Y; both are probabilities, so the softmax's Jacobian times dE/dyhat is right as well."""
    return probabilities(n, K), one_hot(n, K)


def products(n: int, m: int, s: int) -> tuple:
    return normal(n, m), normal(n, s)


def problems(n: int, *sizes: int) -> tuple:
    return network(sizes), normal(n, sizes[0]), one_hot(n, sizes[-1])


def descents(*batches: Any) -> tuple:
    return *problems(12, 3, 4, 3), *batches, 0.5


def steps(eta: float, *sizes: int) -> tuple:
    return network(sizes), normal(sizes[0]), np.eye(sizes[-1])[0], eta


def weights(g: Any) -> np.ndarray:
    """The derivatives by the weights between units."""
    return np.asarray(g)[:, 1:]


def biases(g: Any) -> np.ndarray:
    """The derivatives by the biases."""
    return np.asarray(g)[:, 0]


def small(images: np.ndarray) -> np.ndarray:
    """Images of 14 by 14: means over 2 by 2 pixels, so that even a slow program is checked in seconds."""
    return images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)


@draw
def digits(rng: Rng) -> tuple:
    """Four epochs of 196-30-10 on 500 of the training images.

    The same for everybody: how much a wrong program reads is luck, and points are none.
    """
    data, same = mnist(), np.random.default_rng(1)
    betas, batches = f32(network((196, 30, 10)))(same), epochs(4, 500, 10)(same)
    return betas, small(data.X_train[:500]), data.Y_train[:500], batches, 0.2


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


# exp overflows, and underflows without the row's own largest entry; a clip makes different entries equal
LARGE = np.array([[1500.0, 1499.0, 1498.5, 0.0], [-2000.0, -1999.0, -3000.0, -2001.0], [0.0, 1.0, -1.0, 0.5]])

BATCHES = (products(5, 3, 4), products(6, 2, 2), f32(products(7, 4, 3)))

ITEMS = items(
    softmax=item(
        "softmax",
        group("one observation", normal(1, 4)),
        group("a batch", normal(5, 3), f32(normal(4, 4))),
        group("large pre-activations", LARGE, 1e3 * normal(3, 4), normal(3, 4) + np.array([[-2e3], [0.0], [2e3]])),
    ),
    forward=item(
        "forward",
        group("networks without biases", (network((3, 4, 2), biases=False), normal(5, 3))),
        group("one layer", passes(5, (3, 4)), passes(4, (3, 2), "identity")),
        group("several layers", passes(5, (3, 4, 2)), passes(6, (2, 5, 3, 4), "identity"), passes(3, (4, 4, 4))),
        group("a batch of one, and float32", passes(1, (3, 4, 2)), f32(passes(5, (3, 6, 3)))),
    ),
    delta_output=item(
        "delta-output",
        group("one observation", outputs(1, 3), outputs(1, 2)),
        group("a batch", outputs(5, 3), outputs(4, 4), f32(outputs(4, 3))),
        formula=True,
    ),
    delta_hidden_unit=item(
        "delta-hidden",
        group("at a_t = 0, where h' is 1", units(3, 4, 1, zero=True), units(3, 4, 3, zero=True)),
        group("first and last unit", units(3, 4, 1), units(3, 4, 4), units(4, 3, 2)),
        group("a single unit in the next layer, and float32", units(1, 3, 2), f32(units(3, 3, 3))),
        formula=True,
    ),
    delta_hidden=item(
        "delta-matrix",
        group("at a = 0, where h' is 1", layers(5, 4, 3, large=0.0), layers(4, 4, 4, large=0.0)),
        group("a batch", layers(5, 4, 3), layers(5, 4, 4), layers(6, 3, 4)),
        group("a batch of one", layers(1, 4, 3)),
        group("saturated units, and float32", layers(5, 4, 3, large=30.0), f32(layers(4, 3, 5))),
        formula=True,
    ),
    gradient_layer=item(
        "gradient-component",
        group("one observation", products(1, 3, 2)),
        group("a batch: the weights between units", *BATCHES, part=weights),
        group("a batch: the biases", *BATCHES, part=biases),
    ),
    gradient=item(
        "gradient",
        group("one layer", problems(5, 3, 4)),
        group("one hidden layer", problems(5, 3, 4, 2), f32(problems(6, 2, 4, 3))),
        group("several hidden layers", problems(6, 3, 5, 4, 3), problems(4, 3, 3, 3, 3, 3)),
        group("a batch of one", problems(1, 3, 4, 2), problems(1, 8, 30, 4)),
        asks="backpropagation, which goes forward once",
        calls={"forward": (0, 24)},  # once for each observation is fine, once for each weight or unit is not
        formula=True,
    ),
    numerical_gradient=item(
        "gradient-numerical",
        group("one layer", (*problems(4, 2, 3), 1e-2), (*problems(3, 3, 2), 0.1)),
        group("several layers", (*problems(3, 2, 3, 2), 1e-2), points=2),
    ),
    netbp_step=item(
        "netbp-update",
        group("no hidden layer", steps(0.5, 3, 2)),
        group("the paper's network 2-2-3-2", steps(0.5, 2, 2, 3, 2), steps(5.0, 2, 2, 3, 2)),
        group("other sizes, and float32", steps(1.0, 3, 4, 3), f32(steps(1.0, 2, 3, 2))),
        formula=True,
    ),
    train=item(
        "train",
        group("one step", descents(batches(12, 4)), descents(batches(12, 5))),
        group("several steps", descents(batches(12, 3, 5, 2, 4, 2, 3)), descents(batches(12, 4, 4))),
        group("real digits", digits(), judge=reads_digits, deadline=20.0),
    ),
)
