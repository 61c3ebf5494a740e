"""Paddle's names in the search and in the index: ``paddle.nn.Conv2D`` leads to where it is used.

A page's code, and what it sets in code font, is looked through for names of Paddle: written out,
with the usual short names (``nn.Conv2D``, ``F.relu``), or imported (``from paddle.io import
DataLoader``). Each gets an entry at the section that has it first on its page. Of all these
sections one is marked as the main one, which Sphinx's search puts on top: the first in the order of
the book whose code has the name.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes
from folded import folded
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

import mnist_helpers  # noqa: F401  # before Paddle: it sets the process up

SHORT = {"paddle": "paddle", "nn": "paddle.nn", "F": "paddle.nn.functional"}
NAME = re.compile(r"(?<![\w.])(paddle|nn|F)((?:\.[A-Za-z]\w*)+)")
IMPORT = re.compile(r"^\s*from (paddle[\w.]*) import ([\w, ]+)$", re.MULTILINE)


class Use(NamedTuple):
    """Where a page has a name first, and whether in code that a reader meets (no solution's)."""

    section: str
    in_code: bool


class IndexPaddle(SphinxTransform):
    """Puts an entry for each name at the head of its page; the entry points to the section."""

    default_priority = 800  # sections are folded; the index is made at 850

    def apply(self, **kwargs: object) -> None:
        found = uses(self.document)
        _all_uses(self.env)[self.env.docname] = found
        if found:
            entries = [("single", name, use.section, "", None) for name, use in found.items()]
            self.document.insert(0, addnodes.index(entries=entries, paddle=True))


def uses(document: nodes.document) -> dict[str, Use]:
    """Paddle's names on a page, in its order. Code goes before words that only name them."""
    blocks = [(node, True) for node in document.findall(nodes.literal_block)]
    words = [(node, False) for node in document.findall(nodes.literal)]
    found: dict[str, Use] = {}
    imported: dict[str, str] = {}
    for node, in_code in blocks + words:
        text = node.astext()
        for module, names in IMPORT.findall(text):
            imported |= {name.strip(): f"{module}.{name.strip()}" for name in names.split(",")}
        for name in names_in(text, imported):
            section = _section(node)
            if section is not None and name not in found:
                found[name] = Use(section["ids"][0], in_code and not isinstance(section, folded))
    return found


def names_in(text: str, imported: dict[str, str]) -> Iterator[str]:
    """The full names of Paddle's classes and functions in a piece of code."""
    written = [SHORT[short] + rest for short, rest in NAME.findall(text)]
    written += [imported[word] for word in re.findall(r"(?<![\w.])\w+", text) if word in imported]
    for name in written:
        if known := _known(name):
            yield known


@functools.cache
def _known(name: str) -> str | None:
    """The part of `name` that Paddle has: a class, a function, or a class's method."""
    import paddle

    thing, last = paddle, None
    first, *rest = name.split(".")
    for number, part in enumerate(rest, 1):
        thing = getattr(thing, part, None)
        if thing is None:
            break
        if callable(thing) and not inspect.ismodule(thing):
            last = ".".join([first, *rest[:number]])
    return last


def _section(node: nodes.Node | None) -> nodes.Element | None:
    """The section that a node stands in, or the solution; both have an address on their page."""
    while node is not None:
        if isinstance(node, (nodes.section, folded)) and node["ids"]:
            return node
        node = node.parent
    return None


def _mark_first(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Before a page goes into the search: which of its entries are the main ones."""
    for index in doctree.findall(addnodes.index):
        if not index.get("paddle"):
            continue
        entries = []
        for kind, name, section, _, key in index["entries"]:
            main = "main" if _home(app.env, name) == docname else ""
            entries.append((kind, name, section, main, key))
            last = name.rpartition(".")[2]
            if last[0].isupper():  # a class is also looked for by its last name alone
                entries.append((kind, last, section, main, key))
        index["entries"] = entries


def _home(env: BuildEnvironment, name: str) -> str:
    """The first page in the order of the book whose code has the name; else the first at all."""
    order = list(env.toctree_includes.get(env.config.root_doc, [])) or sorted(_all_uses(env))
    pages = [page for page in order if name in _all_uses(env).get(page, {})]
    pages += sorted(page for page, found in _all_uses(env).items() if name in found)
    in_code = [page for page in pages if _all_uses(env)[page][name].in_code]
    return (in_code or pages)[0]


def _all_uses(env: BuildEnvironment) -> dict[str, dict[str, Use]]:
    if not hasattr(env, "paddle_uses"):
        env.paddle_uses = {}
    return env.paddle_uses


def _forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _all_uses(env).pop(docname, None)


def setup(app: Sphinx) -> dict:
    app.add_transform(IndexPaddle)
    app.connect("env-purge-doc", _forget)
    app.connect("doctree-resolved", _mark_first)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
