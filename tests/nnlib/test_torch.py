"""The same code on torch tensors: the values of NumPy, and derivatives that autograd agrees with."""

import numpy as np
import pytest
from cases import ARCHITECTURES, ERRORS, OPTIMIZERS, assert_close, both

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
    Momentum,
    activations,
    check_gradient,
)

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
DOUBLE = torch.zeros(1, dtype=torch.float64)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_same_numbers_as_numpy(architecture, error):
    a, b, X, Y = both(DOUBLE, architecture, error, L2(0.01))
    np.testing.assert_array_equal(a.w, b.w.numpy())
    assert_close(b.predict(X), a.predict(X), 1e-14)
    assert_close(b.gradient(X, Y), a.gradient(X, Y), 1e-13)
    assert b.error(X, Y) == pytest.approx(a.error(X, Y), rel=1e-13)
    assert b.accuracy(X, Y) == a.accuracy(X, Y)
    for mine, other in zip(a.deltas(X, Y), b.deltas(X, Y), strict=True):
        assert_close(other, mine, 1e-13)


@pytest.mark.parametrize("penalty", [None, L1(0.001), L2(0.001)], ids=repr)
@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_fifty_steps_from_one_seed(architecture, error, penalty):
    a, b, X, Y = both(DOUBLE, architecture, error, penalty)
    for network in (a, b):
        network.fit(X, Y, Momentum(0.02), epochs=10, batch_size=3, validation=(X, Y), progress=False)  # 10 × 4 steps
        network.fit(X, Y, Momentum(0.02), epochs=5, batch_size=6, progress=False)  # 5 × 2 more
    assert_close(b.w, a.w, 1e-10)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
def test_fifty_steps_of_every_optimizer(optimizer):
    a, b, X, Y = both(DOUBLE, "convolution")
    for network in (a, b):
        network.fit(X, Y, optimizer, epochs=25, batch_size=6, progress=False)
    assert_close(b.w, a.w, 1e-10)


def in_torch(layer, value, beta):
    """The same layer by torch's own functions, so that its autograd can be asked."""
    F = torch.nn.functional
    if isinstance(layer, Dense):
        return F.linear(value, beta[:, 1:], beta[:, 0])
    if isinstance(layer, Conv2D):
        kernels = beta[:, 1:].reshape(layer.outputs, value.shape[1], *layer.size)
        return F.conv2d(value, kernels, beta[:, 0], layer.stride, layer.padding)
    if isinstance(layer, MaxPool2D):
        return F.max_pool2d(value, layer.size, layer.stride)
    if isinstance(layer, AvgPool2D):
        return F.avg_pool2d(value, layer.size, layer.stride)
    if isinstance(layer, Activation):
        return {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[layer.h.name](value)
    if isinstance(layer, Dropout):  # nothing is dropped
        return value
    assert isinstance(layer, Flatten)
    return value.flatten(1)


def error_in_torch(error, a, Y):
    F = torch.nn.functional
    if isinstance(error, CrossEntropy):
        return F.cross_entropy(a, Y, reduction="mean")
    if isinstance(error, BinaryCrossEntropy):
        return F.binary_cross_entropy_with_logits(a, Y, reduction="none").sum(1).mean()
    yhat = {"identity": lambda a: a, "sigmoid": torch.sigmoid, "softmax": lambda a: a.softmax(1)}[error.output.name](a)
    return 0.5 * F.mse_loss(yhat, Y, reduction="none").sum(1).mean()


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_autograd_agrees(architecture, error):
    """PyTorch's own forward pass and derivative, from the same weights."""
    _, b, X, Y = both(DOUBLE, architecture, error, L2(0.01))
    X, Y = b.checked(X, Y)
    w = b.w.clone().requires_grad_()
    value, start, squares = X, 0, 0
    for layer in b.layers:
        beta = None
        if layer.n_weights:
            beta = w[start : start + layer.n_weights].reshape(layer.outputs, -1)
            start, squares = start + layer.n_weights, squares + (beta[:, 1:] ** 2).sum()
        value = in_torch(layer, value, beta)
    loss = error_in_torch(error, value, Y) + 0.01 * squares
    loss.backward()
    assert b.error(X, Y) == pytest.approx(loss.item(), rel=1e-12)
    assert_close(b.gradient(X, Y), w.grad.numpy(), 1e-9)


@pytest.mark.parametrize("name", activations.by_name)
def test_activations_stay_tensors(name):
    a = torch.tensor([[-1e4, -1.0, 0.0, 2.0, 1e4]], dtype=torch.float32)
    h = activations.get(name)
    z = h(a)
    assert z.dtype == torch.float32
    np.testing.assert_allclose(z.numpy(), h(a.numpy()), rtol=1e-6)
    np.testing.assert_allclose(h.vjp(a, z).numpy(), h.vjp(a.numpy(), z.numpy()), rtol=1e-6)


def test_risk_and_gradient_check():
    _, b, X, Y = both(DOUBLE)
    risk = EmpiricalRisk(b, X, Y)
    assert check_gradient(risk.F, risk.grad, b.w) < 1e-8
    np.testing.assert_allclose(
        np.mean([risk.g(b.w, i).numpy() for i in range(risk.n)], axis=0), risk.grad(b.w).numpy(), atol=1e-14
    )
    w = SGD(0.1).minimize(risk, b.w, 3, batch_size=2)
    assert isinstance(w, torch.Tensor)


def test_bad_tensors_are_named():
    _, b, X, Y = both(DOUBLE)
    with pytest.raises(ValueError, match=r"X: .*NaN or infinity in row 2"):
        b.error(torch.tensor(np.where(np.arange(12)[:, None, None, None] == 2, np.nan, X)), Y)
    with pytest.raises(ValueError, match=r"X: expected shape \(n, 2, 6, 7\)"):
        b.predict(torch.zeros(2, 5))
