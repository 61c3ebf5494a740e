"""Digits that a reader draws: ``drawing = draw()``, and in the next cell ``drawing.image``."""

from __future__ import annotations

import base64
import io
import os
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from PIL import Image

from mnist_helpers.data.digits import Digits
from mnist_helpers.data.pictures import from_drawing
from mnist_helpers.errors import DataError
from mnist_helpers.notebook.by_hand import files, jupyter
from mnist_helpers.notebook.by_hand.files import Drawing
from mnist_helpers.notebook.by_hand.strokes import SIDE, Stroke, checked, rasterise

MOST = 100  # fields at once
NOBODY = "nobody can draw here: {} taken"
NOTHING_YET = "nothing is drawn yet: {} taken"


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
    made._show()
    return made


class _Fields:
    """Fields, and what is drawn on each; stored drawings until something is."""

    def __init__(self, labels: Sequence[int | None], file: str | os.PathLike | None) -> None:
        self._labels = tuple(labels)
        self._strokes: list[list[Stroke]] = [[] for _ in labels]
        self._file = None if file is None else Path(file)
        self._silent = False  # a line has said that stored drawings are taken
        if self._file is not None and self._file.exists():
            self._put(files.read(self._file), str(self._file))

    @property
    def drawn(self) -> bool:
        """Whether anything has been drawn, or came from a file; otherwise, drawings are stored."""
        return any(self._strokes)

    def save(self, path: str | os.PathLike) -> None:
        """Write the drawings to a file, for ``draw(…, file=path)``.

        Parameters
        ----------
        path : str or os.PathLike
            The file, JSON. It appears whole or not at all; its folder must be there.

        Raises
        ------
        DataError
            If nothing has been drawn.
        OSError
            If the file cannot be written.
        """
        if not self.drawn:
            raise DataError(f"{path}: not written, since nothing has been drawn; draw first")
        files.write(path, self._current())

    def paste(self, text: str) -> None:
        """Take drawings that a page could not hand over, and gave as a text to be copied.

        Parameters
        ----------
        text : str
            All of it; the same as in a file of drawings.

        Raises
        ------
        DataError
            If it is not such a text, or holds drawings that no field is for.
        OSError
            If the file that was named to `draw` cannot be written.
        """
        self._put(files.from_text(text, "the text"), "the text")
        self._keep()

    def _put(self, drawings: list[Drawing], name: str) -> None:
        """Each drawing to the first free field of its label, in place of all that is there."""
        strokes: list[list[Stroke]] = [[] for _ in self._labels]
        for drawing in drawings:
            fitting = (
                i
                for i, label in enumerate(self._labels)
                if not strokes[i] and label in (drawing.label, None)
            )
            if (place := next(fitting, None)) is None:
                asked = ", ".join("one digit" if k is None else str(k) for k in self._labels)
                raise DataError(
                    f"{name}: a drawing of {'a digit' if drawing.label is None else drawing.label} "
                    f"too many; there are fields for {asked}"
                )
            strokes[place] = drawing.strokes
        self._strokes = strokes

    def _keep(self) -> None:
        if self._file is not None:
            files.write(self._file, self._current() if self.drawn else [])

    def _current(self) -> list[Drawing]:
        """What is drawn; if nothing is, stored drawings, of which a line tells once."""
        if self.drawn:
            pairs = zip(self._labels, self._strokes, strict=True)
            return [Drawing(label, strokes) for label, strokes in pairs if strokes]
        taken = files.stored(self._labels)
        if not self._silent:
            self._say(NOTHING_YET, taken)
        return taken

    def _say(self, line: str, taken: list[Drawing]) -> None:
        one = f"a stored drawing, of a {taken[0].label}, is"
        print(line.format(one if len(taken) == 1 else f"{len(taken)} stored drawings are"))
        self._silent = True

    def _show(self) -> None:
        if jupyter.answers():
            jupyter.show(self._labels, _weakly(self._asked))
            return
        if self.drawn:
            print(f"nobody can draw here: taken from {self._file}")
        else:
            self._say(NOBODY, files.stored(self._labels))
        if jupyter.in_notebook():
            _display_still(self._current())

    def _asked(self, message: Any) -> dict[str, Any]:
        """Take what a page sends, and answer it."""
        if not isinstance(message, dict) or "strokes" not in message:
            return {"taken": sum(map(bool, self._strokes)), "strokes": self._strokes}
        sent = message["strokes"]
        if not isinstance(sent, list) or len(sent) != len(self._labels):
            raise DataError(f"what was drawn is not one list for each of {len(self._labels)} fields")
        self._strokes = [checked(strokes, f"field {i}") for i, strokes in enumerate(sent, 1)]
        self._silent = False
        self._keep()
        return {"taken": sum(map(bool, self._strokes))}


class DrawnDigit(_Fields):
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


class DrawnDigits(_Fields):
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
        if not isinstance(label, int | np.integer) or isinstance(label, bool) or not 0 <= label < 10:
            raise DataError(f"{wrong}not {label!r}")
        made.append(int(label))
        if len(made) > MOST:
            raise DataError(f"draw(labels=…): more than {MOST} fields at once")
    if not made:
        raise DataError(f"{wrong}not an empty list")
    return made


def _weakly(method: Any) -> Any:
    """`method`, without keeping its object alive: a cell that is run again leaves nothing behind."""
    reference = weakref.WeakMethod(method)

    def call(message: Any) -> dict[str, Any]:
        function = reference()
        if function is None:
            raise DataError("Python has let go of these fields: run the cell again.")
        return function(message)

    return call


def _display_still(drawings: list[Drawing], columns: int = 5) -> None:
    """A picture of drawings, black on white."""
    from IPython.display import display

    each = SIDE if len(drawings) == 1 else SIDE // 2
    rows = -(-len(drawings) // columns)
    paper = np.full((rows * each, min(columns, len(drawings)) * each), 255, np.uint8)
    for i, drawing in enumerate(drawings):
        picture = Image.fromarray(255 - rasterise(drawing.strokes)).resize((each, each))
        top, left = each * (i // columns), each * (i % columns)
        paper[top : top + each, left : left + each] = picture
    content = io.BytesIO()
    Image.fromarray(paper).quantize(16).save(content, "PNG", optimize=True)
    alt = "Drawn with a thick pen: " + ", ".join(
        "a digit" if drawing.label is None else f"a {drawing.label}" for drawing in drawings
    )
    data = {"image/png": base64.b64encode(content.getvalue()).decode(), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
