"""The page "Draw a digit" in a browser: the answers are Python's, from a file and over HTTP, drawn
with a mouse, a finger and the keyboard; nothing is loaded before it is touched.

Needs ``make book`` to have been run. The browser is the one of conftest.py.
"""

from __future__ import annotations

import base64
import functools
import http.server
import re
from urllib.parse import unquote, urlsplit

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from mnist_helpers.data import from_drawing, load, to_floats
from tests.conftest import served
from tests.slow.test_site_in_browser import WIDTHS
from tests.test_site import ROOT, SITE
from tools.drawing import training
from tools.drawing.scripts import script

PAGE, FRONT = "book/draw", "book/index"
OURS = re.compile(r"/_static/(draw/|digit_canvas)")  # what only these pages load
LATE = re.compile(r"/_static/draw/(?!draw\.)")  # and only when they are touched
MOST = 1.5e6  # bytes
CLOSE = 1e-4  # how far a probability, or a regression's number, may lie from Python's
BITS = "bytes => btoa(Array.from(bytes, b => String.fromCharCode(b)).join(''))"


@pytest.fixture(scope="module")
def addresses():
    """Where the site is, as a folder and over HTTP."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with served(functools.partial(Handler, directory=str(SITE))) as address:
        yield {"file": SITE.as_uri(), "http": address}


class Tab:
    """A page with a field to draw on, and what it has asked for and complained of."""

    def __init__(self, browser, address, page=PAGE, width=1280, **settings):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        self.tab = self.context.new_page()
        self.requests, self.complaints = [], []
        self.tab.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else 0)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(f"{address}/{page}.html", wait_until="load")
        self.field = self.tab.locator(".draw-digit .field")
        self.said = self.tab.locator(".draw-digit output")

    def run(self, code, argument=None):
        return self.tab.evaluate(code, argument)

    def point(self, x, y):
        """Where on the screen a place of the field is, in its own 280 × 280."""
        frame = self.tab.locator(".draw-digit .field canvas").bounding_box()
        scale = frame["width"] / 280
        return frame["x"] + x * scale, frame["y"] + y * scale

    def draw(self, strokes):
        """With the mouse, as a hand would: many small moves."""
        self.field.scroll_into_view_if_needed()
        for stroke in strokes:
            self.tab.mouse.move(*self.point(*stroke[0]))
            self.tab.mouse.down()
            for place in stroke[1:]:
                self.tab.mouse.move(*self.point(*place), steps=2)
            self.tab.mouse.up()

    def ready(self):
        """All networks are there, and have answered what is drawn now."""
        self.tab.wait_for_function("document.querySelector('.draw-digit output.aloud')")
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def pixels(self):
        text = self.run(f"({BITS})(document.querySelector('.draw-digit').canvas.pixels)")
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(280, 280)

    def shown(self, name):
        """What a network's card says: its digit, and the numbers in it."""
        card = self.tab.locator(f'[data-network="{name}"]')
        numbers = [card.locator(".answer span").inner_text()]
        numbers += card.locator(".probability .value").all_inner_texts()
        found = [float(re.search(r"−?[\d.]+", text)[0].replace("−", "-")) for text in numbers]
        return int(card.locator(".answer strong").inner_text()), found


@pytest.fixture
def opened(browser, addresses):
    """A function: a page, opened in one of the two ways. At the end, nobody else was asked."""
    tabs = []

    def open_page(way="file", **settings):
        tabs.append(Tab(browser, addresses[way], **settings))
        return tabs[-1]

    yield open_page
    own = ("data:", *addresses.values())
    for tab in tabs:
        tab.context.close()
        assert tab.complaints == []
        assert [url for url in tab.requests if not url.startswith(own)] == []


