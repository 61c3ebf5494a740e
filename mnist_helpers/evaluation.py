"""How good a model is on digits that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import paddle

from mnist_helpers.data import Digits, batches


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
    batch_size: int = 500,
) -> Scores:
    """Read all `digits` with `model`, in evaluation mode and without gradients.

    `loss(outputs, labels)`, if given, is the mean over a batch, labels being int64 [b, 1]. Every
    digit weighs the same, in a short last batch too. The model is left in the mode it was in.
    """
    modes = [(layer, layer.training) for layer in model.sublayers(include_self=True)]
    model.eval()
    read, total = [], 0.0
    try:
        with paddle.no_grad():
            for images, labels in batches(digits, batch_size, shuffle=False):
                outputs = model(paddle.to_tensor(images))
                read.append(to_digits(outputs))
                if loss is not None:
                    total += float(loss(outputs, paddle.to_tensor(labels))) * len(labels)
    finally:
        for layer, mode in modes:
            layer.training = mode
    predictions = np.concatenate(read)
    right = int((predictions == digits.labels).sum())
    mean_loss = None if loss is None else total / len(digits)
    return Scores(right / len(digits), mean_loss, predictions)


def to_digits(outputs: paddle.Tensor) -> np.ndarray:
    """The digits that a model's outputs mean: uint8 [b].

    Outputs [b, 1] are numbers: rounded to the nearest digit from 0 to 9. Outputs [b, 10] are
    scores, one a class: the class with the highest. Raises ValueError for another shape.
    """
    values = outputs.numpy()
    if values.ndim != 2 or values.shape[1] not in (1, 10):
        raise ValueError(f"a model's outputs are [b, 1] or [b, 10], not {list(values.shape)}")
    if values.shape[1] == 10:
        return values.argmax(axis=1).astype(np.uint8)
    # a number that is not finite is no digit; 255 never equals a label
    nearest = np.clip(np.rint(values[:, 0]), 0, 9)
    return np.where(np.isfinite(nearest), nearest, 255).astype(np.uint8)
