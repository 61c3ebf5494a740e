"""The errors that the helpers raise for bad input: each says what was found, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class HelperError(Exception):
    """Base of the package's own errors, so that a command can print them as one line."""


class DataError(HelperError, ValueError):
    """A data set, or a file of one, is not what it should be."""


class PictureError(HelperError, ValueError):
    """A file or an array from outside is not a picture of a digit."""


class NoDigitError(PictureError):
    """A picture could be read, and there is no digit on it, or nothing that stands out."""


class UnknownNameError(HelperError, ValueError):
    """A name that is not among the known ones."""


class LossInputError(HelperError, ValueError):
    """A model's outputs and the labels do not fit each other, or the loss."""


class DivergedError(HelperError, ArithmeticError):
    """The loss is not a finite number any more.

    Attributes
    ----------
    history : mnist_helpers.training.History
        What was recorded until then; its last loss is the one that is not finite.
    """

    def __init__(self, message: str, history: Any) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[Any, ...]:  # an exception is pickled by its message alone
        return type(self), (*self.args, self.history)


class RunError(HelperError):
    """A folder of a training run is not what it should be."""


class CheckpointError(RunError):
    """A checkpoint is not sound, is of another run, or cannot be written."""


class StoppedError(HelperError):
    """A training was asked to stop, and has been saved."""


class LaunchError(HelperError):
    """Processes that were to work together cannot be started, or one of them has failed.

    The attributes tell of the one that failed. They are None if it is not known, or if no process
    has been started.

    Attributes
    ----------
    rank : int or None
        Its number among all the processes, from 0.
    code : int or None
        What it ended with; below 0, the number of the signal that killed it, negated.
    log : pathlib.Path or None
        The file with what it printed.
    """

    def __init__(
        self,
        message: str,
        rank: int | None = None,
        code: int | None = None,
        log: Path | None = None,
    ) -> None:
        super().__init__(message)
        self.rank, self.code, self.log = rank, code, log


class WorkersError(HelperError):
    """The processes that train together do not agree about what they train."""


class ExportError(HelperError):
    """An exported model is not what it should be, or a model cannot be exported."""


class ModelInputError(HelperError, ValueError):
    """What an exported model is to answer for is not in the form that it was trained on."""


class InspectionError(HelperError):
    """A layer that was to be looked at is not there, or never ran."""


class LogError(HelperError):
    """A folder for VisualDL's log, or its server, cannot be had."""


class MissingPackageError(HelperError, ImportError):
    """An optional package is not installed."""


def one_of(known: Mapping[str, Any], name: str, kind: str) -> Any:
    """``known[name]``, or an UnknownNameError that lists the known names."""
    if name not in known:
        raise UnknownNameError(f"no {kind} {name!r}; known: {', '.join(known)}")
    return known[name]
