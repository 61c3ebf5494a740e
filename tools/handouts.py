"""``python -m tools.handouts FOLDER``: everything that one hands out, in both languages.

The site is the rendered one, the Chinese notebooks are made of the English ones, as the site's are.

The same files give the same archives: names are sorted, and times are the same everywhere.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from mnist_helpers import __version__
from mnist_helpers.notebook.screenshots import find_chromium
from tools import editions
from tools.class_edition import without_solutions
from tools.editions import ENGLISH, Edition
from tools.paper import __main__ as paper
from tools.translate import making, texts

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
NAME = f"digits-with-paddle-{__version__}"
TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
BESIDE = re.compile(r"bench/[\w.]+\.(?:csv|json)")  # stored runs that chapters read
OF_PROJECT = re.compile(r"\]\(\.\./([\w/]+/(\w+\.py))\)")  # a link to a program of the library's
LINK = re.compile(r"\[([^][]+)\]\((\w+)\.md(#[^)\s]*)?\)")
READ_ME = Path(__file__).with_name("handed_out.md")


def main(folder: Path) -> int:
    """Put the site, the notebooks, the class's notebooks, the wheel and the PDF into `folder`."""
    wheels = sorted((SITE / "book").glob("*.whl"))
    if len(wheels) != 1:
        print(f"error: {SITE}/book has {len(wheels)} wheels, expected one: remove _build and make "
              "the site again (make clean book)", file=sys.stderr)  # fmt: skip
        return 1
    (wheel,) = wheels
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wheel, folder / wheel.name)
    pack(folder / f"{NAME}-site.zip", dict(site_files(SITE)))
    for edition in editions.ALL:
        for kind in ("notebooks", "class"):
            files = dict(notebook_files(wheel, kind == "class", edition))
            pack(folder / f"{NAME}-{kind}{edition.suffix}.zip", files)
    if find_chromium() is None:
        pdfs = " and ".join(map(paper.name, editions.ALL))
        print(f"{pdfs} are left out: they are printed by Chromium, and there is none on the PATH "
              "(Debian, Ubuntu: apt-get install chromium)", file=sys.stderr)  # fmt: skip
    elif code := paper.main(folder):
        return code
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size / 1e6:6.1f} MB  {path.name}")
    return 0


def pack(archive: Path, files: dict[str, bytes]) -> None:
    """A zip with one folder of the archive's name, and in it these files."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(files):
            info = zipfile.ZipInfo(f"{archive.stem}/{name}", TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            packed.writestr(info, files[name])


def site_files(site: Path) -> Iterator[tuple[str, bytes]]:
    """The site's files; its front page is ``index.html``."""
    for path in site.rglob("*"):
        if path.is_file() and path.name != ".buildinfo":
            yield path.relative_to(site).as_posix(), path.read_bytes()


def notebook_files(
    wheel: Path, for_a_class: bool = False, edition: Edition = ENGLISH
) -> Iterator[tuple[str, bytes]]:
    """The notebooks and what they need to run, by their names in the archive."""
    notebooks = sorted((ROOT / "book").glob("*.ipynb"))
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    address = edition.address(editions.address_in(settings))
    # a link to a page that is only in the site leads there, or is its words
    elsewhere = rf"[\1]({address}/book/\2.html\3)" if address else r"\1"
    beside: dict[str, Path] = {}
    for path in notebooks:
        english = edition is ENGLISH
        text = path.read_text(encoding="utf-8") if english else making.made(path.name)
        notebook = json.loads(text)
        if for_a_class:
            notebook = without_solutions(notebook)
        for cell in notebook["cells"]:
            text = "".join(cell["source"])
            if cell["cell_type"] == "code":
                beside |= {name: ROOT / "book" / name for name in BESIDE.findall(text)}
            elif cell["cell_type"] == "markdown":
                beside |= {name: ROOT / program for program, name in OF_PROJECT.findall(text)}
                text = OF_PROJECT.sub(r"](\2)", LINK.sub(elsewhere, text))
                cell["source"] = text.splitlines(keepends=True)
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        yield path.name, text.encode()
    for name, path in beside.items():
        yield name, path.read_bytes()
    yield "README.md", read_me(str(settings["title"]), wheel, for_a_class, edition).encode()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()
    yield wheel.name, wheel.read_bytes()
    yield "constraints.txt", (ROOT / "constraints.txt").read_bytes()
    needs = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    yield "requirements.txt", f"./{wheel.name}\n{needs}jupyterlab\n".encode()


def read_me(title: str, wheel: Path, for_a_class: bool, edition: Edition) -> str:
    """What the folder of notebooks says of itself."""
    _ = edition.say
    said = texts.translated(READ_ME.read_text(encoding="utf-8"), _)
    if for_a_class:
        line = _(
            "This is the edition for a class: the exercises are there, their solutions are not."
        )
        said += f"\n{line}\n"
    return said.format(title=_(title), wheel=wheel.name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.handouts FOLDER")
    sys.exit(main(Path(sys.argv[1])))
