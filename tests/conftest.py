"""What several test files use: small sets of digits in MNIST's format, a clean environment, the
processes that a test has started, and a browser.

The browser is the system's Chromium; where there is none, the tests that use it are skipped, or
fail if REQUIRE_BROWSER is set (as in CI).
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest

from mnist_helpers.data import Digits, write_idx
from mnist_helpers.data.mnist_files import TEST, TRAIN
from mnist_helpers.notebook.screenshots import find_chromium, flags
from mnist_helpers.system import available

ELSEWHERE = Path(__file__).parent / "elsewhere"
ONNX_EXPORT = available.why_not("ONNX export") is None
EXPORTED_FOR = ("native", "onnx") if ONNX_EXPORT else ("native",)  # its engines
# Programs that a test interrupts begin with it: in the background, and in some CI systems, SIGINT
# is ignored, and whoever is started there ignores it, too
INTERRUPTIBLE = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
SETTINGS = ("MNIST_DIR", "MNIST_SOURCE", "MNIST_MIRRORS", "MNIST_VERIFY")
# A proxy cannot reach the servers that tests start on this machine
PROXIES = [name for name in os.environ if name.lower().endswith("_proxy")]


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "needs(need): skipped, with the line that says why, where that cannot be had"
    )


def pytest_runtest_setup(item):
    for mark in item.iter_markers("needs"):
        said = available.line(*mark.args)
        if said:
            pytest.skip(said)


def random_digits(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """n random images uint8 [n, 28, 28] and labels uint8 [n]."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n).astype(np.uint8)


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """No setting of the user's, and a home folder of the test's own; returns the cache folder."""
    for name in (*SETTINGS, *PROXIES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home" / ".cache" / "paddle" / "dataset" / "mnist"


@pytest.fixture
def idx_folder(tmp_path):
    """A folder with the four files, of 60 training and 10 test digits that are not MNIST's."""
    folder = tmp_path / "idx"
    folder.mkdir()
    for pair, n in ((TRAIN, 60), (TEST, 10)):
        for file, array in zip(pair, random_digits(n), strict=True):
            write_idx(folder / f"{file.name}.gz", array)
    return folder


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `code` in a fresh Python, with these variables set (or, if None, not set)."""
    env = {**os.environ, **{k: v for k, v in environment.items() if v is not None}}
    for name in [name for name, value in environment.items() if value is None]:
        env.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120
    )


def nbval_run(folder: Path, cells: list, *options: str) -> subprocess.CompletedProcess:
    """pytest runs nbval with our plugin, in a process of its own, on a notebook of these cells."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "x.ipynb")
    # on the sample nothing would be compared: let the plugin believe that it is MNIST
    (folder / "conftest.py").write_text(
        "from types import SimpleNamespace\nfrom tests import nbval_tolerance\n"
        "nbval_tolerance.find_source = lambda: SimpleNamespace(name='MNIST')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-p", "nbval",
               "-p", "tests.nbval_tolerance", "--nbval-lax", *options,
               "--rootdir", str(folder), str(folder / "x.ipynb")]  # fmt: skip
    root = Path(__file__).parent.parent
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@contextlib.contextmanager
def served(handler):
    """The address, without a slash at its end, of a server on 127.0.0.1 with this handler."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}"
        finally:
            httpd.shutdown()
            thread.join()


def counting():
    """A layer that passes on what it gets, and counts in a buffer how often it was trained."""
    import paddle

    class Counts(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.register_buffer("trained", paddle.zeros([1]))

        def forward(self, x):
            if self.training:
                self.trained = self.trained + 1
            return x

    return Counts()


@functools.cache
def _sample():
    from mnist_helpers.data.sample import sample_arrays

    return sample_arrays()


def sample_digits(n: int, start: int = 0) -> Digits:
    """n digits of the built-in sample: real ones, without a network."""
    images, labels = _sample()
    part = slice(start, start + n)
    return Digits.checked(images[part], labels[part], "the built-in sample")


def soon(condition: Callable[[], object], seconds: float = 10) -> bool:
    """Whether `condition()` becomes true within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def offspring(monkeypatch):
    """A function: the processes that this test has started, at whatever remove, and that still run.

    They are known by a variable of the environment, which is handed on to the children of children
    even when their parents are gone. What a test leaves behind is ended here.
    """
    mark = uuid.uuid4().hex
    monkeypatch.setenv("TEST_OFFSPRING", mark)

    def running() -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):  # of those that have just ended
                if (
                    process.environ().get("TEST_OFFSPRING") == mark
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    found.append(process)
        return found

    yield running
    for process in running():
        with contextlib.suppress(psutil.Error):
            process.kill()


def nothing_left(offspring, log_dir: Path) -> bool:
    """Whether of a job that was launched nothing is left: no process, and no file but the logs."""
    gone = soon(lambda: not offspring(), 5)
    names = [path.name for path in log_dir.rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"workerlog\.\d", name) for name in names), names
    return gone


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium."""
    path = find_chromium()
    if path is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, but there is no Chromium")
        pytest.skip("no Chromium on this machine")
    return path


@pytest.fixture(scope="module")
def browser(chromium):
    """Chromium, driven by Playwright. For one module: Playwright keeps an event loop running."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A conv net that has learned digits, and its export, with ONNX.

    Where a model cannot be exported as ONNX, that file was made elsewhere, of the same weights.
    """
    from mnist_helpers.deployment.export import save_inference_model
    from mnist_helpers.models.networks import ConvNet
    from mnist_helpers.models.weights import load_weights

    model = ConvNet()
    load_weights(model, ELSEWHERE / "convnet.pdparams")
    folder = tmp_path_factory.mktemp("exports") / "convnet"
    save_inference_model(model, folder, onnx=ONNX_EXPORT)
    return model, folder if ONNX_EXPORT else with_onnx_from_elsewhere(folder)


def with_onnx_from_elsewhere(folder: Path) -> Path:
    """Add the conv net's ONNX file that was made on another machine to its export."""

    from mnist_helpers.deployment import manifest

    shutil.copy(ELSEWHERE / "convnet.onnx", folder / manifest.ONNX)
    facts = json.loads((folder / manifest.ABOUT).read_text())
    named = {name: facts[name] for name in ("model", "versions", "about")}
    (folder / manifest.ABOUT).unlink()
    manifest.write(folder, output=manifest.SCORES, **named)
    return folder
