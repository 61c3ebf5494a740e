"""Sheets of digits, composed from a data set's: what is on them, and where, is known.

A reader of sheets is measured on them (``python -m benchmarks sheets``), and tested. Each condition
makes one thing harder and leaves the rest as on a clean sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

from mnist_helpers.data.digits import Digits
from mnist_helpers.data.mnist_form import BOX, cut_out
from mnist_helpers.errors import one_of

PAPER = 225  # its grey value
PENS = 30, 110  # the darkest and the lightest
FAINT = 40  # an image's byte above which a pixel counts as part of the digit, for its box


@dataclass(frozen=True)
class Condition:
    """How a sheet is written. Lengths are in heights of a digit, but for `height`.

    Attributes
    ----------
    height : float
        Of a digit with 20 pixels in MNIST's form, in pixels of the sheet.
    sizes : float
        The largest is so many times the smallest.
    wander : float
        How far a digit stands from its place in the row, at most, to each side.
    slope : float
        Degrees by which the rows slope, at most, one way or the other.
    touching : float
        The share of the digits that touch the one before them.
    noise : float
        Standard deviation of the camera's noise, in grey values; below 0.01 there is none.
    blur : float
        Of the camera, the standard deviation in pixels.
    shadow : float
        How much of the light is missing in the darkest corner.
    lines : str
        Printed on the paper: "", "ruled", "squared" or "form" (a box around each digit).
    """

    height: float = 56
    sizes: float = 1.25
    wander: float = 0.1
    slope: float = 0
    touching: float = 0
    noise: float = 2
    blur: float = 0.7
    shadow: float = 0
    lines: str = ""


CLEAN = Condition()
CONDITIONS = {
    "clean": CLEAN,
    "sizes": replace(CLEAN, sizes=2.2),
    "wandering": replace(CLEAN, wander=0.3),
    "sloping": replace(CLEAN, slope=6),
    "noise": replace(CLEAN, noise=16, blur=1.5),
    "shadow": replace(CLEAN, shadow=0.55),
    "small": replace(CLEAN, height=24),
    "ruled": replace(CLEAN, lines="ruled"),
    "squared": replace(CLEAN, lines="squared"),
    "form": replace(CLEAN, lines="form"),
    "touching": replace(CLEAN, touching=0.5),
}


@dataclass(frozen=True, eq=False)
class Composed:
    """A sheet of digits, and what is written on it.

    Attributes
    ----------
    picture : numpy.ndarray
        uint8 [height, width], grey: dark ink on light paper.
    labels : numpy.ndarray
        uint8 [n], in reading order.
    boxes : numpy.ndarray
        int64 [n, 4]: left, top, right and bottom of each digit, in pixels; right and bottom are the
        first that are outside.
    """

    picture: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray


def compose(digits: Digits, condition: str = "clean", seed: int = 0, columns: int = 8) -> Composed:
    """Write `digits` on a sheet, row by row.

    Parameters
    ----------
    digits : Digits
        Those to write, in reading order.
    condition : str
        What makes the sheet hard to read: a name in `CONDITIONS`.
    seed : int
        Chooses places, sizes, slope, paper and noise.
    columns : int
        Digits in a row.

    Returns
    -------
    Composed
        The sheet, and what is written on it.

    Raises
    ------
    UnknownNameError
        For another condition.
    """
    how: Condition = one_of(CONDITIONS, condition, "condition")
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-how.slope, how.slope)
    rows = [slice(i, i + columns) for i in range(0, len(digits), columns)]
    step = round(how.height * 1.9)
    rise = int(abs(np.tan(np.radians(angle))) * columns * step)
    ink = np.zeros(((len(rows) + 1) * step + rise, (columns + 1) * step), np.float32)
    boxes: list[tuple[int, int, int, int]] = []
    for number, row in enumerate(rows):
        written = [_written(image, how, angle, rng) for image in digits.images[row]]
        start = step * (number + 1) + (rise if angle > 0 else 0)
        places = _places(written, how, step, rng)
        for digit, (x, y) in zip(written, places, strict=True):
            y += start - x * np.tan(np.radians(angle))  # a row that rises to the right
            boxes.append(_put(ink, digit, round(x), round(y)))
    found = np.array(boxes, np.int64).reshape(-1, 4)
    picture = _photographed(ink, _paper(ink.shape, how, step, rng), how, rng)
    return Composed(picture, digits.labels, found)


def _written(
    image: np.ndarray, how: Condition, angle: float, rng: np.random.Generator
) -> np.ndarray:
    """One digit's ink at its size on the sheet, turned with its row: float32 [h, w] in [0, 1]."""
    digit = Image.fromarray(cut_out(image))
    scale = how.height / BOX * how.sizes ** rng.uniform(-0.5, 0.5)
    size = [max(1, round(side * scale)) for side in digit.size]
    large = digit.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    turned = large.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    return cut_out(np.asarray(turned), FAINT).astype(np.float32) / 255


