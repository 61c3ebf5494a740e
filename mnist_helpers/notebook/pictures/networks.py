"""Pictures of the chapter on networks: what units and layers compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.areas import as_floats
from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, PAPER
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import Plane, Point, trimmed

# --- the fully connected network ---

MIDDLE = 108.0  # of the network, from top to bottom


def fully_connected(image: np.ndarray, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """The network 784 → 10 → 10 → 1: each unit sees every unit of the layer before.

    Parameters
    ----------
    image : numpy.ndarray
        A digit, uint8 [28, 28].
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The digit, a few of its pixels as circles, three layers, all connected.
    """
    drawing = Drawing(
        256,
        "A fully connected network. The 784 pixels of a digit lead to 10 units, these to 10 units "
        "more, these to one answer. Lines join each unit to every unit of the layer before; those "
        "that arrive at one of the units are drawn strong.",
        words,
    )
    pixels = column(122, MIDDLE, 20, 7)
    layers = [column(x, MIDDLE, 20, n) for x, n in [(212, 10), (278, 10), (330, 1)]]
    unseen: list[Point] = [(122, MIDDLE - 92), (122, MIDDLE + 92)]
    for before, after in zip([pixels + unseen, *layers], layers, strict=False):
        drawing.all_to_all(before, after, colour=GREEN)
    drawing.all_to_all(pixels + unseen, [layers[0][3]], colour=GREEN, width=1.3, faint=False)
    _pixels_as_units(drawing, image, pixels)
    for x, y in unseen:
        drawing.circle(x, y, 9, colour=PAPER)
        drawing.dots([(x, y - 5), (x, y), (x, y + 5)], size=3)
    for layer in layers:
        for x, y in layer:
            drawing.circle(x, y, 8 if len(layer) > 1 else 12, colour=BLUE)
    sizes = [(122.0, "784"), (212.0, "10"), (278.0, "10"), (330.0, "1")]
    drawing.line_up(223, sizes, bold=True)
    drawing.line_up(241, [(122, "pixels"), (212, "units"), (278, "units"), (330, "answer")])
    return drawing


def column(x: float, middle: float, step: float, many: int) -> list[Point]:
    """Points below each other, about (x, middle).

    Parameters
    ----------
    x, middle : float
        The middle of them all.
    step : float
        From one to the next.
    many : int
        How many there are.

    Returns
    -------
    list of (float, float)
        From the top to the bottom.
    """
    return [(x, middle + (i - (many - 1) / 2) * step) for i in range(many)]


def _strip(image: np.ndarray, length: int) -> tuple[int, int]:
    """Row and first column of `length` pixels that differ much, near the middle, paper after."""
    numbers = as_floats(image)
    strips = np.lib.stride_tricks.sliding_window_view(numbers, length, axis=1)
    after = np.stack([numbers[:, i + length :].sum(axis=1) for i in range(strips.shape[1])], axis=1)
    far = abs(np.arange(len(numbers)) - len(numbers) / 2)[:, None]
    liking = strips.std(axis=-1) - (after > 0) - far / 50
    row, start = np.unravel_index(liking.argmax(), liking.shape)
    return int(row), int(start)


def _pixels_as_units(drawing: Drawing, image: np.ndarray, units: Sequence[Point]) -> None:
    """The digit with a few of its pixels framed, and those as the network's inputs."""
    side, many = 80 / 28, len(units)
    row, start = _strip(image, many)
    left, top = 8.0, MIDDLE - 40
    drawing.pixels(left, top, 80, image)
    x, y = left + start * side - 1, top + row * side - 1
    right, bottom = x + many * side + 2, y + side + 2
    drawing.frame(x, y, right - x, bottom - y, colour=BLUE, line=1.4)
    upper: list[Point] = [(right, y), (units[0][0] - 10, units[0][1] - 9)]
    lower: list[Point] = [(right, bottom), (units[-1][0] - 10, units[-1][1] + 9)]
    drawing.area([*upper, *reversed(lower)], colour=BLUE)
    for edge in (upper, lower):
        drawing.line(edge, colour=BLUE, width=0.9)
    inks = as_floats(image)[row, start : start + many]
    for (x, y), ink in zip(units, inks, strict=True):
        drawing.circle(x, y, 8, colour=BLUE, fill=str(1 - ink))


# --- one unit ---


