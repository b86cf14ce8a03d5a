"""Layers: shapes and counts of the lecture, derivatives against difference quotients, laws for any input."""

import itertools
import math

import numpy as np
import pytest
from drawn import given, settings, st

from nnlib import (
    L1,
    L2,
    SGD,
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
    check_gradient,
    initializers,
)

ERRORS = [SumOfSquares(), BinaryCrossEntropy(), CrossEntropy(), Unmatched("tanh"), Unmatched("softmax")]


def image_network(*layers, error=None, penalty=None, shape=(2, 7, 8), seed=0, **options):
    """`layers` on images, then three outputs."""
    return Network([*layers, Flatten(), Dense(3)], error or CrossEntropy(), shape, seed, penalty=penalty, **options)


def images(n, shape=(2, 7, 8), seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, *shape)), np.eye(3)[rng.integers(3, size=n)]


def alone(layer, shape, seed=0):
    """The layer by itself, with weights where it has some."""
    layer.build(shape)
    rng = np.random.default_rng(seed)
    if layer.n_weights:
        layer.bind(np.zeros(layer.n_weights), np.zeros(layer.n_weights), rng)
        layer.beta[:] = rng.standard_normal(layer.beta.shape)
    return layer


# The lecture's network ------------------------------------------------------------------------------------------------


@pytest.mark.equation("filter-count")
def test_the_lectures_cnn():
    """20×30 inputs, 4 maps of 5×5: 104 weights and biases, 4×16×26 units, after pooling 4×8×13."""
    conv = Conv2D(4, 5)
    network = Network([conv, Activation("relu"), MaxPool2D(2), Flatten(), Dense(10)], CrossEntropy(), (1, 20, 30))
    assert conv.n_weights == 104
    assert network.shapes == [(4, 16, 26), (4, 16, 26), (4, 8, 13), (416,), (10,)]
    assert len(network.w) == 104 + 10 * 417
    assert network.predict(np.zeros((2, 1, 20, 30))).shape == (2, 10)


@pytest.mark.equation("output-size")
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2D(4, 5, padding=2), (4, 20, 30)),  # the size is kept
        (Conv2D(4, (5, 3), stride=2), (4, 8, 14)),
        (Conv2D(4, 3, stride=(2, 3), padding=(1, 0)), (4, 10, 10)),
        (MaxPool2D(3), (1, 6, 10)),  # two rows fill no window
        (AvgPool2D(3, stride=2), (1, 9, 14)),
        (Flatten(), (600,)),
        (Dropout(0.5), (1, 20, 30)),
    ],
    ids=repr,
)
def test_output_shapes(layer, shape):
    assert layer.build((1, 20, 30)) == shape
    assert alone(layer, (1, 20, 30)).forward(np.ones((2, 1, 20, 30)))[0].shape == (2, *shape)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Conv2D(4, 5), Dense(3)], r"layer 2: Dense\(3\) expects a vector .* got shape \(4, 3, 4\); put Flatten"),
        (
            [Conv2D(4, 5), MaxPool2D(4)],
            r"layer 2: MaxPool2D\(4\) expects an image of at least 4×4, got shape \(4, 3, 4\)",
        ),
        (
            [Flatten(), Conv2D(4, 5)],
            r"layer 2: Conv2D\(4, 5\) expects an image.* got shape \(112,\)",
        ),
        ([Conv2D(4, (8, 3))], r"layer 1: Conv2D\(4, \(8, 3\)\) expects an image of at least 8×3"),
    ],
)
def test_a_mismatch_names_the_layer(layers, message):
    with pytest.raises(ValueError, match=message):
        Network(layers, CrossEntropy(), (2, 7, 8))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv2D(0, 5), "Conv2D: maps: expected 1 or more, got 0"),
        (lambda: Conv2D(1, (5, 0)), "Conv2D: size: expected 1 or more, got 0"),
        (lambda: Conv2D(1, 5, stride=0), "Conv2D: stride: expected 1 or more"),
        (lambda: Conv2D(1, 5, padding=-1), "Conv2D: padding: expected 0 or more"),
        (lambda: MaxPool2D(0), "MaxPool2D: size: expected 1 or more"),
        (lambda: Dropout(1.0), r"Dropout: p: expected the fraction that is dropped, in \[0, 1\), got 1.0"),
        (lambda: L2(-1), "lam: expected a number of at least 0"),
        (lambda: L1(float("nan")), "lam: expected a number of at least 0"),
        (lambda: initializers.normal(-1), "sd: expected a standard deviation"),
    ],
)
def test_a_bad_setting_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Derivatives ----------------------------------------------------------------------------------------------------------

