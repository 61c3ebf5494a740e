"""Ruled and squared paper: its lines are taken out of the ink, and strokes across them kept."""

from __future__ import annotations

import numpy as np

STEEPEST = 0.025  # pixels up or down for each pixel along a line: about a degree and a half
COVERED = 0.7  # of the picture's width: a line has ink in at least so much of it
FAINTEST = 0.03  # of the paper's light: less is no line
THICKEST = 0.03  # of the longer side


def without_lines(away: np.ndarray) -> np.ndarray:
    """`away`, float32 [height, width] of ink, without lines right across it, level or upright.

    There must be three in a direction, or two in both: a frame. One may be a stroke.
    """
    level, slope = _lines(away)
    upright, slant = _lines(away.T)
    if len(level) >= 3 or (len(level) >= 2 and len(upright) >= 2):
        away = _without(away, level, slope)
    if len(upright) >= 3 or (len(level) >= 2 and len(upright) >= 2):
        away = _without(away.T, upright, slant).T
    return away


def _lines(away: np.ndarray) -> tuple[list[tuple[np.ndarray, float]], float]:
    """The lines from left to right, as rows and level of each, in `away` levelled by the slope."""
    width = away.shape[1]
    slopes = np.linspace(-STEEPEST, STEEPEST, 2 * round(STEEPEST * width) + 1)
    some = slice(None, None, max(1, width // 64))  # columns enough to choose the slope by
    capped = np.minimum(away, 10 * FAINTEST)  # a bold stroke counts for no more than a line
    slope = max(slopes, key=lambda s: np.sum(_levelled(capped, s, some).mean(axis=1) ** 2))
    levels = np.quantile(_levelled(away, slope), 1 - COVERED, axis=1)
    runs = _runs(levels > FAINTEST)
    thickest = THICKEST * max(away.shape)
    return [(rows, float(levels[rows].max())) for rows in runs if len(rows) <= thickest], slope


def _without(away: np.ndarray, lines: list[tuple[np.ndarray, float]], slope: float) -> np.ndarray:
    levelled = _levelled(away, slope)
    for rows, level in lines:
        levelled = _taken_out(levelled, rows, level)
    return _levelled(levelled, -slope)


def _levelled(away: np.ndarray, slope: float, some: slice = slice(None)) -> np.ndarray:
    """Columns moved up or down, so that lines of this slope become level."""
    height, width = away.shape
    columns = np.arange(width)[some]
    down = np.rint(slope * (columns - width / 2)).astype(int)
    return away[(np.arange(height)[:, None] + down) % height, columns]


def _runs(there: np.ndarray) -> list[np.ndarray]:
    """The runs of True in a bool [n], each as its indices."""
    where = np.flatnonzero(there)
    return [run for run in np.split(where, np.flatnonzero(np.diff(where) > 1) + 1) if len(run)]


def _taken_out(levelled: np.ndarray, line: np.ndarray, level: float) -> np.ndarray:
    """Without one line. What is much darker than it is a stroke, and so is what goes on beyond."""
    top, bottom = max(line[0] - 1, 0), min(line[-1] + 2, len(levelled))  # its blurred edges, too
    band = levelled[top:bottom]
    above = levelled[max(top - 2, 0) : top].max(axis=0, initial=0)
    below = levelled[bottom : bottom + 2].max(axis=0, initial=0)
    share = ((np.arange(bottom - top) + 1) / (bottom - top + 1))[:, None]
    crossing = np.minimum(band, (1 - share) * above + share * below)
    darker = np.maximum(band - 1.5 * level, 0)
    rest = levelled.copy()
    rest[top:bottom] = np.maximum(crossing, darker)
    return rest
