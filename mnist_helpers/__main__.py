"""The commands that a person types outside a notebook: ``python -m mnist_helpers data``."""

from __future__ import annotations

import argparse
import importlib
import math
import sys
from pathlib import Path

from mnist_helpers.errors import HelperError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 1 after a one-line reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m mnist_helpers")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data(commands)
    _add_train(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    _add_export(commands)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (HelperError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _add_data(commands) -> None:
    about = "where the digits come from, and whether they are sound"
    commands.add_parser("data", help=about, description=about).set_defaults(run=_data)


def _add_train(commands) -> None:
    about = (
        "train a network; the last lines are its accuracy on the validation digits (a fraction) "
        "and the SHA-256 of its weights"
    )
    train = commands.add_parser(
        "train",
        help="train a network",
        description=about,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = train.add_argument
    train.register("action", None, _Given)  # what an option does that has no other action
    where = train.add_mutually_exclusive_group(required=True)
    where.add_argument("--output", type=Path, metavar="DIR", help="a new folder for the run")
    where.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="go on with the run in DIR, with its own options",
    )
    add("--model", metavar="NAME", help="linear, mlp, convnet, lenet5, alexnet or patchnet")
    add("--overwrite", action="store_true", help="replace the run in DIR")
    add("--epochs", type=_at_least_1, default=1, metavar="N")
    add("--seed", type=_seed, default=0, metavar="S", help="of weights, order and dropout")
    add("--batch-size", type=_at_least_1, default=100, metavar="B", help="of each process")
    add("--save-every", type=_at_least_1, metavar="N", help="steps; None: every epoch")
    add("--loss", default="cross-entropy", metavar="NAME", help="cross-entropy or square-error")
    add(
        "--optimizer",
        default="adam",
        metavar="NAME",
        help="sgd, momentum, adagrad, rmsprop, adam or adamw",
    )
    add("--learning-rate", type=_rate, metavar="R", help="the highest; None: the optimiser's own")
    add(
        "--schedule",
        default="constant",
        metavar="NAME",
        help="constant, polynomial, cosine or one-cycle",
    )
    train.set_defaults(run=_later("train"), given=frozenset())


class _Given(argparse.Action):
    """Stores the value, and in `given` that it was named: a resumed run must agree with it."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values)
        namespace.given = namespace.given | {self.dest}


def _add_evaluate(commands) -> None:
    about = "print the loss and the accuracy of a trained network on one split"
    evaluate = commands.add_parser("evaluate", help=about, description=about)
    evaluate.add_argument("folder", type=Path, metavar="DIR", help="what `train` wrote")
    evaluate.add_argument(
        "--split", default="valid", metavar="NAME", help="train, valid (default) or test"
    )
    evaluate.set_defaults(run=_later("evaluate"))


def _add_predict(commands) -> None:
    about = "read picture files, a line each: path, digit, probability, with tabs between"
    predict = commands.add_parser("predict", help="read picture files", description=about)
    add = predict.add_argument
    add(
        "--model",
        required=True,
        type=Path,
        metavar="PATH",
        help="a run's folder, the folder of an export, or an export's model.onnx",
    )
    add("--engine", metavar="NAME", help="of an export: native (default for a folder) or onnx")
    add("pictures", nargs="+", metavar="PICTURE")
    predict.set_defaults(run=_later("predict", "predicting"))


def _add_export(commands) -> None:
    about = "export a trained network, so that it answers without the code that trained it"
    export = commands.add_parser("export", help="export a trained network", description=about)
    add = export.add_argument
    add("folder", type=Path, metavar="DIR", help="what `train` wrote")
    add("--output", required=True, type=Path, metavar="OUT", help="a new folder for the export")
    add("--onnx", action="store_true", help="write model.onnx as well, for onnxruntime")
    add("--overwrite", action="store_true", help="replace the export in OUT")
    export.set_defaults(run=_later("export"))


def _later(name: str, module: str = "commands"):
    """The command `name`; Paddle, slow to import, is imported only when it runs."""

    def run(options: argparse.Namespace) -> int:
        where = importlib.import_module(f"mnist_helpers.{module}")
        return getattr(where, name)(options)

    return run


def _at_least_1(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, not {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 2**32 - 1: {text!r}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")
    return rate


def _data(options: argparse.Namespace) -> int:
    """Print the source, the number of digits in each split and how many of each digit."""
    from mnist_helpers.data import SPLITS, find_source, split_of

    source = find_source()
    print(f"source: {source}")
    if source.folder is not None:
        print(f"folder: {source.folder}")
    print(f"{'split':6}{'digits':>8}  " + "".join(f"{digit:>6}" for digit in range(10)))
    for split in SPLITS:
        digits = split_of(source, split)
        print(f"{split:6}{len(digits):8,}  " + "".join(f"{n:6,}" for n in digits.counts()))
    checked = "checksums, shapes, counts" if source.folder else "shapes"
    print(f"sound: {checked} and label range are as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
