"""Each optimizer is its equation, and goes downhill where the way is known."""

import math

import numpy as np
import pytest
from drawn import arrays, given, settings, st
from toys import Quadratic, Rosenbrock

from nnlib import (
    L1,
    L2,
    SGD,
    AdaGrad,
    Adam,
    Diverged,
    EmpiricalRisk,
    Momentum,
    Nesterov,
    RMSProp,
    SumOfSquares,
    mlp,
    optimizers,
)
from nnlib.objectives import LeastSquares
from nnlib.optimizers import (
    ISTA,
    SAGA,
    SVRG,
    Clipped,
    CoordinateDescent,
    GradientDescent,
    Minimizer,
    PolyakAveraging,
    cosine,
    harmonic,
    step_decay,
)
from nnlib.sampling import batches, growing
from nnlib.second_order import LBFGS, NewtonCG

MU, B, B1, B2, EPS = 0.5, 0.8, 0.7, 0.9, 1e-3
law = settings(max_examples=50, deadline=None, derandomize=True)


def name(x):
    return type(x).__name__ if isinstance(x, Minimizer) else None


def full(optimizer):
    """Every observation in each step, said where it is not the method's own way."""
    return {"batch_size": None} if type(optimizer) in (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam) else {}


def finite_sum(n=20, p=3, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return LeastSquares(X, X @ np.arange(1, p + 1) + noise * rng.standard_normal(n))


def everything(alpha=0.05):
    """Every method there is, with iterations and options."""
    return [
        (GradientDescent(alpha), 60, {}),
        (SGD(alpha), 120, {"batch_size": 4, "sampling": "permutation"}),
        (Momentum(alpha / 3), 120, {"batch_size": 4, "sampling": "without"}),
        (Nesterov(alpha / 3), 120, {"batch_size": 4}),
        (AdaGrad(alpha), 120, {"batch_size": 4}),
        (RMSProp(alpha / 3), 120, {"batch_size": 4}),
        (Adam(alpha / 3), 120, {"batch_size": 4}),
        (ISTA(alpha, L1(1e-3)), 60, {}),
        (ISTA(alpha, L2(1e-3)), 120, {"batch_size": 4}),
        (PolyakAveraging(SGD(alpha), first=30), 120, {"batch_size": 4}),
        (Clipped(Momentum(alpha / 3), 1.0), 120, {"batch_size": 4}),
        (SVRG(alpha / 2), 5, {}),
        (SVRG(alpha / 2, m=30, choice="average"), 8, {}),
        (SVRG(alpha / 2, m=30, choice="random"), 8, {}),
        (SAGA(alpha / 2), 150, {}),
        (CoordinateDescent(), 40, {}),
        (CoordinateDescent(1 / alpha), 150, {"sampling": "replacement"}),
        (NewtonCG(), 8, {}),
        (NewtonCG(cg_iterations=5), 8, {"batch_size": 10}),
        (LBFGS(), 12, {}),
    ]


# Each optimizer is its equation


def nesterov(alpha, w, gradient, steps):
    """As in the paper: the gradient is taken at w + mu v. Returns where the next gradient would be taken."""
    v = 0.0
    for _ in range(steps):
        v = MU * v - alpha * gradient(w + MU * v)
        w = w + v
    return w + MU * v


def adagrad(alpha, w, gradient, steps):
    squares = 0.0
    for _ in range(steps):
        squares += gradient(w) ** 2
        w = w - alpha * gradient(w) / (math.sqrt(squares) + EPS)
    return w


def rmsprop(alpha, w, gradient, steps):
    r = 0.0
    for _ in range(steps):
        r = B * r + (1 - B) * gradient(w) ** 2
        w = w - alpha * gradient(w) / (math.sqrt(r) + EPS)
    return w


def adam(alpha, w, gradient, steps):
    m = r = 0.0
    for k in range(1, steps + 1):
        m, r = B1 * m + (1 - B1) * gradient(w), B2 * r + (1 - B2) * gradient(w) ** 2
        w = w - alpha * (m / (1 - B1**k)) / (math.sqrt(r / (1 - B2**k)) + EPS)
    return w


def sgd(alpha, w, gradient, steps):
    for _ in range(steps):
        w = w - alpha * gradient(w)
    return w


def momentum(alpha, w, gradient, steps):
    v = 0.0
    for _ in range(steps):
        v = MU * v - alpha * gradient(w)
        w = w + v
    return w


def soft(alpha, w, gradient, steps):
    """Proximal gradient with 0.7 |w|: a gradient step, then 0.7 α towards zero and no further."""
    for _ in range(steps):
        u = w - alpha * gradient(w)
        w = math.copysign(max(abs(u) - alpha * 0.7, 0.0), u)
    return w


@pytest.mark.equation("adam")
@pytest.mark.equation("rmsprop")
@pytest.mark.equation("adagrad")
@pytest.mark.equation("nesterov")
@pytest.mark.equation("momentum")
@pytest.mark.parametrize(
    ("optimizer", "by_hand"),
    [
        (SGD(0.1), sgd),
        (GradientDescent(0.1), sgd),
        (Momentum(0.1, MU), momentum),
        (Nesterov(0.1, MU), nesterov),
        (AdaGrad(0.1, EPS), adagrad),
        (RMSProp(0.1, B, EPS), rmsprop),
        (Adam(0.1, B1, B2, EPS), adam),
        (ISTA(0.1, L1(0.7)), soft),
    ],
    ids=name,
)
def test_the_equation_on_numbers(optimizer, by_hand):
    """One weight at a time, in plain numbers: the vector form must do the same to each component."""
    quadratic, start, steps = Quadratic(), np.array([3.0, 0.5]), 7
    found = optimizer.minimize(quadratic, start, steps, **full(optimizer))
    for i in range(2):
        slope = lambda w, i=i: quadratic.H[i, i] * (w - quadratic.c[i])  # noqa: E731
        assert found[i] == pytest.approx(by_hand(0.1, start[i], slope, steps), rel=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "iterations"),
    [
        (GradientDescent(0.1), 200),
        (SGD(0.1), 200),
        (Momentum(0.05), 300),
        (Nesterov(0.05), 300),
        (AdaGrad(1.0), 600),
        (RMSProp(step_decay(0.1, 0.1, 100)), 600),
        (Adam(0.3), 600),
        (ISTA(0.1, L1(0)), 200),
        (PolyakAveraging(GradientDescent(0.1), first=200), 400),
        (SVRG(0.05, m=10), 50),
        (SAGA(0.05), 300),
        (CoordinateDescent(), 2),
        (CoordinateDescent([1, 10]), 2),
        (CoordinateDescent(10), 200),
        (NewtonCG(), 10),
        (LBFGS(), 10),
    ],
    ids=name,
)
def test_a_quadratic(optimizer, iterations):
    w = optimizer.minimize(Quadratic(), np.zeros(2), iterations, **full(optimizer))
    np.testing.assert_allclose(w, Quadratic.c, atol=1e-3)


