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


class Averaged(Observer):
    """At the end, gives the model an average of the weights that it has had.

    From step `start` (counted from 0), after every step whose number `every` divides, the average
    moves a little towards the weights: average ← `decay` · average + (1 - `decay`) · weights. The
    means and variances of batch normalisation are averaged as well. What the history says of the
    last epoch is of the weights as they were, not of their average. One object is for one run; a
    run that ends before `start` keeps its weights. Polyak and Juditsky, "Acceleration of
    stochastic approximation by averaging", 1992. Raises ValueError for numbers out of range.
    """

    def __init__(self, start: int, every: int = 5, decay: float = 0.98):
        if start < 0 or every < 1 or not 0 <= decay < 1:
            raise ValueError(
                "expected start 0 or more, every 1 or more, and decay from 0 to less than 1, "
                f"not {start}, {every}, {decay}"
            )
        self.start, self.every, self.decay = start, every, decay
        self._average = {}

    def on_step(self, model, history):
        step = len(history.losses) - 1
        if step < self.start or step % self.every:
            return
        with paddle.no_grad():
            for name, now in model.state_dict().items():
                if name in self._average:
                    self._average[name].scale_(self.decay).add_((1 - self.decay) * now)
                else:
                    self._average[name] = now.clone()

    def on_end(self, model, history):
        if self._average:
            model.set_state_dict(self._average)
