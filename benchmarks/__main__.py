"""``make bench``: what the book's library gains, each against the course's way in the same run.

Prints tables in Markdown, and puts them and the figures where the book's page shows them. Names of
parts as arguments: only those. Machines differ and are busy, so the ratios count, not the seconds.
"""

from __future__ import annotations

import importlib
import platform
import sys
from pathlib import Path

import paddle

from benchmarks.figure import FIGURES, answers, draw
from benchmarks.runtime import processor
from mnist_helpers.notebook import show
from mnist_helpers.system.files import replacing

PARTS = (
    "recipes", "runtime", "data", "imports", "saving", "scaling", "serving", "notebooks",
    "photographs", "sheets",
)  # fmt: skip
PAGE = Path(__file__).parent.parent / "book" / "bench"


def main(names: list[str]) -> None:
    if unknown := set(names) - set(PARTS):
        sys.exit(f"no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    versions = f"Python {platform.python_version()}, Paddle {paddle.__version__}"
    machine = f"{versions}, {platform.machine()}, {processor()}"
    print(f"{machine}\n")
    for name in names or PARTS:
        tables = []
        for table in importlib.import_module(f"benchmarks.{name}").tables():
            tables.append(table)
            print(_markdown(*table), flush=True)
        _draw(name, tables)
        text = [_markdown(*table) for table in tables]
        _store(PAGE / f"{name}.md", "\n".join([*text, f"({machine})\n"]))


def _draw(name: str, tables) -> None:
    for _, header, rows in tables:
        if name == "recipes" and FIGURES.keys() & set(header):
            draw(header, rows, PAGE)
    if name == "serving":
        answers(tables, PAGE)


def _markdown(title: str, header, rows) -> str:
    return f"**{title[0].upper()}{title[1:]}**\n\n{show.table(header, rows).data}\n"


def _store(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
