"""What has an area: boxes, tables, circles, feature maps, pixels.

What is drawn stays where it is put: nothing is arranged by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch, Polygon, Rectangle

from mnist_helpers.notebook.draw.canvas import DASHES, Canvas, paper_rim
from mnist_helpers.notebook.draw.colours import GREY, INK, PAPER, SMALL, TINTS, WORDS
from mnist_helpers.notebook.draw.plane import Plane, Point

FRAME = 2.5  # what lies on everything but words and dots


class Areas(Canvas):
    """A canvas on which areas can be drawn.

    Parameters and attributes are those of :class:`Canvas`. Sizes and places are in units; (x, y) of
    what has corners is its left upper one. A colour's area has its tint.
    """

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
                linestyle=DASHES if dashed else "-", path_effects=paper_rim(line) if rim else None,
            )
        )  # fmt: skip

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
