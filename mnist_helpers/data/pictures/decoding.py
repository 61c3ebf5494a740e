"""A picture file → grey values, whatever its format and mode; or one line that says why not."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from mnist_helpers.errors import NoDigitError, PictureError

MAX_PIXELS = 50_000_000  # as many as a telephone's camera takes at its most
# … where a format's decoder wants less memory for a pixel, or more: so none takes over 300 MB.
# (Pillow reads a JPEG at a fraction of its size. The decoder of WebP keeps the picture four times
# over.)
MAX_PIXELS_OF = {
    "JPEG": 64_000_000,
    "MPO": 64_000_000,
    "AVIF": 25_000_000,
    "WEBP": 12_500_000,
    "JPEG2000": 10_000_000,
}
HEAD = 512  # bytes at a file's beginning that tell what it is
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
ORIENTATION = 0x0112  # EXIF's tag
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def name_of(path: str | os.PathLike | BinaryIO) -> str:
    """What error messages call a file: its path, or "picture" for an open one."""
    return str(path) if isinstance(path, str | os.PathLike) else "picture"


def let_go() -> None:
    """Give back to the system what memory decoded pictures have left free in this process.

    The C library of most Linux systems keeps it for later, and what is loaded next, such as Paddle,
    would come on top. Where that library is another one, nothing is done.
    """
    trim = sys.platform == "linux" and getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


@contextmanager
def opened(path: str | os.PathLike | BinaryIO) -> Iterator[Image.Image]:
    """The picture in a file, while it is open; what damaged files raise becomes a PictureError.

    Pillow reads the pixels only when they are asked for: that, too, belongs inside of the `with`.
    Raises PictureError, naming the file, for what is no picture, damaged or too large, and OSError
    for what cannot be opened.
    """
    name = name_of(path)
    source = Path(path) if isinstance(path, str | os.PathLike) else path
    if isinstance(source, Path) and source.is_dir():
        raise IsADirectoryError(f"{name}: a folder, not a picture")
    try:
        with warnings.catch_warnings():
            # Pillow warns of huge pictures before we can refuse them in our own words
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source) as picture:
                yield picture
    except UnidentifiedImageError:
        raise PictureError(f"{name}: {_not_read(source)}") from None
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        found = f"{int(pixels[0]):,}" if pixels else "far more"
        raise PictureError(
            f"{name}: {found} pixels; at most {MAX_PIXELS:,} are read; save it smaller"
        ) from None
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, SyntaxError, EOFError, ValueError) as error:  # what damaged files raise
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"{name}: a damaged picture ({error})") from error


def _not_read(source: Path | BinaryIO) -> str:
    """What a file is that Pillow cannot read, and what to do."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(HEAD)
    else:
        source.seek(0)
        head = source.read(HEAD)
    if not head:
        return "an empty file, not a picture"
    if head[4:8] == b"ftyp" and head[8:12] in HEIC:
        return (
            "a HEIC picture, which Pillow reads only with the plug-in pillow-heif; "
            "save it as JPEG or PNG"
        )
    if b"<svg" in head.lower():
        return "an SVG drawing, which has no pixels; save it as PNG"
    if head.startswith(b"%PDF"):
        return "a PDF document; save the page as PNG"
    return "not a picture in a format that Pillow reads; save it as JPEG or PNG"


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
    most = MAX_PIXELS_OF.get(picture.format or "", MAX_PIXELS)
    if picture.width * picture.height > most:
        of = f" of a {picture.format}" if picture.format in MAX_PIXELS_OF else ""
        raise PictureError(
            f"{name}: {picture.width:,} × {picture.height:,} pixels; "
            f"at most {most:,}{of} are read; save it smaller"
        )
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":  # a telephone's JPEG, with smaller copies of itself
        raise PictureError(
            f"{name}: {frames} pictures in one file (animated, or pages); "
            "save the one with the digit by itself"
        )
    factor = max(picture.size) // longest
    if isinstance(picture, JpegImageFile):  # decoded at a half, a quarter, … of its size
        grey_mode = "L" if picture.mode in ("L", "RGB") else picture.mode
        picture.draft(
            grey_mode, (picture.width // max(factor, 1), picture.height // max(factor, 1))
        )
        factor = max(picture.size) // longest
    if factor >= 3:
        factor = -(-max(picture.size) // longest)  # then there is nothing left to be resized
    # turned and made grey last, so that a large picture is in memory once
    turn = TURNS.get(picture.getexif().get(ORIENTATION, 1))
    grey = _grey(_reduced(picture, factor) if factor > 1 else picture, picture.mode, name)
    scale = longest / max(grey.shape)
    if scale >= 1 and turn is None:
        return grey
    small = Image.fromarray(grey)
    if scale < 1:
        size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
        small = small.resize(size, Image.Resampling.BOX)
    return np.asarray(small if turn is None else small.transpose(turn))


def _reduced(picture: Image.Image, factor: int) -> Image.Image:
    """`factor` times smaller, each pixel the mean of a square, a strip of the picture at a time."""
    numbers = picture.mode.startswith(("I", "F"))
    mode = "F" if numbers else "RGBA" if picture.has_transparency_data else "RGB"
    mode = "L" if picture.mode == "L" and mode == "RGB" else mode
    if picture.mode == mode != "RGBA":  # of these, Pillow makes no copy
        return picture.reduce(factor)
    small = Image.new(mode, (-(-picture.width // factor), -(-picture.height // factor)))
    rows = 16 * factor  # a strip is copied twice
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        if numbers:
            strip = Image.fromarray(np.asarray(strip, np.float32))
        small.paste(strip.convert(mode).reduce(factor), (0, top // factor))
    return small


def _grey(picture: Image.Image, mode: str, name: str) -> np.ndarray:
    """Luminance in [0, 1]: float32 [height, width], transparent parts filled with paper.

    `mode` is the file's own: of 16-bit and other numbers, it tells what full light is.
    """
    if mode.startswith(("I", "F")):  # Pillow's convert("L") would clip them
        values = np.asarray(picture, np.float32)
        if not np.isfinite(values).all():
            raise PictureError(f"{name}: pixels that are not finite numbers")
        scales = [1] if mode == "F" else []
        scales += [65535] if mode.startswith("I;16") else [255, 65535]
        highest = values.max()
        return values / next((full for full in scales if highest <= full), highest)
    if not picture.has_transparency_data:
        if picture.mode != "L":
            picture = picture.convert("RGB").convert("L")
        return np.asarray(picture, np.float32) / 255
    picture = picture.convert("RGBA")
    grey = np.asarray(picture.convert("RGB").convert("L"), np.float32) / 255
    opacity = np.asarray(picture.getchannel("A"), np.float32) / 255
    return opacity * grey + (1 - opacity) * _paper_under(grey, opacity, name)


def _paper_under(grey: np.ndarray, opacity: np.ndarray, name: str) -> float:
    """The luminance to put under a transparent picture, so that ink stands out from it."""
    opaque = opacity > 0.5
    if not opaque.any():
        raise NoDigitError(f"{name}: blank (everything in it is transparent)")
    if opaque.mean() > 0.5:  # mostly opaque: the paper is in the picture, the rest is its margin
        return float(np.median(grey[opaque]))
    return 1.0 if np.median(grey[opaque]) < 0.5 else 0.0  # ink alone
