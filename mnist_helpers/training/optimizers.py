"""Paddle's optimisers and schedules by the names that the command line knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import paddle
from paddle.optimizer import lr

from mnist_helpers.errors import one_of

# name → (class, the learning rate where none is given, other arguments). The rates are somewhat
# below those that did best in the chapter on optimisers: larger networks bear less.
OPTIMIZERS: dict[str, tuple[Callable[..., paddle.optimizer.Optimizer], float, dict[str, Any]]] = {
    "sgd": (paddle.optimizer.SGD, 0.1, {}),
    "momentum": (paddle.optimizer.Momentum, 0.01, {"momentum": 0.9}),
    "adagrad": (paddle.optimizer.Adagrad, 0.01, {}),
    "rmsprop": (paddle.optimizer.RMSProp, 0.001, {}),
    "adam": (paddle.optimizer.Adam, 0.001, {}),
    "adamw": (paddle.optimizer.AdamW, 0.001, {}),
}

# name → from (highest rate, steps in all) to a schedule
SCHEDULES: dict[str, Callable[[float, int], lr.LRScheduler | None]] = {
    "constant": lambda rate, steps: None,
    "polynomial": lambda rate, steps: lr.PolynomialDecay(rate, steps, end_lr=rate / 100),
    "cosine": lambda rate, steps: lr.CosineAnnealingDecay(rate, T_max=steps),
    "one-cycle": lambda rate, steps: lr.OneCycleLR(rate, total_steps=steps),
}


def usual_rate(name: str) -> float:
    """The learning rate of optimiser `name` where none is given.

    Parameters
    ----------
    name : str
        A name in `OPTIMIZERS`.

    Returns
    -------
    float
        The rate.

    Raises
    ------
    UnknownNameError
        For another name; it lists the known ones.
    """
    return one_of(OPTIMIZERS, name, "optimiser")[1]


def create_optimizer(
    name: str,
    parameters: Sequence[paddle.Tensor],
    rate: float,
    schedule: str = "constant",
    steps: int = 1,
) -> tuple[paddle.optimizer.Optimizer, lr.LRScheduler | None]:
    """The optimiser `name` for `parameters`, and its schedule over `steps` (None if constant).

    Parameters
    ----------
    name : str
        A name in `OPTIMIZERS`.
    parameters : sequence of paddle.Tensor
        What it is to change: ``model.parameters()``.
    rate : float
        The highest learning rate.
    schedule : str
        A name in `SCHEDULES`: how the rate changes.
    steps : int
        The steps of the whole run, over which it changes; 1 or more. "constant" needs none.

    Returns
    -------
    optimizer : paddle.optimizer.Optimizer
        The optimiser, made with the schedule.
    schedule : paddle.optimizer.lr.LRScheduler or None
        The schedule, to be stepped after every batch; None for "constant".

    Raises
    ------
    UnknownNameError
        For names that are not in `OPTIMIZERS` and `SCHEDULES`; it lists the known ones.
    """
    kind, _, others = one_of(OPTIMIZERS, name, "optimiser")
    its_schedule = one_of(SCHEDULES, schedule, "schedule")(rate, steps)
    optimizer = kind(learning_rate=its_schedule or rate, parameters=parameters, **others)
    return optimizer, its_schedule
