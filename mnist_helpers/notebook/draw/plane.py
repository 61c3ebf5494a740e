"""A part of a drawing that has numbers of its own: where curves and valleys are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Point = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """A rectangle of a drawing, with its own numbers along x and, upwards, along y.

    Attributes
    ----------
    left, top : float
        Its left upper corner, in units of the drawing.
    width, height : float
        Its size, in units of the drawing.
    x, y : tuple of float
        Its first and last number, from left to right and from the bottom to the top.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Where (x, y) lies in the drawing.

        Parameters
        ----------
        x, y : float or numpy.ndarray
            Numbers of the plane.

        Returns
        -------
        tuple
            Two of the same kind, in units of the drawing.
        """
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def along(
        self, x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray
    ) -> list[Point]:
        """Where many points lie in the drawing.

        Parameters
        ----------
        x, y : sequence of float
            Numbers of the plane, as many of each.

        Returns
        -------
        list of (float, float)
            For `Drawing.line` and others.

        Raises
        ------
        ValueError
            If there are more of one.
        """
        return [self.at(*point) for point in zip(x, y, strict=True)]


def trimmed(start: Point, end: Point, first: float, last: float) -> list[Point]:
    """A line between two points that leaves out a part at both ends."""
    length = math.dist(start, end)
    way = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    return [
        (start[0] + first * way[0], start[1] + first * way[1]),
        (end[0] - last * way[0], end[1] - last * way[1]),
    ]
