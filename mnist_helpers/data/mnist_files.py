"""The four files of MNIST: their names, and the checks that they are MNIST's."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_helpers.data.formats import read_idx
from mnist_helpers.errors import DataError

NO_CHECK = "MNIST_VERIFY"  # set to 0 to read other digits in MNIST's format


@dataclass(frozen=True)
class MnistFile:
    """One file. `packed` is the size of its ``.gz`` in bytes and `packed_md5` that file's MD5, as
    published with MNIST; `content_md5` is the MD5 of the array inside, which is the same however
    the file was compressed."""

    name: str
    count: int
    packed: int
    packed_md5: str
    content_md5: str


TRAIN = (
    MnistFile("train-images-idx3-ubyte", 60_000, 9_912_422,
              "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6510e85a72c3e9475c492d559d3770d2"),
    MnistFile("train-labels-idx1-ubyte", 60_000, 28_881,
              "d53e105ee54ea40749a09fcbcd1e9432", "e86ee40d66677c011a9abda399ec8c4d"),
)  # fmt: skip
TEST = (
    MnistFile("t10k-images-idx3-ubyte", 10_000, 1_648_877,
              "9fb629c4189551a2d022fa330f9573f3", "240610fa99e73bfa49df8e7fc24d3206"),
    MnistFile("t10k-labels-idx1-ubyte", 10_000, 4_542,
              "ec29112dd5afa0611ce80d1b7f02629c", "073c3904dfbd3e141ff8aa01cfde6b15"),
)  # fmt: skip
FILES = TRAIN + TEST


def find(folder: Path, file: MnistFile) -> Path | None:
    """`file` in `folder`, gzipped or plain, or None."""
    for name in (f"{file.name}.gz", file.name):
        if (folder / name).is_file():
            return folder / name
    return None


def missing(folder: Path) -> list[str]:
    """The names of those of the four files that `folder` does not have."""
    return [file.name for file in FILES if find(folder, file) is None]


def is_original(path: Path, file: MnistFile) -> bool:
    """Whether `path` is the very ``.gz`` that was published, by size and MD5."""
    try:
        if path.stat().st_size != file.packed:
            return False
        return hashlib.md5(path.read_bytes()).hexdigest() == file.packed_md5
    except OSError:
        return False


def verify(folder: Path) -> None:
    """Raise DataError or OSError, as :func:`read_pair` would, if any of the four is not sound.

    The published ``.gz`` files are told by their MD5, in a tenth of the time of reading them.
    """
    for pair in (TRAIN, TEST):
        if not all(is_original(folder / f"{file.name}.gz", file) for file in pair):
            read_pair(folder, pair)


def read_pair(
    folder: Path, pair: tuple[MnistFile, MnistFile], *, verified: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Read and check the images uint8 [n, 28, 28] and labels uint8 [n] of one half of MNIST.

    Where the folder has been through :func:`verify`, `verified` saves another checksum.
    Raises DataError if a file is missing, damaged or not MNIST's; OSError if it cannot be read.
    """
    images_file, labels_file = pair
    images = _read(folder, images_file)
    labels = _read(folder, labels_file)
    if images.ndim != 3 or labels.ndim != 1:
        wrong = images_file if images.ndim != 3 else labels_file
        other = "labels" if images.ndim != 3 else "images"
        raise DataError(f"{find(folder, wrong)}: holds {other}. Were two files swapped?")
    if len(images) != len(labels):
        raise DataError(
            f"{folder}: {len(images):,} images in {images_file.name} but {len(labels):,} labels "
            f"in {labels_file.name}"
        )
    if not verified and os.environ.get(NO_CHECK) != "0":
        for file, array in ((images_file, images), (labels_file, labels)):
            _check_content(file, array, find(folder, file))
    return images, labels


def _read(folder: Path, file: MnistFile) -> np.ndarray:
    path = find(folder, file)
    if path is None:
        raise DataError(f"{folder}: has no {file.name} (plain or .gz)")
    return read_idx(path)


def _check_content(file: MnistFile, array: np.ndarray, path: Path | None) -> None:
    advice = f"Fetch the original, or set {NO_CHECK}=0 to use other digits in this format."
    if len(array) != file.count:
        raise DataError(f"{path}: {len(array):,} items; MNIST's has {file.count:,}. {advice}")
    if hashlib.md5(array.data).hexdigest() != file.content_md5:
        raise DataError(f"{path}: its content is not MNIST's (the checksum differs). {advice}")
