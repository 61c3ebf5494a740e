"""The far recipe: as right as a small network gets in five minutes on two cores.

``python -m mnist_helpers.far --output far`` trains it and reads the validation digits;
``--final`` trains on those as well and reads the test digits. Started by Paddle's launcher, the
processes share the work: the batches, and so the run but for rounding, are the same.
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
from mnist_helpers.files import replacing
from mnist_helpers.losses import smoothed_cross_entropy
from mnist_helpers.observers import Averaged, Observer
from mnist_helpers.patches import PatchNet
from mnist_helpers.training import History, fit
from mnist_helpers.weights import save_weights
from mnist_helpers.workers import ALONE, Workers, join

LAYERS = ((64, 6, 2), (64, 3, 1), (128, 2, 2), (128, 3, 1))
EPOCHS = 24
BATCH = 100  # of all workers together
RATE = 0.01  # the highest, at three tenths of the steps


def network() -> PatchNet:
    """A :class:`PatchNet` of four convolutions: [b, 1, 28, 28] → [b, 10]."""
    return PatchNet(layers=LAYERS)


def train(
    digits: Digits,
    seed: int = 0,
    valid: Digits | None = None,
    observers: Sequence[Observer] = (),
    workers: Workers = ALONE,
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
        batch_size=BATCH // workers.world,
        seed=seed,
        valid=valid,
        augment=distorting(),
        observers=[Averaged(start=steps // 2), *observers],
        workers=workers,
    )
    return model, history


class _Until(Observer):
    """Prints a line an epoch, and ends the training after epoch `last`."""

    def __init__(self, last: int, silent: bool):
        self.last, self.silent = last, silent

    def on_epoch(self, model, history):
        now, n = history.epochs[-1], len(history.epochs)
        if not self.silent:
            print(
                f"epoch {n}/{EPOCHS}: {now.seconds:.1f} s, loss {now.train_loss:.4f}, "
                f"accuracy on the digits as they were trained on {now.train_accuracy:.4f}",
                flush=True,
            )
        return n == self.last


def both(a: Digits, b: Digits) -> Digits:
    """The digits of `a`, then those of `b`."""
    return Digits(np.concatenate([a.images, b.images]), np.concatenate([a.labels, b.labels]))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m mnist_helpers.far", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="a folder for log-SEED.json and the weights")
    parser.add_argument("--final", action="store_true", help="train on all, read the test digits")
    parser.add_argument("--last-epoch", type=int, default=EPOCHS, help="stop after this one")
    options = parser.parse_args(argv)
    workers = join()
    digits, judged = load("train"), load("test" if options.final else "valid")
    if options.final:
        digits = both(digits, load("valid"))
    until = _Until(options.last_epoch, silent=workers.rank > 0)
    model, history = train(digits, options.seed, observers=[until], workers=workers)
    if workers.rank:
        return
    accuracy = evaluate(model, judged).accuracy
    log = {
        "seed": options.seed,
        "parameters": sum(int(p.size) for p in model.parameters()),
        "digits": len(digits),
        "judged on": "test" if options.final else "valid",
        "accuracy": accuracy,
        "seconds": history.seconds,
        "processes": workers.world,
        "epochs": [dataclasses.asdict(epoch) for epoch in history.epochs],
    }
    print(f"accuracy {accuracy:.4f} after {history.seconds:.0f} seconds of training")
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        save_weights(model, options.output / f"weights-{options.seed}.pdparams")
        with replacing(options.output / f"log-{options.seed}.json") as file:
            file.write(json.dumps(log, indent=1).encode())


if __name__ == "__main__":
    main()
