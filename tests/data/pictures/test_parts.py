"""Connected parts: what is drawn here is found again, with its box, its size and its thickness."""

import numpy as np
import pytest

from mnist_helpers.data.pictures.parts import parts_of


def test_each_part_is_found_largest_first():
    there = np.zeros((40, 60), bool)
    there[5:35, 10:14] = True
    there[20:23, 40:50] = True
    there[0, 59] = True
    bar, lying, speck = parts_of(there)
    assert (bar.rows, bar.columns) == (slice(5, 35), slice(10, 14))
    assert (bar.height, bar.width, bar.area) == (30, 4, 120)
    assert bar.mask.all()
    assert lying.area == 30
    assert [part.edges for part in (bar, lying, speck)] == [0, 0, 2]


def test_what_meets_at_a_corner_is_one_part():
    assert len(parts_of(np.eye(7, dtype=bool))) == 1


def test_a_part_inside_another_ones_box_is_not_in_its_mask():
    there = np.zeros((30, 30), bool)
    there[2:28, 2:28] = True
    there[5:25, 5:25] = False
    there[14:16, 14:16] = True
    ring, dot = parts_of(there)
    assert ring.mask.sum() == ring.area == 26 * 26 - 20 * 20
    assert dot.area == 4


@pytest.mark.parametrize("width", [1, 2, 3, 6, 12])
def test_the_thickness_of_a_long_bar_is_its_width(width):
    there = np.zeros((60, 400), bool)
    there[20 : 20 + width, 5:395] = True
    assert parts_of(there)[0].thickness == pytest.approx(width, rel=0.2, abs=1)


def test_nothing_has_no_parts():
    assert parts_of(np.zeros((5, 5), bool)) == []