CASES = {
    "dense": [Flatten(), Dense(5), Activation("tanh")],
    "convolution": [Conv2D(3, 3)],
    "stride": [Conv2D(3, (3, 2), stride=(2, 1)), Activation("tanh")],
    "padding": [Conv2D(3, 3, padding=1), Activation("sigmoid")],
    "stride and padding": [Conv2D(3, 3, stride=2, padding=(2, 1)), Activation("tanh")],
    "two convolutions": [Conv2D(3, 3), Activation("tanh"), Conv2D(2, 2, stride=2)],
    "max pooling": [Conv2D(3, 2), MaxPool2D(2), Activation("tanh")],
    "max pooling, overlapping": [Conv2D(3, 2), MaxPool2D(3, stride=1)],
    "average pooling": [Conv2D(3, 2), AvgPool2D(2), Activation("relu")],
    "average pooling, overlapping": [Conv2D(3, 2), AvgPool2D((3, 2), stride=(2, 1))],
    "softmax inside": [Flatten(), Dense(4), Activation("softmax")],
}


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("case", CASES)
def test_gradients(case, error):
    """Every coordinate, for batches of 1 and 4, with a penalty; and one random direction."""
    for n, penalty in ((1, None), (4, L2(0.01))):
        network = image_network(*CASES[case], error=error, penalty=penalty)
        risk = EmpiricalRisk(network, *images(n))
        w = network.w + 0
        assert check_gradient(risk.F, risk.grad, w) < 1e-6
        v, eps = np.random.default_rng(2).standard_normal(len(w)), 1e-5
        slope, g = (risk.F(w + eps * v) - risk.F(w - eps * v)) / (2 * eps), risk.grad(w)
        assert abs(slope - g @ v) < 1e-6 * np.linalg.norm(g)


def layer_cases():
    yield "Dense", Dense(4), (5,)
    for size, stride, padding in itertools.product([1, (2, 3)], [1, (2, 1), 3], [0, (1, 2)]):
        yield f"Conv2D {size} {stride} {padding}", Conv2D(3, size, stride, padding), (2, 5, 6)
    yield "MaxPool2D", MaxPool2D(2), (2, 5, 6)
    yield "MaxPool2D overlapping", MaxPool2D((2, 3), stride=1), (2, 5, 6)
    yield "AvgPool2D", AvgPool2D(2), (2, 5, 6)
    yield "AvgPool2D overlapping", AvgPool2D((2, 3), stride=1), (2, 5, 6)
    yield "Flatten", Flatten(), (2, 5, 6)
    yield "Activation", Activation("tanh"), (2, 5, 6)


@pytest.mark.parametrize(("layer", "shape"), [case[1:] for case in layer_cases()], ids=[c[0] for c in layer_cases()])
def test_backward_is_the_derivative_with_respect_to_the_input(layer, shape):
    """⟨d, forward(z + εv) - forward(z - εv)⟩ / 2ε = ⟨backward(d), v⟩ for any d and v."""
    layer, rng = alone(layer, shape), np.random.default_rng(3)
    z, v = rng.standard_normal((2, 3, *shape))
    out, cache = layer.forward(z)
    d, eps = rng.standard_normal(out.shape), 1e-6
    slope = (d * (layer.forward(z + eps * v)[0] - layer.forward(z - eps * v)[0])).sum() / (2 * eps)
    assert slope == pytest.approx((layer.backward(d, cache) * v).sum(), rel=1e-7)


