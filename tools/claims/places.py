"""Where a number stands that a sentence is bound to: in an output, in code, in another text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from tools.claims.formula import BindingError, evaluate
from tools.claims.prose import NUMBER, value_of

ROOT = Path(__file__).resolve().parents[2]
_CELL = re.compile(r"(?:(?P<chapter>\d\d)/)?(?P<cell>[\w-]+)(?:\[(?P<output>\d+)\])?")
_SPECIAL = {"#": rf"(?<![\w.])({NUMBER}(?:\s?%)?)(?!\w|[.,]\d)", "…": r"[^\n]*"}

Book = dict[str, Any]  # notebooks, by the names of their files without the ending


@dataclass
class Place:
    """A number: ``holder[key][start:end]``."""

    holder: Any
    key: str
    start: int
    end: int

    @property
    def value(self) -> float:
        text = self.holder[self.key][self.start : self.end].strip()
        if text.endswith("%"):
            return value_of(text[:-1].strip()) / 100
        return value_of(text) if re.fullmatch(NUMBER, text) else evaluate(text, {})


def read(folder: Path = ROOT / "book") -> Book:
    """All chapters."""
    return {path.stem: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))}


def find(book: Book, chapter: str, reference: str, code: bool = False) -> list[Place]:
    """The numbers that ``"cell :: pattern"`` or ``"cell :: row :: column"`` stands for.

    Parameters
    ----------
    book, chapter
        All notebooks, and in which one the reference is made.
    reference
        As CONTRIBUTING.md describes it.
    code
        Look into the cell's code, and what it shows of the library's, and not into its outputs.
        In place of a cell, a file of the project can be named.

    Raises
    ------
    BindingError
        Nothing is there, or it is there more than once.
    """
    name, *wanted = str(reference).split(" :: ")
    if not 1 <= len(wanted) <= 3:
        raise BindingError(f"{reference!r}: expected cell :: pattern, or cell :: row :: column")
    if reference == "executed :: seconds":
        return [_seconds(book[chapter])]
    look = _by_pattern if len(wanted) == 1 else _in_table
    found = [group for text in _texts(book, chapter, name, code) for group in look(*text, *wanted)]
    values = {tuple(place.value for place in group) for group in found}
    if not found:
        raise BindingError(f"{name} has no {' :: '.join(wanted)!r}")
    if len(found) > 1 and not (code and len(values) == 1):
        raise BindingError(f"{name} has {' :: '.join(wanted)!r} {len(found)} times")
    return found[0]


@functools.cache
def _file(name: str) -> dict[str, str]:
    try:
        return {"source": (ROOT / name).read_text(encoding="utf-8")}
    except OSError as error:
        raise BindingError(f"there is no file {name}") from error


def _seconds(notebook: Any) -> Place:
    """How long the whole chapter ran, which `store_outputs` has noted."""
    executed = notebook.metadata.get("executed", {})
    if "seconds" not in executed:
        raise BindingError("the notebook does not say how long it ran: make notebooks")
    return Place(executed, "seconds", 0, len(executed["seconds"]))


def _texts(book: Book, chapter: str, name: str, code: bool) -> Iterator[tuple[Any, str]]:
    """Where the outputs of a cell stand, or its code, or (of a text cell) its words."""
    if code and name.endswith(".py"):
        yield _file(name), "source"
        return
    parts = _CELL.fullmatch(name)
    within = (parts["chapter"] or chapter) if parts else ""
    cells = [
        cell
        for stem, notebook in book.items()
        for cell in notebook.cells
        if parts and stem.startswith(within) and cell.id == parts["cell"]
    ]
    if len(cells) != 1:
        raise BindingError(f"there is no cell {name}")
    if code or cells[0].cell_type == "markdown":
        yield cells[0], "source"
    for number, output in enumerate(cells[0].get("outputs", [])):
        if parts["output"] in (None, str(number)):
            yield from _text_of(output, code)


def _text_of(output: Any, code: bool) -> Iterator[tuple[Any, str]]:
    """Where an output's text stands; of the library's source that it shows, if it is `code`."""
    holder = output if output.get("name") == "stdout" else output.get("data", {})
    key = next((key for key in ("text", "text/markdown", "text/plain") if key in holder), None)
    if key and "image/png" not in holder and holder[key].startswith("```") == code:
        yield holder, key


def _by_pattern(holder: Any, key: str, pattern: str) -> Iterator[list[Place]]:
    """Each match of words in which ``#`` stands for a number and ``…`` for anything in a line.

    Without a ``#`` it is a formula, ``28 * 28``, which stands there as it is.
    """
    if "#" not in pattern and not re.search(r"\d\s*[-+*/]+\s*\d", pattern):
        raise BindingError(f"{pattern!r} has neither # nor anything to compute")
    parts = re.split(r"([#…]|\s+)", pattern)
    regex = "".join(
        _SPECIAL.get(part) or (r"\s+" if part.isspace() else re.escape(part)) for part in parts
    )
    regex = regex if "#" in pattern else rf"(?<![\w.])({regex})(?![\w.])"
    for match in re.finditer(regex, holder[key]):
        yield [Place(holder, key, *match.span(n)) for n in range(1, match.re.groups + 1)]


def _in_table(
    holder: Any, key: str, row: str, column: str, pattern: str = "#"
) -> Iterator[list[Place]]:
    """The number in that row and column of each Markdown table which has them."""
    labels = [label.strip() for label in row.split("|")]
    header: list[str] = []
    for line in re.finditer(r"^\|(.*)\|$", holder[key], re.MULTILINE):
        cells = list(re.finditer(r"(?:[^|\\]|\\.)+", line[1]))
        words = [re.sub(r"\*\*|`", "", cell[0]).strip() for cell in cells]
        header = header or words
        if words[: len(labels)] != labels or column not in header or words is header:
            continue
        cell = cells[header.index(column)]
        start = line.start(1) + cell.start()
        found = list(_by_pattern({"": cell[0]}, "", pattern))
        if len(found) > 1:
            raise BindingError(f"{row} :: {column} is {cell[0].strip()!r}: say which number of it")
        for group in found:
            yield [Place(holder, key, start + place.start, start + place.end) for place in group]
