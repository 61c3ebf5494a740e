"""Make the Chinese notebooks and pages, and the folder that their site is rendered from.

Nothing is executed: code, outputs and identities are those of the English notebooks, and a test
compares them. What is not translated stays English, and a page that is not declared complete says
so at its top.
"""

from __future__ import annotations

import json
import re
import shutil

import yaml
from docutils import nodes
from myst_parser.mdit_to_docutils.base import default_slugify

from tools import addresses as addresses_of_files, editions, found, publish
from tools.translate import catalogues, docstrings, markup, measured, pages, readme, typesetting
from tools.translate.pages import BOOK, ROOT

SOURCE = ROOT / "_build" / "zh" / "source"
SITE = ROOT / "_build" / "html" / "zh"
RENDERED = SOURCE.parent / "_build" / "html"
# What pages show or link besides
COPIED = ("book/bench", "book/_static")
LINKED = re.compile(r"[(<]\.\./([^)>#\s]+)")  # files of the project that a page hands out
EXTENSION = "chinese_edition"


def made(name: str) -> str:
    """A page in Chinese, as a file."""
    known = catalogues.translations(catalogues.of(name))
    text = pages.translated(name, lambda said, where: typesetting.emphasised(known.get(said, said)))
    if name.endswith(".md"):
        return typesetting.with_words_of_images(measured.by_lines(text))
    notebook = json.loads(text)
    notebook["metadata"]["language"] = catalogues.LANGUAGE
    notebook["cells"] = typesetting.with_words_of_figures(notebook["cells"])
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def make() -> int:
    """Write everything that the Chinese site is rendered from; returns the number of pages."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    (SOURCE / "book").mkdir(parents=True)
    for name in pages.names():
        text = made(name)
        (SOURCE / "book" / name).write_text(text, encoding="utf-8")
        for linked in filter(lambda path: (ROOT / path).is_file(), LINKED.findall(text)):
            (SOURCE / linked).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / linked, SOURCE / linked)
    for folder in COPIED:
        shutil.copytree(
            ROOT / folder, SOURCE / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    known = catalogues.translations(catalogues.MEASURED)
    for path in measured.files():
        text = measured.translated(path, lambda said, where: known.get(said, said))
        (SOURCE / "book" / "bench" / path.name).write_text(text, encoding="utf-8")
    words = catalogues.translations(catalogues.SITE)
    _settings(words)
    _messages(words)
    places = {f"book/{catalogues.of(name)}": addresses(name) for name in pages.names()}
    (SOURCE / "addresses.json").write_text(json.dumps(places, indent=1), encoding="utf-8")
    done = [f"book/{name}" for name in catalogues.complete()]
    (SOURCE / "done.json").write_text(json.dumps(done), encoding="utf-8")
    known = catalogues.translations(catalogues.LIBRARY)
    library = docstrings.translations(
        {said: typesetting.emphasised(its) for said, its in known.items()}
    )
    (SOURCE / "docstrings.json").write_text(json.dumps(library), encoding="utf-8")
    if catalogues.README in catalogues.complete():
        readme.MADE.write_text(made_readme(), encoding="utf-8")
    return len(pages.names())


def made_readme() -> str:
    """The README in Chinese."""
    known = catalogues.translations(catalogues.README)
    return readme.translated(lambda said, where: known.get(said, said))


def put_in_place() -> None:
    """Copy the rendered site to where the English one has it, with what that one has besides."""
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(RENDERED, SITE)
    (wheel,) = (SITE.parent / "book").glob("*.whl")
    shutil.copy(wheel, SITE / "book")
    networks = "_static/draw/networks"
    shutil.copytree(SITE.parent / networks, SITE / networks)
    for page in (SITE / "book").glob("*.html"):
        publish.save_downloads(page)
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    words = catalogues.translations(catalogues.SITE)
    publish.write_front_door(SITE, words.get(settings["title"], settings["title"]))
    front = SITE / "index.html"
    text = front.read_text(encoding="utf-8").replace('lang="en"', 'lang="zh-CN"')
    front.write_text(text, encoding="utf-8")
    address = editions.address_in(settings)
    found.write(SITE.parent, settings["title"], address)  # now that there are two languages
    if address:
        for notebook in (SITE / "_sources" / "book").glob("*.ipynb"):
            addresses_of_files.name_library(notebook, f"{address}/book/{wheel.name}")


def addresses(name: str) -> list[tuple[str, str]]:
    """For each heading of an English page, how links name it, and its address on the site.

    Chinese headings get the same: a link leads to its section in both languages, and from one
    language to the other.
    """
    known: dict[str, str] = {}
    text = (BOOK / name).read_text(encoding="utf-8")
    if name.endswith(".ipynb"):
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    for _, heading in markup.headings(text):
        words = markup.plain(heading)
        known[_slug(words, known)] = nodes.make_id(words)
    return list(known.items())


def _slug(words: str, known: dict[str, str]) -> str:
    """MyST's own name for a heading, given those before it."""
    slug, number = default_slugify(words), 1
    while slug in known:
        slug, number = f"{slug}-{number}", number + 1
    return slug


def _settings(words: dict[str, str]) -> None:
    """The site's settings and contents, in Chinese, and with paths that hold from this folder."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    sphinx = config["sphinx"]
    config["title"] = words.get(config["title"], config["title"])
    config["author"] = words.get(config["author"], config["author"])
    for name in sphinx["local_extensions"]:
        sphinx["local_extensions"][name] = str(BOOK / "_extensions")
    sphinx["local_extensions"][EXTENSION] = str(BOOK / "_extensions")
    settings = sphinx["config"]
    settings["language"] = catalogues.LANGUAGE
    folders = [str(ROOT / path) for path in settings["html_static_path"]]
    settings["html_static_path"] = [*folders, str(SOURCE / "words")]
    settings["nb_code_prompt_show"] = words.get("Show", "Show")
    settings["nb_code_prompt_hide"] = words.get("Hide", "Hide")
    settings["html_css_files"] = [*settings["html_css_files"], "chinese.css"]
    if config["html"].get("baseurl"):
        config["html"]["baseurl"] = config["html"]["baseurl"].rstrip("/") + "/zh"
    options = settings["html_theme_options"]
    options["extra_footer"] = words.get(options["extra_footer"].strip(), options["extra_footer"])
    if config["html"].get("favicon"):
        config["html"]["favicon"] = str(ROOT / config["html"]["favicon"])
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for part in contents["parts"]:
        if "caption" in part:
            part["caption"] = words.get(part["caption"], part["caption"])
    for name, value in (("_config.yml", config), ("_toc.yml", contents)):
        text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
        (SOURCE / name).write_text(text, encoding="utf-8")


def _messages(words: dict[str, str]) -> None:
    """The words of the site: as gettext reads them, for extensions, and for scripts."""
    folder = SOURCE / "locale" / catalogues.LANGUAGE / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogues.read(catalogues.SITE).save_as_mofile(str(folder / "site.mo"))
    (SOURCE / "words").mkdir()
    script = f'"use strict";\nglobalThis.bookWords = {json.dumps(words, ensure_ascii=False)};\n'
    (SOURCE / "words" / "words.js").write_text(script, encoding="utf-8")