@pytest.mark.parametrize(("layer", "shape"), [case[1:] for case in layer_cases()], ids=[c[0] for c in layer_cases()])
def test_backward_twice_equals_once(layer, shape):
    """Nothing is added up, and another forward pass in between changes nothing."""
    layer, rng = alone(layer, shape), np.random.default_rng(3)
    out, cache = layer.forward(rng.standard_normal((3, *shape)))
    d = rng.standard_normal(out.shape)

    def both():
        layer.gradient(d, cache)
        return layer.backward(d, cache) + 0, layer.dbeta.copy() if layer.n_weights else 0

    first = both()
    layer.forward(rng.standard_normal((3, *shape)))
    for a, b in zip(first, both(), strict=True):
        np.testing.assert_array_equal(a, b)


# Convolution ----------------------------------------------------------------------------------------------------------

windows = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(1, 3), C=st.integers(1, 3), maps=st.integers(1, 3), size=windows, stride=windows,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)), extra=windows, seed=st.integers(0, 9),
)  # fmt: skip
def test_the_convolution_and_its_transpose(n, C, maps, size, stride, padding, extra, seed):
    """⟨conv x, d⟩ = ⟨x, convᵀ d⟩: what goes back is the transpose of what goes forward."""
    shape = (C, size[0] + extra[0], size[1] + extra[1])
    conv, rng = alone(Conv2D(maps, size, stride, padding), shape, seed), np.random.default_rng(seed)
    conv.beta[:, 0] = 0
    x = rng.standard_normal((n, *shape))
    a, cache = conv.forward(x)
    d = rng.standard_normal(a.shape)
    assert (a * d).sum() == pytest.approx((x * conv.backward(d, cache)).sum(), rel=1e-9, abs=1e-9)


@pytest.mark.equation("equivariance")
def test_a_shifted_image_has_shifted_maps():
    """Whole numbers, so that sums are exact in any order."""
    rng = np.random.default_rng(0)
    conv = alone(Conv2D(3, (3, 4)), (2, 14, 15))
    conv.beta[:] = rng.integers(-9, 10, size=conv.beta.shape)
    z = np.zeros((2, 2, 14, 15))
    z[:, :, 5:9, 6:10] = rng.integers(-9, 10, size=(2, 2, 4, 4))
    a = conv.forward(z)[0]
    for shift in (1, 0), (0, -2), (3, 2):
        moved = conv.forward(np.roll(z, shift, axis=(2, 3)))[0]
        assert (moved != a).any()
        np.testing.assert_array_equal(moved, np.roll(a, shift, axis=(2, 3)))


@pytest.mark.equation("convolution")
@pytest.mark.parametrize(("r", "c"), [(0, 0), (3, 5)])
def test_one_unit_of_one_map(r, c):
    """Its window begins at (r, c), and its weights are those of every other unit."""
    conv, rng = alone(Conv2D(1, (3, 2)), (1, 6, 7)), np.random.default_rng(1)
    z = rng.standard_normal((1, 1, 6, 7))
    bias, kernel = conv.beta[0, 0], conv.beta[0, 1:].reshape(3, 2)
    assert conv.forward(z)[0][0, 0, r, c] == pytest.approx(bias + (kernel * z[0, 0, r : r + 3, c : c + 2]).sum())


@pytest.mark.equation("conv-patches")
def test_patches_are_the_dense_equation():
    """A column for each position, the bias on top, and the dense layer's product gives all units."""
    conv, rng = alone(Conv2D(3, 2), (2, 4, 5)), np.random.default_rng(2)
    z = rng.standard_normal((1, 2, 4, 5))
    columns = [[1, *z[0, :, r : r + 2, c : c + 2].ravel()] for r, c in np.ndindex(3, 4)]
    np.testing.assert_array_equal(conv.patches(np.moveaxis(z, 0, -1), slice(0, 3)), np.transpose(columns))
    dense = alone(Dense(3), (8,))
    dense.beta[:] = conv.beta
    units = dense.forward(np.array(columns)[:, 1:])[0]
    np.testing.assert_allclose(conv.forward(z)[0].reshape(3, 12), units.T, rtol=1e-12)


