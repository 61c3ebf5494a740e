"""Which parts of a picture's ink are the digit: not the frame, a speck, or the desk's edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_helpers.data.pictures.parts import Part, parts_of

FAINTEST = 0.25  # of the digit's own ink: less is the paper's texture, or what shines through


@dataclass(frozen=True, eq=False)
class Found:
    """A digit in a picture.

    Attributes
    ----------
    rows, columns : slice
        The smallest rectangle around it.
    ink : numpy.ndarray
        float32 [height, width] of that rectangle in [0, 1]: the digit's ink alone, its own
        darkest about 1.
    contrast : float
        How far that darkest is from the paper, as :func:`mnist_helpers.data.pictures.ink.ink_of`
        gives it.
    score : float
        How much it looks like a digit, to compare it with others in the same picture.
    light : bool
        Whether it is light on dark.
    thickness : float
        Of its strokes, in pixels.
    """

    rows: slice
    columns: slice
    ink: np.ndarray
    contrast: float
    score: float
    light: bool
    thickness: float


def digit_in(away: np.ndarray, light: bool) -> Found | None:
    """The digit in what :func:`ink_of` gives, float32 [height, width]; None where there is none."""
    threshold = min(max(0.04, 4 * _noise(away)), 0.12)
    main, contrast = None, 0.0
    for _ in range(3):
        parts = parts_of(away > threshold)
        main = max(parts, key=lambda part: _score(part, away), default=None)
        if main is None:
            return None
        contrast = _contrast(main, away)
        if FAINTEST * contrast <= threshold:
            break
        threshold = FAINTEST * contrast  # what is much fainter falls away: it may have joined parts
    digit = [main, *(part for part in parts if part is not main and _belongs(part, main, away))]
    return _cut(digit, away, contrast, _score(main, away), light, main.thickness)


def _noise(away: np.ndarray) -> float:
    """The standard deviation of the paper, from the half of the pixels with the least ink."""
    return float(1.5 * np.percentile(away, 68))


def _contrast(part: Part, away: np.ndarray) -> float:
    """How dark a part is: of its darker half, the middle."""
    return float(np.percentile(away[part.rows, part.columns][part.mask], 75))


def _score(part: Part, away: np.ndarray) -> float:
    """How much a part looks like a digit: its ink, times doubts about its form."""
    mass = float(away[part.rows, part.columns][part.mask].sum())
    size = max(part.height, part.width)
    if part.edges >= 1:
        mass *= 0.1**part.edges
    if _is_frame(part):
        mass *= 0.01
    if size < 0.05 * max(away.shape):
        mass *= 0.1
    if part.thickness > 0.35 * size:  # a speck, a patch, a piece of the desk
        mass *= 0.1
    return mass


def _is_frame(part: Part) -> bool:
    """Whether it runs along the sides of its own rectangle, as frames and their corners do."""
    near = int(1.5 * part.thickness) + 1
    if min(part.height, part.width) < 4 * near:
        return False
    return bool(part.mask[near:-near, near:-near].sum() < 0.1 * part.area)


def _belongs(part: Part, main: Part, away: np.ndarray) -> bool:
    """Whether a part is a piece of the digit whose largest one is `main`."""
    size = max(main.height, main.width)
    if part.edges > main.edges or _is_frame(part):
        return False
    if _contrast(part, away) < 0.4 * _contrast(main, away) or part.area < 0.01 * main.area:
        return False
    long = max(part.height, part.width)
    if part.thickness > 2.5 * main.thickness:
        return False
    gap = _gap(part, main)
    if long > 0.9 * size and gap > 0.1 * size:  # as long as the digit, and beside it
        return False
    return gap <= (0.3 if long > 0.25 * size else 0.08) * max(size, long)


def _gap(part: Part, other: Part) -> float:
    """Between the two rectangles, in pixels; 0 where they overlap."""
    down = max(part.rows.start - other.rows.stop, other.rows.start - part.rows.stop, 0)
    right = max(part.columns.start - other.columns.stop, other.columns.start - part.columns.stop, 0)
    return float(np.hypot(down, right))


def _cut(
    digit: list[Part],
    away: np.ndarray,
    contrast: float,
    score: float,
    light: bool,
    thickness: float,
) -> Found:
    """The ink of these parts and of what fades out round them, nothing else."""
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    here = np.zeros(away.shape, bool)
    for part in digit:
        here[part.rows, part.columns] |= part.mask
    rows, columns = ndimage.find_objects(here.astype(np.int8))[0]
    around = ndimage.binary_dilation(here[rows, columns], iterations=2)
    ink = np.clip(away[rows, columns] / contrast, 0, 1) * around
    return Found(rows, columns, ink.astype(np.float32), contrast, score, light, thickness)
