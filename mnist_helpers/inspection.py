"""Looking inside a model without touching it: what every layer gives, holds, and learns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import paddle
from paddle import nn

from mnist_helpers.errors import InspectionError
from mnist_helpers.evaluation import evaluating

RELUS = (nn.ReLU, nn.ReLU6)


@dataclass(frozen=True)
class LayerFacts:
    """What one layer gave for a batch, one call of it.

    name: as in ``named_sublayers``. kind: its class. shape: of the output, the batch first; None
    for a layer that did not run, and then the rest is None as well. mean, std, lowest, highest: of
    all numbers in the output. dead: for a ReLU, the share of its units (the channels of a
    picture, else the columns) that are 0 for the whole batch; None for other layers.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None = None
    mean: float | None = None
    std: float | None = None
    lowest: float | None = None
    highest: float | None = None
    dead: float | None = None


@dataclass(frozen=True)
class ParameterFacts:
    """One parameter. name: as in ``named_parameters``. mean, std: of its numbers. gradient: the
    Euclidean length of the loss's gradient; None if the loss does not depend on the parameter, or
    no loss was given."""

    name: str
    shape: tuple[int, ...]
    mean: float
    std: float
    gradient: float | None


@contextlib.contextmanager
def recorded(model: nn.Layer, names: Iterable[str] | None = None) -> Iterator[dict[str, list]]:
    """Inside a ``with``, what layers give is recorded: name → [output of each call], as arrays.

    `names` are those of ``model.named_sublayers()``; without them, all layers that have no layers
    inside. The outputs are copies; of a layer that gives several, the first. At the end the hooks
    are removed, whatever happened.

    Raises InspectionError for a name that the model does not have; and at the end for a layer that
    was named and never ran.
    """
    layers = dict(model.named_sublayers())
    leaves = [name for name, layer in layers.items() if not layer.sublayers()]
    chosen = leaves if names is None else list(dict.fromkeys(names))
    for name in chosen:
        if name not in layers:
            raise InspectionError(f"no layer {name!r} in the model; it has {', '.join(layers)}")
    outputs = {name: [] for name in chosen}

    def hook_for(name):
        def hook(layer, inputs, output):  # returns None: the output passes on as it is
            first = output[0] if isinstance(output, (tuple, list)) else output
            outputs[name].append(first.numpy().copy())

        return hook

    hooks = [layers[name].register_forward_post_hook(hook_for(name)) for name in chosen]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
    silent = [name for name in chosen if not outputs[name]]
    if names is not None and silent:
        raise InspectionError(
            f"these layers never ran: {', '.join(silent)}. Does the model's forward call them, and "
            "was the model called inside the `with`?"
        )


def look_inside(
    model: nn.Layer,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    loss: Callable | None = None,
) -> tuple[list[LayerFacts], list[ParameterFacts]]:
    """One batch through `model`, in evaluation mode: what each layer and each parameter is like.

    `images` float32 [b, 1, 28, 28] and `labels` int64 [b, 1] are as
    :func:`mnist_helpers.data.batches` gives them; with labels and a `loss`, gradients are measured
    too. Layers come in the order in which they are in the model, a layer that ran twice with both
    calls, one that did not run with nothing but its name.

    The model is left as it was: weights, buffers, gradients, mode, hooks. No random number is used.
    """
    with evaluating(model), paddle.enable_grad(), recorded(model) as outputs:
        answers = model(paddle.to_tensor(images))
    kinds = dict(model.named_sublayers())
    layers = []
    for name, calls in outputs.items():
        layers += [_layer_facts(name, kinds[name], call) for call in calls]
        if not calls:
            layers.append(LayerFacts(name, type(kinds[name]).__name__))
    gradients = {}
    if loss is not None and labels is not None:
        gradients = _gradients(model, loss(answers, paddle.to_tensor(labels)))
    parameters = []
    for name, tensor in model.named_parameters():
        numbers = tensor.numpy()
        mean, std = float(numbers.mean()), float(numbers.std())
        gradient = gradients.get(name)
        parameters.append(ParameterFacts(name, numbers.shape, mean, std, gradient))
    return layers, parameters


def _layer_facts(name: str, layer: nn.Layer, output: np.ndarray) -> LayerFacts:
    dead = None
    if isinstance(layer, RELUS):
        others = tuple(axis for axis in range(output.ndim) if axis != 1)
        dead = float((output.max(axis=others) <= 0).mean())
    return LayerFacts(
        name,
        type(layer).__name__,
        output.shape,
        float(output.mean()),
        float(output.std()),
        float(output.min()),
        float(output.max()),
        dead,
    )


def _gradients(model: nn.Layer, loss: paddle.Tensor) -> dict[str, float]:
    """The length of the gradient for each parameter that the loss depends on.

    By ``paddle.grad``, which gives the gradients and leaves those in the parameters alone.
    """
    learning = [(name, p) for name, p in model.named_parameters() if not p.stop_gradient]
    if not learning:
        return {}
    found = paddle.grad(loss, [p for _, p in learning], allow_unused=True)
    return {
        name: float(np.linalg.norm(gradient.numpy()))
        for (name, _), gradient in zip(learning, found, strict=True)
        if gradient is not None
    }


def snapshot(model: nn.Layer) -> dict[str, np.ndarray]:
    """A copy of all parameters, by name, for :func:`moved_since`."""
    return {name: tensor.numpy().copy() for name, tensor in model.named_parameters()}


def moved_since(before: dict[str, np.ndarray], model: nn.Layer) -> dict[str, float]:
    """How far each parameter has moved since the :func:`snapshot` `before`.

    The length of the difference over the length that the parameter had (or over 1, if that was 0,
    as it is of a new bias). 0 for a parameter that nobody has changed.
    """
    return {
        name: float(
            np.linalg.norm(tensor.numpy() - before[name]) / (np.linalg.norm(before[name]) or 1)
        )
        for name, tensor in model.named_parameters()
    }


def layer_table(layers: list[LayerFacts]) -> tuple[list[str], list[tuple]]:
    """Header and rows, for :func:`mnist_helpers.show.table`."""
    header = ["layer", "kind", "output", "mean", "std", "dead"]
    rows = []
    for facts in layers:
        if facts.shape is None:
            rows.append((facts.name, facts.kind, "did not run", "", "", ""))
            continue
        shape = " × ".join(map(str, facts.shape))
        numbers = [f"{n:.3g}" for n in (facts.mean, facts.std)]
        dead = "" if facts.dead is None else f"{facts.dead:.0%}"
        rows.append((facts.name, facts.kind, shape, *numbers, dead))
    return header, rows


def parameter_table(parameters: list[ParameterFacts]) -> tuple[list[str], list[tuple]]:
    """Header and rows, for :func:`mnist_helpers.show.table`."""
    rows = [
        (
            facts.name,
            " × ".join(map(str, facts.shape)),
            f"{facts.mean:.3g}",
            f"{facts.std:.3g}",
            "none" if facts.gradient is None else f"{facts.gradient:.2g}",
        )
        for facts in parameters
    ]
    return ["parameter", "shape", "mean", "std", "gradient"], rows
