"""The site's pages, made one document for paper.

What folds on the site cannot on paper: solutions and the code that only builds a figure or a table
stand at the end of their page, and where they were, a line says on which page of the PDF. What is
only there in a browser, such as a field to draw on, is replaced by a line that says where to find
it. Links between the pages lead within the document.

The numbers of pages are known only when the document has been printed: ``fill`` is given those of
the print before. A number has its room from the start, so that filling it in moves nothing.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml
from bs4 import BeautifulSoup, Tag

from tools.editions import ENGLISH, Edition, Words, address_in

UNKNOWN = "000"  # in the place of a number of a page, in the first print
IN_BROWSERS = "script, noscript, style, button, a.headerlink, a:has(.viewcode-link), .only-dark"
REFERS = re.compile(r"url\(['\"]?#([^)'\"]+)['\"]?\)")
ARTICLE = re.compile(r"<article\b.*</article>", re.DOTALL)
# Of the colours of code, those that are the text's own; each would be an element of the PDF's
# structure, of which most of the file would consist
PLAIN = re.compile(r'<span class="(?:n|nn|nx|p|o|w|pre|colon)">([^<]*)</span>')
NUMBER = re.compile(r'(<a class="number" href="#([^"]+)">)[^<]*</a>')
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class PaperError(Exception):
    """The PDF cannot be made; the text says why, and what to do."""


@dataclass
class Page:
    """One page of the site."""

    name: str  # 02_data
    title: str  # 2. Data
    body: Tag
    part: str | None = None  # the part that begins with it
    root: bool = False


def assemble(
    site: Path, toc: Path, settings: Mapping, place: str, edition: Edition = ENGLISH
) -> str:
    """The document, with ``UNKNOWN`` in the place of each number of a page.

    Parameters
    ----------
    site : Path
        The folder of the rendered site, in the language of the edition.
    toc : Path
        ``_toc.yml``: which pages, in which order.
    settings : mapping
        What ``_config.yml`` says, and ``"edition"``, a line for the title page.
    place : str
        Where the site's folder is, seen from the document's: pictures are shown from there.
    edition : Edition
        Which language it is in.

    Returns
    -------
    str
        HTML.
    """
    _ = edition.say
    pages = list(read(site, toc, _))
    address = edition.address(address_in(settings))
    for page in pages:
        for_paper(page, address, _)
    known = {page.name: set(_ids(page.body)) for page in pages}
    for page in pages:
        lead_within(page, known, place, address)
    parts = [title_page(settings), contents(pages, _)]
    parts += [_section(page) for page in pages]
    title = str(settings["title"])
    return _frame(title, edition.code, place, pages, "\n".join(parts))


def fill(document: str, numbers: Mapping[str, int]) -> str:
    """The document with these numbers of pages; they are known by the ids of what is there."""

    def known(link: re.Match) -> str:
        return f"{link[1]}{numbers.get(html.unescape(link[2]), UNKNOWN)}</a>"

    return NUMBER.sub(known, document)


def read(site: Path, toc: Path, _: Words) -> Iterator[Page]:
    """The pages that the table of contents names, in its order."""
    entries = yaml.safe_load(toc.read_text(encoding="utf-8"))
    yield _read(site, entries["root"], root=True)
    for part in entries["parts"]:
        caption = _(part["caption"])
        for chapter in part["chapters"]:
            for entry in (chapter, *chapter.get("sections", ())):
                yield _read(site, entry["file"], part=caption)
                caption = None


def _read(site: Path, file: str, **options) -> Page:
    path = site / f"{file}.html"
    if not path.is_file():
        raise PaperError(f"{path} is missing: make the site first (make book)")
    # the article alone: to read the rest, too, would take much longer
    article = ARTICLE.search(path.read_text(encoding="utf-8"))
    text = PLAIN.sub(r"\1", PLAIN.sub(r"\1", article[0])) if article else ""
    body = BeautifulSoup(text, "html.parser").find("article")
    heading = body and body.find("h1")
    if heading is None:
        raise PaperError(f"{path}: expected an article with a heading; make the site (make book)")
    for link in heading.select("a.headerlink"):
        link.decompose()
    title = " ".join(heading.get_text().split())
    return Page(PurePosixPath(file).name, title, body, **options)


def for_paper(page: Page, address: str, _: Words) -> None:
    """Opens what folds, takes out what only plays in a browser, and makes ids the page's own."""
    body, name = page.body, page.name
    for field in body.select(".plaything, .draw-digit"):
        field.replace_with(_only_there(field, name, address, _))
    for element in body.select(f"{IN_BROWSERS}, .toctree-wrapper"):
        element.decompose()
    for element in body.find_all(True):
        element.attrs.pop("loading", None)  # a picture far down must be there when it is printed
        for key, value in element.attrs.items():
            if key == "id":
                element[key] = f"{name}--{value}"
            elif isinstance(value, str) and "url(#" in value:
                element[key] = REFERS.sub(rf"url(#{name}--\1)", value)
    for anchor in body.select("section > span[id]:empty"):
        # before its heading it would be a line, which could stay alone on the page before
        if heading := anchor.find_next_sibling(HEADINGS):
            heading.insert(0, anchor.extract())
    section = body.find("section") or body
    chapter = re.match(r"\d+", page.title)
    _move_solutions(section, name, _)
    _move_code(section, name, f"{chapter[0]}." if chapter else "", _)
    for title in body.select("details.hide > summary"):  # "Show code cell output"
        title.decompose()
    for details in body.find_all("details"):  # whatever else folds
        details.name = "div"
        if details.summary:
            details.summary.name = "p"
    last = body.select_one("p.executed")
    if last:
        section.append(last.extract())
    if not page.root:  # the parts' own headings stand above those of pages
        for level in reversed(range(1, 6)):
            for heading in body.find_all(f"h{level}"):
                heading.name = f"h{level + 1}"


