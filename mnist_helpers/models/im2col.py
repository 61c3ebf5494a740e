"""Convolutions as matrix products: a network that spends a processor's time on arithmetic.

A convolution takes, for every place of a square window, the numbers under it (a *patch*), and
multiplies them all by the same matrix. Paddle's own ``nn.Conv2D`` does so image by image; with
the small images of a digit's later layers those are many small products, and most of the time
goes into what surrounds them. Here the patches of the whole batch are gathered into one matrix,
and the layer is one product. So images are kept *channels last*, [b, places, channels]: the
numbers of one place lie side by side in memory, and are copied as one piece.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
import paddle.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from paddle import nn

# In Paddle 3.0, on a processor, the gradient of ``paddle.gather`` is wrong for every image but the
# first; that of ``index_select`` is right, though it takes four times as long
gather = paddle.index_select if paddle.__version__.startswith("3.0.") else paddle.gather


class Im2colConv2D(nn.Layer):
    """A convolution without bias: [b, side², inputs] → [b, side'², outputs].

    Square images, square kernels, no padding. Of the `side` × `side` places,
    the outermost `crop` rows and columns are not looked at. `side'` is the
    attribute ``side``. The weights are [kernel_size² · inputs, outputs], those
    of ``nn.Conv2D`` ([outputs, inputs, k, k]) in another order.

    Parameters
    ----------
    side : int
        Pixels along a side of the images.
    inputs, outputs : int
        Channels before and after.
    kernel_size : int
        Places along a side of the kernel, from 1 to `side` - 2 `crop`.
    stride : int
        Places from one window to the next.
    crop : int
        How many rows and columns are not looked at, on each side of the image.

    Raises
    ------
    ValueError
        If the kernel does not fit into the image.
    """

    def __init__(
        self,
        side: int,
        inputs: int,
        outputs: int,
        kernel_size: int,
        stride: int = 1,
        crop: int = 0,
    ) -> None:
        super().__init__()
        if not 1 <= kernel_size <= side - 2 * crop:
            raise ValueError(
                f"kernel_size must be from 1 to {side - 2 * crop}, "
                "the side of the image without its border, "
                f"not {kernel_size}"
            )
        places = np.arange(side**2, dtype=np.int32).reshape(side, side)
        inside = places[crop : side - crop, crop : side - crop]
        windows = sliding_window_view(inside, (kernel_size, kernel_size))
        windows = windows[::stride, ::stride]  # [side', side', k, k]
        self.side = len(windows)
        under = kernel_size**2 * inputs  # numbers under a window
        self._shape = [0, self.side**2, under]  # 0: as it is, the batch
        numbers = paddle.to_tensor(windows.reshape(-1))
        self.register_buffer("places", numbers, persistable=False)
        self.product = nn.Linear(under, outputs, bias_attr=False)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        patches = gather(images, self.places, axis=1)
        return self.product(patches.reshape(self._shape))


class _BatchNorm(nn.BatchNorm1D):
    """Paddle's, over [b, places, channels], without the warning that it gives at every call."""

    def forward(self, features: paddle.Tensor) -> paddle.Tensor:
        own = (self._mean, self._variance, self.weight, self.bias)
        flat = features.reshape([-1, features.shape[2]])  # oneDNN has channels last in no other way
        flat = F.batch_norm(flat, *own, self.training, self._momentum, self._epsilon)
        return flat.reshape([-1, *features.shape[1:]])


class PatchNet(nn.Layer):
    """Three convolutions as matrix products: [b, 1, 28, 28] → [b, outputs].

    41,002 parameters (regression: 35,809). The book's fast network: after each convolution come
    batch normalisation and ReLU; strides take the place of pooling, and the two outermost rows
    and columns, where there is hardly ever ink, are not looked at. Batch normalisation: Ioffe and
    Szegedy, "Batch normalization", ICML 2015. Convolutions as matrix products: Chellapilla, Puri
    and Simard, "High performance convolutional neural networks for document processing", 2006.

    Parameters
    ----------
    outputs : int
        10 for classes, 1 for a regression.
    layers : sequence of tuple of int
        (outputs, kernel size, stride) of each convolution.
    crop : int
        How many rows and columns the first convolution does not look at, on each side.

    Raises
    ------
    ValueError
        If a kernel does not fit into what the layer before leaves.
    """

    def __init__(
        self,
        outputs: int = 10,
        layers: Sequence[tuple[int, int, int]] = ((32, 6, 2), (48, 2, 2), (64, 3, 1)),
        crop: int = 2,
    ) -> None:
        super().__init__()
        side, channels = 28, 1
        body: list[nn.Layer] = []
        for width, kernel_size, stride in layers:
            conv = Im2colConv2D(side, channels, width, kernel_size, stride, 0 if body else crop)
            body += [conv, _BatchNorm(width), nn.ReLU()]
            side, channels = conv.side, width
        self.body = nn.Sequential(*body, nn.Flatten())
        self.head = nn.Linear(side**2 * channels, outputs)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.head(self.body(images.flatten(2).transpose([0, 2, 1])))
