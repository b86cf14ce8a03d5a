"""scikit-learn as an outside witness: from the same weights, the same predictions, loss, gradient and training.

Only its public interface is used: `coefs_` and `intercepts_` are set, and `fit` with `warm_start` does full-batch steps
from there. One step of plain gradient descent with learning rate 1 leads from w to w - g, which shows the gradient.
"""

import warnings

import numpy as np
import pytest

from nnlib import L2, SGD, Adam, BinaryCrossEntropy, CrossEntropy, EmpiricalRisk, Momentum, Nesterov, SumOfSquares, mlp

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")
neural_network = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")

N = 12
HIDDEN = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}  # nnlib's name: theirs
TASKS = {  # error, units in the output layer
    "squares": (SumOfSquares(), 1),
    "squares, 3 outputs": (SumOfSquares(), 3),
    "logistic": (BinaryCrossEntropy(), 1),
    "logistic, 3 outputs": (BinaryCrossEntropy(), 3),
    "softmax": (CrossEntropy(), 4),
}


def problem(task, hidden="tanh", alpha=0.0):
    """scikit-learn's penalty is α / (2n) Σ β², biases left out: λ = α / (2n)."""
    error, K = TASKS[task]
    rng = np.random.default_rng(0)
    network = mlp([3, 5, 4, K], hidden, error, seed=1, penalty=L2(alpha / (2 * N)))
    network.w[:] = 0.5 * rng.standard_normal(len(network.w))
    if isinstance(error, SumOfSquares):
        Y = rng.standard_normal((N, K))
    elif isinstance(error, CrossEntropy):
        Y = np.eye(K)[rng.permutation(N) % K]  # no class is missing
    else:
        Y = rng.permuted(np.tile(np.arange(N)[:, None] % 2.0, K), axis=0)  # half of each column is 1
    return network, rng.standard_normal((N, 3)), Y


def as_vector(coefs, intercepts):
    """Their weights in the order of `network.w`: for each unit the bias, then its inputs."""
    return np.concatenate([np.column_stack([b, W.T]).ravel() for W, b in zip(coefs, intercepts, strict=True)])


def witness(network, X, Y, steps=1, alpha=0.0, **settings):
    """What scikit-learn makes of the network's weights: its losses before each of the `steps`, and the last weights."""
    dense = [layer for layer in network.layers if layer.n_weights]
    regression = isinstance(network.output_error, SumOfSquares)
    model = getattr(neural_network, "MLPRegressor" if regression else "MLPClassifier")(
        hidden_layer_sizes=[layer.outputs for layer in dense[:-1]],
        activation=HIDDEN[network.layers[1].h.name],
        **{"alpha": alpha, "solver": "sgd", "learning_rate_init": 1.0, "momentum": 0.0, **settings},
        **{"batch_size": N, "shuffle": False, "warm_start": True, "max_iter": 1, "tol": 0, "n_iter_no_change": 1000},
    )
    target = Y.argmax(axis=1) if isinstance(network.output_error, CrossEntropy) else Y if Y.shape[1] > 1 else Y[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "has not converged"
        model.fit(X, target)  # makes the arrays
        for name in ("coefs_", "intercepts_", "loss_curve_"):
            if not hasattr(model, name):
                pytest.fail(
                    f"scikit-learn {sklearn.__version__} has no MLP attribute {name} any more; rewrite `witness`"
                )
        model.coefs_ = [layer.beta[:, 1:].T.copy() for layer in dense]
        model.intercepts_ = [layer.beta[:, 0].copy() for layer in dense]
        yhat = model.predict(X) if regression else model.predict_proba(X)
        K = Y.shape[1]
        np.testing.assert_allclose(
            yhat if K > 1 else yhat.reshape(N, -1)[:, -1:],
            network.predict(X),
            rtol=1e-12,
            err_msg=f"scikit-learn {sklearn.__version__} does not predict with the weights that `witness` has set",
        )
        done = len(model.loss_curve_)
        model.set_params(max_iter=steps).fit(X, target)
    return model.loss_curve_[done:], as_vector(model.coefs_, model.intercepts_)


@pytest.mark.equation("delta-output")
@pytest.mark.equation("delta-hidden")
@pytest.mark.equation("gradient-component")
@pytest.mark.parametrize("alpha", [0.0, 0.7])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("task", TASKS)
def test_same_loss_and_gradient(task, hidden, alpha):
    network, X, Y = problem(task, hidden, alpha)
    (loss,), w = witness(network, X, Y, alpha=alpha)
    np.testing.assert_allclose(network.gradient(X, Y), network.w - w, rtol=1e-10, atol=1e-14)
    penalty = alpha / (2 * N) * sum((layer.beta[:, 1:] ** 2).sum() for layer in network.layers if layer.n_weights)
    # of squares scikit-learn reports the mean over the outputs, while its gradient is that of the sum
    outputs = Y.shape[1] if isinstance(network.output_error, SumOfSquares) else 1
    assert (network.error(X, Y) - penalty) / outputs + penalty == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "theirs"),
    [
        (SGD(0.2), {"learning_rate_init": 0.2}),
        (Momentum(0.1, 0.8), {"learning_rate_init": 0.1, "momentum": 0.8, "nesterovs_momentum": False}),
        (Nesterov(0.1, 0.8), {"learning_rate_init": 0.1, "momentum": 0.8, "nesterovs_momentum": True}),
        # their epsilon is added before the correction of √r, ours after it: one that does not matter
        (
            Adam(0.01, 0.8, 0.9, 1e-15),
            {"solver": "adam", "learning_rate_init": 0.01, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-15},
        ),
    ],
    ids=["SGD", "Momentum", "Nesterov", "Adam"],
)
def test_same_training(optimizer, theirs):
    """Twenty steps of gradient descent: every loss on the way, and the weights at the end."""
    network, X, Y = problem("softmax", alpha=0.3)
    losses, w = witness(network, X, Y, steps=20, alpha=0.3, **theirs)
    risk, found = EmpiricalRisk(network, X, Y), []
    last = optimizer.minimize(risk, network.w, 20, batch_size=None, callback=lambda k, w: found.append(risk.F(w)))
    np.testing.assert_allclose([network.error(X, Y), *found[:-1]], losses, rtol=1e-10)
    np.testing.assert_allclose(last, w, rtol=1e-9, atol=1e-12)
