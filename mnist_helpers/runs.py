"""The folder that a training run leaves: its weights, and what is needed to use them.

``model.pdparams`` holds the parameters in Paddle's own format, ``run.json`` the rest: the model's
name, how it was trained, on what, and how good it was. While it is trained, ``options.json`` and
the folder ``checkpoints`` are what it needs to go on.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import paddle

from mnist_helpers.errors import HelperError, RunError
from mnist_helpers.files import replacing
from mnist_helpers.losses import OUTPUTS
from mnist_helpers.models import create
from mnist_helpers.weights import fingerprint, load_weights, save_weights

WEIGHTS, FACTS = "model.pdparams", "run.json"
OPTIONS, CHECKPOINTS = "options.json", "checkpoints"
FORMAT = 1


@dataclass(frozen=True)
class Run:
    """What was trained and how: the options of ``train``, and what came of it.

    data: where the digits came from. accuracy: on the validation digits, a fraction. weights:
    SHA-256 of the parameters. workers: how many processes trained it together.
    """

    model: str
    loss: str
    optimizer: str
    learning_rate: float
    schedule: str
    epochs: int
    batch_size: int
    seed: int
    data: str
    accuracy: float
    weights: str
    workers: int = 1
    paddle: str = paddle.__version__


def check_output(folder: Path, overwrite: bool = False) -> None:
    """RunError, before anything is trained, if a run cannot or should not be saved in `folder`.

    A folder that holds something is refused; with `overwrite`, a run in it will be replaced, and
    files that are not a run's stay.
    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: a file; expected a folder for the run")
    held = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if held and not overwrite:
        raise RunError(
            f"{folder}: holds something already ({', '.join(held[:3])}"
            f"{', …' if len(held) > 3 else ''}). Name another folder, or say --overwrite; a run "
            "that was cut goes on with --resume"
        )
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise RunError(f"{folder}: cannot be written ({there} is not a folder to write in)")


def start_run(folder: Path, options: dict) -> None:
    """Note the options of a run that begins, so that it can go on if it is cut.

    What an older run left in the folder goes: its result and its checkpoints.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTS).unlink(missing_ok=True)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    with replacing(folder / OPTIONS) as file:
        file.write((json.dumps({"format": FORMAT, **options}, indent=2) + "\n").encode())


def forget_run(folder: Path) -> None:
    """Undo :func:`start_run` for a run that failed before its first checkpoint."""
    with contextlib.suppress(OSError):  # a folder that is not empty stays
        if (folder / CHECKPOINTS).exists():
            (folder / CHECKPOINTS).rmdir()
        (folder / OPTIONS).unlink()
        folder.rmdir()


def read_options(folder: Path) -> dict:
    """The options that :func:`start_run` noted; RunError if there are none."""
    path = folder / OPTIONS
    if not path.is_file():
        raise RunError(f"{folder}: no run to go on with (no {OPTIONS} in it)")
    return _json(path)


def save_run(folder: Path, model: paddle.nn.Layer, run: Run) -> None:
    """Write the two files, each whole or not at all, the one that names the other last."""
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(model, folder / WEIGHTS)
    text = json.dumps({"format": FORMAT, **asdict(run)}, indent=2) + "\n"
    with replacing(folder / FACTS) as file:
        file.write(text.encode())


def load_run(folder: Path) -> tuple[paddle.nn.Layer, Run]:
    """The trained model of a run, in evaluation mode, and what is known about it.

    Raises RunError if the folder is not a run's, or its two files do not belong together.
    """
    run = _read(folder / FACTS)
    try:
        model = create(run.model, OUTPUTS[run.loss])
    except (HelperError, KeyError) as error:
        raise RunError(f"{folder / FACTS}: {error}") from None
    if not (folder / WEIGHTS).is_file():
        raise RunError(f"{folder}: no {WEIGHTS} in it; the run is not complete")
    load_weights(model, folder / WEIGHTS)
    if fingerprint(model) != run.weights:
        raise RunError(
            f"{folder / WEIGHTS}: not the weights that {FACTS} tells of (their SHA-256 differs): "
            "the file is damaged or of another run"
        )
    model.eval()
    return model, run


def _read(path: Path) -> Run:
    if not path.is_file():
        raise RunError(
            f"{path.parent}: not the folder of a run (no {path.name} in it). "
            "`python -m mnist_helpers train --output FOLDER` makes one"
        )
    try:
        return Run(**_json(path))
    except TypeError as error:
        raise RunError(f"{path}: {error}") from None


def _json(path: Path) -> dict:
    """What `train` wrote in `path`; RunError if it is damaged, or of another format."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        version = facts.pop("format")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RunError(f"{path}: not what `train` writes ({error!r})") from None
    if version != FORMAT:
        raise RunError(f"{path}: of format {version!r}; this version reads format {FORMAT}")
    return facts
