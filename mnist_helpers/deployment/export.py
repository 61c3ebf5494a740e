"""A trained model → files that answer without the code that trained it, and back.

The files are Paddle's own (``paddle.jit.save``) and, if wanted, ONNX (paddle2onnx); beside them
stands what the model takes (:mod:`mnist_helpers.deployment.manifest`), which is checked before
every answer (:mod:`mnist_helpers.deployment.predictor`). The graph ends with the scores: whoever
goes on with training needs them, and so does a loss. ``Predictor`` applies the softmax.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
import paddle
from paddle.jit.dy2static.program_translator import StaticFunction

import mnist_helpers
from mnist_helpers.deployment import manifest
from mnist_helpers.deployment.manifest import (
    INPUT,
    NUMBER,
    ONNX,
    PARAMETERS,
    PROGRAM,
    SCORES,
    check_images,
)
from mnist_helpers.deployment.predictor import Predictor
from mnist_helpers.errors import ExportError
from mnist_helpers.evaluation.scores import evaluating
from mnist_helpers.system import available
from mnist_helpers.system.files import replacing_folder, why_not_writable

__all__ = ["Predictor", "load", "save_inference_model"]

STEM = "model"  # paddle.jit adds the endings itself
OPSET = 13  # of ONNX: read by every onnxruntime since 2020
CLOSE = 1e-3  # how far an export's answers may be from the model's, of the highest


def save_inference_model(
    model: paddle.nn.Layer,
    path: str | os.PathLike,
    *,
    onnx: bool = False,
    overwrite: bool = False,
    about: dict | None = None,
) -> Path:
    """Export `model`, in evaluation mode, as the folder `path`.

    The export is for any number of images. It is tried before it is kept, and written whole or not
    at all. The model is left as it was.

    Parameters
    ----------
    model : paddle.nn.Layer
        From images float32 [n, 1, 28, 28] in [0, 1] to scores [n, 10], or [n, 1] of a regression.
    path : path-like
        The folder to write. It is made, with those above it. It may be there if it is empty, or,
        with `overwrite`, an export.
    onnx : bool
        Write ``model.onnx`` too.
    overwrite : bool
        Replace an export that is there. Anything else is never replaced.
    about : dict, optional
        Anything that JSON can hold, kept in ``export.json``.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ExportError
        If the place is taken or cannot be written, or if the model does not take such images, gives
        outputs of another shape, cannot be translated, or answers differently then.
    MissingPackageError
        If `onnx` needs a package.
    TypeError
        If `about` holds something that JSON cannot.
    """
    path = Path(path)
    _check_place(path, overwrite)
    if onnx:
        available.require("ONNX export")
    trial = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    answers = _answers(model, trial)
    with replacing_folder(path) as folder:
        _translate(model, folder / STEM)
        if onnx:
            _convert(folder)
        manifest.write(
            folder,
            model=type(model).__name__,
            output=SCORES if answers.shape[1] == 10 else NUMBER,
            versions=_versions(onnx),
            about=about or {},
        )
        for engine in ("native", "onnx") if onnx else ("native",):
            _try(Predictor(folder, engine), trial, answers)
    return path


def load(path: str | os.PathLike) -> paddle.nn.Layer:
    """The exported model as a layer of Paddle's, in evaluation mode: a ``TranslatedLayer``.

    It can be trained further after ``train()`` (before, there are no gradients), and exported
    again. Dropout stays off then, and batch normalisation keeps its means: the graph is that of
    answers.

    Parameters
    ----------
    path : path-like
        The folder of an export.

    Returns
    -------
    paddle.nn.Layer
        From tensors float32 [n, 1, 28, 28] in [0, 1] to scores [n, 10], or [n, 1] of a regression.
        When it is called, it raises ModelInputError for images in another form.

    Raises
    ------
    ExportError
        If the export is not there, is not complete, is damaged, or is of another version.
    """
    found = manifest.read(Path(path))
    found.check_paddle(paddle.__version__)
    for name in (PROGRAM, PARAMETERS):
        found.checked(name)
    try:
        model = paddle.jit.load(str(found.folder / STEM))
    except Exception as error:  # Paddle raises many kinds
        raise ExportError(f"{found.folder}: Paddle cannot load it ({_say(error)})") from error
    model.register_forward_pre_hook(_check)
    return model


def _check(layer: paddle.nn.Layer, inputs: Sequence[paddle.Tensor]) -> None:
    if paddle.in_dynamic_mode():  # not while a graph is made of it
        check_images(*(tensor.numpy() for tensor in inputs))


def _check_place(path: Path, overwrite: bool) -> None:
    """ExportError, before any work, if no export can or should be written there."""
    if path.exists() and not path.is_dir():
        raise ExportError(f"{path}: a file; expected a folder for the export")
    held = sorted(file.name for file in path.iterdir()) if path.exists() else []
    others = [name for name in held if name not in manifest.FILES]
    if others or (held and not overwrite):
        what = ", ".join((others or held)[:3])
        hint = "" if others else ", or replace it (overwrite=True, --overwrite)"
        raise ExportError(f"{path}: holds something already ({what}). Name another folder{hint}")
    reason = why_not_writable(path.absolute().parent)
    if reason:
        raise ExportError(f"{path}: cannot be written ({reason})")


def _answers(model: paddle.nn.Layer, images: np.ndarray) -> np.ndarray:
    """What the model gives in evaluation mode, as an array [n, 10] or [n, 1]."""
    name = type(model).__name__
    try:
        with evaluating(model), paddle.no_grad():
            outputs = model(paddle.to_tensor(images)).numpy()
    except Exception as error:  # a model can raise anything
        raise ExportError(f"{name}: does not take {list(images.shape)} ({_say(error)})") from error
    if outputs.ndim != 2 or outputs.shape[1] not in (1, 10):
        raise ExportError(f"{name}: gives {list(outputs.shape)}; expected [n, 10] or [n, 1]")
    return outputs


def _translate(model: paddle.nn.Layer, stem: Path) -> None:
    shape = list(INPUT["shape"])  # a copy: InputSpec writes into it
    images = paddle.static.InputSpec(shape, INPUT["dtype"], INPUT["name"])
    try:
        with evaluating(model), _not_static_yet(model):
            paddle.jit.save(model, str(stem), input_spec=[images])
    except Exception as error:  # the translation runs the model's code
        raise ExportError(
            f"{type(model).__name__}: cannot be made a static graph ({_say(error)})"
        ) from error


@contextlib.contextmanager
def _not_static_yet(model: paddle.nn.Layer) -> Iterator[None]:
    """Inside a ``with``, `model` is what it was before ``paddle.jit.to_static(model)``.

    Else what was said of its input then would count: its name, or a batch of one size.
    """
    static = vars(model).get("forward")
    if not isinstance(static, StaticFunction):
        yield
        return
    del model.forward
    try:
        yield
    finally:
        model.forward = static  # type: ignore[method-assign]  # as paddle.jit.to_static does


# Asked for the bytes, paddle2onnx only converts. Given a file to write, it would go on to optimise
# with Polygraphy, which calls pip for what is not installed.
CONVERT = """
import sys
from pathlib import Path
import mnist_helpers, paddle2onnx
program, parameters, onnx, opset = sys.argv[1:]
content = paddle2onnx.export(program, parameters, opset_version=int(opset))
Path(onnx).write_bytes(content)
"""


def _convert(folder: Path) -> None:
    """Write the export in `folder` as ONNX too.

    In another process: paddle2onnx prints as it goes, and where it cannot go on, it ends the
    process that it is in.
    """
    arguments: list[str | Path] = [folder / PROGRAM, folder / PARAMETERS, folder / ONNX, str(OPSET)]
    done = subprocess.run(
        [sys.executable, "-c", CONVERT, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace").strip()
        reasons = re.findall(r"\[ERROR\](?:\[Paddle2ONNX\])?\s*(.*)", said) or [said[-500:]]
        raise ExportError(f"cannot be made ONNX (paddle2onnx: {'; '.join(reasons)})")


def _versions(onnx: bool) -> dict[str, str]:
    versions = {
        "mnist_helpers": mnist_helpers.__version__,
        "paddle": paddle.__version__,
        "python": platform.python_version(),
    }
    return {**versions, "paddle2onnx": metadata.version("paddle2onnx")} if onnx else versions


def _try(predictor: Predictor, images: np.ndarray, expected: np.ndarray) -> None:
    """ExportError unless the answers are the model's, for several images and for one."""
    for n in (len(images), 1):
        found = predictor.outputs(images[:n])
        apart = np.abs(found - expected[:n]).max()
        if apart > CLOSE * max(1, np.abs(expected).max()):
            raise ExportError(
                f"the exported model answers differently from the model (by {apart:.3g}, run by "
                f"{predictor.engine}): its forward has something that no static graph can hold"
            )


def _say(error: BaseException) -> str:
    """The last line of what Paddle says, where the reason stands."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
