"""The whole book as a PDF in each language, as ``make pdf`` makes it, against the site's pages.

Needs ``make book`` to have been run, Chromium, and Debian's poppler-utils, which reads a PDF's text
far faster than Python does.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import unicodedata

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from tests.test_paper import flat
from tests.test_site import PAGES, ROOT, SITE
from tools import editions
from tools.paper import __main__ as paper, finishing, pages, printing

STEMS = [page.rpartition("/")[2] for page in PAGES]
POINTS = 595.3, 841.9  # A4


def plain(text):
    """Without spaces, and with letters as they are typed: how lines break is the printer's."""
    return "".join(unicodedata.normalize("NFKC", text).split())


@pytest.fixture(scope="module", params=editions.ALL, ids=lambda edition: edition.code)
def edition(request):
    return request.param


@pytest.fixture(scope="module")
def site(edition):
    """The folder of the site in its language."""
    return edition.site(SITE)


@pytest.fixture(scope="module")
def pdf(edition, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "tools.paper", folder, edition.code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    if "has no font" in run.stderr and not os.environ.get("REQUIRE_BROWSER"):
        pytest.skip(run.stderr.strip())
    assert run.stderr == ""  # no box in the place of a character
    (made,) = folder.iterdir()
    assert made.name == paper.name(edition)
    return made


@pytest.fixture(scope="module")
def reader(pdf):
    return PdfReader(pdf)


@pytest.fixture(scope="module")
def numbers(reader):
    """From ids to the numbers of pages."""
    return printing.pages_of(reader)


def poppler(*arguments):
    """What pdftotext prints."""
    if shutil.which("pdftotext") is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, but there is no pdftotext")
        pytest.skip("pdftotext is missing: install Debian's poppler-utils")
    command = ["pdftotext", *arguments, "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def texts(pdf):
    """The text of each page, without its head and its number."""
    found = poppler("-raw", pdf).split("\f")[:-1]
    return [strip(number, text) for number, text in enumerate(found, 1)]


def strip(number, text):
    lines = text.splitlines()
    if str(number) in lines:
        lines = lines[lines.index(str(number)) + 1 :]  # Chromium writes both first
    return plain("\n".join(lines))


def test_it_has_the_size_of_a_book(pdf, reader):
    assert 200 < len(reader.pages) < 1000
    assert pdf.stat().st_size < 40e6


def test_it_says_its_title_and_its_language(edition, reader, texts):
    assert reader.root_object["/Lang"] == edition.code
    title = edition.say("Digits with Paddle")
    assert reader.metadata.title == title
    assert texts[0].startswith(plain(title))
    assert texts[1].startswith(plain(edition.say("Contents")))


@pytest.fixture(scope="module")
def chapters(texts, numbers):
    """From the name of a page of the site to its text in the PDF."""
    starts = [numbers[name] for name in STEMS]
    assert starts == sorted(set(starts))
    ends = [*starts[1:], len(texts) + 1]
    return {
        name: "".join(texts[start - 1 : end - 1])
        for name, start, end in zip(STEMS, starts, ends, strict=True)
    }


@functools.cache
def said(page):
    """The heading of a page of the site, and its lines."""
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select_one("article")
    for element in article.select(f"{pages.IN_BROWSERS}, svg, details.hide > summary"):
        element.decompose()
    lines = [line for pre in article.find_all("pre") for line in pre.get_text().splitlines()]
    whole = [e for e in article.find_all(["p", "li", "h1", "h2", "h3", "td", "th", "dt"])
             if not e.find(["math", "p", "ul", "ol", "dl", "pre", "table"])
             and not e.find_parent(class_="toctree-wrapper")]  # fmt: skip
    heading = " ".join(article.select_one("h1").get_text().split())
    return heading, lines + [element.get_text() for element in whole]


@pytest.mark.parametrize("name", STEMS)
def test_every_line_of_a_page_is_there(name, site, chapters):
    """Code to the last character; text where it has no formula, whose parts have no one order."""
    _, lines = said(site / "book" / f"{name}.html")
    assert len(lines) > 5
    missing = [line for line in lines if plain(line) not in chapters[name]]
    assert missing == []


def test_nothing_lies_outside_the_paper(pdf):
    boxes = re.findall(
        r'xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>',
        poppler("-bbox", pdf),
    )
    assert len(boxes) > 20_000  # of what stands between spaces
    for left, top, right, bottom, word in boxes:
        assert float(left) > 40, word
        assert float(right) < POINTS[0] - 40, word
        assert float(top) > 15, word
        assert float(bottom) < POINTS[1] - 20, word


def test_the_numbers_in_the_contents_are_true(edition, texts, numbers):
    html = (paper.WORK / f"book{edition.suffix}.html").read_text(encoding="utf-8")
    listed = [
        (line.find("a").get_text(), line.find("a")["href"][1:])
        for line in BeautifulSoup(html, "html.parser").select(".contents li")
        if line.find("a")
    ]
    assert len(listed) > 150
    contents = "".join(texts[1 : numbers[STEMS[0]] - 1])
    for title, target in listed:
        assert f"{plain(title)}{numbers[target]}" in contents, title
        assert plain(title) in texts[numbers[target] - 1], title


def test_bookmarks_lead_to_the_pages(site, reader, numbers):
    found = {(entry["/Title"], reader.get_destination_page_number(entry) + 1)
             for entry in flat(reader.outline)}  # fmt: skip
    assert len(found) > 300
    for name in STEMS:
        heading, _ = said(site / "book" / f"{name}.html")
        assert (heading, numbers[name]) in found


def test_links_lead_somewhere(reader, numbers):
    inner, outer = [], []
    for page in reader.pages:
        for note in page.get("/Annots") or ():
            note = note.get_object()
            if note["/Subtype"] == "/Link":
                if "/Dest" in note:
                    inner.append(note["/Dest"].removeprefix("/"))
                else:
                    outer.append(note["/A"]["/URI"])
    assert len(inner) > 1000
    assert set(inner) <= set(numbers)
    assert all(re.match(r"https?://", address) for address in outer)


def test_no_character_is_missing_and_fonts_are_in_the_file(reader, texts):
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(texts)
    for number, page in enumerate(reader.pages, 1):
        assert finishing.missing_glyphs(page) == 0, number
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            if font["/Subtype"] == "/Type3":  # its glyphs are pictures in the file
                continue
            below = font.get("/DescendantFonts", [font])[0].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(below["/FontDescriptor"]), font


def test_chinese_words_can_be_found(chapters):
    assert len(re.findall(r"[\u4e00-\u9fff]{2,}", chapters["glossary"])) > 50
