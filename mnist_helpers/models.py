"""The book's networks. All take images float32 [b, 1, 28, 28], in [0, 1]."""

from __future__ import annotations

from paddle import nn


class LinearRegressor(nn.Layer):
    """One linear layer that answers with a number: [b, 1, 28, 28] → [b, 1].

    y = w · x + b, with one weight a pixel: 784 + 1 = 785 parameters.
    """

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(28 * 28, 1)

    def forward(self, images):
        return self.linear(self.flatten(images))
