"""A second, small network at the door: is this a digit at all?

A network of ten classes answers whatever it is shown, for it has no word for "none of them", and
may be as sure of a letter as of a digit. So a network of one output has been trained to tell
digits from other things (:mod:`mnist_helpers.recipes.doorkeeper`). It looks at the picture alone,
and so serves any model. Its weights lie beside this file, and NumPy computes it, without Paddle.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

WEIGHTS = Path(__file__).with_name("doorkeeper.npz")
CROP = 2  # rows and columns on each side that it does not look at
Layer = tuple[np.ndarray, np.ndarray, int]  # kernel [k, k, inputs, outputs], bias, stride


def like_a_digit(images: np.ndarray) -> np.ndarray:
    """How much each picture looks like a digit.

    Parameters
    ----------
    images : numpy.ndarray
        float32 [n, 1, 28, 28] in [0, 1], in MNIST's form.

    Returns
    -------
    numpy.ndarray
        float32 [n] in [0, 1]: near 1 for digits, near 0 for anything else. What it was trained on
        has about half of each, which is not how often each comes to you; so it is a score.
    """
    convolutions, (matrix, bias) = _network()
    maps = images[:, 0, CROP:-CROP, CROP:-CROP, None]  # channels last
    for kernel, shift, stride in convolutions:
        patches = sliding_window_view(maps, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
        maps = np.maximum(np.einsum("nhwckl,klco->nhwo", patches, kernel, optimize=True) + shift, 0)
    score = maps.reshape(len(maps), -1) @ matrix + bias
    return 1 / (1 + np.exp(-score[:, 0]))


@lru_cache(maxsize=1)
def _network() -> tuple[list[Layer], tuple[np.ndarray, np.ndarray]]:
    """The stored layers: each convolution with its batch normalisation in it, and the last one."""
    with np.load(WEIGHTS) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in stored.files}
    n = sum(name.startswith("kernel") for name in arrays)
    convolutions = [
        (arrays[f"kernel{i}"], arrays[f"bias{i}"], int(arrays[f"stride{i}"])) for i in range(n)
    ]
    return convolutions, (arrays["matrix"], arrays["bias"])
