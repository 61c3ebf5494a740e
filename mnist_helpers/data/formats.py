"""Files of digits in MNIST's own format, IDX, plain or gzipped.

Reading trusts nothing: every length is checked against the header before memory is taken, a
compressed file is read up to the size its header names and no further, and what does not fit is a
:class:`DataError` that names the file. Writing goes to a temporary file in the same folder, which
takes the final name only when it is whole.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from mnist_helpers.errors import DataError
from mnist_helpers.system.files import replacing

IMAGES_MAGIC = 2051  # 0x0803: unsigned bytes, 3 dimensions
LABELS_MAGIC = 2049  # 0x0801: unsigned bytes, 1 dimension
MAX_COUNT = 1_000_000  # 784 MB of images: more than any set of this kind has
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)  # what reading a damaged gzip file raises


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """Read an IDX file of images or labels, gzipped if its name ends in ``.gz``.

    Parameters
    ----------
    path : str or os.PathLike
        The file to read.

    Returns
    -------
    numpy.ndarray
        uint8 [n, 28, 28] for images (magic number 2051), uint8 [n] for labels (2049), n from 1 to
        1,000,000.

    Raises
    ------
    DataError
        If the file is damaged, of another kind, shorter or longer than its header says, or has
        labels outside 0–9.
    OSError
        If it cannot be opened.
    """
    path = Path(path)
    with open_binary(path) as file:
        return parse_idx(file, str(path))


def parse_idx(file: io.BufferedIOBase, name: str) -> np.ndarray:
    """As :func:`read_idx`, from an open binary file; `name` is for the error messages."""
    try:
        shape = _idx_shape(file, name)
        array = np.empty(shape, np.uint8)
        # 4 MB at a time: a gzip file gives less than was asked when it has no more at hand
        view = array.reshape(-1).data
        filled = 0
        while filled < len(view):
            got = file.readinto(view[filled : filled + (1 << 22)])
            if not got:
                raise DataError(
                    f"{name}: ends after {filled:,} of the {len(view):,} bytes that its header "
                    "promises: the file is truncated. Fetch it again."
                )
            filled += got
        if file.read(1):  # at the true end this also makes gzip check its CRC
            raise DataError(f"{name}: goes on after the {len(view):,} bytes that its header names")
    except DAMAGE as damage:
        raise DataError(f"{name}: damaged gzip file ({damage}). Fetch it again.") from None
    if array.ndim == 1:
        check_labels(array, name)
    return array


def write_idx(path: str | os.PathLike, array: np.ndarray) -> None:
    """Write images uint8 [n, 28, 28] or labels uint8 [n] as IDX, gzipped if `path` ends in .gz.

    The file appears whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write. Its folder must be there.
    array : numpy.ndarray
        uint8 [n, 28, 28] or uint8 [n].

    Raises
    ------
    DataError
        For another shape or dtype.
    OSError
        If the file cannot be written.
    """
    array = np.asarray(array)
    if array.dtype != np.uint8 or (array.ndim != 1 and array.shape[1:] != (28, 28)):
        raise DataError(
            f"an IDX file here holds uint8 [n, 28, 28] or uint8 [n], "
            f"not {array.dtype} {list(array.shape)}"
        )
    magic = LABELS_MAGIC if array.ndim == 1 else IMAGES_MAGIC
    header = struct.pack(f">{1 + array.ndim}I", magic, *array.shape)
    with create_binary(path) as file:
        file.write(header)
        file.write(np.ascontiguousarray(array).data)


def check_labels(labels: np.ndarray, name: str) -> None:
    """Raise DataError, saying which and where, if `labels` [n] holds anything but 0–9."""
    wrong = np.flatnonzero((labels < 0) | (labels > 9))
    if len(wrong):
        raise DataError(
            f"{name}: label {labels[wrong[0]]} at position {wrong[0]:,} "
            f"({len(wrong):,} such labels); labels are 0 to 9"
        )


def open_binary(path: Path) -> io.BufferedIOBase:
    """Open `path` for reading bytes, through gzip if its name ends in ``.gz``."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


@contextlib.contextmanager
def create_binary(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """A binary file to write, gzipped if `path` ends in .gz, that becomes `path` when it is whole.

    If the body raises, or the disk is full, `path` stays as it was and nothing else is left.
    """
    path = Path(path)
    # mtime=0 and no name inside: the same content gives the same bytes
    with replacing(path) as raw:
        if path.suffix != ".gz":
            yield raw
        else:
            packed = gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0)
            with packed, io.BufferedWriter(packed, 1 << 20) as file:
                yield file


def _idx_shape(file: io.BufferedIOBase, name: str) -> tuple[int, ...]:
    """Read an IDX header: the shape that it names, once it is one that belongs here."""
    start = file.read(8)
    if len(start) < 8:
        raise DataError(f"{name}: {len(start)} bytes long; an IDX header alone has 8 or more")
    magic, count = struct.unpack(">2I", start)
    if magic not in (IMAGES_MAGIC, LABELS_MAGIC):
        raise DataError(
            f"{name}: starts with the magic number {magic}; IDX files of images start with "
            f"{IMAGES_MAGIC}, of labels with {LABELS_MAGIC}"
        )
    if not 0 < count <= MAX_COUNT:
        raise DataError(f"{name}: its header names {count:,} items; 1 to {MAX_COUNT:,} are read")
    if magic == LABELS_MAGIC:
        return (count,)
    sides = file.read(8)
    if len(sides) < 8:
        raise DataError(f"{name}: {8 + len(sides)} bytes long; an image header has 16")
    rows, columns = struct.unpack(">2I", sides)
    if (rows, columns) != (28, 28):
        raise DataError(f"{name}: holds images of {rows} × {columns} pixels; expected 28 × 28")
    return count, rows, columns
