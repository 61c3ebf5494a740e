"""The rendered site, as a reader meets it in a browser, in a wide window and in a narrow one.

Needs ``make book`` to have been run. The browser is the one of conftest.py.
"""

from __future__ import annotations

import functools
import http.server
import threading

import pytest

from tests.test_site import PAGES, SITE

WIDTHS = {"wide": 1280, "narrow": 390}


@pytest.fixture(scope="module")
def address():
    """The site, served on 127.0.0.1."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Handler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture(
    scope="module", params=[(page, width) for page in PAGES for width in WIDTHS], ids="-".join
)
def opened(request, browser, address):
    """One page, open in a window of one width, and what the browser complained of."""
    page, width = request.param
    complaints = []
    tab = browser.new_page(viewport={"width": WIDTHS[width], "height": 900})
    tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    # nobody else is asked for anything: not for a font, not for a script
    own = (f"{address}/", "data:", "blob:")
    tab.on("request", lambda r: None if r.url.startswith(own) else complaints.append(r.url))
    tab.on("requestfailed", lambda r: complaints.append(f"failed: {r.url}"))
    tab.on("response", lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else 0)
    tab.goto(f"{address}/{page}.html", wait_until="networkidle")
    yield tab, complaints
    tab.close()


def test_a_browser_opens_every_page_without_complaint(opened):
    tab, complaints = opened
    assert complaints == []
    assert tab.locator("article h1").first.is_visible()


def test_a_page_does_not_scroll_sideways(opened):
    tab, _ = opened
    width = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]


def test_images_are_loaded_and_fit(opened):
    tab, _ = opened
    images = tab.evaluate(
        "Promise.all([...document.querySelectorAll('article img')].map(async (i) => {"
        " i.loading = 'eager'; await i.decode().catch(() => 0);"  # those below wait else
        " return [i.src, i.complete && i.naturalWidth > 0, i.getBoundingClientRect().right]; }))"
    )
    for source, loaded, right in images:
        assert loaded, source
        assert right <= tab.viewport_size["width"], source


def test_solutions_are_folded_and_open_on_a_click(browser, address):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{address}/{PAGES[1]}.html", wait_until="networkidle")
    solution = tab.locator("details.solution").first
    code = solution.locator("pre").first
    assert not code.is_visible()
    solution.locator("summary").first.click()
    assert code.is_visible()
    tab.close()


def test_formulas_are_drawn(browser, address):
    tab = browser.new_page()
    tab.goto(f"{address}/{PAGES[1]}.html", wait_until="networkidle")
    box = tab.locator("article math").first.bounding_box()
    assert box["width"] > 50
    assert "$" not in tab.locator("article").inner_text()
    tab.close()


def test_the_front_page_leads_to_the_first_chapter(browser, address):
    tab = browser.new_page()
    tab.goto(f"{address}/", wait_until="networkidle")
    tab.locator("a.right-next").click()
    tab.wait_for_load_state("networkidle")
    assert tab.url.endswith(f"{PAGES[1]}.html")
    tab.close()


def test_a_figure_is_a_white_card_on_a_dark_page(browser, address):
    """And its colours are its own: the theme's filter would make the tints of areas white."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    tab.goto(f"{address}/{PAGES[1]}.html", wait_until="networkidle")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    look = tab.eval_on_selector("article .cell_output img", "i => ({...getComputedStyle(i)})")
    assert look["backgroundColor"] == "rgb(255, 255, 255)"
    assert "contrast" not in look["filter"]
    assert float(look["paddingLeft"].removesuffix("px")) > 4
    assert float(look["borderTopLeftRadius"].removesuffix("px")) > 4
    tab.close()


def test_formulas_are_set_with_the_font_that_the_site_brings(opened):
    tab, _ = opened
    shown = "e => e.checkVisibility({ contentVisibilityAuto: true })"
    has = tab.evaluate(f"() => [...document.querySelectorAll('article math')].some({shown})")
    loaded = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    fonts = tab.evaluate(f"() => document.fonts.ready.then(() => {loaded})")
    assert not has or any("Book Math" in family for family in fonts)
