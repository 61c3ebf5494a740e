"""MNIST's own form: how a digit lies in its 28 × 28 pixels.

The makers of MNIST scaled each digit to fit a 20 × 20 box, keeping its proportions, and put its
centre of mass at the centre of the 28 × 28 field (LeCun, Cortes, Burges: "The MNIST database of
handwritten digits"). Measured on the 10,000 test images: the longer side is 20 pixels in 9,997,
and the centre of mass lies within half a pixel of (14, 14), counting pixels from 0.
"""

import numpy as np
from PIL import Image

SIZE = 28  # pixels along a side of the field
BOX = 20  # pixels along the longer side of the digit
CENTRE = 14  # row and column of the centre of mass, counted from 0


def to_mnist_form(ink: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Scale a digit into the 20 × 20 box and centre it by mass in 28 × 28.

    `ink` is a float array [height, width], 0 where the paper is and at most 1 where the ink is;
    pixels above `threshold` count as ink when the digit is cut out. Returns float32 [28, 28] in
    [0, 1]. Raises ValueError where no pixel is above the threshold.
    """
    digit = cut_out(ink, threshold)
    scale = BOX / max(digit.shape)
    height, width = (max(1, round(side * scale)) for side in digit.shape)
    small = Image.fromarray(digit.astype(np.float32)).resize(
        (width, height), Image.Resampling.LANCZOS
    )
    small = np.clip(np.asarray(small), 0.0, 1.0)  # Lanczos overshoots a little at edges

    field = np.zeros((SIZE, SIZE), np.float32)
    top = _start(small.sum(axis=1), height)
    left = _start(small.sum(axis=0), width)
    field[top : top + height, left : left + width] = small
    return field


def cut_out(ink: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """The smallest rectangle of `ink` [height, width] with every pixel above `threshold`.

    Raises
    ------
    ValueError
        If there is no such pixel.
    """
    rows = np.flatnonzero((ink > threshold).any(axis=1))
    columns = np.flatnonzero((ink > threshold).any(axis=0))
    if len(rows) == 0:
        raise ValueError("no ink: every pixel is at or below the threshold")
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _start(mass: np.ndarray, length: int) -> int:
    """Where the digit starts along one side, so that its centre of mass comes to CENTRE."""
    centre = (mass * np.arange(length)).sum() / mass.sum()
    # A digit that is its own mirror image often lies between two pixels: the last bit of a sum must
    # not decide which, or it would jump from one machine, or language, to another
    start = round(float(CENTRE - centre), 4)
    return int(np.clip(round(start), 0, SIZE - length))
