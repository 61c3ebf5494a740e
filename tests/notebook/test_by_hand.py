"""draw(): what a reader has drawn, as arrays; and where nobody can draw, stored drawings.

That it works in JupyterLab, with a mouse and the keyboard, is tested in tests/slow.
"""

import base64
import gc
import json
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

from mnist_helpers import draw
from mnist_helpers.data import batches, from_drawing
from mnist_helpers.errors import DataError, PictureError
from mnist_helpers.notebook.by_hand import DrawnDigit, DrawnDigits, files, jupyter, rasterise
from tests.conftest import ELSEWHERE, nbval_run, run_python

LINE = "nobody can draw here: a stored drawing, of a 3, is taken\n"
AS_TEXT = "(bytes => btoa(Array.from(bytes, b => String.fromCharCode(b)).join('')))"
STROKES = [[[60, 60], [200, 55], [120, 240]], [[100, 150], [170, 150]]]


@pytest.fixture
def page(monkeypatch):
    """A list of the functions that pages call, one for each time that fields were shown."""
    shown = []
    monkeypatch.setattr(jupyter, "answers", lambda: True)
    monkeypatch.setattr(jupyter, "show", lambda labels, asked: shown.append(asked))
    return shown


# ---- strokes


def test_strokes_become_ink_where_the_pen_has_been():
    pixels = rasterise([[[40, 100], [240, 100]], [[140, 200]]])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (280, 280)
    rows, columns = np.nonzero(pixels[:150])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (88, 111, 28, 251)
    assert pixels[200, 140] == pixels[200, 131] == 255  # a point is a dot
    assert np.array_equal(pixels[:150], pixels[:150][:, ::-1])
    assert not rasterise([]).any()
    assert not rasterise([[]]).any()


def test_a_browser_makes_the_same_pixels_of_the_same_strokes(browser):
    """Those that the field shows are those that Python has, to the last level of grey."""
    drawings = [drawing.strokes for drawing in files.read(files.STORED)]
    drawings += [[[(-20.0, 139.9), (300.0, 140.3)], [(12.3, 4.5)]]]
    tab = browser.new_page()
    tab.add_script_tag(path=files.WEB / "digit_canvas.js")
    theirs = [tab.evaluate(f"s => {AS_TEXT}(digitCanvas.rasterise(s))", s) for s in drawings]
    tab.close()
    for strokes, pixels in zip(drawings, theirs, strict=True):
        assert rasterise(strokes).tobytes() == base64.b64decode(pixels)


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ("abc", "drawing: 'abc'; expected a list of strokes"),
        ([5], r"drawing: stroke 1 is 5; expected a list of points \[x, y\]"),
        ([[[1, 2]], [[1]]], r"drawing: stroke 2 has a point \[1\]; expected \[x, y\]"),
        ([[[1, "2"]]], r"stroke 1 has a point \[1, '2'\]; expected \[x, y\], numbers"),
        ([[[1, 301]]], r"point \[1, 301\]; expected \[x, y\], numbers from -20 to 300"),
        ([[[1, float("nan")]]], r"point \[1, nan\]"),
        ([[[1, 2]] * 20_001], "20,001 points; a drawing has at most 20,000"),
    ],
)
def test_what_are_no_strokes_is_refused(strokes, message):
    with pytest.raises(PictureError, match=message):
        rasterise(strokes)


# ---- where nobody can draw


def test_in_a_program_a_stored_drawing_is_taken_and_a_line_says_so(capsys):
    drawing = draw()
    assert isinstance(drawing, DrawnDigit)
    assert capsys.readouterr().out == LINE
    assert not drawing.drawn
    assert drawing.image.dtype == np.float32
    assert drawing.image.shape == (1, 1, 28, 28)
    assert drawing.pixels.dtype == np.uint8
    assert drawing.pixels.shape == (280, 280)
    assert np.array_equal(drawing.image, from_drawing(drawing.pixels))
    assert np.array_equal(drawing.pixels, draw().pixels)  # the same each time
    assert capsys.readouterr().out == LINE  # the second draw()'s; it is said once


def test_each_label_has_stored_drawings_and_a_second_time_another(capsys):
    mine = draw(labels=[*range(10), *range(10)])
    assert isinstance(mine, DrawnDigits)
    assert capsys.readouterr().out == "nobody can draw here: 20 stored drawings are taken\n"
    assert len(mine) == len(mine.digits) == len(mine.strokes) == 20
    assert mine.digits.labels.tolist() == [*range(10), *range(10)]
    assert mine.pixels.shape == (20, 280, 280)
    assert len(np.unique(mine.pixels.reshape(20, -1), axis=0)) == 20
    images, labels = next(batches(mine.digits, 20, shuffle=False))
    assert images.shape == (20, 1, 28, 28)
    assert np.abs(images[3] - draw().image).max() <= 0.5 / 255 + 1e-6
    assert labels.ravel().tolist() == mine.digits.labels.tolist()


