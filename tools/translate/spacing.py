"""Chinese as it is set: wide punctuation, and a space between Chinese and Latin.

It reads a paragraph's words without markup; what stands for code and formulas counts as Latin.
autocorrect and zhlint, which do such things for whole files, know nothing of a formula between
dollar signs or of a role, and take a plain comma between two code spans for one of the text.
"""

from __future__ import annotations

import re

from tools.translate.markup import CODE, HTML, MATH

HAN = r"[\u3400-\u9fff]"
LATIN = rf"[A-Za-z0-9{CODE}{MATH}]"
WIDE = "，。、；：？！（）《》「」『』【】“”‘’…—"
RULES = [
    (rf"{HAN}{LATIN}", "no space between Chinese and Latin"),
    (rf"{LATIN}{HAN}", "no space between Latin and Chinese"),
    (rf"{HAN}[,;:?!]", "half-width punctuation behind Chinese"),
    (rf"[,;:?!] ?{HAN}", "half-width punctuation before Chinese"),
    (rf"{HAN}\.(?!\d)", "a half-width full stop behind Chinese"),
    (rf"{HAN} *\(|\) *{HAN}|\({HAN}|{HAN}\)", "half-width brackets beside Chinese"),
    (rf'{HAN} *"|" *{HAN}', "straight quotation marks beside Chinese"),
    (r"[，。、；：？！（《「“] | [，。、；：？！）》」”]", "a space beside wide punctuation"),
    (rf"{HAN} {HAN}", "a space between Chinese letters"),
    (r"。。|，，|，。|\.\.\.|。$\)", "punctuation twice, or three full stops"),
    (rf"{HAN}[“”]?-{HAN}", "a hyphen between Chinese letters"),
    (r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]", "a full-width letter or digit"),
    (r"\d %", "a space before %"),
    (r"[「」『』]", "corner brackets: quotation marks here are “ ”"),
]
COMPILED = [(re.compile(pattern), why) for pattern, why in RULES]


def faults(words: str) -> list[str]:
    """What is wrong, each with the place."""
    words = words.replace(HTML, "")
    found = []
    for pattern, why in COMPILED:
        if match := pattern.search(words):
            at = slice(max(0, match.start() - 6), match.end() + 6)
            shown = words[at].replace(CODE, "`…`").replace(MATH, "$…$")
            found.append(f"{why}: {shown}")
    return found
