"""Ink on a sheet → what may be digits: parts that lie close together, as one; in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_helpers.data.pictures.parts import Part, parts_of

THERE = 0.3  # of the full ink: more is a stroke, less the paper's grain and a stroke's soft edge
SPECK = 0.3  # parts lower and narrower than so many heights of a digit are no digits
TALLEST = 2.5  # heights of a digit: what is taller is a frame, a line or the desk
NEAR = 0.2  # heights of a digit: parts with less between them may be of one digit
ROW = 0.5  # heights of a digit: more between two middles, one below the other, begins a row
STEEPEST = 10  # degrees by which rows may slope


@dataclass(frozen=True, eq=False)
class Glyph:
    """A digit, or several that touch, cut out of a sheet.

    Attributes
    ----------
    ink : numpy.ndarray
        float32 [height, width] in [0, 1], without what its neighbours have in this rectangle.
    left, top : int
        Where the rectangle lies on the sheet, in pixels.
    """

    ink: np.ndarray
    left: int
    top: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom; the last two are the first pixels outside."""
        height, width = self.ink.shape
        return self.left, self.top, self.left + width, self.top + height


def glyphs_in(ink: np.ndarray) -> list[Glyph]:
    """What may be digits on a sheet's `ink`, float32 [height, width] in [0, 1], unordered."""
    parts = [part for part in parts_of(ink > THERE) if part.area > 4]
    if not parts:
        return []
    tall = height_of_a_digit(parts)
    strokes = [
        part
        for part in parts
        if max(part.height, part.width) > SPECK * tall and part.height < TALLEST * tall
    ]
    return [_cut_out(ink, group) for group in _groups(strokes, NEAR * tall)]


def height_of_a_digit(parts: Sequence[Part]) -> float:
    """The height that a part has where half of all ink is in lower ones: specks weigh little."""
    order = np.argsort([part.height for part in parts])
    weights = np.cumsum([parts[i].area for i in order])
    return float(parts[order[np.searchsorted(weights, weights[-1] / 2)]].height)


def _groups(parts: Sequence[Part], near: float) -> list[list[Part]]:
    """Parts whose rectangles, each made larger by half of `near`, overlap are of one group."""
    group = list(range(len(parts)))

    def first(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    for i, one in enumerate(parts):
        for j in range(i):
            if (
                _apart(one.rows, parts[j].rows) < near
                and _apart(one.columns, parts[j].columns) < near
            ):
                group[first(i)] = first(j)
    found: dict[int, list[Part]] = {}
    for i, part in enumerate(parts):
        found.setdefault(first(i), []).append(part)
    return list(found.values())


def _apart(one: slice, other: slice) -> int:
    """Pixels between two stretches; below 0 where they overlap."""
    return max(one.start, other.start) - min(one.stop, other.stop)


def _cut_out(ink: np.ndarray, parts: Sequence[Part]) -> Glyph:
    """The parts alone, with the soft edges of their strokes."""
    from scipy import ndimage

    top = max(min(part.rows.start for part in parts) - 2, 0)
    left = max(min(part.columns.start for part in parts) - 2, 0)
    bottom = max(part.rows.stop for part in parts) + 2
    right = max(part.columns.stop for part in parts) + 2
    field = ink[top:bottom, left:right]
    mask = np.zeros(field.shape, bool)
    for part in parts:
        rows = slice(part.rows.start - top, part.rows.stop - top)
        columns = slice(part.columns.start - left, part.columns.stop - left)
        mask[rows, columns] |= part.mask
    mask = ndimage.binary_dilation(mask, np.ones((3, 3)), iterations=2)
    return Glyph(np.where(mask, field, 0), left, top)


def in_rows(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """The rows of a sheet from the top, each from the left."""
    if not glyphs:
        return []
    left, top, right, bottom = np.array([glyph.box for glyph in glyphs]).T
    x, y = (left + right) / 2, (top + bottom) / 2
    tall = float(np.median([len(glyph.ink) for glyph in glyphs]))
    level = y - x * _slope(x / tall, y / tall)
    order = np.argsort(level)
    starts = np.flatnonzero(np.diff(level[order]) > ROW * tall) + 1
    return [[glyphs[i] for i in row[np.argsort(x[row])]] for row in np.split(order, starts)]


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """How much lower the rows lie with each step to the right: where most glyphs are level."""
    slopes = np.tan(np.radians(np.arange(-STEEPEST, STEEPEST + 0.1, 0.5)))
    across, down = np.subtract.outer(x, x), np.subtract.outer(y, y)
    level = [np.exp(-(((down - slope * across) / 0.3) ** 2)).sum() for slope in slopes]
    steep = 0.001 * len(x) * np.abs(slopes)  # of equals, the flattest
    return float(slopes[np.argmax(level - steep)])
