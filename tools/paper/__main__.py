"""``python -m tools.paper FOLDER``: the rendered site in _build/html as a PDF in the folder, the
Chinese site as another one. With a language behind it, ``en`` or ``zh-CN``, only that one.

Without a folder, it only says whether there is a browser to print with.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from mnist_helpers import __version__
from tools import editions
from tools.editions import Edition
from tools.paper import finishing, pages, printing

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
WORK = ROOT / "_build" / "pdf"  # where the documents are put together that are printed


def name(edition: Edition = editions.ENGLISH) -> str:
    """The name of the PDF."""
    return f"digits-with-paddle-{__version__}{edition.suffix}.pdf"


def main(folder: Path | None = None, printed: Sequence[Edition] = editions.ALL) -> int:
    try:
        chromium = printing.chromium()
        for edition in printed if folder is not None else ():
            make(folder / name(edition), chromium, edition)
    except pages.PaperError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def make(pdf: Path, chromium: str, edition: Edition) -> None:
    """Write the PDF, and say how large it is."""
    _ = edition.say
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    settings |= {key: _(settings[key]) for key in ("title", "author")}
    day = last_executed(ROOT / "book")
    date = _("{day.day} {day:%B} {day.year}", day=day)
    settings["edition"] = _("Version {version}, executed by {date}", version=__version__, date=date)
    source = WORK / f"book{edition.suffix}.html"
    site = edition.site(SITE)
    for folder in (WORK, pdf.parent):
        folder.mkdir(parents=True, exist_ok=True)
    raw = source.with_suffix(".pdf")
    place = Path(os.path.relpath(site, WORK)).as_posix()
    document = pages.assemble(site, ROOT / "_toc.yml", settings, place, edition)
    printing.print_book(document, source, raw, chromium)
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
    by_code = {edition.code: (edition,) for edition in editions.ALL}
    match sys.argv[1:]:
        case []:
            sys.exit(main())
        case [given, *code] if len(code) < 2 and by_code.keys() >= set(code):
            sys.exit(main(Path(given), by_code[code[0]] if code else editions.ALL))
        case _:
            sys.exit(f"usage: python -m tools.paper [FOLDER [{'|'.join(by_code)}]]")
