"""What leads readers to the site, and back to it: a sitemap, and a page for addresses without one.

A sitemap needs the site's address (``html: baseurl`` in ``_config.yml``); without it there is none.
The Chinese site, once it is in its place, has a page of its own, and is in the same sitemap.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from tools import editions
from tools.editions import ENGLISH, Edition

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
FOLDERS = ("book", "_modules", "_sources", "_static", "_images", "_downloads")  # of the site
TITLE = re.compile(r'<h1>((?:(?!</h1>).)*)<a class="headerlink"', re.DOTALL)


def write(site: Path, title: str, address: str) -> None:
    """Put the files into the rendered `site`; `address` is its own, or empty."""
    there = [edition for edition in editions.ALL if (edition.site(site) / "book").is_dir()]
    for name in ("sitemap.xml", "robots.txt"):  # of an earlier address
        (site / name).unlink(missing_ok=True)
    if address:
        write_sitemap(site, there, address)
    for edition in there:
        others = [other for other in there if other is not edition]
        write_not_found(site, edition, others, title, address)


def pages_of(site: Path, edition: Edition) -> list[Path]:
    return sorted((edition.site(site) / "book").glob("*.html"))


def write_sitemap(site: Path, there: list[Edition], address: str) -> None:
    """The addresses of the pages, each with those of the same page in the languages that are
    there, and a robots.txt that names the list.

    A robots.txt is read where the site is at the root of its host; elsewhere it does no harm.
    """
    lines = []
    for name in (page.name for page in pages_of(site, ENGLISH)):
        urls = {its.code: f"{its.address(address)}/book/{name}" for its in there}
        same = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code}" href={quoteattr(url)}/>'
            for code, url in urls.items()
        )
        lines += [f"  <url><loc>{escape(url)}</loc>{same}</url>" for url in urls.values()]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="{NAMESPACE}" xmlns:xhtml="{XHTML}">'
    )
    text = "\n".join([head, *lines, "</urlset>\n"])
    (site / "sitemap.xml").write_text(text, encoding="utf-8")
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {address}/sitemap.xml\n"
    (site / "robots.txt").write_text(robots, encoding="utf-8")


def write_not_found(
    site: Path, edition: Edition, others: list[Edition], title: str, address: str
) -> None:
    """404.html, which servers show for what is not there, whatever its folder.

    It fetches nothing, so that nothing can be missing, and names its links by the site's address.
    Without one, they are relative, and a script finds out where the site begins: before the first
    folder that is the site's own. Many servers know only the page at the root: it leads to the
    other languages.
    """
    _ = edition.say
    prefix = html.escape(f"{edition.address(address)}/") if address else ""
    links = "\n".join(
        f'<li><a href="{prefix}book/{page.name}">{heading(page)}</a></li>'
        for page in pages_of(site, edition) if page.stem != "index"
    )  # fmt: skip
    folders = [*FOLDERS, *(other.folder for other in others if other.folder)]
    first = f'<a href="{prefix}book/index.html">{_("its first page")}</a>'
    text = _NOT_FOUND.format(
        code=edition.code,
        title=_("Not found – {title}", title=html.escape(_(title))),
        heading=_("There is no such page"),
        why=_("The address may have a slip in it, or the page may have moved. The book begins at "
              "{link}.", link=first),
        others="".join(_offer(other, edition, address) for other in others),
        prefix=prefix,
        label=_("Search for a word or a name:"),
        search=_("Search"),
        all=_("All pages:"),
        links=links,
        script="" if address else f"<script>{_SCRIPT % '|'.join(folders)}</script>\n",
    )  # fmt: skip
    (edition.site(site) / "404.html").write_text(text, encoding="utf-8")


def _offer(other: Edition, here: Edition, address: str) -> str:
    """A line with the way to the book in another language."""
    back = "../" * bool(here.folder)
    folder = f"{other.folder}/" if other.folder else ""
    start = f"{other.address(address)}/" if address else f"{back}{folder}"
    link = f'<a href="{html.escape(start)}book/index.html">{other.offer}</a>'
    return f'<p lang="{other.code}">{link}</p>\n'


def heading(page: Path) -> str:
    """A page's own heading, as HTML without tags."""
    found = TITLE.search(page.read_text(encoding="utf-8"))
    if found is None:
        raise SystemExit(f"error: {page} has no heading (<h1>); expected one, as pages of Sphinx")
    return re.sub(r"<[^>]+>", "", found[1]).strip()


_SCRIPT = """
const site = location.pathname.match(/^(.*?\\/)(?:%s)\\//);
if (site) {
  const base = document.createElement("base");
  base.href = site[1];
  document.head.append(base);
}
"""
_NOT_FOUND = """<!DOCTYPE html>
<html lang="{code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.05rem/1.6 system-ui, sans-serif; max-width: 38rem; }}
body {{ margin: 4rem auto; padding: 0 1rem; }}
ul {{ padding-left: 1.2rem; }}
li {{ margin: 0.2rem 0; }}
input, button {{ font: inherit; padding: 0.35rem 0.7rem; }}
input {{ width: min(18rem, 60vw); }}
</style>
{script}</head>
<body>
<main>
<h1>{heading}</h1>
<p>{why}</p>
{others}<form action="{prefix}search.html" role="search">
<label>{label} <input type="search" name="q"></label>
<button>{search}</button>
</form>
<p>{all}</p>
<ul>
{links}
</ul>
</main>
</body>
</html>
"""
