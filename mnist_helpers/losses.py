"""The book's losses: Paddle's own, once outputs and labels are known to fit each other.

Why the checks: Paddle, like NumPy, *broadcasts*. Outputs [100, 1] less labels [100] are [100, 100]
differences, and their mean is a loss that falls, of a model that learns nothing.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F

from mnist_helpers.errors import LossInputError, one_of


def square_error(outputs: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """Mean of (output - label)²: outputs float [b, 1], labels integer or float [b, 1] → scalar.

    Raises LossInputError for other shapes or dtypes: nothing is ever broadcast.
    """
    _require(outputs.shape == [len(outputs), 1], "square error", outputs, labels, "[b, 1]")
    _require(labels.shape == outputs.shape, "square error", outputs, labels, "[b, 1]")
    return F.mse_loss(outputs, labels.astype(outputs.dtype))


def cross_entropy(outputs: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """Mean of -log softmax(outputs)[label]: outputs float [b, c], labels integer [b, 1] → scalar.

    The outputs are *logits*, any real numbers: the softmax is inside. There are c ≥ 2 classes, and
    labels are from 0 to c - 1. Raises LossInputError for other shapes, dtypes or labels.
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


def smoothed_cross_entropy(outputs, labels, smoothing: float = 0.1) -> paddle.Tensor:
    """Cross-entropy against labels that leave a little to the other classes: → scalar.

    The target is 1 - `smoothing` for the label, and `smoothing` spread evenly over all c classes:
    so no output gains by growing without end. Arguments and errors as :func:`cross_entropy`.
    Szegedy and others, "Rethinking the Inception architecture for computer vision", CVPR 2016.
    """
    hard = cross_entropy(outputs, labels)
    even = -F.log_softmax(outputs).mean()
    return (1 - smoothing) * hard + smoothing * even


LOSSES = {"cross-entropy": cross_entropy, "square-error": square_error}
OUTPUTS = {"cross-entropy": 10, "square-error": 1}  # that a network needs for them


def loss_named(name: str):
    """The loss function of this name in `LOSSES`; UnknownNameError lists the names."""
    return one_of(LOSSES, name, "loss")


def _require(holds: bool, loss: str, outputs, labels, wanted: str) -> None:
    if not holds:
        raise LossInputError(
            f"{loss}: outputs {_kind(outputs)} and labels {_kind(labels)}; expected outputs "
            f"{wanted}, as mnist_helpers.data.batches gives them"
        )


def _kind(tensor: paddle.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('paddle.')} {list(tensor.shape)}"
