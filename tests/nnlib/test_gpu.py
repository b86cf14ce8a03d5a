"""The same numbers on a GPU: run where there is one, ``pytest -m gpu``."""

import numpy as np
import pytest
from cases import ARCHITECTURES, ERRORS, OPTIMIZERS, assert_close, both

from nnlib import L1, L2, EmpiricalRisk, Momentum, Network, check_gradient

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
CUDA = torch.cuda.is_available()
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not (CUDA or torch.backends.mps.is_available()), reason="no GPU that PyTorch can use"),
]
# Apple's GPUs have no float64: there, float32 is compared with NumPy's float64
STEP, TRAINING = (1e-12, 1e-10) if CUDA else (1e-5, 1e-3)


@pytest.fixture(scope="module")
def like():
    return torch.zeros(1, dtype=torch.float64, device="cuda") if CUDA else torch.zeros(1, device="mps")


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_same_numbers_as_numpy(like, architecture, error):
    a, b, X, Y = both(like, architecture, error, L2(0.01))
    assert b.predict(X).device.type == like.device.type
    assert_close(b.w, a.w, STEP)
    assert_close(b.predict(X), a.predict(X), STEP)
    assert_close(b.gradient(X, Y), a.gradient(X, Y), STEP)
    assert b.error(X, Y) == pytest.approx(a.error(X, Y), rel=STEP)
    assert b.accuracy(X, Y) == a.accuracy(X, Y)
    for mine, other in zip(a.deltas(X, Y), b.deltas(X, Y), strict=True):
        assert_close(other, mine, STEP)


@pytest.mark.parametrize("penalty", [None, L1(0.001), L2(0.001)], ids=repr)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_fifty_steps_from_one_seed(like, architecture, penalty):
    a, b, X, Y = both(like, architecture, penalty=penalty)
    for network in (a, b):
        network.fit(X, Y, Momentum(0.02), epochs=25, batch_size=6, validation=(X, Y), progress=False)
    assert_close(b.w, a.w, TRAINING)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
def test_fifty_steps_of_every_optimizer(like, optimizer):
    a, b, X, Y = both(like, "convolution")
    for network in (a, b):
        network.fit(X, Y, optimizer, epochs=25, batch_size=6, progress=False)
    assert_close(b.w, a.w, TRAINING)


def test_risk_and_gradient_check(like):
    _, b, X, Y = both(like)
    risk = EmpiricalRisk(b, X, Y)
    assert check_gradient(risk.F, risk.grad, b.w, coordinates=20) < (1e-6 if CUDA else 1e-1)
    mean = np.mean([risk.g(b.w, i).cpu().numpy() for i in range(risk.n)], axis=0)
    assert_close(risk.grad(b.w), mean, STEP)


def test_saved_there_and_loaded_here(like, tmp_path):
    _, b, X, Y = both(like, "max pooling")
    b.fit(X, Y, epochs=1, progress=False)
    b.save(tmp_path / "network.npz")
    here = Network.load(tmp_path / "network.npz")
    np.testing.assert_array_equal(here.w, b.w.cpu().numpy())
    there = Network.load(tmp_path / "network.npz", like=like)
    assert there.w.device.type == like.device.type
    assert_close(there.predict(X), here.predict(X), STEP)


def test_a_tensor_there_and_a_network_here_meet(like):
    """Data on the GPU for a network on the CPU, and the other way round: the network's place counts."""
    a, b, X, _ = both(like)
    assert isinstance(a.predict(torch.as_tensor(X).to(like)), np.ndarray)
    assert b.predict(X).device.type == like.device.type
