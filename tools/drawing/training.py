"""The networks of the page "Draw a digit", each trained as its chapter trains it.

``python -m tools.drawing train`` trains all four, ``train lenet5`` one of them, and leaves weights
and a log of each in the folder ``stored`` beside this file.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paddle

from mnist_helpers.data import Digits, load
from mnist_helpers.evaluation import evaluate
from mnist_helpers.models import ConvNet, LeNet5, LinearRegressor, PatchNet, parameter_count
from mnist_helpers.models.weights import load_weights, save_weights
from mnist_helpers.recipes import fast
from mnist_helpers.system import seed_everything
from mnist_helpers.system.files import replacing
from mnist_helpers.training import History, cross_entropy, epochs_like, fit, square_error

STORED = Path(__file__).with_name("stored")


Run = tuple[paddle.nn.Layer, History]


def chapter_1(digits: Digits, valid: Digits) -> Run:
    return _by_sgd(LinearRegressor(), 0.001, 10, digits, valid, batch_size=16)


def chapter_3(digits: Digits, valid: Digits) -> Run:
    return _by_sgd(ConvNet(outputs=1), 0.003, 2, digits, valid)


def chapter_9(digits: Digits, valid: Digits) -> Run:
    model, epochs = LeNet5(), epochs_like(1, digits)
    schedule = paddle.optimizer.lr.OneCycleLR(0.005, epochs * math.ceil(len(digits) / 100))
    adam = paddle.optimizer.Adam(schedule, parameters=model.parameters())
    settings = {"loss": cross_entropy, "optimizer": adam, "schedule": schedule}
    return model, fit(model, digits, epochs=epochs, valid=valid, **settings)


def chapter_10(digits: Digits, valid: Digits) -> Run:
    return fast.train(digits, valid=valid)


def _by_sgd(
    model: paddle.nn.Layer, rate: float, epochs: int, digits: Digits, valid: Digits, **settings: int
) -> Run:
    settings |= {"epochs": epochs_like(epochs, digits)}
    sgd = paddle.optimizer.SGD(rate, parameters=model.parameters())
    return model, fit(model, digits, loss=square_error, optimizer=sgd, valid=valid, **settings)


@dataclass(frozen=True)
class Drawn:
    """A network of the page: how it is made, and how it is trained."""

    network: Callable[[], paddle.nn.Layer]
    train: Callable[[Digits, Digits], Run]


NETWORKS = {
    "linear": Drawn(LinearRegressor, chapter_1),
    "convnet": Drawn(lambda: ConvNet(outputs=1), chapter_3),
    "lenet5": Drawn(LeNet5, chapter_9),
    "fast": Drawn(PatchNet, chapter_10),
}


def train(name: str, folder: Path = STORED) -> None:
    """Train one, print its accuracy, and leave `name`.pdparams and `name`.json in `folder`."""
    digits, valid = load("train"), load("valid", quiet=True)
    seed_everything(0)
    model, history = NETWORKS[name].train(digits, valid)
    log = {
        "parameters": parameter_count(model),
        "trained on": len(digits),
        "judged on": "valid",
        "accuracy": evaluate(model, valid).accuracy,
        "seconds": history.seconds,
        "epochs": [dataclasses.asdict(epoch) for epoch in history.epochs],
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(model, folder / f"{name}.pdparams")
    with replacing(folder / f"{name}.json") as file:
        file.write(json.dumps(log, indent=1).encode() + b"\n")
    print(f"{name}: accuracy {log['accuracy']:.4f} after {history.seconds:.1f} seconds of training")


def trained(name: str, folder: Path = STORED) -> paddle.nn.Layer:
    """The network with its stored weights, ready to answer."""
    model = NETWORKS[name].network()
    load_weights(model, folder / f"{name}.pdparams")
    model.eval()
    return model
