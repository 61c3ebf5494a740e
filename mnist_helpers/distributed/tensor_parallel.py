"""A layer that is split over several processes: each holds some of its columns."""

from __future__ import annotations

from typing import cast

import paddle
import paddle.distributed as dist
from paddle import nn

from mnist_helpers.errors import WorkersError


class SplitLinear(nn.Layer):
    """`linear`, [b, i] → [b, o], split by columns over all workers: each has [i, o / world].

    A worker computes its columns of the output; then all get all of them. All workers make one
    together, and call it together.

    Parameters
    ----------
    linear : paddle.nn.Linear
        The layer to split. It must have the same weights in every worker, and is left as it is.

    Attributes
    ----------
    mesh : paddle.distributed.ProcessMesh
        A row of all workers.
    part : paddle.nn.Linear
        The layer that is split: its weight [i, o] and its bias [o] are spread over `mesh`.

    Raises
    ------
    WorkersError
        If the columns cannot be shared out evenly.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        world, columns = dist.get_world_size(), linear.weight.shape[1]
        if columns % world:
            raise WorkersError(f"{columns} columns cannot be shared out evenly to {world} workers")
        self.mesh = dist.ProcessMesh(list(range(world)), dim_names=["columns"])
        self.part = nn.Linear(*linear.weight.shape)
        self.part.set_state_dict(linear.state_dict())
        self.part.weight = dist.shard_tensor(self.part.weight, self.mesh, [dist.Shard(1)])
        self.part.bias = dist.shard_tensor(self.part.bias, self.mesh, [dist.Shard(0)])

    def forward(self, inputs: paddle.Tensor) -> paddle.Tensor:
        whole = [dist.Replicate()]
        if not inputs.is_dist():
            inputs = dist.auto_parallel.api.dtensor_from_local(inputs, self.mesh, whole)
        return dist.reshard(self.part(inputs), self.mesh, whole)


def gathered(tensor: paddle.Tensor) -> paddle.Tensor:
    """All of a tensor that is split over the workers; all of them call it.

    Parameters
    ----------
    tensor : paddle.Tensor
        A tensor that is split, such as the weight of :class:`SplitLinear`'s part.

    Returns
    -------
    paddle.Tensor
        The same numbers, all of them in every worker.

    Raises
    ------
    ValueError
        If `tensor` is not split; Paddle's own.
    """
    mesh = cast(dist.ProcessMesh, tensor.process_mesh)  # None only for what is not split
    return dist.reshard(tensor, mesh, [dist.Replicate()])
