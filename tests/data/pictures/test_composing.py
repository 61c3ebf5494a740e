"""Composed sheets: what is said to be on them is there, and the seed chooses everything."""

import numpy as np
import pytest

from mnist_helpers.data.pictures import CONDITIONS, compose
from mnist_helpers.errors import UnknownNameError
from tests.conftest import sample_digits

DIGITS = sample_digits(20)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_digit_is_dark_in_its_box(condition):
    sheet = compose(DIGITS, condition, seed=1, columns=5)
    assert sheet.picture.dtype == np.uint8
    assert sheet.labels.tolist() == DIGITS.labels.tolist()
    assert sheet.boxes.shape == (20, 4)
    elsewhere = np.ones(sheet.picture.shape, bool)
    for left, top, right, bottom in sheet.boxes:
        assert 0 <= left < right <= sheet.picture.shape[1]
        assert 0 <= top < bottom <= sheet.picture.shape[0]
        inside = sheet.picture[top:bottom, left:right]
        assert np.percentile(inside, 5) < np.median(sheet.picture) - 60
        elsewhere[top - 3 : bottom + 3, left - 3 : right + 3] = False
    # shadows, lines and noise are lighter than the pen, nearly everywhere
    paper = sheet.picture[elsewhere]
    assert (paper < np.median(paper) / 2.5).mean() < 0.01


def test_the_rows_are_in_reading_order():
    boxes = compose(DIGITS, seed=2, columns=5).boxes
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    rows = middles.reshape(4, 5, 2)
    assert (np.diff(rows[..., 0], axis=1) > 0).all()
    assert (np.diff(rows[..., 1], axis=0) > 0).all()


def test_the_seed_chooses_and_the_same_one_gives_the_same():
    first, again, other = (compose(DIGITS, "touching", seed).picture for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_digits_that_touch_are_closer_than_others():
    def gaps(condition):
        boxes = compose(DIGITS, condition, seed=5, columns=5).boxes.reshape(4, 5, 4)
        return (boxes[:, 1:, 0] - boxes[:, :-1, 2]).ravel()

    assert gaps("clean").min() > 5
    assert (gaps("touching") <= 5).sum() >= 4


def test_rows_slope_only_where_they_should():
    def steepest(condition):
        slopes = []
        for seed in range(4):
            boxes = compose(DIGITS, condition, seed, columns=5).boxes.reshape(4, 5, 4)
            x, y = (boxes[..., :2] + boxes[..., 2:]).mean(axis=0).T
            slopes.append(abs(np.polyfit(x, y, 1)[0]))
        return max(slopes)

    assert steepest("clean") < 0.03 < 0.05 < steepest("sloping")


def test_another_condition_is_refused():
    with pytest.raises(UnknownNameError, match="no condition 'torn'; known: clean, sizes"):
        compose(DIGITS, "torn")
