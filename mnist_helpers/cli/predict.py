"""What the command ``predict`` does, with a run or an export: for ONNX, without Paddle."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnist_helpers.data.pictures import load_counted
from mnist_helpers.data.pictures.decoding import let_go
from mnist_helpers.deployment.judging import judge
from mnist_helpers.deployment.manifest import is_export
from mnist_helpers.deployment.predictor import Predictor
from mnist_helpers.errors import ExportError, HelperError, NoDigitError


def predict(options: argparse.Namespace) -> int:
    """Print a line for each picture: path, digit, probability; 1 if one has no answer."""
    if not options.model.exists():
        answering(options.model, options.engine)  # says what is wrong, before pictures are read
    # To decode a large one takes up to 250 MB: it is over before Paddle, with the model, takes its
    read = [_read(path) for path in options.pictures]
    let_go()
    answer = answering(options.model, options.engine)
    status = 0
    for path, found in zip(options.pictures, read, strict=True):
        try:
            if isinstance(found, Exception):
                raise found
            picture, shown = found
            (verdict,) = judge(picture, answer(picture), [shown])
            if verdict.digit is None and not options.doubtful:
                raise NoDigitError(f"{path}: {verdict.what}: {verdict.reason}")
        except (HelperError, OSError) as error:
            kind = "refused" if isinstance(error, NoDigitError) else "error"
            print(f"{kind}: {error}", file=sys.stderr)
            status = 1
            continue
        print(path, verdict.likeliest, _said(verdict.probability), sep="\t")
    return status


def _read(path: str) -> tuple[np.ndarray, int] | Exception:
    """What `load_counted` gives, or raises."""
    try:
        return load_counted(path)
    except (HelperError, OSError) as error:
        error.__cause__ = error.__context__ = None  # their frames would keep the picture
        return error.with_traceback(None)


def answering(path: Path, engine: str | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """What answers for images with the model's outputs: of a run, or of an export.

    Images are float32 [n, 1, 28, 28]; outputs [n, 10] or, of a regression, [n, 1]. Raises
    HelperError or OSError where `path` is neither, or is not whole, and for an engine it has not.
    """
    if is_export(path):
        return Predictor(path, engine).outputs
    import paddle

    from mnist_helpers.training.runs import load_run

    model, _ = load_run(path)
    if engine is not None:
        raise ExportError(
            f"{path}: a run, which has no engine {engine}; "
            f"`python -m mnist_helpers export {path} --output FOLDER --onnx` makes what has"
        )
    return paddle.no_grad()(lambda images: model(paddle.to_tensor(images)).numpy())


def _said(probability: float | None) -> str:
    """Four places; "-" from a regression, which has none."""
    return "-" if probability is None else f"{probability:.4f}"
