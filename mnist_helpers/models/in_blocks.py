"""Convolution and pooling at once: images as blocks of 2 × 2, one for each window of the pooling.

A pooling of 2 × 2 takes the largest of four neighbouring outputs of a convolution, or their mean.
Cut the image into blocks of 2 × 2: then the four outputs of a window look at the same few blocks
(3 × 3 of them, for a 5 × 5 kernel with padding 2), so one row of numbers, the *patch*, serves all
four. The patches of all windows of all images make one matrix, and the layer is one product of it
with a matrix of weights, in which each kernel stands four times, shifted by one place each time.
For a 5 × 5 kernel that is 36/25 of the arithmetic, but each number is copied 9 times and not 25,
and there is one product in place of many small ones. The four come out of it as equal parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from paddle import nn

from mnist_helpers.models.convolution import Conv2D
from mnist_helpers.models.im2col import gather

FEW = 5  # for fewer images the layers as they are take less time
RISING = (nn.ReLU, nn.Tanh, nn.Sigmoid)  # so that the largest stays the largest


@dataclass(frozen=True)
class _Convolution:
    """side: of the images. outputs: side of what the convolution gives."""

    side: int
    outputs: int
    kernel_size: int
    padding: int

    @property
    def reach(self) -> tuple[int, int]:
        """The first and the last block of a patch, along a side, from the window's own."""
        return -self.padding // 2, (self.kernel_size - self.padding) // 2


class InBlocks(nn.Sequential):
    """``nn.Sequential``, only quicker: images [b, c, side, side] → what the layers give.

    The layers begin, once or several times, with a convolution, an activation and a pooling.
    Those are computed in blocks, as this module tells; the layers after them as they are. Answers
    and gradients differ from those of ``nn.Sequential`` by rounding. Where a layer is watched (a
    forward hook) or has been replaced by another kind, in a static graph (an export) and for fewer
    than five images, all layers are called one by one, as ever.

    Parameters
    ----------
    side : int
        Pixels along a side of the images, an even number.
    *layers : paddle.nn.Layer
        As for ``nn.Sequential``. At the beginning a :class:`Conv2D` with a square kernel, stride 1
        and the same padding on all sides, whose outputs have an even side; ReLU, tanh or sigmoid;
        and ``nn.MaxPool2D(2)`` or ``nn.AvgPool2D(2)``.

    Raises
    ------
    ValueError
        If the layers do not begin so.
    """

    def __init__(self, side: int, *layers: nn.Layer | tuple[str, nn.Layer]) -> None:
        super().__init__(*layers)
        self.stages: list[_Convolution] = []
        # arrays, made tensors at each call: Paddle 3.0 takes buffers for parameters in an export
        self._patches: list[np.ndarray] = []
        self._spreads: list[np.ndarray] = []
        while conv := _convolution(side, list(self)[3 * len(self.stages) :]):
            self._add(conv)
            side = conv.outputs // 2
        if not self.stages:
            raise ValueError(
                "InBlocks takes layers that begin with a Conv2D (a square kernel, stride 1, one "
                "padding, an even side before and after), a ReLU, Tanh or Sigmoid, and "
                f"MaxPool2D(2) or AvgPool2D(2); these, for a side of {side}, begin with "
                f"{', '.join(map(repr, list(self)[:3])) or 'nothing'}"
            )

    def _add(self, conv: _Convolution) -> None:
        blocks, windows = conv.side // 2, conv.outputs // 2
        if self.stages:  # the stage before then gives its outputs in the order of these blocks
            rows = self._patches[-1].reshape(conv.side**2, -1)[_block_order(conv.side)]
            self._patches[-1] = rows.reshape(-1)
        else:
            self._pixels = _block_order(conv.side).astype(np.int32)
        first, last = conv.reach
        patch, beyond = last - first + 1, max(0, windows + last - blocks)
        grid = np.arange(blocks**2, dtype=np.int32).reshape(blocks, blocks)
        grid = np.pad(grid, (-first, beyond), constant_values=blocks**2)  # a block of zeros
        patches = np.lib.stride_tricks.sliding_window_view(grid, (patch, patch))
        self._patches.append(patches[:windows, :windows].reshape(-1))
        self._spreads.append(_spread(conv.kernel_size, patch, -conv.padding - 2 * first))
        self.stages.append(conv)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        layers = list(self)
        if not self._can_be_in_blocks(images, layers):
            return super().forward(images)
        b, c = images.shape[:2]
        order = paddle.to_tensor(self._pixels)
        places = gather(images.flatten(2).transpose([0, 2, 1]), order, axis=1)
        features = self._pooled(0, places.reshape([b, -1, 4 * c]))
        for at in range(1, len(self.stages)):
            features = self._pooled(at, features.t().reshape([b, -1, 4 * len(features)]))
        n = self.stages[-1].outputs // 2
        features = features.reshape([-1, b, n, n]).transpose([1, 0, 2, 3])
        for layer in layers[3 * len(self.stages) :]:
            features = layer(features)
        return features

    def _can_be_in_blocks(self, images: paddle.Tensor, layers: list[nn.Layer]) -> bool:
        if not paddle.in_dynamic_mode() or len(images) < FEW or any(map(_is_watched, layers)):
            return False
        found = (_convolution(c.side, layers[3 * at :]) for at, c in enumerate(self.stages))
        return list(found) == self.stages  # False where a layer has been replaced by another kind

    def _pooled(self, at: int, blocks: paddle.Tensor) -> paddle.Tensor:
        """[b, blocks, 4 · inputs] → [outputs, b · windows]."""
        conv, activation, pool = list(self)[3 * at : 3 * at + 3]
        outputs, inputs = conv.weight.shape[:2]
        kernels = conv.weight.flatten(2).transpose([0, 2, 1])
        kernels = paddle.matmul(paddle.to_tensor(self._spreads[at]), kernels.unsqueeze(0))
        kernels = kernels.reshape([4 * outputs, -1])
        zeros = paddle.zeros([len(blocks), 1, 4 * inputs])
        blocks = paddle.concat([blocks, zeros], axis=1)
        patches = gather(blocks, paddle.to_tensor(self._patches[at]), axis=1)
        patches = patches.reshape([-1, kernels.shape[1]])  # a row for each window
        sums = paddle.matmul(kernels, patches, transpose_y=True)
        bias = conv.bias.reshape([-1, 1])
        if isinstance(pool, nn.MaxPool2D):
            return activation(_Largest.apply(sums, outputs) + bias)
        four = activation(sums.reshape([4, outputs, -1]) + bias).unbind()
        return (four[0] + four[1] + four[2] + four[3]) / 4

    # Paddle 3.0 keeps what an export has converted for later calls, too; this marks the function
    paddle.jit.not_to_static(_pooled)

    def __getitem__(self, which: int | slice | str) -> nn.Layer:
        if isinstance(which, slice):  # some of the layers need not begin with a convolution
            return nn.Sequential(*list(self)[which])
        return super().__getitem__(which)


