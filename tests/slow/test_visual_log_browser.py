"""What a reader sees who opens VisualDL's pages: in a real browser, from a real server and run."""

import io

import numpy as np
import paddle
import pytest
from PIL import Image

from mnist_helpers import models
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from mnist_helpers.training.visual_log import kernels_as_picture, serving, visual_log
from tests.conftest import sample_digits

PATIENCE = 60_000  # milliseconds
NOTE_TEXTS = """
window.drawn = [];
const draw = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.drawn.push(text);
    return draw.call(this, text, ...rest);
};
"""


@pytest.fixture(scope="module")
def model():
    seed_everything(0)
    return models.ConvNet()


@pytest.fixture(scope="module")
def address(model, tmp_path_factory):
    """The server of the log of a run of four epochs."""
    folder = tmp_path_factory.mktemp("log") / "my run"
    adam = paddle.optimizer.Adam(0.01, parameters=model.parameters())
    train, valid = sample_digits(200), sample_digits(100, start=1000)
    with visual_log(folder, every=1) as log:
        fit(
            model, train, loss=cross_entropy, optimizer=adam, epochs=4, valid=valid, callbacks=[log]
        )
    with serving(folder) as address:
        yield address


@pytest.fixture
def opened(browser, address):
    """A function that opens a page; at the end the browser must not have complained of any."""
    complaints, tabs = [], []

    def open_page(path):
        tab = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
        tabs.append(tab)
        tab.set_default_timeout(PATIENCE)
        tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("requestfailed", lambda r: complaints.append(f"failed: {r.url}"))
        tab.on(
            "response", lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else 0
        )
        tab.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((address.removesuffix("app"), "data:", "blob:"))
                else complaints.append(f"elsewhere: {r.url}")
            ),
        )
        tab.add_init_script(NOTE_TEXTS)
        tab.goto(f"{address}/{path}", wait_until="domcontentloaded")  # it asks for news for ever
        return tab

    yield open_page
    for tab in tabs:
        tab.close()
    assert complaints == []


def blue_columns(chart):
    """How many columns of a chart on the page have a pixel of the colour of curves."""
    with Image.open(io.BytesIO(chart.screenshot())) as picture:
        red, _, blue = np.asarray(picture.convert("RGB")).astype(int).transpose(2, 0, 1)
    return int((blue - red > 60).any(axis=0).sum())


def wait_until(tab, condition):
    for _ in range(PATIENCE // 250):
        if condition():
            return
        tab.wait_for_timeout(250)
    pytest.fail("waited in vain")


@pytest.mark.parametrize("tag", ["curves/training loss", "curves/validation accuracy"])
def test_the_curves_are_drawn_under_their_names(opened, tag):
    tab = opened("scalar")
    tab.get_by_text("size of gradient", exact=True).wait_for()  # the folder has been read
    tab.get_by_placeholder("Search tags in RegExp").fill(f"^{tag}$")
    tab.get_by_text("Search Result").wait_for()
    chart = tab.locator("canvas")
    wait_until(tab, lambda: chart.count() == 1)  # at the beginning it shows all curves
    wait_until(tab, lambda: tag in tab.evaluate("drawn"))
    # of some 340 columns; the first validation is after a quarter of the steps
    wait_until(tab, lambda: blue_columns(chart) > 200)
    tab.get_by_placeholder("Search tags in RegExp").fill(f"^{tag}s$")
    tab.get_by_text("Nothing found").wait_for()
    assert chart.count() == 0


def test_the_kernels_are_shown_as_a_picture(opened, model):
    tab = opened("sample/image")
    tab.get_by_text("first kernels", exact=True).first.wait_for()
    picture = tab.locator("img[src^='blob:']")
    picture.wait_for()
    height, width, _ = kernels_as_picture(model.body[0].weight.numpy()).shape
    size = "i => [i.naturalWidth, i.naturalHeight]"
    wait_until(tab, lambda: picture.evaluate(size) == [width, height])
    with Image.open(io.BytesIO(picture.screenshot())) as seen:
        assert len(seen.convert("L").getcolors()) > 50


def test_each_parameter_has_a_histogram(opened, model):
    tab = opened("histogram")
    names = [name for name, _ in model.named_parameters()]
    for name in names:
        tab.get_by_text(name, exact=True).first.wait_for()
    wait_until(tab, lambda: blue_columns(tab.locator("canvas").first) > 50)


def test_the_graph_shows_the_model_and_when_unfolded_its_layers(opened):
    graph = opened("graph/dynamic_graph").frame_locator("iframe")
    graph.get_by_text("ConvNet", exact=True).wait_for()
    assert graph.get_by_text("InBlocks", exact=True).count() == 0
    graph.get_by_text("+", exact=True).click()
    graph.get_by_text("InBlocks", exact=True).wait_for()
    graph.get_by_text("Linear", exact=True).wait_for()
