"""Runs that can be cut anywhere and go on as the same run: ``fit(…, checkpoint=…)``."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import paddle

from mnist_helpers.distributed.workers import ALONE, Workers, has_a_launcher, seed_paddle
from mnist_helpers.errors import CheckpointError, StoppedError
from mnist_helpers.training import checkpoints
from mnist_helpers.training.history import Epoch, History, Position

# What a run consists of: model, optimiser, schedule
Parts = tuple[paddle.nn.Layer, paddle.optimizer.Optimizer, paddle.optimizer.lr.LRScheduler | None]


class Resumable:
    """Saves a run of ``fit`` in `folder`, and goes on with the one that is there.

    It is saved after every epoch, and within epochs every `every` steps, if that is given. Of the
    checkpoints, the last `keep` stay, and the one with the best validation accuracy.

    What goes on, with as many threads and workers as before, is the same run to the bit, wherever
    it was cut: weights, optimiser, schedule, random states, place in the data, history.

    With `other_workers`, there may be more or fewer workers than before, if their batches come to
    as many digits in all. The steps are those of the run that was cut, on the same digits, each
    once in an epoch; but sums over a batch are made of other parts, so weights differ by rounding.
    Each worker goes on with the random state of the one that had its number; a worker that was not
    there gets one that depends on seed, number and step. So the same checkpoint, with the same
    number of workers, always gives the same weights. Stderr says where it goes on, and with how
    many.

    Callbacks of ``fit`` are not part of it: they see what happens from then on. (If a run is
    stopped at the end of an epoch, they are not told of that one's end.) The loss and what
    `augment` does are not compared: name them in `about` if they may differ.

    Parameters
    ----------
    folder : path
        Where the checkpoints are, each in a folder of its own. It need not be there yet.
    every : int, optional
        Steps from one checkpoint to the next, 1 or more; each epoch begins to count anew.
    keep : int
        How many of the last checkpoints stay, 1 or more.
    about : dict, optional
        What else must be the same for the run to be the same (the model's name, for example), as
        JSON can hold it.
    other_workers : bool
        Whether the run may go on with another number of workers.

    Attributes
    ----------
    stop_asked : bool
        Set it to True, and the run ends after the step at hand, or after the epoch which that
        completes: it is saved, and StoppedError raised.

    Raises
    ------
    ValueError
        If `every` or `keep` is below 1.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        every: int | None = None,
        keep: int = 3,
        about: dict[str, Any] | None = None,
        other_workers: bool = False,
    ):
        for name, number in (("every", every), ("keep", keep)):
            if number is not None and number < 1:
                raise ValueError(f"{name} must be 1 or more, not {number}")
        self.folder, self.every, self.keep = Path(folder), every, keep
        self.about, self.other_workers = about or {}, other_workers
        self.stop_asked = False
        self._facts = self.about  # with what `fit` adds
        self.workers = ALONE

    def begin(
        self, run: Parts, identity: dict[str, Any], workers: Workers = ALONE
    ) -> tuple[History, Position]:
        """Restore `run` from the newest sound checkpoint, if any; ``fit`` calls it first.

        Of several workers, the first saves for all, and sends all what it has read: they may be on
        other machines, without its files. What is damaged is passed over, and stderr says so.

        Parameters
        ----------
        run : (model, optimizer, schedule)
            What is restored, in place; the schedule is None if there is none.
        identity : dict
            What ``fit`` knows of the data. It and `about` must be the same as in the checkpoint.
        workers : Workers
            The processes that train together.

        Returns
        -------
        history : History
            The checkpoint's, or a new one.
        position : Position
            Where in the data the run goes on: the checkpoint's, or the beginning.

        Raises
        ------
        CheckpointError
            If the checkpoint is of another run, model, optimiser or schedule, or of another number
            of workers, and that is not allowed or their batches come to other numbers of digits;
            or if there are checkpoints, but none is sound.
        """
        self._facts, self.workers = {**identity, **self.about}, workers
        found = workers.first(self._newest)
        if found is None:
            return History(), Position()
        self._check_is_the_same(found)
        try:
            epochs = [Epoch(**epoch) for epoch in found.history["epochs"]]
            history = History(found.history["losses"], found.history["rates"], epochs)
            position = Position(**found.position)
        except (KeyError, TypeError) as error:
            raise CheckpointError(f"{found.path}: not a checkpoint of fit ({error!r})") from None
        new = workers.rank >= found.workers  # a worker that was not there
        found.restore(*run, worker=0 if new else workers.rank)
        if new:
            seed_paddle(self._facts["seed"], workers.rank, found.step)
        if workers.rank == 0 and self.other_workers:
            self._say_how_it_goes_on(found)
        return history, position

    def _check_is_the_same(self, found: checkpoints.Checkpoint) -> None:
        """CheckpointError if `found` is of another run than the one that is to go on."""
        theirs = {"workers": 1, **found.about}  # older checkpoints do not say so
        ours = self._facts
        other = theirs["workers"] != ours.get("workers", 1)
        shared = ("workers", "batch_size") if other else ()
        if shared and self.other_workers:
            sizes = [facts["workers"] * facts["batch_size"] for facts in (theirs, ours)]
            if sizes[0] != sizes[1]:
                raise CheckpointError(
                    f"{found.path}: its run has batches of {sizes[0]} digits in all ("
                    f"{theirs['workers']} times {theirs['batch_size']}), not of {sizes[1]} "
                    f"({ours['workers']} times {ours['batch_size']})"
                )
        for name in {**theirs, **ours}:
            if theirs.get(name) != ours.get(name) and not (self.other_workers and name in shared):
                hint = ". With other_workers it may be another" if name == "workers" else ""
                raise CheckpointError(
                    f"{found.path}: a checkpoint of another run: {name} {theirs.get(name)}, not "
                    f"{ours.get(name)}{hint}"
                )

    def _say_how_it_goes_on(self, found: checkpoints.Checkpoint) -> None:
        now, each = self.workers.world, self._facts["batch_size"]
        text = f"goes on after step {found.step}, with {now} worker{'s' if now > 1 else ''}"
        if now != found.workers:
            text += (
                f" instead of {found.workers}. A batch has {now * each} digits, as before: {each} "
                "for each"
            )
        print(text, file=sys.stderr)

    def _newest(self) -> checkpoints.Checkpoint | None:
        return checkpoints.load(self.folder) if self.has_checkpoints() else None

    def has_checkpoints(self) -> bool:
        """Whether there is something to go on with; it need not be sound.

        Returns
        -------
        bool
            True if `folder` holds a checkpoint.
        """
        return self.folder.is_dir() and bool(checkpoints.in_folder(self.folder))

    def after_step(self, run: Parts, history: History, at: Position) -> None:
        """Save if it is time, or if the run is to stop: then StoppedError.

        Parameters
        ----------
        run : (model, optimizer, schedule)
            What is saved.
        history : History
            The record so far.
        at : Position
            Where in the data the next batch is.

        Raises
        ------
        StoppedError
            If the run was asked to stop, after it has been saved.
        CheckpointError
            If the checkpoint cannot be written.
        """
        self.stop_asked = self.workers.any(self.stop_asked)
        if self.stop_asked or (self.every and at.step % self.every == 0):
            self._save(run, history, at)

    def after_epoch(self, run: Parts, history: History, at: Position) -> None:
        """Save, with the validation accuracy as the score; StoppedError if the run is to stop.

        Parameters
        ----------
        run : (model, optimizer, schedule)
            What is saved.
        history : History
            The record so far.
        at : Position
            The beginning of the next epoch.

        Raises
        ------
        StoppedError
            If the run was asked to stop, after it has been saved.
        CheckpointError
            If the checkpoint cannot be written.
        """
        self.stop_asked = self.workers.any(self.stop_asked)
        self._save(run, history, at, score=history.accuracy)

    def _save(self, run: Parts, history: History, at: Position, score: float | None = None) -> None:
        states = self.workers.gather(checkpoints.random_state())
        path = self.workers.first(
            lambda: checkpoints.save(
                self.folder,
                *run,
                step=len(history.losses),
                position=asdict(at),
                history=asdict(history),
                about=self._facts,
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

        A second one ends the process at once, as ever. Under a launcher it is ignored: launchers
        send three within a second, and kill who is still there after 30.

        Yields
        ------
        None
            At the end, the signals do what they did before.

        Raises
        ------
        ValueError
            If this is not the main thread: Python gives signals to that one alone.
        """

        def stop(number: int, frame: FrameType | None) -> None:
            self.stop_asked = True
            if not has_a_launcher():
                signal.signal(number, before[number])

        numbers = (signal.SIGTERM, signal.SIGINT)
        before: dict[int, Any] = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
