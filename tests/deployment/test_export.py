"""Exported models: the same answers without the code that trained them, whole, and silent."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import paddle
import pytest
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import to_floats
from mnist_helpers.data.splits import load
from mnist_helpers.deployment import export
from mnist_helpers.deployment.export import Predictor, save_inference_model
from mnist_helpers.errors import ExportError, MissingPackageError
from mnist_helpers.evaluation.scores import evaluate, probabilities
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import EXPORTED_FOR, ONNX_EXPORT, sample_digits, with_onnx_from_elsewhere
from tests.deployment.test_static import made_static

FILES = ["export.json", "model.json", "model.onnx", "model.pdiparams"]


def some_images(n):
    return np.random.default_rng(5).random((n, 1, 28, 28), np.float32)


def dynamic(model, images):
    model.eval()
    with paddle.no_grad():
        return model(paddle.to_tensor(images)).numpy()


def test_all_four_ways_agree_on_every_test_digit(exported):
    model, folder = exported
    test = load("test")
    images = to_floats(test.images)
    expected = probabilities(model, test)
    ways = {
        "jit": probabilities(export.load(folder), test),
        "native": Predictor(folder)(images),
        "onnx": Predictor(folder, "onnx")(images),
    }
    assert (expected.argmax(1) == test.labels).mean() > 0.8  # it has learned something
    for name, found in ways.items():
        assert (found.shape, found.dtype) == ((len(test), 10), np.float32)
        assert np.array_equal(found.argmax(1), expected.argmax(1)), name
        assert np.abs(found - expected).max() < 1e-5, name


@pytest.mark.parametrize(
    ("name", "outputs"), [*((name, 10) for name in models.NETWORKS), ("linear", 1), ("convnet", 1)]
)
def test_every_network_of_the_book_can_be_exported(tmp_path, name, outputs):
    paddle.seed(2)
    model = models.create(name, outputs)
    folder = save_inference_model(model, tmp_path / "out", onnx=ONNX_EXPORT)
    images = some_images(7)
    expected = dynamic(model, images)
    for engine in EXPORTED_FOR:
        predictor = Predictor(folder, engine)
        for n in (7, 1, 3):
            assert np.allclose(predictor.outputs(images[:n]), expected[:n], atol=1e-5)


def test_a_regression_gives_its_number(tmp_path):
    model = models.LinearRegressor()
    model.linear.weight.set_value(paddle.full([784, 1], 0.01))
    predictor = Predictor(save_inference_model(model, tmp_path / "out"))
    grey = np.ones((2, 1, 28, 28), np.float32) * np.array([0.5, 0.25], np.float32).reshape(
        2, 1, 1, 1
    )
    assert predictor.exported.output == "number"
    assert np.allclose(predictor(grey), [[3.92], [1.96]], atol=1e-5)
    assert predictor.digits(grey).tolist() == [4, 2]


class Trained(nn.Layer):
    """Dropout and batch normalisation, which answer differently while they are trained."""

    def __init__(self):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm2D(1), nn.Dropout(0.5)
        self.flatten, self.head = nn.Flatten(), nn.Linear(784, 10)

    def forward(self, images):
        return self.head(self.flatten(self.drop(self.norm(images))))


@pytest.mark.filterwarnings("ignore:When training, we now always track")  # of each BatchNorm2D
def test_it_is_exported_in_evaluation_mode_and_left_as_it_was(tmp_path):
    model = Trained()
    model(paddle.to_tensor(some_images(20) / 3))  # moves the running means
    model.drop.eval()
    before = fingerprint(model)
    folder = save_inference_model(model, tmp_path / "out", onnx=ONNX_EXPORT)
    modes = model.training, model.norm.training, model.drop.training
    assert modes == (True, True, False)
    assert fingerprint(model) == before
    expected = dynamic(model, some_images(4))
    for engine in EXPORTED_FOR:
        assert np.allclose(Predictor(folder, engine).outputs(some_images(4)), expected, atol=1e-5)


@pytest.mark.parametrize("change", [made_static, paddle.jit.to_static])
def test_a_model_trained_as_a_static_graph_is_exported_for_answers(tmp_path, change):
    model = change(models.ConvNet())
    model(paddle.to_tensor(some_images(2))).sum().backward()
    forward = model.forward
    program = str(export.load(save_inference_model(model, tmp_path / "out")).program())
    assert program.count('"pd_op.flatten"') == 1  # no fast bias, which is for training
    assert 'name:"image"' in program
    assert "shape:[-1,1,28,28]" in program
    assert model.forward is forward


def test_what_is_written(exported, tmp_path):
    model, folder = exported
    assert sorted(os.listdir(folder)) == FILES
    assert os.listdir(folder.parent) == ["convnet"]  # nothing temporary is left
    text = (folder / "export.json").read_text()
    assert '"shape": [null, 1, 28, 28],' in text  # for people to read
    facts = json.loads(text)
    assert (facts["format"], facts["model"]) == (1, "ConvNet")
    wanted = {"dtype": "float32", "layout": "NCHW", "range": [0, 1], "paper": 0, "ink": 1}
    assert wanted.items() <= facts["input"].items()
    assert facts["output"]["classes"] == list(range(10))
    assert facts["versions"]["paddle"] == paddle.__version__
    assert sorted(facts["files"]) == FILES[1:]
    about = {"accuracy": 0.5, "text": "[1,\n 2]", "more": "layers [20 10]", "list": [1, 2]}
    plain = save_inference_model(model, tmp_path / "a" / "b", about=about)
    assert sorted(os.listdir(plain)) == ["export.json", "model.json", "model.pdiparams"]
    assert Predictor(plain).exported.about == about


def test_exporting_says_nothing(exported, tmp_path, capfd):
    save_inference_model(exported[0], tmp_path / "out", onnx=ONNX_EXPORT)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "moment", [pytest.param("_convert", marks=pytest.mark.needs("ONNX export")), "_try"]
)
def test_a_failure_leaves_what_was_there(exported, tmp_path, monkeypatch, moment):
    def fail(*_):
        raise KeyboardInterrupt

    model, _ = exported
    monkeypatch.setattr(export, moment, fail)
    with pytest.raises(KeyboardInterrupt):
        save_inference_model(model, tmp_path / "out", onnx=ONNX_EXPORT)
    assert os.listdir(tmp_path) == []
    monkeypatch.undo()
    folder = save_inference_model(model, tmp_path / "out")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    monkeypatch.setattr(export, moment, fail)
    with pytest.raises(KeyboardInterrupt):
        save_inference_model(models.MLP(), folder, onnx=ONNX_EXPORT, overwrite=True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert os.listdir(tmp_path) == ["out"]


def test_only_an_export_is_ever_replaced(tmp_path):
    model = models.MLP()
    folder = tmp_path / "out"
    folder.mkdir()
    save_inference_model(model, folder, onnx=ONNX_EXPORT)  # an empty folder is free
    with pytest.raises(ExportError, match=r"holds something already \(export.json, .*overwrite"):
        save_inference_model(model, folder)
    save_inference_model(models.Linear(), folder, overwrite=True)
    assert sorted(os.listdir(folder)) == [name for name in FILES if name != "model.onnx"]
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match=r"holds something already \(thesis.txt\)"):
        save_inference_model(model, folder, overwrite=True)
    assert (folder / "thesis.txt").read_text() == "years of work"
    with pytest.raises(ExportError, match="a file; expected a folder"):
        save_inference_model(model, folder / "thesis.txt", overwrite=True)
    with pytest.raises(ExportError, match="cannot be written"):
        save_inference_model(model, folder / "thesis.txt" / "below")


def layer(function):
    """A layer that does this to its images, then reads the digit."""

    class Reads(nn.Layer):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(784, 10)

        def forward(self, images):
            return self.head(function(images).flatten(1))

    return Reads()


def refuses(images):
    if images.max() > 2:
        raise ValueError("too light")
    return images


def recovers(images):
    try:
        if images.max() > 2:
            raise ValueError
        return images
    except ValueError:
        return images / 255


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (refuses, r"Reads: cannot be made a static graph \(ValueError: too light"),
        (recovers, "answers differently from the model"),
        (lambda images: images[:, :, :7], r"Reads: does not take \[3, 1, 28, 28\]"),
        pytest.param(
            lambda images: paddle.lgamma(images + 1),
            r"cannot be made ONNX \(paddle2onnx: .*unsupported operators",
            marks=pytest.mark.needs("ONNX export"),
        ),
    ],
)
def test_a_model_that_cannot_be_exported_is_refused(tmp_path, capfd, function, named):
    with pytest.raises(ExportError, match=named):
        save_inference_model(layer(function), tmp_path / "out", onnx=ONNX_EXPORT)
    assert os.listdir(tmp_path) == []
    assert capfd.readouterr().out == ""


def test_outputs_that_are_no_digits_are_refused(tmp_path):
    with pytest.raises(ExportError, match=r"Linear: gives \[3, 5\]; expected \[n, 10\]"):
        save_inference_model(models.Linear(5), tmp_path / "out")


def test_it_can_be_trained_further_and_exported_again(exported, tmp_path):
    train, valid = sample_digits(300), sample_digits(100, start=300)
    model = export.load(exported[1])
    images = to_floats(valid.images)
    before = Predictor(exported[1]).outputs(images)
    assert np.allclose(dynamic(model, images), before, atol=1e-5)
    start = evaluate(model, valid, cross_entropy)
    model.train()
    evaluate(model, valid[:20])  # must not end the training: then there are no gradients
    model(paddle.to_tensor(images[:1])).sum().backward()
    trained = model.parameters()
    assert len(trained) == len(exported[0].parameters())
    assert all(parameter.grad is not None for parameter in trained)
    weights = [tensor.numpy() for tensor in trained]
    model.clear_gradients()
    adam = paddle.optimizer.Adam(0.001, parameters=model.parameters())
    history = fit(
        model, train, loss=cross_entropy, optimizer=adam, epochs=3, batch_size=50, valid=valid
    )
    assert model.training
    assert history.epochs[-1].loss < start.loss
    losses = [epoch.train_loss for epoch in history.epochs]
    assert losses == sorted(losses, reverse=True)
    for old, new in zip(weights, trained, strict=True):
        assert not np.array_equal(old, new.numpy())
    again = save_inference_model(model, tmp_path / "again", onnx=ONNX_EXPORT)
    for engine in EXPORTED_FOR:
        found = Predictor(again, engine).outputs(images)
        assert np.allclose(found, dynamic(model, images), atol=1e-5)
        assert not np.allclose(found, before, atol=1e-2)


PLAIN = """
import sys
for name in {blocked}:
    sys.modules[name] = None  # importing it is an error
