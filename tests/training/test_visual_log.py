"""VisualDL's log: what is in it, that a run does not change for it, and the server that shows it.

The records are read back by VisualDL's own reader.
"""

import contextlib
import http.server
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

import numpy as np
import paddle
import pytest
from PIL import Image

from mnist_helpers import models
from mnist_helpers.errors import DivergedError, LogError, MissingPackageError
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training import visual_log
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from mnist_helpers.training.visual_log import VisualDL, kernels_as_picture, serving
from tests.conftest import run_python, sample_digits, served, soon

DIGITS, VALID = sample_digits(250), sample_digits(100, start=1000)


def run(model_of=models.Linear, *callbacks, rate=0.01, kind=paddle.optimizer.Adam, **others):
    """A new model, trained for two epochs of three steps or as `others` say, and its history."""
    seed_everything(0)
    model = model_of()
    optimizer = kind(rate, parameters=model.parameters())
    settings = {"loss": cross_entropy, "optimizer": optimizer, "epochs": 2, **others}
    return model, fit(model, DIGITS, callbacks=callbacks, **settings)


class Gradients(Callback):
    """Remembers the gradients of the first step."""

    def on_train_batch_end(self, model, history):
        if len(history.losses) == 1:
            self.first = {n: t.grad.numpy().astype(np.float64) for n, t in model.named_parameters()}


class Logged:
    """A run of AlexNet (which has dropout) and what the log of it holds."""

    def __init__(self, folder):
        self.folder, self.gradients = folder, Gradients()
        with visual_log.visual_log(folder, every=2) as log:
            self.model, self.history = run(models.AlexNet, log, self.gradients, valid=VALID)
        self.reader = reader_of(folder)

    def values(self, kind, tag):
        """[(step, record)] of one tag."""
        return [(record.id, record) for record in self.reader.get_data(kind, tag)]

    def numbers(self, tag):
        return {step: record.value for step, record in self.values("scalar", tag)}


def reader_of(folder):
    from visualdl import LogReader

    (name,) = folder.glob("*vdlrecords*")
    return LogReader(file_path=str(name))


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    return Logged(tmp_path_factory.mktemp("run"))


# --- the log --------------------------------------------------------------------------------


def test_a_run_is_the_same_to_the_bit_when_it_is_watched(logged):
    model, history = run(models.AlexNet, valid=VALID)
    assert fingerprint(logged.model) == fingerprint(model)
    assert logged.history.losses == history.losses


def test_the_next_random_numbers_are_the_same_when_it_is_watched(tmp_path):
    drawn = []
    for callbacks in ([], [VisualDL(tmp_path)]):
        run(models.AlexNet, *callbacks, epochs=1)
        drawn.append((paddle.rand([3]).tolist(), np.random.rand()))  # noqa: NPY002
    callbacks[0].close()
    assert drawn[0] == drawn[1]


def test_it_is_quiet(capfd, tmp_path):
    with visual_log.visual_log(tmp_path, every=1) as log:
        run(models.AlexNet, log, valid=VALID)
    assert capfd.readouterr() == ("", "")


def test_the_first_step_and_every_other_one_are_there(logged):
    losses, rates = logged.history.losses, logged.history.rates
    assert logged.numbers("curves/training loss") == pytest.approx(
        {n: losses[n - 1] for n in (1, 2, 4, 6)}
    )
    assert logged.numbers("learning rate/learning rate") == pytest.approx(
        {n: rates[n - 1] for n in (1, 2, 4, 6)}
    )


def test_the_validation_digits_are_judged_after_every_epoch(logged):
    first, second = logged.history.epochs
    assert logged.numbers("curves/validation loss") == pytest.approx(
        {3: first.loss, 6: second.loss}
    )
    assert logged.numbers("curves/validation accuracy") == pytest.approx(
        {3: first.accuracy, 6: second.accuracy}
    )


def test_without_validation_digits_nothing_is_said_of_them(tmp_path):
    with visual_log.visual_log(tmp_path) as log:
        run(models.Linear, log)
    assert not [tag for tag in reader_of(tmp_path).get_tags()["scalar"] if "validation" in tag]


