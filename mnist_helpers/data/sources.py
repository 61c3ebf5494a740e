"""Where the digits come from: the first of four sources that can be used.

1. ``MNIST_DIR``: a folder with MNIST's four IDX files, ``.gz`` or not.
2. the cache that Paddle's own ``MNIST`` uses: ``~/.cache/paddle/dataset/mnist``.
3. a download into that cache (``MNIST_MIRRORS`` may name other servers).
4. the built-in sample, which needs neither.

``MNIST_SOURCE=sample`` asks for the sample; ``MNIST_SOURCE=mnist`` for MNIST or an error.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_helpers.data import mnist_files
from mnist_helpers.data.download import download, mirrors
from mnist_helpers.data.sample import sample_arrays
from mnist_helpers.errors import DataError

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Source:
    """Where digits come from, and how to read them.

    ``str(source)`` says it in words, without a path: "MNIST, from the cache".

    Attributes
    ----------
    name : str
        "MNIST" or "built-in sample".
    where : str
        Where the files are or why the sample is used, in words, without a path.
    folder : pathlib.Path or None
        For MNIST, where its files are.
    read : callable
        From the name of a half, "train" (MNIST's training file, validation digits included) or
        "test", to its images uint8 [n, 28, 28] and labels uint8 [n].
    """

    name: str
    where: str
    folder: Path | None
    read: Callable[[str], Arrays]

    def __str__(self) -> str:
        return f"{self.name}, {self.where}"


def find_source() -> Source:
    """The first source that is sound, all of it, so that no two splits come from different ones.

    The sources, in this order: the folder that ``MNIST_DIR`` names, the cache of Paddle's own
    ``MNIST``, a download into that cache, the built-in sample. ``MNIST_SOURCE=sample`` asks for
    the sample, ``MNIST_SOURCE=mnist`` for MNIST or an error. Says on stderr which sources were
    tried and why they could not be used.

    Returns
    -------
    Source
        MNIST, its files checked, or the built-in sample.

    Raises
    ------
    DataError
        If ``MNIST_DIR`` or ``MNIST_SOURCE`` asks for something that cannot be had: what a user has
        named is never silently replaced. Also if ``MNIST_SOURCE`` is neither "mnist" nor "sample".
    """
    asked = os.environ.get("MNIST_SOURCE", "")
    if asked not in ("", "mnist", "sample"):
        raise DataError(f"MNIST_SOURCE is {asked!r}; it can be 'mnist', 'sample' or not set")
    if asked == "sample":
        return Source("built-in sample", "as MNIST_SOURCE asks", None, _read_sample)
    if os.environ.get("MNIST_DIR"):
        return _from_folder(Path(os.environ["MNIST_DIR"]), "from MNIST_DIR")

    cache = cache_folder()
    if not mnist_files.missing(cache):
        try:
            return _from_folder(cache, "from the cache")
        except DataError as error:
            print(f"the cached MNIST cannot be used: {error}", file=sys.stderr)
    reason = download(cache, mirrors())
    if not reason:
        return _from_folder(cache, "downloaded")
    if asked == "mnist":
        raise DataError(f"MNIST_SOURCE asks for MNIST, which cannot be had: {reason}")
    print(f"MNIST cannot be had: {reason}", file=sys.stderr)
    why = "since MNIST cannot be had here; figures will differ from the book's"
    return Source("built-in sample", why, None, _read_sample)


def cache_folder() -> Path:
    """Where Paddle's own ``paddle.vision.datasets.MNIST`` keeps its files.

    Returns
    -------
    pathlib.Path
        ``~/.cache/paddle/dataset/mnist``, whether it is there or not.
    """
    return Path.home() / ".cache" / "paddle" / "dataset" / "mnist"


def _from_folder(folder: Path, where: str) -> Source:
    lacking = mnist_files.missing(folder)
    if lacking:
        what = "has no " + ", ".join(lacking) if folder.is_dir() else "is not a folder"
        raise DataError(
            f"{folder} ({where}): {what}. Expected MNIST's four IDX files there, .gz or not"
        )
    try:
        mnist_files.verify(folder)
    except OSError as error:
        raise DataError(f"{folder} ({where}): {error}") from error

    @functools.cache  # "train" and "valid" share an array as long as the source is in use
    def read(half: str) -> Arrays:
        pair = mnist_files.TRAIN if half == "train" else mnist_files.TEST
        return mnist_files.read_pair(folder, pair, verified=True)

    return Source("MNIST", where, folder, read)


def _read_sample(half: str) -> Arrays:
    images, labels = sample_arrays()
    end = len(labels) - len(labels) // 7  # MNIST's proportion: 60,000 to 10,000
    part = slice(end) if half == "train" else slice(end, None)
    return images[part], labels[part]
