"""Less to do for a telephone when it opens a page.

A chapter has thousands of words of code, and each is laid out, though one sees a dozen lines. Here
the blocks further down (cells, code, tables) get an estimate of their height: ``everybody.css``
makes a block with an estimate wait until it comes near the window. Pictures further down wait, too.

And one function of the theme's is taken out: it asks each block for its width as soon as the page
is there, so that no block could wait. What it does (a block that scrolls takes the keyboard's
focus), ``everybody.js`` does.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

ARTICLE = re.compile(r"<article\b.*?</article>", re.DOTALL)
BLOCKS = ("div", "details")
AT_ONCE = 6  # blocks that fill the first window, and more: they do not wait
# In rem: a line of code, what is around a box of it, a row of a table, a folded part, and a
# paragraph; an estimate need not be good for more than the length of the scroll bar
LINE, BOX, ROW, FOLDED, PARAGRAPH = 1, 2, 2.3, 3, 4
PIXELS = 16  # of a rem
IMAGE = re.compile(r"<img\b(?![^>]*\bloading=)[^>]*?(?= ?/?>)")
# The end of the theme's script: "when all is loaded, call it", by whatever name
ASKS = re.compile(
    r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
)
THEME = Path("_static", "scripts", "pydata-sphinx-theme.js")
NOT_ASKED = "void 0/* everybody.js does it */"
logger = logging.getLogger(__name__)


class Blocks(HTMLParser):
    """The blocks of an article: where their first tags end, and how tall they may be."""

    def __init__(self, article: str) -> None:
        super().__init__()
        self.found: list[tuple[int, float]] = []
        self._open: list[str] = []  # the elements around
        self._begins = [0]  # where each line does
        for line in article.splitlines(keepends=True):
            self._begins.append(self._begins[-1] + len(line))
        self._within = 0  # how many elements are around the block that is read, with itself
        self._folded = 0  # the same, of the folded part that is read
        self.feed(article)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        if not self._within and tag in BLOCKS and self._open[-1:] == ["section"]:
            line, column = self.getpos()
            end = self._begins[line - 1] + column + len(self.get_starttag_text())
            self.found.append((end - 1, 0.0))
            self._within = len(self._open) + 1
        if self._within and not self._folded:
            if tag == "details" and "open" not in given:
                self._folded = len(self._open) + 1
            if tag != "p" or "table" not in self._open:
                self._add(self._height(tag, given))
        if tag not in ("img", "br", "hr", "input", "meta", "link", "source", "wbr", "col"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if len(self._open) < self._folded:
            self._folded = 0
        if len(self._open) < self._within:
            self._within = 0

    def handle_data(self, data: str) -> None:
        if self._within and not self._folded and "pre" in self._open:
            self._add(LINE * data.count("\n"))

    def _add(self, height: float) -> None:
        end, before = self.found[-1]
        self.found[-1] = end, before + height

    @staticmethod
    def _height(tag: str, given: dict) -> float:
        """How much taller the block is for this element, without its lines."""
        if tag == "img":
            return float(given.get("height") or 0) / PIXELS
        if tag == "details":
            return 0 if "open" in given else FOLDED
        return {"pre": BOX, "tr": ROW, "p": PARAGRAPH}.get(tag, 0)


def lightened(text: str) -> str:
    """The page's HTML, with what can wait marked; what is marked stays as it is."""
    article = ARTICLE.search(text)
    if not article or "--tall:" in text or 'loading="lazy"' in text:
        return text
    old, new, done = article[0], "", 0
    for end, height in Blocks(old).found[AT_ONCE:]:
        if height and not re.search(r"\bstyle=", old[old.rfind("<", 0, end) : end]):
            new += f'{old[done:end]} style="--tall: {height:.0f}rem"'
            done = end
    new += old[done:]
    first, image, others = new.partition("<img")  # the first is in the first window, or near it
    new = first + image + IMAGE.sub(r'\g<0> loading="lazy"', others)
    return text[: article.start()] + new + text[article.end() :]


def unasked(script: str) -> str | None:
    """The theme's script without the function that asks; None where that is not found."""
    if NOT_ASKED in script:
        return script
    new, count = ASKS.subn(NOT_ASKED, script)
    return new if count == 1 else None


def _lighten_all(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    for page in folder.rglob("*.html"):
        if "_static" not in page.parts:
            old = page.read_text(encoding="utf-8")
            if (new := lightened(old)) != old:
                page.write_text(new, encoding="utf-8")
    script = unasked((folder / THEME).read_text(encoding="utf-8"))
    if script is None:
        logger.warning(
            "%s: expected the theme's call for the load event, once, and found it not; see ASKS in "
            "light_pages.py: with it, a telephone lays out each page at once", THEME
        )  # fmt: skip
    else:
        (folder / THEME).write_text(script, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", _lighten_all, priority=550)  # pictures have their sizes by then
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