@pytest.mark.parametrize(
    ("optimizer", "iterations"),
    [
        (GradientDescent(1e-3), 8_000),
        (SGD(5e-4), 14_000),
        (Momentum(1e-4, 0.99), 10_000),
        (Nesterov(1e-4, 0.99), 10_000),
        (AdaGrad(0.5), 10_000),
        (RMSProp(cosine(0.01, 10_000)), 10_000),
        (Adam(0.02), 10_000),
        (ISTA(1e-3, L1(1e-4)), 8_000),
        (PolyakAveraging(GradientDescent(1e-3), first=8_000), 10_000),
        (SVRG(5e-4, m=20), 700),
        (SAGA(5e-4), 14_000),
        (NewtonCG(), 80),
        (LBFGS(), 40),
    ],
    ids=name,
)
def test_rosenbrocks_valley(optimizer, iterations):
    """SGD, SVRG and SAGA draw from the two squares. Coordinate descent has its own test: it crawls."""
    options = {"batch_size": 1} if type(optimizer) is SGD else full(optimizer)
    w = optimizer.minimize(Rosenbrock(), np.array([-1.2, 1.0]), iterations, **options)
    assert Rosenbrock().F(w) < 1e-3  # from 24


def test_coordinate_descent_crawls_along_rosenbrocks_valley():
    """The valley lies across both axes: every step is downhill, and 400 of them are not enough."""
    seen = []
    CoordinateDescent().minimize(
        Rosenbrock(), np.array([-1.2, 1.0]), 400, callback=lambda k, w: seen.append(Rosenbrock().F(w))
    )
    assert (np.diff(seen) <= 1e-12).all()
    assert 1e-3 < seen[-1] < 0.1 * seen[0]


