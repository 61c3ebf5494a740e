"""From arrays of bytes to the batches that a model takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mnist_helpers.data.digits import Digits


def shuffled(n: int, seed: int, epoch: int = 0) -> np.ndarray:
    """The order in which `epoch` visits `n` digits: int64 [n].

    A pure function: the same (seed, epoch) gives the same order in every process and on
    every machine, and each epoch has an order of its own. Raises ValueError if a number
    is negative.
    """
    if min(n, seed, epoch) < 0:
        raise ValueError(f"n, seed, epoch must be 0 or more, not {n}, {seed}, {epoch}")
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(n)


def to_floats(images: np.ndarray, flat: bool = False) -> np.ndarray:
    """Bytes [b, 28, 28] → float32 in [0, 1], [b, 1, 28, 28] or, if `flat`, [b, 784]."""
    floats = np.divide(images, 255, dtype=np.float32)
    return floats.reshape(len(images), 784) if flat else floats[:, None]


def batches(
    digits: Digits,
    batch_size: int = 100,
    *,
    shuffle: bool = True,
    seed: int = 0,
    epoch: int = 0,
    drop_last: bool = False,
    flat: bool = False,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One pass over `digits`, a batch at a time: (images, labels).

    images: float32 in [0, 1], [b, 1, 28, 28], or [b, 784] if `flat`.
    labels: int64 [b, 1]: a column, as Paddle's own data sets give them, so that a
    model's output [b, 1] can never broadcast against them to [b, b].

    b is `batch_size`, except for a shorter last batch, which `drop_last` leaves out.
    The order is ``shuffled(len(digits), seed, epoch)``, or that of the digits with
    ``shuffle=False``. Only the batch in hand is converted to floats. Raises ValueError
    if `batch_size` is not 1 or more.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, not {batch_size}")
    n = len(digits)
    order = shuffled(n, seed, epoch) if shuffle else np.arange(n)
    end = n - n % batch_size if drop_last else n
    return _batches(digits, order, batch_size, end, flat)


def _batches(digits, order, batch_size, end, flat):
    for start in range(0, end, batch_size):
        rows = order[start : start + batch_size]
        yield (
            to_floats(digits.images[rows], flat),
            digits.labels[rows].astype(np.int64)[:, None],
        )
