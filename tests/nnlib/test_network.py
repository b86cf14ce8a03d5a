"""The network function, backpropagation and training: laws, not recorded numbers."""

import itertools
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from drawn import given, settings, st

import nnlib
from nnlib import (
    SGD,
    Activation,
    BinaryCrossEntropy,
    CrossEntropy,
    Dense,
    Diverged,
    EmpiricalRisk,
    Momentum,
    Network,
    SumOfSquares,
    Unmatched,
    check_gradient,
    mlp,
)
from nnlib.activations import softmax

ERRORS = [SumOfSquares(), BinaryCrossEntropy(), CrossEntropy(), Unmatched("sigmoid"), Unmatched("softmax")]


def problem(sizes, n=7, seed=0, **kwargs):
    rng = np.random.default_rng(seed)
    network = mlp(sizes, seed=seed, **kwargs)
    network.w[:] = 0.7 * rng.standard_normal(len(network.w))  # biases too
    return network, rng.standard_normal((n, sizes[0])), np.eye(sizes[-1])[rng.integers(sizes[-1], size=n)]


def by_loops(network, x, y):
    """Slide by slide, unit by unit: ∂E_i/∂β of one observation, tanh hidden units and a matched pair."""
    betas = [layer.beta for layer in network.layers if isinstance(layer, Dense)]
    z, a = [[1.0, *x]], []
    for beta in betas:
        a.append([sum(beta[t, s] * z[-1][s] for s in range(beta.shape[1])) for t in range(beta.shape[0])])
        z.append([1.0, *np.tanh(a[-1])])
    delta = [[yhat - target for yhat, target in zip(softmax(np.array(a[-1])), y, strict=True)]]
    for above, here in zip(betas[:0:-1], a[-2::-1], strict=True):
        pushed = [sum(delta[0][u] * above[u, t + 1] for u in range(above.shape[0])) for t in range(len(here))]
        delta.insert(0, [(1 - np.tanh(at) ** 2) * s for at, s in zip(here, pushed, strict=True)])
    return delta, np.concatenate([np.outer(d, zl).ravel() for d, zl in zip(delta, z[:-1], strict=True)])


@pytest.mark.equation("network-function")
@pytest.mark.equation("network-function-absorbed")
def test_the_network_function_is_the_slides_nested_sum():
    """With biases apart, and with X_0 = z_0 = 1."""
    network, X, _ = problem([3, 4, 2])
    (b1, b2), (p, M, K) = (network.layers[0].beta, network.layers[2].beta), (3, 4, 2)
    apart, absorbed = [], []
    for x in X:
        z = [np.tanh(sum(b1[j, i + 1] * x[i] for i in range(p)) + b1[j, 0]) for j in range(M)]
        apart.append(softmax(np.array([sum(b2[k, j + 1] * z[j] for j in range(M)) + b2[k, 0] for k in range(K)])))
        x = [1.0, *x]
        z = [1.0, *(np.tanh(sum(b1[j, i] * x[i] for i in range(1 + p))) for j in range(M))]
        absorbed.append(softmax(np.array([sum(b2[k, j] * z[j] for j in range(1 + M)) for k in range(K)])))
    np.testing.assert_allclose(network.predict(X), apart, rtol=1e-12)
    np.testing.assert_allclose(network.predict(X), absorbed, rtol=1e-12)


@pytest.mark.equation("forward-unit")
@pytest.mark.equation("delta-hidden")
@pytest.mark.equation("gradient-component")
@pytest.mark.parametrize("sizes", [[3, 2], [3, 4, 2], [2, 3, 4, 3]])
def test_backpropagation_is_the_slides_unit_by_unit(sizes):
    network, X, Y = problem(sizes, n=1)
    delta, g = by_loops(network, X[0], Y[0])
    np.testing.assert_allclose(network.gradient(X, Y), g, rtol=1e-12, atol=1e-14)
    for found, expected in zip(network.deltas(X, Y), delta, strict=True):
        np.testing.assert_allclose(found[0], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.equation("gradient-component")
@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "relu"])
def test_gradient_against_difference_quotients(hidden, error):
    network, X, Y = problem([3, 5, 4, 2], hidden=hidden, error=error)
    risk = EmpiricalRisk(network, X, Y)
    assert check_gradient(risk.F, risk.grad, network.w) < 1e-8


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.integers(1, 9), st.integers(0, 10**6))
def test_gradient_for_any_shape(sizes, n, seed):
    network, X, Y = problem(sizes, n, seed)
    risk = EmpiricalRisk(network, X, Y)
    assert check_gradient(risk.F, risk.grad, network.w) < 1e-6 or np.abs(network.gradient(X, Y)).max() < 1e-8


