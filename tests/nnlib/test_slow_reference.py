"""The lecture's formulas index by index, in plain Python numbers, beside every fast path of nnlib.

The reference knows one observation at a time, lists of numbers, and the functions of `math`. It is slow on purpose, and
it takes no short cut: the delta of the output comes from dE/dŷ and the whole Jacobian of σ, matched pair or not.
"""

import itertools
import math

import numpy as np
import pytest
from drawn import assume, given, settings, st

from nnlib import (
    L1,
    L2,
    Activation,
    AvgPool2D,
    BinaryCrossEntropy,
    Conv2D,
    CrossEntropy,
    Dense,
    Dropout,
    EmpiricalRisk,
    Flatten,
    MaxPool2D,
    Network,
    SumOfSquares,
    Unmatched,
    activations,
    check_gradient,
    mlp,
)


def close(found, expected):
    """Equal up to 1e-12 of the largest number: in a sum, the small ones carry the rounding of the large ones."""
    expected = np.array(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * abs(expected).max(initial=0))


# Activations and errors ----------------------------------------------------------------------------------------------


def logistic(a):
    return 1 / (1 + math.exp(-a))


H = {  # h(a), h'(a)
    "identity": (lambda a: a, lambda a: 1.0),
    "sigmoid": (logistic, lambda a: logistic(a) * logistic(-a)),
    "tanh": (math.tanh, lambda a: 1 / math.cosh(a) ** 2),
    "relu": (lambda a: max(0.0, a), lambda a: 1.0 if a > 0 else 0.0),
}


def output(sigma, a):
    """ŷ = σ(a)."""
    if sigma == "softmax":
        return [math.exp(ak) / sum(math.exp(aj) for aj in a) for ak in a]
    return [H[sigma][0](ak) for ak in a]


def jacobian(sigma, a):
    """J[k][j] = ∂ŷ_k / ∂a_j."""
    K, yhat = range(len(a)), output(sigma, a)
    if sigma == "softmax":
        return [[yhat[k] * ((k == j) - yhat[j]) for j in K] for k in K]
    return [[H[sigma][1](a[k]) if k == j else 0.0 for j in K] for k in K]


def squares(yhat, y):
    return sum((yhat[k] - y[k]) ** 2 for k in range(len(y))) / 2


def binary(yhat, y):
    return -sum(y[k] * math.log(yhat[k]) + (1 - y[k]) * math.log(1 - yhat[k]) for k in range(len(y)))


def cross(yhat, y):
    return -sum(y[k] * math.log(yhat[k]) for k in range(len(y)))


SLOPE = {  # ∂E_i / ∂ŷ_k
    squares: lambda yhat, y: yhat - y,
    binary: lambda yhat, y: -y / yhat + (1 - y) / (1 - yhat),
    cross: lambda yhat, y: -y / yhat,
}
ERRORS = [  # nnlib's error, σ, E_i
    (SumOfSquares(), "identity", squares),
    (BinaryCrossEntropy(), "sigmoid", binary),
    (CrossEntropy(), "softmax", cross),
    *((Unmatched(sigma), sigma, squares) for sigma in ("sigmoid", "tanh", "relu", "identity", "softmax")),
]
each_error = pytest.mark.parametrize(("error", "sigma", "E"), ERRORS, ids=[repr(error) for error, *_ in ERRORS])


def delta_output(a, y, sigma, E):
    """δ_j = ∂E_i/∂a_j = Σ_k ∂E_i/∂ŷ_k ∂ŷ_k/∂a_j."""
    K, yhat, J = range(len(a)), output(sigma, a), jacobian(sigma, a)
    return [sum(SLOPE[E](yhat[k], y[k]) * J[k][j] for k in K) for j in K]


def data(error, n, K, rng):
    """Pre-activations, and targets that the error is defined for: unit vectors, or any numbers in [0, 1]."""
    Y = np.eye(K)[rng.integers(K, size=n)] if isinstance(error, CrossEntropy) else rng.random((n, K))
    return rng.standard_normal((n, K)), Y


