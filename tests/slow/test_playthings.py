"""The playthings on the rendered pages: right numbers, keyboard, touch, from a file, no network.

Needs ``make book`` to have been run. The browser is the one of conftest.py.
"""

from __future__ import annotations

import importlib.util
import re

import nbformat
import numpy as np
import pytest

from tests.test_site import CHAPTERS, ROOT, SITE

PAGES = {"window": "book/03_networks", "softmax": "book/04_losses", "valley": "book/05_optimisers"}
SCRIPT = re.compile(r'<script[^>]+src="[^"]*playthings/(\w+)\.js')


def given(toy):
    """What the notebook gives the toy: its cell's metadata, and those of its output."""
    for cell in nbformat.read(ROOT / f"{PAGES[toy]}.ipynb", as_version=4).cells:
        if cell.metadata.get("plays", {}).get("toy") == toy:
            parts = [cell.metadata.plays, *(o.metadata.get("plays", {}) for o in cell.outputs)]
            return {key: value for part in parts for key, value in part.items()}
    raise AssertionError(f"no cell plays {toy}")


def numbers(text):
    """The numbers in a text of the page, which writes − for minus and commas for thousands."""
    found = re.findall(r"−?\d[\d,]*(?:\.\d+)?", text)
    return [float(word.replace("−", "-").replace(",", "")) for word in found]


@pytest.fixture
def play(browser):
    """A function: the toy on its page, opened from the file; at the end, nothing was fetched and
    nothing was complained of."""
    contexts, complaints, requests = [], [], []

    def opened(toy, width=1280, **settings):
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto((SITE / f"{PAGES[toy]}.html").as_uri())
        return tab.locator(f'.plaything[data-toy="{toy}"]')

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


def set_to(slider, value):
    """Move a slider as a script of the page would see a reader do it."""
    slider.evaluate(
        "(s, v) => { s.value = v; s.dispatchEvent(new Event('input', {bubbles: true})) }",
        str(value),
    )


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_page_has_the_scripts_of_its_own_toys_and_no_others(chapter):
    toys = [toy for toy, page in PAGES.items() if page == chapter]
    page = (SITE / f"{chapter}.html").read_text(encoding="utf-8")
    assert SCRIPT.findall(page) == (["playthings", *toys] if toys else [])
    assert page.count('class="plaything"') == len(toys)


@pytest.mark.parametrize(
    ("plays", "said"),
    [
        ({"toy": "swing"}, "no plaything 'swing'"),
        ({"toy": "valley", "start": 4}, "is not given: rate, steps"),
    ],
)
def test_a_cell_that_asks_for_what_is_not_there_is_found(plays, said):
    path = ROOT / "book" / "_extensions" / "playthings.py"
    spec = importlib.util.spec_from_file_location("playthings", path)
    playthings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(playthings)
    (fault,) = playthings.faults(plays)
    assert said in fault
    assert all(playthings.faults(given(toy)) == [] for toy in PAGES)


@pytest.mark.parametrize("toy", PAGES)
def test_without_scripts_only_the_figure_is_there(play, toy):
    box = play(toy, java_script_enabled=False)
    assert not box.is_visible()
    assert box.locator("xpath=preceding-sibling::*[1]").locator("img").is_visible()


@pytest.mark.parametrize("toy", PAGES)
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_its_words_can_be_read(play, toy, width, scheme):
    box = play(toy, width, color_scheme=scheme)
    box.scroll_into_view_if_needed()
    assert box.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        box.evaluate("""box => [...box.querySelectorAll('*')].filter(e =>
        e.getBoundingClientRect().right > box.getBoundingClientRect().right).length""")
        == 0
    )
    sizes = box.evaluate("""box => [...box.querySelectorAll('*')].filter(e => e.checkVisibility()
        && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .map(e => parseFloat(getComputedStyle(e).fontSize))""")
    assert min(sizes) >= 12
    text, paper = box.evaluate("""box => [getComputedStyle(box.querySelector('output')).color,
        getComputedStyle(document.body).backgroundColor]""")
    assert abs(sum(numbers(text)[:3]) - sum(numbers(paper)[:3])) > 400


