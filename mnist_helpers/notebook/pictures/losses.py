"""The pictures of the chapter on losses: names and amounts, softmax, cross-entropy, likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREY, INK, ORANGE, PAPER, PINK, SMALL, WIDTH
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import Plane, Point

LEFT = 14  # the margin
CLASSES = 10
PITCH = 34  # from one class to the next
FIRST = 27  # the middle of class 0

# --- names are not amounts ---


def names_are_not_amounts(digits: np.ndarray, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Digits on a number line, near and far, against digits in ten boxes, one of them lit.

    Parameters
    ----------
    digits : numpy.ndarray
        uint8 [10, 28, 28]: a picture of each digit, from 0 to 9.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        For the label 8: 1 from 9 and 8 from 0 on the line; a 1 in its own box.

    Raises
    ------
    ValueError
        If there are not ten pictures.
    """
    if len(digits) != CLASSES:
        raise ValueError(f"a picture of each of the ten digits, not {len(digits)}")
    drawing = Drawing(
        232,
        "Above, the ten digits as points on a number line: 8 is one step from 9 and eight steps "
        "from 0. Below, the ten digits in separate boxes: the box of 8 holds a 1 and is lit, every "
        "other one holds a 0, and none is nearer than another.",
        words,
    )
    drawing.words(LEFT, 16, "amounts", align="left", bold=True)
    _number_line(drawing, digits, 30, label=8)
    drawing.words(LEFT, 150, "names", align="left", bold=True)
    for i, digit in enumerate(digits):
        x, lit = FIRST + i * PITCH, i == 8
        drawing.box(x - 14, 164, 28, 56, colour=PINK if lit else GREY, strong=lit)
        drawing.pixels(x - 11, 168, 22, digit)
        drawing.words(x, 206, str(int(lit)), colour=PAPER if lit else INK, bold=lit)
    return drawing


def _number_line(drawing: Drawing, digits: np.ndarray, top: float, label: int) -> None:
    """The digits above their places on a line, and how far `label` is from both ends."""
    line = top + 36
    drawing.arrow((LEFT - 4, line), (WIDTH - 8, line), colour=GREY)
    middles = [FIRST + i * PITCH for i in range(CLASSES)]
    for i, x in enumerate(middles):
        drawing.pixels(x - 11, top, 22, digits[i])
        drawing.words(x, line + 16, str(i), bold=i == label)
    drawing.dots([(x, line) for x in middles], colour=GREY)
    drawing.dots([(middles[label], line)], colour=PINK, size=10, edge=INK)
    measure = line + 34
    for other in (0, 9):
        start, end = sorted([middles[label], middles[other]])
        drawing.arrow((start + 2, measure), (end - 2, measure), colour=ORANGE, both=True)
        apart = drawing.said("{} apart", abs(label - other))
        drawing.words((start + end) / 2, measure + 15, apart, colour=ORANGE)


# --- softmax ---

ROW = 34  # from one score to the next
SCORES, POWERS, SHARES = 60, 168, 262  # where the three columns stand
SHARE = 56  # the length of a probability of 1


def softmax_layer(
    scores: Sequence[float] | np.ndarray,
    probabilities: Sequence[float] | np.ndarray,
    words: Mapping[str, str] = ENGLISH,
) -> Drawing:
    """Scores, their powers of e, each one's share of the sum: probabilities that add up to 1.

    Parameters
    ----------
    scores : sequence of float
        Any real numbers.
    probabilities : sequence of float
        What softmax makes of them.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A row for each score, and the sums below.

    Raises
    ------
    ValueError
        If softmax makes something else of them.
    """
    powers = np.exp(np.asarray(scores, float))
    shares, many = powers / powers.sum(), len(powers)
    if np.shape(probabilities) != shares.shape or not np.allclose(probabilities, shares, atol=1e-3):
        raise ValueError(f"softmax gives {shares.round(3)}, not {np.round(probabilities, 3)}")
    drawing = Drawing(
        94 + many * ROW,
        f"Softmax of {', '.join(map(number, scores))}: e to the power of each gives "
        f"{', '.join(map(_digits, powers))}; divided by their sum, {_digits(powers.sum())}, they "
        f"are {', '.join(f'{share:.2f}' for share in shares)}, which add up to 1.",
        words,
    )
    drawing.line_up(18, [(SCORES, "scores"), (POWERS, "$e^{\\,\\mathrm{score}}$")])
    drawing.words(WIDTH - LEFT, 18, "probabilities", align="right")
    longest = max(map(abs, scores)) or 1
    divided = f"÷ {_digits(powers.sum())}"
    for i, (score, power, share) in enumerate(zip(scores, powers, shares, strict=True)):
        y = 50 + i * ROW
        _score(drawing, y, score, 44 * score / longest)
        drawing.arrow((SCORES + 50, y), (POWERS - 33, y))
        drawing.box(POWERS - 28, y - 13, 56, 26, _digits(power), colour=BLUE)
        drawing.arrow((POWERS + 31, y), (SHARES - 5, y), words=divided)
        _bar(drawing, SHARES, y - 9, SHARE * share, 18)
        drawing.words(SHARES + SHARE * share + 6, y, f"{share:.2f}", align="left")
    drawing.line([(SCORES, 34), (SCORES, 32 + many * ROW)], colour=GREY, width=1)
    _softmax_sums(drawing, 68 + many * ROW, powers, shares)
    return drawing


