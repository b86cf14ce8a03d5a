"""The same code on torch tensors: the values of NumPy, and derivatives that autograd agrees with."""

import numpy as np
import pytest

from nnlib import (
    SGD,
    AdaGrad,
    Adam,
    BinaryCrossEntropy,
    CrossEntropy,
    EmpiricalRisk,
    Momentum,
    Nesterov,
    RMSProp,
    SumOfSquares,
    Unmatched,
    activations,
    check_gradient,
    mlp,
)

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
ERRORS = [SumOfSquares(), BinaryCrossEntropy(), CrossEntropy(), Unmatched("sigmoid"), Unmatched("softmax")]


def both(hidden="tanh", error=None, n=9):
    """The same network and data on NumPy and on torch."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((n, 4)), np.eye(3)[rng.integers(3, size=n)]
    a = mlp([4, 6, 5, 3], hidden, error, seed=1)
    b = mlp([4, 6, 5, 3], hidden, error, seed=1, like=torch.zeros(1, dtype=torch.float64))
    return a, b, X, Y


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "relu"])
def test_same_numbers_as_numpy(hidden, error):
    a, b, X, Y = both(hidden, error)
    assert isinstance(b.gradient(X, Y), torch.Tensor)
    np.testing.assert_array_equal(a.w, b.w.numpy())
    np.testing.assert_allclose(b.predict(X).numpy(), a.predict(X), atol=1e-14)
    np.testing.assert_allclose(b.gradient(X, Y).numpy(), a.gradient(X, Y), atol=1e-14)
    assert b.error(X, Y) == pytest.approx(a.error(X, Y), rel=1e-12)
    for mine, other in zip(a.deltas(X, Y), b.deltas(X, Y), strict=True):
        np.testing.assert_allclose(other.numpy(), mine, atol=1e-14)


@pytest.mark.parametrize("optimizer", [SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam])
def test_same_training_as_numpy(optimizer):
    a, b, X, Y = both()
    for network in (a, b):
        network.fit(X, Y, optimizer(0.1), epochs=10, batch_size=2, validation=(X, Y), progress=False)
    np.testing.assert_allclose(b.w.numpy(), a.w, atol=1e-12)
    assert b.accuracy(X, Y) == a.accuracy(X, Y)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_autograd_agrees(error):
    """PyTorch's own derivative of the same value, taken through nnlib's forward pass."""
    _, b, X, Y = both(error=error)
    g = b.gradient(X, Y).clone()
    X, Y = b.checked(X, Y)
    w = b.w.clone().requires_grad_()
    value, start = X, 0
    for layer in b.layers:
        if layer.n_weights:
            beta = w[start : start + layer.n_weights].reshape(layer.beta.shape)
            value, start = value @ beta[:, 1:].T + beta[:, 0], start + layer.n_weights
        else:
            value = layer.forward(value)[0]
    error.value(value, Y).mean().backward()
    np.testing.assert_allclose(g.numpy(), w.grad.numpy(), atol=1e-13)


@pytest.mark.parametrize("name", activations.by_name)
def test_activations_stay_tensors(name):
    a = torch.tensor([[-1e4, -1.0, 0.0, 2.0, 1e4]], dtype=torch.float32)
    h = activations.get(name)
    z = h(a)
    assert z.dtype == torch.float32
    np.testing.assert_allclose(z.numpy(), h(a.numpy()), rtol=1e-6)
    np.testing.assert_allclose(h.pull(a, z).numpy(), h.pull(a.numpy(), z.numpy()), rtol=1e-6)


def test_risk_and_gradient_check():
    _, b, X, Y = both()
    risk = EmpiricalRisk(b, X, Y)
    assert check_gradient(risk.F, risk.grad, b.w) < 1e-8
    np.testing.assert_allclose(
        np.mean([risk.g(b.w, i).numpy() for i in range(risk.n)], axis=0), risk.grad(b.w).numpy(), atol=1e-14
    )
    w = SGD(0.1).minimize(risk, b.w, 3, batch_size=2)
    assert isinstance(w, torch.Tensor)


def test_bad_tensors_are_named():
    _, b, X, Y = both()
    with pytest.raises(ValueError, match=r"X: .*NaN or infinity in row 2"):
        b.error(torch.tensor(np.where(np.arange(9)[:, None] == 2, np.nan, X)), Y)
    with pytest.raises(ValueError, match=r"X: expected shape \(n, 4\)"):
        b.predict(torch.zeros(2, 5))