def test_a_network_reads_the_stored_drawings():
    import paddle

    from mnist_helpers.models import digits_in
    from mnist_helpers.models.networks import ConvNet
    from mnist_helpers.models.weights import load_weights

    network = ConvNet()
    load_weights(network, ELSEWHERE / "convnet.pdparams")
    network.eval()
    stored = files.read(files.STORED)
    images = np.concatenate([from_drawing(rasterise(drawing.strokes)) for drawing in stored])
    found = digits_in(network(paddle.to_tensor(images)))
    assert np.ravel(found).tolist() == [drawing.label for drawing in stored]


def test_a_script_is_told_in_one_line_and_no_more():
    done = run_python("from mnist_helpers import draw\nprint(draw().image.shape)")
    assert (done.stdout, done.stderr) == (f"{LINE}(1, 1, 28, 28)\n", "")


def test_nbval_compares_the_line(tmp_path):
    """It gives no answers, and neither do nbclient and nbconvert."""
    cells = []
    for number, line in enumerate((LINE, LINE.replace("3", "4")), 1):
        cell = nbformat.v4.new_code_cell("from mnist_helpers import draw\n\ndrawing = draw()")
        cell.metadata["tags"] = ["nbval-check-output"]
        cell.execution_count = number
        data = {"image/png": "", "text/plain": "Drawn with a thick pen: a 3"}
        cell.outputs = [
            nbformat.v4.new_output("stream", name="stdout", text=line),
            nbformat.v4.new_output("display_data", data=data),
        ]
        cells.append(cell)
    done = nbval_run(tmp_path, cells)
    assert "1 failed, 1 passed" in done.stdout
    assert "mismatch 'stdout'" in done.stdout


@pytest.mark.parametrize(("content", "answers"), [({"allow_stdin": True}, True), ({}, False)])
def test_who_runs_a_notebook_alone_is_known_by_what_it_tells_the_kernel(
    monkeypatch, content, answers
):
    kernel = SimpleNamespace(get_parent=lambda channel: {"content": content})
    monkeypatch.setattr(jupyter, "_kernel", lambda: kernel)
    assert jupyter.answers() == answers
    monkeypatch.setattr(jupyter, "_kernel", SimpleNamespace)  # a kernel that is not ipykernel
    assert not jupyter.answers()


# ---- where somebody draws


def test_what_a_page_sends_is_what_the_next_cell_finds(page, capsys):
    drawing = draw()
    assert capsys.readouterr().out == ""
    line = "nothing is drawn yet: a stored drawing, of a 3, is taken\n"
    stored = drawing.pixels
    assert drawing.pixels.any()
    assert capsys.readouterr().out == line  # once
    (asked,) = page
    assert asked({}) == {"taken": 0, "strokes": [[]]}
    assert asked({"strokes": [STROKES]}) == {"taken": 1}
    assert drawing.drawn
    assert np.array_equal(drawing.pixels, rasterise(STROKES))
    assert not np.array_equal(drawing.pixels, stored)
    assert capsys.readouterr().out == ""
    assert asked({})["strokes"] == [[[tuple(map(float, p)) for p in s] for s in STROKES]]
    assert asked({"strokes": [[]]}) == {"taken": 0}  # cleared
    assert np.array_equal(drawing.pixels, stored)
    assert capsys.readouterr().out == line


def test_of_several_fields_those_that_are_drawn_on_count(page):
    mine = draw(labels=(4, 7, 9))
    page[0]({"strokes": [[], STROKES, []]})
    assert len(mine) == 1
    assert mine.digits.labels.tolist() == [7]
    assert mine.digits.images.shape == (1, 28, 28)
    assert repr(mine) == "1 of 3 digits drawn"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"strokes": [[], []]}, "expected strokes for each of 1 fields"),
        ({"strokes": None}, "expected strokes"),
        ({"strokes": [[[[1, 2, 3]]]]}, "field 1: stroke 1 has a point"),
    ],
)
def test_what_a_page_should_not_send_changes_nothing(page, message, words):
    drawing = draw()
    page[0]({"strokes": [STROKES]})
    with pytest.raises((DataError, PictureError), match=words):
        page[0](message)
    assert np.array_equal(drawing.pixels, rasterise(STROKES))


def test_an_error_is_an_answer():
    closed = []
    comm = SimpleNamespace(close=lambda data: closed.append(data))

    def refuse(message):
        raise DataError("no")

    jupyter._answering(refuse)(comm, {"content": {"data": {}}})
    jupyter._answering(lambda message: {"taken": 1})(comm, {"content": {"data": {}}})
    assert closed == [{"error": "no"}, {"taken": 1}]


def test_a_cell_that_is_run_again_lets_go_of_the_first_fields(page):
    drawing = draw()
    assert drawing is not None
    drawing = draw()
    gc.collect()
    with pytest.raises(DataError, match="run the cell again"):
        page[0]({})
    assert page[1]({})["taken"] == 0


