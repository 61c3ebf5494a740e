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
    if "_static" not in path.parts
    and path not in (SITE / "index.html", SITE / "zh" / "index.html")  # these only lead on
    and not path.is_relative_to(SITE / "zh" / "_modules")  # the same sources once more
)
LOOKS = [(width, scheme) for width in (1300, 390) for scheme in ("light", "dark")]
# The library's sources are many pages of one kind, and a Chinese page looks as the English one:
# each width and each scheme once
LOOKS_OF_LIKES = [(1300, "light"), (390, "dark")]
# A chapter has thousands of words of code in a dozen colours; one in each colour, in each kind of
# box, gives the same answers in a small part of the time.
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
# All rules but those of colours see the whole page, once in each width. Those of colours are run in
# each scheme: of all elements with the same letters on the same ground, they see two.
RUN = """async (all) => {
  const ofColours = ["color-contrast", "link-in-text-block"];
  const kinds = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const grounds = [];
    for (let e = element; e; e = e.parentElement) {
      const { backgroundColor, backgroundImage, opacity: veil } = getComputedStyle(e);
      grounds.push(backgroundColor, backgroundImage, veil);
    }
    const kind = [element.tagName, element.className, color, fontSize, fontWeight,
      grounds.filter((g) => !["rgba(0, 0, 0, 0)", "none", "1"].includes(g))].join("|");
    if (!kinds.has(kind)) kinds.set(kind, []);
    if (kinds.get(kind).length < 2 && element.checkVisibility()) kinds.get(kind).push(element);
  }
  const options = { resultTypes: ["violations"], preload: false };
  const found = [await axe.run({ include: [...kinds.values()].flat() },
    { ...options, runOnly: ofColours })];
  if (all) {
    const rules = Object.fromEntries(ofColours.map((rule) => [rule, { enabled: false }]));
    found.push(await axe.run(document, { ...options, rules }));
  }
  return found.flatMap((run) => run.violations).flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} (${rule.impact}): ${node.html.slice(0, 200)}\n    ${node.failureSummary}`));
}"""


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
    found, seen = [], set()
    for width, scheme in looks:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.evaluate("scheme => { document.documentElement.dataset.theme = scheme; }", scheme)
        tab.wait_for_timeout(50)  # what glides to its colour has another on the way
        first = width not in seen
        seen.add(width)
        found += [f"{width} px, {scheme}: {line}" for line in tab.evaluate(RUN, first)]
    return found


@pytest.mark.parametrize("page", EVERY)
def test_a_page_has_nothing_that_somebody_cannot_use(tab, axe, page):
    looks = LOOKS_OF_LIKES if page.startswith(("_modules/", "zh/")) else LOOKS
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
        "1300 px, light: color-contrast", "390 px, light: button-name",
        "390 px, light: color-contrast",
    ]  # fmt: skip
