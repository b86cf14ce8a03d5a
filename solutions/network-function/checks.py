"""The graded items of `network-function`: inputs, and groups for partial credit."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grading.engine import Case, Draw, Reference, Rng, draw, group, item, items
from grading.judge.draw import f32, network, normal, uniform


@draw
def wide(rng: Rng, *shape: int) -> np.ndarray:
    """Numbers of both signs and of all sizes from 0.1 to 1e4; a small one, where slopes are, and 1e4 are among them."""
    a = rng.choice([-1.0, 1.0], size=shape) * 10 ** rng.uniform(-1, 4, size=shape)
    a.flat[0], a.flat[1], a.flat[-1] = -1e4, rng.uniform(0.2, 0.6), 1e4
    return a


@draw
def at_zero(rng: Rng, n: int, m: int) -> np.ndarray:
    """Numbers of both signs, and some that are 0."""
    a = rng.normal(size=(n, m))
    a[0], a[-1, 0] = 0.0, -0.0
    return a


def weights(*sizes: int, biases: bool = True) -> list[Draw]:
    """Larger ones than a training begins with, so that the units bend."""
    return [1.5 * beta for beta in network(sizes, biases)]


def single(p: int, M: int, K: int, sigma: str, biases: bool = True) -> tuple:
    """x, beta1, beta2, sigma: one observation."""
    return normal(p), *weights(p, M, K, biases=biases), sigma


def batch(n: int, p: int, M: int, K: int, sigma: str, biases: bool = True) -> tuple:
    """X, beta1, beta2, sigma: n observations."""
    return normal(n, p), *weights(p, M, K, biases=biases), sigma


def deep(n: int, sizes: tuple[int, ...], h: str, sigma: str) -> tuple:
    """X, betas, h, sigma."""
    return normal(n, sizes[0]), weights(*sizes), h, sigma


@draw
def sizes(rng: Rng, count: int) -> list[int]:
    """Different numbers of units, so that no two counts agree by chance."""
    return [int(m) for m in rng.choice(np.arange(2, 50), size=count, replace=False)]


def activations(betas: Any, X: np.ndarray) -> np.ndarray:
    """The pre-activation of the output of a network with two tanh units: above ln 9 the answer is above 0.9."""
    beta1, beta2 = (np.array(beta, dtype=float) for beta in betas)
    if beta1.shape != (2, 1 + X.shape[1]) or beta2.shape != (1, 3):
        raise ValueError("not the shapes that the task states")
    z = np.tanh(X @ beta1[:, 1:].T + beta1[:, 0])
    return (z @ beta2[:, 1:].T + beta2[:, 0])[:, 0]


def right(a: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return np.where(wanted == 1, a, -a) > np.log(9.0)


def at_the_corners(*wanted: int) -> Callable[[Any], np.ndarray]:
    """1 and 0 where the answer is right, and where it is not the pre-activation, by which a mistake is known."""
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])

    def answers(betas: Any) -> np.ndarray:
        a = activations(betas, X)
        return np.where(right(a, np.array(wanted)), wanted, a)

    return answers


@draw
def band(rng: Rng, p: int, steep: bool = False) -> tuple:
    """A direction of p numbers, two borders, and a steepness: a wide band, or a narrow one and steep units."""
    low, s = rng.uniform(-2, 1), rng.uniform(2000, 4000) if steep else rng.uniform(8, 20)
    width = 12 / s if steep else rng.uniform(1.5, 3)
    direction = rng.normal(size=p)
    return direction * rng.uniform(1.5, 3) / np.linalg.norm(direction), low, low + width, s


def says_band(betas: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if a point that is 4/s or more from both borders is answered wrongly; many are just so far away."""
    direction, low, high, s = case.args
    rng = np.random.default_rng(1)
    borders = np.array([low, high])
    u = np.concatenate([borders - 4.001 / s, borders + 4.001 / s, rng.normal(size=50), rng.uniform(low, high, 50)])
    X = rng.normal(size=(len(u), len(direction)))
    X += np.outer(u - X @ direction, direction) / (direction @ direction)  # moved along the direction to their u
    far = np.minimum(abs(u - low), abs(u - high)) >= 4 / s
    wanted = ((low < u) & (u < high)).astype(float)
    wrong = int(np.sum(~right(activations(betas, X), wanted)[far]))
    return (
        f"with s = {s:.0f}, {wrong} of {far.sum()} points away from the borders get a wrong or an unsure answer"
        if wrong
        else None
    )


@draw
def exchange(rng: Rng, M: int) -> np.ndarray:
    """An order in which every unit moves, and comes home after M exchanges only: its inverse is another one."""
    round_trip = rng.permutation(M)
    order = np.empty(M, dtype=int)
    order[round_trip] = np.roll(round_trip, 1)
    return order


