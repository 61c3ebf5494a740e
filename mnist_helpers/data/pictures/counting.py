"""How many digits a picture shows, by how its ink lies: none, one or more.

No network is asked. A digit may be in pieces, so pieces alone say nothing: a 5 has a loose bar, a
pen skips. But what stands *beside* something as high as itself is another digit, and so is what
stands *below* it at a distance that no pen skips.
"""

from __future__ import annotations

import numpy as np

from mnist_helpers.data.pictures.finding import Found
from mnist_helpers.data.pictures.parts import Part, parts_of

TALL = 0.6  # of the highest part's height: what is lower is a piece, such as a bar or a dot
BESIDE = 0.05  # of that height: the gap between digits in a row
BELOW = 0.25  # the same between rows; pieces of one digit lie below each other more often
ALIKE = 1.7  # how many times as large another digit may be
ALIKE_PENS = 2.5  # … and how many times as thick its strokes
WIDE = 1.4  # how many times as wide as high a digit may be; wider, it is a piece of one, …
MANY = 4  # … unless there are so many: then the picture lies on its side
INK = 0.5  # of the digit's own ink: what is fainter is no digit beside it


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


def others(found: Found, away: np.ndarray) -> int:
    """How many more digits the picture shows than the one that has been found.

    Parameters
    ----------
    found : mnist_helpers.data.pictures.finding.Found
        That one.
    away : numpy.ndarray
        float32 [height, width], in which it was found.

    Returns
    -------
    int
        How many parts have its size, its strokes and its darkness, and touch no edge.
    """
    parts = parts_of(away > INK * found.contrast)
    own = next((part for part in parts if _within(part, found)), None)  # its largest piece
    if own is None:
        return 0
    more = sum(
        not part.edges
        and not _meets(part, found)
        and _similar(_size(part), _size(own), ALIKE)
        and _similar(part.thickness, own.thickness, ALIKE_PENS)
        for part in parts
    )
    in_pieces = own.width > WIDE * own.height and more < MANY  # as a 5's bar, and what is below it
    return 0 if in_pieces else more


def _size(part: Part) -> int:
    return max(part.height, part.width)


def _stand_apart(part: Part, other: Part, highest: int) -> bool:
    beside = _gap(part.columns, other.columns) >= BESIDE * highest
    return beside or _gap(part.rows, other.rows) >= BELOW * highest


def _gap(a: slice, b: slice) -> int:
    """How many rows or columns lie between two ranges; below 0 where they overlap."""
    return int(max(a.start, b.start) - min(a.stop, b.stop))


def _meets(part: Part, found: Found) -> bool:
    """Whether their rectangles overlap: then it is a piece of it, or a frame around it."""
    return _gap(part.rows, found.rows) < 0 and _gap(part.columns, found.columns) < 0


def _within(part: Part, found: Found) -> bool:
    both = ((part.rows, found.rows), (part.columns, found.columns))
    return all(a.start >= b.start and a.stop <= b.stop for a, b in both)


def _similar(a: float, b: float, times: float) -> bool:
    return b / times <= a <= b * times
