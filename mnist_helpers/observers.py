"""What may look on while :func:`mnist_helpers.training.fit` trains, and stop it."""

from __future__ import annotations

import math

import paddle


class Observer:
    """Told by ``fit`` what happens; does nothing. Subclasses override what they want to know.

    `history` is the run's record so far (:class:`mnist_helpers.training.History`).
    """

    def on_step(self, model: paddle.nn.Layer, history) -> None:
        """After a step of the optimiser, when the gradients of that step are still there."""

    def on_epoch(self, model: paddle.nn.Layer, history) -> bool | None:
        """After an epoch and its evaluation. True ends the training."""

    def on_end(self, model: paddle.nn.Layer, history) -> None:
        """After the last epoch, if nothing was raised."""


class EarlyStopping(Observer):
    """Ends the training when the validation loss has not fallen for `patience` epochs.

    At the end, the model gets back the weights of its best epoch (`best_epoch`, counted from 1);
    the history keeps all epochs, and its last one is not the best. One object is for one run.
    Raises ValueError if ``fit`` has no validation digits to judge by.
    """

    def __init__(self, patience: int = 3):
        if patience < 1:
            raise ValueError(f"patience must be 1 or more, not {patience}")
        self.patience = patience
        self.best_epoch = 0
        self.best_loss = math.inf
        self._weights = {}

    def on_epoch(self, model, history):
        loss, now = history.epochs[-1].loss, len(history.epochs)
        if loss is None:
            raise ValueError("EarlyStopping judges by the validation loss: give fit(…, valid=…)")
        if loss < self.best_loss:
            self.best_epoch, self.best_loss = now, loss
            self._weights = {n: t.numpy().copy() for n, t in model.state_dict().items()}
        return now - self.best_epoch >= self.patience

    def on_end(self, model, history):
        if self._weights:  # there are none if no loss was a finite number
            model.set_state_dict(self._weights)
