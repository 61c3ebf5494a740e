"""The PDF: how pages are made one document, and how a small book is printed.

The whole book is printed in tests/slow. What prints needs the browser of conftest.py.
"""

import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from pypdf import PdfReader

from tools import editions
from tools.paper import finishing, pages, printing

ROOT = Path(__file__).parents[1]
SETTINGS = {"title": "A small book", "author": "somebody", "edition": "Version 1"}
LONG = "value = " + " + ".join(f"name_{n}" for n in range(40))  # wider than the paper
FOLDED = (
    '<div class="cell container"><details class="admonition hide above-input"><summary><p>Show '
    'code cell source</p></summary><div class="cell_input"><div class="highlight"><pre>plot({})'
    '</pre></div></div></details><div class="cell_output"><img src="../_images/a.png" '
    'loading="lazy"></div></div>'
)
FIRST = f"""<section id="one"><h1><span class="section-number">1. </span>One<a class="headerlink"
href="#one">#</a></h1>
<p>To <a href="two.html#deep">the depth</a>, <a href="two.html">the second</a>, <a href="#tasks">
the tasks</a>, <a href="../_modules/x.html">the source</a> and <a href="https://example.org/a">the
web</a>.</p><script>alert(1)</script>
<div class="highlight"><pre>{LONG}</pre></div>
{FOLDED.format(1)}
<div class="plaything" data-toy="valley"></div>
<section id="tasks"><h2>Tasks</h2><section id="task-1"><h3>Exercise 1.1</h3><p>Why?</p>
<details class="solution" id="solution-1"><summary>Solution 1.1</summary><p>Because.</p>
{FOLDED.format(2)}</details></section>
<section id="task-2"><h3>Exercise 1.2</h3><p>And then?</p></section></section></section>
<p class="executed">Executed on a day.</p>"""
SECOND = """<section id="two"><h1>Two</h1><p>数据, <math><mi>x</mi></math>.</p>
<section id="deep"><span id="deeper"></span><h2>Deep down</h2><p>Text.</p></section></section>"""


@pytest.fixture
def small(tmp_path):
    """The folder of a site with three pages, and its table of contents."""
    site = tmp_path / "html"
    for folder in ("book", "_images", "_static"):
        (site / folder).mkdir(parents=True)
    bodies = {"index": '<section id="top"><h1>Welcome</h1><p>Read on.</p></section>',
              "one": FIRST, "two": SECOND}  # fmt: skip
    for name, body in bodies.items():
        text = f"<html><body><nav>menu</nav><article>{body}</article></body></html>"
        (site / "book" / f"{name}.html").write_text(text, encoding="utf-8")
    (site / "_static" / "pygments.css").touch()
    shutil.copytree(ROOT / "book/_static/fonts", site / "_static" / "fonts")
    Image.new("RGB", (300, 100), "red").save(site / "_images" / "a.png")
    toc = tmp_path / "_toc.yml"
    chapters = [{"file": "book/one", "sections": [{"file": "book/two"}]}]
    parts = [{"caption": "Chapters", "chapters": chapters}]
    toc.write_text(yaml.safe_dump({"root": "book/index", "parts": parts}))
    return site, toc


def assembled(small, numbers=None, edition=editions.ENGLISH, **settings):
    text = pages.assemble(*small, {**SETTINGS, **settings}, "../html", edition)
    return BeautifulSoup(pages.fill(text, numbers or {}), "html.parser")


def test_links_lead_within_the_document_or_to_the_web(small):
    links = {" ".join(a.get_text().split()): a["href"] for a in assembled(small).select("p a")}
    assert links["the depth"] == "#two--deep"
    assert links["the second"] == "#two"
    assert links["the tasks"] == "#one--tasks"
    assert links["the web"] == "https://example.org/a"
    assert "the source" not in links
    document = assembled(small, html={"baseurl": "https://digits.example/site/"})
    links = {a.get_text(): a["href"] for a in document.select("p a")}
    assert links["the source"] == "https://digits.example/site/_modules/x.html"
    ids = [element["id"] for element in document.select("[id]")]
    assert len(ids) == len(set(ids))
    inner = [a["href"][1:] for a in document.select("a[href^='#']")]
    assert set(inner) <= set(ids)


def test_a_place_before_a_heading_is_on_the_heading_s_page(small):
    heading = assembled(small).select_one("#two--deep > :first-child")
    assert heading.name == "h3"
    assert heading.select_one("span")["id"] == "two--deeper"


def test_a_link_to_nothing_is_named(small):
    page = small[0] / "book" / "two.html"
    text = page.read_text(encoding="utf-8").replace('id="deep"', 'id="shallow"')
    page.write_text(text, encoding="utf-8")
    with pytest.raises(pages.PaperError, match=r"one.html: .*two.html#deep leads to nothing"):
        assembled(small)


def test_a_site_that_is_not_there_is_named(small):
    (small[0] / "book" / "two.html").unlink()
    with pytest.raises(pages.PaperError, match=r"two.html is missing: .*make book"):
        assembled(small)


