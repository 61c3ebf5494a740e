"""Answers from the book's networks in four ways: one digit at a time, and 128 at once."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable

import numpy as np

from benchmarks.fresh import fresh
from mnist_helpers.system.runtime import usable_cores

DYNAMIC = "dynamic"
ROUNDS = 25  # through all the ways, so that what else the machine does meets each of them

# The same network in dynamic mode, without anything of this project
AS_IT_COMES = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np, paddle
from paddle import nn
paddle.seed(0)
net = nn.Sequential(
    nn.Conv2D(1, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2D(2),
    nn.Conv2D(20, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2D(2),
    nn.Flatten(), nn.Linear(980, 10))
net.eval()

@paddle.no_grad()
def answer(images):
    return nn.functional.softmax(net(paddle.to_tensor(images))).numpy()

ways = {"dynamic, Paddle as it comes": answer}
"""
OURS = """
from benchmarks.serving import of_this_project
ways = of_this_project({network!r})
"""
NETWORKS = {"convnet": "the conv net", "lenet5": "LeNet-5", "patchnet": "the fast recipe's network"}
MEASURE = """
import json
from benchmarks.serving import measured
print(json.dumps(measured(ways)))
"""


def tables():
    for network, name in NETWORKS.items():
        for threads in sorted({1, usable_cores()}):
            times = fresh("-c", OURS.format(network=network) + MEASURE, threads=threads)
            if network == "convnet" and threads == 1:  # as it comes, Paddle has one thread
                times |= fresh("-c", AS_IT_COMES + MEASURE)
            yield _table(name, threads, times)


def _table(network: str, threads: int, times):
    base_one, base_many = (np.median(seconds) for seconds in times[DYNAMIC])
    rows = []
    for way, (one, many) in times.items():
        median, at_once = np.median(one), np.median(many)
        rows.append(
            (
                way,
                f"{1e3 * median:.3f}",
                f"{1e3 * np.percentile(one, 99):.3f}",
                f"{base_one / median:.2f}",
                f"{128 / at_once:,.0f}",
                f"{base_many / at_once:.2f}",
            )
        )
    header = (
        "way", "one digit: median, ms", "99th percentile, ms", "times as fast",
        "128 at once: digits a second", "times as fast",
    )  # fmt: skip
    what = "1 thread" if threads == 1 else f"{threads} threads"
    return f"array → probabilities, {network}, {what}", header, rows


def measured(ways: dict[str, Callable]) -> dict[str, tuple[list[float], list[float]]]:
    """Way → the seconds that each call took for one digit, and for 128."""
    images = np.random.default_rng(0).random((128, 1, 28, 28), np.float32)
    times = {way: ([], []) for way in ways}
    for _ in range(ROUNDS):
        for way, answer in ways.items():
            for seconds, batch, calls in zip(
                times[way], (images[:1], images), (40, 2), strict=True
            ):
                answer(batch), answer(batch)
                for _ in range(calls):
                    start = time.perf_counter()
                    answer(batch)
                    seconds.append(time.perf_counter() - start)
    return times


def of_this_project(network: str) -> dict[str, Callable]:
    """Each takes images float32 [n, 1, 28, 28] and gives their probabilities [n, 10]."""
    import paddle
    import paddle.nn.functional as F

    from mnist_helpers.deployment.export import Predictor, load, save_inference_model
    from mnist_helpers.models.networks import create

    paddle.seed(0)
    model = create(network)
    model.eval()

    def of(layer):
        return paddle.no_grad()(lambda images: F.softmax(layer(paddle.to_tensor(images))).numpy())

    with tempfile.TemporaryDirectory() as folder:
        path = save_inference_model(model, folder, onnx=True)
        return {
            DYNAMIC: of(model),
            "`load`: `paddle.jit`": of(load(path)),
            "native predictor": Predictor(path),
            "onnxruntime": Predictor(path, "onnx"),
        }
