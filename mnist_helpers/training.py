"""The training loop."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import paddle

from mnist_helpers.data import Digits
from mnist_helpers.errors import DivergedError, LossInputError
from mnist_helpers.evaluation import evaluate, to_digits
from mnist_helpers.observers import Observer
from mnist_helpers.progress import progress
from mnist_helpers.workers import ALONE, Workers

if TYPE_CHECKING:
    from mnist_helpers.resuming import Resumable


@dataclass(frozen=True)
class Epoch:
    """seconds: of training, evaluation left out. train_loss, train_accuracy: the means over the
    epoch's digits, each as the model was when it came. accuracy, loss: on the validation digits
    afterwards, or None."""

    seconds: float
    train_loss: float
    train_accuracy: float
    accuracy: float | None = None
    loss: float | None = None


@dataclass
class History:
    """losses, rates: one number a step, the batch's mean loss and the learning rate. epochs: one
    :class:`Epoch` each."""

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Of training, all epochs together."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def accuracy(self) -> float | None:
        """On the validation digits, after the last epoch."""
        return self.epochs[-1].accuracy if self.epochs else None


@dataclass(frozen=True)
class Position:
    """Where in the data a run is. epoch, step: of the batch that comes next, both from 0. total,
    right, seconds: of this epoch so far, the sum of the losses of its digits, how many were read
    right, how long it took."""

    epoch: int = 0
    step: int = 0
    total: float = 0.0
    right: int = 0
    seconds: float = 0.0


def fit(
    model: paddle.nn.Layer,
    train: Digits,
    *,
    loss: Callable,
    optimizer: paddle.optimizer.Optimizer,
    schedule: paddle.optimizer.lr.LRScheduler | None = None,
    epochs: int = 1,
    batch_size: int = 100,
    seed: int = 0,
    valid: Digits | None = None,
    augment: Callable | None = None,
    observers: Sequence[Observer] = (),
    checkpoint: Resumable | None = None,
    workers: Workers = ALONE,
) -> History:
    """Train `model` in place; `seed` gives the order of the digits, a new one each epoch.

    `loss(outputs, labels)` is the mean over a batch; labels are int64 [b, 1]. `schedule`, if the
    optimiser was made with one, is stepped after every batch. `valid` is evaluated after every
    epoch. `augment` changes the images of a batch (see :func:`mnist_helpers.data.batches`).
    `observers` are told of every step and epoch; each can end the training after an epoch.
    `checkpoint` (:class:`mnist_helpers.resuming.Resumable`) saves the run as it goes, and goes on
    with one that was cut. `workers` (:func:`mnist_helpers.workers.join`) are the processes that
    train together: each takes its part of every batch of `batch_size` times their number, and all
    have the same weights. The model is left in training mode.

    Raises DivergedError, before the weights are touched, if a loss is not finite; LossInputError
    if outputs and labels, or the loss, have shapes that cannot be meant; ValueError for `epochs`
    or `batch_size` below 1, and for a schedule that is not the optimiser's; WorkersError if the
    workers were given different things.
    """
    _check(epochs, batch_size, optimizer, schedule)
    history, at, run = History(), Position(), (model, optimizer, schedule)
    identity = _identity(train, batch_size, seed, augment, workers)
    net = workers.parallel(model, epochs=epochs, **identity)
    if checkpoint is not None:
        history, at = checkpoint.begin(run, identity, workers)
    steps = math.ceil(len(train) / (batch_size * workers.world))
    for epoch in range(at.epoch, epochs):
        model.train()
        start, total, right = time.perf_counter() - at.seconds, at.total, at.right
        feed = workers.batches(train, batch_size, seed, epoch, augment, skip=at.step)
        with progress(feed, steps - at.step, f"epoch {epoch + 1}/{epochs}") as bar:
            for images, labels in bar:
                outputs = net(paddle.to_tensor(images))
                batch_loss = loss(_fitting(outputs, labels), paddle.to_tensor(labels))
                (batch_loss * workers.weight).backward()
                hits = int((to_digits(outputs) == labels[:, 0]).sum())
                batch_loss, hits, n = workers.together(batch_loss, hits, len(labels))
                value = _record(history, batch_loss, optimizer, epoch)

                optimizer.step()
                for observer in observers:
                    observer.on_step(model, history)
                optimizer.clear_grad()
                if schedule is not None:
                    schedule.step()

                total, right = total + value * n, right + hits  # the last batch may be short
                bar.set_postfix_str(f"loss {value:.3f}", refresh=False)
                at = Position(epoch, at.step + 1, total, right, time.perf_counter() - start)
                if checkpoint is not None and at.step < steps:
                    checkpoint.after_step(run, history, at)
        seconds = time.perf_counter() - start
        scores = evaluate(model, valid, loss) if valid is not None else None
        judged = (scores.accuracy, scores.loss) if scores else ()
        means = (total / len(train), right / len(train))
        history.epochs.append(Epoch(seconds, *means, *judged))
        at = Position(epoch + 1)
        if checkpoint is not None:
            checkpoint.after_epoch(run, history, at)
        wishes = [observer.on_epoch(model, history) for observer in observers]
        if any(wishes):
            break
    for observer in observers:
        observer.on_end(model, history)
    return history


def epochs_like(n: int, train: Digits) -> int:
    """As many epochs of `train` as make the steps that n epochs of MNIST's 50,000 digits have.

    So a chapter trains as long on the built-in sample as it does on MNIST.
    """
    return max(1, round(n * 50_000 / len(train)))


def _identity(
    train: Digits, batch_size: int, seed: int, augment: Callable | None, workers: Workers
) -> dict:
    """What must be the same for a run that goes on to be the same run."""
    digest = hashlib.sha256(train.labels.tobytes())
    digest.update(np.ascontiguousarray(train.images))
    return {
        "digits": len(train),
        "sha256 of the digits": digest.hexdigest(),
        "batch_size": batch_size,
        "seed": seed,
        "augmented": augment is not None,
        "workers": workers.world,
    }


def _record(history: History, loss: paddle.Tensor, optimizer, epoch: int) -> float:
    """Note one step's loss and rate. DivergedError if the loss is not finite; no gradient stays."""
    if loss.size != 1:
        optimizer.clear_grad()
        raise LossInputError(f"the loss has shape {list(loss.shape)}; expected its mean, a number")
    value, rate = loss.item(), optimizer.get_lr()
    history.losses.append(value)
    history.rates.append(rate)
    if not math.isfinite(value):
        optimizer.clear_grad()
        raise DivergedError(
            f"the loss is {value} at step {len(history.losses)} (epoch {epoch + 1}), with learning "
            f"rate {rate:g}: the training has diverged. Try a smaller rate",
            history,
        )
    return value


def _fitting(outputs: paddle.Tensor, labels) -> paddle.Tensor:
    """`outputs`, once there is one row for each label; with another shape they could broadcast."""
    if outputs.ndim != 2 or len(outputs) != len(labels) or outputs.shape[1] not in (1, 10):
        raise LossInputError(
            f"the model's outputs are {list(outputs.shape)} for {len(labels)} digits; "
            f"expected [{len(labels)}, 1] or [{len(labels)}, 10]"
        )
    return outputs


def _check(epochs, batch_size, optimizer, schedule) -> None:
    for name, number in (("epochs", epochs), ("batch_size", batch_size)):
        if number < 1:
            raise ValueError(f"{name} must be 1 or more, not {number}")
    # Paddle has no public way to ask; without this, a schedule that nobody steps goes unnoticed
    used = getattr(optimizer, "_learning_rate", None)
    used = used if isinstance(used, paddle.optimizer.lr.LRScheduler) else None
    if used is not schedule:
        raise ValueError(
            f"the optimiser's learning rate is {_named(used)}, but schedule= is "
            f"{_named(schedule)}: pass the very schedule that the optimiser was made with"
        )


def _named(schedule) -> str:
    return "no schedule" if schedule is None else f"a {type(schedule).__name__}"
