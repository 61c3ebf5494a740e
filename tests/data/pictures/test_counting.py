"""How many digits there are: drawn here, so that the right answer is known."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_helpers.data.pictures import load_counted, load_image
from mnist_helpers.data.pictures.counting import how_many


def drawn(*lines, size=(280, 280)):
    """Lines of points, each a stroke 16 pixels wide: bool [height, width]."""
    picture = Image.new("1", size)
    for line in lines:
        ImageDraw.Draw(picture).line(line, fill=1, width=16, joint="curve")
    return np.asarray(picture)


ONE = [(100, 60), (100, 220)]
ANOTHER = [(160, 60), (160, 220)]
BODY_OF_A_5 = [(90, 70), (90, 130), (160, 140), (170, 190), (130, 220), (85, 210)]
BAR = [(125, 60), (190, 60)]


@pytest.mark.parametrize(
    ("strokes", "expected"),
    [
        ([], 0),
        ([ONE], 1),
        ([ONE, ANOTHER], 2),  # an 11
        ([ONE, ANOTHER, [(220, 60), (220, 220)]], 3),
        ([BODY_OF_A_5, BAR], 1),  # its bar is loose
        ([[(100, 60), (100, 130)], [(100, 142), (100, 220)]], 1),  # the pen has skipped
        ([[(100, 60), (100, 120)], [(100, 180), (100, 240)]], 2),  # below, at a distance
        ([[(90, 60), (80, 150), (150, 150)], [(140, 60), (140, 220)]], 1),  # an open 4
        ([ONE, [(150, 214), (156, 220)]], 1),  # a speck
    ],
)
def test_pieces_of_a_digit_are_one_and_what_stands_apart_is_more(strokes, expected):
    assert how_many(drawn(*strokes)) == expected


def test_a_sheet_has_as_many_as_it_shows():
    strokes = [[(x, y), (x, y + 40)] for x in (30, 90, 150, 210) for y in (30, 110, 190)]
    assert how_many(drawn(*strokes)) == 12


def test_it_holds_for_mnists_size():
    there = drawn(ONE, ANOTHER)
    small = np.asarray(Image.fromarray(there).convert("L").resize((28, 28)))
    assert how_many(small > 76) == 2


def test_what_stands_further_off_is_counted_in_the_whole_picture(tmp_path):
    """Where `load_image` takes the digit that stands out."""
    for far, expected in (([], 1), ([[(220, 60), (220, 220)]], 2), ([[(30, 214), (36, 220)]], 1)):
        picture = Image.fromarray(np.where(drawn(ONE, *far), 30, 225).astype(np.uint8))
        picture.save(tmp_path / "picture.png")
        image, shown = load_counted(tmp_path / "picture.png")
        assert shown == expected
        assert np.array_equal(image, load_image(tmp_path / "picture.png"))
