"""The comments of a cell: taken out as messages, and put in again. All else stays to the byte."""

from __future__ import annotations

import io
import re
import tokenize
import unicodedata
from collections.abc import Callable

LINE = 80  # columns of a page; a Chinese letter takes two
# Comments that a program reads, and dividers
KEPT = re.compile(r"#\s*(needs:|noqa|fmt:|type:|ruff:|pragma|%%|!)|#[\s#=-]*$")
CLOSING = "，。、；：？！）》」』”’…,.;:?!)"
OPENING = "（《「『“‘("


def commented(text: str, language: str, translate: Callable[[str], str]) -> list[str]:
    """The lines of a piece of code, its comments replaced by what `translate` returns.

    Comments in successive lines with nothing else on them are one message.
    """
    lines = text.split("\n")
    new: list[str] = []
    found = _places(lines, language)
    number = 0
    while number < len(lines):
        line = lines[number]
        at = found.get(number)
        if at is None or KEPT.match(line[at:]) or not re.search("[A-Za-z]{2}", line[at:]):
            new.append(line)
            number += 1
            continue
        last = number + 1
        if not line[:at].strip():
            while (found.get(last) == at and not lines[last][:at].strip()
                   and not KEPT.match(lines[last][at:])):  # fmt: skip
                last += 1
        block = [each[at:].lstrip("#").strip() for each in lines[number:last]]
        said = " ".join(block)
        result = translate(said)
        if result == said:
            new += lines[number:last]
        elif line[:at].strip():
            new.append(f"{line[:at]}# {result}")
        else:
            new += [f"{line[:at]}# {each}" for each in wrapped(result, LINE - 2 - at)]
        number = last
    return new


def _places(lines: list[str], language: str) -> dict[int, int]:
    """In which line a comment begins, and in which column."""
    skipped = 1 if lines[0].startswith("%%") else 0
    if language == "bash":
        return {n: len(line) - len(line.lstrip()) for n, line in enumerate(lines)
                if line.lstrip().startswith("# ")}  # fmt: skip
    code = "\n".join(lines[skipped:])
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):  # a piece that is not whole
        return {n: len(line) - len(line.lstrip()) for n, line in enumerate(lines)
                if line.lstrip().startswith("# ")}  # fmt: skip
    return {t.start[0] - 1 + skipped: t.start[1] for t in tokens if t.type == tokenize.COMMENT}


def without_comments(text: str) -> list[tuple[int, str]]:
    """What a program is, comments aside: its tokens."""
    lines = text.split("\n")
    first = lines[:1] if lines[0].startswith("%%") else []
    code = "\n".join(lines[len(first) :])
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    kept = [(t.type, t.string) for t in tokens if t.type not in (tokenize.COMMENT, tokenize.NL)]
    return [(tokenize.COMMENT, line) for line in first] + kept


def columns(text: str) -> int:
    """How wide a text is in a fixed font."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines: broken at spaces, and between Chinese letters."""
    pieces = re.findall(rf"[{OPENING}]?(?:[\u2e80-\u9fff]|[^\s\u2e80-\u9fff{CLOSING}{OPENING}]+|.)"
                        rf"[{CLOSING}]*", text)  # fmt: skip
    lines = [""]
    for piece in pieces:
        if columns(lines[-1] + piece.rstrip()) > width and lines[-1].strip():
            lines[-1] = lines[-1].rstrip()
            lines.append("")
            piece = piece.lstrip()
        lines[-1] += piece
    return [line for line in lines if line.strip()]