def unit(
    inputs: Sequence[float],
    weights: Sequence[float],
    bias: float,
    words: Mapping[str, str] = ENGLISH,
) -> Drawing:
    """What one unit does: inputs times weights, the sum with the bias, through the sigmoid.

    Parameters
    ----------
    inputs, weights : sequence of float
        Three of each.
    bias : float
        What is added.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The products below each other, as in an addition on paper.

    Raises
    ------
    ValueError
        If there are not three of each.
    """
    if (len(inputs), len(weights)) != (3, 3):
        raise ValueError(f"three inputs and weights, not {len(inputs)} and {len(weights)}")
    products = np.multiply(inputs, weights)
    total = float(products.sum() + bias)
    answer = float(_sigmoid(total))
    sums = [f"{number(i)} × {number(w)}" for i, w in zip(inputs, weights, strict=True)]
    drawing = Drawing(
        220,
        f"One unit. Each input is multiplied by its own weight, {', '.join(sums)}; the products"
        f" and the bias, {number(bias)}, are added up, which gives {number(total)}; the sigmoid"
        f" makes of it the answer {number(answer)}.",
        words,
    )
    rows, middle = (52, 99, 146, 193), 122.5
    for y, one, weight, product in zip(rows, inputs, weights, products, strict=False):
        drawing.circle(29, y, 19, number(one), colour=BLUE)
        drawing.line_up(y, [(59, "×"), (125, "=")])
        drawing.box(70, y - 16, 46, 32, number(weight), colour=GREEN)
        drawing.words(174, y, number(product), align="right")
    drawing.words(44, rows[3], "bias")
    drawing.box(70, rows[3] - 16, 46, 32, number(bias), colour=GREEN)
    drawing.words(174, rows[3], number(bias), align="right")
    for y in rows:
        drawing.line(trimmed((177, y), (215, middle), 0, 20), width=1.2)
    drawing.circle(215, middle, 20, number(total), colour=BLUE)
    drawing.arrow((235, middle), (248, middle))
    _sigmoid_plot(drawing, 248, middle - 29, total)
    drawing.arrow((298, middle), (311, middle))
    drawing.circle(331, middle, 20, number(answer), colour=BLUE)
    drawing.line_up(15, [(29, "inputs"), (93, "weights")])
    drawing.line_up(81, [(215, "sum"), (273, "sigmoid"), (331, "answer")])
    return drawing


def _sigmoid(x: np.ndarray | float) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.asarray(x, float))))


def _sigmoid_plot(drawing: Drawing, x: float, y: float, at: float) -> None:
    """The curve from −6 to 6 in a box, and how `at` on the one axis becomes its sigmoid."""
    width, height = 50, 58
    drawing.box(x, y, width, height)
    plane = Plane(x + 6, y + 8, width - 12, height - 16, (-6, 6), (0, 1))
    values = np.linspace(-6, 6, 61)
    drawing.line(plane.along(values, _sigmoid(values)), width=1.8)
    across, up = plane.at(float(np.clip(at, -6, 6)), float(_sigmoid(at)))
    way = [(across, y + height), (across, up), (x + width, up)]
    drawing.line(way, colour=BLUE, width=1.2, dashed=True)
    drawing.dots([(across, up)], colour=BLUE, size=7)


# --- two linear layers are one ---

RADIUS = 15  # of a unit
HALVES = {"two layers": 105, "one layer": 292}  # their middles


def linear_of_linear(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Two linear layers, and the one layer that computes the same.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Side by side, with the same inputs and the same answer.
    """
    inputs, first = [5, 3, 1, 4], [1, -1, 1, 1]
    products = np.multiply(inputs, first)
    hidden = [products[:2].sum(), products[2:].sum()]
    drawing = Drawing(
        262,
        "At the left, two linear layers: z1 is x1 minus x2, z2 is x3 plus x4, y is z1 plus z2. At "
        "the right, one layer with the weights +1, −1, +1, +1, which gives the same y.",
        words,
    )
    rows, middle = [52, 100, 148, 196], 124
    left = [(42, y) for y in rows], [(118, 76), (118, 172)], (186, middle)
    right = [(246, y) for y in rows], (337, middle)
    for i, (point, other) in enumerate(zip(left[0], right[0], strict=True)):
        _weighted(drawing, point, left[1][i // 2], first[i])
        _weighted(drawing, other, right[1], first[i])
        drawing.words(15, point[1], f"$x_{i + 1}$")
        for place in (point, other):
            drawing.circle(*place, RADIUS, number(inputs[i]), colour=BLUE)
    for i, (point, value) in enumerate(zip(left[1], hidden, strict=True)):
        _weighted(drawing, point, left[2], 1)
        drawing.circle(*point, RADIUS, number(value), colour=BLUE)
        drawing.words(118, point[1] - 26, f"$z_{i + 1}$")
    for x, y in (left[2], right[1]):
        drawing.circle(x, y, RADIUS, number(sum(hidden)), colour=BLUE)
        drawing.words(x, y - 26, "$y$")
    drawing.words(215, middle, "=", bold=True, size=20)
    sums = "$(x_1 - x_2) + (x_3 + x_4)$", "$x_1 - x_2 + x_3 + x_4$"
    for (title, x), formula in zip(HALVES.items(), sums, strict=True):
        drawing.words(x, 15, title)
        drawing.words(x, 241, formula)
    return drawing


def _weighted(drawing: Drawing, start: Point, end: Point, weight: int) -> None:
    """A line between two units with its weight on it."""
    way = trimmed(start, end, RADIUS, RADIUS)
    (x0, y0), (x1, y1) = way
    middle = x0 + 0.45 * (x1 - x0), y0 + 0.45 * (y1 - y0)
    drawing.line(trimmed(way[0], middle, 0, 11), colour=GREEN)
    drawing.line(trimmed(middle, way[1], 11, 0), colour=GREEN)
    drawing.words(*middle, f"{weight:+d}".replace("-", "−"))
