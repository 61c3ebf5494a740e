"""Ink on a sheet → what may be digits: parts that lie close together, as one; in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mnist_helpers.data.pictures.parts import Part, parts_of

THERE = 0.3  # of the full ink: more is a stroke, less the paper's grain and a stroke's soft edge
LEAST = 5  # pixels of a part: smaller ones are noise
WITHIN = 0.15  # of a part's pixels: with so many in other parts inside of it, it is a frame
HIGH = 48  # pixels: higher digits are made smaller, since MNIST's have 20
FULL = 75  # percent of the strokes' pixels have at most full ink
# In heights of a digit
SMOOTH = 0.015  # standard deviation of the blur that takes away the camera's noise
SPECK = 0.3  # parts lower and narrower than this are no digits
TALLEST = 2.5  # what is taller is a line, or the desk
LOW, LONG = 0.4, 1.5  # what is lower than the first and wider than the second is a line
NEAR = 0.2  # parts with less between them may be of one digit
ROW = 0.5  # more between two middles, one below the other, begins a row
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


def strokes_in(ink: np.ndarray) -> tuple[list[Part], float]:
    """The parts that may be digits or pieces of them, and the height that a digit usually has.

    `ink` is float32 [height, width] in [0, 1]. Without any part, the height is 0.
    """
    parts = [part for part in parts_of(ink > THERE) if part.area >= LEAST and not part.edges]
    parts = _without_frames(parts)
    if not parts:
        return [], 0.0
    # where half of all ink is in lower parts: specks weigh little
    order = sorted(parts, key=lambda part: part.height)
    weights = np.cumsum([part.area for part in order])
    tall = float(order[np.searchsorted(weights, weights[-1] / 2)].height)
    return [part for part in parts if _is_stroke(part, tall)], tall


def _is_stroke(part: Part, tall: float) -> bool:
    """Whether a part has the size of a digit, of a piece of one, or of several that touch."""
    speck = max(part.height, part.width) < SPECK * tall
    line = part.height < LOW * tall and part.width > LONG * tall
    return not (speck or line or part.height > TALLEST * tall)


def _without_frames(parts: Sequence[Part]) -> list[Part]:
    """Without the boxes of a form, and what else surrounds other parts."""
    sides = [(part.rows.start, part.columns.start, -part.rows.stop, -part.columns.stop)
             for part in parts]  # fmt: skip
    corners, areas = np.array(sides).reshape(-1, 4), np.array([part.area for part in parts])
    inside = [areas[(corners > corner).all(axis=1)].sum() for corner in corners]
    return [part for part, area in zip(parts, inside, strict=True) if area < WITHIN * part.area]


def evened(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """The same ink, full in the strokes, with less noise, and no larger than need be.

    What :func:`glyphs_in` takes, and by how much it has become smaller.
    """
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    strokes, tall = strokes_in(ink)
    if not strokes:
        return ink, 1.0
    inks = np.concatenate([ink[part.rows, part.columns][part.mask] for part in strokes])
    # the darkest pixel may be noise's
    full = np.minimum(ink / np.percentile(inks, FULL), 1)
    smooth = ndimage.gaussian_filter(full, SMOOTH * tall)
    if tall <= HIGH:
        return smooth, 1.0
    height, width = (max(1, round(side * HIGH / tall)) for side in smooth.shape)
    small = Image.fromarray(smooth).resize((width, height), Image.Resampling.BOX)
    return np.asarray(small), tall / HIGH


def glyphs_in(ink: np.ndarray) -> list[Glyph]:
    """What may be digits on a sheet's `ink`, float32 [height, width] in [0, 1], in no order."""
    strokes, tall = strokes_in(ink)
    groups = _groups(strokes, tall)
    return [_cut_out(ink, group) for group in groups if _height(group) > LOW * tall]


def _height(parts: Sequence[Part]) -> int:
    return int(max(part.rows.stop for part in parts) - min(part.rows.start for part in parts))


def _groups(parts: Sequence[Part], tall: float) -> list[list[Part]]:
    """Parts that may be of one digit, or whose digits may touch, together."""
    from scipy.sparse import coo_array  # type: ignore[import-untyped]  # it has no types
    from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

    pairs = [(i, j) for i in range(len(parts)) for j in range(i) if _near(parts[i], parts[j], tall)]
    i, j = np.array(pairs, int).reshape(-1, 2).T
    links = coo_array((np.ones(len(i)), (i, j)), shape=(len(parts), len(parts)))
    n, group = connected_components(links, directed=False)
    return [[part for part, k in zip(parts, group, strict=True) if k == g] for g in range(n)]


def _near(one: Part, other: Part, tall: float) -> bool:
    """Whether two parts are close together, and not a digit and one of the row below it."""
    across, down = _apart(one.columns, other.columns), _apart(one.rows, other.rows)
    whole = min(one.height, other.height) > 0.6 * tall
    return across < NEAR * tall and down < (-NEAR if whole else NEAR) * tall


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
