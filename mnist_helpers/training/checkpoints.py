"""All of a run's state on disk: saved whole or not at all, checked when it is loaded.

``save`` makes a folder ``step-00000500`` in the run's folder, with three files: the parameters and
buffers (``model.pdparams``) and the optimiser's state (``optimizer.pdopt``), as ``paddle.save``
writes them, and ``state.json``: position, schedule, random states, history, what the run is, and
the SHA-256 of the others. It is written under another name, flushed to the disk, read again, and
renamed at the end; so a crash at any moment leaves what was there before.

Loading executes nothing: a checkpoint from a stranger is data.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import platform
import random
import re
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from mnist_helpers.errors import CheckpointError
from mnist_helpers.models.weights import arrays_in, described, differences
from mnist_helpers.system.files import flush_folder

FORMAT = 1
MODEL, OPTIMIZER, STATE = "model.pdparams", "optimizer.pdopt", "state.json"
NAME = re.compile(r"step-(\d{8,})(?:-(\d+))?")  # the second time at one step: step-00000500-2


@dataclass(frozen=True)
class Checkpoint:
    """What :func:`load` read. Nothing has been changed by it; :meth:`restore` does that.

    Attributes
    ----------
    path : pathlib.Path
        Its folder.
    step : int
        How many steps the optimiser had made.
    about : dict
        What was given to :func:`save`: what the run is.
    position : dict
        As it was given to :func:`save`: where in the data the run was.
    history : dict
        As it was given to :func:`save`: the run's record.
    score : float or None
        As it was given to :func:`save`.
    """

    path: Path
    step: int
    about: dict[str, Any]
    position: dict[str, Any]
    history: dict[str, Any]
    score: float | None
    _state: dict[str, Any]
    _parameters: dict[str, Any]  # of arrays, which Paddle takes as well as tensors
    _optimizer: dict[str, np.ndarray]

    @property
    def workers(self) -> int:
        """How many workers' random states there are: how many trained together."""
        return 1 + len(self._state.get("random of others", []))

    def restore(
        self,
        model: paddle.nn.Layer,
        optimizer: paddle.optimizer.Optimizer,
        schedule: paddle.optimizer.lr.LRScheduler | None = None,
        worker: int = 0,
    ) -> None:
        """Make all as it was: weights, optimiser, schedule, all random states.

        If it cannot be, nothing has been touched.

        Parameters
        ----------
        model : paddle.nn.Layer
            Gets the parameters and buffers.
        optimizer : paddle.optimizer.Optimizer
            Made with `model`'s parameters; gets its state.
        schedule : paddle.optimizer.lr.LRScheduler, optional
            The one that `optimizer` was made with, if any.
        worker : int
            Of several workers' random states, those of this one are set.

        Raises
        ------
        CheckpointError
            If the checkpoint is of another model, optimiser or schedule, or of fewer workers.
        """
        if found := differences(described(model.state_dict()), described(self._parameters)):
            self._refuse("parameters of another model", "; ".join(found))
        kinds = self._state["kinds"]
        for what, thing in (("optimizer", optimizer), ("schedule", schedule)):
            if kinds[what] != _kind(thing):
                self._refuse(f"another {what}", f"{kinds[what]}, expected {_kind(thing)}")
        accumulators = self._renamed(model)
        states = [self._state["random"], *self._state.get("random of others", [])]
        if worker >= len(states):
            self._refuse("fewer workers", f"it has the random states of {len(states)}")
        random_states = _checked_random(states[worker], self.path)

        model.set_state_dict(self._parameters)
        if schedule is not None:  # the optimiser hands it on to its schedule
            accumulators["LR_Scheduler"] = dict(self._state["schedule"])
        optimizer.set_state_dict(accumulators)
        _set_random(random_states)

    def _renamed(self, model: paddle.nn.Layer) -> dict[str, Any]:
        """The optimiser's state under the names that `model`'s parameters have in this process.

        Paddle numbers parameters as they are made (linear_0.w_0): a second model in the same
        process has other names, and ``set_state_dict`` would leave out what it does not know.
        """
        now = {name: tensor.name for name, tensor in model.named_parameters()}
        then = {name: old for name, old in self._state["parameters"].items() if name in now}
        renamed = {}
        for key, array in self._optimizer.items():
            owners = [name for name in then if key.startswith(f"{then[name]}_")]
            if not owners:
                self._refuse("an optimiser of other parameters", f"it has a state for {key}")
            owner = max(owners, key=lambda name: len(then[name]))
            renamed[now[owner] + key[len(then[owner]) :]] = paddle.to_tensor(array)
        return renamed

    def _refuse(self, what: str, details: str) -> None:
        raise CheckpointError(f"{self.path}: a checkpoint of {what}: {details}")


