"""Which parts of a picture's ink are the digit: not the frame, a speck, or the desk's edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_helpers.data.pictures.parts import Part, parts_of

FAINTEST = 0.2  # of the digit's own ink: less is the paper's texture, or what shines through


@dataclass(frozen=True, eq=False)
class Found:
    """A digit in a picture.

    Attributes
    ----------
    rows, columns : slice
        The smallest rectangle around it, and around what fades out there.
    ink : numpy.ndarray
        float32 [height, width] of that rectangle in [0, 1]: the digit's ink alone, its own
        darkest about 1.
    contrast : float
        How far that darkest is from the paper, as :func:`mnist_helpers.data.pictures.ink.ink_of`
        gives it.
    peak : float
        The same of its very darkest pixel.
    thickness : float
        Of its strokes, in pixels.
    """

    rows: slice
    columns: slice
    ink: np.ndarray
    contrast: float
    peak: float
    thickness: float


def digit_in(away: np.ndarray) -> Found | None:
    """The digit in what :func:`ink_of` gives, float32 [height, width]; None where there is none."""
    # a canvas has no noise: there, and only there, very faint ink can be told from the paper
    threshold = min(max(0.04, 4 * _noise(away)), 0.12) if away.max() > 0.1 else 0.015
    while True:
        parts = parts_of(away > threshold)
        if not parts:
            return None
        main = max(parts, key=lambda part: _score(part, away))
        contrast = _contrast(main, away)
        if contrast < 0.1 and (main.edges or max(main.mask.shape) < 0.1 * max(away.shape)):
            return None  # the dark end of uneven light, or a grain of the paper
        if FAINTEST * contrast <= 1.05 * threshold:
            return _cut(_with_pieces(main, parts, away), away, contrast, main.thickness)
        threshold = FAINTEST * contrast  # what is much fainter falls away: it may have joined parts


def outlined(found: Found, grey: np.ndarray, light_ink: bool) -> float:
    """At which share of a digit's outline its picture has an edge, too: in [0, 1].

    A stroke ends where the grey values change. What was taken for ink and is a piece of the paper
    or the desk ends in part where the window of :func:`ink_of` does, in the midst of even grey.
    `grey` is what it was found in, float32 [height, width]; `light_ink` as in :func:`ink_of`.
    """
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    dark_on_light = -grey if light_ink else grey
    paper = ndimage.maximum_filter(dark_on_light, 5)  # the lightest, two pixels around
    step = paper - dark_on_light
    if not light_ink:
        step /= np.maximum(paper, 0.1)  # a shadow takes the same share from paper and ink
    there = found.ink > 0.5
    outline = there & ~ndimage.binary_erosion(there, np.ones((3, 3)))
    steps = step[found.rows, found.columns][outline]
    return float((steps > 0.4 * np.percentile(steps, 90)).mean())


def _noise(away: np.ndarray) -> float:
    """The standard deviation of the paper, from the half of the pixels with the least ink."""
    return float(1.5 * np.percentile(away, 68))


def _contrast(part: Part, away: np.ndarray) -> float:
    """How dark a part is: the mean of its ink, each pixel counted as often as it has ink."""
    ink = away[part.rows, part.columns][part.mask]
    return float((ink**2).sum() / ink.sum())


def _score(part: Part, away: np.ndarray) -> float:
    """How much a part looks like a digit: how long its strokes are, and dark; less if in doubt."""
    ink = float(away[part.rows, part.columns][part.mask].sum())
    score = ink / part.thickness * 0.3**part.edges
    size = max(part.height, part.width)
    if _on_edge(part, away.shape) > 0.5 * size:  # the desk
        score *= 0.01
    if _is_frame(part):
        score *= 0.01
    if size < 0.05 * max(away.shape) or part.thickness > 0.35 * size:  # a speck, or a patch
        score *= 0.1
    return score


def _on_edge(part: Part, shape: tuple[int, ...]) -> int:
    """How many pixels it has on the picture's edge, at most on one side."""
    height, width = shape
    sides = [
        part.mask[0].sum() * (part.rows.start == 0),
        part.mask[-1].sum() * (part.rows.stop == height),
        part.mask[:, 0].sum() * (part.columns.start == 0),
        part.mask[:, -1].sum() * (part.columns.stop == width),
    ]
    return int(max(sides))


def _is_frame(part: Part) -> bool:
    """Whether it runs along the sides of its own rectangle, as frames and their corners do."""
    near = int(1.5 * part.thickness) + 1
    if min(part.height, part.width) < 4 * near:
        return False
    return bool(part.mask[near:-near, near:-near].sum() < 0.1 * part.area)


def _with_pieces(main: Part, parts: list[Part], away: np.ndarray) -> list[Part]:
    """The digit's largest part, and those that belong to it: nearby, and like it."""
    digit, others = [main], [part for part in parts if part is not main]
    others = [part for part in others if _alike(part, main, away)]
    while True:
        near = [part for part in others if _near(part, digit)]
        if not near:
            return digit
        digit += near
        others = [part for part in others if part not in near]


def _alike(part: Part, main: Part, away: np.ndarray) -> bool:
    """Whether a part may be a piece of the same digit: of its ink and pen, no frame, no edge."""
    return (
        part.edges <= main.edges
        and not _is_frame(part)
        and part.area >= 0.01 * main.area
        and part.thickness <= 2.5 * main.thickness
        and _contrast(part, away) >= 0.4 * _contrast(main, away)
    )


def _near(part: Part, digit: list[Part]) -> bool:
    """Whether a part is so close to the digit as a piece of its size may be."""
    top, bottom = min(p.rows.start for p in digit), max(p.rows.stop for p in digit)
    left, right = min(p.columns.start for p in digit), max(p.columns.stop for p in digit)
    down = max(part.rows.start - bottom, top - part.rows.stop, 0)
    across = max(part.columns.start - right, left - part.columns.stop, 0)
    gap, size, long = np.hypot(down, across), max(bottom - top, right - left), max(part.mask.shape)
    if long > 0.9 * size and across > 0.1 * size:  # as long as the digit, and beside it
        return False
    return bool(gap <= (0.35 if long > 0.25 * size else 0.08) * max(size, long))


def _cut(digit: list[Part], away: np.ndarray, contrast: float, thickness: float) -> Found:
    """The ink of these parts and of what fades out round them, nothing else."""
    from scipy import ndimage

    here = np.zeros(away.shape, bool)
    for part in digit:
        here[part.rows, part.columns] |= part.mask
    here = ndimage.binary_dilation(here, iterations=2)
    rows, columns = ndimage.find_objects(here.astype(np.int8))[0]
    ink = away[rows, columns] * here[rows, columns]
    full = float(np.percentile(ink[ink > FAINTEST * contrast], 95))  # a few pixels may be darker
    peak = float(ink.max())
    ink = np.clip(ink / full, 0, 1).astype(np.float32)
    return Found(rows, columns, ink, contrast, peak, thickness)
