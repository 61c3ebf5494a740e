"""Looking inside a model: it is left as it was to the bit, the numbers are right, faults show."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import batches
from mnist_helpers.errors import InspectionError
from mnist_helpers.evaluation.inspection import (
    LayerFacts,
    ParameterFacts,
    layer_table,
    look_inside,
    moved_since,
    parameter_table,
    recorded,
    snapshot,
)
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.notebook import show
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import counting, sample_digits

# Paddle says so in every training step of a BatchNorm
pytestmark = pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning")

DIGITS = sample_digits(60)
IMAGES, LABELS = next(batches(DIGITS, 20, shuffle=False))


def delicate():
    """A new model with all that a look could spoil: statistics, buffers, dropout, frozen weights.

    (BatchNorm's running statistics are no buffers in Paddle but parameters that nobody trains.)
    """
    seed_everything(1)
    model = nn.Sequential(
        models.Conv2D(1, 4, 3, stride=2),
        nn.BatchNorm2D(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(4 * 13 * 13, 12),
        nn.Linear(12, 10),
        counting(),
    )
    model[0].bias.stop_gradient = True
    return model


def perceptron():
    """A new network of two linear layers, 784 → 6 → 10, with a ReLU between."""
    seed_everything(2)
    return models.MLP(hidden=(6,), activation=nn.ReLU)


def loss_of(model):
    return cross_entropy(model(paddle.to_tensor(IMAGES)), paddle.to_tensor(LABELS))


def state(model):
    """All of a model that a look could change, to the bit, but for the random state."""
    layers = model.sublayers(include_self=True)
    return {
        "weights and buffers": fingerprint(model),
        "gradients": {
            name: None if p.grad is None else p.grad.numpy().tobytes()
            for name, p in model.named_parameters()
        },
        "frozen": [p.stop_gradient for p in model.parameters()],
        "modes": [layer.training for layer in layers],
        "hooks": [(*layer._forward_pre_hooks, *layer._forward_post_hooks) for layer in layers],
    }


def optimizer_for(model, layers=None):
    parameters = (model if layers is None else layers).parameters()
    return paddle.optimizer.Adam(0.01, parameters=parameters)


# ---- the model is left as it was


@pytest.mark.parametrize("mode", ["training", "evaluation", "mixed"])
@pytest.mark.parametrize("gradients", ["none", "all", "some"])
def test_the_model_is_left_as_it_was(mode, gradients):
    model = delicate()
    if gradients != "none":
        loss_of(model).backward()
    if gradients == "some":
        model[5].clear_gradients(set_to_zero=False)
    if mode == "evaluation":
        model.eval()
    if mode == "mixed":  # as in fine-tuning
        model[1].eval()
        model[4].eval()
    before = state(model)
    present = [gradient is not None for gradient in before["gradients"].values()]
    assert (any(present), model[5].weight.grad is None) == {
        "none": (False, True),
        "all": (True, False),
        "some": (True, True),
    }[gradients]
    look_inside(model, IMAGES)
    look_inside(model, IMAGES, LABELS, cross_entropy)
    assert state(model) == before
    assert before["hooks"] == [()] * 9


def test_what_is_compared_would_notice():
    model = delicate()
    before = state(model)
    weights = fingerprint(model[0])
    statistics, buffer = fingerprint(model[1]), fingerprint(model[7])
    loss_of(model).backward()
    after = state(model)
    assert after["weights and buffers"] != before["weights and buffers"]
    assert fingerprint(model[0]) == weights
    assert fingerprint(model[1]) != statistics
    assert fingerprint(model[7]) != buffer
    assert after["gradients"] != before["gradients"]


class Fails(nn.Layer):
    def forward(self, x):
        raise RuntimeError("half-way")


@pytest.mark.parametrize("where", ["forward", "loss", "body of the with"])
def test_the_model_is_left_as_it_was_when_something_fails(where):
    model = delicate()
    loss_of(model).backward()
    model[1].eval()
    if where == "forward":
        model.add_sublayer("8", Fails())
    before = state(model)

    def bad_loss(outputs, labels):
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):  # noqa: PT012 - one of three
        if where == "body of the with":
            with recorded(model, ["0", "6"]):  # "6" has not run; that is not what is reported
                raise RuntimeError("half-way")
        look_inside(model, IMAGES, LABELS, bad_loss)
    assert state(model) == before


def test_no_random_number_is_used():
    model = delicate()
    paddle.seed(1)
    expected = paddle.rand([3]).tolist()
    paddle.seed(1)
    numpys = np.random.get_state()[1].tolist()  # noqa: NPY002 - the global state is meant
    look_inside(model, IMAGES, LABELS, cross_entropy)
    assert paddle.rand([3]).tolist() == expected
    assert np.random.get_state()[1].tolist() == numpys  # noqa: NPY002
    paddle.seed(1)
    model(paddle.to_tensor(IMAGES))
    assert paddle.rand([3]).tolist() != expected  # its dropout does use some


class Looks(Callback):
    """Looks inside at every step and epoch, in the middle of training."""

    def __init__(self):
        self.seen = 0

    def on_train_batch_end(self, model, history):
        self.seen += 1
        look_inside(model, IMAGES, LABELS, cross_entropy)

    def on_epoch_end(self, model, history):
        self.on_train_batch_end(model, history)


def test_training_goes_on_to_the_bit_as_if_nobody_had_looked():
    weights, losses = [], []
    looks = Looks()
    for callbacks in ((), (looks,)):
        model = delicate()
        optimizer = optimizer_for(model)
        if callbacks:
            look_inside(model, IMAGES, LABELS, cross_entropy)
        settings = {"loss": cross_entropy, "batch_size": 20, "epochs": 2, "callbacks": callbacks}
        history = fit(model, DIGITS, optimizer=optimizer, **settings)
        weights.append(fingerprint(model))
        losses.append(history.losses)
    assert looks.seen == 2 * 3 + 2
    assert weights[0] == weights[1]
    assert losses[0] == losses[1]


def test_nobody_listens_any_more():
    model = delicate()
    x = paddle.to_tensor(IMAGES)
    with recorded(model) as outputs:
        model(x)
    model(x)
    model(x)
    assert {name: len(calls) for name, calls in outputs.items()} == {str(i): 1 for i in range(8)}
    assert all(not layer._forward_post_hooks for layer in model.sublayers(include_self=True))


def test_a_hook_of_ones_own_stays():
    model = perceptron()
    calls = []
    model.head.register_forward_post_hook(lambda *_: calls.append(1))
    look_inside(model, IMAGES)
    model(paddle.to_tensor(IMAGES))
    assert len(calls) == 2


# ---- what is found is right


def test_layers_are_what_numpy_computes():
    seed_everything(3)
    model = nn.Sequential(nn.Conv2D(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 26 * 26, 3))
    for bias in (model[0].bias, model[3].bias):
        bias.set_value(paddle.randn(bias.shape))
    (kernel, shift), (weight, bias) = (
        (model[i].weight.numpy(), model[i].bias.numpy()) for i in (0, 3)
    )
    windows = sliding_window_view(IMAGES[:, 0], (3, 3), axis=(1, 2))
    conv = np.einsum("nhwij,cij->nchw", windows, kernel[:, 0]) + shift[:, None, None]
    relu = np.maximum(conv, 0)
    flat = relu.reshape(20, -1)
    expected = [conv, relu, flat, flat @ weight + bias]

    layers, _ = look_inside(model, IMAGES)
    assert [(f.name, f.kind) for f in layers] == [
        ("0", "Conv2D"),
        ("1", "ReLU"),
        ("2", "Flatten"),
        ("3", "Linear"),
    ]
    for facts, output in zip(layers, expected, strict=True):
        assert facts.shape == output.shape
        numbers = (facts.mean, facts.std, facts.lowest, facts.highest)
        wanted = (output.mean(), output.std(), output.min(), output.max())
        assert numbers == pytest.approx(wanted, rel=1e-4, abs=1e-5), facts.name

    with recorded(model) as outputs:
        model(paddle.to_tensor(IMAGES))
    for name, output in zip("0123", expected, strict=True):
        (call,) = outputs[name]
        assert isinstance(call, np.ndarray)
        assert np.allclose(call, output, atol=1e-5), name


def test_layers_are_seen_in_evaluation_mode():
    model = nn.Sequential(nn.BatchNorm2D(1), nn.Dropout(0.9))
    layers, _ = look_inside(model, IMAGES)
    # a new BatchNorm has mean 0 and variance 1, and dropout lets everything pass
    for facts in layers:
        assert (facts.mean, facts.highest) == pytest.approx((IMAGES.mean(), 1), rel=1e-4)
    assert layers[0].std == layers[1].std


def test_parameters_are_what_numpy_computes():
    model = delicate()
    _, parameters = look_inside(model, IMAGES)
    assert [facts.name for facts in parameters] == [name for name, _ in model.named_parameters()]
    for facts, tensor in zip(parameters, model.parameters(), strict=True):
        numbers = tensor.numpy()
        assert facts.shape == numbers.shape
        assert (facts.mean, facts.std) == pytest.approx((numbers.mean(), numbers.std()))
        assert facts.gradient is None  # no loss was given


@pytest.mark.parametrize("model_of", [perceptron, delicate])  # delicate: with dropout
def test_gradients_are_as_long_as_those_of_backward(model_of):
    model = model_of()
    _, parameters = look_inside(model, IMAGES, LABELS, cross_entropy)
    model.eval()
    loss_of(model).backward()
    found = {facts.name: facts.gradient for facts in parameters}
    for name, parameter in model.named_parameters():
        if parameter.stop_gradient:
            assert found[name] is None
        else:
            length = np.sqrt((parameter.grad.numpy().astype(np.float64) ** 2).sum())
            assert found[name] == pytest.approx(length, rel=1e-5)
            assert found[name] > 0


class Odd(nn.Layer):
    """Its layers run in another order than they are listed; one runs twice, one never."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(784, 10)
        self.spare = nn.Linear(784, 10)
        self.twice = nn.Linear(784, 784)
        self.first = nn.Flatten()

    def forward(self, images):
        return self.last(self.twice(self.twice(self.first(images))))


def test_a_parameter_that_the_loss_does_not_depend_on_has_no_gradient():
    model = Odd()
    model.twice.bias.stop_gradient = True
    _, parameters = look_inside(model, IMAGES, LABELS, cross_entropy)
    without = {facts.name for facts in parameters if facts.gradient is None}
    assert without == {"spare.weight", "spare.bias", "twice.bias"}


def test_a_model_that_is_all_frozen_has_no_gradients():
    model = perceptron()
    for parameter in model.parameters():
        parameter.stop_gradient = True
    _, parameters = look_inside(model, IMAGES, LABELS, cross_entropy)
    assert [facts.gradient for facts in parameters] == [None] * 4


def test_a_layer_that_runs_twice_has_two_rows_and_the_models_order_is_kept():
    model = Odd()
    layers, _ = look_inside(model, IMAGES)
    assert [facts.name for facts in layers] == ["last", "spare", "twice", "twice", "first"]
    with paddle.no_grad():
        once = model.twice(model.first(paddle.to_tensor(IMAGES)))
        outputs = [once.numpy(), model.twice(once).numpy()]
    assert [facts.std for facts in layers[2:4]] == pytest.approx([o.std() for o in outputs])
    assert layers[2].std != pytest.approx(layers[3].std, rel=0.01)


def test_a_layer_that_does_not_run_is_a_row_without_numbers():
    layers, _ = look_inside(Odd(), IMAGES)
    assert layers[1] == LayerFacts("spare", "Linear")
    assert layers[1].shape is layers[1].mean is layers[1].dead is None
    with recorded(Odd()) as outputs:
        pass
    assert outputs == {"last": [], "spare": [], "twice": [], "first": []}


def test_a_layer_that_was_named_must_run():
    model = Odd()
    with (
        pytest.raises(InspectionError, match=r"these layers never ran: spare\. Does"),
        recorded(model, ["twice", "spare"]),
    ):
        model(paddle.to_tensor(IMAGES))
    assert state(model)["hooks"] == [()] * 5


def test_unknown_names_are_named_and_the_known_ones_listed():
    model = perceptron()
    known = "body, body.0, body.1, body.2, head"
    with (
        pytest.raises(InspectionError, match=f"no layer 'tail' in the model; it has {known}$"),
        recorded(model, ["head", "tail"]),
    ):
        pytest.fail("must not get here")
    assert state(model)["hooks"] == [()] * 6


def test_layers_with_layers_inside_are_left_out():
    layers, _ = look_inside(perceptron(), IMAGES)
    assert [facts.name for facts in layers] == ["body.0", "body.1", "body.2", "head"]


def test_layers_can_be_chosen_also_those_with_layers_inside():
    model = perceptron()
    with recorded(model, iter(["head", "body"])) as outputs:
        answers = model(paddle.to_tensor(IMAGES))
    assert list(outputs) == ["head", "body"]
    assert np.array_equal(outputs["head"][0], answers.numpy())
    assert outputs["body"][0].shape == (20, 6)


def test_a_name_that_is_given_twice_is_recorded_once():
    model = perceptron()
    with recorded(model, ["head", "head"]) as outputs:
        model(paddle.to_tensor(IMAGES))
    assert len(outputs["head"]) == 1


class Spoils(nn.Layer):
    def forward(self, x):
        return x.scale_(0.0)  # in place: the layer before loses what it gave


def test_what_is_recorded_is_a_copy():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 5), Spoils())
    with recorded(model) as outputs:
        model(paddle.to_tensor(IMAGES))
    assert np.ptp(outputs["1"][0]) > 0.1
    assert not outputs["2"][0].any()


