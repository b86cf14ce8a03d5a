"""Penalties on the weights, added to the mean error: F(w) = (1/n) Σ E_i + λ Σ β² or λ Σ |β|.

As on the slide, λ is neither halved nor divided by n. Biases are exempt unless `biases` is true: they set where a unit
switches, not how steeply.
"""

from typing import Any

from .backend import Array, namespace
from .validation import Named, not_negative, setting

__all__ = ["L1", "L2", "Penalty"]


class Penalty(Named):
    """λ times a sum over the weights in `w`; whoever calls leaves out the weights that are exempt.

    Parameters
    ----------
    lam : float
        λ, not negative.
    biases : bool
        Penalize the biases too.
    """

    lam: float = setting(not_negative)

    def __init__(self, lam: float, biases: bool = False) -> None:
        self.lam, self.biases = lam, biases

    def settings(self) -> dict[str, Any]:
        """The arguments that make this penalty again, as JSON values: `Network.save` stores them."""
        return {"lam": self.lam, "biases": self.biases}

    def value(self, w: Array) -> float:
        """The penalty."""
        raise NotImplementedError

    def gradient(self, w: Array) -> Array:
        """Its derivative by each weight."""
        raise NotImplementedError

    def prox(self, w: Array, alpha: float) -> Array:
        """argmin_v ½ ‖v - w‖² + α penalty(v): where a proximal step of size α leads."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.lam:g}{', biases=True' if self.biases else ''})"


class L2(Penalty):
    """λ Σ β² (lecture, Overfitting; equation l2-regularization)."""

    def value(self, w: Array) -> float:
        return self.lam * float((w * w).sum())

    def gradient(self, w: Array) -> Array:
        """2 λ β: a step of size α multiplies each weight by 1 - 2 α λ (equation weight-decay)."""
        return 2 * self.lam * w

    def prox(self, w: Array, alpha: float) -> Array:
        return w / (1 + 2 * alpha * self.lam)


class L1(Penalty):
    """λ Σ |β| (lecture, Overfitting; equation l1-regularization). Its derivative is λ sign(β); at 0, here 0."""

    def value(self, w: Array) -> float:
        return self.lam * float(abs(w).sum())

    def gradient(self, w: Array) -> Array:
        return self.lam * namespace(w).sign(w)

    def prox(self, w: Array, alpha: float) -> Array:
        """Soft thresholding: sign(w) max(|w| - α λ, 0) (equation soft-thresholding)."""
        return namespace(w).sign(w) * (abs(w) - alpha * self.lam).clip(min=0)
