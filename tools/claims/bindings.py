"""Numbers in sentences, bound to what a run gave: which of them hold, and which are not declared.

A text cell declares its numbers in its metadata, ``"numbers": [{"says": "1.8", …}, …]``; how,
stands in CONTRIBUTING.md under "Numbers in sentences".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.claims.formula import BindingError, evaluate
from tools.claims.places import Book, Place, find
from tools.claims.prose import Number, claims, numbers, sentence

WIDEST = 25  # per cent: the largest tolerance that can be stated
KEYS = ("says", "is", "how", "constant", "source")
HOW = re.compile(r"within|(?P<word>about|more|less)(?: (?P<room>\d+(?:\.\d+)?) ?%)?")

Declaration = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A sentence to read again, and why."""

    chapter: str
    cell: str
    sentence: str
    what: str

    def __str__(self) -> str:
        return f"{self.chapter}, {self.cell}: {self.what}\n    {self.sentence}"


def report(book: Book) -> str:
    """For ``make notebooks``: the sentences whose numbers no longer hold."""
    found = [problem for chapter in book for problem in wrong(book, chapter)]
    if not found:
        return "numbers in sentences: all that are bound hold"
    return "\n".join([f"sentences to read again: {len(found)}", *map(str, found)])


def declarations(notebook: Any) -> Iterator[tuple[Any, Declaration]]:
    """Each declaration with its text cell."""
    for cell in notebook.cells:
        for declaration in cell.metadata.get("numbers", []):
            yield cell, declaration


def wrong(book: Book, chapter: str) -> list[Problem]:
    """The declarations of a chapter that do not hold for the stored outputs."""
    found = []
    for cell, declaration in declarations(book[chapter]):
        what = fault(book, chapter, cell, declaration)
        if what:
            says = str(declaration.get("says"))
            start = max(cell.source.find(says), 0)
            around = sentence(cell.source, start, start + len(says))
            found.append(Problem(chapter, cell.id, around, what))
    return found


def undeclared(book: Book, chapter: str) -> list[Problem]:
    """The claims of a chapter that are neither bound nor exempted."""
    found = []
    for cell in book[chapter].cells:
        if cell.cell_type != "markdown":
            continue
        says = [declaration.get("says", "") for declaration in cell.metadata.get("numbers", [])]
        covered = {n for words in says for group in occurrences(cell.source, words) for n in group}
        for number in claims(cell.source):
            if number not in covered:
                around = sentence(cell.source, number.start, number.end)
                what = f"not declared: {cell.source[number.start : number.end]}"
                found.append(Problem(chapter, cell.id, around, what))
    return found


def fault(book: Book, chapter: str, cell: Any, declaration: Declaration) -> str | None:
    """What is wrong with a sentence or with its declaration; None if it holds."""
    try:
        return _off(book, chapter, cell, declaration)
    except BindingError as error:
        return f"{declaration.get('says')!r}: {error}"


def _off(book: Book, chapter: str, cell: Any, declaration: Declaration) -> str | None:
    """What was measured where it is not what the sentence says."""
    kind = kind_of(declaration)
    groups = occurrences(cell.source, declaration["says"])
    if not groups:
        raise BindingError("the text has no such number, as a whole")
    if kind == "source":
        return None
    if len(groups) > 1 and kind == "bound":
        raise BindingError("the text says that more than once: take some words more")
    found = places(book, chapter, declaration)
    _not_itself(found, cell, groups)
    known = {name: [place.value for place in group] for name, group in found.items()}
    formula = declaration.get("is", "a" if kind == "bound" else "constant")
    measured = evaluate(formula, known)
    values = measured if isinstance(measured, list) else [measured]
    if all(all_hold(group, values, declaration.get("how")) for group in groups):
        return None
    shown = ", ".join(f"{value:.4g}" for value in values)
    return f"says {declaration['says']!r}, measured {shown} ({_of(declaration)})"