@pytest.mark.parametrize("optimizer", [optimizer for optimizer, _, _ in everything()], ids=name)
def test_a_second_run_does_not_remember_the_first(optimizer):
    runs = [optimizer.minimize(finite_sum(), np.zeros(3), 5) for _ in range(2)]
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize(
    "optimizer",
    [Momentum(0.1), Adam(0.1), ISTA(harmonic(1.0), L1(1)), PolyakAveraging(SGD(harmonic(1.0)), first=3)],
    ids=name,
)
def test_start_forgets(optimizer):
    runs = []
    for _ in range(2):
        w = np.ones(3)
        optimizer.start(w)
        assert optimizer.k == 0
        for g in np.eye(3):
            optimizer.step(w, g)
        runs.append(w)
    np.testing.assert_array_equal(*runs)


def test_without_a_share_that_is_kept_momentum_is_sgd():
    runs = [
        make.minimize(finite_sum(), np.zeros(3), 9) for make in (SGD(0.1), Momentum(0.1, mu=0), Nesterov(0.1, mu=0))
    ]
    np.testing.assert_allclose(runs[1:], [runs[0]] * 2, rtol=1e-13)


@pytest.mark.equation("harmonic-rate")
@pytest.mark.equation("step-decay-rate")
@pytest.mark.equation("cosine-rate")
def test_step_sizes():
    assert [harmonic(2.0, 1.0)(k) for k in (1, 3)] == [1.0, 0.5]
    assert [step_decay(1.0, 0.5, 10)(k) for k in (1, 10, 11, 21)] == [1.0, 1.0, 0.5, 0.25]
    alpha = cosine(1.0, 100, end=0.2)
    assert [alpha(k) for k in (1, 51, 101, 500)] == pytest.approx([1.0, 0.6, 0.2, 0.2])


@pytest.mark.parametrize(
    ("make", "name"),
    [(lambda: Nesterov(0.1, 1.0), "mu"), (lambda: RMSProp(0.1, -0.1), "b"), (lambda: Adam(0.1, b2=1), "b2")],
)
def test_a_share_outside_its_range_is_named(make, name):
    with pytest.raises(ValueError, match=rf"{name}: expected a fraction in \[0, 1\)"):
        make()


@pytest.mark.parametrize("make", [SGD, GradientDescent, SVRG, SAGA, lambda alpha: ISTA(alpha, L1(1))])
def test_a_learning_rate_that_is_not_positive_is_named(make):
    for alpha in (0, -0.1, math.nan):
        with pytest.raises(ValueError, match=f"alpha: expected a positive learning rate.*, got {alpha}"):
            make(alpha)


# minimize


@pytest.mark.equation("gradient-descent")
def test_gradient_descent_is_sgd_with_everything():
    objective, w = finite_sum(), np.zeros(3)
    runs = [
        GradientDescent(0.1).minimize(objective, w, 10),
        SGD(0.1).minimize(objective, w, 10, batch_size=None),
        SGD(0.1).minimize(objective, w, 10, batch_size=objective.n, sampling="without"),
        SGD(0.1).minimize(objective, w, 10, batch_size=objective.n, sampling="permutation"),
    ]
    for other in runs[1:]:
        np.testing.assert_allclose(other, runs[0], rtol=1e-12)


@pytest.mark.equation("sgd-iteration")
@pytest.mark.equation("sgd")
@pytest.mark.equation("minibatch-sgd")
@pytest.mark.parametrize("sampling", ["replacement", "without", "permutation"])
@pytest.mark.parametrize("batch_size", [1, 3, growing(1.3)], ids=["1", "3", "growing"])
def test_each_step_uses_the_batch_that_the_generator_gives(sampling, batch_size):
    objective, w = finite_sum(), np.zeros(3)
    found = SGD(harmonic(1.0, 10)).minimize(objective, w, 25, batch_size=batch_size, sampling=sampling, seed=7)
    drawn = batches(objective.n, batch_size, sampling, np.random.default_rng(7))
    for k, xi in zip(range(1, 26), drawn, strict=False):
        w = w - 1 / (10 + k) * objective.g(w, xi)
    np.testing.assert_allclose(found, w, rtol=1e-12)


@pytest.mark.equation("gradient-descent")
@pytest.mark.equation("minibatch-sgd")
def test_a_step_is_the_mean_over_the_batch():
    """Observation by observation: (α / |J|) Σ ∇E_j with ∇E_j = (x_jᵀ w - y_j) x_j."""
    objective, w = finite_sum(), np.array([0.5, -1.0, 2.0])
    single = [(x @ w - y) * x for x, y in zip(objective.X, objective.y, strict=True)]
    np.testing.assert_allclose(GradientDescent(0.3).minimize(objective, w, 1), w - 0.3 / 20 * sum(single))
    J = next(batches(20, 4, "without", np.random.default_rng(7)))
    found = SGD(0.3).minimize(objective, w, 1, batch_size=4, sampling="without", seed=7)
    np.testing.assert_allclose(found, w - 0.3 / 4 * sum(single[j] for j in J))


