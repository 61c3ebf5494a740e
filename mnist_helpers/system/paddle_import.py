"""Keeps what Paddle says to its own developers off the reader's page, and passes on the rest.

At its import, one message advises against more threads than 1 (ours are chosen, and measured in
benchmarks/); another asks for ccache, which only people who compile Paddle extensions need. Later,
its static graphs announce that they run, and warn of Paddle's own code: of an addition, and of how
their gradients begin; and Paddle 3.2 warns once that its min, max and split are not PyTorch's. A
message that has to be ignored on every page teaches readers to ignore
messages. Paddle's errors are exceptions, and are never kept back.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

UNWANTED_LINES = ("WARNING: OMP_NUM_THREADS set to", "PLEASE USE OMP_NUM_THREADS WISELY")
UNWANTED_WARNINGS = (
    "No ccache found",
    r"(Tensor|Value) do not have 'place' interface for pir graph mode",
    r"\s*Non compatible API",
)
LOWEST_LEVEL = "GLOG_minloglevel"  # of what C++ writes to stderr: 0 informs, 1 warns, 2 errors


def quieten() -> None:
    """Arrange for the next ``import paddle`` to be quiet. Calling it twice does nothing more."""
    if not is_quietened():
        sys.meta_path.insert(0, _Finder())
        os.environ.setdefault(LOWEST_LEVEL, "2")
        for unwanted in UNWANTED_WARNINGS:
            warnings.filterwarnings("ignore", message=unwanted, category=Warning)


def is_quietened() -> bool:
    """Whether Paddle's import was, or will be, a quiet one.

    Returns
    -------
    bool
        True after :func:`quieten`; False if Paddle was imported without it.
    """
    spec = getattr(sys.modules.get("paddle"), "__spec__", None)
    return isinstance(getattr(spec, "loader", None), _Loader) or any(
        isinstance(finder, _Finder) for finder in sys.meta_path
    )


class _Finder(importlib.abc.MetaPathFinder):
    """Finds Paddle as Python would, once, and puts a :class:`_Loader` around its loader."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "paddle":
            return None
        sys.meta_path.remove(self)  # so that the search below is the ordinary one
        spec = importlib.util.find_spec(name)
        if spec is None:
            sys.meta_path.insert(0, self)
        elif spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        said = io.StringIO()
        try:
            with redirect_stderr(said):
                self._loader.exec_module(module)
        finally:
            for line in said.getvalue().splitlines(keepends=True):
                if not line.startswith(UNWANTED_LINES):
                    sys.stderr.write(line)

    # tools ask a module's loader for more: its source, for example
    def __getattr__(self, name: str) -> Any:
        if name == "_loader":
            raise AttributeError(name)
        return getattr(self._loader, name)
