"""What the command ``predict`` does, with a run or an export: for ONNX, without Paddle."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnist_helpers.data.pictures import load_counted
from mnist_helpers.deployment.judging import judge
from mnist_helpers.deployment.manifest import is_export
from mnist_helpers.deployment.predictor import Predictor
from mnist_helpers.errors import ExportError, HelperError, NoDigitError


def predict(options: argparse.Namespace) -> int:
    """Print a line for each picture: path, digit, probability; 1 if one has no answer."""
    answer = _model(options.model, options.engine)
    status = 0
    for path in options.pictures:
        try:
            picture, shown = load_counted(path)
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


def _model(path: Path, engine: str | None) -> Callable[[np.ndarray], np.ndarray]:
    """What answers for images with the model's outputs."""
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
