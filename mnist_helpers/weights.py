"""A model's parameters and buffers: to a file and back, and as one checksum."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from pathlib import Path

import numpy as np
import paddle

from mnist_helpers.errors import RunError
from mnist_helpers.files import replacing


def fingerprint(model: paddle.nn.Layer) -> str:
    """SHA-256 of all parameters and buffers, as 64 hexadecimal digits.

    Over name, dtype, shape and bytes (little-endian) of each, in the model's order: equal for two
    models if, and only if, their weights are equal to the bit.
    """
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        array = tensor.numpy()
        digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def save_weights(model: paddle.nn.Layer, path: str | os.PathLike) -> None:
    """Write the parameters as ``paddle.save`` does, whole or not at all; `path` ends .pdparams."""
    content = io.BytesIO()  # paddle.save takes a name or this, but no open file
    paddle.save(model.state_dict(), content)
    with replacing(path) as file:
        file.write(content.getbuffer())


def load_weights(model: paddle.nn.Layer, path: str | os.PathLike) -> None:
    """Give `model` the parameters in a .pdparams file, whose names and shapes must be its own.

    Paddle's ``set_state_dict`` leaves out what does not fit, with a warning; and ``paddle.load``
    executes what a pickle asks for. Here a file of another model is an error, and a file is only
    data. Raises RunError, the model untouched; OSError if the file cannot be opened.
    """
    stored = arrays_in(Path(path).read_bytes(), path)
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    theirs = {name: array.shape for name, array in stored.items()}
    if own != theirs:
        raise RunError(
            f"{path}: parameters of another model than {type(model).__name__}: "
            + "; ".join(differences(own, theirs))
        )
    model.set_state_dict(stored)


def differences(own: dict, theirs: dict) -> list[str]:
    """The first three of what does not fit, in words; both are name → shape."""
    found = []
    for name in [*own, *(name for name in theirs if name not in own)]:
        if name not in theirs:
            found.append(f"{name} is missing")
        elif name not in own:
            found.append(f"{name} is one too many")
        elif own[name] != theirs[name]:
            found.append(f"{name} is {list(theirs[name])}, expected {list(own[name])}")
    more = [] if len(found) <= 3 else [f"and {len(found) - 3} more"]
    return found[:3] + more


def arrays_in(content: bytes, path, *, may_be_empty: bool = False) -> dict[str, np.ndarray]:
    """The arrays in what ``paddle.save`` made of a state dict, by their names.

    `path` is for the error messages. Executes nothing. Raises RunError if it is something else.
    """
    try:
        found = _ArraysOnly(io.BytesIO(content)).load()
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise RunError(f"{path}: not a sound file of parameters ({error})") from error
    if isinstance(found, dict):
        found.pop("StructuredToParameterName@@", None)  # Paddle's own note, not a parameter
        sound = all(isinstance(value, np.ndarray) for value in found.values())
        if sound and (found or may_be_empty):
            return found
    raise RunError(f"{path}: not a file of parameters; expected what paddle.save makes of a model")


_OF_ARRAYS = {("multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}


class _ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy arrays in plain containers, and refuses anything else that can be called."""

    def find_class(self, module: str, name: str):
        # NumPy 1 wrote numpy.core.multiarray, NumPy 2 writes numpy._core.multiarray
        short = module.removeprefix("numpy._core.").removeprefix("numpy.core.")
        if (short, name) not in _OF_ARRAYS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not an array")
        return super().find_class(module, name)
