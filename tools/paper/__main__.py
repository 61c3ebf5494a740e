"""``python -m tools.paper FOLDER``: the rendered site in _build/html as one PDF in the folder.

Without a folder, it only says whether there is a browser to print with.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path

import yaml

from mnist_helpers import __version__
from tools.paper import finishing, pages, printing

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
NAME = f"digits-with-paddle-{__version__}.pdf"
SOURCE = ROOT / "_build" / "pdf" / "book.html"  # beside the site, whose pictures it shows


def main(folder: Path | None = None) -> int:
    try:
        chromium = printing.chromium()
        if folder is not None:
            make(folder / NAME, chromium)
    except pages.PaperError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def make(pdf: Path, chromium: str) -> None:
    """Write the PDF, and say how large it is."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    day = last_executed(ROOT / "book")
    settings["edition"] = f"Version {__version__}, executed by {day.day} {day:%B %Y}"
    for folder in (SOURCE.parent, pdf.parent):
        folder.mkdir(parents=True, exist_ok=True)
    raw = SOURCE.with_suffix(".pdf")
    document = pages.assemble(SITE, ROOT / "_toc.yml", settings)
    printing.print_book(document, SOURCE, raw, chromium)
    count, boxes = finishing.finish(raw, pdf, settings, day)
    if boxes:
        print(
            f"{pdf}: this machine has no font for characters on page {', '.join(map(str, boxes))}; "
            "boxes stand there. Install one (Debian, Ubuntu: apt-get install fonts-noto-cjk "
            "fonts-dejavu), and run make pdf again",
            file=sys.stderr,
        )
    print(f"{pdf}: {count} pages, {pdf.stat().st_size / 1e6:.1f} MB")


def last_executed(folder: Path) -> datetime.date:
    """The day on which the last of the notebooks was executed."""
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.ipynb")]
    return max(datetime.date.fromisoformat(n["metadata"]["executed"]["date"]) for n in notebooks)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit("usage: python -m tools.paper [FOLDER]")
    sys.exit(main(*map(Path, sys.argv[1:])))
