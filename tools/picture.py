"""The picture in the README: ``make picture`` takes it from the rendered front page.

It shows the page from its title to the field, with a digit drawn that the network has read. The
picture carries what it is made of, and so a test can tell whether it is current: the words above
the field are those that the page has now, and the network is the one that answers there. Colours
and the forms of letters are not compared, which another browser or another font would change.
"""

from __future__ import annotations

import hashlib
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
NETWORK = ROOT / "tools" / "drawing" / "stored" / "fast.pdparams"
FRONT = Path("book", "index.html")
DIGIT = 3
MARGIN = 16  # pixels
SHARP = 1.5  # dots a pixel
WIDTH = 880  # pixels: the page without the bars at its sides
BAR = ".bd-header-article { visibility: hidden }"  # the buttons above the title


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
            viewport={"width": WIDTH, "height": 1600},
            device_scale_factor=SHARP,
            color_scheme="light",
        )
        tab.goto(page.as_uri(), wait_until="networkidle")
        tab.add_style_tag(content=BAR)
        draw(tab)
        taken = tab.screenshot(clip=seen(tab), full_page=True)
        browser.close()
    keep(taken, made_of(page), PICTURE)
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
    top, bottom = tab.evaluate("""[document.querySelector('article h1'), document.querySelector(
        '.draw-digit')].map(e => e.getBoundingClientRect()).map((r, i) => i ? r.bottom : r.top)""")
    return {"x": 0, "y": top - MARGIN, "width": WIDTH, "height": bottom - top + 2 * MARGIN}


def made_of(page: Path) -> dict[str, str]:
    """What a picture of this page is made of now."""
    network = hashlib.sha256(NETWORK.read_bytes()).hexdigest()
    return {"words": words_of(page.read_text(encoding="utf-8")), "network": network}


def keep(taken: bytes, made_of: dict[str, str], path: Path) -> None:
    """With 256 colours, which makes it small, and with what it is made of."""
    about = PngInfo()
    for name, text in made_of.items():
        about.add_itxt(name, text)
    picture = Image.open(io.BytesIO(taken)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(path, "PNG", optimize=True, pnginfo=about)


def words_of(page: str) -> str:
    """What stands on the rendered page from its title to the field, pictures by their alternative
    texts."""
    reader = _Reader()
    reader.feed(page)
    return " ".join(" ".join(reader.found).split())


class _Reader(HTMLParser):
    """The text of the article, as far as the field to draw on."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = False
        self.mark = False  # a heading's link to itself, which shows under a mouse alone

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        its = {name: value or "" for name, value in attrs}
        classes = its.get("class", "").split()
        self.inside = (self.inside or tag == "article") and "draw-digit" not in classes
        self.mark = "headerlink" in classes
        if self.inside and tag == "img":
            self.found.append(f"[{its.get('alt', '')}]")

    def handle_endtag(self, tag: str) -> None:
        self.mark = False

    def handle_data(self, data: str) -> None:
        if self.inside and not self.mark:
            self.found.append(data)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
