"""Both languages in a browser: the way between them, and the search for Chinese words.

Needs ``make book`` to have been run. The browser is the one of conftest.py.
"""

from __future__ import annotations

import re

import pytest

from tests.slow.test_site_in_browser import address  # noqa: F401  # a fixture
from tests.test_site import PAGES, SITE

if not (SITE / "zh" / "index.html").exists():
    pytest.skip("no Chinese site: make book renders it", allow_module_level=True)

RUNNING = "book/running"  # a page that is translated
SECTION = "one-notebook-on-its-own"


@pytest.fixture
def tab(browser):
    made = browser.new_page(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


def press(tab):
    """As a mouse does: where the button is, without scrolling to it first."""
    box = tab.locator("a.btn-language").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_button_leads_to_the_same_section_and_back(tab, address):  # noqa: F811
    tab.goto(f"{address}/{RUNNING}.html#{SECTION}", wait_until="networkidle")
    press(tab)
    tab.wait_for_url(f"{address}/zh/{RUNNING}.html#{SECTION}")
    assert tab.locator(f"section#{SECTION} h2").inner_text().startswith("单独一个")
    assert tab.locator("a.btn-language").get_attribute("lang") == "en"
    press(tab)
    tab.wait_for_url(f"{address}/{RUNNING}.html#{SECTION}")


def test_from_the_top_it_leads_to_the_top(tab, address):  # noqa: F811
    tab.goto(f"{address}/{RUNNING}.html", wait_until="networkidle")
    press(tab)
    tab.wait_for_url(f"{address}/zh/{RUNNING}.html")


@pytest.mark.parametrize("query", ["内置样本", "重启内核", "画板", "MNIST_DIR"])
def test_the_search_finds_chinese_words_inside_longer_ones(tab, address, query):  # noqa: F811
    tab.goto(f"{address}/zh/search.html?q={query}", wait_until="networkidle")
    found = tab.locator("#search-results a[href*='running.html']").first
    found.wait_for()


def test_the_search_does_not_find_what_is_nowhere(tab, address):  # noqa: F811
    tab.goto(f"{address}/zh/search.html?q=鳄鱼饲养", wait_until="networkidle")
    tab.locator("#search-results .search-summary").wait_for()
    assert tab.locator("#search-results li").count() == 0


def test_the_field_speaks_chinese(tab, address):  # noqa: F811
    tab.goto(f"{address}/zh/book/draw.html", wait_until="networkidle")
    assert "写" in tab.locator(".digit-canvas .field").get_attribute("aria-label")
    said = tab.locator(".draw-digit .title").first.inner_text()
    assert re.search(r"（第 \d+ 章）", said)


@pytest.mark.parametrize("page", PAGES)
def test_a_browser_opens_every_chinese_page_without_complaint(tab, address, page):  # noqa: F811
    complaints = []
    tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("response", lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else 0)
    tab.goto(f"{address}/zh/{page}.html", wait_until="networkidle")
    assert complaints == []
    wide = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]


# Formulas, and the signs behind them that begin the next line
ALONE = """() => [...document.querySelectorAll("article math")].filter((math) => {
  const text = math.nextSibling;
  if (text?.nodeType !== Node.TEXT_NODE || !/^[，。、；：？！）]/.test(text.data)) return false;
  const sign = document.createRange();
  sign.setStart(text, 0);
  sign.setEnd(text, 1);
  return sign.getBoundingClientRect().left < math.getBoundingClientRect().left;
}).map((math) => math.parentElement.textContent.slice(0, 40))"""


@pytest.mark.parametrize("width", [360, 390, 412])
def test_no_line_begins_with_the_sign_behind_a_formula(tab, width):
    tab.set_viewport_size({"width": width, "height": 800})
    for page in ("01_quickstart", "03_networks", "06_resources", "08_resume"):
        tab.goto((SITE / "zh" / "book" / f"{page}.html").as_uri())
        tab.evaluate("document.querySelectorAll('article details').forEach(d => d.open = true)")
        assert tab.evaluate(ALONE) == [], page


def test_a_heading_that_fits_takes_one_line_on_a_telephone(tab):
    """The link behind it, which does not show there, takes no other."""
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.goto((SITE / "zh" / "book" / "from_the_course.html").as_uri())
    heights = tab.locator("article section h2").evaluate_all(
        "all => all.map((h) => h.clientHeight / parseFloat(getComputedStyle(h).lineHeight))"
    )
    assert len(heights) > 8
    assert max(heights) < 1.5
