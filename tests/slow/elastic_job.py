"""A training that can be started again and again, with as many workers as there are.

``python -m tests.slow.elastic_job FOLDER``: in FOLDER are its checkpoints, and a line for each step
in ``steps``: the time, how many steps there have been, and how many workers. After each step it
waits as many seconds as the file ``pause`` says.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import mnist_helpers  # noqa: F401 - before paddle: it sets the threads

# isort: split
import paddle

from mnist_helpers import models
from mnist_helpers.distributed import join
from mnist_helpers.models.weights import fingerprint, save_weights
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from mnist_helpers.training.resuming import Resumable
from tests.conftest import sample_digits


class Slowly(Callback):
    """Notes each step, and waits after it."""

    def __init__(self, folder: Path, world: int) -> None:
        self.folder, self.world = folder, world

    def on_train_batch_end(self, model, history):
        with (self.folder / "steps").open("a") as file:
            file.write(f"{time.time()} {len(history.losses)} {self.world}\n")
        time.sleep(float((self.folder / "pause").read_text()))


def main(folder: Path) -> None:
    workers = join()
    seed_everything(1)
    model = models.MLP()
    adam = paddle.optimizer.Adam(0.001, parameters=model.parameters())
    checkpoint = Resumable(folder / "checkpoints", every=5, other_workers=True)
    watch = [Slowly(folder, workers.world)] if workers.rank == 0 else []
    with checkpoint.stopping_on_signals():
        fit(
            model, sample_digits(1200), loss=cross_entropy, optimizer=adam, epochs=6,
            batch_size=120 // workers.world, seed=1, callbacks=watch, checkpoint=checkpoint,
            workers=workers,
        )  # fmt: skip
    if workers.rank == 0:
        save_weights(model, folder / "trained.pdparams")
        print("weights", fingerprint(model))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
