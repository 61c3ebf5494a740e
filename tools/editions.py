"""The book in its two languages, as the tools that hand it out see it: names, folders and words.

What a tool says on pages stands in ``_("…")``, from where it comes into the catalogue of the site's
words, as what the extensions say.
"""

from __future__ import annotations

import dataclasses
import functools
import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.translate import catalogues

Words = Callable[..., str]  # takes words, and values for the fields that they have


@dataclasses.dataclass(frozen=True)
class Edition:
    """The book in one language."""

    code: str  # as HTML names the language
    offer: str  # to those who read another
    folder: str = ""  # where its site lies in the whole one
    suffix: str = ""  # of the files that are handed out

    def site(self, whole: Path) -> Path:
        """The folder of its pages, in that of the whole site."""
        return whole / self.folder

    def address(self, whole: str) -> str:
        """Where they are on the web, if the whole site is there; else nothing."""
        return posixpath.join(whole, self.folder).rstrip("/") if whole else ""

    def say(self, text: str, /, **values: object) -> str:
        """Words in its language, with these values in the fields that they have."""
        said = _known().get(text, text) if self.folder else text
        return said.format(**values) if values else said


def address_in(settings: Mapping) -> str:
    """The whole site's address on the web, as ``_config.yml`` says; empty if there is none."""
    return str(settings.get("html", {}).get("baseurl") or "").rstrip("/")


@functools.cache
def _known() -> dict[str, str]:
    return catalogues.translations(catalogues.SITE)


ENGLISH = Edition("en", "This book in English")
CHINESE = Edition("zh-CN", "本书的中文版", folder="zh", suffix="-zh")
ALL = (ENGLISH, CHINESE)