@law
@given(st.integers(0, 10**6))
@pytest.mark.equation("stable-rate")
def test_the_largest_stable_rate_of_a_quadratic(seed):
    """Just below 2 / L the distance to the minimum falls, just above it grows without bound."""
    objective = finite_sum(seed=seed)
    away = np.linalg.eigh(objective.X.T @ objective.X)[1][:, -1]  # the steepest direction
    for factor, falls in ((1.99, True), (2.01, False)):
        w = GradientDescent(factor / objective.L).minimize(objective, objective.w_star + away, 500)
        distance = np.linalg.norm(w - objective.w_star)
        assert distance < 0.01 if falls else distance > 100


def test_ista_draws_as_it_is_told():
    objective, w = finite_sum(), np.zeros(3)
    options = {"batch_size": 2, "sampling": "permutation", "seed": 4}
    plain = SGD(0.1).minimize(objective, w, 25, **options)
    np.testing.assert_allclose(ISTA(0.1, L1(0)).minimize(objective, w, 25, **options), plain, rtol=1e-13)


@pytest.mark.equation("dynamic-sample")
def test_a_growing_sample_converges_with_a_constant_step():
    """Theorem 5.3: n_k = ⌈τ^(k-1)⌉. The batch of one observation stalls where its noise leaves it."""
    objective = finite_sum(n=500)
    gaps = {}
    for label, size in (("one", 1), ("growing", growing(1.1))):
        w = SGD(0.1).minimize(objective, np.zeros(3), 150, batch_size=size, sampling="without")
        gaps[label] = objective.F(w) - objective.F_star
    assert gaps["growing"] < 1e-9 < 1e-4 < gaps["one"]


def test_minimize_leaves_w_and_calls_back_with_every_iterate():
    objective, w = finite_sum(), np.zeros(3)
    seen = []
    last = SGD(0.1).minimize(objective, w, 5, callback=lambda k, w: seen.append((k, w.copy())))
    assert [k for k, _ in seen] == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(seen[-1][1], last)
    np.testing.assert_array_equal(w, 0)
    np.testing.assert_array_equal(SGD(0.1).minimize(objective, w, 0), w)


@pytest.mark.parametrize(
    ("optimizer", "options", "message"),
    [
        (SGD(0.1), {"batch_size": 21}, "batch_size: expected None or 1 to n = 20, got 21"),
        (SGD(0.1), {"batch_size": 0}, "batch_size: expected None or 1 to n = 20, got 0"),
        (Adam(0.1), {"sampling": "with"}, "sampling: expected 'replacement', 'without' or 'permutation', got 'with'"),
        (CoordinateDescent(), {"sampling": "with"}, "sampling: expected"),
        (CoordinateDescent([1, 2]), {}, r"L: expected a number or one for each of the 3 weights, got shape \(2,\)"),
        (ISTA(0.1, L1(1), np.ones(2)), {}, r"penalized: expected the shape of w, \(3,\), got \(2,\)"),
    ],
)
def test_a_bad_option_is_named(optimizer, options, message):
    with pytest.raises(ValueError, match=message):
        optimizer.minimize(finite_sum(), np.zeros(3), 1, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PolyakAveraging(SGD(0.1), first=0), "first: expected 1 or more, got 0"),
        (lambda: Clipped(SGD(0.1), 0), "limit: expected a positive length, got 0"),
        (lambda: Clipped(SGD(0.1), math.nan), "limit: expected a positive length, got nan"),
        (lambda: CoordinateDescent(L=0), "L: expected positive"),
        (lambda: CoordinateDescent(L=[1, -1]), "L: expected positive"),
        (lambda: SVRG(0.1, m=0), "m: expected 1 or more"),
        (lambda: SVRG(0.1, choice="best"), "choice: expected 'last', 'average' or 'random', got 'best'"),
    ],
)
def test_a_bad_setting_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Long vectors, short numbers

STEPPING = [
    SGD(0.1),
    Momentum(0.1),
    Nesterov(0.1),
    AdaGrad(0.1),
    RMSProp(0.1),
    Adam(0.1),
    ISTA(0.1, L1(0.5), np.arange(10) % 3),
    PolyakAveraging(Adam(0.1), first=2),
    Clipped(Momentum(0.1), 0.5),
]


