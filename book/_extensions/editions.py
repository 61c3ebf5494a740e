"""The book in two languages: words of extensions, and on each page a way to the other language.

The English site is at the root, the Chinese one in ``zh/``; a page has the same name in both, and a
section the same address. Words that extensions put on pages stand in `_`, from where they come into
``book/locale/…/site.po``; the Chinese site's settings lie beside a folder with what was made of it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

from sphinx.application import Sphinx
from sphinx.locale import get_translation

CATALOGUE = "site"
CHINESE = "zh"
IN_FIGURE = "in-the-figure"  # the tag of cells that say a figure's words, and their class here
OTHER = {  # by the language of a site: the other one's name, its code, the way there, and a tip
    "en": ("中文", "zh-CN", "{up}zh/{page}.html", "本页的中文版"),
    "zh_CN": ("English", "en", "{up}../{page}.html", "This page in English"),
}


def _(text: str, **values: object) -> str:
    """The words in the language of the site, with these values in the fields that they have."""
    said = str(get_translation(CATALOGUE)(text))
    return said.format(**values) if values else said


def later(text: str) -> str:
    """Words for `_` to say in the language of the site, once that is known."""
    return text


def language(app: Sphinx) -> str:
    return app.config.language or "en"


def _add_way(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """A link to the same page in the other language, in its head and among its buttons."""
    name, code, way, tip = OTHER[language(app)]
    if page not in app.env.all_docs:
        return
    up = "../" * page.count("/")
    address = way.format(up=up, page=page)
    named = urljoin(context.get("pageurl") or "", address)  # whole, where the site has an address
    context["metatags"] += f'<link rel="alternate" hreflang="{code}" href="{named}" />\n'
    context["header_buttons"].append({
        "type": "link", "url": address, "text": name, "tooltip": tip, "label": "language",
    })  # fmt: skip


def setup(app: Sphinx) -> dict:
    folder = Path(app.confdir) / "locale"
    app.add_message_catalog(CATALOGUE, str(folder))
    app.connect("html-page-context", _add_way, priority=700)  # behind the theme's own buttons
    app.add_js_file("editions.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
