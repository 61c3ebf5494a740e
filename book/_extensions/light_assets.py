"""One style sheet, without the rules that no page can use; icons without a script that draws them.

The theme brings 1.5 MB of icons and 0.4 MB of style sheets for everything that it could show. Once
all pages are there, one can see what they do show: a rule stays if each class and each id of one
of its selectors stands somewhere in the pages or in a script, as a whole word.
"""

from __future__ import annotations

import functools
import hashlib
import posixpath
import re
from pathlib import Path
from urllib.parse import quote

import tinycss2
from sphinx.application import Sphinx

WORD = re.compile(r"[A-Za-z0-9_-]+")
NAME = re.compile(r"[.#]((?:[A-Za-z_-]|\\.)(?:[\w-]|\\.)*)")
ICON = re.compile(r"\bfa-([a-z0-9-]+)")
MADE_BY_SCRIPTS = ("bs-",)  # bootstrap.js puts these together: "bs-tooltip-" + where
NESTED = {"media", "supports", "layer", "container"}
# Links to style sheets that stand together, in what a page writes, and what is in one
SHEETS = re.compile(r'(?:<link\b[^>]*\brel="stylesheet"[^>]*/>\s*)+')
SHEET = re.compile(r'href="([^"?]+)[^"]*"')
IMPORT = re.compile(r'@import ["\']([^"\']+)["\']\s*;')
ADDRESS = re.compile(r'url\(["\']?(?!data:|#|/|\w+:)([^"\')]+)["\']?\)')
# The theme's script that draws icons; no page loads it any more, the drawings are taken from it
ICONS = Path("_static", "scripts", "fontawesome.js")
ICONS_HEAD = """\
/* Font Awesome Free, https://fontawesome.com: icons CC BY 4.0. Those that the pages show. */
:is(i, span)[class*="fa-"] { font-family: inherit; }
:is(i, span)[class*="fa-"]::before {
  content: ""; display: inline-block; height: 1em; vertical-align: -0.125em;
  background: currentColor; mask: var(--icon) center / contain no-repeat;
}
"""


def used_words(site: Path) -> frozenset[str]:
    """Every word of the pages and scripts, whatever it means there."""
    found: set[str] = set()
    for path in (*site.rglob("*.html"), *site.rglob("*.js")):
        if path.name not in ("fontawesome.js", "searchindex.js"):
            found.update(WORD.findall(path.read_text(encoding="utf-8")))
    return frozenset(found)


def slimmed(css: str, words: frozenset[str]) -> str:
    """The style sheet without the rules that cannot apply."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(_slim(rule, words) for rule in rules)


def _slim(rule, words: frozenset[str]) -> str:
    if rule.type == "at-rule" and rule.content is not None:
        prelude = tinycss2.serialize(rule.prelude)
        if rule.lower_at_keyword in NESTED:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            content = "".join(_slim(each, words) for each in inner)
            return f"@{rule.at_keyword}{prelude}{{{content}}}" if content else ""
        if rule.lower_at_keyword == "font-face" and "Awesome" in tinycss2.serialize(rule.content):
            return ""  # icons are drawings now
    if rule.type != "qualified-rule":
        return rule.serialize()
    selectors = [text for text in _parts(rule.prelude) if _can_apply(text, words)]
    content = tinycss2.serialize(rule.content)
    return f"{','.join(selectors)}{{{content}}}\n" if selectors else ""


def _parts(prelude: list) -> list[str]:
    """The selectors between a rule's commas (not those within brackets)."""
    parts: list[list] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def _can_apply(selector: str, words: frozenset[str]) -> bool:
    """Whether all that it names occurs; what stands in brackets may be a choice, or a "not"."""
    bare = re.sub(r"\[[^\]]*\]", "", selector)
    while bare != (bare := re.sub(r"\([^()]*\)", "", bare)):
        pass
    names = (re.sub(r"\\(.)", r"\1", name) for name in NAME.findall(bare))
    return all(
        name.startswith(MADE_BY_SCRIPTS) or set(WORD.findall(name)) <= words for name in names
    )


def icons_css(script: str, names: set[str]) -> str:
    """A style sheet with the drawings of these icons, from the text of Font Awesome's script."""
    lines = [ICONS_HEAD]
    for name in sorted(names):
        drawing = rf'[,{{]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"[^"]*","([^"]+)"'
        found = re.findall(drawing, script)
        if found:
            width, height, path = found[-1]  # the solid ones come last
            svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'>"
            address = quote(f"{svg}<path d='{path}'/></svg>", safe=" =:/'")
            wide = round(int(width) / int(height), 3)
            lines.append(
                f":is(i, span).fa-{name}::before "
                f'{{ width: {wide}em; --icon: url("data:image/svg+xml,{address}"); }}\n'
            )
    return "".join(lines)


def bundled(page: Path, site: Path, words: frozenset[str]) -> str:
    """The page's HTML with one style sheet in place of all that it has for every medium."""
    static = site / "_static"
    text = page.read_text(encoding="utf-8")
    links = [link for group in SHEETS.findall(text) for link in re.findall("<link[^>]*>", group)]
    links = [link for link in links if "media=" not in link and "_static/all-" not in link]
    if not links:
        return text
    files = tuple((page.parent / SHEET.search(link)[1]).resolve() for link in links)
    css = _sheet(files, static.resolve(), words)
    name = f"all-{hashlib.sha256(css.encode()).hexdigest()[:12]}.css"
    (static / name).write_text(css, encoding="utf-8")
    href = posixpath.relpath(f"{site.as_posix()}/_static/{name}", page.parent.as_posix())
    text = text.replace(links[0], f'<link rel="stylesheet" href="{href}" />', 1)
    for link in links[1:]:
        text = text.replace(link, "", 1)
    return text


@functools.cache  # there are few sets of style sheets, and many pages
def _sheet(files: tuple[Path, ...], static: Path, words: frozenset[str]) -> str:
    return slimmed("".join(_with_imports(file, static) for file in files), words)


def _with_imports(file: Path, static: Path) -> str:
    """A style sheet with those that it imports; its addresses are seen from the folder `static`."""
    css = file.read_text(encoding="utf-8")
    here = file.parent.relative_to(static).as_posix()
    css = ADDRESS.sub(lambda found: f"url({posixpath.normpath(f'{here}/{found[1]}')})", css)
    return IMPORT.sub(lambda found: _with_imports((file.parent / found[1]).resolve(), static), css)


def _lighten(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    words = used_words(site)
    script = (site / ICONS).read_text(encoding="utf-8")
    names = {word.removeprefix("fa-") for word in words if ICON.fullmatch(word)}
    (site / "_static" / "icons.css").write_text(icons_css(script, names), encoding="utf-8")
    _sheet.cache_clear()
    named = ""
    for page in site.rglob("*.html"):
        if "_static" not in page.parts:
            text = bundled(page, site, words)
            page.write_text(text, encoding="utf-8")
            named += "".join(re.findall(r"all-\w+\.css", text))
    for old in (site / "_static").glob("all-*.css"):
        if old.name not in named:
            old.unlink()


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", _lighten, priority=600)  # when the pages are as they will be
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
