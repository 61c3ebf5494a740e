"""The rendered site: all pages there, all links good. (In a browser: tests/slow.)

Needs ``make book`` to have been run.
"""

from __future__ import annotations

import functools
import json
import re
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from mnist_helpers.notebook.scoreboard import rows_of
from tests.look_up.pages import extension

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text())


def files_of(entries):
    for entry in entries:
        yield entry["file"]
        yield from files_of(entry.get("sections", []))


PAGES = [CONTENTS["root"]]
PAGES += [file for part in CONTENTS["parts"] for file in files_of(part["chapters"])]
CHAPTERS = [page for page in PAGES if re.match(r"book/\d", page)]

if not (SITE / "index.html").exists():
    pytest.skip("no site: make book renders it", allow_module_level=True)


class Page(HTMLParser):
    """The links, anchors and images of one HTML file."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.images = [], set(), []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if attributes.get("id"):
            self.ids.add(attributes["id"])
        for name in ("href", "src"):
            if attributes.get(name):
                self.links.append(attributes[name])
        if tag == "img":
            self.images.append(attributes)


@functools.cache
def parsed(path):
    return Page(path)


@pytest.fixture(params=PAGES)
def page(request):
    return SITE / f"{request.param}.html"


def test_every_page_of_the_contents_is_there_and_has_text(page):
    article = parsed(page).text.split("<article", 1)[1]
    words = re.sub(r"<[^>]+>", " ", article).split()
    assert len(words) > 150


def test_every_notebook_is_in_the_contents():
    files = {f"book/{path.stem}" for path in (ROOT / "book").glob("*.ipynb")}
    assert files == {page for page in PAGES if (ROOT / f"{page}.ipynb").is_file()}
    assert {page for page in files if re.match(r"book/\d", page)} == set(CHAPTERS)


def test_links_and_images_lead_somewhere(page):
    they_lead_somewhere(page)


def they_lead_somewhere(page):
    """The links and images of a page, of either language."""
    for link in parsed(page).links:
        parts = urllib.parse.urlsplit(link)
        if parts.scheme in ("http", "https", "mailto", "data") or link.startswith("//"):
            continue
        target = (page.parent / urllib.parse.unquote(parts.path)) if parts.path else page
        assert target.exists(), link
        if parts.fragment and target.suffix == ".html":
            assert parts.fragment in parsed(target.resolve()).ids | {""}, link


def test_nothing_is_fetched_from_elsewhere(page):
    scripts = re.findall(
        r'<(?:script|link|img)\b[^>]+(?:src|href)="(https?:[^"]+)"', parsed(page).text
    )
    assert scripts == []


def test_images_have_alternative_texts(page):
    for image in parsed(page).images:
        alt = image.get("alt", "")
        assert alt != "", image
        assert not alt.startswith(("../", "_images")), image


def test_no_page_shows_an_error(page):
    text = parsed(page).text
    assert "Traceback (most recent call last)" not in text
    assert 'class="output stderr' not in text
    assert "system-message" not in text
    assert not re.search(r"/(root|home|tmp|work)/\w", text.split("<article", 1)[1])


def test_a_spread_in_a_table_breaks_before_its_sign(page):
    cells = re.findall(r"<td.*?</td>", parsed(page).text, re.DOTALL)
    assert not any("± " in cell for cell in cells)


def test_the_scoreboard_holds_what_the_chapters_computed():
    text = parsed(SITE / f"{PAGES[0]}.html").text
    table = text.split('class="scoreboard', 1)[1].split("</table>")[0]
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", table, re.S)]
    expected = []
    for name in CHAPTERS:
        for row in rows_of(ROOT / f"{name}.ipynb"):
            expected += [cell.replace("'", "’") for cell in row.cells()]  # as Sphinx sets it
    assert cells == expected
    assert len(expected) == 4 * len(CHAPTERS)


def test_a_notebook_says_at_its_foot_when_it_was_executed(page):
    if not (ROOT / "book" / f"{page.stem}.ipynb").is_file():
        assert 'class="executed"' not in parsed(page).text
        return
    notebook = json.loads((ROOT / "book" / f"{page.stem}.ipynb").read_text(encoding="utf-8"))
    line = re.search(r'<p class="executed">(.*?)</p>', parsed(page).text)[1]
    executed = notebook["metadata"]["executed"]
    assert f"with Paddle {executed['paddle']}, Python {executed['python']}, NumPy" in line
    assert executed["date"][:4] in line
    assert "Report a mistake" not in line  # there is no address to report it at


def test_with_an_address_a_page_offers_to_report_a_mistake(monkeypatch):
    page_foot = extension("page_foot", monkeypatch)
    executed = {"date": "2026-11-05", "paddle": "3.3.1", "python": "3.11.7", "numpy": "2.4.6",
                "library": "0.2.0"}  # fmt: skip
    line = page_foot.foot(executed, "02_data.ipynb", "https://digits.example/book/")
    assert "Executed on 5 November 2026 with Paddle 3.3.1, Python 3.11.7, " in line
    assert 'href="https://digits.example/book/issues/new?title=02_data.ipynb%3A+"' in line
