"""Weights in files, and the folder of a run: whole, unchanged, and never executed."""

import hashlib
import json
import os
import pickle

import numpy as np
import paddle
import pytest

from mnist_helpers import models
from mnist_helpers.errors import RunError
from mnist_helpers.runs import Run, check_output, load_run, save_run
from mnist_helpers.weights import fingerprint, load_weights, save_weights


def new(model_of=models.MLP, seed=0):
    paddle.seed(seed)
    return model_of()


def test_weights_come_back_to_the_bit(tmp_path):
    path = tmp_path / "model.pdparams"
    model, other = new(models.ConvNet), new(models.ConvNet, seed=1)
    assert fingerprint(model) != fingerprint(other)
    save_weights(model, path)
    load_weights(other, path)
    assert fingerprint(model) == fingerprint(other)
    assert os.listdir(tmp_path) == ["model.pdparams"]  # nothing temporary is left


def test_the_file_is_paddles_own(tmp_path):
    model = new()
    save_weights(model, tmp_path / "ours.pdparams")
    loaded = paddle.load(str(tmp_path / "ours.pdparams"))
    assert np.array_equal(loaded["head.weight"].numpy(), model.head.weight.numpy())
    paddle.save(model.state_dict(), str(tmp_path / "theirs.pdparams"))
    other = new(seed=1)
    load_weights(other, tmp_path / "theirs.pdparams")
    assert fingerprint(model) == fingerprint(other)


def test_one_bit_changes_the_fingerprint():
    model = new()
    before = fingerprint(model)
    bias = model.head.bias.numpy()
    bias[3] = np.nextafter(bias[3], np.float32(1))
    model.head.bias.set_value(bias)
    assert fingerprint(model) != before


def test_the_fingerprint_is_the_sha256_of_names_shapes_and_bytes():
    model = new(lambda: models.Linear(1))
    digest = hashlib.sha256()
    digest.update(b"linear.weight float32 (784, 1)\n" + model.linear.weight.numpy().tobytes())
    digest.update(b"linear.bias float32 (1,)\n" + model.linear.bias.numpy().tobytes())
    assert fingerprint(model) == digest.hexdigest()


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        (models.ConvNet, "body.1.weight is missing"),
        (lambda: models.MLP(1), r"head.weight is \[10, 1\], expected \[10, 10\]"),
        (lambda: models.MLP(10, (10, 10, 10)), "body.5.weight is one too many"),
    ],
)
def test_another_architecture_is_refused_and_nothing_changes(tmp_path, stored, named):
    path = tmp_path / "model.pdparams"
    save_weights(stored(), path)
    model = new()
    before = fingerprint(model)
    with pytest.raises(RunError, match=named) as error:
        load_weights(model, path)
    assert str(path) in str(error.value)
    assert fingerprint(model) == before


@pytest.mark.parametrize("content", [b"", b"\x80", b"not a pickle", pickle.dumps([1]), b"cut"])
def test_what_is_no_file_of_parameters_is_refused(tmp_path, content):
    path = tmp_path / "model.pdparams"
    save_weights(new(), path)
    path.write_bytes(path.read_bytes()[:-100] if content == b"cut" else content)
    with pytest.raises(RunError, match=r"model\.pdparams: not a (sound )?file of parameters"):
        load_weights(new(), path)


class Hostile:
    """What a pickle can do: anything, when it is loaded."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("where", ["alone", "among parameters"])
@pytest.mark.parametrize("function", [os.system, eval, exec, np.fromfile, np.save])
def test_a_file_from_a_stranger_is_data(tmp_path, monkeypatch, function, where):
    monkeypatch.chdir(tmp_path)
    arguments = {
        os.system: ("touch marker",),
        eval: ("open('marker', 'w')",),
        exec: ("open('marker', 'w')",),
        np.fromfile: ("secret",),
        np.save: ("marker", 1),
    }[function]
    (tmp_path / "secret").write_bytes(b"12345678")
    content = Hostile(function, *arguments)
    if where == "among parameters":
        state = {name: p.numpy() for name, p in new().state_dict().items()}
        content = {**state, "head.bias": content}
    (tmp_path / "bad.pdparams").write_bytes(pickle.dumps(content))
    with pytest.raises(RunError, match="which is not an array"):
        load_weights(new(), tmp_path / "bad.pdparams")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("marker")]


def test_files_written_with_numpy_1_are_read(tmp_path):
    model = new()
    path = tmp_path / "old.pdparams"
    state = {name: p.numpy() for name, p in model.state_dict().items()}
    content = pickle.dumps(state, protocol=3)
    assert b"multiarray" in content
    path.write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    other = new(seed=1)
    load_weights(other, path)
    assert fingerprint(other) == fingerprint(model)


def a_run(model, **changed):
    facts = {
        "model": "mlp", "loss": "cross-entropy", "optimizer": "adam", "learning_rate": 0.001,
        "schedule": "constant", "epochs": 1, "batch_size": 100, "seed": 0, "data": "MNIST",
        "accuracy": 0.5, "weights": fingerprint(model),
    }  # fmt: skip
    return Run(**{**facts, **changed})


@pytest.fixture
def saved(tmp_path):
    """A folder with a run in it."""
    model = new()
    save_run(tmp_path / "run", model, a_run(model))
    return tmp_path / "run"


def test_a_run_comes_back(saved):
    model, run = load_run(saved)
    assert fingerprint(model) == run.weights == a_run(new()).weights
    assert not model.training
    assert sorted(os.listdir(saved)) == ["model.pdparams", "run.json"]
    facts = json.loads((saved / "run.json").read_text())
    assert facts["format"] == 1
    assert facts["paddle"] == paddle.__version__


def change(saved, **facts):
    path = saved / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda folder: (folder / "model.pdparams").unlink(), "no model.pdparams in it"),
        (lambda folder: (folder / "run.json").unlink(), "not the folder of a run"),
        (lambda folder: (folder / "run.json").write_text("{"), "not what `train` writes"),
        (lambda folder: (folder / "run.json").write_text("[]"), "not what `train` writes"),
        (lambda folder: change(folder, format=2), "of format 2; this version reads format 1"),
        (lambda folder: change(folder, model="resnet"), "no model 'resnet'; known: linear"),
        (lambda folder: change(folder, extra=1), "extra"),
        (lambda folder: change(folder, model="convnet"), "of another model than ConvNet"),
        (lambda folder: save_weights(new(seed=9), folder / "model.pdparams"), "SHA-256 differs"),
    ],
)  # fmt: skip
def test_a_damaged_run_is_refused_and_named(saved, damage, named):
    damage(saved)
    with pytest.raises(RunError, match=named) as error:
        load_run(saved)
    assert str(saved) in str(error.value)


def test_a_flipped_bit_in_the_weights_is_found(saved):
    path = saved / "model.pdparams"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10  # in the middle of the first layer's weights
    path.write_bytes(content)
    with pytest.raises(RunError, match="SHA-256 differs"):
        load_run(saved)


def test_where_a_run_may_be_saved(saved, tmp_path):
    check_output(tmp_path / "new" / "deep")
    assert not (tmp_path / "new").exists()  # asking makes nothing
    (tmp_path / "empty").mkdir()
    check_output(tmp_path / "empty")
    check_output(saved, overwrite=True)
    with pytest.raises(RunError, match=r"holds something already \(model.pdparams, run.json\)"):
        check_output(saved)
    for taken in (saved / "run.json", saved / "run.json" / "below"):
        with pytest.raises(RunError, match=r"a file; expected a folder|cannot be written"):
            check_output(taken, overwrite=True)
