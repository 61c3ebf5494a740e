"""Things to play with, below the figures of cells that ask for them.

A notebook says it in a cell's metadata, ``"plays": {"toy": "valley", "start": 4, …}``, and holds
the static figure. What only a run can know, such as a digit's pixels, stands in the metadata of
one of the cell's outputs: ``display(figure, metadata={"plays": {"picture": …}})``. Here a container
with both is put below the cell, and the toy's script on the page. Without scripts it stays empty.
"""

from __future__ import annotations

import html
import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

KEY = "plays"
TOYS = {  # each with what it must be given; its script is in book/_static/playthings
    "valley": {"start", "steps", "rate"},
    "softmax": {"logits"},
    "window": {"picture", "windows"},
}
logger = logging.getLogger(__name__)


class AddPlaythings(SphinxTransform):
    """Puts a container below each cell that plays."""

    default_priority = 400

    def apply(self, **kwargs: object) -> None:
        path = Path(self.env.doc2path(self.env.docname))
        if path.suffix != ".ipynb":
            return
        found = playing(json.loads(path.read_text(encoding="utf-8"))["cells"])
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") == "cell_code" and cell["cell_index"] in found:
                given = found[cell["cell_index"]]
                for fault in faults(given):
                    logger.warning("%s", fault, location=cell)
                toy = given.get("toy")
                made = nodes.raw("", container(given), format="html", toy=toy)
                cell.parent.insert(cell.parent.index(cell) + 1, made)


def playing(cells: list[dict]) -> dict[int, dict]:
    """The cells that play, by their index: what their toy is given."""
    found = {}
    for index, cell in enumerate(cells):
        if KEY in cell["metadata"]:
            found[index] = dict(cell["metadata"][KEY])
            for output in cell.get("outputs", []):
                found[index].update(output.get("metadata", {}).get(KEY, {}))
    return found


def faults(given: dict) -> list[str]:
    """What is wrong with what a cell says."""
    toy = given.get("toy")
    if toy not in TOYS:
        return [f"there is no plaything {toy!r}, only {', '.join(TOYS)}"]
    missing = sorted(TOYS[toy] - given.keys())
    return [f"the plaything {toy!r} is not given: {', '.join(missing)}"] if missing else []


def container(given: dict) -> str:
    """The element that the toy's script fills."""
    data = html.escape(json.dumps(given, ensure_ascii=False))
    return f'<div class="plaything" data-toy="{given.get("toy")}" data-given="{data}"></div>'


def _add_scripts(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """The scripts of the toys on this page; on others, none."""
    raw = doctree.findall(nodes.raw) if doctree else []
    toys = sorted({node["toy"] for node in raw if node.get("toy") in TOYS})
    if toys:
        app.add_css_file("playthings/playthings.css")
        for name in ("playthings", *toys):  # in this order: they are deferred
            app.add_js_file(f"playthings/{name}.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    app.add_transform(AddPlaythings)
    app.connect("html-page-context", _add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
