"""Optimizers: each one is an equation on the flat vectors `w` and `g`.

All of them minimize anything with `n`, `F(w)`, `grad(w)` and `g(w, xi)`: a network's empirical risk or a quadratic.
An `Optimizer` makes its step of one vector `g`, so `Network.fit` can use it too. SVRG, SAGA, coordinate descent and the
methods of `second_order` ask the objective for more, and have `minimize` alone.

α may be a number or a function of the iteration k = 1, 2, ...; `harmonic`, `step_decay` and `cosine` make some.
"""

import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from .backend import Array, is_tensor, move, namespace, to_numpy
from .penalties import Penalty
from .sampling import Indices, Sampling, Size, batches
from .validation import (
    Named,
    callable_so,
    fraction,
    function,
    instance,
    keywords,
    named,
    not_negative,
    number,
    one_of,
    positive,
    seeded,
    setting,
    shown,
    vector,
    whole,
)

__all__ = [
    "ISTA",
    "SAGA",
    "SGD",
    "SVRG",
    "AdaGrad",
    "Adam",
    "Clipped",
    "CoordinateDescent",
    "Diverged",
    "GradientDescent",
    "LearningRate",
    "Minimizer",
    "Momentum",
    "Nesterov",
    "Objective",
    "Optimizer",
    "PolyakAveraging",
    "RMSProp",
    "Wrapper",
    "cosine",
    "harmonic",
    "step_decay",
]

Rate = float | Callable[[int], float]

# NumPy makes a pass over memory for each operation. On blocks of a long vector, all passes but the first find their
# numbers in the cache. Smaller blocks fit a faster cache, but lose more than they gain: 2^13 takes twice the time.
BLOCK = 2**18
LOOK = 100  # `minimize` asks after so many iterations whether w is still finite: once it is not, it stays so


class Diverged(ArithmeticError):
    """A method stopped because its numbers were no longer finite."""


class LearningRate:
    """α_k for k = 1, 2, ...: a positive number, or a function of k."""

    def __init__(self, name: str, alpha: Rate) -> None:
        self.of_k = alpha if callable(alpha) and not isinstance(alpha, type) else None
        expected = "a positive learning rate, or a function of k = 1, 2, ..."
        self.value = 0.0 if self.of_k else number(name, alpha, expected, lambda x: 0 < x < math.inf)

    @classmethod
    def checked(cls, name: str, alpha: Any) -> "LearningRate":
        """`alpha` as a learning rate."""
        return alpha if isinstance(alpha, LearningRate) else cls(name, alpha)

    def __call__(self, k: int) -> float:
        """α_k, a float: NumPy's float64 times float32 weights would be float64."""
        if self.of_k is None:
            return self.value
        return number(f"alpha({k})", self.of_k(k), "a learning rate of at least 0", lambda x: 0 <= x < math.inf)

    def __repr__(self) -> str:
        return repr(self.value if self.of_k is None else self.of_k)


class Objective(Protocol):
    """F(w) = (1/n) Σ E_i(w), as the analysis sees it. Where there is an exact `Hv(w, v, xi=None)`, it is used."""

    @property
    def n(self) -> int:
        """Number of observations."""

    def F(self, w: Array) -> float:
        """The value."""

    def grad(self, w: Array) -> Array:
        """∇F(w)."""

    def g(self, w: Array, xi: Any) -> Array:
        """The stochastic gradient over the indices `xi`, a new array."""


