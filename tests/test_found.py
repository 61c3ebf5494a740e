"""How the rendered site is found: titles, descriptions, neighbours, and what it must not fetch.

Needs ``make book`` to have been run. What changes with an address: tests/slow/test_addresses.py.
The search, and every request of a browser: tests/slow/test_found_in_browser.py.
"""

from __future__ import annotations

import html
import re
from collections import Counter

import pytest
import yaml

from tests.look_up.pages import extension
from tests.test_site import PAGES, ROOT, SITE, parsed
from tools import editions, found

SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
BOOK = SETTINGS["title"]
needs_no_address = pytest.mark.skipif(
    bool(SETTINGS["html"]["baseurl"]), reason="the site has an address"
)
# what a browser fetches by itself, when it opens a page or reads a style sheet
FETCHED = re.compile(
    r'<(?:script|img|iframe|source|video|audio|embed|track|input)\b[^>]*?\s(?:src|srcset)="([^"]+)"'
    r'|<link\b(?![^>]*rel="canonical")[^>]*?\shref="([^"]+)"'
    r"|<object\b[^>]*?\sdata=\"([^\"]+)\""
)
IN_STYLES = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


@pytest.fixture
def describing(monkeypatch):
    return extension("found", monkeypatch)


def text_of(name):
    return parsed(SITE / f"{name}.html").text


def title_of(name):
    return html.unescape(re.search(r"<title>(.*?)</title>", text_of(name), re.DOTALL)[1])


def meta(name):
    """The page's <meta> lines by name or property; several of a kind would be a fault."""
    pairs = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', text_of(name))
    counts = Counter(key for key, _ in pairs)
    assert all(n == 1 for key, n in counts.items() if key != "viewport"), counts
    return {key: html.unescape(value) for key, value in pairs}


@pytest.mark.parametrize("name", PAGES)
def test_a_title_names_the_page_and_the_book(name):
    page, dash, book = title_of(name).rpartition(" — ")
    assert dash, title_of(name)
    assert book == BOOK
    assert page not in ("", BOOK)
    if name != PAGES[0]:
        heading = found.heading(SITE / f"{name}.html")
        assert page == html.unescape(heading)


def test_no_two_pages_have_the_same_title_or_description():
    for of in (title_of, lambda name: meta(name)["description"]):
        texts = [of(name) for name in PAGES]
        assert len(set(texts)) == len(PAGES) > 20


@pytest.mark.parametrize("name", PAGES)
def test_a_description_is_sentences_of_a_fitting_length(name):
    tags = meta(name)
    text = tags["description"]
    assert 50 <= len(text) <= 160
    assert re.match(r"[A-Z]", text), text
    assert text.endswith((".", "?", "!")), text
    assert not re.search(r"[`*\[\]{}<>|]", text), text  # what would be markup
    assert tags["og:description"] == text
    assert tags["og:site_name"] == BOOK
    assert tags["og:title"] in title_of(name)


def test_a_description_is_the_page_s_own_words():
    assert meta("book/02_data")["description"].startswith("The five duties of the code that feeds")
    assert meta("book/draw")["description"].startswith("Draw one, with a mouse, a pen, a finger")
    field = (ROOT / "book" / "benchmarks.md").read_text(encoding="utf-8").splitlines()[1]
    assert field == f"description: {meta('book/benchmarks')['description']}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Short. {'A long sentence, ' * 12}ends. And {'this one fits ' * 4}well.",
         f"And {'this one fits ' * 4}well."),
        (f"{'Words ' * 10}(an aside. Not cut). {'More ' * 30}",
         f"{'Words ' * 10}(an aside. Not cut)."),
        ("这是一本用手写数字讲解深度学习工程的书，每一章都是经过运行和测试的笔记本。" * 3,
         "这是一本用手写数字讲解深度学习工程的书，每一章都是经过运行和测试的笔记本。" * 2),
        ("One sentence of a page that goes on and on:", ""),
        ("short.", ""),
    ],
)  # fmt: skip
def test_a_description_is_whole_sentences_that_fit(text, expected, describing):
    assert describing._of_sentences(text) == expected


