"""Make the files beside this one: ``python tests/elsewhere/make.py``, where ONNX can be exported.

A conv net that reads the digits of MNIST and of the built-in sample: its weights, and its ONNX
file. They stand for a model that was exported on another machine: there are Pythons on which ONNX
files can be run and not made.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

os.environ["MNIST_SOURCE"] = "mnist"

import numpy as np

from mnist_helpers.data import Digits
from mnist_helpers.data.sample import sample_arrays
from mnist_helpers.data.splits import load
from mnist_helpers.deployment.export import save_inference_model
from mnist_helpers.models.networks import ConvNet
from mnist_helpers.models.weights import save_weights
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy

import paddle  # isort: skip

HERE = Path(__file__).parent


def main() -> None:
    mnist, (images, labels) = load("train")[:3000], sample_arrays()
    rest = slice(600, None)  # what tests train further on is new to it
    pairs = ((mnist.images, images[rest]), (mnist.labels, labels[rest]))
    both = (np.concatenate(pair) for pair in pairs)
    digits = Digits.checked(*both, "MNIST and the built-in sample")
    paddle.seed(0)
    model = ConvNet()
    adam = paddle.optimizer.Adam(0.002, parameters=model.parameters())
    fit(model, digits, loss=cross_entropy, optimizer=adam, batch_size=50)
    save_weights(model, HERE / "convnet.pdparams")
    with tempfile.TemporaryDirectory() as folder:
        made = save_inference_model(model, Path(folder) / "made", onnx=True)
        shutil.copy(made / "model.onnx", HERE / "convnet.onnx")


if __name__ == "__main__":
    main()
