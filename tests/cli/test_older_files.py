"""What the version before this one has written still loads, goes on, and answers the same.

The files in tests/elsewhere/v0.1 were written by version 0.1.0, on the built-in sample.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest

from mnist_helpers import Predictor, evaluate, load
from mnist_helpers.cli.main import main
from mnist_helpers.data import to_floats
from mnist_helpers.deployment import load as load_export
from mnist_helpers.training import load_run

OLD = Path(__file__).parents[1] / "elsewhere" / "v0.1"
ANSWERS = json.loads((OLD / "answers.json").read_text())


@pytest.fixture(autouse=True)
def sample(monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("MNIST_SOURCE", "sample")


def answer_of(kind):
    """A function from images to scores, by what was written then."""
    if kind == "run":
        model, _ = load_run(OLD / "run")
        return lambda images: model(paddle.to_tensor(images)).numpy()
    if kind == "load":
        model = load_export(OLD / "export")
        return lambda images: model(paddle.to_tensor(images)).numpy()
    return Predictor(OLD / "export", kind).outputs


@pytest.mark.parametrize("kind", ["run", "load", "native", "onnx"])
def test_an_older_model_answers_the_same(kind):
    scores = answer_of(kind)(to_floats(load("test").images[:10]))
    assert np.allclose(scores, ANSWERS["scores of the first ten"], atol=1e-4)


def test_an_older_run_is_evaluated_and_known(capsys):
    model, run = load_run(OLD / "run")
    assert (run.model, run.epochs, run.seed, run.save_every) == ("linear", 3, 3, None)
    accuracy = evaluate(model, load("test")).accuracy
    assert accuracy == ANSWERS["accuracy on the sample's test digits"]
    assert main(["evaluate", str(OLD / "run"), "--split", "test"]) == 0
    assert f"accuracy {accuracy:.4f}" in capsys.readouterr().out


def test_an_older_run_that_was_cut_goes_on(tmp_path, capsys):
    """From its checkpoint after 31 of 39 steps to (nearly: processors differ) the same end."""
    folder = Path(shutil.copytree(OLD / "cut", tmp_path / "cut"))
    assert main(["train", "--resume", str(folder), "--seed", "4"]) == 1  # another run's option
    assert "its run has --seed 3, not 4" in capsys.readouterr().err
    assert main(["train", "--resume", str(folder)]) == 0
    resumed, run = load_run(folder)
    whole, then = load_run(OLD / "run")
    assert run.accuracy == pytest.approx(then.accuracy, abs=0.02)
    for ours, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert np.allclose(ours.numpy(), theirs.numpy(), atol=1e-4)
