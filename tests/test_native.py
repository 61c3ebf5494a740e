"""Paddle's own predictor: both ways to run it, and which of them is taken."""

import time

import numpy as np
import paddle
import pytest

from mnist_helpers import models, native
from mnist_helpers.export import save_inference_model

WAYS = {"with oneDNN": native.with_onednn, "without": native.without_onednn}


@pytest.fixture(scope="module", params=["convnet", "lenet5", "patchnet"])
def network(request, tmp_path_factory):
    """A network, and the two files of its export."""
    paddle.seed(1)
    model = models.create(request.param)
    model.eval()
    folder = save_inference_model(model, tmp_path_factory.mktemp("export") / request.param)
    return model, (folder / "model.json", folder / "model.pdiparams")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("n", [1, 2, 33])
def test_both_ways_give_the_model_s_scores(network, way, n):
    model, files = network
    images = np.random.default_rng(n).random((n, 1, 28, 28), np.float32)
    with paddle.no_grad():
        expected = model(paddle.to_tensor(images)).numpy()
    assert np.allclose(WAYS[way](*files, 1)(images), expected, atol=1e-5)


def sleeping(one, several):
    """A way that takes so many seconds for one picture, and for several."""

    def run(images):
        time.sleep(one if len(images) == 1 else several)
        run.asked.append(len(images))

    run.asked = []
    return run


def test_one_picture_and_several_each_get_the_way_that_is_quicker(monkeypatch, network):
    slow_to_begin, slow_to_compute = sleeping(0.02, 0), sleeping(0, 0.02)
    monkeypatch.setattr(native, "with_onednn", lambda *_: slow_to_begin)
    monkeypatch.setattr(native, "without_onednn", lambda *_: slow_to_compute)
    run = native.start(*network[1], threads=1)
    for way in (slow_to_begin, slow_to_compute):
        way.asked.clear()
    for n in (1, 2, 100, 1):
        run(np.zeros([n, 1, 28, 28], np.float32))
    assert (slow_to_compute.asked, slow_to_begin.asked) == ([1, 1], [2, 100])


def test_the_first_run_which_prepares_things_does_not_decide():
    calls = []

    def prepares(images):
        time.sleep(0.1 if not calls else 0)
        calls.append(len(images))

    steady = sleeping(0.01, 0.01)
    assert native.soonest([steady, prepares], np.zeros([1, 1, 28, 28], np.float32)) is prepares