def _places(
    row: list[np.ndarray], how: Condition, step: int, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Where the middle of each digit of a row comes: x from the sheet's left, y from the row's."""
    places: list[tuple[float, float]] = []
    shift = 0.0  # how far those that touch have moved the rest of the row to the left
    for column, digit in enumerate(row):
        x, y = np.array([step * (column + 1), 0]) + how.height * how.wander * rng.uniform(-1, 1, 2)
        if places and rng.random() < how.touching:
            before_x, before_y = places[-1]
            y = before_y + 0.3 * (y - before_y)  # who writes fast enough to touch keeps the line
            near = before_x + _distance(row[column - 1], digit, round(y) - round(before_y))
            near -= 0.04 * how.height * rng.uniform(0.5, 1.5)
            shift += x - shift - near
            places.append((near, y))
        else:
            places.append((x - shift, y))
    return places


def _distance(left: np.ndarray, right: np.ndarray, lower: int) -> float:
    """How far apart the middles of two digits are when they just touch, the second `lower`."""
    tops = np.array([-(left.shape[0] // 2), lower - right.shape[0] // 2])
    height = left.shape[0] + right.shape[0] + abs(lower)
    top_left, top_right = tops - tops.min()
    both = _reach(left, top_left, height) + _reach(right[:, ::-1], top_right, height)
    return float(both.max()) if np.isfinite(both.max()) else (left.shape[1] + right.shape[1]) / 2


def _reach(digit: np.ndarray, top: int, height: int) -> np.ndarray:
    """How far to the right of its middle a digit reaches in each of `height` rows, -inf in none."""
    inked = np.where(digit > FAINT / 255, np.arange(1, digit.shape[1] + 1), -np.inf)
    reach = np.full(height, -np.inf)
    reach[top : top + len(digit)] = inked.max(axis=1) - digit.shape[1] // 2
    return ndimage.maximum_filter1d(reach, 3)  # diagonal neighbours touch, too


def _put(ink: np.ndarray, digit: np.ndarray, x: int, y: int) -> tuple[int, int, int, int]:
    """Write a digit with its middle at (x, y); returns its box."""
    height, width = digit.shape
    top, left = y - height // 2, x - width // 2
    field = ink[top : top + height, left : left + width]
    np.maximum(field, digit, out=field)
    return left, top, left + width, top + height


def _paper(
    shape: tuple[int, ...], how: Condition, step: int, rng: np.random.Generator
) -> np.ndarray:
    """Paper with its grain and what is printed on it, as grey values: float32 [height, width]."""
    grain = ndimage.gaussian_filter(rng.normal(size=shape), 2)
    paper = (PAPER + 3 * grain / grain.std()).astype(np.float32)
    thick = max(1, round(how.height / 30))
    apart, tint = {"squared": (how.height / 2, PAPER - 55)}.get(how.lines, (step, PAPER - 55))
    first = step // 2 if how.lines == "form" else rng.uniform(0, apart)
    if how.lines:
        for y in np.arange(first, shape[0], apart).astype(int):
            paper[y : y + thick] = tint
    if how.lines in ("squared", "form"):
        for x in np.arange(first, shape[1], apart).astype(int):
            paper[:, x : x + thick] = tint
    return paper


def _photographed(
    ink: np.ndarray, paper: np.ndarray, how: Condition, rng: np.random.Generator
) -> np.ndarray:
    """The ink on its paper as a camera takes it: uint8 [height, width]."""
    pen = rng.uniform(*PENS)
    light = 1 - how.shadow * np.add.outer(*(np.linspace(0, 0.5, side) for side in ink.shape))
    seen = ndimage.gaussian_filter(light * (paper + ink * (pen - paper)), how.blur)
    return np.clip(np.rint(seen + how.noise * rng.normal(size=ink.shape)), 0, 255).astype(np.uint8)
