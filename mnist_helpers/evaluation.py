"""How good a model is on digits that it was not trained on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import paddle
import paddle.nn.functional as F

from mnist_helpers.data import Digits, batches
from mnist_helpers.outputs import digits_in


@dataclass(frozen=True, eq=False)
class Scores:
    """What :func:`evaluate` found.

    accuracy: the fraction read right, in [0, 1].
    loss: the mean loss of one digit, or None where no loss was asked for.
    predictions: uint8 [n], the digit that the model read, in the order of the digits.
    """

    accuracy: float
    loss: float | None
    predictions: np.ndarray

    def __str__(self) -> str:
        loss = "" if self.loss is None else f", loss {self.loss:.4f}"
        return f"accuracy {self.accuracy:.4f}{loss} on {len(self.predictions):,} digits"


def evaluate(
    model: paddle.nn.Layer,
    digits: Digits,
    loss: Callable | None = None,
    *,
    batch_size: int = 200,
) -> Scores:
    """Read all `digits` with `model`, in evaluation mode and without gradients.

    `loss(outputs, labels)`, if given, is the mean over a batch, labels being int64 [b, 1]. Every
    digit weighs the same, in a short last batch too. The model is left in the mode it was in.
    """
    read, total = [], 0.0
    with evaluating(model), paddle.no_grad():
        for images, labels in batches(digits, batch_size, shuffle=False):
            outputs = model(paddle.to_tensor(images))
            read.append(to_digits(outputs))
            if loss is not None:
                total += loss(outputs, paddle.to_tensor(labels)).item() * len(labels)
    predictions = np.concatenate(read)
    right = int((predictions == digits.labels).sum())
    mean_loss = None if loss is None else total / len(digits)
    return Scores(right / len(digits), mean_loss, predictions)


@contextlib.contextmanager
def evaluating(model: paddle.nn.Layer) -> Iterator[None]:
    """Inside a ``with``, `model` and all its layers are in evaluation mode; then as they were."""
    modes = [(layer, layer.training) for layer in model.sublayers(include_self=True)]
    model.eval()
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.train() if mode else layer.eval()  # a loaded export notes its mode elsewhere too
        for layer, mode in modes:
            layer.training = mode  # the methods change the layers inside as well


def probabilities(model: paddle.nn.Layer, digits: Digits, *, batch_size: int = 200) -> np.ndarray:
    """How likely `model` thinks each class to be: float32 [n, 10], each row adding up to 1.

    The softmax of its outputs, in evaluation mode, in the order of the digits. Raises ValueError
    for a model whose outputs are not [b, 10].
    """
    read = []
    with evaluating(model), paddle.no_grad():
        for images, _ in batches(digits, batch_size, shuffle=False):
            outputs = model(paddle.to_tensor(images))
            if outputs.ndim != 2 or outputs.shape[1] != 10:
                raise ValueError(f"probabilities need outputs [b, 10], not {list(outputs.shape)}")
            read.append(F.softmax(outputs).numpy())
    return np.concatenate(read)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Digits in bins by how sure the model was of its answer; only bins that have some.

    confidence, accuracy: float [k], the mean probability of the answers in a bin, and the share of
    them that are right. count: int [k]. error: the expected calibration error, the mean
    difference of the two over all digits (Guo and others, "On calibration of modern neural
    networks", ICML 2017).
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def error(self) -> float:
        gaps = np.abs(self.confidence - self.accuracy)
        return float((gaps * self.count).sum() / self.count.sum())


def calibration(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> Calibration:
    """Whether a model is right as often as it says: `probabilities` [n, c], `labels` int [n].

    `bins` of equal width from 0 to 1, by the probability of the likeliest class.
    """
    sure = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    which = np.minimum((sure * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    some = count > 0
    confidence = np.bincount(which, sure, bins)[some] / count[some]
    accuracy = np.bincount(which, right, bins)[some] / count[some]
    return Calibration(confidence, accuracy, count[some])


def to_digits(outputs: paddle.Tensor) -> np.ndarray:
    """The digits that a model's outputs mean: uint8 [b], as :func:`outputs.digits_in` says."""
    return digits_in(outputs.numpy())
