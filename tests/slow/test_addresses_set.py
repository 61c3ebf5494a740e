"""The site of a book whose addresses are set: its links to run notebooks, and its own.

Rendered from a copy that has the real book's settings, contents and notebooks, but of each page
only the beginning, so that it takes seconds. Binder, Colab and AI Studio were never asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.test_site import PAGES
from tools import publish
from tools.targets import JUPYTER_BOOK

ROOT = Path(__file__).parents[2]
SITE_ADDRESS = "https://digits.example/a/book"
HUB, FORGE = "https://github.com/someone/digits-with-paddle", "https://gitee.com/someone/digits"


def copy_of_book(folder, repository):
    """The book's frame in `folder`, with both addresses set."""
    settings = (ROOT / "_config.yml").read_text(encoding="utf-8")
    for empty, address in (('  url: ""', repository), ('  baseurl: ""', f"{SITE_ADDRESS}/")):
        assert settings.count(empty) == 1
        settings = settings.replace(empty, empty.replace('""', address))
    folder.mkdir()
    (folder / "_config.yml").write_text(settings, encoding="utf-8")
    shutil.copy(ROOT / "_toc.yml", folder)
    for name in ("book/_static", "book/_extensions", "mnist_helpers/notebook/web"):
        shutil.copytree(ROOT / name, folder / name)
    for page in PAGES:
        shorten(page, folder)


def shorten(page, folder):
    """The beginning of a page: the first cells, or the lines up to a directive or a heading."""
    notebook = ROOT / f"{page}.ipynb"
    if notebook.is_file():
        content = json.loads(notebook.read_text(encoding="utf-8"))
        code = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
        content["cells"] = [content["cells"][0], code]
        (folder / f"{page}.ipynb").write_text(json.dumps(content), encoding="utf-8")
        return
    text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
    text = re.split(r"^(?:```|## )", text, flags=re.MULTILINE)[0]
    if page == "book/running":
        text += "\n## AI Studio, step by step\n"
    text = re.sub(r"\[([^\]]*)\]\([\w.]*#?[\w-]*\)", r"\1", text)  # their ends are not here
    (folder / f"{page}.md").write_text(text, encoding="utf-8")


def render(folder):
    """The site of the book in `folder`, as `make book` makes it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", ".", "--all", "--warningiserror", "-q"]
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def on_github(tmp_path_factory):
    """The site, with what `make book` puts into it afterwards."""
    folder = tmp_path_factory.mktemp("book") / "copy"
    copy_of_book(folder, HUB)
    site = render(folder)
    with pytest.MonkeyPatch.context() as patch:
        settings = {"title": "Digits with Paddle", "html": {"baseurl": f"{SITE_ADDRESS}/"}}
        patch.setattr(publish, "_settings", lambda: settings)
        shutil.copytree(site / "book", site / "zh" / "book")  # in the place of the Chinese pages
        publish.main(site)
    return site


def menu(site, page):
    """The links of a page's menu that opens it elsewhere: {name: address}; None without a menu."""
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    if "dropdown-launch-buttons" not in text:
        return None
    part = text.split("dropdown-launch-buttons", 1)[1].split("</ul>", 1)[0]
    links = re.findall(r'<a href="([^"]+)".*?btn__text-container">([^<]+)<', part, re.DOTALL)
    return {name: link.replace("&amp;", "&") for link, name in links}


def is_notebook(page):
    return (ROOT / f"{page}.ipynb").is_file()


@pytest.mark.parametrize("page", PAGES)
def test_a_notebook_s_page_has_the_links_and_no_other_page_has(on_github, page):
    links = menu(on_github, page)
    if not is_notebook(page):
        assert links is None
        return
    opened = urllib.parse.quote(f"lab/tree/{page}.ipynb", safe="")
    assert links == {
        "Binder": "https://mybinder.org/v2/gh/someone/digits-with-paddle/main?urlpath=" + opened,
        "Colab": "https://colab.research.google.com/github/someone/digits-with-paddle/blob/main/"
        f"{page}.ipynb",
        "AI Studio": "running.html#ai-studio-step-by-step",
    }
    text = (on_github / f"{page}.html").read_text(encoding="utf-8")
    for icon in re.findall(r'<img alt="[^"]* logo" src="([^"]+)"', text):
        assert (on_github / page).parent.joinpath(icon).resolve().is_file()  # none from elsewhere


@pytest.mark.parametrize("page", [page for page in PAGES if is_notebook(page)])
def test_a_notebook_s_page_offers_to_report_a_mistake(on_github, page):
    text = (on_github / f"{page}.html").read_text(encoding="utf-8")
    assert f'<a href="{HUB}/issues/new?title={Path(page).name}.ipynb%3A+">Report a mistake' in text


def test_every_link_to_the_steps_leads_to_them(on_github):
    text = (on_github / "book" / "running.html").read_text(encoding="utf-8")
    assert 'id="ai-studio-step-by-step"' in text
    assert 'id="ai-studio-step-by-step"' in (
        (ROOT / "_build" / "html" / "book" / "running.html").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_its_address(on_github, page):
    text = (on_github / f"{page}.html").read_text(encoding="utf-8")
    address = f"{SITE_ADDRESS}/{page}.html"
    assert re.findall(r'<link rel="canonical" href="([^"]+)"', text) == [address]
    assert re.findall(r'<meta property="og:url" content="([^"]+)"', text) == [address]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_the_address_of_the_chinese_one(on_github, page):
    text = (on_github / f"{page}.html").read_text(encoding="utf-8")
    links = re.findall(r'<link rel="alternate" hreflang="zh-CN" href="([^"]+)"', text)
    assert links == [f"{SITE_ADDRESS}/zh/{page}.html"]


def test_the_sitemap_lists_every_page_once_in_each_language(on_github):
    tree = ET.parse(on_github / "sitemap.xml")
    found = {}
    for url in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}url"):
        address, *same = url
        assert address.text not in found
        found[address.text] = {link.attrib["hreflang"]: link.attrib["href"] for link in same}
    assert len(found) == 2 * len(PAGES)
    for page in PAGES:
        both = {"en": f"{SITE_ADDRESS}/{page}.html", "zh-CN": f"{SITE_ADDRESS}/zh/{page}.html"}
        for address in both.values():
            assert found[address] == both
    robots = (on_github / "robots.txt").read_text(encoding="utf-8").splitlines()
    assert f"Sitemap: {SITE_ADDRESS}/sitemap.xml" in robots


@pytest.mark.parametrize(("folder", "other"), [("", "/zh"), ("/zh", "")])
def test_the_page_for_what_is_not_there_names_the_site_by_its_address(on_github, folder, other):
    text = (on_github / f"./{folder}/404.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]+)"', text)
    offered = f"{SITE_ADDRESS}{other}/book/index.html"
    assert sorted(links) == sorted(
        [offered, *(f"{SITE_ADDRESS}{folder}/{page}.html" for page in PAGES)]
    )
    assert f'action="{SITE_ADDRESS}{folder}/search.html"' in text
    assert "<script" not in text


def test_of_a_repository_elsewhere_there_is_no_link_to_colab(tmp_path):
    folder = tmp_path / "copy"
    copy_of_book(folder, FORGE)
    site = render(folder)
    for page in PAGES:
        links = menu(site, page)
        assert (links is not None) == is_notebook(page)
        if links:
            assert list(links) == ["Binder", "AI Studio"]
            assert "/v2/git/https%3A%2F%2Fgitee.com%2Fsomeone%2Fdigits/main?" in links["Binder"]
