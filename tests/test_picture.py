"""The README: it opens as the front page does, and its picture shows that page as it is now.

The second needs ``make book`` to have been run.
"""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image

from mnist_helpers.notebook.scoreboard import rows_of
from tools import picture

README = (picture.ROOT / "README.md").read_text(encoding="utf-8")
RECIPES = picture.ROOT / "mnist_helpers" / "recipes"
PAGE = picture.ROOT / "_build" / "html" / picture.FRONT


def test_the_readme_opens_with_what_it_is_where_to_start_and_the_picture():
    opening = "\n".join(README.splitlines()[:15])
    for part in ("**What.**", "**For whom.**", "**What for.**", "**Start here.**", "make book"):
        assert part in opening
    (alt,) = re.findall(r"!\[(.+)\]\(docs/page\.png\)", opening)
    assert f"a drawn {picture.DIGIT}, which the network has read as a {picture.DIGIT}" in alt
    assert README.count("docs/page.png") == 1


def test_its_two_accuracies_are_those_of_the_first_row_and_the_far_recipe():
    (row,) = rows_of(picture.ROOT / "book" / "01_quickstart.ipynb")
    far = json.loads((RECIPES / "far_runs" / "valid" / "log-0.json").read_text(encoding="utf-8"))
    assert far["judged on"] == "valid"
    way = f"from {row.accuracy:.1%} of them in the first chapter to {far['accuracy']:.1%}."
    assert way.replace("%", " %") in README


def test_the_picture_shows_the_front_page_as_it_is_now():
    if not PAGE.exists():
        pytest.skip("no site: make book renders it")
    with Image.open(picture.PICTURE) as shown:
        assert shown.text == picture.made_of(PAGE), "the page has changed: make picture"
        assert shown.width == picture.WIDTH * picture.SHARP
    assert picture.PICTURE.stat().st_size < 200_000


SMALL = """<p>before</p><article><h1>Title<a class="headerlink" href="#t">#</a></h1>
<p>Some <em>words</em>,<br/>more.</p><img alt="a digit"/>
<div class="draw-digit short"></div><p>after</p></article>"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("", ""), "Title Some words , more. [a digit]"),
        (("Some", "Other"), "Title Other words , more. [a digit]"),
        (('alt="a digit"', 'alt="two"'), "Title Some words , more. [two]"),
        (("<p>Some", "<p>New.</p><p>Some"), "Title New. Some words , more. [a digit]"),
        (("after", "anything"), "Title Some words , more. [a digit]"),  # the picture ends before it
    ],
)
def test_a_change_above_the_field_is_seen(change, words):
    assert picture.words_of(SMALL.replace(*change)) == words


def test_what_a_picture_is_made_of_comes_back_from_it(tmp_path):
    picture.keep(picture.PICTURE.read_bytes(), {"words": "28 × 28 …", "network": "0"},
                 tmp_path / "page.png")  # fmt: skip
    with Image.open(tmp_path / "page.png") as kept:
        assert kept.text == {"words": "28 × 28 …", "network": "0"}
        assert kept.mode == "P"


def test_without_a_browser_one_line_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(picture.screenshots, "find_chromium", lambda: None)
    assert picture.main(str(tmp_path)) == 1
    said = capsys.readouterr()
    assert said.err.startswith("error: there is no Chromium or Chrome on the PATH; install one")
    assert said.out == ""
