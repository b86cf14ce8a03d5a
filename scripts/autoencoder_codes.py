"""Train the autoencoders 784-1000-500-250-2 and -30 on all of MNIST, beside PCA, and store what chapter 11 shows.

The sizes are those of Hinton & Salakhutdinov (2006). The training is today's: no layer is trained before the others,
ReLU, He's initial weights, a linear code, sigmoid outputs with cross entropy, Adam with a learning rate along a cosine.
PCA takes the mean and the axes from the same 60,000 images. All errors are of the 10,000 test images.

    NNLIB_DATA=FOLDER OMP_NUM_THREADS=1 python scripts/autoencoder_codes.py
                    writes book/_data/autoencoder.npz; 20 epochs of both networks take about ten minutes on one core
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import nnlib
from nnlib.activations import sigmoid
from nnlib.initializers import glorot_normal, he_normal

SIZES = (784, 1000, 500, 250)
PER_CLASS = 3  # reconstructions that are kept, of the shipped test images
BATCH = 256


def autoencoder(k: int, seed: int) -> tuple[nnlib.Network, int]:
    """The network 784-1000-500-250-k and its mirror image, and the number of layers that make the code."""
    encoder = [part for m in SIZES[1:] for part in (nnlib.Dense(m, he_normal), nnlib.Activation("relu"))]
    encoder.append(nnlib.Dense(k, glorot_normal))
    decoder = [part for m in SIZES[:0:-1] for part in (nnlib.Dense(m, he_normal), nnlib.Activation("relu"))]
    decoder.append(nnlib.Dense(SIZES[0], glorot_normal))
    layers = encoder + decoder
    network = nnlib.Network(layers, nnlib.BinaryCrossEntropy(), SIZES[0], seed=seed, dtype=np.float32)
    return network, len(encoder)


def encode(network: nnlib.Network, depth: int, X: Any) -> Any:
    """The codes of X, a block of images at a time."""
    codes = []
    for i in range(0, len(X), 500):
        z = X[i : i + 500]
        for layer in network.layers[:depth]:
            z, _ = layer.forward(z)
        codes.append(z)
    return np.concatenate(codes)


def squares(X: Any, reconstruction: Any) -> Any:
    """The squared error of every image, summed over its 784 pixels: the paper's unit."""
    return ((reconstruction - X) ** 2).sum(axis=1)


def train(k: int, epochs: int, X: Any, X_test: Any, seed: int) -> dict[str, Any]:
    """Train the autoencoder with k code units: what is kept of it."""
    network, depth = autoencoder(k, seed)
    steps = epochs * -(-len(X) // BATCH)
    after = [float(squares(X_test, network.predict(X_test)).mean())]
    start = time.process_time()

    def watch(network: nnlib.Network, history: nnlib.History) -> None:
        after.append(float(squares(X_test, network.predict(X_test)).mean()))
        print(f"code {k}, epoch {len(history)}: {after[-1]:.2f}  [{time.process_time() - start:.0f} s]", flush=True)

    optimizer = nnlib.Adam(nnlib.optimizers.cosine(1e-3, steps))
    network.fit(X, X, optimizer, epochs, BATCH, seed=seed, progress=False, callbacks=[watch])
    codes = encode(network, depth, X_test)
    yhat = network.predict(X_test)
    z = codes
    for layer in network.layers[depth:]:
        z, _ = layer.forward(z)
    assert np.allclose(sigmoid(z), yhat, atol=1e-5)  # the decoder needs the codes and nothing else
    return {"codes": codes, "yhat": yhat, "after": np.array(after, dtype=np.float32)}


def shipped_rows(X_test: Any) -> Any:
    """Which of the 10,000 test images ship with nnlib."""
    where = {image.tobytes(): i for i, image in enumerate(X_test)}
    return np.array([where[image.tobytes()] for image in nnlib.data.mnist().X_test], dtype=np.int16)


def run(epochs: int, seed: int) -> dict[str, Any]:
    digits = nnlib.data.mnist(full=True)
    X, X_test = digits.X_train, digits.X_test
    labels = digits.Y_test.argmax(axis=1).astype(np.uint8)
    shipped = shipped_rows(X_test)
    keep = np.concatenate([shipped[labels[shipped] == digit][:PER_CLASS] for digit in range(10)])
    kept = {"labels": labels, "shipped": shipped, "kept": keep}

    mean = X.mean(axis=0, dtype=float)
    centred = X - mean
    eigenvalues, axes = np.linalg.eigh(centred.T @ centred / len(X))
    eigenvalues, axes = eigenvalues[::-1], axes[:, ::-1].T
    kept |= {"mean": mean.astype(np.float32), "axes": axes[:30].astype(np.float32)}
    kept |= {"eigenvalues": eigenvalues.astype(np.float32), "error_mean": squares(X_test, mean).astype(np.float32)}
    for k in (2, 30):
        codes = (X_test - mean) @ axes[:k].T
        reconstruction = mean + codes @ axes[:k]
        kept[f"error_pca{k}"] = squares(X_test, reconstruction).astype(np.float32)
        kept[f"images_pca{k}"] = np.round(255 * reconstruction[keep].clip(0, 1)).astype(np.uint8)
        print(f"PCA {k}: {kept[f'error_pca{k}'].mean():.2f}", flush=True)

    for k in (2, 30):
        found = train(k, epochs, X, X_test, seed)
        kept[f"error_auto{k}"] = squares(X_test, found["yhat"]).astype(np.float32)
        kept[f"images_auto{k}"] = np.round(255 * found["yhat"][keep]).astype(np.uint8)
        kept[f"after{k}"] = found["after"]
        if k == 2:
            kept["codes"] = found["codes"].astype(np.float32)
    return kept


if __name__ == "__main__":
    book = Path(__file__).resolve().parents[1] / "book"
    parser = argparse.ArgumentParser(description="Hinton and Salakhutdinov's autoencoders of digits, beside PCA")
    parser.add_argument("--output", type=Path, default=book / "_data" / "autoencoder.npz")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    stored = run(arguments.epochs, arguments.seed)
    np.savez_compressed(arguments.output, allow_pickle=False, **stored)
    print(f"{arguments.output.name}: {arguments.output.stat().st_size / 1e3:.0f} kB")
