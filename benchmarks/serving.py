"""Answers from the book's networks in four ways: one digit at a time, and 128 at once."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable

import numpy as np

from benchmarks.fresh import fresh
from benchmarks.words import in_threads
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

ways = {"dynamic": answer}
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
    found = {}
    for network, name in NETWORKS.items():
        for threads in sorted({1, usable_cores()}):
            row = f"{name}, {in_threads(threads)}"
            found[row] = fresh("-c", OURS.format(network=network) + MEASURE, threads=threads)
    (as_it_comes,) = fresh("-c", AS_IT_COMES + MEASURE).values()
    found[f"{NETWORKS['convnet']}, Paddle as it comes"] = {DYNAMIC: as_it_comes}
    yield from tables_of(found)


def tables_of(found):
    """Three tables of a row for each network and number of threads, a column for each way.

    Parameters
    ----------
    found : dict of str to dict
        Row → way → the seconds of the calls for one digit, and of those for 128, as from
        `measured`. The first row has all ways.
    """
    ways = list(next(iter(found.values())))
    for title, number in (
        ("one digit: the median, in ms", lambda one, many: f"{1e3 * np.median(one):.3f}"),
        (
            "one digit: the 99th percentile, in ms",
            lambda one, many: f"{1e3 * np.percentile(one, 99):.3f}",
        ),
        ("128 at once: digits a second", lambda one, many: f"{128 / np.median(many):,.0f}"),
    ):
        rows = [
            (row, *(number(*times[way]) if way in times else "" for way in ways))
            for row, times in found.items()
        ]
        yield f"array → probabilities, {title}", ("network", *ways), rows


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
    """Each takes images float32 [n, 1, 28, 28] and gives their probabilities [n, 10].

    Their names are heads of columns, short enough for a phone; the page tells what they are.
    """
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
            "loaded": of(load(path)),
            "native": Predictor(path),
            "ONNX": Predictor(path, "onnx"),
        }