def test_a_chapter_is_described_by_the_points_that_fit(describing):
    assert describing._of_points(["how one thing is done;", "why."]) == (
        "How one thing is done; why."
    )
    long = "what " + "comes first, " * 14 + "and last;"
    assert describing._of_points([long, "x"]) == f"What {'comes first, ' * 11}comes first."
    assert describing._of_points(["怎样读数字；", "为什么。"]) == "怎样读数字；为什么。"


def test_the_neighbours_of_a_page_are_named():
    for before, name, after in zip(PAGES, PAGES[1:], PAGES[2:], strict=False):
        area = text_of(name).split('class="prev-next-area"', 1)[1]
        for side, neighbour in (("left-prev", before), ("right-next", after)):
            link = area.split(f'<a class="{side}"', 1)[1].split("</a>", 1)[0]
            assert f'href="{neighbour.removeprefix("book/")}.html"' in link
            words = re.sub(r"<[^>]+>", "", link.split('class="prev-next-title">', 1)[1]).strip()
            assert words == found.heading(SITE / f"{neighbour}.html")


@needs_no_address
def test_without_an_address_there_is_nothing_that_needs_one():
    assert not (SITE / "sitemap.xml").exists()
    assert not (SITE / "robots.txt").exists()
    for name in PAGES:
        assert 'rel="canonical"' not in text_of(name)
        assert "og:url" not in meta(name)


def test_without_a_repository_nothing_is_launched():
    if SETTINGS["repository"]["url"]:
        pytest.skip("there is a repository")
    for page in SITE.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "mybinder.org" not in text, page
        assert "colab.research.google.com" not in text, page
        assert "launch-buttons" not in text, page


@pytest.mark.parametrize("edition", editions.ALL, ids=lambda edition: edition.code)
def test_a_page_that_is_not_there_leads_to_all_that_are_and_to_the_other_language(edition):
    folder = edition.site(SITE)
    text = (folder / "404.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]+)"', text)
    (other,) = (other for other in editions.ALL if other is not edition)
    (offered,) = (link for link in links if not link.startswith("book/"))
    assert (folder / offered).resolve() == other.site(SITE) / "book" / "index.html"
    assert {*links} == {offered, *(f"{name}.html" for name in PAGES)}
    assert not FETCHED.search(text)  # in another folder it would be missing
    assert 'action="search.html"' in text
    assert f'<html lang="{edition.code}">' in text
    for words in ("There is no such page", "All pages:", other.offer):
        assert edition.say(words) in text
    for name in PAGES:
        assert found.heading(folder / f"{name}.html") in text or name == PAGES[0]


def test_no_file_of_the_site_fetches_from_elsewhere():
    """Also where it is opened from a folder, without a server."""
    pages, styles = list(SITE.rglob("*.html")), list(SITE.rglob("*.css"))
    assert len(pages) > 100
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = ["".join(found) for found in FETCHED.findall(text)]
        inline = re.findall(r"<style.*?</style>", text, re.DOTALL)
        fetched += ["".join(found) for part in inline for found in IN_STYLES.findall(part)]
        assert [link for link in fetched if leads_away(link)] == [], page
    for style in styles:
        fetched = ["".join(found) for found in IN_STYLES.findall(style.read_text(encoding="utf-8"))]
        assert [link for link in fetched if leads_away(link)] == [], style


def leads_away(link):
    """Whether a link leaves the site's folder by an address, or by the root of a server."""
    return bool(re.match(r"(?!data:)[a-z][a-z0-9+.-]*:|/", link.strip(), re.IGNORECASE))


@pytest.mark.parametrize(
    "text",
    ['<script async src="https://cdn.example/x.js">', '<img alt="" src="//cdn.example/x.png">',
     '<link rel="stylesheet" href="http://fonts.example/a.css">', '<iframe src="/elsewhere">'],
)  # fmt: skip
def test_what_would_be_fetched_from_elsewhere_is_seen(text):
    (match,) = FETCHED.findall(text)
    assert leads_away("".join(match))