def _digits(value: float) -> str:
    """Two or three digits that count, and all those of whole thousands."""
    if value < 1:
        return f"{value:.2g}"
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _bar(
    drawing: Drawing, x: float, y: float, width: float, height: float, strong: bool = True
) -> None:
    drawing.box(x, y, width, height, colour=BLUE, strong=strong, square=True)


def _score(drawing: Drawing, y: float, score: float, length: float) -> None:
    """A bar to the right, or below 0 to the left; the number on the other side of the line."""
    _bar(drawing, SCORES + min(length, 0), y - 9, abs(length), 18)
    if score > 0:
        drawing.words(SCORES - 6, y, number(score), align="right")
    else:
        drawing.words(SCORES + 6, y, number(score), align="left")


def _softmax_sums(drawing: Drawing, y: float, powers: np.ndarray, shares: np.ndarray) -> None:
    """The sum of the powers, and the probabilities end to end."""
    drawing.line([(POWERS - 30, y - 20), (POWERS + 30, y - 20)], colour=GREY, width=1)
    drawing.line([(SHARES, y - 20), (SHARES + SHARE + 30, y - 20)], colour=GREY, width=1)
    drawing.words(POWERS - 40, y, "sum", align="right")
    drawing.words(POWERS, y, _digits(powers.sum()), bold=True)
    ends = np.cumsum([0, *shares]) * SHARE
    for start, end in pairwise(ends):
        _bar(drawing, SHARES + start, y - 9, end - start, 18, strong=False)
    drawing.words(SHARES + SHARE + 6, y, "1", align="left", bold=True)


# --- one-hot labels meet cross-entropy ---

BASE = 112  # where the bars of probability stand