class _Largest(paddle.autograd.PyLayer):
    """[4 · n, places] → [n, places]: the largest of four. ``paddle.maximum`` does the same; its
    gradient takes some five times as long."""

    @staticmethod
    def forward(ctx: Any, candidates: paddle.Tensor, n: int) -> paddle.Tensor:
        ctx.second = []  # where the second half won, as 1.0
        while len(candidates) > n:
            first, second = candidates.reshape([2, -1, candidates.shape[1]]).unbind()  # no copies
            ctx.second.append((second > first).astype(first.dtype))
            candidates = paddle.maximum(first, second)
        return candidates

    @staticmethod
    def backward(ctx: Any, gradient: paddle.Tensor) -> paddle.Tensor:
        for second in reversed(ctx.second):
            to_second = gradient * second
            gradient = paddle.concat([gradient - to_second, to_second])
        return gradient


def _convolution(side: int, layers: list[nn.Layer]) -> _Convolution | None:
    """That with which `layers` begin; None if it, or what follows, cannot be done in blocks."""
    if len(layers) < 3 or side % 2:
        return None
    conv, activation, pool = layers[:3]
    fits = (
        isinstance(conv, Conv2D)
        and isinstance(conv.padding, int)
        and conv.stride == 1
        and conv.weight.shape[2] == conv.weight.shape[3]
        and type(activation) in RISING
        and type(pool) in (nn.MaxPool2D, nn.AvgPool2D)
        and (pool.ksize, pool.stride or 2, pool.padding, pool.ceil_mode) == (2, 2, 0, False)
    )
    if not fits:
        return None
    kernel_size, padding = conv.weight.shape[2], conv.padding
    outputs = side + 2 * padding - kernel_size + 1
    if outputs < 2 or outputs % 2:
        return None
    return _Convolution(side, outputs, kernel_size, padding)


def _is_watched(layer: nn.Layer) -> bool:
    return bool(layer._forward_pre_hooks or layer._forward_post_hooks)  # Paddle has no other way


def _block_order(side: int) -> np.ndarray:
    """The places of a `side` × `side` image, block after block: int64 [side²]."""
    places = np.arange(side**2).reshape(side // 2, 2, side // 2, 2)
    return places.transpose(0, 2, 1, 3).reshape(-1)


def _spread(kernel_size: int, patch: int, corner: int) -> np.ndarray:
    """Where the kernel's places stand in a patch: 0 or 1, [4, 1, (2 · patch)², kernel_size²].

    Once for each of the four outputs of a window, down the first column and then the second (so
    that of equal ones the first in reading order wins, as in Paddle); `corner` is where the first
    output's kernel begins. A patch goes block after block.
    """
    spread = np.zeros((2, 2, 2 * patch, 2 * patch, kernel_size, kernel_size), np.float32)
    for right, down, row, column in np.ndindex(2, 2, kernel_size, kernel_size):
        at = corner + down + row, corner + right + column
        spread[right, down][at][row, column] = 1
    flat = spread.reshape(4, 1, 4 * patch**2, kernel_size**2)
    return flat[:, :, _block_order(2 * patch)]
