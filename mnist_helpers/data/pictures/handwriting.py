"""Characters of many scripts, and digits, drawn as hands with other pens might write them.

A letter that looks like a digit is one, for all that a picture can tell: an O, an S, a Greek iota.
Which ones do, a comparison with printed digits decides; :func:`characters` leaves them out.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mnist_helpers.data.mnist_form import BOX, cut_out, to_mnist_form

SIDE = 112  # pixels along a side of a drawing: four times MNIST's
LETTER = 0.6  # of that: the size of the type
ALIKE = 0.72  # correlation with a digit above which a character may be read as one
FONTS = ("DejaVuSans", "DejaVuSerif", "STIXGeneral")  # of the digits to compare with
AS_DIGITS = "0123456789|/O"  # the last three are written for 1 and 0
Range = tuple[str, int, int]  # a font that Matplotlib brings, first character, one behind the last


@lru_cache(maxsize=32)
def characters(of: Range) -> tuple[str, ...]:
    """The characters in a range that its font has, and that look like no digit."""
    from matplotlib.ft2font import FT2Font  # imported late, as all of Matplotlib: it takes a while

    font, first, end = of
    known = FT2Font(str(_file(font))).get_charmap()
    there = (chr(code) for code in range(first, end) if code in known)
    return tuple(character for character in there if likeness(glyph(font, character)) < ALIKE)


def glyph(font: str, character: str) -> np.ndarray:
    """A printed character in the middle: float32 [SIDE, SIDE] in [0, 1], ink 1."""
    picture = Image.new("L", (SIDE, SIDE))
    middle = (SIDE / 2, SIDE / 2)
    ImageDraw.Draw(picture).text(middle, character, 255, _type(font), anchor="mm")
    return np.asarray(picture, np.float32) / 255


def likeness(ink: np.ndarray) -> float:
    """The highest correlation with a printed digit; 1 where there is no ink.

    Both are compared in MNIST's form, and both stretched to a square: the circle of an O is as
    much a 0 as a narrow one.
    """
    if ink.max() < 0.5:
        return 1.0
    pairs = zip(_normalised([ink]), _printed_digits(), strict=True)
    return max(float((one @ digits.T).max()) for one, digits in pairs)


def by_hand(ink: np.ndarray, rng: np.random.Generator, printed: float = 0.0) -> np.ndarray:
    """Turned, stretched and bent, and drawn again with a pen of any width.

    Parameters
    ----------
    ink : numpy.ndarray
        float32 [SIDE, SIDE] in [0, 1].
    rng : numpy.random.Generator
        Chooses how.
    printed : float
        The chance that the strokes stay as they are, with what is filled.

    Returns
    -------
    numpy.ndarray
        float32 [SIDE, SIDE] in [0, 1].
    """
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    angle, shear = rng.uniform(-0.2, 0.2, 2)
    wide, high = np.exp(rng.uniform(-0.2, 0.2, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = np.indices((SIDE, SIDE)).reshape(2, -1) - SIDE / 2
    bends = ndimage.gaussian_filter(rng.normal(0, 90, (2, SIDE, SIDE)), (0, 12, 12))
    places = turn @ [[high, 0], [shear, wide]] @ places + bends.reshape(2, -1) + SIDE / 2
    moved = ndimage.map_coordinates(ink, places, order=1).reshape(SIDE, SIDE)
    if rng.random() < printed or moved.max() < 0.5:
        return moved
    return _with_a_pen(moved > 0.4, rng)


def _with_a_pen(there: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Strokes drawn again along their middle, all as wide as one pen."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(there)
    middle = there & (depth > ndimage.maximum_filter(depth, 5) - 0.7)
    extent = max(np.ptp(np.flatnonzero(middle.any(axis=axis))) for axis in (0, 1))
    radius = extent * rng.uniform(0.015, 0.08)
    return np.clip(radius + 0.5 - ndimage.distance_transform_edt(~middle), 0, 1).astype(np.float32)


def _file(font: str) -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"


@lru_cache(maxsize=32)
def _type(font: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_file(font)), round(LETTER * SIDE))


@lru_cache(maxsize=1)
def _printed_digits() -> tuple[np.ndarray, np.ndarray]:
    return _normalised([glyph(font, digit) for font in FONTS for digit in AS_DIGITS])


def _normalised(inks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """In MNIST's form, and stretched: [n, 784] each, blurred, of mean 0 and length 1."""
    from scipy import ndimage

    forms = [to_mnist_form(ink) for ink in inks]
    squares = [Image.fromarray(cut_out(ink)).resize((BOX, BOX)) for ink in inks]
    both = np.stack([forms, [np.pad(np.asarray(square), 4) for square in squares]])
    flat = ndimage.gaussian_filter(both, (0, 0, 1, 1)).reshape(2, len(inks), -1)
    flat -= flat.mean(axis=2, keepdims=True)
    flat /= np.linalg.norm(flat, axis=2, keepdims=True)
    return flat[0], flat[1]
