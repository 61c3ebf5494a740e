"""What a pen has drawn: strokes, lists of points in a square of 280 × 280; and their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist_helpers.errors import PictureError

SIDE = 280  # ten to one of MNIST's pixels, as in web/digit_canvas.js
RADIUS = 12  # of the pen
MARGIN = 20  # how far outside a pen that has left the field is followed
MOST_POINTS = 20_000  # of one drawing: an hour with the pen down

Point = tuple[float, float]
Stroke = list[Point]


def rasterise(strokes: Sequence[Sequence[Sequence[float]]]) -> np.ndarray:
    """The pixels of a drawing: uint8 [280, 280].

    They are those of the field that it was drawn on, which does the same in JavaScript.

    Parameters
    ----------
    strokes : sequence of sequences of points
        Each stroke is the way of the pen from where it was put down to where it was lifted, in
        points ``[x, y]`` from -20 to 300, y downwards; the field goes from 0 to 280.

    Returns
    -------
    numpy.ndarray
        uint8 [280, 280], 255 where the ink is full and 0 where the paper is.

    Raises
    ------
    PictureError
        If `strokes` are not such lists.
    """
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    for stroke in checked(strokes, "drawing"):
        for start, end in zip([stroke[0], *stroke], stroke, strict=False):
            _ink_line(pixels, start, end)
    return pixels


def _ink_line(pixels: np.ndarray, start: Point, end: Point) -> None:
    """Ink the line from one point to another into `pixels`, uint8 [280, 280].

    A pixel's ink is how far its middle lies inside the pen's edge, from 0 to 1.
    """
    (x0, y0), (x1, y1) = start, end
    left, right = _touched(x0, x1)
    top, bottom = _touched(y0, y1)
    x = np.arange(left, right) + 0.5 - x0
    y = np.arange(top, bottom)[:, None] + 0.5 - y0
    dx, dy = x1 - x0, y1 - y0
    square = dx * dx + dy * dy
    along = np.clip((x * dx + y * dy) / square, 0, 1) if square else 0.0
    away = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2)
    ink = np.floor(255 * np.clip(RADIUS + 0.5 - away, 0, 1) + 0.5).astype(np.uint8)
    part = pixels[top:bottom, left:right]
    np.maximum(part, ink, out=part)


def _touched(a: float, b: float) -> tuple[int, int]:
    """The first pixel that a pen between `a` and `b` may touch along one side, and the one after
    the last."""
    first = np.floor(min(a, b) - RADIUS - 1)
    after = np.ceil(max(a, b) + RADIUS + 1)
    return int(np.clip(first, 0, SIDE)), int(np.clip(after, 0, SIDE))


def checked(strokes: Any, name: str) -> list[Stroke]:
    """Strokes from outside, as lists of pairs of floats; empty strokes are left out.

    PictureError says what else they are, with `name` before it.
    """
    if not _is_list(strokes):
        raise PictureError(f"{name}: {_short(strokes)}; expected a list of strokes")
    made = []
    for number, stroke in enumerate(strokes, 1):
        if not _is_list(stroke):
            raise PictureError(
                f"{name}: stroke {number} is {_short(stroke)}; expected a list of points [x, y]"
            )
        made.append([_point(point, f"{name}: stroke {number}") for point in stroke])
    if sum(map(len, made)) > MOST_POINTS:
        raise PictureError(
            f"{name}: {sum(map(len, made)):,} points; a drawing has at most {MOST_POINTS:,}"
        )
    return [stroke for stroke in made if stroke]


def _point(point: Any, name: str) -> Point:
    numbers: Any = point if _is_list(point) else ()
    sound = len(numbers) == 2 and all(
        isinstance(c, (int, float, np.number)) and -MARGIN <= c <= SIDE + MARGIN for c in numbers
    )
    if not sound:
        raise PictureError(
            f"{name} has a point {_short(point)}; expected [x, y], numbers from {-MARGIN} to "
            f"{SIDE + MARGIN}"
        )
    return float(numbers[0]), float(numbers[1])


def _is_list(thing: Any) -> bool:
    return isinstance(thing, Sequence | np.ndarray) and not isinstance(thing, str | bytes)


def _short(thing: Any) -> str:
    text = repr(thing)
    return text if len(text) <= 40 else f"{text[:37]}…"
