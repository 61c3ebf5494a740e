"""The rendered site with the keyboard alone: all is reached, where one is can be seen.

Needs ``make book`` to have been run.
"""

from __future__ import annotations

import pytest

from tests.test_site import PAGES, SITE

WALKED = (PAGES[0], "book/05_optimisers", "book/draw")
# What can be used at all: shown, not disabled, not in a folded part, one of a group of radios
USABLE = """() => {
  const all = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const usable = all.filter((e) => !e.disabled && e.tabIndex >= 0
    && e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length
    && !(e.type === "radio" && !e.checked));
  usable.forEach((e, i) => { e.dataset.usable = i; });
  return usable.map((e) => e.outerHTML.slice(0, 160));
}"""
# What has the focus: its number in that list, whether one sees that, and whether it is in sight
FOCUSED = """() => {
  const e = document.activeElement;
  if (e === document.body) return null;
  const style = getComputedStyle(e);
  const frame = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const box = e.getBoundingClientRect();
  const there = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return [e.dataset.usable ?? null, e.outerHTML.slice(0, 160), frame, there];
}"""


@pytest.fixture
def opened(browser, request):
    """A function: a page, open in a new window of this width."""
    contexts = []

    def open_(page, width=1300):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900},
                                            reduced_motion="reduce"))  # fmt: skip
        tab = contexts[-1].new_page()
        tab.goto((SITE / f"{page}.html").as_uri(), wait_until="load")
        return tab

    yield open_
    for context in contexts:
        context.close()


def walk_to(tab, selector, most=400):
    """Press Tab until something that fits has the focus."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        if tab.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} was not reached")


@pytest.mark.parametrize("page", WALKED)
@pytest.mark.parametrize("width", [1300, 390])
def test_tab_reaches_all_that_can_be_used_and_shows_where_it_is(opened, page, width):
    tab = opened(page, width)
    # Before Tab, what waits further down takes the focus to be safe, be it wide or not
    tab.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab' }))")
    usable = tab.evaluate(USABLE)
    assert len(usable) > 10
    reached = set()
    for _ in range(2 * len(usable)):  # what waits is not counted, and reached all the same
        tab.keyboard.press("Tab")
        if (focused := tab.evaluate(FOCUSED)) is None:
            break  # through: the browser's own bar would be next
        if not focused[3]:  # it glides in, or the page scrolls to it
            tab.wait_for_timeout(500)
            focused = tab.evaluate(FOCUSED)
        number, element, framed, in_sight = focused
        assert framed, element
        assert in_sight, element
        reached.add(number)
    missed = [element for i, element in enumerate(usable) if str(i) not in reached]
    assert missed == []


def test_the_first_tab_offers_to_skip_what_is_the_same_everywhere(opened):
    tab = opened(PAGES[1])
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to main content"
    tab.wait_for_function(
        "document.querySelector('#pst-skip-link').getBoundingClientRect().top >= 0"
    )
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("Boolean(document.activeElement.closest('main'))")


def test_the_search_opens_takes_words_and_closes(opened):
    tab = opened(PAGES[1])
    walk_to(tab, "button.search-button-field")
    tab.keyboard.press("Enter")
    field = tab.locator("#pst-search-dialog input")
    assert field.is_visible()
    assert tab.evaluate("document.activeElement.type") == "search"
    tab.keyboard.press("Escape")
    assert not field.is_visible()
    assert tab.evaluate("document.activeElement.matches('button.search-button-field')")
    tab.keyboard.press("Enter")
    tab.keyboard.type("momentum")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=momentum**")


def test_light_and_dark_are_chosen(opened):
    tab = opened(PAGES[1])
    walk_to(tab, "button.theme-switch-button")
    chosen = set()
    for _ in range(3):
        tab.keyboard.press("Enter")
        chosen.add(tab.evaluate("document.documentElement.dataset.mode"))
        assert tab.evaluate("document.activeElement.matches('button.theme-switch-button')")
    assert chosen == {"light", "dark", "auto"}


@pytest.mark.parametrize("folded", ["details.solution", "details.hide"])
def test_what_is_folded_opens_and_closes(opened, folded):
    tab = opened(WALKED[1])
    walk_to(tab, f"article {folded} > summary")
    for is_open in (True, False):
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.activeElement.parentElement.open") is is_open


@pytest.mark.parametrize(("button", "dialog"), [
    ("primary-toggle", "#pst-primary-sidebar-modal"),
    ("secondary-toggle", "#pst-secondary-sidebar-modal"),
])  # fmt: skip
def test_on_a_telephone_the_contents_open_and_close(opened, button, dialog):
    tab = opened(PAGES[1], 390)
    walk_to(tab, f"button.{button}")
    tab.keyboard.press("Enter")
    tab.locator(f"{dialog} nav a:visible").first.wait_for()
    tab.keyboard.press("Tab")
    assert tab.evaluate("s => Boolean(document.activeElement.closest(s))", dialog)
    tab.keyboard.press("Escape")
    tab.wait_for_function("s => !document.querySelector(s).open", arg=dialog)
    assert tab.evaluate("s => document.activeElement.matches(s)", f"button.{button}")


def test_in_a_wide_window_the_contents_make_room_and_come_back(opened):
    tab = opened(PAGES[1])
    walk_to(tab, "button.primary-toggle")
    for hidden in (True, False):
        tab.keyboard.press("Enter")
        link = tab.locator("#pst-primary-sidebar nav a").first
        link.wait_for(state="hidden" if hidden else "visible")


def test_a_digit_is_drawn_without_a_mouse(opened):
    tab = opened("book/draw")
    walk_to(tab, ".digit-canvas .field")
    tab.keyboard.press("Space")
    for _ in range(8):
        tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Space")
    tab.wait_for_function("/\\d/.test(document.querySelector('.draw-digit .answer').textContent)")
    tab.keyboard.press("Tab")
    assert not tab.evaluate("document.activeElement.matches('.digit-canvas .field')")
