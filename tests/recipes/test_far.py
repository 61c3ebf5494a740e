"""The far recipe: what it writes, and that the logs and weights that the book shows are its own."""

import json
import os

import numpy as np
import paddle
import pytest

from mnist_helpers.cli.main import main
from mnist_helpers.data import Digits
from mnist_helpers.data.augment import distorting
from mnist_helpers.data.splits import load
from mnist_helpers.errors import RunError
from mnist_helpers.evaluation.scores import evaluate
from mnist_helpers.models.networks import parameter_count
from mnist_helpers.models.weights import fingerprint, load_weights
from mnist_helpers.recipes import far
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import label_smoothed_cross_entropy
from tests.conftest import sample_digits

STORED = far.RUNS
needs_mnist = pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="needs MNIST itself")


def test_the_training_is_what_its_parts_say(monkeypatch):
    monkeypatch.setattr(far, "EPOCHS", 4)
    digits = sample_digits(250)
    model, history = far.train(digits, seed=3)
    assert len(history.losses) == 12
    assert max(history.rates) == pytest.approx(0.01, rel=0.2)
    assert history.rates[-1] < 0.003

    paddle.seed(3)
    other = far.network()
    schedule = paddle.optimizer.lr.OneCycleLR(0.01, 12, end_learning_rate=0.0005)
    adam = paddle.optimizer.Adam(schedule, beta2=0.99, parameters=other.parameters())
    settings = {"epochs": 4, "seed": 3, "augment": distorting(), "schedule": schedule}
    tenth = Tenth()
    same = fit(
        other,
        digits,
        loss=label_smoothed_cross_entropy,
        optimizer=adam,
        callbacks=[tenth],
        **settings,
    )
    assert same.losses == history.losses
    assert fingerprint(model) != fingerprint(other)  # an average
    # from half the steps on, every fifth step: here step 10 alone, the last but one
    for name, tensor in model.state_dict().items():
        assert np.array_equal(tensor.numpy(), tenth.weights[name]), name


class Tenth(Callback):
    """The weights after step 10."""

    def on_train_batch_end(self, model, history):
        if len(history.losses) == 11:
            self.weights = {name: t.numpy().copy() for name, t in model.state_dict().items()}


def test_a_run_leaves_a_log_and_weights_that_answer_as_it_says(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(far, "EPOCHS", 3)
    main(["far", "--seed", "1", "--output", str(tmp_path / "new" / "far"), "--final"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[-4:-1]] == [f"epoch {n}/3" for n in (1, 2, 3)]
    log = json.loads((tmp_path / "new" / "far" / "log-1.json").read_text())
    assert f"accuracy {log['accuracy']:.4f} after" in lines[-1]
    assert log["trained on"] == len(load("train")) + len(load("valid"))
    assert log["judged on"] == "test"
    assert len(log["epochs"]) == 3
    model = far.network()
    load_weights(model, tmp_path / "new" / "far" / "weights-1.pdparams")
    assert evaluate(model, load("test")).accuracy == log["accuracy"]
    assert parameter_count(model) == log["parameters"]


def test_a_run_can_stop_after_an_epoch(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    monkeypatch.delenv("MNIST_DIR", raising=False)
    main(["far", "--last-epoch", "1", "--output", str(tmp_path)])
    log = json.loads((tmp_path / "log-0.json").read_text())
    assert len(log["epochs"]) == 1
    assert log["judged on"] == "valid"
    assert log["epochs"][0]["accuracy"] == log["accuracy"]  # there is no average yet


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--last-epoch", "99"], f"--last-epoch must be from 1 to {far.EPOCHS}, not 99"),
        (["--output", "/dev/null/x"], "/dev/null/x: nothing can be written there"),
    ],
    ids=str,
)
def test_options_that_cannot_be(options, message, capsys):
    assert main(["far", *options]) == 1
    assert f"error: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--last-epoch", "0"], ["--seed", "-1"]], ids=str)
def test_numbers_that_cannot_be(options, capsys):
    with pytest.raises(SystemExit) as end:
        main(["far", *options])
    assert end.value.code == 2
    assert f"argument {options[0]}: expected a whole number" in capsys.readouterr().err


def test_digits_joined_keep_their_order():
    a, b = sample_digits(20), sample_digits(10, start=50)
    both = far.both(a, b)
    assert isinstance(both, Digits)
    assert np.array_equal(both.images[20:], b.images)
    assert np.array_equal(both.labels[:20], a.labels)


# ---- what the book stores


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_stored_logs_are_of_whole_runs_within_five_minutes(seed):
    log = json.loads((STORED / f"log-{seed}.json").read_text())
    assert log["seed"] == seed
    assert log["trained on"] == 60_000
    assert log["judged on"] == "test"
    assert len(log["epochs"]) == far.EPOCHS
    assert log["seconds"] < 300
    assert log["seconds"] == pytest.approx(sum(epoch["seconds"] for epoch in log["epochs"]))


@needs_mnist
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_stored_weights_read_as_many_digits_as_their_log_says(seed):
    log = json.loads((STORED / f"log-{seed}.json").read_text())
    model = far.network()
    load_weights(model, STORED / f"weights-{seed}.pdparams")
    # other processors add in another order: a digit on the edge may change its side
    assert evaluate(model, load("test")).accuracy == pytest.approx(log["accuracy"], abs=2e-4)


def test_weights_of_another_network_are_refused():
    with pytest.raises(RunError, match="another model"):
        load_weights(far.PatchNet(), STORED / "weights-0.pdparams")
