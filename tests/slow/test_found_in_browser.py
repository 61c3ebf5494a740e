"""The site's search, its page for what is not there, and whom its pages ask for anything.

Needs ``make book`` to have been run. The browser is the one of conftest.py.
"""

from __future__ import annotations

import functools
import http.server
import json
import re
import urllib.parse

import pytest

from tests.conftest import served
from tests.test_site import PAGES, SITE

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
    "DataLoader": "book/01_quickstart.html#",
    "paddle.io.DataLoader": "book/01_quickstart.html#",
    "CrossEntropyLoss": "book/any_program.html#",
    "paddle.optimizer.Adam": "book/05_optimisers.html#",
    "paddle.jit.to_static": "book/09_deployment.html#",
    "paddle.Model": "book/any_program.html#",
}
TERMS = {
    "softmax": "book/glossary.html#term-softmax",
    "weight decay": "book/glossary.html#term-weight-decay",
    "learning rate": "book/glossary.html#term-learning-rate",
    "early stopping": "book/glossary.html#term-early-stopping",
    "Early Stopping": "book/07_overfitting.html",
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


def test_a_search_finds_names_and_terms_among_its_first_three_results(searching):
    tab, search, _ = searching
    tab.goto(search)
    expected = CODE | TERMS
    found = dict(zip(expected, first_three(tab, list(expected)), strict=True))
    missed = {
        query: found[query]
        for query, link in expected.items()
        if not any(_leads_to(result, link) for result in found[query])
    }
    assert missed == {}


def first_three(tab, queries):
    """Of each query the first three results, in their order, as the page's own search has them."""
    tab.wait_for_function("Search.hasIndex()")
    return tab.evaluate(
        "queries => queries.map(q => Search._performSearch(...Search._parseQuery(q)).slice(-3)"
        ".reverse().map(result => `${result[0]}.html${result[2]}`))",
        queries,
    )


@pytest.mark.parametrize("query", ["load_image", "paddle.nn.Conv2D", "消融实验"])
def test_the_page_of_results_shows_them_without_complaint(searching, query):
    tab, search, complaints = searching
    tab.goto(f"{search}?q={urllib.parse.quote(query)}")
    tab.locator(".search-summary:not(:empty)").wait_for()
    links = tab.locator("ul.search > li > a")
    found = [links.nth(n).get_attribute("href") for n in range(min(3, links.count()))]
    assert found == first_three(tab, [query])[0]
    assert any(_leads_to(link, (CODE | TERMS)[query]) for link in found), found
    assert complaints == []


def _leads_to(link, expected):
    return link.startswith(expected) if expected.endswith("#") else link == expected


def test_a_search_from_any_page_s_field(browser, address):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{address}/book/02_data.html")
    # set when the page is ready, together with the key
    tab.wait_for_function("document.querySelector('.search-button__button').onclick !== null")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("paddle.nn.Conv2D")
    tab.keyboard.press("Enter")
    tab.locator("ul.search > li > a").first.click()
    tab.wait_for_load_state("networkidle")
    assert "/book/03_networks.html" in tab.url
    section = urllib.parse.urlsplit(tab.url).fragment
    assert section
    assert "Conv2D" in tab.locator(f"[id='{section}']").text_content()
    tab.close()


def test_every_term_of_the_glossary_is_among_the_first_three_results(browser, address):
    index = json.loads((SITE / "searchindex.js").read_text(encoding="utf-8")[16:-1])
    page = index["docnames"].index("book/glossary")
    terms = {
        entry: section
        for entry, places in index["indexentries"].items()
        for file, section, _ in places
        if file == page and section.startswith("term-")
    }
    assert len(terms) > 200
    tab = browser.new_page()
    tab.goto(f"{address}/search.html")
    ranked = first_three(tab, list(terms))
    missed = {
        term: found
        for (term, section), found in zip(terms.items(), ranked, strict=True)
        if f"book/glossary.html#{section}" not in found
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


@pytest.mark.parametrize("path", ["/zh/nowhere.html", "/zh/book/nowhere.html"])
def test_from_a_chinese_address_that_is_not_there_one_gets_to_the_chinese_book(
    browser, address, path
):
    """From the English page, the only one that many servers know, and from the Chinese one."""
    tab = browser.new_page()
    tab.goto(f"{address}{path}")
    assert tab.locator("h1").inner_text() == "There is no such page"
    tab.get_by_role("link", name="本书的中文版").click()
    tab.wait_for_url(f"{address}/zh/book/index.html")
    body = (SITE / "zh" / "404.html").read_text(encoding="utf-8")
    answer = {"status": 404, "body": body, "content_type": "text/html; charset=utf-8"}
    tab.route(f"**{path}", lambda route: route.fulfill(**answer))
    tab.goto(f"{address}{path}")
    assert tab.locator("h1").inner_text() == "没有这个网页"
    tab.get_by_role("link", name="首页").click()
    tab.wait_for_url(f"{address}/zh/book/index.html")
    tab.goto(f"{address}{path}")
    tab.get_by_role("link", name="This book in English").click()
    tab.wait_for_url(f"{address}/book/index.html")
    tab.close()


OTHER_PAGES = ("search", "genindex", "py-modindex", "404", "zh/404", "_modules/index",
               "_modules/mnist_helpers/training/loop")  # fmt: skip


def test_no_page_asks_anybody_else(browser, address):
    """Those that are not in the contents; those that are: tests/slow/test_site_in_browser.py."""
    context = browser.new_context()
    asked: dict[str, str] = {}
    context.route("**/*", lambda route: _let_pass(route, address, asked))
    tab = context.new_page()
    for page in OTHER_PAGES:
        tab.goto(f"{address}/{page}.html", wait_until="networkidle")
    tab.goto(f"{address}/", wait_until="networkidle")  # which leads on
    assert tab.url == f"{address}/book/index.html"
    assert asked == {}
    context.close()


def test_no_other_page_has_scripts_that_no_browser_has_run():
    """The sources of the library's modules, each a page, are too many to be opened one by one."""
    opened = {f"{page}.html" for page in (*PAGES, *OTHER_PAGES)}
    # test_chinese_site opens these two; they have words besides, and one script that shows them
    opened |= {"zh/book/index.html", "zh/search.html"}
    run = set().union(*(scripts_of(SITE / page) for page in opened))
    pages = [path for path in SITE.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 100
    for page in pages:
        assert scripts_of(page) <= run, page


def scripts_of(page):
    """The scripts of a page, by name, and those that stand in it, whole."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL)
    named = {re.sub(r"(\.\./)+", "", source) for source, _ in found if " src=" in source}
    inside = {re.sub(r"pagename = '[^']*'", "", body) for _, body in found if body.strip()}
    return {re.sub(r'.*?src="([^"?]*).*', r"\1", source) for source in named} | inside


def _let_pass(route, address, asked):
    """Answer for nobody else: what is asked of others is noted, with the page that asks."""
    url = route.request.url
    if url.startswith((f"{address}/", "data:", "blob:")):
        route.continue_()
    else:
        asked[url] = route.request.frame.url
        route.abort()
