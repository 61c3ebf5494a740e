"""How formulas are set: in MathML, with a font that the site brings along."""

import html
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
FONT = ROOT / "book" / "_static" / "fonts" / "book-math.woff"
LETTERS = 0x1D44E - ord("a"), 0x1D434 - ord("A")  # a letter alone is set in these, slanted


@pytest.fixture
def mathml(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_extensions"))
    import book_extensions

    return lambda formula: book_extensions._mathml(formula, "inline")


@pytest.mark.parametrize(
    "formula", [r"\log p_k", r"\log a", r"\log e^z", r"\log 0.1", r"\log\frac{a}{b}"]
)
def test_a_function_s_name_keeps_its_distance(formula, mathml):
    assert '<mi>log</mi><mspace width="0.17em"/>' in mathml(formula)


@pytest.mark.parametrize("formula", [r"\log(a)", r"\max(a, b)", r"\log \sum_j z_j", r"p \log"])
def test_signs_have_distances_of_their_own(formula, mathml):
    assert "mspace" not in mathml(formula)
    assert "<mo>max</mo>" not in mathml(formula)  # it would stand apart from its bracket


@pytest.mark.parametrize("before", ["(", "=", "<", r"\approx", r"\cdot", r"\times", ","])
def test_a_minus_behind_a_sign_stands_close_to_its_number(before, mathml):
    assert '<mo form="prefix">&#x02212;</mo><mn>1</mn>' in mathml(f"a {before} -1")


@pytest.mark.parametrize("formula", ["a - 1", "(a) - 1", "-1", "p_k - y_k"])
def test_a_minus_between_two_numbers_stands_apart(formula, mathml):
    assert "prefix" not in mathml(formula)


def test_the_font_has_every_sign_of_every_formula_and_says_how_formulas_are_set():
    font = TTFont(FONT)
    assert "MATH" in font
    signs = font.getBestCmap()
    missing, formulas = {}, 0
    for page in SITE.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for formula in re.findall(r"<math\b.*?</math>", text, re.DOTALL):
            formulas += 1
            for sign in html.unescape(re.sub(r"<[^>]+>", "", formula)):
                if not ("\u4e00" <= sign <= "\u9fff" or ord(sign) in signs):  # words may be Chinese
                    missing[sign] = page.name
    assert missing == {}
    assert formulas > 100
    slanted = [ord(letter) + LETTERS[letter.isupper()] for letter in "abcxyzABCXYZ"]
    assert set(slanted) <= signs.keys()


def test_the_font_has_another_name_than_the_one_it_is_made_of_and_brings_its_license():
    names = [TTFont(FONT)["name"].getDebugName(n) for n in (1, 4, 6)]
    assert names == ["Book Math", "Book Math", "BookMath-Regular"]
    assert "SIL OPEN FONT LICENSE" in FONT.with_name("OFL.txt").read_text(encoding="utf-8")
    built = SITE / "_static" / "fonts"
    assert (built / FONT.name).read_bytes() == FONT.read_bytes()
    assert (built / "OFL.txt").is_file()
