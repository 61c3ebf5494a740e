"""The docstrings that the library reference shows, taken apart into messages.

Which those are, the directives of ``book/reference.md`` say. The sources are read, not imported:
that takes no Paddle, and no second. A test compares with what Sphinx has put on the page.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.translate import restructured
from tools.translate.pages import BOOK, ROOT, Translate, gathered

PAGE = BOOK / "reference.md"
DIRECTIVE = re.compile(r"^\.\. auto(module|class|function):: (\S+)\n((?:   :.*\n)*)", re.MULTILINE)
OPTION = re.compile(r"^   :([\w-]+): *(.*)$", re.MULTILINE)
OPERATORS = ("__call__", "__getitem__", "__len__")  # library_table.py has them shown
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Docstring:
    """One that the page shows."""

    name: str  # as the page calls what it belongs to
    place: str  # the file, and the name in it
    text: str


@functools.cache
def shown() -> tuple[Docstring, ...]:
    """The docstrings on the page, in its order."""
    return tuple(found for directive in DIRECTIVE.finditer(PAGE.read_text(encoding="utf-8"))
                 for found in _of_directive(*directive.groups()))  # fmt: skip


def messages() -> dict[str, list[str]]:
    """What is to be translated of them."""
    return gathered(_all)


def translations(known: dict[str, str]) -> dict[str, str]:
    """Whole docstrings in Chinese, by the English ones; none that is English to its end."""
    pairs = {each.text: restructured.translated(each.text, lambda said: known.get(said, said))
             for each in shown()}  # fmt: skip
    return {ours: theirs for ours, theirs in pairs.items() if ours != theirs}


def _all(translate: Translate) -> None:
    for each in shown():
        restructured.translated(each.text, lambda said, where=each.place: translate(said, where))


def _of_directive(kind: str, name: str, lines: str) -> Iterator[Docstring]:
    options = dict(OPTION.findall(lines))
    if kind == "module":
        yield from _described(name, name, _tree(name))
        wanted = [part.strip() for part in options.get("members", "").split(",") if part.strip()]
        if "members" in options and not wanted:
            left_out = options.get("exclude-members", "").replace(" ", "").split(",")
            wanted = [node.name for node in _tree(name).body if _is_public(node)
                      and node.name not in left_out]  # fmt: skip
        for member in wanted:
            yield from _with_members(f"{name}.{member}", *_find(name, member), inherited=False)
        return
    module, _, member = name.rpartition(".")
    found = _find(module, member)
    if "members" in options:
        yield from _with_members(name, *found, inherited="inherited-members" in options)
    else:
        yield from _described(name, *found)


def _with_members(name: str, module: str, node: Definition, inherited: bool) -> Iterator[Docstring]:
    """The docstring of a function; or of a class, and those of what is in it."""
    yield from _described(name, module, node)
    seen: set[str] = set()
    for where, owner in _classes(module, node) if inherited else [(module, node)]:
        for member in owner.body:
            if isinstance(owner, ast.ClassDef) and _is_public(member) and member.name not in seen:
                seen.add(member.name)
                qualified = f"{owner.name}.{member.name}"
                yield from _described(f"{name}.{member.name}", where, member, qualified)


def _described(
    name: str, module: str, node: Definition | ast.Module, qualified: str = ""
) -> Iterator[Docstring]:
    if text := ast.get_docstring(node):
        file = _file(module).relative_to(ROOT).as_posix()
        inside = qualified or getattr(node, "name", "")
        yield Docstring(name, f"{file}:{inside}".rstrip(":"), text)


def _is_public(node: ast.stmt) -> bool:
    """Whether autodoc shows it: it has a docstring, and is not private."""
    return (isinstance(node, Definition) and bool(ast.get_docstring(node))
            and (not node.name.startswith("_") or node.name in OPERATORS))  # fmt: skip


def _classes(module: str, node: ast.ClassDef) -> Iterator[tuple[str, ast.ClassDef]]:
    """The class, and those of the library that it is made of."""
    yield module, node
    for base in node.bases:
        if isinstance(base, ast.Name):
            yield from _classes(*_find(module, base.id))


def _find(module: str, name: str) -> tuple[str, Definition]:
    """Where a name is defined that `module` has: there, or where it imports it from."""
    trees = [_tree(module)]
    stub = _file(module).with_suffix(".pyi")  # from which a package loads its names
    if stub.is_file():
        trees.append(ast.parse(stub.read_text(encoding="utf-8")))
    for tree in trees:
        for node in tree.body:
            if isinstance(node, Definition) and node.name == name and _has_body(node):
                return module, node
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if name == (alias.asname or alias.name):
                        return _find(_absolute(module, node), alias.name)
    raise ValueError(f"{PAGE.relative_to(ROOT)}: {module}.{name} is neither a function nor a class "
                     f"in {_file(module).relative_to(ROOT)}")  # fmt: skip


def _has_body(node: Definition) -> bool:
    """Whether it is not one of several signatures of the same function."""
    names = [getattr(decorator, "id", "") for decorator in node.decorator_list]
    return "overload" not in names


def _absolute(module: str, node: ast.ImportFrom) -> str:
    """The module that an import in `module` names."""
    if not node.level:
        return node.module
    is_package = _file(module).name == "__init__.py"
    parts = module.split(".")[: len(module.split(".")) - node.level + is_package]
    return ".".join([*parts, *filter(None, [node.module])])


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text(encoding="utf-8"))
