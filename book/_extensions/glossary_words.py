"""The glossary: a line of letters that leads into it, and Chinese words marked as such.

Marked, a word is spoken in its own language by a screen reader, and drawn with that language's
letters where a font has several.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _furnish(app: Sphinx, doctree: nodes.document) -> None:
    for glossary in list(doctree.findall(addnodes.glossary)):
        first: dict[str, nodes.term] = {}
        for term in glossary.findall(nodes.term):
            word = term.astext()
            if CHINESE.search(word):
                term["classes"] += [
                    "chinese",
                    "language-zh-CN",
                ]  # docutils makes lang="zh-CN" of it
            else:
                first.setdefault(word[0].upper(), term)
        glossary.parent.insert(glossary.parent.index(glossary), _letters(first))


def _letters(first: dict[str, nodes.term]) -> nodes.paragraph:
    """A link to the first term of each letter."""
    line = nodes.paragraph(classes=["letters"])
    for letter, term in first.items():
        line += nodes.reference("", letter, refid=term["ids"][0], internal=True)
        line += nodes.Text(" ")
    return line


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", _furnish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
