"""This book's recipes, by the library's own functions.

A program for ``benchmarks.recipes``: ``python our_recipes.py NAME STEPS`` trains for so many steps
by the recipe "course" (the course's network), "fast" or "far", and prints as JSON the seconds from
the end of each step to that of the next; with ``train SEED`` in place of STEPS, a whole training,
its steps and its accuracy on validation.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise

from mnist_helpers import models
from mnist_helpers.data.splits import load
from mnist_helpers.recipes import far, fast
from mnist_helpers.training import losses
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit

# isort: split
import paddle


class Clock(Callback):
    """When each step ended."""

    def __init__(self):
        self.times = []

    def on_train_batch_end(self, model, history):
        self.times.append(time.perf_counter())


def course(digits, seed, valid=None, callbacks=()):
    """The course's network and optimiser, with `fit`."""
    paddle.seed(seed)
    model = models.ConvNet()
    adam = paddle.optimizer.Adam(0.001, parameters=model.parameters())
    settings = {"seed": seed, "valid": valid, "callbacks": callbacks}
    return model, fit(model, digits, loss=losses.cross_entropy, optimizer=adam, **settings)


RECIPES = {"course": (course, 100), "fast": (fast.train, fast.BATCH), "far": (far.train, far.BATCH)}


def main(name: str, what: str, seed: int = 0) -> dict:
    (train, batch), digits = RECIPES[name], load("train", quiet=True)
    if what == "train":
        clock = Clock()
        _, history = train(digits, seed, load("valid", quiet=True), callbacks=[clock])
        steps = [b - a for a, b in pairwise(clock.times)]
        return {"seconds": history.seconds, "accuracies": [history.accuracy], "steps": steps}
    far.EPOCHS = 1  # enough for the steps
    clock, steps = Clock(), int(what)
    train(digits[: batch * steps], 0, callbacks=[clock])
    return {"steps": [b - a for a, b in pairwise(clock.times[:steps])]}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:3], *map(int, sys.argv[3:]))))
