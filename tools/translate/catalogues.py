"""The catalogues: a ``.po`` file a page, one for what several pages say, one for the site's words.

They hold what the pages hold today, in the same order: `update` writes them anew, and takes over
what is translated. A message that has changed a little keeps its old translation, marked "fuzzy":
the page does not use it until somebody has looked.
"""

from __future__ import annotations

import difflib
import functools
from collections import Counter
from pathlib import Path

import polib

from tools.translate import docstrings, furniture, measured, pages, readme

LANGUAGE = "zh_CN"
FOLDER = pages.BOOK / "locale" / LANGUAGE / "LC_MESSAGES"
SHARED, SITE, MEASURED, README, LIBRARY = "shared", "site", "bench", "README", "library"
ALIKE = 0.7  # two messages that share so much of their words are one, changed
HEADER = {
    "Project-Id-Version": "Digits with Paddle",
    "Language": LANGUAGE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def of(page: str) -> str:
    """The name of the catalogue of a page."""
    return page.partition(".")[0]


def path(name: str) -> Path:
    return FOLDER / f"{name}.po"


def read(name: str) -> polib.POFile:
    """A catalogue; an empty one where there is none yet."""
    return polib.pofile(str(path(name)), wrapwidth=0) if path(name).is_file() else polib.POFile()


@functools.cache
def wanted() -> dict[str, dict[str, list[str]]]:
    """What each catalogue should hold: its messages, and where each stands."""
    found = {of(name): pages.messages(name) for name in pages.names()}
    often = Counter(said for messages in found.values() for said in messages)
    shared: dict[str, list[str]] = {}
    for messages in found.values():
        for said in [said for said in messages if often[said] > 1]:
            shared.setdefault(said, []).extend(messages.pop(said))
    others = {SITE: furniture.messages(), MEASURED: measured.messages(), README: readme.messages(),
              LIBRARY: docstrings.messages()}  # fmt: skip
    return {SHARED: shared, **others, **found}


def update() -> list[str]:
    """Write all catalogues anew; returns a line for each that has something to do."""
    all_wanted = wanted()
    old = {name: read(name) for name in {*all_wanted, *(p.stem for p in FOLDER.glob("*.po"))}}
    memory: dict[str, polib.POEntry] = {}
    for catalogue in old.values():
        for entry in catalogue:
            if entry.msgstr and not (entry.msgid in memory and entry.fuzzy):
                memory[entry.msgid] = entry
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, messages in all_wanted.items():
        made = _catalogue(messages, old[name], memory)
        text = str(made) + "\n"
        if not path(name).is_file() or path(name).read_text(encoding="utf-8") != text:
            path(name).write_text(text, encoding="utf-8")
        if left := sum(not entry.translated() for entry in made):
            lines.append(
                f"{path(name).relative_to(pages.ROOT)}: {left} of {len(made)} to translate"
            )
    for name in set(old) - set(all_wanted):
        path(name).unlink()
        lines.append(f"{path(name).relative_to(pages.ROOT)}: removed, there is no such page")
    return lines


def _catalogue(
    messages: dict[str, list[str]], old: polib.POFile, memory: dict[str, polib.POEntry]
) -> polib.POFile:
    """A catalogue of these messages, with what is known of them."""
    made = polib.POFile(wrapwidth=0)
    made.metadata = dict(HEADER)
    gone = {e.msgid: e for e in old if e.msgid not in messages and e.msgstr}
    for said, places in messages.items():
        occurrences = [place.partition(":")[::2] for place in places]
        entry = polib.POEntry(msgid=said, occurrences=occurrences)
        if said in memory:
            known = memory[said]
            entry.msgstr, entry.flags = known.msgstr, list(known.flags)
            entry.tcomment, entry.previous_msgid = known.tcomment, known.previous_msgid
        elif like := difflib.get_close_matches(said, gone, 1, ALIKE):
            known = gone.pop(like[0])
            entry.msgstr, entry.previous_msgid = known.msgstr, known.msgid
            entry.tcomment, entry.flags = known.tcomment, ["fuzzy"]
        made.append(entry)
    return made


def translations(name: str) -> dict[str, str]:
    """What a page says in Chinese, by what it says in English; nothing that is fuzzy."""
    entries = [*read(SHARED), *read(SITE), *read(name)]
    return {entry.msgid: entry.msgstr for entry in entries if entry.translated()}


def complete() -> list[str]:
    """The catalogues that are declared to be complete: book/locale/done.txt names them."""
    lines = (FOLDER.parents[1] / "done.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
