"""Bytes → checked arrays → batches.

>>> from mnist_helpers.data import batches, load
>>> train = load("train")                                   # doctest: +SKIP
train: 50,000 digits of MNIST, from the cache
>>> for images, labels in batches(train, 100, epoch=0):     # doctest: +SKIP
...     ...
"""

from __future__ import annotations

from mnist_helpers.data.batching import batches, draws, shares, shuffled, to_floats
from mnist_helpers.data.course_json import read_course_json, write_course_json
from mnist_helpers.data.digits import SPLITS, Digits
from mnist_helpers.data.formats import read_idx, write_idx
from mnist_helpers.data.paddle_files import paddle_files
from mnist_helpers.data.sources import Source, cache_folder, find_source
from mnist_helpers.errors import DataError, UnknownNameError

__all__ = [
    "SPLITS",
    "DataError",
    "Digits",
    "MnistDataset",
    "Source",
    "batches",
    "cache_folder",
    "draws",
    "find_source",
    "load",
    "paddle_files",
    "read_course_json",
    "read_idx",
    "shares",
    "shuffled",
    "split_of",
    "to_floats",
    "write_course_json",
    "write_idx",
]


def load(split: str, *, quiet: bool = False) -> Digits:
    """The digits of one split: "train", "valid" or "test".

    MNIST's training file gives "train" (its first 50,000 digits) and "valid" (its last
    10,000), its test file "test" (10,000). Digits from other sources are split in the
    same proportions. One line says which source was used (see
    :mod:`mnist_helpers.data.sources`), unless `quiet`.

    Raises DataError if the source that was asked for is not sound; UnknownNameError
    (a ValueError) for another split.
    """
    if split not in SPLITS:
        raise UnknownNameError(f"no split {split!r}; the splits are {', '.join(SPLITS)}")
    source = find_source()
    digits = split_of(source, split)
    if not quiet:
        print(f"{split}: {len(digits):,} digits of {source}")
    return digits


def split_of(source: Source, split: str) -> Digits:
    """As :func:`load`, from a source that has been found."""
    images, labels = source.read("test" if split == "test" else "train")
    if split != "test":
        end = len(labels) - len(labels) // 6  # the last sixth is for validation
        part = slice(end) if split == "train" else slice(end, None)
        images, labels = images[part], labels[part]
    return Digits.checked(images, labels, source.name)


def __getattr__(name: str):
    if name == "MnistDataset":  # needs Paddle, which takes more than a second to import
        from mnist_helpers.data.dataset import MnistDataset

        return MnistDataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
