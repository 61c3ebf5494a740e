"""What each piece of the fast recipe is worth: ``python -m benchmarks.pieces [ROW …]``.

Two series of trainings, each on MNIST's 50,000 training digits for one epoch, two at a time with
one thread each, judged on the validation digits. `LEFT_OUT`: the recipe with one of its pieces
replaced by what the course has. Where that may want another learning rate, several are tried, and
each is a row of its own. `STAIRS`: from the course's recipe to the fast one, each row with the
change of its name and all changes above it. (The last two stairs are "shifted digits" and
"nothing" of the other series.)

The log, which chapter 10 reads, has for each row the accuracies and the seconds of its seeds. With
names of rows, only those are run, and take the place of the older ones.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace

os.environ["OMP_NUM_THREADS"] = "1"

from mnist_helpers.data.splits import load
from mnist_helpers.models import ConvNet, PatchNet
from mnist_helpers.recipes import fast
from mnist_helpers.system.files import replacing
from mnist_helpers.system.processes import in_parallel
from mnist_helpers.training.losses import cross_entropy

# isort: split
import paddle

LOG = fast.RUNS / "pieces.json"
SEEDS, FEW = 10, 5  # few: of the course's network, which takes longer


class Bias(paddle.nn.Layer):
    """Adds a learned number to each channel: [b, places, c]."""

    def __init__(self, channels: int):
        super().__init__()
        self.bias = self.create_parameter([channels], is_bias=True)

    def forward(self, features):
        return features + self.bias


def without_norm() -> PatchNet:
    """A PatchNet with biases in place of its batch normalisations."""
    net = PatchNet()
    for name, layer in net.body.named_children():
        if isinstance(layer, paddle.nn.BatchNorm1D):
            net.body[int(name)] = Bias(layer.bias.shape[0])
    return net


def whole_digits() -> PatchNet:
    """A PatchNet that looks at the border, too."""
    return PatchNet(crop=0)


FULL = fast.Pieces()
LEFT_OUT = {"nothing": FULL}
for rate in (0.01, 0.003, 0.001):
    LEFT_OUT[f"the network, rate {rate}"] = replace(FULL, network=ConvNet, rate=rate)
    LEFT_OUT[f"batch normalisation, rate {rate}"] = replace(FULL, network=without_norm, rate=rate)
    LEFT_OUT[f"one-cycle, rate {rate}"] = replace(FULL, one_cycle=False, rate=rate)
LEFT_OUT |= {
    "the high rate": replace(FULL, rate=0.001),
    "the shorter beta2": replace(FULL, beta2=0.999),
    "small batches": replace(FULL, batch=100),
    "label smoothing": replace(FULL, loss=cross_entropy),
    "shifted digits": replace(FULL, augment=None),
    "the cut border": replace(FULL, network=whole_digits),
}


def _stairs() -> dict[str, fast.Pieces]:
    now = fast.Pieces(ConvNet, 100, 0.001, False, 0.999, cross_entropy, None)
    rows = {"the course's recipe": now}
    for name, change in {
        "another network": {"network": without_norm},
        "batch normalisation": {"network": FULL.network},
        "a high rate": {"rate": FULL.rate},
        "one-cycle": {"one_cycle": True},
        "a shorter beta2": {"beta2": FULL.beta2},
        "small batches": {"batch": FULL.batch},
    }.items():
        now = rows[name] = replace(now, **change)
    return rows


STAIRS = _stairs()
ROWS = {"left out": LEFT_OUT, "stairs": STAIRS}


def trained(pieces: fast.Pieces, seed: int) -> tuple[float, float]:
    """Accuracy on validation, and seconds of training."""
    digits, valid = load("train", quiet=True), load("valid", quiet=True)
    _, history = fast.train(digits, seed, valid, pieces=pieces)
    return history.accuracy, history.seconds


def main(names: list[str]) -> None:
    every = [(series, name) for series, rows in ROWS.items() for name in rows]
    chosen = [row for row in every if not names or ": ".join(row) in names]
    if len(chosen) < len(names):
        sys.exit("the rows are " + "; ".join(map(": ".join, every)))
    for series, name in chosen:
        pieces = ROWS[series][name]
        seeds = range(FEW if pieces.network is ConvNet else SEEDS)
        runs = in_parallel(trained, [(pieces, seed) for seed in seeds])
        accuracies, seconds = zip(*runs, strict=True)
        print(f"{series}: {name}:", *accuracies, flush=True)
        _store(series, name, {"accuracies": accuracies, "seconds": seconds})


def _store(series: str, name: str, row: dict) -> None:
    log = json.loads(LOG.read_text()) if LOG.is_file() else {}
    found = log.get(series, {}) | {name: row}
    log[series] = {key: found[key] for key in ROWS[series] if key in found}  # in their order
    LOG.parent.mkdir(exist_ok=True)
    with replacing(LOG) as file:
        file.write(json.dumps(log, indent=1).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
