"""The chapters as a reader meets them in JupyterLab: a real server, a real browser, a real kernel.

The notebooks are opened from a copy of ``book/``, as they are stored. Two are run from the menu.
"""

import json
import os
import re
import shutil
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from mnist_helpers.system.ports import free_port
from mnist_helpers.system.processes import child
from tools.translate import making, typesetting

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(path.name for path in BOOK.glob("*.ipynb"))
MINUTE = 60_000  # milliseconds
# All cells are in the page from the start, not just those in view
SETTINGS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
            "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"}}  # fmt: skip
DIALECT = re.compile(
    r"\{[\w-]+\}`|^`{3}\{|^:{3}|^:(label|class):|^\([\w-]+\)=|\[\]\(", re.MULTILINE
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab's address, and the folder of notebooks that it shows."""
    place = tmp_path_factory.mktemp("lab")
    shutil.copytree(BOOK, place / "book", ignore=shutil.ignore_patterns("output"))
    for plugin, values in SETTINGS.items():
        file = place / "settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    port = free_port()
    env = {
        **os.environ,
        "MNIST_SOURCE": "sample",
        "OMP_NUM_THREADS": "1",
        "JUPYTERLAB_SETTINGS_DIR": str(place / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(place / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(place / "config"),
        "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
        "IPYTHONDIR": str(place / "ipython"),
    }
    env.pop("MNIST_DIR", None)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
        f"--ServerApp.root_dir={place / 'book'}",
    ]  # fmt: skip
    log = place / "lab.log"
    with log.open("wb") as output, child(command, output, env) as server:
        address = f"http://127.0.0.1:{port}"
        wait_until_it_answers(server, f"{address}/api/status", log)
        yield address, place / "book"


def wait_until_it_answers(server, address, log):
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + 90
    while time.monotonic() < end and server.poll() is None:
        try:
            ask.open(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text(errors='replace')[-1000:]}")


@pytest.fixture
def opened(browser, lab):
    """A function that opens a chapter in a tab of its own, and waits for its text."""
    address, _ = lab
    tabs = []

    def open_chapter(name):
        tab = browser.new_page(viewport={"width": 1400, "height": 1000})
        tabs.append(tab)
        tab.set_default_timeout(3 * MINUTE)
        tab.goto(f"{address}/lab/workspaces/{name[:2]}/tree/{name}?reset")
        tab.locator(".jp-Notebook .jp-MarkdownCell h1").first.wait_for()
        tab.locator(".jp-Toolbar-kernelStatus, .jp-Notebook-ExecutionIndicator").first.wait_for()
        return tab

    yield open_chapter
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_chapter_reads_well(opened, name):
    tab = opened(name)
    texts = tab.locator(".jp-MarkdownCell .jp-MarkdownOutput").all_inner_texts()
    assert len(texts) > 20
    for text in texts:
        assert not DIALECT.search(text), text
        assert "$" not in text, text  # formulas are drawn
    # links between chapters have a text, and lead to a notebook
    for link in tab.locator(".jp-MarkdownCell a:not(.jp-InternalAnchorLink)").all():
        assert link.inner_text().strip(), link.get_attribute("href")
    if not name[:2].isdecimal():
        return  # a page besides: it has no exercises
    # solutions are folded, and their headings say how many cells a click shows
    first = tab.locator("h4", has_text="Solution").first
    assert first.is_visible()
    cells = tab.locator(".jp-Notebook > .jp-Cell, .jp-WindowedPanel-viewport > .jp-Cell")
    index = cells.evaluate_all(
        "cells => cells.findIndex(cell => /^Solution \\d/.test(cell.innerText.trim()))"
    )
    after = cells.nth(index + 1)
    assert not after.is_visible()
    cells.nth(index).get_by_text(re.compile(r"\d+ cells? hidden")).click()
    after.wait_for(state="visible")


@pytest.mark.parametrize("name", ["01_quickstart.ipynb", "11_your_own_digits.ipynb"])
def test_a_chinese_chapter_says_the_words_of_figures_and_no_letter_leans(opened, lab, name):
    """JupyterLab has no style sheet of the site's: what is to be seen is in the notebook."""
    file = lab[1] / "zh" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(making.made(name), encoding="utf-8")
    tab = opened(f"zh/{name}")
    figures = [cell for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]
               if typesetting.CLASS in cell["metadata"].get("tags", [])]  # fmt: skip
    said = tab.locator(".jp-MarkdownCell .jp-MarkdownOutput").all_text_contents()
    wanted = ["".join(cell["source"]) for cell in figures]
    assert [text.strip() for text in said if text.strip() in wanted] == wanted
    assert len(wanted) > 3
    first = tab.locator(".jp-MarkdownOutput p", has_text=re.compile("^图中 ")).first
    assert first.is_visible()
    leaning = tab.locator(".jp-MarkdownOutput em").all_text_contents()
    assert [text for text in leaning if re.search("[\u4e00-\u9fff]", text)] == []


def test_a_link_opens_the_other_chapter(opened):
    tab = opened("01_quickstart.ipynb")
    tab.locator(".jp-MarkdownCell a", has_text="chapter on data").first.click()
    tab.locator(".lm-TabBar-tabLabel", has_text="02_data.ipynb").wait_for()
    tab.locator("h1:visible", has_text="Data").first.wait_for()


@pytest.mark.parametrize(
    ("name", "with_bar"),
    [("01_quickstart.ipynb", False), ("03_networks.ipynb", True)],  # chapter 1's loop is its own
)
def test_a_chapter_runs_from_the_menu(opened, name, with_bar):
    tab = opened(name)
    figures = tab.locator(".jp-OutputArea img").count()
    tab.get_by_role("menuitem", name="Kernel").click()
    tab.get_by_role("menuitem", name="Restart Kernel and Run All Cells").click()
    tab.locator(".jp-Dialog .jp-mod-accept").click()
    bars = watch(tab)
    assert bool(bars) == with_bar  # a bar is seen while it runs
    errors = tab.locator('.jp-OutputArea [data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0, errors.first.inner_text()
    assert tab.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert tab.locator(".jp-OutputArea img").count() == figures > 0
    assert "%|" not in " ".join(tab.locator(".jp-OutputArea-output pre").all_inner_texts())


def watch(tab, minutes=15):  # on a slow machine, beside other tests
    """Wait until all cells have run; the lines of progress bars that were seen meanwhile."""
    prompts = tab.locator(".jp-CodeCell .jp-InputPrompt")
    prompts.filter(has_text="[*]").first.wait_for()  # what was stored is gone, and it has begun
    seen = set()
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        for text in tab.locator(".jp-OutputArea-output pre", has_text="%|").all_inner_texts():
            seen.add(text)
        # a folded cell has no number; one that waits or has not run has none either, but brackets
        if not re.search(r"\[[* ]?\]", " ".join(prompts.all_inner_texts())):
            return seen
        time.sleep(0.1)
    pytest.fail(f"it has not ended: {prompts.all_inner_texts()}")


# ---- draw()

SEVEN = [(60, 60), (200, 55), (180, 110), (120, 240)]  # on a field of 280 × 280
NETWORK = f"""\
from mnist_helpers.models import digits_in
from mnist_helpers.models.networks import ConvNet
from mnist_helpers.models.weights import load_weights
import paddle

network = ConvNet()
load_weights(network, {str(BOOK.parent / "tests" / "elsewhere" / "convnet.pdparams")!r})
"""
USE = """\
image, pixels = drawing.image, drawing.pixels
print(image.dtype, image.shape, pixels.dtype, pixels.shape, drawing.drawn)
print("ink", pixels.sum(), "digit", int(digits_in(network(paddle.to_tensor(image)))[0]))"""


@pytest.fixture
def written(lab, opened):
    """A function that writes a notebook of these cells, and opens it."""

    def write_notebook(name, *cells):
        _, folder = lab
        title = nbformat.v4.new_markdown_cell("# Drawing")
        notebook = nbformat.v4.new_notebook(cells=[title, *map(nbformat.v4.new_code_cell, cells)])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / name)
        tab = opened(name)
        tab.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        return tab

    return write_notebook


def run_cell(tab, number):
    """Run a code cell, counted from 0, as a reader does; what it has printed."""
    cell = tab.locator(".jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    cell.locator(".cm-content").click()
    tab.keyboard.press("Control+Enter")
    begun = time.monotonic()
    again = begun + 20
    while prompt.inner_text() in (before, "[*]:") and time.monotonic() < begun + 60:
        time.sleep(0.05)
        if prompt.inner_text() == before and time.monotonic() > again:
            again += 20  # a key that came while the page was busy may be lost: a reader tries again
            cell.locator(".cm-content").click()
            tab.keyboard.press("Control+Enter")
    errors = cell.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0, errors.first.inner_text()
    return cell.locator(".jp-OutputArea-output").all_inner_texts()


def draw_with_mouse(tab, field, points):
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    way = [(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280)
           for x, y in points]  # fmt: skip
    tab.mouse.move(*way[0])
    tab.mouse.down()
    for place in way[1:]:
        tab.mouse.move(*place, steps=8)
    tab.mouse.up()


def ink_on_screen(field):
    """The sum of the ink that the field shows, from 0 to 255 for each pixel."""
    return field.locator("canvas").evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".reduce((sum, value, i) => sum + (i % 4 ? 0 : 255 - value), 0)"
    )


def choose(tab, menu, item):
    tab.get_by_role("menuitem", name=menu).click()
    tab.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{re.escape(item)}$")).click()


def reopened(tab):
    """Save, and load the page again."""
    with tab.expect_response(lambda r: r.request.method == "PUT" and "contents" in r.url):
        choose(tab, "File", "Save Notebook")
    tab.reload()
    tab.locator(".jp-Notebook .jp-MarkdownCell h1").first.wait_for()


def test_what_is_drawn_is_an_array_in_the_next_cell(written):
    tab = written(
        "drawing.ipynb", NETWORK + "from mnist_helpers import draw\n\ndrawing = draw()", USE
    )
    run_cell(tab, 0)
    field = tab.locator(".digit-canvas .field")
    state = tab.locator(".notebook-fields .state")
    state.get_by_text("Draw with a mouse").wait_for()
    # nothing is drawn: the next cell runs all the same, and says with what
    first = run_cell(tab, 1)[0].splitlines()
    assert first[0] == "nothing is drawn yet: a stored drawing, of a 3, is taken"
    assert first[1] == "float32 (1, 1, 28, 28) uint8 (280, 280) False"
    assert first[2].endswith("digit 3")

    draw_with_mouse(tab, field, SEVEN)
    state.get_by_text("Python has it").wait_for()
    assert run_cell(tab, 1)[0].splitlines() == [
        "float32 (1, 1, 28, 28) uint8 (280, 280) True",
        f"ink {ink_on_screen(field)} digit 7",
    ]
    tab.get_by_role("button", name="clear").click()
    state.get_by_text("Draw with a mouse").wait_for()
    assert run_cell(tab, 1)[0].startswith("nothing is drawn yet")


def test_a_page_that_is_loaded_again_shows_what_python_has_and_without_python_a_line(written):
    tab = written("again.ipynb", "from mnist_helpers import draw\n\ndrawing = draw()", "drawing")
    run_cell(tab, 0)
    field = tab.locator(".digit-canvas .field")
    draw_with_mouse(tab, field, SEVEN)
    tab.get_by_text("Python has it").wait_for()
    ink = ink_on_screen(field)
    reopened(tab)
    tab.locator(".digit-canvas.inked").wait_for()
    assert ink_on_screen(tab.locator(".digit-canvas .field")) == ink > 0

    # another Python knows nothing of these fields; what is drawn on them is not lost
    choose(tab, "Kernel", "Restart Kernel…")
    tab.locator(".jp-Dialog .jp-mod-accept").click()
    draw_with_mouse(tab, tab.locator(".digit-canvas .field"), [(100, 150), (180, 150)])
    tab.get_by_text("The Python that these fields belonged to has ended").wait_for()
    text = tab.locator(".notebook-fields textarea").input_value()
    assert len(json.loads(text)["drawings"][0]["strokes"]) == 2

    choose(tab, "Kernel", "Shut Down Kernel")
    tab.locator(".jp-Toolbar-kernelName", has_text="No Kernel").wait_for()
    reopened(tab)
    output = tab.locator(".notebook-fields")
    output.get_by_text("Run this cell to draw here.").wait_for()
    assert output.locator("canvas").count() == 0
    assert output.inner_text().strip() == "Run this cell to draw here."


def test_several_digits_with_the_keyboard_too_are_kept_in_a_file(written, lab):
    code = "from mnist_helpers import draw\n\nmine = draw(labels=[1, 7], file='mine.json')"
    tab = written("several.ipynb", code, "print(mine.digits, mine.digits.labels, len(mine))")
    run_cell(tab, 0)
    fields = tab.locator(".digit-canvas .field")
    state = tab.locator(".notebook-fields .state")
    state.get_by_text("Draw with a mouse").wait_for()
    fields.nth(0).focus()
    for key in [*["ArrowUp"] * 8, "Space", *["ArrowDown"] * 16, "Space"]:
        tab.keyboard.press(key)
    state.get_by_text("Python has 1 of 2.").wait_for()
    assert run_cell(tab, 1) == ["1 digits of the reader's hand [1] 1\n"]
    draw_with_mouse(tab, fields.nth(1), SEVEN)
    state.get_by_text("Python has 2 of 2.").wait_for()
    ink = [ink_on_screen(field) for field in fields.all()]

    run_cell(tab, 0)  # a new pair of fields, which shows what is in the file
    state.get_by_text("Python has 2 of 2.").wait_for()
    assert [ink_on_screen(field) for field in fields.all()] == ink
    assert run_cell(tab, 1) == ["2 digits of the reader's hand [1 7] 2\n"]
    labels = [one["label"] for one in json.loads((lab[1] / "mine.json").read_text())["drawings"]]
    assert labels == [1, 7]
