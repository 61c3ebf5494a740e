"""Training on several processes, for real: what each sees, what they hold at the end, what they
refuse. Two launches (together.py and serving.py, beside this) do the work; the tests read the
results.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import paddle
import pytest

from mnist_helpers import models
from mnist_helpers.__main__ import main
from mnist_helpers.data import batches
from mnist_helpers.distributed import launch, workers
from mnist_helpers.distributed.parameter_server import train_stale
from mnist_helpers.errors import LaunchError
from mnist_helpers.evaluation.scores import evaluate
from mnist_helpers.models.weights import fingerprint, load_weights
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import nothing_left, sample_digits, soon
from tests.distributed.together import COMMAND, trained

SIZES = ("300", "250", "241")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("together")


@pytest.fixture(scope="module")
def found(folder):
    """What each of the two workers found: a dictionary each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MNIST_DIR", raising=False)
        patch.setenv("MNIST_SOURCE", "sample")
        job = launch("-m", "tests.distributed.together", folder, threads=1, log_dir=folder / "log")
    assert [job.said(rank) for rank in range(2)] == ["worker 0 of 2\n", "worker 1 of 2\n"]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.fixture(scope="module")
def served(folder):
    launch("-m", "tests.distributed.serving", folder, workers=3, threads=1, log_dir=folder / "log")
    return json.loads((folder / "served.json").read_text())


def both(found, check):
    first, second = (worker[check] for worker in found)
    assert first == second
    return first


def arrays(path: Path):
    net = models.LeNet5()
    load_weights(net, path)
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


def test_all_have_the_same_weights_and_the_same_history(found):
    both(found, "the_same_on_all")


@pytest.mark.parametrize("n", SIZES)
def test_two_workers_do_what_one_does_with_batches_twice_as_large(found, folder, n):
    net, history = trained(workers.ALONE, int(n), batch_size=60)
    ours = arrays(folder / f"{n}-0.pdparams")
    for name, tensor in net.state_dict().items():
        assert np.abs(ours[name] - tensor.numpy()).max() < 1e-4, name  # they go up to 0.8
    theirs = found[0]["the_same_on_all"][n]
    assert theirs["losses"] == pytest.approx(history.losses, rel=1e-4)
    for epoch, (train_loss, train_accuracy, _, _) in zip(
        history.epochs, theirs["epochs"], strict=True
    ):
        assert train_loss == pytest.approx(epoch.train_loss, rel=1e-4)
        assert train_accuracy == pytest.approx(epoch.train_accuracy, abs=0.5 / int(n))


def test_every_digit_is_seen_once_an_epoch(found):
    expected = Counter(
        hashlib.sha256(image).hexdigest()
        for images, _ in batches(sample_digits(241), 241)
        for image in images
    )
    for epoch in range(2):
        seen = [worker["seen"][epoch]["names"] for worker in found]
        assert Counter(seen[0] + seen[1]) == expected
        assert [len(part) for part in seen] == [121, 120]
        assert [worker["seen"][epoch]["last"] for worker in found] == [1, 1]
    first, second = found[0]["seen"]
    assert first["names"] != second["names"]  # each epoch has an order of its own


def test_paddles_sampler_shares_out_and_repeats_one(found):
    parts = [worker["sampler"] for worker in found]
    assert [len(part) for part in parts] == [121, 121]
    counts = Counter(parts[0] + parts[1])
    assert set(counts) == set(range(241))
    assert sorted(counts.values())[-2:] == [1, 2]


def test_without_averaging_everyone_has_a_model_of_its_own(found):
    assert found[0]["without_averaging"] != found[1]["without_averaging"]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("model", r"about the model: worker 1 differs from worker 0: body.1.weight is missing"),
        ("outputs", r"head.weight is float32 \[10, 1\], expected float32 \[10, 10\]"),
        ("digits", r"about digits: 60 in worker 0, 61 in worker 1"),
        ("seed", r"about the seed: 0 in worker 0, 1 in worker 1"),
        ("epochs", r"about epochs: 2 in worker 0, 3 in worker 1"),
        ("batch", r"about batch_size: 30 in worker 0, 29 in worker 1"),
    ],
)
def test_workers_that_disagree_are_told_in_what(found, what, said):
    told = both(found, "disagreements")
    assert re.search(said, told[what])
    assert told["nothing"] is None


def test_small_messages(found):
    told = both(found, "told")
    assert told["first"] == "from 0"
    assert told["error"] == "no room"
    assert told["any"] == [True, False]
    assert told["gather"] == [{"rank": 0}, {"rank": 1}]
    assert told["device"] == "cpu"


