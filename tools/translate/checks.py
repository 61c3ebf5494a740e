"""What is wrong with translations: each message held against what is made of it."""

from __future__ import annotations

import re
from collections import Counter

from tools.translate import catalogues, markup, numbers, restructured, spacing, terms
from tools.translate.markup import Parts
from tools.translate.pages import ROOT

HAN = re.compile(r"[\u3400-\u9fff]")
PARTS = {catalogues.LIBRARY: restructured.parts}  # the others are in Markdown
FIELD = re.compile(r"\{(\w*)[^{}]*\}")


def faults(names: list[str] | None = None) -> list[str]:
    """A line for each fault in the catalogues of these names; in all of those that are complete."""
    wanted = catalogues.wanted()
    found = []
    for name in names or catalogues.complete():
        if name not in wanted:
            raise SystemExit(f"error: no page {name!r}; there are: {' '.join(wanted)}")
        file = catalogues.path(name).relative_to(ROOT)
        entries = {entry.msgid: entry for entry in catalogues.read(name)}
        found += [f"{file}: obsolete (run: make messages): {said[:60]!r}"
                  for said in entries.keys() - wanted[name].keys()]  # fmt: skip
        for said in wanted[name]:
            entry = entries.get(said)
            if entry is None:
                wrong = ["missing in the catalogue (run: make messages)"]
            elif not entry.msgstr:
                wrong = ["not translated"]
            elif entry.fuzzy:
                wrong = ["fuzzy: the English has changed; look, and take the mark out"]
            else:
                wrong = compared(said, entry.msgstr, entry.tcomment, name)
            found += [f"{file}: {said[:60]!r}: {fault}" for fault in wrong]
    return found


def compared(message: str, translation: str, comment: str = "", name: str = "") -> list[str]:
    """What differs between a message and its translation that should not, and what is badly set.

    `name` is that of the catalogue.
    """
    if message == translation:  # a name, or code in a comment
        return []
    parts = PARTS.get(name, markup.parts)
    ours, theirs = parts(message), parts(translation)
    found = _markup(ours, theirs)
    if message.count(" | ") != translation.count(" | "):
        found.append("another number of cells ( | )")
    fields = [Counter(FIELD.findall(its.words)) for its in (ours, theirs)]
    if set(fields[0]) != set(fields[1]) or fields[0][""] != fields[1][""]:
        found.append(f"other fields: {' '.join(f'{{{name}}}' for name in fields[1].elements())}")
    found += numbers.compared(ours.words, theirs.words)
    if HAN.search(translation):
        found += spacing.faults(theirs.words)
    elif re.search(r"[a-z]{2,} [a-z]{2,}", translation):
        found.append("no Chinese in it")
    return found + terms.faults(FIELD.sub("", ours.words), translation, comment)


def _markup(ours: Parts, theirs: Parts) -> list[str]:
    found = []
    for what in ("code", "math", "links", "roles", "html"):
        said, has = getattr(ours, what), getattr(theirs, what)
        for here, word in ((said - has, "missing"), (has - said, "not in the English")):
            found += [f"{what}, {word}: {_shown(each)}" for each in Counter(here)]
    if ours.strong != theirs.strong:
        found.append(f"{ours.strong} pieces in bold type (**), here {theirs.strong}; "
                     "punctuation stands outside the stars: **数据**：…")  # fmt: skip
    if len(theirs.emphasis) > len(ours.emphasis):
        found.append("more pieces in italics than in the English")
    for mark in "*`$":
        if theirs.words.count(mark) > ours.words.count(mark):
            found.append(f"a {mark} that is shown as such: markup that does not close")
    if ours.blocks != theirs.blocks:
        found.append("it is no longer one paragraph, or begins as a list does")
    return found


def _shown(each: object) -> str:
    return " ".join(each) if isinstance(each, tuple) else str(each)
