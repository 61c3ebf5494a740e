"""Runs that can be cut anywhere and go on as the same run: ``fit(…, checkpoint=…)``."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from mnist_helpers import checkpoints
from mnist_helpers.errors import CheckpointError, StoppedError
from mnist_helpers.training import Epoch, History, Position
from mnist_helpers.workers import ALONE, Workers


class Resumable:
    """Saves a run of ``fit`` in `folder`, and goes on with the one that is there.

    It is saved after every epoch, and within epochs every `every` steps, if that is given. Of the
    checkpoints, the last `keep` stay, and the one with the best validation accuracy. `about` is
    what else must be the same for the run to be the same (the model's name, for example), as JSON
    can hold it.

    What goes on is the same run to the bit, wherever it was cut: weights, optimiser, schedule,
    random states, place in the data, history. Observers of ``fit`` are not part of it: they see
    what happens from then on.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        every: int | None = None,
        keep: int = 3,
        about: dict | None = None,
    ):
        for name, number in (("every", every), ("keep", keep)):
            if number is not None and number < 1:
                raise ValueError(f"{name} must be 1 or more, not {number}")
        self.folder, self.every, self.keep = Path(folder), every, keep
        self.about = about or {}
        self.stop_asked = False
        self.workers = ALONE

    def begin(
        self, run: tuple, identity: dict, workers: Workers = ALONE
    ) -> tuple[History, Position]:
        """Restore `run` (model, optimizer, schedule) from the newest sound checkpoint, if any.

        Of several workers, the first saves for all, and all go on from the same checkpoint.

        Gives its history and position, or new ones. Raises CheckpointError if the checkpoint is of
        another run: `identity` (what ``fit`` knows of the data) and `about` must be the same.
        """
        self.about, self.workers = {**identity, **self.about}, workers
        path = workers.first(self._newest)
        if path is None:
            return History(), Position()
        found = checkpoints.load(path)
        about = {"workers": 1, **found.about}  # older checkpoints do not say so
        for name in {**about, **self.about}:
            theirs, ours = about.get(name), self.about.get(name)
            if theirs != ours:
                raise CheckpointError(
                    f"{found.path}: a checkpoint of another run: {name} {theirs}, not {ours}"
                )
        try:
            epochs = [Epoch(**epoch) for epoch in found.history["epochs"]]
            history = History(found.history["losses"], found.history["rates"], epochs)
            position = Position(**found.position)
        except (KeyError, TypeError) as error:
            raise CheckpointError(f"{found.path}: not a checkpoint of fit ({error!r})") from None
        found.restore(*run, worker=workers.rank)
        return history, position

    def _newest(self) -> Path | None:
        return checkpoints.load(self.folder).path if self.has_checkpoints() else None

    def has_checkpoints(self) -> bool:
        """Whether there is something to go on with; it need not be sound."""
        return self.folder.is_dir() and bool(checkpoints.in_folder(self.folder))

    def after_step(self, run: tuple, history: History, at: Position) -> None:
        """Save if it is time, or if the run is to stop: then StoppedError."""
        self.stop_asked = self.workers.any(self.stop_asked)
        if self.stop_asked or (self.every and at.step % self.every == 0):
            self._save(run, history, at)

    def after_epoch(self, run: tuple, history: History, at: Position) -> None:
        """Save; StoppedError if the run is to stop."""
        self.stop_asked = self.workers.any(self.stop_asked)
        self._save(run, history, at, score=history.accuracy)

    def _save(self, run, history, at, score=None) -> None:
        states = self.workers.gather(checkpoints.random_state())
        path = self.workers.first(
            lambda: checkpoints.save(
                self.folder,
                *run,
                step=len(history.losses),
                position=asdict(at),
                history=asdict(history),
                about=self.about,
                score=score,
                keep=self.keep,
                random_states=states,
            )
        )
        if self.stop_asked:
            raise StoppedError(f"stopped after step {len(history.losses)}; saved in {path}")

    @contextlib.contextmanager
    def stopping_on_signals(self) -> Iterator[None]:
        """Inside a ``with``, SIGTERM and Ctrl-C let the step end, save, and raise StoppedError.

        A second one ends the process at once, as ever; but among several workers the launcher
        sends three within a second, and kills who is still there after 30. Only in the main thread.
        """

        def stop(number, frame):
            self.stop_asked = True
            if self.workers is ALONE:
                signal.signal(number, before[number])

        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