# ---- dead units


def with_shift(layer, shift):
    """`layer`, with these biases, and with weights near 0, so that the biases decide."""
    layer.weight.set_value(layer.weight * 1e-4)
    layer.bias.set_value(paddle.to_tensor(shift, "float32"))
    return layer


@pytest.mark.parametrize(
    ("shift", "share"),
    [([1, 1, 1, 1], 0), ([1, -1, 1, -1], 0.5), ([-1, -1, -1, 1], 0.75), ([-1] * 4, 1)],
)
@pytest.mark.parametrize("relu", [nn.ReLU, nn.ReLU6])
@pytest.mark.parametrize("kind", ["conv", "linear"])
def test_the_share_of_dead_units(kind, relu, shift, share):
    layers = {
        "conv": [with_shift(models.Conv2D(1, 4, 3), shift), relu(), nn.Flatten()],
        "linear": [nn.Flatten(), with_shift(nn.Linear(784, 4), shift), relu()],
    }[kind]
    facts, _ = look_inside(nn.Sequential(*layers), IMAGES)
    expected = [share if isinstance(layer, relu) else None for layer in layers]
    assert [f.dead for f in facts] == expected


def test_a_unit_that_fires_for_one_digit_is_not_dead():
    images = IMAGES.copy()
    images[:, 0, 0, :2] = [-1, -1]
    images[7, 0, 0, 0] = 1  # unit 0 fires for this digit, unit 1 for none
    weight = np.zeros((784, 2), np.float32)
    weight[0, 0] = weight[1, 1] = 1
    linear = nn.Linear(784, 2)
    linear.weight.set_value(weight)
    for model in (
        nn.Sequential(nn.Flatten(), linear, nn.ReLU()),
        nn.Sequential(nn.Flatten(), linear, nn.Unflatten(1, [2, 1, 1]), nn.ReLU()),
        nn.Sequential(nn.Flatten(), linear, nn.Unflatten(1, [1, 2]), nn.ReLU()),  # channels last
    ):
        layers, _ = look_inside(model, images)
        assert layers[-1].dead == 0.5
    convolved = nn.Sequential(with_shift(models.Conv2D(1, 1, 1), [-0.5]), nn.ReLU())
    convolved[0].weight.set_value(np.ones((1, 1, 1, 1), np.float32))
    bright = np.zeros_like(IMAGES)
    assert look_inside(convolved, bright)[0][1].dead == 1
    bright[3, 0, 27, 27] = 1  # one pixel of one digit is enough
    assert look_inside(convolved, bright)[0][1].dead == 0


