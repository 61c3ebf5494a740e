"""``{course-mistakes} 02_data.ipynb``: what a chapter says of the course's version, and its proofs.

The words are those of the chapter's own cells. The directive's lines only say where each mistake is
proven: the words with which it begins, a colon, and the name of a section, or ``here`` (a cell of
that very section shows it), or ``told`` (nothing can be run to show it).
"""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from editions import IN_FIGURE, _
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

BOOK = Path(__file__).parents[1]
HEADING = "What went wrong in the course's version"
ADDRESS = "what-went-wrong-in-the-courses-version"
# chapters say it; this page has said it
WHO = re.compile(r'[（(]["“](?:The course|原课程)["”].*?[)）]$', re.DOTALL)


@dataclass
class Mistake:
    """A mistake as the chapter tells it; `shown`: whether a cell of its section follows."""

    text: str
    shown: bool = False


class CourseMistakes(SphinxDirective):
    """The section of one chapter, a point for each mistake."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        notebook = Path(self.env.doc2path(self.env.docname)).with_name(self.arguments[0])
        self.env.note_dependency(str(notebook))
        try:
            text = page_of(notebook, list(self.content), BOOK / notebook.name)
        except (OSError, ValueError) as error:
            raise self.error(str(error)) from error
        made = nodes.container(classes=["course-mistakes"])
        self.state.nested_parse(StringList(text.splitlines(), ""), self.content_offset, made)
        return made.children


def page_of(notebook: Path, lines: list[str], english: Path | None = None) -> str:
    """What stands on the page, in Markdown. The lines name mistakes as the English notebook does.

    Raises
    ------
    ValueError
        The section is missing, or its mistakes and the lines do not go together.
    """
    lead, mistakes = mistakes_in(notebook, _("What went wrong in the course's version"))
    told = mistakes_in(english or notebook, HEADING)[1]
    if len(told) != len(mistakes):
        raise ValueError(f"{notebook}: {len(mistakes)} mistakes, in English {len(told)}; a mistake "
                         "begins with ** or is a point of a list, in both")  # fmt: skip
    proofs = dict(line.rsplit(": ", 1) for line in lines if line)
    parts = list(lead)
    for mistake, original in zip(mistakes, told, strict=True):
        found = [start for start in proofs if original.text.startswith(start)]
        if len(found) != 1:
            raise ValueError(
                f"{notebook.name}: {len(found)} lines for the mistake that begins with "
                f"{original.text[:40]!r}; expected one, its beginning, a colon, and a section"
            )
        proof = _proof(notebook.name, mistake, proofs.pop(found[0]))
        parts.append("- " + textwrap.indent(f"{mistake.text}\n\n{proof}", "  ").strip())
    if proofs:
        raise ValueError(f"{notebook.name}: no mistake begins with {next(iter(proofs))!r}")
    return "\n\n".join(parts)


def mistakes_in(notebook: Path, heading: str = HEADING) -> tuple[list[str], list[Mistake]]:
    """The paragraphs before the first mistake, and the mistakes.

    A mistake is a point of a list, or a paragraph that begins in bold type, with what follows it.
    Where a chapter has neither, all of it is one.
    """
    lead: list[str] = []
    mistakes: list[Mistake] = []
    cells = _cells(notebook, heading)
    for kind, text in cells:
        if kind == "code":
            # a list is shown as a whole by the cell below it
            for mistake in mistakes:
                mistake.shown = True
            continue
        for block in re.split(r"\n\n+|\n(?=- )", text.strip()):
            if WHO.match(block) or not block:
                continue
            if block.startswith(("- ", "**")):
                mistakes.append(Mistake(block.removeprefix("- ")))
            elif mistakes:
                mistakes[-1].text += f"\n\n{block}"
            else:
                lead.append(block)
    if not mistakes:
        return [], [Mistake("\n\n".join(lead), shown=cells[-1][0] == "code")]
    return lead, mistakes


def _cells(notebook: Path, heading: str) -> list[tuple[str, str]]:
    """The section's cells, without its heading: their kind and their text."""
    found: list[tuple[str, str]] = []
    within = False
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if IN_FIGURE in cell.get("metadata", {}).get("tags", []):
            continue
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for part in re.split(r"^(?=## )", text, flags=re.MULTILINE):
                if part.startswith("## "):
                    within = part.startswith(f"## {heading}")
                    part = part.partition("\n")[2]
                if within and part.strip():
                    found.append(("markdown", part))
        elif within:
            found.append(("code", text))
    if not found:
        raise ValueError(f"{notebook.name} has no section {heading!r}")
    return found


def _proof(name: str, mistake: Mistake, where: str) -> str:
    """The line below a mistake."""
    if where == "told":
        return f"[{_('Where the chapter says it')}]({name}#{ADDRESS})"
    if where == "here":
        if not mistake.shown:
            raise ValueError(f"{name}: no cell shows what begins with {mistake.text[:40]!r}")
        cell = _("a cell of the chapter's section")
        return _("Proof: {link}", link=f"[{cell}]({name}#{ADDRESS})")
    return _("Proof: {link}", link=f"[]({name}#{where})")


def setup(app: Sphinx) -> dict:
    app.add_directive("course-mistakes", CourseMistakes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