@pytest.mark.parametrize("optimizer", STEPPING, ids=name)
@pytest.mark.parametrize("block", [1, 4, 5, 9, 10, 11])
def test_blocks_do_not_show(optimizer, block, monkeypatch):
    gs = np.random.default_rng(0).standard_normal((4, 10))
    results = []
    for size in (10**6, block):
        monkeypatch.setattr(optimizers, "BLOCK", size)
        w = np.linspace(-1, 1, 10)
        optimizer.start(w)
        for g in gs:
            optimizer.step(w, g)
        results.append((w, optimizer.average) if isinstance(optimizer, PolyakAveraging) else (w, *optimizer.state))
    for one_piece, in_blocks in zip(*results, strict=True):
        np.testing.assert_array_equal(in_blocks, one_piece)


@pytest.mark.parametrize(("optimizer", "iterations", "options"), everything(), ids=name)
def test_float32_stays_float32(optimizer, iterations, options):
    exact = finite_sum()
    objective = LeastSquares(exact.X.astype(np.float32), exact.y.astype(np.float32))
    w = optimizer.minimize(objective, np.zeros(3, np.float32), iterations, **options)
    assert w.dtype == np.float32
    assert objective.F(w) < objective.F(np.zeros(3, np.float32))


@pytest.mark.parametrize("make", [SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, lambda a: ISTA(a, L1(0.1))])
def test_numpys_numbers_are_as_good_as_pythons(make):
    """A float64 of NumPy as α would make every float32 temporary a float64, and the last bits would tell."""
    g = np.random.default_rng(0).standard_normal((20, 1000)).astype(np.float32)
    results = []
    for alpha in (0.1, np.float64(0.1), lambda k: np.float64(0.1)):
        optimizer, w = make(alpha), np.ones(1000, np.float32)
        optimizer.start(w)
        for each in g:
            optimizer.step(w, each)
        results.append(w)
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])


@pytest.mark.parametrize(("optimizer", "iterations", "options"), everything(), ids=name)
def test_torch_takes_the_same_steps(optimizer, iterations, options):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    a = finite_sum()
    b = LeastSquares(torch.tensor(a.X), torch.tensor(a.y))
    ours = optimizer.minimize(a, np.zeros(3), iterations, **options)
    theirs = optimizer.minimize(b, torch.zeros(3, dtype=torch.float64), iterations, **options)
    assert isinstance(theirs, torch.Tensor)
    np.testing.assert_allclose(theirs.numpy(), ours, rtol=1e-9, atol=1e-11)


# Networks


