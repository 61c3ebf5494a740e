"""Drawings in files, as strokes: a reader's own, and those that the library carries.

A file is JSON, ``{"side": 280, "drawings": [{"label": 3, "strokes": [[[x, y], …], …]}, …]}``; the
label is null where nobody has said which digit it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mnist_helpers.errors import DataError, PictureError
from mnist_helpers.notebook.by_hand.strokes import SIDE, Stroke, checked
from mnist_helpers.system.files import replacing

WEB = Path(__file__).parents[1] / "web"
STORED = WEB / "drawings.json"


class Drawing(NamedTuple):
    """Strokes, and which digit they are meant to be, where that is known."""

    label: int | None
    strokes: list[Stroke]


def write(path: str | os.PathLike, drawings: Iterable[Drawing]) -> None:
    """Write drawings to a file, which appears whole or not at all."""
    with replacing(path) as file:
        file.write(as_text(drawings).encode())


def read(path: str | os.PathLike) -> list[Drawing]:
    """The drawings of a file. DataError says what is wrong with it, OSError if it cannot be had."""
    try:
        return from_text(Path(path).read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text in UTF-8; expected drawings, as JSON") from None


def as_text(drawings: Iterable[Drawing]) -> str:
    """Drawings as JSON, one to a line."""
    lines = (json.dumps(drawing._asdict(), separators=(",", ":")) for drawing in drawings)
    return f'{{"side": {SIDE}, "drawings": [\n' + ",\n".join(lines) + "\n]}\n"


def from_text(text: str, name: str) -> list[Drawing]:
    """Drawings from JSON; DataError begins with `name`."""
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{name}: not JSON ({error}); expected drawings") from None
    found = content.get("drawings") if isinstance(content, dict) else None
    if not isinstance(found, list) or content.get("side") != SIDE:
        raise DataError(f'{name}: not drawings: expected {{"side": {SIDE}, "drawings": […]}}')
    return [_drawing(one, f"{name}: drawing {number}") for number, one in enumerate(found, 1)]


def stored(labels: Iterable[int | None]) -> list[Drawing]:
    """The library's own drawings for these labels; where none is named, a 3.

    There are some for each digit: a label that comes again gets the next one.
    """
    by_label: dict[int | None, list[Drawing]] = {}
    for drawing in read(STORED):
        by_label.setdefault(drawing.label, []).append(drawing)
    by_label[None] = by_label[3]
    chosen = []
    for label in labels:
        chosen.append(by_label[label].pop(0))
        by_label[label].append(chosen[-1])
    return chosen


def _drawing(one: Any, name: str) -> Drawing:
    if not isinstance(one, dict) or not {"label", "strokes"} <= one.keys():
        raise DataError(f'{name}: expected {{"label": …, "strokes": […]}}')
    label = one["label"]
    if label is not None and (type(label) is not int or not 0 <= label <= 9):
        raise DataError(f"{name}: its label is {label!r}; labels are 0 to 9, or null")
    try:
        return Drawing(label, checked(one["strokes"], name))
    except PictureError as error:
        raise DataError(str(error)) from None
