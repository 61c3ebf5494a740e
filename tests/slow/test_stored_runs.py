"""What the stored logs say is what today's code does."""

import json
import os
import statistics
from pathlib import Path

import pytest

from benchmarks import pieces as experiment
from mnist_helpers.cli.main import main
from mnist_helpers.data import paddle_files
from mnist_helpers.data.splits import load
from mnist_helpers.recipes import far, fast
from tests.recipes.test_fast import LOG, accuracy_alone
from tools.drawing import training as drawing

needs_mnist = pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="needs MNIST itself")


@needs_mnist
def test_the_first_epoch_is_that_of_the_stored_log(tmp_path):
    main(["far", "--last-epoch", "1", "--output", str(tmp_path)])
    (now,) = json.loads((tmp_path / "log-0.json").read_text())["epochs"]
    then = json.loads((far.RUNS / "valid" / "log-0.json").read_text())["epochs"][0]
    assert now["train_loss"] == pytest.approx(then["train_loss"], rel=0.01)
    assert now["train_accuracy"] == pytest.approx(then["train_accuracy"], abs=0.005)


@needs_mnist
def test_a_row_comes_out_again_as_it_stands_in_the_log():
    pieces = experiment.LEFT_OUT["shifted digits"]
    _, history = fast.train(load("train"), 0, load("valid"), pieces=pieces)
    # other processors add in another order
    stored = LOG["left out"]["shifted digits"]["accuracies"][0]
    assert history.accuracy == pytest.approx(stored, abs=2e-3)


@needs_mnist
def test_the_program_is_as_right_as_the_recipe(tmp_path):
    accuracies = LOG["left out"]["nothing"]["accuracies"]
    mean, spread = statistics.mean(accuracies), statistics.stdev(accuracies)
    folder = Path(paddle_files("train", tmp_path / "digits")["image_path"]).parent
    accuracy = accuracy_alone(tmp_path, "--folder", folder, "--seed", 1)
    assert abs(accuracy - mean) < 5 * spread, accuracies


@needs_mnist
def test_a_network_of_the_page_to_draw_on_is_trained_again_as_it_is_stored(tmp_path):
    drawing.train("lenet5", tmp_path)
    now, then = (json.loads((f / "lenet5.json").read_text()) for f in (tmp_path, drawing.STORED))
    assert now["accuracy"] == pytest.approx(then["accuracy"], abs=2e-3)
    assert now["epochs"][0]["train_loss"] == pytest.approx(
        then["epochs"][0]["train_loss"], rel=0.01
    )
