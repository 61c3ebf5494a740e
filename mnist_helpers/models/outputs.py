"""What a model's outputs mean: NumPy arrays, whatever ran the model. Needs no Paddle."""

from __future__ import annotations

import numpy as np


def digits_in(outputs: np.ndarray) -> np.ndarray:
    """The digits that a model's outputs mean: uint8 [b].

    Outputs [b, 1] are numbers: rounded to the nearest digit from 0 to 9. Outputs [b, 10] are
    scores or probabilities, one a class: the class with the highest.

    Parameters
    ----------
    outputs : numpy.ndarray
        [b, 1] or [b, 10].

    Returns
    -------
    numpy.ndarray
        uint8 [b], from 0 to 9; of outputs [b, 1], 255, which no label is, where a number is not
        finite.

    Raises
    ------
    ValueError
        For another shape.
    """
    if outputs.ndim != 2 or outputs.shape[1] not in (1, 10):
        raise ValueError(f"a model's outputs are [b, 1] or [b, 10], not {list(outputs.shape)}")
    if outputs.shape[1] == 10:
        return outputs.argmax(axis=1).astype(np.uint8)
    # a number that is not finite is no digit; 255 never equals a label
    nearest = np.clip(np.rint(outputs[:, 0]), 0, 9)
    return np.where(np.isfinite(outputs[:, 0]), nearest, 255).astype(np.uint8)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities from scores, both float32 [b, c]; each row adds up to 1.

    Parameters
    ----------
    scores : numpy.ndarray
        float32 [b, c], one score a class.

    Returns
    -------
    numpy.ndarray
        float32 [b, c] in [0, 1]. No score is too large for it.
    """
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # the highest is 1: no overflow
    powers /= powers.sum(axis=1, keepdims=True)
    return powers