@pytest.mark.parametrize("activation", [nn.Sigmoid, nn.Tanh, nn.LeakyReLU, nn.Identity])
def test_only_relus_can_be_dead(activation):
    model = nn.Sequential(nn.Flatten(), with_shift(nn.Linear(784, 4), [-9] * 4), activation())
    layers, _ = look_inside(model, IMAGES)
    assert [facts.dead for facts in layers] == [None] * 3


# ---- faults that it is meant to find


def test_a_layer_that_nobody_trains_is_found():
    model = perceptron()
    before = snapshot(model)
    fit(model, DIGITS, loss=cross_entropy, optimizer=optimizer_for(model, model.body))
    moves = moved_since(before, model)
    assert {name for name, move in moves.items() if move == 0} == {"head.weight", "head.bias"}
    assert moves["body.1.weight"] > 1e-3
    assert moves["body.1.bias"] > 1e-3
    # it is the optimiser that leaves the layer out: the loss does ask for a change
    _, parameters = look_inside(model, IMAGES, LABELS, cross_entropy)
    assert all(facts.gradient > 0 for facts in parameters)


def test_bytes_in_place_of_fractions_are_found():
    for model in (perceptron(), models.Linear(), models.ConvNet()):
        right, _ = look_inside(model, IMAGES)
        wrong, _ = look_inside(model, IMAGES * 255)
        assert wrong[0].std / right[0].std == pytest.approx(255, rel=1e-4)
        assert wrong[1].std / right[1].std == pytest.approx(255, rel=1e-4)


