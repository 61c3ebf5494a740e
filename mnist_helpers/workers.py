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

import numpy as np
import paddle
import paddle.distributed as dist

from mnist_helpers.data import Digits, batches, shares
from mnist_helpers.errors import HelperError, WorkersError
from mnist_helpers.ports import is_free
from mnist_helpers.weights import differences


class Workers:
    """A process that trains alone. rank: its number, from 0. world: how many there are. weight: by
    what its loss of the batch in hand is to be multiplied, so that the mean of all workers'
    gradients is that over all digits (see ``data.shares``)."""

    rank, world, weight = 0, 1, 1.0

    def parallel(self, model: paddle.nn.Layer, seed: int, **facts) -> paddle.nn.Layer:
        """What to call in place of `model`, so that its gradients are the mean over all workers.

        All get the weights of worker 0, and each its own random numbers (for dropout), from `seed`.
        Raises WorkersError if the workers do not agree about the model, the seed and other `facts`.
        """
        return model

    def batches(
        self, digits: Digits, batch_size: int, seed: int, epoch: int, augment=None, skip: int = 0
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """This worker's part of a pass: (images, labels), as ``data.batches`` gives them."""
        return batches(digits, batch_size, seed=seed, epoch=epoch, augment=augment, skip=skip)

    def together(self, loss: paddle.Tensor, right: int, n: int) -> tuple:
        """From the mean loss over this worker's n digits, `right` of them read right, to the same
        three for all workers' digits."""
        return loss, right, n

    def agree(self, **facts) -> None:
        """WorkersError in every worker, naming what differs, unless the facts are the same in all.

        A fact that is a dictionary of names and shapes is compared name by name.
        """

    def first(self, function: Callable):
        """``function()``, called by worker 0 alone; all return what it returned or raise its error.

        The others wait meanwhile, for 30 seconds at most (a limit of Gloo's).
        """
        return function()

    def any(self, wish: bool) -> bool:
        """Whether one of the workers wishes it."""
        return wish

    def gather(self, thing) -> list:
        """What each worker has given, in the order of their ranks."""
        return [thing]


ALONE = Workers()


def join() -> Workers:
    """This process's place among those that were started together; ``ALONE`` if it was not.

    WorkersError if they cannot meet.
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
    """A worker among others: what :class:`Workers` does, by messages between them."""

    def __init__(self, rank: int, world: int):
        self.rank, self.world = rank, world

    def parallel(self, model, seed, **facts):
        shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        self.agree(**{"the model": shapes, "the seed": seed, **facts})
        if self.rank:  # dropout must not leave out the same units in every worker
            paddle.seed(int(np.random.SeedSequence([seed, self.rank]).generate_state(1)[0]))
        return paddle.DataParallel(model)  # gives all the weights of worker 0

    def batches(self, digits, batch_size, seed, epoch, augment=None, skip=0):
        own = {"rank": self.rank, "world": self.world, "augment": augment, "skip": skip}
        for images, labels, weight in shares(digits, batch_size, seed=seed, epoch=epoch, **own):
            self.weight = weight
            yield images, labels

    def together(self, loss, right, n):
        if self.weight == 0:  # the digit is another worker's
            right = n = 0
        loss = (loss.detach() * self.weight).flatten().astype("float64")
        sums = paddle.concat([loss, paddle.to_tensor([right, n], "float64")])
        dist.all_reduce(sums)
        *_, right, n = sums.tolist()
        return sums[:-2] / self.world, int(right), int(n)

    def agree(self, **facts):
        theirs = self.gather(facts)
        for name in facts:
            for rank, other in enumerate(theirs):
                if other[name] != theirs[0][name]:
                    what = _difference(theirs[0][name], other[name], rank)
                    raise WorkersError(f"the workers do not agree about {name}: {what}")

    def first(self, function):
        told = [None, None]
        if self.rank == 0:
            try:
                told = [function(), None]
            except (HelperError, OSError) as error:
                told = [None, error]
        dist.broadcast_object_list(told, src=0)
        result, error = told
        if error is not None:
            raise error
        return result

    def any(self, wish):
        wishes = paddle.to_tensor([int(wish)])
        dist.all_reduce(wishes, dist.ReduceOp.MAX)
        return bool(wishes.item())

    def gather(self, thing):
        things = []
        dist.all_gather_object(things, thing)
        return things


def _difference(first, other, rank: int) -> str:
    if isinstance(first, dict) and isinstance(other, dict):
        return f"worker {rank} differs from worker 0: {'; '.join(differences(first, other))}"
    return f"{first} in worker 0, {other} in worker {rank}"
