"""Checkpoints: what is restored, to the bit; what survives a crash; what is refused."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys

import numpy as np
import paddle
import pytest
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import batches
from mnist_helpers.errors import CheckpointError, RunError
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training import checkpoints
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import sample_digits

pytestmark = pytest.mark.filterwarnings("ignore:When training, we now always track global mean")
DIGITS = sample_digits(120)
OPTIMIZERS = {
    "sgd": paddle.optimizer.SGD,
    "momentum": paddle.optimizer.Momentum,
    "adam": paddle.optimizer.Adam,
}


class Net(nn.Layer):
    """Small, with dropout, and with the buffers of a normalisation."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 12), nn.BatchNorm1D(12), nn.ReLU(), nn.Dropout(0.5)
        )
        self.head = nn.Linear(12, 10)

    def forward(self, images):
        return self.head(self.body(images))


def run(kind="adam", scheduled=True, seed=3):
    seed_everything(seed)
    model = Net()
    rate = paddle.optimizer.lr.PolynomialDecay(0.05, decay_steps=12) if scheduled else 0.05
    optimizer = OPTIMIZERS[kind](rate, parameters=model.parameters())
    return model, optimizer, rate if scheduled else None


def train(parts, start, end, each=None):
    """Steps `start` to `end` of a run whose data are a function of the step."""
    model, optimizer, schedule = parts
    model.train()
    for step in range(start, end):
        feed = list(batches(DIGITS, 30, seed=1, epoch=step // 4))
        images, labels = feed[step % 4]
        random.random(), np.random.rand()  # noqa: NPY002 - code that draws from them
        cross_entropy(model(paddle.to_tensor(images)), paddle.to_tensor(labels)).backward()
        optimizer.step()
        optimizer.clear_grad()
        if schedule is not None:
            schedule.step()
        if each:
            each(step + 1)


def drawn():
    return random.random(), np.random.rand(), paddle.rand([2]).tolist()  # noqa: NPY002


@pytest.mark.parametrize("scheduled", [True, False])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_restored_run_goes_on_as_the_same_run_to_the_bit(tmp_path, kind, scheduled):
    whole = run(kind, scheduled)
    train(whole, 0, 12)
    expected, next_numbers = fingerprint(whole[0]), drawn()

    cut = run(kind, scheduled)
    train(cut, 0, 5)
    checkpoints.save(tmp_path, *cut, step=5, position={"epoch": 1, "step": 1})
    resumed = run(kind, scheduled, seed=99)  # another start, other names of the parameters
    found = checkpoints.load(tmp_path)
    assert (found.step, found.position) == (5, {"epoch": 1, "step": 1})
    found.restore(*resumed)
    train(resumed, 5, 12)
    assert fingerprint(resumed[0]) == expected
    assert drawn() == next_numbers


def test_saving_changes_nothing(tmp_path):
    plain, saving = run(), run()
    train(plain, 0, 4)
    seed_everything(3)
    saving = run()
    train(saving, 0, 4, each=lambda step: checkpoints.save(tmp_path, *saving, step=step))
    assert fingerprint(saving[0]) == fingerprint(plain[0])


def test_what_is_given_comes_back(tmp_path):
    given = {"about": {"model": "net"}, "history": {"losses": [0.1, 1e-300]}, "score": 0.1 + 0.2}
    path = checkpoints.save(tmp_path, *run(), step=0, **given)
    found = checkpoints.load(path)
    assert {name: getattr(found, name) for name in given} == given
    assert found.path == path == tmp_path / "step-00000000"
    assert sorted(p.name for p in path.iterdir()) == [
        "model.pdparams", "optimizer.pdopt", "state.json",
    ]  # fmt: skip
    assert paddle.load(str(path / "model.pdparams")).keys() >= {"head.weight", "head.bias"}


def test_the_last_ones_and_the_best_are_kept(tmp_path):
    parts = run()
    for step, score in enumerate([0.1, 0.9, 0.5, 0.4, 0.3, 0.2]):
        checkpoints.save(tmp_path, *parts, step=step, score=score, keep=2)
    assert sorted(path.name[-1] for path in tmp_path.iterdir()) == ["1", "4", "5"]


def test_a_second_save_at_one_step_is_the_newer_one(tmp_path):
    parts = run()
    first = checkpoints.save(tmp_path, *parts, step=7, about={"n": 1})
    second = checkpoints.save(tmp_path, *parts, step=7, about={"n": 2})
    assert first != second
    assert checkpoints.load(tmp_path).about == {"n": 2}


# --- damage -----------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path):
    """Two checkpoints; the newer one will be damaged."""
    parts = run()
    older = checkpoints.save(tmp_path, *parts, step=1)
    return older, checkpoints.save(tmp_path, *parts, step=2)


def flip_a_bit(content):
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("name", ["model.pdparams", "optimizer.pdopt", "state.json"])
@pytest.mark.parametrize(
    "damage", [flip_a_bit, lambda content: content[:-20], lambda content: b"", None]
)
def test_what_is_damaged_is_passed_over_and_said(two, capsys, name, damage):
    older, newer = two
    if damage is None:
        (newer / name).unlink()
    else:
        (newer / name).write_bytes(damage((newer / name).read_bytes()))
    assert checkpoints.load(newer.parent).path == older
    said = capsys.readouterr().err
    assert said.startswith("passed over: ")
    assert "step-00000002" in said
    assert newer.exists()  # for whoever wants to look


def test_without_a_sound_one_there_is_an_error(two):
    for path in two:
        (path / "state.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no sound checkpoint"):
        checkpoints.load(two[0].parent)


def test_a_folder_without_checkpoints_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint in it"):
        checkpoints.load(tmp_path)
    with pytest.raises(CheckpointError, match="not a folder"):
        checkpoints.load(tmp_path / "x")


class Hostile:
    def __reduce__(self):
        return os.system, ("touch executed",)


def test_a_hostile_file_is_not_executed(two, monkeypatch, tmp_path):
    _, newer = two
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({"head.weight": Hostile()})
    (newer / "model.pdparams").write_bytes(content)
    state = json.loads((newer / "state.json").read_text())["state"]
    import hashlib

    state["sha256"]["model.pdparams"] = hashlib.sha256(content).hexdigest()
    (newer / "state.json").write_bytes(checkpoints._signed(state))
    with pytest.raises(RunError, match=r"system.*not an array"):
        checkpoints.load(newer)
    assert not (tmp_path / "executed").exists()


def edited(path, **changes):
    state = json.loads((path / "state.json").read_text())["state"]
    for key, value in changes.items():
        if value is None:
            del state[key]
        else:
            state[key] = value
    (path / "state.json").write_bytes(checkpoints._signed(state))
    return path


def test_a_newer_format_and_missing_keys_are_refused(two):
    with pytest.raises(CheckpointError, match="format 2; this version reads format 1"):
        checkpoints.load(edited(two[0], format=2))
    with pytest.raises(CheckpointError, match="'random' is missing"):
        checkpoints.load(edited(two[1], random=None))


def test_another_model_or_optimiser_is_refused_and_nothing_is_touched(tmp_path):
    train(parts := run(), 0, 2)
    checkpoints.save(tmp_path, *parts, step=2)
    found = checkpoints.load(tmp_path)
    seed_everything(8)
    other = models.MLP()
    adam = paddle.optimizer.Adam(parameters=other.parameters())
    model, optimizer, schedule = run("momentum", seed=8)
    cases = [
        ((other, adam, None), "parameters of another model"),
        ((model, optimizer, schedule), "another optimizer: Adam, expected Momentum"),
        ((*run("adam", scheduled=False, seed=8)[:2], None), "another schedule: PolynomialDecay"),
    ]
    for parts, message in cases:
        before, numbers = fingerprint(parts[0]), paddle.get_rng_state()[0].__reduce_ex__(2)[2]
        with pytest.raises(CheckpointError, match=message):
            found.restore(*parts)
        assert fingerprint(parts[0]) == before
        assert paddle.get_rng_state()[0].__reduce_ex__(2)[2] == numbers


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["paddle"][0].__setitem__(3, "x"),
        lambda r: r["paddle"].pop(),
        lambda r: r["numpy"].pop("state"),
        lambda r: r.__setitem__("python", [3, [1, 2], None]),
    ],
)
def test_random_states_that_are_none_are_refused(tmp_path, change):
    parts = run()
    path = checkpoints.save(tmp_path, *parts, step=0)
    states = json.loads((path / "state.json").read_text())["state"]["random"]
    change(states)
    before = fingerprint(parts[0])
    with pytest.raises(CheckpointError, match="random states that do not fit"):
        checkpoints.load(edited(path, random=states)).restore(*parts)
    assert fingerprint(parts[0]) == before


