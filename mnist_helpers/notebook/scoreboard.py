"""The book's scoreboard: one row a chapter, gathered on the landing page from the chapters.

A chapter ends by showing a :class:`Row`. Beside the text for its reader, the stored output carries
the row as data; :func:`rows_of` finds it there again.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

MIME = "application/vnd.mnist-helpers.scoreboard+json"


@dataclass(frozen=True)
class Row:
    """A row of the book's scoreboard: what a chapter changed, and what came of it.

    As the last line of a cell, it shows as a table.

    Attributes
    ----------
    chapter : int
        The chapter's number.
    change : str
        What it changed, in a few words.
    accuracy : float
        On the validation digits, in [0, 1].
    seconds : float
        How long the training took.
    """

    chapter: int
    change: str
    accuracy: float
    seconds: float

    def cells(self) -> list[str]:
        """The row as a reader sees it.

        Returns
        -------
        list of str
            Chapter, change, accuracy ("98.7 %") and time ("42 s").
        """
        return [
            str(self.chapter),
            self.change,
            f"{self.accuracy:.1%}".replace("%", " %"),
            f"{self.seconds:.0f} s",
        ]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        header = " | ".join(HEADER)
        ruler = "---: | --- | ---: | ---:"
        row = " | ".join(self.cells())
        return {
            "text/plain": " · ".join(self.cells()),
            "text/markdown": f"| {header} |\n| {ruler} |\n| {row} |",
            MIME: asdict(self),
        }


HEADER = ("chapter", "what changed", "accuracy", "time")


def rows_of(notebook: str | os.PathLike) -> list[Row]:
    """The rows that the stored outputs of a notebook carry, in order.

    Parameters
    ----------
    notebook : str or path
        The file of a notebook, ``.ipynb``.

    Returns
    -------
    list of Row
        One for each output that carries a row; empty if none does.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not JSON.
    """
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [Row(**output["data"][MIME]) for output in outputs if MIME in output.get("data", {})]
