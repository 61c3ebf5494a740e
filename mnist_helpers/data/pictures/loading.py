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
from mnist_helpers.data.pictures.finding import Found, digit_in, outlined
from mnist_helpers.data.pictures.ink import MIN_CONTRAST, ink_of, skewness, too_faint
from mnist_helpers.data.pictures.lines import without_lines
from mnist_helpers.errors import NoDigitError

FINE = 1200  # pixels along the longer side of what is kept of a large picture
WORK = 256  # … while the digit is being found
SMALL = 100  # a digit of fewer pixels is looked at again, closer
THINNEST = 18  # of the digit to its stroke: thinner ones are widened
UNSURE = 0.15  # skewness so near to 0 does not tell dark ink from light: see _in_doubt
INK = 0.12  # share of the full contrast above which a pixel counts as ink when cutting out


def load_image(path: str | os.PathLike | BinaryIO) -> np.ndarray:
    """Read a picture file of one digit: float32 [1, 1, 28, 28] in MNIST's own form.

    Any format and mode that Pillow reads (grey, RGB, RGBA, palette, 16-bit, CMYK, …), turned as its
    EXIF tag says, dark on light or light on dark. Shadows, the desk beside the sheet, printed
    frames, specks, ruled and squared paper are left out. Of up to 50 megapixels; a JPEG of 64, an
    AVIF of 25, a WebP of 12.5, a JPEG 2000 of 10, since their decoders want less memory or more:
    to read one takes less than 300 MB.

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
        If the file is not a picture, is damaged, too large, blank or too faint, or holds several
        pictures. The message names it.
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
        grey, light, found = _seen(picture, name_of(path))
    away = without_lines(ink_of(_smaller(grey, WORK), light))
    return _in_mnists_form(grey, light, found), 1 + others(found, away)


def from_picture(picture: Image.Image, name: str = "picture") -> np.ndarray:
    """As :func:`load_image`, from a ``PIL.Image``; `name` is for the error messages.

    Parameters
    ----------
    picture : PIL.Image.Image
        A picture of one digit, of any mode; as many pixels as :func:`load_image` takes at most.
    name : str
        What error messages call the picture.

    Returns
    -------
    numpy.ndarray
        float32 [1, 1, 28, 28] in [0, 1], as from :func:`load_image`.

    Raises
    ------
    PictureError
        If the picture is too large, blank or too faint, or has pixels that are not finite numbers.
    OSError
        If Pillow cannot read its pixels. (It reads those of an opened file only now; some damaged
        files raise a SyntaxError, an EOFError or a ValueError of Pillow's.)
    """
    return _in_mnists_form(*_seen(picture, name))


def _seen(picture: Image.Image, name: str) -> tuple[np.ndarray, bool, Found]:
    """Its grey values, whether it is light on dark, and the digit, as found when made smaller."""
    grey = to_grey(picture, name, FINE)
    small = _smaller(grey, WORK)
    lean = skewness(small)
    light = lean > 0
    found = _found(small, light)
    if abs(lean) < UNSURE:
        light, found = _in_doubt(small, light, found)
    if found is None:
        raise NoDigitError(f"{name}: {too_faint(float(ink_of(small, light).max()))}")
    return grey, light, found


def _in_doubt(grey: np.ndarray, light: bool, found: Found | None) -> tuple[bool, Found | None]:
    """Dark ink or light, as what is found of both has the clearer outline; `light` if neither has.

    On a small sheet with a dark desk round it, paper is hardly less rare than the ink of a bold
    digit.
    """
    other = _found(grey, not light)
    if other is None:
        return light, found
    if found is None or outlined(other, grey, not light) > outlined(found, grey, light):
        return not light, other
    return light, found


def _in_mnists_form(grey: np.ndarray, light: bool, found: Found) -> np.ndarray:
    if max(grey.shape) > 1.3 * WORK and max(found.ink.shape) < SMALL:
        found = _found(_closer(grey, found), light) or found
    field = to_mnist_form(_bold(found), INK)
    return (field / field.max())[None, None]  # thin strokes fade when they are scaled down


def _found(grey: np.ndarray, light: bool) -> Found | None:
    """The digit in a picture of a size to work with; None where nothing is dark enough."""
    found = digit_in(without_lines(ink_of(grey, light)))
    return None if found is None or found.peak < MIN_CONTRAST else found


def _closer(grey: np.ndarray, found: Found) -> np.ndarray:
    """The digit with some paper round it, cut out of the larger picture."""
    scale, more = max(grey.shape) / WORK, 0.4 * max(found.ink.shape)
    spans = (
        slice(max(int(scale * (side.start - more)), 0), int(scale * (side.stop + more)) + 1)
        for side in (found.rows, found.columns)
    )
    return _smaller(grey[tuple(spans)], WORK)


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
