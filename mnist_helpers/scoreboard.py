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
    """chapter: its number. change: what it changed, in a few words. accuracy: on the validation
    digits, a fraction. seconds: how long the training took."""

    chapter: int
    change: str
    accuracy: float
    seconds: float

    def cells(self) -> list[str]:
        """The row as a reader sees it."""
        return [
            str(self.chapter),
            self.change,
            f"{self.accuracy:.1%}".replace("%", " %"),
            f"{self.seconds:.0f} s",
        ]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
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
    """The rows that the stored outputs of a notebook carry, in order."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [Row(**output["data"][MIME]) for output in outputs if MIME in output.get("data", {})]
