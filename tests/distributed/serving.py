"""What test_distributed.py launches on three workers: a parameter server and two trainers."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import mnist_helpers  # noqa: F401 - before paddle: it sets the threads

# isort: split
import paddle

from mnist_helpers import models
from mnist_helpers.data import batches, shares
from mnist_helpers.distributed import parameter_server as ps
from mnist_helpers.distributed.workers import join
from mnist_helpers.evaluation.scores import evaluate
from mnist_helpers.models.weights import fingerprint, save_weights
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import sample_digits


def start(workers):
    """The model and the optimiser of `together.trained`; in a trainer, other weights."""
    seed_everything(4 + workers.rank)
    net = models.LeNet5()
    return net, paddle.optimizer.Adam(0.002, parameters=net.parameters())


def feed(workers, n, slow=0.0):
    for epoch in range(2):
        own = {"rank": workers.rank - 1, "world": workers.world - 1}
        for batch in shares(sample_digits(n), 30, seed=4, epoch=epoch, **own):
            time.sleep(slow)
            yield batch


def in_step(workers, folder):
    found = {}
    for n in (300, 250, 241):
        net, adam = start(workers)
        if workers.rank == 0:
            ps.serve(net, adam, steps=2 * -(-n // 60))
            save_weights(net, folder / f"server-{n}.pdparams")
        else:
            ps.train(net, cross_entropy, feed(workers, n))
        found[n] = workers.gather(fingerprint(net))
    return found


def at_their_own_pace(workers, folder):
    """A queue of 20 batches; the second trainer is slow."""
    net, adam = start(workers)
    groups = ps.pairs()
    queue = list(batches(sample_digits(300), 30, seed=4))
    queue += list(batches(sample_digits(300), 30, seed=4, epoch=1))
    applied, spans, asked = None, None, []

    def batch(number):
        asked.append(number)
        time.sleep(0.05 * workers.rank)
        return queue[number]

    if workers.rank == 0:
        applied = ps.serve_each(net, adam, len(queue), groups)
    else:
        spans = ps.train_each(net, cross_entropy, batch, groups)
    accuracy = evaluate(net, sample_digits(300)).accuracy
    return {
        "applied": applied,
        "asked": workers.gather(asked),
        "spans": workers.gather(spans),
        "accuracy": workers.gather(accuracy),
        "weights": workers.gather(fingerprint(net)),
    }


if __name__ == "__main__":
    folder, workers = Path(sys.argv[1]), join()
    found = {check.__name__: check(workers, folder) for check in (in_step, at_their_own_pace)}
    if workers.rank == 0:
        (folder / "served.json").write_text(json.dumps(found))
