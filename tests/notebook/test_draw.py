"""The shapes of pictures: what they draw, and what a notebook is given."""

import base64
import io
import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from mnist_helpers.notebook.draw import Drawing, Plane, as_floats, number
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, INK, PAPER, TINTS, WIDTH

ALT = 'A test picture, "quoted" & with 2 < 3 <signs>, and the number 0.98765'
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
CHECKS = np.indices((6, 4)).sum(axis=0) % 2


def drawing(height=100, **options):
    return Drawing(height, ALT, **options)


def everything():
    """A drawing with each shape in it."""
    made = drawing(300, words={"box": "Kiste"})
    made.box(10, 10, 80, 30, "box", colour=BLUE, strong=True)
    made.box(100, 10, 80, 30, "[4, 1]", square=True, dashed=True)
    made.cells(10, 60, 20, [["1", "2"]], inks=np.array([[0.2, 0.9]]))
    made.frame(60, 60, 30, 30, rim=True)
    made.circle(120, 75, 15, "$w_1$", colour=GREEN)
    made.dots([(150, 70), (160, 70)])
    made.cross(180, 70)
    made.line([(200, 60), (230, 90)], dashed=True)
    made.arrow((240, 60), (280, 60), (280, 90), words="on", both=True, dashed=True)
    made.arrow((300, 60), (340, 90), bend=0.3, gap=4)
    made.all_to_all([(20, 120), (20, 140)], [(60, 120), (60, 140)])
    made.stack(100, 130, 20, 9)
    made.pixels(150, 110, 40, CHECKS, grid=True)
    made.area([(200, 110), (240, 110), (220, 150)], colour=BLUE)
    plane = Plane(250, 110, 100, 60, (-1, 1), (-1, 1))
    made.ellipses(plane, (0, 0), [(0.5, 0.4), (2, 1.5)])
    made.words(180, 200, "two\nlines", rim=True)
    return made


def axes(made):
    return made.figure.axes[0]


def texts(made):
    return {text.get_text(): text for text in axes(made).texts}


@pytest.mark.parametrize(
    ("value", "options", "words"),
    [
        (0.5, {}, "0.5"),
        (2.0, {}, "2"),
        (100, {}, "100"),
        (-0.126, {}, "−0.13"),
        (-0.001, {}, "0"),
        (0.25, {"places": 1}, "0.2"),
        (0.5, {"exactly": True}, "0.50"),
        (10020, {}, "10,020"),
        (np.float32(1), {"places": 0}, "1"),
    ],
)
def test_numbers(value, options, words):
    assert number(value, **options) == words


@pytest.mark.parametrize("alt", ["", "   ", "a picture", " " * 30])
def test_an_alternative_text_says_something(alt):
    with pytest.raises(ValueError, match="says what the picture says"):
        Drawing(100, alt)


def test_a_notebook_is_given_svg_and_png_with_the_alternative_text():
    made = everything()
    data, metadata = made._repr_mimebundle_(include=None, exclude=None)
    assert set(data) == {"image/svg+xml", "image/png", "text/plain"}
    root = ElementTree.fromstring(data["image/svg+xml"])
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == ALT
    assert (root.get("width"), root.get("height")) == ("360pt", "300pt")
    assert root.get("viewBox") == "0 0 360 300"
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as picture:
        assert picture.size == (2 * WIDTH, 600)
        assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    assert metadata["image/svg+xml"] == {"alt": ALT}
    # as large as 360 × 300 points are on a page
    assert metadata["image/png"] == {"alt": ALT, "width": 480, "height": 400}
    assert ALT.startswith(data["text/plain"][:20])


def test_svg_refers_to_nothing_outside():
    svg = everything().svg()
    root = ElementTree.fromstring(svg)
    links = [element.get(HREF) for element in root.iter() if element.get(HREF)]
    assert links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    ids = {element.get("id") for element in root.iter()}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert not re.search(r"url\((?!#)|@import|<text|<script|<foreignObject", svg)


@pytest.mark.parametrize("theme", ["default", "dark_background", "ggplot", "grayscale"])
def test_the_bytes_are_the_same_whatever_the_reader_s_settings(theme):
    before = everything()
    with plt.style.context(theme), plt.rc_context({"font.family": "serif", "savefig.bbox": "tight",
                                                  "mathtext.fontset": "stix"}):  # fmt: skip
        settings = dict(plt.rcParams)
        after = everything()
        assert after.svg() == before.svg()
        assert after.png() == before.png()
        assert dict(plt.rcParams) == settings
    assert plt.get_fignums() == []


