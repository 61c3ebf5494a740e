"""What leads readers to the site, and back to it: a sitemap, and a page for addresses without one.

A sitemap needs the site's address (``html: baseurl`` in ``_config.yml``); without it there is none.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from xml.sax.saxutils import escape

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
FOLDERS = ("book", "_modules", "_sources", "_static", "_images", "_downloads")  # of the site
TITLE = re.compile(r'<h1>((?:(?!</h1>).)*)<a class="headerlink"', re.DOTALL)


def write(site: Path, title: str, address: str) -> None:
    """Put the files into the rendered `site`; `address` is its own, or empty."""
    pages = sorted((site / "book").glob("*.html"))
    for name in ("sitemap.xml", "robots.txt"):  # of an earlier address
        (site / name).unlink(missing_ok=True)
    if address:
        write_sitemap(site, pages, address)
    write_not_found(site, pages, title, address)


def write_sitemap(site: Path, pages: list[Path], address: str) -> None:
    """The addresses of the pages, and a robots.txt that names the list.

    A robots.txt is read where the site is at the root of its host; elsewhere it does no harm.
    """
    urls = [f"{address}/{page.relative_to(site).as_posix()}" for page in pages]
    lines = [f"  <url><loc>{escape(url)}</loc></url>" for url in urls]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{NAMESPACE}">'
    text = "\n".join([head, *lines, "</urlset>\n"])
    (site / "sitemap.xml").write_text(text, encoding="utf-8")
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {address}/sitemap.xml\n"
    (site / "robots.txt").write_text(robots, encoding="utf-8")


def write_not_found(site: Path, pages: list[Path], title: str, address: str) -> None:
    """404.html, which servers show for what is not there, whatever its folder.

    It fetches nothing, so that nothing can be missing, and names its links by the site's address.
    Without one, they are relative, and a script finds out where the site begins: before the first
    folder that is the site's own.
    """
    prefix = f"{address}/" if address else ""
    listed = [(page, heading(page)) for page in pages if page.stem != "index"]
    links = "\n".join(
        f'<li><a href="{html.escape(prefix)}book/{page.name}">{name}</a></li>'
        for page, name in listed
    )
    script = "" if address else f"<script>{_SCRIPT % '|'.join(FOLDERS)}</script>\n"
    text = _NOT_FOUND.format(
        title=html.escape(title), prefix=html.escape(prefix), links=links, script=script
    )
    (site / "404.html").write_text(text, encoding="utf-8")


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
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Not found – {title}</title>
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
<h1>There is no such page</h1>
<p>The address may have a slip in it, or the page may have moved. The book begins at
<a href="{prefix}book/index.html">its first page</a>.</p>
<form action="{prefix}search.html" role="search">
<label>Search for a word or a name: <input type="search" name="q"></label>
<button>Search</button>
</form>
<p>All pages:</p>
<ul>
{links}
</ul>
</main>
</body>
</html>
"""