@pytest.mark.equation("conv-gradient")
@pytest.mark.equation("conv-backward")
def test_the_derivatives_of_a_convolution_are_convolutions():
    """For the weights, the image correlated with the deltas; for the image, the deltas with the turned kernel."""
    conv, rng = alone(Conv2D(2, (2, 3)), (3, 5, 6)), np.random.default_rng(3)
    z, delta = rng.standard_normal((1, 3, 5, 6)), rng.standard_normal((1, 2, 4, 4))
    _, cache = conv.forward(z)
    conv.gradient(delta, cache)

    deltas_as_kernel = alone(Conv2D(2, 4), (1, 5, 6))
    deltas_as_kernel.beta[:] = np.hstack([np.zeros((2, 1)), delta[0].reshape(2, -1)])
    weights = deltas_as_kernel.forward(z.reshape(3, 1, 5, 6))[0]  # the channels as observations
    np.testing.assert_allclose(conv.dbeta[:, 1:].reshape(2, 3, 2, 3), weights.swapaxes(0, 1), rtol=1e-9)
    np.testing.assert_allclose(conv.dbeta[:, 0], delta.sum(axis=(0, 2, 3)), rtol=1e-9)

    turned = conv.beta[:, 1:].reshape(2, 3, 2, 3)[:, :, ::-1, ::-1].swapaxes(0, 1)
    back = alone(Conv2D(3, (2, 3), padding=(1, 2)), (2, 4, 4))
    back.beta[:] = np.hstack([np.zeros((3, 1)), turned.reshape(3, -1)])
    np.testing.assert_allclose(conv.backward(delta, cache), back.forward(delta)[0], rtol=1e-9)


@pytest.mark.equation("convolution-channels")
def test_convolution_by_hand():
    """The kernel is not flipped; the bias comes once; channels are added."""
    conv = alone(Conv2D(1, 2), (2, 2, 3))
    conv.beta[:] = [[10, 1, 2, 3, 4, 0, 0, 0, 1]]
    x = np.array([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [1, 2, 3]]], dtype=float)
    expected = [[10 + 1 * 1 + 2 * 2 + 3 * 4 + 4 * 5 + 2, 10 + 1 * 2 + 2 * 3 + 3 * 5 + 4 * 6 + 3]]
    np.testing.assert_array_equal(conv.forward(x[None])[0][0, 0], expected)


def test_a_kernel_as_large_as_the_image_is_a_dense_layer():
    conv, dense = alone(Conv2D(4, (5, 6)), (2, 5, 6)), alone(Dense(4), (60,))
    dense.beta[:] = conv.beta
    x = np.random.default_rng(0).standard_normal((3, 2, 5, 6))
    np.testing.assert_allclose(conv.forward(x)[0].reshape(3, 4), dense.forward(x.reshape(3, 60))[0], rtol=1e-12)


def test_strips_change_nothing(monkeypatch):
    """Patches are made in strips that fit the cache; one row at a time gives the same numbers."""
    X, Y = images(3)
    whole = image_network(Conv2D(3, 3, padding=1), MaxPool2D(2), Conv2D(2, 2))
    g = whole.gradient(X, Y).copy()
    monkeypatch.setattr("nnlib.layers.CACHE", 1)
    np.testing.assert_allclose(whole.gradient(X, Y), g, rtol=1e-12)


# Pooling and flattening -----------------------------------------------------------------------------------------------


@pytest.mark.equation("max-pooling")
@pytest.mark.equation("max-pooling-backward")
def test_delta_goes_to_the_first_maximum_only():
    pool = alone(MaxPool2D(2), (1, 2, 4))
    x = np.array([[[[5.0, 5, 1, 2], [5, 0, 3, 3]]]])
    z, cache = pool.forward(x)
    np.testing.assert_array_equal(z, [[[[5, 3]]]])
    np.testing.assert_array_equal(pool.backward(np.array([[[[7.0, 8]]]]), cache), [[[[7, 0, 0, 0], [0, 0, 8, 0]]]])