def test_what_is_drawn_twice_is_the_same():
    made = everything()
    assert made._repr_mimebundle_() == made._repr_mimebundle_()


def test_short_svg_shows_what_the_long_one_would():
    """Digits are cut from places, not from factors: letters keep their size."""
    svg = everything().svg()
    assert 'transform="scale(0.015625)"' in svg  # of DejaVu's letters
    assert "<!--" not in svg
    assert not re.search(r" \d+\.\d{3}", svg.split(">", 1)[1].replace("0.015625", ""))


def test_words_on_one_height_stand_level():
    made = drawing()
    for x, words in enumerate(["acne", "Apply", "…", "−", "$x^2$"]):
        made.words(50 * x, 50, words)
    feet = {text.get_position()[1] for text in axes(made).texts}
    assert len(feet) == 1
    assert {text.get_verticalalignment() for text in axes(made).texts} == {"baseline"}
    assert 50 < feet.pop() < 56


def test_words_of_two_lines_are_about_their_middle():
    made = drawing()
    made.words(50, 50, "one\ntwo")
    made.words(90, 50, "one")
    first, second, single = (text.get_position()[1] for text in axes(made).texts)
    assert first < single < second
    assert first + second == pytest.approx(2 * single)


def test_words_are_translated():
    made = drawing(words={"rate {}": "Rate {}", "step": "Schritt", "two\nlines": "eine Zeile"})
    assert made.said("rate {}", 0.1) == "Rate 0.1"
    assert made.said("other {}", 1) == "other 1"
    made.box(0, 0, 50, 20, "step")
    made.line_up(50, [(20, "step"), (80, "rest")])
    made.words(50, 80, "two\nlines")
    assert [text.get_text() for text in axes(made).texts] == [
        "Schritt", "Schritt", "rest", "eine Zeile",
    ]  # fmt: skip


def test_a_strong_box_stands_out_without_colour():
    made = drawing()
    made.box(10, 10, 60, 30, "lit", colour=BLUE, strong=True)
    made.box(90, 10, 60, 30, "not", colour=BLUE)
    strong, weak = axes(made).patches
    assert (to_hex(strong.get_facecolor()), to_hex(weak.get_facecolor())) == (
        BLUE.lower(), TINTS[BLUE].lower(),
    )  # fmt: skip
    assert (texts(made)["lit"].get_color(), texts(made)["not"].get_color()) == (PAPER, INK)


def test_a_box_has_the_size_that_it_is_given():
    made = drawing()
    made.box(10, 20, 60, 30)
    made.box(100, 20, 60, 30, square=True)
    for patch, left in zip(axes(made).patches, (10, 100), strict=True):
        bounds = patch.get_path().transformed(patch.get_patch_transform()).get_extents()
        assert bounds.bounds == pytest.approx((left, 20, 60, 30))


def ink(made, box):
    """How much of a part of the PNG (left, top, right, bottom, in units) is not paper."""
    with Image.open(io.BytesIO(made.png())) as picture:
        part = np.asarray(picture.convert("L").crop([2 * edge for edge in box]))
    return (part < 128).mean()


def test_an_arrow_ends_at_its_point_with_a_head():
    made = drawing()
    made.arrow((20, 50), (100, 50))
    head = axes(made).patches[0].get_path().vertices
    assert head[0] == pytest.approx((100, 50))
    assert head[:, 0].min() > 90
    assert ink(made, (101, 40, 120, 60)) == 0
    assert ink(made, (93, 48, 95, 52)) > ink(made, (50, 48, 52, 52)) > 0


def test_an_arrow_stops_a_gap_before_its_end():
    made = drawing()
    made.arrow((20, 50), (100, 50), gap=10)
    assert axes(made).patches[0].get_path().vertices[0] == pytest.approx((90, 50))


def test_a_measure_has_a_head_at_each_end():
    made = drawing()
    made.arrow((20, 50), (100, 50), both=True)
    tips = sorted(patch.get_path().vertices[0][0] for patch in axes(made).patches)
    assert tips == pytest.approx([20, 100])


