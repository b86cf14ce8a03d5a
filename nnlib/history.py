"""What `Network.fit` saw, epoch by epoch."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["History"]


@dataclass
class History:
    """Errors and accuracies, epoch by epoch; the validation lists are empty where there was no validation set.

    An error is the mean of the E_i, without the penalty. For the training data each observation counts as it was just
    before the step that used it; the validation data are seen after the epoch.
    """

    error: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    interrupted: bool = False

    def record(self, error: float, accuracy: float, *validation: float) -> None:
        """Add an epoch."""
        self.error.append(error)
        self.accuracy.append(accuracy)
        if validation:
            self.validation_error.append(validation[0])
            self.validation_accuracy.append(validation[1])

    @property
    def best(self) -> int:
        """The epoch (1, 2, ...) with the lowest validation error (equation early-stopping).

        The first of several; 0 without validation data.
        """
        errors = self.validation_error
        return 1 + errors.index(min(errors)) if errors else 0

    def __len__(self) -> int:
        return len(self.error)

    def last(self) -> str:
        """The last epoch in words."""
        text = f"error {self.error[-1]:.4f}, accuracy {self.accuracy[-1]:.3f}"
        return text + (f", validation {self.validation_accuracy[-1]:.3f}" if self.validation_accuracy else "")

    def plot(self, ax: Any = None) -> Any:
        """Draw the mean error against the epoch, training and validation, both without the penalty.

        Returns the matplotlib Axes.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            ax = plt.figure().add_subplot()
        epochs = range(1, len(self) + 1)
        ax.plot(epochs, self.error, marker="o", label="training")
        if self.validation_error:
            ax.plot(epochs, self.validation_error, marker="s", linestyle="--", label="validation")
        ax.set(xlabel="epoch", ylabel="mean error (1/n) Σ E_i")
        ax.legend()
        return ax
