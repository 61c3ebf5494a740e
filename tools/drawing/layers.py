"""A network as a list of layers that a few lines of JavaScript can compute.

There, an image is a list of numbers, place after place, and the channels of a place lie side by
side. A layer is one of these (``book/_static/draw/engine.js`` has them all):

- ``patches``: at each place of a list, the channels there; so many places are a row. -1: zeros
- ``product``: each row times a matrix, plus a bias. Of patches, that is a convolution
- ``largest``, ``mean``: of the places of each row, channel by channel. Of patches, that is pooling
- ``scale``: each channel times a number, plus a number (batch normalisation that has learned)
- ``relu``, ``tanh``, ``softmax``

How a network moves numbers about between its layers (flattening, windows, blocks, channels last)
is not read from its code but asked: each layer is made to answer with the numbers 1, 2, 3, …, and
the next one shows where they have gone. So it does not matter how a layer lays out its images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from numpy.lib.stride_tricks import sliding_window_view
from paddle import nn

Layers = list[dict[str, Any]]
ACTIVATIONS = {nn.ReLU: "relu", nn.Tanh: "tanh", nn.Softmax: "softmax"}
NORMS = (nn.BatchNorm1D, nn.BatchNorm2D)
TRANSPARENT = (nn.Flatten, nn.Dropout, nn.Identity)  # once trained, they compute nothing
SHAPE = (1, 1, 28, 28)


class NotLayersError(ValueError):
    """A network does something that the page's engine cannot do."""


@dataclass(frozen=True)
class Call:
    """One layer at work: `source` has the shape of its input, and says which number of the answer
    before stands where, counted from 0 (-1: a zero)."""

    layer: nn.Layer
    source: np.ndarray


def layers_of(model: nn.Layer) -> Layers:
    """What `model`, [1, 1, 28, 28] → [1, n], computes when it answers; arrays are NumPy's."""
    calls, shapes, end = _calls(model)
    found: Layers = []
    for call, before in zip(calls, shapes, strict=False):
        found += _layer(call, int(np.prod(before)))
    return found + _patches(end.reshape(1, -1), int(np.prod(shapes[-1])))


def _calls(model: nn.Layer) -> tuple[list[Call], list[tuple[int, ...]], np.ndarray]:
    """The layers in their order, the shapes of the image and of their answers, and where the last
    answer stands in the model's."""
    calls, shapes, end = _seen(model, 1)
    others, _, other_end = _seen(model, -1)
    sources = [(call.layer, call.source) for call in calls] + [(model, end)]
    for (layer, source), other in zip(
        sources, [*(call.source for call in others), other_end], strict=True
    ):
        # of a sum, a product or a ReLU not both signs come out as they went in, or no whole number
        whole = np.array_equal(source, source.round()) and source.min() >= 0
        if not (whole and np.array_equal(source, other)):
            raise NotLayersError(
                f"what {type(model).__name__} does before {type(layer).__name__} is no layer of "
                "its own and more than moving numbers about; make it a layer"
            )
    from_0 = [Call(call.layer, call.source.astype(int) - 1) for call in calls]
    return from_0, shapes, end.astype(int) - 1


def _seen(model: nn.Layer, sign: int) -> tuple[list[Call], list[tuple[int, ...]], np.ndarray]:
    """As `_calls`, with sources counted from 1; the numbers that were handed on had this sign."""
    calls: list[Call] = []
    shapes: list[tuple[int, ...]] = [SHAPE]

    def note(layer: nn.Layer, inputs: tuple[paddle.Tensor, ...]) -> None:
        calls.append(Call(layer, sign * inputs[0].numpy()))

    def number(layer: nn.Layer, inputs: object, output: paddle.Tensor) -> paddle.Tensor:
        shapes.append(tuple(output.shape))
        return paddle.to_tensor(sign * _numbers(shapes[-1]))

    hooks = []
    for layer in model.sublayers(include_self=True):
        if not list(layer.children()) and not isinstance(layer, TRANSPARENT):
            hooks.append(layer.register_forward_pre_hook(note))
            hooks.append(layer.register_forward_post_hook(number))
    was_training = model.training
    model.eval()
    try:
        with paddle.no_grad():
            end = model(paddle.to_tensor(sign * _numbers(SHAPE)))
    finally:
        for hook in hooks:
            hook.remove()
        if was_training:
            model.train()
    return calls, shapes, sign * end.numpy()


def _numbers(shape: tuple[int, ...]) -> np.ndarray:
    """1, 2, 3, … in the engine's order, channels last, as an array of a shape of Paddle's."""
    count = np.arange(1, np.prod(shape) + 1, dtype=np.float32)
    if len(shape) != 4:
        return count.reshape(shape)
    b, c, height, width = shape
    return count.reshape(b, height, width, c).transpose(0, 3, 1, 2).copy()


