"""Run netbp of Higham & Higham (2019, section 6) in full, from 100 seeds at once, and store what the chapter shows.

A loop over 10^6 iterations takes NumPy a minute or two, nearly all of it the overhead of calls on tiny arrays.
A hundred networks side by side take hardly longer than one, and show how much depends on the seed.
Chapter 4 replays the beginning of seed 0 with its own loop and computes the last cost of every seed from its weights.

    python scripts/netbp_full.py                    writes book/_data/netbp.npz, in about three minutes
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnlib.activations import sigmoid
from nnlib.data import higham_points

SIZES = (2, 2, 3, 2)
ETA = 0.05
Floats = NDArray[np.float64]


def start(seed: int, iterations: int) -> tuple[Floats, NDArray[np.int64]]:
    """The 23 weights of one seed, layer by layer with the bias in column 0, and the points that its steps draw."""
    rng = np.random.default_rng(seed)
    w = [0.5 * rng.standard_normal((m, 1 + p)).ravel() for p, m in pairwise(SIZES)]
    return np.concatenate(w), rng.integers(10, size=iterations)


def views(w: Floats) -> list[Floats]:
    """The weights w (seeds, 23) as one beta (seeds, outputs, 1 + inputs) for each layer, without a copy."""
    betas, begin = [], 0
    for p, m in pairwise(SIZES):
        betas.append(w[:, begin : begin + m * (1 + p)].reshape(len(w), m, 1 + p))
        begin += m * (1 + p)
    return betas


def forward(betas: list[Floats], x: Floats) -> list[Floats]:
    """The activations of every layer, shape (seeds, units, observations); x (seeds or 1, 2, observations)."""
    z = [x]
    for beta in betas:
        z.append(sigmoid(beta[:, :, 1:] @ z[-1] + beta[:, :, :1]))
    return z


def step(betas: list[Floats], x: Floats, y: Floats) -> None:
    """One step of stochastic gradient descent for every seed: all deltas first, then all weights."""
    z = forward(betas, x)
    deltas = [z[-1] * (1 - z[-1]) * (z[-1] - y)]
    for beta, inner in zip(betas[:0:-1], z[-2:0:-1], strict=True):
        deltas.insert(0, inner * (1 - inner) * (beta[:, :, 1:].swapaxes(1, 2) @ deltas[0]))
    for beta, before, delta in zip(betas, z, deltas, strict=False):
        beta[:, :, 1:] -= ETA * delta * before.swapaxes(1, 2)
        beta[:, :, :1] -= ETA * delta


def costs(betas: list[Floats], X: Floats, Y: Floats) -> Floats:
    """The cost that Higham & Higham plot, the sum over the ten points of ||y - yhat||^2, for every seed."""
    difference: Floats = forward(betas, X.T[None])[-1] - Y.T[None]
    return np.asarray((difference**2).sum(axis=(1, 2)))


def run(seeds: int, iterations: int, every: int) -> dict[str, NDArray[np.generic]]:
    X, Y = higham_points()
    starts = [start(seed, iterations) for seed in range(seeds)]
    w = np.stack([w for w, _ in starts])
    points = np.stack([drawn for _, drawn in starts], axis=1)
    betas = views(w)
    cost = [costs(betas, X, Y)]
    for k in range(iterations):
        step(betas, X[points[k], :, None], Y[points[k], :, None])
        if (k + 1) % every == 0:
            cost.append(costs(betas, X, Y))
    return {"iterations": np.arange(0, iterations + 1, every), "cost": np.stack(cost, axis=1), "w": w}


if __name__ == "__main__":
    book = Path(__file__).resolve().parents[1] / "book"
    parser = argparse.ArgumentParser(description="netbp of Higham & Higham in full, from many seeds")
    parser.add_argument("--output", type=Path, default=book / "_data" / "netbp.npz")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--iterations", type=int, default=1_000_000)
    arguments = parser.parse_args()
    stored = run(arguments.seeds, arguments.iterations, every=10_000)
    np.savez_compressed(arguments.output, allow_pickle=False, **stored)
