"""The course's and the fast recipe in PyTorch. Needs nothing of this project.

A program for ``benchmarks.recipes``: ``python pytorch_recipes.py DIGITS.npz NAME STEPS`` prints as
JSON the seconds of each of so many steps of the recipe "course" or "fast", as PyTorch comes; with
"-tuned" after the name, in its best form (channels last, the fused Adam; the program that starts
this one has the C library keep its memory). With ``train`` in place of STEPS and a seed after it,
the fast recipe's whole training.
"""

from __future__ import annotations

import itertools
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Crop(nn.Module):
    def forward(self, x):
        return x[:, :, 2:-2, 2:-2]


def course_net():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(20, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(980, 10))  # fmt: skip


def fast_net():
    """What ``mnist_helpers.models.im2col.PatchNet`` computes."""
    return nn.Sequential(
        Crop(),
        nn.Conv2d(1, 32, 6, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 48, 2, 2, bias=False), nn.BatchNorm2d(48), nn.ReLU(),
        nn.Conv2d(48, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.Flatten(), nn.Linear(576, 10))  # fmt: skip


def shifted(images, rng):
    """Each image [b, 28, 28] by -1, 0 or 1 pixels to the side and down."""
    padded = np.zeros((len(images), 30, 30), images.dtype)  # quicker than np.pad
    padded[:, 1:-1, 1:-1] = images
    windows = np.lib.stride_tricks.sliding_window_view(padded, (28, 28), axis=(1, 2))
    down, right = rng.integers(0, 3, (2, len(images)))
    return windows[np.arange(len(images)), down, right]


class Recipe:
    """name: "course" or "fast", or one of them with "-tuned". n: how many digits there are."""

    def __init__(self, name: str, n: int, seed: int = 0):
        torch.manual_seed(seed)
        self.rng, self.fast = np.random.default_rng(seed), name.startswith("fast")
        self.batch, self.schedule = 50 if self.fast else 100, None
        tuned = name.endswith("-tuned")
        self.layout = torch.channels_last if tuned else torch.contiguous_format
        self.net = (fast_net() if self.fast else course_net()).to(memory_format=self.layout)
        if not self.fast:
            self.adam = torch.optim.Adam(self.net.parameters(), 0.001, fused=tuned)
            return
        self.adam = torch.optim.Adam(self.net.parameters(), 0.01, betas=(0.9, 0.99), fused=tuned)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.adam, 0.01, -(-n // self.batch), final_div_factor=4, cycle_momentum=False
        )

    def steps(self, images, labels):
        """The seconds of each training step of one epoch."""
        before = time.perf_counter()
        order = self.rng.permutation(len(labels))
        for start in range(0, len(order), self.batch):
            rows = order[start : start + self.batch]
            x = np.divide(images[rows], 255, dtype=np.float32)
            x = torch.from_numpy(shifted(x, self.rng) if self.fast else x)[:, None]
            x = x.to(memory_format=self.layout)
            y = torch.from_numpy(labels[rows].astype(np.int64))
            loss = F.cross_entropy(self.net(x), y, label_smoothing=0.1 if self.fast else 0)
            loss.item()
            loss.backward()
            self.adam.step()
            self.adam.zero_grad()
            if self.schedule:
                self.schedule.step()
            now = time.perf_counter()
            yield now - before
            before = now

    @torch.no_grad()
    def accuracy(self, images, labels) -> float:
        self.net.eval()
        x = torch.from_numpy(np.divide(images, 255, dtype=np.float32))[:, None]
        answers = torch.cat([self.net(part).argmax(1) for part in x.split(500)]).numpy()
        return float((answers == labels).mean())


def main(path: str, name: str, what: str, seed: int = 0) -> dict:
    digits = np.load(path)
    train, valid = (
        (digits[f"{split}_images"], digits[f"{split}_labels"]) for split in ("train", "valid")
    )
    recipe = Recipe(name, len(train[1]), seed)
    if what != "train":
        return {"steps": list(itertools.islice(recipe.steps(*train), int(what)))}
    start = time.perf_counter()
    steps = list(recipe.steps(*train))
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "accuracies": [recipe.accuracy(*valid)], "steps": steps}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4], *map(int, sys.argv[4:]))))
