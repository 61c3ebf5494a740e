"""What was found on a sheet, drawn over its photograph."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from mnist_helpers.data.pictures.decoding import name_of, opened, to_grey
from mnist_helpers.data.pictures.sheet import SheetDigit

LONGEST = 2000  # pixels along the longer side: enough to see, and to check, 30 rows of digits
INSIDE, OUTSIDE = "#b00020", "#ffffff"  # a dark line within a light one is seen on any paper


def marked(path: str | os.PathLike | BinaryIO, found: Sequence[SheetDigit]) -> Image.Image:
    """The photograph with a box around each digit, and below it what was read.

    Parameters
    ----------
    path : str, os.PathLike or binary file
        The photograph that :func:`mnist_helpers.data.pictures.read_sheet` has read.
    found : sequence of SheetDigit
        What it has found.

    Returns
    -------
    PIL.Image.Image
        Of mode RGB, turned as its EXIF tag says, as large as the photograph, but with at most
        2,000 pixels along its longer side.

    Raises
    ------
    PictureError
        If the file is not a picture, or is damaged. The message names it.
    OSError
        If it cannot be opened.
    """
    photo, scale = photo_of(path)
    draw_on(photo, found, scale)
    return photo


def photo_of(path: str | os.PathLike | BinaryIO) -> tuple[Image.Image, float]:
    """What :func:`marked` draws on, and how much smaller than the photograph it is.

    For who wants it before a model is in memory: large files are decoded as a whole.

    Parameters
    ----------
    path : str, os.PathLike or binary file
        The photograph.

    Returns
    -------
    photo : PIL.Image.Image
        Of mode RGB, turned as its EXIF tag says, at most 2,000 pixels along its longer side.
    scale : float
        Its longer side by the photograph's: 1 or less.

    Raises
    ------
    PictureError
        If the file is not a picture, or is damaged. The message names it.
    OSError
        If it cannot be opened.
    """
    with opened(path) as picture:
        longest = max(picture.size)
        photo = _in_colour(picture, name_of(path))
    return photo, max(photo.size) / longest


def draw_on(photo: Image.Image, found: Sequence[SheetDigit], scale: float) -> None:
    """Draw a box around each digit, and below it what was read, as :func:`marked` does.

    Parameters
    ----------
    photo : PIL.Image.Image
        From :func:`photo_of`; it is changed.
    found : sequence of SheetDigit
        What :func:`mnist_helpers.data.pictures.read_sheet` has found.
    scale : float
        From :func:`photo_of`.
    """
    draw = ImageDraw.Draw(photo)
    thick = max(1, max(photo.size) // 800)
    for one in found:
        left, top, right, bottom = (round(scale * side) for side in one.box)
        for more, colour in ((2 * thick, OUTSIDE), (thick, INSIDE)):
            box = (left - more, top - more, right + more, bottom + more)
            draw.rectangle(box, outline=colour, width=thick)
        draw.text(
            ((left + right) / 2, bottom + 3 * thick),
            str(one.digit),
            anchor="mt",
            font_size=max(10, (bottom - top) * 0.45),
            fill=INSIDE,
            stroke_width=thick,
            stroke_fill=OUTSIDE,
        )


def _in_colour(picture: Image.Image, name: str) -> Image.Image:
    """An RGB of at most LONGEST pixels; of modes whose conversion Pillow spoils, in greys."""
    if picture.has_transparency_data or picture.mode.startswith(("I", "F")):
        grey = to_grey(picture, name, LONGEST)
        return Image.fromarray(np.rint(255 * grey).astype(np.uint8)).convert("RGB")
    if picture.mode in ("1", "P"):  # these cannot be resized smoothly
        picture = picture.convert("RGB")
    # a JPEG is decoded at no more of its size than is needed
    picture.thumbnail((LONGEST, LONGEST), reducing_gap=1.0)
    turned = ImageOps.exif_transpose(picture)
    return turned if turned.mode == "RGB" else turned.convert("RGB")
