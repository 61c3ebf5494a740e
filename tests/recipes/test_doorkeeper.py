"""The doorkeeper's recipe: what it learns from, and that NumPy computes what Paddle has trained."""

import argparse

import numpy as np
import paddle
import pytest

from mnist_helpers.data import to_floats
from mnist_helpers.deployment import doorkeeper as at_the_door, like_a_digit
from mnist_helpers.recipes import doorkeeper
from tests.conftest import sample_digits


@pytest.fixture
def small(monkeypatch):
    """A few pictures of each sort, and one epoch."""
    few = dict.fromkeys(doorkeeper.RUBBISH, 4)
    for name, value in (("RUBBISH", few), ("AS_THEY_ARE", 30), ("OTHER_PENS", 6), ("TYPE", 10)):
        monkeypatch.setattr(doorkeeper, name, value)
    monkeypatch.setattr(doorkeeper, "EPOCHS", 1)
    monkeypatch.setattr(doorkeeper, "BATCH", 10)


@pytest.fixture
def at(monkeypatch):
    """Puts another file at the door."""

    def put(path):
        monkeypatch.setattr(at_the_door, "WEIGHTS", path)
        at_the_door._network.cache_clear()

    yield put
    at_the_door._network.cache_clear()


def test_what_it_learns_from(small):
    train = sample_digits(60)
    known = doorkeeper.examples(train, seed=1)
    kinds = len(doorkeeper.RUBBISH)
    assert known.labels.tolist() == [1] * (30 + 6 + 10) + [0] * (4 * kinds)
    assert np.array_equal(known.images[:30], train.images[:30])
    assert known.images.dtype == np.uint8
    drawn = known.images[30:]
    assert (drawn.max(axis=(1, 2)) == 255).all()
    assert len(np.unique(drawn.reshape(len(drawn), -1), axis=0)) == len(drawn)
    again = doorkeeper.examples(train, seed=1)
    assert np.array_equal(known.images, again.images)


def test_the_file_answers_as_the_network_does(small, at, tmp_path):
    known = doorkeeper.examples(sample_digits(60))
    model = doorkeeper.train(known)
    doorkeeper.store(model, tmp_path / "door.npz")
    at(tmp_path / "door.npz")
    images = to_floats(known.images)
    with paddle.no_grad():
        expected = paddle.nn.functional.sigmoid(model(paddle.to_tensor(images))).numpy()[:, 0]
    assert like_a_digit(images) == pytest.approx(expected, abs=0.005)
    assert np.ptp(expected) > 0.01


def test_the_command_writes_the_file(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(doorkeeper, "load", lambda split: sample_digits(60))
    path = tmp_path / "door.npz"
    assert doorkeeper.run(argparse.Namespace(seed=0, output=path)) == 0
    assert capsys.readouterr().out == f"{path}: {path.stat().st_size:,} bytes\n"
    assert path.stat().st_size < 60_000
