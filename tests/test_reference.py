"""The library's public face: every name documents its arguments, its result and its errors."""

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

import mnist_helpers
from mnist_helpers import errors

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "_build" / "html" / "book" / "reference.html"
PACKAGES = ("data", "deployment", "distributed", "evaluation", "models", "notebook",
            "notebook.draw", "notebook.pictures", "system", "training")  # fmt: skip
# Modules that chapters use by name
MODULES = ("data.augment", "data.pictures.alterations", "deployment.native",
           "distributed.parameter_server", "notebook.plots", "notebook.show", "recipes.far",
           "recipes.fast", "system.measure", "training.checkpoints",
           "training.visual_log")  # fmt: skip
COMMANDS = ("recipes.far.run", "recipes.fast.run")  # what the command line calls
SECTION = re.compile(r"^(\w+)\n-{3,}\n(.*?)(?=^\w+\n-{3,}\n|\Z)", re.DOTALL | re.MULTILINE)
# What a framework calls, and its arguments: documented by the framework
INHERITED = ("forward",)
OPERATORS = ("__call__", "__getitem__", "__len__")


def public():
    """(qualified name, thing) of every public function, class and method."""
    for place in (*PACKAGES, *MODULES):
        module = importlib.import_module(f"mnist_helpers.{place}")
        for name in getattr(module, "__all__", vars(module)):
            thing = getattr(module, name)
            if not (inspect.isfunction(thing) or inspect.isclass(thing)):
                continue
            elsewhere = place in MODULES and thing.__module__ != module.__name__
            if name.startswith("_") or elsewhere or f"{place}.{name}" in COMMANDS:
                continue
            yield f"{place}.{name}", thing
            if inspect.isclass(thing):
                for method, function in vars(thing).items():
                    function = getattr(function, "__func__", function)
                    called = method in OPERATORS and function.__doc__  # digits[3], len(digits)
                    hidden = method.startswith("_") and not called
                    hidden = hidden or method in INHERITED
                    if inspect.isfunction(function) and not hidden:
                        yield f"{place}.{name}.{method}", function


THINGS = dict(public())


def sections(thing):
    return dict(SECTION.findall(inspect.getdoc(thing) or ""))


def arguments(thing):
    """The names that a caller may give."""
    if dataclasses.is_dataclass(thing):
        names = [field.name for field in dataclasses.fields(thing)]
        return [name for name in names if not name.startswith("_")]
    if inspect.isclass(thing):
        if "__init__" not in vars(thing):
            return []
        thing = thing.__init__
    names = list(inspect.signature(thing).parameters)
    return [name for name in names if name not in ("self", "cls")]


@pytest.mark.parametrize("name", THINGS)
def test_it_says_what_it_does_and_documents_its_arguments(name):
    thing = THINGS[name]
    text = inspect.getdoc(thing) or ""
    assert re.match(r".{10,}", text), "no docstring"
    found = sections(thing)
    documented = found.get("Parameters", "") + found.get("Attributes", "")
    lines = re.findall(r"^(\S.*?)(?: :.*)?$", documented, re.MULTILINE)
    named = {part.strip().lstrip("*") for line in lines for part in line.split(",")}
    overridden = _overrides(name)
    assert set(arguments(thing)) <= named or overridden, set(arguments(thing)) - named


@pytest.mark.parametrize("name", [n for n, thing in THINGS.items() if inspect.isfunction(thing)])
def test_it_says_what_it_returns(name):
    thing = THINGS[name]
    returns = inspect.signature(thing).return_annotation
    if returns in (None, "None", inspect.Signature.empty) or _overrides(name):
        return
    assert {"Returns", "Yields"} & set(sections(thing))


def _overrides(name):
    """Whether a method is what its base class documents."""
    owner, _, method = name.rpartition(".")
    return any(method in vars(base) for base in getattr(THINGS.get(owner), "__mro__", ())[1:])


@pytest.mark.skipif(not PAGE.is_file(), reason="no site: make book renders it")
def test_every_public_name_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    anchors = set(re.findall(r'id="mnist_helpers\.([\w.]+)"', page))
    # a method that its base class documents has no text of its own
    expected = {name for name in THINGS if not _overrides(name)}
    kinds = [thing for thing in vars(errors).values() if inspect.isclass(thing)]
    expected |= {f"errors.{k.__name__}" for k in kinds if k.__module__ == errors.__name__}
    assert expected - anchors == set()
    # and the names that the page's first lines list are the front door
    listed = re.search(r"Such names are.*?</p>", page, re.DOTALL)[0]
    told = re.findall(r'<span class="pre">(\w+)</span>', listed)
    modules = [
        name for name in dir(mnist_helpers) if inspect.ismodule(getattr(mnist_helpers, name))
    ]
    assert set(told) == set(dir(mnist_helpers)) - set(modules) - {"configure"}


def test_every_module_is_in_the_plan():
    """The floors that the page names, from the ground up, are those that `make lint` keeps."""
    text = (ROOT / "book" / "reference.md").read_text(encoding="utf-8")
    told = re.findall(r"`(\w+)`", re.search(r"From the ground up: (.*)\.\n", text)[1])
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    floors = re.findall(r'"(\w+)"', re.search(r"^layers = \[(.*?)\]", settings, re.M | re.S)[1])
    assert told == [floor for floor in reversed(floors) if floor != "__main__"]
