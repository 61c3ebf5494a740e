"""What only the Chinese site has: the English addresses of sections, a search for Chinese words,
the glossary's Chinese words first, the library's docstrings, and a line on pages that are not
translated yet.

Its settings, which `tools/translate/making.py` writes, lie beside three files: ``addresses.json``
says how each page's sections are called in English, ``done.json`` which pages are translated,
``docstrings.json`` what docstrings are in Chinese.
"""

from __future__ import annotations

import functools
import json
import re
from itertools import pairwise
from pathlib import Path

from docutils import nodes
from editions import IN_FIGURE, OTHER, _
from found import width
from sphinx.application import Sphinx
from sphinx.search import SearchLanguage
from sphinx.search.en import SearchEnglish
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)
# A cell of a table stays on one line up to this width (a Chinese letter is 2 wide); in the column
# that names what a row is about, longer ones do
SHORT, NAME = 10, 14
HAN = "\u3400-\u4dbf\u4e00-\u9fff"


class EnglishAddresses(SphinxTransform):
    """Gives each section the address that it has in English, and links the names they use."""

    default_priority = 5  # before anything looks for a section

    def apply(self, **kwargs: object) -> None:
        name = self.env.docname
        known = _beside(self.app, "addresses.json")[name]
        sections = list(self.document.findall(nodes.section))
        if len(sections) != len(known):
            logger.warning("%d sections, in English %d", len(sections), len(known), location=name)
            return
        wanted = [address for _, address in known]
        renamed = {}
        for section, (_slug, address) in zip(sections, known, strict=True):
            old = section["ids"]
            if address and wanted.count(address) == 1 and address not in old:
                section["ids"] = [address, *old[1:]]
                self.document.ids[address] = self.document.ids.pop(old[0])
                for title, its in self.document.nameids.items():
                    if its == old[0]:
                        self.document.nameids[title] = address
                renamed[old[0]] = address
        self._name_slugs(sections, [slug for slug, _ in known])

    def _name_slugs(self, sections: list[nodes.section], names: list[str]) -> None:
        """MyST knows sections by these names, those of the upper levels."""
        slugs = {}
        for section, name in zip(sections, names, strict=True):
            if "slug" in section:
                section["slug"] = name
                slugs[name] = (section.line, section["ids"][0], section[0].astext())
        self.document.myst_slugs = slugs
        self.env.metadata[self.env.docname]["myst_slugs"] = slugs


class WordsOfFigures(SphinxTransform):
    """Makes the line below a figure that says its English words smaller than the text."""

    default_priority = 400  # quotation marks are still as the notebook has them

    def apply(self, **kwargs: object) -> None:
        path = Path(self.env.doc2path(self.env.docname))
        if path.suffix != ".ipynb":
            return
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        said = {"".join(c["source"]) for c in cells if IN_FIGURE in c["metadata"].get("tags", [])}
        for line in self.document.findall(nodes.paragraph):
            if line.astext() in said:
                line["classes"].append(IN_FIGURE)


class SearchPairs(SearchLanguage):
    """Chinese by pairs of letters: what is looked for is cut in the same way as what is found.

    A dictionary (jieba) cuts one way on the page and cannot run in the reader's browser: the word
    that is typed would be found only where the page was cut just so. Pairs find it everywhere.
    """

    lang = "zh"
    language_name = "Chinese"
    stopwords = SearchEnglish.stopwords
    js_stemmer_code = SearchEnglish.js_stemmer_code
    words = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")
    js_splitter_code = """
var splitQuery = (query) => {
    const found = query.match(/[HAN]+|(?:(?![HAN])[\\p{L}\\p{N}_])+/gu) || [];
    return found.flatMap((word) => {
        if (!/[HAN]/.test(word) || word.length < 3) return [word];
        return [...word].slice(1).map((letter, i) => word[i] + letter);
    });
};
""".replace("HAN", HAN)

    def init(self, options: dict[str, str]) -> None:
        self.english = SearchEnglish(options)

    def split(self, input: str) -> list[str]:
        found = []
        for word in self.words.findall(input):
            if re.match(f"[{HAN}]", word):
                found += [word] if len(word) == 1 else map("".join, pairwise(word))
            else:
                found.append(word)
        return found

    def stem(self, word: str) -> str:
        return word if re.match(f"[{HAN}]", word) else self.english.stem(word)

    def word_filter(self, word: str) -> bool:
        return word not in self.stopwords and (len(word) > 1 or bool(re.match(f"[{HAN}]", word)))


def _chinese_first(app: Sphinx, doctree: nodes.document) -> None:
    """In the glossary, the Chinese word stands above the English one."""
    for item in doctree.findall(nodes.definition_list_item):
        terms = [child for child in item.children if isinstance(child, nodes.term)]
        in_order = sorted(terms, key=lambda term: not re.search(f"[{HAN}]", term.astext()))
        item.children[: len(terms)] = in_order


def _end_once(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A link that takes the words of a heading may end in a question mark: no full stop then."""
    for link in doctree.findall(nodes.reference):
        at = link.parent.index(link) + 1
        behind = link.parent[at] if at < len(link.parent) else None
        if link.astext().endswith(("？", "！")) and isinstance(behind, nodes.Text):
            link.parent[at] = nodes.Text(behind.removeprefix("。"))


def _keep_short_cells_whole(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Chinese breaks between any two letters, and a narrow column would, after each."""
    for entry in doctree.findall(nodes.entry):
        said = entry.astext()
        limit = NAME if entry.parent.index(entry) == 0 else SHORT
        if re.search(f"[{HAN}]", said) and width(said) <= limit:
            entry["classes"].append("whole")


def _in_chinese(app: Sphinx, kind: str, name: str, thing: object, options, lines: list) -> None:
    """A docstring as it is translated, its sections still numpydoc's."""
    said = _beside(app, "docstrings.json").get("\n".join(lines).strip())
    if said is not None:
        lines[:] = [*said.split("\n"), ""]


@functools.cache
def _beside(app: Sphinx, name: str) -> dict:
    """What the file beside the settings says."""
    return json.loads((Path(app.confdir) / name).read_text(encoding="utf-8"))


def _say_what_is_missing(app: Sphinx, page: str, template: str, context: dict, tree) -> None:
    """At the top of a page that is not translated, or not to its end."""
    if page in app.env.all_docs and page not in _beside(app, "done.json"):
        address = OTHER["zh_CN"][2].format(up="../" * page.count("/"), page=page)
        link = f'<a href="{address}">{_("the English page")}</a>'
        line = _("This page is not translated to its end; there is {link}.", link=link)
        context["body"] = f'<div class="admonition note"><p>{line}</p></div>{context["body"]}'


def setup(app: Sphinx) -> dict:
    app.add_transform(EnglishAddresses)
    app.add_transform(WordsOfFigures)
    app.add_search_language(SearchPairs)
    app.add_js_file("words.js", priority=200)  # before the scripts that say them
    app.connect("doctree-read", _chinese_first)
    app.connect("doctree-resolved", _end_once)
    app.connect("doctree-resolved", _keep_short_cells_whole)
    app.connect("autodoc-process-docstring", _in_chinese, priority=400)  # before napoleon
    app.connect("html-page-context", _say_what_is_missing)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
