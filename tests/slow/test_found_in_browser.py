"""The site's search, its page for what is not there, and every request that a browser makes.

Needs ``make book`` to have been run. The browser is the one of conftest.py.
"""

from __future__ import annotations

import functools
import http.server
import json
import urllib.parse

import pytest

from tests.conftest import served
from tests.test_site import SITE

# What a reader may type, and where the answer is: among the first three results
CODE = {
    "load_image": "book/reference.html#mnist_helpers.data.load_image",
    "fit": "book/reference.html#mnist_helpers.training.fit",
    "batches": "book/reference.html#mnist_helpers.data.batches",
    "evaluate": "book/reference.html#mnist_helpers.evaluation.evaluate",
    "mnist_helpers.data.load": "book/reference.html#mnist_helpers.data.load",
    "launch_elastic": "book/reference.html#mnist_helpers.distributed.launch_elastic",
    "paddle.nn.Conv2D": "book/03_networks.html#",
    "nn.Conv2D": "book/03_networks.html#",
    "Conv2D": "book/03_networks.html#",
    "paddle.nn.Linear": "book/01_quickstart.html#",
    "DataLoader": "book/02_data.html#",
    "paddle.io.DataLoader": "book/02_data.html#",
    "CrossEntropyLoss": "book/04_losses.html#",
    "paddle.optimizer.Adam": "book/05_optimisers.html#",
    "paddle.jit.to_static": "book/09_deployment.html#",
    "paddle.Model": "book/any_program.html#",
}
TERMS = {
    "softmax": "book/glossary.html#term-softmax",
    "weight decay": "book/glossary.html#term-weight-decay",
    "learning rate": "book/glossary.html#term-learning-rate",
    "early stopping": "book/glossary.html#term-early-stopping",
    "Early Stopping": "book/07_overfitting.html#early-stopping",
    "overfitting": "book/07_overfitting.html",
    "receptive field": "book/glossary.html#term-receptive-field",
    "消融实验": "book/glossary.html#",
    "准确率": "book/glossary.html#",
    "benchmarks": "book/benchmarks.html",
    "AI Studio": "book/running.html",
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """As the servers of books do it: what is not there is answered with 404.html."""

    def send_error(self, code, message=None, explain=None):
        body = (SITE / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    """The site, served on 127.0.0.1."""
    with served(functools.partial(Handler, directory=str(SITE))) as address:
        yield address


@pytest.fixture(scope="module", params=["served", "opened from its folder"])
def searching(request, browser):
    """A tab, the address of the search, from a server and as a file, and what was complained of."""
    tab = browser.new_page()
    complaints = []
    tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    if request.param == "served":
        yield tab, request.getfixturevalue("address") + "/search.html", complaints
    else:
        yield tab, (SITE / "search.html").as_uri(), complaints
    tab.close()


@pytest.mark.parametrize("query", [*CODE, *TERMS])
def test_a_search_finds_a_name_or_a_term_among_its_first_three_results(searching, query):
    tab, search, complaints = searching
    tab.goto(f"{search}?q={urllib.parse.quote(query)}")
    tab.locator(".search-summary:not(:empty)").wait_for()
    links = tab.locator("ul.search > li > a")
    found = [links.nth(n).get_attribute("href") for n in range(min(3, links.count()))]
    expected = (CODE | TERMS)[query]
    assert any(_leads_to(link, expected) for link in found), found
    assert complaints == []


def _leads_to(link, expected):
    return link.startswith(expected) if expected.endswith("#") else link == expected


def test_a_search_from_any_page_s_field(browser, address):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{address}/book/02_data.html", wait_until="networkidle")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("paddle.nn.Conv2D")
    tab.keyboard.press("Enter")
    tab.locator("ul.search > li > a").first.click()
    tab.wait_for_load_state("networkidle")
    assert "/book/03_networks.html" in tab.url
    section = urllib.parse.urlsplit(tab.url).fragment
    assert section
    assert "Conv2D" in tab.locator(f"[id='{section}']").inner_text()
    tab.close()


def test_every_term_of_the_glossary_is_the_first_of_what_is_found(browser, address):
    """Or among the first three, where the library or a section has its very name."""
    index = json.loads((SITE / "searchindex.js").read_text(encoding="utf-8")[16:-1])
    page = index["docnames"].index("book/glossary")
    terms = {
        entry: section
        for entry, places in index["indexentries"].items()
        for file, section, main in places
        if file == page and main is not None and section.startswith("term-")
    }
    assert len(terms) > 200
    tab = browser.new_page()
    tab.goto(f"{address}/search.html", wait_until="networkidle")
    ranked = tab.evaluate(
        "queries => queries.map(q => Search._performSearch(...Search._parseQuery(q))"
        ".slice(-3).map(result => result[0] + result[2]))",
        list(terms),
    )
    missed = {
        term: found
        for (term, section), found in zip(terms.items(), ranked, strict=True)
        if f"book/glossary#{section}" not in found
    }
    assert missed == {}
    tab.close()


@pytest.mark.parametrize("path", ["/nowhere.html", "/book/nowhere.html", "/book/a/b/c/nowhere",
                                  "/_modules/mnist_helpers/nowhere.html"])  # fmt: skip
def test_what_is_not_there_leads_back_from_any_depth(browser, address, path):
    tab = browser.new_page(viewport={"width": 390, "height": 800})
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    assert tab.goto(f"{address}{path}", wait_until="networkidle").status == 404
    assert {url for url in asked if "favicon" not in url} == {f"{address}{path}"}
    assert tab.locator("h1").inner_text() == "There is no such page"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.get_by_role("searchbox").fill("softmax")
    tab.get_by_role("button").click()
    tab.locator("ul.search > li").first.wait_for()
    tab.go_back()
    tab.get_by_role("link", name="first page").click()
    tab.wait_for_load_state("networkidle")
    assert tab.url == f"{address}/book/index.html"
    tab.close()


def test_no_page_asks_anybody_else(browser, address):
    """Every file of HTML that the site has, with all that its scripts ask for."""
    context = browser.new_context()
    asked: dict[str, str] = {}
    context.route("**/*", lambda route: _let_pass(route, address, asked))
    tab = context.new_page()
    pages = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    assert len(pages) > 100
    for page in pages:
        tab.goto(f"{address}/{page}", wait_until="load")
        tab.evaluate("window.scrollTo(0, document.body?.scrollHeight ?? 0)")
    tab.wait_for_load_state("networkidle")
    assert asked == {}
    context.close()


def _let_pass(route, address, asked):
    """Answer for nobody else: what is asked of others is noted, with the page that asks."""
    url = route.request.url
    if url.startswith((f"{address}/", "data:", "blob:")):
        route.continue_()
    else:
        asked[url] = route.request.frame.url
        route.abort()
