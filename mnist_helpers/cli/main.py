"""``python -m mnist_helpers COMMAND``, or ``mnist-helpers COMMAND``: the parser of all commands.

Paddle, slow to import, is imported by the command that needs it, when it runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from mnist_helpers import __version__
from mnist_helpers.errors import HelperError
from mnist_helpers.training.options import TrainOptions, flag, known_names, whole

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 1 after a one-line reason on stderr."""
    called = Path(sys.argv[0]).stem  # it has two names
    parser = argparse.ArgumentParser(
        prog=called if called == "mnist-helpers" else "python -m mnist_helpers"
    )
    parser.set_defaults(program=parser.prog)
    parser.add_argument("--version", action="version", version=f"mnist-helpers {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_data, _add_train, _add_evaluate, _add_predict, _add_read, _add_export,
                _add_launch, _add_fast, _add_far, _add_doorkeeper):  # fmt: skip
        add(commands)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (HelperError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _command(commands: Commands, name: str, about: str, run: str) -> argparse.ArgumentParser:
    """The parser of a new command, which calls `run`: "module.function" of this package."""
    parser = commands.add_parser(name, help=about.replace("%", "%%"), description=about)

    def later(options: argparse.Namespace) -> int:
        module, _, function = run.rpartition(".")
        return getattr(importlib.import_module(f"mnist_helpers.{module}"), function)(options)

    parser.set_defaults(run=later)
    return parser


def _add_data(commands: Commands) -> None:
    about = "where the digits come from, and whether they are sound"
    _command(commands, "data", about, "cli.data.data")


def _add_train(commands: Commands) -> None:
    about = (
        "train a network; the last lines are its accuracy on the validation digits (a fraction) "
        "and the SHA-256 of its weights"
    )
    train = _command(commands, "train", about, "cli.commands.train")
    where = train.add_mutually_exclusive_group(required=True).add_argument
    where("--output", type=Path, metavar="DIR", help="a new folder for the run")
    where("--resume", type=Path, metavar="DIR", help="go on with the run in DIR, as it was started")
    about = "go on with the run in DIR, or begin it: for a command that is started again and again"
    where("--run", dest="either", type=Path, metavar="DIR", help=about)
    add = train.add_argument
    add("--overwrite", action="store_true", help="replace the run in DIR by this one")
    about = "go on with more or fewer processes than before, their batches as large in all"
    add("--other-workers", action="store_true", help=about)
    for option in dataclasses.fields(TrainOptions):
        told = option.metadata
        about = told["about"]
        if names := known_names(option.name):
            about += f": {', '.join(names)}"
        if option.default not in (None, dataclasses.MISSING):
            about += f" (default: {option.default})"
        add(
            *filter(None, (flag(option.name), told["short"])),
            type=_said_plainly(told["check"] or str),
            metavar=told["metavar"],
            default=argparse.SUPPRESS,  # what is not given can be told from what is
            help=about,
        )


def _add_evaluate(commands: Commands) -> None:
    about = "print the loss and the accuracy of a trained network on one split"
    add = _command(commands, "evaluate", about, "cli.commands.evaluate").add_argument
    add("folder", type=Path, metavar="DIR", help="what `train` wrote")
    add("--split", default="valid", metavar="NAME", help="train, valid (default) or test")


def _add_predict(commands: Commands) -> None:
    about = (
        "read picture files, a line each: path, digit, probability, with tabs between; a picture "
        "that has no answer is a line on stderr, and the exit status is 1"
    )
    predict = _command(commands, "predict", about, "cli.predict.predict")
    _add_model(predict)
    about = "answer also where it is doubtful, where it looks like no digit, or like several"
    predict.add_argument("--doubtful", action="store_true", help=about)
    predict.add_argument("pictures", nargs="+", metavar="PICTURE")


def _add_model(command: argparse.ArgumentParser) -> None:
    """The options that say which model answers."""
    about = "a run's folder, the folder of an export, or an export's model.onnx"
    command.add_argument("--model", required=True, type=Path, metavar="PATH", help=about)
    about = "of an export: native (default for a folder) or onnx"
    command.add_argument("--engine", metavar="NAME", help=about)


def _add_read(commands: Commands) -> None:
    about = (
        "read a photograph of many digits, in rows or in a form, a line for each in reading order: "
        "its box (left,top,right,bottom in pixels), digit, probability, with tabs between"
    )
    read = _command(commands, "read", about, "cli.read.read")
    _add_model(read)
    about = "draw the boxes and digits over the photograph: a .png, .jpg or .webp"
    read.add_argument("--picture", type=Path, metavar="OUT", help=about)
    read.add_argument("photo", metavar="PHOTO")


def _add_export(commands: Commands) -> None:
    about = "export a trained network, so that it answers without the code that trained it"
    add = _command(commands, "export", about, "cli.commands.export").add_argument
    add("folder", type=Path, metavar="DIR", help="what `train` wrote")
    add("--output", required=True, type=Path, metavar="OUT", help="a new folder for the export")
    add("--onnx", action="store_true", help="write model.onnx as well, for onnxruntime")
    add("--overwrite", action="store_true", help="replace the export in OUT")


def _add_launch(commands: Commands) -> None:
    about = (
        "run a program in several processes that train together, on this machine or on several "
        "(the same command on each, but for --rank; with --elastic, on those that are there)"
    )
    launch = _command(commands, "launch", about, "cli.launch.launch")
    launch.usage = "%(prog)s [OPTIONS] (SCRIPT | -m MODULE) [ARGUMENTS]"
    count = _said_plainly(whole(1))
    add = launch.add_argument
    add("--workers", type=count, metavar="N", help="on each machine (default: 2; of several: 1)")
    add("--threads", type=count, metavar="N", help="of each worker (default: the cores shared out)")
    add("--hosts", type=count, default=1, metavar="N", help="how many machines (default: 1)")
    add("--rank", type=_said_plainly(whole(0)), default=0, metavar="I", help="of this one, from 0")
    add("--master", metavar="ADDRESS:PORT", help="of machine 0; the next port must be free, too")
    add("--address", metavar="ADDRESS", help="of this machine, if the master sees several")
    about = "of an etcd: go on with the machines that are there"
    add("--elastic", metavar="ADDRESS:PORT", help=about)
    add("--fewest", type=count, default=1, metavar="N", help="machines with which it goes on (1)")
    add("--restarts", type=_said_plainly(whole(0)), default=10, metavar="N", help="at most (10)")
    add("--wait", type=count, default=10, metavar="S", help="for other machines to come (10)")
    add("--job", default="mnist-helpers", metavar="NAME", help="that no other job has in this etcd")
    add("--log-dir", type=Path, default=Path("log"), metavar="DIR", help="default: log")
    add("--timeout", type=float, metavar="S", help="how long it may take (default: no limit)")
    add("-m", dest="module", action="store_true", help="run a module, as Python's own -m does")
    add("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="a script and its arguments")


def _add_fast(commands: Commands) -> None:
    about = "the fast recipe: 99 % in seconds, on one core"
    add = _command(commands, "fast", about, "recipes.fast.run").add_argument
    add("--seed", type=_said_plainly(whole(0, 2**32)), default=0, metavar="S", help="default: 0")


def _add_far(commands: Commands) -> None:
    about = "the far recipe: as far as five minutes on two cores go"
    add = _command(commands, "far", about, "recipes.far.run").add_argument
    add("--seed", type=_said_plainly(whole(0, 2**32)), default=0, metavar="S", help="default: 0")
    add("--output", type=Path, metavar="DIR", help="a folder for log-S.json and the weights")
    add("--final", action="store_true", help="train on all, and read the test digits")
    add("--last-epoch", type=_said_plainly(whole(1)), metavar="N", help="stop after this one")


def _add_doorkeeper(commands: Commands) -> None:
    about = "train the small network that tells digits from other things, for `predict`"
    add = _command(commands, "doorkeeper", about, "recipes.doorkeeper.run").add_argument
    add("--seed", type=_said_plainly(whole(0, 2**32)), default=0, metavar="S", help="default: 0")
    about = "the file to write, which takes the place of the one beside deployment/doorkeeper.py"
    add("--output", required=True, type=Path, metavar="FILE", help=about)


def _said_plainly(check: Callable[[Any], Any]) -> Callable[[str], Any]:
    """`check`, so that argparse prints what it says."""

    def checked(text: str) -> Any:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked
