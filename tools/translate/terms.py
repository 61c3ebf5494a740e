"""One English term, one Chinese term: book/locale/terms.csv.

Made of the glossary's pairs, and of what else must be the same everywhere. A row has the English
term, the Chinese one, what may stand in its place (with bars between), and where it is not asked
for. A message that uses the word in its everyday meaning says so in a translator's comment:
``not the term: class``.
"""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass

from tools.translate.pages import BOOK

FILE = BOOK / "locale" / "terms.csv"


@dataclass(frozen=True)
class Term:
    english: str
    chinese: tuple[str, ...]
    pattern: re.Pattern


@functools.cache
def terms() -> tuple[Term, ...]:
    """The terms, longest first: in "weight decay" there is no "weight"."""
    found = []
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["asked"] == "no":
                continue
            words = [re.escape(word) for word in row["english"].split("/")]
            pattern = re.compile(
                rf"(?<![\w-])(?:{'|'.join(words)})(?:e?s)?(?![\w-])", re.IGNORECASE
            )
            chinese = tuple(filter(None, [row["chinese"], *row["variants"].split("|")]))
            found.append(Term(row["english"].split("/")[0], chinese, pattern))
    return tuple(sorted(found, key=lambda term: -len(term.english)))


def faults(words: str, translation: str, comment: str = "") -> list[str]:
    """The terms of a message whose Chinese is not in its translation."""
    found = []
    for term in terms():
        words, times = term.pattern.subn("\ue003", words)
        if not times or f"not the term: {term.english}" in comment:
            continue
        if not any(chinese in translation for chinese in term.chinese):
            found.append(f"the term {term.english!r} is {' or '.join(term.chinese)}")
    return found
