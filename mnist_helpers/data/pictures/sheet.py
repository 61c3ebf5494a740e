"""A photograph of many digits, in rows or in a form → which they are and where, row by row."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from mnist_helpers.data.pictures.cutting import read_glyphs
from mnist_helpers.data.pictures.decoding import name_of, opened, to_grey
from mnist_helpers.data.pictures.glyphs import evened, glyphs_in, in_rows
from mnist_helpers.data.pictures.ink import ink
from mnist_helpers.data.pictures.lines import without_lines
from mnist_helpers.errors import NoDigitError

LONGEST = 1600  # pixels along the longer side: 30 rows of digits are still high enough to read
AT_ONCE = 64  # pieces given to the model in one go: the memory for what is between its layers


@dataclass(frozen=True)
class SheetDigit:
    """A digit that was found on a sheet.

    Attributes
    ----------
    box : tuple of int
        Left, top, right and bottom, in pixels of the photograph, turned as its EXIF tag says; right
        and bottom are the first that are outside.
    digit : int
        0 to 9.
    probability : float
        That the model gives it.
    row : int
        Which row of the sheet it is in, from 0.
    """

    box: tuple[int, int, int, int]
    digit: int
    probability: float
    row: int


def read_sheet(
    path: str | os.PathLike | BinaryIO, answer: Callable[[np.ndarray], np.ndarray]
) -> list[SheetDigit]:
    """Find and read the digits on a photograph of a sheet, row by row, each from the left.

    Parameters
    ----------
    path : str, os.PathLike or binary file
        The photograph: its path, or an open file. Rows may slope by up to 10 degrees; lines and
        squares printed on the paper are taken out.
    answer : callable
        From images float32 [n, 1, 28, 28] to probabilities [n, 10]: a
        :class:`mnist_helpers.deployment.Predictor`, for example.

    Returns
    -------
    list of SheetDigit
        In reading order; at least one.

    Raises
    ------
    NoDigitError
        If nothing on it may be a digit. The message names the file, as all do.
    PictureError
        If the file is not a picture, is damaged, too large or blank.
    OSError
        If it cannot be opened.
    """
    name = name_of(path)
    grey, longest = _grey_and_longest(path)
    found = digits_on(grey, answer, name, scale=longest / max(grey.shape))
    if not found:
        raise NoDigitError(f"{name}: no digit found: nothing on it has the size of one")
    return found


def _grey_and_longest(path: str | os.PathLike | BinaryIO) -> tuple[np.ndarray, int]:
    """Grey values, and the photograph's own longer side; its pixels are gone then."""
    with opened(path) as picture:
        return to_grey(picture, name_of(path), LONGEST), max(picture.size)


def digits_on(
    grey: np.ndarray,
    answer: Callable[[np.ndarray], np.ndarray],
    name: str = "picture",
    scale: float = 1.0,
) -> list[SheetDigit]:
    """As :func:`read_sheet`, from grey values.

    Parameters
    ----------
    grey : numpy.ndarray
        float32 [height, width] in [0, 1].
    answer : callable
        As for :func:`read_sheet`.
    name : str
        What error messages call the sheet.
    scale : float
        The factor by which boxes are enlarged.

    Returns
    -------
    list of SheetDigit
        In reading order; empty if there are none.

    Raises
    ------
    PictureError
        If the sheet is blank.
    """
    even, smaller = evened(without_lines(ink(grey, name)))
    rows = in_rows(glyphs_in(even))
    places = [(row, glyph) for row, glyphs in enumerate(rows) for glyph in glyphs]

    def in_parts(images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), AT_ONCE)
        return np.concatenate([answer(images[i : i + AT_ONCE]) for i in starts])

    read = read_glyphs([glyph for _, glyph in places], in_parts)
    found = []
    for (row, _), digits in zip(places, read, strict=True):
        for glyph, probabilities in digits:
            left, top, right, bottom = (round(scale * smaller * side) for side in glyph.box)
            digit = int(probabilities.argmax())
            box = (left, top, right, bottom)
            found.append(SheetDigit(box, digit, float(probabilities[digit]), row))
    return found
