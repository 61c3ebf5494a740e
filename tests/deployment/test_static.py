"""Training under ``paddle.jit.to_static``: the same as dynamic training, and as quiet."""

import numpy as np
import paddle
import pytest
from paddle.static import InputSpec

from mnist_helpers import models
from mnist_helpers.data import batches
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import run_python, sample_digits

IMAGES = [InputSpec([None, 1, 28, 28], "float32", "image")]


def made_static(model):
    return paddle.jit.to_static(model, input_spec=IMAGES, full_graph=True)


def trained(name, change):
    """The losses of eight steps, the last batch short, and the weights after them."""
    paddle.seed(1)
    model = change(models.create(name))
    paddle.seed(2)  # of dropout: making a graph must not draw from it
    adam = paddle.optimizer.Adam(0.001, parameters=model.parameters())
    losses = []
    for epoch in range(2):
        for images, labels in batches(sample_digits(70), 20, seed=0, epoch=epoch):
            loss = cross_entropy(model(paddle.to_tensor(images)), paddle.to_tensor(labels))
            loss.backward()
            adam.step()
            adam.clear_grad()
            losses.append(loss.item())
    return losses, {key: tensor.numpy() for key, tensor in model.state_dict().items()}


@pytest.mark.parametrize("name", list(models.NETWORKS))
def test_static_training_is_dynamic_training(name):
    losses, weights = trained(name, lambda model: model)
    static_losses, static_weights = trained(name, made_static)
    # a static graph has no blocks: it adds in another order, and where a gradient is nearly 0
    # Adam makes a tenth of a step (0.001) of the difference
    in_blocks = isinstance(getattr(models.create(name), "body", None), models.InBlocks)
    assert len(set(losses)) == len(losses) == 8
    assert np.allclose(losses, static_losses, rtol=0, atol=1e-5 if in_blocks else 2e-6)
    assert weights.keys() == static_weights.keys()
    for key, values in weights.items():
        atol = 1e-4 if in_blocks else 2e-6
        assert np.allclose(values, static_weights[key], rtol=0, atol=atol), key


def test_it_says_nothing():
    run = run_python(
        "from mnist_helpers import models; import paddle\n"
        "from paddle.static import InputSpec\n"
        "images = [InputSpec([None, 1, 28, 28], 'float32', 'image')]\n"
        "model = paddle.jit.to_static(models.ConvNet(), input_spec=images, full_graph=True)\n"
        "model(paddle.rand([5, 1, 28, 28])).sum().backward()\n"
        "print(model.head.weight.grad.abs().sum().item() > 0)\n",
        OMP_NUM_THREADS="2",
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "True\n", "")


def test_a_graph_for_training_adds_the_bias_the_fast_way():
    model = made_static(models.ConvNet())
    graph, _ = model.forward.get_concrete_program(paddle.rand([2, 1, 28, 28]))
    assert str(graph.main_program).count('"pd_op.flatten"') == 3  # the model's own is the third
