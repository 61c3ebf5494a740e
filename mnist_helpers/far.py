"""The far recipe: as right as a small network gets in five minutes on two cores.

``python -m mnist_helpers.far --output far`` trains it and reads the validation digits;
``--final`` trains on those as well and reads the test digits.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import paddle

from mnist_helpers.data import Digits, load
from mnist_helpers.data.augment import distorting
from mnist_helpers.evaluation import evaluate
from mnist_helpers.files import replacing, why_not_writable
from mnist_helpers.losses import smoothed_cross_entropy
from mnist_helpers.models import parameter_count
from mnist_helpers.observers import Averaged, Observer
from mnist_helpers.patches import PatchNet
from mnist_helpers.runtime import paddle_threads
from mnist_helpers.training import History, fit
from mnist_helpers.weights import save_weights

LAYERS = ((64, 6, 2), (64, 3, 1), (128, 2, 2), (128, 3, 1))
EPOCHS = 16
BATCH = 100
RATE = 0.01  # the highest, at three tenths of the steps


def network() -> PatchNet:
    """A :class:`PatchNet` of four convolutions: [b, 1, 28, 28] → [b, 10]."""
    return PatchNet(layers=LAYERS)


def train(
    digits: Digits,
    seed: int = 0,
    valid: Digits | None = None,
    observers: Sequence[Observer] = (),
) -> tuple[PatchNet, History]:
    """The network with its averaged weights, and the record of its training.

    What the record says of `valid` is of the weights before they are averaged.
    """
    paddle.seed(seed)
    model = network()
    steps = EPOCHS * math.ceil(len(digits) / BATCH)
    schedule = paddle.optimizer.lr.OneCycleLR(RATE, steps, end_learning_rate=RATE / 20)
    optimizer = paddle.optimizer.Adam(schedule, beta2=0.99, parameters=model.parameters())
    history = fit(
        model,
        digits,
        loss=smoothed_cross_entropy,
        optimizer=optimizer,
        schedule=schedule,
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=seed,
        valid=valid,
        augment=distorting(),
        observers=[Averaged(start=steps // 2), *observers],
    )
    return model, history


class _Until(Observer):
    """Prints a line an epoch, and ends the training after epoch `last`."""

    def __init__(self, last: int):
        self.last = last

    def on_epoch(self, model, history):
        now, n = history.epochs[-1], len(history.epochs)
        print(
            f"epoch {n}/{EPOCHS}: {now.seconds:.1f} s, loss {now.train_loss:.4f}, accuracy on the "
            f"distorted digits {now.train_accuracy:.4f}",
            flush=True,
        )
        return n == self.last


def both(a: Digits, b: Digits) -> Digits:
    """The digits of `a`, then those of `b`."""
    return Digits(np.concatenate([a.images, b.images]), np.concatenate([a.labels, b.labels]))


def main(argv: Sequence[str] | None = None) -> None:
    options = _options(argv)
    digits, judged = load("train"), load("test" if options.final else "valid")
    if options.final:
        digits = both(digits, load("valid"))
    valid = None if options.final else judged
    model, history = train(digits, options.seed, valid, [_Until(options.last_epoch)])
    accuracy = evaluate(model, judged).accuracy
    print(f"accuracy {accuracy:.4f} after {history.seconds:.0f} seconds of training")
    if not options.output:
        return
    log = {
        "seed": options.seed,
        "parameters": parameter_count(model),
        "trained on": len(digits),
        "judged on": "test" if options.final else "valid",
        "accuracy": accuracy,
        "seconds": history.seconds,
        "threads": paddle_threads(),
        "epochs": [dataclasses.asdict(epoch) for epoch in history.epochs],
    }
    save_weights(model, options.output / f"weights-{options.seed}.pdparams")
    with replacing(options.output / f"log-{options.seed}.json") as file:
        file.write(json.dumps(log, indent=1).encode())


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options, checked before any work."""
    parser = argparse.ArgumentParser("python -m mnist_helpers.far", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="from 0")
    parser.add_argument("--output", type=Path, help="a folder for log-SEED.json and the weights")
    parser.add_argument("--final", action="store_true", help="train on all, read the test digits")
    parser.add_argument("--last-epoch", type=int, default=EPOCHS, help="stop after this one")
    options = parser.parse_args(argv)
    if not 0 <= options.seed < 2**32:
        parser.error(f"--seed must be from 0 to 2**32 - 1, not {options.seed}")
    if not 1 <= options.last_epoch <= EPOCHS:
        parser.error(f"--last-epoch must be from 1 to {EPOCHS}, not {options.last_epoch}")
    if options.output and (reason := why_not_writable(options.output)):
        parser.error(f"{options.output}: nothing can be written there ({reason})")
    return options


if __name__ == "__main__":
    main()
