"""Weights in files: whole, unchanged, and never executed."""

import hashlib
import os
import pickle

import numpy as np
import paddle
import pytest

from mnist_helpers import models
from mnist_helpers.errors import RunError
from mnist_helpers.models.weights import fingerprint, load_weights, save_weights


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
        (lambda: models.MLP(1), r"head.weight is float32 \[10, 1\], expected float32 \[10, 10\]"),
        (
            lambda: new().to(dtype="float64"),
            r"body.1.weight is float64 \[784, 10\], expected float32",
        ),
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
