"""Pictures of the page on over- and underfitting: what it is, and what is done against it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, INK, ORANGE, PAPER, SMALL
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import Plane, Point, trimmed
from mnist_helpers.notebook.pictures.networks import column

# --- the U ---

SEEN = (0.06, 0.3, 0.42, 0.62, 0.7, 0.95)  # where the points of the small fits are
NOISE = (0.06, -0.1, 0.13, -0.12, 0.1, -0.04)
TOO_SIMPLE, RIGHT, TOO_WILD = 0.1, 0.42, 0.93  # of the way from simple to wild


def overfitting_u(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Error on old and on new examples, from too simple to too wild. A sketch, without numbers.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Three small fits above; below, the two errors, the best place and the gap between them.
    """
    drawing = Drawing(
        296,
        "A sketch without numbers. From left to right a model may fit more and more. Above, three"
        " fits of the same six points: a straight line that misses most of them, a wave near all of"
        " them, a wild curve through each. Below, two errors: that on examples seen in training"
        " falls all the way; that on new ones falls and then rises, a U. Left of its lowest point"
        " is underfitting: both errors are large. Right of it is overfitting: the gap between the"
        " two grows.",
        words,
    )
    plane = Plane(30, 112, 300, 130, (0, 1), (0, 1))
    for at, degree in ((TOO_SIMPLE, 1), (RIGHT, 3), (TOO_WILD, 5)):
        _small_fit(drawing, plane.at(at, 0)[0], degree)
    x = np.linspace(0, 1, 60)
    old, new = 0.06 + 0.84 * np.exp(-4 * x), 0.12 + 0.84 * np.exp(-4 * x) + 0.62 * x**2.5
    best = float(x[new.argmin()])
    drawing.line([plane.at(best, 1.02), plane.at(best, 0)], colour=GREY, dashed=True)
    drawing.words(*plane.at(best + 0.02, 0.95), "lowest", colour=ORANGE, align="left")
    drawing.line(plane.along(x, old), colour=BLUE, width=2.4)
    drawing.line(plane.along(x, new), colour=ORANGE, width=2.4, dashed=True)
    low, high = 0.06 + 0.84 * np.exp(-4 * 0.9), 0.12 + 0.84 * np.exp(-4 * 0.9) + 0.62 * 0.9**2.5
    drawing.arrow(plane.at(0.9, low + 0.02), plane.at(0.9, high - 0.02), both=True, colour=GREY)
    drawing.words(*plane.at(0.87, (low + high) / 2 + 0.05), "gap", colour=GREY, align="right")
    drawing.words(*plane.at(0.7, high + 0.12), "new examples", colour=ORANGE)
    drawing.words(*plane.at(0.68, 0.255), "seen in training", colour=BLUE)
    drawing.arrow(plane.at(0, 0), plane.at(0, 1.06), colour=GREY)
    drawing.arrow(plane.at(0, 0), plane.at(1.06, 0), colour=GREY)
    drawing.words(plane.left - 14, plane.top - 18, "error", colour=GREY, align="left")
    y = plane.top + plane.height
    drawing.words(330, y + 16, "may fit more: larger, or trained longer", colour=GREY,
                  align="right", size=SMALL)  # fmt: skip
    drawing.words(plane.at(best / 2, 0)[0], y + 38, "underfitting", bold=True)
    drawing.words(plane.at((1 + best) / 2, 0)[0], y + 38, "overfitting", bold=True)
    return drawing


def _small_fit(drawing: Drawing, middle: float, degree: int) -> None:
    """Six points of a wave, and the polynomial of this degree that fits them best."""
    middle = min(max(middle, 44), 316)
    plane = Plane(middle - 38, 10, 76, 70, (-0.02, 1.02), (-1.75, 1.75))
    drawing.frame(plane.left, plane.top, plane.width, plane.height, colour=GREY, line=0.8)
    x = np.array(SEEN)
    y = np.sin(2 * np.pi * x) + 2.2 * np.array(NOISE)
    curve = np.polynomial.Polynomial.fit(x, y, degree)
    along = np.linspace(0, 1, 50)
    drawing.line(plane.along(along, np.clip(curve(along), -1.75, 1.75)), colour=GREEN, width=1.8)
    drawing.dots(plane.along(x, y), size=6)


# --- L2 ---


