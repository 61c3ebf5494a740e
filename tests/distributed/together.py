"""What test_distributed.py launches on two workers: many checks, one start. Each worker writes what
it found in ``<rank>.json`` in the folder that it is given."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import mnist_helpers  # noqa: F401 - before paddle: it sets the threads

# isort: split
import paddle

from mnist_helpers import models
from mnist_helpers.__main__ import main
from mnist_helpers.data.augment import moving
from mnist_helpers.distributed.workers import ALONE, join
from mnist_helpers.errors import CheckpointError, DivergedError, StoppedError, WorkersError
from mnist_helpers.models.weights import fingerprint, save_weights
from mnist_helpers.system.runtime import best_device, seed_everything
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from mnist_helpers.training.resuming import Resumable
from tests.conftest import sample_digits

VALID = sample_digits(60, start=1000)
COMMAND = ["train", "--model", "alexnet", "--epochs", "3", "--seed", "5", "--batch-size", "60"]


class Cut(Callback):
    """Ends a run after its seventh step, in the middle of its second epoch; it is saved."""

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint

    def on_train_batch_end(self, model, history):
        self.checkpoint.stop_asked = len(history.losses) == 7


def trained(
    workers, n, folder=None, batch_size=30, model=models.LeNet5, epochs=2, cut=False,
    other_workers=False, **others
):  # fmt: skip
    """A run of fit on the first n digits; the model and its history."""
    seed_everything(4)
    net = model()
    adam = paddle.optimizer.Adam(0.002, parameters=net.parameters())
    settings = {"epochs": epochs, "batch_size": batch_size, "seed": 4, "valid": VALID, **others}
    if folder:
        settings["checkpoint"] = Resumable(folder, every=2, other_workers=other_workers)
    if cut:
        settings["callbacks"] = [Cut(settings["checkpoint"])]
    digits = sample_digits(n)
    history = fit(net, digits, loss=cross_entropy, optimizer=adam, workers=workers, **settings)
    return net, history


def the_same_on_all(workers, folder):
    """300 digits: equal parts. 250: a short last batch. 241: one digit for two workers at last."""
    found = {}
    for n in (300, 250, 241):
        net, history = trained(workers, n)
        save_weights(net, folder / f"{n}-{workers.rank}.pdparams")
        epochs = [(e.train_loss, e.train_accuracy, e.loss, e.accuracy) for e in history.epochs]
        found[n] = {"weights": fingerprint(net), "losses": history.losses, "epochs": epochs}
    return found


def seen(workers, folder):
    """The SHA-256 of every image that this worker sees in two epochs, and what counts for it."""
    digits = sample_digits(241)
    feeds = [workers.batches(digits, 30, 4, epoch) for epoch in range(2)]
    sums = []
    for feed in feeds:
        names = []
        for images, labels in feed:
            names += [hashlib.sha256(i).hexdigest() for i in images if workers.weight]
            *_, n = workers.together(paddle.to_tensor(1.0), 0, len(labels))
        sums.append({"names": names, "last": n})
    return sums


def without_averaging(workers, folder):
    """What chapter 6 warns of: digits shared out, and nobody averages."""
    seed_everything(0)
    net = models.MLP()
    sgd = paddle.optimizer.SGD(0.1, parameters=net.parameters())
    for images, labels in workers.batches(sample_digits(100), 50, 0, 0):
        cross_entropy(net(paddle.to_tensor(images)), paddle.to_tensor(labels)).backward()
        sgd.step()
    return fingerprint(net)


def disagreements(workers, folder):
    def said(**others):
        try:
            trained(workers, **{"n": 60, **others})
        except WorkersError as error:
            return str(error)

    other = workers.rank == 1
    return {
        "model": said(model=models.LeNet5 if other else models.MLP),
        "outputs": said(model=lambda: models.MLP(outputs=1 if other else 10)),
        "digits": said(n=61 if other else 60),
        "seed": said(seed=int(other)),
        "epochs": said(epochs=2 + other),
        "batch": said(batch_size=30 - other),
        "nothing": said(),
    }


def told(workers, folder):
    """The small messages."""

    def raises():
        raise CheckpointError("no room")

    try:
        workers.first(raises)
        error = None
    except CheckpointError as raised:
        error = str(raised)
    return {
        "first": workers.first(lambda: f"from {workers.rank}"),
        "error": error,
        "any": [workers.any(workers.rank == 1), workers.any(False)],
        "gather": workers.gather({"rank": workers.rank}),
        "device": best_device(),
    }


def random_numbers(workers, folder):
    seed_everything(3)
    workers.parallel(models.MLP(), seed=3)
    return paddle.rand([4]).tolist()


def diverging(workers, folder):
    """Only the second worker's loss is not a number."""

    def loss(outputs, labels):
        return cross_entropy(outputs, labels) * (float("nan") if workers.rank else 1.0)

    seed_everything(0)
    net = models.MLP()
    sgd = paddle.optimizer.SGD(0.1, parameters=net.parameters())
    try:
        fit(net, sample_digits(60), loss=loss, optimizer=sgd, workers=workers, batch_size=30)
    except DivergedError as error:
        return str(error)


