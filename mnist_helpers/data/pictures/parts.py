"""Ink → its connected parts, with what tells a digit's stroke from a speck, a frame or a shadow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Part:
    """One connected piece of ink; pixels that touch at a corner are connected.

    Attributes
    ----------
    rows, columns : slice
        The smallest rectangle around it, as ``array[part.rows, part.columns]``.
    mask : numpy.ndarray
        bool [height, width] of that rectangle: which of its pixels are of this part.
    area : int
        How many pixels it has.
    thickness : float
        Of its strokes, in pixels: four times the mean distance of its pixels from the paper, which
        is the width of a long bar.
    edges : int
        How many of the array's four edges it touches.
    """

    rows: slice
    columns: slice
    mask: np.ndarray
    area: int
    thickness: float
    edges: int

    @property
    def height(self) -> int:
        """Of the rectangle, in pixels."""
        return int(self.rows.stop - self.rows.start)

    @property
    def width(self) -> int:
        """Of the rectangle, in pixels."""
        return int(self.columns.stop - self.columns.start)


def parts_of(there: np.ndarray) -> list[Part]:
    """The connected parts of a bool [height, width], the one with the most pixels first."""
    # imported late: it takes a while, and most programs read no pictures
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    labels, n = ndimage.label(there, np.ones((3, 3)))
    if n == 0:
        return []
    padded = np.pad(there, 1)  # beyond the array there is paper
    depth = ndimage.distance_transform_cdt(padded, "chessboard")[1:-1, 1:-1] - 0.5
    areas = np.bincount(labels.ravel(), minlength=n + 1)
    depths = np.bincount(labels.ravel(), depth.ravel(), minlength=n + 1)
    boxes = ndimage.find_objects(labels)
    height, width = there.shape
    parts = []
    for label in np.argsort(-areas[1:], kind="stable") + 1:
        rows, columns = boxes[label - 1]
        parts.append(
            Part(
                rows,
                columns,
                labels[rows, columns] == label,
                int(areas[label]),
                float(4 * depths[label] / areas[label]),
                (rows.start == 0) + (rows.stop == height)
                + (columns.start == 0) + (columns.stop == width),
            )
        )  # fmt: skip
    return parts
