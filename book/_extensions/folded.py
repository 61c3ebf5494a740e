"""Solutions are folded on the site: a heading whose cell has the tag ``solution``, and its section.

Notebooks say it in a cell's metadata, and never in their text, so that they read well wherever they
are opened. Here such a section becomes HTML's own ``<details>``, which opens without a script.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

TAG = "solution"


class folded(nodes.General, nodes.Element):
    """A title, and what shows when it is opened."""


class FoldSolutions(SphinxTransform):
    """Replaces the sections of tagged headings; the rest of their page does not know them."""

    default_priority = 400  # sections are there, and contents are not yet made of them

    def apply(self, **kwargs: object) -> None:
        path = Path(self.env.doc2path(self.env.docname))
        if path.suffix != ".ipynb":
            return
        titles = tagged_headings(path)
        for section in list(self.document.findall(nodes.section)):
            title, *content = section.children
            if title.astext() in titles:
                section.replace_self(folded("", *content, title=title.astext(), ids=section["ids"]))


def tagged_headings(notebook: Path) -> set[str]:
    """The text of the headings whose cells have the tag."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if TAG in cell["metadata"].get("tags", [])]
    return {"".join(cell["source"]).splitlines()[0].lstrip("# ") for cell in tagged}


def _visit(translator, node: folded) -> None:
    title = translator.encode(node["title"])
    translator.body.append(translator.starttag(node, "details", CLASS=TAG))
    translator.body.append(f"<summary>{title}</summary>\n")


def _depart(translator, node: folded) -> None:
    translator.body.append("</details>\n")


def setup(app: Sphinx) -> dict:
    app.add_node(folded, html=(_visit, _depart))
    app.add_transform(FoldSolutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
