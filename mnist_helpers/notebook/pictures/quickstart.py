"""The pictures of the quickstart: the model, the training loop, one step in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.areas import as_floats
from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PAPER,
    PINK,
    SMALL,
)
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number

LEFT, RIGHT = 8, 352  # what is drawn stays between these

# --- the model ---

SIDE, TOP = 98, 28  # of the digit's picture and the weights'
STRIP, THICK = (30, 322), 16  # a row of 784: where it begins, its length, its height
LANES = {"pixels": 158, "weights": 202, "products": 252}  # the middles of the rows of 784
HIGH = 22  # how far the largest product reaches
SHOWN = 13  # the row of the pictures that is followed
GREYS = (PAPER, INK)  # of pixels
SIGNED = ("#E08214", PAPER, "#2D004B")  # of weights: below 0, 0, above 0; above is darker


def model_and_number(
    image: np.ndarray,
    weights: np.ndarray,
    answer: float,
    words: Mapping[str, str] = ENGLISH,
    *,
    limit: float = 0.2,
) -> Drawing:
    """The model of the quickstart: 784 pixels times 784 weights, added up to one number.

    Parameters
    ----------
    image : numpy.ndarray
        The digit, uint8 [28, 28].
    weights : numpy.ndarray
        784 floats, in the order of the pixels.
    answer : float
        What the model answers; outside of 0 to 9 it stands at the line's end.
    words : mapping of str to str
        What stands in the place of English words.
    limit : float
        The darkest purple is that of this weight and larger ones, full orange that of ``-limit``
        and less; 0 is white. Two pictures with the same limit can be compared.

    Returns
    -------
    Drawing
        The two pictures, the rows of 784 numbers, and the answer on a line from 0 to 9.
    """
    pixels, weights = as_floats(image).reshape(28, 28), np.reshape(weights, (28, 28))
    products = (pixels * weights).ravel()
    most = np.abs(products).max()
    place = "on the line" if 0 <= answer <= 9 else "beyond the end of the line"
    drawing = Drawing(
        372,
        "A digit of 28 × 28 pixels and the model's 28 × 28 weights, both cut into rows and laid"
        f" out as one row of 784; the weights are shaded from −{number(limit)}, orange, over 0,"
        f" white, to {number(limit)}, dark purple. Each pixel is multiplied with the weight below"
        f" it; the 784 products, the largest {number(most, 2, exactly=True)}, and the bias are"
        f" added up to one number, {number(answer, 2, exactly=True)}, which lies {place} from 0"
        " to 9.",
        words,
    )
    shades = np.clip(weights / limit / 2 + 0.5, 0, 1)
    _picture_and_row(drawing, "pixels", STRIP[0], pixels, GREYS, BLUE)
    _picture_and_row(drawing, "weights", RIGHT - SIDE, shades, SIGNED, GREEN)
    drawing.words(18, LANES["weights"], "×", size=16)
    drawing.words(18, LANES["products"], "=", size=16)
    _key(drawing, limit)
    _products(drawing, products)
    most_said = drawing.said("largest: {}", number(most, 2, exactly=True))
    drawing.words(RIGHT, LANES["products"] - HIGH - 6, most_said, align="right", size=SMALL)
    _number_line(drawing, answer)
    return drawing


def _picture_and_row(
    drawing: Drawing,
    name: str,
    x: float,
    numbers: np.ndarray,
    shades: Sequence[str],
    colour: str,
) -> None:
    """A picture that is cut into rows, its 784 numbers in a row, and the way of one of its rows."""
    upper, (start, length) = LANES[name] - THICK / 2, STRIP
    left = x == start
    drawing.words(x if left else x + SIDE, 15, f"28 × 28 {name}", align="left" if left else "right")
    drawing.pixels(x, TOP, SIDE, numbers, colours=shades)
    for row in range(1, 28):
        cut = TOP + row * SIDE / 28
        drawing.line([(x, cut), (x + SIDE, cut)], colour="#BBBBBB", width=0.4)
    row_of_all = numbers.reshape(1, 784)
    drawing.pixels(start, upper, length, row_of_all, height=THICK, colours=shades)
    drawing.words(start, upper - 9, f"784 {name}", align="left", size=SMALL)

    piece, high = length / 28, SIDE / 28
    place, top = start + SHOWN * piece, TOP + SHOWN * high
    near, far = (place + piece, place) if x < place else (place, place + piece)
    edge = x + SIDE if x < place else x
    drawing.area([(edge, top), (near, upper), (far, upper), (edge, top + high)], colour=colour)
    drawing.frame(x, top, SIDE, high)
    drawing.frame(place, upper, piece, THICK)


def _key(drawing: Drawing, limit: float) -> None:
    """Which weight has which shade."""
    y = LANES["weights"] - THICK / 2 - 9
    drawing.words(272, y, f"−{number(limit)}", align="right", size=SMALL)
    drawing.pixels(276, y - 4, 44, np.linspace(0, 1, 44)[None], height=8, colours=SIGNED)
    drawing.words(324, y, number(limit), align="left", size=SMALL)


def _products(drawing: Drawing, products: np.ndarray) -> None:
    """784 products, upwards where they are above 0 and downwards where they are below."""
    (start, length), middle = STRIP, LANES["products"]
    scale = HIGH / max(np.abs(products).max(), 1e-9)
    across = length / len(products)
    for i in np.flatnonzero(np.abs(products) * scale > 0.1):
        x, y = start + (i + 0.5) * across, middle - scale * products[i]
        drawing.line([(x, middle), (x, y)], colour=BLUE, width=1)
    drawing.line([(start, middle), (start + length, middle)], colour=GREY, width=0.8)
    drawing.words(start, middle - HIGH - 6, "784 products", align="left", size=SMALL)
    drawing.frame(start + SHOWN * length / 28, middle - HIGH, length / 28, 2 * HIGH)


def _number_line(drawing: Drawing, answer: float) -> None:
    """The sum of the products falls on a line from 0 to 9."""
    zero, step, height = 47, 32, 346
    place = zero + step * float(np.clip(answer, -0.3, 9.3))
    top, box = LANES["products"] + HIGH + 4, 300
    left = min(max(place - 24, LEFT), RIGHT - 48)  # of the box with the answer
    funnel = [(STRIP[0], top), (RIGHT, top), (left + 48, box + 4), (left, box + 4)]
    drawing.area(funnel, colour=BLUE)
    middle = (STRIP[0] + RIGHT) / 2
    drawing.words(middle + 0.3 * (place - middle), top + 10, "sum + bias")
    drawing.box(left, box, 48, 26, number(answer, 2, exactly=True), colour=BLUE, strong=True)
    drawing.arrow((place, box + 26), (place, height - 1))
    drawing.line([(STRIP[0], height), (RIGHT, height)])
    for digit in range(10):
        x = zero + step * digit
        drawing.line([(x, height), (x, height + 4)])
        drawing.words(x, height + 14, str(digit))


# --- the training loop ---

RING = [  # the five lines of the loop: middle of the box, half its width, words, code, colour
    (180, 152, 54, "forward", "model(images)", BLUE),
    (292, 220, 54, "loss", "mse_loss(…)", ORANGE),
    (249, 322, 54, "backward", ".backward()", ORANGE),
    (111, 322, 54, "step", ".step()", GREEN),
    (68, 220, 54, "clear", ".clear_grad()", GREY),
]
ROUND = [  # the arrows of the ring, and how they are bent
    ((234, 150), (280, 198), -0.3),
    ((292, 241), (266, 300), -0.15),
    ((195, 322), (166, 322), 0),
    ((94, 301), (68, 242), -0.15),
    ((68, 199), (125, 150), -0.3),
]
BATCHES, PITCH, CURRENT = 48, 36, 4  # their middle height, from one to the next, the one in work


def training_loop(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """The five lines of the training loop, the batches that they take, and the epochs.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A row of batches, and the ring of five lines, with the parameters in its middle.
    """
    drawing = Drawing(
        352,
        "An epoch is a row of batches, each of digits and their labels; after the last one the"
        " next epoch begins. One batch goes through a ring of five lines: forward takes its"
        " digits, loss takes its labels, then come backward, step and clear, and then the next"
        " batch. In the middle of the ring are the parameters: forward uses them, only step"
        " changes them.",
        words,
    )
    _epoch(drawing)
    for i, (x, y, half, name, code, colour) in enumerate(RING):
        drawing.box(x - half, y - 21, 2 * half, 42, colour=colour)
        drawing.words(x, y - 8, f"{i + 1} {drawing.said(name)}")
        drawing.words(x, y + 9, code, code=True, size=SMALL)
    for start, end, bend in ROUND:
        drawing.arrow(start, end, bend=bend)
    drawing.words(52, 158, "next\nbatch")
    drawing.box(130, 234, 100, 34, "parameters", colour=GREEN, strong=True)
    drawing.arrow((180, 234), (180, 174), colour=GREEN, dashed=True)
    drawing.arrow((124, 301), (152, 269), colour=GREEN)
    return drawing


def _epoch(drawing: Drawing) -> None:
    """A row of batches, one of which goes to the ring."""
    for i in range(9):
        x = 36 + PITCH * i
        if i == 7:
            drawing.words(x, BATCHES, "…")
            continue
        half = 17 if i == CURRENT else 13
        colours = (GREY, GREY) if i < CURRENT else (BLUE, PINK)
        top, wide = BATCHES - half, 2 * half
        drawing.box(x - half, top, wide, 1.3 * half, colour=colours[0], square=True)
        drawing.box(x - half, top + 1.3 * half, wide, 0.7 * half, colour=colours[1], square=True)
        if i == CURRENT:
            drawing.frame(x - half, top, wide, wide)
    start, end, over = (8, BATCHES), (352, BATCHES), 14
    drawing.line([(337, BATCHES), end, (352, over), (240, over)])
    drawing.arrow((120, over), (8, over), start, (22, BATCHES))
    drawing.words(180, over, "next epoch")
    bottom = BATCHES + 18
    drawing.arrow((174, bottom), (174, 131), colour=BLUE)
    drawing.words(166, 98, "digits", align="right")
    drawing.arrow((189, bottom), (189, 108), (308, 108), (308, 198), colour=PINK)
    drawing.words(249, 98, "labels")


# --- one step ---

STEPS = (12, 86, 178)  # the upper edges of the three lines of arithmetic
CHIPS = [  # line, name, left edge, width, colour
    (0, "answer", 48, 66, BLUE),
    (0, "label", 131, 28, PINK),
    (0, "loss", 282, 70, ORANGE),
    (1, "answer", 48, 66, BLUE),
    (1, "label", 131, 28, PINK),
    (1, "pixel", 187, 56, BLUE),
    (1, "gradient", 282, 70, ORANGE),
    (2, "weight", 8, 72, GREEN),
    (2, "learning rate", 98, 52, GREY),
    (2, "gradient", 168, 70, ORANGE),
    (2, "new weight", 282, 70, GREEN),
]
SIGNS = [  # line, place, sign
    *[(line, 262, "=") for line in (0, 1, 2)],
    *[(0, 42, "("), (0, 122, "−"), (0, 169, ")²")],
    *[(1, 13, "2"), (1, 27, "×"), (1, 42, "("), (1, 122, "−"), (1, 165, ")"), (1, 177, "×")],
    *[(2, 89, "−"), (2, 159, "×")],
]
STEP_SAYS = (
    "One step for one weight and one digit. Loss: ({answer} − {label}) squared is {loss}."
    " Gradient: 2 times ({answer} − {label}) times the pixel, {pixel}, is {gradient}. New weight:"
    " {weight} minus the learning rate, {learning rate}, times the gradient, {gradient}, is"
    " {new weight}."
)


def one_step(
    answer: float,
    label: float,
    loss: float,
    pixel: float,
    weight: float,
    gradient: float,
    rate: float,
    new_weight: float,
    words: Mapping[str, str] = ENGLISH,
) -> Drawing:
    """One step of training, for one weight and one digit, as three lines of arithmetic.

    Parameters
    ----------
    answer, label, loss : float
        The model's answer, the right one, and the square of their difference.
    pixel, weight, gradient : float
        The pixel, the weight that it is multiplied with, and the gradient of that weight, from
        this digit alone: that of a batch is the mean over its digits.
    rate, new_weight : float
        The learning rate, and the weight after the step.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Rounded so that a reader can check each line.

    Raises
    ------
    ValueError
        If the loss, the gradient or the new weight is another number.
    """
    error = answer - label
    lines = [
        ("loss", loss, error**2),
        ("gradient", gradient, 2 * error * pixel),
        ("new weight", new_weight, weight - rate * gradient),
    ]
    for name, given, computed in lines:
        if not math.isclose(given, computed, rel_tol=1e-3, abs_tol=1e-4):
            raise ValueError(f"the {name} of one digit is {computed:.6g} here, not {given:.6g}")
    places = max(2, math.ceil(4 + math.log10(rate)))  # of the gradient, for four of the weight
    shown = {
        "answer": number(answer, 4, exactly=True),
        "label": number(label, 4),
        "loss": number(loss, 2, exactly=True),
        "pixel": number(pixel, 4),
        "gradient": number(gradient, places, exactly=True),
        "weight": number(weight, 4, exactly=True),
        "learning rate": number(rate, 6),
        "new weight": number(new_weight, 4, exactly=True),
    }
    drawing = Drawing(232, STEP_SAYS.format(**shown), words)
    _arithmetic(drawing, shown)
    turn = STEPS[2] - 27
    corners = (317, STEPS[1] + 50), (317, turn), (202, turn), (202, STEPS[2] - 1)
    drawing.arrow(*corners, colour=ORANGE)
    return drawing


def _arithmetic(drawing: Drawing, shown: Mapping[str, str]) -> None:
    """Three lines of numbers with their names below, and the signs between them."""
    for line, name, x, width, colour in CHIPS:
        result = name in ("loss", "new weight") or (line, name) == (1, "gradient")
        drawing.box(x, STEPS[line], width, 30, shown[name], colour=colour, strong=result)
        drawing.words(x + width / 2, STEPS[line] + 39, name, size=SMALL)
    for line, x, sign in SIGNS:
        drawing.words(x, STEPS[line] + 15, sign, size=15)