class Minimizer(Named):
    """w_1, w_2, ...: subclasses give `run`.

    ``alpha(k)`` is the learning rate α_k, and ``optimizer.alpha = 0.01`` sets another.

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).

    Raises
    ------
    ValueError
        α is not positive.
    """

    alpha: Any = setting(LearningRate.checked)

    def __init__(self, alpha: Rate) -> None:
        self.alpha = alpha

    # run(objective, w, rng, **options): the method itself, without end: change `w` in place, yield after each iteration
    run: Callable[..., Iterator[None]]

    def iterate(self, objective: Objective, w: Array, rng: np.random.Generator, options: Any) -> Iterator[None]:
        """`run`, with a sentence where it has no such option."""
        callable_so(f"{type(self).__name__}.minimize", inspect.signature(self.run), (objective, w, rng), options)
        return self.run(objective, w, rng, **options)

    @keywords
    def minimize(
        self,
        objective: Objective,
        w: Array,
        iterations: int,
        seed: int = 0,
        callback: Callable[[int, Array], object] | None = None,
        **options: Any,
    ) -> Array:
        """Run `iterations` iterations from `w` and return the last iterate; `w` itself is not changed.

        Parameters
        ----------
        objective : Objective
        w : array (p,)
            The first iterate.
        iterations : int
        seed : int
            Of the generator that draws observations or coordinates.
        callback : callable, optional
            ``callback(k, w)`` after each iteration, w being the live iterate.
        **options
            Those of the method's `run`, as `batch_size` and `sampling` (see `Optimizer.run`).

        Raises
        ------
        ValueError
            An argument is out of its range, or `w` does not fit the objective.
        Diverged
            ‖w‖² is no longer a finite number.
        """
        if not hasattr(objective, "grad"):
            raise ValueError(
                "objective: expected something with n, F(w), grad(w) and g(w, xi), as EmpiricalRisk(network, X, Y), "
                f"got {shown(objective)}"
            )
        if callback is not None:
            function("callback", callback, "a function of k and w")
        w = vector("w", w, getattr(objective, "p", None)) + 0  # a copy, in either library
        iterations = whole("iterations", iterations, 0)
        run = self.iterate(objective, w, seeded(seed), options)
        with np.errstate(over="ignore", invalid="ignore"):  # reported below, in words
            for k in range(1, iterations + 1):
                next(run)
                if (k % LOOK == 0 or k == iterations) and not math.isfinite(float(w @ w)):
                    raise Diverged(
                        f"‖w‖² is {float(w @ w)} after iteration {k} with learning rate {self.alpha(k):g}; "
                        "the w that you gave is unchanged. Try a learning rate ten times smaller."
                    )
                if callback is not None:
                    callback(k, w)
        return w


class Optimizer(Minimizer):
    """w ← w + (a step made of g). Subclasses give `update`."""

    vectors: ClassVar[int] = 0  # of the size of w that are kept from step to step, all zero at first

    # update(w, g, alpha, *state): the equation, element by element; change `w` and the vectors of the state in place
    update: Callable[..., None]

    def __init__(self, alpha: Rate) -> None:
        super().__init__(alpha)
        self.k = 0
        self.state: list[Array] | None = None  # until the start

    def start(self, w: Array) -> None:
        """Forget the past: k = 0 and no momentum."""
        self.k = 0
        self.state = [namespace(w).zeros_like(w) for _ in range(self.vectors)]

    def step(self, w: Array, g: Array) -> None:
        """One iteration: change `w` in place, given the gradient or its estimate `g`."""
        if self.state is None:
            self.start(w)
        state: list[Array] = self.state  # type: ignore[assignment]
        self.k += 1
        alpha = self.alpha(self.k)
        if len(w) <= BLOCK or is_tensor(w):
            self.update(w, g, alpha, *state)
        else:
            for i in range(0, len(w), BLOCK):
                J = slice(i, i + BLOCK)
                self.update(w[J], g[J], alpha, *[v[J] for v in state])

    def run(
        self,
        objective: Objective,
        w: Array,
        rng: np.random.Generator,
        batch_size: Size | None = 1,
        sampling: Sampling = "replacement",
    ) -> Iterator[None]:
        """A step for each batch.

        Parameters
        ----------
        objective, w, rng
            As for `Minimizer`.
        batch_size : int, callable or None
            |J|, the number of observations drawn for each step, or a function of k (`growing`); None takes all of them,
            so that g = ∇F(w).
        sampling : str
            "replacement", "without" or "permutation": how J is drawn, see `nnlib.sampling.batches`.
        """
        self.start(w)
        for xi in drawn(objective, batch_size, sampling, rng):
            self.step(w, objective.grad(w) if xi is None else objective.g(w, xi))
            yield


