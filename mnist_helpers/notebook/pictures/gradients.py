"""Pictures of the chapter on networks: how gradients flow back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, ORANGE, PINK
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number

# --- by hand ---

COLUMNS = (26.0, 86.0, 146.0, 206.0, 264.0, 332.0)  # x, w1, h, w2, y, loss
WAY, BACK, WEIGHTS = 88.0, 174.0, 236.0  # heights


def back_propagation(
    x: float, w1: float, w2: float, label: float, words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """A net of two weights by hand: numbers forward, gradients back.

    Parameters
    ----------
    x, w1, w2, label : float
        Small numbers; all others are computed from them.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Above, the way to the loss; below it, the way back.
    """
    h = w1 * x
    y = w2 * h
    loss, slope = (y - label) ** 2, 2 * (y - label)
    drawing = Drawing(
        282,
        f"Forward: {number(x)} times {number(w1)} is {number(h)}, times {number(w2)} is "
        f"{number(y)}; the label is {number(label)}, the loss {number(loss)}. Back: the "
        f"gradient at the answer is {number(slope)}; at w2 {number(slope * h)}, at h "
        f"{number(slope * w2)}, at w1 {number(slope * w2 * x)}.",
        words,
    )
    _forward(drawing, (x, w1, h, w2, y), label, loss)
    _backward(drawing, (x, w1, h, w2, y), slope)
    return drawing


def _forward(drawing: Drawing, numbers: Sequence[float], label: float, loss: float) -> None:
    names = ["$x$", "$w_1$", "$h$", "$w_2$", "$y$"]
    for i, (value, name) in enumerate(zip(numbers, names, strict=True)):
        at = COLUMNS[i]
        drawing.words(at, WAY - 29, name)
        if i % 2:
            drawing.box(at - 21, WAY - 15, 42, 30, number(value), colour=GREEN)
        else:
            drawing.circle(at, WAY, 20, number(value), colour=BLUE)
        if i < 4:
            between = (at + COLUMNS[i + 1]) / 2 + (1.5 if i % 2 else -1.5)
            drawing.words(between, WAY, "=" if i % 2 else "×")
    at = COLUMNS[5]
    drawing.arrow((COLUMNS[4] + 20, WAY), (at - 24, WAY))
    drawing.box(at - 22, 10, 44, 28, number(label), colour=PINK)
    drawing.words(at - 28, 24, "label", align="right")
    drawing.arrow((at, 38), (at, WAY - 20))
    loss_words = drawing.said("loss\n{}", number(loss))
    drawing.box(at - 24, WAY - 20, 48, 40, loss_words, colour=ORANGE)
    minus = f"({number(label)})" if label < 0 else number(label)
    shown = f"({number(numbers[4])} − {minus})²"
    drawing.words(353, WAY + 33, shown, align="right")
    drawing.words(COLUMNS[0] - 20, 24, "forward", align="left")
    drawing.arrow((66, 24), (126, 24), colour=BLUE)


def _backward(drawing: Drawing, numbers: Sequence[float], slope: float) -> None:
    x, _, h, w2, answer = numbers
    _, at_w1, at_h, at_w2, at_y, at_loss = COLUMNS
    label = answer - slope / 2
    minus = f"({number(label)})" if label < 0 else number(label)
    drawing.words(353, BACK + 21, f"2 × ({number(answer)} − {minus})", align="right")
    corner = (at_loss, BACK)
    drawing.arrow((at_loss, WAY + 44), corner, (at_y + 22, BACK), colour=ORANGE, dashed=True)
    for start, end, y in [
        (at_w2 - 21, at_h + 22, BACK), (at_y - 19, at_w2 + 22, WEIGHTS),
        (at_h - 19, at_w1 + 22, WEIGHTS), (322, 286, 264),
    ]:  # fmt: skip
        drawing.arrow((start, y), (end, y), colour=ORANGE, dashed=True)
    drawing.words(325, 264, "back", align="left")
    _factors(drawing, x, h, w2)
    _gradient(drawing, at_y, BACK, slope, "$dL/dy$", above=True)
    _gradient(drawing, at_h, BACK, slope * w2, "$dL/dh$", above=True)
    _gradient(drawing, at_w2, WEIGHTS, slope * h, "$dL/dw_2$", above=False)
    _gradient(drawing, at_w1, WEIGHTS, slope * w2 * x, "$dL/dw_1$", above=False)


def _factors(drawing: Drawing, x: float, h: float, w2: float) -> None:
    """By what gradients are multiplied: in the shape that the number has on the way forward."""
    at_h, at_w2, at_y = COLUMNS[2:5]
    drawing.box(at_w2 - 21, BACK - 13, 42, 26, number(w2), colour=GREEN)
    drawing.words(at_w2 + 28, BACK, "×")
    drawing.words(at_w2, BACK - 25, "$w_2$")
    for at, value, name in [(at_y, h, "$h$"), (at_h, x, "$x$")]:
        drawing.arrow((at, BACK + 14), (at, WEIGHTS - 20), colour=ORANGE, dashed=True)
        drawing.words(at - 13, WEIGHTS - 25, "×")
        drawing.circle(at, WEIGHTS, 19, number(value), colour=BLUE)
        drawing.words(at, WEIGHTS + 31, name)


def _gradient(drawing: Drawing, x: float, y: float, value: float, name: str, above: bool) -> None:
    """A gradient: a box with dashes, its name above or below."""
    drawing.box(x - 21, y - 14, 42, 28, number(value), colour=ORANGE, square=True, dashed=True)
    drawing.words(x, y - 26 if above else y + 26, name)


# --- the chain rule through a layer ---

CENTRES, FORWARD, BACKWARD = (58.0, 182.0, 297.0), 69.0, 199.0
SIDE = 26.0  # of a cell


def chain_through_a_layer(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """A layer's three gradients: their shapes, and the product that makes each.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Three products of tables: forward, back to the inputs, back to the weights.
    """
    x, weight = np.array([[1, 2, 3]]), np.array([[2, 0], [1, 1], [0, -1]])
    above = np.array([[1, -2]])
    drawing = Drawing(
        286,
        "Above, forward: a row of 3 numbers times a table of 3 × 2 weights gives a row of 2. Below "
        "each its gradient, which has the same shape. That of the row of 2 comes from the loss; "
        "times the weights turned over, it gives that of the 3 inputs; the inputs as a column "
        "times it give that of the weights.",
        words,
    )
    forward = [(x, "$x$"), (weight, "$W$"), (x @ weight, "$y$")]
    back = [(above @ weight.T, "$dL/dx$"), (x.T @ above, "$dL/dW$"), (above, "$dL/dy$")]
    for (numbers, name), (gradient, its_name), at in zip(forward, back, CENTRES, strict=True):
        _table(drawing, at, FORWARD, numbers, GREEN if name == "$W$" else BLUE, name)
        _table(drawing, at, BACKWARD, gradient, ORANGE, its_name)
        drawing.words(at, 125, " × ".join(map(str, numbers.shape)))
    drawing.line_up(FORWARD, [(126, "×"), (240, "=")])
    _ways_back(drawing)
    products = [r"$dL/dy \;\times\; W^T$", r"$x^T \;\times\; dL/dy$"]
    drawing.line_up(265, list(zip(CENTRES, products, strict=False)))
    drawing.words(354, BACKWARD - 12, "loss", align="right")
    return drawing


def _ways_back(drawing: Drawing) -> None:
    """From the loss into the gradient of y, and from there to the two others."""
    x, weight, y = CENTRES
    low = BACKWARD + 50
    for way in [
        [(354, BACKWARD), (y + 28, BACKWARD)],
        [(y - 28, BACKWARD), (weight + 28, BACKWARD)],
        [(y, BACKWARD + 14), (y, low), (x, low), (x, BACKWARD + 15)],
    ]:
        drawing.arrow(*way, colour=ORANGE, dashed=True)


def _table(
    drawing: Drawing, x: float, middle: float, numbers: np.ndarray, colour: str, name: str
) -> None:
    """A table about (x, middle), with its name above; dashes if it is a gradient."""
    rows, columns = numbers.shape
    top = middle - rows * SIDE / 2
    words = [[number(value) for value in row] for row in numbers]
    left = x - columns * SIDE / 2
    drawing.cells(left, top, SIDE, words, colour=colour, dashed=colour == ORANGE, size=13)
    drawing.words(x, top - 13, name)
