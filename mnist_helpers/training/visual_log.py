"""VisualDL: a run's curves, pictures, histograms and graph, written while it trains; its server."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import paddle

from mnist_helpers.errors import LogError, MissingPackageError
from mnist_helpers.system import available
from mnist_helpers.system.files import why_not_writable
from mnist_helpers.system.processes import child
from mnist_helpers.training.callbacks import Callback
from mnist_helpers.training.history import History

NEED = "VisualDL"  # by this name `available` knows the package
STARTUP_SECONDS = 60
SERVER = [sys.executable, "-c", "from visualdl.server.app import main; main()"]  # no script needed


class VisualDL(Callback):
    """Writes a run to a folder in VisualDL's format: ``fit(…, callbacks=[log])``.

    After the first step and then every `every` steps: the loss, the learning rate, and the length
    of the gradient for each parameter. After each epoch: loss and accuracy on the validation
    digits, a histogram of each parameter, and the kernels of the first convolution as a picture.
    Once: the model's graph.

    Give each run a folder of its own, and close it, or use it in a ``with``: what is not yet on
    disk is written then. The run itself is not changed by being watched.

    Parameters
    ----------
    folder : str or os.PathLike
        Where the log is written; it is made if it is not there.
    every : int
        Steps from one entry to the next, 1 or more.

    Raises
    ------
    LogError
        If `folder` cannot be written.
    ValueError
        For `every` below 1.
    MissingPackageError
        Without the package visualdl.
    """

    def __init__(self, folder: str | os.PathLike, every: int = 10) -> None:
        if every < 1:
            raise ValueError(f"every must be 1 or more, not {every}")
        available.require(NEED)
        reason = why_not_writable(Path(folder))
        if reason:
            raise LogError(f"{folder}: no log can be written there ({reason}). Name another folder")
        from visualdl import LogWriter  # type: ignore[import-untyped]  # it brings no types

        self.every = every
        self._writer = LogWriter(str(folder))

    def __enter__(self) -> VisualDL:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is not yet on disk. Nothing can be logged afterwards."""
        self._writer.close()

    def on_train_batch_end(self, model: paddle.nn.Layer, history: History) -> None:
        step = len(history.losses)
        if step == 1:
            _add_graph(self._writer, model)
        if step == 1 or step % self.every == 0:
            self._writer.add_scalar("curves/training loss", history.losses[-1], step)
            self._writer.add_scalar("learning rate/learning rate", history.rates[-1], step)
            for name, tensor in model.named_parameters():
                if tensor.grad is not None:
                    length = float(np.linalg.norm(tensor.grad.numpy()))
                    self._writer.add_scalar(f"size of gradient/{name}", length, step)

    def on_epoch_end(self, model: paddle.nn.Layer, history: History) -> None:
        step, epoch = len(history.losses), history.epochs[-1]
        if epoch.accuracy is not None:
            self._writer.add_scalar("curves/validation loss", epoch.loss, step)
            self._writer.add_scalar("curves/validation accuracy", epoch.accuracy, step)
        weights = {name: tensor.numpy() for name, tensor in model.named_parameters()}
        finite = {name: w for name, w in weights.items() if np.isfinite(w).all()}
        for name, numbers in finite.items():
            self._writer.add_histogram(name, numbers.ravel(), step)
        kernels = [numbers for numbers in finite.values() if numbers.ndim == 4]
        if kernels:
            self._writer.add_image("first kernels", kernels_as_picture(kernels[0]), step)


@contextlib.contextmanager
def visual_log(folder: str | os.PathLike, every: int = 10) -> Iterator[Callback]:
    """A :class:`VisualDL` that is closed at the end of the ``with``.

    Without the package, one plain line says so, and what is given is a callback that does nothing.

    Parameters
    ----------
    folder, every
        As in :class:`VisualDL`.

    Yields
    ------
    Callback
        For ``fit(…, callbacks=[…])``.

    Raises
    ------
    LogError, ValueError
        As :class:`VisualDL` does.
    """
    try:
        log = VisualDL(folder, every)
    except MissingPackageError as error:
        print(error)
        yield Callback()
        return
    with log:
        yield log


