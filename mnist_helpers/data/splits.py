"""The three splits of the digits: training, validation, test."""

from __future__ import annotations

from mnist_helpers.data.digits import SPLITS, Digits
from mnist_helpers.data.sources import Source, find_source
from mnist_helpers.errors import UnknownNameError


def load(split: str, *, quiet: bool = False) -> Digits:
    """The digits of one split: "train", "valid" or "test".

    MNIST's training file gives "train" (its first 50,000 digits) and "valid"
    (its last 10,000), its test file "test" (10,000). Digits from other sources
    are split in the same proportions. One line says which source was used (see
    :func:`find_source`), unless `quiet`.

    Parameters
    ----------
    split : str
        "train", "valid" or "test".
    quiet : bool
        Whether the line is left out.

    Returns
    -------
    Digits
        The digits, in the order of the file.

    Raises
    ------
    DataError
        If the source that was asked for is not sound.
    UnknownNameError
        For another split. It is a ValueError.
    """
    _check(split)
    source = find_source()
    digits = split_of(source, split)
    if not quiet:
        print(f"{split}: {len(digits):,} digits of {source}")
    return digits


def split_of(source: Source, split: str) -> Digits:
    """As :func:`load`, from a source that has been found.

    Parameters
    ----------
    source : Source
        What :func:`find_source` found.
    split : str
        "train", "valid" or "test".

    Returns
    -------
    Digits
        The digits, in the order of the file.

    Raises
    ------
    DataError
        If the split has no digits, or a file can no longer be read as it should.
    UnknownNameError
        For another split.
    """
    _check(split)
    images, labels = source.read("test" if split == "test" else "train")
    if split != "test":
        end = len(labels) - len(labels) // 6  # the last sixth is for validation
        part = slice(end) if split == "train" else slice(end, None)
        images, labels = images[part], labels[part]
    return Digits.checked(images, labels, source.name)


def _check(split: str) -> None:
    if split not in SPLITS:
        raise UnknownNameError(f"no split {split!r}; the splits are {', '.join(SPLITS)}")
