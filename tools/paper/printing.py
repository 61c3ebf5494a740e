"""Printed by Chromium, twice: the second time with the numbers of pages that the first shows."""

from __future__ import annotations

from pathlib import Path

from pypdf import PdfReader

from mnist_helpers.notebook.screenshots import find_chromium, flags
from tools.paper.pages import PaperError, fill

WIDTH = 657  # of the text in CSS pixels: A4 less two margins of 18 mm
FIT = Path(__file__).with_name("fit.js").read_text(encoding="utf-8")


def chromium() -> str:
    """The path of the browser that prints."""
    path = find_chromium()
    if path is None:
        raise PaperError(
            "the PDF is printed by Chromium, and there is none on the PATH: install it "
            "(Debian, Ubuntu: apt-get install chromium) or Chrome, and run make pdf again"
        )
    return path


def print_book(document: str, source: Path, pdf: Path, chromium: str) -> int:
    """Write the PDF, and return its number of pages.

    Parameters
    ----------
    document : str
        HTML, as ``pages.assemble`` makes it.
    source : Path
        Where it is put; the addresses of its pictures count from its folder.
    pdf : Path
        The file to write.
    chromium : str
        The browser's path.
    """
    from playwright.sync_api import sync_playwright

    numbers: dict[str, int] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags())
        for _ in range(3):
            source.write_text(fill(document, numbers), encoding="utf-8")
            tab = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
            tab.set_default_timeout(300_000)
            tab.emulate_media(media="print", color_scheme="light")
            tab.goto(source.absolute().as_uri(), wait_until="load")
            if faults := tab.evaluate(FIT):
                raise PaperError("does not fit on the paper: " + "; ".join(faults[:5]))
            tab.pdf(path=pdf, prefer_css_page_size=True, print_background=True,
                    outline=True, tagged=True)  # fmt: skip
            tab.close()
            reader = PdfReader(pdf)
            before, numbers = numbers, pages_of(reader)
            if numbers == before:
                return len(reader.pages)
    raise PaperError("the numbers of pages in the contents do not settle")


def pages_of(reader: PdfReader) -> dict[str, int]:
    """From the ids that links lead to, to the number of their page, from 1."""
    order = {page.indirect_reference.idnum: n for n, page in enumerate(reader.pages, 1)}
    return {
        name.removeprefix("/"): order[place.page.idnum]
        for name, place in reader.named_destinations.items()
    }
