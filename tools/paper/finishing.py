"""What Chromium leaves open: title and author, dates that do not change, missing glyphs."""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Mapping
from pathlib import Path

from pypdf import PageObject, PdfReader, PdfWriter

# It notes that a copy has more objects than Chromium's file had: no reader can do anything about it
logging.getLogger("pypdf").setLevel(logging.ERROR)
# What sets a font, and what shows its glyphs: in the streams that Chromium writes
SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)>")


def finish(raw: Path, pdf: Path, settings: Mapping, day: datetime.date) -> tuple[int, list[int]]:
    """Write `pdf`, the same pages with title and author.

    The same pages give the same bytes, whenever they were printed.

    Returns
    -------
    tuple of (int, list of int)
        How many pages there are, and the numbers of those with a box in the place of a character.
    """
    reader = PdfReader(raw)
    boxes = [n for n, page in enumerate(reader.pages, 1) if missing_glyphs(page)]
    writer = PdfWriter(clone_from=reader)
    stamp = f"D:{day:%Y%m%d}000000Z"
    writer.metadata = {
        "/Title": str(settings["title"]), "/Author": str(settings["author"]),
        "/CreationDate": stamp, "/ModDate": stamp,
    }  # fmt: skip
    writer.page_mode = "/UseOutlines"  # the bookmarks are open
    writer.write(pdf)
    return len(reader.pages), boxes


def missing_glyphs(page: PageObject) -> int:
    """How many glyphs of a page are number 0, which is a font's box for what it does not have."""
    resources = page["/Resources"]
    fonts = resources.get("/Font", {})
    wide = {name[1:].encode() for name, font in fonts.items()
            if font.get_object()["/Subtype"] == "/Type0"}  # fmt: skip
    contents = page.get_contents()
    found, current = 0, b""
    for font, glyphs in SHOWN.findall(b"" if contents is None else contents.get_data()):
        if font:
            current = font
        elif current in wide:  # two bytes a glyph; others' glyphs are pictures of their own
            found += [glyphs[i : i + 4] for i in range(0, len(glyphs), 4)].count(b"0000")
    return found
