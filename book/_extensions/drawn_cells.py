"""Below a cell that calls ``draw()``: where one can draw on the site.

The stored output of such a cell is a picture of a stored drawing, since nobody sat in front of the
notebook when it was executed; its metadata say ``"draw": true``.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from editions import _
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

PAGE = "/book/draw"


class LinkDrawings(SphinxTransform):
    """Puts a line with a link below each cell that draws."""

    default_priority = 400

    def apply(self, **kwargs: object) -> None:
        path = Path(self.env.doc2path(self.env.docname))
        if path.suffix != ".ipynb":
            return
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") == "cell_code" and draws(cells[cell["cell_index"]]):
                cell.parent.insert(cell.parent.index(cell) + 1, line())


def draws(cell: dict) -> bool:
    """Whether a cell's output is in the place of a field to draw on."""
    return any(output.get("metadata", {}).get("draw") for output in cell.get("outputs", []))


def line() -> nodes.paragraph:
    """The line, with a link that Sphinx resolves, or warns of."""
    link = addnodes.pending_xref(
        "", nodes.inline("", _("Draw a digit")), refdomain="std", reftype="doc", reftarget=PAGE,
        refexplicit=True, refwarn=True,
    )  # fmt: skip
    said = _(
        "In Jupyter, there is a field to draw on here. On this site, it is on the page {page}."
    )
    before, after = said.split("{page}")
    return nodes.paragraph("", "", nodes.Text(before), link, nodes.Text(after))


def setup(app: Sphinx) -> dict:
    app.add_transform(LinkDrawings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
