"""``{chapter-modules}``: which of the library's modules each chapter uses, read from its cells."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
from pathlib import Path
from types import ModuleType

from docutils import nodes
from editions import _
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.util.docutils import SphinxDirective
from tables import table, words

LIBRARY = "mnist_helpers"
OPERATORS = ("__call__", "__getitem__", "__len__")
NOT_OF_ONE_CHAPTER = (f"{LIBRARY}.errors", f"{LIBRARY}.system.runtime", f"{LIBRARY}.notebook")


class ChapterModules(SphinxDirective):
    """A table: chapter, and the modules that its code comes from."""

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.doc2path(self.env.docname)).parent
        rows = []
        for notebook in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
            self.env.note_dependency(str(notebook))
            title, modules = chapter_modules(notebook)
            number = int(notebook.name[:2])
            rows.append((words(f"{number} · {title}"), _links(modules)))
        return [table("chapter-modules", (_("chapter"), _("modules")), rows, (1, 3))]


def chapter_modules(notebook: Path) -> tuple[str, list[str]]:
    """The chapter's title, and the modules of the library that its cells use, in order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    title = "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")
    known: dict[str, object] = {}
    used: dict[str, None] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            for name in _names("".join(cell["source"]), known):
                used[name] = None
    return title, sorted(name for name in used if not name.startswith(NOT_OF_ONE_CHAPTER))


def _names(code: str, known: dict[str, object]) -> list[str]:
    """The modules that this code uses; what it imports becomes `known`."""
    lines = [line for line in code.splitlines() if not line.startswith("%%")]
    found = []
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(LIBRARY):
            for alias in node.names:
                known[alias.asname or alias.name] = thing = _imported(node.module, alias.name)
                found.append(_home(thing))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            thing = known.get(node.value.id)
            if isinstance(thing, ModuleType):
                found.append(_home(getattr(thing, node.attr, None)))
    return [name for name in found if name]


def _imported(module: str, name: str) -> object:
    """What ``from module import name`` gives: something in the module, or a module below it."""
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError:
        return importlib.import_module(f"{module}.{name}")


def _home(thing: object) -> str | None:
    """The module of the library that defines `thing`; None for a package, or another's."""
    if isinstance(thing, ModuleType):
        return None if hasattr(thing, "__path__") else thing.__name__
    module = getattr(thing, "__module__", None)
    return module if module and module.startswith(LIBRARY) else None


def _links(modules: list[str]) -> list[nodes.Node]:
    """The modules with commas between, each with a link to its source."""
    names: list[nodes.Node] = []
    for module in modules:
        short = module.removeprefix(f"{LIBRARY}.")
        page = f"../_modules/{module.replace('.', '/')}.html"  # where sphinx.ext.viewcode has it
        names += [nodes.Text(", ")] if names else []
        names.append(nodes.reference("", "", nodes.literal("", short), refuri=page))
    return names


def _plain_signature(app, kind, name, thing, options, signature, returns):
    """A data class is described by its attributes: what makes one is of no use to a reader."""
    if kind == "class" and dataclasses.is_dataclass(thing):
        return "", returns
    return None


def _skip(app, kind, name, thing, skip, options):
    """Not what a reader calls by an operator: digits[3], len(digits), predictor(images)."""
    return False if name in OPERATORS and inspect.getdoc(thing) else None


def _as_text(app, kind, name, thing, options, lines):
    """What stands before a colon in the first line of a property, napoleon takes for its type: so
    this is an empty comment."""
    if kind == "property":
        lines[:0] = ["..", ""]


def _name_attributes(app: Sphinx) -> None:
    """Sphinx says "Variables". (Words in other languages are there only now.)"""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = _("Attributes")


def setup(app: Sphinx) -> dict:
    app.connect("autodoc-skip-member", _skip)
    app.connect("autodoc-process-signature", _plain_signature)
    app.connect("autodoc-process-docstring", _as_text, priority=450)  # before napoleon
    app.connect("builder-inited", _name_attributes)
    app.add_directive("chapter-modules", ChapterModules)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