def test_where_the_page_is_not_jupyters_the_drawing_is_a_text_to_be_copied(browser):
    """As in VS Code."""
    tab = browser.new_page(viewport={"width": 500, "height": 900})
    given = {"target": "mnist_helpers.draw.x", "kernel": "k-1", "labels": [None]}
    tab.set_content(jupyter.html(given))
    box = tab.locator(".digit-canvas .field").bounding_box()
    tab.mouse.move(box["x"] + 40, box["y"] + 40)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 90, box["y"] + 200, steps=5)
    tab.mouse.up()
    assert "This page cannot hand your drawing to Python" in tab.locator(".state").inner_text()
    drawing = DrawnDigit()
    drawing.paste(tab.locator("textarea").input_value())
    colours = tab.locator("canvas").evaluate(
        f"c => {AS_TEXT}(c.getContext('2d').getImageData(0, 0, 280, 280).data)"
    )
    shown = np.frombuffer(base64.b64decode(colours), np.uint8).reshape(280, 280, 4)
    assert np.array_equal(drawing.pixels, 255 - shown[:, :, 0])
    tab.close()


def test_the_page_needs_nothing_but_itself():
    text = jupyter.html({"target": "mnist_helpers.draw.x", "kernel": "k-1", "labels": [None]})
    assert "http:" not in text
    assert "https:" not in text
    assert text.count("</script>") == text.count("<script>") == 1
    visible = text.split("<style>")[0]
    assert "Run this cell to draw here." in visible  # what shows where scripts do not run


# ---- kept


def test_drawings_are_kept_in_a_file_and_come_back(page, tmp_path, capsys):
    path = tmp_path / "mine.json"
    draw(labels=[1, 7], file=path)
    gc.collect()
    mine = draw(labels=[1, 7], file=path)
    page[-1]({"strokes": [[], STROKES]})
    again = draw(labels=[1, 7], file=path)
    assert again.drawn
    assert np.array_equal(again.digits.images, mine.digits.images)
    assert page[-1]({})["taken"] == 1
    other = tmp_path / "other.json"
    again.save(other)
    assert other.read_bytes() == path.read_bytes()
    page[-1]({"strokes": [[], []]})
    assert not draw(labels=[1, 7], file=path).drawn
    assert capsys.readouterr().out == ""


def test_a_file_is_taken_where_nobody_can_draw(tmp_path, capsys):
    path = tmp_path / "mine.json"
    files.write(path, [files.Drawing(7, STROKES)])
    mine = draw(labels=[7], file=path)
    assert capsys.readouterr().out == f"nobody can draw here: taken from {path}\n"
    assert np.array_equal(mine.pixels[0], rasterise(STROKES))
    # one digit takes any label
    assert np.array_equal(draw(file=path).pixels, rasterise(STROKES))


def test_a_text_that_was_copied_can_be_pasted(page, tmp_path):
    path = tmp_path / "mine.json"
    drawing = draw(file=path)
    drawing.paste(json.dumps({"side": 280, "drawings": [{"label": None, "strokes": STROKES}]}))
    assert np.array_equal(drawing.pixels, rasterise(STROKES))
    assert len(files.read(path)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not drawings: expected"),
        ('{"side": 28, "drawings": []}', "not drawings: expected"),
        ('{"side": 280, "drawings": [1]}', "drawing 1: expected"),
        ('{"side": 280, "drawings": [{"label": 10, "strokes": []}]}', "drawing 1: its label is 10"),
        ('{"side": 280, "drawings": [{"label": true, "strokes": []}]}', "its label is True"),
        ('{"side": 280, "drawings": [{"label": 1, "strokes": [[[1]]]}]}', "drawing 1: stroke 1"),
        ('{"side": 280, "drawings": [{"label": 2, "strokes": [[[1, 1]]]}]}',
         "a drawing of 2 too many; there are fields for 1, 7"),
        ('{"side": 280, "drawings": [{"label": null, "strokes": [[[1, 1]]]}]}',
         "a drawing of a digit too many; there are fields for 1, 7"),
    ],
)  # fmt: skip
def test_a_file_of_something_else_is_refused_by_name(tmp_path, text, message):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as error:
        draw(labels=[1, 7], file=path)
    assert str(error.value).startswith(f"{path}: ")
    with pytest.raises(DataError, match=message):
        DrawnDigits([1, 7]).paste(text)
    assert path.read_text() == text


def test_a_file_in_another_code_is_refused(tmp_path):
    (tmp_path / "mine.json").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"mine\.json: not a text in UTF-8"):
        draw(file=tmp_path / "mine.json")


def test_nothing_is_saved_where_nothing_is_drawn(page, tmp_path):
    with pytest.raises(DataError, match=r"x\.json: not written, since nothing has been drawn"):
        draw().save(tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ("123", "not '123'"),
        (5, "not 5"),
        ([], "not an empty list"),
        ([1, 10], "not 10"),
        ([-1], "not -1"),
        ([1.0], r"not 1\.0"),
        ([True], "not True"),
        ([0] * 101, "more than 100 fields at once"),
    ],
)
def test_labels_that_are_no_digits_are_refused(labels, found):
    with pytest.raises(DataError, match=rf"^draw\(labels=…\): .*{found}$"):
        draw(labels=labels)
