"""The shapes that pictures of ideas are made of: boxes, arrows, pixels, stacks of feature maps.

What is drawn stays where it is put: nothing is arranged by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch, Patch, Polygon, Rectangle
from matplotlib.patheffects import withStroke

from mnist_helpers.notebook.draw.canvas import Canvas
from mnist_helpers.notebook.draw.colours import GREY, INK, PAPER, SMALL, TINTS, WORDS
from mnist_helpers.notebook.draw.plane import Plane, Point

DASHES = (0, (3.5, 2.0))
FRAME = 2.5  # what lies on everything but words and dots


class Drawing(Canvas):
    """A picture that is made of shapes; as the last line of a cell, it shows.

    Parameters and attributes are those of :class:`Canvas`. Sizes and places are in units; (x, y) of
    what has corners is its left upper one.
    """

    def _add(self, shape: Patch) -> None:
        shape.set_clip_on(False)
        self._axes.add_patch(shape)

    def box(
        self, x: float, y: float, width: float, height: float, words: str = "", *,
        colour: str = GREY, edge: str = "", strong: bool = False, square: bool = False,
        dashed: bool = False, size: float = WORDS,
    ) -> None:  # fmt: skip
        """A box with words in the middle.

        Parameters
        ----------
        x, y, width, height : float
            Where it is, and its size.
        words : str
            What stands in it.
        colour : str
            Of its edge; the area has its tint.
        edge : str
            Another colour for the edge.
        strong : bool
            White words on the full colour: it stands out without colour, too.
        square : bool
            Whether its corners are: a cell, a bar.
        dashed : bool
            Whether its edge is.
        size : float
            Of the words.
        """
        look: dict[str, Any] = {
            "facecolor": colour if strong else TINTS.get(colour, PAPER),
            "edgecolor": edge or colour, "linewidth": 1.2, "linestyle": DASHES if dashed else "-",
        }  # fmt: skip
        if square:
            self._add(Rectangle((x, y), width, height, **look))
        else:
            inner = (x + 4, y + 4), width - 8, height - 8
            self._add(FancyBboxPatch(*inner, boxstyle="round,pad=4,rounding_size=5", **look))
        if words:
            ink = PAPER if strong else INK
            self.words(x + width / 2, y + height / 2, words, colour=ink, size=size)

    def cells(
        self, x: float, y: float, side: float, words: Sequence[Sequence[str]], *,
        colour: str = GREY, dashed: bool = False, inks: np.ndarray | None = None,
        size: float = SMALL,
    ) -> None:  # fmt: skip
        """A table of square cells.

        Parameters
        ----------
        x, y : float
            Where it is.
        side : float
            Of a cell.
        words : sequence of sequences of str
            A row of words after the other.
        colour : str
            Of the edges; the cells have its tint.
        dashed : bool
            Whether the edges are.
        inks : numpy.ndarray, optional
            float [rows, columns], 0 paper and 1 ink: the cells are as grey as pixels.
        size : float
            Of the words.
        """
        for i, row in enumerate(words):
            for j, word in enumerate(row):
                dark = 0.0 if inks is None else float(inks[i][j])
                face = TINTS.get(colour, PAPER) if inks is None else str(1 - dark)
                left, top = x + j * side, y + i * side
                self._add(
                    Rectangle(
                        (left, top), side, side, facecolor=face, edgecolor=colour, linewidth=1,
                        linestyle=DASHES if dashed else "-",
                    )
                )  # fmt: skip
                if word:
                    ink = PAPER if dark > 0.5 else INK
                    self.words(left + side / 2, top + side / 2, word, colour=ink, size=size)

    def frame(
        self, x: float, y: float, width: float, height: float, *, colour: str = INK,
        line: float = 1.2, dashed: bool = False, rim: bool = False,
    ) -> None:  # fmt: skip
        """An empty rectangle on top of what is there.

        Parameters
        ----------
        x, y, width, height : float
            Where it is, and its size.
        colour : str
            Of its line.
        line : float
            The line's width.
        dashed : bool
            Whether the line is.
        rim : bool
            Whether a rim of paper makes it visible on a dark picture.
        """
        self._add(
            Rectangle(
                (x, y), width, height, fill=False, edgecolor=colour, linewidth=line, zorder=FRAME,
                linestyle=DASHES if dashed else "-", path_effects=_rim(line) if rim else None,
            )
        )  # fmt: skip

    def circle(
        self, x: float, y: float, radius: float, words: str = "", *, colour: str = GREY,
        fill: str | None = None,
    ) -> None:  # fmt: skip
        """A circle about (x, y): a unit of a network, for example.

        Parameters
        ----------
        x, y, radius : float
            Its middle, and its size.
        words : str
            What stands in it.
        colour : str
            Of its edge; the area has its tint.
        fill : str, optional
            Another colour for the area; "none" leaves it open.
        """
        face = TINTS.get(colour, PAPER) if fill is None else fill
        self._add(Circle((x, y), radius, facecolor=face, edgecolor=colour, linewidth=1.2))
        if words:
            self.words(x, y, words)

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
        effects = _rim(width) if rim else None
        self._line(points, colour, width, dashed, path_effects=effects)

    def _line(
        self, points: Sequence[Point], colour: str, width: float, dashed: bool = False,
        **options: Any,
    ) -> None:  # fmt: skip
        x, y = zip(*points, strict=True)
        line = Line2D(
            x, y, color=colour, linewidth=width, linestyle=DASHES if dashed else "-",
            solid_capstyle="round", solid_joinstyle="round", dash_capstyle="butt", marker="",
            clip_on=False, **options,
        )  # fmt: skip
        self._axes.add_line(line)

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
            Of two points: how far it curves to its right (below 0: to its left), in lengths.
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

    def stack(
        self, x: float, y: float, side: float, maps: int, *, colour: str = GREY, shown: int = 5
    ) -> float:
        """Feature maps behind each other: squares, the first in front.

        Parameters
        ----------
        x, y : float
            The left upper corner of the one in front.
        side : float
            Of each.
        maps : int
            How many there are.
        colour : str
            Of their edges; the areas have its tint.
        shown : int
            How many are drawn at most.

        Returns
        -------
        float
            How far those behind reach to the right, and up.
        """
        step, n = 4.0, min(maps, shown)
        for i in reversed(range(n)):
            corner = (x + i * step, y - i * step)
            face = TINTS.get(colour, PAPER)
            self._add(Rectangle(corner, side, side, facecolor=face, edgecolor=colour, lw=1.1))
        return (n - 1) * step

    def pixels(
        self, x: float, y: float, width: float, image: np.ndarray, *, height: float | None = None,
        colours: Sequence[str] = (PAPER, "#000000"), edge: str = GREY, grid: bool = False,
    ) -> None:  # fmt: skip
        """A picture, sharp to the pixel, in a fine frame.

        Parameters
        ----------
        x, y, width : float
            Where it is, and its size.
        image : numpy.ndarray
            [h, w]: bytes, or floats from 0 to 1.
        height : float, optional
            Its height, where pixels are not square.
        colours : sequence of str
            From that of 0 to that of 1 (255).
        edge : str
            The colour of the frame.
        grid : bool
            Whether there are lines between the pixels.
        """
        numbers = as_floats(image)
        rows, columns = numbers.shape
        height = width / columns * rows if height is None else height
        self._axes.imshow(
            numbers, cmap=LinearSegmentedColormap.from_list("inks", colours), vmin=0, vmax=1,
            interpolation="none", aspect="auto", extent=(x, x + width, y + height, y), zorder=1.5,
            clip_on=False, origin="upper",
        )  # fmt: skip
        inner = [*range(1, columns)] if grid else []
        for i in inner:
            across = x + i * width / columns
            self._line([(across, y), (across, y + height)], "#CCCCCC", 0.4, zorder=1.6)
        for i in range(1, rows if grid else 1):
            down = y + i * height / rows
            self._line([(x, down), (x + width, down)], "#CCCCCC", 0.4, zorder=1.6)
        frame = Rectangle((x, y), width, height, fill=False, edgecolor=edge, lw=0.8, zorder=1.8)
        self._add(frame)

    def area(self, points: Sequence[Point], *, colour: str = GREY, strong: bool = False) -> None:
        """A polygon without an edge, behind everything.

        Parameters
        ----------
        points : sequence of (float, float)
            Its corners.
        colour : str
            It has its tint.
        strong : bool
            Or the colour itself.
        """
        face = colour if strong else TINTS.get(colour, PAPER)
        self._add(Polygon(points, facecolor=face, edgecolor="none", zorder=0.5))

    def ellipses(
        self, plane: Plane, middle: Point, sizes: Sequence[Point], *, colour: str = GREY
    ) -> None:
        """Ellipses about one point, as far as a plane goes: the contours of a valley.

        Parameters
        ----------
        plane : Plane
            Where they are; it gets a frame.
        middle : (float, float)
            Their middle, in the plane's numbers.
        sizes : sequence of (float, float)
            How far each reaches along x and along y, in the plane's numbers.
        colour : str
            Of the lines.
        """
        x, y = plane.at(*middle)
        edges = (plane.left, plane.top), plane.width, plane.height
        border = Rectangle(*edges, transform=self._axes.transData)
        for size in sizes:
            right, up = plane.at(middle[0] + size[0], middle[1] + size[1])
            ring = Ellipse((x, y), 2 * (right - x), 2 * (y - up), fill=False, edgecolor=colour,
                           linewidth=0.9, zorder=0.9)  # fmt: skip
            self._axes.add_patch(ring)
            ring.set_clip_path(border)
        self.frame(*edges[0], *edges[1:], colour="#BBBBBB", line=0.8)


def as_floats(image: np.ndarray) -> np.ndarray:
    """Pixels from 0 to 1, of bytes or of floats.

    Parameters
    ----------
    image : numpy.ndarray
        uint8, or floats from 0 to 1.

    Returns
    -------
    numpy.ndarray
        float64, of the same shape.
    """
    numbers = np.asarray(image)
    return numbers / 255 if numbers.dtype == np.uint8 else numbers.astype(np.float64)


def _rim(width: float) -> list[withStroke]:
    return [withStroke(linewidth=width + 1.6, foreground=PAPER)]


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
