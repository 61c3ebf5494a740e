"""Blocks and pictures that wait until one comes near: one notices nothing but the speed.

Needs ``make book`` to have been run.
"""

from __future__ import annotations

import pytest
from pypdf import PdfReader

from tests.test_site import SITE

CHAPTER = "book/06_resources"
WAITS = "article [style*='--tall']"
LAID_OUT = """s => [...document.querySelectorAll(s)].map(
  (e) => e.firstElementChild.checkVisibility({ contentVisibilityAuto: true }))"""
# From top to bottom, so that each block is near the window once
THROUGH = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo(0, y); await frame(); await frame();
  }
  scrollTo(0, 0); await frame(); await frame();
}"""
PLACES = """() => [...document.querySelectorAll("article section > :not(section)")].map((e) => {
  const { left, top, width, height } = e.getBoundingClientRect();
  return [left, top + scrollY, width, height].map(Math.round).join(" ") + " " + e.className;
})"""
STILL = """() => new Promise((resolve) => {
  let before = null, same = 0;
  const look = () => {
    same = scrollY === before ? same + 1 : 0;
    before = scrollY;
    same > 20 ? resolve() : requestAnimationFrame(look);
  };
  look();
})"""
TOP = "id => document.getElementById(id).querySelector('h2, h3').getBoundingClientRect().top"
MARKED = "document.querySelector('#pst-page-toc-nav a[aria-current]')?.hash"


@pytest.fixture(params=[1300, 390])
def tab(request, browser):
    size = {"width": request.param, "height": 900}
    with browser.new_context(viewport=size) as context:
        yield context.new_page()


def test_blocks_wait_until_one_comes_near_them(tab):
    tab.goto((SITE / f"{CHAPTER}.html").as_uri())
    laid_out = tab.evaluate(LAID_OUT, WAITS)
    assert len(laid_out) > 30
    assert sum(laid_out) < len(laid_out) / 3
    tab.locator(WAITS).last.scroll_into_view_if_needed()
    tab.wait_for_function(f'({LAID_OUT})("{WAITS}").at(-1)')


@pytest.mark.parametrize("page", [CHAPTER, "book/02_data", f"zh/{CHAPTER}"])
def test_a_block_that_has_waited_stands_where_it_would_have_stood(tab, page):
    tab.goto((SITE / f"{page}.html").as_uri())
    tab.evaluate(THROUGH)
    waited = tab.evaluate(PLACES)
    tab.evaluate(
        "s => document.querySelectorAll(s).forEach(e => e.removeAttribute('style'))", WAITS
    )
    assert tab.evaluate(PLACES) == waited


@pytest.mark.parametrize("way", ["from another page", "by the contents"])
def test_a_link_to_a_section_leads_there_and_the_contents_mark_it(tab, way):
    address = (SITE / f"{CHAPTER}.html").as_uri()
    tab.goto(address)
    ids = tab.evaluate("[...document.querySelectorAll('article section section')].map(s => s.id)")
    for name in (ids[len(ids) // 3], ids[-6]):
        tab.goto("about:blank")
        if way == "from another page":
            tab.goto(f"{address}#{name}")
        else:
            tab.goto(address)
            link = f"#pst-page-toc-nav a[href='#{name}']"
            tab.evaluate("s => document.querySelector(s).click()", link)
        tab.wait_for_function("scrollY > 0")
        tab.evaluate(STILL)
        assert 0 <= tab.evaluate(TOP, name) < 120
        assert tab.evaluate(MARKED) == f"#{name}"


def test_the_contents_mark_the_section_that_one_scrolls_to(tab):
    tab.goto((SITE / f"{CHAPTER}.html").as_uri())
    ids = tab.evaluate("[...document.querySelectorAll('article section section')].map(s => s.id)")
    for name in ids[2], ids[8]:
        tab.evaluate(
            "id => document.getElementById(id).scrollIntoView({ behavior: 'instant' })", name
        )
        tab.evaluate(STILL)
        tab.wait_for_function(f"{MARKED} === '#{name}'")


def test_tab_reaches_boxes_that_scroll_also_those_that_wait(tab):
    tab.goto((SITE / f"{CHAPTER}.html").as_uri())
    tab.keyboard.press("Tab")
    tab.wait_for_timeout(500)
    wide = tab.evaluate(
        "[...document.querySelectorAll('article :is(pre, table)')].filter((e) =>"
        " e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map((e) => e.tabIndex)"
    )
    assert len(wide) > 3 or tab.viewport_size["width"] > 600
    assert set(wide) <= {0}


def test_pictures_below_are_fetched_when_one_comes_near(tab):
    tab.goto((SITE / "book/index.html").as_uri(), wait_until="networkidle")
    images = "[...document.querySelectorAll('article img[loading=lazy]')]"
    there = ".filter((i) => i.checkVisibility()).map((i) => i.complete && i.naturalWidth > 0)"
    assert len(tab.evaluate(images + there)) > 8
    tab.evaluate(THROUGH)
    tab.wait_for_function(f"{images}{there}.every(Boolean)")


def test_paper_has_all_that_waits_without_scrolling(browser, tmp_path):
    tab = browser.new_page()
    tab.goto((SITE / "book/index.html").as_uri())
    many = tab.locator("article img:visible").count()
    assert many > 10
    tab.pdf(path=tmp_path / "front.pdf")
    assert sum(len(page.images) for page in PdfReader(tmp_path / "front.pdf").pages) >= many
    tab.goto((SITE / f"{CHAPTER}.html").as_uri())
    tab.emulate_media(media="print")
    assert all(tab.evaluate(LAID_OUT, WAITS))
    tab.close()


def test_a_table_that_scrolls_says_so_when_one_comes_to_it(browser):
    tab = browser.new_page(viewport={"width": 390, "height": 900})
    tab.goto((SITE / f"{CHAPTER}.html").as_uri())
    tab.evaluate(THROUGH)
    wide = tab.evaluate(
        "[...document.querySelectorAll('article table')].filter((e) => e.checkVisibility()"
        " && e.scrollWidth > e.clientWidth + 1).map((e) => [e.tabIndex, e.ariaLabel])"
    )
    assert len(wide) > 2
    assert all(told == [0, "Table, scrolls sideways"] for told in wide)
    tab.close()