def pulled_to_zero(
    weights: Sequence[float], share: float, words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """What L2 does in a step: every weight a share of itself towards 0.

    Parameters
    ----------
    weights : sequence of float
        Some weights between -4 and 4, not 0; the last one is also shown with what the data ask for.
    share : float
        What a step takes off each: rate times c.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Above, the weights with their pull alone; below, one that the data hold where it is.

    Raises
    ------
    ValueError
        For a weight beyond 4 or of 0, or a share that is not between 0 and 1.
    """
    if not all(0 < abs(w) <= 4 for w in weights) or not 0 < share < 1:
        raise ValueError(f"weights within 4, not 0, and a share of 1, not {weights} and {share}")
    pulls = ", ".join(f"{number(w)} by {number(share * abs(w))}" for w in weights)
    drawing = Drawing(
        186,
        f"Weights on a line of numbers. Above, L2 alone: an arrow pulls each towards 0, the longer"
        f" the further it is away: {pulls}. Below, the weight {number(weights[-1])} again: what the"
        " data ask for pulls the other way, as strongly, and it stays.",
        words,
    )
    left, right = 24, 336
    for y, title, some in ((56, "L2 alone", weights), (136, "L2 and the data", weights[-1:])):
        drawing.words(8, y - 42, title, align="left", bold=True)
        plane = Plane(left, y, right - left, 0, (-4, 4), (0, 1))
        drawing.line([(left, y), (right, y)], colour=GREY, width=1)
        for mark in range(-4, 5):
            x = plane.at(mark, 0)[0]
            long = 6 if mark == 0 else 3
            drawing.line([(x, y - long), (x, y + long)], colour=GREY, width=1)
        drawing.words(plane.at(0, 0)[0], y + 18, "0", colour=GREY)
        for w in some:
            x, end = plane.at(w, 0)[0], plane.at(w - share * w, 0)[0]
            drawing.arrow((x, y - 14), (end, y - 14), colour=ORANGE, width=2)
            if title != "L2 alone":
                drawing.arrow((x, y - 14), (2 * x - end, y - 14), colour=BLUE, width=2)
            drawing.dots([(x, y)], colour=GREEN, size=11)
            drawing.words(x, y + 18, number(w))
    drawing.words(plane.at(weights[-1], 0)[0], y + 38, "stays", colour=GREEN, bold=True)
    return drawing


# --- dropout ---

LAYERS = (4, 6, 3)  # units
NET = 92.0  # from the middle of one network to that of the next
TAKEN = ((), (), ()), ((1,), (0, 2, 5), ()), ((0, 3), (1, 4, 5), ())  # in no step, and in two


def dropped_units(share: float = 0.5, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Dropout: other units in every training step, all of them in evaluation.

    Parameters
    ----------
    share : float
        Of the units that are left out on average, 0 or more and below 1: what is left is scaled.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The same small network three times.

    Raises
    ------
    ValueError
        If the share is not one.
    """
    if not 0 <= share < 1:
        raise ValueError(f"a share of the units, 0 or more and below 1, not {share}")
    scale = number(1 / (1 - share), 2)
    drawing = Drawing(
        214,
        "The same small network three times. In one training step and in the next, other units are"
        " crossed out, with all lines to and from them; what the rest give is multiplied by"
        f" {scale}. In evaluation all units are there, and nothing is scaled.",
        words,
    )
    titles = (("one step", 1), ("the next step", 2), ("evaluation", 0))
    for i, (title, which) in enumerate(titles):
        middle = 60 + i * 120.0
        drawing.words(middle, 14, title, bold=True)
        _net_without(drawing, middle, TAKEN[which])
        drawing.words(middle, 200, f"× {scale}" if which else "× 1", colour=GREEN if which else INK)
    for x in (120, 240):
        drawing.line([(x, 30), (x, 184)], colour="#CCCCCC", width=0.8)
    return drawing


def _net_without(drawing: Drawing, middle: float, taken: Sequence[Sequence[int]]) -> None:
    """Three layers from left to right; some units crossed out."""
    columns = [column(middle + dx, 107, 26, n) for dx, n in zip((-38, 0, 38), LAYERS, strict=True)]
    left = [
        [unit for i, unit in enumerate(layer) if i not in gone]
        for layer, gone in zip(columns, taken, strict=True)
    ]
    for before, after in itertools.pairwise(left):
        drawing.all_to_all(before, after, colour=GREEN, width=0.9)
    for layer, gone in zip(columns, taken, strict=True):
        for i, (x, y) in enumerate(layer):
            drawing.circle(x, y, 9, colour=GREY if i in gone else BLUE,
                           fill=PAPER if i in gone else None)  # fmt: skip
            if i in gone:
                for sign in (1, -1):
                    drawing.line([(x - 6, y - sign * 6), (x + 6, y + sign * 6)], width=1.6)


# --- augmentation ---


def more_evidence(
    digit: np.ndarray, variants: Sequence[np.ndarray], label: int,
    words: Mapping[str, str] = ENGLISH,
) -> Drawing:  # fmt: skip
    """Augmentation: variants of a digit, all with its label, and two that may not be made.

    Parameters
    ----------
    digit : numpy.ndarray
        [28, 28], uint8 or floats from 0 to 1.
    variants : sequence of numpy.ndarray
        Four like it, a little moved and turned.
    label : int
        What it is.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Arrows from the digit to its variants; below, it mirrored and upside down.

    Raises
    ------
    ValueError
        If there are not four variants.
    """
    if len(variants) != 4:
        raise ValueError(f"four variants, not {len(variants)}")
    drawing = Drawing(
        246,
        f"A digit, a {label}, and four arrows to four variants of it, each a little shifted and"
        f" turned by another angle; each is still a {label}. Below, crossed out, two changes that"
        " are not allowed: the digit mirrored, and turned by half a circle.",
        words,
    )
    side, left = 54.0, 112.0
    places: list[Point] = [(left + i * 61.0, 58.0) for i in range(4)]
    drawing.pixels(14, 58, side, digit)
    drawing.words(14 + side / 2, 126, str(label), bold=True)
    for i, ((x, y), image) in enumerate(zip(places, variants, strict=True)):
        drawing.arrow((14 + side / 2, 54), (x + side / 2, 54), bend=-0.2 + 0.03 * i)
        drawing.pixels(x, y, side, image)
        drawing.words(x + side / 2, 126, str(label), bold=True)
    changed = ("mirrored", np.fliplr(digit)), ("half a turn", np.rot90(digit, 2))
    for x, (title, image) in zip((left + 30, left + 152), changed, strict=True):
        drawing.pixels(x, 150, side, image)
        for a, b in (((x, 150), (x + side, 150 + side)), ((x, 150 + side), (x + side, 150))):
            drawing.line(trimmed(a, b, 4, 4), colour=ORANGE, width=3, rim=True)
        drawing.words(x + side / 2, 220, title)
    drawing.words(14, 177, "not allowed", align="left", colour=ORANGE)
    return drawing
