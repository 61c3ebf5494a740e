"""``python -m tools.paper FILE.pdf``: the rendered site in _build/html as one PDF."""

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
SOURCE = ROOT / "_build" / "pdf" / "book.html"  # beside the site, whose pictures it shows


def main(pdf: Path) -> int:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    day = last_executed(ROOT / "book")
    settings["edition"] = f"Version {__version__}, executed by {day.day} {day:%B %Y}"
    for folder in (SOURCE.parent, pdf.parent):
        folder.mkdir(parents=True, exist_ok=True)
    raw = SOURCE.with_suffix(".pdf")

    def assemble(numbers: dict[str, int]) -> str:
        return pages.assemble(SITE, ROOT / "_toc.yml", settings, numbers)

    try:
        printing.print_book(assemble, SOURCE, raw)
        count, boxes = finishing.finish(raw, pdf, settings, day)
    except pages.PaperError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if boxes:
        print(
            f"{pdf}: this machine has no font for characters on page {', '.join(map(str, boxes))}; "
            "boxes stand there. Install one (Debian, Ubuntu: apt-get install fonts-noto-cjk "
            "fonts-dejavu), and run make pdf again",
            file=sys.stderr,
        )
    print(f"{pdf}: {count} pages, {pdf.stat().st_size / 1e6:.1f} MB")
    return 0


def last_executed(folder: Path) -> datetime.date:
    """The day on which the last of the notebooks was executed."""
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.ipynb")]
    return max(datetime.date.fromisoformat(n["metadata"]["executed"]["date"]) for n in notebooks)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.paper FILE.pdf")
    sys.exit(main(Path(sys.argv[1])))