import numpy as np
images = np.load("images.npy")
{run}
np.save("outputs.npy", outputs)
"""
NATIVE = """
from paddle import inference
config = inference.Config("model.json", "model.pdiparams")
predictor = inference.create_predictor(config)
predictor.get_input_handle("image").copy_from_cpu(images)
predictor.run()
outputs = predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()
"""
JIT = """
import paddle
outputs = paddle.jit.load("model")(paddle.to_tensor(images)).numpy()
"""
RUNTIME = """
import onnxruntime
session = onnxruntime.InferenceSession("model.onnx")
(outputs,) = session.run(None, {"image": images})
"""


@pytest.mark.parametrize(
    ("run", "blocked"),
    [
        (NATIVE, ["mnist_helpers"]),
        (JIT, ["mnist_helpers"]),
        (RUNTIME, ["mnist_helpers", "paddle", "paddle2onnx", "onnx"]),
    ],
)
def test_it_needs_none_of_the_code_that_trained_it(exported, tmp_path, run, blocked):
    model, folder = exported
    elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
    (elsewhere / "export.json").unlink()
    np.save(elsewhere / "images.npy", some_images(5))
    command = [sys.executable, "-I", "-c", PLAIN.format(blocked=blocked, run=run)]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    outputs = np.load(elsewhere / "outputs.npy")
    assert np.allclose(outputs, dynamic(model, some_images(5)), atol=1e-4)


# As sitecustomize.py, so that it holds in every Python that the export starts
CLOSED = """
import os, sys

