"""The training loop: what it computes, what it records, what it refuses, what it shows."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import types

import numpy as np
import paddle
import pytest
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import batches
from mnist_helpers.errors import DivergedError, LossInputError
from mnist_helpers.evaluation.scores import evaluate
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.system import progress
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.loop import epochs_like, fit
from mnist_helpers.training.losses import cross_entropy, square_error
from tests.conftest import sample_digits

DIGITS = sample_digits(250)


def run(model_of=models.MLP, seed=0, rate=0.01, kind=paddle.optimizer.Adam, **others):
    """A new model, trained for an epoch or as `others` say, and its history."""
    seed_everything(seed)
    model = model_of()
    optimizer = kind(learning_rate=rate, parameters=model.parameters())
    settings = {"loss": cross_entropy, "optimizer": optimizer, "seed": seed, **others}
    return model, fit(model, DIGITS, **settings)


@pytest.mark.parametrize("model_of", [models.MLP, models.AlexNet])  # AlexNet: with dropout
def test_one_seed_gives_the_same_weights_to_the_bit(model_of):
    runs = [run(model_of, seed, epochs=2) for seed in (5, 5, 6)]
    first, second, other = (fingerprint(model) for model, _ in runs)
    assert first == second
    assert first != other
    assert runs[0][1].losses == runs[1][1].losses


def test_it_does_what_the_five_lines_do():
    model, history = run(kind=paddle.optimizer.SGD, rate=0.5, epochs=2, seed=3)
    seed_everything(3)
    by_hand = models.MLP()
    optimizer = paddle.optimizer.SGD(0.5, parameters=by_hand.parameters())
    losses = []
    for epoch in range(2):
        for images, labels in batches(DIGITS, 100, seed=3, epoch=epoch):
            loss = paddle.nn.functional.cross_entropy(
                by_hand(paddle.to_tensor(images)), paddle.to_tensor(labels)
            )
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
            losses.append(loss.item())
    assert fingerprint(model) == fingerprint(by_hand)
    assert history.losses == losses


def test_the_history_has_every_step_and_every_epoch():
    valid = sample_digits(130, start=1000)
    model, history = run(epochs=3, valid=valid)
    assert len(history.losses) == len(history.rates) == 3 * 3  # 250 digits: 100, 100, 50
    assert len(history.epochs) == 3
    scores = evaluate(model, valid, cross_entropy)
    assert history.accuracy == history.epochs[-1].accuracy == scores.accuracy
    assert history.epochs[-1].loss == scores.loss
    assert history.seconds == sum(epoch.seconds for epoch in history.epochs) > 0


def test_a_short_last_batch_weighs_as_its_digits():
    model, history = run(kind=paddle.optimizer.SGD, rate=1e-12)  # the model stays as it is
    (epoch,) = history.epochs
    assert epoch.train_loss == pytest.approx(evaluate(model, DIGITS, cross_entropy).loss, rel=1e-5)
    assert epoch.train_loss != pytest.approx(np.mean(history.losses), rel=1e-5)
    assert epoch.train_accuracy == evaluate(model, DIGITS).accuracy
    assert epoch.accuracy is None  # no validation digits were given


def test_a_schedule_is_stepped_after_every_batch():
    schedule = paddle.optimizer.lr.PolynomialDecay(0.1, decay_steps=9, end_lr=0.01)
    model = models.MLP()
    sgd = paddle.optimizer.SGD(schedule, parameters=model.parameters())
    history = fit(model, DIGITS, loss=cross_entropy, optimizer=sgd, schedule=schedule, epochs=3)
    assert history.rates == pytest.approx([0.1 - 0.09 * step / 9 for step in range(9)])


def test_a_schedule_that_nobody_would_step_is_refused():
    model = models.MLP()
    schedule, other = (paddle.optimizer.lr.StepDecay(0.1, step_size=2) for _ in range(2))
    scheduled = paddle.optimizer.SGD(schedule, parameters=model.parameters())
    plain = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    for optimizer, given in ((scheduled, None), (scheduled, other), (plain, schedule)):
        with pytest.raises(ValueError, match=r"the very schedule"):
            fit(model, DIGITS, loss=cross_entropy, optimizer=optimizer, schedule=given)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"batch_size": 0}, {"epochs": -1}])
def test_counts_below_one_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must be 1 or more"):
        run(**wrong)


@pytest.mark.parametrize("name", ["train", "valid"])
def test_no_digits_are_refused_before_anything_is_trained(name):
    model = models.Linear()
    before = fingerprint(model)
    sgd = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    digits = {"train": DIGITS, "valid": DIGITS, name: DIGITS[:0]}
    with pytest.raises(ValueError, match=f"{name} has no digits"):
        fit(model, digits["train"], loss=cross_entropy, optimizer=sgd, valid=digits["valid"])
    assert fingerprint(model) == before


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_the_run_before_the_weights_change(bad):
    seen = []

    def loss(outputs, labels):
        seen.append(fingerprint(model))
        value = cross_entropy(outputs, labels)
        return value * bad if len(seen) == 4 else value

    seed_everything(0)
    model = models.MLP()
    adam = paddle.optimizer.Adam(0.025, parameters=model.parameters())
    with pytest.raises(
        DivergedError, match=r"at step 4 \(epoch 2\), with learning rate 0.025"
    ) as e:
        fit(model, DIGITS, loss=loss, optimizer=adam, epochs=3)
    assert fingerprint(model) == seen[-1] != seen[-2]
    assert all(not p.grad.numpy().any() for p in model.parameters())
    history = e.value.history
    assert len(history.losses) == 4
    assert len(history.epochs) == 1
    assert not np.isfinite(history.losses[-1])


def test_a_rate_that_is_too_large_diverges():
    with pytest.raises(DivergedError, match="with learning rate 1"):
        run(
            models.LinearRegressor,
            kind=paddle.optimizer.SGD,
            rate=1.0,
            loss=square_error,
            epochs=99,
        )


class Squeezed(models.LinearRegressor):
    def forward(self, images):
        return super().forward(images)[:, 0]


def test_outputs_that_could_broadcast_are_refused():
    def careless(outputs, labels):
        return ((outputs - labels.astype("float32")) ** 2).mean()

    with pytest.raises(LossInputError, match=r"\[100\].* for 100 digits; expected \[100, 1\]"):
        run(Squeezed, loss=careless)


def test_a_loss_that_is_no_single_number_is_refused():
    with pytest.raises(LossInputError, match=r"shape \[100, 1\]; expected its mean"):
        run(loss=nn.CrossEntropyLoss(reduction="none"))


def test_losses_of_paddle_and_of_ones_own_do_as_well():
    expected, _ = run()
    for loss in (nn.CrossEntropyLoss(), lambda o, y: nn.functional.cross_entropy(o, y)):
        model, _ = run(loss=loss)
        assert fingerprint(model) == fingerprint(expected)


def test_it_is_quiet_where_nobody_watches(capfd):
    run(epochs=2)
    assert capfd.readouterr() == ("", "")


PROGRAM = """
from mnist_helpers import models
from mnist_helpers.training import loop
import paddle
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import sample_digits
model = models.ConvNet()
adam = paddle.optimizer.Adam(parameters=model.parameters())
loop.fit(model, sample_digits(700), loss=cross_entropy, optimizer=adam)
print("finished")
"""


def test_a_terminal_gets_a_bar_that_goes_away():
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))  # rows, columns
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = _read_all(ours)
    assert process.returncode == 0
    assert re.search(r"epoch 1/1: +\d+%.*\d/7", seen)
    last = seen.rstrip().split("\r")[-1]
    assert last == "finished"  # the bar has been wiped, and what follows starts in its place


def _read_all(descriptor: int) -> str:
    received = b""
    while select.select([descriptor], [], [], 60)[0]:
        try:
            some = os.read(descriptor, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not some:
            break
        received += some
    os.close(descriptor)
    return received.decode()


@pytest.mark.parametrize(
    ("shell", "variable", "live"),
    [
        ("ZMQInteractiveShell", "JPY_SESSION_NAME", True),
        ("ZMQInteractiveShell", "VSCODE_PID", True),
        ("ZMQInteractiveShell", None, False),  # executed by a program: outputs stay clean
        ("TerminalInteractiveShell", "JPY_SESSION_NAME", False),
    ],
)
def test_a_notebook_gets_a_bar_only_where_it_is_open(monkeypatch, capsys, shell, variable, live):
    shell = type(shell, (), {})()
    monkeypatch.setitem(
        sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell)
    )  # fmt: skip
    for name in ("JPY_SESSION_NAME", "VSCODE_PID"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, "1")
    with progress.progress(range(3), 3, "epoch") as bar:
        assert list(bar) == [0, 1, 2]
    assert ("epoch" in capsys.readouterr().out) == live


def test_a_small_set_gets_as_many_steps_as_mnist():
    assert epochs_like(2, DIGITS) == 400
    assert epochs_like(1, range(50_000)) == 1
    assert epochs_like(1, range(200_000)) == 1  # never none
