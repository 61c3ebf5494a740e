"""Convolution and pooling in blocks: the answers and the gradients of Paddle's own layers."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn

from mnist_helpers.data import batches, to_floats
from mnist_helpers.evaluation.inspection import recorded
from mnist_helpers.models.convolution import Conv2D
from mnist_helpers.models.in_blocks import FEW, InBlocks
from mnist_helpers.models.networks import ConvNet
from mnist_helpers.training import losses
from tests.conftest import sample_digits


def stage(inputs, outputs, kernel_size, padding, activation=nn.ReLU, pool=nn.MaxPool2D):
    return [Conv2D(inputs, outputs, kernel_size, padding=padding), activation(), pool(2)]


# side, channels, then (outputs, kernel size, padding) of each convolution
SHAPES = [
    (28, 1, [(20, 5, 2), (20, 5, 2)]),  # ConvNet's
    (28, 1, [(6, 5, 2), (16, 5, 0)]),  # as in LeNet-5, where the second has no padding
    (28, 3, [(4, 3, 1)]),
    (8, 2, [(3, 1, 0), (5, 3, 1)]),
    (12, 2, [(3, 7, 3)]),
    (12, 2, [(3, 3, 0)]),
    (14, 2, [(3, 3, 2), (2, 5, 1)]),  # more padding than half a kernel, and less
    (6, 1, [(2, 5, 3)]),
]


def layers_of(channels, convolutions, *kinds):
    made = []
    for outputs, kernel_size, padding in convolutions:
        made += stage(channels, outputs, kernel_size, padding, *kinds)
        channels = outputs
    return made


def results(model, images, own):
    """Outputs, and the gradients of the images and of all parameters of `own`."""
    x = paddle.to_tensor(images, stop_gradient=False)
    outputs = model(x)
    (outputs * outputs).sum().backward()
    found = [outputs, x.grad, *(p.grad for p in own)]
    found = [t.numpy().copy() for t in found]
    for parameter in own:
        parameter.clear_grad()
    return found


@pytest.mark.parametrize("pool", [nn.MaxPool2D, nn.AvgPool2D])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_answers_and_gradients_are_those_of_the_layers(shape, activation, pool):
    side, channels, convolutions = shape
    paddle.seed(0)
    layers = layers_of(channels, convolutions, activation, pool)
    for layer in layers[::3]:
        layer.bias.set_value(paddle.randn(layer.bias.shape))
    model = InBlocks(side, *layers)
    assert len(model.stages) == len(convolutions)
    images = paddle.randn([FEW + 1, channels, side, side]).numpy()
    own = [p for layer in layers for p in layer.parameters()]
    expected = results(nn.Sequential(*layers), images, own)
    for found, right in zip(results(model, images, own), expected, strict=True):
        assert found.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-3, atol=1e-4 * np.abs(right).max())


def test_of_equal_candidates_the_same_one_gets_the_gradient():
    """Without ink all outputs of a window are equal; Paddle gives the gradient to the first."""
    paddle.seed(0)
    layers = [Conv2D(1, 2, 1), nn.ReLU(), nn.MaxPool2D(2)]
    layers[0].weight.set_value(paddle.ones([2, 1, 1, 1]))
    images = np.zeros([FEW, 1, 4, 4], np.float32)
    images[:, 0] = [[1, 2, 3, 3], [2, 1, 3, 3], [1, 1, 1, 2], [4, 4, 1, 2]]
    own = layers[0].parameters()
    expected = results(nn.Sequential(*layers), images, own)
    found = results(InBlocks(4, *layers), images, own)
    np.testing.assert_array_equal(found[1], expected[1])


def test_fifty_steps_of_the_conv_net_lose_what_paddles_own_layers_lose():
    digits, found = sample_digits(1000), []
    for plainly in (False, True):
        paddle.seed(0)
        model = ConvNet()
        if plainly:
            own = nn.Conv2D(1, 20, 5, padding=2), nn.Conv2D(20, 20, 5, padding=2)
            for layer, theirs in zip((model.body[0], model.body[3]), own, strict=True):
                theirs.set_state_dict(layer.state_dict())
            first, second = own
            model.body = nn.Sequential(
                first, nn.ReLU(), nn.MaxPool2D(2), second, nn.ReLU(), nn.MaxPool2D(2), nn.Flatten()
            )
        adam = paddle.optimizer.Adam(0.001, parameters=model.parameters())
        values = []
        for epoch in range(5):
            for images, labels in batches(digits, 100, epoch=epoch):
                loss = losses.cross_entropy(
                    model(paddle.to_tensor(images)), paddle.to_tensor(labels)
                )
                loss.backward()
                adam.step()
                adam.clear_grad()
                values.append(float(loss))
        found.append(values)
    ours, theirs = np.array(found)
    assert len(ours) == 50
    assert ours[-1] < 0.5 * ours[0]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


def test_it_has_the_names_and_the_layers_of_a_sequential():
    model = ConvNet()
    assert [name for name, _ in model.body.named_parameters()] == [
        "0.weight", "0.bias", "3.weight", "3.bias",
    ]  # fmt: skip
    assert list(model.body.state_dict()) == ["0.weight", "0.bias", "3.weight", "3.bias"]
    assert type(model.body[4]) is nn.ReLU
    assert type(model.body[1:3]) is nn.Sequential
    assert [type(layer) for layer in model.body[-2:]] == [nn.MaxPool2D, nn.Flatten]


@pytest.mark.parametrize("n", [1, FEW, 20])
def test_a_watched_layer_gives_what_it_always_gives(n):
    model = ConvNet()
    x = paddle.to_tensor(to_floats(sample_digits(n).images))
    expected = model(x).numpy()
    with recorded(model) as outputs:
        seen = model(x).numpy()
    assert outputs["body.0"][0].shape == (n, 20, 28, 28)
    assert outputs["body.5"][0].shape == (n, 20, 7, 7)
    np.testing.assert_allclose(seen, expected, rtol=1e-4, atol=1e-5)


def test_the_first_convolution_is_trained_without_the_gradient_of_the_images():
    model = ConvNet()
    model(paddle.zeros([FEW, 1, 28, 28])).sum().backward()
    assert model.body[0].bias.grad is not None


@pytest.mark.parametrize(
    ("side", "layers"),
    [
        (28, [nn.Flatten(), nn.Linear(784, 10)]),
        (28, []),
        (27, stage(1, 2, 3, 1)),  # an odd side
        (28, stage(1, 2, 4, 0)),  # 25 × 25 outputs
        (28, [nn.Conv2D(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2D(2)]),  # not the book's
        (28, [Conv2D(1, 2, 3, stride=2, padding=1), nn.ReLU(), nn.MaxPool2D(2)]),
        (28, [Conv2D(1, 2, (3, 5), padding=1), nn.ReLU(), nn.MaxPool2D(2)]),
        (28, [Conv2D(1, 2, 3, padding=(1, 2)), nn.ReLU(), nn.MaxPool2D(2)]),
        (28, [Conv2D(1, 2, 3, padding=1), nn.GELU(), nn.MaxPool2D(2)]),  # it falls at first
        (28, [Conv2D(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2D(3, stride=2)]),
        (28, [Conv2D(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2D(2, ceil_mode=True)]),
        (28, [Conv2D(1, 2, 3, padding=1), nn.ReLU(), nn.AvgPool2D(2, padding=1)]),
        (4, stage(1, 2, 5, 0)),  # the kernel is larger than the image
    ],
)
def test_layers_that_cannot_be_done_in_blocks_are_refused(side, layers):
    with pytest.raises(ValueError, match=rf"begin with a Conv2D .* for a side of {side}, begin"):
        InBlocks(side, *layers)


def test_layers_after_the_blocks_are_called_as_they_are():
    paddle.seed(0)
    layers = [*stage(1, 4, 3, 1), Conv2D(4, 3, 3), nn.GELU(), nn.Flatten(), nn.Linear(3 * 144, 2)]
    model = InBlocks(28, *layers)
    assert len(model.stages) == 1
    x = paddle.randn([FEW, 1, 28, 28])
    expected = nn.Sequential(*layers)(x)
    np.testing.assert_allclose(model(x).numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_a_layer_that_is_replaced_is_the_one_that_is_called():
    paddle.seed(0)
    x = paddle.randn([FEW, 1, 28, 28])
    for at, layer in (
        (0, Conv2D(1, 20, 5, padding=2)),  # of the same kind: in blocks
        (0, Conv2D(1, 20, 3, padding=1)),
        (1, nn.GELU()),
        (2, nn.AvgPool2D(2)),
        (3, Conv2D(20, 20, 1)),
    ):
        body = ConvNet().body
        body[at] = layer
        assert body[at] is layer
        expected = nn.Sequential(*body)(x)
        np.testing.assert_allclose(body(x).numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_layers_can_have_names():
    paddle.seed(0)
    names = "conv1", "relu1", "pool1", "conv2", "relu2", "pool2"
    layers = layers_of(1, [(6, 5, 2), (16, 5, 0)])
    named = zip(names, layers, strict=True)
    model = InBlocks(28, *named, ("flatten", nn.Flatten()))
    assert len(model.stages) == 2
    assert next(iter(model.state_dict())) == "conv1.weight"
    x = paddle.randn([FEW, 1, 28, 28])
    expected = nn.Sequential(*layers, nn.Flatten())(x)
    np.testing.assert_allclose(model(x).numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_a_copy_and_another_batch_size_work():
    model = ConvNet()
    twin = copy.deepcopy(model)
    for n in (FEW, 33):
        x = paddle.randn([n, 1, 28, 28])
        np.testing.assert_array_equal(twin(x).numpy(), model(x).numpy())