@pytest.mark.equation("average-pooling")
def test_average_pooling_by_hand():
    pool = alone(AvgPool2D(2), (1, 2, 5))  # the fifth column fills no window
    z, cache = pool.forward(np.array([[[[1.0, 2, 3, 4, 9], [5, 6, 7, 8, 9]]]]))
    np.testing.assert_array_equal(z, [[[[3.5, 5.5]]]])
    np.testing.assert_array_equal(
        pool.backward(np.array([[[[4.0, 8]]]]), cache), [[[[1, 1, 2, 2, 0], [1, 1, 2, 2, 0]]]]
    )


def test_flatten_keeps_the_order():
    """Also behind a convolution, which lays images out in memory in its own way."""
    conv = alone(Conv2D(3, 2), (2, 4, 5))
    z, _ = conv.forward(np.random.default_rng(0).standard_normal((2, 2, 4, 5)))
    np.testing.assert_array_equal(
        Flatten().forward(z)[0][1], np.array([z[1, c, i, j] for c, i, j in np.ndindex(3, 3, 4)])
    )


# Dropout --------------------------------------------------------------------------------------------------------------


class Told:
    """In the place of a generator: the numbers are told."""

    def __init__(self, numbers):
        self.numbers = np.array(numbers, float)

    def random(self, shape):
        return self.numbers.reshape(shape)


@pytest.mark.equation("dropout-moments")
@pytest.mark.parametrize("p", [0.2, 0.5, 0.7])
def test_mean_and_variance_over_every_mask(p):
    """All 2⁴ masks, each with its probability: exact."""
    z, layer = np.array([[3.0, -1, 0.5, 2]]), Dropout(p)
    masks = list(itertools.product((0, 1), repeat=4))
    chance = np.array([p ** m.count(0) * (1 - p) ** m.count(1) for m in masks])
    values = np.array([layer.forward_train(z, Told(m))[0][0] for m in masks])
    mean = chance @ values
    np.testing.assert_allclose(mean, z[0], rtol=1e-12)
    np.testing.assert_allclose(chance @ (values - mean) ** 2, z[0] ** 2 * p / (1 - p), rtol=1e-12)


@pytest.mark.equation("dropout")
def test_dropout_drops_the_fraction_p_and_keeps_the_mean():
    layer = Dropout(0.2)
    z = np.full((200, 500), 3.0)
    out, mask = layer.forward_train(z, np.random.default_rng(0))
    assert set(np.unique(out)) == {0.0, 3 / 0.8}
    assert (out == 0).mean() == pytest.approx(0.2, abs=0.005)  # 100,000 draws: the standard deviation is 0.0013
    assert out.mean() == pytest.approx(3, abs=0.02)
    np.testing.assert_array_equal(layer.backward(np.ones_like(z), mask), out / 3)


def test_dropout_only_while_training():
    X, Y = images(6)
    network = image_network(Conv2D(3, 3), Dropout(0.5))
    plain = image_network(Conv2D(3, 3))
    np.testing.assert_array_equal(network.predict(X), plain.predict(X))
    np.testing.assert_array_equal(network.gradient(X, Y), plain.gradient(X, Y))
    for net in (network, plain):
        net.fit(X, Y, epochs=2, batch_size=2, progress=False)
    assert not np.allclose(network.w, plain.w)
    again = image_network(Conv2D(3, 3), Dropout(0.5))
    again.fit(X, Y, epochs=2, batch_size=2, progress=False)
    np.testing.assert_array_equal(network.w, again.w)  # the masks come from the seed


def test_gradient_through_dropout():
    """With the masks held fixed, F is differentiable and backpropagation gives its derivative."""
    X, Y = images(4)
    network = image_network(Flatten(), Dropout(0.3), Dense(6), Activation("tanh"), Dropout(0.5), error=SumOfSquares())

    def at(w, what):
        network.w[:] = w
        a, caches = network._forward(X, np.random.default_rng(7))
        return what(a, caches)

    F = lambda w: at(w, lambda a, _: float(network.output_error.value(a, Y).mean()))  # noqa: E731
    grad = lambda w: at(w, lambda a, caches: network._backward(a, caches, Y) + 0)  # noqa: E731
    assert check_gradient(F, grad, network.w.copy()) < 1e-6


# Initial weights and penalties ----------------------------------------------------------------------------------------


