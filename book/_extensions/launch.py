"""Buttons that open a notebook elsewhere, made of the address in ``_config.yml``.

Without ``repository: url`` there are none. With it, a notebook's page has a menu: Binder, which
takes any public Git repository; Colab, which takes notebooks from GitHub; and the steps for AI
Studio, which has no such link. (The theme can make such buttons, too; of a repository that is
neither on GitHub nor on GitLab it makes links that Binder cannot read: jupyter-book, issue 2025.)
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml
from sphinx.application import Sphinx
from sphinx.config import Config

BINDER = "https://mybinder.org/v2"
COLAB = "https://colab.research.google.com/github"
STEPS = ("book/running", "ai-studio-step-by-step")  # the page, and its section
KNOWN_TO_THE_THEME = ("github", "gitlab", "bitbucket")


def binder(repository: str, branch: str, notebook: str) -> str:
    """The link that opens a notebook in JupyterLab on Binder."""
    host, name = _parts(repository)
    if host == "github.com":
        source = f"gh/{name}"
    elif host == "gitlab.com":
        source = f"gl/{quote(name, safe='')}"
    else:
        source = f"git/{quote(_tidy(repository), safe='')}"
    opened = quote(f"lab/tree/{notebook}", safe="")
    return f"{BINDER}/{source}/{quote(branch, safe='')}?urlpath={opened}"


def colab(repository: str, branch: str, notebook: str) -> str | None:
    """The link that opens a notebook in Colab; None if it is not on GitHub."""
    host, name = _parts(repository)
    return f"{COLAB}/{name}/blob/{quote(branch)}/{notebook}" if host == "github.com" else None


def _parts(repository: str) -> tuple[str, str]:
    """("github.com", "owner/name") of an address."""
    parts = urlsplit(_tidy(repository))
    return (parts.hostname or "").removeprefix("www."), parts.path.strip("/")


def _tidy(repository: str) -> str:
    return repository.strip().rstrip("/").removesuffix(".git")


def buttons(repository: str, branch: str, notebook: str, steps: str) -> dict:
    """The menu, as the theme's template takes it."""
    links = {
        "Binder": (binder(repository, branch, notebook), "_static/images/logo_binder.svg"),
        "Colab": (colab(repository, branch, notebook), "_static/images/logo_colab.png"),
        "AI Studio": (steps, "fas fa-list-ol"),
    }
    made = [
        {"type": "link", "text": name, "url": url, "icon": icon, "tooltip": f"Run it in {name}",
         "label": f"launch-{name.lower().replace(' ', '-')}"}
        for name, (url, icon) in links.items() if url
    ]  # fmt: skip
    return {"type": "group", "tooltip": "Run this notebook elsewhere", "icon": "fas fa-rocket",
            "buttons": made, "label": "launch-buttons"}  # fmt: skip


def _take_address(app: Sphinx, config: Config) -> None:
    """Give the theme the repository: Jupyter Book does not, where theme options are set besides.

    At a host that it does not know, the theme stops, for buttons to it that we do not have.
    """
    settings = yaml.safe_load(Path(app.srcdir, "_config.yml").read_text(encoding="utf-8"))
    repository = settings.get("repository") or {}
    options = config.html_theme_options
    options["repository_url"] = _tidy(repository.get("url") or "")
    options["repository_branch"] = repository.get("branch") or "main"
    host, _ = _parts(options["repository_url"])
    if host and not any(name in host for name in KNOWN_TO_THE_THEME):
        options["repository_provider"] = "gitlab"


def _add_buttons(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    options = app.config.html_theme_options
    repository = options.get("repository_url")
    notebook = f"{page}.ipynb"
    if not repository or not doctree or not app.env.doc2path(page).endswith(".ipynb"):
        return
    path, section = STEPS
    steps = f"{context['pathto'](path)}#{section}"
    made = buttons(repository, options["repository_branch"], notebook, steps)
    context["header_buttons"].insert(0, made)


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", _take_address)
    app.connect("html-page-context", _add_buttons, priority=600)  # when there is a list of buttons
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
