"""What ``train`` can be told: one typed list, from which everything else about it comes.

The command line, the checks, what ``--resume`` compares, and what stands in ``options.json`` and
``run.json`` are made of the fields of :class:`TrainOptions`. Needs no Paddle: a parser is made
before it is imported.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from mnist_helpers.errors import UnknownNameError

ModelName = Literal["linear", "mlp", "convnet", "lenet5", "alexnet", "patchnet"]
LossName = Literal["cross-entropy", "square-error"]
OptimizerName = Literal["sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw"]
ScheduleName = Literal["constant", "polynomial", "cosine", "one-cycle"]


def whole(lowest: int, below: int | None = None) -> Callable[[Any], int]:
    """A check: a whole number, or its text, in this range → the number; else ValueError."""
    last = "" if below is None else f" to {below - 1:,}"

    def check(value: Any) -> int:
        text = str(value)
        if not text.isdecimal() or not lowest <= int(text) < (below or math.inf):
            raise ValueError(f"expected a whole number from {lowest}{last}, not {value!r}")
        return int(text)

    return check


def above_zero(value: Any) -> float:
    """A finite number above 0, or its text → the number; else ValueError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise ValueError(f"expected a number above 0, not {value!r}")
    return number


def _option(
    about: str,
    metavar: str = "NAME",
    check: Callable[[Any], Any] | None = None,
    default: Any = MISSING,
    short: str | None = None,
) -> Any:
    """A field, with what the command line and the checks need to know of it."""
    told = {"about": about, "metavar": metavar, "check": check, "short": short}
    return field(default=default, metadata=told)


@dataclass(frozen=True)
class TrainOptions:
    """How a network is trained. The weights depend on all of it but `save_every`.

    Raises UnknownNameError for a name that is not known, ValueError for a number out of range.
    """

    model: ModelName = _option("the network, which a new run must name")
    loss: LossName = _option("what the training makes small", default="cross-entropy")
    optimizer: OptimizerName = _option("how a gradient becomes a step", default="adam")
    learning_rate: float | None = _option(
        "the highest; if not given, the optimiser's own", "R", above_zero, None, short="--lr"
    )
    schedule: ScheduleName = _option("how the rate changes", default="constant")
    epochs: int = _option("passes over the training digits", "N", whole(1), 1)
    batch_size: int = _option("digits in a step, of each process", "B", whole(1), 100)
    seed: int = _option("of weights, order and dropout", "S", whole(0, 2**32), 0)
    save_every: int | None = _option(
        "steps from one checkpoint to the next; if not given, an epoch", "N", whole(1), None
    )

    def __post_init__(self) -> None:
        for option in fields(TrainOptions):
            value, names = getattr(self, option.name), known_names(option.name)
            if names and value not in names:
                kind = option.name.replace("optimizer", "optimiser")
                raise UnknownNameError(f"no {kind} {value!r}; known: {', '.join(names)}")
            check = option.metadata["check"]
            if check and value is not None:
                try:
                    object.__setattr__(self, option.name, check(value))
                except ValueError as error:
                    raise ValueError(f"{option.name}: {error}") from None


def known_names(option: str) -> tuple[str, ...]:
    """The names that this option may have; none if it is a number."""
    hint = typing.get_type_hints(TrainOptions)[option]
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def flag(option: str) -> str:
    """A field's name on the command line: ``batch_size`` → ``--batch-size``."""
    return f"--{option.replace('_', '-')}"
