"""The page "Draw a digit": its networks as layers for JavaScript, the runs that are stored.

(In a browser: tests/slow/test_draw.py.)
"""

import importlib
import json
import os
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from mnist_helpers.data import load, to_floats
from mnist_helpers.evaluation import evaluate
from mnist_helpers.models import NETWORKS, LinearRegressor, create, fingerprint, parameter_count
from mnist_helpers.models.in_blocks import InBlocks
from tests.conftest import sample_digits
from tools.drawing import training
from tools.drawing.layers import NotLayersError, layers_of
from tools.drawing.scripts import first_maps, script, write

ROOT = Path(__file__).parents[1]
needs_mnist = pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="needs MNIST itself")
CAN = [name for name in NETWORKS if name != "mlp"]  # its sigmoids are on no page


def computed(layers, image):
    """What such layers make of an image, by NumPy: the engine again, in the plainest way."""
    x = image.ravel()
    for its in layers:
        match its["kind"]:
            case "patches":
                rows = np.vstack([x.reshape(-1, its["channels"]), np.zeros(its["channels"])])
                x = rows[its["places"]].ravel()
            case "product":
                x = (x.reshape(-1, len(its["weights"])) @ its["weights"] + its["bias"]).ravel()
            case "largest" | "mean" as kind:
                rows = x.reshape(-1, its["size"], its["channels"])
                x = (rows.max(1) if kind == "largest" else rows.mean(1)).ravel()
            case "scale":
                x = (x.reshape(-1, len(its["by"])) * its["by"] + its["plus"]).ravel()
            case "relu":
                x = np.maximum(x, 0)
            case "tanh":
                x = np.tanh(x)
    return x


def lively(model):
    """With statistics in its batch normalisations that are not those of the beginning."""
    paddle.seed(0)
    for name, buffer in model.named_buffers():
        if name.endswith("_mean") or name.endswith("_variance"):
            buffer.set_value(paddle.rand(buffer.shape) + 0.1)
    model.eval()
    return model


def images(n):
    return to_floats(sample_digits(n).images)


@pytest.mark.parametrize("outputs", [1, 10])
@pytest.mark.parametrize("name", CAN)
def test_the_layers_of_a_network_compute_what_it_computes(name, outputs):
    model = lively(create(name, outputs))
    layers = layers_of(model)
    some = images(6)
    expected = model(paddle.to_tensor(some)).numpy()
    found = [computed(layers, image) for image in some]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    arrays = [its.get(key) for its in layers for key in ("weights", "bias", "by", "plus")]
    assert sum(array.size for array in arrays if array is not None) >= parameter_count(model)


def test_nothing_is_left_behind_in_the_network():
    model = create("convnet")
    before = fingerprint(model)
    layers_of(model)
    assert model.training
    assert not any(layer._forward_pre_hooks for layer in model.sublayers())
    assert not any(layer._forward_post_hooks for layer in model.sublayers())
    assert fingerprint(model) == before


class InTheCode(nn.Layer):
    """Something happens between two layers: `between`."""

    def __init__(self, between):
        super().__init__()
        self.first, self.second = nn.Linear(784, 16), nn.Linear(16, 10)
        self.between = between

    def forward(self, images):
        return self.second(self.between(self.first(images.flatten(1))))


@pytest.mark.parametrize(
    "between",
    [F.relu, F.tanh, lambda x: -x, lambda x: x / 2, lambda x: F.softmax(x), abs],
    ids=["relu", "tanh", "minus", "half", "softmax", "abs"],
)
def test_what_is_computed_between_layers_is_found(between):
    with pytest.raises(NotLayersError, match="before Linear is no layer of its own"):
        layers_of(InTheCode(between))


@pytest.mark.parametrize(
    "between",
    [lambda x: x[:, ::-1], lambda x: x.reshape([1, 4, 4]).transpose([0, 2, 1]).flatten(1)],
    ids=["turned", "blocks"],
)
def test_what_is_only_moved_is_followed(between):
    model = InTheCode(between)
    (image,) = images(1)
    expected = model(paddle.to_tensor(image[None])).numpy()[0]
    np.testing.assert_allclose(computed(layers_of(model), image), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.Conv2D(1, 2, 3, dilation=2), "dilation"),
        (nn.MaxPool2D(3, padding=1), "a pooling with padding"),
        (nn.GELU(), "a GELU is none of the layers that the page can compute"),
    ],
    ids=["dilation", "pooling", "GELU"],
)
def test_a_layer_that_the_page_cannot_compute_is_refused(layer, message):
    with pytest.raises(NotLayersError, match=message):
        layers_of(nn.Sequential(layer, nn.Flatten()))


