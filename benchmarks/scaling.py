"""What a second process gains, and what it costs that the two must talk."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from mnist_helpers.distributed import launch

# Two processes: again and again, one trains with `fit` while the other waits, then both together.
# A machine that is busy with something else is so for both; the best round of each counts.
PROGRAM = """
import json, statistics, sys, time
from mnist_helpers.data.splits import load
from mnist_helpers.training.losses import cross_entropy
from mnist_helpers.models.networks import ConvNet
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit
from mnist_helpers.distributed.workers import ALONE, join
import paddle, paddle.distributed as dist

BATCH, STEPS, ROUNDS = 100, 24, 8

class Clock(Callback):
    def on_train_batch_end(self, model, history):
        times.append(time.perf_counter())

def step(workers):
    times.clear()
    model = ConvNet()
    adam = paddle.optimizer.Adam(parameters=model.parameters())
    fit(model, digits[: BATCH * STEPS * workers.world], loss=cross_entropy, optimizer=adam,
        batch_size=BATCH, callbacks=[Clock()], workers=workers)
    return statistics.median(b - a for a, b in zip(times[3:], times[4:]))

def message(size):
    numbers, seconds = paddle.zeros([size // 4]), []
    for _ in range(25):
        dist.barrier()
        start = time.perf_counter()
        dist.all_reduce(numbers)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds[5:])[5]  # the lower quartile: a busy machine only adds

workers, times, digits = join(), [], load("train", quiet=True)
alone, together = [], []
for _ in range(ROUNDS):
    if workers.rank == 0:
        alone.append(step(ALONE))
    dist.barrier()
    together.append(step(workers))
messages = {size: message(size) for size in map(int, sys.argv[2:])}
if workers.rank == 0:
    with open(sys.argv[1], "w") as file:
        json.dump({"alone": min(alone), "together": min(together), "messages": messages}, file)
"""
SIZES = [4, 400, 4_000, 40_000, 81_400, 400_000, 4_000_000, 40_000_000]  # 81,400: the conv net


def tables():
    with tempfile.TemporaryDirectory() as folder:
        script, result = Path(folder) / "step.py", Path(folder) / "found.json"
        script.write_text(PROGRAM)
        launch(script, result, *map(str, SIZES), threads=1, log_dir=Path(folder) / "log")
        found = json.loads(result.read_text())
    alone, together = found["alone"], found["together"]
    yield (
        "data parallel over Gloo: the conv net, batches of 100 a process, one thread a process",
        ("what", "a step, ms", "samples a second", "times as many"),
        [
            ("1 process", f"{1e3 * alone:.1f}", f"{100 / alone:,.0f}", "1"),
            (
                "2 processes",
                f"{1e3 * together:.1f}",
                f"{200 / together:,.0f}",
                f"{2 * alone / together:.2f}",
            ),
        ],
    )
    yield (
        "an all-reduce between 2 processes",
        ("bytes", "ms", "MB/s"),
        [
            (f"{int(size):,}", f"{1e3 * seconds:.3f}", f"{int(size) / seconds / 1e6:,.0f}")
            for size, seconds in found["messages"].items()
        ],
    )