def resumed(workers, folder):
    """Cut in the middle of an epoch, at the wish of one worker; dropout and augmentation on."""
    options = {"n": 250, "model": models.AlexNet, "augment": moving(), "epochs": 3}
    expected, whole = trained(workers, **options)

    class Stop(Callback):
        def on_train_batch_end(self, model, history):
            if len(history.losses) == 7 and workers.rank == 1:
                for _ in range(3):  # as the launcher does
                    os.kill(os.getpid(), signal.SIGTERM)
                    time.sleep(0.01)

    seed_everything(4)
    net = models.AlexNet()
    adam = paddle.optimizer.Adam(0.002, parameters=net.parameters())
    checkpoint = Resumable(folder / "cut", every=2)
    said = None
    with checkpoint.stopping_on_signals():
        try:
            fit(
                net, sample_digits(250), loss=cross_entropy, optimizer=adam, epochs=3,
                batch_size=30, seed=4, valid=VALID, augment=moving(), callbacks=[Stop()],
                checkpoint=checkpoint, workers=workers,
            )  # fmt: skip
        except StoppedError as stopped:
            said = str(stopped)
    again, history = trained(workers, folder=folder / "cut", **options)
    return {
        "said": said,
        "equal": fingerprint(again) == fingerprint(expected),
        "losses": history.losses == whole.losses,
        "weights": fingerprint(again),
    }


def with_another_number(workers, folder):
    """A run of one worker, cut, goes on with two; and one of two with one. 250 digits are four
    batches of 60 and one of 10."""
    alone, together = {"workers": ALONE, "batch_size": 60}, {"workers": workers, "batch_size": 30}
    return {
        "1 to 2": other_number(workers, folder, alone, together, models.LeNet5),
        "2 to 1": other_number(workers, folder, together, alone, models.LeNet5),
        "dropout": other_number(workers, folder, alone, together, models.AlexNet),
        "refused": refused(folder / f"LeNet5-1-{workers.rank}", together),
    }


def other_number(workers, folder, before, after, model):
    """Cut after step 7, and gone on with twice, from the same checkpoint."""
    options = {"n": 250, "model": model}
    net, whole = trained(**before, **options)
    saves = workers.rank if before["workers"] is ALONE else 0
    cut = folder / f"{model.__name__}-{before['workers'].world}-{saves}"
    with contextlib.suppress(StoppedError):
        trained(**before, **options, folder=cut, cut=True)
    err, ends = io.StringIO(), []
    for _ in range(2):
        again = folder / f"again-{workers.rank}"
        shutil.copytree(cut, again)
        with contextlib.redirect_stderr(err):
            ends.append(trained(**after, **options, folder=again, other_workers=True))
        shutil.rmtree(again)
    (first, history), (second, _) = ends
    pairs = zip(net.state_dict().values(), first.state_dict().values(), strict=True)
    losses = zip(whole.losses, history.losses, strict=True)
    return {
        "said": err.getvalue().splitlines(),
        "again": fingerprint(first) == fingerprint(second),
        "weights": max(float((a - b).abs().max()) for a, b in pairs),
        "losses": max(abs(a - b) for a, b in losses),
        "steps": len(history.losses),
    }


def refused(cut, after):
    """What is said of another number that is not allowed, and of batches of other sizes."""

    def said(**others):
        try:
            trained(**{**after, **others}, n=250, folder=cut)
        except CheckpointError as error:
            return str(error).partition(": ")[2]

    return [said(), said(other_workers=True, batch_size=20)]


def command(workers, folder):
    """The command `train`, run whole; and one whose options differ."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*COMMAND, "--output", str(folder / "whole")])
        lost = main(["train", "--model", "mlp", "--seed", str(workers.rank), "--output",
                     str(folder / "never")])  # fmt: skip
        used = main([*COMMAND, "--output", str(folder / "whole")])
    return {"codes": [code, lost, used], "out": out.getvalue(), "err": err.getvalue()}


def sampler(workers, folder):
    """Which digits Paddle's own sampler gives this worker, of 241."""
    parts = paddle.io.DistributedBatchSampler(list(range(241)), batch_size=30, shuffle=True)
    return [i for batch in parts for i in batch]


CHECKS = (
    the_same_on_all, seen, without_averaging, disagreements, told, random_numbers, diverging,
    resumed, with_another_number, command, sampler,
)  # fmt: skip

if __name__ == "__main__":
    folder, workers = Path(sys.argv[1]), join()
    found = {check.__name__: check(workers, folder) for check in CHECKS}
    (folder / f"{workers.rank}.json").write_text(json.dumps(found))
    print("worker", workers.rank, "of", workers.world)
