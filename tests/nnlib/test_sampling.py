"""Batches of indices: the three ways to draw them, and how many."""

import itertools

import numpy as np
import pytest
from drawn import given, settings, st

from nnlib import LeastSquares
from nnlib.sampling import batches, folds, growing

WAYS = ["replacement", "without", "permutation"]
law = settings(max_examples=40, deadline=None, derandomize=True)


def first(count, n, batch_size, sampling, seed=0):
    return list(itertools.islice(batches(n, batch_size, sampling, np.random.default_rng(seed)), count))


@law
@given(st.integers(1, 30), st.integers(1, 40), st.sampled_from(WAYS[:2]), st.integers(0, 10**6))
def test_a_drawn_batch_has_its_size_and_its_indices_exist(n, size, sampling, seed):
    for J in first(5, n, size, sampling, seed):
        assert J.shape == (min(size, n),)
        assert J.dtype.kind == "i"
        assert 0 <= J.min() <= J.max() < n
        assert sampling == "replacement" or len(set(J)) == len(J)


@law
@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 4), st.integers(0, 10**6))
def test_an_epoch_is_a_permutation_and_its_last_batch_takes_what_is_left(n, size, epochs, seed):
    each = -(-n // size)
    drawn = first(epochs * each, n, size, "permutation", seed)
    for e in range(epochs):
        epoch = drawn[e * each : (e + 1) * each]
        assert sorted(np.concatenate(epoch)) == list(range(n))
        assert all(len(J) == size for J in epoch[:-1])


def test_each_epoch_has_its_own_order():
    epochs = np.array(first(50, 20, 20, "permutation"))
    assert len({tuple(order) for order in epochs}) == 50


@pytest.mark.equation("unbiased")
@pytest.mark.parametrize("sampling", WAYS)
def test_every_index_is_as_likely_as_any_other(sampling):
    """60,000 draws of 6: a count is 10,000 ± 5 standard deviations of at most √(60,000 · 5/36)."""
    counts = np.bincount(np.concatenate(first(20_000, 6, 3, sampling)), minlength=6)
    assert counts.sum() == 60_000
    assert np.abs(counts - 10_000).max() < 5 * np.sqrt(60_000 * 5 / 36)


@pytest.mark.equation("unbiased")
@pytest.mark.equation("variance-replacement")
@pytest.mark.equation("variance-without")
@pytest.mark.parametrize(("sampling", "factor"), [("replacement", 1), ("without", (9 - 4) / (9 - 1))])
def test_the_mean_and_the_variance_of_a_batch(sampling, factor):
    """20,000 batches of 4 from 9 vectors. The sample variance is off by about 1 %, the other way's by 37 or 60 %."""
    G = np.random.default_rng(1).standard_normal((9, 3))
    S2 = np.mean(np.sum((G - G.mean(axis=0)) ** 2, axis=1))
    g = G[np.array(first(20_000, 9, 4, sampling))].mean(axis=1)
    variance = np.mean(np.sum((g - G.mean(axis=0)) ** 2, axis=1))
    assert np.linalg.norm(g.mean(axis=0) - G.mean(axis=0)) < 5 * np.sqrt(S2 / 4 / 20_000)
    assert variance == pytest.approx(S2 / 4 * factor, rel=0.06)


def test_only_with_replacement_may_an_index_come_twice():
    """Two of 4 agree with probability 1/4: 5,000 of 20,000, standard deviation 61."""
    twice = sum(J[0] == J[1] for J in first(20_000, 4, 2, "replacement"))
    assert abs(twice - 5_000) < 5 * 61
    assert not any(J[0] == J[1] for J in first(1_000, 4, 2, "without"))


def test_pairs_without_replacement_are_all_as_likely():
    """12 ordered pairs of 4 indices, 24,000 draws: 2,000 each, standard deviation 43."""
    pairs = np.array(first(24_000, 4, 2, "without")) @ [4, 1]
    counts = np.bincount(pairs, minlength=16)
    assert np.abs(counts[counts > 0] - 2_000).max() < 5 * 43
    assert (counts > 0).sum() == 12


@pytest.mark.parametrize("sampling", WAYS)
@pytest.mark.parametrize("size", [1, 3, lambda k: k], ids=["1", "3", "k"])
def test_a_seed_replays(sampling, size):
    runs = [first(30, 10, size, sampling, seed) for seed in (5, 5, 6)]
    assert all((a == b).all() for a, b in zip(runs[0], runs[1], strict=True))
    assert any(len(a) != len(b) or (a != b).any() for a, b in zip(runs[0], runs[2], strict=True))


@pytest.mark.parametrize("sampling", WAYS[:2])
def test_the_size_may_depend_on_k_and_ends_at_n(sampling):
    assert [len(J) for J in first(7, 10, growing(2), sampling)] == [1, 2, 4, 8, 10, 10, 10]


def test_a_growing_size_within_epochs():
    assert [len(J) for J in first(6, 10, growing(2), "permutation")] == [1, 2, 4, 3, 10, 10]


@pytest.mark.equation("dynamic-sample")
def test_growing_is_the_power_rounded_up():
    n = growing(1.5)
    assert [n(k) for k in (1, 2, 3, 4)] == [1, 2, 3, 4]  # 1, 1.5, 2.25, 3.375
    assert n(10**9) > 10**300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, "replacement"), "n: expected at least one observation, got 0"),
        ((5, 0, "without"), "batch_size: expected 1 or more, got 0"),
        ((5, -1, "replacement"), "batch_size: expected 1 or more, got -1"),
        ((5, 1, "shuffle"), "sampling: expected 'replacement', 'without' or 'permutation', got 'shuffle'"),
    ],
)
def test_bad_settings_are_named_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        batches(*arguments, np.random.default_rng(0))


