"""Pictures of the chapter on networks: windows that slide over a digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.areas import as_floats
from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, SMALL
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import Point
from mnist_helpers.notebook.pictures.networks import column

# --- a window slides over a digit ---

PIXEL = 5.3  # of the digit and of the map
WORKED = 212.0  # where the arithmetic begins
DIGIT, MAP = (8.0, 28.0), (352 - 26 * PIXEL, 28.0 + PIXEL)  # their left upper corners
Place = tuple[int, int]  # row and column of a window


def window_slides(
    image: np.ndarray,
    kernel: np.ndarray,
    result: np.ndarray,
    words: Mapping[str, str] = ENGLISH,
) -> Drawing:
    """A window on a digit: its weights times the pixels, summed up, make one pixel of the map.

    Parameters
    ----------
    image : numpy.ndarray
        A digit, uint8 [28, 28].
    kernel : numpy.ndarray
        The window's weights, [3, 3]; there is room for one decimal.
    result : numpy.ndarray
        The feature map, float [26, 26].
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The window at three places; for one of them, the arithmetic.

    Raises
    ------
    ValueError
        If this is not the map that the window makes.
    """
    kernel, result = np.asarray(kernel), np.asarray(result)
    if kernel.shape != (3, 3) or result.shape != (26, 26):
        raise ValueError(
            f"a window [3, 3] and a map [26, 26], not {kernel.shape} and {result.shape}"
        )
    seen = np.lib.stride_tricks.sliding_window_view(as_floats(image), kernel.shape)
    if not np.allclose((seen * kernel).sum(axis=(2, 3)), result, atol=1e-3):
        raise ValueError("this is not the map that the window makes of the digit")
    places = _places(seen, kernel, result)
    worked = result[places[0]]
    drawing = Drawing(
        306,
        "A window of 3 × 3 weights on a digit, at three places. At each it makes one pixel of the "
        "feature map: its weights times the pixels that it sees, summed up. For one place the nine "
        f"pixels and the nine weights are shown; the sum is {number(worked, 1)}.",
        words,
    )
    inks = 0.5 + result / (np.abs(result).max() or 1) / 2
    drawing.pixels(*DIGIT, 28 * PIXEL, image)
    drawing.pixels(*MAP, 26 * PIXEL, inks)
    drawing.line_up(15, [(8 + 14 * PIXEL, "picture"), (352 - 13 * PIXEL, "feature map")])
    for place in places:
        _slide(drawing, place, dashed=place != places[0])
    _zooms(drawing, places[0])
    _worked(drawing, seen[places[0]], kernel)
    cell = [[number(worked, 1)]]
    ink = np.array([[inks[places[0]]]])
    drawing.cells(316, WORKED + 24, 36, cell, colour=GREEN, inks=ink, size=13)
    return drawing


def _places(seen: np.ndarray, kernel: np.ndarray, result: np.ndarray) -> list[Place]:
    """Three windows in different rows: the worked one, the smallest answer, ink without an answer.

    The worked one is the largest answer in the lower half for which the pixels with one decimal
    give the answer with one decimal, so that a reader can check it. The others are above it.
    """
    by_hand = (seen.round(1) * kernel).sum(axis=(2, 3)).round(1)
    rows = np.indices(result.shape)[0]
    likings = [
        result - 99 * (by_hand != result.round(1)),
        -result,
        seen.mean(axis=(2, 3)) - abs(result),
    ]
    places: list[Place] = []
    free = rows > 15
    for liking in likings:
        row, start = np.unravel_index(np.where(free, liking, -np.inf).argmax(), result.shape)
        places.append((int(row), int(start)))
        free = rows < places[0][0]
        for used, _ in places:
            free &= abs(rows - used) >= 4
    return places


def _slide(drawing: Drawing, place: Place, dashed: bool) -> None:
    """A window on the picture, and the one pixel of the map that it makes."""
    (x, y), (map_x, map_y) = _at(DIGIT, place), _at(MAP, place)
    size, height = 3 * PIXEL, y + 1.5 * PIXEL
    drawing.line([(x + size, height), (map_x, height)], colour=GREEN, dashed=dashed, rim=True)
    drawing.frame(x, y, size, size, colour=GREEN, line=1.8, dashed=dashed, rim=True)
    drawing.frame(map_x, map_y, PIXEL, PIXEL, colour=GREEN, line=1.8, rim=True)


def _at(corner: Point, place: Place) -> Point:
    return corner[0] + place[1] * PIXEL, corner[1] + place[0] * PIXEL


def _zooms(drawing: Drawing, place: Place) -> None:
    """Lines from the window and from its pixel in the map to what shows them large."""
    (x, y), (map_x, map_y) = _at(DIGIT, place), _at(MAP, place)
    for start, size, end, wide in [
        ((x, y + 3 * PIXEL), 3 * PIXEL, (8, WORKED), 84),
        ((map_x, map_y + PIXEL), PIXEL, (316, WORKED + 24), 36),
    ]:
        for right in (0, 1):
            points = [(start[0] + right * size, start[1]), (end[0] + right * wide, end[1] - 1.5)]
            drawing.line(points, colour=GREEN, width=1, rim=True)


def _worked(drawing: Drawing, seen: np.ndarray, kernel: np.ndarray) -> None:
    """The arithmetic of one place, below the pictures: pixels times weights, and the sum."""
    side, middle = 28.0, WORKED + 42
    pixels = [[number(value, 1) for value in row] for row in seen]
    drawing.cells(8, WORKED, side, pixels, colour=GREEN, inks=seen)
    weights = [[("+" if v > 0 else "") + number(v, 1) for v in row] for row in kernel]
    drawing.words(109, middle, "×")
    drawing.cells(126, WORKED, side, weights, colour=GREEN)
    drawing.arrow((220, middle), (306, middle))
    drawing.words(260, middle - 12, "sum")


# --- padding and pooling ---


def padding_and_pooling(image: np.ndarray, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Zeros around a picture keep its size; pooling keeps the largest of four numbers.

    Parameters
    ----------
    image : numpy.ndarray
        A digit, uint8 [28, 28].
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Above, a window of 3 × 3 on 5 × 5 pixels without and with padding; below, max-pooling.
    """
    drawing = Drawing(
        330,
        "Above: a window of 3 × 3 makes of 5 × 5 pixels only 3 × 3 numbers; with a ring of zeros "
        "around the pixels, 5 × 5. Below: of each 2 × 2 numbers, pooling keeps the largest.",
        words,
    )
    digit = _small_digit(image)
    _padding(drawing, 8, digit, 0)
    _padding(drawing, 170, digit, 1)
    drawing.line_up(15, [(71, "no padding"), (261, "padding")])
    drawing.words(72, 177, "pooling")
    _pooling(drawing, 8, 192, _telling_square(image))
    return drawing


