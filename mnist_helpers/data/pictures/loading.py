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
from mnist_helpers.data.pictures.decoding import name_of, opened, to_grey
from mnist_helpers.data.pictures.finding import Found, digit_in
from mnist_helpers.data.pictures.ink import MIN_CONTRAST, ink_of, skewness, too_faint
from mnist_helpers.data.pictures.lines import without_lines
from mnist_helpers.errors import PictureError

FINE = 1200  # pixels along the longer side of what is kept of a large picture
WORK = 256  # … while the digit is being found

SMALL = 100  # a digit of fewer pixels is looked at again, closer
THINNEST = 18  # of the digit to its stroke: thinner ones are widened
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
    grey = to_grey(picture, name, FINE)
    small = _smaller(grey, WORK)
    found = _found(small, skewness(small) > 0)
    if found is None or found.peak < MIN_CONTRAST:
        raise PictureError(f"{name}: {too_faint(0 if found is None else found.peak)}")
    closer = _closer(grey, found)
    found = (closer and _found(*closer)) or found
    field = to_mnist_form(_bold(found), INK)
    return (field / field.max())[None, None]  # thin strokes fade when they are scaled down


def _found(grey: np.ndarray, light: bool) -> Found | None:
    """The digit in a picture of a size to work with."""
    return digit_in(without_lines(ink_of(grey, light)), light)


def _closer(grey: np.ndarray, found: Found) -> tuple[np.ndarray, bool] | None:
    """A small digit with some paper round it, larger than it was found; None if it was large."""
    scale = max(grey.shape) / min(WORK, max(grey.shape))
    size = max(*found.ink.shape)
    if scale < 1.3 or size > SMALL:
        return None
    spans = []
    for side, length in zip((found.rows, found.columns), grey.shape, strict=True):
        start, stop = side.start - 0.4 * size, side.stop + 0.4 * size
        spans.append(slice(max(int(start * scale), 0), min(int(stop * scale), length)))
    return _smaller(grey[tuple(spans)], WORK), found.light


def _bold(found: Found) -> np.ndarray:
    """Its ink; strokes far thinner than those of MNIST, which would fade, are widened."""
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    missing = round(max(found.ink.shape) / THINNEST - found.thickness)
    if missing < 1:
        return found.ink
    return ndimage.maximum_filter(np.pad(found.ink, missing), missing + 1)


def _smaller(grey: np.ndarray, longest: int) -> np.ndarray:
    """At most `longest` pixels along the longer side."""
    scale = longest / max(grey.shape)
    if scale >= 1:
        return grey
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BOX))
