"""The rendered site on a telephone and on paper: what breaks, what scrolls, what is left out.

Needs ``make book`` to have been run.
"""

from __future__ import annotations

import pytest

from tests.test_site import PAGES, SITE

TELEPHONE = {"width": 390, "height": 844}
# What is wider than its box: kind, the box's first words, by how much
WIDER = """() => [...document.querySelectorAll("article :is(pre, table, math[display=block])")]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
  .map((e) => [e.closest(".output") ? "output" : e.tagName.toLowerCase(),
    e.textContent.trim().slice(0, 60), e.scrollWidth - e.clientWidth,
    e.classList.contains("goes-on"), e.tabIndex, e.getAttribute("aria-label")])"""


@pytest.fixture(scope="module")
def telephone(browser):
    with browser.new_context(viewport=TELEPHONE, has_touch=True) as context:
        yield context.new_page()


@pytest.mark.parametrize("page", PAGES)
def test_on_a_telephone_code_breaks_and_what_scrolls_says_so(telephone, page):
    telephone.goto((SITE / f"{page}.html").as_uri())
    telephone.evaluate("document.querySelectorAll('article details').forEach(d => d.open = true)")
    telephone.keyboard.press("Tab")  # else, what is further down waits (test_light_pages_…)
    telephone.wait_for_timeout(100)
    assert telephone.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    for kind, words, _, shows_it, tab_index, name in telephone.evaluate(WIDER):
        assert kind != "pre", f"code that does not break: {words}"
        assert shows_it, (kind, words)
        assert tab_index == 0, (kind, words)
        assert name.endswith("scrolls sideways"), (kind, words)


def test_letters_on_a_telephone_can_be_read(telephone):
    telephone.goto((SITE / "book/06_resources.html").as_uri())
    sizes = telephone.evaluate(
        "[...document.querySelectorAll('article :is(pre, td)')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert len(sizes) > 30
    assert min(sizes) >= 9


def test_a_broken_line_hangs_below_its_beginning_and_is_copied_whole(telephone):
    telephone.goto((SITE / "book/02_data.html").as_uri())
    line = telephone.locator("div.cell_input pre span.long").first
    rects = line.evaluate(
        "e => { const r = document.createRange(); r.selectNodeContents(e);"
        " return [...r.getClientRects()].map((b) => [b.left, b.top, b.bottom]); }"
    )
    top, bottom = min(r[1] for r in rects), max(r[2] for r in rects)
    assert bottom - top > 20  # it is broken
    first = min(r[0] for r in rects if r[1] < top + 5)
    assert all(r[0] > first + 5 for r in rects if r[1] > top + 12)


@pytest.mark.parametrize("width", [390, 1300])
def test_the_copy_button_copies_the_code_as_it_was_written(browser, width):
    with browser.new_context(viewport={"width": width, "height": 844}) as context:
        tab = context.new_page()
        tab.add_init_script(
            "document.addEventListener('copy', (e) => {"
            " window.copied = e.target.value ?? String(getSelection()); }, true);"
        )
        tab.goto((SITE / "book/02_data.html").as_uri())
        cell = tab.locator("div.cell_input:has(span.long)").first
        button = cell.locator("button.copybtn")
        button.focus()
        tab.keyboard.press("Enter")
        tab.wait_for_function("window.copied")
        written = cell.locator("pre").text_content().rstrip("\n")
        assert tab.evaluate("window.copied").replace("\r\n", "\n").rstrip("\n") == written
        assert max(map(len, written.splitlines())) > 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white_and_has_the_page_alone(browser, scheme):
    with browser.new_context(
        color_scheme=scheme, viewport={"width": 718, "height": 1000}
    ) as context:
        tab = context.new_page()  # as wide as A4 between its margins
        tab.goto((SITE / "book/06_resources.html").as_uri())
        tab.emulate_media(media="print")
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        shown = "s => [...document.querySelectorAll(s)].filter(e => e.checkVisibility()).length"
        nothing = ("button", "nav", ".plaything", ".headerlink", "#jb-print-docs-body", "dialog")
        assert [s for s in nothing if tab.evaluate(shown, s)] == []
        assert tab.evaluate(shown, "article h1") == 1
        assert tab.evaluate(shown, "details.solution > *") > 3
        closed = "document.querySelectorAll('article details:not(.hide):not([open])').length"
        assert tab.evaluate(closed) == 0
        assert tab.evaluate(shown, "article details.hide pre") == 0
        cut = "e => e.scrollWidth > e.clientWidth + 1 && e.textContent.slice(0, 60)"
        for pre in tab.locator("article pre:visible, article table:visible").all():
            assert not pre.evaluate(cut)
        ink = tab.locator("article p").first.evaluate("e => getComputedStyle(e).color")
        paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ink == "rgb(0, 0, 0)"
        assert paper in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
        tab.evaluate("dispatchEvent(new Event('afterprint'))")
        assert tab.evaluate(closed) == 3  # its solutions