def refuse(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddr", "os.system", "os.exec", "os.posix")):
        raise PermissionError(event)
    if event == "subprocess.Popen":
        command = [str(word) for word in arguments[1]]
        with open(os.environ["LOG"], "a") as log:
            print(command[0], command[1], *command[3:], sep="|", file=log)
        if "pip" in command:
            raise PermissionError(command)

sys.addaudithook(refuse)
"""
EXPORTS = """
import sys
from importlib.metadata import distributions
from mnist_helpers import models
from mnist_helpers.deployment.export import save_inference_model

def installed():
    return sorted((d.name, d.version) for d in distributions())

before = installed()
save_inference_model(models.ConvNet(), sys.argv[1], onnx=True)
assert installed() == before
print("exported")
"""


@pytest.mark.needs("ONNX export")
def test_nothing_is_installed_or_fetched_with_the_network_closed(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(CLOSED)
    log = tmp_path / "log"
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "LOG": str(log)}
    command = [sys.executable, "-c", EXPORTS, str(tmp_path / "out")]
    alone = ["unshare", "--map-root-user", "--net"]  # a network without anything in it
    if shutil.which("unshare") and subprocess.run([*alone, "true"]).returncode == 0:
        command = alone + command
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "exported\n", "")
    assert sorted(os.listdir(tmp_path / "out")) == FILES
    started = [line.split("|") for line in log.read_text().splitlines()]
    (converter,) = (line for line in started if line[0] == sys.executable)
    assert [os.path.basename(path) for path in converter[2:5]] == [FILES[1], FILES[3], FILES[2]]


@pytest.mark.parametrize("package", ["paddle2onnx", "onnxruntime"])
def test_without_its_packages_onnx_is_refused_and_the_rest_works(
    exported, tmp_path, monkeypatch, package
):
    monkeypatch.setitem(sys.modules, package, None)
    how = "pip install paddle2onnx onnxruntime"
    if not ONNX_EXPORT:
        package, how = "paddle2onnx", "there is none for Python 3.13"
    with pytest.raises(MissingPackageError, match=f"ONNX export: .*{package} is not.*{how}"):
        save_inference_model(exported[0], tmp_path / "out", onnx=True)
    assert os.listdir(tmp_path) == []
    Predictor(save_inference_model(exported[0], tmp_path / "out")).digits(some_images(1))


@pytest.mark.parametrize("engine", ["native", "onnx"])
def test_an_onnx_file_that_was_made_elsewhere_gives_the_model_s_answers(exported, tmp_path, engine):
    folder = with_onnx_from_elsewhere(save_inference_model(exported[0], tmp_path / "out"))
    images = some_images(5)
    assert np.allclose(
        Predictor(folder, engine).outputs(images), dynamic(exported[0], images), atol=1e-4
    )
