"""A network cannot be broken without a word: copies, assignments and shared layers are right or refused."""

import copy
import pickle

import numpy as np
import pytest

from nnlib import (
    L1,
    L2,
    SGD,
    Activation,
    Adam,
    AvgPool2D,
    Clipped,
    Conv2D,
    CrossEntropy,
    Dense,
    Diverged,
    Dropout,
    EmpiricalRisk,
    Flatten,
    GradientDescent,
    LeastSquares,
    LogisticRegression,
    MaxPool2D,
    Momentum,
    Network,
    PolyakAveraging,
    SumOfSquares,
    check_gradient,
    initializers,
    mlp,
    optimizers,
)

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((40, 1, 8, 8)), np.eye(3)[rng.integers(3, size=40)]


def convolution(seed=0, **options):
    """Every kind of layer with weights or a window, a drawn one, and a penalty."""
    layers = [
        *(Conv2D(3, 3, init=initializers.normal(0.3)), Activation("relu"), MaxPool2D(2), Conv2D(2, 2), AvgPool2D(2)),
        *(Flatten(), Dropout(0.2), Dense(5), Activation("tanh"), Dense(3)),
    ]
    return Network(layers, CrossEntropy(), (1, 8, 8), seed, penalty=L2(0.01), **options)


def trained(network, epochs=3):
    network.fit(X, Y, Momentum(0.05), epochs=epochs, batch_size=8, seed=1, progress=False)
    return network.w


def copies(like):
    torch_too = [("pickle", lambda network: pickle.loads(pickle.dumps(network)))]
    return [("deepcopy", copy.deepcopy), ("copy", copy.copy), *torch_too]


@pytest.mark.parametrize(("how", "copied"), copies(None))
def test_a_copy_trains_as_the_original_would_and_leaves_it_alone(how, copied):
    original = convolution()
    trained(original)  # not fresh: the copy must have these weights, not initial ones
    before, g = original.w.copy(), original.g.copy()
    twin = copied(original)
    np.testing.assert_array_equal(twin.w, before)
    np.testing.assert_array_equal(twin.g, g)
    found = trained(twin).copy()
    np.testing.assert_array_equal(original.w, before)
    assert not np.array_equal(found, before)
    np.testing.assert_array_equal(trained(original), found)  # to the bit
    np.testing.assert_array_equal(twin.w, found)
    np.testing.assert_array_equal(copied(copied(twin)).predict(X), twin.predict(X))


@pytest.mark.parametrize(("how", "copied"), copies(None))
def test_the_layers_of_a_copy_see_its_own_vectors(how, copied):
    twin = copied(convolution())
    for layer in twin.layers:
        if layer.n_weights:
            assert np.shares_memory(layer.beta, twin.w)
            assert np.shares_memory(layer.dbeta, twin.g)
    twin.layers[0].beta[0, 0] = 42
    assert twin.w[0] == 42


def test_a_copy_in_torch_trains_too():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    original = convolution(like=torch.zeros(0, dtype=torch.float64))
    for copied in (copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))):
        twin, before = copied(original), original.w.clone()
        trained(twin)
        assert torch.equal(original.w, before)
        assert twin.layers[0].beta.data_ptr() == twin.w.data_ptr()
        again = convolution(like=torch.zeros(0, dtype=torch.float64))
        assert torch.equal(trained(again), twin.w)


def test_a_copied_risk_and_a_list_of_networks_keep_together():
    risk = EmpiricalRisk(convolution(), X, Y)
    twin = copy.deepcopy(risk)
    assert twin.network is not risk.network
    assert check_gradient(twin.F, twin.grad, twin.network.w + 0, coordinates=20) < 1e-6
    one, same, layer = copy.deepcopy([risk.network, risk.network, risk.network.layers[0]])
    assert one is same
    assert layer is one.layers[0]
    assert np.shares_memory(layer.beta, one.w)


def test_a_copied_layer_is_in_no_network_and_can_be_put_into_one():
    network = mlp([3, 2])
    layer = copy.deepcopy(network.layers[0])
    with pytest.raises(AttributeError, match="comes with the network"):
        layer.forward(np.zeros((1, 3)))
    Network([layer], SumOfSquares(), 3)
    network.predict(np.zeros((1, 3)))


def test_an_optimizer_and_its_schedule_are_copied():
    for optimizer in (Adam(optimizers.cosine(0.1, 50)), PolyakAveraging(SGD(0.1)), Clipped(Momentum(0.1), 1.0)):
        twin = pickle.loads(pickle.dumps(optimizer))
        assert repr(twin) == repr(optimizer)
        ends = [o.minimize(EmpiricalRisk(convolution(), X, Y), convolution().w, 5) for o in (optimizer, twin)]
        np.testing.assert_array_equal(*ends)


# Assignments


def test_numbers_that_are_assigned_reach_the_layers():
    network, other = convolution(seed=1), convolution(seed=2)
    w = network.w
    network.w = other.w
    assert network.w is w
    np.testing.assert_array_equal(network.predict(X), other.predict(X))
    other.w[:] = 0  # the numbers were written, nothing is shared
    assert abs(network.w).max() > 0
    network.w -= 0.5 * network.gradient(X, Y)
    assert network.w is w
    first = network.layers[0]
    first.beta = np.ones_like(first.beta)
    assert (network.w[: first.n_weights] == 1).all()
    first.beta *= 2
    assert (network.w[: first.n_weights] == 2).all()
    network.g = np.zeros_like(network.g)
    assert not first.dbeta.any()


