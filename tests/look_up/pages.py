"""What stands on the book's pages: their text, their sections, their links."""

import functools
import importlib.util
import json
import re
import sys
from operator import attrgetter
from pathlib import Path

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
STEM = attrgetter("stem")
LINK = re.compile(r"\[([^\]]*)\]\(([\w.]+)(?:#([^)]+))?\)")  # words, page, section
FENCED = re.compile(r"^(```+)(.*)\n(?:.*\n)*?\1$", re.MULTILINE)  # code, or a directive


@functools.cache
def text_of(name):
    """A page's Markdown without its code; of a notebook, that of its text cells."""
    path = BOOK / name
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
    return re.sub(FENCED, lambda block: block[0] if block[2].startswith("{") else "", text)


@functools.cache
def sections(name):
    """A page's headings, each by its address: title, level, and the text of the section."""
    parts = re.split(r"^(#{1,4} .*)$", text_of(name), flags=re.MULTILINE)
    headings, texts = parts[1::2], parts[2::2]
    found = {}
    for n, heading in enumerate(headings):
        level, title = heading.split(" ", 1)
        text = texts[n]
        for later, more in zip(headings[n + 1 :], texts[n + 1 :], strict=True):
            if len(later.split(" ", 1)[0]) <= len(level):
                break  # what follows is not within this one
            text += f"\n{later}\n{more}"
        found[address(title)] = (title.strip(), len(level), text)
    return found


def address(title):
    """What a link to the heading ends with, as MyST and a repository's viewer make it."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def title_of(name):
    return next(iter(sections(name).values()))[0]


def extension(name, monkeypatch):
    """A module of book/_extensions, which finds its neighbours as it does under Sphinx."""
    folder = BOOK / "_extensions"
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module
