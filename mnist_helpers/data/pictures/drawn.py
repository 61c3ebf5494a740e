"""A digit that was drawn on a screen → what the book's models take."""

from __future__ import annotations

import numpy as np

from mnist_helpers.data.mnist_form import to_mnist_form
from mnist_helpers.errors import PictureError


def from_drawing(ink: np.ndarray, name: str = "drawing") -> np.ndarray:
    """Bring a digit that was drawn on a screen to MNIST's own form: float32 [1, 1, 28, 28].

    A drawing has neither noise nor shadows: every pixel with any ink belongs to the digit, which is
    cut out, scaled into a 20 × 20 box, centred by mass, and made as dark as it can be. The site's
    page "Draw a digit" does the same, in JavaScript.

    Parameters
    ----------
    ink : numpy.ndarray
        uint8 [height, width], 255 where the ink is and 0 where the paper is.
    name : str
        What error messages call the drawing.

    Returns
    -------
    numpy.ndarray
        float32 [1, 1, 28, 28] in [0, 1], as from :func:`load_image`.

    Raises
    ------
    PictureError
        If `ink` is of another shape or dtype, or nothing is drawn.
    """
    ink = np.asarray(ink)
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise PictureError(
            f"{name}: {ink.dtype} {list(ink.shape)}; expected uint8 [height, width], 255 for ink "
            "and 0 for paper"
        )
    if not ink.any():
        raise PictureError(f"{name}: blank (no pixel has any ink); draw a digit first")
    field = to_mnist_form(ink / np.float32(ink.max()))
    return (field / field.max())[None, None]  # thin strokes fade when they are scaled down