@pytest.fixture(scope="module")
def risk():
    """A network of 23 weights with 16 observations of a linear rule."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((16, 3))
    return EmpiricalRisk(mlp([3, 3, 2], seed=1), X, np.eye(2)[(X @ [1, -1, 0.5] > 0).astype(int)])


@pytest.mark.parametrize(("optimizer", "iterations", "options"), everything(0.4), ids=name)
def test_every_method_trains_a_network(optimizer, iterations, options, risk):
    w = optimizer.minimize(risk, risk.network.w, iterations, **options)
    assert risk.F(w) < 0.6 * risk.F(risk.network.w)


def test_proximal_steps_in_fit_and_biases_that_are_exempt(risk):
    """A penalty that no weight is worth: all become zero, and the biases are as without inputs."""
    network = mlp([3, 3, 2], seed=1)
    X, Y = risk.X, np.eye(2)[(np.arange(16) < 4).astype(int)]
    network.fit(X, Y, ISTA(0.5, L1(10.0), network.penalized), epochs=200, batch_size=16, progress=False)
    counted = network.penalized != 0
    np.testing.assert_array_equal(network.w[counted], 0)
    np.testing.assert_allclose(network.predict(X), np.tile([0.75, 0.25], (16, 1)), atol=1e-6)


# Averaging


@pytest.mark.equation("averaging")
def test_the_average_is_the_mean_of_the_iterates():
    objective, w = finite_sum(), np.ones(3)
    iterates = [w]
    SGD(0.1).minimize(objective, w, 9, seed=3, callback=lambda k, w: iterates.append(w.copy()))
    for j in (1, 2, 5, 10, 11, 50):
        found = PolyakAveraging(SGD(0.1), first=j).minimize(objective, w, 9, seed=3)
        expected = np.mean(iterates[j - 1 :], axis=0) if j <= 10 else iterates[-1]
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_the_average_takes_the_other_optimizers_options():
    objective, w, iterates = finite_sum(), np.ones(3), []
    options = {"batch_size": 3, "sampling": "permutation"}
    SGD(0.1).minimize(objective, w, 9, callback=lambda k, w: iterates.append(w.copy()), **options)
    found = PolyakAveraging(SGD(0.1), first=2).minimize(objective, w, 9, **options)
    np.testing.assert_allclose(found, np.mean(iterates, axis=0), rtol=1e-13)


def test_before_the_first_step_the_average_is_the_start():
    optimizer, w = PolyakAveraging(SGD(0.1)), np.ones(3)
    optimizer.start(w)
    np.testing.assert_array_equal(optimizer.average, w)
    assert optimizer.average is not w


def test_the_average_beats_the_last_iterate():
    """Constant α: the last iterate keeps the noise of its last steps, the mean of 1,500 loses most of it."""
    objective = finite_sum(n=50, noise=2.0)
    gaps = {"last": [], "mean": []}
    for seed in range(10):
        for label, optimizer in (("last", SGD(0.05)), ("mean", PolyakAveraging(SGD(0.05), first=500))):
            w = optimizer.minimize(objective, np.zeros(3), 2_000, seed=seed)
            gaps[label].append(objective.F(w) - objective.F_star)
    assert np.mean(gaps["mean"]) < 0.2 * np.mean(gaps["last"])


def test_fit_averages_beside_the_network(risk):
    plain, averaged, seen = mlp([3, 3, 2], seed=1), mlp([3, 3, 2], seed=1), []
    optimizer = PolyakAveraging(Momentum(0.1), first=2)
    each = [lambda network, history: seen.append(network.w.copy())]
    plain.fit(risk.X, risk.Y, Momentum(0.1), epochs=6, batch_size=16, progress=False, callbacks=each)
    averaged.fit(risk.X, risk.Y, optimizer, epochs=6, batch_size=16, progress=False)
    np.testing.assert_array_equal(averaged.w, plain.w)
    np.testing.assert_allclose(optimizer.average, np.mean(seen, axis=0), rtol=1e-12)
    assert optimizer.k == 6
    assert optimizer.alpha(1) == 0.1


# Penalties by proximal steps

vectors = arrays(float, 5, elements=st.floats(-10, 10, allow_subnormal=False))


@law
@given(vectors, vectors, st.floats(0, 3), st.floats(0.01, 3), st.sampled_from([L1, L2]))
def test_proximal_steps_are_firmly_nonexpansive(u, v, lam, alpha, penalty):
    """‖prox u - prox v‖² ≤ (u - v)ᵀ (prox u - prox v), so prox brings no two points further apart."""
    d = penalty(lam).prox(u, alpha) - penalty(lam).prox(v, alpha)
    assert d @ d <= (u - v) @ d + 1e-12
    assert d @ d <= (u - v) @ (u - v) + 1e-12


@law
@given(vectors, vectors, st.floats(0, 3), st.floats(0.01, 3), st.sampled_from([L1, L2]))
def test_a_proximal_step_minimizes_what_it_should(u, v, lam, alpha, penalty):
    penalty = penalty(lam)

    def value(v):
        return 0.5 * (v - u) @ (v - u) + alpha * penalty.value(v)

    prox = penalty.prox(u, alpha)
    for other in (v, prox + 1e-3 * v):
        assert value(prox) <= value(other) + 1e-10


@pytest.mark.equation("ista")
def test_ista_ends_where_l1_is_optimal():
    """∂F/∂w_j = -λ sign(w_j) where w_j ≠ 0, else |∂F/∂w_j| ≤ λ; and F + λ |w| has fallen all the way."""
    objective, penalty = finite_sum(n=30, p=8), L1(2.0)
    seen = []
    w = ISTA(1 / objective.L, penalty).minimize(
        objective, np.ones(8), 800, callback=lambda k, w: seen.append(objective.F(w) + penalty.value(w))
    )
    g, zero = objective.grad(w), w == 0
    assert 0 < zero.sum() < 8
    np.testing.assert_allclose(g[~zero], -2.0 * np.sign(w[~zero]), atol=1e-9)
    assert (abs(g[zero]) <= 2.0).all()
    assert (np.diff(seen) <= 1e-12).all()


@pytest.mark.parametrize("intercept", [False, True])
def test_scikit_learns_lasso_agrees(intercept):
    """Its objective is 1/(2n) ‖Xw - y‖² + alpha Σ |w|, intercept exempt: alpha is our λ."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 6))
    y = X @ [3, -2, 1, 0, 0, 0.1] + 5 + 0.1 * rng.standard_normal(40)
    witness = linear_model.Lasso(alpha=0.3, fit_intercept=intercept, tol=1e-14, max_iter=10_000).fit(X, y)
    Z = np.column_stack([np.ones(40), X]) if intercept else X
    counted = np.array([0, 1, 1, 1, 1, 1, 1]) if intercept else None
    objective = LeastSquares(Z, y)
    w = ISTA(1 / objective.L, L1(0.3), counted).minimize(objective, np.zeros(Z.shape[1]), 1_000)
    expected = [witness.intercept_, *witness.coef_] if intercept else witness.coef_
    np.testing.assert_allclose(w, expected, atol=1e-7)
    np.testing.assert_array_equal(w == 0, np.array(expected) == 0)


