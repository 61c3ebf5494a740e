"""What the site has beside its pages: the library as a wheel, notebooks that can be taken away, and
what tools/found.py makes.

A page's button hands out its notebook, whose first cell names the wheel. If `_config.yml` says
where the site is (``html: baseurl``), the copy names the wheel by its address.
"""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tools import editions, found
from tools.addresses import name_library

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ("pyproject.toml", "setup.py", "requirements.txt", "README.md", "LICENSE",
           "mnist_helpers")  # fmt: skip


def main(site: Path) -> None:
    """Put the wheel into the rendered `site`, and its address into the notebooks there."""
    settings = _settings()
    write_front_door(site, str(settings["title"]))
    for old in (site / "book").glob("*.whl"):
        old.unlink()
    wheel = build(site / "book")
    for page in (site / "book").glob("*.html"):
        save_downloads(page)
    address = editions.address_in(settings)
    found.write(site, str(settings["title"]), address)
    if address:
        for notebook in (site / "_sources" / "book").glob("*.ipynb"):
            name_library(notebook, f"{address}/book/{wheel.name}")


def write_front_door(site: Path, title: str) -> None:
    """The page at the site's root leads to the book; Jupyter Book's has no title, no link."""
    title = html.escape(title)
    (site / "index.html").write_text(
        f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=book/index.html">
<title>{title}</title>
</head>
<body><p><a href="book/index.html">{title}</a></p></body>
</html>
""",
        encoding="utf-8",
    )


def build(folder: Path) -> Path:
    """The library's wheel, in `folder`. It is built from a copy: nothing is left in the project."""
    with tempfile.TemporaryDirectory() as place:
        for name in PACKAGE:
            source, copy = ROOT / name, Path(place, "project", name)
            copy.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "wheel", *options, "-w", place, f"{place}/project"]
        subprocess.run(command, check=True)
        (wheel,) = Path(place).glob("*.whl")
        return Path(shutil.copy(wheel, folder))


def save_downloads(page: Path) -> None:
    """A click on the button saves the notebook; else a browser shows its JSON."""
    text = page.read_text(encoding="utf-8")
    link = f'<a href="../_sources/book/{page.stem}.ipynb" target="_blank"'
    page.write_text(text.replace(link, f"{link} download"), encoding="utf-8")


def _settings() -> dict:
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