@pytest.mark.equation("gradient-sum")
def test_the_gradient_of_the_mean_is_the_mean_of_the_gradients():
    network, X, Y = problem([3, 4, 2])
    rows = [network.gradient(X[i : i + 1], Y[i : i + 1]).copy() for i in range(len(X))]
    np.testing.assert_allclose(network.gradient(X, Y), np.mean(rows, axis=0), atol=1e-14)


@pytest.mark.equation("delta-definition")
def test_a_delta_is_what_a_bias_feels():
    """A bias moves its unit's sum and nothing else, so δ_t is the difference quotient of E_i in β_t0."""
    network, X, Y = problem([3, 4, 2], n=1)
    for layer, delta in zip((network.layers[0], network.layers[2]), network.deltas(X, Y), strict=True):
        for t in range(len(layer.beta)):
            kept, E = layer.beta[t, 0], []
            for eps in (1e-5, -1e-5):
                layer.beta[t, 0] = kept + eps
                E.append(network.error(X, Y))
            layer.beta[t, 0] = kept
            np.testing.assert_allclose(delta[0, t], (E[0] - E[1]) / 2e-5, rtol=1e-6, atol=1e-9)


@pytest.mark.equation("delta-product")
def test_a_delta_is_a_sum_over_paths():
    """From a unit of the first hidden layer to the outputs: slopes and weights multiplied along each path."""
    network, X, Y = problem([3, 4, 2, 3, 2], n=1)
    deltas = network.deltas(X, Y)
    a, _ = network.forward(X)
    beta = [layer.beta for layer in network.layers if isinstance(layer, Dense)]
    for t in range(4):
        total = 0.0
        for path in itertools.product(range(2), range(3), range(2)):
            term, unit = deltas[-1][0, path[-1]], t
            for layer, following in enumerate(path):
                term *= (1 - np.tanh(a[layer][0, unit]) ** 2) * beta[layer + 1][following, 1 + unit]
                unit = following
            total += term
        np.testing.assert_allclose(deltas[0][0, t], total, rtol=1e-12)


@pytest.mark.equation("delta-bound")
@pytest.mark.parametrize(("h", "steepest"), [("sigmoid", 0.25), ("tanh", 1.0), ("relu", 1.0)])
def test_no_delta_outgrows_its_bound(h, steepest):
    """‖δ^[l]‖ <= max h' ‖W̄^[l]‖₂ ‖δ^[l+1]‖ for each observation."""
    rng = np.random.default_rng(0)
    network = mlp([5, 8, 7, 6, 3], h, seed=1)
    network.w *= 2
    deltas = network.deltas(rng.standard_normal((20, 5)), np.eye(3)[rng.integers(3, size=20)])
    weights = [layer.beta[:, 1:] for layer in network.layers if isinstance(layer, Dense)]
    for before, after, W in zip(deltas[:-1], deltas[1:], weights[1:], strict=True):
        bound = steepest * np.linalg.norm(W, 2) * np.linalg.norm(after, axis=1)
        assert (np.linalg.norm(before, axis=1) <= bound * (1 + 1e-12)).all()
        assert (np.linalg.norm(before, axis=1) > 0.01 * bound).any()


