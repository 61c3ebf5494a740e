"""What cures overfitting, on the book's page about it: ``python -m benchmarks.overfitting``.

Runs the functions of that very page (``CELLS``) with settings and seeds for which a page has no
time, and writes ``book/bench/overfitting.csv``, which the page reads. Trainings that stand there
already are not done again, so it can be stopped and goes on; to measure anew, remove the file.
``--for 60`` begins no further trainings after a minute.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mnist_helpers.system import in_parallel

BOOK = Path(__file__).parent.parent / "book"
PAGE, LOG = BOOK / "07_overfitting.ipynb", BOOK / "bench" / "overfitting.csv"
CELLS = (
    "c002-imports", "c002", "misread-function", "width-function", "c004-network", "c045-function",
    "c055-final", "longer-function",
)  # fmt: skip
HEADER = (
    "function", "options", "seed", "train_accuracy", "train_loss", "valid_accuracy", "valid_loss",
    "epochs",
)  # fmt: skip
SEEDS = 3
PAIR = 2  # trainings that go to the processes together, those of the long kinds
LONG = ("final_model", "on_few_longer")
TOGETHER = {"dropout": 0.2, "l2": 0.001, "moves": [2, 10]}


def settings() -> Iterator[tuple[str, dict[str, Any], int]]:
    """The page's function, its options, and how many seeds."""
    yield "on_few", {}, SEEDS
    for n in (500, 2_000, 5_000, 10_000, 20_000):
        yield "on_few", {"digits": n}, SEEDS
    for l2 in (0.001, 0.01, 0.03, 0.1):
        yield "on_few", {"l2": l2}, SEEDS
    for dropout in (0.3, 0.5, 0.7):
        yield "on_few", {"dropout": dropout}, SEEDS
    for pixels, degrees in ((1, 5), (2, 10), (4, 20)):
        yield "on_few", {"moves": [pixels, degrees]}, SEEDS
    yield "on_few", TOGETHER, SEEDS
    yield "on_few", {"dropout": 0.3, "l2": 0.01, "moves": [2, 10]}, SEEDS
    yield "on_few", {"constant": True}, SEEDS
    for patience in (1, 2, 4):
        yield "on_few", {"constant": True, "patience": patience}, SEEDS
    for cures in (False, True):
        yield "final_model", {"cures": cures, "epochs": 4}, SEEDS
    for width in (1, 3, 10, 30, 100, 300, 1_000):
        yield "of_width", {"width": width}, SEEDS
    for cures in (False, True):
        yield "final_model", {"cures": cures, "epochs": 8}, SEEDS
    for digits in (1_000, 5_000):
        for cures in (False, True):
            yield "on_few_longer", {"digits": digits, "cures": cures}, SEEDS
    for width in (3, 10, 30, 100, 300, 1_000):
        yield "of_width", {"width": width, "wrong": 0.2}, SEEDS


def page_functions() -> dict[str, Any]:
    """What the named cells of the page define."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(PAGE.read_text())["cells"]}
    names: dict[str, Any] = {"__name__": "__main__"}  # so processes are sent the functions whole
    for name in CELLS:
        exec(compile(cells[name], name, "exec"), names)
    return names


def key(function: str, options: dict[str, Any], seed: int) -> tuple[str, str, str]:
    """As a training is named in the log."""
    return function, json.dumps(options, separators=(";", ":")), str(seed)


def line(train: Callable[..., Any], named: tuple[str, str, str], options: dict) -> list[str]:
    """Train; the log's line."""
    got = train(seed=int(named[2]), **options)
    scores = [
        number
        for split in ("train", "valid")
        for number in (f"{got[split].accuracy:.4f}", f"{got[split].loss:.5f}")
    ]
    return [*named, *scores, str(len(got["history"].epochs))]


def main(seconds: float) -> None:
    """Do what is missing."""
    if not LOG.exists():
        LOG.write_text(",".join(HEADER) + "\n")
    with LOG.open(newline="") as file:
        known = {tuple(row[:3]) for row in csv.reader(file)}
    missing = [
        (function, options, seed)
        for function, options, seeds in settings()
        for seed in range(seeds)
        if key(function, options, seed) not in known
    ]
    names, begun = page_functions(), time.monotonic()
    while missing and time.monotonic() - begun < seconds:
        n = PAIR if missing[0][0] in LONG else 5 * PAIR
        now, missing = missing[:n], missing[n:]
        tasks = [(names[task[0]], key(*task), task[1]) for task in now]
        lines = in_parallel(line, tasks)
        with LOG.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
    print(f"{len(missing)} trainings are left")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--for", dest="seconds", type=float, default=float("inf"))
    main(parser.parse_args().seconds)
