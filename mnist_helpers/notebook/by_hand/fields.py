"""Fields in a notebook, what is drawn on them, and what takes its place until something is."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mnist_helpers.errors import DataError
from mnist_helpers.notebook.by_hand import files, jupyter
from mnist_helpers.notebook.by_hand.files import Drawing
from mnist_helpers.notebook.by_hand.strokes import SIDE, Stroke, checked, rasterise

NOBODY = "nobody can draw here: {} taken"
NOTHING_YET = "nothing is drawn yet: {} taken"


class Fields:
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

    def show(self) -> None:
        """Show the fields; where nobody can draw, what is on them, or what takes its place."""
        if jupyter.answers():
            jupyter.show(self._labels, _weakly(self._asked))
            return
        if self.drawn:
            print(f"nobody can draw here: taken from {self._file}")
        else:
            self._say(NOBODY, files.stored(self._labels))
        if jupyter.in_notebook():
            names = (f"a {'digit' if one.label is None else one.label}" for one in self._current())
            alt = "Drawn with a thick pen: " + ", ".join(names)
            jupyter.show_picture(_side_by_side(self._current()), alt)

    def _asked(self, message: Any) -> dict[str, Any]:
        """Take what a page sends, and answer it."""
        if not isinstance(message, dict) or "strokes" not in message:
            return {"taken": sum(map(bool, self._strokes)), "strokes": self._strokes}
        sent = message["strokes"]
        if not isinstance(sent, list) or len(sent) != len(self._labels):
            raise DataError(f"expected strokes for each of {len(self._labels)} fields")
        self._strokes = [checked(strokes, f"field {i}") for i, strokes in enumerate(sent, 1)]
        self._silent = False
        self._keep()
        return {"taken": sum(map(bool, self._strokes))}


def _weakly(method: Any) -> Any:
    """`method`, without keeping its object alive: of a cell that is run again, nothing is left."""
    reference = weakref.WeakMethod(method)

    def call(message: Any) -> dict[str, Any]:
        function = reference()
        if function is None:
            raise DataError(
                "Python has let go of these fields: give them a name, as in drawing = draw(), and "
                "run the cell again"
            )
        return function(message)

    return call


def _side_by_side(drawings: list[Drawing], columns: int = 5) -> Image.Image:
    """Drawings as one picture, black on white; several are half as large."""
    each = SIDE if len(drawings) == 1 else SIDE // 2
    rows = -(-len(drawings) // columns)
    paper = Image.new("L", (min(columns, len(drawings)) * each, rows * each), 255)
    for i, drawing in enumerate(drawings):
        ink = Image.fromarray(np.subtract(255, rasterise(drawing.strokes)))
        paper.paste(ink.resize((each, each)), (each * (i % columns), each * (i // columns)))
    return paper
