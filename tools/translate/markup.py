"""Markdown as the pages use it: where its paragraphs are, and what stands in one.

Both questions are markdown-it's, which the site is made with, so what counts as a paragraph, a code
span or a link here does so on the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

PARSER = (
    MarkdownIt("commonmark")
    .enable(["table"])
    .use(front_matter_plugin)
    .use(myst_block_plugin)
    .use(myst_role_plugin)
    .use(colon_fence_plugin)
    .use(dollarmath_plugin, double_inline=True)
)
TARGET = re.compile(r"<([^<>]*)>$")


def blocks(text: str) -> list[Token]:
    """The block tokens of a page or of a cell."""
    return PARSER.parse(text)


@dataclass
class Parts:
    """What stands in one paragraph, by kind."""

    words: str = ""  # without markup, with a placeholder for each of the others
    code: Counter = field(default_factory=Counter)
    math: Counter = field(default_factory=Counter)
    links: Counter = field(default_factory=Counter)
    roles: Counter = field(default_factory=Counter)
    html: Counter = field(default_factory=Counter)
    strong: int = 0
    emphasis: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)


CODE, MATH, HTML = "\ue000", "\ue001", "\ue002"  # stand in `words` for what is not words


def parts(text: str) -> Parts:
    """A message's words and markup."""
    found = Parts()
    tokens = blocks(text)
    found.blocks = [t.type for t in tokens if t.level == 0 and t.nesting >= 0]
    words: list[str] = []
    for token in tokens:
        if token.type == "inline":
            for inner in token.children or []:
                _part(inner, found, words)
        elif token.type == "math_block":
            found.math[formula(token.content)] += 1
            words.append(MATH)
    found.words = "".join(words)
    for match in re.finditer(r"\*([^*]+)\*", re.sub(r"\*\*|`[^`]*`|\$[^$]*\$", "", text)):
        found.emphasis.append(match[1])
    return found


def _part(token: Token, found: Parts, words: list[str]) -> None:
    """Count one inline token."""
    if token.type == "text":
        words.append(token.content)
    elif token.type in ("softbreak", "hardbreak"):
        words.append(" ")
    elif token.type == "code_inline":
        found.code[token.content] += 1
        words.append(CODE)
    elif token.type.startswith("math_inline"):
        found.math[formula(token.content)] += 1
        words.append(MATH)
    elif token.type == "link_open":
        found.links[token.attrs["href"]] += 1
    elif token.type == "image":
        found.links[token.attrs["src"]] += 1
        words.append(token.content)
    elif token.type == "myst_role":
        target = TARGET.search(token.content)
        found.roles[token.meta["name"], (target[1] if target else token.content)] += 1
        words.append(token.content.partition(" <")[0] if target else token.content)
    elif token.type == "html_inline":
        found.html[token.content] += 1
        words.append(HTML)
    elif token.type == "strong_open":
        found.strong += 1


def formula(text: str) -> str:
    """A formula as it is compared: the words in it may be translated."""
    return re.sub(r"\\text\{[^{}]*\}", r"\\text{}", " ".join(text.split()))


def plain(text: str) -> str:
    """The words of a heading, as the site makes its address of them."""
    words = []
    for token in PARSER.parseInline(text)[0].children or []:
        if token.type in ("text", "code_inline") or token.type.startswith("math_inline"):
            words.append(token.content)
        elif token.type == "myst_role":
            words.append(token.content.partition(" <")[0])
    return "".join(words)


def headings(text: str) -> Iterator[tuple[int, str]]:
    """The level and the Markdown of each heading of a text that is a section of the page."""
    tokens = blocks(text)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0:
            yield int(opening.tag[1]), inline.content
