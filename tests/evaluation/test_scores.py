"""Evaluation, the figures, the tables and the scoreboard."""

import json

import matplotlib.pyplot as plt
import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import Digits, to_floats
from mnist_helpers.evaluation.reliability import Calibration, calibration
from mnist_helpers.evaluation.scores import evaluate, probabilities, to_digits
from mnist_helpers.notebook import plots, scoreboard, show
from mnist_helpers.system import measure
from tests.conftest import random_digits


@pytest.fixture(scope="module")
def digits():
    return Digits.checked(*random_digits(250))


def square_error(outputs, labels):
    return F.square_error_cost(outputs, labels.astype("float32")).mean()


def test_the_linear_regressor_is_a_weighted_sum(digits):
    model = models.LinearRegressor()
    assert sum(p.size for p in model.parameters()) == 785
    x = to_floats(digits.images)
    y = model(paddle.to_tensor(x)).numpy()
    assert y.shape == (250, 1)
    w, b = model.linear.weight.numpy(), model.linear.bias.numpy()
    assert np.allclose(y, x.reshape(250, 784) @ w + b, atol=1e-4)


def test_the_linear_regressor_learns_and_every_parameter_has_a_gradient():
    digits = Digits.checked(*random_digits(100, seed=1))
    paddle.seed(0)
    model = models.LinearRegressor()
    optimizer = paddle.optimizer.Adam(0.01, parameters=model.parameters())
    x = paddle.to_tensor(to_floats(digits.images))
    y = paddle.to_tensor(digits.labels.astype("int64")[:, None])
    for _ in range(300):
        loss = square_error(model(x), y)
        loss.backward()
        assert all(p.grad is not None for p in model.parameters())
        optimizer.step()
        optimizer.clear_grad()
    assert evaluate(model, digits).accuracy > 0.95


@pytest.mark.parametrize("batch_size", [100, 97, 250, 1])
def test_scores_are_exact_whatever_the_batches(digits, batch_size):
    paddle.seed(3)
    model = models.LinearRegressor()
    scores = evaluate(model, digits, square_error, batch_size=batch_size)
    answers = model(paddle.to_tensor(to_floats(digits.images))).numpy()[:, 0]
    errors = (answers - digits.labels) ** 2
    assert scores.loss == pytest.approx(errors.mean(), rel=1e-5)
    expected = np.clip(np.rint(answers), 0, 9)
    assert np.array_equal(scores.predictions, expected)
    assert scores.accuracy == (expected == digits.labels).mean()
    assert str(scores).endswith("on 250 digits")


def test_evaluation_leaves_modes_and_random_state_alone(digits):
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10))
    model.train()
    model[1].eval()  # a mixed state, as in fine-tuning
    paddle.seed(1)
    expected = paddle.rand([3]).tolist()
    paddle.seed(1)
    first, second = evaluate(model, digits), evaluate(model, digits)
    assert paddle.rand([3]).tolist() == expected
    assert [layer.training for layer in model] == [True, False, True]
    assert model.training
    assert np.array_equal(first.predictions, second.predictions)  # no dropout
    assert first.loss is None

    def fails(outputs, labels):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        evaluate(model, digits, fails)
    assert model.training


def test_outputs_become_digits():
    odd = [[float("nan")], [float("inf")], [-float("inf")]]  # no digit
    numbers = paddle.to_tensor([[-3.0], [0.4], [0.6], [8.7], [123.0], *odd])
    assert to_digits(numbers).tolist() == [0, 0, 1, 9, 9, 255, 255, 255]
    classes = np.eye(10, dtype=np.float32)[[7, 0, 9]]
    assert to_digits(paddle.to_tensor(classes)).tolist() == [7, 0, 9]
    for shape in ([5], [5, 3]):
        with pytest.raises(ValueError, match=r"\[b, 1\] or \[b, 10\]"):
            to_digits(paddle.zeros(shape))


