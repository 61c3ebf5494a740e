"""Looking inside a model without touching it: what every layer gives, holds, and learns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from paddle import nn

from mnist_helpers.errors import InspectionError
from mnist_helpers.evaluation.scores import evaluating

RELUS = (nn.ReLU, nn.ReLU6)


@dataclass(frozen=True)
class LayerFacts:
    """What one layer gave for a batch, one call of it.

    Attributes
    ----------
    name : str
        As in ``named_sublayers``.
    kind : str
        The name of its class.
    shape : tuple of int or None
        Of the output, the batch first. None for a layer that did not run, and then the rest is
        None as well.
    mean : float or None
        Of all numbers in the output.
    std : float or None
        Their standard deviation.
    lowest : float or None
        The lowest of them.
    highest : float or None
        The highest.
    dead : float or None
        For a ReLU, the share of its units (the channels of outputs [b, c, h, w], else the last
        axis) that are 0 for the whole batch, in [0, 1]; None for other layers.
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
    """What one parameter is like.

    Attributes
    ----------
    name : str
        As in ``named_parameters``.
    shape : tuple of int
        Its shape.
    mean : float
        Of its numbers.
    std : float
        Their standard deviation.
    gradient : float or None
        The Euclidean length of the loss's gradient. None if the loss does not depend on the
        parameter, if the parameter is frozen, or if no loss was given.
    """

    name: str
    shape: tuple[int, ...]
    mean: float
    std: float
    gradient: float | None


@contextlib.contextmanager
def recorded(model: nn.Layer, names: Iterable[str] | None = None) -> Iterator[dict[str, list]]:
    """Inside a ``with``, what layers give is recorded: name → [output of each call], as arrays.

    The outputs are copies; of a layer that gives several, the first. At the end the hooks are
    removed, whatever happened.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model, which is to be called inside the ``with``.
    names : iterable of str, optional
        Those of ``model.named_sublayers()`` that are wanted; without them, all layers that have no
        layers inside.

    Yields
    ------
    dict of str to list of numpy.ndarray
        For each layer the output of each of its calls; it fills while the model runs.

    Raises
    ------
    InspectionError
        For a name that the model does not have; and at the end for a layer that was named and
        never ran.
    """
    layers = dict(model.named_sublayers())
    leaves = [name for name, layer in layers.items() if not layer.sublayers()]
    chosen = leaves if names is None else list(dict.fromkeys(names))
    for name in chosen:
        if name not in layers:
            raise InspectionError(f"no layer {name!r} in the model; it has {', '.join(layers)}")
    outputs: dict[str, list[np.ndarray]] = {name: [] for name in chosen}

    def hook_for(name: str) -> Callable:
        def hook(layer: nn.Layer, inputs: Any, output: Any) -> None:  # the output stays as it is
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

    With `labels` and a `loss`, gradients are measured too. The model is left as it was: weights,
    buffers, gradients, mode, hooks. No random number is used.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model to look into.
    images : numpy.ndarray
        float32 [b, 1, 28, 28] in [0, 1], as :func:`mnist_helpers.data.batches` gives them.
    labels : numpy.ndarray, optional
        int64 [b, 1], from there too.
    loss : callable, optional
        ``loss(outputs, labels)``, the mean over the batch.

    Returns
    -------
    layers : list of LayerFacts
        Of the layers that have no layers inside, in the order in which they are in the model. A
        layer that ran twice comes with both calls, one that did not run with nothing but its name
        and kind.
    parameters : list of ParameterFacts
        In the order of ``named_parameters``.
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
        units = 1 if output.ndim == 4 else output.ndim - 1
        others = tuple(axis for axis in range(output.ndim) if axis != units)
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
    """A copy of all parameters, by name, for :func:`moved_since`.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model.

    Returns
    -------
    dict of str to numpy.ndarray
        The parameters, by their names in ``named_parameters``.
    """
    return {name: tensor.numpy().copy() for name, tensor in model.named_parameters()}


def moved_since(before: dict[str, np.ndarray], model: nn.Layer) -> dict[str, float]:
    """How far each parameter has moved since the :func:`snapshot` `before`.

    The length of the difference over the length that the parameter had (or over 1, if that was 0,
    as it is of a new bias). 0 for a parameter that nobody has changed.

    Parameters
    ----------
    before : dict of str to numpy.ndarray
        What :func:`snapshot` gave.
    model : paddle.nn.Layer
        The same model, later.

    Returns
    -------
    dict of str to float
        The distance of each parameter, by its name.

    Raises
    ------
    InspectionError
        If the model has a parameter that `before` does not have.
    """
    for name, _ in model.named_parameters():
        if name not in before:
            raise InspectionError(f"no parameter {name!r} in the snapshot; it is of another model")
    return {
        name: float(
            np.linalg.norm(tensor.numpy() - before[name]) / (np.linalg.norm(before[name]) or 1)
        )
        for name, tensor in model.named_parameters()
    }


def layer_table(layers: list[LayerFacts]) -> tuple[list[str], list[tuple]]:
    """Header and rows, for :func:`mnist_helpers.notebook.show.table`.

    Parameters
    ----------
    layers : list of LayerFacts
        What :func:`look_inside` found.

    Returns
    -------
    header : list of str
        The names of the columns.
    rows : list of tuple of str
        A row for each call of a layer.
    """
    header = ["layer", "kind", "output", "mean", "std", "dead"]
    rows: list[tuple] = []
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
    """Header and rows, for :func:`mnist_helpers.notebook.show.table`.

    Parameters
    ----------
    parameters : list of ParameterFacts
        What :func:`look_inside` found.

    Returns
    -------
    header : list of str
        The names of the columns.
    rows : list of tuple of str
        A row for each parameter.
    """
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
