"""Every page of the site by axe-core's rules: what somebody could not see, hear or reach.

Wide and narrow, light and dark. Needs ``make book`` to have been run. No rule is switched off.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import os

import pytest

from tests.test_site import SITE

EVERY = sorted(
    str(path.relative_to(SITE))
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and path != SITE / "index.html"  # that one only leads on
)
LOOKS = [(width, scheme) for width in (1300, 390) for scheme in ("light", "dark")]
# The library's sources are many pages of one kind: of colours and of widths they have no more
LOOKS_OF_SOURCES = [(1300, "light"), (390, "dark")]
# A chapter has thousands of words of code in a dozen colours. Of each colour in each kind of box
# one is looked at: that is a minute less for each page, and the same answer.
ONE_OF_EACH_COLOUR = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span")) {
    if (word.id || word.querySelector("a, [id]")) continue;
    const box = word.closest(".highlight").parentElement.className;
    const outer = word.parentElement.closest("pre span")?.className;
    const kind = [box, outer, word.className, Boolean(word.closest("details, a"))].join("|");
    if (seen.has(kind)) word.replaceWith(...word.childNodes);
    seen.add(kind);
  }
  document.querySelectorAll(".highlight pre").forEach((box) => box.normalize());
}"""
RUN = """() => axe.run({ resultTypes: ["violations"], preload: false }).then((found) =>
  found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} (${rule.impact}): ${node.html.slice(0, 200)}\\n    ${node.failureSummary}`)))"""


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's script."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        line = "there is no axe-core: the package axe-playwright-python has it"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(f"REQUIRE_BROWSER is set, but {line}")
        pytest.skip(line)
    script = importlib.resources.files("axe_playwright_python") / "axe.min.js"
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tab(browser):
    with browser.new_context() as context:
        yield context.new_page()


def violations(tab, axe: str, address: str, looks) -> list[str]:
    """What axe-core says of a page, in each of these looks."""
    tab.set_viewport_size({"width": looks[0][0], "height": 900})
    tab.emulate_media(color_scheme=looks[0][1], reduced_motion="reduce")
    tab.goto(address)
    tab.evaluate(axe)
    tab.evaluate(ONE_OF_EACH_COLOUR)
    found = []
    for width, scheme in looks:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.evaluate("scheme => { document.documentElement.dataset.theme = scheme; }", scheme)
        tab.wait_for_timeout(50)  # what glides to its colour has another on the way
        found += [f"{width} px, {scheme}: {line}" for line in tab.evaluate(RUN)]
    return found


@pytest.mark.parametrize("page", EVERY)
def test_a_page_has_nothing_that_somebody_cannot_use(tab, axe, page):
    looks = LOOKS_OF_SOURCES if page.startswith("_modules/") else LOOKS
    assert violations(tab, axe, (SITE / page).as_uri(), looks) == []


def test_what_is_wrong_is_found_in_the_looks_that_have_it(tab, axe, tmp_path):
    (tmp_path / "x.html").write_text(
        """<!DOCTYPE html><html lang="en"><title>x</title><style>
        [data-theme=light] p { color: #bbb } @media (min-width: 600px) { button { display: none } }
        [data-theme=dark] { background: #000; color: #fff }
        </style><main><h1>x</h1><p>pale</p><button></button></main>"""
    )
    found = violations(tab, axe, (tmp_path / "x.html").as_uri(), LOOKS)
    assert sorted(line.split(" (")[0] for line in found) == [
        "1300 px, light: color-contrast", "390 px, dark: button-name",
        "390 px, light: button-name", "390 px, light: color-contrast",
    ]  # fmt: skip
