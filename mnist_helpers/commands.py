"""What the commands ``train``, ``evaluate`` and ``predict`` do."""

from __future__ import annotations

import argparse
import math
import sys

import paddle

from mnist_helpers.data import load
from mnist_helpers.errors import HelperError, one_of
from mnist_helpers.evaluation import evaluate as evaluate_model
from mnist_helpers.evaluation import to_digits
from mnist_helpers.images import load_image
from mnist_helpers.losses import OUTPUTS, loss_named
from mnist_helpers.models import create
from mnist_helpers.recipes import SCHEDULES, create_optimizer, usual_rate
from mnist_helpers.runs import Run, check_output, load_run, save_run
from mnist_helpers.runtime import best_device, seed_everything
from mnist_helpers.training import fit
from mnist_helpers.weights import fingerprint


def train(options: argparse.Namespace) -> int:
    """Train a network and save it; the last lines are its validation accuracy and its checksum."""
    loss, rate = loss_named(options.loss), options.learning_rate or usual_rate(options.optimizer)
    check_output(options.output, options.overwrite)
    paddle.set_device(best_device())
    seed_everything(options.seed)
    model = create(options.model, OUTPUTS[options.loss])
    one_of(SCHEDULES, options.schedule, "schedule")
    train_digits, valid = load("train"), load("valid")
    optimizer, schedule = create_optimizer(
        options.optimizer,
        model.parameters(),
        rate,
        options.schedule,
        options.epochs * math.ceil(len(train_digits) / options.batch_size),
    )
    history = fit(
        model,
        train_digits,
        loss=loss,
        optimizer=optimizer,
        schedule=schedule,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
        valid=valid,
    )
    for number, epoch in enumerate(history.epochs, start=1):
        print(
            f"epoch {number}: training loss {epoch.train_loss:.4f}, validation loss "
            f"{epoch.loss:.4f}, validation accuracy {epoch.accuracy:.4f}, {epoch.seconds:.1f} s"
        )
    chosen = {
        name: getattr(options, name)
        for name in ("model", "loss", "optimizer", "schedule", "epochs", "batch_size", "seed")
    }
    weights = fingerprint(model)
    save_run(
        options.output,
        model,
        Run(
            **chosen,
            learning_rate=rate,
            data=train_digits.source,
            accuracy=history.accuracy,
            weights=weights,
        ),
    )
    print(f"accuracy {history.accuracy:.4f}")
    print(f"weights {weights}")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Print the loss and the accuracy of a run's model on one split."""
    model, run = load_run(options.folder)
    scores = evaluate_model(model, load(options.split), loss_named(run.loss))
    print(f"loss {scores.loss:.4f}")
    print(f"accuracy {scores.accuracy:.4f}")
    return 0


def predict(options: argparse.Namespace) -> int:
    """Print a line for each picture: path, digit, probability; 1 if one could not be read."""
    model, _ = load_run(options.model)
    status = 0
    for path in options.pictures:
        try:
            picture = load_image(path)
        except (HelperError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            status = 1
            continue
        digit, probability = _answer(model, picture)
        print(f"{path}\t{digit}\t{probability}")
    return status


def _answer(model: paddle.nn.Layer, picture) -> tuple[int, str]:
    """The digit, and its probability with four places ("-" from a regression, which has none)."""
    with paddle.no_grad():
        outputs = model(paddle.to_tensor(picture))
    digit = int(to_digits(outputs)[0])
    if outputs.shape[1] == 1:
        return digit, "-"
    return digit, f"{float(paddle.nn.functional.softmax(outputs)[0, digit]):.4f}"
