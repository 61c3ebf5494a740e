"""Paddle's own predictor, ``paddle.inference``, on the CPU, with oneDNN or without.

oneDNN, Intel's library, computes convolutions quickly, but each of its operations takes some ten
microseconds before it computes anything: several pictures at once are worth that, a single one
often is not. Paddle's own routines begin sooner.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
from paddle.base.core import set_num_threads

from mnist_helpers.deployment.manifest import Run
from mnist_helpers.system.runtime import paddle_threads

COLLECTION = "FLAGS_eager_delete_tensor_gb"  # below 0: never


def start(program: Path, parameters: Path, threads: int, *, onednn: bool) -> Run:
    """The program, ready to run.

    Parameters
    ----------
    program, parameters : pathlib.Path
        ``model.json`` and ``model.pdiparams`` of an export.
    threads : int
        For its matrix products, 1 or more.
    onednn : bool
        Whether oneDNN computes.

    Returns
    -------
    callable
        From images, float32 [n, 1, 28, 28], to the model's outputs, float32 [n, k].

    Raises
    ------
    Exception
        What Paddle raises, of many kinds, if it cannot run the program.
    """
    config = paddle.inference.Config(str(program), str(parameters))
    config.disable_gpu()
    config.disable_glog_info()
    config.set_cpu_math_library_num_threads(threads)
    if onednn:
        config.enable_mkldnn()
    else:
        config.disable_mkldnn()
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
        run(np.zeros([1, 1, 28, 28], np.float32))
    finally:
        paddle.set_flags(collecting)
    return run
