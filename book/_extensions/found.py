"""What search engines and links in messages show of a page: its title and a description.

The description is the field ``description`` of a page (at the head of a ``.md``, or in a notebook's
metadata). A page without it is described by its own words: a chapter by what one will learn there,
any other by the sentences that it begins with.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

SHORTEST, LONGEST = 50, 160  # of a description; what is longer is cut off where it is shown
CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")  # such a letter is as wide as two others
BETWEEN = re.compile(r"(?<=[.?!])\s+(?=[A-Z(])|(?<=[。？！])(?=.)")  # two sentences
# A browser lets no page that was opened from a folder read another one. (The list of results needs
# none; only the lines of text below them do.)
QUIET_IN_A_FOLDER = (
    "if (location.protocol === 'file:') DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;"
)
logger = logging.getLogger(__name__)


def describe(document: nodes.document) -> str:
    """A description of the page in its own words; empty if it has no fitting ones."""
    lead = [
        node
        for node in document.findall(lambda n: isinstance(n, (nodes.paragraph, nodes.bullet_list)))
        if isinstance(node.parent, (nodes.document, nodes.section))
    ]
    if len(lead) > 1 and _is_label(lead[0]) and isinstance(lead[1], nodes.bullet_list):
        # "What you will learn", in bold type, and its points
        return _of_points([_plain(point) for point in lead[1].children])
    paragraphs = (_plain(node) for node in lead if isinstance(node, nodes.paragraph))
    return next((text for text in map(_of_sentences, paragraphs) if text), "")


def _is_label(node: nodes.Node) -> bool:
    parts = [part for part in node.children if part.astext()]  # there may be empty ones beside it
    return len(parts) == 1 and isinstance(parts[0], nodes.strong)


def _of_points(points: list[str]) -> str:
    """As many whole points as fit; of a first one that is too long, as many parts as fit."""
    stop, between = ("。", "；") if CHINESE.search(points[0]) else (".", "; ")
    points = [point.rstrip(";.；。") for point in points]
    text = points[0]
    for point in points[1:]:
        if width(longer := f"{text}{between}{point}") >= LONGEST:
            break
        text = longer
    while width(text) >= LONGEST:
        text = text[: max(text.rfind(sign) for sign in ",:;，：；")]
    return text[:1].upper() + text[1:] + stop


def _of_sentences(text: str) -> str:
    """The first whole sentences that are, together, of a fitting length."""
    gaps = list(BETWEEN.finditer(text))
    starts = [0, *(gap.end() for gap in gaps)]
    ends = [*(gap.start() for gap in gaps), len(text)]
    for first, start in enumerate(starts):
        for end in reversed(ends[first:]):
            part = text[start:end]
            whole = part.endswith(tuple(".?!。？！")) and part.count("(") == part.count(")")
            if whole and SHORTEST <= width(part) <= LONGEST:
                return part
    return ""


def width(text: str) -> int:
    """How long a description is shown to be."""
    return len(text) + len(CHINESE.findall(text))


def _plain(node: nodes.Node) -> str:
    return " ".join(node.astext().split())


def tags(title: str, description: str, site: str, address: str | None) -> str:
    """The lines for a page's head."""
    named = {"description": description}
    properties = {"og:type": "article", "og:site_name": site, "og:title": title,
                  "og:description": description, "og:url": address}  # fmt: skip
    lines = [_meta("name", name, text) for name, text in named.items()]
    lines += [_meta("property", name, text) for name, text in properties.items() if text]
    return "\n".join(lines) + "\n"


def _meta(kind: str, name: str, text: str) -> str:
    return f'<meta {kind}="{name}" content="{html.escape(text)}" />'


def _remember(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    about = app.env.metadata[docname]
    text = str(about.get("description") or describe(doctree))
    if not SHORTEST <= width(text) <= LONGEST:
        logger.warning(
            "its description has %d characters, expected %d to %d; set the field description",
            width(text), SHORTEST, LONGEST, location=docname,
        )  # fmt: skip
    about["described"] = text


def _add_to_head(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    if page == "search":
        app.add_js_file(None, body=QUIET_IN_A_FOLDER)
    text = app.env.metadata.get(page, {}).get("described") if doctree else None
    if text:
        title = html.unescape(re.sub(r"<[^>]+>", "", context["title"]))
        book = app.config.html_title
        context["metatags"] += tags(title, text, book, context.get("pageurl"))
        if title == book:  # "Digits with Paddle — Digits with Paddle" would say nothing
            context["title"] = html.escape(BETWEEN.split(text)[0].rstrip(".。"))


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", _remember)
    app.connect("html-page-context", _add_to_head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
