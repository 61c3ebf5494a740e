"""Pictures of the chapter "All together": a convolution as one product of matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN
from mnist_helpers.notebook.draw.drawing import Drawing

SIDE, KERNEL = 4, 3  # places along a side of the image, and of a window
CELL = 22.0  # of what has numbers
SMALL_CELL = 13.0  # of what has none
IMAGE, MATRIX = (8.0, 34.0), (154.0, 34.0)  # their left upper corners
BELOW = 184.0  # where the product begins


def patch_matrix(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Im2col: the windows of an image as rows of a matrix, and its product with two kernels.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Above, an image of 4 × 4 numbered places, and the matrix of the places that its four windows
        look at; below, that matrix times the kernels.
    """
    places = np.arange(SIDE**2).reshape(SIDE, SIDE)
    windows = np.lib.stride_tricks.sliding_window_view(places, (KERNEL, KERNEL))
    rows = windows.reshape(-1, KERNEL**2)
    drawing = Drawing(
        330,
        "Above, an image of 4 by 4 places, numbered from 0 to 15, with the first and the last of "
        "its four windows of 3 by 3. Beside it a matrix with a row for each window, which holds "
        f"the numbers of its places: the first {_listed(rows[0])}, the last {_listed(rows[-1])}. "
        "Below, this matrix of 4 rows and 9 columns times one of 9 rows and 2 columns, a column "
        "for each kernel, is one of 4 rows and 2 columns: each column is a feature map of 2 by 2.",
        words,
    )
    drawing.words(IMAGE[0] + SIDE * CELL / 2, 14, "image", bold=True)
    drawing.words(MATRIX[0] + KERNEL**2 * CELL / 2, 14, "a row for each window", bold=True)
    drawing.cells(*IMAGE, CELL, _texts(places), colour=BLUE)
    drawing.cells(*MATRIX, CELL, _texts(rows), colour=BLUE)
    drawing.arrow((IMAGE[0] + SIDE * CELL + 8, 78), (MATRIX[0] - 8, 78))
    for at, dashed in ((0, False), (len(rows) - 1, True)):
        row, column = divmod(at, SIDE - KERNEL + 1)
        corner = IMAGE[0] + column * CELL, IMAGE[1] + row * CELL
        inset = 1.5 if dashed else -1.5  # so that the two do not hide each other
        _marked(drawing, *corner, KERNEL, KERNEL, CELL, dashed, inset)
        _marked(drawing, MATRIX[0], MATRIX[1] + at * CELL, KERNEL**2, 1, CELL, dashed, inset)
    _product(drawing, len(rows))
    return drawing


def _texts(numbers: np.ndarray) -> list[list[str]]:
    return [[str(n) for n in row] for row in numbers]


def _listed(numbers: Sequence[int] | np.ndarray) -> str:
    return ", ".join(map(str, numbers[:3])) + f" to {numbers[-1]}"


def _marked(
    drawing: Drawing, x: float, y: float, columns: int, rows: int, cell: float, dashed: bool,
    inset: float = 0.0,
) -> None:  # fmt: skip
    size = columns * cell - 2 * inset, rows * cell - 2 * inset
    drawing.frame(x + inset, y + inset, *size, line=2.2, dashed=dashed)


def _product(drawing: Drawing, n: int) -> None:
    """The matrix of `n` rows times that of the kernels, and its columns as maps."""
    wide, s = KERNEL**2, SMALL_CELL
    middle = BELOW + wide * s / 2
    top = middle - n * s / 2  # of what has a row for each window
    drawing.words(8 + wide * s / 2, BELOW - 14, "patches", bold=True)
    drawing.words(163, BELOW - 14, "kernels", bold=True)
    drawing.words(290, BELOW - 14, "feature maps", bold=True)
    drawing.cells(8, top, s, [[""] * wide] * n, colour=BLUE)
    drawing.words(138, middle, "×")
    drawing.cells(150, BELOW, s, [[""] * 2] * wide, colour=GREEN)
    drawing.words(190, middle, "=")
    drawing.cells(204, top, s, [[""] * 2] * n, colour=BLUE)
    drawing.arrow((236, middle), (260, middle))
    side = SIDE - KERNEL + 1
    for at, left in enumerate((268.0, 316.0)):
        drawing.cells(left, middle - s, s, [[""] * side] * side, colour=BLUE)
        drawing.words(left + s, middle + 28, str(at + 1))
    for at in (0, n - 1):
        dashed = at > 0
        _marked(drawing, 8, top + at * s, wide, 1, s, dashed)
        _marked(drawing, 204, top + at * s, 2, 1, s, dashed)
        for left in (268.0, 316.0):
            row, column = divmod(at, side)
            _marked(drawing, left + column * s, middle - s + row * s, 1, 1, s, dashed)
    drawing.words(8 + wide * s / 2, middle + 46, drawing.said("[{} × {}]", n, wide))
    drawing.words(163, BELOW + wide * s + 14, drawing.said("[{} × {}]", wide, 2))
    drawing.words(217, middle + 46, drawing.said("[{} × {}]", n, 2))
