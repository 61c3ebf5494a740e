"""The training loop."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import paddle

from mnist_helpers.data import Digits
from mnist_helpers.distributed.workers import ALONE, Workers
from mnist_helpers.errors import DivergedError, LossInputError
from mnist_helpers.evaluation.scores import evaluate, to_digits
from mnist_helpers.system.progress import progress
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.history import Epoch, History, Position

if TYPE_CHECKING:
    from mnist_helpers.training.resuming import Resumable


def fit(
    model: paddle.nn.Layer,
    train: Digits,
    *,
    loss: Callable[..., paddle.Tensor],
    optimizer: paddle.optimizer.Optimizer,
    schedule: paddle.optimizer.lr.LRScheduler | None = None,
    epochs: int = 1,
    batch_size: int = 100,
    seed: int = 0,
    valid: Digits | None = None,
    augment: Callable[..., np.ndarray] | None = None,
    callbacks: Sequence[Callback] = (),
    checkpoint: Resumable | None = None,
    workers: Workers = ALONE,
) -> History:
    """Train `model` in place; `seed` gives the order of the digits, a new one each epoch.

    `schedule`, if the optimiser was made with one, is stepped after every batch. `valid` is
    evaluated after every epoch. `callbacks` are told of every step and epoch; each can end the
    training after an epoch. `checkpoint` saves the run as it goes, and goes on with one that was
    cut. `workers` are the processes that train together: each takes its part of every batch of
    `batch_size` times their number, and all have the same weights. The model is left in training
    mode. A loss that is not finite ends the run, before the parameters are touched.

    Parameters
    ----------
    model : paddle.nn.Layer
        From images float32 [b, 1, 28, 28] in [0, 1] to outputs [b, 10] or [b, 1].
    train : Digits
        The digits to train on.
    loss : callable
        From (outputs, labels), labels being int64 [b, 1], to the mean over the batch: a tensor
        of one number.
    optimizer : paddle.optimizer.Optimizer
        Made with the parameters of `model`.
    schedule : paddle.optimizer.lr.LRScheduler, optional
        The very one that the optimiser was made with.
    epochs : int
        How often the digits are seen, 1 or more; of a run that goes on, in all, those before the
        cut included.
    batch_size : int
        Digits in a step, of each worker, 1 or more. The last batch of an epoch may be shorter.
    seed : int
        0 or more. It gives the random numbers for `augment` as well, but not those that the model
        draws: see :func:`mnist_helpers.system.seed_everything`.
    valid : Digits, optional
        What loss and accuracy are judged by.
    augment : callable, optional
        From (images float32 [b, 1, 28, 28], u float64 [b, 4]) to images: changes those of a batch;
        see :func:`mnist_helpers.data.batches`.
    callbacks : sequence of Callback
        Told in this order.
    checkpoint : Resumable, optional
        See :class:`mnist_helpers.training.Resumable`.
    workers : Workers
        What :func:`mnist_helpers.distributed.join` gives; if not given, this process alone.

    Returns
    -------
    History
        Loss and rate of every step, and an :class:`mnist_helpers.training.Epoch` of every epoch;
        of a run that goes on, those before the cut too.

    Raises
    ------
    DivergedError
        If a loss is not finite. The parameters are as they were before that step (the statistics
        of a batch normalisation have seen its batch), and the error's `history` is what was
        recorded until then, this loss included.
    LossInputError
        If the outputs are not one row of 1 or 10 numbers for each label, or the loss is not one
        number. The book's losses raise it as well.
    ValueError
        If `epochs` or `batch_size` is below 1, `seed` below 0, there are no digits in `train` or
        `valid`, or `schedule` is not the optimiser's.
    WorkersError
        If the workers were given different things.
    CheckpointError
        If what is to go on is not sound, or another run (other digits, `batch_size`, `seed` or
        `about`, augmented or not; another number of workers, unless `checkpoint` allows that and
        `batch_size` times their number is the same); or a checkpoint cannot be written.
    StoppedError
        If the run was asked to stop, after it has been saved.
    """
    _check(epochs, batch_size, optimizer, schedule, train, valid)
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
                for callback in callbacks:
                    callback.on_train_batch_end(model, history)
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
        wishes = [callback.on_epoch_end(model, history) for callback in callbacks]
        if any(wishes):
            break
    for callback in callbacks:
        callback.on_train_end(model, history)
    return history


def epochs_like(n: int, train: Digits) -> int:
    """As many epochs of `train` as make the steps that n epochs of MNIST's 50,000 digits have.

    So a chapter trains as long on the built-in sample as it does on MNIST.

    Parameters
    ----------
    n : int
        Epochs of 50,000 digits.
    train : Digits
        The digits to train on; only their number matters.

    Returns
    -------
    int
        Epochs of `train`, rounded, and 1 at least.
    """
    return max(1, round(n * 50_000 / len(train)))


def _identity(
    train: Digits, batch_size: int, seed: int, augment: Callable | None, workers: Workers
) -> dict[str, Any]:
    """What must be the same for a run that goes on to be the same run."""
    digest = hashlib.sha256(train.labels.tobytes())
    digest.update(np.ascontiguousarray(train.images).data)
    return {
        "digits": len(train),
        "sha256 of the digits": digest.hexdigest(),
        "batch_size": batch_size,
        "seed": seed,
        "augmented": augment is not None,
        "workers": workers.world,
    }


def _record(
    history: History, loss: paddle.Tensor, optimizer: paddle.optimizer.Optimizer, epoch: int
) -> float:
    """Note one step's loss and rate. DivergedError if the loss is not finite; no gradient stays."""
    if loss.size != 1:
        optimizer.clear_grad()
        raise LossInputError(f"the loss has shape {list(loss.shape)}; expected its mean, a number")
    value, rate = cast(float, loss.item()), optimizer.get_lr()  # Paddle knows complex items too
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


def _fitting(outputs: paddle.Tensor, labels: np.ndarray) -> paddle.Tensor:
    """`outputs`, once there is one row for each label; with another shape they could broadcast."""
    if outputs.ndim != 2 or len(outputs) != len(labels) or outputs.shape[1] not in (1, 10):
        raise LossInputError(
            f"the model's outputs are {list(outputs.shape)} for {len(labels)} digits; "
            f"expected [{len(labels)}, 1] or [{len(labels)}, 10]"
        )
    return outputs


def _check(
    epochs: int,
    batch_size: int,
    optimizer: paddle.optimizer.Optimizer,
    schedule: paddle.optimizer.lr.LRScheduler | None,
    train: Digits,
    valid: Digits | None,
) -> None:
    for name, digits in (("train", train), ("valid", valid)):
        if digits is not None and len(digits) == 0:
            raise ValueError(f"{name} has no digits")
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


def _named(schedule: paddle.optimizer.lr.LRScheduler | None) -> str:
    return "no schedule" if schedule is None else f"a {type(schedule).__name__}"
