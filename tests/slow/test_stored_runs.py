"""What the stored logs say is what today's code does."""

import json
import os

import pytest

from mnist_helpers.cli.main import main
from mnist_helpers.recipes import far

needs_mnist = pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="needs MNIST itself")


@needs_mnist
def test_the_first_epoch_is_that_of_the_stored_log(tmp_path):
    main(["far", "--last-epoch", "1", "--output", str(tmp_path)])
    (now,) = json.loads((tmp_path / "log-0.json").read_text())["epochs"]
    then = json.loads((far.RUNS / "valid" / "log-0.json").read_text())["epochs"][0]
    assert now["train_loss"] == pytest.approx(then["train_loss"], rel=0.01)
    assert now["train_accuracy"] == pytest.approx(then["train_accuracy"], abs=0.005)
