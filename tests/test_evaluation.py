"""Evaluation, the figures, the tables and the scoreboard."""

import json

import matplotlib.pyplot as plt
import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from mnist_helpers import measure, models, plots, scoreboard, show
from mnist_helpers.data import Digits, to_floats
from mnist_helpers.evaluation import evaluate, to_digits
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
    numbers = paddle.to_tensor([[-3.0], [0.4], [0.6], [8.7], [123.0], [float("nan")]])
    assert to_digits(numbers).tolist() == [0, 0, 1, 9, 9, 255]
    classes = np.eye(10, dtype=np.float32)[[7, 0, 9]]
    assert to_digits(paddle.to_tensor(classes)).tolist() == [7, 0, 9]
    for shape in ([5], [5, 3]):
        with pytest.raises(ValueError, match=r"\[b, 1\] or \[b, 10\]"):
            to_digits(paddle.zeros(shape))


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
