"""The networks: shapes, sizes, gradients, and that each can learn by heart."""

import re

import numpy as np
import paddle
import pytest
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import to_floats
from mnist_helpers.errors import UnknownNameError
from mnist_helpers.evaluation import evaluate
from mnist_helpers.losses import cross_entropy, square_error
from mnist_helpers.training import fit
from tests.conftest import sample_digits

COUNTS = {  # with 10 outputs, with 1
    "linear": (7_850, 785),
    "mlp": (8_070, 7_971),
    "convnet": (20_350, 11_521),
    "lenet5": (61_706, 60_941),
    "alexnet": (87_882, 86_721),
}
# rate and epochs (of 5 steps) in which 100 digits are learned by heart
BY_HEART = {
    "linear": (0.01, 60),
    "mlp": (0.05, 80),
    "convnet": (0.003, 15),
    "lenet5": (0.003, 20),
    "alexnet": (0.002, 80),
}


@pytest.mark.parametrize("outputs", [10, 1])
@pytest.mark.parametrize("name", models.NETWORKS)
def test_shapes_and_parameter_counts(name, outputs):
    model = models.create(name, outputs)
    for b in (1, 3):
        assert list(model(paddle.zeros([b, 1, 28, 28])).shape) == [b, outputs]
    assert models.parameter_count(model) == COUNTS[name][outputs == 1]


@pytest.mark.parametrize("name", models.NETWORKS)
def test_the_docstrings_give_the_counts(name):
    stated = re.findall(
        r"([\d,]+) parameters[^.]*?regression: ([\d,]+)", models.NETWORKS[name].__doc__
    )
    assert [tuple(int(n.replace(",", "")) for n in pair) for pair in stated] == [COUNTS[name]]


@pytest.mark.parametrize("outputs", [10, 1])
@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_parameter_gets_a_gradient(name, outputs):
    paddle.seed(0)
    model = models.create(name, outputs)
    digits = sample_digits(64)
    x = paddle.to_tensor(to_floats(digits.images))
    y = paddle.to_tensor(digits.labels.astype("int64")[:, None])
    (cross_entropy if outputs == 10 else square_error)(model(x), y).backward()
    for name, parameter in model.named_parameters():
        size = float(parameter.grad.abs().sum())
        assert 0 < size < np.inf, name


@pytest.mark.parametrize("name", models.NETWORKS)
def test_it_can_learn_100_digits_by_heart(name):
    digits = sample_digits(100)
    rate, epochs = BY_HEART[name]
    paddle.seed(0)
    model = models.create(name)
    adam = paddle.optimizer.Adam(rate, parameters=model.parameters())
    fit(model, digits, loss=cross_entropy, optimizer=adam, epochs=epochs, batch_size=20)
    assert evaluate(model, digits).accuracy >= 0.99


@pytest.mark.parametrize("name", ["mlp", "convnet", "lenet5"])
def test_the_regression_head_learns_too(name):
    digits = sample_digits(100)
    paddle.seed(0)
    model = models.create(name, outputs=1)
    rate, epochs = (0.003, 250) if name == "mlp" else (0.003, 40)
    adam = paddle.optimizer.Adam(rate, parameters=model.parameters())
    fit(model, digits, loss=square_error, optimizer=adam, epochs=epochs, batch_size=20)
    variance = digits.labels.astype(float).var()  # the loss of a model that answers the mean
    assert evaluate(model, digits, square_error).loss < variance / 10


def test_both_heads_have_the_same_body():
    for name in ("mlp", "convnet", "lenet5", "alexnet"):
        bodies = [
            {key: list(p.shape) for key, p in models.create(name, n).body.state_dict().items()}
            for n in (1, 10)
        ]
        assert bodies[0] == bodies[1]


def test_width_and_activation_of_the_mlp_can_be_chosen():
    model = models.MLP(3, (5,), nn.ReLU)
    assert models.parameter_count(model) == 784 * 5 + 5 + 5 * 3 + 3
    assert [type(layer) for layer in model.body] == [nn.Flatten, nn.Linear, nn.ReLU]


def test_an_unknown_model_is_named_and_the_known_ones_listed():
    with pytest.raises(UnknownNameError, match=r"'resnet'.*linear, mlp, convnet, lenet5, alexnet"):
        models.create("resnet")
