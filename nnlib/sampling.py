"""Which observations a step uses: ξ_k, drawn as an array of indices."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from .validation import generator, keywords, number, one_of, seeded, whole

__all__ = ["batches", "folds", "growing"]

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
    n, rng = whole("n", n, 1, None, "at least one observation"), generator("rng", rng)
    one_of("sampling", sampling, ("replacement", "without", "permutation"))
    if callable(batch_size):
        sizes: Iterator[int] = (min(whole("batch_size", batch_size(k)), n) for k in itertools.count(1))
    else:
        size = min(whole("batch_size", batch_size), n)
        if sampling == "replacement":
            return _ahead(n, size, rng)
        sizes = itertools.repeat(size)
    if sampling == "permutation":
        return _epochs(n, sizes, rng)
    if sampling == "without":
        return (rng.choice(n, size, replace=False) for size in sizes)
    return (rng.integers(n, size=size) for size in sizes)


@keywords
def growing(tau: float) -> Callable[[int], int]:
    """n_k = ⌈τ^(k-1)⌉: a sample that grows as the noise must fall (equation dynamic-sample).

    Bottou, Curtis & Nocedal 2018, Theorem 5.3.
    """
    tau = number("tau", tau, "a factor above 1", lambda x: 1 < x < math.inf)
    last = 700 / math.log(tau)  # e^700: more than any n, and still a float
    return lambda k: math.ceil(tau ** min(k - 1, last))


@keywords
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
    n = whole("n", n, 2, None, "at least 2 observations")
    k = whole("k", k, 2, n, f"2 to n = {n} parts")
    return np.array_split(seeded(seed).permutation(n), k)


def _epochs(n: int, sizes: Iterator[int], rng: np.random.Generator) -> Iterator[Indices]:
    while True:
        order, i = rng.permutation(n), 0
        while i < n:
            J = order[i : i + next(sizes)]
            yield J
            i += len(J)


def _ahead(n: int, size: int, rng: np.random.Generator) -> Iterator[Indices]:
    """``rng.integers(n, size=size)`` again and again, but 4096 indices a call, which costs more than its numbers.

    One call for each batch makes a step of SGD with one observation, on least squares, take 1.7 times as long.
    """
    shape = (max(1, 4096 // size), size)
    return itertools.chain.from_iterable(rng.integers(n, size=shape) for _ in itertools.repeat(None))
