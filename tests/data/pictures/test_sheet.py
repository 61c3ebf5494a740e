"""Sheets of digits: found, cut where they touch, and read in order."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.sheets import score
from mnist_helpers.data.pictures import SheetDigit, compose, digits_on, marked, read_sheet
from mnist_helpers.data.pictures.glyphs import Glyph, glyphs_in, in_rows
from mnist_helpers.data.pictures.seams import seams_in
from mnist_helpers.errors import NoDigitError, PictureError
from mnist_helpers.models.outputs import softmax
from tests.conftest import sample_digits

EASY = ("clean", "sizes", "wandering", "sloping", "noise", "shadow", "small", "ruled", "squared",
        "form")  # fmt: skip


@pytest.fixture(scope="module")
def answer():
    """The far network, from images to probabilities."""
    import paddle

    from mnist_helpers.models.weights import load_weights
    from mnist_helpers.recipes import far

    network = far.network()
    load_weights(network, far.RUNS / "weights-0.pdparams")
    network.eval()
    return paddle.no_grad()(lambda images: softmax(network(paddle.to_tensor(images)).numpy()))


def grey(sheet):
    return sheet.picture.astype(np.float32) / 255


def as_file(picture, tmp_path, name="sheet.png", **options):
    Image.fromarray(picture).save(tmp_path / name, **options)
    return tmp_path / name


@pytest.mark.parametrize("condition", EASY)
def test_nearly_all_digits_are_found_and_read_in_order(answer, condition):
    sheet = compose(sample_digits(40, 100), condition, seed=6)
    right, found, extra, swapped = score(sheet, digits_on(grey(sheet), answer))
    assert found >= 39
    assert extra <= 1
    assert swapped == 0
    assert right >= 36  # these are not MNIST's digits, which the network knows


def test_digits_that_touch_are_cut_apart(answer):
    sheet = compose(sample_digits(40, 100), "touching", seed=7)
    glyphs = glyphs_in((255 - sheet.picture.astype(np.float32)) / 255 - 0.2)
    assert len(glyphs) < 30  # many touch
    right, found, extra, swapped = score(sheet, digits_on(grey(sheet), answer))
    assert found >= 35
    assert extra <= 3
    assert swapped == 0
    assert right >= 31


def test_boxes_are_those_of_the_photograph(answer, tmp_path):
    sheet = compose(sample_digits(16), seed=1, columns=4)
    large = np.asarray(Image.fromarray(sheet.picture).resize((2400, 2000)))
    factors = np.array([2400 / sheet.picture.shape[1], 2000 / sheet.picture.shape[0]] * 2)
    found = read_sheet(as_file(large, tmp_path), answer)
    assert np.abs(np.array([one.box for one in found]) - sheet.boxes * factors).max() < 14
    assert [one.row for one in found] == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4
    assert all(type(side) is int for one in found for side in one.box)


def test_a_turned_photograph_is_turned_back(answer, tmp_path):
    sheet = compose(sample_digits(8), seed=1, columns=4)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    path = as_file(np.rot90(sheet.picture), tmp_path, exif=exif)
    found = read_sheet(path, answer)
    assert found == read_sheet(as_file(sheet.picture, tmp_path, "straight.png"), answer)
    picture = marked(path, found)
    assert picture.size == sheet.picture.shape[::-1]


def test_light_digits_on_a_dark_board(answer):
    sheet = compose(sample_digits(16), seed=1, columns=4)
    assert score(sheet, digits_on(1 - grey(sheet), answer)).found == 16


def test_frames_lines_and_specks_are_no_digits():
    page = np.zeros((300, 400), np.float32)
    picture = Image.fromarray(page)
    draw = ImageDraw.Draw(picture)
    for x in (40, 160, 280):
        draw.rectangle((x, 40, x + 90, 140), outline=1, width=4)
        draw.line((x + 40, 60, x + 50, 120), fill=1, width=7)
    draw.line((40, 200, 380, 204), fill=1, width=4)
    draw.ellipse((200, 240, 206, 246), fill=1)
    draw.line((399, 0, 399, 299), fill=1, width=9)
    glyphs = glyphs_in(np.asarray(picture))
    assert len(glyphs) == 3
    for glyph in glyphs:
        left, top, right, bottom = glyph.box
        assert 50 < top < 62 < 118 < bottom < 130
        assert right - left < 30


def test_rows_are_told_apart_where_they_slope():
    rng = np.random.default_rng(0)
    glyphs, expected = [], []
    for row in range(3):
        for column in range(7):
            left, top = 60 * column, 80 * row + 9 * column + rng.integers(-6, 7)
            glyphs.append(Glyph(np.ones((40, 25), np.float32), left, int(top)))
            expected.append((row, column))
    order = rng.permutation(len(glyphs))
    rows = in_rows([glyphs[i] for i in order])
    assert [len(row) for row in rows] == [7, 7, 7]
    assert [glyph for row in rows for glyph in row] == glyphs
    assert in_rows([]) == []


def test_a_seam_goes_through_the_gap_even_a_slanting_one():
    ink = np.zeros((40, 60), np.float32)
    gap = 20 + np.arange(40) // 2
    for y in range(40):
        ink[y, : gap[y] - 2] = ink[y, gap[y] + 2 :] = 1
    seams = seams_in(ink)
    assert seams[0].columns.tolist() == [0] * 40
    assert seams[-1].columns.tolist() == [60] * 40
    best = min(seams[1:-1], key=lambda seam: seam.cost)
    assert np.abs(best.columns - gap).max() <= 3
    assert best.cost < 0.2
    assert all((seam.columns >= 0).all() and (seam.columns <= 60).all() for seam in seams)


def test_what_is_no_sheet_is_one_line(answer, tmp_path):
    blank = as_file(np.full((200, 300), 230, np.uint8), tmp_path)
    with pytest.raises(PictureError, match=r"sheet\.png: blank"):
        read_sheet(blank, answer)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"text\.png: not a picture"):
        read_sheet(tmp_path / "text.png", answer)
    picture = np.full((200, 300), 230, np.uint8)
    picture[:, 140:150] = 30  # from edge to edge: no digit
    with pytest.raises(NoDigitError, match=r"sheet\.png: no digit found"):
        read_sheet(as_file(picture, tmp_path), answer)


def test_what_was_found_is_drawn_around_it(tmp_path):
    path = as_file(np.full((200, 300), 230, np.uint8), tmp_path)
    one = SheetDigit((100, 50, 140, 110), 7, 0.9, 0)
    drawn = np.asarray(marked(path, [one]).convert("L"), int)
    assert drawn.shape == (200, 300)
    assert (drawn[50:110, 100:140] == 230).all()  # the digit itself stays as it is
    changed = np.argwhere(drawn != 230)
    assert changed.min(axis=0).tolist() == [48, 98]
    assert 115 < changed[:, 0].max() < 150  # what was read stands below
    assert (np.asarray(marked(path, []).convert("L")) == 230).all()
