"""The library reference in Chinese: docstrings taken apart, translated and shown.

What compares pages needs ``make book`` to have been run.
"""

import functools
import re
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.test_chinese import the_fault_is_found
from tools.translate import catalogues, checks, docstrings, restructured
from tools.translate.markup import CODE

SITE = Path(__file__).parents[1] / "_build" / "html"
ENGLISH, CHINESE = (SITE / folder / "book" / "reference.html" for folder in (".", "zh"))
rendered = pytest.mark.skipif(
    not (ENGLISH.is_file() and CHINESE.is_file()), reason="no site: make book renders it"
)
STRAIGHT = str.maketrans("“”‘’", "\"\"''")  # the site sets quotation marks
KNOWN = catalogues.translations(catalogues.LIBRARY)

DOCSTRING = """The first
line.

>>> call(1)  # as typed
1

- a point
  that goes on
- another, see :func:`call`

Parameters
----------
x, y : int
    What they are.

    And more of it.
size : {"a", "b"}
    ``1``.

Raises
------
ValueError
    For another."""


def test_messages_are_paragraphs_points_and_what_is_said_of_entries():
    found = []
    made = restructured.translated(
        DOCSTRING, lambda said: found.append(said) or f"译文 {len(found)}"
    )
    assert found == ["The first line.", "a point that goes on", "another, see :func:`call`",
                     "What they are.", "And more of it.", "For another."]  # fmt: skip
    assert made.split("\n") == [
        "译文 1", "", ">>> call(1)  # as typed", "1", "", "- 译文 2", "- 译文 3", "",
        "Parameters", "----------", "x, y : int", "    译文 4", "", "    译文 5",
        'size : {"a", "b"}', "    ``1``.", "", "Raises", "------", "ValueError", "    译文 6",
    ]  # fmt: skip


def test_without_translations_no_docstring_changes():
    assert len(docstrings.shown()) > 300
    assert docstrings.translations({}) == {}


def test_what_cannot_be_one_line_is_named():
    with pytest.raises(ValueError, match=r"cannot be translated as one line: 'A term'"):
        restructured.translated("A term\n    and its definition", str)


def test_a_name_that_the_page_should_show_and_the_library_has_not_is_named():
    lines = "   :members: load, nothing\n"
    with pytest.raises(ValueError, match=r"mnist_helpers\.data\.nothing is neither a function"):
        list(docstrings._of_directive("module", "mnist_helpers.data", lines))


FAULTS = [
    ("See :func:`load`.", "参见 :func:`load`。", None),
    ("See :func:`load`.", "参见:func:`load`。", "code, not in the English: `load`"),
    ("See :func:`load`.", "参见 :class:`load`。", "roles, missing: func load"),
    ("Of ``size``, `n` are.", "``size`` 中有 `n` 个。", None),
    ("Of ``size``, `n` are.", "``size`` 中有 ``n`` 个。", "code, missing: `n`"),
    ("Of ``size``.", "其中``size``。", "code, missing: size"),
    ("The *push*.", "*推送*。", None),
    ("The *push* is.", "这次\\ *推送*\\ 就是。", None),
    ("The *push* is.", "这次*推送*就是。", "a * that is shown as such"),
    ("Of 2**32 numbers.", "共 2**32 个数。", None),
    ("Of 60,000 digits.", "共 6000 个数字。", "the number 60,000 is missing"),
    ("The loss falls.", "误差下降。", "the term 'loss' is 损失"),
    ("So (again) it is.", "如此(再次)。", "half-width brackets"),
    ("One thing.", "- 一件事。", "no longer one paragraph"),
]


@pytest.mark.parametrize(("message", "translation", "fault"), FAULTS)
def test_faults_are_found(message, translation, fault):
    the_fault_is_found(message, translation, fault, catalogues.LIBRARY)


class Page:
    """What the reference shows: its paragraphs, and what belongs to each name."""

    def __init__(self, path):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find("article")
        self.things = {dt["id"]: dt for dt in soup.select("dt.sig-object[id]")}
        self.signatures = [self._signature(dt) for dt in self.things.values()]
        self.links = {name: Counter(a["href"] for a in self._own(dt, "a.reference"))
                      for name, dt in self.things.items()}  # fmt: skip
        self.described = {name for name, dt in self.things.items() if self._own(dt, "p")}
        self.entries = {name: [p.get_text().partition(" – ")[0]
                               for p in self._own(dt, "dl.field-list li > p:first-child")]
                        for name, dt in self.things.items()}  # fmt: skip
        self.headings = [dt.get_text() for dt in soup.select("dl.field-list > dt")]
        self.paragraphs = {said for p in soup.select("p") for said in self._said(p)}

    @staticmethod
    def _signature(dt):
        source = dt.select_one(".viewcode-link")
        return (re.sub(r"(\[[^][]*\])?[#¶]$", "", dt.get_text()).strip(),
                source and source.parent["href"])  # fmt: skip

    @staticmethod
    def _own(dt, selector):
        """What is selected of a thing's description, and not of what is in it."""
        return [each for each in dt.find_next_sibling("dd").select(selector)
                if each.find_parent("dl", class_="py").dt is dt]  # fmt: skip

    @staticmethod
    def _said(p):
        for mark in p.select("code, cite, a.reference"):
            if not mark.find_parent(["code", "a"]):
                mark.replace_with(CODE)
        text = words(p.get_text())
        return text, text.partition(" – ")[2]


def words(text):
    return " ".join(text.translate(STRAIGHT).split())


@functools.cache
def shown_as(message):
    return words(restructured.parts(message).words)


@functools.cache
def page(path):
    return Page(path)


@rendered
def test_the_docstrings_are_those_that_autodoc_shows():
    listed = {each.name for each in docstrings.shown() if ":" in each.place}
    assert listed == page(ENGLISH).described == page(CHINESE).described


@rendered
def test_the_messages_are_the_paragraphs_of_the_page():
    missing = [said for said in docstrings.messages()
               if shown_as(said) not in page(ENGLISH).paragraphs]  # fmt: skip
    assert missing == []


@rendered
def test_names_signatures_and_links_are_those_of_the_english_page():
    ours, theirs = page(ENGLISH), page(CHINESE)
    assert list(ours.things) == list(theirs.things)
    assert ours.signatures == theirs.signatures
    assert ours.links == theirs.links
    assert ours.entries == theirs.entries


@rendered
def test_what_is_translated_is_shown_in_chinese_only():
    for english in docstrings.messages():
        chinese = KNOWN.get(english, english)
        assert shown_as(chinese) in page(CHINESE).paragraphs, chinese
        if shown_as(chinese) != shown_as(english):
            assert shown_as(english) not in page(CHINESE).paragraphs, english


@rendered
def test_headings_of_entries_are_in_chinese():
    assert len(page(ENGLISH).headings) == len(page(CHINESE).headings)
    assert {head for head in page(CHINESE).headings if not checks.HAN.search(head)} == set()
