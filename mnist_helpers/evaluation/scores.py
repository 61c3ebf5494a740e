"""How good a model is on digits that it was not trained on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import paddle
import paddle.nn.functional as F

from mnist_helpers.data import Digits, batches
from mnist_helpers.models.outputs import digits_in


@dataclass(frozen=True, eq=False)
class Scores:
    """What :func:`evaluate` found.

    Attributes
    ----------
    accuracy : float
        The fraction read right, in [0, 1].
    loss : float or None
        The mean loss of one digit, or None where no loss was asked for.
    predictions : numpy.ndarray
        uint8 [n], the digit that the model read, in the order of the digits; 255 where a
        regression gave a number that is not finite.
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

    Every digit weighs the same, in a short last batch too. The model is left in the mode it was in.

    Parameters
    ----------
    model : paddle.nn.Layer
        From float32 [b, 1, 28, 28] in [0, 1] to scores [b, 10], or to numbers [b, 1].
    digits : Digits
        The digits to read.
    loss : callable, optional
        ``loss(outputs, labels)``, the mean over a batch; the labels are int64 [b, 1].
    batch_size : int
        How many digits are read at a time.

    Returns
    -------
    Scores
        The accuracy, the mean loss (None without `loss`), and what was read.

    Raises
    ------
    ValueError
        If `batch_size` is below 1, if there are no digits, or if the model's outputs are neither
        [b, 10] nor [b, 1].
    """
    if len(digits) == 0:
        raise ValueError("no digits to read")
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
    """Inside a ``with``, `model` and all its layers are in evaluation mode; then as they were.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model; each of its layers may be in a mode of its own.

    Yields
    ------
    None
        Nothing.
    """
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
    """How likely `model` thinks each class to be: the softmax of its outputs.

    It is in evaluation mode for it, and left in the mode it was in.

    Parameters
    ----------
    model : paddle.nn.Layer
        From float32 [b, 1, 28, 28] in [0, 1] to scores [b, 10].
    digits : Digits
        The digits to read.
    batch_size : int
        How many digits are read at a time.

    Returns
    -------
    numpy.ndarray
        float32 [n, 10], each row adding up to 1, in the order of the digits.

    Raises
    ------
    ValueError
        If the model's outputs are not [b, 10], if `batch_size` is below 1, or if there are no
        digits.
    """
    if len(digits) == 0:
        raise ValueError("no digits to read")
    read = []
    with evaluating(model), paddle.no_grad():
        for images, _ in batches(digits, batch_size, shuffle=False):
            outputs = model(paddle.to_tensor(images))
            if outputs.ndim != 2 or outputs.shape[1] != 10:
                raise ValueError(f"probabilities need outputs [b, 10], not {list(outputs.shape)}")
            read.append(F.softmax(outputs).numpy())
    return np.concatenate(read)


def to_digits(outputs: paddle.Tensor) -> np.ndarray:
    """The digits that a model's outputs mean, as :func:`mnist_helpers.models.digits_in` says.

    Parameters
    ----------
    outputs : paddle.Tensor
        Scores or probabilities [b, 10], or numbers [b, 1].

    Returns
    -------
    numpy.ndarray
        uint8 [b]. 255, which never equals a label, for a number that is not finite.

    Raises
    ------
    ValueError
        If `outputs` has another shape.
    """
    return digits_in(outputs.numpy())