def test_l2_by_proximal_steps_is_ridge():
    """(XᵀX / n + 2 λ I) w = Xᵀy / n."""
    objective = finite_sum()
    w = ISTA(1 / objective.L, L2(0.4)).minimize(objective, np.zeros(3), 400)
    X, y, n = objective.X, objective.y, objective.n
    np.testing.assert_allclose(w, np.linalg.solve(X.T @ X / n + 0.8 * np.eye(3), X.T @ y / n), rtol=1e-10)


# Coordinates


@pytest.mark.equation("coordinate-descent")
@pytest.mark.parametrize("exact", [True, False])
def test_coordinate_descent_on_least_squares_is_gauss_seidel(exact):
    """A cycle solves XᵀX w = Xᵀy row by row, each with the newest values. There 1 / L_i steps are exact."""
    objective = finite_sum(p=4)
    A, b = objective.X.T @ objective.X, objective.X.T @ objective.y
    w = np.ones(4)
    optimizer = CoordinateDescent(None if exact else objective.L_coordinates)
    found = optimizer.minimize(objective, w, 12)
    for _ in range(3):
        w = np.linalg.solve(np.tril(A), b - np.triu(A, 1) @ w)
    np.testing.assert_allclose(found, w, rtol=1e-12)


@pytest.mark.parametrize("sampling", ["cyclic", "replacement", "permutation"])
def test_coordinates_in_their_order(sampling):
    """Each iteration changes one coordinate; which, is the sampling's matter."""
    objective, w = finite_sum(p=4), np.full(4, 50.0)
    iterates = [w]
    CoordinateDescent(3 * objective.L).minimize(
        objective, w, 40, sampling=sampling, callback=lambda k, w: iterates.append(w.copy())
    )
    changed = np.diff(iterates, axis=0) != 0
    assert (changed.sum(axis=1) == 1).all()
    order = changed.argmax(axis=1).reshape(10, 4)
    assert (order == [0, 1, 2, 3]).all() == (sampling == "cyclic")
    assert (np.sort(order) == [0, 1, 2, 3]).all() == (sampling != "replacement")
    assert len(set(order.ravel())) == 4


@pytest.mark.parametrize("curvature", [1e-4, 1.0, 1e4])
def test_an_exact_step_is_found_in_any_scale(curvature):
    class Scaled(Quadratic):
        H, calls = np.diag([curvature, 1.0]), 0

        def grad(self, w):
            self.calls += 1
            return super().grad(w)

    objective = Scaled()
    w = CoordinateDescent().minimize(objective, np.array([3.0, 5.0]), 1)
    np.testing.assert_allclose(w, [1, 5], rtol=1e-10)
    assert objective.calls < 20


def test_an_exact_step_leaves_no_slope():
    """Rosenbrock's F is of fourth degree along w_1, so one secant would not do."""
    w = np.array([-1.2, 1.0])
    w = CoordinateDescent().minimize(Rosenbrock(), w, 1)
    assert w[1] == 1.0
    assert abs(Rosenbrock().grad(w)[0]) < 1e-9


# Clipping


@pytest.mark.equation("gradient-clipping")
@law
@given(
    arrays(np.float64, st.integers(1, 8), elements=st.floats(-100, 100).filter(lambda x: x == 0 or abs(x) > 1e-3)),
    st.floats(0.01, 100),
)
def test_a_clipped_gradient_is_its_equation(g, limit):
    """The whole vector at once: never longer than the limit, always in the same direction, short ones as they are."""
    before, norm = g.copy(), math.sqrt(sum(x * x for x in g))
    clipped = Clipped(SGD(1.0), limit).clip(g)
    np.testing.assert_array_equal(g, before)
    assert np.linalg.norm(clipped) <= limit * (1 + 1e-12)
    np.testing.assert_allclose(clipped, g * min(1, limit / norm) if norm else g, rtol=1e-12, atol=0)
    if norm < limit * (1 - 1e-12):
        assert clipped is g


