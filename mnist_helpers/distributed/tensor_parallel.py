"""A layer that is split over several processes: each holds some of its columns."""

from __future__ import annotations

import paddle
import paddle.distributed as dist
from paddle import nn

from mnist_helpers.errors import WorkersError


class SplitLinear(nn.Layer):
    """`linear`, [b, i] → [b, o], split by columns over all workers: each has [i, o / world].

    A worker computes its columns of the output; then all get all of them. `linear` must have the
    same weights in every worker, and is left as it is. Raises WorkersError if its columns cannot
    be shared out evenly.
    """

    def __init__(self, linear: nn.Linear):
        super().__init__()
        world, columns = dist.get_world_size(), linear.weight.shape[1]
        if columns % world:
            raise WorkersError(f"{columns} columns cannot be shared out evenly to {world} workers")
        self.mesh = dist.ProcessMesh(list(range(world)), dim_names=["columns"])
        self.part = nn.Linear(*linear.weight.shape)
        self.part.set_state_dict(linear.state_dict())
        self.part.weight = dist.shard_tensor(self.part.weight, self.mesh, [dist.Shard(1)])
        self.part.bias = dist.shard_tensor(self.part.bias, self.mesh, [dist.Shard(0)])

    def forward(self, inputs):
        whole = [dist.Replicate()]
        if not inputs.is_dist():
            inputs = dist.auto_parallel.api.dtensor_from_local(inputs, self.mesh, whole)
        return dist.reshard(self.part(inputs), self.mesh, whole)


def gathered(tensor: paddle.Tensor) -> paddle.Tensor:
    """All of a tensor that is split over the workers; all of them call it."""
    return dist.reshard(tensor, tensor.process_mesh, [dist.Replicate()])
