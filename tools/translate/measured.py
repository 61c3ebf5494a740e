"""What `make bench` has written: tables whose numbers are another run's tomorrow.

So a message is a cell or a caption with fields in the places of numbers: ``about {}``. (Numbers in
code font are none.) Pages take pieces of these files by words that they hold; in Chinese, by lines.
"""

from __future__ import annotations

import re
from pathlib import Path

from tools.translate.pages import BOOK, Translate, gathered
from tools.translate.texts import worth

FOLDER = BOOK / "bench"
NUMBER = re.compile(r"(`[^`]*`)|\d+(?:[.,]\d+)*")
INCLUDE = re.compile(r"```\{include\} (bench/[\w.]+)\n((?::[\w-]+: .*\n)*)```")
OPTION = re.compile(r':(start-after|end-before): "?(.*?)"?$', re.MULTILINE)


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.md"))


def translated(path: Path, translate: Translate) -> str:
    """The file with its words replaced: as many lines as before."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if re.match(r"\| *:?-", line) or not line.strip():
            continue
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            said = [_said(cell.strip(), path.name, translate) for cell in cells]
            lines[number] = f"| {' | '.join(said)} |"
        else:
            lines[number] = _said(line, path.name, translate)
    return "\n".join(lines)


def _said(text: str, where: str, translate: Translate) -> str:
    """One cell or caption."""
    if not worth(text):
        return text
    numbers = [match[0] for match in NUMBER.finditer(text) if not match[1]]
    said = translate(NUMBER.sub(lambda match: match[1] or "{}", text), where)
    for number in numbers:
        said = said.replace("{}", number, 1)
    return said


def by_lines(page: str) -> str:
    """A page that takes pieces of these files by their lines in place of their English words."""
    return INCLUDE.sub(_by_lines, page)


def _by_lines(match: re.Match) -> str:
    text = (BOOK / match[1]).read_text(encoding="utf-8")
    start, end = 0, text.count("\n") + 1
    for name, words in OPTION.findall(match[2]):
        at = text.index(words, len("\n".join(text.split("\n")[:start])))
        if name == "start-after":
            start = text.count("\n", 0, at + len(words)) + 1
        else:
            end = text.count("\n", 0, at)
    return f"```{{include}} {match[1]}\n:start-line: {start}\n:end-line: {end}\n```"


def messages() -> dict[str, list[str]]:
    """Each message, with the files where it stands."""
    return gathered(lambda note: [translated(path, note) for path in files()])
