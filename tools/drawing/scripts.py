"""The stored networks as scripts, a file each, for the page "Draw a digit".

``python -m tools.drawing scripts FOLDER`` writes them; ``make book`` calls it. A script works where
a page that was opened from a folder could not fetch a file. Arrays are in base64: the very bytes,
float32 or int16, little-endian, a third longer.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from mnist_helpers.models import fingerprint
from mnist_helpers.system.files import replacing
from tools.drawing.layers import Layers, layers_of
from tools.drawing.training import NETWORKS, STORED, trained


def write(folder: Path, stored: Path = STORED) -> None:
    """A script for each network of the page, of the weights in `stored`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NETWORKS:
        with replacing(folder / f"{name}.js") as file:
            file.write(script(name, stored).encode())


def script(name: str, stored: Path = STORED) -> str:
    """The script of one network."""
    model = trained(name, stored)
    layers = layers_of(model)
    if len(layers[-1]["bias"]) > 1:
        layers.append({"kind": "softmax"})  # the loss had it inside; scores become probabilities
    about = {
        "name": name,
        "weights": fingerprint(model),
        "maps": first_maps(layers),
        "layers": [{key: _plain(value) for key, value in layer.items()} for layer in layers],
    }
    return f"drawDigit.network({json.dumps(about)});\n"


def first_maps(layers: Layers) -> dict[str, Any] | None:
    """After which layer, from 1, the first feature maps are there: that of the activation after
    the first product of many rows. And, if they do not lie row by row as in the image, where each
    place of a map stands in it. None for a network without windows."""
    if layers[0]["kind"] != "patches":
        return None
    rows = len(layers[0]["places"]) * layers[0]["channels"] // len(layers[1]["weights"])
    places, channels = layers[0]["places"].astype(int), layers[0]["channels"]
    pixels = (places[:, None] * channels + np.arange(channels)).reshape(rows, -1)
    inside = pixels >= 0  # a place of -1 may have several channels: all are below 0
    middles = [(part * inside).sum(1) / inside.sum(1) for part in (pixels % 28, pixels // 28)]
    after = next(n for n, layer in enumerate(layers, 1) if layer["kind"] in ("relu", "tanh"))
    order = np.lexsort([middle.round(3) for middle in middles])  # by rows, then columns
    found: dict[str, Any] = {"after": after, "side": round(rows**0.5)}
    if not np.array_equal(order, np.arange(rows)):
        found["order"] = order.tolist()
    return found


def _plain(value: Any) -> Any:
    """Bytes for an array, little-endian, in base64."""
    if not isinstance(value, np.ndarray):
        return value
    array = value.astype(value.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