def test_solutions_and_folded_code_stand_at_the_end_of_their_page(small):
    page = assembled(small).select_one("article[id=one]")
    text = " ".join(page.get_text(" ").split())
    order = ["Why?", "Solution 1.1: page 000", "And then?", "Solutions", "Because.",
             "The code of figures and tables", "plot(1)", "plot(2)", "Executed on"]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert text.count("Because.") == text.count("plot(1)") == 1
    assert not page.select("details, summary, script")
    for word in ("Show code", "alert", "#"):
        assert word not in text
    assert "In the book’s site, one can play with this: book/one.html ." in text


def test_contents_name_pages_and_sections_with_their_numbers(small):
    document = assembled(small, {"one": 4, "two--deep": 17})
    lines = [line.get_text(" ").split() for line in document.select(".contents li")]
    assert lines[:3] == [["Welcome", "000"], ["Chapters"], ["1.", "One", "4"]]
    assert ["Deep", "down", "17"] in lines


def test_what_the_chinese_edition_adds_is_chinese(small):
    address = {"baseurl": "https://digits.example/site/"}
    document = assembled(small, {"one": 4}, editions.CHINESE, html=address)
    assert document.html["lang"] == "zh-CN"
    assert document.select_one(".contents h1").get_text() == "目录"
    assert document.select_one("li.part").get_text() == "各章"
    text = "".join(document.select_one("article[id=one]").get_text().split())
    for words in ("Solution1.1：第000页", "解答", "图表的代码", "代码：代码清单1.1，第000页",
                  "这里可以动手试：https://digits.example/site/zh/book/one.html。"):  # fmt: skip
        assert words in text
    links = {a.get_text(): a["href"] for a in document.select("p a")}
    assert links["the source"] == "https://digits.example/site/zh/_modules/x.html"


@pytest.fixture
def printed(small, chromium):
    site, toc = small
    source = site.parent / "pdf" / "book.html"
    source.parent.mkdir()
    raw = source.with_suffix(".pdf")
    document = pages.assemble(site, toc, SETTINGS, "../html")
    count = printing.print_book(document, source, raw, chromium)
    return raw, count


def test_a_small_book_is_printed(printed, tmp_path):
    raw, count = printed
    reader = PdfReader(raw)
    texts = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(texts) == count
    places = printing.pages_of(reader)
    for title, target in (("1. One", "one"), ("Deep down", "two--deep"), ("Welcome", "index")):
        assert f"{title} {places[target]}" in texts[1]  # in the contents
        assert title in texts[places[target] - 1]
    whole = "".join("".join(texts).split())
    assert "".join(LONG.split()) in whole  # not cut off
    if not any(map(finishing.missing_glyphs, reader.pages)):  # there are fonts without Chinese
        assert "数据" in whole
    titles = [entry["/Title"] for entry in flat(reader.outline)]
    assert titles[:2] == ["Contents", "Welcome"]
    assert {"1. One", "Two", "Deep down", "Exercise 1.1", "Solutions"} <= set(titles)
    day = datetime.date(2026, 5, 4)
    for name in ("a.pdf", "b.pdf"):
        assert finishing.finish(raw, tmp_path / name, SETTINGS, day)[0] == count
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    about = PdfReader(tmp_path / "a.pdf").metadata
    assert (about.title, about.author) == ("A small book", "somebody")
    assert about.creation_date.date() == day


def flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def print_text(body, folder, chromium):
    """The PDF of one small page."""
    pdf = folder / "page.pdf"
    text = f'<meta charset="utf-8"><body>{body}'
    printing.print_book(text, folder / "page.html", pdf, chromium)
    return pdf


def test_a_box_in_the_place_of_a_character_is_found(chromium, tmp_path):
    # for private use: no font has them
    two = '<p>fine</p><p style="break-before: page">gone: \ue123 and \ue124'
    raw = print_text(two, tmp_path, chromium)
    assert [finishing.missing_glyphs(page) for page in PdfReader(raw).pages] == [0, 2]
    day = datetime.date(2026, 5, 4)
    assert finishing.finish(raw, tmp_path / "b.pdf", SETTINGS, day) == (2, [2])


def test_what_does_not_fit_gets_smaller_or_is_named(chromium, tmp_path):
    cell = "<td style='min-width: {}'>x</td>"
    print_text(f"<table><tr>{cell.format('18em') * 3}</table>", tmp_path, chromium)
    with pytest.raises(pages.PaperError, match=r"does not fit on the paper: .*TABLE x"):
        print_text(f"<table><tr>{cell.format('400px') * 3}</table>", tmp_path, chromium)
    with pytest.raises(pages.PaperError, match=r"no picture at .*nowhere\.png"):
        print_text("<img src='nowhere.png'>", tmp_path, chromium)
    font = "<style>@font-face { font-family: Signs; src: url('nowhere.woff'); }</style>"
    with pytest.raises(pages.PaperError, match=r"no font for \W*Signs"):
        print_text(f"{font}<p style='font-family: Signs'>x", tmp_path, chromium)


def test_without_chromium_one_line_says_what_to_do(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "tools.paper", tmp_path], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("error: the PDF is printed by Chromium, and there is none")
    assert run.stderr.count("\n") == 1
    assert "apt-get install chromium" in run.stderr
    assert list(tmp_path.iterdir()) == []
