"""What the commands ``train``, ``evaluate`` and ``export`` do."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import paddle

from mnist_helpers.data import load
from mnist_helpers.errors import HelperError, RunError, StoppedError, one_of
from mnist_helpers.evaluation import evaluate as evaluate_model
from mnist_helpers.export import save_inference_model
from mnist_helpers.losses import LOSSES, OUTPUTS, loss_named
from mnist_helpers.models import NETWORKS, create
from mnist_helpers.recipes import SCHEDULES, create_optimizer, usual_rate
from mnist_helpers.resuming import Resumable
from mnist_helpers.runs import (
    CHECKPOINTS,
    FACTS,
    Run,
    check_output,
    forget_run,
    load_run,
    read_options,
    save_run,
    start_run,
)
from mnist_helpers.runtime import best_device, seed_everything
from mnist_helpers.training import History, fit
from mnist_helpers.weights import fingerprint
from mnist_helpers.workers import Workers, join

CHOICES = (
    "model", "loss", "optimizer", "learning_rate", "schedule", "epochs", "batch_size", "seed",
    "save_every",
)  # fmt: skip


def train(options: argparse.Namespace) -> int:
    """Train a network and save it; the last lines are its validation accuracy and its checksum.

    130 if it was stopped by a signal; it has been saved then, and can go on with ``--resume``.
    Started by ``paddle.distributed.launch``, the processes train together, each with batches of
    ``--batch-size``; the first alone prints and saves.
    """
    workers = join()
    folder = options.resume or options.output
    if options.resume:
        _agree(options, read_options(folder))
        if (folder / FACTS).is_file():
            _, run = load_run(folder)
            return _say_result(run.accuracy, run.weights, workers)
    _fill_in(options)
    choices = {name: getattr(options, name) for name in CHOICES}
    workers.agree(**choices, folder=str(folder.absolute()))
    if not options.resume:
        workers.first(lambda: _begin(folder, options.overwrite, choices))
    try:
        model, history, data = _trained(options, folder, workers)
    except StoppedError as stopped:
        again = f"python -m mnist_helpers train --resume {folder}"
        print(f"{stopped}\nto go on: {again}", file=sys.stderr)
        return 130
    except HelperError:
        if not options.resume and workers.rank == 0:
            forget_run(folder)
        raise
    weights = fingerprint(model)
    workers.agree(**{"the weights": weights})
    if workers.rank == 0:
        _say_epochs(history)
        facts = {"data": data, "accuracy": history.accuracy, "weights": weights}
        about = _what_is_trained(options)
        save_run(folder, model, Run(**about, **facts, workers=workers.world))
    return _say_result(history.accuracy, weights, workers)


def _begin(folder: Path, overwrite: bool, choices: dict) -> None:
    check_output(folder, overwrite)
    start_run(folder, choices)


def _say_epochs(history: History) -> None:
    for number, epoch in enumerate(history.epochs, start=1):
        print(
            f"epoch {number}: training loss {epoch.train_loss:.4f}, validation loss "
            f"{epoch.loss:.4f}, validation accuracy {epoch.accuracy:.4f}, {epoch.seconds:.1f} s"
        )


def _what_is_trained(options: argparse.Namespace) -> dict:
    """The options that the weights depend on: all but how often they are saved."""
    return {name: getattr(options, name) for name in CHOICES if name != "save_every"}


def _say_result(accuracy: float, weights: str, workers: Workers) -> int:
    if workers.rank == 0:
        print(f"accuracy {accuracy:.4f}")
        print(f"weights {weights}")
    return 0


def _agree(options: argparse.Namespace, stored: dict) -> None:
    """Take the run's own options; RunError if one that was given is another."""
    if set(stored) != set(CHOICES):
        raise RunError(
            f"{options.resume}: its options are {', '.join(stored)}; expected {', '.join(CHOICES)}"
        )
    for name, value in stored.items():
        if name in options.given and getattr(options, name) != value:
            raise RunError(
                f"{options.resume}: its run has --{name.replace('_', '-')} {value}, not "
                f"{getattr(options, name)}. Leave the option out, or start another run"
            )
        setattr(options, name, value)


def _fill_in(options: argparse.Namespace) -> None:
    """Check the names, and choose the learning rate where none is given."""
    if options.model is None:
        raise RunError("--model is missing: name the network to train")
    for known, name, kind in (
        (NETWORKS, options.model, "model"),
        (LOSSES, options.loss, "loss"),
        (SCHEDULES, options.schedule, "schedule"),
    ):
        one_of(known, name, kind)
    options.learning_rate = options.learning_rate or usual_rate(options.optimizer)


def _trained(options: argparse.Namespace, folder: Path, workers: Workers):
    """The model, its history, and where the digits came from."""
    paddle.set_device(best_device())
    seed_everything(options.seed)
    model = create(options.model, OUTPUTS[options.loss])
    train_digits, valid = (load(split, quiet=workers.rank > 0) for split in ("train", "valid"))
    optimizer, schedule = create_optimizer(
        options.optimizer,
        model.parameters(),
        options.learning_rate,
        options.schedule,
        options.epochs * math.ceil(len(train_digits) / (options.batch_size * workers.world)),
    )
    about = _what_is_trained(options)
    checkpoint = Resumable(folder / CHECKPOINTS, every=options.save_every, about=about)
    with checkpoint.stopping_on_signals():
        history = fit(
            model,
            train_digits,
            loss=loss_named(options.loss),
            optimizer=optimizer,
            schedule=schedule,
            epochs=options.epochs,
            batch_size=options.batch_size,
            seed=options.seed,
            valid=valid,
            checkpoint=checkpoint,
            workers=workers,
        )
    return model, history, train_digits.source


def evaluate(options: argparse.Namespace) -> int:
    """Print the loss and the accuracy of a run's model on one split."""
    model, run = load_run(options.folder)
    scores = evaluate_model(model, load(options.split), loss_named(run.loss))
    print(f"loss {scores.loss:.4f}")
    print(f"accuracy {scores.accuracy:.4f}")
    return 0


def export(options: argparse.Namespace) -> int:
    """Export a run's model; prints a line for each file: path and size in bytes, with a tab."""
    model, run = load_run(options.folder)
    about = {name: getattr(run, name) for name in ("data", "accuracy", "weights")}
    folder = save_inference_model(
        model, options.output, onnx=options.onnx, overwrite=options.overwrite, about=about
    )
    for path in sorted(folder.iterdir()):
        print(f"{path}\t{path.stat().st_size}")
    return 0
