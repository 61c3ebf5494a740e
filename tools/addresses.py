"""For authors: write into the notebooks where Colab gets the library from.

``python -m tools.addresses``, after each change of ``repository:`` in ``_config.yml``. Colab opens
a notebook alone, out of the repository. What its first cell says to install is then the library of
that repository; without an address, it is the wheel that lies on the site.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
LINE = re.compile(r'^LIBRARY = "(.*)"$', re.MULTILINE)


def library(settings: dict) -> str:
    """What pip is told to install, by these settings of the book."""
    repository = settings.get("repository") or {}
    address = str(repository.get("url") or "").strip().rstrip("/").removesuffix(".git")
    if address:
        return f"git+{address}@{repository.get('branch') or 'main'}"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE)[1]
    return f"mnist_helpers-{version}-py3-none-any.whl"


def name_library(notebook: Path, name: str) -> bool:
    """Let the notebook's first code cell install `name`; returns whether that is a change."""
    text = notebook.read_text(encoding="utf-8")
    content = json.loads(text)
    first = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    source, count = LINE.subn(lambda _: f'LIBRARY = "{name}"', "".join(first["source"]))
    if count != 1:
        raise SystemExit(
            f'error: {notebook}: its first code cell has {count} lines LIBRARY = "…"; expected '
            "one, as in the other chapters"
        )
    first["source"] = source.splitlines(keepends=True)
    written = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    notebook.write_text(written, encoding="utf-8")
    return written != text


def main() -> None:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    name = library(settings)
    notebooks = sorted((ROOT / "book").glob("*.ipynb"))
    changed = sum([name_library(notebook, name) for notebook in notebooks])
    print(f"{changed} of {len(notebooks)} notebooks changed; they install {name}")


if __name__ == "__main__":
    sys.exit(main())