def _only_there(field: Tag, name: str, address: str, _: Words) -> Tag:
    """The line in the place of something to play with."""
    file = f"book/{name}.html"
    where = (
        f'<a href="{address}/{file}">{address}/{file}</a>' if address else f"<code>{file}</code>"
    )
    if "draw-digit" in field["class"]:
        line = _(
            "In the book’s site, there is a field to draw a digit on here: {where}.", where=where
        )
    else:
        line = _("In the book’s site, one can play with this: {where}.", where=where)
    return _parsed(f'<p class="only-there">{line}</p>')


def _move_solutions(section: Tag, name: str, _: Words) -> None:
    """To the end of the page, under a heading of their own."""
    solutions = section.select("details.solution")
    if not solutions:
        return
    heading = _("Solutions")
    place = _parsed(f'<section id="{name}--all-solutions"><h2>{heading}</h2></section>')
    for solution in solutions:
        title = html.escape(solution.summary.get_text())
        solution.summary.decompose()
        line = _("{title}: page {number}", title=title, number=_number(solution["id"]))
        solution.replace_with(_parsed(f'<p class="see">{line}</p>'))
        solution.name = "section"
        solution.insert(0, _parsed(f"<h3>{title}</h3>"))
        place.append(solution)
    section.append(place)


def _move_code(section: Tag, name: str, chapter: str, _: Words) -> None:
    """What is folded because it only builds a figure or a table: to the end, numbered."""
    folded = [d for d in section.select("details.above-input") if d.select_one("div.cell_input")]
    if not folded:
        return
    heading = _("The code of figures and tables")
    about = _(
        "What builds the figures and tables; on the site, it is folded and stands above them."
    )
    place = _parsed(
        f'<section class="folded-code" id="{name}--folded-code"><h2>{heading}</h2><p>{about}</p>'
        "</section>"
    )
    for count, details in enumerate(folded, 1):
        target = f"{name}--listing-{count}"
        title = _("Listing {number}", number=f"{chapter}{count}")
        line = _("Code: {title}, page {number}", title=title, number=_number(target))
        link = _parsed(f'<p class="see" id="{target}-of">{line}</p>')
        code = details.select_one("div.cell_input").extract()
        details.replace_with(link)
        line = _("{title}, of page {number}", title=title, number=_number(f"{target}-of"))
        place.append(_parsed(f'<p class="listing" id="{target}">{line}</p>'))
        place.append(code)
    section.append(place)


