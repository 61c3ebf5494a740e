"""The picture in the README: ``make picture`` takes it from the rendered front page.

It shows the page from its title to the first row of cards, with a digit drawn that the network has
read. The picture carries the words that it shows, and so a test can tell whether it is current: they
are those that the page has now. Letters, colours and sizes are not compared, which another browser
or another font would change.
"""

from __future__ import annotations

import io
import json
import sys
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page, sync_playwright

from mnist_helpers.notebook import screenshots

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "page.png"
DRAWINGS = ROOT / "mnist_helpers" / "notebook" / "web" / "drawings.json"
FRONT = Path("book", "index.html")
DIGIT = 3
WIDTH = 880  # pixels: the page without the bars at its sides
CARDS = 3  # a row
NOT_SEEN = ("headerlink", "draw-digit")  # what scripts write or a mouse finds is not the page's text
EMPTY = ("br", "img", "input", "link", "meta", "path", "use", "hr", "wbr")


def main(site: str) -> int:
    """Take the picture of the site in this folder."""
    chromium = screenshots.find_chromium()
    if chromium is None:
        print("error: there is no Chromium or Chrome on the PATH; install one, and run it again",
              file=sys.stderr)  # fmt: skip
        return 1
    page = Path(site).resolve() / FRONT
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=screenshots.flags())
        tab = browser.new_page(
            viewport={"width": WIDTH, "height": 1600}, device_scale_factor=1.5, color_scheme="light"
        )
        tab.goto(page.as_uri(), wait_until="networkidle")
        draw(tab)
        taken = tab.screenshot(clip=seen(tab))
        browser.close()
    keep(taken, words_of(page.read_text(encoding="utf-8")), PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")
    return 0


def draw(tab: Page) -> None:
    """A stored digit, drawn with the mouse; until the network has answered."""
    stored = json.loads(DRAWINGS.read_text(encoding="utf-8"))
    strokes = next(d["strokes"] for d in stored["drawings"] if d["label"] == DIGIT)
    frame = tab.locator(".draw-digit .field canvas").bounding_box()
    if frame is None:
        raise ValueError(f"{FRONT}: there is no field to draw on; was the site made by make book?")
    scale = frame["width"] / stored["side"]
    for stroke in strokes:
        for n, (x, y) in enumerate(stroke):
            tab.mouse.move(frame["x"] + x * scale, frame["y"] + y * scale)
            if n == 0:
                tab.mouse.down()
        tab.mouse.up()
    tab.mouse.move(0, 0)
    tab.wait_for_function("document.querySelector('.draw-digit output.aloud')")
    tab.wait_for_timeout(500)  # bars have grown


def seen(tab: Page) -> dict[str, float]:
    """The part of the page that the picture shows."""
    top, bottom = tab.evaluate(
        """cards => { window.scrollTo(0, 0);
        const rows = [...document.querySelectorAll('.chapter-cards .sd-card')].slice(0, cards);
        return [document.querySelector('article h1').getBoundingClientRect().top,
                Math.max(...rows.map(card => card.getBoundingClientRect().bottom))] }""", CARDS
    )  # fmt: skip
    return {"x": 0, "y": top - 16, "width": WIDTH, "height": bottom - top + 40}


def keep(taken: bytes, words: str, path: Path) -> None:
    """With 256 colours, which makes it small, and with the words that it shows."""
    about = PngInfo()
    about.add_itxt("words", words)
    picture = Image.open(io.BytesIO(taken)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(path, "PNG", optimize=True, pnginfo=about)


def words_of(page: str) -> str:
    """What stands on the rendered page from its title to the last card of the picture, pictures by
    their alternative texts."""
    reader = _Reader()
    reader.feed(page)
    return " ".join(" ".join(reader.found).split())


class _Reader(HTMLParser):
    """The text of the article, as far as the picture goes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = False
        self.cards = 0
        self.skipped = 0  # how deep in what the picture does not show

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        its = {name: value or "" for name, value in attrs}
        classes = its.get("class", "").split()
        self.cards += "sd-card" in classes
        self.inside = (self.inside or tag == "article") and self.cards <= CARDS
        if self.skipped or tag == "noscript" or set(classes) & set(NOT_SEEN):
            self.skipped += tag not in EMPTY
        elif self.inside and tag == "img":
            self.found.append(f"[{its.get('alt', '')}]")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.skipped and tag not in EMPTY:
            self.skipped -= 1

    def handle_data(self, data: str) -> None:
        if self.inside and not self.skipped:
            self.found.append(data)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