def _small_digit(image: np.ndarray) -> np.ndarray:
    """The digit at 5 × 5: the middle 20 × 20 pixels, in blocks of 4 × 4, each by its mean."""
    blocks: np.ndarray = as_floats(image)[4:24, 4:24].reshape(5, 4, 5, 4).mean(axis=(1, 3))
    return np.asarray(blocks / (blocks.max() or 1))


def _telling_square(image: np.ndarray) -> np.ndarray:
    """Four by four pixels, with one decimal: where the largest of each 2 × 2 differ most."""
    squares = np.lib.stride_tricks.sliding_window_view(as_floats(image).round(1), (4, 4))
    blocks = squares.reshape(25, 25, 2, 2, 2, 2).swapaxes(3, 4).reshape(25, 25, 4, 4)
    largest = np.sort(blocks.max(axis=3), axis=2)
    single = (blocks == blocks.max(axis=3, keepdims=True)).sum(axis=(2, 3)) == 4
    different = (np.diff(largest, axis=2) > 0).sum(axis=2)
    liking = different + 3 * single + blocks.std(axis=3).mean(axis=2)
    return squares[np.unravel_index(liking.argmax(), liking.shape)]


def _padding(drawing: Drawing, x: float, digit: np.ndarray, ring: int) -> None:
    """A 5 × 5 digit, with a ring of zeros or none; windows at both ends; what comes out."""
    size, result, middle = 5 + 2 * ring, 3 + 2 * ring, 78.0
    side, wide = 13.0, size * 13.0
    y, left = middle - wide / 2, x + wide + 26
    top = middle - result * side / 2
    zeros = [["0" if i in (0, 6) or j in (0, 6) else "" for j in range(7)] for i in range(7)]
    if ring:
        drawing.cells(x, y, side, zeros, dashed=True)
    drawing.pixels(x + ring * side, y + ring * side, 5 * side, digit, grid=True)
    drawing.arrow((x + wide + 4, middle), (left - 4, middle))
    drawing.cells(left, top, side, [[""] * result] * result, colour=BLUE)
    for end, dashed in [(result - 1, True), (0, False)]:
        far = end * side
        for corner, length in [((x, y), 3 * side), ((left, top), side)]:
            drawing.frame(
                corner[0] + far, corner[1] + far, length, length, colour=GREEN, line=2.2,
                dashed=dashed, rim=True,
            )  # fmt: skip
    _span(drawing, x + ring * side, 5)
    _span(drawing, left, result)