@pytest.mark.parametrize("toy", PAGES)
def test_every_control_has_a_name_and_what_changes_is_announced(play, toy):
    box = play(toy)
    assert box.locator("output").count() == 1  # its role is "status": it is read out politely
    for control in box.locator("input, button, [tabindex]").all():
        assert control.evaluate(
            "e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim()"
        ), control


@pytest.mark.parametrize("toy", PAGES)
def test_the_keyboard_s_place_can_be_seen(play, toy):
    box = play(toy)
    first = box.locator("input, [tabindex]").first
    first.focus()
    box.page.keyboard.press("Tab")
    outline = box.page.evaluate(
        "[getComputedStyle(document.activeElement).outlineStyle,"
        " document.activeElement.closest('.plaything')?.dataset.toy]"
    )
    assert outline == ["solid", toy]


# --- the valley


def walk(rate, curvature, start, steps):
    places = [float(start)]
    for _ in range(steps):
        places.append(places[-1] * (1 - rate * curvature))
    return places


@pytest.mark.parametrize("curvature", [1, 2, 4])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95, 1, 1.05])
def test_the_valley_is_descended_below_2_over_c_and_left_beyond(play, curvature, share):
    box = play("valley")
    by_rate, by_curvature = box.get_by_role("slider").all()
    set_to(by_curvature, curvature)
    set_to(by_rate, 2 / curvature * share)
    rate = float(by_rate.input_value())  # it has steps
    facts = given("valley")
    places = walk(rate, curvature, facts["start"], facts["steps"])
    shown = numbers(box.locator("p.numbers").inner_text())
    np.testing.assert_allclose(shown, places, atol=0.006, rtol=0.001)
    text = box.locator("output").inner_text()
    assert f"2/c = {2 / curvature:.2f}" in text
    border = rate * curvature - 2
    assert ("diverges" in text) == (border > 1e-9)
    assert ("On the border" in text) == (abs(border) < 1e-9)
    assert abs(shown[-1]) > abs(shown[0]) if border > 1e-9 else abs(shown[-1]) <= abs(shown[0])


def test_a_place_far_away_is_written_in_powers_of_ten(play):
    box = play("valley")
    by_rate, by_curvature = box.get_by_role("slider").all()
    set_to(by_curvature, 4)
    set_to(by_rate, 2.4)
    last = walk(2.4, 4, **{key: given("valley")[key] for key in ("start", "steps")})[-1]
    assert last > 1e6
    mantissa, power = f"{last:.1e}".split("e+")
    power = power.lstrip("0").translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    assert f"w\u00a0=\u00a0{mantissa} × 10{power}." in box.locator("output").inner_text()
    assert "leaves the picture" in box.locator("svg").inner_html()


def test_arrow_keys_move_the_rate_and_the_picture_follows(play):
    box = play("valley")
    by_rate = box.get_by_role("slider").first
    by_rate.focus()
    rate, picture = float(by_rate.input_value()), box.locator("svg").inner_html()
    assert rate == given("valley")["rate"]
    by_rate.press("ArrowRight")
    assert float(by_rate.input_value()) == pytest.approx(rate + 0.05)
    assert box.locator("svg").inner_html() != picture
    assert box.locator("circle.place").count() == given("valley")["steps"] + 1


# --- softmax


def softmax(z):
    powers = np.exp(np.asarray(z) - np.max(z))
    return powers / powers.sum()


def probabilities(box):
    return [float(text) for text in box.locator(".probability .value").all_inner_texts()]


