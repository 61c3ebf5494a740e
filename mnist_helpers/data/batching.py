"""From arrays of bytes to the batches that a model takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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


def draws(n: int, seed: int, epoch: int = 0, numbers: int = 4) -> np.ndarray:
    """Random numbers for each of `n` digits: float64 [n, numbers], uniform in [0, 1).

    For augmentation, and as pure a function as :func:`shuffled`: what a digit meets in an epoch
    does not depend on the batch that it is in, or on where the run was cut.
    """
    return np.random.Generator(np.random.PCG64([seed, epoch, 1])).random((n, numbers))


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
    augment: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    skip: int = 0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One pass over `digits`, a batch at a time: (images, labels).

    images: float32 in [0, 1], [b, 1, 28, 28], or [b, 784] if `flat`.
    labels: int64 [b, 1]: a column, as Paddle's own data sets give them, so that a
    model's output [b, 1] can never broadcast against them to [b, b].

    b is `batch_size`, except for a shorter last batch, which `drop_last` leaves out.
    The first `skip` batches are left out, at no cost: so a pass that was cut goes on.
    The order is ``shuffled(len(digits), seed, epoch)``, or that of the digits with
    ``shuffle=False``. With `augment`, a batch's images are ``augment(images, u)``: the
    images as above, float32 [b, 1, 28, 28], and u, float64 [b, 4], the rows of
    :func:`draws` for its digits (:mod:`mnist_helpers.data.augment` has such functions;
    one that needs more than four numbers says how many in its attribute ``draws``).
    Only the batch in hand is converted to floats. Raises ValueError if `batch_size` is
    not 1 or more.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, not {batch_size}")
    n = len(digits)
    order = shuffled(n, seed, epoch) if shuffle else np.arange(n)
    end = n - n % batch_size if drop_last else n
    random = _random(augment, n, seed, epoch)
    start = batch_size * skip
    return _batches(digits, order[start:end], batch_size, flat, augment, random)


def shares(
    digits: Digits,
    batch_size: int = 100,
    *,
    rank: int,
    world: int,
    seed: int = 0,
    epoch: int = 0,
    augment: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    skip: int = 0,
) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """What worker `rank` of `world` sees of one pass: (images, labels, weight).

    The batches of all workers, joined, are ``batches(digits, world * batch_size, …)``: each worker
    has its part of every one of them, so every digit is seen once. A short last batch is cut into
    parts that differ by one digit at most, and `weight` is by how much a worker's mean must then
    be multiplied for the mean over the workers to be that over the digits: 1 for equal parts. A
    worker for which there is none left gets some other's digit, and the weight 0: it must take
    part in the step all the same.

    Images, labels, `augment` and `skip` are as in :func:`batches`. Raises ValueError if
    `batch_size` is not 1 or more, or `rank` not one of `world`.
    """
    if batch_size < 1 or not 0 <= rank < world:
        raise ValueError(
            f"batch_size must be 1 or more, and rank from 0 to world - 1, not {batch_size}, "
            f"{rank} of {world}"
        )
    return _shares(digits, batch_size, rank, world, seed, epoch, augment, skip)


def _shares(digits, batch_size, rank, world, seed, epoch, augment, skip):
    order = shuffled(len(digits), seed, epoch)
    random = _random(augment, len(digits), seed, epoch)
    whole = world * batch_size
    for start in range(skip * whole, len(order), whole):
        batch = order[start : start + whole]
        own = np.array_split(batch, world)[rank]
        weight = len(own) * world / len(batch)
        own = own if len(own) else batch[:1]
        ((images, labels),) = _batches(digits, own, len(own), False, augment, random)
        yield images, labels, weight


def _random(augment, n, seed, epoch):
    if augment is None:
        return None
    return draws(n, seed, epoch, getattr(augment, "draws", 4))


def _batches(digits, order, batch_size, flat, augment, random):
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        images = to_floats(digits.images[rows])
        if augment is not None:
            images = augment(images, random[rows])
        labels = digits.labels[rows].astype(np.int64)[:, None]
        yield (images.reshape(len(rows), 784) if flat else images), labels