@pytest.mark.equation("forward-matrix")
@pytest.mark.equation("delta-matrix")
@pytest.mark.equation("delta-unmatched")
@pytest.mark.equation("netbp-update")
def test_a_step_is_netbps():
    """Higham and Higham's loop, written with W, D and columns, for one observation of a network 2-2-3-2."""
    network = mlp([2, 2, 3, 2], "sigmoid", Unmatched("sigmoid"), seed=3)
    x, y, eta = np.array([[0.2, 0.7]]), np.array([[1.0, 0.0]]), 0.5
    W = [layer.beta.copy() for layer in network.layers if hasattr(layer, "beta")]
    z = [x.T]
    for W_l in W:
        z.append(1 / (1 + np.exp(-W_l @ np.vstack([[[1.0]], z[-1]]))))
    D = [np.diagflat(v * (1 - v)) for v in z]
    delta = {3: D[3] @ (z[3] - y.T)}
    for layer in (2, 1):
        delta[layer] = D[layer] @ W[layer][:, 1:].T @ delta[layer + 1]
    for layer in range(3):
        W[layer] -= eta * delta[layer + 1] @ np.vstack([[[1.0]], z[layer]]).T
    SGD(eta).step(network.w, network.gradient(x, y))
    for expected, dense in zip(W, (part for part in network.layers if hasattr(part, "beta")), strict=True):
        np.testing.assert_allclose(dense.beta, expected, rtol=1e-12)


def test_a_second_backward_pass_gives_the_same():
    network, X, Y = problem([3, 4, 2])
    first = network.gradient(X, Y).copy()
    np.testing.assert_array_equal(network.gradient(X, Y), first)


def test_forward_gives_every_a_and_z():
    network, X, _ = problem([3, 4, 2])
    a, z = network.forward(X)
    assert [v.shape for v in z] == [(7, 3), (7, 4), (7, 2)]
    np.testing.assert_array_equal(z[1], np.tanh(a[0]))
    np.testing.assert_array_equal(z[2], network.predict(X))
    first = network.layers[0].beta
    np.testing.assert_allclose(a[0], np.column_stack([np.ones(7), X]) @ first.T)


def test_weights_are_one_vector_and_layers_hold_views():
    network = mlp([2, 3, 2])
    assert len(network.w) == 3 * 3 + 2 * 4
    network.w[0] = 42
    assert network.layers[0].beta[0, 0] == 42
    assert np.shares_memory(network.layers[2].dbeta, network.g)


@pytest.mark.equation("weight-count")
def test_a_weight_for_each_unit_before_and_a_bias():
    network = mlp([784, 100, 30, 10])
    assert [layer.n_weights for layer in network.layers if layer.n_weights] == [100 * 785, 30 * 101, 10 * 31]
    assert len(network.w) == 78_500 + 3_030 + 310


@pytest.mark.equation("weight-count")
def test_higham_network_has_23_weights():
    assert len(mlp([2, 2, 3, 2], "sigmoid", Unmatched("sigmoid")).w) == 23


@pytest.mark.equation("error-sum")
@pytest.mark.parametrize("n", [1, 1024, 1025, 2500])
def test_blocks_do_not_show(n):
    network, X, Y = problem([3, 4, 2], n=n)
    a = np.tanh(X @ network.layers[0].beta[:, 1:].T + network.layers[0].beta[:, 0])
    a = a @ network.layers[2].beta[:, 1:].T + network.layers[2].beta[:, 0]
    np.testing.assert_allclose(network.predict(X), softmax(a), atol=1e-12)
    assert network.error(X, Y) == pytest.approx(-np.log(softmax(a)[Y == 1]).mean())


def test_empirical_risk_leaves_the_networks_weights_alone():
    network, X, Y = problem([3, 4, 2])
    own, w = network.w.copy(), np.ones(len(network.w))
    risk = EmpiricalRisk(network, X, Y)
    F, grad, g = risk.F(w), risk.grad(w), risk.g(w, [0, 3])
    np.testing.assert_array_equal(network.w, own)
    np.testing.assert_allclose(np.mean([risk.g(w, i) for i in range(risk.n)], axis=0), grad, atol=1e-14)
    np.testing.assert_allclose(g, (risk.g(w, 0) + risk.g(w, 3)) / 2, atol=1e-14)
    assert pytest.approx(EmpiricalRisk(mlp_with(network, w), X, Y).F(w)) == F
    with pytest.raises(ValueError, match=r"shape \(26,\), got \(3,\)"):
        risk.F(np.ones(3))


def mlp_with(network, w):
    other = mlp([3, 4, 2])
    other.w[:] = w
    return other


# Training


