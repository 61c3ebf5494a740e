"""A model's parameters and buffers: to a file and back, and as one checksum."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from mnist_helpers.errors import RunError
from mnist_helpers.system.files import replacing


def fingerprint(model: paddle.nn.Layer) -> str:
    """SHA-256 of all parameters and persistable buffers, as 64 hexadecimal digits.

    Over name, dtype, shape and bytes (little-endian) of each, in the model's order: equal for two
    models if, and only if, their weights are equal to the bit.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model, on any device.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        array = tensor.numpy()
        digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def save_weights(model: paddle.nn.Layer, path: str | os.PathLike) -> None:
    """Write the parameters as ``paddle.save`` does, whole or not at all; `path` ends .pdparams.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model whose parameters and buffers to write.
    path : str or os.PathLike
        The file to write. Its folder must be there.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    content = io.BytesIO()  # paddle.save takes a name or this, but no open file
    paddle.save(model.state_dict(), content)
    with replacing(path) as file:
        file.write(content.getbuffer())


def load_weights(model: paddle.nn.Layer, path: str | os.PathLike) -> None:
    """Give `model` the parameters in a .pdparams file, which must be of the very same kind.

    Their names, shapes and dtypes are compared.
    Paddle's ``set_state_dict`` leaves out what does not fit, with a warning; and ``paddle.load``
    executes what a pickle asks for. Here a file of another model is an error, and a file is only
    data.

    Parameters
    ----------
    model : paddle.nn.Layer
        The model to change.
    path : str or os.PathLike
        A file as :func:`save_weights` or ``paddle.save`` writes it.

    Raises
    ------
    RunError
        If the file is damaged, or of another model. The model is untouched then.
    OSError
        If the file cannot be opened.
    """
    stored = arrays_in(Path(path).read_bytes(), path)
    if found := differences(described(model.state_dict()), described(stored)):
        raise RunError(
            f"{path}: parameters of another model than {type(model).__name__}: {'; '.join(found)}"
        )
    model.set_state_dict(stored)  # type: ignore[arg-type]  # it takes arrays as well


def described(arrays: Mapping[str, Any]) -> dict[str, str]:
    """name → dtype and shape, in words ("float32 [784, 10]"), of tensors or arrays."""
    # Paddle stores its bfloat16, which NumPy does not know, as uint16
    names = {name: str(a.dtype).split(".")[-1] for name, a in arrays.items()}
    return {
        name: f"{names[name].replace('bfloat16', 'uint16')} {list(array.shape)}"
        for name, array in arrays.items()
    }


def differences(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The first three of what does not fit, in words; both are name → what it is like."""
    found = []
    for name in [*own, *(name for name in theirs if name not in own)]:
        if name not in theirs:
            found.append(f"{name} is missing")
        elif name not in own:
            found.append(f"{name} is one too many")
        elif own[name] != theirs[name]:
            found.append(f"{name} is {theirs[name]}, expected {own[name]}")
    more = [] if len(found) <= 3 else [f"and {len(found) - 3} more"]
    return found[:3] + more


def arrays_in(
    content: bytes, path: str | os.PathLike, *, may_be_empty: bool = False
) -> dict[str, np.ndarray]:
    """The arrays in what ``paddle.save`` made of a state dict, by their names.

    Executes nothing.

    Parameters
    ----------
    content : bytes
        The content of the file.
    path : str or os.PathLike
        What error messages call the file. It is not opened.
    may_be_empty : bool
        Whether no arrays at all are right as well, as for an optimiser without a state.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays, by their names.

    Raises
    ------
    RunError
        If `content` is something else.
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

    def find_class(self, module: str, name: str) -> Any:
        # NumPy 1 wrote numpy.core.multiarray, NumPy 2 writes numpy._core.multiarray
        short = module.removeprefix("numpy._core.").removeprefix("numpy.core.")
        if (short, name) not in _OF_ARRAYS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not an array")
        return super().find_class(module, name)