def test_a_bad_size_and_a_bad_factor_are_named():
    with pytest.raises(ValueError, match="batch_size: expected 1 or more, got 0"):
        first(3, 5, lambda k: 2 - k, "permutation")
    with pytest.raises(ValueError, match="tau: expected a factor above 1, got 1"):
        growing(1)


@law
@given(st.integers(2, 60), st.data(), st.integers(0, 10**6))
def test_folds_are_disjoint_cover_everything_and_are_of_one_size(n, data, seed):
    k = data.draw(st.integers(2, n))
    parts = folds(n, k, seed)
    assert len(parts) == k
    assert sorted(np.concatenate(parts)) == list(range(n))
    sizes = [len(J) for J in parts]
    assert max(sizes) - min(sizes) <= 1 <= min(sizes)
    for J, again in zip(parts, folds(n, k, seed), strict=True):
        np.testing.assert_array_equal(J, again)


def test_folds_are_shuffled_by_their_seed():
    assert len({tuple(folds(20, 4, seed)[0]) for seed in range(50)}) > 45
    assert not any(list(folds(100, 5, seed)[0]) == list(range(20)) for seed in range(50))


@pytest.mark.parametrize("k", [0, 1, 11])
def test_folds_that_cannot_be(k):
    with pytest.raises(ValueError, match=f"k: expected 2 to n = 10 parts, got {k}"):
        folds(10, k)


@pytest.mark.equation("cross-validation")
def test_leaving_one_out_has_a_closed_form_for_least_squares():
    """The error on the one left out is ½ (r_i / (1 - h_i))²: residual and leverage of the fit to all."""
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((25, 4)), rng.standard_normal(25)
    r = y - X @ LeastSquares(X, y).w_star
    h = np.diag(X @ np.linalg.solve(X.T @ X, X.T))
    estimates = []
    for J in folds(25, 25):
        rest = np.setdiff1d(np.arange(25), J)
        w = LeastSquares(X[rest], y[rest]).w_star
        estimates.append(LeastSquares(X[J], y[J]).F(w))
    assert np.mean(estimates) == pytest.approx(np.mean((r / (1 - h)) ** 2) / 2, rel=1e-10)