def test_a_dead_layer_is_found_and_its_gradient_is_zero_but_not_none():
    model = perceptron()
    model.body[1].bias.set_value(paddle.full([6], -1000.0))
    layers, parameters = look_inside(model, IMAGES, LABELS, cross_entropy)
    (relu,) = (facts for facts in layers if facts.kind == "ReLU")
    assert (relu.dead, relu.highest) == (1, 0)
    gradients = {facts.name: facts.gradient for facts in parameters}
    assert gradients["body.1.weight"] == gradients["body.1.bias"] == gradients["head.weight"] == 0
    assert gradients["head.bias"] > 0


# ---- snapshots


def test_a_snapshot_is_a_copy_and_a_move_is_relative():
    model = perceptron()
    before = snapshot(model)
    assert list(before) == [name for name, _ in model.named_parameters()]
    assert set(moved_since(before, model).values()) == {0}
    first = {name: array.copy() for name, array in before.items()}
    head = model.head
    head.weight.set_value(head.weight * 1.25)
    head.bias.set_value(paddle.to_tensor([3.0, 4.0] + [0.0] * 8))  # it was 0
    moves = moved_since(before, model)
    assert moves["head.weight"] == pytest.approx(0.25)
    assert moves["head.bias"] == pytest.approx(5)
    assert moves["body.1.weight"] == moves["body.1.bias"] == 0
    assert all(np.array_equal(before[name], first[name]) for name in first)


