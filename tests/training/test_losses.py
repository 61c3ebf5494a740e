"""The losses: values, gradients, and that nothing is ever broadcast."""

import numpy as np
import paddle
import pytest

from mnist_helpers.errors import LossInputError, UnknownNameError
from mnist_helpers.training.losses import (
    cross_entropy,
    label_smoothed_cross_entropy,
    loss_named,
    square_error,
)

rng = np.random.default_rng(0)
LOGITS = rng.normal(0, 3, (6, 10)).astype("float32")
LABELS = rng.integers(0, 10, (6, 1))


def probabilities(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def value_and_gradient(loss, outputs, labels):
    outputs = paddle.to_tensor(outputs, stop_gradient=False)
    value = loss(outputs, paddle.to_tensor(labels))
    (gradient,) = paddle.grad(value, outputs)
    return float(value), gradient.numpy()


def test_cross_entropy_is_minus_log_of_the_right_class():
    value, gradient = value_and_gradient(cross_entropy, LOGITS, LABELS)
    p = probabilities(LOGITS)
    assert value == pytest.approx(-np.log(p[np.arange(6), LABELS[:, 0]]).mean(), rel=1e-5)
    assert np.allclose(gradient, (p - np.eye(10)[LABELS[:, 0]]) / 6, atol=1e-6)


def test_smoothing_is_the_cross_entropy_against_a_softer_target():
    value, gradient = value_and_gradient(label_smoothed_cross_entropy, LOGITS, LABELS)
    p = probabilities(LOGITS)
    target = 0.9 * np.eye(10)[LABELS[:, 0]] + 0.01
    assert value == pytest.approx(-(target * np.log(p)).sum(axis=1).mean(), rel=1e-5)
    np.testing.assert_allclose(gradient, (p - target) / 6, atol=1e-6)


def test_cross_entropy_stands_huge_logits():
    value, gradient = value_and_gradient(cross_entropy, LOGITS * 1e6, LABELS)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_square_error_is_the_mean_square():
    outputs = LOGITS[:, :1]
    value, gradient = value_and_gradient(square_error, outputs, LABELS)
    assert value == pytest.approx(((outputs - LABELS) ** 2).mean(), rel=1e-5)
    assert np.allclose(gradient, 2 * (outputs - LABELS) / 6, atol=1e-5)


@pytest.mark.parametrize(
    ("loss", "outputs", "labels", "found"),
    [
        (square_error, LOGITS[:, :1], LABELS[:, 0], r"labels int64 \[6\]"),
        (square_error, LOGITS[:, 0], LABELS, r"outputs float32 \[6\]"),
        (square_error, LOGITS[:, 0], LABELS[:, 0], r"outputs float32 \[6\]"),
        (square_error, LOGITS, LABELS, r"outputs float32 \[6, 10\]"),
        (square_error, LOGITS[:5, :1], LABELS, r"\[5, 1\] and labels int64 \[6, 1\]"),
        (cross_entropy, LOGITS, LABELS[:, 0], r"labels int64 \[6\]"),
        (cross_entropy, LOGITS, LABELS.astype("float32"), r"labels float32 \[6, 1\]"),
        (cross_entropy, LOGITS, LABELS.astype("uint8"), r"labels uint8 \[6, 1\]"),
        (cross_entropy, LOGITS, np.eye(10)[LABELS[:, 0]], r"labels float64 \[6, 10\]"),
        (cross_entropy, LOGITS[:, :1], LABELS, r"outputs float32 \[6, 1\]"),
        (cross_entropy, LOGITS[:, 0], LABELS, r"outputs float32 \[6\]"),
        (cross_entropy, LOGITS[:5], LABELS, r"\[5, 10\] and labels int64 \[6, 1\]"),
        (cross_entropy, LOGITS, LABELS + 10, "labels from 1[0-9] to 1[0-9]; with 10 outputs"),
        (cross_entropy, LOGITS, LABELS - 20, "labels from -[0-9]+ to -[0-9]+; with 10 outputs"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_named(loss, outputs, labels, found):
    with pytest.raises(LossInputError, match=found):
        loss(paddle.to_tensor(outputs), paddle.to_tensor(labels))


@pytest.mark.parametrize(
    ("loss", "outputs", "expected"),
    [
        (square_error, LOGITS[:, :1], r"expected outputs \[b, 1\] and labels \[b, 1\] \("),
        (cross_entropy, LOGITS, r"expected outputs \[b, c\], .* and int64 labels \[b, 1\] \("),
    ],
)
def test_the_expected_shape_of_labels_is_named(loss, outputs, expected):
    labels = paddle.to_tensor(LABELS[:, 0])
    with pytest.raises(LossInputError, match=expected):
        loss(paddle.to_tensor(outputs), labels)


def test_an_unknown_loss_is_named():
    with pytest.raises(UnknownNameError, match=r"'hinge'.*cross-entropy, square-error"):
        loss_named("hinge")
