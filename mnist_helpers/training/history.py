"""What a training has done so far, and where in the data it is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Epoch:
    """What one epoch took, and how good the model was during it and after it.

    Attributes
    ----------
    seconds : float
        Of training, evaluation left out.
    train_loss : float
        The mean over the epoch's digits, each as the model was when it came.
    train_accuracy : float
        The fraction of them that was read right, in [0, 1], each as the model was when it came.
    accuracy : float or None
        The fraction of the validation digits read right afterwards, in [0, 1]; None without any.
    loss : float or None
        The mean loss on the validation digits afterwards; None without any.
    """

    seconds: float
    train_loss: float
    train_accuracy: float
    accuracy: float | None = None
    loss: float | None = None


@dataclass
class History:
    """The record of a run: what ``fit`` gives back, and what callbacks see of it so far.

    Attributes
    ----------
    losses : list of float
        One number a step: the mean loss of the batch.
    rates : list of float
        One number a step: the learning rate.
    epochs : list of Epoch
        One for each epoch that is complete.
    """

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)

    def __repr__(self) -> str:
        best = "" if self.accuracy is None else f", validation accuracy {self.accuracy:.4f}"
        return f"History of {len(self.epochs)} epochs, {len(self.losses):,} steps{best}"

    @property
    def seconds(self) -> float:
        """Seconds of training, all epochs together."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def accuracy(self) -> float | None:
        """Accuracy on the validation digits after the last epoch, in [0, 1], or None."""
        return self.epochs[-1].accuracy if self.epochs else None


@dataclass(frozen=True)
class Position:
    """Where in the data a run is, and what this epoch has come to so far.

    Attributes
    ----------
    epoch : int
        That of the batch that comes next, from 0.
    step : int
        The number of that batch in its epoch, from 0.
    total : float
        The sum of the losses of this epoch's digits so far.
    right : int
        How many of them were read right.
    seconds : float
        How long this epoch has taken so far.
    """

    epoch: int = 0
    step: int = 0
    total: float = 0.0
    right: int = 0
    seconds: float = 0.0
