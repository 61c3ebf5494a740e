"""From arrays of bytes to the batches that a model takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mnist_helpers.data.digits import Digits


def shuffled(n: int, seed: int, epoch: int = 0) -> np.ndarray:
    """The order in which `epoch` visits `n` digits: int64 [n].

    A pure function: the same (seed, epoch) gives the same order in every
    process and on every machine that has the same version of NumPy, and each
    epoch has an order of its own.

    Parameters
    ----------
    n : int
        How many digits there are, 0 or more.
    seed : int
        The seed of the run, 0 or more.
    epoch : int
        Which epoch, counted from 0.

    Returns
    -------
    numpy.ndarray
        int64 [n]: each of 0, …, n - 1 once.

    Raises
    ------
    ValueError
        If a number is negative.
    """
    if min(n, seed, epoch) < 0:
        raise ValueError(f"n, seed, epoch must be 0 or more, not {n}, {seed}, {epoch}")
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(n)


def draws(n: int, seed: int, epoch: int = 0, numbers: int = 4) -> np.ndarray:
    """Random numbers for each of `n` digits: float64 [n, numbers], uniform in [0, 1).

    For augmentation, which turns a digit's numbers into its angle and its shifts. As pure a
    function as :func:`shuffled`: what a digit meets in an epoch does not depend on the batch that
    it is in, or on where the run was cut.

    Parameters
    ----------
    n : int
        How many digits there are, 0 or more.
    seed : int
        The seed of the run, 0 or more.
    epoch : int
        Which epoch, counted from 0.
    numbers : int
        How many numbers each digit gets, 0 or more.

    Returns
    -------
    numpy.ndarray
        float64 [n, numbers], in [0, 1). Row i is for digit i, wherever the epoch's order puts it.

    Raises
    ------
    ValueError
        If a number is negative.
    """
    return np.random.Generator(np.random.PCG64([seed, epoch, 1])).random((n, numbers))


def to_floats(images: np.ndarray, flat: bool = False) -> np.ndarray:
    """Bytes [b, 28, 28] → floats in [0, 1], [b, 1, 28, 28] or [b, 784].

    Parameters
    ----------
    images : numpy.ndarray
        uint8 [b, 28, 28].
    flat : bool
        Whether each image becomes one row of numbers.

    Returns
    -------
    numpy.ndarray
        The bytes divided by 255: float32 in [0, 1], [b, 1, 28, 28], or [b, 784] if `flat`.

    Raises
    ------
    ValueError
        With `flat`, if the images do not have 784 pixels.
    """
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

    Images are as :func:`to_floats` makes them; only those of the batch in hand
    are converted. Labels are a column, [b, 1], as Paddle's own data sets give
    them, so that a model's output [b, 1] can never broadcast against them to
    [b, b]. The order is that of :func:`shuffled`, or that of the digits with
    ``shuffle=False``. With `augment`, a batch's images are
    ``augment(images, u)``: u are four random numbers for each digit, from
    :func:`draws`, which it may turn into an angle and shifts.

    Parameters
    ----------
    digits : Digits
        What to go through.
    batch_size : int
        Digits in a batch, 1 or more.
    shuffle : bool
        Whether the order is ``shuffled(len(digits), seed, epoch)``.
    seed, epoch : int
        What the order and the numbers for `augment` depend on, 0 or more.
    drop_last : bool
        Whether a last batch that is shorter than the others is left out.
    flat : bool
        Whether images are rows of 784 numbers.
    augment : callable, optional
        From (images float32 [b, 1, 28, 28] in [0, 1], u float64 [b, 4] in [0, 1)) to images of
        the same shape. :mod:`mnist_helpers.data.augment` has such functions. One that needs
        another number of columns in u than four says how many in its attribute ``draws``.
    skip : int
        How many batches to leave out at the beginning, at no cost: so a pass that was cut goes on.

    Yields
    ------
    images : numpy.ndarray
        float32 in [0, 1], [b, 1, 28, 28], or [b, 784] if `flat`; with `augment`, what it gives.
        b is `batch_size`, except for a shorter last batch.
    labels : numpy.ndarray
        int64 [b, 1].

    Raises
    ------
    ValueError
        If `batch_size` is not 1 or more, if `skip` is negative, or if `seed` or `epoch` is and the
        order or `augment` depends on it. It comes from the call, not with the first batch.
    """
    if batch_size < 1 or skip < 0:
        raise ValueError(
            f"batch_size must be 1 or more, and skip 0 or more, not {batch_size}, {skip}"
        )
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
    parts that differ by one digit at most. Multiply a worker's mean loss by `weight` before the
    average over the workers: the result is the mean over all digits. (For equal parts it is 1.) A
    worker for which there is none left gets some other's digit, and the weight 0: it must take
    part in the step all the same.

    Parameters
    ----------
    digits : Digits
        What all workers go through together.
    batch_size : int
        Digits in a batch of one worker, 1 or more.
    rank : int
        Which worker this is, from 0 to `world` - 1.
    world : int
        How many workers there are.
    seed, epoch : int
        What the order and the numbers for `augment` depend on, 0 or more; the same for all
        workers.
    augment : callable, optional
        As in :func:`batches`.
    skip : int
        How many batches to leave out at the beginning, as in :func:`batches`.

    Yields
    ------
    images : numpy.ndarray
        float32 [b, 1, 28, 28] in [0, 1], or what `augment` gives. b is `batch_size`, or less
        (but 1 or more) in the last batch.
    labels : numpy.ndarray
        int64 [b, 1].
    weight : float
        The factor for this worker's mean: 1 where all parts are equal, 0 for a worker for which
        there was no digit left.

    Raises
    ------
    ValueError
        If `batch_size` is not 1 or more, `skip` negative, or `rank` not one of `world`; with the
        first batch, if `seed` or `epoch` is negative.
    """
    if batch_size < 1 or skip < 0 or not 0 <= rank < world:
        raise ValueError(
            f"batch_size must be 1 or more, skip 0 or more, and rank from 0 to world - 1, not "
            f"{batch_size}, {skip}, {rank} of {world}"
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


def _random(augment: Callable | None, n: int, seed: int, epoch: int) -> np.ndarray | None:
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
