"""The recipe of the doorkeeper: a small network that tells digits from other things.

``python -m mnist_helpers doorkeeper --output FILE`` draws what it learns from, trains it and
stores it as :mod:`mnist_helpers.deployment.doorkeeper` reads it. The idea, to learn from all kinds
of other things what belongs to no class, is that of Hendrycks, Mazeika and Dietterich, "Deep
anomaly detection with outlier exposure", ICLR 2019.
"""

from __future__ import annotations

import argparse
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F

from mnist_helpers.data import Digits
from mnist_helpers.data.augment import distorting
from mnist_helpers.data.mnist_form import to_mnist_form
from mnist_helpers.data.pictures.handwriting import FONTS, SIDE, by_hand, glyph
from mnist_helpers.data.pictures.rubbish import digit, draw
from mnist_helpers.data.splits import load
from mnist_helpers.models.im2col import PatchNet
from mnist_helpers.system.files import replacing
from mnist_helpers.training.callbacks import ExponentialMovingAverage
from mnist_helpers.training.loop import fit

LAYERS = ((16, 6, 2), (32, 3, 2), (32, 3, 1))
EPOCHS, BATCH, RATE = 6, 100, 0.01
RUBBISH = {
    "letters": 3500, "symbols": 2000, "scribbles": 3500, "noise": 600, "two digits": 1000,
    "sheets": 400,
}  # fmt: skip
AS_THEY_ARE, OTHER_PENS, TYPE = 12_000, 6_000, 1_200  # digits
INK = 0.12  # above it, a pixel of a drawing counts as ink when it is cut out


def network() -> PatchNet:
    """A new network of three small convolutions: [b, 1, 28, 28] → [b, 1]."""
    return PatchNet(outputs=1, layers=LAYERS)


def examples(train: Digits, seed: int = 0) -> Digits:
    """What it learns from: label 1 is a digit, label 0 is none, or several.

    If all digits were MNIST's and all rubbish were drawn, their strokes alone would tell them
    apart. So many digits are written again with the pens of the letters.
    """
    rng = np.random.default_rng(seed)
    rest = train.images[AS_THEY_ARE:]
    digits = [by_hand(_in_the_middle(digit(rng, rest, 3.2)), rng, 0.2) for _ in range(OTHER_PENS)]
    for n in range(TYPE):
        digits.append(by_hand(glyph(FONTS[n % len(FONTS)], str(n % 10)), rng, 0.3))
    others = [draw(kind, "practice", rng, rest) for kind, n in RUBBISH.items() for _ in range(n)]
    images = [train.images[:AS_THEY_ARE], _in_bytes(digits), _in_bytes(others)]
    labels = np.repeat(np.array([1, 1, 0], np.uint8), [len(part) for part in images])
    return Digits(np.concatenate(images), labels, "digits and rubbish")


def _in_the_middle(ink: np.ndarray) -> np.ndarray:
    room = SIDE - len(ink)
    return np.pad(ink, (room // 2, room - room // 2))


def _in_bytes(inks: list[np.ndarray]) -> np.ndarray:
    """In MNIST's form: uint8 [n, 28, 28]."""
    forms = np.stack([to_mnist_form(np.clip(ink, 0, 1), INK) for ink in inks])
    return np.round(255 * forms / forms.max(axis=(1, 2), keepdims=True)).astype(np.uint8)


def train(known: Digits, seed: int = 0) -> PatchNet:
    """The network with its averaged weights, after a training on :func:`examples`."""
    paddle.seed(seed)
    model = network()
    steps = EPOCHS * math.ceil(len(known) / BATCH)
    schedule = paddle.optimizer.lr.OneCycleLR(RATE, steps, end_learning_rate=RATE / 20)
    fit(
        model,
        known,
        loss=digit_or_not,
        optimizer=paddle.optimizer.Adam(schedule, beta2=0.99, parameters=model.parameters()),
        schedule=schedule,
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=seed,
        augment=distorting(),
        callbacks=[ExponentialMovingAverage(start=steps // 2)],
    )
    model.eval()
    return model


def digit_or_not(outputs: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """The cross-entropy of two classes, of which one output [b, 1] is the score."""
    return F.binary_cross_entropy_with_logits(
        outputs[:, 0], labels.reshape([-1]).astype(outputs.dtype)
    )


def layers_of(model: PatchNet) -> dict[str, np.ndarray]:
    """Its numbers as the file holds them: each convolution with its normalisation in it."""
    arrays: dict[str, np.ndarray] = {}
    blocks = list(model.body.children())
    for i, (width, size, stride) in enumerate(LAYERS):
        convolution, norm = blocks[3 * i : 3 * i + 2]
        scale = norm.weight.numpy() / np.sqrt(norm._variance.numpy() + norm._epsilon)
        kernel = scale * convolution.product.weight.numpy()
        arrays[f"kernel{i}"] = kernel.reshape(size, size, -1, width)
        arrays[f"bias{i}"] = norm.bias.numpy() - scale * norm._mean.numpy()
        arrays[f"stride{i}"] = np.array(stride)
    arrays["matrix"], arrays["bias"] = model.head.weight.numpy(), model.head.bias.numpy()
    return arrays


def run(options: argparse.Namespace) -> int:
    """What the command ``doorkeeper`` does: draw, train, store."""
    known = examples(load("train"), options.seed)
    model = train(known, options.seed)
    store(model, options.output)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")
    return 0


def store(model: PatchNet, path: Path) -> None:
    """Write the file, in half precision: its scores differ by less than a thousandth."""
    half: dict[str, Any] = {
        name: array.astype(np.float16 if array.dtype == np.float32 else np.uint8)
        for name, array in layers_of(model).items()
    }
    content = io.BytesIO()
    np.savez_compressed(content, **half)
    with replacing(path) as file:
        file.write(content.getvalue())