def test_each_has_its_own_random_numbers(found):
    first, second = (worker["random_numbers"] for worker in found)
    assert first != second
    seed_everything(3)
    models.MLP()
    assert first == paddle.rand([4]).tolist()  # the first worker's are those of one alone


def test_a_loss_that_is_not_finite_in_one_stops_all(found):
    assert "the loss is nan at step 1" in both(found, "diverging")


def test_a_run_that_was_cut_goes_on_as_the_same_run(found):
    resumed = both(found, "resumed")
    assert "stopped after step 7" in resumed["said"]
    assert resumed["equal"]
    assert resumed["losses"]


def test_a_run_goes_on_with_another_number_of_workers(found):
    for worker in found:
        for change in ("1 to 2", "2 to 1"):
            result = worker["with_another_number"][change]
            assert result["again"], change  # from the same checkpoint, to the bit
            assert result["steps"] == 10
            assert result["losses"] < 1e-5, change  # the same digits in every batch
            assert result["weights"] < 1e-5, change  # sums of other parts: rounding
        assert worker["with_another_number"]["dropout"]["again"]
    first, second = (worker["with_another_number"] for worker in found)
    said = "goes on after step 7, with {} instead of {}. A batch has 60 digits, as before: {} "
    said += "for each"
    assert first["1 to 2"]["said"] == [said.format("2 workers", 1, 30)] * 2
    assert first["2 to 1"]["said"] == [said.format("1 worker", 2, 60)] * 2
    assert second["1 to 2"]["said"] == []  # the first speaks
    assert (
        first["refused"]
        == second["refused"]
        == [
            "a checkpoint of another run: workers 1, not 2. With other_workers it may be another",
            "its run has batches of 60 digits in all (1 times 60), not of 40 (2 times 20)",
        ]
    )


def test_the_command_trains_and_the_first_alone_speaks(found, folder):
    first, second = (worker["command"] for worker in found)
    assert first["codes"] == second["codes"] == [0, 1, 1]
    accuracy, weights = first["out"].splitlines()[-2:]
    assert first["out"].count("train: ") == 1
    assert second["out"] == ""
    facts = json.loads((folder / "whole" / "run.json").read_text())
    assert facts["workers"] == 2
    assert accuracy == f"accuracy {facts['accuracy']:.4f}"
    assert weights == f"weights {facts['weights']}"
    for worker in (first, second):
        lost, used = worker["err"].splitlines()
        assert lost == "error: the workers do not agree about seed: 0 in worker 0, 1 in worker 1"
        assert "whole: holds something already" in used
    assert not (folder / "never").exists()


def test_a_killed_worker_is_named_and_the_job_goes_on(
    found, tmp_path, monkeypatch, offspring, capsys
):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run, log_dir, killed = tmp_path / "run", tmp_path / "log", []

    def kill():
        assert soon(lambda: list(run.glob("checkpoints/step-*")), 60)
        for process in offspring():
            number = process.environ().get("PADDLE_TRAINER_ID")
            if number == "1" and "mnist_helpers.distributed.guard" not in process.cmdline():
                killed.append(time.monotonic())
                process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    train = ["-m", "mnist_helpers", *COMMAND, "--output", run, "--save-every", "2"]
    with pytest.raises(LaunchError, match=r"worker 1 was killed by signal 9 \(SIGKILL\)") as error:
        launch(*train, threads=1, log_dir=log_dir)
    detected = time.monotonic() - killed[0]
    killer.join()
    assert len(killed) == 1
    assert detected < 10
    assert (error.value.rank, error.value.code) == (1, -signal.SIGKILL)
    assert str(log_dir / "workerlog.1") in str(error.value)
    assert nothing_left(offspring, log_dir)
    assert not (run / "run.json").exists()

    assert main(["train", "--resume", str(run)]) == 1
    said = capsys.readouterr().err
    assert f"{run}: its run has 2 workers, not 1. Start as many, or say --other-workers" in said
    shutil.copytree(run, tmp_path / "alone")
    assert main(["train", "--resume", str(tmp_path / "alone"), "--other-workers"]) == 0
    assert ", with 1 worker instead of 2. A batch has 120 digits" in capsys.readouterr().err
    facts = json.loads((tmp_path / "alone" / "run.json").read_text())
    assert (facts["workers"], facts["batch_size"]) == (1, 120)

    command = [  # as a person types it
        sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2",
        "--log_dir", log_dir, sys.executable, "-m", "mnist_helpers", "train", "--resume", run,
    ]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    undisturbed = found[0]["command"]["out"].splitlines()[-1]
    assert undisturbed == f"weights {json.loads((run / 'run.json').read_text())['weights']}"


# --- a parameter server ---------------------------------------------------------------------