@pytest.mark.parametrize("name", H)
def test_activations(name):
    h, a = activations.get(name), np.array([[-3.0, -0.4, 0.0], [1e-3, 0.7, 2.5]])
    delta = np.array([[0.3, -1.0, 2.0], [1.5, 0.2, -0.6]])
    close(h(a), [[H[name][0](at) for at in row] for row in a.tolist()])
    slope = [[H[name][1](at) for at in row] for row in a.tolist()]
    close(h.derivative(a), slope)
    close(h.slope(h(a)), slope)
    close(h.vjp(delta, h(a)), [[d * s for d, s in zip(*rows, strict=True)] for rows in zip(delta, slope, strict=True)])
    a = a.astype(np.float32)
    assert h(a).dtype == h.derivative(a).dtype == h.vjp(a, h(a)).dtype == np.float32


def test_each_row_has_its_own_largest_number():
    """A maximum over all rows would leave nothing of the second one."""
    a, Y = np.array([[1e4, 9999.0], [0.0, -1.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    close(activations.softmax(a), [output("softmax", [1.0, 0.0])] * 2)
    close(CrossEntropy().value(a, Y), [math.log(1 + math.e)] * 2)


@pytest.mark.equation("softmax")
@pytest.mark.equation("softmax-jacobian")
def test_softmax_and_its_jacobian():
    rng = np.random.default_rng(0)
    a, delta = rng.standard_normal((2, 4, 5))
    close(activations.softmax(a), [output("softmax", row) for row in a.tolist()])
    J = [jacobian("softmax", row) for row in a.tolist()]
    pulled = [[sum(delta[i, k] * J[i][k][j] for k in range(5)) for j in range(5)] for i in range(4)]
    close(activations.softmax.vjp(delta, activations.softmax(a)), pulled)


@pytest.mark.equation("delta-output")
@pytest.mark.parametrize(("n", "K"), [(1, 1), (4, 1), (1, 3), (5, 4)])
@each_error
def test_errors(error, sigma, E, n, K):
    a, Y = data(error, n, K, np.random.default_rng(n + K))
    rows = list(zip(a.tolist(), Y.tolist(), strict=True))
    close(error.output(a), [output(sigma, at) for at, _ in rows])
    close(error.value(a, Y), [E(output(sigma, at), y) for at, y in rows])
    close(error.delta(a, Y), [delta_output(at, y, sigma, E) for at, y in rows])


# Layers, one observation at a time -----------------------------------------------------------------------------------


def each(f, *values):
    """f of every number in lists of lists."""
    return [each(f, *parts) for parts in zip(*values, strict=True)] if isinstance(values[0], list) else f(*values)


def flat(value):
    return [number for part in value for number in flat(part)] if isinstance(value, list) else [value]


def dense(z, beta):
    """a_t = Σ_s β_ts z_s, z_0 = 1."""
    z = [1.0, *z]
    return [sum(row[s] * z[s] for s in range(len(z))) for row in beta]


def dense_back(delta, z, beta):
    """∂E/∂z_s = Σ_u δ_u β_us and ∂E/∂β_ts = δ_t z_s."""
    units = range(len(delta))
    dz = [sum(delta[u] * beta[u][s] for u in units) for s in range(1, 1 + len(z))]
    return dz, [[delta[t] * zs for zs in (1.0, *z)] for t in units]


def starts(side, size, stride, padding):
    """The first row (or column) of the image that each position of a window covers; padding makes it negative."""
    return range(-padding, side + padding - size + 1, stride)


def positions(z, size, stride, padding=(0, 0)):
    """Where the window stands, ((row out, column out), (row in, column in)), and the places in it, row by row."""
    rows, columns = (starts(*side) for side in zip((len(z[0]), len(z[0][0])), size, stride, padding, strict=True))
    stands = [((y, x), (r, c)) for (y, r), (x, c) in itertools.product(enumerate(rows), enumerate(columns))]
    return stands, list(itertools.product(range(size[0]), range(size[1])))


def grid(depth, stands, value):
    """value(d, (row out, column out), (row in, column in)) for every map d and position, as lists."""
    width = 1 + max(x for (_, x), _ in stands)
    maps = [[value(d, out, into) for out, into in stands] for d in range(depth)]
    return [[numbers[i : i + width] for i in range(0, len(numbers), width)] for numbers in maps]


def inside(z, r, c):
    return 0 <= r < len(z[0]) and 0 <= c < len(z[0][0])


def conv(z, beta, size, stride, padding):
    """a_m(r, c) = β_m0 + Σ_d Σ_i Σ_j β_m,dij z_d(r + i, c + j), z = 0 outside: the kernel is not flipped."""
    stands, window = positions(z, size, stride, padding)

    def a(m, _, start):
        total = beta[m][0]
        for d, (i, j) in itertools.product(range(len(z)), window):
            r, c = start[0] + i, start[1] + j
            if inside(z, r, c):
                total += beta[m][1 + (d * size[0] + i) * size[1] + j] * z[d][r][c]
        return total

    return grid(len(beta), stands, a)


def conv_back(delta, z, beta, size, stride, padding):
    """The weights are shared: every position adds its δ_t z_s to ∂E/∂β_ts, and every use of a pixel its δ_t β_ts."""
    stands, window = positions(z, size, stride, padding)
    dz, dbeta = each(lambda _: 0.0, z), each(lambda _: 0.0, beta)
    for m, ((y, x), start) in itertools.product(range(len(beta)), stands):
        dbeta[m][0] += delta[m][y][x]
        for d, (i, j) in itertools.product(range(len(z)), window):
            r, c, s = start[0] + i, start[1] + j, 1 + (d * size[0] + i) * size[1] + j
            if inside(z, r, c):
                dbeta[m][s] += delta[m][y][x] * z[d][r][c]
                dz[d][r][c] += delta[m][y][x] * beta[m][s]
    return dz, dbeta


def max_pool(z, size, stride):
    stands, window = positions(z, size, stride)
    return grid(len(z), stands, lambda d, _, start: max(z[d][start[0] + i][start[1] + j] for i, j in window))


def max_pool_back(delta, z, size, stride):
    """delta goes to the first maximum only."""
    stands, window = positions(z, size, stride)
    dz = each(lambda _: 0.0, z)
    for d, ((y, x), start) in itertools.product(range(len(z)), stands):
        places = [(start[0] + i, start[1] + j) for i, j in window]
        largest = max(z[d][r][c] for r, c in places)
        r, c = next((r, c) for r, c in places if z[d][r][c] == largest)
        dz[d][r][c] += delta[d][y][x]
    return dz


def avg_pool(z, size, stride):
    stands, window = positions(z, size, stride)
    return grid(
        len(z), stands, lambda d, _, start: sum(z[d][start[0] + i][start[1] + j] for i, j in window) / len(window)
    )


def avg_pool_back(delta, z, size, stride):
    stands, window = positions(z, size, stride)
    dz = each(lambda _: 0.0, z)
    for d, ((y, x), start), (i, j) in itertools.product(range(len(z)), stands, window):
        dz[d][start[0] + i][start[1] + j] += delta[d][y][x] / len(window)
    return dz


def pair(value):
    return (value, value) if isinstance(value, int) else value


pairs = lambda low, high: st.one_of(st.integers(low, high), st.tuples(*[st.integers(low, high)] * 2))  # noqa: E731
geometry = {
    "n": st.integers(1, 2),
    "C": st.integers(1, 3),
    "sides": st.tuples(st.integers(1, 6), st.integers(1, 6)),
    "size": pairs(1, 3),
    "seed": st.integers(0, 10**6),
}
drawn = settings(max_examples=40, deadline=None, derandomize=True)


def fits(sides, size, padding=(0, 0)):
    return all(side + 2 * p >= k for side, k, p in zip(sides, pair(size), pair(padding), strict=True))


def built(layer, shape, fit):
    """The shape that goes out; a window that is larger than the image is refused."""
    if not fit:
        with pytest.raises(ValueError, match="expects an image of at least"):
            layer.build(shape)
    assume(fit)
    return layer.build(shape)


@drawn
@given(maps=st.integers(1, 3), stride=pairs(1, 3), padding=pairs(0, 2), **geometry)
def test_convolution(n, C, sides, size, seed, maps, stride, padding):
    rng, kernel = np.random.default_rng(seed), (pair(size), pair(stride), pair(padding))
    layer = Conv2D(maps, size, stride, padding)
    shape = built(layer, (C, *sides), fits(sides, size, padding))
    w, g = rng.standard_normal((2, layer.n_weights))
    layer.bind(w, g, rng)
    w[:] = rng.standard_normal(len(w))
    beta = w.reshape(maps, -1).tolist()
    z, delta = rng.standard_normal((n, C, *sides)), rng.standard_normal((n, *shape))
    a, cache = layer.forward(z)
    assert a.shape == delta.shape
    close(a, [conv(zi, beta, *kernel) for zi in z.tolist()])
    layer.gradient(delta, cache)
    back = [conv_back(*each_row, beta, *kernel) for each_row in zip(delta.tolist(), z.tolist(), strict=True)]
    close(g, flat(each(lambda *parts: sum(parts), *[dbeta for _, dbeta in back])))
    close(layer.backward(delta, cache), [dz for dz, _ in back])


@pytest.mark.parametrize(
    ("make", "forward", "backward"),
    [(MaxPool2D, max_pool, max_pool_back), (AvgPool2D, avg_pool, avg_pool_back)],
    ids=["MaxPool2D", "AvgPool2D"],
)
@drawn
@given(stride=st.one_of(st.none(), pairs(1, 3)), ties=st.booleans(), **geometry)
def test_pooling(make, forward, backward, n, C, sides, size, seed, stride, ties):
    rng, window = np.random.default_rng(seed), (pair(size), pair(size if stride is None else stride))
    layer = make(size, stride)
    shape = built(layer, (C, *sides), fits(sides, size))
    z = rng.integers(3, size=(n, C, *sides)).astype(float) if ties else rng.standard_normal((n, C, *sides))
    delta = rng.standard_normal((n, *shape))
    out, cache = layer.forward(z)
    assert out.shape == delta.shape
    close(out, [forward(zi, *window) for zi in z.tolist()])
    close(
        layer.backward(delta, cache),
        [backward(*rows, *window) for rows in zip(delta.tolist(), z.tolist(), strict=True)],
    )


@pytest.mark.parametrize("layer", [Dense(3), Conv2D(3, 2)], ids=repr)
def test_binding_draws_every_weight_and_zeroes_the_biases(layer):
    """Whatever was in the vector before."""
    layer.build((4,) if isinstance(layer, Dense) else (2, 3, 3))
    w, g = np.ones((2, layer.n_weights))
    layer.bind(w, g, np.random.default_rng(0))
    beta = w.reshape(3, -1)
    assert (beta[:, 0] == 0).all()
    assert len(np.unique(beta[:, 1:])) == beta[:, 1:].size
    assert not np.isin(beta, [1]).any()


def test_an_initializer_is_told_how_many_weights_meet():
    """Inputs and uses of a unit; for a map all places of its kernel count."""
    told = []

    def init(rng, shape, fan_in, fan_out):
        told.append((shape, fan_in, fan_out))
        return rng.random(shape)

    Network([Conv2D(3, (2, 4), init=init), Flatten(), Dense(2, init=init)], SumOfSquares(), (5, 4, 6))
    assert told == [((3, 5 * 2 * 4), 5 * 2 * 4, 3 * 2 * 4), ((2, 3 * 3 * 3), 3 * 3 * 3, 2)]


@pytest.mark.parametrize("shape", [(1, 2, 9), (1, 9, 2)])
def test_padding_counts_on_both_sides(shape):
    """Two rows and a row of zeros on each side hold a kernel of four rows, not of five."""
    with pytest.raises(ValueError, match="expects an image of at least 5×5"):
        Conv2D(1, 5, padding=1).build(shape)
    assert min(Conv2D(1, 4, padding=1).build(shape)) == 1


def test_the_slides_pooling_shapes():
    """20×30 inputs, 4 maps of 5×5: 4×16×26 and 104 weights, then 4×8×13 (lecture, Convolutional Neural Network)."""
    network = Network([Conv2D(4, 5), MaxPool2D(2)], SumOfSquares(), (1, 20, 30))
    assert network.shapes == [(4, 16, 26), (4, 8, 13)]
    assert len(network.w) == 104


def test_dropout_multiplies_by_the_same_mask_both_ways():
    """z m / (1 - p), m_s = 0 or 1; the mask shows in what becomes of ones."""
    layer, z = Dropout(0.3), np.random.default_rng(0).standard_normal((50, 40))
    mask, cache = layer.forward_train(np.ones_like(z), np.random.default_rng(1))
    assert set(np.unique(mask)) == {0.0, 1 / (1 - 0.3)}
    assert np.mean(mask == 0) == pytest.approx(0.3, abs=5 * math.sqrt(0.3 * 0.7 / z.size))
    close(layer.forward_train(z, np.random.default_rng(1))[0], z * mask)
    close(layer.backward(z, cache), z * mask)
    plain, cache = layer.forward(z)
    np.testing.assert_array_equal(plain, z)
    np.testing.assert_array_equal(layer.backward(z, cache), z)
    np.testing.assert_array_equal(Dropout(0).forward_train(z, np.random.default_rng(1))[0], z)


# Networks ------------------------------------------------------------------------------------------------------------


def forward(layer, z):
    match layer:
        case Dense():
            return dense(z, layer.beta.tolist())
        case Conv2D():
            return conv(z, layer.beta.tolist(), layer.size, layer.stride, layer.padding)
        case Activation():
            return each(H[layer.h.name][0], z)
        case MaxPool2D():
            return max_pool(z, layer.size, layer.stride)
        case AvgPool2D():
            return avg_pool(z, layer.size, layer.stride)
        case Flatten():
            return flat(z)
    return z  # Dropout drops nothing outside of training


def backward(layer, delta, z):
    """∂E_i/∂z and, for a layer with weights, ∂E_i/∂β."""
    match layer:
        case Dense():
            return dense_back(delta, z, layer.beta.tolist())
        case Conv2D():
            return conv_back(delta, z, layer.beta.tolist(), layer.size, layer.stride, layer.padding)
        case Activation():  # δ_t = h'(a_t) Σ_u δ_u β_ut; the sum is what comes in
            return each(lambda a, d: H[layer.h.name][1](a) * d, z, delta), None
        case MaxPool2D():
            return max_pool_back(delta, z, layer.size, layer.stride), None
        case AvgPool2D():
            return avg_pool_back(delta, z, layer.size, layer.stride), None
        case Flatten():
            numbers = iter(delta)
            return each(lambda _: next(numbers), z), None
    return delta, None


def one(network, x, y, sigma, E):
    """Everything about one observation: the values between the layers, E_i, every δ, and ∇E_i as one list."""
    values = [x]
    for layer in network.layers:
        values.append(forward(layer, values[-1]))
    delta, deltas, g = delta_output(values[-1], y, sigma, E), [], []
    for layer, z in reversed(list(zip(network.layers, values[:-1], strict=True))):
        deltas.insert(0, delta)
        delta, dbeta = backward(layer, delta, z)
        g[:0] = flat(dbeta) if dbeta else []
    return values, E(output(sigma, values[-1]), y), deltas, g


def penalty_by_hand(network):
    """λ Σ β² or λ Σ |β| and its derivative, biases left out unless they are asked for."""
    value, g, penalty = 0.0, [], network.penalty
    for layer in network.layers:
        for row in layer.beta.tolist() if layer.n_weights else []:
            for s, b in enumerate(row):
                counts = penalty is not None and (s > 0 or penalty.biases)
                squared = isinstance(penalty, L2)
                value += penalty.lam * (b * b if squared else abs(b)) if counts else 0.0
                g.append((2 * penalty.lam * b if squared else math.copysign(penalty.lam, b)) if counts else 0.0)
    return value, g


def image_network(*layers):
    return lambda error, penalty: Network([*layers, Flatten(), Dense(3)], error, (2, 6, 5), penalty=penalty)


NETWORKS = {
    "no hidden layer": lambda error, penalty: mlp([4, 3], error=error, penalty=penalty),
    "one output": lambda error, penalty: mlp([2, 3, 1], "tanh", error, penalty=penalty),
    "sigmoid": lambda error, penalty: mlp([2, 3, 4, 3], "sigmoid", error, penalty=penalty),
    "relu": lambda error, penalty: mlp([3, 6, 5, 4, 2], "relu", error, penalty=penalty),
    "identity, dropout": lambda error, penalty: Network(
        [Dense(4), Activation("identity"), Dropout(0.5), Dense(3)], error, 3, penalty=penalty
    ),
    "max pooling": image_network(Conv2D(3, 3), Activation("relu"), MaxPool2D(2)),
    "average pooling": image_network(Conv2D(2, (2, 3), padding=1), AvgPool2D(2, 1), Activation("tanh")),
    "two convolutions": image_network(Conv2D(2, 2), Activation("sigmoid"), Conv2D(3, 3, stride=2, padding=(1, 0))),
    "pooling first": image_network(AvgPool2D(2), Activation("tanh"), Conv2D(2, 2)),
}
PENALTIES = [None, L1(0.3), L2(0.2), L1(0.3, biases=True), L2(0.2, biases=True)]


def problem(make, error, penalty=None, n=3):
    rng = np.random.default_rng(5)
    network = make(error, penalty)
    network.w[:] = 0.3 * rng.standard_normal(len(network.w))
    K = network.output_shape[-1]
    return network, rng.standard_normal((n, *network.input_shape)), data(error, n, K, rng)[1]


@pytest.mark.equation("hidden-unit")
@pytest.mark.equation("output-unit")
@pytest.mark.equation("network-function-deep")
@pytest.mark.equation("delta-hidden")
@pytest.mark.equation("gradient-component")
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
@each_error
def test_networks(error, sigma, E, make):
    network, X, Y = problem(make, error)
    found = [one(network, x, y, sigma, E) for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    weighted = [i for i, layer in enumerate(network.layers) if layer.n_weights]
    a, z = network.forward(X)
    assert (len(a), len(z)) == (len(weighted), len(weighted) + 1)
    for number, i in enumerate(weighted):
        close(z[number], [values[i] for values, *_ in found])
        close(a[number], [values[i + 1] for values, *_ in found])
        close(network.deltas(X, Y)[number], [deltas[i] for _, _, deltas, _ in found])
    yhat = [output(sigma, values[-1]) for values, *_ in found]
    close(z[-1], yhat)
    close(network.predict(X), yhat)
    close(network.error(X, Y), sum(Ei for _, Ei, _, _ in found) / len(X))
    close(network.gradient(X, Y), [sum(parts) / len(X) for parts in zip(*(g for *_, g in found), strict=True)])


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("name", ["sigmoid", "two convolutions", "pooling first"])
def test_penalties(name, penalty):
    """Added once to the mean error, not once for each observation."""
    network, X, Y = problem(NETWORKS[name], CrossEntropy(), penalty)
    found = [one(network, x, y, "softmax", cross) for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    value, slope = penalty_by_hand(network)
    mean = [sum(parts) / len(X) for parts in zip(*(g for *_, g in found), strict=True)]
    close(network.error(X, Y), sum(Ei for _, Ei, _, _ in found) / len(X) + value)
    close(network.gradient(X, Y), [m + s for m, s in zip(mean, slope, strict=True)])
    risk = EmpiricalRisk(network, X, Y)
    close(risk.F(network.w), network.error(X, Y))
    close(risk.grad(network.w), network.gradient(X, Y))


@pytest.mark.parametrize("K", [1, 2, 3])
def test_accuracy_counts_right_classes(K):
    """The class is the largest ŷ_k; for K = 1 it is whether ŷ > ½, and some ŷ and y are ½ here."""
    network, rng = Network([Dense(K)], SumOfSquares(), K), np.random.default_rng(1)
    network.w[:] = np.eye(K, 1 + K, 1).ravel()  # ŷ = x
    X, Y = rng.choice([0.1, 0.5, 0.9], (2, 30, 1)) if K == 1 else rng.random((2, 30, K))
    kind = (lambda z: z[0] > 0.5) if K == 1 else lambda z: z.index(max(z))
    right = sum(kind(x) == kind(y) for x, y in zip(X.tolist(), Y.tolist(), strict=True))
    assert network.accuracy(X, Y) == right / 30


def test_the_stochastic_gradient_is_a_mean_over_its_indices():
    """g(w, ξ) = (1/|J|) Σ_{j ∈ J} ∇E_j(w); an index that was drawn twice counts twice."""
    network, X, Y = problem(NETWORKS["sigmoid"], SumOfSquares(), n=5)
    w, J = network.w + 0.1, [3, 0, 3]
    risk = EmpiricalRisk(network, X, Y)
    found = risk.g(w, J)
    network.w[:] = w
    rows = [one(network, X[j].tolist(), Y[j].tolist(), "identity", squares)[3] for j in J]
    close(found, [sum(parts) / 3 for parts in zip(*rows, strict=True)])


@pytest.mark.parametrize("lam", [0.0, 0.7])
def test_penalties_and_where_their_proximal_steps_lead(lam):
    """prox is where the derivative of ½ (v - w)² + α penalty(v) is zero, or for |v| where it jumps past zero."""
    w, alpha = [-2.0, -0.3, 0.0, 0.1, 0.35, 1.5], 0.5
    close(L2(lam).value(np.array(w)), lam * sum(b * b for b in w))
    close(L1(lam).value(np.array(w)), lam * sum(abs(b) for b in w))
    close(L2(lam).gradient(np.array(w)), [2 * lam * b for b in w])
    close(L1(lam).gradient(np.array(w)), [lam * ((b > 0) - (b < 0)) for b in w])
    for v, b in zip(L2(lam).prox(np.array(w), alpha), w, strict=True):
        assert v - b + alpha * 2 * lam * v == pytest.approx(0, abs=1e-12)
    for v, b in zip(L1(lam).prox(np.array(w), alpha), w, strict=True):
        if v == 0:
            assert abs(b) <= alpha * lam
        else:
            assert v - b + alpha * lam * math.copysign(1, v) == pytest.approx(0, abs=1e-12)


# The gradient check --------------------------------------------------------------------------------------------------


def cubes(w):
    return float(sum(wi**3 for wi in w))


@pytest.mark.equation("central-difference")
def test_the_gradient_checks_difference_quotient():
    """For F = Σ w_i³ the central difference is 3 w_i² + ε², so that the relative error is known."""
    w, eps = [0.5, -1.0, 2.0], 0.25
    g, d = [3 * wi**2 for wi in w], [3 * wi**2 + eps**2 for wi in w]
    error = math.dist(g, d) / max(math.hypot(*g), math.hypot(*d))
    close(check_gradient(cubes, lambda w: 3 * w**2, np.array(w), eps), error)
    wrong = [10 * gi for gi in g]
    error = math.dist(wrong, d) / max(math.hypot(*wrong), math.hypot(*d))
    close(check_gradient(cubes, lambda w: 30 * w**2, np.array(w), eps), error)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_checks_default_step(dtype):
    """w ± u^(1/3) e_i, with u of the dtype, and nothing else."""
    w, seen = np.array([0.5, -1.0, 2.0], dtype), []
    check_gradient(lambda v: seen.append(v.copy()) or cubes(v), lambda w: 3 * w**2, w)
    step = float(np.finfo(dtype).eps) ** (1 / 3)
    expected = [w + sign * step * e for e in np.eye(3) for sign in (1, -1)]
    np.testing.assert_allclose(seen, expected, rtol=np.finfo(dtype).eps)


@pytest.mark.parametrize("scale", [1e-6, 1.0])
def test_the_gradient_check_is_relative_and_leaves_w_alone(scale):
    """An array that cannot be written to will do; a gradient that is 1 % off shows, however small it is."""
    w = np.array([0.5, -1.0, 2.0])
    w.setflags(write=False)
    found = check_gradient(lambda v: scale * cubes(v), lambda v: 1.01 * scale * 3 * v**2, w)
    assert found == pytest.approx(0.01 / 1.01, rel=1e-6)


@pytest.mark.parametrize("coordinates", [None, 1, 3, 6, 9])
def test_the_gradient_check_compares_only_the_coordinates_it_drew(coordinates):
    """Each at most once, the same ones with the same seed, and the norms are over them alone."""
    w, eps, draws = np.array([0.5, -1.0, 2.0, 1.5, 0.1, -0.7]), 0.25, []
    for seed in (*range(10), *range(10)):
        seen = []
        found = check_gradient(
            lambda v, seen=seen: seen.append(v.copy()) or cubes(v), lambda w: 3 * w**2, w, eps, coordinates, seed
        )
        moved = [int(abs(v - w).argmax()) for v in seen[::2]]
        assert len(set(moved)) == len(moved) == min(coordinates or 6, 6)
        d = [3 * w[i] ** 2 + eps**2 for i in moved]
        close(found, math.dist([3 * w[i] ** 2 for i in moved], d) / math.hypot(*d))
        draws.append(tuple(moved))
    assert draws[:10] == draws[10:]
    assert coordinates not in (1, 3) or len(set(draws)) > 1
