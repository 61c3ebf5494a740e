"""Runs that are cut, at every kind of place, and go on: the same run, to the bit."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import paddle
import pytest

from mnist_helpers import models
from mnist_helpers.__main__ import main
from mnist_helpers.data import Digits
from mnist_helpers.data.augment import moving
from mnist_helpers.errors import CheckpointError, StoppedError
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from mnist_helpers.training.resuming import Resumable
from tests.conftest import sample_digits

DIGITS, VALID = sample_digits(130), sample_digits(40, start=1000)
OPTIMIZERS = {
    "sgd": paddle.optimizer.SGD,
    "momentum": paddle.optimizer.Momentum,
    "adam": paddle.optimizer.Adam,
}
STEPS = 5 * 3  # 130 digits, 30 a batch, three epochs


def run(folder, kind="adam", scheduled=True, stop_at=None, digits=DIGITS, **others):
    """A whole run of a net with dropout, or what is left of it; SHA-256 of the weights, history."""
    seed_everything(4)
    model = models.AlexNet()
    rate = paddle.optimizer.lr.PolynomialDecay(0.01, STEPS) if scheduled else 0.01
    optimizer = OPTIMIZERS[kind](rate, parameters=model.parameters())
    checkpoint = Resumable(folder, **{"every": 2, **others}) if folder else None

    class Stop(Callback):
        def on_train_batch_end(self, model, history):
            if len(history.losses) == stop_at:
                checkpoint.stop_asked = True

    history = fit(
        model,
        digits,
        loss=cross_entropy,
        optimizer=optimizer,
        schedule=rate if scheduled else None,
        epochs=3,
        batch_size=30,
        seed=4,
        valid=VALID,
        augment=moving(),
        callbacks=[Stop()],
        checkpoint=checkpoint,
    )
    return fingerprint(model), history


@pytest.mark.parametrize("scheduled", [True, False])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_wherever_it_is_cut_it_is_the_same_run(tmp_path, kind, scheduled):
    expected, whole = run(None, kind, scheduled)
    for cut in (3, 5, 11):  # in the middle of an epoch, at the end of one, in the last
        folder = tmp_path / str(cut)
        with pytest.raises(StoppedError, match=f"after step {cut}; saved in"):
            run(folder, kind, scheduled, stop_at=cut)
        weights, history = run(folder, kind, scheduled)
        assert weights == expected
        assert (history.losses, history.rates) == (whole.losses, whole.rates)
        for ours, theirs in zip(history.epochs, whole.epochs, strict=True):
            assert ours.train_loss == theirs.train_loss
            assert ours.train_accuracy == theirs.train_accuracy
            assert (ours.loss, ours.accuracy) == (theirs.loss, theirs.accuracy)


def test_saving_does_not_change_the_run(tmp_path):
    assert run(tmp_path, every=1)[0] == run(None)[0]


def test_a_run_that_is_complete_is_given_again_without_training(tmp_path):
    expected, history = run(tmp_path)
    again, same = run(tmp_path)
    assert again == expected
    assert same.losses == history.losses


def test_a_damaged_last_checkpoint_costs_some_steps_and_nothing_else(tmp_path, capsys):
    expected, _ = run(None)
    with pytest.raises(StoppedError):
        run(tmp_path, stop_at=9)
    newest = sorted(tmp_path.iterdir())[-1] / "model.pdparams"
    newest.write_bytes(newest.read_bytes()[:-1])
    assert run(tmp_path)[0] == expected
    assert "passed over" in capsys.readouterr().err


def test_another_run_is_refused(tmp_path):
    with pytest.raises(StoppedError):
        run(tmp_path, stop_at=4, about={"model": "alexnet"})
    with pytest.raises(CheckpointError, match="another run: model alexnet, not lenet5"):
        run(tmp_path, about={"model": "lenet5"})
    images = DIGITS.images.copy()
    images[7, 7, 7] ^= 1
    other = Digits.checked(images, DIGITS.labels)
    with pytest.raises(CheckpointError, match="another run: sha256 of the digits"):
        run(tmp_path, about={"model": "alexnet"}, digits=other)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"keep": 0}])
def test_counts_below_one_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="must be 1 or more"):
        Resumable(tmp_path, **wrong)


# --- the command ------------------------------------------------------------------------------


@pytest.fixture
def sample(monkeypatch):
    for name in ("MNIST_DIR", "MNIST_MIRRORS", "MNIST_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MNIST_SOURCE", "sample")


OPTIONS = ["--model", "alexnet", "--epochs", "4", "--seed", "5", "--schedule", "one-cycle"]


def result(capsys):
    return capsys.readouterr().out.splitlines()[-2:]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_says_how_to_go_on(sample, tmp_path, capsys, number):
    assert main(["train", *OPTIONS, "--output", str(tmp_path / "whole")]) == 0
    expected = result(capsys)
    folder = tmp_path / "cut"
    command = [sys.executable, "-m", "mnist_helpers", "train", *OPTIONS]
    process = subprocess.Popen(
        [*command, "--output", str(folder), "--save-every", "3"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not list(folder.glob("checkpoints/step-*")) and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    step = int(re.search(r"stopped after step (\d+); saved in", said)[1])
    assert step < 4 * 13
    assert f"to go on: python -m mnist_helpers train --resume {folder}" in said
    assert main(["train", "--resume", str(folder)]) == 0
    assert result(capsys) == expected


def test_the_only_worker_of_a_launcher_may_be_told_three_times(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "1")  # as it is when the other hosts are lost
    checkpoint = Resumable(tmp_path)
    with checkpoint.stopping_on_signals():
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        assert checkpoint.stop_asked


def test_a_run_that_was_cut_before_its_first_checkpoint_starts_again(sample, tmp_path, capsys):
    assert main(["train", *OPTIONS, "--output", str(tmp_path / "whole")]) == 0
    expected = result(capsys)
    options = json.loads((tmp_path / "whole" / "options.json").read_text())
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "options.json").write_text(json.dumps(options))
    assert main(["train", "--resume", str(tmp_path / "cut"), "--seed", "5"]) == 0
    assert result(capsys) == expected
    assert main(["train", "--resume", str(tmp_path / "cut")]) == 0  # complete: its result again
    assert result(capsys) == expected


def test_what_cannot_go_on(sample, tmp_path, capsys):
    assert main(["train", "--resume", str(tmp_path)]) == 1
    assert "no run to go on with" in capsys.readouterr().err
    assert main(["train", "--model", "linear", "--output", str(tmp_path / "a")]) == 0
    assert main(["train", "--resume", str(tmp_path / "a"), "--seed", "9"]) == 1
    assert "its run has --seed 0, not 9" in capsys.readouterr().err
    assert main(["train", "--resume", str(tmp_path / "a"), "--model", "linear"]) == 0
    options = tmp_path / "a" / "options.json"
    options.write_text(json.dumps({"format": 1, "model": "linear"}))
    assert main(["train", "--resume", str(tmp_path / "a")]) == 1
    assert "its options are model; expected model, loss" in capsys.readouterr().err


def test_options_that_are_damaged_are_one_line(sample, tmp_path, capsys):
    assert main(["train", "--model", "linear", "--output", str(tmp_path / "a")]) == 0
    path = tmp_path / "a" / "options.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "epochs": 0}))
    assert main(["train", "--resume", str(tmp_path / "a")]) == 1
    expected = f"error: {path}: epochs: expected a whole number from 1, not 0"
    assert capsys.readouterr().err.strip() == expected
    assert main(["train", "--resume", str(tmp_path / "a"), "--overwrite"]) == 1
    assert "--overwrite is for a new run" in capsys.readouterr().err


def test_a_failed_run_gives_back_the_one_that_it_was_to_replace(sample, tmp_path, capsys):
    train = ["train", "--model", "linear", "--output", str(tmp_path / "a")]
    assert main(train) == 0
    before = {p: p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}
    diverging = ["--loss", "square-error", "--optimizer", "sgd", "--lr", "1e9"]
    assert main([*train, "--overwrite", "--save-every", "1", *diverging]) == 1
    assert "has diverged" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()} == before


def test_a_run_may_be_saved_more_often_than_before(sample, tmp_path, capsys):
    folder = tmp_path / "a"
    assert main(["train", "--model", "linear", "--epochs", "2", "--output", str(folder)]) == 0
    (folder / "run.json").unlink()
    shutil.rmtree(folder / "checkpoints" / "step-00000026")
    assert main(["train", "--resume", str(folder), "--save-every", "5"]) == 0
    assert (folder / "checkpoints" / "step-00000023").is_dir()
    assert json.loads((folder / "run.json").read_text())["save_every"] == 5


def test_an_object_that_has_seen_a_run_refuses_another(tmp_path):
    checkpoint = Resumable(tmp_path)
    for seed in (0, 1):
        model = models.Linear()
        sgd = paddle.optimizer.SGD(0.1, parameters=model.parameters())
        rest = {"loss": cross_entropy, "optimizer": sgd, "seed": seed, "checkpoint": checkpoint}
        if seed == 0:
            fit(model, DIGITS, **rest)
            continue
        with pytest.raises(CheckpointError, match="of another run: seed 0, not 1"):
            fit(model, DIGITS, **rest)


def test_overwriting_does_not_go_on_with_the_old_run(sample, tmp_path, capsys):
    lines = []
    for options in ([], ["--overwrite"]):
        again = ["train", "--model", "linear", "--output", str(tmp_path / "a"), *options]
        assert main([*again, "--epochs", str(1 + len(options))]) == 0
        lines.append(capsys.readouterr().out)
    assert "epoch 2" in lines[1]
    steps = [path.name for path in (tmp_path / "a" / "checkpoints").iterdir()]
    assert sorted(steps) == ["step-00000013", "step-00000026"]


def test_a_run_without_a_model_is_refused(sample, tmp_path, capsys):
    assert main(["train", "--output", str(tmp_path / "a")]) == 1
    assert "--model is missing" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_a_position_that_is_none_is_refused(tmp_path):
    with pytest.raises(StoppedError):
        run(tmp_path, stop_at=2)
    (path,) = tmp_path.iterdir()
    from mnist_helpers.training.checkpoints import _signed

    state = json.loads((path / "state.json").read_text())["state"]
    state["position"]["day"] = 1
    (path / "state.json").write_bytes(_signed(state))
    with pytest.raises(CheckpointError, match="not a checkpoint of fit"):
        run(tmp_path)


def test_skipped_batches_are_those_that_were_seen():
    from mnist_helpers.data import batches

    whole = list(batches(DIGITS, 30, seed=2, epoch=1, augment=moving()))
    rest = list(batches(DIGITS, 30, seed=2, epoch=1, augment=moving(), skip=3))
    assert len(rest) == 2
    for ours, theirs in zip(rest, whole[3:], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert list(batches(DIGITS, 30, skip=9)) == []
