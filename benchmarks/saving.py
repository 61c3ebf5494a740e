"""What saving a run costs, against an epoch of the book's conv net."""

from __future__ import annotations

import statistics
import tempfile
import time

import paddle

from mnist_helpers.data.splits import load
from mnist_helpers.models.networks import ConvNet
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from mnist_helpers.training.resuming import Resumable


class Timed(Resumable):
    """Notes how long each save takes, in seconds."""

    def __init__(self, folder):
        super().__init__(folder, every=5)
        self.seconds = []

    def _save(self, *arguments, **options):
        start = time.perf_counter()
        super()._save(*arguments, **options)
        self.seconds.append(time.perf_counter() - start)


def tables():
    train = load("train", quiet=True)
    few = train[:5000]
    model = ConvNet()
    adam = paddle.optimizer.Adam(parameters=model.parameters())
    with tempfile.TemporaryDirectory() as folder:
        timed = Timed(folder)
        history = fit(model, few, loss=cross_entropy, optimizer=adam, checkpoint=timed)
    save = statistics.median(timed.seconds)
    epoch = (history.seconds - sum(timed.seconds[:-1])) * len(train) / len(few)
    yield (
        f"saving a run of the conv net with Adam, against an epoch of {len(train):,} digits",
        ("what", "seconds", "share of an epoch"),
        [
            ("an epoch (from a tenth of one)", f"{epoch:.1f}", "100 %"),
            (f"a checkpoint, median of {len(timed.seconds)}", f"{save:.4f}", f"{save / epoch:.2%}"),
        ],
    )