def _layer(call: Call, before: int) -> Layers:
    """What this layer does to an answer of `before` numbers."""
    layer, source = call.layer, call.source
    if source.ndim == 4:
        source = source.transpose(0, 2, 3, 1)  # channels last
    kind = next((ACTIVATIONS[k] for k in type(layer).__mro__ if k in ACTIVATIONS), None)
    if kind:
        return [*_patches(source.reshape(1, -1), before), {"kind": kind}]
    if isinstance(layer, nn.Linear):
        return _linear(layer, source.reshape(-1, source.shape[-1]), before)
    if isinstance(layer, nn.Conv2D):
        return _convolution(layer, source[0], before)
    if isinstance(layer, nn.MaxPool2D | nn.AvgPool2D):
        return _pooling(layer, source[0], before)
    if isinstance(layer, NORMS):
        return [*_patches(source.reshape(1, -1), before), _norm(layer)]
    raise NotLayersError(
        f"a {type(layer).__name__} is none of the layers that the page can compute: linear, "
        "convolution, pooling, batch normalisation, ReLU, tanh, softmax"
    )


def _linear(layer: nn.Linear, source: np.ndarray, before: int) -> Layers:
    weights, bias = layer.weight.numpy(), _bias(layer)
    if len(source) == 1 and np.array_equal(np.sort(source[0]), np.arange(before)):
        weights = weights[np.argsort(source[0])]  # flattened in another order: so are its weights
        return [{"kind": "product", "weights": weights, "bias": bias}]
    return [*_patches(source, before), {"kind": "product", "weights": weights, "bias": bias}]


def _convolution(layer: nn.Conv2D, source: np.ndarray, before: int) -> Layers:
    if layer._groups != 1 or tuple(_pair(layer._dilation)) != (1, 1):
        raise NotLayersError("a convolution with groups or dilation; the page can do without only")
    kernels = layer.weight.numpy()  # [outputs, inputs, k, k]
    rows = _windows(source, kernels.shape[2:], _pair(layer._stride), _pair(layer._padding))
    weights = kernels.transpose(2, 3, 1, 0).reshape(-1, len(kernels))
    product = {"kind": "product", "weights": weights, "bias": _bias(layer)}
    return [*_patches(rows, before), product]


def _pooling(layer: nn.MaxPool2D | nn.AvgPool2D, source: np.ndarray, before: int) -> Layers:
    size = _pair(layer.ksize)
    if tuple(_pair(layer.padding)) != (0, 0) or layer.ceil_mode:
        raise NotLayersError("a pooling with padding or ceil_mode; the page can do without only")
    rows = _windows(source, size, _pair(layer.stride or layer.ksize), (0, 0))
    kind = "largest" if isinstance(layer, nn.MaxPool2D) else "mean"
    pool = {"kind": kind, "size": int(np.prod(size)), "channels": source.shape[-1]}
    return [*_patches(rows, before), pool]


def _norm(layer: nn.BatchNorm1D | nn.BatchNorm2D) -> dict[str, Any]:
    mean, variance = layer._mean.numpy(), layer._variance.numpy().astype(float)
    by = layer.weight.numpy() / np.sqrt(variance + layer._epsilon)
    plus = layer.bias.numpy() - mean * by
    return {"kind": "scale", "by": by.astype(np.float32), "plus": plus.astype(np.float32)}


def _bias(layer: nn.Linear | nn.Conv2D) -> np.ndarray:
    if layer.bias is None:
        return np.zeros(layer.weight.shape[1 if isinstance(layer, nn.Linear) else 0], np.float32)
    return layer.bias.numpy()


def _pair(setting: Any) -> tuple[int, int]:
    """Paddle keeps one number, or one for each direction."""
    if isinstance(setting, int):
        return setting, setting
    if len(setting) == 2 and all(isinstance(part, int) for part in setting):
        return tuple(setting)
    raise NotLayersError(f"a setting {setting!r}; the page can do one number, or (down, right)")


def _windows(
    source: np.ndarray, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> np.ndarray:
    """What stands under each window of `source` [height, width, c]: [windows, places · c]."""
    (down, right), (above, beside) = stride, padding
    padded = np.pad(source, ((above, above), (beside, beside), (0, 0)), constant_values=-1)
    windows = sliding_window_view(padded, size, axis=(0, 1))[::down, ::right]
    windows = windows.transpose(0, 1, 3, 4, 2)  # [rows, columns, k, k, c]
    return windows.reshape(windows.shape[0] * windows.shape[1], -1)


def _patches(source: np.ndarray, before: int) -> Layers:
    """What brings the numbers to where `source` [rows, n] says; nothing, if they are there."""
    if np.array_equal(source.ravel(), np.arange(before)):
        return []
    n = source.shape[1]
    for channels in (c for c in range(n, 0, -1) if n % c == 0 and before % c == 0):
        pieces = source.reshape(-1, channels)
        whole = (pieces == pieces[:, :1] + np.arange(channels)).all(axis=1)
        whole &= pieces[:, 0] % channels == 0
        if (whole | (pieces == -1).all(axis=1)).all():
            places = np.where(pieces[:, 0] < 0, -1, pieces[:, 0] // channels)
            return [{"kind": "patches", "places": places.astype(np.int16), "channels": channels}]
    raise AssertionError("one number at a time is always possible")
