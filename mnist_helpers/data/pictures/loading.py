"""A picture of a digit from outside → what the book's models take.

The models have seen MNIST and nothing else. A picture therefore has to be brought to MNIST's form
first: ink 1 and paper 0, whichever was dark; the digit cut out, scaled into a 20 × 20 box and
centred by mass (:mod:`mnist_helpers.data.mnist_form`).
"""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np
from PIL import Image

from mnist_helpers.data.mnist_form import to_mnist_form
from mnist_helpers.data.pictures.counting import others
from mnist_helpers.data.pictures.decoding import name_of, opened, to_grey
from mnist_helpers.data.pictures.finding import Found, digit_in
from mnist_helpers.data.pictures.ink import MIN_CONTRAST, ink_of, too_faint
from mnist_helpers.data.pictures.lines import without_lines
from mnist_helpers.errors import NoDigitError

FINE = 1200  # pixels along the longer side of what is kept of a large picture
WORK = 320  # … while the digit is being found

INK = 0.12  # share of the full contrast above which a pixel counts as ink when cutting out


def load_image(path: str | os.PathLike | BinaryIO) -> np.ndarray:
    """Read a picture file of one digit: float32 [1, 1, 28, 28] in MNIST's own form.

    Any format and mode that Pillow reads (grey, RGB, RGBA, palette, 16-bit, CMYK, …), any size up
    to 64 megapixels, turned as its EXIF tag says, dark on light or light on dark.

    Parameters
    ----------
    path : str, os.PathLike or binary file
        The picture, with one digit on it: its path, or an open file, such as an ``io.BytesIO`` of
        what a request has brought.

    Returns
    -------
    numpy.ndarray
        float32 [1, 1, 28, 28] in [0, 1], ink 1 and paper 0, the digit in a 20 × 20 box and centred
        by mass.

    Raises
    ------
    PictureError
        If the file is not a picture, is damaged, too large or blank. The message names it.
    OSError
        If it cannot be opened.
    """
    with opened(path) as picture:
        return from_picture(picture, name_of(path))


def load_counted(path: str | os.PathLike | BinaryIO) -> tuple[np.ndarray, int]:
    """As :func:`load_image`, and how many digits the picture shows.

    Parameters
    ----------
    path : str, os.PathLike or binary file
        The picture.

    Returns
    -------
    image : numpy.ndarray
        float32 [1, 1, 28, 28] in [0, 1], as from :func:`load_image`: of several digits, the one
        that stands out, with what lies close to it.
    shown : int
        At least 1: that one, and what else stands apart from it and is as large.

    Raises
    ------
    PictureError, OSError
        As from :func:`load_image`.
    """
    with opened(path) as picture:
        found, away = _found_in(picture, name_of(path))
    return _in_mnists_form(found), 1 + others(found, away)


def from_picture(picture: Image.Image, name: str = "picture") -> np.ndarray:
    """As :func:`load_image`, from a ``PIL.Image``; `name` is for the error messages.

    Parameters
    ----------
    picture : PIL.Image.Image
        A picture of one digit, of any mode, with at most 64 megapixels.
    name : str
        What error messages call the picture.

    Returns
    -------
    numpy.ndarray
        float32 [1, 1, 28, 28] in [0, 1], as from :func:`load_image`.

    Raises
    ------
    PictureError
        If the picture is too large or blank, or has pixels that are not finite numbers.
    OSError
        If Pillow cannot read its pixels. (It reads those of an opened file only now; some damaged
        files raise a SyntaxError, an EOFError or a ValueError of Pillow's.)
    """
    return _in_mnists_form(_found_in(picture, name)[0])


def _found_in(picture: Image.Image, name: str) -> tuple[Found, np.ndarray]:
    """The digit, and the ink in which it has been found: float32 [height, width]."""
    grey = to_grey(picture, name, FINE)
    away = without_lines(ink_of(_smaller(grey, WORK)))
    found = digit_in(away)
    if found is None or found.contrast < MIN_CONTRAST:
        raise NoDigitError(f"{name}: {too_faint(away.max() if found is None else found.contrast)}")
    return found, away


def _in_mnists_form(found: Found) -> np.ndarray:
    field = to_mnist_form(found.ink, INK)
    return (field / field.max())[None, None]  # thin strokes fade when they are scaled down


def _smaller(grey: np.ndarray, longest: int) -> np.ndarray:
    """At most `longest` pixels along the longer side."""
    scale = longest / max(grey.shape)
    if scale >= 1:
        return grey
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BOX))