def test_each_parameter_has_the_length_of_its_gradient(logged):
    names = [name for name, _ in logged.model.named_parameters()]
    assert len(names) == 16
    for name in names:
        numbers = logged.numbers(f"size of gradient/{name}")
        assert list(numbers) == [1, 2, 4, 6]
        expected = np.sqrt((logged.gradients.first[name] ** 2).sum())
        assert numbers[1] == pytest.approx(expected, rel=1e-4)


def test_each_parameter_has_a_histogram_after_every_epoch(logged):
    for name, tensor in logged.model.named_parameters():
        values = logged.values("histogram", name)
        assert [step for step, _ in values] == [3, 6]
        last = values[-1][1].histogram
        assert sum(last.hist) == tensor.size
        ends = (float(tensor.min()), float(tensor.max()))
        assert (last.bin_edges[0], last.bin_edges[-1]) == pytest.approx(ends)


def test_the_kernels_of_the_first_convolution_are_there_as_a_picture(logged):
    values = logged.values("image", "first kernels")
    assert [step for step, _ in values] == [3, 6]
    with Image.open(io.BytesIO(values[-1][1].image.encoded_image_string)) as picture:
        seen = np.asarray(picture.convert("L"))
    expected = kernels_as_picture(logged.model.body[0].weight.numpy())[:, :, 0]
    assert np.array_equal(seen, expected)


def test_what_was_logged_before_a_run_broke_off_is_there(tmp_path):
    def loss(outputs, labels):
        losses.append(0)
        return cross_entropy(outputs, labels) * (float("nan") if len(losses) == 5 else 1)

    losses = []
    with pytest.raises(DivergedError) as error, visual_log.visual_log(tmp_path, every=1) as log:
        run(models.Linear, log, loss=loss)
    values = reader_of(tmp_path).get_data("scalar", "curves/training loss")
    assert [record.id for record in values] == [1, 2, 3, 4]
    assert values[3].value == pytest.approx(error.value.history.losses[3])
    writers = [t for t in threading.enumerate() if "visualdl" in type(t).__module__]
    assert writers == []  # the log is closed


def test_what_is_logged_can_be_read_while_the_training_runs(tmp_path):
    with visual_log.visual_log(tmp_path) as log:
        run(models.Linear, log)
        # what is written last: the histograms of the second epoch
        assert soon(lambda: len(reader_of(tmp_path).get_data("histogram", "linear.bias")) == 2)


