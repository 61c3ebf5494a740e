"""The course's file of its own: ``mnist.json.gz``, read and written without its 3 GB of memory.

The format: one JSON list of three splits (train, valid, test), each ``[images, labels]``; an image
is a list of 784 numbers, row by row, a label an integer. Pixels are fractions of 255 (as written
here), fractions of 256 (as in older files of this kind), or the bytes themselves.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from mnist_helpers.data.digits import SPLITS, Digits
from mnist_helpers.data.formats import DAMAGE, MAX_COUNT, create_binary, open_binary
from mnist_helpers.errors import DataError

_CHUNK = 1 << 20  # bytes decompressed at a time
_MAX_TEXT = 1 << 25  # bytes between two brackets: a million labels need far less


def write_course_json(
    path: str | os.PathLike,
    splits: Mapping[str, Digits],
) -> None:
    """Write the digits of each split in this format.

    Pixels are written as fractions of 255. Gzipped if `path` ends in ``.gz``.
    The file appears whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write. Its folder must be there.
    splits : mapping of str to Digits
        The digits of "train", "valid" and "test", the names in `SPLITS`. Others are not written.

    Raises
    ------
    DataError
        If a split is missing.
    OSError
        If the file cannot be written.
    """
    missing = [name for name in SPLITS if name not in splits]
    if missing:
        raise DataError(f"needed: splits {list(SPLITS)}; missing: {missing}")
    numbers = [json.dumps(round(byte / 255, 6)) for byte in range(256)]
    with create_binary(path) as file:
        for i, name in enumerate(SPLITS):
            file.write(b"[" if i == 0 else b", ")
            file.write(b"[[")
            for j, image in enumerate(splits[name].images.reshape(-1, 784)):
                row = ", ".join([numbers[byte] for byte in image.tolist()])
                file.write(f"{', ' if j else ''}[{row}]".encode())
            labels = json.dumps(splits[name].labels.tolist())
            file.write(f"], {labels}]".encode())
        file.write(b"]")


def read_course_json(path: str | os.PathLike) -> dict[str, Digits]:
    """Read the course's format: ``{"train": Digits, "valid": Digits, "test": Digits}``.

    The file is read a row at a time, so it needs little more memory than the bytes of its images,
    however large it claims to be.

    Parameters
    ----------
    path : str or os.PathLike
        The file to read, gzipped if its name ends in ``.gz``. Pixels may be fractions of 255 or
        of 256, or bytes.

    Returns
    -------
    dict of str to Digits
        The three splits, by their names in `SPLITS`.

    Raises
    ------
    DataError
        If the file is damaged or not of this format.
    OSError
        If it cannot be opened.
    """
    path = Path(path)
    lists = _innermost_lists(path)
    try:
        splits = {name: _read_split(lists, name, path) for name in SPLITS}
        for depth, _ in lists:
            raise DataError(f"{path}: goes on after its three splits (a list at depth {depth})")
    except (*DAMAGE, UnicodeDecodeError) as damage:
        raise DataError(f"{path}: damaged file ({damage}). Make or fetch it again.") from None
    return splits


def _read_split(lists: Iterator[tuple[int, str]], name: str, path: Path) -> Digits:
    where = f"{path}: split {name!r}"
    rows: list[np.ndarray] = []
    for depth, text in lists:
        if depth == 3:  # the labels: they close the split
            break
        if len(rows) == MAX_COUNT:
            raise DataError(f"{where}: more than {MAX_COUNT:,} images")
        rows.append(_row(text, f"{where}, image {len(rows):,}"))
    else:
        raise DataError(
            f"{where} is missing. Expected a list of three splits, each [images, labels]"
        )
    labels = np.asarray(_numbers(text, f"{where}, labels"))
    if not len(rows) or labels.dtype.kind != "i":
        raise DataError(f"{where}: expected images and integer labels, found {len(rows)} images")
    if len(labels) != len(rows):
        raise DataError(f"{where}: {len(rows):,} images but {len(labels):,} labels")
    images = np.stack(rows).reshape(-1, 28, 28)
    return Digits.checked(images, labels, where)


def _row(text: str, where: str) -> np.ndarray:
    """One image, from the text between its brackets: uint8 [784]."""
    pixels = np.asarray(_numbers(text, where), np.float64)
    if pixels.shape != (784,):
        raise DataError(f"{where}: {pixels.size:,} numbers; an image has 784")
    if not 0 <= pixels.min() <= pixels.max() <= 255:
        raise DataError(f"{where}: pixels from {pixels.min()} to {pixels.max()}; expected 0 to 1")
    for scale in (255, 256, 1):
        bytes_ = np.rint(pixels * scale)
        if bytes_.max() <= 255 and np.abs(bytes_ - pixels * scale).max() < 1e-3:
            return bytes_.astype(np.uint8)
    raise DataError(f"{where}: its pixels are not bytes, nor fractions of 255 or 256")


def _numbers(text: str, where: str) -> list:
    try:
        numbers = json.loads(f"[{text}]")
    except ValueError:
        raise DataError(f"{where}: not a list of numbers: [{text[:40]}…") from None
    # no more digits than a float has: longer numbers would be an error of NumPy's
    if not set(map(type, numbers)) <= {int, float} or any(abs(n) > 1e6 for n in numbers):
        raise DataError(f"{where}: not a list of numbers: [{text[:40]}…")
    return numbers


def _innermost_lists(path: Path) -> Iterator[tuple[int, str]]:
    """(depth, text) of each list without lists inside, in order; checks that brackets match.

    An image of this format is such a list at depth 4, the labels of a split one at depth 3.
    """
    depth, opened = 0, False  # opened: the last bracket was an opening one
    text: list[str] = []
    for token in _tokens(path):
        if token == "[":
            depth, text, opened = depth + 1, [], True
            if depth > 4:
                raise DataError(f"{path}: lists nested deeper than the course's format has them")
        elif token == "]":
            if opened:
                if depth < 3:
                    raise DataError(f"{path}: a list at depth {depth} where splits should be")
                yield depth, "".join(text)
            depth, text, opened = depth - 1, [], False
            if depth < 0:
                break
        elif depth == 0 or not opened:
            if token.strip(" \t\r\n,"):
                raise DataError(f"{path}: not the course's format: {token[:40]!r} between lists")
        else:
            text.append(token)
            if sum(map(len, text)) > _MAX_TEXT:
                raise DataError(f"{path}: a list of over {_MAX_TEXT:,} characters")
    if depth != 0:
        raise DataError(f"{path}: ends in the middle of a list: truncated, or not this format")


def _tokens(path: Path) -> Iterator[str]:
    """The brackets of a JSON file, and the text between them, a chunk at a time."""
    with open_binary(path) as file:
        while chunk := file.read(_CHUNK):
            yield from re.findall(r"[\[\]]|[^\[\]]+", chunk.decode("ascii"))
