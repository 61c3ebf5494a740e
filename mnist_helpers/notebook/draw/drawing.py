"""What is drawn between areas: lines, arrows, dots."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon

from mnist_helpers.notebook.draw.areas import Areas
from mnist_helpers.notebook.draw.canvas import paper_rim
from mnist_helpers.notebook.draw.colours import GREY, INK, PAPER
from mnist_helpers.notebook.draw.plane import Point


class Drawing(Areas):
    """A picture that is made of shapes; as the last line of a cell, it shows.

    Parameters and attributes are those of :class:`Canvas`; words and areas, too.
    """

    def line(
        self, points: Sequence[Point], *, colour: str = INK, width: float = 1.4,
        dashed: bool = False, rim: bool = False,
    ) -> None:  # fmt: skip
        """A line through the points.

        Parameters
        ----------
        points : sequence of (float, float)
            Two or more.
        colour : str
            Of the line.
        width : float
            Of the line.
        dashed : bool
            Whether it is.
        rim : bool
            Whether a rim of paper makes it visible on a dark picture.
        """
        effects = paper_rim(width) if rim else None
        self._line(points, colour, width, dashed, path_effects=effects)

    def arrow(
        self, *points: Point, words: str = "", colour: str = INK, width: float = 1.4,
        dashed: bool = False, bend: float = 0.0, both: bool = False, gap: float = 0.0,
    ) -> None:  # fmt: skip
        """An arrow through the points, with a corner at each but the first and the last.

        Parameters
        ----------
        *points : (float, float)
            Two or more.
        words : str
            They stand above the middle between the first and the last.
        colour : str
            Of the arrow.
        width : float
            Of its line; the head grows with it.
        dashed : bool
            Whether its line is.
        bend : float
            Of two points: how far to its right the point lies that bends it (below 0: to its left),
            in lengths; the curve goes half as far.
        both : bool
            Whether it has a head at each end: a measure.
        gap : float
            How long before its end it stops.
        """
        way = _curve(points[0], points[-1], bend) if bend else list(points)
        way = _shortened(way, gap)
        ends = [way, way[::-1]] if both else [way]
        long, half = 4 + 1.8 * width, 2.1 + 1.3 * width  # of a head
        for end in ends:
            self._head(end[-1], _shortened(end, long)[-1], half, colour)
        way = _shortened(way, 0.8 * long)
        if both:
            way = _shortened(way[::-1], 0.8 * long)
        self._line(way, colour, width, dashed, zorder=3)
        if words:
            (x0, y0), (x1, y1) = points[0], points[-1]
            self.words((x0 + x1) / 2, (y0 + y1) / 2 - 10, words, colour=colour)

    def _head(self, tip: Point, foot: Point, half: float, colour: str) -> None:
        """A triangle from the middle of its foot to its tip."""
        share = half / (math.dist(tip, foot) or 1)
        across = (foot[1] - tip[1]) * share, (tip[0] - foot[0]) * share
        sides = [(foot[0] + side * across[0], foot[1] + side * across[1]) for side in (1, -1)]
        self._add(Polygon([tip, *sides], facecolor=colour, linewidth=0, zorder=3))

    def all_to_all(
        self, before: Sequence[Point], after: Sequence[Point], *, colour: str = GREY,
        width: float = 0.5, faint: bool = True,
    ) -> None:  # fmt: skip
        """Lines from each point to each point of the next layer, behind everything.

        Parameters
        ----------
        before, after : sequence of (float, float)
            The points of the two layers.
        colour : str
            Of the lines.
        width : float
            Of the lines.
        faint : bool
            Whether they are half transparent.
        """
        lines = [[a, b] for a in before for b in after]
        self._axes.add_collection(
            LineCollection(
                lines, colors=colour, linewidths=width, alpha=0.45 if faint else None, zorder=0.8,
                clip_on=False,
            ),
            autolim=False,
        )  # fmt: skip

    def dots(
        self, points: Sequence[Point], *, colour: str = INK, size: float = 6, edge: str = PAPER
    ) -> None:
        """Dots on top of lines and frames.

        Parameters
        ----------
        points : sequence of (float, float)
            Their middles.
        colour : str
            Of the dots.
        size : float
            Their diameter.
        edge : str
            The colour of their edge.
        """
        x, y = zip(*points, strict=True)
        self._axes.scatter(
            x, y, s=size**2, color=colour, edgecolors=edge, linewidths=0.8, zorder=4, marker="o",
            clip_on=False,
        )  # fmt: skip

    def cross(self, x: float, y: float) -> None:
        """A cross on top of everything: a goal.

        Parameters
        ----------
        x, y : float
            Its middle.
        """
        for sign in (1, -1):
            self._line([(x - 4.5, y - sign * 4.5), (x + 4.5, y + sign * 4.5)], INK, 2, zorder=5)


def _curve(start: Point, end: Point, bend: float) -> list[Point]:
    """Points of an arc (a quadratic Bézier curve) from start to end."""
    (x0, y0), (x1, y1) = start, end
    top = (x0 + x1) / 2 - bend * (y1 - y0), (y0 + y1) / 2 + bend * (x1 - x0)
    parts = np.linspace(0, 1, 25)[:, None]
    arc = (1 - parts) ** 2 * start + 2 * parts * (1 - parts) * top + parts**2 * np.array(end)
    return [(float(x), float(y)) for x, y in arc]


def _shortened(way: Sequence[Point], far: float) -> list[Point]:
    """The line without the last `far` units of its length."""
    points = list(way)
    while len(points) > 2 and (last := math.dist(points[-1], points[-2])) <= far:
        far -= last
        points.pop()
    back, end = points[-2], points[-1]
    share = far / (math.dist(end, back) or 1)
    points[-1] = (end[0] + (back[0] - end[0]) * share, end[1] + (back[1] - end[1]) * share)
    return points