def softmax(outputs):
    """In NumPy, in double precision."""
    powers = np.exp(outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("batch_size", [100, 97, 250, 1000, 1])
def test_probabilities_are_the_softmax_in_the_order_of_the_digits(digits, batch_size):
    paddle.seed(4)
    model = models.MLP()
    found = probabilities(model, digits, batch_size=batch_size)
    assert found.shape == (250, 10)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert np.allclose(found.sum(axis=1), 1, atol=1e-6)
    outputs = model(paddle.to_tensor(to_floats(digits.images))).numpy()
    assert np.allclose(found, softmax(outputs), atol=1e-6)
    assert len(np.unique(found, axis=0)) == 250  # the digits differ, so that the order is seen
    assert np.array_equal(found.argmax(axis=1), evaluate(model, digits).predictions)


def test_large_outputs_make_no_probability_infinite(digits):
    model = models.Linear()
    model.linear.weight.set_value(model.linear.weight * 1e5)
    found = probabilities(model, digits)
    assert np.isfinite(found).all()
    assert found.max() == 1
    assert np.allclose(found.sum(axis=1), 1, atol=1e-6)


def test_probabilities_leave_modes_and_random_state_alone(digits):
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10))
    model[1].eval()  # a mixed state, as in fine-tuning
    paddle.seed(1)
    expected = paddle.rand([3]).tolist()
    paddle.seed(1)
    probabilities(model, digits)
    assert paddle.rand([3]).tolist() == expected
    assert [layer.training for layer in model] == [True, False, True]
    assert model.training
    model.train()
    first, second = probabilities(model, digits), probabilities(model, digits)
    assert np.array_equal(first, second)  # no dropout
    model.eval()
    probabilities(model, digits)
    assert not model.training


@pytest.mark.parametrize(
    ("model_of", "shape"),
    [
        (models.LinearRegressor, r"\[200, 1\]"),
        (lambda: models.Linear(9), r"\[200, 9\]"),
        (lambda: nn.Linear(28, 10), r"\[200, 1, 28, 10\]"),
    ],
)
def test_outputs_that_are_no_classes_have_no_probabilities(digits, model_of, shape):
    model = model_of()
    with pytest.raises(ValueError, match=r"outputs \[b, 10\], not .*" + shape):
        probabilities(model, digits)
    assert all(layer.training for layer in model.sublayers(include_self=True))


def answers(*sure_and_right):
    """Probabilities [n, 10] and labels [n] of answers that are so sure and right or not."""
    found = np.zeros((len(sure_and_right), 10), np.float32)
    labels = np.zeros(len(sure_and_right), np.uint8)
    for i, (sure, right) in enumerate(sure_and_right):
        found[i] = (1 - sure) / 9
        found[i, i % 10] = sure
        labels[i] = i % 10 if right else (i + 1) % 10
    return found, labels


def test_calibration_by_hand():
    given = answers((1, 1), (0.25, 0), (0.5, 1), (0.625, 0), (0.75, 1), (0.875, 0), (0.375, 1))
    found = calibration(*given, bins=4)  # a probability on an edge is in the bin above
    assert found.confidence.tolist() == [0.3125, 0.5625, 0.875]  # none is in the first bin
    assert found.accuracy == pytest.approx([1 / 2, 1 / 2, 2 / 3])
    assert found.count.tolist() == [2, 2, 3]
    gaps = 2 * (0.5 - 0.3125) + 2 * (0.5625 - 0.5) + 3 * (0.875 - 2 / 3)
    assert found.error == pytest.approx(gaps / 7)
    assert isinstance(found.error, float)


def test_chance_alone_would_leave_a_bin_between_these():
    sure, count = np.array([0.45, 0.5, 0.9]), np.array([2, 40, 11])
    low, high = Calibration(sure, np.array([0.0, 0.9, 0.9]), count).by_chance()
    assert low == pytest.approx([0, 14 / 40, 8 / 11])  # quantiles of the binomial distribution
    assert high == pytest.approx([1, 26 / 40, 1])


def test_there_are_ten_bins_unless_one_says_otherwise():
    given = answers(*[(sure / 100, 1) for sure in (11, 19, 25, 35, 45, 55, 65, 75, 85, 91, 99)])
    assert calibration(*given).count.tolist() == [2, 1, 1, 1, 1, 1, 1, 1, 2]
    assert calibration(*given).confidence[[0, -1]] == pytest.approx([0.15, 0.95])
    assert calibration(*given, bins=1).count.tolist() == [11]
    assert calibration(*given, bins=5).count.tolist() == [2, 2, 2, 2, 3]


