"""A network: layers one after the other, an error at the end, all weights in one vector."""

import copy
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from . import activations, drawing, storage
from .activations import Function
from .backend import Array, is_tensor, move, namespace, take, to_numpy, zeros
from .errors import BinaryCrossEntropy, CrossEntropy, Error, SumOfSquares, Unmatched
from .history import History
from .initializers import glorot_normal, he_normal
from .layers import Activation, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, Shape, Weighted
from .optimizers import SGD, Diverged, Minimizer, Optimizer
from .penalties import L1, L2, Penalty
from .validation import (
    METHODS,
    Named,
    floating,
    function,
    instance,
    keywords,
    refused,
    seeded,
    sequence,
    shown,
    whole,
    write,
)

__all__ = ["Network", "mlp"]

ROWS = 512  # observations go through the network in blocks: the caches of all of MNIST would not fit


class Network(Named):
    """ŷ(X, β) = σ(β^(ℓ) h(... h(β^(1) X) ...)) with hand-written derivatives (equation network-function-deep).

    Parameters
    ----------
    layers : sequence of Layer
        From input to output; the output function belongs to `error`.
    error : Error
        E_i and its output function.
    input_shape : int or tuple of int
        Shape of one observation.
    seed : int
        Of the generator that draws the initial weights.
    dtype : dtype, optional
        Of the weights; float64, or that of `like`.
    like : array, optional
        A numpy.ndarray or torch.Tensor whose library, dtype and device the network takes.
    penalty : Penalty, optional
        ``L1(lam)`` or ``L2(lam)``, added to the mean error.

    Attributes
    ----------
    w, g : array (p,)
        All weights β as one vector, and the derivatives that the last `gradient` wrote. Layers hold views of them;
        ``network.w = v`` writes the numbers of v into it, and a copy of the network has vectors of its own.
    shapes : list of tuple
        The shape of one observation after each layer.

    Raises
    ------
    ValueError
        A layer cannot take what the layer before it gives, or an argument is of another kind.
    """

    fixed = ("layers", "shapes", "input_shape", "output_shape")
    for _name, _says in METHODS.items():
        locals()[_name] = refused(_says)

    def __init__(
        self,
        layers: Sequence[Layer],
        error: Error,
        input_shape: int | Shape,
        seed: int = 0,
        dtype: Any = None,
        like: Array = None,
        penalty: Penalty | None = None,
    ) -> None:
        self.layers, self.output_error, self.penalty = _chain(layers), error, penalty
        self.input_shape: Shape = _shape(input_shape)
        dtype, like = floating(dtype, like)
        rng = seeded(seed)
        shapes: list[Shape] = []
        for number, layer in enumerate(self.layers, start=1):
            try:
                shapes.append(layer.build(shapes[-1] if shapes else self.input_shape))
            except ValueError as e:
                raise ValueError(f"layer {number}: {e}") from None
        self.shapes, self.output_shape = shapes, shapes[-1]
        if len(self.output_shape) != 1 and error.output is activations.softmax:
            raise ValueError(
                f"layers: {error!r} expects a vector from the last layer, got shape {self.output_shape}; "
                "put Flatten() last, or Flatten() and Dense(K)"
            )
        self.w = zeros(sum(layer.n_weights for layer in self.layers), dtype, like)
        self.g = zeros(len(self.w), dtype, like)
        self._bind(rng)
        # nobody asks for dE/dX: below the first layer with weights no delta is computed
        self._first = next((i for i, layer in enumerate(self.layers) if layer.n_weights), len(self.layers))

    # One vector of weights, and views of it ------------------------------------------------------------------------

    def _bind(self, rng: np.random.Generator) -> None:
        """Give each layer the views of its slices of `w` and `g`, and initial weights."""
        self._mark, start = object(), 0
        for layer in self.layers:
            end = start + layer.n_weights
            layer.bind(self.w[start:end], self.g[start:end], rng)
            if not layer.reusable:
                layer.place = self._mark
            start = end

    def own_layers(self) -> None:
        """Raise ValueError where a layer was given to another network since, and holds that one's weights."""
        for number, layer in enumerate(self.layers, start=1):
            if layer.place is not self._mark and not layer.reusable:
                raise ValueError(
                    f"layer {number}, {layer!r}, has been given to another network since, and holds that one's weights "
                    "now; give each network layers of its own, or take copy.deepcopy(network)"
                )

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy, or what comes out of a pickle, whose layers hold views of its own `w` and `g`."""
        vars(self).update(state)
        w, g = self.w + 0, self.g + 0
        self._bind(np.random.default_rng(0))  # draws weights, which give way to those of the state
        self.w, self.g = w, g

    def __copy__(self) -> "Network":
        """Half a copy would share its weights: this is a whole one."""
        return copy.deepcopy(self)

    def __setattr__(self, name: str, value: Any) -> None:
        """``network.w = v`` writes numbers into the vector that the layers see; what has a kind is checked."""
        if name in ("w", "g") and hasattr(self, name):
            write(name, getattr(self, name), value)
            return
        if name == "penalty" and value is not None:
            instance("penalty", value, Penalty, "L2(0.01)")
        if name == "output_error":
            instance("error", value, Error, "CrossEntropy()")
        if not name.startswith("_") and inspect.isroutine(getattr(type(self), name, None)):
            instead = "output_error is its error, w are its weights" if name == "error" else "call it"
            raise AttributeError(f"Network: {name} is a method and cannot be set; {instead}")
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in METHODS]

    # The network function ------------------------------------------------------------------------------------------

    def predict(self, X: Array) -> Array:
        """ŷ(X, β), shape (n, K): equation network-function, with ŷ_k = σ(a_k) at the output (equation output-unit).

        An autoencoder is trained with ``fit(X, X)``; then ŷ is the reconstruction of X (equation autoencoder).
        """
        X = self.checked(X)
        blocks = [self.output_error.output(self._forward(X[i : i + ROWS])[0]) for i in range(0, len(X), ROWS)]
        return namespace(X).concatenate(blocks)

    def forward(self, X: Array) -> tuple[list[Array], list[Array]]:
        """Every pre-activation and activation of the layers with weights (equation forward-unit).

        Returns
        -------
        a, z : list of array
            ``z[0]`` is X; layer l with weights turns ``z[l]`` into ``a[l]``; the last ``z`` is ŷ.
            So ``len(z) == len(a) + 1``.
        """
        X = self.checked(X)
        a, z = [], []
        value = X
        for layer in self.layers:
            before = value
            value, _ = layer.forward(value)
            if layer.n_weights:
                z.append(before)
                a.append(value)
        return a, [*z, self.output_error.output(value)]

    def error(self, X: Array, Y: Array) -> float:
        """F = (1/n) Σ_i E_i (equation error-sum, divided by n) plus the penalty, if there is one."""
        return self._error(*self.checked(X, Y))

    def accuracy(self, X: Array, Y: Array) -> float:
        """The fraction of observations whose class is right: the largest ŷ_k, or for K = 1 whether ŷ > ½."""
        return self._score(*self.checked(X, Y))[1]

    # Backpropagation -----------------------------------------------------------------------------------------------

    def gradient(self, X: Array, Y: Array) -> Array:
        """∇F = (1/n) Σ_i ∇E_i by backpropagation (equation gradient-sum, divided by n), plus the penalty's.

        It is the network's own `g`, overwritten next time.
        """
        return self._gradient(*self.checked(X, Y))

    def deltas(self, X: Array, Y: Array) -> list[Array]:
        """δ = ∂E_i/∂a (equation delta-definition) of every layer with weights, first layer first.

        An observation in each row, not divided by n. Each layer on the way back brings a factor h'(a_t) and a weight
        (equation delta-product), so that a row grows by max h' ‖W̄‖₂ at most (equation delta-bound).
        """
        X, Y = self.checked(X, Y)
        a, caches = self._forward(X)
        found: list[Array] = []
        delta = self.output_error.delta(a, Y)
        for number in range(len(self.layers) - 1, self._first - 1, -1):
            if self.layers[number].n_weights:
                found.append(delta)
            if number > self._first:
                delta = self.layers[number].backward(delta, caches[number])
        return found[::-1]

    def _forward(self, z: Array, rng: np.random.Generator | None = None) -> tuple[Array, list[Any]]:
        """a of the output layer and every layer's cache; with a generator as in training, so that units drop out."""
        caches = []
        for layer in self.layers:
            z, cache = layer.forward(z) if rng is None else layer.forward_train(z, rng)
            caches.append(cache)
        return z, caches

    def _backward(self, a: Array, caches: list[Any], Y: Array) -> Array:
        delta = self.output_error.delta(a, Y)
        delta /= len(Y)
        for number in range(len(self.layers) - 1, self._first - 1, -1):
            layer, cache = self.layers[number], caches[number]
            layer.gradient(delta, cache)
            if number > self._first:
                delta = layer.backward(delta, cache)
        if self.penalty is not None:
            g = self.g
            g += self.penalty.gradient(self.w * self.penalized)
        return self.g

    def _gradient(self, X: Array, Y: Array) -> Array:
        return self._backward(*self._forward(X), Y)

    @property
    def penalized(self) -> Array:
        """1 for each weight in `w` that the penalty counts, 0 for those that are exempt (the biases, by default)."""
        if self.penalty is not None and self.penalty.biases:
            return namespace(self.w).ones_like(self.w)
        return self._no_biases

    @cached_property
    def _no_biases(self) -> Array:
        mask = namespace(self.w).ones_like(self.w)
        start = 0
        for layer in self.layers:
            if isinstance(layer, Weighted):
                end = start + layer.n_weights
                mask[start:end].reshape(layer.outputs, -1)[:, 0] = 0
            start += layer.n_weights
        return mask

    def _penalty(self) -> float:
        return 0.0 if self.penalty is None else self.penalty.value(self.w * self.penalized)

    def _score(self, X: Array, Y: Array) -> tuple[float, float]:
        """Mean error, without the penalty, and accuracy."""
        total = right = 0.0
        for i in range(0, len(X), ROWS):
            E, hits = self._judge(self._forward(X[i : i + ROWS])[0], Y[i : i + ROWS])
            total, right = total + E, right + hits
        return total / len(X), right / len(X)

    def _judge(self, a: Array, Y: Array) -> tuple[float, float]:
        """Sum of the errors, and how many observations are in the right class."""
        if Y.shape[-1] > 1:
            right = a.argmax(axis=-1) == Y.argmax(axis=-1)  # every output function keeps the order of the units
        else:
            right = (self.output_error.output(a) > 0.5) == (Y > 0.5)
        return float(self.output_error.value(a, Y).sum()), float(right.sum())

    def _error(self, X: Array, Y: Array) -> float:
        return self._score(X, Y)[0] + self._penalty()

    # Training ------------------------------------------------------------------------------------------------------

    @keywords
    def fit(
        self,
        X: Array,
        Y: Array,
        optimizer: Optimizer | None = None,
        epochs: int = 10,
        batch_size: int = 32,
        validation: tuple[Array, Array] | None = None,
        seed: int = 0,
        progress: bool = True,
        patience: int | None = None,
        callbacks: Sequence[Callable[["Network", History], object]] = (),
    ) -> History:
        """Train: in each epoch, every observation is used once, in a new random order, `batch_size` at a time.

        Parameters
        ----------
        X, Y : array (n, ...), array (n, K)
            Training data.
        optimizer : Optimizer, optional
            ``SGD(0.1)`` by default.
        epochs : int
        batch_size : int
            Observations in a step; the last step of an epoch takes what is left.
        validation : (X, Y), optional
            Data whose error and accuracy are recorded after each epoch, and never trained on.
        seed : int
            Of the generator that orders the observations and drops units.
        progress : bool
            Show a progress bar (tqdm), where the output is a terminal.
        patience : int, optional
            Early stopping: end after so many epochs without a lower validation error, and in any case go back to the
            weights of the epoch with the lowest one, ``history.best``.
        callbacks : sequence of callable
            Each is called after each epoch as ``callback(network, history)``; one that returns True ends the training.

        Returns
        -------
        History
            Mean E_i, without the penalty, and accuracy, epoch by epoch. For the training data each observation counts
            as it was just before the step that used it. An interrupt (Ctrl-C) ends the training with the weights of
            the last whole epoch; ``history.interrupted`` is then True.

        Raises
        ------
        ValueError
            An argument does not fit the network. Nothing has changed then.
        Diverged
            The loss is no longer finite. The weights are those of the last whole epoch.
        """
        X, Y = self.checked(X, Y)
        if validation is not None:
            if not isinstance(validation, tuple | list) or len(validation) != 2:
                raise ValueError(
                    f"validation: expected a pair (X, Y) of data kept aside, got {shown(validation)}; "
                    "as validation=(X_test, Y_test)"
                )
            try:
                validation = self.checked(*validation)
            except ValueError as e:
                raise ValueError(f"validation: {e}") from None
        epochs, batch_size = whole("epochs", epochs, 0), whole("batch_size", batch_size)
        if patience is not None:
            patience = whole("patience", patience, 1, None, "1 or more epochs")
            if validation is None:
                raise ValueError("patience: expected validation data to watch, got none; give validation=(X, Y)")
        optimizer = SGD(0.1) if optimizer is None else optimizer
        if isinstance(optimizer, Minimizer) and not isinstance(optimizer, Optimizer):
            name = type(optimizer).__name__
            raise ValueError(
                f"optimizer: expected one that steps with a gradient, as SGD or Adam, got {name}, which needs the "
                f"whole objective: {name}(...).minimize(EmpiricalRisk(network, X, Y), network.w, ...)"
            )
        instance("optimizer", optimizer, Optimizer, "SGD(0.1)")
        for callback in sequence("callbacks", callbacks, "a list of functions, as [callback]"):
            function("callbacks", callback, "functions of a network and a history")
        rng = seeded(seed)
        history = History()
        optimizer.start(self.w)
        good = best = self.w + 0
        bar = _bar(epochs, progress)
        try:
            for epoch in range(1, epochs + 1):
                with np.errstate(over="ignore", invalid="ignore"):  # reported below, in words
                    loss, accuracy = self._epoch(X, Y, optimizer, batch_size, rng)
                if not np.isfinite(loss):
                    self.w[:] = good
                    raise Diverged(
                        f"the loss is {loss} in epoch {epoch} with learning rate {optimizer.alpha(optimizer.k):g}; "
                        f"the weights of epoch {epoch - 1} are back. "
                        "Try a learning rate ten times smaller, and scale the inputs to about [-1, 1]."
                    )
                good[:] = self.w
                history.record(loss, accuracy, *(self._score(*validation) if validation else ()))
                bar.set_postfix_str(history.last())
                bar.update()
                if patience is not None and history.best == epoch:
                    best = self.w + 0
                enough = [callback(self, history) is True for callback in callbacks]  # each is called
                if any(enough):
                    break
                if patience is not None and epoch - history.best >= patience:
                    break
            if patience is not None:
                self.w[:] = best
        except KeyboardInterrupt:
            self.w[:] = good
            history.interrupted = True
        finally:
            bar.close()
        return history

    def _epoch(
        self, X: Array, Y: Array, optimizer: Optimizer, batch_size: int, rng: np.random.Generator
    ) -> tuple[float, float]:
        """Use every observation once; mean E_i and accuracy as the steps saw them."""
        total = right = 0.0
        for x, y, batches in _blocks(X, Y, rng.permutation(len(X)), batch_size):
            seen = namespace(y).empty_like(y)
            for J in batches:
                a, caches = self._forward(x[J], rng)
                optimizer.step(self.w, self._backward(a, caches, y[J]))  # equation minibatch-sgd
                seen[J] = a
            E, hits = self._judge(seen, y)
            total, right = total + E, right + hits
        after, _ = self._judge(self._forward(x[J])[0], y[J])  # the last step may have been the one too far
        return total / len(X) if np.isfinite(after) else after, right / len(X)

    # As a file -----------------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write the network to a .npz file without pickles; an older file stays whole until the new one is.

        Raises
        ------
        ValueError
            A layer or the error is not one of nnlib's, so that `load` could not make it again.
        """
        description = {
            "layers": [_described(layer) for layer in self.layers],
            "error": _described(self.output_error),
            "penalty": _described(self.penalty) if self.penalty else None,
            "input_shape": self.input_shape,
        }
        storage.write(path, description, to_numpy(self.w))

    @classmethod
    def load(cls, path: str | Path, like: Array = None) -> "Network":
        """Read a network that `save` wrote.

        Parameters
        ----------
        path : str or Path
        like : array, optional
            A numpy.ndarray or torch.Tensor whose library, dtype and device the network takes; NumPy and the dtype that
            was saved by default.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, of another format, or its weights do not fit its layers.
        """
        description, w = storage.read(path)
        try:
            layers = [_made(part, "load") for part in description["layers"]]
            error = _made(description["error"], "load")
            penalty = _made(description["penalty"], "load") if description.get("penalty") else None
            shape = tuple(description["input_shape"])
            network = cls(layers, error, shape, like=w if like is None else like, penalty=penalty)
        except (KeyError, TypeError, ValueError) as e:
            raise ValueError(f"{path}: the description of the network cannot be used ({e})") from None
        if w.shape != network.w.shape:
            raise ValueError(f"{path}: expected {len(network.w)} weights for these layers, got shape {w.shape}")
        network.w[:] = move(w, like=network.w)
        return network

    # As a table and as a picture -----------------------------------------------------------------------------------

    def summary(self) -> str:
        """A table: each layer, the shape that leaves it, its number of weights and biases, and their sum."""
        return drawing.summary(self)

    def draw(self, ax: Any = None, units: bool | None = None) -> Any:
        """The lecture's picture of units and arrows, or for larger networks a block for each layer.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        units : bool, optional
            True for units, False for blocks; by default units where no layer has more than 12.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            Units are asked for, and a layer is neither dense nor element by element.
        """
        return drawing.draw(self, ax, units)

    # What comes in -------------------------------------------------------------------------------------------------

    def checked(self, X: Array, Y: Array = None) -> Any:
        """`X`, or `X` and `Y`, as arrays of the network's library and dtype.

        Raises
        ------
        ValueError
            Names the argument, what was expected and what came.
        """
        self.own_layers()
        X = self._array("X", X, self.input_shape)
        if Y is None:
            return X
        if len(self.output_shape) != 1:
            raise ValueError(
                f"Y: an error compares vectors, and the last layer gives shape {self.output_shape} for each "
                "observation; put Flatten() last"
            )
        Y = self._array("Y", Y, self.output_shape)
        if len(X) != len(Y):
            raise ValueError(f"Y: expected a row for each of the {len(X)} rows of X, got {len(Y)}")
        self.output_error.check(Y)
        return X, Y

    def _array(self, name: str, value: Array, shape: Shape) -> Array:
        wanted = "(n, " + ", ".join(map(str, shape)) + ")"
        try:
            kind = "f" if is_tensor(value) else np.asarray(value).dtype.kind
        except ValueError:
            raise ValueError(f"{name}: expected numbers of shape {wanted}, got rows of different lengths") from None
        if kind not in "fiub":
            raise ValueError(f"{name}: expected numbers of shape {wanted}, got dtype {np.asarray(value).dtype}")
        value = move(value, like=self.w)
        if tuple(value.shape[1:]) != shape or value.ndim != 1 + len(shape):
            raise ValueError(
                f"{name}: expected shape {wanted}, an observation in each row, got {tuple(value.shape)}"
                + self._how(name, tuple(value.shape), shape)
            )
        if len(value) == 0:
            raise ValueError(f"{name}: expected at least one row, got none")
        if not np.isfinite(float(value.sum())):  # one pass; the exact place is looked for only when there is one
            bad = ~np.isfinite(to_numpy(value))
            if bad.any():
                row = int(bad.reshape(len(bad), -1).any(axis=1).argmax())
                raise ValueError(f"{name}: expected finite numbers, got NaN or infinity in row {row}")
        return value

    def _how(self, name: str, found: Shape, shape: Shape) -> str:
        """What makes an array of the shape that is expected, where that can be seen."""
        if found == shape:
            return f"; {name}[None] is one observation"
        if name == "Y" and len(found) == 1:
            return "; Y[:, None] has one column" if shape == (1,) else "; nnlib.data.one_hot makes rows from labels"
        if len(found) > 1 and np.prod(found[1:]) == np.prod(shape):
            return f"; {name}.reshape(-1, {', '.join(map(str, shape))}) has that shape"
        return ""

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.layers))
        return f"Network([{inside}], {self.output_error!r}, input_shape={self.input_shape}): {len(self.w)} weights"


def _blocks(X: Array, Y: Array, order: Any, batch_size: int) -> Iterator[tuple[Array, Array, list[slice]]]:
    """The rows of X and Y in this order, several batches at once, and where each batch is among them.

    Rows are gathered, and errors judged, for whole batches of up to ROWS observations together, few enough for the
    cache. Batch by batch, an epoch of 784-30-10 with batches of 10 takes 1.18 times as long.
    """
    rows = max(1, ROWS // batch_size) * batch_size
    for i in range(0, len(X), rows):
        J = order[i : i + rows]
        yield take(X, J), take(Y, J), [slice(j, j + batch_size) for j in range(0, len(J), batch_size)]


def _chain(layers: Any) -> tuple[Layer, ...]:
    """The layers, each of them a layer and at one place."""
    example = "layers from input to output, as [Dense(30), Activation('tanh'), Dense(10)]"
    chain = sequence("layers", layers, example)
    if not chain:
        raise ValueError(f"layers: expected at least one layer, got none; {example}")
    for number, layer in enumerate(chain, start=1):
        if isinstance(layer, Function) or (isinstance(layer, str) and layer in activations.by_name):
            raise ValueError(f"layer {number}: expected a Layer, got {layer!r}; write Activation({str(layer)!r})")
        instance(f"layer {number}", layer, Layer, "Dense(10)")
        if not layer.reusable and any(layer is other for other in chain[: number - 1]):
            raise ValueError(
                f"layer {number}: {layer!r} is layer {chain.index(layer) + 1} already, and has one set of weights; "
                "make a layer for each place"
            )
    return tuple(chain)


def _shape(input_shape: Any) -> Shape:
    sides = input_shape if isinstance(input_shape, tuple | list) else (input_shape,)
    if not sides:
        raise ValueError("input_shape: expected the shape of one observation, as 784 or (1, 28, 28), got ()")
    return tuple(whole("input_shape", side) for side in sides)


@keywords
def mlp(
    sizes: Sequence[int],
    hidden: str | Function = "tanh",
    error: Error | None = None,
    seed: int = 0,
    dtype: Any = None,
    like: Array = None,
    penalty: Penalty | None = None,
) -> Network:
    """A feed-forward network of dense layers (lecture, Three-Layer Neural Network).

    ``mlp([p, k, p], "identity", SumOfSquares())``, trained on X itself, is the linear autoencoder, which is
    equation linear-autoencoder.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, inputs first and outputs last: ``[784, 100, 10]``.
    hidden : str or nnlib.activations.Function
        Activation h of the hidden units. Initial weights are Glorot's, for "relu" He's.
    error : Error, optional
        ``CrossEntropy()`` by default.
    seed, dtype, like, penalty
        As for `Network`.

    Raises
    ------
    ValueError
        Fewer than two sizes, or one that is not positive.
    """
    expected = "at least two positive whole numbers, inputs first and outputs last, as [784, 100, 10]"
    sizes = [whole("sizes", m, 1, None, expected) for m in sequence("sizes", sizes, expected)]
    if len(sizes) < 2:
        raise ValueError(f"sizes: expected {expected}, got {sizes}")
    hidden = activations.get(hidden, "hidden")
    init = he_normal if hidden is activations.relu else glorot_normal
    dense: list[Layer] = [Dense(m, init) for m in sizes[1:]]
    layers = list(itertools.chain.from_iterable((layer, Activation(hidden)) for layer in dense))[:-1]
    return Network(layers, CrossEntropy() if error is None else error, sizes[0], seed, dtype, like, penalty)


_PARTS: dict[str, type] = {
    part.__name__: part
    for part in (
        *(Dense, Activation, Conv2D, MaxPool2D, AvgPool2D, Flatten, Dropout),
        *(SumOfSquares, BinaryCrossEntropy, CrossEntropy, Unmatched),
        *(L1, L2),
    )
}


def _described(part: Layer | Error | Penalty) -> dict[str, Any]:
    """A layer, an error or a penalty as JSON values."""
    description = {"type": type(part).__name__, **part.settings()}
    _made(description, "save")
    return description


def _made(part: dict[str, Any], verb: str) -> Any:
    """A layer, an error or a penalty from its description."""
    kind = part["type"]
    if kind not in _PARTS:
        raise ValueError(f"{verb}: {kind} is no part of nnlib; there are {', '.join(_PARTS)}")
    return _PARTS[kind](**{name: value for name, value in part.items() if name != "type"})


class _NoBar:
    def update(self) -> None: ...
    def close(self) -> None: ...
    def set_postfix_str(self, text: str) -> None: ...


def _bar(epochs: int, progress: bool) -> Any:
    if not progress:
        return _NoBar()
    try:
        from tqdm import tqdm
    except ImportError:
        return _NoBar()
    return tqdm(total=epochs, unit="epoch", disable=None)  # None: off where the output is no terminal
