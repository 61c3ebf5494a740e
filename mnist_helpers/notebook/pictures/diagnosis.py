"""Pictures of the chapter on diagnosis: a probe, curves and what they tell, a matrix read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, ORANGE, SMALL
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import Plane

# --- a forward hook ---


def probe_on_a_wire(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """A forward hook: a probe on the wire between two layers.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Three layers in a row; what the second gives goes on to the third, and to a function.
    """
    drawing = Drawing(
        158,
        "Three layers in a row, conv1, relu1 and pool1, joined by arrows. On the wire behind relu1"
        " sits a probe, the hook: it shows what relu1 gives to a function, tell. The wire goes on"
        " to pool1 as before.",
        words,
    )
    for x, name in [(36, "conv1"), (132, "relu1"), (248, "pool1")]:
        drawing.box(x, 30, 66, 36, name, colour=GREEN)
    for start, end in [((6, 48), (34, 48)), ((102, 48), (130, 48)), ((198, 48), (246, 48)),
                       ((314, 48), (352, 48))]:  # fmt: skip
        drawing.arrow(start, end, colour=BLUE)
    drawing.circle(220, 48, 8, colour=ORANGE, fill="none")
    drawing.words(220, 18, "hook", bold=True, colour=ORANGE)
    drawing.arrow((220, 57), (220, 104), colour=ORANGE)
    drawing.box(92, 106, 256, 38, colour=GREY)
    drawing.words(220, 125, "tell(layer, inputs, output)", code=True)
    return drawing


# --- four pairs of learning curves ---

AT = np.linspace(0, 1, 61)
Curve = Callable[[np.ndarray], np.ndarray]
# Made up: each has a training and a validation loss, from 0 to 1, over the length of a run
CURVES: dict[str, tuple[Curve, Curve]] = {
    "not done yet": (lambda t: 0.92 - 0.42 * t, lambda t: 0.95 - 0.40 * t),
    "done": (lambda t: 0.1 + 0.8 * np.exp(-7 * t), lambda t: 0.16 + 0.77 * np.exp(-7 * t)),
    "rate too large": (
        lambda t: 0.58 + 0.26 * np.exp(-9 * t) + 0.09 * np.sin(70 * t) * np.cos(23 * t),
        lambda t: 0.66 + 0.22 * np.exp(-9 * t) + 0.09 * np.sin(61 * t + 1) * np.cos(19 * t),
    ),
    "by heart": (
        lambda t: 0.03 + 0.87 * np.exp(-6 * t),
        lambda t: 0.17 + 0.75 * np.exp(-7 * t) + 0.42 * t**1.6,
    ),
}


def reading_curves(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Four pairs of learning curves as one meets them, made up.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        In each frame the loss against the step: on training and on validation digits.
    """
    drawing = Drawing(
        296,
        "Four frames, each with a training loss, solid, and a validation loss, dashed, against the"
        " step. Not done yet: both still fall in a straight line. Done: both have fallen, and lie"
        " flat and close together. Rate too large: both stay high, and jump. By heart: the training"
        " loss falls to 0, the validation loss falls and rises again.",
        words,
    )
    for i, (title, pair) in enumerate(CURVES.items()):
        left, top = 24.0 + 172 * (i % 2), 26.0 + 128 * (i // 2)
        plane = Plane(left, top, 150, 92, (0, 1), (0, 1))
        drawing.words(left + 75, top - 12, title, bold=True)
        drawing.line([(left, top), (left, top + 92), (left + 150, top + 92)], colour=GREY)
        for curve, colour, dashed in zip(pair, (BLUE, ORANGE), (False, True), strict=True):
            way = plane.along(AT, np.clip(curve(AT), 0, 1))
            drawing.line(way, colour=colour, width=2, dashed=dashed)
    drawing.words(14, 18, "loss", size=SMALL)
    drawing.words(346, 256, "step", size=SMALL, align="right")
    for x, name, colour, dashed in [
        (60, "training", BLUE, False), (200, "validation", ORANGE, True),
    ]:  # fmt: skip
        drawing.line([(x, 280), (x + 28, 280)], colour=colour, width=2, dashed=dashed)
        drawing.words(x + 34, 280, name, align="left")
    return drawing


# --- a confusion matrix, read ---

SIDE, LEFT, TOP = 17.0, 48.0, 42.0


def matrix_read(counts: np.ndarray, digit: int, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """How a confusion matrix is read: one class's row and column, and what they tell.

    Parameters
    ----------
    counts : numpy.ndarray
        int [10, 10], how often each digit (row) got each answer (column).
    digit : int
        The class, from 0 to 9.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The matrix with its diagonal, one row and one column; precision and recall of that class.

    Raises
    ------
    ValueError
        If `counts` is not [10, 10], or the class never occurs, or is never an answer.
    """
    counts = np.asarray(counts)
    if counts.shape != (10, 10):
        raise ValueError(f"a confusion matrix of ten digits is [10, 10], not {list(counts.shape)}")
    right = int(counts[digit, digit])
    are, called = int(counts[digit].sum()), int(counts[:, digit].sum())
    if not are or not called:
        raise ValueError(f"no digit is a {digit}, or none is called one")
    recall, precision = (number(100 * right / n, 1, exactly=True) for n in (are, called))
    drawing = Drawing(
        286,
        f"A table of 10 × 10 squares: a row for each digit, a column for each answer; the diagonal"
        f" is grey. The row of {digit} is framed: {are:,} are a {digit}, {right:,} of them are on"
        f" the diagonal, recall {recall} %. The column of {digit} is framed, too: {called:,} are"
        f" called a {digit}, precision {precision} %.",
        words,
    )
    end = 10 * SIDE
    drawing.words(LEFT + end / 2, 10, "answer")
    drawing.words(20, TOP + end / 2, "digit")
    for i in range(10):
        middle = (i + 0.5) * SIDE
        bold = i == digit
        drawing.words(LEFT + middle, TOP - 9, str(i), size=SMALL, bold=bold)
        drawing.words(LEFT - 7, TOP + middle, str(i), size=SMALL, bold=bold)
        for j in range(10):
            drawing.box(
                LEFT + j * SIDE, TOP + i * SIDE, SIDE, SIDE, square=True,
                colour=GREY if i == j else "#CCCCCC", edge="#BBBBBB",
            )  # fmt: skip
    at = digit * SIDE
    drawing.box(LEFT + at, TOP + at, SIDE, SIDE, colour=GREY, square=True, strong=True)
    drawing.frame(LEFT, TOP + at, end, SIDE, colour=BLUE, line=2.6)
    drawing.frame(LEFT + at, TOP, SIDE, end, colour=ORANGE, line=2.6, dashed=True)
    _said_of_a_class(drawing, digit, (are, called), right, (recall, precision))
    return drawing


def _said_of_a_class(
    drawing: Drawing, digit: int, sums: tuple[int, int], right: int, shares: tuple[str, str]
) -> None:
    """Beside the row, what it tells of a class; below the column, what that does."""
    end, middle = 10 * SIDE, (digit + 0.5) * SIDE
    x, y = LEFT + end + 12, min(max(TOP + middle, TOP + 26), TOP + end - 26)
    drawing.words(x, y - 18, drawing.said("{} are a {}", f"{sums[0]:,}", digit), align="left")
    drawing.words(x, y, drawing.said("{} found", f"{right:,}"), align="left")
    drawing.words(
        x, y + 18, drawing.said("recall {} %", shares[0]), align="left", bold=True, colour=BLUE
    )
    foot = TOP + end
    drawing.arrow((LEFT + middle, foot + 20), (LEFT + middle, foot + 4), colour=ORANGE)
    called = drawing.said("{} are called a {}", f"{sums[1]:,}", digit)
    drawing.words(LEFT, foot + 32, called, align="left")
    drawing.words(
        LEFT, foot + 52, drawing.said("precision {} %", shares[1]), align="left", bold=True,
        colour=ORANGE,
    )  # fmt: skip