def drawn(
    objective: Objective, batch_size: Size | None, sampling: Sampling, rng: np.random.Generator
) -> Iterator[Indices | None]:
    """ξ_1, ξ_2, ...: batches of the objective's observations, or always None, all of them.

    Raises
    ------
    ValueError
        A batch size is not in 1, ..., n.
    """
    if batch_size is None:
        return itertools.repeat(None)
    if not callable(batch_size):
        whole("batch_size", batch_size, 1, objective.n, f"None or 1 to n = {objective.n}")
    return batches(objective.n, batch_size, sampling, rng)


# One vector g ---------------------------------------------------------------------------------------------------------


class SGD(Optimizer):
    """w_{k+1} = w_k - α_k g(w_k, ξ_k) (equation sgd-iteration): equation sgd, for a batch equation minibatch-sgd.

    With a network's gradient for one observation it is equation netbp-update.

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    """

    def __init__(self, alpha: Rate = 0.1) -> None:
        super().__init__(alpha)

    def update(self, w: Array, g: Array, alpha: float) -> None:
        w -= alpha * g


class GradientDescent(SGD):
    """w_{k+1} = w_k - α_k ∇F(w_k): `SGD` whose batch is everything (equation gradient-descent).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    """

    def run(self, objective: Objective, w: Array, rng: np.random.Generator) -> Iterator[None]:  # type: ignore[override]
        """A step for each gradient."""
        return super().run(objective, w, rng, batch_size=None)


class Momentum(Optimizer):
    """v_{k+1} = μ v_k - α_k g(w_k, ξ_k), w_{k+1} = w_k + v_{k+1}, v_1 = 0 (equation momentum).

    Polyak 1964; Bottou et al. 2018, 7.1. A constant g would be followed with the rate α / (1 - μ).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    mu : float
        The fraction of the last step that is kept, in [0, 1).
    """

    vectors = 1
    mu: float = setting(fraction)

    def __init__(self, alpha: Rate = 0.1, mu: float = 0.9) -> None:
        super().__init__(alpha)
        self.mu = mu

    def update(self, w: Array, g: Array, alpha: float, v: Array) -> None:
        v *= self.mu
        v -= alpha * g
        w += v


class Nesterov(Momentum):
    """v_{k+1} = μ v_k - α_k g(w_k + μ v_k), w_{k+1} = w_k + v_{k+1}, v_1 = 0: g is taken where momentum leads.

    The vector that is kept, and at which g is given, is that point u_k = w_k + μ v_k:
    u_{k+1} = u_k + μ v_{k+1} - α_k g(u_k) (equation nesterov; Nesterov 1983, in this form Sutskever et al. 2013, 2).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    mu : float
        The fraction of the last step that is kept, in [0, 1).
    """

    def update(self, w: Array, g: Array, alpha: float, v: Array) -> None:
        step = alpha * g
        v *= self.mu
        v -= step
        w += self.mu * v - step


class AdaGrad(Optimizer):
    """r_{k+1} = r_k + g ⊙ g, w_{k+1} = w_k - α_k g / (√r_{k+1} + ε), r_1 = 0 (equation adagrad).

    Duchi, Hazan & Singer 2011.

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    eps : float
        ε keeps the quotient finite where all derivatives have been zero.
    """

    vectors = 1
    eps: float = setting(not_negative)

    def __init__(self, alpha: Rate = 0.1, eps: float = 1e-8) -> None:
        super().__init__(alpha)
        self.eps = eps

    def update(self, w: Array, g: Array, alpha: float, r: Array) -> None:
        r += g * g
        w -= alpha * g / (namespace(r).sqrt(r) + self.eps)


class RMSProp(AdaGrad):
    """r_{k+1} = b r_k + (1 - b) g ⊙ g, w_{k+1} = w_k - α_k g / (√r_{k+1} + ε), r_1 = 0 (equation rmsprop).

    Tieleman & Hinton 2012.

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    b : float
        The fraction of the past squares that is kept, in [0, 1).
    eps : float
        ε keeps the quotient finite.
    """

    b: float = setting(fraction)

    def __init__(self, alpha: Rate = 0.01, b: float = 0.9, eps: float = 1e-8) -> None:
        super().__init__(alpha, eps)
        self.b = b

    def update(self, w: Array, g: Array, alpha: float, r: Array) -> None:
        r *= self.b
        r += (1 - self.b) * g * g
        w -= alpha * g / (namespace(r).sqrt(r) + self.eps)