def kind_of(declaration: Declaration) -> str:
    """``"bound"``, or what exempts it: ``"constant"`` or ``"source"``."""
    unknown = [name for name in declaration if name not in KEYS and not _is_name(name)]
    if unknown:
        raise BindingError(f"{unknown[0]!r} is not known")
    if not isinstance(declaration.get("says"), str) or not declaration["says"].strip():
        raise BindingError("it does not say what")
    kinds = [kind for kind in ("constant", "source") if kind in declaration]
    kinds += ["bound"] if any(map(_is_name, declaration)) else []
    if len(kinds) != 1:
        raise BindingError("expected an output (a, b, …), or a constant, or a source")
    if kinds == ["source"] and not re.search(r"\w{3}", str(declaration["source"])):
        raise BindingError("the source has no name")
    return kinds[0]


def occurrences(text: str, says: str) -> list[list[Number]]:
    """The numbers of each place where a text says it. Half of ``0 to 9`` is not said."""
    groups = []
    everything = numbers(text)
    for match in re.finditer(re.escape(says), text):
        inside = [n for n in everything if n.start < match.end() and match.start() < n.end]
        if inside and match.start() <= inside[0].start and inside[-1].end <= match.end():
            groups.append(inside)
    return groups


def places(book: Book, chapter: str, declaration: Declaration) -> dict[str, list[Place]]:
    """Where the numbers stand that it is computed from, by the names that it gives them."""
    return {
        name: find(book, chapter, reference, code=name == "constant")
        for name, reference in declaration.items()
        if name == "constant" or _is_name(name)
    }


def all_hold(said: list[Number], measured: list[float], how: str | None) -> bool:
    """One measured number for each that is said, or one for all, or one said of all."""
    values = [value for number in said for value in number.values]
    steps = [step for number in said for step in number.steps]
    if how == "within":
        if len(values) != 2:
            raise BindingError("'within' needs a range, such as 4 to 6")
        return all(values[0] - steps[0] <= value <= values[1] + steps[1] for value in measured)
    if len(measured) == 1:
        measured = measured * len(values)
    if len(values) == 1:
        values, steps = values * len(measured), steps * len(measured)
    if len(values) != len(measured):
        raise BindingError(f"it says {len(values)} numbers, and {len(measured)} were measured")
    return all(map(holds, values, steps, measured, [how] * len(values)))


def holds(said: float, step: float, measured: float, how: str | None = None) -> bool:
    """Whether a sentence may say one number where another was measured.

    Parameters
    ----------
    said, step
        What is written, and half of its last unit.
    measured
        What the output has.
    how
        None: rounded as it is written, and exactly for words. ``"about 10 %"``; ``"more"`` and
        ``"less"``: it is more or less than what is written, ``"more 10 %"`` by no more than that.
    """
    match = HOW.fullmatch(str(how or "more"))
    if not match or not match["word"] or how == "about":
        raise BindingError(f"how: {how!r}; expected 'about 10 %', 'more', 'less' or 'within'")
    off = measured - said
    if how is None:
        return abs(off) <= (step or 1e-9 * max(1, abs(said))) * (1 + 1e-9)
    room = float(match["room"] or WIDEST)
    if not 0 < room <= WIDEST:
        raise BindingError(f"a tolerance of {room:g} %: it can be at most {WIDEST}")
    near = match["room"] is None or abs(off) <= room / 100 * abs(said)
    return near and {"about": True, "more": off > 0, "less": off < 0}[match["word"]]


def _is_name(name: str) -> bool:
    return len(name) == 1


def _not_itself(found: dict[str, list[Place]], cell: Any, groups: list[list[Number]]) -> None:
    """A number that is bound to itself would always hold."""
    for place in (place for group in found.values() for place in group if place.holder is cell):
        if any(place.start < n.end and n.start < place.end for group in groups for n in group):
            raise BindingError("it is bound to itself")


def _of(declaration: Declaration) -> str:
    """What it is computed from, for a reader: ``sqrt(a), a is cell-034 :: epoch: #``."""
    named = [
        f"{name} is {reference}"
        for name, reference in declaration.items()
        if name == "constant" or _is_name(name)
    ]
    return ", ".join([declaration["is"], *named] if "is" in declaration else named)
