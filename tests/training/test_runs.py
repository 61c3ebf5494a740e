"""The folder of a run: whole, unchanged, and given back if what should replace it fails."""

import json
import os

import paddle
import pytest

from mnist_helpers import models
from mnist_helpers.errors import RunError
from mnist_helpers.models.weights import fingerprint, save_weights
from mnist_helpers.training.runs import Run, check_output, forget_run, load_run, save_run, start_run


def new(seed=0):
    paddle.seed(seed)
    return models.MLP()


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


def test_a_run_is_found_by_a_name_that_is_text(saved):
    assert load_run(str(saved))[1] == load_run(saved)[1]


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_that_was_to_be_replaced_is_back_if_the_new_one_fails(saved):
    (saved / "thesis.txt").write_text("years of work")
    before = everything(saved)
    start_run(saved, {"model": "linear"})
    (saved / "checkpoints" / "step-00000005").mkdir(parents=True)
    assert not (saved / "run.json").exists()
    forget_run(saved)
    assert everything(saved) == before
    # cut, and begun anew: the older one is still there, and comes back
    for _ in range(2):
        start_run(saved, {"model": "linear"})
    forget_run(saved)
    assert everything(saved) == before


def test_a_run_that_is_complete_takes_the_place_of_the_older_one(saved):
    start_run(saved, {"model": "mlp"})
    model = new(seed=7)
    save_run(saved, model, a_run(model, seed=7))
    assert sorted(os.listdir(saved)) == ["model.pdparams", "options.json", "run.json"]
    assert load_run(saved)[1].seed == 7


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