def test_a_probability_of_one_is_in_the_last_bin():
    found = calibration(*answers((1, 1), (0.95, 0)))
    assert found.count.tolist() == [2]
    assert found.confidence == pytest.approx([0.975])
    assert found.accuracy.tolist() == [0.5]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([(0.75, 1)] * 3 + [(0.75, 0)], 0),  # as good as its word
        ([(1, 1)] * 5, 0),
        ([(1, 1), (1, 0)] * 3, 0.5),  # over-confident
        ([(1, 0)] * 4, 1),
        ([(0.5, 1)] * 4, 0.5),  # more modest than it need be
        ([(0.75, 1)] * 2 + [(0.25, 0)] * 2, 0.25),  # gaps up and down do not make up for each other
    ],
)
def test_the_calibration_error(given, error):
    assert calibration(*answers(*given)).error == error


def test_calibration_counts_every_digit_of_a_model(digits):
    paddle.seed(5)
    model = models.Linear()
    found = calibration(probabilities(model, digits), digits.labels)
    assert found.count.sum() == 250
    right = (found.accuracy * found.count).sum() / 250
    assert right == pytest.approx(evaluate(model, digits).accuracy)
    assert len(found.confidence) == len(found.accuracy) == len(found.count) > 1
    assert (np.diff(found.confidence) > 0).all()
    assert 0 < found.error < 1


def test_figures_show_what_they_are_given(digits):
    fig = plots.show_digits(digits.images[:10], digits.labels[:10], columns=4)
    drawn = [ax for ax in fig.axes if ax.images]
    assert len(drawn) == 10
    assert np.array_equal(drawn[9].images[0].get_array(), digits.images[9])
    assert [ax.get_title() for ax in drawn] == [str(label) for label in digits.labels[:10]]
    assert plt.get_fignums() == []  # not shown a second time by pyplot

    fig = plots.loss_curves({"a": [4.0, 2.0, 0.0], "b": [1.0] * 3}, window=2)
    lines = fig.axes[0].lines
    assert lines[0].get_ydata().tolist() == [3, 1]
    assert lines[0].get_xdata().tolist() == [2, 3]
    assert lines[0].get_linestyle() != lines[1].get_linestyle()  # readable without colour
    assert fig.axes[0].get_ylabel() == "loss, mean of 2 steps"


def test_style_puts_back_what_it_changed():
    before = dict(plt.rcParams)
    with plots.style():
        assert plt.rcParams["font.size"] == plots.STYLE["font.size"]
        plt.rcParams["interactive"] = not before["interactive"]
    assert plt.rcParams["interactive"] != before["interactive"]  # not ours to put back
    plt.rcParams["interactive"] = before["interactive"]
    assert dict(plt.rcParams) == before


def test_source_and_table():
    assert "class LinearRegressor" in show.source(models.LinearRegressor).data
    assert show.source(evaluate).data.startswith("```python\ndef evaluate(")
    table = show.table(["a", "b"], [("x", 1)]).data
    assert table == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_scoreboard_rows_come_back_from_a_notebook(tmp_path):
    row = scoreboard.Row(3, "a conv net", 0.98765, 61.2)
    bundle = row._repr_mimebundle_()
    assert bundle["text/plain"] == "3 · a conv net · 98.8 % · 61 s"
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": "x"},
            {"cell_type": "code", "outputs": [{"output_type": "stream", "text": "x"}]},
            {"cell_type": "code", "outputs": [{"output_type": "execute_result", "data": bundle}]},
        ]
    }
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(notebook))
    assert scoreboard.rows_of(path) == [row]


def test_cost_sees_time_and_memory():
    seconds, megabytes = measure.cost("time.sleep(0.2); x = bytearray(80_000_000)")
    assert 0.2 <= seconds < 5
    assert 75 < megabytes < 100
    seconds, megabytes = measure.cost("pass", setup="x = bytearray(80_000_000)")
    assert megabytes < 5


def test_several_runs_are_given_as_mean_and_standard_deviation():
    assert show.with_spread([0.5, 0.6, 0.7]) == "60.0 ± 10.0"
