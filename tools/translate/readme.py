"""The README in Chinese: README.zh-CN.md, which is committed, and made of README.md.

The table of what was run on which Python is left as `make matrix` writes it. Each of the two has a
link to the other.
"""

from __future__ import annotations

import re

from tools.translate import texts
from tools.translate.pages import ROOT, Translate, gathered

SOURCE, MADE = ROOT / "README.md", ROOT / "README.zh-CN.md"
LEFT = re.compile(r"(<!-- the matrix.*?<!-- end -->|\[中文\]\(README\.zh-CN\.md\))", re.DOTALL)
HERE, THERE = "[中文](README.zh-CN.md)", "[English](README.md)"


def translated(translate: Translate) -> str:
    """The README with each message replaced by what `translate` returns for it."""
    parts = LEFT.split(SOURCE.read_text(encoding="utf-8"))
    for number in range(0, len(parts), 2):
        parts[number] = texts.translated(parts[number], lambda said: translate(said, SOURCE.name))
    return "".join(THERE if part == HERE else part for part in parts)


def messages() -> dict[str, list[str]]:
    """What is to be translated of it."""
    return gathered(translated)
