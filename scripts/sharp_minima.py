"""Train with small and with large batches from 28 common starts, and store what chapter 5 tells about them.

Keskar et al. (2017) at a size that runs on a laptop: 6,000 digits, a network 784-64-64-10, Adam. Four ways per seed:

    small    batches of 32, 60 epochs, rate 0.001
    large    batches of 600, 200 epochs, rate 0.001
    scaled   like large, with the rate multiplied by the square root of 600 / 32
    stopped  like small, until the training error is no more than that of large

Chapter 5 trains seed 0 again and compares. Stored for each seed and way: the training error F, the accuracies on
training and test data, the distance from the start, the sharpness for ε = 1e-3 and 5e-4, and what Keskar's optimizer
finds in the larger box.

    python scripts/sharp_minima.py [SEEDS]          writes book/_data/sharp_minima.npz, in a quarter of an hour
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import nnlib
from nnlib.landscape import sharpness

WAYS = ("small", "large", "scaled", "stopped")
COLUMNS = ("F", "train", "test", "distance", "sharpness 1e-3", "sharpness 5e-4", "L-BFGS-B 1e-3")
digits = nnlib.data.mnist()
X, Y = digits.X_train, digits.Y_train


def trained(way: str, seed: int, until: Callable[..., object] | None = None) -> nnlib.Network:
    """The network of one run. Start and order of the observations come from the seed."""
    network = nnlib.mlp([784, 64, 64, 10], "relu", seed=seed, dtype=np.float32)
    large = way in ("large", "scaled")
    rate = 1e-3 * (600 / 32) ** 0.5 if way == "scaled" else 1e-3
    epochs, batch_size = (200, 600) if large else (60, 32)
    stop = [until] if until else []
    network.fit(X, Y, nnlib.Adam(rate), epochs, batch_size, seed=seed, progress=False, callbacks=stop)
    return network


def by_lbfgsb(risk: nnlib.EmpiricalRisk, w: np.ndarray, eps: float) -> float:
    """The paper's search: ten iterations of L-BFGS-B in the box."""
    side = eps * (abs(w) + 1)

    def downhill(v: np.ndarray) -> tuple[float, np.ndarray]:
        at = w + v.astype(np.float32)
        return -float(risk.F(at)), -np.asarray(risk.grad(at), float)

    box = list(zip(-side, side, strict=True))
    found = minimize(downhill, 0 * w, jac=True, method="L-BFGS-B", bounds=box, options={"maxiter": 10})
    F = float(risk.F(w))
    return 100 * (-found.fun - F) / (1 + F)


def row(network: nnlib.Network, seed: int) -> list[float]:
    """One run's figures, in the order of COLUMNS."""
    start = nnlib.mlp([784, 64, 64, 10], "relu", seed=seed, dtype=np.float32).w
    w, risk = network.w + 0, nnlib.EmpiricalRisk(network, X, Y)
    figures = [
        network.error(X, Y),
        network.accuracy(X, Y),
        network.accuracy(digits.X_test, digits.Y_test),
        float(np.linalg.norm(w - start)),
        sharpness(risk, w, 1e-3),
        sharpness(risk, w, 5e-4),
        by_lbfgsb(risk, w, 1e-3),
    ]
    network.w[:] = w
    return figures


def main(seeds: int) -> None:
    table = np.zeros((seeds, len(WAYS), len(COLUMNS)))
    for seed in range(seeds):
        networks = {way: trained(way, seed) for way in WAYS[:3]}
        goal = networks["large"].error(X, Y)
        networks["stopped"] = trained("stopped", seed, lambda network, _, goal=goal: network.error(X, Y) <= goal)
        table[seed] = [row(networks[way], seed) for way in WAYS]
        print(seed, table[seed].round(5).tolist(), flush=True)
    path = Path(__file__).parents[1] / "book" / "_data" / "sharp_minima.npz"
    np.savez_compressed(path, table=table.astype(np.float32), ways=WAYS, columns=COLUMNS)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 28)