def test_sgd_and_momentum_are_their_equations():
    w, g1, g2 = np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([-1.0, 2.0])
    sgd = SGD(lambda k: 1 / k)
    sgd.step(w, g1)
    sgd.step(w, g2)
    np.testing.assert_allclose(w, np.array([1.0, -2.0]) - g1 - g2 / 2)
    w, momentum = np.zeros(2), Momentum(0.1, mu=0.5)
    momentum.start(w)
    momentum.step(w, g1)
    momentum.step(w, g2)
    v1 = -0.1 * g1
    np.testing.assert_allclose(w, v1 + (0.5 * v1 - 0.1 * g2))


@pytest.mark.parametrize("optimizer", [SGD(0.3), Momentum(0.1)], ids=["SGD", "Momentum"])
def test_gradient_descent_finds_the_least_squares_solution(optimizer):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((30, 2))
    Y = X @ [[1.0], [-2.0]] + 0.5
    risk = EmpiricalRisk(Network([Dense(1)], SumOfSquares(), 2), X, Y)
    w = optimizer.minimize(risk, np.zeros(3), iterations=400, batch_size=None)
    np.testing.assert_allclose(w, [0.5, 1, -2], atol=1e-6)


def test_minimize_leaves_w_and_replays_from_its_seed():
    network, X, Y = problem([3, 4, 2])
    risk, w = EmpiricalRisk(network, X, Y), network.w.copy()
    HOW = ("replacement", "replacement", "permutation")
    runs = [SGD(0.1).minimize(risk, w, 20, batch_size=2, sampling=how, seed=5) for how in HOW]
    np.testing.assert_array_equal(w, network.w)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0
    with pytest.raises(ValueError, match=r"batch_size.*n = 7, got 8"):
        SGD(0.1).minimize(risk, w, 1, batch_size=8)


def test_fit_learns_the_digits_and_replays():
    digits = nnlib.data.mnist()
    runs = []
    for _ in range(2):
        network = mlp([784, 100, 10], "relu", dtype="float32")
        history = network.fit(
            digits.X_train, digits.Y_train, Momentum(0.03), 5, validation=(digits.X_test, digits.Y_test), progress=False
        )
        runs.append(network.w)
    np.testing.assert_array_equal(*runs)
    assert network.w.dtype == np.float32
    assert len(history) == len(history.validation_error) == 5
    assert history.error[-1] < history.error[0] / 3
    assert network.accuracy(digits.X_test, digits.Y_test) > 0.92
    assert history.validation_accuracy[-1] == network.accuracy(digits.X_test, digits.Y_test)


def test_an_epoch_uses_every_observation_once():
    network, X, Y = problem([3, 2], n=10)
    seen = []
    forward = network._forward
    network._forward = lambda X, rng=None: (rng and seen.append(X)) or forward(X, rng)
    network.fit(X, Y, epochs=1, batch_size=4, progress=False)
    assert [len(part) for part in seen] == [4, 4, 2]
    np.testing.assert_array_equal(np.sort(np.concatenate(seen), axis=0), np.sort(X, axis=0))


def test_divergence_stops_with_advice_and_the_last_good_weights():
    network, X, Y = problem([3, 4, 1], error=SumOfSquares(), hidden="relu")
    start = network.w.copy()
    with pytest.raises(Diverged, match=r"in epoch 1 with learning rate 1e\+200.*ten times smaller"):
        network.fit(X, Y, SGD(1e200), progress=False)
    assert np.isfinite(network.w).all()
    np.testing.assert_array_equal(network.w, start)


def test_divergence_prints_no_warnings():
    network, X, Y = problem([3, 4, 1], error=SumOfSquares(), hidden="relu")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Diverged):
            network.fit(X, Y, SGD(1e200), progress=False)


def test_an_interrupt_keeps_the_last_whole_epoch():
    network, X, Y = problem([3, 4, 2])
    reference, _, _ = problem([3, 4, 2])
    reference.fit(X, Y, epochs=2, batch_size=2, progress=False)

    class Interrupted(SGD):
        def update(self, w, g, alpha):
            if self.k == 10:  # four steps an epoch: in the third
                raise KeyboardInterrupt
            super().update(w, g, alpha)

    history = network.fit(X, Y, Interrupted(0.1), epochs=5, batch_size=2, progress=False)
    assert history.interrupted
    assert len(history) == 2
    np.testing.assert_array_equal(network.w, reference.w)


