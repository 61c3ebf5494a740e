"""Paddle's own predictor: both ways to run it."""

import numpy as np
import paddle
import pytest

from mnist_helpers import models
from mnist_helpers.deployment import native
from mnist_helpers.deployment.export import save_inference_model


@pytest.fixture(scope="module", params=["convnet", "lenet5", "patchnet"])
def network(request, tmp_path_factory):
    """A network, and the two files of its export."""
    paddle.seed(1)
    model = models.create(request.param)
    model.eval()
    folder = save_inference_model(model, tmp_path_factory.mktemp("export") / request.param)
    return model, (folder / "model.json", folder / "model.pdiparams")


@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("n", [1, 2, 33])
def test_both_ways_give_the_model_s_scores(network, onednn, n):
    model, files = network
    images = np.random.default_rng(n).random((n, 1, 28, 28), np.float32)
    with paddle.no_grad():
        expected = model(paddle.to_tensor(images)).numpy()
    run = native.start(*files, threads=1, onednn=onednn)
    assert np.allclose(run(images), expected, atol=1e-5)
