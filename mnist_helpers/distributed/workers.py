"""The processes that train together, each with its own digits and all with the same weights.

``join()`` gives this process its place among those that ``paddle.distributed.launch`` (or
``paddle.distributed.spawn``) has started. A process that was started alone is a group of one, and
then nothing here does anything; so one program runs both ways.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import numpy as np
import paddle
import paddle.distributed as dist

from mnist_helpers.data import Digits, batches, shares
from mnist_helpers.errors import HelperError, WorkersError
from mnist_helpers.models.weights import described, differences
from mnist_helpers.system.ports import is_free

Result = TypeVar("Result")


class Workers:
    """A process that trains alone.

    Attributes
    ----------
    rank : int
        Its number, from 0.
    world : int
        How many there are.
    weight : float
        By what its loss of the batch in hand is to be multiplied, so that the mean of all workers'
        gradients is that over all digits (see :func:`mnist_helpers.data.shares`).
    """

    rank, world, weight = 0, 1, 1.0

    def parallel(self, model: paddle.nn.Layer, seed: int, **facts: Any) -> paddle.nn.Layer:
        """What to call in place of `model`, so that its gradients are the mean over all workers.

        All get the weights of worker 0, and each its own random numbers (for dropout), from `seed`.

        Parameters
        ----------
        model : paddle.nn.Layer
            The model to train.
        seed : int
            The seed of the training, 0 or more.
        **facts
            What else must be the same in all workers, by name.

        Returns
        -------
        paddle.nn.Layer
            `model` itself for a process alone; in a group, a ``paddle.DataParallel`` of it.

        Raises
        ------
        WorkersError
            If the workers do not agree about the names and shapes in the model, the seed, or one of
            the other facts.
        """
        return model

    def batches(
        self,
        digits: Digits,
        batch_size: int,
        seed: int,
        epoch: int,
        augment: Callable | None = None,
        skip: int = 0,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """This worker's part of a pass.

        Parameters
        ----------
        digits : Digits
            The digits of all workers.
        batch_size : int
            How many of them are in a batch of one worker.
        seed, epoch : int
            They give the order of the digits, 0 or more.
        augment : callable, optional
            Changes the images of a batch, as in :func:`mnist_helpers.data.batches`.
        skip : int
            How many batches are left out at the beginning.

        Yields
        ------
        images : numpy.ndarray
            float32 [b, 1, 28, 28] in [0, 1].
        labels : numpy.ndarray
            int64 [b, 1].

        Raises
        ------
        ValueError
            If `batch_size` is below 1, or `seed` or `epoch` is negative.
        """
        return batches(digits, batch_size, seed=seed, epoch=epoch, augment=augment, skip=skip)

    def together(self, loss: paddle.Tensor, right: int, n: int) -> tuple[paddle.Tensor, int, int]:
        """Combine loss and counts over all workers.

        Parameters
        ----------
        loss : paddle.Tensor
            The mean loss over this worker's digits, a number.
        right : int
            How many of them were read right.
        n : int
            How many there are.

        Returns
        -------
        loss : paddle.Tensor
            The mean loss over all workers' digits; in a group, float64 [1] without a gradient.
        right : int
            How many of them were read right.
        n : int
            How many there are.
        """
        return loss, right, n

    def agree(self, **facts: Any) -> None:
        """Refuse to go on, in every worker, unless the facts are the same in all.

        Parameters
        ----------
        **facts
            What is to be the same, by name; all workers give the same names. Of a dictionary of
            names and shapes, the error says which names differ.

        Raises
        ------
        WorkersError
            In every worker, naming what differs.
        """

    def first(self, function: Callable[[], Result]) -> Result:
        """Call ``function()`` in worker 0 alone; all return what it returned, or raise its error.

        The others wait meanwhile, for 30 seconds at most (a limit of Gloo, the library by which
        Paddle's processes talk on CPUs).

        Parameters
        ----------
        function : callable
            What to call. In a group, what it returns must be such that it can be pickled.

        Returns
        -------
        object
            What `function` returned.

        Raises
        ------
        HelperError, OSError
            What `function` raised, in every worker. An error of another kind is raised in worker 0
            alone, and the others wait in vain.
        """
        return function()

    def any(self, wish: bool) -> bool:
        """Whether one of the workers wishes it.

        Parameters
        ----------
        wish : bool
            Whether this one does.

        Returns
        -------
        bool
            The same in all workers.
        """
        return wish

    def gather(self, thing: Any) -> list:
        """What each worker has given, in the order of their ranks.

        Parameters
        ----------
        thing : object
            What this one gives. In a group, it must be such that it can be pickled.

        Returns
        -------
        list
            One thing a worker, the same in all workers.
        """
        return [thing]


ALONE = Workers()


def join() -> Workers:
    """This process's place among those that were started together; ``ALONE`` if it was not.

    The processes meet when it is called for the first time, so all of them must call it.

    Returns
    -------
    Workers
        A :class:`Group` where ``paddle.distributed.launch`` or ``spawn`` has started two or more
        processes; else ``ALONE``.

    Raises
    ------
    WorkersError
        In worker 0, if the port at which they are to meet is taken by another program.
    """
    if int(os.environ.get("PADDLE_TRAINERS_NUM", 1)) < 2:
        return ALONE
    if not dist.is_initialized():
        _meet()
        with contextlib.redirect_stderr(io.StringIO()):  # a list of Paddle's own settings
            dist.init_parallel_env()
    return Group(dist.get_rank(), dist.get_world_size())


def _meet() -> None:
    """Wait until worker 0 listens: Paddle looks only once in three seconds. WorkersError in
    worker 0 if it cannot listen, where Paddle would crash."""
    master = os.environ.get("PADDLE_MASTER") or os.environ["PADDLE_TRAINER_ENDPOINTS"].split(",")[0]
    host, port = master.split(":")
    if os.environ["PADDLE_TRAINER_ID"] == "0":
        if not is_free(int(port)):
            raise WorkersError(
                f"port {port} of this machine, where the workers are to meet, is taken by another "
                "program. Start again with another port"
            )
        return
    end = time.monotonic() + 60  # then Paddle goes on waiting
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        time.sleep(0.02)


class Group(Workers):
    """A worker among others: what :class:`Workers` does, by messages between them.

    :func:`join` makes it.

    Parameters
    ----------
    rank : int
        Its number, from 0.
    world : int
        How many there are.
    """

    def __init__(self, rank: int, world: int) -> None:
        self.rank, self.world = rank, world

    def parallel(self, model: paddle.nn.Layer, seed: int, **facts: Any) -> paddle.nn.Layer:
        self.agree(**{"the model": described(model.state_dict()), "the seed": seed, **facts})
        if self.rank:  # dropout must not leave out the same units in every worker
            seed_paddle(seed, self.rank)
        return paddle.DataParallel(model)  # gives all the weights of worker 0

    def batches(
        self,
        digits: Digits,
        batch_size: int,
        seed: int,
        epoch: int,
        augment: Callable | None = None,
        skip: int = 0,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        own: dict[str, Any] = {"rank": self.rank, "world": self.world, "augment": augment}
        for images, labels, weight in shares(
            digits, batch_size, seed=seed, epoch=epoch, skip=skip, **own
        ):
            self.weight = weight
            yield images, labels

    def together(self, loss: paddle.Tensor, right: int, n: int) -> tuple[paddle.Tensor, int, int]:
        if self.weight == 0:  # the digit is another worker's
            right = n = 0
        loss = (loss.detach() * self.weight).flatten().astype("float64")
        sums = paddle.concat([loss, paddle.to_tensor([right, n], "float64")])
        dist.all_reduce(sums)
        *_, right, n = cast(list, sums.tolist())  # of a vector, not of a single number
        return sums[:-2] / self.world, int(right), int(n)

    def agree(self, **facts: Any) -> None:
        theirs = self.gather(facts)
        for name in facts:
            for rank, other in enumerate(theirs):
                if other[name] != theirs[0][name]:
                    what = _difference(theirs[0][name], other[name], rank)
                    raise WorkersError(f"the workers do not agree about {name}: {what}")

    def first(self, function: Callable[[], Result]) -> Result:
        told: list[Any] = [None, None]
        if self.rank == 0:
            try:
                told = [function(), None]
            except (HelperError, OSError) as error:
                told = [None, error]
        dist.broadcast_object_list(told, src=0)
        result, raised = told
        if raised is not None:
            raise raised
        return result

    def any(self, wish: bool) -> bool:
        wishes = paddle.to_tensor([int(wish)])
        dist.all_reduce(wishes, dist.ReduceOp.MAX)
        return bool(wishes.item())

    def gather(self, thing: Any) -> list:
        things: list[Any] = []
        dist.all_gather_object(things, thing)
        return things


def has_a_launcher() -> bool:
    """Whether a launcher has started this process; it may be the only one."""
    return "PADDLE_TRAINERS_NUM" in os.environ


def seed_paddle(*numbers: int) -> None:
    """Set the generator from which Paddle draws, by all of these numbers together."""
    paddle.seed(int(np.random.SeedSequence(numbers).generate_state(1)[0]))


def _difference(first: Any, other: Any, rank: int) -> str:
    if isinstance(first, dict) and isinstance(other, dict):
        return f"worker {rank} differs from worker 0: {'; '.join(differences(first, other))}"
    return f"{first} in worker 0, {other} in worker {rank}"
