"""The literature: sorted, with addresses, and named by the sections that an entry names."""

import re

import pytest

from tests.look_up.pages import LINK, NOTEBOOKS, address, sections, text_of

ENTRIES = [(title, text) for title, level, text in sections("literature.md").values() if level == 3]
DIGITS = sections("literature.md")["digits"][2]  # data, which chapters name by other words
PAPERS = [(title, text) for title, text in ENTRIES if f"### {title}\n" not in DIGITS]


def test_papers_are_sorted_by_their_first_authors():
    text = sections("literature.md")["papers-and-books"][2]
    titles = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert titles == sorted(titles, key=lambda title: title.replace("ş", "s").casefold())
    assert len(titles) > 20


@pytest.mark.parametrize(("title", "text"), ENTRIES)
def test_an_entry_has_one_address_and_shows_it(title, text):
    ((shown, leads),) = re.findall(r"\[([^\]]*)\]\((https?://[^)]+)\)", text)
    leads = leads.replace("%28", "(").replace("%29", ")")
    short = shown.replace("doi:", "doi.org/").replace("arXiv:", "arxiv.org/abs/")
    assert short.rstrip("/") == re.sub(r"^https?://", "", leads).rstrip("/")


@pytest.mark.parametrize(("title", "text"), PAPERS)
def test_the_section_that_an_entry_names_speaks_of_it(title, text):
    """By its first author and year; chapter 4's table has the names of networks."""
    author, year = re.match(r"[^ ,]+", title)[0], title[-4:]
    *_, last = text.strip().split("\n\n")
    for _, name, where in LINK.findall(last):
        of_a_network = where == "exercise-41"
        wanted = re.match(r"[\w-]+", last)[0] if of_a_network else author
        said = sections(name)[where][2]
        assert re.search(rf"\b{wanted}\b", said), name
        assert year in said, name


def test_chapters_link_to_entries_that_are_there_and_to_each_of_them():
    linked = {}
    for notebook in NOTEBOOKS:
        for _, page, where in LINK.findall(text_of(notebook.name)):
            if page == "literature.md":
                linked.setdefault(where, set()).add(notebook.name)
    if not linked:
        pytest.skip("no chapter links to the literature yet")
    assert set(linked) == {address(title) for title, _ in PAPERS}
    for title, text in PAPERS:
        assert {name for _, name, _ in LINK.findall(text)} <= linked[address(title)], title
