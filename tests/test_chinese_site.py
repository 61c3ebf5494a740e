"""The rendered Chinese site, beside the English one: the same pages, sections and links.

Needs ``make book`` to have been run.
"""

import html
import json
import re

import pytest

from tests.test_site import PAGES, SITE, parsed, they_lead_somewhere
from tools.translate import catalogues, making, typesetting

CHINESE = SITE / "zh"

if not (CHINESE / "index.html").exists():
    pytest.skip("no Chinese site: make book renders it", allow_module_level=True)


@pytest.fixture(params=PAGES)
def pair(request):
    """A page in English and in Chinese."""
    return SITE / f"{request.param}.html", CHINESE / f"{request.param}.html"


def sections(page):
    return re.findall(r'<(?:section|details)[^>]* id="([^"]+)"', parsed(page).text)


def test_a_page_has_the_sections_of_the_english_one_under_their_addresses(pair):
    english, chinese = map(sections, pair)
    assert english == chinese
    assert english


def test_a_page_is_in_chinese_for_browsers_and_names_the_other_one(pair):
    for page, other, code in ((*pair, "zh-CN"), (*pair[::-1], "en")):
        text = parsed(page).text
        link = re.search(rf'<link rel="alternate" hreflang="{code}" href="([^"]+)"', text)
        assert (page.parent / link[1]).resolve() == other.resolve()
        button = re.search(r'<a href="([^"]+)"[^>]*\bbtn-language\b', text)
        assert button[1] == link[1]
    assert '<html lang="zh-CN"' in parsed(pair[1]).text


def test_links_and_images_lead_somewhere(pair):
    they_lead_somewhere(pair[1])


def test_a_page_says_whether_it_is_translated(pair):
    page = pair[1]
    complete = page.stem in catalogues.complete()
    assert complete == ("本页尚未译完" not in parsed(page).text)
    title = re.search(r"<h1>(.*?)<", parsed(page).text)[1]
    assert not complete or re.search(r"[\u4e00-\u9fff]", title)


def test_what_has_a_name_has_a_chinese_one(pair):
    """What screen readers say and what shows at the pointer, of the theme's, too."""
    names = re.findall(r'\b(?:aria-label|title|placeholder)="([^"]*)"', parsed(pair[1]).text)
    english = {name for name in names if re.search(r"[A-Z][a-z]{2}", name)}
    assert {name for name in english if not re.search(r"[\u4e00-\u9fff]", name)} <= {
        "This page in English",
        *(name for name in english if name.startswith("mnist_helpers.")),
    }
    assert len(names) > 15


def test_what_stands_on_paper_in_the_place_of_folded_code_is_in_the_language_of_the_page(pair):
    for page, words in zip(pair, ("(The code is on the site.)", "（代码见网站。）"), strict=True):
        assert f'<style>:root {{ --folded-code: "{words}" }}</style>' in parsed(page).text
        style = page.parents[1] / "_static" / "print.css"
        assert "content: var(--folded-code)" in style.read_text(encoding="utf-8")


def test_the_words_of_figures_are_shown_below_them_once(pair):
    text = parsed(pair[1]).text
    line = re.compile(rf'<p class="{typesetting.CLASS}">(.*?)</p>', re.DOTALL)
    shown = [words(said) for said in line.findall(text)]
    notebook = making.SOURCE / "book" / f"{pair[1].stem}.ipynb"
    if notebook.exists():
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [c for c in cells if typesetting.CLASS in c["metadata"].get("tags", [])]
        assert shown == ["".join(cell["source"]) for cell in tagged]
    else:
        assert len(shown) == (3 if pair[1].stem == "benchmarks" else 0)
    elsewhere = words(line.sub("", text))
    assert [said for said in shown if said in elsewhere] == []
    assert "（图中 " not in text  # no alternative text says it besides


def words(text):
    """What is read of a piece of a page."""
    plain = html.unescape(re.sub(r"<[^>]*>", "", text))
    return plain.replace("’", "'").replace("“", '"').replace("”", '"')


def test_no_chinese_letter_leans(pair):
    leaning = re.findall(r"<(?:em|i|cite)\b[^>]*>(.*?)</(?:em|i|cite)>", parsed(pair[1]).text)
    assert [said for said in leaning if re.search("[\u4e00-\u9fff]", said)] == []


def test_a_formula_and_its_punctuation_are_one_piece(pair):
    """Browsers break a line on either side of a formula."""
    beside = r"[（《(](?=<math\b)|(?<=</math>)[，。、；：？！）》…,.;:?!)]"
    for page in pair:
        text = parsed(page).text
        pieces = re.findall(r'<span class="together">.*?</math>[^<]*</span>', text, re.DOTALL)
        assert len(re.findall(beside, text)) == len(re.findall(beside, "\n".join(pieces)))
        assert len(pieces) <= text.count("<math")
    style = (SITE / "_static" / "book.css").read_text(encoding="utf-8")
    assert ".together { white-space: nowrap; }" in style


def test_short_cells_of_tables_stay_on_one_line():
    """Chinese would break after each letter; so long a cell that a line is too short, does."""
    text = parsed(CHINESE / "book" / "04_losses.html").text
    cells = [(words(said).strip(), "whole" in classes.split()) for classes, said in re.findall(
        r'<t[dh](?: class="([^"]*)")?>(.*?)</t[dh]>', text, re.DOTALL
    )]  # fmt: skip
    assert ("最后一层", True) in cells
    for said, is_whole in cells:
        if re.search("[\u4e00-\u9fff]", said):
            assert is_whole if len(said) <= 5 else not (is_whole and len(said) > 14), said
    assert any(len(said) > 14 for said, _ in cells)
    style = (CHINESE / "_static" / "chinese.css").read_text(encoding="utf-8")
    assert ".whole { white-space: nowrap; }" in style


def test_a_sentence_ends_once(pair):
    """Also where it ends in a link that takes the words of a heading, a question."""
    assert re.findall(r".{8}[？！](?:<[^>]*>)*。", parsed(pair[1]).text) == []


def test_no_page_shows_an_error(pair):
    text = parsed(pair[1]).text
    assert "system-message" not in text
    assert not re.search(r"/(root|home|tmp|work)/\w", text.split("<article", 1)[1])


def test_pairs_of_letters_and_words_are_in_the_index_for_the_search():
    text = (CHINESE / "searchindex.js").read_text(encoding="utf-8")
    terms = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    for word in ("运行", "内核", "mnist_dir", "paddlepaddl"):
        assert word in terms
