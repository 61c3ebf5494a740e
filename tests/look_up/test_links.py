"""Links between pages name sections that are there. (On the rendered site: tests/test_site.py.)"""

import pytest

from tests.look_up.pages import LINK, sections, text_of

PAGES = ("from_the_course", "glossary", "index", "literature", "mistakes", "symbols", "teaching")


@pytest.mark.parametrize("page", PAGES)
def test_a_link_names_a_section_that_is_there(page):
    links = LINK.findall(text_of(f"{page}.md"))
    assert links
    for _, name, where in links:
        assert where in {"", *sections(name)}, f"{name}#{where}"


def test_the_literature_names_sections_by_their_titles():
    """It is opened from notebooks too, where an empty link would show nothing."""
    for words, name, where in LINK.findall(text_of("literature.md")):
        assert words in (sections(name)[where][0], "chapter 4's table")
