"""The book's networks. All take images float32 [b, 1, 28, 28], in [0, 1].

All but the two linear ones have a *body*, which turns an image into features, and a *head*, one
linear layer from the features to the `outputs`: 10 for classes (scores, one a digit, *before* any
softmax), 1 for a regression (a number that should be the digit). The parameter counts are given for
both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import paddle
from paddle import nn

from mnist_helpers.errors import one_of
from mnist_helpers.models.convolution import Conv2D
from mnist_helpers.models.im2col import PatchNet
from mnist_helpers.models.in_blocks import InBlocks


class Linear(nn.Layer):
    """One linear layer: [b, 1, 28, 28] → [b, outputs]. 7,850 parameters (regression: 785).

    With 10 outputs and cross-entropy this is multinomial logistic (softmax) regression.

    Parameters
    ----------
    outputs : int
        10 for classes, 1 for a regression.
    """

    def __init__(self, outputs: int = 10) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(28 * 28, outputs)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.linear(self.flatten(images))


# Not made of ``Linear``: it is the first class that a reader of the book sees, and shown whole
class LinearRegressor(nn.Layer):
    """One linear layer that answers with a number: [b, 1, 28, 28] → [b, 1].

    y = w · x + b, with one weight a pixel: 784 + 1 = 785 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(28 * 28, 1)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.linear(self.flatten(images))


class MLP(nn.Layer):
    """Fully connected layers with an activation between: [b, 1, 28, 28] → [b, outputs].

    784 → 10 → 10 → outputs with sigmoids, as it stands: 8,070 parameters (regression: 7,971).
    Trained by back-propagation: Rumelhart, Hinton and Williams, "Learning representations by
    back-propagating errors", Nature 323, 1986.

    Parameters
    ----------
    outputs : int
        10 for classes, 1 for a regression.
    hidden : sequence of int
        The widths between.
    activation : type
        A layer class such as ``paddle.nn.ReLU``; one is made after each hidden layer.
    """

    def __init__(
        self,
        outputs: int = 10,
        hidden: Sequence[int] = (10, 10),
        activation: type[nn.Layer] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        widths = [28 * 28, *hidden]
        layers: list[nn.Layer] = [nn.Flatten()]
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), activation()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], outputs)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.head(self.body(images))


class ConvNet(nn.Layer):
    """Two convolutions 5 × 5, 20 channels each: [b, 1, 28, 28] → [b, outputs].

    20,350 parameters (regression: 11,521). The book's main network. Convolutions learned by
    back-propagation: LeCun and others, "Backpropagation applied to handwritten zip code
    recognition", Neural Computation 1, 1989.

    Parameters
    ----------
    outputs : int
        10 for classes, 1 for a regression.
    """

    def __init__(self, outputs: int = 10) -> None:
        super().__init__()
        self.body = InBlocks(
            28,
            Conv2D(1, 20, kernel_size=5, padding=2),  # [b, 20, 28, 28]
            nn.ReLU(),
            nn.MaxPool2D(2),  # [b, 20, 14, 14]
            Conv2D(20, 20, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2D(2),  # [b, 20, 7, 7]
            nn.Flatten(),  # [b, 980]
        )
        self.head = nn.Linear(20 * 7 * 7, outputs)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.head(self.body(images))


class LeNet5(nn.Layer):
    """LeNet-5: [b, 1, 28, 28] → [b, outputs]. 61,706 parameters (regression: 60,941).

    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86, 1998. As is usual today, it is simplified in four places: the
    second convolution sees all six channels, pooling has no weights, the activation is a plain
    tanh, and the output is a linear layer in place of radial basis functions.

    Parameters
    ----------
    outputs : int
        10 for classes, 1 for a regression.
    """

    def __init__(self, outputs: int = 10) -> None:
        super().__init__()
        self.body = InBlocks(
            28,
            Conv2D(1, 6, kernel_size=5, padding=2),  # the paper pads its digits to 32 × 32
            nn.Tanh(),
            nn.AvgPool2D(2),  # [b, 6, 14, 14]
            Conv2D(6, 16, kernel_size=5),  # [b, 16, 10, 10]
            nn.Tanh(),
            nn.AvgPool2D(2),  # [b, 16, 5, 5]
            nn.Flatten(),  # [b, 400]
            nn.Linear(400, 120),
            nn.Tanh(),
            nn.Linear(120, 84),
            nn.Tanh(),
        )
        self.head = nn.Linear(84, outputs)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.head(self.body(images))


class AlexNet(nn.Layer):
    """AlexNet's idea at 28 × 28: [b, 1, 28, 28] → [b, outputs].

    87,882 parameters (regression: 86,721). Five convolutions, the first with a stride, and three
    linear layers; ReLU, pooling windows that overlap, dropout before the linear layers.
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks", NIPS 2012. Their images are 224 × 224 × 3 and their net has 60 million parameters;
    here the widths are divided by six or more, and the pooling after the first convolution and
    the response normalisation are left out.

    Parameters
    ----------
    outputs : int
        10 for classes, 1 for a regression.
    """

    def __init__(self, outputs: int = 10) -> None:
        super().__init__()
        self.body = nn.Sequential(
            Conv2D(1, 16, kernel_size=5, stride=2, padding=2),  # [b, 16, 14, 14]
            nn.ReLU(),
            Conv2D(16, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2D(kernel_size=3, stride=2),  # [b, 32, 6, 6]
            Conv2D(32, 48, kernel_size=3, padding=1),
            nn.ReLU(),
            Conv2D(48, 48, kernel_size=3, padding=1),
            nn.ReLU(),
            Conv2D(48, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2D(kernel_size=3, stride=2),  # [b, 32, 2, 2]
            nn.Flatten(),  # [b, 128]
            nn.Dropout(0.5),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 128),
            nn.ReLU(),
        )
        self.head = nn.Linear(128, outputs)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.head(self.body(images))


NETWORKS: dict[str, Callable[[int], nn.Layer]] = {
    "linear": Linear,
    "mlp": MLP,
    "convnet": ConvNet,
    "lenet5": LeNet5,
    "alexnet": AlexNet,
    "patchnet": PatchNet,
}


def create(name: str, outputs: int = 10) -> nn.Layer:
    """A new network, by its name in `NETWORKS`.

    Parameters
    ----------
    name : str
        "linear", "mlp", "convnet", "lenet5", "alexnet" or "patchnet".
    outputs : int
        10 for classes, 1 for a regression.

    Returns
    -------
    paddle.nn.Layer
        The network, its parameters as they are before training.

    Raises
    ------
    UnknownNameError
        For another name; the message lists the names. It is a ValueError.
    """
    return one_of(NETWORKS, name, "model")(outputs)


def parameter_count(model: nn.Layer) -> int:
    """How many numbers training may change in `model`.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model.

    Returns
    -------
    int
        The numbers in all parameters, except those that are frozen (``stop_gradient``).
    """
    return sum(int(p.size) for p in model.parameters() if not p.stop_gradient)