def test_first_maps_lie_as_the_image_does_even_where_the_network_keeps_them_otherwise():
    class Turned(nn.Layer):
        """Its windows go from the last place to the first."""

        def __init__(self):
            super().__init__()
            self.product, self.relu = nn.Linear(4, 3), nn.ReLU()

        def forward(self, images):
            rows = F.unfold(images, 2, 2).transpose([0, 2, 1])[:, ::-1]  # [1, 196, 4]
            return self.relu(self.product(rows)).flatten(1)

    maps = first_maps(layers_of(Turned()))
    assert maps["side"] == 14
    assert maps["order"] == list(range(195, -1, -1))
    assert "order" not in first_maps(layers_of(create("lenet5")))
    assert first_maps(layers_of(LinearRegressor())) is None


def test_the_networks_in_blocks_are_as_they_were_without():
    """Hooks and few images make InBlocks call layer after layer: it is that way that is read."""
    model = create("lenet5")
    assert any(isinstance(layer, InBlocks) for layer in model.sublayers())
    kinds = [its["kind"] for its in layers_of(model)]
    assert kinds[:5] == ["patches", "product", "tanh", "patches", "mean"]


# ---- what is stored


@pytest.mark.parametrize("name", training.NETWORKS)
def test_a_script_is_of_the_stored_weights(name, tmp_path):
    write(tmp_path)
    text = (tmp_path / f"{name}.js").read_text()
    assert text == script(name)
    given = json.loads(text.removeprefix("drawDigit.network(").removesuffix(");\n"))
    assert given["name"] == name
    assert given["weights"] == fingerprint(training.trained(name))
    log = json.loads((training.STORED / f"{name}.json").read_text())
    assert log["parameters"] == parameter_count(training.NETWORKS[name].network())
    assert log["trained on"] == 50_000
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(training.NETWORKS)


@needs_mnist
@pytest.mark.parametrize("name", training.NETWORKS)
def test_the_stored_weights_read_as_many_digits_as_their_log_says(name):
    log = json.loads((training.STORED / f"{name}.json").read_text())
    # other processors add in another order: a digit on the edge may change its side
    accuracy = evaluate(training.trained(name), load("valid")).accuracy
    assert accuracy == pytest.approx(log["accuracy"], abs=2e-4)


def test_a_training_leaves_weights_and_log(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(training, "epochs_like", lambda n, digits: 1)
    training.train("lenet5", tmp_path)
    log = json.loads((tmp_path / "lenet5.json").read_text())
    assert f"lenet5: accuracy {log['accuracy']:.4f} after" in capsys.readouterr().out
    model = training.trained("lenet5", tmp_path)
    assert evaluate(model, load("valid", quiet=True)).accuracy == log["accuracy"]
    assert len(log["epochs"]) == 1


# ---- what a page says


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fast: Fast, 11_yours, number", "there is no book/11_yours.ipynb"),
        ("slow: Slow, 09_deployment, number", "no run of 'slow' is stored in tools/drawing/stored"),
        ("fast: Fast, 09_deployment, words", "expected one of probabilities, number"),
        ("fast", "expected NAME: TITLE, PAGE, probabilities"),
    ],
)
def test_a_line_that_names_what_is_not_there_is_refused(line, message, monkeypatch):
    extensions = ROOT / "book" / "_extensions"
    monkeypatch.syspath_prepend(str(extensions))  # its neighbours are imported from there
    draw_page = importlib.import_module("draw_page")
    with pytest.raises(ValueError, match=message):
        draw_page.network(line)
    its = draw_page.network("fast: Fast, and good, 10_all_together, probabilities")
    assert (its["title"], its["page"]) == ("Fast, and good", "10_all_together")
