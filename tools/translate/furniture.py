"""What the site says around the pages: words in its extensions and scripts, captions, its title.

In Python and JavaScript they stand in ``_("…")``; Babel reads the scripts. (Python's own parser
reads Python: only it sees what stands in an f-string, in each version.)
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import yaml
from babel.messages.extract import extract_from_file

from mnist_helpers.notebook.pictures.stages import STAGES
from mnist_helpers.notebook.scoreboard import rows_of
from tools.translate import texts
from tools.translate.pages import BOOK, ROOT, gathered

PROMPTS = ("Show", "Hide")
READ_ME = ROOT / "tools" / "handed_out.md"  # of the notebooks that one hands out
SECONDS = re.compile(r"\d+ s\b")  # in a row of the scoreboard: another run has others
SOURCES = (
    (BOOK / "_extensions", "*.py"),
    (BOOK / "_static", "**/*.js"),
    (ROOT / "mnist_helpers" / "notebook" / "web", "*.js"),
    (ROOT / "tools", "*.py"),
    (ROOT / "tools" / "paper", "*.py"),
)


def messages() -> dict[str, list[str]]:
    """Each message, with the files where it stands."""
    found: dict[str, list[str]] = {}
    for said in settings():
        found.setdefault(said, []).append("_config.yml")
    for said in PROMPTS:  # of folded cells; in English, MyST-NB says it in its own words
        found.setdefault(said, []).append("_config.yml")
    for said in STAGES:
        found.setdefault(said, []).append("stages.py")
    for notebook in sorted(BOOK.glob("[0-9][0-9]_*.ipynb")):
        for row in rows_of(notebook):
            said = SECONDS.sub("{seconds} s", row.change)
            found.setdefault(said, []).append(f"{notebook.name}:scoreboard")
        for said in windows(notebook):
            found.setdefault(said, []).append(notebook.name)
    for folder, pattern in SOURCES:
        for path in sorted(folder.glob(pattern)):
            for said in in_python(path) if path.suffix == ".py" else in_script(path):
                places = found.setdefault(said, [])
                if path.name not in places:
                    places.append(path.name)
    text = READ_ME.read_text(encoding="utf-8")
    found |= gathered(lambda note: texts.translated(text, lambda said: note(said, READ_ME.name)))
    return found


def windows(notebook: Path) -> list[str]:
    """The names of the windows that a reader can choose from, where a notebook has such a toy."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    given = [output.get("metadata", {}).get("plays", {})
             for cell in cells for output in cell.get("outputs", [])]  # fmt: skip
    return [name for its in given for name, _ in its.get("windows", [])]


def in_python(path: Path) -> list[str]:
    """The words in a module's calls of ``_`` and ``later``, in their order."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "later")
             and isinstance(node.args[0], ast.Constant)]  # fmt: skip
    return [call.args[0].value for call in sorted(calls, key=lambda call: call.lineno)]


def in_script(path: Path) -> list[str]:
    """The words in a script's calls of ``_``."""
    return [said for _, said, _, _ in extract_from_file("javascript", path, keywords={"_": None})]


def settings() -> list[str]:
    """Words in the site's settings: its title and foot, and the captions of its contents."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    options = config["sphinx"]["config"]["html_theme_options"]
    said = [config["title"], config["author"], options["extra_footer"]]
    said += [part["caption"] for part in contents["parts"] if "caption" in part]
    return [text.strip() for text in said]