# --- places that cannot be written, and crashes -----------------------------------------------


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CheckpointError, match=r"step-00000000: cannot be written"):
        checkpoints.save(tmp_path / "file", *run(), step=0)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, call):
    parts = run()
    old = checkpoints.save(tmp_path, *parts, step=1)
    calls = 0

    def fsync(handle):
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(CheckpointError, match="No space left"):
        checkpoints.save(tmp_path, *parts, step=2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert checkpoints.load(tmp_path).path == old


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of its own; skipped where that is not allowed (it takes root)."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True)


def test_a_disk_that_is_really_full_keeps_the_last_good_one(small_disk):
    folder = small_disk("size=200k")  # room for three checkpoints of this net, not for many
    parts = run()
    step = 0
    checkpoints.save(folder, *parts, step=step)

    def save_until_it_is_full():
        nonlocal step
        while step < 100:
            checkpoints.save(folder, *parts, step=step + 1, keep=100)
            step += 1

    with pytest.raises(CheckpointError, match=r"cannot be written \(No space left on device"):
        save_until_it_is_full()
    found = checkpoints.load(folder)
    assert found.step == step
    assert not list(folder.glob(".*")), "something half-written was left"
    found.restore(*run(seed=9))


def test_a_disk_that_is_read_only_is_an_error_and_can_be_read(small_disk):
    folder = small_disk("size=1m")
    parts = run()
    checkpoints.save(folder, *parts, step=1)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    with pytest.raises(CheckpointError, match=r"cannot be written \(Read-only file system"):
        checkpoints.save(folder, *parts, step=2)
    assert checkpoints.load(folder).step == 1
