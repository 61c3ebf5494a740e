"""What the site says around the pages: words in its extensions and scripts, captions, its title.

In Python and JavaScript they stand in ``_("…")``, from where Babel takes them.
"""

from __future__ import annotations

from babel.messages.extract import extract_from_file

from tools.translate.pages import BOOK, ROOT

CONFIG = ("title", "extra_footer")
SOURCES = (
    ("python", BOOK / "_extensions", "*.py"),
    ("javascript", BOOK / "_static", "**/*.js"),
    ("javascript", ROOT / "mnist_helpers" / "notebook" / "web", "*.js"),
)


def messages() -> dict[str, list[str]]:
    """Each message, with the files where it stands."""
    found: dict[str, list[str]] = {}
    for said in settings():
        found.setdefault(said, []).append("_config.yml")
    for method, folder, pattern in SOURCES:
        for path in sorted(folder.glob(pattern)):
            for _, said, _, _ in extract_from_file(method, path, keywords={"_": None}):
                places = found.setdefault(said, [])
                if path.name not in places:
                    places.append(path.name)
    return found


def settings() -> list[str]:
    """Words in the site's settings: its title and foot, and the captions of its contents."""
    import yaml

    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    options = config["sphinx"]["config"]["html_theme_options"]
    said = [config["title"], config["author"], options["extra_footer"]]
    said += [part["caption"] for part in contents["parts"] if "caption" in part]
    return [text.strip() for text in said]
