"""Symbols and shapes: used by the chapters that a row names, and none of a chapter's left out."""

import re

import pytest

from tests.look_up.pages import LINK, NOTEBOOKS, STEM, text_of

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.DOTALL)
# How a formula has what stands in the table with an example
SIGNS = {r"$\lceil x \rceil$": r"\lceil", "$e^x$": "e^", "$W^T$": "^T", "$dL/dw$": "dL/dw",
         r"$P(A \mid B)$": r"\mid"}  # fmt: skip


def rows():
    """(symbol, meaning, notebooks) of each row of the page's tables."""
    for line in text_of("symbols.md").splitlines():
        cells = [cell.strip() for cell in line.split(" | ")]
        if len(cells) == 3 and LINK.search(cells[2]):
            yield (
                cells[0].removeprefix("| "),
                cells[1],
                [name for _, name, _ in LINK.findall(cells[2])],
            )


ROWS = list(rows())


def formulas(name):
    return [a or b for a, b in FORMULA.findall(re.sub(r"`[^`]*`", "", text_of(name)))]


def letters(formula):
    """The letters that stand for something, without those of words, of $d$ and of $e^x$, $W^T$."""
    formula = re.sub(r"\\(?:text|mathrm)\{[^}]*\}|\^T", "", formula)
    formula = re.sub(r"\be(?=\^)|\bd(?=[A-Za-z]\b)|\bd(?=[A-Za-z]_)", "", formula)
    return set(re.findall(r"\\(?:sigma|partial)|(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])", formula))


def test_letters():
    assert letters(r"h = \sigma(w_1 x) + \text{label}") == {"h", r"\sigma", "w", "x"}
    assert letters(r"\frac{dL}{dw_1} = \log e^z \max W^T") == {"L", "w", "z", "W"}


@pytest.mark.parametrize(("symbol", "names"), [(symbol, names) for symbol, _, names in ROWS])
def test_a_symbol_is_used_by_the_chapters_that_its_row_names(symbol, names):
    for name in names:
        if symbol.startswith("`"):
            assert symbol.strip("`") in text_of(name), name
            continue
        for part in symbol.split(", "):
            wanted = SIGNS.get(part, part.strip("$"))
            found = (wanted in (letters(f) if len(wanted) == 1 else f) for f in formulas(name))
            assert any(found), f"{part} in {name}"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=STEM)
def test_every_letter_of_a_chapter_s_formulas_is_explained(notebook):
    told = set()
    for symbol, meaning, names in ROWS:
        if notebook.name in names:
            told = told.union(*(letters(f) for f in re.findall(r"\$([^$]+)\$", symbol + meaning)))
    assert set().union(*(letters(f) for f in formulas(notebook.name))) - told == set()