def strokes_of(seed):
    """A drawing, different for each seed: of one to three strokes that bend as they like; some are
    straight and upright, where the middle lies between two pixels."""
    rng = np.random.default_rng(seed)
    if seed % 10 == 0:
        x, end = rng.integers(20, 260), rng.integers(60, 270)
        return [[[int(x), 30], [int(x), int(end)]]]
    strokes = []
    for _ in range(rng.integers(1, 4)):
        place, pace = rng.uniform(40, 240, 2), rng.normal(0, 12, 2)
        stroke = [place]
        for _ in range(rng.integers(2, 20)):
            pace = pace + rng.normal(0, 6, 2)
            stroke.append(np.clip(stroke[-1] + pace, 5, 275))
        strokes.append(np.round(stroke, 1).tolist())
    return strokes


@functools.cache
def model(name):
    return training.trained(name)


def by_python(name, images):
    """What Paddle answers: probabilities [n, 10], or numbers [n, 1]."""
    with paddle.no_grad():
        outputs = model(name)(paddle.to_tensor(images))
        return (F.softmax(outputs) if outputs.shape[1] > 1 else outputs).numpy()


def check_same(found, expected):
    """Within 1e-4, and the same digit (unless the two most likely are closer than that)."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE)
    if expected.shape[1] == 1:
        away = np.abs(expected - np.floor(expected) - 0.5).ravel()  # from the next half
        same = np.rint(found).ravel() == np.rint(expected).ravel()
    else:
        first, second = np.sort(expected, axis=1)[:, :-3:-1].T
        away = first - second
        same = found.argmax(1) == expected.argmax(1)
    assert (same | (away < CLOSE)).all()
    assert (away < CLOSE).sum() <= len(expected) // 100


LET_RUN = """images => {
  const bytes = Uint8Array.from(atob(images), letter => letter.charCodeAt(0));
  const pixels = new Float32Array(bytes.buffer);
  return Object.entries(drawDigit.networks).map(([name, { layers }]) => {
    const answers = [];
    for (let i = 0; i < pixels.length; i += 784) {
      answers.push([...drawDigit.run(layers, pixels.subarray(i, i + 784)).at(-1)]);
    }
    return [name, answers];
  });
}"""


def by_page(tab, images):
    return dict(tab.run(LET_RUN, base64.b64encode(images.tobytes()).decode()))


def test_a_thousand_test_digits_get_the_answers_that_python_gives(opened):
    tab = opened()
    tab.draw(strokes_of(1))
    tab.ready()
    images = to_floats(load("test", quiet=True).images[:1000])
    found = by_page(tab, images)
    assert sorted(found) == sorted(training.NETWORKS)
    for name, answers in found.items():
        expected = by_python(name, images)
        print(f"{name}: {np.abs(answers - expected).max():.1e} of {len(images)} test digits")
        check_same(np.array(answers), expected)


PREPARED = "[...drawDigit.prepare(document.querySelector('.draw-digit').canvas.pixels, 280)]"


def check_drawing(tab, worst):
    """What is drawn now: the pixels, their form and all answers, shown ones included."""
    tab.ready()
    images = from_drawing(tab.pixels())
    prepared = np.array(tab.run(PREPARED), np.float32).reshape(1, 1, 28, 28)
    worst["grey levels"].append(255 * np.abs(prepared - images).max())
    assert worst["grey levels"][-1] < 1
    for name, answers in by_page(tab, prepared).items():
        expected = by_python(name, images)
        worst[name].append(np.abs(answers - expected).max())
        check_same(np.array(answers), expected)
        digit, numbers = tab.shown(name)
        if expected.shape[1] == 1:
            assert numbers[0] == pytest.approx(expected.item(), abs=0.0052)
            assert abs(digit - np.clip(expected.item(), 0, 9)) < 0.5 + CLOSE
        else:
            # one decimal is shown, and "> 99.9" for what would be rounded to 100.0
            np.testing.assert_allclose(numbers[1:], np.minimum(100 * expected[0], 99.94), atol=0.06)
            assert expected[0, digit] > expected.max() - CLOSE


@pytest.mark.parametrize(("way", "width"), [("file", 1280), ("http", 390)])
def test_a_hundred_drawings_get_the_answers_that_python_gives(opened, way, width):
    """Twelve of them are drawn with a mouse; in two windows, two hundred in all."""
    tab = opened(way, width=width)
    worst = {name: [] for name in ("grey levels", *training.NETWORKS)}
    for seed in range(100):
        strokes = strokes_of(seed + 1000 * width)
        if seed % 9 == 0:
            tab.run("document.querySelector('.draw-digit').canvas.clear()")
            tab.draw(strokes)
            drawn = tab.run("document.querySelector('.draw-digit').canvas.strokes")
            assert [len(stroke) > len(its) for stroke, its in zip(drawn, strokes, strict=True)]
            ends = [(stroke[0], stroke[-1]) for stroke in drawn]
            expected = [(stroke[0], stroke[-1]) for stroke in strokes]
            np.testing.assert_allclose(ends, expected, atol=1)  # a pixel of the screen
        else:
            tab.run("s => document.querySelector('.draw-digit').canvas.draw(s)", strokes)
        check_drawing(tab, worst)
    print({name: f"{max(values):.1e}" for name, values in worst.items()})


def test_pixels_are_the_same_whether_drawn_at_once_or_bit_by_bit(opened):
    tab = opened()
    tab.draw(strokes_of(5))
    anew = tab.run(f"""({BITS})(digitCanvas.rasterise(
        document.querySelector('.draw-digit').canvas.strokes))""")
    assert np.array_equal(np.frombuffer(base64.b64decode(anew), np.uint8), tab.pixels().ravel())
    screen = tab.run("""[...document.querySelector('.draw-digit .field canvas').getContext('2d')
        .getImageData(0, 0, 280, 280).data].filter((_, i) => i % 4 === 0)""")
    assert np.array_equal(255 - np.array(screen), tab.pixels().ravel())
    assert tab.pixels().max() == 255


# --- what is loaded


@pytest.mark.parametrize("way", ["file", "http"])
@pytest.mark.parametrize("page", [PAGE, FRONT])
def test_nothing_is_loaded_until_the_field_is_touched(opened, way, page):
    tab = opened(way, page=page)
    tab.field.scroll_into_view_if_needed()
    tab.tab.mouse.move(*tab.point(100, 100))
    tab.tab.wait_for_timeout(300)
    assert [url for url in tab.requests if LATE.search(url)] == []
    tab.draw(strokes_of(2))
    tab.ready()
    late = sorted(url.rsplit("/", 1)[1] for url in tab.requests if LATE.search(url))
    names = training.NETWORKS if page == PAGE else ["fast"]
    assert late == sorted(["prepare.js", "engine.js", *(f"{name}.js" for name in names)])


def test_all_of_it_is_under_a_megabyte_and_a_half(opened):
    """Uncompressed. What the theme brings, every page of the site has, and the browser keeps."""
    tab = opened("http")
    tab.draw(strokes_of(3))
    tab.ready()
    tab.tab.wait_for_load_state("networkidle")
    paths = {unquote(urlsplit(url).path).strip("/") for url in tab.requests}
    sizes = {path: (SITE / path).stat().st_size for path in paths}
    ours = sum(size for path, size in sizes.items() if OURS.search(f"/{path}"))
    ours += sizes[f"{PAGE}.html"]
    print(f"{ours:,} bytes")
    assert 500_000 < ours < MOST


@pytest.mark.parametrize("name", training.NETWORKS)
def test_the_site_has_the_networks_that_are_stored(name):
    stored = SITE / "_static" / "draw" / "networks" / f"{name}.js"
    assert stored.read_text(encoding="utf-8") == script(name)


def test_a_file_that_is_missing_is_named_and_can_be_loaded_later(opened):
    tab = opened("http")
    tab.tab.route("**/networks/lenet5.js", lambda route: route.abort())
    tab.draw([[[80, 60], [200, 60]]])
    tab.tab.wait_for_function("document.querySelector('.draw-digit output').textContent"
                              ".includes('networks/lenet5.js could not be loaded')")  # fmt: skip
    tab.tab.wait_for_timeout(800)
    assert "The next stroke tries again" in tab.said.inner_text()
    assert tab.shown("fast")[1][0] > 0  # the others answer
    assert len(tab.complaints) == 1  # it was tried once, not at every move
    tab.complaints.clear()
    tab.tab.unroute("**/networks/lenet5.js")
    tab.draw(strokes_of(5))
    tab.ready()
    assert tab.shown("lenet5")[1][0] > 0


# --- hands


def test_the_keyboard_draws_and_the_page_stays(opened):
    tab = opened()
    tab.field.focus()
    top = tab.run("scrollY")
    for key in ["ArrowUp"] * 9 + ["Space"] + ["ArrowDown"] * 18 + ["Space"] + ["ArrowLeft"] * 3:
        tab.tab.keyboard.press(key)
    assert "Pen up, row 24, column 12 of 28" in tab.tab.locator(".digit-canvas .said").inner_text()
    assert tab.run("document.querySelector('.draw-digit').canvas.strokes.map(s => [s[0], s.at(-1)])"
                   ) == [[[140, 50], [140, 230]]]  # fmt: skip
    assert tab.run("scrollY") == top
    tab.ready()
    assert tab.shown("fast")[0] == by_python("fast", from_drawing(tab.pixels())).argmax() == 1
    tab.tab.wait_for_function("document.querySelector('.draw-digit output').textContent")
    assert "The fast network: 1, with" in tab.said.text_content()  # read aloud
    tab.tab.keyboard.press("Backspace")
    assert not tab.pixels().any()
    assert tab.tab.locator(".answer strong").first.inner_text() in "–1"  # in the next frame: –


def test_two_arrows_at_once_go_aslant_and_shift_goes_less_far(opened):
    tab = opened()
    tab.field.focus()
    keyboard = tab.tab.keyboard
    keyboard.press("Space")
    keyboard.down("ArrowRight")
    keyboard.down("ArrowDown")
    keyboard.up("ArrowRight")
    keyboard.up("ArrowDown")
    keyboard.press("Shift+ArrowUp")
    (stroke,) = tab.run("document.querySelector('.draw-digit').canvas.strokes")
    assert stroke == [[140, 140], [150, 140], [160, 150], [160, 148]]
    tab.run("document.activeElement.blur()")  # and so the pen is up
    assert tab.tab.locator(".pen.down").count() == 0


def test_undo_takes_a_stroke_back_and_clear_all_of_them(opened):
    tab = opened()
    undo, clear = (tab.tab.get_by_role("button", name=name) for name in ("undo", "clear"))
    assert undo.is_disabled()
    assert clear.is_disabled()
    tab.draw([[[60, 60], [200, 60]]])
    once = tab.pixels()
    tab.draw([[[200, 60], [100, 220]]])
    both = tab.pixels()
    assert both.astype(int).sum() > once.astype(int).sum()
    undo.click()
    assert np.array_equal(tab.pixels(), once)
    clear.click()
    assert not tab.pixels().any()
    tab.tab.wait_for_function("document.querySelector('.answer strong').textContent === '–'")
    assert "empty" in tab.said.inner_text()
    undo.click()  # clearing can be undone
    assert np.array_equal(tab.pixels(), once)


def test_a_finger_draws_and_the_page_does_not_move(opened):
    tab = opened("http", width=360, has_touch=True, is_mobile=True)
    tab.field.scroll_into_view_if_needed()
    top = tab.run("scrollY")
    finger = tab.context.new_cdp_session(tab.tab)

    def touch(kind, *places):
        points = [dict(zip("xy", tab.point(*place), strict=True)) for place in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (140, 40))
    for y in range(50, 240, 10):
        touch("touchMove", (140, y))
    touch("touchMove", (140, 240), (40, 40))  # a second finger draws nothing
    touch("touchEnd")
    assert tab.run("scrollY") == top
    (stroke,) = tab.run("document.querySelector('.draw-digit').canvas.strokes")
    np.testing.assert_allclose([stroke[0], stroke[-1]], [[140, 40], [140, 240]], atol=1)
    tab.ready()
    assert tab.shown("lenet5")[0] == by_python("lenet5", from_drawing(tab.pixels())).argmax()


def test_the_right_button_does_not_draw(opened):
    tab = opened()
    tab.field.scroll_into_view_if_needed()
    tab.tab.mouse.move(*tab.point(50, 50))
    tab.tab.mouse.down(button="right")
    tab.tab.mouse.move(*tab.point(150, 150))
    tab.tab.mouse.up(button="right")
    tab.draw([])
    assert not tab.pixels().any()


# --- looks


@pytest.mark.parametrize("page", [PAGE, FRONT])
@pytest.mark.parametrize("width", [360, *WIDTHS.values()])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_its_words_can_be_read(opened, page, width, scheme):
    tab = opened(page=page, width=width, color_scheme=scheme)
    tab.draw(strokes_of(6))
    tab.ready()
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run("""(() => { const box = document.querySelector('.draw-digit');
        const right = box.getBoundingClientRect().right;
        return [...box.querySelectorAll('*')].filter(e => e.checkVisibility()
            && !e.closest('.aloud, .said') && e.getBoundingClientRect().right > right + 0.5)
            .map(e => e.className) })()""") == []  # fmt: skip
    sizes = tab.run("""[...document.querySelectorAll('.draw-digit *')].filter(e =>
        e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .map(e => parseFloat(getComputedStyle(e).fontSize))""")
    assert min(sizes) >= 12
    text, paper = tab.run("""[getComputedStyle(document.querySelector('.answer')).color,
        getComputedStyle(document.body).backgroundColor]""")
    ink, ground = (sum(map(int, re.findall(r"\d+", c)[:3])) for c in (text, paper))
    assert abs(ink - ground) > 400
    corner = tab.run("""[...document.querySelector('.field canvas').getContext('2d')
        .getImageData(0, 0, 1, 1).data]""")
    assert corner == [255, 255, 255, 255]  # paper is white on a dark page, too


def test_every_control_and_picture_has_a_name_and_the_focus_can_be_seen(opened):
    tab = opened()
    tab.draw(strokes_of(7))
    tab.ready()
    controls = tab.tab.locator(".draw-digit :is(button, a, [tabindex], [role=img], section)").all()
    assert len(controls) == 2 + 4 + 1 + 5 + 4
    for control in controls:
        assert control.evaluate("e => (e.ariaLabel || e.textContent).trim()"), control
    assert tab.tab.locator(".draw-digit output").count() == 1  # a status: read out politely
    tab.field.focus()  # by a script it is not shown, by the keyboard it is
    for key, kind in (("Tab", "button"), ("Shift+Tab", "field")):
        tab.tab.keyboard.press(key)
        look = tab.run("""[getComputedStyle(document.activeElement).outlineStyle,
            document.activeElement.className || document.activeElement.localName]""")
        assert look == ["solid", kind]


def test_without_scripts_a_line_says_why_nothing_is_there(opened):
    tab = opened(java_script_enabled=False)
    assert "JavaScript must be allowed" in tab.tab.locator("article").inner_text()
    assert not tab.tab.locator(".draw-digit").is_visible()


def test_the_page_shows_the_engine_that_answers_and_it_has_fifty_lines(opened):
    tab = opened()
    engine = (ROOT / "book" / "_static" / "draw" / "engine.js").read_text(encoding="utf-8")
    assert engine == (SITE / "_static" / "draw" / "engine.js").read_text(encoding="utf-8")
    part = engine.split("// --- a network is", 1)[1].split("\n", 1)[1].split("// --- that is")[0]
    (shown,) = tab.tab.locator("div.highlight-javascript pre").all_inner_texts()
    assert shown.strip() == part.strip()
    lines = [line.strip() for line in part.splitlines()]
    code = [line for line in lines if line and not line.startswith("/**")]
    assert 45 <= len(code) <= 50
