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
from typing import Any

import paddle

from mnist_helpers.errors import HelperError, RunError
from mnist_helpers.models.networks import create
from mnist_helpers.models.weights import fingerprint, load_weights, save_weights
from mnist_helpers.system.files import replacing
from mnist_helpers.training.losses import OUTPUTS
from mnist_helpers.training.options import TrainOptions

WEIGHTS, FACTS = "model.pdparams", "run.json"
OPTIONS, CHECKPOINTS = "options.json", "checkpoints"
REPLACED = ".replaced"  # an older run's files, until the one that replaces it is complete
OF_A_RUN = (WEIGHTS, FACTS, OPTIONS, CHECKPOINTS)
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Run(TrainOptions):
    """What was trained and how: the options of ``train``, and what came of it.

    Attributes
    ----------
    model : str
        The network, by its name in `models.NETWORKS`.
    loss : str
        The loss, by its name in `LOSSES`.
    optimizer : str
        The optimiser, by its name in `OPTIMIZERS`.
    learning_rate : float or None
        The highest; None means the optimiser's usual one.
    schedule : str
        How the rate changed, by its name in `SCHEDULES`.
    epochs : int
        Passes over the training digits.
    batch_size : int
        Digits in a step, of each process.
    seed : int
        Of weights, order and dropout.
    save_every : int or None
        Steps from one checkpoint to the next; None: an epoch.
    data : str
        Where the digits came from.
    accuracy : float
        On the validation digits, a fraction.
    weights : str
        SHA-256 of the parameters and buffers, as 64 hexadecimal digits.
    workers : int
        How many processes trained it together.
    paddle : str
        The version of Paddle that trained it.

    Raises
    ------
    UnknownNameError
        For a name that is not known.
    ValueError
        For a number out of range.
    """

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


def start_run(folder: Path, options: dict[str, Any]) -> None:
    """Note the options of a run that begins, so that it can go on if it is cut.

    An older run in the folder is put aside: it goes when this one is complete, and comes back if
    this one fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / REPLACED
    if aside.is_dir():  # the run that was to replace it was cut
        _remove_run(folder)
    elif there := [name for name in OF_A_RUN if (folder / name).exists()]:
        aside.mkdir()
        for name in there:
            os.rename(folder / name, aside / name)
    with replacing(folder / OPTIONS) as file:
        file.write((json.dumps({"format": FORMAT, **options}, indent=2) + "\n").encode())


def forget_run(folder: Path) -> None:
    """Undo :func:`start_run` for a run that failed.

    The run that it was to replace is there again. Without one, its checkpoints stay, if it has any.
    """
    aside = folder / REPLACED
    if aside.is_dir():
        _remove_run(folder)
        for path in aside.iterdir():
            os.rename(path, folder / path.name)
        aside.rmdir()
        return
    with contextlib.suppress(OSError):  # a folder that is not empty stays
        if (folder / CHECKPOINTS).exists():
            (folder / CHECKPOINTS).rmdir()
        (folder / OPTIONS).unlink()
        folder.rmdir()


def _remove_run(folder: Path) -> None:
    for name in OF_A_RUN:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)


def read_options(folder: Path) -> dict[str, Any]:
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
    shutil.rmtree(folder / REPLACED, ignore_errors=True)


def load_run(folder: str | os.PathLike) -> tuple[paddle.nn.Layer, Run]:
    """The trained model of a run, in evaluation mode, and what is known about it.

    Parameters
    ----------
    folder : str or os.PathLike
        What ``python -m mnist_helpers train --output FOLDER`` has written.

    Returns
    -------
    model : paddle.nn.Layer
        The network, with its trained weights.
    run : Run
        How it was trained, and how good it was.

    Raises
    ------
    RunError
        If the folder is not a run's, the run is not complete, a file of it is damaged or of
        another format, or its two files do not belong together.
    OSError
        If a file of it cannot be opened.
    """
    folder = Path(folder)
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
    except (TypeError, ValueError) as error:  # a name that is not known is a ValueError
        raise RunError(f"{path}: {error}") from None


def _json(path: Path) -> dict[str, Any]:
    """What `train` wrote in `path`; RunError if it is damaged, or of another format."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        version = facts.pop("format")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RunError(f"{path}: not what `train` writes ({error!r})") from None
    if version != FORMAT:
        raise RunError(f"{path}: of format {version!r}; this version reads format {FORMAT}")
    return facts
