"""The paper that is drawn on: words on it, and what a notebook is given."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from PIL import Image

from mnist_helpers.notebook.draw.colours import INK, PAPER, WIDTH, WORDS
from mnist_helpers.notebook.draw.plane import Point
from mnist_helpers.notebook.draw.svg import smaller

ENGLISH: Mapping[str, str] = MappingProxyType({})  # words stay as they are
FONT, CODE = "DejaVu Sans", "DejaVu Sans Mono"  # they come with Matplotlib
# Nothing that a picture's bytes depend on is left to the reader's settings, to the hour or to
# chance. Words become outlines: they look and fit the same in every viewer, whatever fonts it has.
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "path", "svg.hashsalt": "digits", "savefig.bbox": None,
    "path.simplify": True, "path.simplify_threshold": 1 / 9, "path.sketch": None,
}  # fmt: skip
NO_METADATA = ("Date", "Creator", "Format", "Type")
DASHES = (0, (3.5, 2.0))
HALF = 0.365  # of a capital letter's height, in sizes


class Canvas:
    """White paper, 360 units wide, on which words can be written.

    As the last line of a cell, it shows. The notebook stores it twice: as SVG, which is sharp at
    every size, and as PNG, for viewers that show no SVG of a stranger's.

    Parameters
    ----------
    height : float
        In units. y grows downwards.
    alt : str
        What the picture says, in words, for whoever cannot see it.
    words : mapping of str to str
        English words of the picture, and what is to stand in their place.

    Attributes
    ----------
    height : float
        As given.
    alt : str
        As given.
    figure : matplotlib.figure.Figure
        What is drawn.

    Raises
    ------
    ValueError
        If `alt` says nothing.
    """

    def __init__(self, height: float, alt: str, words: Mapping[str, str] = ENGLISH) -> None:
        if len(alt.strip()) < 20:
            raise ValueError(f"an alternative text says what the picture says, not {alt!r}")
        self.height, self.alt = height, alt
        self._translations = words
        self.figure = Figure(figsize=(WIDTH / 72, height / 72))  # a unit is a point
        FigureCanvasAgg(self.figure)
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(height, 0)

    def said(self, words: str, *numbers: object) -> str:
        """The words in the picture's language, with numbers in their places.

        Parameters
        ----------
        words : str
            English, each number as ``{}``.
        *numbers : object
            What stands there.

        Returns
        -------
        str
            The words.
        """
        return self._translations.get(words, words).format(*numbers)

    def words(
        self, x: float, y: float, words: str, *, colour: str = INK, align: str = "center",
        bold: bool = False, code: bool = False, size: float = WORDS, rim: bool = False,
    ) -> None:  # fmt: skip
        """Words; those with the same y stand level, whatever letters they have.

        Parameters
        ----------
        x, y : float
            Their middle; `y` is that of capital letters.
        words : str
            English; a line break begins a new line.
        colour : str
            Of the letters.
        align : str
            With "left" or "right", they begin or end at `x`.
        bold : bool
            Whether the letters are.
        code : bool
            Whether it is code, in letters of one width.
        size : float
            Of the letters, in units.
        rim : bool
            Whether a rim of paper keeps them clear of what is behind them.
        """
        lines = self._translations.get(words, words).split("\n")
        for i, line in enumerate(lines):
            foot = y + size * (HALF + 1.2 * (i - (len(lines) - 1) / 2))
            text = self._axes.text(
                x, foot, line, color=colour, fontsize=size, ha=align, va="baseline",
                weight="bold" if bold else "normal", family=CODE if code else FONT,
                math_fontfamily="dejavusans",
            )  # fmt: skip
            if rim:
                text.set_path_effects([withStroke(linewidth=3, foreground=PAPER)])

    def line_up(self, y: float, words: Sequence[tuple[float, str]], *, bold: bool = False) -> None:
        """Words side by side.

        Parameters
        ----------
        y : float
            The middle of their capital letters.
        words : sequence of (float, str)
            The middle of each, and the words.
        bold : bool
            Whether the letters are.
        """
        for x, word in words:
            self.words(x, y, word, bold=bold)

    def _add(self, shape: Patch) -> None:
        shape.set_clip_on(False)
        self._axes.add_patch(shape)

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

    def svg(self) -> str:
        """The picture as SVG, without a reference to anything outside it.

        Returns
        -------
        str
            The same text for the same picture. It carries the alternative text.
        """
        text = self._saved("svg", metadata=dict.fromkeys(NO_METADATA)).decode()
        return smaller(text, {"role": "img", "aria-label": self.alt})

    def png(self) -> bytes:
        """The picture as PNG, with two pixels to a unit.

        Returns
        -------
        bytes
            A file with at most 256 colours, which makes it small.
        """
        content = io.BytesIO()
        with Image.open(io.BytesIO(self._saved("png", dpi=144))) as picture:
            few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
            few.save(content, "PNG", optimize=True)
        return content.getvalue()

    def _saved(self, kind: str, **options: Any) -> bytes:
        content = io.BytesIO()
        with rc_context(SETTINGS):
            self.figure.savefig(content, format=kind, facecolor=PAPER, edgecolor="none", **options)
        return content.getvalue()

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        data = {
            "image/svg+xml": self.svg(),
            "image/png": base64.b64encode(self.png()).decode(),
            "text/plain": textwrap.shorten(self.alt, 200),
        }
        # The PNG shows as large as the SVG, whose units are points
        size = {"width": round(WIDTH * 96 / 72), "height": round(self.height * 96 / 72)}
        return data, {"image/svg+xml": {"alt": self.alt}, "image/png": {"alt": self.alt, **size}}


def paper_rim(width: float) -> list[withStroke]:
    """A rim of paper about a line of this width, for `path_effects`."""
    return [withStroke(linewidth=width + 1.6, foreground=PAPER)]
