"""The book's losses: Paddle's own, once outputs and labels are known to fit each other.

Why the checks: Paddle, like NumPy, *broadcasts*. Outputs [100, 1] less labels [100] are [100, 100]
differences, and their mean is a loss that falls, of a model that learns nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import paddle
import paddle.nn.functional as F

from mnist_helpers.errors import LossInputError, one_of


def square_error(outputs: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """Mean of (output - label)²: outputs [b, 1], labels [b, 1] → scalar.

    Other shapes are an error: nothing is ever broadcast.

    Parameters
    ----------
    outputs : paddle.Tensor
        Float [b, 1].
    labels : paddle.Tensor
        Integer or float [b, 1].

    Returns
    -------
    paddle.Tensor
        The mean, [], of the outputs' dtype.

    Raises
    ------
    LossInputError
        For other shapes.
    """
    name, wanted = "square error", "[b, 1] and labels [b, 1]"
    _require(outputs.ndim == 2 and outputs.shape[1] == 1, name, outputs, labels, wanted)
    _require(labels.shape == outputs.shape, name, outputs, labels, wanted)
    return F.mse_loss(outputs, labels.astype(outputs.dtype))


def cross_entropy(outputs: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """Mean of -log softmax(outputs)[label]: outputs [b, c], labels [b, 1] → scalar.

    The outputs are *logits*, any real numbers: the softmax is inside. There are c ≥ 2 classes, and
    labels are from 0 to c - 1. Anything else is an error: nothing is ever broadcast.

    Parameters
    ----------
    outputs : paddle.Tensor
        Float [b, c], c at least 2.
    labels : paddle.Tensor
        int64 or int32 [b, 1], from 0 to c - 1.

    Returns
    -------
    paddle.Tensor
        The mean, [], of the outputs' dtype. Paddle lets one digit add 64 at most, however wrong
        its outputs are.

    Raises
    ------
    LossInputError
        For other shapes, and for labels of another dtype or out of range.
    """
    name, wanted = "cross-entropy", "[b, c], c at least 2, and int64 labels [b, 1]"
    _require(outputs.ndim == 2 and outputs.shape[1] >= 2, name, outputs, labels, wanted)
    _require(labels.shape == [len(outputs), 1], name, outputs, labels, wanted)
    _require(labels.dtype in (paddle.int64, paddle.int32), name, outputs, labels, wanted)
    lowest, highest, classes = int(labels.min()), int(labels.max()), outputs.shape[1]
    if lowest < 0 or highest >= classes:
        raise LossInputError(
            f"cross-entropy: labels from {lowest} to {highest}; "
            f"with {classes} outputs they are from 0 to {classes - 1}"
        )
    return F.cross_entropy(outputs, labels)


def label_smoothed_cross_entropy(
    outputs: paddle.Tensor, labels: paddle.Tensor, smoothing: float = 0.1
) -> paddle.Tensor:
    """Cross-entropy against labels that leave a little to the other classes: → scalar.

    The target is 1 - `smoothing` for the label, and `smoothing` spread evenly over all c classes:
    so no output gains by growing without end. Szegedy and others, "Rethinking the Inception
    architecture for computer vision", CVPR 2016.

    Parameters
    ----------
    outputs : paddle.Tensor
        Logits, as for :func:`cross_entropy`: float [b, c], c at least 2.
    labels : paddle.Tensor
        int64 or int32 [b, 1], from 0 to c - 1.
    smoothing : float
        What is spread over all classes, in [0, 1]; 0 is :func:`cross_entropy`.

    Returns
    -------
    paddle.Tensor
        The mean, [], of the outputs' dtype.

    Raises
    ------
    LossInputError
        As :func:`cross_entropy`.
    """
    hard = cross_entropy(outputs, labels)
    even = -F.log_softmax(outputs).mean()
    return (1 - smoothing) * hard + smoothing * even


LOSSES: dict[str, Callable[..., paddle.Tensor]] = {
    "cross-entropy": cross_entropy,
    "square-error": square_error,
}
OUTPUTS = {"cross-entropy": 10, "square-error": 1}  # that a network needs for them


def loss_named(name: str) -> Callable[..., paddle.Tensor]:
    """The loss function of this name in `LOSSES`.

    Parameters
    ----------
    name : str
        "cross-entropy" or "square-error".

    Returns
    -------
    callable
        From (outputs, labels) to the mean loss, [].

    Raises
    ------
    UnknownNameError
        For another name; it lists the known ones.
    """
    return one_of(LOSSES, name, "loss")


def _require(
    holds: bool, loss: str, outputs: paddle.Tensor, labels: paddle.Tensor, wanted: str
) -> None:
    if not holds:
        raise LossInputError(
            f"{loss}: outputs {_kind(outputs)} and labels {_kind(labels)}; expected outputs "
            f"{wanted} (mnist_helpers.data.batches gives such labels)"
        )


def _kind(tensor: paddle.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('paddle.')} {list(tensor.shape)}"
