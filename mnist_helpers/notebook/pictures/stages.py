"""The stages of the book, of which a chapter lights its own."""

from __future__ import annotations

from collections.abc import Mapping

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREY
from mnist_helpers.notebook.draw.drawing import Drawing

STAGES = ("data", "network", "loss", "optimiser", "resources", "training diagnosis", "resume",
          "deployment")  # fmt: skip
WIDE, HIGH = 81, 38  # of a stage's box
LEFTS, TOPS = (6, 95, 184, 273), (6, 70)  # of the boxes


def middles() -> list[tuple[float, float]]:
    """The middle of each stage's box, in the order of `STAGES`.

    Returns
    -------
    list of (float, float)
        x and y, in the picture's units.
    """
    places = [(LEFTS[i if i < 4 else 7 - i], TOPS[i // 4]) for i in range(len(STAGES))]
    return [(x + WIDE / 2, y + HIGH / 2) for x, y in places]


def pipeline(*lit: str, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """The stages of the book, with one or several of them lit.

    Parameters
    ----------
    *lit : str
        Names of stages: data, network, loss, optimiser, resources, training diagnosis, resume,
        deployment.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Two rows: from left to right, and back.

    Raises
    ------
    ValueError
        For another name.
    """
    for name in lit:
        if name not in STAGES:
            raise ValueError(f"no stage {name!r}; the stages are {', '.join(STAGES)}")
    here = [name for name in STAGES if name in lit]
    this = f". Lit: {', '.join(here)}" if here else ""
    drawing = Drawing(114, f"The stages of the book: {' → '.join(STAGES)}{this}.", words)
    for i, name in enumerate(STAGES):
        x, y = LEFTS[i if i < 4 else 7 - i], TOPS[i // 4]
        strong = name in lit
        lines = drawing.said(name).replace(" ", "\n")
        drawing.box(
            x, y, WIDE, HIGH, lines, colour=BLUE if strong else GREY, strong=strong, size=12.5
        )
        if i < 3:
            drawing.arrow((x + WIDE, y + HIGH / 2), (LEFTS[i + 1], y + HIGH / 2))
        elif i == 3:
            drawing.arrow((x + WIDE / 2, y + HIGH), (x + WIDE / 2, TOPS[1]))
        elif i < 7:
            drawing.arrow((x, y + HIGH / 2), (LEFTS[6 - i] + WIDE, y + HIGH / 2))
    return drawing
