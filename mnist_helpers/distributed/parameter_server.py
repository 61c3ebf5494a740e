"""A parameter server over Paddle's collectives: worker 0 serves, the others train.

Paddle's own (``fleet`` with its parameter servers) is not in the wheels for processors. The idea
fits on a page: trainers *push* gradients, the server takes the step, trainers *pull* parameters.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import cast

import numpy as np
import paddle
import paddle.distributed as dist
from paddle.distributed.communication.group import Group

SERVER = 0
Span = tuple[float, float]


def vector_of(tensors: Iterable[paddle.Tensor]) -> paddle.Tensor:
    """All their numbers, one after the other: one message in place of many.

    Parameters
    ----------
    tensors : iterable of paddle.Tensor
        Tensors of one dtype, of any shapes.

    Returns
    -------
    paddle.Tensor
        A vector [k], a copy of their k numbers, without gradients.
    """
    return paddle.concat([tensor.detach().flatten() for tensor in tensors])


def _cut(vector: paddle.Tensor, model: paddle.nn.Layer) -> list[tuple]:
    """Each parameter of `model` with its part of the vector."""
    parameters = model.parameters()
    parts = paddle.split(vector, [int(p.size) for p in parameters])
    return [(p, part.reshape(p.shape)) for p, part in zip(parameters, parts, strict=True)]


def set_parameters(model: paddle.nn.Layer, vector: paddle.Tensor) -> None:
    """Give `model` the parameters in `vector`, as ``vector_of(model.parameters())`` made it.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model to change.
    vector : paddle.Tensor
        [k], a number for each of the model's k.

    Raises
    ------
    ValueError
        If `vector` is of another length; Paddle's own.
    """
    for parameter, values in _cut(vector, model):
        parameter.set_value(values)


def set_gradients(model: paddle.nn.Layer, vector: paddle.Tensor) -> None:
    """Give `model` the gradients in `vector`, as if ``backward`` had left them.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model whose gradients are set.
    vector : paddle.Tensor
        [k], a number for each of the model's k, in the order of ``model.parameters()``.

    Raises
    ------
    ValueError
        If `vector` is of another length; Paddle's own.
    """
    for parameter, values in _cut(vector, model):
        parameter.grad = values


def gradients(
    model: paddle.nn.Layer,
    loss: Callable,
    images: np.ndarray,
    labels: np.ndarray,
    weight: float = 1.0,
) -> paddle.Tensor:
    """The gradients of the batch's loss times `weight`, as a vector; none is left in the model.

    Parameters
    ----------
    model : paddle.nn.Layer
        A model all of whose parameters are trained, and whose gradients are none or 0. Afterwards
        they are 0.
    loss : callable
        ``loss(outputs, labels)``, the mean over a batch.
    images : numpy.ndarray
        float32 [b, 1, 28, 28] in [0, 1].
    labels : numpy.ndarray
        int64 [b, 1].
    weight : float
        What the loss is multiplied by.

    Returns
    -------
    paddle.Tensor
        [k], a number for each of the model's k parameters, as :func:`vector_of` orders them.

    Raises
    ------
    ValueError
        If the loss does not depend on one of the parameters, which then has no gradient.
    """
    outputs = model(paddle.to_tensor(images))
    (loss(outputs, paddle.to_tensor(labels)) * weight).backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            raise ValueError(f"the loss does not depend on the parameter {name}")
    vector = vector_of(cast(paddle.Tensor, p.grad) for p in model.parameters())
    model.clear_gradients()
    return vector


# --- all at the same pace -------------------------------------------------------------------


def serve(model: paddle.nn.Layer, optimizer: paddle.optimizer.Optimizer, steps: int) -> None:
    """The server's side: for each step the mean of all gradients in, the new parameters out.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model, whose parameters all trainers get at the start.
    optimizer : paddle.optimizer.Optimizer
        Takes the steps; it was made with the parameters of `model`.
    steps : int
        As many as each trainer's feed gives.
    """
    trainers = dist.get_world_size() - 1
    parameters = vector_of(model.parameters())
    dist.broadcast(parameters, src=SERVER)  # all begin with the same
    for _ in range(steps):
        pushed = paddle.zeros_like(parameters)  # the server has no gradient of its own
        dist.reduce(pushed, dst=SERVER)  # the sum of the trainers'
        set_gradients(model, pushed / trainers)
        optimizer.step()
        optimizer.clear_grad()
        dist.broadcast(vector_of(model.parameters()), src=SERVER)


def train(model: paddle.nn.Layer, loss: Callable, feed: Iterable) -> list[Span]:
    """A trainer's side: push a gradient, pull parameters. It returns when it was at work.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model, of the same shapes as the server's; it has the server's parameters in the end.
    loss : callable
        ``loss(outputs, labels)``, the mean over a batch.
    feed : iterable
        Gives (images, labels), as :func:`mnist_helpers.data.batches` does, or (images, labels,
        weight), as :func:`mnist_helpers.data.shares` does, the same number of times in each
        trainer.

    Returns
    -------
    list of (float, float)
        For each batch, from fetching it to the push: seconds of ``time.perf_counter``, a clock that
        the processes of one machine share.
    """
    spans: list[Span] = []
    parameters = vector_of(model.parameters())
    dist.broadcast(parameters, src=SERVER)
    set_parameters(model, parameters)
    start = time.perf_counter()
    for batch in feed:
        gradient = gradients(model, loss, *batch)
        spans.append((start, time.perf_counter()))
        dist.reduce(gradient, dst=SERVER)
        dist.broadcast(parameters, src=SERVER)
        set_parameters(model, parameters)
        start = time.perf_counter()
    return spans


# --- each at its own pace -------------------------------------------------------------------


def pairs() -> list[Group]:
    """A group of the server and each trainer: the messages of one do not wait for another's.

    All workers call it, and call it once.

    Returns
    -------
    list of paddle.distributed.communication.group.Group
        One a trainer, in the order of their ranks: the first is that of worker 1.
    """
    return [dist.new_group([SERVER, rank]) for rank in range(1, dist.get_world_size())]


def serve_each(
    model: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    batches: int,
    groups: list[Group],
) -> list[tuple[int, int]]:
    """The server's side: batches wait in a queue, and every gradient is applied as it arrives.

    Whoever pushes a gradient gets the new parameters, and the number of the next batch. For each
    gradient, it returns who pushed it and its staleness: how many steps the server has taken since
    that trainer pulled the parameters that the gradient is of.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model, whose parameters all trainers get at the start.
    optimizer : paddle.optimizer.Optimizer
        Takes the steps; it was made with the parameters of `model`.
    batches : int
        How many there are in the queue, fewer than 2 ** 24.
    groups : list of paddle.distributed.communication.group.Group
        What :func:`pairs` gave.

    Returns
    -------
    list of (int, int)
        The trainer's rank and the staleness, 0 or more, in the order in which they were applied.
    """
    lock, queue = threading.Lock(), iter(range(batches))
    applied: list[tuple[int, int]] = []

    def answer() -> tuple[paddle.Tensor, int]:
        number = paddle.to_tensor([next(queue, -1)], "float32")  # -1: the queue is empty
        return paddle.concat([vector_of(model.parameters()), number]), len(applied)

    def serve_one(rank: int, group: Group) -> None:
        with lock:
            told, pulled = answer()
        dist.send(told, dst=rank, group=group)
        while told[-1] >= 0:
            pushed = paddle.zeros_like(told[:-1])
            dist.recv(pushed, src=rank, group=group)
            with lock:
                set_gradients(model, pushed)
                optimizer.step()
                optimizer.clear_grad()
                applied.append((rank, len(applied) - pulled))
                told, pulled = answer()
            dist.send(told, dst=rank, group=group)

    threads = [threading.Thread(target=serve_one, args=pair) for pair in enumerate(groups, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return applied


def train_each(
    model: paddle.nn.Layer, loss: Callable, batch: Callable[[int], tuple], groups: list[Group]
) -> list[Span]:
    """A trainer's side: as :func:`train`, but no trainer waits for another.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model, of the same shapes as the server's.
    loss : callable
        ``loss(outputs, labels)``, the mean over a batch.
    batch : callable
        ``batch(i)`` gives batch i of the queue: (images, labels).
    groups : list of paddle.distributed.communication.group.Group
        What :func:`pairs` gave.

    Returns
    -------
    list of (float, float)
        As those of :func:`train`.
    """
    spans: list[Span] = []
    group = groups[dist.get_rank() - 1]
    told = paddle.concat([vector_of(model.parameters()), paddle.zeros([1])])
    while True:
        dist.recv(told, src=SERVER, group=group)
        set_parameters(model, told[:-1])
        if told[-1] < 0:
            return spans
        start = time.perf_counter()
        gradient = gradients(model, loss, *batch(int(told[-1])))
        spans.append((start, time.perf_counter()))
        dist.send(gradient, dst=SERVER, group=group)


# --- what staleness does --------------------------------------------------------------------


def train_stale(
    model: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    loss: Callable,
    feed: Iterable,
    staleness: int | Sequence[int],
) -> None:
    """In this process alone: every gradient is of the parameters of `staleness` steps before.

    What an asynchronous server does by chance, done on purpose, so that it can be measured: 0 is
    ordinary training. The first steps, which have fewer before them, take those of the start.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model to train.
    optimizer : paddle.optimizer.Optimizer
        Takes the steps; it was made with the parameters of `model`.
    loss : callable
        ``loss(outputs, labels)``, the mean over a batch.
    feed : iterable
        Gives (images, labels), as :func:`mnist_helpers.data.batches` does.
    staleness : int or sequence of int
        How old the parameters are, in steps, 0 or more: one number for all batches, or one for
        each; after the last of them no batch is taken.

    Raises
    ------
    ValueError
        If `staleness` is below 0.
    """
    ages = itertools.repeat(staleness) if isinstance(staleness, int) else staleness
    least, most = _extremes(staleness)
    if least < 0:
        raise ValueError(f"staleness must be 0 or more, not {least}")
    past = deque([vector_of(model.parameters())], maxlen=most + 1)
    for age, (images, labels) in zip(ages, feed, strict=False):
        set_parameters(model, past[max(0, len(past) - 1 - age)])
        old = gradients(model, loss, images, labels)
        set_parameters(model, past[-1])
        set_gradients(model, old)
        optimizer.step()
        optimizer.clear_grad()
        past.append(vector_of(model.parameters()))


def _extremes(staleness: int | Sequence[int]) -> tuple[int, int]:
    ages = [staleness] if isinstance(staleness, int) else staleness
    return min(ages, default=0), max(ages, default=0)
