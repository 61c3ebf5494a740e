"""Ink and lines: what a shadow, a desk and ruled paper leave of a stroke."""

import numpy as np
import pytest

from mnist_helpers.data.pictures.finding import digit_in, outlined
from mnist_helpers.data.pictures.ink import ink_of, skewness
from mnist_helpers.data.pictures.lines import without_lines

STROKE = (slice(60, 150), slice(95, 105))


def paper(stroke=0.2, light=0.9):
    grey = np.full((200, 200), light, np.float32)
    grey[STROKE] = stroke
    return grey


def test_a_shadow_takes_no_ink_and_gives_none():
    grey = paper()
    grey[:100] *= 0.5
    away = ink_of(grey, False)
    assert np.median(away[STROKE]) > 0.7
    assert away[STROKE].min() > 0.5  # beside the edge, too
    outside = away.copy()
    outside[STROKE] = 0
    assert outside.max() < 0.05


def test_a_desk_beside_the_sheet_is_no_ink():
    grey = paper()
    grey[:, 140:] = 0.15
    assert ink_of(grey, False)[:, 110:].max() < 0.05


@pytest.mark.parametrize("dark", [True, False])
def test_ink_is_what_is_rarer_in_its_neighbourhood(dark):
    grey = paper()
    grey[:, 160:] = 0.3  # a desk does not change it
    assert (skewness(grey if dark else 1 - grey) < 0) == dark


def test_ink_ends_where_the_picture_has_an_edge_and_a_piece_of_paper_does_not():
    """A small sheet on a dark desk: what is light and rare there is a piece of the sheet."""
    grey = np.full((200, 200), 0.25, np.float32)
    grey[30:170, 30:170] = 0.9
    grey[70:130, 110:135] = 0.15
    dark, light = (digit_in(ink_of(grey, light_ink)) for light_ink in (False, True))
    assert outlined(dark, grey, False) > 0.95
    assert outlined(light, grey, True) < 0.9


def test_lines_go_and_the_stroke_across_them_stays():
    away = np.zeros((200, 200), np.float32)
    away[STROKE] = 0.8
    away[20::40] = np.maximum(away[20::40], 0.2)
    rest = without_lines(away)
    assert rest[STROKE].min() > 0.4
    assert rest[:, :90].max() < 0.05


def test_one_line_may_be_a_stroke():
    away = np.zeros((200, 200), np.float32)
    away[100:104] = 0.8
    assert (without_lines(away) == away).all()