@pytest.mark.parametrize("logits", [None, [0, 0, 0], [-10, 10, 9.9], [1.5, -0.3, 1.4]])
def test_softmax_is_numpy_s(play, logits):
    box = play("softmax")
    if logits is None:
        logits = given("softmax")["logits"]
    else:
        for slider, value in zip(box.get_by_role("slider").all(), logits, strict=True):
            set_to(slider, value)
    expected = softmax(logits)
    np.testing.assert_allclose(probabilities(box), expected, atol=0.00051)
    np.testing.assert_allclose(
        numbers(box.locator("output").inner_text())[:6], [*logits, *expected], atol=0.00051
    )
    total = float(np.exp(logits).sum())
    assert numbers(box.locator("p.numbers").inner_text())[0] == pytest.approx(total, rel=0.01)
    widths = [
        bar.evaluate("b => b.getBoundingClientRect().width / b.parentNode.clientWidth")
        for bar in box.locator(".bar span").all()
    ]
    np.testing.assert_allclose(widths, expected, atol=0.01)


def test_a_shift_of_all_three_changes_no_probability(play):
    box = play("softmax")
    before = probabilities(box)
    more = box.get_by_role("button", name="all three + 1")
    for _ in range(2):
        more.press("Enter")
    values = [float(slider.input_value()) for slider in box.get_by_role("slider").all()]
    assert values == [z + 2 for z in given("softmax")["logits"]]
    assert probabilities(box) == before
    assert "No probability has changed" in box.locator("output").inner_text()
    while more.is_enabled():
        more.click()
    assert max(float(slider.input_value()) for slider in box.get_by_role("slider").all()) <= 10
    assert probabilities(box) == before
    box.get_by_role("button", name="start again").click()
    values = [float(slider.input_value()) for slider in box.get_by_role("slider").all()]
    assert values == given("softmax")["logits"]


# --- the window


WINDOWS = {name: np.array(weights) for name, weights in given("window")["windows"]}


def pixels():
    rows = [np.frombuffer(bytes.fromhex(row), np.uint8) for row in given("window")["picture"]]
    return np.stack(rows) / 255


def sums(weights):
    """The whole map, by NumPy."""
    views = np.lib.stride_tricks.sliding_window_view(pixels(), weights.shape)
    return (views * weights).sum(axis=(2, 3))


def said(box):
    """Row, column and sum, as the toy says them."""
    row, column, *_, total = numbers(box.locator("output").inner_text())
    return int(row), int(column), total


def point(box, row, column, size):
    """Where on the page the middle of such a window is."""
    frame = box.locator(".digit canvas").bounding_box()
    scale = frame["width"] / 28
    return (
        frame["x"] + scale * (column + size / 2),
        frame["y"] + scale * (row + size / 2),
    )


@pytest.mark.parametrize("name", WINDOWS)
def test_the_window_s_sum_is_numpy_s_at_every_place_that_is_visited(play, name):
    box = play("window", 700)
    box.get_by_label(name).check()
    weights = WINDOWS[name]
    expected = sums(weights)
    assert np.abs(expected).max() > 0.5  # there is something to see
    mouse = box.page.mouse
    box.locator(".digit canvas").scroll_into_view_if_needed()
    for row, column in [(0, 0), (7, 9), (12, 15), (20, 11), tuple(np.array(expected.shape) - 1)]:
        mouse.click(*point(box, row, column, len(weights)))
        assert said(box)[:2] == (row, column)
        assert said(box)[2] == pytest.approx(expected[row, column], abs=0.0051)
        seen = [numbers(text) for text in box.locator(".seen td").all_inner_texts()]
        part = pixels()[row : row + len(weights), column : column + len(weights)]
        np.testing.assert_allclose(seen, np.c_[part.ravel(), weights.ravel()], atol=0.0051)