class Adam(Optimizer):
    """m_{k+1} = b1 m_k + (1 - b1) g, r_{k+1} = b2 r_k + (1 - b2) g ⊙ g, both zero at first (equation adam).

    w_{k+1} = w_k - α_k m̂ / (√r̂ + ε), where m̂ = m_{k+1} / (1 - b1^k) and r̂ = r_{k+1} / (1 - b2^k) make up for the start
    at zero (Kingma & Ba 2015, Algorithm 1).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    b1, b2 : float
        The fractions of the past derivatives and squares that are kept, in [0, 1).
    eps : float
        ε keeps the quotient finite.
    """

    vectors = 2
    b1: float = setting(fraction)
    b2: float = setting(fraction)
    eps: float = setting(not_negative)

    def __init__(self, alpha: Rate = 1e-3, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> None:
        super().__init__(alpha)
        self.b1, self.b2, self.eps = b1, b2, eps

    def update(self, w: Array, g: Array, alpha: float, m: Array, r: Array) -> None:
        m *= self.b1
        m += (1 - self.b1) * g
        r *= self.b2
        r += (1 - self.b2) * g * g
        alpha, eps = self._corrected(alpha)
        w -= alpha * m / (namespace(r).sqrt(r) + eps)

    def _corrected(self, alpha: float) -> tuple[float, float]:
        """α' and ε' with α' m / (√r + ε') = α m̂ / (√r̂ + ε): numbers are corrected, and no vectors.

        With s = √(1 - b2^k), α' = α s / (1 - b1^k) and ε' = s ε (Kingma & Ba 2015, end of section 2).
        To correct m and r themselves takes 1.13 times an update's time for 1,000 weights, 1.23 for 3 million.
        """
        s = math.sqrt(1 - self.b2**self.k)
        return alpha * s / (1 - self.b1**self.k), s * self.eps


class ISTA(Optimizer):
    """w_{k+1} = prox(w_k - α_k ∇F(w_k)): gradient descent on F + penalty (equation ista).

    prox(u) = argmin_v ½ ‖v - u‖² + α_k penalty(v). `L1` makes it the iterative soft-thresholding algorithm, whose
    weights become exactly zero (Bottou et al. 2018, 8.1.1). For convex F, 0 < α ≤ 1 / L lets F + penalty fall at every
    step. F is without the penalty. With a `batch_size`, g(w_k, ξ_k) replaces ∇F(w_k): the stochastic proximal step.

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    penalty : Penalty
        ``L1(lam)`` or ``L2(lam)``.
    penalized : array (p,), optional
        0 for each weight that is exempt, as `Network.penalized`; by default none is.
    """

    penalty: Penalty = setting(lambda name, value: instance(name, value, Penalty, "L1(0.01)"))

    def __init__(self, alpha: Rate, penalty: Penalty, penalized: Array = None) -> None:
        super().__init__(alpha)
        self.penalty, self.penalized = penalty, penalized

    def start(self, w: Array) -> None:
        """Forget the past.

        Raises
        ------
        ValueError
            `penalized` has another shape than `w`.
        """
        super().start(w)
        penalized = namespace(w).ones_like(w) if self.penalized is None else move(self.penalized, like=w)
        if penalized.shape != w.shape:
            raise ValueError(f"penalized: expected the shape of w, {tuple(w.shape)}, got {tuple(penalized.shape)}")
        self.state = [penalized != 0]

    def update(self, w: Array, g: Array, alpha: float, penalized: Array) -> None:
        w -= alpha * g
        w[:] = namespace(w).where(penalized, self.penalty.prox(w, alpha), w)

    def run(
        self,
        objective: Objective,
        w: Array,
        rng: np.random.Generator,
        batch_size: Size | None = None,
        sampling: Sampling = "replacement",
    ) -> Iterator[None]:
        """As `Optimizer.run`, by default with all observations."""
        return super().run(objective, w, rng, batch_size, sampling)


class Wrapper(Optimizer):
    """An optimizer around another one, whose learning rate is its own."""

    optimizer: Optimizer = setting(lambda name, value: instance(name, value, Optimizer, "SGD(0.1)"))

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer, self.k, self.state = optimizer, 0, None

    @property
    def alpha(self) -> Any:
        """That of the other optimizer."""
        return self.optimizer.alpha

    @alpha.setter
    def alpha(self, alpha: Rate) -> None:
        self.optimizer.alpha = alpha

    def start(self, w: Array) -> None:
        self.optimizer.start(w)
        self.k, self.state = 0, []


class PolyakAveraging(Wrapper):
    """w̄_k = 1 / (k + 2 - j) Σ_{i=j}^{k+1} w_i: the mean of another optimizer's iterates (equation averaging).

    w_{k+1} is the iterate after k steps, so w_1 is where they start. The noise of the iterates averages out, and α may
    stay large (Polyak & Juditsky 1992; Ruppert 1988; Bottou et al. 2018, 5.4). `minimize` returns w̄. In `Network.fit`
    the network goes on with w_{k+1}, and w̄ is in `average`.

    Parameters
    ----------
    optimizer : Optimizer
        Whose iterates w_k are averaged; it knows nothing of it.
    first : int
        j, the first iterate that counts. Until then w̄ is the iterate itself.

    Attributes
    ----------
    average : array (p,)
        w̄.
    """

    first: int = setting(whole)

    def __init__(self, optimizer: Optimizer, first: int = 1) -> None:
        super().__init__(optimizer)
        self.first = first

    def start(self, w: Array) -> None:
        super().start(w)
        self.average = w + 0

    def step(self, w: Array, g: Array) -> None:
        if self.state is None:
            self.start(w)
        self.optimizer.step(w, g)
        self._include(w)

    def run(  # type: ignore[override]
        self, objective: Objective, w: Array, rng: np.random.Generator, **options: Any
    ) -> Iterator[None]:
        """The other optimizer's `run`, on a copy; `w` is the average."""
        v = w + 0
        self.k, self.average = 0, w
        for _ in self.optimizer.iterate(objective, v, rng, options):
            self._include(v)
            yield

    def _include(self, w: Array) -> None:
        self.k += 1
        self.average += (w - self.average) / max(1, self.k + 2 - self.first)


class Clipped(Wrapper):
    """g ← g min{1, c / ‖g‖}, then the step of another optimizer (equation gradient-clipping).

    A gradient that is longer than the limit c is made as short as that. All components shrink by one factor, so that
    the direction stays (Pascanu, Mikolov & Bengio 2013, Algorithm 1). A gradient with NaN or infinity goes on as it
    is: `Network.fit` shall find it. The caller's `g` is never changed.

    Parameters
    ----------
    optimizer : Optimizer
        What steps with the shortened gradient.
    limit : float
        c, the largest length that a gradient keeps.

    Raises
    ------
    ValueError
        The limit is not positive.
    """

    limit: float = setting(lambda name, value: number(name, value, "a positive length", lambda x: x > 0))

    def __init__(self, optimizer: Optimizer, limit: float) -> None:
        super().__init__(optimizer)
        self.limit = limit

    def clip(self, g: Array) -> Array:
        """g min{1, c / ‖g‖}: `g` itself where it is short enough, else a new array."""
        largest = float(abs(g).max())
        if not 0 < largest < math.inf:
            return g
        unit = g / largest  # the squares of large components could overflow in float32
        shrunk = self.limit / (largest * math.sqrt(float(unit @ unit)))
        return g * shrunk if shrunk < 1 else g

    def step(self, w: Array, g: Array) -> None:
        if self.state is None:
            self.start(w)
        self.k += 1
        self.optimizer.step(w, self.clip(g))

    def run(  # type: ignore[override]
        self, objective: Objective, w: Array, rng: np.random.Generator, **options: Any
    ) -> Iterator[None]:
        """The other optimizer's `run`, which sees no gradient but clipped ones."""
        self.k = 0
        for _ in self.optimizer.iterate(_ClippedObjective(objective, self.clip), w, rng, options):
            self.k += 1
            yield


class _ClippedObjective:
    """An objective whose gradients are clipped."""

    def __init__(self, objective: Objective, clip: Callable[[Array], Array]) -> None:
        self.n, self.F = objective.n, objective.F
        self.grad: Callable[[Array], Array] = lambda w: clip(objective.grad(w))
        self.g: Callable[[Array, Any], Array] = lambda w, xi: clip(objective.g(w, xi))


# Gradients of single observations, kept to reduce the noise -----------------------------------------------------------


class SVRG(Minimizer):
    """w̃_{j+1} = w̃_j - α_k (∇E_i(w̃_j) - (∇E_i(w_k) - ∇F(w_k))), w̃_1 = w_k (equation svrg).

    Bottou et al. 2018, Algorithm 5.1. One iteration takes ∇F(w_k) and m inner steps j = 1, ..., m, each with one i
    drawn from all n: n + 2 m gradients of single observations. What is in the outer brackets is unbiased, and its
    variance goes to zero with w_k and w̃_j on their way to w_*; so a constant α is enough for linear convergence. For F
    c-strongly convex, ∇E_i L-Lipschitz and α < 1 / (4 L), the expected gap F(w_k) - F_* falls in each iteration by at
    least the factor ρ = 1 / (c α (1 - 2 L α) m) + 2 L α / (1 - 2 L α), if that is below 1 (Johnson & Zhang 2013,
    Theorem 1, for the choices "average" and "random").

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k), the same in all inner steps of iteration k.
    m : int, optional
        Inner steps; 2 n by default.
    choice : str
        Which inner iterate becomes w_{k+1}: the "last", the "average" of all m, or a "random" one.
    """

    def __init__(
        self, alpha: Rate, m: int | None = None, choice: Literal["last", "average", "random"] = "last"
    ) -> None:
        super().__init__(alpha)
        self.m = None if m is None else whole("m", m, 1, None, "1 or more inner steps")
        self.choice = one_of("choice", choice, ("last", "average", "random"))

    def run(self, objective: Objective, w: Array, rng: np.random.Generator) -> Iterator[None]:
        m = 2 * objective.n if self.m is None else self.m
        draws = batches(objective.n, 1, "replacement", rng)
        for k in itertools.count(1):
            grad, alpha = objective.grad(w), self.alpha(k)
            v, total = w + 0, namespace(w).zeros_like(w)
            steps = int(rng.integers(1, m + 1)) if self.choice == "random" else m  # later ones would be thrown away
            for i in itertools.islice(draws, steps):
                v -= alpha * (objective.g(v, i) - (objective.g(w, i) - grad))
                total += v
            w[:] = total / m if self.choice == "average" else v
            yield


class SAGA(Minimizer):
    """w_{k+1} = w_k - α_k (∇E_j(w_k) - ∇E_j(w_[j]) + (1/n) Σ_i ∇E_i(w_[i])) (equation saga).

    Bottou et al. 2018, Algorithm 5.2. w_[i] is where ∇E_i was last taken: a table keeps these n gradients, n p numbers
    in all. j is drawn from all n, and its row is replaced after the step, so g is unbiased. A step takes one gradient
    of a single observation. A constant α is enough for linear convergence: 1 / (3 L), if every ∇E_i is L-Lipschitz
    (Defazio, Bach & Lacoste-Julien 2014).

    Parameters
    ----------
    alpha : float or callable
        The learning rate α, or α(k).
    """

    def __init__(self, alpha: Rate) -> None:
        super().__init__(alpha)

    def run(self, objective: Objective, w: Array, rng: np.random.Generator) -> Iterator[None]:
        n = objective.n
        table = namespace(w).stack([objective.g(w, i) for i in range(n)])
        mean = table.mean(axis=0)
        for k, (j,) in enumerate(batches(n, 1, "replacement", rng), start=1):
            change = objective.g(w, j) - table[j]
            w -= self.alpha(k) * (change + mean)
            table[j] += change
            mean += change / n
            yield


# One coordinate at a time ---------------------------------------------------------------------------------------------


class CoordinateDescent(Minimizer):
    """w_{k+1} = w_k - (1 / L_i) ∂F(w_k)/∂w_i e_i for one coordinate i (equation coordinate-descent).

    Bottou et al. 2018, 7.3. L_i is a Lipschitz constant of ∂F/∂w_i along e_i. Without `L`, w_i goes to the next minimum
    of F along e_i, where ∂F/∂w_i is zero: on least squares, a Gauss-Seidel step. The objective is asked for its whole
    gradient, so this shows the method and not its speed.

    Parameters
    ----------
    L : float or array (p,), optional
        L_i of each coordinate, as the objective's `L_coordinates`, or one L for all.
    """

    def __init__(self, L: Any = None) -> None:
        super().__init__(1.0)
        self.L = None if L is None else to_numpy(L)
        if self.L is not None and not (self.L.dtype.kind in "fiu" and (self.L > 0).all()):
            raise ValueError(f"L: expected positive Lipschitz constants, got {L}")

    def run(
        self,
        objective: Objective,
        w: Array,
        rng: np.random.Generator,
        sampling: Literal["cyclic"] | Sampling = "cyclic",
    ) -> Iterator[None]:
        """A coordinate in each iteration.

        Parameters
        ----------
        objective, w, rng
            As for `Minimizer`.
        sampling : str
            "cyclic": i = 1, ..., p, and again. Else i is drawn, as observations are: "replacement", "permutation".
        """
        p = len(w)
        if self.L is not None and self.L.shape not in ((), (p,)):
            raise ValueError(f"L: expected a number or one for each of the {p} weights, got shape {self.L.shape}")
        L = None if self.L is None else np.broadcast_to(self.L, p)
        coordinates = (
            itertools.cycle(range(p)) if sampling == "cyclic" else (int(J[0]) for J in batches(p, 1, sampling, rng))
        )
        for i in coordinates:
            slope = float(objective.grad(w)[i])
            w[i] += self._to_minimum(objective, w, i, slope) if L is None else -slope / float(L[i])
            yield

    def _to_minimum(self, objective: Objective, w: Array, i: int, slope: float) -> float:
        """t where ∂F(w + t e_i)/∂w_i = 0: doubled until the slope changes sign, then regula falsi (Illinois)."""

        def at(t: float) -> float:
            v = w + 0
            v[i] += t
            return float(objective.grad(v)[i])

        small = 8 * float(namespace(w).finfo(w.dtype).eps) * abs(slope)
        s, at_s, t = 0.0, slope, -slope
        at_t = at(t)
        while at_t * slope > 0 and math.isfinite(t):
            s, at_s, t = t, at_t, 2 * t
            at_t = at(t)
        for _ in range(50):
            if not abs(at_t) > small:
                break
            u = (s * at_t - t * at_s) / (at_t - at_s)
            at_u = at(u)
            s, at_s = (t, at_t) if at_u * at_t < 0 else (s, at_s / 2)
            t, at_t = u, at_u
        return t


# Step sizes -----------------------------------------------------------------------------------------------------------


@named
@dataclass(frozen=True)
class harmonic:
    """α_k = β / (γ + k), of infinite sum and finite sum of squares (Robbins & Monro 1951; equation harmonic-rate)."""

    beta: float
    gamma: float = 0.0

    def __post_init__(self) -> None:
        positive("beta", self.beta)
        number("gamma", self.gamma, "a number above -1", lambda x: -1 < x < math.inf)

    def __call__(self, k: int) -> float:
        return self.beta / (self.gamma + k)


@named
@dataclass(frozen=True)
class step_decay:
    """α_k = α factor^⌊(k - 1) / every⌋: a new rate after every so many steps (equation step-decay-rate)."""

    alpha: float
    factor: float
    every: int

    def __post_init__(self) -> None:
        positive("alpha", self.alpha)
        positive("factor", self.factor)
        whole("every", self.every)

    def __call__(self, k: int) -> float:
        return self.alpha * self.factor ** ((k - 1) // self.every)


@named
@dataclass(frozen=True)
class cosine:
    """α_k = end + ½ (α - end) (1 + cos(π (k - 1) / iterations)) (Loshchilov & Hutter 2017; equation cosine-rate)."""

    alpha: float
    iterations: int
    end: float = 0.0

    def __post_init__(self) -> None:
        positive("alpha", self.alpha)
        whole("iterations", self.iterations)
        not_negative("end", self.end)

    def __call__(self, k: int) -> float:
        t = min(1.0, (k - 1) / self.iterations)
        return self.end + 0.5 * (self.alpha - self.end) * (1 + math.cos(math.pi * t))
