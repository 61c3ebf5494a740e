"""``{chapter-cards}``: a card for each page of the chapters, made of what its notebook stores.

The sentence is the ``"about"`` in the metadata of the first cell, the title and the time are that
cell's own, the result is the page's row of the scoreboard. The picture is a part of a stored
figure: the metadata of the figure's cell say which, ``"thumbnail": {"alt": "…", "crop": [0, 0, 1,
0.5]}`` (left, top, right and bottom, as shares of the figure).
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from book_extensions import in_words
from chapter_facts import facts
from docutils import nodes
from docutils.statemachine import StringList
from PIL import Image, ImageOps
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mnist_helpers.notebook.scoreboard import Row, rows_of

SIZE = (480, 300)  # pixels, twice as many as a card is wide on a laptop
# Of another training, beside the row's own, which a card does not show
ANOTHER_TIME = re.compile(r" ?[（(][^()（）]*\d (?:s|秒)[)）]")
CARD = """\
````{{grid-item-card}} [{card.label}]({card.page})
:img-top: {picture}
:img-alt: {alt}
{card.about}

**{accuracy}** {card.new}\\
{card.time}
````
"""


@dataclass(frozen=True)
class Card:
    """What a card says: of which notebook, its title with the chapter's number, and the rest."""

    page: str
    label: str
    about: str
    time: str
    row: Row
    alt: str
    picture: Image.Image

    @property
    def new(self) -> str:
        """What is new, in the site's language, without the time of another training."""
        return ANOTHER_TIME.sub("", in_words(self.row.change))


class ChapterCards(SphinxDirective):
    """The cards, in the order of the chapters."""

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.doc2path(self.env.docname)).parent
        text = "`````{grid} 1 2 3 3\n:gutter: 3\n:class-container: chapter-cards\n\n"
        for notebook in chapters(folder):
            self.env.note_dependency(str(notebook))
            try:
                text += self._markdown(card(notebook))
            except ValueError as fault:
                raise self.error(str(fault)) from fault
        grid = nodes.container()
        self.state.nested_parse(StringList(f"{text}`````".splitlines()), 0, grid)
        grid["cards"] = True
        return [grid]

    def _markdown(self, its: Card) -> str:
        picture = save(self.env.app, its.picture, f"{Path(its.page).stem}.png")
        alt = json.dumps(its.alt, ensure_ascii=False)  # a colon in it ends nothing
        return CARD.format(card=its, picture=picture, alt=alt, accuracy=its.row.cells()[2])


def chapters(folder: Path) -> list[Path]:
    """The notebooks of the chapters: those with a number, in its order."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def card(notebook: Path) -> Card:
    """What a notebook's card says. ValueError where the notebook lacks a part of it."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    about = cells[0]["metadata"].get("about")
    if not about:
        raise ValueError(f'{notebook.name}: its first cell\'s metadata have no "about"; '
                         "expected the sentence of its card")  # fmt: skip
    rows = rows_of(notebook)
    if len(rows) != 1:
        raise ValueError(f"{notebook.name}: {len(rows)} rows of the scoreboard, expected one")
    marked = [cell for cell in cells if "thumbnail" in cell["metadata"]]
    if len(marked) != 1:
        raise ValueError(f'{notebook.name}: {len(marked)} cells with a "thumbnail" in their '
                         "metadata, expected one, the card's picture")  # fmt: skip
    picture = thumbnail(marked[0], notebook.name)
    if not (alt := marked[0]["metadata"]["thumbnail"].get("alt")):
        raise ValueError(f'{notebook.name}: cell {marked[0]["id"]}: a thumbnail has no "alt"')
    # "… on 2 cores", and in Chinese the cores first: the page says it once, above the cards
    time = re.sub("^2 核上", "", re.split(" on |。", facts(notebook)[1])[0]).rstrip(".")
    return Card(notebook.name, label(notebook), about, time, rows[0], alt, picture)


def label(notebook: Path) -> str:
    """The chapter's number and the page's short title: "1 · Quickstart"."""
    title = facts(notebook)[0].split("](")[0].lstrip("[")
    return re.split("[:：]", title)[0]


def thumbnail(cell: dict, name: str) -> Image.Image:
    """The part of the cell's figure that its metadata name, whole on white paper."""
    found = [output["data"]["image/png"] for output in cell["outputs"]
             if "image/png" in output.get("data", {})]  # fmt: skip
    if not found:
        raise ValueError(f"{name}: cell {cell['id']} has a thumbnail, but no figure is stored")
    crop = cell["metadata"]["thumbnail"].get("crop")
    left, top, right, bottom = crop if crop and len(crop) == 4 else [0] * 4
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(f"{name}: cell {cell['id']}: a thumbnail's crop is {crop}, expected "
                         "left, top, right and bottom, as shares of the figure")  # fmt: skip
    figure = Image.open(io.BytesIO(base64.b64decode("".join(found[0])))).convert("RGBA")
    paper = Image.new("RGBA", figure.size, "white")
    paper.alpha_composite(figure)
    wide, high = figure.size
    part = paper.crop((round(left * wide), round(top * high), round(right * wide),
                       round(bottom * high))).convert("RGB")  # fmt: skip
    return ImageOps.pad(part, SIZE, color="white")


def save(app: Sphinx, picture: Image.Image, name: str) -> str:
    """Keep a picture beside the site, where Sphinx fetches it; its address in the source folder."""
    file, address = place(app, name)
    few = picture.quantize(128, dither=Image.Dither.NONE)  # in a third of the bytes
    few.save(file, optimize=True)
    return address


def place(app: Sphinx, name: str) -> tuple[Path, str]:
    """Where a picture is kept beside the site, and its address in the source folder."""
    folder = Path(app.outdir).parent / "front_page"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name, "/" + Path(os.path.relpath(folder / name, app.srcdir)).as_posix()


def _add_style(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    if doctree and any(node.get("cards") for node in doctree.findall(nodes.container)):
        app.add_css_file("front.css")


def setup(app: Sphinx) -> dict:
    app.add_directive("chapter-cards", ChapterCards)
    app.connect("html-page-context", _add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