def test_history_is_what_the_steps_saw():
    """The mean of E_i just before the step that uses observation i; validation comes after the epoch."""
    network, X, Y = problem([3, 4, 2], n=6)
    twin = mlp([3, 4, 2])
    twin.w[:] = network.w
    seen, right = [], []
    for J in np.array_split(np.random.default_rng(5).permutation(6), 3):
        seen.append(twin.error(X[J], Y[J]))
        right.append(twin.accuracy(X[J], Y[J]))
        twin.w -= 0.5 * twin.gradient(X[J], Y[J])
    history = network.fit(X, Y, SGD(0.5), 1, batch_size=2, validation=(X, Y), seed=5, progress=False)
    np.testing.assert_allclose(network.w, twin.w, rtol=1e-12)
    assert history.error == pytest.approx([np.mean(seen)], rel=1e-12)
    assert history.accuracy == pytest.approx([np.mean(right)])
    assert history.validation_error == pytest.approx([twin.error(X, Y)], rel=1e-12)


def test_blocks_change_nothing(monkeypatch):
    """Observations are gathered block by block; a batch is never cut, even one larger than a block."""
    runs = []
    for rows in (1024, 4, 1):
        monkeypatch.setattr("nnlib.network.ROWS", rows)
        network, X, Y = problem([3, 4, 2], n=10)
        history = network.fit(X, Y, epochs=2, batch_size=3, progress=False)
        runs.append([*network.w, *history.error, network.error(X, Y)])
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-12)
    np.testing.assert_allclose(runs[2], runs[0], rtol=1e-12)