@pytest.mark.equation("glorot-variance")
@pytest.mark.equation("he-variance")
@pytest.mark.parametrize(
    ("init", "variance"),
    [
        (initializers.normal(0.5), 0.25),
        (initializers.glorot_normal, 2 / (50 * 9 + 80 * 9)),
        (initializers.glorot_uniform, 2 / (50 * 9 + 80 * 9)),
        (initializers.he_normal, 2 / (50 * 9)),
    ],
)
def test_initial_weights_have_their_variance(init, variance):
    """80 maps of 3×3 on 50 channels: a unit has 50·9 inputs, an input goes to 80·9 units."""
    conv = Conv2D(80, 3, init=init)
    Network([conv], SumOfSquares(), (50, 3, 3), seed=1)
    weights = conv.beta[:, 1:]
    assert weights.var() == pytest.approx(variance, rel=0.03)  # 36,000 draws: relative deviation 0.0075
    assert abs(weights.mean()) < 4 * np.sqrt(variance / weights.size)
    np.testing.assert_array_equal(conv.beta[:, 0], 0)


@pytest.mark.equation("glorot-variance")
def test_glorot_keeps_the_size_of_deltas_through_many_tanh_layers():
    """Twenty layers, small inputs, so that h' is near 1: neither way loses more than a little, where 0.01 loses all."""
    rng = np.random.default_rng(0)
    X, Y = 0.1 * rng.standard_normal((50, 100)), np.eye(10)[rng.integers(10, size=50)]
    for init, low, high in ((initializers.glorot_normal, 0.5, 2.0), (initializers.normal(0.01), 0, 1e-15)):
        layers = [part for _ in range(20) for part in (Dense(100, init), Activation("tanh"))]
        deltas = Network([*layers, Dense(10, init)], CrossEntropy(), 100, seed=1).deltas(X, Y)[:-1]
        ratio = np.linalg.norm(deltas[0]) / np.linalg.norm(deltas[-1])
        assert low < ratio < high


