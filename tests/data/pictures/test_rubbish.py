"""Rubbish is what it is called: the same each time, and nothing that may be read as a digit."""

import numpy as np
import pytest
from PIL import Image

from mnist_helpers.data import from_picture
from mnist_helpers.data.pictures.counting import how_many
from mnist_helpers.data.pictures.handwriting import ALIKE, characters, glyph, likeness
from mnist_helpers.data.pictures.rubbish import HALVES, KINDS, LETTERS, SYMBOLS, rubbish
from mnist_helpers.errors import PictureError, UnknownNameError


@pytest.fixture(scope="module")
def digits():
    """Bars of several heights, which stand for digits: uint8 [4, 28, 28]."""
    images = np.zeros((4, 28, 28), np.uint8)
    for image, height in zip(images, (16, 17, 18, 20), strict=True):
        image[4 : 4 + height, 12:16] = 255
    return images


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_pictures_and_another_one_others(kind, digits):
    same, again, other = (rubbish(kind, 2, "practice", seed, digits) for seed in (1, 1, 2))
    for one, two in zip(same, again, strict=True):
        assert one.dtype == np.uint8
        assert np.array_equal(one, two)
    assert not all(map(np.array_equal, same, other))
    exam = rubbish(kind, 2, "exam", 1, digits)
    assert not all(map(np.array_equal, same, exam))


@pytest.mark.parametrize("kind", ["letters", "symbols", "two digits", "sheets"])
def test_it_is_dark_on_light_and_can_be_read_as_a_picture(kind, digits):
    for picture in rubbish(kind, 3, "exam", 3, digits):
        assert np.median(picture) > 150
        assert picture.min() < 100
        assert from_picture(Image.fromarray(picture)).shape == (1, 1, 28, 28)


def test_blank_paper_has_nothing_to_read(digits):
    (picture,) = rubbish("blank", 1, "exam", 0, digits)
    with pytest.raises(PictureError):
        from_picture(Image.fromarray(picture))


@pytest.mark.parametrize(("kind", "fewest"), [("two digits", 2), ("sheets", 3)])
def test_several_are_several(kind, fewest, digits):
    for picture in rubbish(kind, 4, "practice", 0, digits):
        assert how_many(picture < 130) >= fewest


def test_no_character_is_in_both_halves():
    for ranges in (LETTERS, SYMBOLS):
        practice, exam = (
            {
                (font, character)
                for font, *of in ranges[half]
                for character in characters((font, *of))
            }
            for half in HALVES
        )
        assert len(practice) > 100
        assert len(exam) > 100
        assert not practice & exam


def test_what_looks_like_a_digit_is_left_out():
    latin = "".join(characters(("DejaVuSans", 0x41, 0x5B)) + characters(("DejaVuSans", 0x61, 0x7B)))
    assert not set("OIlosSzZ") & set(latin)
    assert set("AEFHLMm") <= set(latin)
    assert likeness(glyph("DejaVuSansMono", "7")) > ALIKE
    assert likeness(np.zeros((112, 112), np.float32)) == 1


def test_another_kind_is_named(digits):
    with pytest.raises(UnknownNameError, match="no kind of rubbish 'music'; known: letters, sym"):
        rubbish("music", 1, "exam", 0, digits)