def test_layers_cannot_be_taken_out_or_put_in():
    network = mlp([3, 4, 2])
    with pytest.raises(AttributeError):
        network.layers.append(Dense(2))
    with pytest.raises(TypeError):
        network.layers[0] = Dense(2)


@pytest.mark.parametrize("penalty", [None, L2(0.3), L1(0.2), L2(0.3, biases=True)])
def test_a_penalty_set_late_counts_as_one_set_early(penalty):
    late = mlp([64, 4, 3], penalty=L1(0.1, biases=True))
    flat = X.reshape(-1, 64)
    late.gradient(flat, Y)
    late.penalty = penalty
    early = mlp([64, 4, 3], penalty=penalty)
    np.testing.assert_array_equal(late.gradient(flat, Y), early.gradient(flat, Y))
    assert late.error(flat, Y) == early.error(flat, Y)
    if penalty is not None:
        penalty.biases = not penalty.biases  # and this one later still
        both = (late.gradient(flat, Y), mlp([64, 4, 3], penalty=penalty).gradient(flat, Y))
        np.testing.assert_array_equal(*both)
        risk = EmpiricalRisk(late, flat, Y)
        assert check_gradient(risk.F, risk.grad, late.w + 0.1) < 1e-6


def test_the_minimizer_is_that_of_the_present_penalty():
    objective = LogisticRegression(X.reshape(-1, 64)[:, :3], np.sign(X[:, 0, 0, 3]), lam=1.0)
    assert objective.F_star
    objective.lam = 0.01
    assert np.linalg.norm(objective.grad(objective.w_star)) < 1e-7


# A layer at two places


def test_a_layer_with_weights_stands_at_one_place():
    for layer in (Dense(3), Conv2D(1, 3, padding=1), MaxPool2D(1)):
        shape = 3 if isinstance(layer, Dense) else (1, 4, 4)
        with pytest.raises(ValueError, match=r"layer 2: .* is layer 1 already, .*make a layer for each place"):
            Network([layer, layer, Flatten()], SumOfSquares(), shape)


def test_a_layer_that_keeps_nothing_may_stand_anywhere():
    h = Activation("tanh")
    network = Network([Flatten(), Dense(4), h, Dense(4), h, Dense(3)], CrossEntropy(), (1, 8, 8))
    Network([h, Flatten(), Dense(2)], CrossEntropy(), (1, 4, 4))
    risk = EmpiricalRisk(network, X, Y)
    assert check_gradient(risk.F, risk.grad, network.w + 0) < 1e-6


def test_the_network_that_a_layer_left_says_so_and_the_new_one_is_right():
    old = convolution()
    new = Network(old.layers[:6], SumOfSquares(), (1, 8, 8))
    targets = rng.standard_normal((40, *new.output_shape))
    risk = EmpiricalRisk(new, X, targets)
    assert check_gradient(risk.F, risk.grad, new.w + 0) < 1e-6
    for call in (old.predict, old.forward, lambda X: old.gradient(X, Y), lambda X: old.fit(X, Y, progress=False)):
        with pytest.raises(ValueError, match=r"layer 1, Conv2D\(3, 3\), has been given to another network since"):
            call(X)


# Optimizers


def test_a_learning_rate_is_set_and_shown():
    optimizer = SGD(0.1)
    optimizer.alpha = 0.01
    assert optimizer.alpha(1) == 0.01
    np.testing.assert_array_equal(*(o.minimize(objective(), np.zeros(3), 9) for o in (optimizer, SGD(0.01))))
    optimizer.alpha = lambda k: 1 / k
    assert optimizer.alpha(4) == 0.25
    inner = Momentum(0.1)
    for wrapper in (Clipped(inner, 1.0), PolyakAveraging(inner)):
        wrapper.alpha = 0.3
        assert inner.alpha(1) == wrapper.alpha(1) == 0.3
    assert repr(Clipped(inner, 1)) == "Clipped(optimizer=Momentum(alpha=0.3, mu=0.9), limit=1.0)"
    assert repr(Adam(optimizers.cosine(0.1, 50))) == (
        "Adam(alpha=cosine(alpha=0.1, iterations=50, end=0.0), b1=0.9, b2=0.999, eps=1e-08)"
    )


def test_a_step_before_the_start_starts():
    for make in (
        lambda: Momentum(0.1),
        lambda: Adam(0.1),
        lambda: Clipped(Adam(0.1), 9),
        lambda: optimizers.ISTA(1, L1(0)),
    ):
        (a, b), g = (make(), make()), np.array([1.0, -2.0, 3.0])
        w, v = np.zeros(3), np.zeros(3)
        b.start(v)
        for _ in range(3):
            a.step(w, g)
            b.step(v, g)
        np.testing.assert_array_equal(w, v)


def objective():
    A = np.random.default_rng(3).standard_normal((20, 3))
    return LeastSquares(A, A @ [1.0, 2.0, 3.0])


@pytest.mark.parametrize("optimizer", [SGD(1e3), GradientDescent(1e3), Momentum(1e3), Clipped(SGD(1e3), 1e300)])
@pytest.mark.parametrize("iterations", [150, 10_000])
def test_minimize_that_diverges_says_so(optimizer, iterations):
    w = np.ones(3)
    with pytest.raises(Diverged, match=r"‖w‖² is .* with learning rate 1000; .*ten times smaller"):
        optimizer.minimize(objective(), w, iterations)
    np.testing.assert_array_equal(w, 1)
