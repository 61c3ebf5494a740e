"""A picture file → grey values, whatever its format and mode; or one line that says why not."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_helpers.errors import PictureError

MAX_PIXELS = 64_000_000  # more than a telephone's camera takes


def name_of(path: str | os.PathLike | BinaryIO) -> str:
    """What error messages call a file: its path, or "picture" for an open one."""
    return str(path) if isinstance(path, str | os.PathLike) else "picture"


@contextmanager
def opened(path: str | os.PathLike | BinaryIO) -> Iterator[Image.Image]:
    """The picture in a file, while it is open; what damaged files raise becomes a PictureError.

    Pillow reads the pixels only when they are asked for: that, too, belongs inside of the `with`.
    Raises PictureError, naming the file, for what is no picture, damaged or too large, and OSError
    for what cannot be opened.
    """
    source, name = path, name_of(path)
    if isinstance(path, str | os.PathLike):
        source = Path(path)
        if source.is_dir():
            raise IsADirectoryError(f"{name}: a folder, not a picture")
    try:
        with warnings.catch_warnings():
            # Pillow warns of huge pictures before we can refuse them in our own words
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source) as picture:
                yield picture
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


def read(path: str | os.PathLike | BinaryIO, longest: int) -> np.ndarray:
    """A picture file as :func:`to_grey` gives it; raises as :func:`opened` does, too."""
    with opened(path) as picture:
        return to_grey(picture, name_of(path), longest)


def to_grey(picture: Image.Image, name: str, longest: int) -> np.ndarray:
    """Luminance in [0, 1], turned as EXIF says: float32 [height, width].

    A larger picture is brought to `longest` pixels along its longer side. Raises PictureError for
    a picture without pixels, with too many, or with nothing opaque in it.
    """
    if picture.width * picture.height == 0:
        raise PictureError(f"{name}: {picture.width} × {picture.height} pixels: nothing to read")
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureError(
            f"{name}: {picture.width:,} × {picture.height:,} pixels; "
            f"at most {MAX_PIXELS:,} are read"
        )
    grey = _grey(ImageOps.exif_transpose(picture), name)
    scale = longest / max(grey.shape)
    if scale >= 1:
        return grey
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BOX))


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