@contextlib.contextmanager
def serving(folder: str | os.PathLike, port: int | None = None) -> Iterator[str | None]:
    """VisualDL's server for the logs in `folder`, on 127.0.0.1, for a ``with``: its address.

    As ``visualdl --logdir FOLDER --port PORT`` in a terminal, but on a free port if none is given,
    without the report that VisualDL sends to its makers at every start, and never left behind:
    the server stops with the ``with``, and with this process, however that ends. Without the
    package, one plain line says so and None is given.

    Parameters
    ----------
    folder : str or os.PathLike
        With the folders of one run or several.
    port : int, optional
        From 0 to 65535; 0, or none, for a free one.

    Yields
    ------
    str or None
        The address of its page.

    Raises
    ------
    LogError
        If `folder` is not there, the port is in use or is none, or the server does not start.
    """
    if not available.can(NEED):
        yield None
        return
    if not Path(folder).is_dir():
        raise LogError(f"{folder}: not a folder. fit(…, callbacks=[VisualDL({str(folder)!r})])")
    port = _free_port(port or 0)
    address = f"http://127.0.0.1:{port}"
    # a language, or VisualDL answers with an error whoever does not name one (curl, for example)
    options = ["--host", "127.0.0.1", "--port", str(port), "--language", "en"]
    with (
        tempfile.TemporaryFile() as said,
        child([*SERVER, f"--logdir={folder}", *options, "--disable-telemetry"], said) as server,
    ):
        _wait_until_it_answers(server, address, said)
        yield f"{address}/app"


def kernels_as_picture(kernels: np.ndarray, scale: int = 8, columns: int = 5) -> np.ndarray:
    """Convolution kernels side by side, the lowest number black.

    The channels of a kernel are averaged.

    Parameters
    ----------
    kernels : numpy.ndarray
        float [n, c, h, w], finite.
    scale : int
        How many pixels wide one number is drawn.
    columns : int
        Kernels in a row.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 1].
    """
    n, _, height, width = kernels.shape
    ink = kernels.mean(axis=1)
    ink = (ink - ink.min()) / (np.ptp(ink) or 1)
    rows = -(-n // columns)
    grid = np.ones((rows, columns, height + 1, width + 1))
    grid.reshape(-1, height + 1, width + 1)[:n, :height, :width] = ink
    picture = grid.transpose(0, 2, 1, 3).reshape(rows * (height + 1), columns * (width + 1))
    large = np.kron(picture, np.ones((scale, scale)))
    return np.rint(255 * large).astype(np.uint8)[:, :, None]


def _free_port(port: int) -> int:
    """`port`, if nobody listens there; for 0, one that is free. LogError for one in use."""
    if not 0 <= port < 2**16:
        raise LogError(f"port must be from 0 to 65535, not {port}")
    with socket.socket() as probe:
        if os.name != "nt":  # as servers do, so that a port counts as free once its server is gone
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LogError(
                f"port {port} of 127.0.0.1 cannot be used ({error.strerror}). Name another, or "
                "none: then a free one is taken"
            ) from None
        return probe.getsockname()[1]


def _wait_until_it_answers(server: subprocess.Popen, address: str, said: IO[bytes]) -> None:
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy is of no use here
    end = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            ask.open(f"{address}/alive", timeout=2).close()
            return
        time.sleep(0.1)
    said.seek(0)
    text = said.read().decode(errors="replace").strip()
    raise LogError(f"VisualDL's server did not start at {address}: {text[-500:] or 'no answer'}")


def _add_graph(writer: Any, model: paddle.nn.Layer) -> None:
    """Log the graph of a copy of `model`, as VisualDL 2.5 needs it.

    VisualDL reads the program format of Paddle 2; Paddle 3 still writes it, inside OldIrGuard, but
    not for every layer (ReLU yes; in Paddle 3.3 neither Sigmoid nor Tanh).
    What Paddle says meanwhile (that its executor runs) is of no use to a reader.
    """
    random_state = paddle.get_rng_state()
    spec = [paddle.static.InputSpec([-1, 1, 28, 28], "float32")]
    try:
        copied = copy.deepcopy(model)
        copied.eval()
        with (
            _quiet(),
            _fresh_names(),
            paddle.pir_utils.OldIrGuard(),
            paddle.base.dygraph.guard(paddle.framework._current_expected_place()),
        ):
            writer.add_graph(copied, spec)
    except Exception as error:  # a graph is a picture: no reason to lose a training
        print(
            f"VisualDL cannot draw this model's graph ({type(error).__name__}); the rest is logged"
        )
    finally:
        paddle.set_rng_state(random_state)


@contextlib.contextmanager
def _fresh_names() -> Iterator[None]:
    """Each graph gets the names of a first one.

    Paddle numbers the scopes of a process (ConvNet, ConvNet_1), and VisualDL leaves the scopes of
    a graph that failed open, so that the next graph would hang below them.
    """
    from paddle.base import framework
    from visualdl.component.graph import utils  # type: ignore[import-untyped]  # as above

    before, framework._name_scope = framework._name_scope, framework.NameScope()
    try:
        yield
    finally:
        utils._name_scope_stack.clear()
        framework._name_scope = before


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back stdout, warnings, and the informative lines that C++ writes to stderr."""
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                yield
        finally:
            os.dup2(real, 2)
            os.close(real)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines(keepends=True):
                if not re.match(r"I\d{4} ", line):
                    sys.stderr.write(line)
