"""Docstrings as the library has them: reStructuredText, with the sections of numpydoc.

`translated` takes one apart and puts it together again, as `texts` does with Markdown. A message is
a paragraph, a point of a list, or what is said of one argument, result or error. Names, types,
headings and examples are none. What stands in a message is docutils' question, as on the site.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from docutils import frontend, nodes, utils
from docutils.parsers import rst
from docutils.parsers.rst import states

from tools.translate.markup import CODE, TARGET, Parts
from tools.translate.texts import LETTERS

# Sections of entries: at the margin a name or a type, indented what is said of it
ENTRIES = ("Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns")
POINT = re.compile(r"(\s*)(- |\d+\. |)(.*)")
QUIET = 5  # above all that docutils reports
MARKED = re.compile(r"``.*?``|(?::\w+:)?`[^`]*`")  # code, arguments and roles: no words


def translated(text: str, translate: Callable[[str], str]) -> str:
    """The docstring with each message in it replaced by what `translate` returns for it."""
    lines, new = text.split("\n"), []
    number, in_entries = 0, False
    while number < len(lines):
        line = lines[number]
        if _underlined(lines, number):
            in_entries = line in ENTRIES
            last = number + 2
        elif not line.strip() or (in_entries and not line.startswith(" ")):
            last = number + 1
        else:
            last = _end(lines, number, in_entries)
            new += _paragraph(lines[number:last], translate)
            number = last
            continue
        new += lines[number:last]
        number = last
    return "\n".join(new)


def _underlined(lines: list[str], number: int) -> bool:
    return bool(re.fullmatch("-{3,}", "".join(lines[number + 1 : number + 2])))


def _end(lines: list[str], first: int, in_entries: bool) -> int:
    """The line behind a paragraph, or a point of a list."""
    number = first + 1
    is_point = bool(POINT.match(lines[first])[2])
    while number < len(lines) and lines[number].strip():
        if in_entries and not lines[number].startswith(" "):
            break
        if is_point and POINT.match(lines[number])[2]:
            break
        number += 1
    return number


def _paragraph(lines: list[str], translate: Callable[[str], str]) -> list[str]:
    """Its lines become one; what stands before it stays."""
    indent, mark, first = POINT.match(lines[0]).groups()
    if first.startswith(">>>"):
        return lines
    margin = " " * len(indent + mark)
    deeper = [line for line in lines[1:] if not re.match(rf"{margin}\S", line)]
    if deeper or first.startswith(".. ") or lines[-1].endswith("::"):
        raise ValueError(f"cannot be translated as one line: {lines[0].strip()!r}")
    said = " ".join([first, *(line.strip() for line in lines[1:])])
    if not LETTERS.search(MARKED.sub("", said)):
        return lines
    result = translate(said)
    return lines if result == said else [indent + mark + result]


def _role(rawsource: str, text: str, role: str, lineno: int) -> tuple[list, list]:
    """Leaves a role as it is written: those of Sphinx are not known here."""
    return [nodes.inline(rawsource, utils.unescape(text), role=role)], []


@functools.cache
def _settings() -> object:
    settings = frontend.get_default_settings(rst.Parser)
    settings.report_level = settings.halt_level = QUIET
    return settings


def parts(text: str) -> Parts:
    """A message's words and markup."""
    document = utils.new_document("message", _settings())
    inliner = states.Inliner()
    inliner.interpreted = _role
    rst.Parser(inliner=inliner).parse(text, document)
    found = Parts()
    said = [node for node in document.children if not isinstance(node, nodes.system_message)]
    found.blocks = [type(node).__name__ for node in said]
    found.words = "".join(_part(node, found) for node in said)
    return found


def _part(node: nodes.Node, found: Parts) -> str:
    """The words of a node; what is not words, is counted."""
    if isinstance(node, nodes.Text):
        return node.astext().replace("\n", " ")
    if isinstance(node, nodes.literal):
        found.code[node.astext()] += 1
        return CODE
    if isinstance(node, nodes.inline) and node.get("role"):
        target = TARGET.search(node.astext())
        found.roles[node["role"], target[1] if target else node.astext()] += 1
        return CODE
    if isinstance(node, nodes.inline):  # `name`, an argument
        found.code[f"`{node.astext()}`"] += 1
        return CODE
    if isinstance(node, nodes.reference):
        found.links[node.get("refuri", node.astext())] += 1
        return CODE
    if isinstance(node, nodes.emphasis):
        found.emphasis.append(node.astext())
    found.strong += isinstance(node, nodes.strong)
    return "".join(_part(child, found) for child in node.children)
