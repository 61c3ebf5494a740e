"""What may look on while :func:`mnist_helpers.training.loop.fit` trains, and stop it."""

from __future__ import annotations

import math
from typing import Any

import paddle

from mnist_helpers.training.history import History


class Callback:
    """Told by ``fit`` what happens; does nothing. Subclasses override what they want to know.

    `history` is the run's record so far (:class:`mnist_helpers.training.history.History`).
    """

    def on_train_batch_end(self, model: paddle.nn.Layer, history: History) -> None:
        """After a step of the optimiser, when the gradients of that step are still there.

        Parameters
        ----------
        model : paddle.nn.Layer
            The model, with the weights after the step.
        history : History
            The record so far; its last loss and rate are this step's.
        """

    def on_epoch_end(self, model: paddle.nn.Layer, history: History) -> bool | None:
        """After an epoch and its evaluation. True ends the training.

        Parameters
        ----------
        model : paddle.nn.Layer
            The model, with the weights after the epoch.
        history : History
            The record so far; its last epoch is this one.

        Returns
        -------
        bool or None
            True to end the training after this epoch. All callbacks are asked, and one is enough.
        """

    def on_train_end(self, model: paddle.nn.Layer, history: History) -> None:
        """After the last epoch, if nothing was raised.

        Parameters
        ----------
        model : paddle.nn.Layer
            The trained model. What is done to its weights here, stays.
        history : History
            The record of the whole run.
        """


class EarlyStopping(Callback):
    """Ends the training when the validation loss was not below its lowest for `patience` epochs.

    At the end, the model gets back the weights of its best epoch (`best_epoch`, counted from 1);
    the history keeps all epochs, and its last one need not be the best. One object is for one run.

    Parameters
    ----------
    patience : int
        How many epochs to wait for a lower loss, 1 or more.

    Attributes
    ----------
    best_epoch : int
        The epoch with the lowest validation loss, counted from 1; 0 if there is none yet.
    best_loss : float
        The validation loss after it; infinite if there is none yet.

    Raises
    ------
    ValueError
        If `patience` is below 1; in ``fit``, if that has no validation digits to judge by.
    """

    def __init__(self, patience: int = 3):
        if patience < 1:
            raise ValueError(f"patience must be 1 or more, not {patience}")
        self.patience = patience
        self.best_epoch = 0
        self.best_loss = math.inf
        self._weights: dict[str, Any] = {}  # of arrays, which Paddle takes as well as tensors

    def on_epoch_end(self, model: paddle.nn.Layer, history: History) -> bool:
        loss, now = history.epochs[-1].loss, len(history.epochs)
        if loss is None:
            raise ValueError("EarlyStopping judges by the validation loss: give fit(…, valid=…)")
        if loss < self.best_loss:
            self.best_epoch, self.best_loss = now, loss
            self._weights = {n: t.numpy().copy() for n, t in model.state_dict().items()}
        return now - self.best_epoch >= self.patience

    def on_train_end(self, model: paddle.nn.Layer, history: History) -> None:
        if self._weights:  # there are none if no loss was a finite number
            model.set_state_dict(self._weights)


class ExponentialMovingAverage(Callback):
    """At the end, gives the model an average of the weights that it has had.

    From step `start` (counted from 0), after every step whose number `every` divides, the average
    moves a little towards the weights: average ← `decay` · average + (1 - `decay`) · weights. The
    means and variances of batch normalisation are averaged as well. What the history says of the
    last epoch is of the weights as they were, not of their average. One object is for one run; a
    run that ends before `start` keeps its weights. In the spirit of Polyak and Juditsky,
    "Acceleration of stochastic approximation by averaging", 1992, who weigh all steps alike.

    Parameters
    ----------
    start : int
        The first step that may count, 0 or more.
    every : int
        Only steps whose number this divides count, 1 or more.
    decay : float
        What is kept of the average at each of them, in [0, 1).

    Raises
    ------
    ValueError
        For numbers out of these ranges.
    """

    def __init__(self, start: int, every: int = 5, decay: float = 0.98):
        if start < 0 or every < 1 or not 0 <= decay < 1:
            raise ValueError(
                "expected start 0 or more, every 1 or more, and decay from 0 to less than 1, "
                f"not {start}, {every}, {decay}"
            )
        self.start, self.every, self.decay = start, every, decay
        self._average: dict[str, paddle.Tensor] = {}

    def on_train_batch_end(self, model: paddle.nn.Layer, history: History) -> None:
        step = len(history.losses) - 1
        if step < self.start or step % self.every:
            return
        with paddle.no_grad():
            for name, now in model.state_dict().items():
                if name in self._average:
                    self._average[name].scale_(self.decay).add_((1 - self.decay) * now)
                else:
                    self._average[name] = now.clone()

    def on_train_end(self, model: paddle.nn.Layer, history: History) -> None:
        if self._average:
            model.set_state_dict(self._average)