@pytest.mark.parametrize("name", WINDOWS)
def test_slid_over_all_it_draws_the_map_of_the_sums(play, name):
    box = play("window")
    box.get_by_label(name).check()
    box.get_by_role("button", name="slide it over all").click()
    drawn = box.locator(".map canvas").evaluate("""c => [c.width, c.height,
        ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]""")
    expected = sums(WINDOWS[name])
    assert tuple(drawn[:2]) == expected.shape
    picture = np.array(drawn[2:]).reshape(*expected.shape, 4)
    weights = WINDOWS[name]
    lowest, highest = weights[weights < 0].sum(), weights[weights > 0].sum()
    darkness = (expected - lowest) / (highest - lowest)
    np.testing.assert_allclose(picture[..., 0], 255 * (1 - darkness), atol=0.51)
    assert (picture[..., 3] == 255).all()
    assert f"{expected.size} drawn" in box.locator(".map figcaption").inner_text()
    box.get_by_role("button", name="empty the map").click()
    assert ": 1 drawn" in box.locator(".map figcaption").inner_text()


def test_arrow_keys_move_the_window_to_the_edge_and_the_page_stays(play):
    box = play("window")
    field = box.get_by_role("application")
    field.focus()
    row, column, _ = said(box)
    top = box.evaluate("window.scrollY")
    for key, by in [("ArrowUp", (-1, 0)), ("ArrowLeft", (0, -1)), ("ArrowDown", (1, 0)),
                    ("ArrowRight", (0, 1)), ("ArrowRight", (0, 1))]:  # fmt: skip
        field.press(key)
        row, column = row + by[0], column + by[1]
        assert said(box)[:2] == (row, column)
    for _ in range(30):
        field.press("ArrowDown")
    assert said(box)[:2] == (25, column)
    assert box.evaluate("window.scrollY") == top


def test_a_drag_draws_every_place_on_its_way(play):
    box = play("window", 700)
    box.locator(".digit canvas").scroll_into_view_if_needed()
    mouse = box.page.mouse
    mouse.move(*point(box, 3, 3, 3))
    mouse.down()
    mouse.move(*point(box, 3, 20, 3))  # one event
    mouse.move(*point(box, 27, 20, 3))  # beyond the edge
    mouse.up()
    mouse.move(*point(box, 5, 5, 3))  # the button is up: nothing more
    assert said(box)[:2] == (25, 20)
    drawn = box.locator(".map canvas").evaluate("""c => [...c.getContext('2d')
        .getImageData(0, 0, 26, 26).data].filter((_, i) => i % 4 === 3)""")
    drawn = np.array(drawn).reshape(26, 26) == 255
    assert drawn[3, 3:21].all()
    assert drawn[3:, 20].all()
    assert drawn.sum() == 18 + 22 + 1  # and the place where it stood at first


def test_a_finger_drags_the_window_and_moves_a_slider(play):
    for toy in ("window", "softmax"):
        box = play(toy, 360, has_touch=True, is_mobile=True)
        target = box.locator(".digit canvas" if toy == "window" else "input >> nth=1")
        target.scroll_into_view_if_needed()
        top = box.evaluate("window.scrollY")
        frame = target.bounding_box()
        finger = box.page.context.new_cdp_session(box.page)

        def touch(kind, *places, finger=finger):
            points = [{"x": x, "y": y} for x, y in places]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        if toy == "window":
            touch("touchStart", point(box, 4, 4, 3))
            assert said(box)[:2] == (4, 4)
            touch("touchMove", point(box, 18, 9, 3))
            touch("touchEnd")
            assert said(box)[:2] == (18, 9)
            assert said(box)[2] == pytest.approx(
                sums(next(iter(WINDOWS.values())))[18, 9], abs=0.0051
            )
        else:
            middle = frame["y"] + frame["height"] / 2
            touch("touchStart", (frame["x"] + frame["width"] / 2, middle))
            touch("touchMove", (frame["x"] + frame["width"] * 0.8, middle))
            touch("touchEnd")
            assert float(target.input_value()) > 4
        assert box.evaluate("window.scrollY") == top  # it was not the page that moved
