"""The three errors of the lecture, each with the output function that matches it, and pairs that do not match.

An error owns its output function σ. So the delta with which backpropagation starts is its own: for the matched pairs
it is ŷ - y, literally. Values are computed from the pre-activation `a`, never from ŷ, so that nothing overflows and
no logarithm of zero is taken. `a` and `Y` have shape (n, K), an observation in each row.
"""

from typing import Any

from . import activations
from .activations import Function
from .backend import Array, namespace, row_max, to_numpy
from .validation import Named, setting

__all__ = ["BinaryCrossEntropy", "CrossEntropy", "Error", "SumOfSquares", "Unmatched"]


class Error(Named):
    """E_i, the error of one observation, with its output function σ: ŷ = σ(a)."""

    output: Function = activations.identity

    def value(self, a: Array, Y: Array) -> Array:
        """E_i for every observation: shape (n,)."""
        raise NotImplementedError

    def delta(self, a: Array, Y: Array) -> Array:
        """∂E_i/∂a, shape (n, K): where backpropagation starts (lecture, Error Functions).

        Here ŷ - y, which it is for an error and an output function that match (equation delta-output).
        Other errors give their own.
        """
        return self.output(a) - Y

    def check(self, Y: Array) -> None:
        """Raise ValueError where `Y` holds targets that this error is not defined for."""

    def settings(self) -> dict[str, Any]:
        """The arguments that make this error again, as JSON values: `Network.save` stores them."""
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SumOfSquares(Error):
    """E_i = ½ Σ_k (ŷ_k - y_ik)², ŷ = a: regression (lecture, Sum of Squares; equation sum-of-squares).

    With one output it is ½ (ŷ - y_i)², equation sum-of-squares-one.
    """

    def value(self, a: Array, Y: Array) -> Array:
        return 0.5 * ((a - Y) ** 2).sum(axis=-1)


class BinaryCrossEntropy(Error):
    """E_i = -Σ_k (y_ik ln ŷ_k + (1 - y_ik) ln(1 - ŷ_k)), ŷ = sigmoid(a): K separate binary classifications.

    This is equation binary-cross-entropy. From `a`: E_i = Σ_k max(a_k, 0) - y_ik a_k + ln(1 + exp(-|a_k|)),
    equation binary-from-a. With one output it is the error of logistic regression, equation binary-cross-entropy-one.
    """

    output = activations.sigmoid

    def value(self, a: Array, Y: Array) -> Array:
        xp = namespace(a)
        return (a.clip(min=0) - Y * a + xp.log1p(xp.exp(-abs(a)))).sum(axis=-1)

    def check(self, Y: Array) -> None:
        if not ((Y >= 0) & (Y <= 1)).all():
            raise ValueError(f"Y: BinaryCrossEntropy expects targets in [0, 1], got {_first(Y, (Y < 0) | (Y > 1))}")


class CrossEntropy(Error):
    """E_i = -Σ_k y_ik ln ŷ_k, ŷ = softmax(a): multiclass classification, y_i a unit vector.

    This is equation cross-entropy. From `a`, with s = a - max_j a_j: E_i = ln Σ_j exp(s_j) - Σ_k y_ik s_k,
    equation cross-entropy-from-a.
    """

    output = activations.softmax

    def value(self, a: Array, Y: Array) -> Array:
        xp = namespace(a)
        s = a - row_max(a)
        return xp.log(xp.exp(s).sum(axis=-1)) - (Y * s).sum(axis=-1)

    def check(self, Y: Array) -> None:
        unit = (((Y == 0) | (Y == 1)).all(axis=-1)) & (Y.sum(axis=-1) == 1)
        if not unit.all():
            row = to_numpy(Y)[~to_numpy(unit)][0]
            raise ValueError(
                f"Y: CrossEntropy expects a unit vector in each row (one 1, the rest 0), got the row {row}; "
                "nnlib.data.one_hot makes them from labels"
            )


class Unmatched(Error):
    """Squared error of a nonlinear output, E_i = ½ Σ_k (ŷ_k - y_ik)², ŷ = σ(a), as in netbp of Higham & Higham.

    The papers' names are quadratic cost, or MSE with sigmoid outputs.

    Here σ' does not cancel: ∂E_i/∂a_k = σ'(a_k) (ŷ_k - y_ik), equation delta-unmatched.
    Where σ saturates, σ' is near zero and so is the delta, however wrong ŷ is.

    Parameters
    ----------
    output : str or nnlib.activations.Function
        The output function σ; softmax too, whose full Jacobian is then used.
    """

    output: Any = setting(lambda name, output: activations.get(output, "Unmatched: output"))

    def __init__(self, output: str | Function = "sigmoid") -> None:
        self.output = output

    def settings(self) -> dict[str, Any]:
        return {"output": self.output.name}

    def value(self, a: Array, Y: Array) -> Array:
        return 0.5 * ((self.output(a) - Y) ** 2).sum(axis=-1)

    def delta(self, a: Array, Y: Array) -> Array:
        """∂E_i/∂a = J_σᵀ (ŷ - y); for an element-by-element σ this is D (ŷ - y), D = diag(σ'(a))."""
        yhat = self.output(a)
        return self.output.vjp(yhat - Y, yhat)

    def __repr__(self) -> str:
        return f"Unmatched({self.output.name!r})"


def _first(Y: Array, bad: Array) -> str:
    i, k = (int(j[0]) for j in to_numpy(bad).nonzero())
    return f"{float(Y[i, k])!r} in row {i}, column {k}"