@pytest.mark.parametrize("n", SIZES)
def test_a_server_gives_the_weights_that_averaging_gives_to_the_bit(found, served, n):
    expected = both(found, "the_same_on_all")[n]["weights"]
    assert served["in_step"][n] == [expected] * 3


def test_a_server_that_waits_for_nobody_applies_every_gradient(served):
    free = served["at_their_own_pace"]
    ranks, staleness = zip(*free["applied"], strict=True)
    assert len(staleness) == 20
    assert min(staleness) == 0  # the first, if no other
    assert max(staleness) > 0  # the slower one met the steps of the other
    assert ranks.count(1) > ranks.count(2) > 0
    assert free["accuracy"][0] > 0.6


def test_the_queue_gives_each_batch_once_and_who_came_last_has_the_server_s_weights(served):
    free = served["at_their_own_pace"]
    assert free["asked"][0] == []
    assert sorted(free["asked"][1] + free["asked"][2]) == list(range(20))
    assert free["weights"][0] == free["weights"][free["applied"][-1][0]]


def test_a_trainer_says_when_it_was_at_work(served):
    for rank, spans in enumerate(served["at_their_own_pace"]["spans"][1:], 1):
        assert len(spans) == len(served["at_their_own_pace"]["asked"][rank])
        assert all(end - start >= 0.05 * rank for start, end in spans)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def stale(staleness, rate=0.3):
    seed_everything(2)
    net = models.MLP(hidden=(32,), activation=paddle.nn.ReLU)
    sgd = paddle.optimizer.SGD(rate, parameters=net.parameters())
    digits = sample_digits(400)
    feed = (batch for epoch in range(4) for batch in batches(digits, 40, seed=2, epoch=epoch))
    train_stale(net, sgd, cross_entropy, feed, staleness)
    return net, evaluate(net, digits, cross_entropy)


def test_no_staleness_is_ordinary_training():
    net, _ = stale(0)
    seed_everything(2)
    plain = models.MLP(hidden=(32,), activation=paddle.nn.ReLU)
    sgd = paddle.optimizer.SGD(0.3, parameters=plain.parameters())
    for epoch in range(4):
        for images, labels in batches(sample_digits(400), 40, seed=2, epoch=epoch):
            cross_entropy(plain(paddle.to_tensor(images)), paddle.to_tensor(labels)).backward()
            sgd.step()
            sgd.clear_grad()
    assert fingerprint(net) == fingerprint(plain)


def test_stale_gradients_are_of_the_weights_of_then():
    net, _ = stale(1)
    seed_everything(2)
    plain = models.MLP(hidden=(32,), activation=paddle.nn.ReLU)
    now = [p.numpy().copy() for p in plain.parameters()]
    before = now
    for epoch in range(4):
        for images, labels in batches(sample_digits(400), 40, seed=2, epoch=epoch):
            for parameter, values in zip(plain.parameters(), before, strict=True):
                parameter.set_value(values)
            cross_entropy(plain(paddle.to_tensor(images)), paddle.to_tensor(labels)).backward()
            steps = [np.float32(0.3) * p.grad.numpy() for p in plain.parameters()]
            plain.clear_gradients()
            before, now = now, [a - step for a, step in zip(now, steps, strict=True)]
    for parameter, values in zip(net.parameters(), now, strict=True):
        assert np.abs(parameter.numpy() - values).max() < 1e-5
    assert stale(8)[1].loss > stale(0)[1].loss
    with pytest.raises(ValueError, match="0 or more, not -1"):
        stale(-1)


def test_each_gradient_can_have_an_age_of_its_own():
    assert fingerprint(stale([1] * 40)[0]) == fingerprint(stale(1)[0])
    assert fingerprint(stale([0] * 40)[0]) == fingerprint(stale(0)[0])
    mixed = fingerprint(stale([0, 1] * 20)[0])
    assert mixed not in (fingerprint(stale(0)[0]), fingerprint(stale(1)[0]))
    with pytest.raises(ValueError, match="0 or more, not -2"):
        stale([0, -2])


# --- alone ----------------------------------------------------------------------------------


def test_a_process_that_was_started_alone_is_a_group_of_one(monkeypatch):
    monkeypatch.delenv("PADDLE_TRAINERS_NUM", raising=False)
    alone = workers.join()
    net = models.MLP()
    assert (alone.rank, alone.world) == (0, 1)
    assert alone.parallel(net, seed=0) is net
    assert alone.first(lambda: 3) == 3
    assert alone.gather("a") == ["a"]
    assert alone.any(True)
    assert not alone.any(False)
    assert math.isclose(alone.together(0.5, 3, 4)[0], 0.5)
