"""Seams: where digits that touch may be cut, along paths from the top that cross little ink."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

ASIDE = 0.3  # pixels of full ink: what a step to the side costs, so that a seam is no detour
APART = 0.02  # heights: of seams closer to each other the better one is kept
OUTER = 0.1  # heights: no seam is closer to a side, since no digit is narrower
MOST = 0.7  # heights of full ink: a seam that crosses more runs along a stroke


class Seam(NamedTuple):
    """A way through the ink from the top to the bottom.

    Attributes
    ----------
    columns : numpy.ndarray
        int [height]: in each row, the first column to the right of the cut.
    cost : float
        How much ink it crosses, detours included, in heights of full ink.
    """

    columns: np.ndarray
    cost: float


def seams_in(ink: np.ndarray) -> list[Seam]:
    """Where `ink`, float [height, width] in [0, 1], may be cut, from the left; first its own sides.

    Of all paths through a pixel of the middle row the cheapest is looked for, and of neighbours the
    cheapest is taken.
    """
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    height, width = ink.shape
    middle = height // 2
    above, steps_above = _paths(ink[: middle + 1])
    below, steps_below = _paths(ink[middle:][::-1])
    cost = (above + below - ink[middle]) / height
    least = ndimage.minimum_filter1d(cost, 2 * max(1, round(APART * height)) + 1)
    inside = slice(round(OUTER * height), max(width - round(OUTER * height), 0))
    places = np.flatnonzero((cost == least) & (cost < MOST))
    seams = [Seam(np.zeros(height, int), 0.0)]
    for x in places[(places >= inside.start) & (places < inside.stop)]:
        if x - seams[-1].columns[middle] > APART * height:  # not twice in a gap without any ink
            up, down = _followed(steps_above, x), _followed(steps_below, x)
            seams.append(Seam(np.concatenate([up[::-1], down[1:]]), float(cost[x])))
    return [*seams, Seam(np.full(height, width), 0.0)]


def _paths(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest way from the first row to each pixel of the last.

    Returns what each costs, float [width], and for each pixel the step to the row before, -1, 0 or
    1 to the side: int [height, width].
    """
    cost = ink[0].astype(np.float64)
    steps = np.zeros(ink.shape, int)
    for y in range(1, len(ink)):
        near = np.pad(cost, 1, constant_values=np.inf)
        ways = np.stack([near[:-2] + ASIDE, near[1:-1], near[2:] + ASIDE])
        steps[y] = ways.argmin(axis=0) - 1
        cost = ways.min(axis=0) + ink[y]
    return cost, steps


def _followed(steps: np.ndarray, x: int) -> np.ndarray:
    """The columns of the cheapest way to column `x` of the last row, from there on."""
    columns = [x]
    for row in steps[:0:-1]:
        columns.append(columns[-1] + row[columns[-1]])
    return np.array(columns)