def _span(drawing: Drawing, x: float, cells: int) -> None:
    """How many cells, with a line below just those."""
    end = x + cells * 13
    drawing.line([(x, 130), (x, 134), (end, 134), (end, 130)], colour=GREY, width=1.2)
    drawing.words((x + end) / 2, 145, f"{cells} × {cells}")


def _pooling(drawing: Drawing, x: float, y: float, square: np.ndarray) -> None:
    """Of each 2 × 2 numbers, the largest."""
    side, right = 32.0, 286.5
    numbers = [[number(value, 1) for value in row] for row in square]
    drawing.cells(x, y, side, numbers, colour=BLUE, size=13)
    blocks = square.reshape(2, 2, 2, 2).swapaxes(1, 2)
    largest = [[number(value, 1) for value in row] for row in blocks.max(axis=(2, 3))]
    drawing.cells(right, y + side, side, largest, colour=BLUE, size=13)
    for i, j in np.ndindex(2, 2):
        row, start = np.unravel_index(blocks[i, j].argmax(), (2, 2))
        at = x + (2 * j + start + 0.5) * side, y + (2 * i + row + 0.5) * side
        drawing.circle(*at, 13.5, colour="#222222", fill="none")
    for i in range(3):
        along = 2 * i * side
        drawing.line([(x, y + along), (x + 4 * side, y + along)], width=2)
        drawing.line([(x + along, y), (x + along, y + 4 * side)], width=2)
    drawing.arrow((x + 4 * side + 14, y + 2 * side), (right - 14, y + 2 * side))
    drawing.words((x + 4 * side + right) / 2, y + 2 * side - 13, "largest")


# --- the shapes of the convolutional network ---

SCALE = 2.2  # units to a pixel: all pictures of the network alike
UPPER, LOWER = 56, 220  # the middles of the two rows


