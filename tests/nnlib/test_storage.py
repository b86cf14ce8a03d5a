"""A saved network is the network; a file that is not one says so; a crash leaves the old file."""

import os

import numpy as np
import pytest

from nnlib import (
    Activation,
    BinaryCrossEntropy,
    CrossEntropy,
    Dense,
    Network,
    SumOfSquares,
    Unmatched,
    activations,
    mlp,
    storage,
)

ERRORS = [SumOfSquares(), BinaryCrossEntropy(), CrossEntropy(), Unmatched("sigmoid"), Unmatched("softmax")]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu", "identity"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_what_was_saved_comes_back(tmp_path, error, hidden, dtype):
    saved = mlp([3, 4, 2], hidden, error, seed=1, dtype=dtype)
    saved.save(tmp_path / "network.npz")
    loaded = Network.load(tmp_path / "network.npz")
    X = np.random.default_rng(0).normal(size=(5, 3))
    assert repr(loaded) == repr(saved)
    assert loaded.w.dtype == saved.w.dtype
    np.testing.assert_array_equal(loaded.predict(X), saved.predict(X))
    np.testing.assert_array_equal(
        loaded.gradient(X, np.eye(2)[[0, 1, 0, 1, 0]]), saved.gradient(X, np.eye(2)[[0, 1] * 2 + [0]])
    )


def test_into_another_dtype(tmp_path):
    mlp([3, 2], seed=1).save(tmp_path / "network.npz")
    assert Network.load(tmp_path / "network.npz", like=np.zeros(0, np.float32)).w.dtype == np.float32


def test_from_torch_to_numpy_and_back(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    saved = mlp([3, 4, 2], like=torch.zeros(0, dtype=torch.float64))
    saved.save(tmp_path / "network.npz")
    np.testing.assert_array_equal(Network.load(tmp_path / "network.npz").w, saved.w.numpy())
    assert torch.equal(Network.load(tmp_path / "network.npz", like=saved.w).w, saved.w)


@pytest.mark.parametrize("size", [0, 10, 300, -1])
def test_a_cut_off_file(tmp_path, size):
    path = tmp_path / "network.npz"
    mlp([3, 4, 2]).save(path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"network\.npz: expected a network that nnlib saved, undamaged"):
        Network.load(path)


def test_any_changed_weight_is_noticed(tmp_path):
    path = tmp_path / "network.npz"
    network = mlp([3, 4, 2])
    network.save(path)
    data = bytearray(path.read_bytes())
    data[data.index(network.w.tobytes()) + 50] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="damaged"):
        Network.load(path)


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_objects_are_never_unpickled(tmp_path):
    path = tmp_path / "network.npz"
    np.savez(path, description=np.array([Trap(tmp_path / "sprung")], dtype=object), w=np.zeros(3))
    with pytest.raises(ValueError, match="damaged"):
        Network.load(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "format 99, this nnlib reads format 1"),
        ({"input_shape": [4]}, r"expected 30 weights for these layers, got shape \(26,\)"),
        ({"layers": []}, "at least one layer"),
        ({"layers": [{"type": "Wormhole"}]}, "Wormhole is no part of nnlib"),
        ({"layers": [{"type": "Dense"}]}, "cannot be used"),
        ({"error": {"type": "Unmatched", "output": "swish"}}, "cannot be used"),
    ],
)
def test_a_description_that_does_not_fit(tmp_path, monkeypatch, change, message):
    path = tmp_path / "network.npz"
    network = mlp([3, 4, 2])
    write = storage.write
    monkeypatch.setattr(storage, "write", lambda path, description, w: write(path, {**description, **change}, w))
    network.save(path)
    with pytest.raises(ValueError, match=message):
        Network.load(path)


def test_a_layer_of_somebody_else_is_not_saved(tmp_path):
    class Mine(Dense):
        pass

    with pytest.raises(ValueError, match="save: Mine is no part of nnlib"):
        Network([Mine(2)], SumOfSquares(), 3).save(tmp_path / "network.npz")
    h = activations.Function.__new__(type(activations.tanh))
    h.name = "swish"
    with pytest.raises(ValueError, match="swish"):
        Network([Dense(2), Activation(h)], SumOfSquares(), 3).save(tmp_path / "network.npz")
    assert not list(tmp_path.iterdir())


def test_a_crash_leaves_the_old_file(tmp_path, monkeypatch):
    path, network = tmp_path / "network.npz", mlp([3, 4, 2])
    network.save(path)
    before = path.read_bytes()

    def crash(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", crash)
    network.w += 1
    with pytest.raises(OSError, match="no space"):
        network.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