def test_a_move_is_what_numpy_computes():
    model = perceptron()
    before = snapshot(model)
    fit(model, DIGITS, loss=cross_entropy, optimizer=optimizer_for(model))
    for name, move in moved_since(before, model).items():
        now = dict(model.named_parameters())[name].numpy()
        length = np.sqrt((before[name] ** 2).sum()) or 1
        expected = np.sqrt(((now - before[name]) ** 2).sum()) / length
        assert move == pytest.approx(expected, rel=1e-4)
        assert move > 0


# ---- tables


def test_the_table_of_layers():
    layers = [
        LayerFacts("0", "Conv2D", (20, 4, 26, 26), 12345.6, 1.5, -2.0, 98765.4),
        LayerFacts("1", "ReLU", (20, 4, 26, 26), 0.5, 0.25, 0.0, 3.0, 0.75),
        LayerFacts("2", "ReLU", (20, 4), 0.5, 0.25, 0.0, 3.0, 0.0),
        LayerFacts("3", "Linear"),
    ]
    header, rows = layer_table(layers)
    assert header == ["layer", "kind", "output", "mean", "std", "dead"]
    assert rows == [
        ("0", "Conv2D", "20 × 4 × 26 × 26", "1.23e+04", "1.5", ""),
        ("1", "ReLU", "20 × 4 × 26 × 26", "0.5", "0.25", "75%"),
        ("2", "ReLU", "20 × 4", "0.5", "0.25", "0%"),
        ("3", "Linear", "did not run", "", "", ""),
    ]


def test_the_table_of_parameters():
    parameters = [
        ParameterFacts("head.weight", (784, 10), 0.00012345, 0.0504, 1.2345),
        ParameterFacts("head.bias", (10,), 0.0, 0.0, None),
        ParameterFacts("body.bias", (10,), 0.0, 0.0, 0.0),
    ]
    header, rows = parameter_table(parameters)
    assert header == ["parameter", "shape", "mean", "std", "gradient"]
    assert rows == [
        ("head.weight", "784 × 10", "0.000123", "0.0504", "1.2"),
        ("head.bias", "10", "0", "0", "none"),
        ("body.bias", "10", "0", "0", "0"),
    ]


def test_the_tables_show_what_was_found():
    layers, parameters = look_inside(Odd(), IMAGES, LABELS, cross_entropy)
    shown = show.table(*layer_table(layers)).data.splitlines()
    assert len(shown) == 2 + 5
    assert "did not run" in shown[3]
    shown = show.table(*parameter_table(parameters)).data.splitlines()
    assert len(shown) == 2 + 6
    assert "| spare.weight | 784 × 10 |" in shown[4]


def test_a_layer_with_several_outputs_does_not_stop_the_look():
    class Pooled(nn.Layer):
        def __init__(self):
            super().__init__()
            self.pool = nn.MaxPool2D(2, return_mask=True)  # gives the places of the maxima too

        def forward(self, images):
            return F.relu(self.pool(images)[0])

    look_inside(Pooled(), IMAGES)
