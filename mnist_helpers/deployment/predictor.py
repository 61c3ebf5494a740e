"""An exported model that answers, by Paddle's own predictor or by onnxruntime.

With onnxruntime, neither Paddle nor the code that trained the model is imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mnist_helpers.deployment.judging import Verdict, judge
from mnist_helpers.deployment.manifest import (
    ONNX,
    PARAMETERS,
    PROGRAM,
    SCORES,
    Exported,
    Run,
    check_images,
    read,
)
from mnist_helpers.errors import ExportError, MissingPackageError, one_of
from mnist_helpers.models.outputs import digits_in, softmax
from mnist_helpers.system.runtime import paddle_threads

AT_ONCE = 256  # images in one go: the memory for what is between the layers stays small
SEVERAL = 32  # images: stands for every number above one where ways are compared
ROUNDS = 8  # of such a comparison; the first, which warms up, is not counted


class Predictor:
    """Answers for pictures: ``Predictor("exported")(images)`` gives their probabilities.

    An engine can run in several ways: with fewer threads, the native one without oneDNN. What is
    quicker depends on the network, on the machine, and on whether one picture comes or several. So
    all are tried at the start, which takes some hundredths of a second.

    Not to be called from two threads at once.

    Parameters
    ----------
    path : path-like
        The folder of an export, or its ``model.onnx``.
    engine : {"native", "onnx"}, optional
        ``paddle.inference``, on the CPU, or onnxruntime. Without it, ``"native"`` for a folder and
        ``"onnx"`` for the file, which no other engine takes.
    threads : int, optional
        At most so many; without it, as many as Paddle has in this process. 1 is best if you run
        one predictor for each core.

    Attributes
    ----------
    engine : str
        The engine that runs the model.
    exported : mnist_helpers.deployment.manifest.Exported
        What the export says of itself.

    Raises
    ------
    ExportError
        If the export is not there, is not complete, is damaged, or is of another version; if it
        has no ONNX for the engine ``"onnx"``, or its ``model.onnx`` is given to another.
    MissingPackageError
        Without the engine's package.
    UnknownNameError
        For another engine.
    ValueError
        If `threads` is below 1.
    """

    def __init__(
        self, path: str | os.PathLike, engine: str | None = None, *, threads: int | None = None
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be 1 or more, not {threads}")
        path = Path(path)
        if path.suffix == ".onnx" and not path.is_dir():
            if engine not in (None, "onnx"):
                raise ExportError(f"{path}: is run by the engine onnx, not {engine}")
            if not path.exists():
                raise ExportError(f"{path}: no such file")
            path, file, engine = path.parent, path.name, "onnx"
        elif path.is_file():
            raise ExportError(f"{path}: a file; expected the folder of an export, or its {ONNX}")
        else:
            file, engine = ONNX, engine or "native"
        start = one_of(ENGINES, engine, "engine")
        self.engine = engine
        self.exported = read(path)
        ways = start(self.exported, file, threads or paddle_threads())
        self._one, self._several = (
            soonest(ways, np.zeros([n, 1, 28, 28], np.float32)) for n in (1, SEVERAL)
        )

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Probabilities; of a regression, which has none, its numbers.

        Parameters
        ----------
        images : numpy.ndarray
            float32 [n, 1, 28, 28] in [0, 1], n at least 1.

        Returns
        -------
        numpy.ndarray
            float32 [n, 10], rows adding up to 1; of a regression float32 [n, 1].

        Raises
        ------
        ModelInputError
            For images in another form, with a hint.
        """
        outputs = self.outputs(images)
        return softmax(outputs) if self.exported.output == SCORES else outputs

    def digits(self, images: np.ndarray) -> np.ndarray:
        """The digits that the model reads.

        Parameters
        ----------
        images : numpy.ndarray
            float32 [n, 1, 28, 28] in [0, 1], n at least 1.

        Returns
        -------
        numpy.ndarray
            uint8 [n]. 255, which is no digit, where a regression gives a number that is not finite.

        Raises
        ------
        ModelInputError
            For images in another form, with a hint.
        """
        return digits_in(self.outputs(images))

    def judge(self, images: np.ndarray, shown: Sequence[int] | None = None) -> list[Verdict]:
        """An answer for each picture, or the reason why there is none.

        Parameters
        ----------
        images : numpy.ndarray
            float32 [n, 1, 28, 28] in [0, 1], n at least 1, in MNIST's form.
        shown : sequence of int, optional
            How many digits each picture shows, where that is known: ``load_counted`` tells.

        Returns
        -------
        list of Verdict
            One for each: what the picture is, the likeliest digit, its probability, the reason.

        Raises
        ------
        ModelInputError
            For images in another form, with a hint.
        """
        return judge(images, self.outputs(images), shown)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """What the model itself gives: scores, or numbers of a regression.

        Parameters
        ----------
        images : numpy.ndarray
            float32 [n, 1, 28, 28] in [0, 1], n at least 1.

        Returns
        -------
        numpy.ndarray
            Scores float32 [n, 10], before any softmax; of a regression float32 [n, 1].

        Raises
        ------
        ModelInputError
            For images in another form, with a hint.
        """
        check_images(images)
        if len(images) == 1:
            return self._one(images)
        parts = [self._several(images[i : i + AT_ONCE]) for i in range(0, len(images), AT_ONCE)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def soonest(ways: Sequence[Run], images: np.ndarray) -> Run:
    """The one of `ways` whose median time for `images` is the shortest, in a few rounds."""
    if len(ways) == 1:
        return ways[0]
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, seconds in zip(ways, times, strict=True):
            start = time.perf_counter()
            way(images)
            seconds.append(time.perf_counter() - start)
    return ways[int(np.argmin([np.median(seconds[1:]) for seconds in times]))]


def _native(exported: Exported, _: str, threads: int) -> list[Run]:
    try:
        import paddle

        from mnist_helpers.deployment import native
    except ImportError as error:
        raise MissingPackageError(_missing("native", "paddlepaddle")) from error
    exported.check_paddle(paddle.__version__)
    program, parameters = exported.checked(PROGRAM), exported.checked(PARAMETERS)
    try:
        # Without oneDNN for a single picture, which is too little work for a second thread
        return [
            native.start(program, parameters, threads, onednn=True),
            native.start(program, parameters, 1, onednn=False),
        ]
    except Exception as error:  # Paddle raises many kinds
        raise ExportError(f"{program}: Paddle cannot run it ({_first_line(error)})") from error


def _onnx(exported: Exported, file: str, threads: int) -> list[Run]:
    try:
        import onnxruntime  # type: ignore[import-untyped]  # onnxruntime says nothing of types
    except ImportError as error:
        raise MissingPackageError(_missing("onnx", "onnxruntime")) from error
    path = exported.checked(file)
    try:
        model = path.read_bytes()
        return [_session(model, n) for n in sorted({1, threads})]
    except Exception as error:  # onnxruntime raises many kinds
        raise ExportError(
            f"{path}: not an ONNX model that onnxruntime {onnxruntime.__version__} reads "
            f"({_first_line(error)})"
        ) from error


def _session(model: bytes, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors: it warns of constants that nothing uses
    # One level more would pad the channels to a multiple of 16: slower with the book's 20
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images})[0]


ENGINES = {"native": _native, "onnx": _onnx}


def _missing(engine: str, package: str) -> str:
    return f"the engine {engine} needs the package {package}. To have it: pip install {package}"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