def test_a_program_that_forgets_to_close_its_log_ends(tmp_path):
    done = run_python(
        f"from mnist_helpers.training.visual_log import VisualDL; VisualDL({str(tmp_path)!r})"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_weights_that_are_not_finite_do_not_end_the_training(tmp_path):
    settings = {"rate": float("inf"), "kind": paddle.optimizer.SGD, "batch_size": 250, "epochs": 1}
    expected, _ = run(models.ConvNet, **settings)
    with visual_log.visual_log(tmp_path) as log:
        model, history = run(models.ConvNet, log, **settings)
    assert np.isfinite(history.losses).all()
    assert fingerprint(model) == fingerprint(expected)


# --- the graphs of other models: in a process of their own, for VisualDL keeps a state ----------


class Opaque(models.ConvNet):
    """A model one of whose layers needs numbers, which a graph does not have."""

    class Scaled(paddle.nn.Layer):
        def forward(self, images):
            return images / float(np.abs(np.asarray(images)).max())

    def __init__(self):
        super().__init__()
        self.body = paddle.nn.Sequential(self.Scaled(), *self.body)


GRAPHS = """
import io, json, pathlib, sys, tempfile
from contextlib import redirect_stdout
from mnist_helpers import models
from mnist_helpers.training.visual_log import visual_log
from tests.training.test_visual_log import Opaque, fingerprint, run

def drawn(model_of):
    said, folder = io.StringIO(), pathlib.Path(tempfile.mkdtemp(dir=sys.argv[1]))
    with redirect_stdout(said), visual_log(folder) as log:
        model, _ = run(model_of, log, epochs=1)
    graphs = [json.loads(path.read_text()) for path in folder.glob("*vdlgraph*")]
    nodes = [(n["name"], n["type"], n["is_leaf_node"]) for graph in graphs for n in graph["nodes"]]
    return {"said": said.getvalue(), "nodes": nodes, "weights": fingerprint(model)}

order = [models.ConvNet, models.ConvNet, *models.NETWORKS.values(), Opaque, models.Linear]
answers = [(model_of.__name__, drawn(model_of)) for model_of in order]
print(json.dumps([answers, fingerprint(run(Opaque, epochs=1)[0])]))
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """What came of runs of several networks, one after the other, and Opaque's weights without."""
    folder = str(tmp_path_factory.mktemp("graphs"))
    done = run_python(f"import sys; sys.argv.append({folder!r})\n{GRAPHS}")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def outermost(answer):
    return {name for name, _, leaf in answer["nodes"] if not leaf and name.count("/") == 1} - {"/"}


def test_the_graph_names_the_layers(drawn):
    (name, answer), *_ = drawn[0]
    assert name == "ConvNet"
    assert answer["said"] == ""
    assert outermost(answer) == {"/ConvNet[model]"}
    layers = {name for name, _, leaf in answer["nodes"] if not leaf}
    assert "/ConvNet[model]/InBlocks[body]/Conv2D[3]" in layers
    assert "/ConvNet[model]/Linear[head]" in layers
    kinds = [kind for _, kind, leaf in answer["nodes"] if leaf]
    assert (kinds.count("conv2d"), kinds.count("pool2d"), kinds.count("matmul_v2")) == (2, 2, 1)


def test_the_graph_of_a_second_run_is_the_same(drawn):
    (_, first), (name, second), *_ = drawn[0]
    assert name == "ConvNet"
    assert second["nodes"] == first["nodes"]


@pytest.mark.parametrize("name", [model_of.__name__ for model_of in models.NETWORKS.values()])
def test_a_network_of_the_book_has_a_graph_or_one_line_says_that_it_has_none(drawn, name):
    answer = next(answer for other, answer in drawn[0] if other == name)
    if answer["nodes"]:
        assert answer["said"] == ""
        assert any(f"/{name}[model]" in layer for layer, *_ in answer["nodes"])
    else:  # Paddle 3.3's sigmoid and tanh do not take the variables of the old program format
        assert name in ("MLP", "LeNet5")
        assert answer["said"].startswith("VisualDL cannot draw this model's graph (")
        assert answer["said"].count("\n") == 1


def test_a_model_without_a_graph_trains_all_the_same_after_one_line(drawn):
    answers, weights = drawn
    name, answer = answers[-2]
    assert name == "Opaque"
    assert answer["nodes"] == []
    assert answer["weights"] == weights
    assert answer["said"].startswith("VisualDL cannot draw this model's graph (")
    assert answer["said"].count("\n") == 1


def test_a_model_without_a_graph_does_not_spoil_the_next_one(drawn):
    name, answer = drawn[0][-1]
    assert name == "Linear"
    assert {layer.split("_")[0] for layer in outermost(answer)} == {"/Linear[model]"}


class Locked(models.Linear):
    """A model that cannot be copied."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


def test_a_model_that_cannot_be_copied_trains_all_the_same(tmp_path, capsys):
    with visual_log.visual_log(tmp_path) as log:
        _, history = run(Locked, log)
    assert len(history.losses) == 6
    assert capsys.readouterr().out.count("\n") == 1


# --- kernels as a picture --------------------------------------------------------------------


def test_kernels_are_laid_out_in_rows_with_white_between():
    kernels = np.random.default_rng(0).normal(size=(6, 3, 2, 4)).astype(np.float32)
    picture = kernels_as_picture(kernels, scale=2, columns=5)
    assert picture.shape == (2 * (2 + 1) * 2, 5 * (4 + 1) * 2, 1)
    assert picture.dtype == np.uint8
    means = kernels.mean(axis=1)
    grey = np.rint(255 * (means - means.min()) / (means.max() - means.min()))
    assert np.array_equal(picture[0:4:2, 0:8:2, 0], grey[0])
    assert np.array_equal(picture[1:4:2, 11:18:2, 0], grey[1])  # the other pixels of two
    assert np.array_equal(picture[6:10:2, 0:8:2, 0], grey[5])
    assert (picture[4:6] == 255).all()  # below the first row
    assert (picture[:, 8:10] == 255).all()  # right of the first kernels
    assert (picture[6:, 10:] == 255).all()  # where there is no seventh kernel


def test_the_lowest_number_is_black_and_the_highest_white():
    kernels = np.full((2, 1, 3, 3), 5.0)
    kernels[0, 0, 1, 1], kernels[1, 0, 2, 0] = -7, 29
    picture = kernels_as_picture(kernels, scale=1)
    assert picture[1, 1, 0] == 0
    assert picture[2, 4, 0] == 255
    assert picture[0, 0, 0] == round(255 * 12 / 36)


@pytest.mark.parametrize("value", [0, -3.5])
def test_constant_kernels_are_black(value):
    picture = kernels_as_picture(np.full((1, 2, 3, 3), value, np.float32), scale=1, columns=1)
    assert (picture[:3, :3] == 0).all()


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/x"])
def test_a_folder_that_cannot_be_written_is_refused_and_nothing_is_left(tmp_path, folder):
    (tmp_path / "file").write_text("mine")
    folder = str(tmp_path / folder)
    with pytest.raises(LogError) as error:
        VisualDL(folder)
    with pytest.raises(LogError), visual_log.visual_log(folder):
        pytest.fail("it cannot be had")
    assert folder in str(error.value)
    assert "\n" not in str(error.value)
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("every", [0, -1])
def test_every_must_be_one_or_more(tmp_path, every):
    with pytest.raises(ValueError, match=f"every must be 1 or more, not {every}"):
        VisualDL(tmp_path / "log", every)
    with pytest.raises(ValueError, match="every"), visual_log.visual_log(tmp_path / "log", every):
        pytest.fail("it cannot be had")
    assert os.listdir(tmp_path) == []


@pytest.fixture
def missing(monkeypatch):
    """No package visualdl."""
    monkeypatch.setitem(sys.modules, "visualdl", None)


def test_a_log_without_the_package_is_refused(missing, tmp_path):
    with pytest.raises(MissingPackageError, match="pip install visualdl"):
        VisualDL(tmp_path / "log")
    assert os.listdir(tmp_path) == []


def test_a_training_without_the_package_goes_on_after_one_line(missing, tmp_path, capfd):
    with visual_log.visual_log(tmp_path / "log") as log:
        model, _ = run(models.MLP, log, valid=VALID)
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert "pip install visualdl" in out
    assert err == ""
    assert os.listdir(tmp_path) == []
    assert fingerprint(model) == fingerprint(run(models.MLP)[0])


def test_without_the_package_nothing_is_served_and_one_line_says_so(missing, tmp_path, capfd):
    with serving(tmp_path) as address:
        assert address is None
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert "pip install visualdl" in out
    assert err == ""


# --- the server ------------------------------------------------------------------------------

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(address):
    # VisualDL gives a page only to those who say which languages they read
    request = urllib.request.Request(address, headers={"Accept-Language": "en"})
    with OPENER.open(request, timeout=60) as answer:
        return answer.read().decode()


def is_open(port, host="127.0.0.1"):
    with socket.socket() as client:
        return client.connect_ex((host, port)) == 0


def port_of(address):
    return urllib.parse.urlsplit(address).port


def test_the_log_is_served_here_and_nowhere_else(logged, offspring, capfd):
    with serving(logged.folder) as address:
        assert address == f"http://127.0.0.1:{port_of(address)}/app"
        assert "VisualDL" in get(f"{address}/index")
        (tags,) = json.loads(get(f"{address}/api/scalar/tags"))["data"]["tags"]
        assert {"curves/training loss", "curves/validation accuracy"} <= set(tags)
        assert not is_open(port_of(address), "127.0.0.2")  # it would be on 0.0.0.0
        assert len(offspring()) == 2
    assert soon(lambda: not is_open(port_of(address)), 5)
    assert soon(lambda: not offspring(), 5)
    assert capfd.readouterr() == ("", "")


def test_two_servers_get_two_ports(logged):
    with serving(logged.folder) as one, serving(str(logged.folder)) as two:
        assert port_of(one) != port_of(two)
        for address in (one, two):
            assert "VisualDL" in get(f"{address}/index")


def test_a_port_can_be_had_again_at_once(logged):
    port = None
    for _ in range(3):
        with serving(logged.folder, port) as address:
            assert port in (None, port_of(address))
            port = port_of(address)
            assert "VisualDL" in get(f"{address}/index")


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_ends_the_server(logged, offspring, error):
    with pytest.raises(error), serving(logged.folder) as address:
        raise error
    assert soon(lambda: not is_open(port_of(address)), 5)
    assert soon(lambda: not offspring(), 5)


SERVES = """
import sys, time
from mnist_helpers.training.visual_log import serving
with serving(sys.argv[1]) as address:
    print(address, flush=True)
    time.sleep(60)
"""


def test_a_server_ends_with_a_process_that_is_killed(logged, offspring):
    command = [sys.executable, "-c", SERVES, str(logged.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = port_of(process.stdout.readline().strip())
            assert is_open(port)
        finally:
            process.send_signal(signal.SIGKILL)
    assert soon(lambda: not is_open(port), 10)
    assert soon(lambda: not offspring(), 10)


@pytest.mark.parametrize("name", ["missing", "file"])
def test_only_a_folder_is_served(tmp_path, offspring, name):
    (tmp_path / "file").touch()
    with pytest.raises(LogError) as error, serving(tmp_path / name):
        pytest.fail("there is nothing to serve")
    assert str(tmp_path / name) in str(error.value)
    assert offspring() == []


def test_a_port_in_use_is_refused(tmp_path, offspring):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LogError, match=f"port {port} "), serving(tmp_path, port):
            pytest.fail("the port is not free")
    assert offspring() == []


@pytest.mark.parametrize("port", [65_536, -1])
def test_what_is_no_port_is_refused(tmp_path, port):
    with pytest.raises((LogError, ValueError), match=str(port)), serving(tmp_path, port):
        pytest.fail("there is no such port")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit('no room\\nfor the server')", "no room\nfor the server"),
        ("import os; os.abort()", "no answer"),
    ],
)
def test_a_server_that_ends_at_once_is_an_error_with_what_it_said(
    monkeypatch, tmp_path, offspring, script, said
):
    monkeypatch.setattr(visual_log, "SERVER", [sys.executable, "-c", script])
    with pytest.raises(LogError, match="did not start") as error, serving(tmp_path):
        pytest.fail("there is no server")
    assert said in str(error.value)
    assert soon(lambda: not offspring(), 5)


def test_a_server_that_does_not_answer_is_given_up_and_ended(monkeypatch, tmp_path, offspring):
    monkeypatch.setattr(visual_log, "SERVER", ["sh", "-c", "echo thinking; sleep 300"])
    monkeypatch.setattr(visual_log, "STARTUP_SECONDS", 1)
    with pytest.raises(LogError, match="thinking"), serving(tmp_path):
        pytest.fail("there is no server")
    assert soon(lambda: not offspring(), 5)


@contextlib.contextmanager
def proxy():
    """A proxy's address, and the list of those that ask it."""
    clients = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            clients.append(self.headers["User-Agent"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    with served(Handler) as address:
        yield address, clients


def test_a_proxy_is_not_asked_for_a_server_on_this_machine(monkeypatch, logged):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with proxy() as (proxys, clients):
        monkeypatch.setenv("http_proxy", proxys)
        monkeypatch.setattr(urllib.request, "_opener", None)  # it remembers that there was none
        with serving(logged.folder) as address:
            assert "VisualDL" in get(f"{address}/index")
    assert [client for client in clients if "urllib" in client] == []