@pytest.mark.equation("early-stopping")
def test_early_stopping_goes_back_to_the_best_weights():
    """Noise in the labels: the validation error falls, then rises."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 10))
    Y = np.eye(2)[((X[:, 0] > 0) ^ (rng.random(60) < 0.3)).astype(int)]
    train, validation = (X[:30], Y[:30]), (X[30:], Y[30:])
    network = mlp([10, 20, 2])
    seen = []
    history = network.fit(
        *train, SGD(0.3), 500, 5, validation, progress=False, patience=4,
        callbacks=[lambda network, history: seen.append(network.w.copy())],
    )  # fmt: skip
    assert len(history) == history.best + 4 < 500
    assert history.validation_error[history.best - 1] == min(history.validation_error)
    assert network.error(*validation) == min(history.validation_error) < history.validation_error[-1]
    np.testing.assert_array_equal(network.w, seen[history.best - 1])


def test_patience_without_a_better_epoch_to_come_back_to():
    """The run may end by its number of epochs first: the best weights come back all the same."""
    network, X, Y = problem([3, 4, 2])
    history = network.fit(X, Y, SGD(5.0), 7, 2, (X, Y), progress=False, patience=100)
    assert len(history) == 7
    assert network.error(X, Y) == min(history.validation_error)


def test_callbacks_see_each_epoch_and_may_stop():
    network, X, Y = problem([3, 4, 2])
    calls = []

    def first(network, history):
        calls.append(("first", len(history)))
        return len(history) == 3

    def second(network, history):
        calls.append(("second", len(history)))

    history = network.fit(X, Y, epochs=9, progress=False, callbacks=[first, second])
    assert len(history) == 3
    assert calls == [(name, epoch) for epoch in (1, 2, 3) for name in ("first", "second")]


# What comes in


@pytest.mark.parametrize(
    ("X", "Y", "message"),
    [
        (np.zeros((4, 2)), np.eye(2)[[0, 1, 0, 1]], r"X: expected shape \(n, 3\).*got \(4, 2\)"),
        (np.zeros(3), np.eye(2)[:1], r"X: expected shape \(n, 3\).*got \(3,\)"),
        (np.zeros((0, 3)), np.zeros((0, 2)), "X: expected at least one row"),
        (np.array([[0, 0, 0], [0, np.nan, 0]]), np.eye(2), "X: .*NaN or infinity in row 1"),
        (np.array([["a", "b", "c"]]), np.eye(2)[:1], "X: expected numbers"),
        (np.zeros((2, 3)), np.eye(3)[:2], r"Y: expected shape \(n, 2\).*got \(2, 3\)"),
        (np.zeros((3, 3)), np.eye(2), "Y: expected a row for each of the 3 rows of X, got 2"),
        (np.zeros((2, 3)), np.array([[1, 0], [0.5, 0.5]]), "Y: CrossEntropy expects a unit vector"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(X, Y, message):
    network = mlp([3, 4, 2])
    w = network.w.copy()
    for call in (network.gradient, network.error, network.fit, lambda X, Y: EmpiricalRisk(network, X, Y)):
        with pytest.raises(ValueError, match=message):
            call(X, Y)
    np.testing.assert_array_equal(network.w, w)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mlp([3]), "sizes: expected at least two"),
        (lambda: mlp([3, 0, 2]), "sizes"),
        (lambda: mlp([3, 2, 2], hidden="swish"), "activation"),
        (lambda: Network([], SumOfSquares(), 3), "layers: expected at least one"),
        (
            lambda: Network([Dense(2)], SumOfSquares(), (4, 4)),
            r"layer 1: Dense\(2\) expects a vector.*got shape \(4, 4\)",
        ),
        (lambda: Dense(0), "outputs: expected 1 or more"),
        (lambda: SGD(0), "alpha: expected a positive learning rate"),
        (lambda: Momentum(0.1, mu=1), "mu"),
        (lambda: mlp([3, 2]).fit(np.zeros((1, 3)), [[1, 0]], epochs=-1), "epochs"),
        (lambda: mlp([3, 2]).fit(np.zeros((1, 3)), [[1, 0]], batch_size=0), "batch_size"),
        (lambda: mlp([3, 2]).fit(np.zeros((1, 3)), [[1, 0]], nnlib.SVRG(0.1, 5)), "optimizer: .* SVRG.*minimize"),
        (lambda: mlp([3, 2]).fit(np.zeros((1, 3)), [[1, 0]], patience=3), "patience: .* validation data to watch"),
        (lambda: mlp([3, 2]).fit(np.zeros((1, 3)), [[1, 0]], validation=(np.zeros((1, 2)), [[1, 0]])), "validation: X"),
    ],
)
def test_bad_settings_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.uint8])
def test_any_numbers_are_taken_in_the_networks_dtype(dtype):
    network = mlp([3, 4, 2], dtype="float32")
    X, Y = np.arange(6).reshape(2, 3).astype(dtype), np.eye(2, dtype=dtype)
    assert network.predict(X).dtype == network.gradient(X, Y).dtype == np.float32
    assert all(part.dtype == np.float32 for part in (*network.forward(X)[0], *network.deltas(X, Y)))


@pytest.mark.parametrize(("hidden", "variance"), [("relu", 2 / 300), ("tanh", 2 / 500)])
def test_initial_weights_have_the_variance_of_their_source(hidden, variance):
    """He: 2 / inputs; Glorot: 2 / (inputs + outputs). 60,000 draws: five standard errors are 3 %."""
    beta = mlp([300, 200, 2], hidden).layers[0].beta
    assert beta[:, 1:].var() == pytest.approx(variance, rel=0.03)
    assert abs(beta[:, 1:].mean()) < 5 * np.sqrt(variance / 60_000)
    np.testing.assert_array_equal(beta[:, 0], 0)


def test_lists_integers_and_read_only_arrays_work():
    network = mlp([3, 4, 2])
    X = np.ones((2, 3))
    X.setflags(write=False)
    expected = network.gradient(X, np.eye(2)).copy()
    np.testing.assert_array_equal(network.gradient([[1, 1, 1], [1, 1, 1]], [[1, 0], [0, 1]]), expected)


def test_import_needs_numpy_alone():
    code = """
import json, sys
for name in ("matplotlib", "tqdm", "pooch", "torch"):
    sys.modules[name] = None  # importing it fails
import numpy as np, nnlib
network = nnlib.mlp([2, 2])
network.fit(np.zeros((2, 2)), np.eye(2), epochs=1)
print(json.dumps(nnlib.data.mnist().X_train.shape))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [6000, 784]


def test_history_plots_itself():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    network, X, Y = problem([3, 2])
    axes = network.fit(X, Y, epochs=3, validation=(X, Y), progress=False).plot()
    assert [len(line.get_xdata()) for line in axes.lines] == [3, 3]


def test_repr_says_what_it_is():
    assert repr(Network([Dense(2), Activation("tanh")], SumOfSquares(), 3)) == (
        "Network([Dense(2), Activation('tanh')], SumOfSquares(), input_shape=(3,)): 8 weights"
    )
