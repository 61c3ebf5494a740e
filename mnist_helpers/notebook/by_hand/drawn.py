"""Digits that a reader draws: ``drawing = draw()``, and in the next cell ``drawing.image``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import overload

import numpy as np

from mnist_helpers.data.digits import Digits
from mnist_helpers.data.pictures import from_drawing
from mnist_helpers.errors import DataError
from mnist_helpers.notebook.by_hand.fields import Fields
from mnist_helpers.notebook.by_hand.strokes import Stroke, rasterise

MOST = 100  # fields at once


@overload
def draw(labels: None = None, *, file: str | os.PathLike | None = None) -> DrawnDigit: ...
@overload
def draw(labels: Iterable[int], *, file: str | os.PathLike | None = None) -> DrawnDigits: ...
def draw(
    labels: Iterable[int] | None = None, *, file: str | os.PathLike | None = None
) -> DrawnDigit | DrawnDigits:
    """Show a field to draw a digit on, in a notebook; or one for each of several labels.

    The cell does not wait. What has been drawn by then is what the next cell finds; until something
    is, a stored drawing takes its place, and a line says so. Where nobody sits in front of the
    notebook, and in a program, the stored drawing is shown at once.

    Parameters
    ----------
    labels : iterable of int, optional
        The digits that are to be drawn, 0 to 9, at most 100; ``range(10)`` is each of them once.
        Without it, one digit, whichever the reader likes.
    file : str or os.PathLike, optional
        Where the drawings are kept. Each change is written there, and what is there already is on
        the fields from the start: nobody has to draw twice. The folder must be there.

    Returns
    -------
    DrawnDigit or DrawnDigits
        What is on the field, at any time; or on the fields, if there are labels.

    Raises
    ------
    DataError
        If the labels are not digits, or the file does not hold drawings of them.
    OSError
        If the file is there, but cannot be read.
    """
    made = DrawnDigit(file) if labels is None else DrawnDigits(labels, file)
    made.show()
    return made


class DrawnDigit(Fields):
    """A digit that is drawn in a notebook, as :func:`draw` returns it.

    What it holds changes while one draws: each use takes what is on the field by then.

    Parameters
    ----------
    file : str or os.PathLike, optional
        Where it is kept, as for :func:`draw`.
    """

    def __init__(self, file: str | os.PathLike | None = None) -> None:
        super().__init__([None], file)

    def __repr__(self) -> str:
        return "a drawn digit" if self.drawn else "a digit to be drawn"

    @property
    def strokes(self) -> list[Stroke]:
        """The ways of the pen: lists of points (x, y) in a square of 280 × 280."""
        return self._current()[0].strokes

    @property
    def pixels(self) -> np.ndarray:
        """What was drawn: uint8 [280, 280], 255 where the ink is full, 0 where the paper is."""
        return rasterise(self.strokes)

    @property
    def image(self) -> np.ndarray:
        """The digit in MNIST's own form, as networks take it: float32 [1, 1, 28, 28] in [0, 1]."""
        return from_drawing(self.pixels)


class DrawnDigits(Fields):
    """Digits that are drawn in a notebook, with labels, as :func:`draw` returns them.

    What it holds changes while one draws; fields that are empty are left out.

    Parameters
    ----------
    labels : iterable of int
        One for each field.
    file : str or os.PathLike, optional
        Where they are kept, as for :func:`draw`.

    Raises
    ------
    DataError
        If the labels are not digits, or the file does not hold drawings of them.
    OSError
        If the file is there, but cannot be read.
    """

    def __init__(self, labels: Iterable[int], file: str | os.PathLike | None = None) -> None:
        super().__init__(_digits(labels), file)

    def __repr__(self) -> str:
        count = sum(map(bool, self._strokes))
        return f"{count} of {len(self._labels)} digits drawn"

    def __len__(self) -> int:
        """How many digits there are now.

        Returns
        -------
        int
            Those drawn; if there are none, as many stored ones as there are fields.
        """
        return sum(map(bool, self._strokes)) or len(self._labels)

    @property
    def strokes(self) -> list[list[Stroke]]:
        """For each digit the ways of the pen, as in a :class:`DrawnDigit`."""
        return [drawing.strokes for drawing in self._current()]

    @property
    def pixels(self) -> np.ndarray:
        """What was drawn: uint8 [n, 280, 280], 255 where the ink is full, 0 where the paper is."""
        return np.stack([rasterise(strokes) for strokes in self.strokes])

    @property
    def digits(self) -> Digits:
        """They and their labels, in MNIST's own form, as they are by now."""
        current = self._current()
        images = [from_drawing(rasterise(drawing.strokes))[0, 0] for drawing in current]
        labels = np.array([drawing.label for drawing in current], np.uint8)
        source = "the reader's hand" if self.drawn else "the stored drawings"
        return Digits.checked(np.round(255 * np.stack(images)).astype(np.uint8), labels, source)


def _digits(labels: Iterable[int]) -> list[int]:
    """`labels` as a list of int, or a DataError."""
    wrong = "draw(labels=…): expected digits from 0 to 9, as in range(10), "
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise DataError(f"{wrong}not {labels!r}")
    made = []
    for label in labels:
        whole = isinstance(label, int | np.integer) and not isinstance(label, bool)
        if not whole or not 0 <= label < 10:
            raise DataError(f"{wrong}not {label!r}")
        made.append(int(label))
        if len(made) > MOST:
            raise DataError(f"draw(labels=…): more than {MOST} fields at once")
    if not made:
        raise DataError(f"{wrong}not an empty list")
    return made
