"""The networks: shapes, sizes, gradients, and that each can learn by heart."""

import re

import numpy as np
import paddle
import pytest
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import to_floats
from mnist_helpers.errors import UnknownNameError
from mnist_helpers.evaluation.scores import evaluate
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy, square_error
from tests.conftest import sample_digits

COUNTS = {  # with 10 outputs, with 1
    "linear": (7_850, 785),
    "mlp": (8_070, 7_971),
    "convnet": (20_350, 11_521),
    "lenet5": (61_706, 60_941),
    "alexnet": (87_882, 86_721),
    "patchnet": (41_002, 35_809),
}
# rate and epochs (of 5 steps) in which 100 digits are learned by heart
BY_HEART = {
    "linear": (0.01, 60),
    "mlp": (0.05, 80),
    "convnet": (0.003, 15),
    "lenet5": (0.003, 20),
    "alexnet": (0.002, 80),
    "patchnet": (0.003, 40),
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
        if parameter.stop_gradient:  # the running means of a batch normalisation
            continue
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
    for name in ("mlp", "convnet", "lenet5", "alexnet", "patchnet"):
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
    with pytest.raises(
        UnknownNameError, match=r"'resnet'.*linear, mlp, convnet, lenet5, alexnet, patchnet"
    ):
        models.create("resnet")


# inputs, outputs, kernel, stride, padding
CONVOLUTIONS = [
    (1, 20, 5, 1, 2),  # ConvNet's
    (20, 20, 5, 1, 2),
    (6, 16, 5, 1, 0),  # LeNet5's second
    (1, 16, 5, 2, 2),  # AlexNet's first
    (16, 32, 3, 1, 1),
    (2, 3, (3, 5), (2, 1), (0, 1)),
    (2, 3, 3, 1, [1, 2, 0, 1]),  # other padding on each side
    (2, 3, 3, 1, "SAME"),
    (2, 3, 28, 1, 0),  # one number a channel
]


@pytest.mark.parametrize("arguments", CONVOLUTIONS, ids=str)
def test_the_fast_convolution_is_paddles_to_the_bit(arguments):
    paddle.seed(0)
    ours, theirs = models.Conv2D(*arguments), nn.Conv2D(*arguments)
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["weight", "bias"]
    theirs.bias.set_value(paddle.randn(theirs.bias.shape))  # a new one is 0
    ours.set_state_dict(theirs.state_dict())
    images = paddle.randn([5, arguments[0], 28, 28]).numpy()
    found = []
    for layer in (ours, theirs):
        x = paddle.to_tensor(images, stop_gradient=False)
        outputs = layer(x)
        (outputs * outputs).mean().backward()
        found.append([t.numpy() for t in (outputs, layer.weight.grad, layer.bias.grad, x.grad)])
    for mine, expected in zip(*found, strict=True):
        assert mine.shape == expected.shape
        assert mine.dtype == expected.dtype
        assert mine.tobytes() == expected.tobytes()
        assert np.abs(expected).max() > 0


def test_one_seed_gives_both_convolutions_the_same_weights():
    weights = []
    for kind in (models.Conv2D, nn.Conv2D):
        paddle.seed(7)
        layer = kind(3, 4, 5)
        weights.append((layer.weight.numpy().tobytes(), layer.bias.numpy().tobytes()))
    assert weights[0] == weights[1]


def test_the_fast_convolution_keeps_what_is_said_of_its_weights():
    attr = paddle.ParamAttr(
        regularizer=paddle.regularizer.L2Decay(0.5), initializer=nn.initializer.Constant(2.0)
    )
    layer = models.Conv2D(1, 2, 3, weight_attr=attr)
    assert isinstance(layer.weight.regularizer, paddle.regularizer.L2Decay)
    assert layer.bias.regularizer is None
    assert (layer.weight.numpy() == 2).all()
    # and the optimiser heeds it: where the loss asks for nothing, only the decay is left
    sgd = paddle.optimizer.SGD(0.1, parameters=layer.parameters())
    (layer(paddle.ones([1, 1, 5, 5])) * 0).mean().backward()
    sgd.step()
    assert np.allclose(layer.weight.numpy(), 2 - 0.1 * 0.5 * 2)


@pytest.mark.parametrize("name", ["convnet", "lenet5", "alexnet"])
def test_convolutions_in_the_book_are_the_fast_ones(name):
    layers = [layer for layer in models.create(name).sublayers() if isinstance(layer, nn.Conv2D)]
    assert len(layers) >= 2
    assert {type(layer) for layer in layers} == {models.Conv2D}


def untrained():
    """A ConvNet in evaluation mode with biases that are not 0, 20 digits, and its answers."""
    paddle.seed(3)
    model = models.ConvNet()
    model.eval()
    for layer in (model.body[0], model.body[3]):
        layer.bias.set_value(paddle.randn(layer.bias.shape))
    x = paddle.to_tensor(to_floats(sample_digits(20).images))
    return model, x, model(x).numpy()


def test_a_saved_model_gives_the_same_answers(tmp_path):
    model, x, expected = untrained()
    batch_of_any_size = paddle.static.InputSpec([None, 1, 28, 28], "float32")
    paddle.jit.save(model, str(tmp_path / "model"), input_spec=[batch_of_any_size])
    loaded = paddle.jit.load(str(tmp_path / "model"))
    assert np.allclose(loaded(x).numpy(), expected, atol=1e-5)
    assert np.allclose(loaded(x[:3]).numpy(), expected[:3], atol=1e-5)
    assert np.abs(expected).max() > 0.1
    # the graph is the one that paddle.nn.Conv2D makes, which programs that read it know
    operations = re.findall(r"pd_op\.(\w+)", str(loaded.program()))
    assert operations.count("conv2d") == 2
    assert operations.count("flatten") == 1  # the model's own


@pytest.mark.parametrize("full_graph", [True, False])
def test_a_model_can_be_made_static(full_graph):
    model, x, expected = untrained()
    static = paddle.jit.to_static(model, full_graph=full_graph)
    assert np.allclose(static(x).numpy(), expected, atol=1e-5)
