"""The pages of the book, walked through message by message."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tools.translate import code, texts

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
# Words in metadata that readers see, or hear
ABOUT_NOTEBOOK = ("description", "title")
ABOUT_CELL = ("mystnb.image.alt", "thumbnail.alt", "about")
Translate = Callable[[str, str], str]  # a message, where it stands


def names() -> list[str]:
    """The pages, by the names of their files, chapters first."""
    notebooks = sorted(path.name for path in BOOK.glob("*.ipynb"))
    return notebooks + sorted(path.name for path in BOOK.glob("*.md"))


def translated(name: str, translate: Translate) -> str:
    """The page as a file, with each message replaced by what `translate` returns for it."""
    text = (BOOK / name).read_text(encoding="utf-8")
    if name.endswith(".md"):
        return texts.translated(text, lambda said: translate(said, name))
    made = json.loads(text)
    _metadata(made["metadata"], ABOUT_NOTEBOOK, lambda said: translate(said, name))
    for cell in made["cells"]:
        _cell(cell, lambda said, where=f"{name}:{cell['id']}": translate(said, where))
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _cell(cell: dict, translate: Callable[[str], str]) -> None:
    """Translate a cell in place: text or comments, and words in its metadata."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        new = texts.translated(source, translate)
    else:
        new = "\n".join(code.commented(source, "python", translate))
    cell["source"] = new.splitlines(keepends=True)
    _metadata(cell["metadata"], ABOUT_CELL, translate)


def _metadata(metadata: dict, paths: tuple[str, ...], translate: Callable[[str], str]) -> None:
    """Translate words in metadata in place: those that stand under these names, where they do."""
    for path in paths:
        *folders, name = path.split(".")
        place = metadata
        for folder in folders:
            place = place.get(folder, {})
        if place.get(name):
            place[name] = translate(place[name])


def messages(name: str) -> dict[str, list[str]]:
    """What is to be translated on a page, in its order, with the places where each stands."""
    return gathered(lambda note: translated(name, note))


def gathered(translate_all: Callable[[Translate], object]) -> dict[str, list[str]]:
    """The messages that `translate_all` asks to be translated, each with the places it stands."""
    found: dict[str, list[str]] = {}

    def note(said: str, where: str) -> str:
        places = found.setdefault(said, [])
        if where not in places:
            places.append(where)
        return said

    translate_all(note)
    return found
