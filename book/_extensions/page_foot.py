"""At a chapter's foot: when and with which versions it was executed, and where to report a mistake.

The first is in the notebook's metadata, where `tools/store_outputs.py` writes it. The second shows
where `_config.yml` names the project's repository (``repository: url``).
"""

from __future__ import annotations

import datetime
import html
import json
import urllib.parse
from pathlib import Path

from editions import _
from sphinx.application import Sphinx


def foot(executed: dict[str, str], page: str, repository: str = "") -> str:
    """The line, as HTML."""
    day = datetime.date.fromisoformat(executed["date"])
    versions = _("Paddle {its[paddle]}, Python {its[python]}, NumPy {its[numpy]}, "
                 "mnist_helpers {its[library]}", its=executed)  # fmt: skip
    date = _("{day.day} {day:%B} {day.year}", day=day)
    line = _("Executed on {date} with {versions}.", date=date, versions=versions)
    if repository:
        query = urllib.parse.urlencode({"title": f"{page}: "})
        address = html.escape(f"{repository.rstrip('/')}/issues/new?{query}")
        line += f' <a href="{address}">{_("Report a mistake")}</a>'
    return f'<p class="executed">{line}</p>'


def _add_foot(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    path = Path(app.env.doc2path(page)) if page in app.env.all_docs else None
    if path is None or path.suffix != ".ipynb":
        return
    executed = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("executed")
    if executed:
        repository = app.config.html_theme_options.get("repository_url") or ""
        context["body"] += foot(executed, path.name, repository)


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", _add_foot)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
