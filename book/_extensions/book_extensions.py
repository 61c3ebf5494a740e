"""What the book adds to Sphinx: formulas as MathML, the scoreboard, no unused scripts."""

from __future__ import annotations

import html
import re
from pathlib import Path

import latex2mathml.converter
from docutils import nodes
from editions import _
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.math import get_node_equation_number
from tables import table, words

from mnist_helpers.notebook.pictures import pipeline
from mnist_helpers.notebook.pictures.stages import STAGES, middles
from mnist_helpers.notebook.scoreboard import rows_of

SECONDS = re.compile(r"(\d+) s\b")
SPREAD = re.compile(r"[-+−]?[\d.,]+ ± [\d.,]+")  # a mean, and how far the runs lie from it
# In MathML: a function's name before a letter, a number or a fraction; "(", "=", "<", "≈", "←",
# "·", "×" or "," before a minus
NAMED = re.compile(r"(<mi>(?:log|exp|max|min)</mi>)(?=(?:<m(?:sub|sup|subsup|frac|row)>)*<m[in]>)")
SIGNED = re.compile(
    r"(<mo[^>]*>&#x0(?:0028|003D|003C|2248|2190|00B7|00D7|002C);</mo>)<mo>(?=&#x02212;)"
)
OPENING, CLOSING = re.compile(r"[（《“‘(]+$"), re.compile(r"[，。、；：？！）》”’…,.;:?!)]+")


class Scoreboard(SphinxDirective):
    """``{scoreboard}``: a table of the rows that the chapters' stored outputs carry."""

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.doc2path(self.env.docname)).parent
        rows = []
        for notebook in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
            self.env.note_dependency(str(notebook))
            for row in rows_of(notebook):
                number, change, accuracy, time = row.cells()
                rows.append([words(cell) for cell in (number, in_words(change), accuracy, time)])
        # beside the other rows, what a chapter "changed" would claim too much
        header = (_("chapter"), _("what is new"), _("accuracy"), _("time"))
        return [table("scoreboard", header, rows, [1] * len(header))]


def in_words(change: str) -> str:
    """What a chapter changed, in the site's language; seconds that it names are each run's own."""
    seconds = SECONDS.search(change)
    said = _(SECONDS.sub("{seconds} s", change))
    return said.format(seconds=seconds[1]) if seconds else said


class Stages(SphinxDirective):
    """``{stages}``: the picture of the book's stages, as the chapters show it."""

    def run(self) -> list[nodes.Node]:
        said = [_(name) for name in STAGES]
        picture = pipeline().svg() if said == list(STAGES) else _drawn_without_words(said)
        return [nodes.raw("", f'<div class="stages">{picture}</div>', format="html")]


def _drawn_without_words(said: list[str]) -> str:
    """The picture with other words, as text: its drawing program need not know their letters."""
    drawing = pipeline(words=dict.fromkeys(STAGES, ""))
    drawing.alt = " → ".join(said)
    style = 'text-anchor="middle" dominant-baseline="central" font-size="13"'
    words = [f'<text x="{x}" y="{y}" {style}>{html.escape(name)}</text>'
             for (x, y), name in zip(middles(), said, strict=True)]  # fmt: skip
    return drawing.svg().replace("</svg>", "".join(words) + "</svg>")


def _mathml(formula: str, display: str) -> str:
    """The formula as MathML, with the distances that the converter does not think of.

    A function's name has a little space before what it is of; and a minus behind a sign or an
    opening bracket has none before its number.
    """
    text = latex2mathml.converter.convert(formula, display=display)
    text = re.sub(r"<mo>(max|min)</mo>", r"<mi>\1</mi>", text)  # names as well, not signs
    text = NAMED.sub(r'\1<mspace width="0.17em"/>', text)
    return SIGNED.sub(r'\1<mo form="prefix">', text)


def _inline_math(translator, node) -> None:
    translator.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _display_math(translator, node) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})</span>')
    translator.body.append(_mathml(node.astext(), "block"))
    translator.body.append("</div>")
    raise nodes.SkipNode


def _whole_spreads(app, doctree, docname) -> None:
    """In tables, "95.75 ± 0.32" breaks before the ±, and not behind it; and where a cell holds no
    more than that, only on a narrow screen (its class is for ``book.css``)."""
    for entry in doctree.findall(nodes.entry):
        if SPREAD.fullmatch(entry.astext()):
            entry["classes"].append("spread")
        for text in list(entry.findall(nodes.Text)):
            if "± " in text:
                text.parent.replace(text, nodes.Text(text.replace("± ", "±\N{NO-BREAK SPACE}")))


def _with_its_punctuation(app, doctree, docname) -> None:
    """A formula keeps beside it, on its line, the bracket before it and the full stop behind it:
    browsers break a line on either side of MathML."""
    for formula in list(doctree.findall(nodes.math)):
        parent, at = formula.parent, formula.parent.index(formula)
        pieces = [formula]
        before = parent[at - 1] if at else None
        behind = parent[at + 1] if at + 1 < len(parent) else None
        if isinstance(behind, nodes.Text) and (signs := CLOSING.match(behind)):
            parent[at + 1] = nodes.Text(behind[signs.end() :])
            pieces.append(nodes.Text(signs[0]))
        if isinstance(before, nodes.Text) and (signs := OPENING.search(before)):
            parent[at - 1] = nodes.Text(before[: signs.start()])
            pieces.insert(0, nodes.Text(signs[0]))
        if len(pieces) > 1:
            parent[at] = nodes.inline("", "", *pieces, classes=["together"])


def _without_thebe(app, pagename, templatename, context, doctree) -> None:
    """Leave out Thebe's scripts: the book does not run cells in the page, and Jupyter Book adds
    them twice, which is an error in the browser's console."""
    context["script_files"] = [
        script for script in context["script_files"] if "thebe" not in _text_of(script)
    ]


def _text_of(script) -> str:
    return f"{script.filename or ''}{script.attributes.get('body', '')}"


def setup(app: Sphinx) -> dict:
    app.add_directive("scoreboard", Scoreboard)
    app.add_directive("stages", Stages)
    app.connect("doctree-resolved", _whole_spreads)
    app.connect("doctree-resolved", _with_its_punctuation)
    app.connect("html-page-context", _without_thebe, priority=900)  # after those who add
    # Browsers draw MathML themselves: no script to fetch, nothing that jumps while a page loads
    app.add_html_math_renderer("mathml", (_inline_math, None), (_display_math, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
