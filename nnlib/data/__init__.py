"""Data sets of the lecture. What ships inside the package needs no network."""

import gzip
import hashlib
import os
import struct
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FOLDER", "Digits", "higham_points", "mnist", "one_hot"]

FOLDER = "NNLIB_DATA"
"""The environment variable that names a folder with the full MNIST set."""

PARTS = ("X_train", "y_train", "X_test", "y_test")  # in the order of _FILES

# The four files of MNIST: SHA-256 of the raw bytes (mirrors compress anew), then of the .gz at the mirror.
_MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FILES = {
    "train-images-idx3-ubyte": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "train-labels-idx1-ubyte": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "t10k-images-idx3-ubyte": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "t10k-labels-idx1-ubyte": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}


@dataclass(frozen=True)
class Digits:
    """Handwritten digits: images as rows of grey values in [0, 1], labels as unit vectors in R^10."""

    X_train: NDArray[np.float32]
    Y_train: NDArray[np.float32]
    X_test: NDArray[np.float32]
    Y_test: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"Digits({len(self.X_train)} training and {len(self.X_test)} test images of 28 by 28)"


def one_hot(labels: Any, K: int) -> NDArray[np.float32]:
    """Unit vectors from labels 0, ..., K - 1: shape (n, K).

    Raises
    ------
    ValueError
        A label is no integer from 0 to K - 1.
    """
    labels = np.asarray(labels)
    if not isinstance(K, int | np.integer) or K < 1:
        raise ValueError(f"K: expected the number of classes, a whole number of at least 1, got {K!r}")
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(f"labels: expected integers of shape (n,), got dtype {labels.dtype} and shape {labels.shape}")
    if labels.size and (labels.min() < 0 or labels.max() >= K):
        raise ValueError(f"labels: expected 0 to K - 1 = {K - 1}, got {labels.min()} to {labels.max()}")
    Y = np.zeros((len(labels), K), dtype=np.float32)
    Y[np.arange(len(labels)), labels] = 1
    return Y


def higham_points() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ten points of Higham & Higham (2019): X (10, 2), and Y (10, 2) with (1, 0) for category A, (0, 1) for B."""
    x1 = [0.1, 0.3, 0.1, 0.6, 0.4, 0.6, 0.5, 0.9, 0.4, 0.7]
    x2 = [0.1, 0.4, 0.5, 0.9, 0.2, 0.3, 0.6, 0.2, 0.4, 0.6]
    X = np.column_stack([x1, x2])
    Y = np.repeat([[1.0, 0.0], [0.0, 1.0]], 5, axis=0)
    return X, Y


def mnist(full: bool = False) -> Digits:
    """Handwritten digits (LeCun, Cortes, Burges), licence CC BY-SA 3.0.

    By default a subset that ships with nnlib: 6,000 training and 1,000 test images, drawn at random with a fixed seed
    from the original training and test sets. With ``full=True`` all 60,000 and 10,000: from the folder that the
    environment variable NNLIB_DATA names, else downloaded once with pooch. Either way the SHA-256 sums are checked.

    Parameters
    ----------
    full : bool
        All images instead of the subset.

    Returns
    -------
    Digits
        Images as rows of 784 grey values in [0, 1] (byte / 255, float32), labels as unit vectors.

    Raises
    ------
    FileNotFoundError
        The folder that NNLIB_DATA names holds no MNIST.
    ValueError
        A file is damaged: its SHA-256 sum is wrong.
    ModuleNotFoundError
        A download is needed and pooch is not installed.
    """
    if not isinstance(full, bool):
        raise ValueError(f"full: expected True for all 70,000 images or False for the subset, got {full!r}")
    arrays = _full() if full else _subset()
    X_train, y_train, X_test, y_test = (arrays[part] for part in PARTS)
    return Digits(_grey(X_train), one_hot(y_train, 10), _grey(X_test), one_hot(y_test, 10))


@cache
def _subset() -> dict[str, NDArray[np.uint8]]:
    """Unpacked once: that takes longer than all that is made of it."""
    with (files(__package__) / "mnist_subset.npz").open("rb") as f, np.load(f, allow_pickle=False) as npz:
        return {name: npz[name] for name in npz.files}


def _grey(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _full() -> dict[str, NDArray[np.uint8]]:
    folder = os.environ.get(FOLDER)
    raw = _from_folder(Path(folder)) if folder else _download()
    for name, (sha, _) in _FILES.items():
        got = hashlib.sha256(raw[name]).hexdigest()
        if got != sha:
            raise ValueError(
                f"MNIST: {name} has SHA-256 {got}, expected {sha}: the file is damaged or another set; "
                "delete it and try again"
            )
    return {part: _array(raw[name]) for part, name in zip(PARTS, _FILES, strict=True)}


def _array(idx: bytes) -> NDArray[np.uint8]:
    """The bytes of an IDX file as an array: two zeros, the type, the number of axes, each axis's length, the data."""
    axes = idx[3]
    shape = struct.unpack(f">{axes}I", idx[4 : 4 + 4 * axes])
    return np.frombuffer(idx, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _idx(a: NDArray[np.uint8]) -> bytes:
    return struct.pack(">I", 0x0800 | a.ndim) + struct.pack(f">{a.ndim}I", *a.shape) + a.tobytes()


def _from_folder(folder: Path) -> dict[str, bytes]:
    npz = folder / "mnist.npz"
    if npz.exists():  # made into the original files again, so that one check serves every source
        with np.load(npz, allow_pickle=False) as arrays:
            keys = ("x_train", "y_train", "x_test", "y_test") if "x_train" in arrays else ("xtr", "ytr", "xte", "yte")
            return {name: _idx(np.asarray(arrays[key], dtype=np.uint8)) for name, key in zip(_FILES, keys, strict=True)}
    raw = {}
    for name in _FILES:
        plain, packed = folder / name, folder / f"{name}.gz"
        if plain.exists():
            raw[name] = plain.read_bytes()
        elif packed.exists():
            raw[name] = gzip.decompress(packed.read_bytes())
        else:
            raise FileNotFoundError(
                f"{FOLDER} names {folder}, which holds neither mnist.npz nor {name}(.gz); unset it to download the set"
            )
    return raw


def _download() -> dict[str, bytes]:
    try:
        import pooch
    except ModuleNotFoundError as e:
        raise ModuleNotFoundError(
            "the full MNIST set is downloaded with pooch (pip install pooch); "
            f"or name a folder that holds it in the environment variable {FOLDER}"
        ) from e
    return {
        name: gzip.decompress(
            Path(pooch.retrieve(f"{_MIRROR}{name}.gz", f"sha256:{sha}", path=pooch.os_cache("nnlib"))).read_bytes()
        )
        for name, (_, sha) in _FILES.items()
    }
