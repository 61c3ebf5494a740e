"""``{chapter-facts}``: how long each chapter says that it runs, and what it says that it needs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from docutils import nodes
from editions import _
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import table, words

FACT = r"^\*\*{}(?::\*\* |\*\*：)(.*)$"  # in Chinese, punctuation stands behind the stars


class ChapterFacts(SphinxDirective):
    """A table: the page, how long it runs, what it needs, in the words of its first cell."""

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.doc2path(self.env.docname)).parent
        rows = []
        for notebook in sorted(folder.glob("*.ipynb")):
            self.env.note_dependency(str(notebook))
            rows.append([self._inline(text) for text in facts(notebook)])
        header = (_("chapter"), _("how long it runs"),
                  _("what it needs beside Paddle and the digits"))  # fmt: skip
        return [table("chapter-facts", header, rows, (2, 3, 6))]

    def _inline(self, text: str) -> list[nodes.Node]:
        if not text:
            return words("–")
        found, _ = self.state.inline_text(text, self.lineno)
        return found


def facts(notebook: Path) -> tuple[str, str, str]:
    """A link to the page, how long it runs, and what it needs; the last may be empty."""
    first = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    title = first.splitlines()[0].lstrip("# ")
    number = f"{int(notebook.name[:2])} · " if notebook.name[:2].isdecimal() else ""
    # a page that is not translated says it in English
    names = [("How long it runs", _("How long it runs")), ("What it needs", _("What it needs"))]
    found = [re.search(FACT.format(f"(?:{'|'.join(either)})"), first, re.MULTILINE)
             for either in names]  # fmt: skip
    runs, needs = (match[1] if match else "" for match in found)
    return f"[{number}{title}]({notebook.name})", runs, needs


def setup(app: Sphinx) -> dict:
    app.add_directive("chapter-facts", ChapterFacts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