@draw
def flips(rng: Rng, M: int) -> np.ndarray:
    """Signs of both kinds."""
    return rng.permutation(np.where(np.arange(M) < M // 2, -1, 1))


def moved(p: int, M: int, K: int) -> tuple:
    """beta1, beta2, order, signs."""
    return *weights(p, M, K), exchange(M), np.ones(M, dtype=int)


def flipped(p: int, M: int, K: int) -> tuple:
    return *weights(p, M, K), np.arange(M), flips(M)


def both(p: int, M: int, K: int) -> tuple:
    return *weights(p, M, K), exchange(M), flips(M)


ITEMS = items(
    sigmoid=item(
        "sigmoid",
        group("positive a", uniform(0.5, 2.5, 3, 4), uniform(0.5, 2.5)),
        group(
            "both signs, and float32", normal(5), 2 * normal(2, 3, 4), -1.0 * uniform(0.5, 2.5), f32(2 * normal(4, 3))
        ),
        group("large a of both signs", wide(4, 3), wide(20), uniform(18.0, 22.0), f32(wide(3, 3))),
    ),
    activation=item(
        "activation-and-slope",
        group("sigmoid", (normal(4, 3), "sigmoid"), (2 * normal(5), "sigmoid")),
        group("tanh", (normal(4, 3), "tanh"), (2 * normal(1, 4), "tanh")),
        group("ReLU, at 0 too", (normal(4, 3), "relu"), (at_zero(3, 4), "relu"), (normal(2, 3, 2), "relu")),
        group(
            "large a of both signs, and float32",
            (wide(4, 3), "sigmoid"),
            (wide(4, 3), "tanh"),
            (f32(wide(4, 3)), "sigmoid"),
            (f32(wide(4, 3)), "tanh"),
            (f32(wide(2, 3)), "relu"),
        ),
        formula=True,
    ),
    output=item(
        "output-functions",
        group(
            "identity and sigmoid",
            (normal(4, 3), "identity"),
            (normal(4, 3), "sigmoid"),
            (f32(normal(1, 2)), "sigmoid"),
        ),
        # in float32, so that a small number added to the sum costs the point of the large ones only
        group("softmax", *((f32(normal(n, K)), "softmax") for n, K in ((1, 4), (5, 3), (4, 4), (3, 1)))),
        group(
            "large pre-activations",
            (wide(3, 4), "sigmoid"),
            (wide(3, 4), "softmax"),
            (normal(3, 3) + np.array([[-8e3], [0.0], [8e3]]), "softmax"),
            (normal(3, 4) + np.array([-8e3, 8e3, 0.0, 7.9e3]), "softmax"),
            (f32(wide(2, 3)), "softmax"),
        ),
    ),
    unit_by_unit=item(
        "network-function",
        group("networks without biases", single(3, 4, 2, "identity", False), single(2, 3, 1, "identity", False)),
        group("with biases", single(3, 4, 2, "identity"), single(4, 2, 3, "identity"), single(1, 3, 1, "identity")),
        group("sigmoid and softmax outputs", single(3, 4, 2, "sigmoid"), f32(single(2, 5, 3, "softmax"))),
    ),
    three_layers=item(
        "network-function-absorbed",
        group("networks without biases", batch(5, 3, 4, 2, "identity", False), batch(6, 4, 2, 3, "identity", False)),
        group("a batch", batch(5, 3, 2, 4, "identity"), batch(6, 2, 3, 4, "softmax"), batch(4, 4, 4, 4, "sigmoid")),
        group("a batch of one, and float32", batch(1, 3, 4, 2, "identity"), f32(batch(5, 3, 4, 3, "softmax"))),
        asks="matrix products for all rows at once",
        calls={"unit_by_unit": (0, 0), "output": (0, 1)},
    ),
    network=item(
        "network-function-deep",
        group(
            "no hidden layer",
            deep(5, (3, 4), "tanh", "softmax"),
            deep(4, (3, 2), "relu", "identity"),
            deep(4, (3, 3), "sigmoid", "identity"),
        ),
        group(
            "one hidden layer, with each h",
            deep(5, (3, 4, 2), "tanh", "softmax"),
            deep(5, (3, 5, 2), "relu", "identity"),
            deep(4, (2, 3, 2), "sigmoid", "sigmoid"),
        ),
        group(
            "several hidden layers",
            deep(5, (3, 5, 4, 2), "tanh", "identity"),
            deep(5, (3, 3, 3, 3, 3), "sigmoid", "softmax"),
            deep(4, (2, 6, 4, 5, 2), "relu", "identity"),
        ),
        group(
            "a batch of one, and float32",
            deep(1, (3, 4, 2), "tanh", "identity"),
            f32(deep(5, (3, 4, 4, 2), "tanh", "softmax")),
        ),
    ),
    count_weights=item(
        "weight-count",
        group("no hidden layer, and one", sizes(2), sizes(2), sizes(3), sizes(3), sizes(3)),
        group("more layers", sizes(4), sizes(5), sizes(6)),
        group("shared biases", (sizes(2), True), (sizes(3), True), (sizes(5), True)),
    ),
    band_network=item(
        "xor-by-hand",
        group("exclusive or at the corners", (np.ones(2), 0.5, 1.5, uniform(8, 12)), part=at_the_corners(0, 1, 1, 0)),
        group(
            "the band across (1, -1) at the corners",
            (np.array([1.0, -1.0]), -0.5, 0.5, uniform(8, 12)),
            part=at_the_corners(1, 0, 0, 1),
        ),
        group("any band in the plane", *[band(2)] * 4, *[band(2, steep=True)] * 4, judge=says_band),
        group("one input, and many", band(1), band(5), band(1, steep=True), band(4, steep=True), judge=says_band),
    ),
    companion=item(
        "weight-symmetries",
        group("only flips", flipped(3, 4, 2), flipped(2, 2, 1), flipped(2, 5, 3)),
        group("only exchanges", moved(3, 4, 2), moved(2, 3, 1), moved(4, 6, 3)),
        group("both", both(3, 5, 2), both(4, 4, 4), f32(both(2, 4, 3))),
    ),
)