def conv_net_shapes(
    image: np.ndarray, outputs: int = 10, words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """The book's convolutional network, its pictures to scale, with shapes and parameters.

    Parameters
    ----------
    image : numpy.ndarray
        A digit, uint8 [28, 28].
    outputs : int
        10 for classes, 1 for a regression.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Two rows, each with a convolution and a pooling; the second with the linear layer, too.

    Raises
    ------
    ValueError
        If there is no room for so many outputs.
    """
    if not 1 <= outputs <= 10:
        raise ValueError(f"there is room for 1 to 10 outputs, not for {outputs}")
    shapes = ["1 × 28 × 28", "20 × 28 × 28", "20 × 14 × 14", "20 × 14 × 14", "20 × 7 × 7", "980"]
    drawing = Drawing(
        316,
        f"The convolutional network: {' → '.join([*shapes, str(outputs)])}. The two convolutions "
        "of 5 × 5 have 520 and 10,020 parameters, the linear layer at the end "
        f"{980 * outputs + outputs:,}.",
        words,
    )
    _first_row(drawing, image)
    drawing.line([(308, 126), (308, 142), (9, 142), (9, LOWER)])
    _second_row(drawing, outputs)
    return drawing


def _first_row(drawing: Drawing, image: np.ndarray) -> None:
    side = 28 * SCALE
    drawing.pixels(8, UPPER - side / 2, side, image)
    _layer(drawing, 76, 156, UPPER, "conv 5 × 5")
    _parameters(drawing, 114, UPPER + 17, 5 * 5 * 20 + 20)
    drawing.words(114, UPPER + 36, "parameters", size=SMALL)
    end, middle = _maps(drawing, 160, UPPER, 28)
    _layer(drawing, end + 5, end + 50, UPPER, "pool")
    _maps(drawing, end + 55, UPPER, 14)
    words = [(48.0, "1 × 28 × 28"), (middle, "20 × 28 × 28"), (308.0, "20 × 14 × 14")]
    drawing.line_up(UPPER + 55, words)


def _second_row(drawing: Drawing, outputs: int) -> None:
    _layer(drawing, 9, 90, LOWER, "conv 5 × 5")
    _parameters(drawing, 50, LOWER + 17, 20 * 5 * 5 * 20 + 20)
    end, first = _maps(drawing, 95, LOWER, 14)
    _layer(drawing, end + 5, end + 47, LOWER, "pool")
    end, second = _maps(drawing, end + 52, LOWER, 7)
    _layer(drawing, end + 5, end + 57, LOWER, "flatten")
    features, units = column(end + 65, LOWER, 8, 10), column(342, LOWER, 8.4, outputs)
    drawing.all_to_all(features, units, colour=GREEN)
    drawing.cells(end + 61, LOWER - 40, 8, [[""]] * 10, colour=BLUE)
    for x, y in units:
        drawing.circle(x, y, 4, colour=BLUE)
    words = [(first, "20 × 14 × 14"), (second, "20 × 7 × 7"), (end + 65, "980")]
    drawing.line_up(LOWER + 53, [*words, (342, str(outputs))])
    drawing.words((end + 407) / 2, LOWER - 55, "linear")
    _parameters(drawing, (end + 407) / 2, LOWER + 77, 980 * outputs + outputs)


def _maps(drawing: Drawing, x: float, middle: float, pixels: int) -> tuple[float, float]:
    """Twenty maps; returns where they end at the right, and the middle between left and right."""
    side = pixels * SCALE
    reach = drawing.stack(x, middle - side / 2 + 8, side, 20, colour=BLUE)
    return x + side + reach, x + (side + reach) / 2


def _parameters(drawing: Drawing, x: float, y: float, many: int) -> None:
    """How many parameters: a label of their colour and shape, about (x, y)."""
    width = 14 + 8 * len(f"{many:,}")
    drawing.box(x - width / 2, y - 11, width, 22, number(many), colour=GREEN)


def _layer(drawing: Drawing, left: float, right: float, middle: float, name: str) -> None:
    """An arrow with the layer's name above."""
    drawing.arrow((left, middle), (right, middle))
    drawing.words((left + right) / 2 - (1 if left > 9 else -1), middle - 13, name)


# --- learned windows, and the maps that they make ---


def windows_and_maps(
    image: np.ndarray,
    windows: np.ndarray,
    maps: np.ndarray,
    words: Mapping[str, str] = ENGLISH,
) -> Drawing:
    """The learned windows, and the feature map that each makes of one digit.

    Parameters
    ----------
    image : numpy.ndarray
        A digit, uint8 [28, 28].
    windows : numpy.ndarray
        float [n, 5, 5].
    maps : numpy.ndarray
        float [n, 28, 28].
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The digit, and below it n pairs: a window, and its map.

    Raises
    ------
    ValueError
        If there are not as many of both.
    """
    many = len(windows)
    if many != len(maps):
        raise ValueError(f"{many} windows, but {len(maps)} maps")
    zero = "the darker, the more it answers" if maps.min() >= 0 else "0 is grey, more is darker"
    drawing = Drawing(
        88 + 60 * -(-many // 4),
        f"{many} learned windows of {windows.shape[1]} × {windows.shape[2]} weights, from the"
        " smallest, white, to the largest, black; and beside each the feature map that it makes of"
        f" the same digit: {zero}.",
        words,
    )
    _legend(drawing, image, many)
    for i, (window, ink) in enumerate(zip(_inks(windows), _inks(maps), strict=True)):
        x, y = 8 + (i % 4) * 87, 88 + (i // 4) * 60
        drawing.pixels(x, y + 14, 25, window, edge=GREEN)
        drawing.pixels(x + 28, y, 54, ink, edge=BLUE)
    return drawing


def _legend(drawing: Drawing, image: np.ndarray, many: int) -> None:
    drawing.pixels(8, 8, 60, image)
    drawing.arrow((76, 38), (100, 38))
    drawing.box(106, 24, 88, 28, drawing.said("{} windows", many), colour=GREEN)
    drawing.arrow((200, 38), (224, 38))
    drawing.box(230, 24, 120, 28, drawing.said("{} feature maps", many), colour=BLUE)


def _inks(numbers: Sequence | np.ndarray) -> np.ndarray:
    """From paper (0) to ink (1); where some are below 0, that is in the middle.

    The largest hundredth is cut off, or a single number would make all others pale.
    """
    numbers = np.asarray(numbers)
    most = np.percentile(np.abs(numbers), 99) or 1.0
    within = np.clip(numbers / most, -1, 1)
    return within if numbers.min() >= 0 else 0.5 + within / 2
