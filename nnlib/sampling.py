"""Which observations a step uses: ξ_k, drawn as an array of indices."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Size = int | Callable[[int], int]
Sampling = Literal["replacement", "without", "permutation"]
Indices = npt.NDArray[np.intp]


def batches(n: int, batch_size: Size, sampling: Sampling, rng: np.random.Generator) -> Iterator[Indices]:
    """J_1, J_2, ... ⊆ {0, ..., n - 1}, without end: the indices of each step (lecture, Mini-batch SGD).

    Over a random J, the mean of any n vectors is right on average (equation unbiased). Its variance is S² / |J| with
    replacement (equation variance-replacement), and (n - |J|) / (n - 1) times that without (equation variance-without).

    Parameters
    ----------
    n : int
        Number of observations.
    batch_size : int or callable
        |J|, or |J_k| as a function of k = 1, 2, ...; where it is more than n, n.
    sampling : str
        "replacement": each index is drawn from all n. "without": the indices of one batch differ, each batch is drawn
        anew. "permutation": an epoch goes through all n in a new random order, and its last batch takes what is left.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        `n` or `batch_size` is less than 1, or there is no such `sampling`.
    """
    if n < 1:
        raise ValueError(f"n: expected at least one observation, got {n}")
    if sampling not in ("replacement", "without", "permutation"):
        raise ValueError(f"sampling: expected 'replacement', 'without' or 'permutation', got {sampling!r}")
    if not callable(batch_size):
        _at_least_one(batch_size)
    asked = map(batch_size, itertools.count(1)) if callable(batch_size) else itertools.repeat(batch_size)
    sizes = (min(_at_least_one(size), n) for size in asked)
    if sampling == "permutation":
        return _epochs(n, sizes, rng)
    if sampling == "without":
        return (rng.choice(n, size, replace=False) for size in sizes)
    if callable(batch_size):
        return (rng.integers(n, size=size) for size in sizes)
    shape = (max(1, 4096 // batch_size), min(batch_size, n))  # many batches at once: a call costs more than its numbers
    return itertools.chain.from_iterable(rng.integers(n, size=shape) for _ in itertools.repeat(None))


def growing(tau: float) -> Callable[[int], int]:
    """n_k = ⌈τ^(k-1)⌉: a sample that grows as the noise must fall (equation dynamic-sample).

    Bottou, Curtis & Nocedal 2018, Theorem 5.3.
    """
    if not tau > 1:
        raise ValueError(f"tau: expected a factor above 1, got {tau}")
    last = 700 / math.log(tau)  # e^700: more than any n, and still a float
    return lambda k: math.ceil(tau ** min(k - 1, last))


def folds(n: int, k: int, seed: int = 0) -> list[Indices]:
    """J_1, ..., J_k: the indices 0, ..., n - 1 shuffled and cut into k parts (lecture, Overfitting: cross validation).

    Each index is in exactly one part, and the sizes differ by at most 1. Train on all parts but one, measure the mean
    error on that one, and take the mean over the k choices (equation cross-validation). With k = n, leave one out.

    Parameters
    ----------
    n : int
        Number of observations.
    k : int
        Number of parts.
    seed : int
        Of the generator that shuffles.

    Raises
    ------
    ValueError
        `k` is less than 2 or more than `n`.
    """
    if not 2 <= k <= n:
        raise ValueError(f"k: expected 2 to n = {n} parts, got {k}")
    return np.array_split(np.random.default_rng(seed).permutation(n), k)


def _epochs(n: int, sizes: Iterator[int], rng: np.random.Generator) -> Iterator[Indices]:
    while True:
        order, i = rng.permutation(n), 0
        while i < n:
            J = order[i : i + next(sizes)]
            yield J
            i += len(J)


def _at_least_one(size: Any) -> int:
    if size < 1:
        raise ValueError(f"batch_size: expected 1 or more, got {size}")
    return int(size)
