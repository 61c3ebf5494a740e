"""Markdown taken apart into messages, and put together again.

`translated` walks through a text and gives each paragraph, heading, list item, row of a table and
comment to a function; what that returns is put in its place. To collect messages, the function
notes them and returns them as they are: so both directions see the same messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tools.translate import code
from tools.translate.markup import blocks, parts

Translate = Callable[[str], str]
Edit = tuple[int, int, list[str]]  # from this line, up to that one, come these

LETTERS = re.compile(r"[A-Za-z]{2,}")
DIRECTIVE = re.compile(r"\{([\w:-]+)\}\s*(.*)")
OPTION = re.compile(r"(:(?:alt|caption|header|footer|link-alt):\s*)(\S.*)")
# Directives whose body is Markdown; of these, whose argument is a title
BODY = {"note", "tip", "warning", "important", "hint", "seealso", "caution", "attention", "danger",
        "admonition", "dropdown", "figure", "grid", "grid-item", "grid-item-card", "card", "div",
        "container", "margin", "sidebar", "tab-set", "tab-item", "epigraph", "list-table", "only",
        "topic", "rubric", "the-way", "button-link", "button-ref", "card-carousel"}  # fmt: skip
TITLED = {"admonition", "dropdown", "grid-item-card", "card", "sidebar", "tab-item", "topic",
          "rubric", "list-table", "the-way"}  # fmt: skip
# Directives whose lines hold words: `draw` and its kin, which name networks
NAMED = {"draw": re.compile(r"(\w+: )(.+)(, \w+, \w+)")}
NAMED["drawn-networks"] = NAMED["draw"]


def worth(text: str) -> bool:
    """Whether there is a word to translate: not only code, formulas, numbers, addresses."""
    found = parts(text)
    return bool(LETTERS.search(found.words)) or r"\text{" in text


def translated(text: str, translate: Translate) -> str:
    """The Markdown with each message in it replaced by what `translate` returns for it."""
    lines = text.split("\n")
    for start, end, new in sorted(_edits(lines, translate), key=lambda e: e[:2], reverse=True):
        lines[start:end] = new
    return "\n".join(lines)


def _edits(lines: list[str], translate: Translate) -> list[Edit]:
    """In the order of the text, since messages are noted in that order."""
    edits: list[Edit] = []
    row = None
    for token in blocks("\n".join(lines)):
        if token.type == "tr_open":
            row = token.map
            edits.append(_row(lines, row[0], translate))
        elif token.type == "tr_close":
            row = None
        elif token.type == "inline" and row is None:
            edits.append(_paragraph(lines, *token.map, token.content, translate))
        elif token.type == "math_block" and r"\text{" in token.content:
            edits.append(_formula(lines, *token.map, translate))
        elif token.type in ("fence", "colon_fence"):
            edits += _fence(lines, *token.map, token.info.strip(), translate)
        elif token.type == "front_matter":
            edits += _front_matter(lines, *token.map, translate)
    return edits


def _paragraph(lines: list[str], start: int, end: int, text: str, translate: Translate) -> Edit:
    """Its lines become one; what stands before it (#, -, 1., >) stays."""
    first = text.split("\n")[0]
    at = lines[start].find(first)
    if at < 0 or re.search(r"(\\|  )\n", text):
        raise ValueError(f"cannot be translated as one line: {lines[start]!r}")
    joined = " ".join(line.strip() for line in text.split("\n"))
    if not worth(joined):
        return start, end, lines[start:end]
    return start, end, [lines[start][:at] + translate(joined)]


def _row(lines: list[str], number: int, translate: Translate) -> Edit:
    """A row of a table is one message, its cells between bars."""
    before, bar, row = lines[number].partition("|")
    row = row.strip().removesuffix("|").strip()
    cells = re.split(r"(?<!\\)\|", row)
    if any(worth(cell) for cell in cells):
        row = translate(" | ".join(cell.strip() for cell in cells))
    return number, number + 1, [f"{before}{bar} {row} |"]


def _formula(lines: list[str], start: int, end: int, translate: Translate) -> Edit:
    """A formula with words in it."""
    while end > start and not lines[end - 1].strip():
        end -= 1
    at = len(lines[start]) - len(lines[start].lstrip("> \t"))
    text = "\n".join(line[at:] for line in lines[start:end])
    prefix = lines[start][:at]
    return start, end, [prefix + line for line in translate(text).split("\n")]


def _fence(lines: list[str], start: int, end: int, info: str, translate: Translate) -> list[Edit]:
    """Code, whose comments are translated, or a directive."""
    closed = end - 1 if re.match(r"\s*>?\s*(`{3,}|:{3,}|~{3,})\s*$", lines[end - 1]) else end
    inner = lines[start + 1 : closed]
    directive = DIRECTIVE.match(info)
    if directive is None:
        language = info.split(" ")[0]
        if language in ("python", "bash"):
            return [(start + 1, closed, code.commented("\n".join(inner), language, translate))]
        return []
    name, argument = directive.groups()
    edits: list[Edit] = []
    if name in TITLED and worth(argument):
        edits.append((start, start + 1, [lines[start].replace(argument, translate(argument))]))
    body = 0
    while body < len(inner) and (inner[body].lstrip().startswith(":") or not inner[body].strip()):
        if option := OPTION.fullmatch(inner[body].strip()):
            at = start + 1 + body
            edits.append((at, at + 1, [option[1] + translate(option[2])]))
        if inner[body].lstrip().startswith(":::"):
            break
        body += 1
    if name in NAMED:
        new = [_named(NAMED[name], line, translate) for line in inner[body:]]
        edits.append((start + 1 + body, closed, new))
    elif name == "glossary":
        edits += _glossary(inner, start + 1, translate)
    elif name in BODY:
        edits += [(start + 1 + body + a, start + 1 + body + b, new)
                  for a, b, new in _edits(inner[body:], translate)]  # fmt: skip
    return edits


def _named(pattern: re.Pattern, line: str, translate: Translate) -> str:
    """A line of a directive with one piece that is words."""
    match = pattern.fullmatch(line)
    if match is None or not worth(match[2]):
        return line
    return match[1] + translate(match[2]) + match[3]


def _glossary(inner: list[str], first: int, translate: Translate) -> list[Edit]:
    """Definitions are translated; terms stay: the Chinese one stands with them already."""
    edits = []
    for number, line in enumerate(inner):
        if line.startswith(" ") and worth(line.strip()):
            indent = line[: len(line) - len(line.lstrip())]
            at = first + number
            edits.append((at, at + 1, [indent + translate(line.strip())]))
    return edits


def _front_matter(lines: list[str], start: int, end: int, translate: Translate) -> list[Edit]:
    """What a page says of itself to others: its title and its description."""
    edits = []
    for number in range(start, end):
        match = re.fullmatch(r'(\s*"?(?:title|description)"?:\s*)(["\']?)(.+?)\2', lines[number])
        if match and worth(match[3]):
            new = match[1] + match[2] + translate(match[3]) + match[2]
            edits.append((number, number + 1, [new]))
    return edits