@pytest.mark.equation("he-variance")
def test_he_keeps_both_sizes_through_many_relu_layers():
    """Geometric mean of ten networks. With half the variance each of 19 layers would lose the factor 1/√2."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((50, 100)), np.eye(10)[rng.integers(10, size=50)]
    forward, backward = [], []
    for seed in range(10):
        layers = [part for _ in range(20) for part in (Dense(100, initializers.he_normal), Activation("relu"))]
        network = Network([*layers, Dense(10)], CrossEntropy(), 100, seed=seed)
        a, deltas = network.forward(X)[0], network.deltas(X, Y)
        forward.append(np.log(np.linalg.norm(a[19]) / np.linalg.norm(a[0])))
        backward.append(np.log(np.linalg.norm(deltas[0]) / np.linalg.norm(deltas[19])))
    assert abs(np.mean(forward)) < math.log(2)
    assert abs(np.mean(backward)) < math.log(2)


def test_uniform_weights_stay_inside_their_range():
    dense = Dense(30, init=initializers.glorot_uniform)
    Network([dense], SumOfSquares(), 70)
    assert abs(dense.beta).max() <= np.sqrt(6 / 100)
    assert abs(dense.beta).max() > 0.95 * np.sqrt(6 / 100)


@pytest.mark.equation("l2-regularization")
@pytest.mark.equation("l1-regularization")
@pytest.mark.parametrize(("penalty", "term"), [(L1(0.3), abs), (L2(0.3), lambda b: b * b)], ids=["L1", "L2"])
@pytest.mark.parametrize("biases", [False, True])
def test_penalties_are_added_to_the_mean_error(penalty, term, biases):
    """λ Σ β² or λ Σ |β|: not halved, not divided by n; biases only by choice; convolutions count too."""
    X, Y = images(5)
    layers = [Conv2D(3, 3), Flatten(), Dense(3)]
    plain = Network(layers, CrossEntropy(), X.shape[1:])
    plain.w[:] = np.random.default_rng(4).standard_normal(len(plain.w))
    E, g = plain.error(X, Y), plain.gradient(X, Y).copy()
    network = Network(layers, CrossEntropy(), X.shape[1:], penalty=type(penalty)(0.3, biases=biases))
    network.w[:] = plain.w
    counted = [layer.beta[:, 0 if biases else 1 :] for layer in layers if layer.n_weights]
    assert network.error(X, Y) == pytest.approx(E + 0.3 * sum(term(beta).sum() for beta in counted), rel=1e-12)
    slope = np.sign(plain.w) if isinstance(penalty, L1) else 2 * plain.w
    extra = network.gradient(X, Y) - g
    np.testing.assert_allclose(extra[network.penalized == 1], 0.3 * slope[network.penalized == 1], rtol=1e-9)
    np.testing.assert_array_equal(extra[network.penalized == 0], 0)
    assert (network.penalized == 0).sum() == (0 if biases else 3 + 3)


@pytest.mark.equation("weight-decay")
def test_a_step_with_l2_shrinks_each_weight_by_the_same_factor():
    """w ← (1 - 2 α λ) w - α ∇F(w), and the biases as without a penalty."""
    X, Y = images(5)
    plain, network = (image_network(Flatten(), Dense(4), penalty=penalty) for penalty in (None, L2(0.3)))
    plain.w += 0.1 * np.random.default_rng(6).standard_normal(len(plain.w))
    network.w[:] = plain.w
    expected = np.where(network.penalized, (1 - 2 * 0.5 * 0.3) * plain.w, plain.w) - 0.5 * plain.gradient(X, Y)
    SGD(0.5).step(network.w, network.gradient(X, Y))
    np.testing.assert_allclose(network.w, expected, rtol=1e-10, atol=1e-14)


@pytest.mark.equation("soft-thresholding")
@settings(deadline=None)
@given(st.floats(-5, 5), st.floats(0, 3), st.floats(0.01, 3), st.floats(-6, 6))
def test_the_proximal_step_is_a_minimum(w, lam, alpha, v):
    """No v has a smaller ½ (v - w)² + α penalty(v) than prox(w)."""
    for penalty in (L1(lam), L2(lam)):
        value = lambda x, penalty=penalty: 0.5 * (x - w) ** 2 + alpha * penalty.value(np.array([x]))  # noqa: E731
        assert value(penalty.prox(np.array([w]), alpha)[0]) <= value(v) + 1e-12


# What any network keeps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_permuting_the_batch_permutes_the_deltas(case):
    X, Y = images(5)
    order = np.array([3, 0, 4, 2, 1])
    network = image_network(*CASES[case])
    for delta, permuted in zip(network.deltas(X, Y), network.deltas(X[order], Y[order]), strict=True):
        np.testing.assert_allclose(permuted, delta[order], atol=1e-14)


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32(case):
    X, Y = images(3)
    network = image_network(*CASES[case], dtype="float32", penalty=L1(0.1))
    assert network.predict(X).dtype == network.gradient(X, Y).dtype == np.float32
    assert all(delta.dtype == np.float32 for delta in network.deltas(X, Y))
    network.fit(X, Y, epochs=1, progress=False)
    assert network.w.dtype == np.float32


def test_a_saved_image_network_comes_back(tmp_path):
    layers = [Conv2D(3, (3, 2), stride=(1, 2), padding=1), MaxPool2D(2), AvgPool2D(2, stride=1), Dropout(0.2)]
    network = image_network(*layers, penalty=L1(0.1, biases=True), seed=5)
    network.save(tmp_path / "cnn.npz")
    loaded = Network.load(tmp_path / "cnn.npz")
    assert repr(loaded) == repr(network)
    assert repr(loaded.penalty) == repr(network.penalty) == "L1(0.1, biases=True)"
    X, Y = images(3)
    np.testing.assert_array_equal(loaded.gradient(X, Y), network.gradient(X, Y))


@settings(deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=6), st.floats(-1e4, 1e4))
def test_softmax_does_not_see_a_shift(a, shift):
    a = np.array([a])
    softmax = CrossEntropy.output
    np.testing.assert_allclose(softmax(a + shift), softmax(a), rtol=1e-9)  # a + shift is itself rounded