@pytest.mark.parametrize(("bend", "below"), [(0.3, True), (-0.3, False)])
def test_an_arrow_is_bent_to_its_right(bend, below):
    """Who goes from left to right has below to their right."""
    made = drawing()
    made.arrow((20, 50), (100, 50), bend=bend)
    y = axes(made).lines[0].get_ydata()
    assert (y[len(y) // 2] > 55) == below
    assert (y[len(y) // 2] < 45) != below


def test_an_arrow_goes_around_corners():
    made = drawing()
    made.arrow((20, 20), (80, 20), (80, 70), words="around")
    x, y = axes(made).lines[0].get_data()
    assert (x[1], y[1]) == (80, 20)
    assert axes(made).patches[0].get_path().vertices[0] == pytest.approx((80, 70))
    assert texts(made)["around"].get_position()[0] == 50


def test_dashes_are_only_in_the_line():
    made = drawing()
    made.arrow((20, 50), (100, 50), dashed=True)
    assert axes(made).lines[0].is_dashed()
    assert axes(made).patches[0].get_linewidth() == 0


def test_pixels_are_stored_as_they_are_and_shown_sharp():
    made = drawing()
    made.pixels(10, 10, 40, CHECKS)
    (image,) = ElementTree.fromstring(made.svg()).iter(f"{SVG}image")
    with Image.open(io.BytesIO(base64.b64decode(image.get(HREF).split(",")[1]))) as stored:
        assert stored.size == (4, 6)
        assert np.array_equal(np.asarray(stored.convert("L")), 255 * (1 - CHECKS))
    assert "pixelated" in image.get("style")
    with Image.open(io.BytesIO(made.png())) as picture:
        part = np.asarray(picture.convert("L"))[20:140, 20:100]  # 40 × 60 units
    for row, column in np.ndindex(CHECKS.shape):
        middle = part[20 * row + 4 : 20 * row + 16, 20 * column + 4 : 20 * column + 16]
        assert (middle == 255 * (1 - CHECKS[row, column])).all()


def test_pixels_do_not_move_the_paper():
    made = drawing()
    made.pixels(10, 10, 40, CHECKS)
    made.ellipses(Plane(250, 10, 100, 60, (-1, 1), (-1, 1)), (0, 0), [(9, 9)])
    made.dots([(300, 30)])
    assert axes(made).get_xlim() == (0, WIDTH)
    assert axes(made).get_ylim() == (100, 0)


def test_bytes_and_floats_are_the_same_pixels():
    image = np.array([[0, 255], [51, 102]], np.uint8)
    assert np.allclose(as_floats(image), [[0, 1], [0.2, 0.4]])
    assert np.array_equal(as_floats([[0, 0.5]]), [[0, 0.5]])


@pytest.mark.parametrize(("maps", "drawn"), [(3, 3), (20, 5)])
def test_a_stack_says_how_far_it_reaches(maps, drawn):
    made = drawing()
    reach = made.stack(100, 50, 20, maps)
    lefts = [patch.get_x() for patch in axes(made).patches]
    assert len(lefts) == drawn
    assert max(lefts) - min(lefts) == reach > 0
    assert axes(made).patches[-1].get_xy() == (100, 50)  # the first one, in front


def test_a_plane_has_numbers_of_its_own():
    plane = Plane(100, 20, 200, 60, (-1, 1), (0, 3))
    assert plane.at(-1, 0) == (100, 80)
    assert plane.at(1, 3) == (300, 20)
    assert plane.along([0, 1], [1.5, 0]) == [(200, 50), (300, 80)]
    with pytest.raises(ValueError, match="zip"):
        plane.along([0], [1, 2])


def test_ellipses_are_as_large_as_the_plane_says_and_end_where_it_ends():
    made = drawing()
    plane = Plane(100, 10, 80, 80, (-1, 1), (-1, 1))
    made.ellipses(plane, (0.5, 0), [(0.25, 0.5), (1, 1)])
    small, large, frame = axes(made).patches
    assert (small.get_center(), small.get_width(), small.get_height()) == ((160, 50), 20, 40)
    assert (large.get_width(), large.get_height()) == (80, 80)
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((100, 10), 80, 80)
    assert ink(made, (181, 0, 360, 100)) == 0