@pytest.mark.equation("gradient-clipping")
def test_clipping_by_hand():
    clipped = Clipped(SGD(0.5), 1.0)
    for g, step in (([3.0, 4.0], [0.3, 0.4]), ([0.3, 0.4], [0.15, 0.2]), ([0.9, 0.9], [math.sqrt(1 / 8)] * 2)):
        w, g = np.zeros(2), np.array(g)
        given = g.copy()
        clipped.start(w)
        clipped.step(w, g)
        np.testing.assert_allclose(w, -np.array(step), rtol=1e-14)
        np.testing.assert_array_equal(g, given)


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_clipping_does_not_overflow_in_float32(size):
    g = np.array([3 * size, -4 * size], dtype=np.float32)
    found = Clipped(SGD(1.0), size).clip(g)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found / np.float32(size), [0.6, -0.8], rtol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_clipping_hides_no_gradient_that_is_not_finite(bad):
    g = np.array([1.0, bad, 2.0])
    assert Clipped(SGD(1.0), 0.1).clip(g) is g


def test_clipping_works_on_what_the_other_optimizer_sees():
    """Momentum of clipped gradients, not a clipped step; and with a limit out of reach nothing changes."""
    objective, w = finite_sum(), np.ones(3)
    options = {"batch_size": 2, "sampling": "permutation", "seed": 4}
    v, u = np.zeros(3), w.copy()
    for xi, _ in zip(batches(objective.n, 2, "permutation", np.random.default_rng(4)), range(20), strict=False):
        g = objective.g(u, xi)
        v = MU * v - 0.1 * g * min(1, 0.5 / np.linalg.norm(g))
        u = u + v
    found = Clipped(Momentum(0.1, MU), 0.5).minimize(objective, w, 20, **options)
    np.testing.assert_allclose(found, u, rtol=1e-12)
    free = Clipped(Momentum(0.1, MU), 1e9).minimize(objective, w, 20, **options)
    np.testing.assert_array_equal(free, Momentum(0.1, MU).minimize(objective, w, 20, **options))
    assert not np.allclose(found, free)


def test_clipping_keeps_the_other_optimizers_way_to_run():
    """Gradient descent takes all observations, and an average stays an average."""
    objective, w = finite_sum(), np.ones(3)
    iterates = [w]
    clipped = Clipped(GradientDescent(0.1), 0.5)
    clipped.minimize(objective, w, 9, callback=lambda k, w: iterates.append(w.copy()))
    lengths = np.linalg.norm(np.diff(iterates, axis=0), axis=1)
    np.testing.assert_allclose(lengths[0], 0.05, rtol=1e-12)
    np.testing.assert_allclose(iterates[1] - w, -0.05 * objective.grad(w) / np.linalg.norm(objective.grad(w)))
    assert clipped.k == 9
    for both in (
        Clipped(PolyakAveraging(GradientDescent(0.1)), 0.5),
        PolyakAveraging(Clipped(GradientDescent(0.1), 0.5)),
    ):
        np.testing.assert_allclose(both.minimize(objective, w, 9), np.mean(iterates, axis=0), rtol=1e-12)


def test_fit_clips_each_step(risk):
    """One step of α = 1 on all observations is as long as the limit; a fit that diverges does not, if clipped."""
    network = mlp([3, 3, 2], seed=1)
    before, g = network.w.copy(), network.gradient(risk.X, risk.Y).copy()
    network.fit(risk.X, risk.Y, Clipped(SGD(1.0), 0.01), epochs=1, batch_size=16, progress=False)
    assert np.linalg.norm(g) > 0.01
    np.testing.assert_allclose(before - network.w, 0.01 * g / np.linalg.norm(g), rtol=1e-9)

    X, Y = 1e3 * risk.X, 1e3 * risk.X[:, :1]
    with pytest.raises(Diverged):
        mlp([3, 1], error=SumOfSquares()).fit(X, Y, SGD(0.1), epochs=50, progress=False)
    steady = mlp([3, 1], error=SumOfSquares())
    history = steady.fit(X, Y, Clipped(SGD(0.1), 0.1), epochs=400, progress=False)
    assert history.error[-1] < 0.01 * history.error[0]


def test_clipped_fit_still_tells_of_a_loss_that_is_not_finite(risk):
    network = mlp([3, 1], error=SumOfSquares())
    with pytest.raises(Diverged):
        network.fit(1e200 * risk.X, risk.X[:, :1], Clipped(SGD(0.1), 0.1), epochs=2, progress=False)
