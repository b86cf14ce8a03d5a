"""The data are what their sources say."""

import gzip

import numpy as np
import pytest

from nnlib import data


def test_higham_points():
    X, Y = data.higham_points()
    assert X.shape == Y.shape == (10, 2)
    assert X.sum(axis=0) == pytest.approx([4.6, 4.2])
    np.testing.assert_array_equal(Y[:, 0], [1] * 5 + [0] * 5)


def test_subset_is_real_digits():
    digits = data.mnist()
    assert digits.X_train.shape == (6000, 784)
    assert digits.X_test.shape == (1000, 784)
    assert digits.X_train.min() == 0
    assert digits.X_train.max() == 1
    assert digits.X_train.mean() == pytest.approx(0.1307, abs=0.002)  # the mean of all 60,000
    assert digits.X_train.std() == pytest.approx(0.3081, abs=0.003)
    assert (digits.Y_train.sum(axis=1) == 1).all()
    assert digits.Y_train.sum(axis=0).min() > 450  # all ten classes
    assert len(np.unique(digits.X_train, axis=0)) == 6000


def test_one_hot():
    np.testing.assert_array_equal(data.one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
    for bad in ([3], [-1], [0.5], [[1]]):
        with pytest.raises(ValueError, match="labels: expected"):
            data.one_hot(bad, 3)


def test_full_set_from_a_folder_is_checked(tmp_path, monkeypatch):
    monkeypatch.setenv(data.FOLDER, str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"neither mnist\.npz nor train-images"):
        data.mnist(full=True)
    np.savez(
        tmp_path / "mnist.npz",
        **{k: np.zeros((2, 28, 28), np.uint8) for k in ("x_train", "y_train", "x_test", "y_test")},
    )
    with pytest.raises(ValueError, match="train-images-idx3-ubyte has SHA-256"):
        data.mnist(full=True)


@pytest.mark.parametrize("packed", [False, True])
def test_full_set_from_original_files(tmp_path, monkeypatch, packed):
    """Original files, plain or packed, are read in place of a download; tiny ones with their own sums stand in."""
    import hashlib

    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (3, 28, 28), np.uint8), np.array([1, 2, 3], np.uint8)] * 2
    sums = {}
    for name, array in zip(data._FILES, arrays, strict=True):
        raw = data._idx(array)
        sums[name] = (hashlib.sha256(raw).hexdigest(), "")
        (tmp_path / (name + ".gz" * packed)).write_bytes(gzip.compress(raw) if packed else raw)
    monkeypatch.setattr(data, "_FILES", sums)
    monkeypatch.setenv(data.FOLDER, str(tmp_path))
    digits = data.mnist(full=True)
    np.testing.assert_array_equal(np.round(digits.X_test * 255), arrays[0].reshape(3, 784))
    np.testing.assert_array_equal(digits.Y_train.argmax(axis=1), [1, 2, 3])
