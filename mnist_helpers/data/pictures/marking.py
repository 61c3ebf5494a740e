"""What was found on a sheet, drawn over its photograph."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from mnist_helpers.data.pictures.decoding import name_of, opened, to_grey
from mnist_helpers.data.pictures.sheet import SheetDigit

LONGEST = 4000  # pixels along the longer side: as many as a photograph of 12 megapixels has
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
        4,000 pixels along its longer side.

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
    scale = max(photo.size) / longest
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
    return photo


def _in_colour(picture: Image.Image, name: str) -> Image.Image:
    """An RGB of at most LONGEST pixels; of modes whose conversion Pillow spoils, in greys."""
    if picture.has_transparency_data or picture.mode.startswith(("I", "F")):
        grey = to_grey(picture, name, LONGEST)
        return Image.fromarray(np.rint(255 * grey).astype(np.uint8)).convert("RGB")
    if picture.mode in ("1", "P"):  # these cannot be resized smoothly
        picture = picture.convert("RGB")
    picture.thumbnail((LONGEST, LONGEST))
    return ImageOps.exif_transpose(picture).convert("RGB")