def save(
    folder: str | os.PathLike,
    model: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    schedule: paddle.optimizer.lr.LRScheduler | None = None,
    *,
    step: int,
    position: dict[str, Any] | None = None,
    history: dict[str, Any] | None = None,
    about: dict[str, Any] | None = None,
    score: float | None = None,
    keep: int = 3,
    random_states: list[dict[str, Any]] | None = None,
) -> Path:
    """Save a run's state in a new folder inside `folder`.

    `step` counts the optimiser's steps so far and names the checkpoint.
    `position`, `history` and `about` are anything that JSON can hold: where in
    the data the run is, its record, and what it is. Of older checkpoints, the
    last `keep` stay, this one included, and the one with the best score. If it
    cannot be written, what was there before is still there.

    Parameters
    ----------
    folder : str or os.PathLike
        The run's; it is made if it is not there.
    model : paddle.nn.Layer
        Its parameters and buffers are saved.
    optimizer : paddle.optimizer.Optimizer
        Its state is saved.
    schedule : paddle.optimizer.lr.LRScheduler, optional
        The one that `optimizer` was made with, if any.
    step : int
        0 or more.
    position : dict, optional
        Where in the data the run is.
    history : dict, optional
        The run's record.
    about : dict, optional
        What the run is: model, data, seed and so on.
    score : float, optional
        Better when higher.
    keep : int
        1 or more.
    random_states : list of dict, optional
        The :func:`random_state` of each worker; without it, that of this process.

    Returns
    -------
    pathlib.Path
        The checkpoint's folder.

    Raises
    ------
    CheckpointError
        If it cannot be written.
    ValueError
        For a `keep` or a `step` that is too small.
    """
    if keep < 1 or step < 0:
        raise ValueError(f"keep must be 1 or more and step 0 or more, not {keep} and {step}")
    folder = Path(folder)
    own, *others = random_states or [random_state()]
    files = {MODEL: _saved(model.state_dict()), OPTIMIZER: _saved(_accumulators(optimizer))}
    state: dict[str, Any] = {
        "format": FORMAT,
        "step": step,
        "position": position or {},
        "about": about or {},
        "history": history or {},
        "score": score,
        "kinds": {"optimizer": _kind(optimizer), "schedule": _kind(schedule)},
        "schedule": {} if schedule is None else schedule.state_dict(),
        "parameters": {name: tensor.name for name, tensor in model.named_parameters()},
        "random": own,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "versions": {
            "paddle": paddle.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    if others:
        state["random of others"] = others
    files[STATE] = _signed(state)
    path = folder / f"step-{step:08d}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while path.exists():  # the old one stays until the new one is there
            path = folder / f"step-{step:08d}-{_order(path)[1] + 1}"
        _write(folder, path, files)
        _prune(folder, keep)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written ({error.strerror or error})") from error
    return path


def load(path: str | os.PathLike) -> Checkpoint:
    """The newest sound checkpoint in a run's folder, or the one in the folder of a checkpoint.

    What is damaged is passed over, and stderr says so.

    Parameters
    ----------
    path : str or os.PathLike
        A folder in which :func:`save` has saved, or a folder that it has made there.

    Returns
    -------
    Checkpoint
        Read and checked.

    Raises
    ------
    CheckpointError
        If there is none; for the folder of one checkpoint, if that one is damaged.
    """
    path = Path(path)
    if (path / STATE).is_file():
        return _read(path)
    found = in_folder(path)
    for candidate in reversed(found):
        try:
            return _read(candidate)
        except CheckpointError as error:
            print(f"passed over: {error}", file=sys.stderr)
    what = "no sound checkpoint" if found else "no checkpoint"
    raise CheckpointError(f"{path}: {what} in it; expected folders named step-00000000")


# --- writing --------------------------------------------------------------------------------


def _saved(state: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():  # that the state is empty: SGD's is, and a new optimiser's
        warnings.filterwarnings("ignore", "The input state dict is empty")
        paddle.save(state, content)
    return content.getvalue()


def _accumulators(optimizer: paddle.optimizer.Optimizer) -> dict[str, Any]:
    """The optimiser's own state; that of its schedule is in the JSON."""
    return {k: v for k, v in optimizer.state_dict().items() if k != "LR_Scheduler"}


def _kind(thing: object) -> str | None:
    return None if thing is None else type(thing).__name__


def _signed(state: dict[str, Any]) -> bytes:
    """`state` as JSON, with a checksum of its own."""
    text = json.dumps(state, indent=1, sort_keys=True)
    return json.dumps(
        {"sha256": hashlib.sha256(text.encode()).hexdigest(), "state": state},
        indent=1,
        sort_keys=True,
    ).encode()


def _write(folder: Path, path: Path, files: dict[str, bytes]) -> None:
    """All of `files` into a new folder, which gets the name `path` when they are on the disk."""
    for left in folder.glob(".*.part"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=folder))
    try:
        for name, content in files.items():
            with open(temporary / name, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        flush_folder(temporary)
        _read(temporary)  # as whoever loads it will
        os.chmod(temporary, 0o755)
        os.rename(temporary, path)
        flush_folder(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _prune(folder: Path, keep: int) -> None:
    found = in_folder(folder)
    scored = []
    for path in found:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            score = json.loads((path / STATE).read_bytes())["state"]["score"]
            scored += [(float(score), path)] if score is not None else []
    best = max(scored)[1] if scored else None
    for path in found[:-keep]:
        if path != best:
            _remove(path)


def _remove(path: Path) -> None:
    """Rename first: what is half removed must not look like a checkpoint."""
    away = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    os.rename(path, away / path.name)
    shutil.rmtree(away, ignore_errors=True)


# --- reading --------------------------------------------------------------------------------


def in_folder(folder: str | os.PathLike) -> list[Path]:
    """The folders of checkpoints in `folder`, the oldest first.

    Parameters
    ----------
    folder : str or os.PathLike
        A run's.

    Returns
    -------
    list of pathlib.Path
        By name alone: whether they are sound, :func:`load` finds out.

    Raises
    ------
    CheckpointError
        If `folder` is not a folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: not a folder")
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=_order)


def _order(path: Path) -> tuple[int, int]:
    match = NAME.fullmatch(path.name)
    assert match, path  # who calls has chosen the names by it
    step, again = match.groups()
    return int(step), int(again or 1)


def _read(path: Path) -> Checkpoint:
    state = _state(path / STATE)
    contents = {}
    for name in (MODEL, OPTIMIZER):
        file = path / name
        if not file.is_file():
            raise CheckpointError(f"{path}: no {name} in it; it is not complete")
        contents[name] = file.read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != state["sha256"].get(name):
            raise CheckpointError(
                f"{file}: damaged, or of another checkpoint (its SHA-256 is not the one that "
                f"{STATE} names)"
            )
    parameters = arrays_in(contents[MODEL], path / MODEL)
    optimizer = arrays_in(contents[OPTIMIZER], path / OPTIMIZER, may_be_empty=True)
    facts = {name: state[name] for name in ("step", "about", "position", "history", "score")}
    return Checkpoint(path, **facts, _state=state, _parameters=parameters, _optimizer=optimizer)


EXPECTED = {
    "step": int, "position": dict, "about": dict, "history": dict, "kinds": dict,
    "schedule": dict, "parameters": dict, "random": dict, "sha256": dict,
}  # fmt: skip


def _state(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise CheckpointError(f"{path.parent}: no {path.name} in it; it is not a checkpoint")
    try:
        content = json.loads(path.read_bytes())
        state, checksum = content["state"], content["sha256"]
        version = state["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged, or not a checkpoint's ({error!r})") from None
    if version != FORMAT:
        raise CheckpointError(f"{path}: of format {version!r}; this version reads format {FORMAT}")
    text = json.dumps(state, indent=1, sort_keys=True)
    if hashlib.sha256(text.encode()).hexdigest() != checksum:
        raise CheckpointError(f"{path}: damaged (its checksum does not fit what it holds)")
    for key, kind in EXPECTED.items():
        if not isinstance(state.get(key), kind):
            raise CheckpointError(f"{path}: {key!r} is missing, or not what it should be")
    return state


# --- random states --------------------------------------------------------------------------


def random_state() -> dict[str, Any]:
    """The states of Python's, NumPy's and Paddle's generators, as JSON holds them.

    Returns
    -------
    dict
        With "python", "numpy" and "paddle".
    """
    numpy = np.random.get_state(legacy=False)  # noqa: NPY002 - other code may draw from it
    numpy["state"]["key"] = numpy["state"]["key"].tolist()
    states = paddle.get_rng_state()
    # (device, seed, offset, the engine's text as a list of character codes)
    paddles: list[Any] = [state.__reduce_ex__(2)[2] for state in states]
    return {
        "python": random.getstate(),
        "numpy": numpy,
        "paddle": [[*rest, "".join(map(chr, text))] for *rest, text in paddles],
    }


def _checked_random(states: dict[str, Any], path: Path) -> dict[str, Any]:
    """The states in the form in which the generators take them; CheckpointError if they do not."""
    try:
        version, words, gauss = states["python"]
        numpy = {**states["numpy"], "state": dict(states["numpy"]["state"])}
        numpy["state"]["key"] = np.array(numpy["state"]["key"], np.uint32)
        here = paddle.get_rng_state()
        if len(here) != len(states["paddle"]):
            raise ValueError("it was saved on other devices")
        for _, _, _, text in states["paddle"]:
            if not re.fullmatch(r"(\d+ ){100,}\d+", text.strip()):
                raise ValueError("Paddle's state is not one")
        paddles = []
        for kind, (*rest, text) in zip(here, states["paddle"], strict=True):
            state = type(kind).__new__(type(kind))
            state.__setstate__((*map(int, rest), list(text.encode())))
            paddles.append(state)
        random.Random().setstate((version, tuple(words), gauss))
        np.random.RandomState().set_state(numpy)
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise CheckpointError(f"{path / STATE}: random states that do not fit ({error})") from None
    return {"python": (version, tuple(words), gauss), "numpy": numpy, "paddle": paddles}


def _set_random(states: dict[str, Any]) -> None:
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])  # noqa: NPY002 - as it was
    paddle.set_rng_state(states["paddle"])
