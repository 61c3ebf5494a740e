"""The last touch on each page: names for what the theme leaves unnamed, and less to load.

The theme's templates cannot be told these things, so the finished pages are changed, by rules that
can be applied twice. What is beside the pages, the icons and the style sheets, is in
``light_assets.py``.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from editions import _, later
from PIL import Image
from sphinx.application import Sphinx

# Each: what the theme writes, what is put in its place, and why
RULES = (
    # the arrow that opens a part of the contents has no words
    (r'<summary>(?=<span class="toctree-toggle")', '<summary aria-label="Pages below it">'),
    # a button's name must contain the words that it shows: "Search Ctrl+K", not "Search" alone
    (r'(<button class="btn search-button-field[^>]*) aria-label="[^"]*"', r"\1"),
    # all of a page lies in a landmark: so that one can go from one to the next
    (r'<div id="pst-primary-sidebar" (?!role)',
     r'<div id="pst-primary-sidebar" role="complementary" aria-label="The book" '),
    # the theme's script gives the first such button its work, and it is this one, which is hidden:
    # on a telephone the one that shows would do nothing, and there were no contents
    (r'<button class="pst-navbar-icon sidebar-toggle (?:primary|secondary)-toggle".*?</button>\s*',
     ""),
    # a corner of a table that names nothing is no heading
    (r'<th class="head[^"]*"><p></p></th>', "<td></td>"),
    # said three times
    (r'<meta name="viewport" content="width=device-width, initial-scale=1" ?/>', ""),
    # 1.5 MB that draw a dozen icons: icons.css has them
    (r'<script defer src="[^"]*fontawesome\.js[^"]*"></script>', ""),
    # what is only needed in the end is not to be fetched first
    (r'<link rel="preload" as="script"[^>]*>', ""),
    # light or dark from the first picture on, not only after all scripts
    (r'(dataset\.theme = )localStorage\.getItem\("theme"\) \|\| "auto"',
     r'\1{light: "light", dark: "dark"}[document.documentElement.dataset.mode] ||'
     r' (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'),
)  # fmt: skip
# Names that only those hear, or see at the pointer: ours, and the theme's own, which it has in
# English alone. On the Chinese site they are Chinese.
NAMES = (
    later("Pages below it"), later("The book"), later("Main"), later("Page"),
    later("Search..."), later("Color mode"), later("System Settings"),
    later("Toggle primary sidebar"), later("Toggle secondary sidebar"),
    later("Toggle hidden content"), later("Link to this heading"),
    later("Link to this definition"), later("Link to this term"),
)  # fmt: skip
NAME = re.compile(
    rf"""((?:aria-label|title|placeholder)=")({"|".join(map(re.escape, NAMES))})(?=")"""
)
# On paper, in the place of folded code; the style sheet shows it
FOLDED = later("(The code is on the site.)")
# Scripts wait for the document anyway: they need not hold up its first picture. All but one, which
# scripts in the page use at once: it is small, and becomes one of them.
SCRIPT = re.compile(r'<script(?![^>]*\b(?:defer|async)\b)([^>]*) src="([^"]*_static/[^"]*)"')
OPTIONS = re.compile(r'<script src="([^"]*documentation_options\.js)[^"]*">')
# Searching is done on a page of its own; on others these would be read for nothing
SEARCH = re.compile(
    r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>\s*'
)
IMAGE = re.compile(r'<img\b(?![^>]*\b(?:width|style)=)[^>]*\bsrc="([^":]+)"[^>]*?(?= ?/?>)')
SVG = re.compile(r"<svg\b[^>]*>")
LENGTH = r"\b{}=[\"']([\d.]+)(pt|px|)[\"']"


def mended(text: str, page: Path, *, searches: bool) -> str:
    """The page's HTML with the rules applied; `searches`: it needs the scripts that search."""
    for found, instead in RULES:
        text = re.sub(found, instead, text, flags=re.DOTALL)
    if not searches:
        text = SEARCH.sub("", text)
        text = OPTIONS.sub(lambda found: _in_the_page(page.parent / found[1]), text)
        text = SCRIPT.sub(r'<script defer\1 src="\2"', text)
    text = NAME.sub(lambda found: found[1] + _(found[2]), text)
    return IMAGE.sub(lambda image: _with_size(image, page.parent), text)


def _in_the_page(script: Path) -> str:
    return "<script>" + script.read_text(encoding="utf-8").strip()


def _with_size(image: re.Match, folder: Path) -> str:
    """An image that says how large it is keeps its place free until it is loaded."""
    size = size_of(folder / image[1])
    return f'{image[0]} width="{size[0]}" height="{size[1]}"' if size else image[0]


@functools.cache
def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height of a picture, in a browser's pixels; None where it does not say."""
    if not path.is_file():
        return None
    if path.suffix != ".svg":
        with Image.open(path) as picture:
            return picture.size
    tag = SVG.search(path.read_text(encoding="utf-8")[:4000])
    found = [re.search(LENGTH.format(side), tag[0]) for side in ("width", "height")] if tag else []
    if not found or None in found:
        return None
    width, height = (round(float(side[1]) * (4 / 3 if side[2] == "pt" else 1)) for side in found)
    return width, height


def _say_on_paper(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """What the style sheet for paper says, in the language of the site."""
    if doctree:
        context["metatags"] += f'<style>:root {{ --folded-code: "{_(FOLDED)}" }}</style>\n'


def _mend_all(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    everywhere = bool(app.config.html_theme_options.get("search_as_you_type"))
    for page in folder.rglob("*.html"):
        if "_static" in page.parts:
            continue
        old = page.read_text(encoding="utf-8")
        new = mended(old, page, searches=everywhere or page.name == "search.html")
        if new != old:
            page.write_text(new, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", _say_on_paper)
    app.connect("build-finished", _mend_all)
    for name in ("everybody.css", "icons.css"):
        app.add_css_file(name)
    app.add_css_file("print.css", media="print")  # the screen does not wait for it
    app.add_js_file("everybody.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
