"""``{draw}``: a field to draw a digit on, and networks that answer.

Its lines name networks: ``lenet5: LeNet-5, 09_deployment, probabilities`` is a name in
tools/drawing/training.py, a title, the chapter's page, and the kind of answer: ``probabilities`` or
a ``number``. With the option ``short``, only the field and the answers. The
scripts are put on pages with the directive, and on no others; the networks' own, which ``make
book`` makes of their stored weights, are loaded by ``book/_static/draw/draw.js`` when the field is
touched for the first time.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from editions import _
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import table, words

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "tools" / "drawing" / "stored"
SCRIPTS = ("digit_canvas.js", "draw/draw.js")  # in this order: they are deferred
LINE = re.compile(r"(?P<name>\w+): (?P<title>.+), (?P<page>\w+), (?P<answers>\w+)")
ANSWERS = ("probabilities", "number")
STYLES = ("digit_canvas.css", "draw/draw.css")


class Draw(SphinxDirective):
    """The field and the networks; the scripts fill it."""

    has_content = True
    option_spec = {"short": directives.flag}  # noqa: RUF012  # docutils wants it so

    def run(self) -> list[nodes.Node]:
        networks = [network(line) for line in self.content]
        given = html.escape(json.dumps(networks, ensure_ascii=False))
        kind = "draw-digit short" if "short" in self.options else "draw-digit"
        box = f'<div class="{kind}" data-networks="{given}"></div>'
        box += f"<noscript><p>{_('To draw here, JavaScript must be allowed.')}</p></noscript>"
        return [nodes.raw("", box, format="html", drawing=True)]


class DrawnNetworks(SphinxDirective):
    """``{drawn-networks}``: what the logs say of the networks that its lines name."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        rows = []
        for line in self.content:
            its = network(line)
            log = LOGS / f"{its['name']}.json"
            self.env.note_dependency(str(log))
            facts = json.loads(log.read_text(encoding="utf-8"))
            chapter = str(int(its["page"].split("_")[0]))
            cells = (its["title"], chapter, f"{facts['parameters']:,}", f"{facts['accuracy']:.1%}")
            rows.append([words(cell) for cell in cells])
        header = (_("network"), _("chapter"), _("parameters"), _("validation digits read right"))
        return [table("drawn-networks", header, rows, [2, 1, 1, 2])]


def network(line: str) -> dict[str, str]:
    """What a line says of a network."""
    parts = LINE.fullmatch(line.strip())
    if parts is None:
        raise ValueError(f"{line}: expected NAME: TITLE, PAGE, probabilities (or number)")
    its = parts.groupdict()
    if its["answers"] not in ANSWERS:
        raise ValueError(f"{line}: {its['answers']!r}, expected one of {', '.join(ANSWERS)}")
    if not (ROOT / "book" / f"{its['page']}.ipynb").is_file():
        raise ValueError(f"{line}: there is no book/{its['page']}.ipynb")
    if not (LOGS / f"{its['name']}.json").is_file():
        raise ValueError(f"{line}: no run of {its['name']!r} is stored in tools/drawing/stored")
    return its


def _add_scripts(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    if doctree and any(node.get("drawing") for node in doctree.findall(nodes.raw)):
        for name in STYLES:
            app.add_css_file(name)
        for name in SCRIPTS:
            app.add_js_file(name, loading_method="defer")


def setup(app: Sphinx) -> dict:
    app.add_directive("draw", Draw)
    app.add_directive("drawn-networks", DrawnNetworks)
    app.connect("html-page-context", _add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
