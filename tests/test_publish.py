"""What the site has beside its pages."""

import re
from pathlib import Path

import yaml

from tools.publish import ROOT, write_front_door


def test_the_root_of_the_site_is_a_page_that_leads_to_the_book(tmp_path):
    (tmp_path / "index.html").write_text("a refresh, and nothing else")
    write_front_door(tmp_path, "Digits & more")
    text = (tmp_path / "index.html").read_text()
    assert '<html lang="en">' in text
    assert "<title>Digits &amp; more</title>" in text
    assert '<a href="book/index.html">Digits &amp; more</a>' in text
    assert 'content="0; url=book/index.html"' in text


def test_the_landing_page_says_of_each_chapter_what_it_is_about():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    pages = [Path(chapter["file"]).name for chapter in contents["parts"][0]["chapters"]]
    text = (ROOT / f"{contents['root']}.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(\d+)\. \[[\w ]+\]\((\w+)\.ipynb\): \w", text, re.MULTILINE)
    assert listed == [(str(n), page) for n, page in enumerate(pages, 1)]
