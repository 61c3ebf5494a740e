"""A parameter server over Paddle's collectives: worker 0 serves, the others train.

Paddle's own (``fleet`` with its parameter servers) is not in the wheels for processors. The idea
fits on a page: trainers *push* gradients, the server takes the step, trainers *pull* parameters.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

import paddle
import paddle.distributed as dist

SERVER = 0


def vector_of(tensors: Iterable[paddle.Tensor]) -> paddle.Tensor:
    """All their numbers, one after the other: one message in place of many."""
    return paddle.concat([tensor.detach().flatten() for tensor in tensors])


def _cut(vector: paddle.Tensor, model: paddle.nn.Layer):
    """Each parameter of `model` with its part of the vector."""
    parameters = model.parameters()
    parts = paddle.split(vector, [int(p.size) for p in parameters])
    return [(p, part.reshape(p.shape)) for p, part in zip(parameters, parts, strict=True)]


def set_parameters(model: paddle.nn.Layer, vector: paddle.Tensor) -> None:
    """Give `model` the parameters in `vector`, as ``vector_of(model.parameters())`` made it."""
    for parameter, values in _cut(vector, model):
        parameter.set_value(values)


def set_gradients(model: paddle.nn.Layer, vector: paddle.Tensor) -> None:
    """Give `model` the gradients in `vector`, as if ``backward`` had left them."""
    for parameter, values in _cut(vector, model):
        parameter.grad = values


def gradients(model, loss: Callable, images, labels, weight: float = 1.0) -> paddle.Tensor:
    """The gradients of the batch's loss times `weight`, as a vector; none is left in the model."""
    outputs = model(paddle.to_tensor(images))
    (loss(outputs, paddle.to_tensor(labels)) * weight).backward()
    vector = vector_of(p.grad for p in model.parameters())
    model.clear_gradients()
    return vector


# --- all at the same pace -------------------------------------------------------------------


def serve(model: paddle.nn.Layer, optimizer, steps: int) -> None:
    """The server's side: for each step the mean of all gradients in, the new parameters out."""
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


def train(model: paddle.nn.Layer, loss: Callable, feed: Iterable) -> None:
    """A trainer's side: push a gradient, pull parameters. `feed` gives (images, labels, weight),
    as ``data.shares`` does, the same number of times in each trainer."""
    parameters = vector_of(model.parameters())
    dist.broadcast(parameters, src=SERVER)
    set_parameters(model, parameters)
    for images, labels, weight in feed:
        dist.reduce(gradients(model, loss, images, labels, weight), dst=SERVER)
        dist.broadcast(parameters, src=SERVER)
        set_parameters(model, parameters)


# --- each at its own pace -------------------------------------------------------------------


def pairs() -> list:
    """A group of the server and each trainer: the messages of one do not wait for another's.

    All workers call it, and call it once.
    """
    return [dist.new_group([SERVER, rank]) for rank in range(1, dist.get_world_size())]


def serve_each(model: paddle.nn.Layer, optimizer, steps: list[int], groups: list) -> list[int]:
    """The server's side: every gradient is applied as it arrives, ``steps[i]`` from trainer i.

    Returns the staleness of each: how many steps the server has taken since the trainer pulled the
    parameters that the gradient is of.
    """
    lock, staleness = threading.Lock(), []

    def serve_one(trainer: int) -> None:
        group, rank = groups[trainer], trainer + 1
        with lock:
            parameters, pulled = vector_of(model.parameters()), len(staleness)
        dist.send(parameters, dst=rank, group=group)
        for _ in range(steps[trainer]):
            pushed = paddle.zeros_like(parameters)
            dist.recv(pushed, src=rank, group=group)
            with lock:
                set_gradients(model, pushed)
                optimizer.step()
                optimizer.clear_grad()
                staleness.append(len(staleness) - pulled)
                parameters, pulled = vector_of(model.parameters()), len(staleness)
            dist.send(parameters, dst=rank, group=group)

    threads = [threading.Thread(target=serve_one, args=(i,)) for i in range(len(groups))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return staleness


def train_each(model: paddle.nn.Layer, loss: Callable, feed: Iterable, groups: list) -> None:
    """A trainer's side: as :func:`train`, but no trainer waits for another."""
    group = groups[dist.get_rank() - 1]
    parameters = vector_of(model.parameters())
    dist.recv(parameters, src=SERVER, group=group)
    set_parameters(model, parameters)
    for images, labels, weight in feed:
        dist.send(gradients(model, loss, images, labels, weight), dst=SERVER, group=group)
        dist.recv(parameters, src=SERVER, group=group)
        set_parameters(model, parameters)


# --- what staleness does --------------------------------------------------------------------


def train_stale(model, optimizer, loss: Callable, feed: Iterable, staleness: int) -> None:
    """In this process alone: every gradient is of the parameters of `staleness` steps before.

    What an asynchronous server does by chance, done always, so that it can be measured: 0 is
    ordinary training. `feed` gives (images, labels). Raises ValueError for a staleness below 0.
    """
    if staleness < 0:
        raise ValueError(f"staleness must be 0 or more, not {staleness}")
    past = deque([vector_of(model.parameters())], maxlen=staleness + 1)
    for images, labels in feed:
        set_parameters(model, past[0])
        old = gradients(model, loss, images, labels)
        set_parameters(model, past[-1])
        set_gradients(model, old)
        optimizer.step()
        optimizer.clear_grad()
        past.append(vector_of(model.parameters()))
