"""How many digits a picture shows, by how its ink lies: none, one or more.

No network is asked. A digit may be in pieces, so pieces alone say nothing: a 5 has a loose bar, a
pen skips. But what stands *beside* something as high as itself is another digit, and so is what
stands *below* it at a distance that no pen skips.
"""

from __future__ import annotations

import numpy as np

from mnist_helpers.data.pictures.parts import Part, parts_of

TALL = 0.6  # of the highest part's height: what is lower is a piece, such as a bar or a dot
BESIDE = 0.05  # of that height: the gap between digits in a row
BELOW = 0.25  # the same between rows; pieces of one digit lie below each other more often


def how_many(there: np.ndarray) -> int:
    """How many digits the ink makes.

    Parameters
    ----------
    there : numpy.ndarray
        bool [height, width], true where ink is; of any size, such as 28 × 28.

    Returns
    -------
    int
        0 without ink; 1 for pieces that belong together; otherwise how many parts stand apart,
        which is right for digits that do not touch.
    """
    parts = parts_of(there)
    if not parts:
        return 0
    highest = max(part.height for part in parts)
    apart: list[Part] = []
    for part in parts:
        tall = part.height >= TALL * highest
        if tall and all(_stand_apart(part, other, highest) for other in apart):
            apart.append(part)
    return len(apart)


def _stand_apart(part: Part, other: Part, highest: int) -> bool:
    beside = _gap(part.columns, other.columns) >= BESIDE * highest
    return beside or _gap(part.rows, other.rows) >= BELOW * highest


def _gap(a: slice, b: slice) -> int:
    """How many rows or columns lie between two ranges; below 0 where they overlap."""
    return int(max(a.start, b.start) - min(a.stop, b.stop))
