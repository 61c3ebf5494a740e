"""A picture of a digit from outside → what the book's models take.

The models have seen MNIST and nothing else. A picture therefore has to be brought to MNIST's form
first: ink 1 and paper 0, whichever was dark; the digit cut out, scaled into a 20 × 20 box and
centred by mass (:mod:`mnist_helpers.data.mnist_form`).
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from mnist_helpers.data.mnist_form import to_mnist_form
from mnist_helpers.errors import PictureError

MAX_PIXELS = 64_000_000  # more than a telephone's camera takes
WORK_SIZE = 280  # pixels along the longer side while the digit is being found: 10 to MNIST's one
MIN_CONTRAST = 0.1  # of full scale, between paper and ink: less is a blank picture
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
    source, name = path, "picture"
    if isinstance(path, str | os.PathLike):
        source, name = Path(path), str(path)
        if source.is_dir():
            raise IsADirectoryError(f"{name}: a folder, not a picture")
    try:
        with warnings.catch_warnings():
            # Pillow warns of huge pictures before we can refuse them in our own words
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source) as picture:
                return from_picture(picture, name)
    except UnidentifiedImageError:
        raise PictureError(f"{name}: not a picture in a format that Pillow reads") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{name}: more than {MAX_PIXELS:,} pixels") from None
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, SyntaxError, EOFError, ValueError) as error:  # what damaged files raise
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"{name}: a damaged picture ({error})") from error


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
    if picture.width * picture.height == 0:
        raise PictureError(f"{name}: {picture.width} × {picture.height} pixels: nothing to read")
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureError(
            f"{name}: {picture.width:,} × {picture.height:,} pixels; "
            f"at most {MAX_PIXELS:,} are read"
        )
    grey = _grey(ImageOps.exif_transpose(picture), name)
    ink = _ink(_reduced(grey))
    contrast = ink.max()
    if contrast < MIN_CONTRAST:
        raise PictureError(
            f"{name}: blank (paper and ink differ by {contrast:.0%} of full scale; "
            f"at least {MIN_CONTRAST:.0%} is needed)"
        )
    field = to_mnist_form(np.clip(ink / contrast, 0, 1), INK)
    return (field / field.max())[None, None]  # thin strokes fade when they are scaled down


def from_drawing(ink: np.ndarray, name: str = "drawing") -> np.ndarray:
    """Bring a digit that was drawn on a screen to MNIST's own form: float32 [1, 1, 28, 28].

    A drawing has neither noise nor shadows: every pixel with any ink belongs to the digit, which is
    cut out, scaled into a 20 × 20 box, centred by mass, and made as dark as it can be. The site's
    page "Draw a digit" does the same, in JavaScript.

    Parameters
    ----------
    ink : numpy.ndarray
        uint8 [height, width], 255 where the ink is and 0 where the paper is.
    name : str
        What error messages call the drawing.

    Returns
    -------
    numpy.ndarray
        float32 [1, 1, 28, 28] in [0, 1], as from :func:`load_image`.

    Raises
    ------
    PictureError
        If `ink` is of another shape or dtype, or nothing is drawn.
    """
    ink = np.asarray(ink)
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise PictureError(
            f"{name}: {ink.dtype} {list(ink.shape)}; expected uint8 [height, width], 255 for ink "
            "and 0 for paper"
        )
    if not ink.any():
        raise PictureError(f"{name}: blank (no pixel has any ink); draw a digit first")
    field = to_mnist_form(ink / np.float32(ink.max()))
    return (field / field.max())[None, None]  # thin strokes fade when they are scaled down


def _grey(picture: Image.Image, name: str) -> np.ndarray:
    """Luminance in [0, 1]: float32 [height, width], transparent parts filled with paper."""
    if picture.mode.startswith(("I", "F")):  # 16-bit and more: Pillow's convert("L") would clip
        values = np.asarray(picture, np.float32)
        if not np.isfinite(values).all():
            raise PictureError(f"{name}: pixels that are not finite numbers")
        scales = [1] if picture.mode == "F" else []
        scales += [65535] if picture.mode.startswith("I;16") else [255, 65535]
        highest = values.max()
        return values / next((full for full in scales if highest <= full), highest)
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("RGB").convert("L"), np.float32) / 255
    picture = picture.convert("RGBA")
    grey = np.asarray(picture.convert("RGB").convert("L"), np.float32) / 255
    opacity = np.asarray(picture.getchannel("A"), np.float32) / 255
    return opacity * grey + (1 - opacity) * _paper_under(grey, opacity, name)


def _paper_under(grey: np.ndarray, opacity: np.ndarray, name: str) -> float:
    """The luminance to put under a transparent picture, so that ink stands out from it."""
    opaque = opacity > 0.5
    if not opaque.any():
        raise PictureError(f"{name}: blank (everything in it is transparent)")
    if opaque.mean() > 0.5:  # mostly opaque: the paper is in the picture, the rest is its margin
        return float(np.median(grey[opaque]))
    return 1.0 if np.median(grey[opaque]) < 0.5 else 0.0  # ink alone


def _reduced(grey: np.ndarray) -> np.ndarray:
    """A large picture brought to WORK_SIZE, its specks and noise smoothed away."""
    scale = WORK_SIZE / max(grey.shape)
    if scale >= 1:
        return grey
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    small = Image.fromarray(grey).resize((width, height), Image.Resampling.BOX)
    return np.asarray(small.filter(ImageFilter.MedianFilter(3)))


def _ink(grey: np.ndarray) -> np.ndarray:
    """How far each pixel is from the paper around it: float32 [height, width], at least 0."""
    frame = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    away = grey - np.median(frame)  # the paper is what most of the picture's edge shows
    if -away.min() > away.max():  # dark on light: turn round, so that ink is high
        away = -away
    ink = np.maximum(away - _uneven_light(away), 0)
    return np.maximum(ink - 2 * np.median(ink), 0)  # most of a picture is paper: the rest is noise


def _uneven_light(away: np.ndarray) -> np.ndarray:
    """The slow change of the paper over a photograph, as [height, width].

    A quadratic surface, fitted by least squares to the pixels that are paper; which those are is
    found in a few rounds, each leaving out what lies far above the surface of the round before.
    """
    height, width = away.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    step = max(1, max(away.shape) // 64)  # every few pixels are enough for a smooth surface
    some_terms, some = terms[::step, ::step].reshape(-1, 6), away[::step, ::step].reshape(-1)
    limit = 0.5 * some.max()
    surface = np.zeros_like(some)
    for _ in range(4):
        paper = some - surface <= limit
        known = some_terms[paper]
        coefficients = np.linalg.lstsq(known.T @ known, known.T @ some[paper], rcond=None)[0]
        surface = some_terms @ coefficients
        limit = max(3 * np.std((some - surface)[paper]), 0.1 * (some - surface).max())
    return (terms @ coefficients).astype(np.float32)
