"""The front page in a browser: its cards are links, its figure has a form for each kind of page.

Needs ``make book`` to have been run. The browser is the one of conftest.py.
"""

from __future__ import annotations

import itertools

import pytest

from tests.test_site import CHAPTERS, SITE

FRONT = (SITE / "book" / "index.html").as_uri()


@pytest.fixture
def opened(browser):
    """A function: the front page, in a window of this width, light or dark."""
    tabs = []

    def open_page(width=1280, scheme="light"):
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tabs.append(tab)
        tab.goto(FRONT, wait_until="networkidle")
        return tab

    yield open_page
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_is_there_once_in_the_form_for_the_page(opened, scheme):
    tab = opened(scheme=scheme)
    shown = [image for image in tab.locator("img.way").all() if image.is_visible()]
    assert len(shown) == 1
    assert f"only-{scheme}" in shown[0].get_attribute("class").split()
    look = shown[0].evaluate("e => ({...getComputedStyle(e)})")
    assert look["backgroundColor"] == "rgba(0, 0, 0, 0)"  # the page is its paper
    assert look["filter"] == "none"


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_a_click_anywhere_on_a_card_opens_its_chapter(opened, width):
    tab = opened(width)
    for n in (0, len(CHAPTERS) - 1):
        card = tab.locator(".chapter-cards .sd-card").nth(n)
        card.scroll_into_view_if_needed()
        box = card.bounding_box()
        tab.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8)
        tab.wait_for_url(f"**/{CHAPTERS[n]}.html")
        tab.goto(FRONT, wait_until="networkidle")


def test_cards_stand_in_rows_of_equal_height_and_below_each_other_on_a_telephone(opened):
    boxes = {}
    for width in (1280, 390):
        cards = opened(width).locator(".chapter-cards .sd-card").all()
        boxes[width] = [card.bounding_box() for card in cards]
        assert len(cards) == len(CHAPTERS)
    wide, narrow = boxes[1280], boxes[390]
    for n in range(0, len(wide), 3):
        row = wide[n : n + 3]
        assert len({round(box["y"]) for box in row}) == 1
        assert len({round(box["height"]) for box in row}) == 1
    assert all(a["y"] + a["height"] <= b["y"] for a, b in itertools.pairwise(narrow))
    assert max(box["height"] for box in narrow) < 300  # the picture is beside the words


def test_the_first_thing_below_the_text_leads_to_the_quickstart(opened):
    tab = opened()
    start = tab.locator(".front-ways a").first
    assert start.inner_text().startswith("Start here")
    assert start.bounding_box()["y"] < 900  # without scrolling
    start.click()
    tab.wait_for_url(f"**/{CHAPTERS[0]}.html")