def lead_within(page: Page, known: Mapping[str, set[str]], place: str, address: str) -> None:
    """Links lead to other places of the document, or to the web; a link to neither is only text."""
    for element in page.body.find_all(True):
        for key in ("href", "xlink:href", "src"):
            value = element.get(key)
            if value is None or "number" in element.get("class", ()):
                continue
            if key == "src":
                if ":" not in value:
                    element[key] = str(PurePosixPath(place, "book", value))
            elif element.name != "a":
                element[key] = f"#{page.name}--{value[1:]}" if value.startswith("#") else value
            elif (target := _target(value, page.name, known, address)) is None:
                element.unwrap()
            else:
                element[key] = target


def _target(link: str, here: str, known: Mapping[str, set[str]], address: str) -> str | None:
    """Where a link leads in the document."""
    if re.match(r"[a-z]+:", link):
        return link
    file, _, place = link.partition("#")
    name = file.removesuffix(".html") or here
    if name in known and file in ("", f"{name}.html"):
        target = f"{name}--{place}" if place else name
        if place and target not in known[name]:
            raise PaperError(f"{here}.html: the link {link} leads to nothing on {name}.html")
        return f"#{target}"
    # what the document does not have: the library's source, files to take away
    return f"{address}/{posixpath.normpath(f'book/{file}')}" if address else None


def title_page(settings: Mapping) -> str:
    title, author = (html.escape(str(settings[key])) for key in ("title", "author"))
    edition = html.escape(str(settings["edition"]))
    return (
        f'<section class="title-page"><p class="title">{title}</p><p class="author">{author}</p>'
        f'<p class="edition">{edition}</p></section>'
    )


def contents(pages: list[Page], _: Words) -> str:
    """Parts, pages and their sections, each with the number of its page."""
    lines = []
    for page in pages:
        if page.part:
            lines.append(f'<li class="part">{html.escape(page.part)}</li>')
        lines.append(_line("chapter", page.title, page.name))
        for section in page.body.select("section[id] > section[id]"):
            heading = section.find(HEADINGS)
            if heading and heading.name == ("h2" if page.root else "h3"):
                title = " ".join(heading.get_text().split())
                lines.append(_line("section", title, section["id"]))
    heading, items = _("Contents"), "\n".join(lines)
    return f'<section class="contents" id="contents"><h1>{heading}</h1><ul>{items}</ul></section>'


def _line(kind: str, title: str, target: str) -> str:
    return (
        f'<li class="{kind}"><a href="#{target}">{html.escape(title)}</a>'
        f'<span class="leader"></span>{_number(target)}</li>'
    )


def _number(target: str) -> str:
    """The number of a page, still to be filled in."""
    return f'<a class="number" href="#{target}">{UNKNOWN}</a>'


def _section(page: Page) -> str:
    part = f'<h1 class="part">{html.escape(page.part)}</h1>' if page.part else ""
    return f'<article class="page" id="{page.name}">{part}{page.body.decode_contents()}</article>'


def _frame(title: str, code: str, place: str, pages: list[Page], body: str) -> str:
    """The whole document; each page of the site has its title at the head of its pages."""
    style = Path(__file__).with_name("paper.css").read_text(encoding="utf-8")
    heads = []
    for number, page in enumerate(pages):
        words = page.title.replace("\\", "").replace('"', "")
        heads.append(f'@page p{number} {{ @top-left {{ content: "{words}"; }} }}')
        heads.append(f'article[id="{page.name}"] {{ page: p{number}; }}')
    font = f'font-family: "Book Math"; src: url("{place}/_static/fonts/book-math.woff");'
    title = html.escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="{code}" data-theme="light">\n<head>\n'
        f'<meta charset="utf-8">\n'
        f"<title>{title}</title>\n"
        f'<link rel="stylesheet" href="{place}/_static/pygments.css">\n'
        f"<style>\n@font-face {{ {font} }}\n"
        f"{style}\n" + "\n".join(heads) + f"\n</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n"
    )


def _ids(body: Tag) -> Iterator[str]:
    return (str(element["id"]) for element in body.select("[id]"))


def _parsed(text: str) -> Tag:
    """The one element that the text describes."""
    return BeautifulSoup(text, "html.parser").find(True)
