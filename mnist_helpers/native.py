"""Paddle's own predictor, ``paddle.inference``, on the CPU: in the way that answers soonest.

There are two ways. oneDNN, Intel's library, computes convolutions quickly, but each of its
operations takes some ten microseconds before it computes anything: several pictures at once are
worth that, a single one often is not. Paddle's own routines begin sooner. Which is quicker depends
on the network, on the number of pictures and on the machine, so both are tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import paddle
from paddle.base.core import set_num_threads

from mnist_helpers.runtime import paddle_threads

Run = Callable[[np.ndarray], np.ndarray]

SEVERAL = 16  # pictures: stands for every number above one
ROUNDS = 6  # the first, which warms up, is not counted
COLLECTION = "FLAGS_eager_delete_tensor_gb"  # below 0: never


def start(program: Path, parameters: Path, threads: int) -> Run:
    """The program, ready to run: images float32 [n, 1, 28, 28] → its outputs [n, …].

    Raises what Paddle raises, of many kinds, if it cannot run it.
    """
    # A single picture is too little work for a second thread
    ways = [with_onednn(program, parameters, threads), without_onednn(program, parameters, 1)]
    one, several = (soonest(ways, _blank(n)) for n in (1, SEVERAL))
    return lambda images: (one if len(images) == 1 else several)(images)


def with_onednn(program: Path, parameters: Path, threads: int) -> Run:
    config = _config(program, parameters, threads)
    config.enable_mkldnn()
    return _running(config)


def without_onednn(program: Path, parameters: Path, threads: int) -> Run:
    config = _config(program, parameters, threads)
    config.disable_mkldnn()
    return _running(config)


def soonest(ways: Sequence[Run], images: np.ndarray) -> Run:
    """The one of `ways` that has answered for `images` in the shortest time, in a few rounds."""
    times = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, seconds in zip(ways, times, strict=True):
            start = time.perf_counter()
            way(images)
            seconds.append(time.perf_counter() - start)
    return ways[int(np.argmin([min(seconds[1:]) for seconds in times]))]


def _config(program: Path, parameters: Path, threads: int) -> paddle.inference.Config:
    config = paddle.inference.Config(str(program), str(parameters))
    config.disable_gpu()
    config.disable_glog_info()
    config.set_cpu_math_library_num_threads(threads)
    return config


def _running(config: paddle.inference.Config) -> Run:
    predictor = paddle.inference.create_predictor(config)
    image = predictor.get_input_handle(predictor.get_input_names()[0])
    output = predictor.get_output_handle(predictor.get_output_names()[0])
    of_the_process = paddle_threads()

    def run(images: np.ndarray) -> np.ndarray:
        image.copy_from_cpu(images)
        predictor.run()
        set_num_threads(of_the_process)  # the predictor has left all of Paddle with its own number
        return output.copy_to_cpu()

    # Paddle hands what is no longer needed between two layers to another thread, for it to free:
    # that takes as long as the layers. Whether it does is decided at a predictor's first run.
    collecting = paddle.get_flags(COLLECTION)
    paddle.set_flags({COLLECTION: -1.0})
    try:
        run(_blank(1))
    finally:
        paddle.set_flags(collecting)
    return run


def _blank(n: int) -> np.ndarray:
    return np.zeros([n, 1, 28, 28], np.float32)
