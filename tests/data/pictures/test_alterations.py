"""Digits in bad photographs: what comes out is the digit that went in."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import photographs
from mnist_helpers.data.pictures import from_picture
from mnist_helpers.data.pictures.alterations import ALTERATIONS, LONGEST, on_paper
from mnist_helpers.data.splits import load

PHOTOGRAPHS = Path(__file__).parents[4] / "shared" / "data" / "pictures"
SOME = 12  # digits of each kind of picture


@pytest.fixture(scope="module")
def papers():
    rng = np.random.default_rng(1)
    return [on_paper(image, rng) for image in load("valid", quiet=True).images[:SOME]]


def alike(one, other):
    """The correlation of two digits, where they fit best: one may lie a pixel further."""
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    moved = [np.roll(one[0, 0], shift, (0, 1)).ravel() for shift in shifts]
    return max(np.corrcoef(flat, other[0, 0].ravel())[0, 1] for flat in moved)


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_digit_is_found_as_it_was(papers, name):
    found = []
    for n, paper in enumerate(papers):
        altered = ALTERATIONS[name](paper, np.random.default_rng(n))
        found.append(
            alike(from_picture(Image.fromarray(altered)), from_picture(Image.fromarray(paper)))
        )
    assert np.mean(np.array(found) > 0.9) >= 0.9, found


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_alteration_depends_on_its_seed_alone(papers, name):
    before = papers[0].copy()
    first, again, other = (
        ALTERATIONS[name](papers[0], np.random.default_rng(s)) for s in (5, 5, 6)
    )
    assert (papers[0] == before).all()
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert (first == again).all()
    if name != "as it is":
        assert first.shape != other.shape or (first != other).any()
        assert first.shape != before.shape or (first != before).mean() > 0.0001


def test_a_digit_on_paper_is_dark_on_light(papers):
    assert papers[0].shape == (LONGEST, LONGEST, 3)
    assert np.median(papers[0]) > 110
    assert papers[0].min() < 80


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="no photographs in ../shared")
@pytest.mark.parametrize("name", [photographs.AS_SENT, *ALTERATIONS])
def test_photographs_are_read(name):
    model = photographs.network()
    groups = dict(photographs.groups(PHOTOGRAPHS))
    sent = name not in ALTERATIONS
    of = "all " if sent else ""
    for column in ("hands tuned on", "other hands"):  # the others have to do as well
        some = groups[f"{of}{column}"][:: 1 if sent else 4]
        said = [
            (label, photographs.answer(model, p)) for _, label, p in photographs.altered(some, name)
        ]
        assert np.mean([label == digit for label, digit in said]) >= (0.98 if sent else 0.87)