def one_hot_meets_cross_entropy(
    probabilities: Sequence[float] | np.ndarray, label: int, words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """The one-hot label picks one probability, whose −log is the loss.

    Parameters
    ----------
    probabilities : sequence of float
        Ten, one a class.
    label : int
        The right class.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Bars of probability, the one-hot row below, and the loss at the end of the lit column.

    Raises
    ------
    ValueError
        If these are not ten probabilities that add up to 1, or that of the label is 0.
    """
    if len(probabilities) != CLASSES or not np.isclose(sum(probabilities), 1, atol=0.01):
        raise ValueError("ten probabilities that add up to 1 are needed")
    p = float(probabilities[label])
    if p <= 0:
        raise ValueError(f"the probability of class {label} is {p}: its −log has no number")
    loss, shown = -np.log(p), f"{p:.2f}" if np.isclose(p, round(p, 2), rtol=0) else f"{p:.2g}"
    drawing = Drawing(
        252,
        f"Ten probabilities as bars. The one-hot label, a 1 for class {label} and nine 0s, picks "
        f"one of them, {shown}; its minus log, {loss:.2f}, is the loss. The others do not count.",
        words,
    )
    middle = FIRST + label * PITCH
    column = [(middle - 16, 26), (middle + 16, 26), (middle + 16, 190), (middle - 16, 190)]
    drawing.area(column, colour=PINK)
    drawing.words(LEFT, 14, "probabilities", align="left")
    drawing.words(LEFT, 148, "label, one-hot", align="left")
    for i, probability in enumerate(probabilities):
        _picked(drawing, i, probability, max(probabilities), i == label)
    drawing.line([(LEFT, BASE), (WIDTH - LEFT, BASE)], colour=GREY, width=1)
    sentence = drawing.said("loss = −log {} = {}", shown, f"{loss:.2f}")
    width = 8 * len(sentence) - 4
    left = float(np.clip(middle - width / 2, LEFT - 3, WIDTH - LEFT + 3 - width))
    drawing.arrow((middle, 190), (middle, 212))
    drawing.box(left, 213, width, 30, sentence, colour=ORANGE)
    return drawing


def _picked(drawing: Drawing, i: int, probability: float, highest: float, right: bool) -> None:
    """One class: its bar, its name, its place in the one-hot row."""
    x, height = FIRST + i * PITCH, 62 * probability / highest
    _bar(drawing, x - 10, BASE - height, 20, height, strong=right)
    drawing.words(
        x, BASE - height - 9, f"{probability:.2f}", colour=INK if right else GREY, size=SMALL,
        bold=right,
    )  # fmt: skip
    drawing.words(x, BASE + 13, str(i), bold=right)
    bit, colour = str(int(right)), PINK if right else GREY
    drawing.box(x - 13, 162, 26, 26, bit, colour=colour, strong=right)


# --- the two boxes ---

ROWS = 10  # of balls, and columns
BALL = 13.6  # from one ball to the next


def two_boxes(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """A blue ball came out of one of two boxes: which?

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A hundred balls in each, and two arrows to the ball that was drawn.
    """
    drawing = Drawing(
        256,
        "Two boxes of a hundred balls: 99 white and 1 blue; 1 white and 99 blue. A blue ball was "
        "drawn. From the first box that happens in 1 of 100 draws, from the second in 99 of 100: "
        "so the second box is the likelier explanation.",
        words,
    )
    side = ROWS * BALL + 8
    lefts = (LEFT + 4, WIDTH - LEFT - 4 - side)
    for left, blue, odd in zip(lefts, (1, 99), (63, 27), strict=True):
        held = drawing.said("{} white, {} blue", 100 - blue, blue)
        drawing.words(left + side / 2, 16, held)
        drawing.box(left, 30, side, side)
        _balls(drawing, left + 4, 34, [(i == odd) == (blue == 1) for i in range(ROWS**2)])
    x, y = WIDTH / 2, 232
    bottom = 30 + side + 3
    first, second = (left + side / 2 for left in lefts)
    drawing.arrow((first, bottom), (x - 18, y - 6), colour=GREY, width=1.2, dashed=True)
    drawing.arrow((second, bottom), (x + 18, y - 6), width=4)
    drawing.words(first - 4, 212, drawing.said("{} in 100", 1), colour=GREY)
    drawing.words(second + 8, 212, drawing.said("{} in 100", 99), bold=True)
    drawing.dots([(x, y)], colour=BLUE, size=24, edge=INK)
    return drawing


def _balls(drawing: Drawing, left: float, top: float, blue: Sequence[bool]) -> None:
    places: list[Point] = [
        (left + (i % ROWS + 0.5) * BALL, top + (i // ROWS + 0.5) * BALL) for i in range(ROWS**2)
    ]
    for colour, edge, wanted in ((BLUE, INK, True), (PAPER, GREY, False)):
        chosen = [place for place, is_blue in zip(places, blue, strict=True) if is_blue == wanted]
        drawing.dots(chosen, colour=colour, size=9.5, edge=edge)


# --- minus log ---


def minus_log(marked: Sequence[float] = (0.6, 0.1), words: Mapping[str, str] = ENGLISH) -> Drawing:
    """The curve of −log p, with the losses of some probabilities.

    Parameters
    ----------
    marked : sequence of float
        The probabilities.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The curve, a dashed way up and across for each, and the numbers on the axes.

    Raises
    ------
    ValueError
        If a probability is below 0.025, where no curve is drawn, or not below 1.
    """
    if not all(0.025 <= p < 1 for p in marked):
        raise ValueError(f"probabilities from 0.025 to 1, not {list(marked)}")
    losses = [-np.log(p) for p in marked]
    pairs = "; ".join(f"{p:g} costs {loss:.2f}" for p, loss in zip(marked, losses, strict=True))
    drawing = Drawing(
        250,
        f"The loss −log p over the probability p of the right class: {pairs}; 1 costs nothing;"
        " towards 0 it rises without limit.",
        words,
    )
    plane = Plane(52, 28, 276, 174, (0, 1), (0, 4))
    ground, p = plane.top + plane.height, np.linspace(np.exp(-3.8), 1, 150)
    drawing.arrow((plane.left, ground), (plane.left, 18), colour=GREY)
    drawing.arrow((plane.left, ground), (WIDTH - 10, ground), colour=GREY)
    drawing.arrow(*reversed(plane.along(p, -np.log(p))), colour=ORANGE, width=2.4)
    for probability, loss in [*zip(marked, losses, strict=True), (1, 0)]:
        x, y = plane.at(probability, loss)
        if loss:
            way = [(plane.left, y), (x, y), (x, ground)]
            drawing.line(way, colour=GREY, width=1.1, dashed=True)
        drawing.dots([(x, y)], colour=ORANGE, size=9, edge=INK)
        drawing.words(x, ground + 14, f"{probability:g}")
        drawing.words(plane.left - 6, y, f"{loss:.2f}" if loss else "0", align="right")
    drawing.words(plane.left + 12, 16, "loss = −log p", colour=ORANGE, align="left", bold=True)
    drawing.words(plane.left + plane.width / 2, 236, "p of the right class")
    return drawing


# --- softmax of two is the sigmoid ---

AXIS = 172  # where the bars of scores and the S-curve stand
UNIT = 19  # the height of a score of 1


def two_class_softmax_is_sigmoid(
    pairs: Sequence[tuple[float, float]], words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """Pairs of scores with one difference have one probability, which is on the S-curve.

    Parameters
    ----------
    pairs : sequence of tuple
        At most three, of two scores each, from 0 to 5, with the same difference.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The pairs as bars, the difference marked; an arrow to its place on the sigmoid.

    Raises
    ------
    ValueError
        If the differences are not the same and above 0, or there is no room for the scores.
    """
    gap = pairs[0][0] - pairs[0][1]
    if gap <= 0 or not np.allclose([first - second for first, second in pairs], gap):
        raise ValueError(f"pairs with the same difference, above 0, not {list(pairs)}")
    if len(pairs) > 3 or not all(0 <= score <= 5 for pair in pairs for score in pair):
        raise ValueError(f"there is room for three pairs of scores from 0 to 5, not {list(pairs)}")
    p = 1 / (1 + np.exp(-gap))
    drawing = Drawing(
        222,
        "Softmax of two is the sigmoid of their difference. The pairs of scores "
        f"{'; '.join(f'{a:g} and {b:g}' for a, b in pairs)} differ by {gap:g}; softmax gives the"
        f" first of each {p:.2f}, which is the sigmoid of {gap:g}, and the second {1 - p:.2f}.",
        words,
    )
    middle, zero = LEFT + 82, _s_curve(drawing, gap, p)
    for at, above, below in ((middle, "softmax", "scores"), (zero, "sigmoid", "difference")):
        drawing.words(at, 18, above, bold=True)
        drawing.words(at, AXIS + 34, below)
    drawing.words((middle + zero) / 2, 18, "=", bold=True, size=16)
    for i, (first, second) in enumerate(pairs):
        left = LEFT + i * 63
        _pair(drawing, left, first, second)
        drawing.words(left + 20, 42, f"{p:.2f}", bold=True)
        drawing.words(left + 20, 60, f"{1 - p:.2f}")
    return drawing


def _s_curve(drawing: Drawing, gap: float, p: float) -> float:
    """The sigmoid with one place marked; returns where its 0 is."""
    plane = Plane(208, 50, 130, AXIS - 50, (-4.5, 4.5), (0, 1))
    z = np.linspace(-4.5, 4.5, 61)
    zero, (x, y) = plane.at(0, 0)[0], plane.at(gap, p)
    drawing.arrow((plane.left, AXIS), (WIDTH - LEFT, AXIS), colour=GREY)
    drawing.line([(zero, AXIS), plane.at(0, 1.06)], colour=GREY, width=1)
    drawing.line(plane.along(z, 1 / (1 + np.exp(-z))), colour=BLUE, width=2.4)
    drawing.line([(zero, y), (x, y), (x, AXIS)], colour=GREY, width=1.1, dashed=True)
    drawing.dots([(x, y)], colour=BLUE, size=9, edge=INK)
    drawing.words(zero - 6, y, f"{p:.2f}", align="right", bold=True)
    drawing.words(x, AXIS + 14, number(gap), bold=True)
    drawing.words(zero - 5, AXIS + 14, "0", align="right")
    return float(zero)


def _pair(drawing: Drawing, left: float, first: float, second: float) -> None:
    """Two scores as bars, and the measure of their difference."""
    drawing.line([(left - 3, AXIS), (left + 43, AXIS)], colour=GREY, width=1)
    for x, score, strong in ((left, first, True), (left + 26, second, False)):
        _bar(drawing, x, AXIS - score * UNIT, 14, score * UNIT, strong)
        drawing.words(x + 7, AXIS + 14, number(score))
    low, high = ((left + 26, AXIS - score * UNIT) for score in (second, first))
    drawing.arrow(low, high, width=1.2, both=True)
    drawing.words(left + 42, (low[1] + high[1]) / 2, number(first - second), bold=True)
