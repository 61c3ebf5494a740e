"""The digits as a ``paddle.io.Dataset``, for ``paddle.io.DataLoader``."""

from __future__ import annotations

import numpy as np
import paddle

from mnist_helpers.data.batching import to_floats
from mnist_helpers.data.digits import Digits


class MnistDataset(paddle.io.Dataset):
    """One sample at a time: an image, and its label, int64 [1].

    Images are float32 [1, 28, 28] in [0, 1] or, if `flat`, [784]. `digits` is a
    :class:`Digits`, or the name of a split to load.

    Parameters
    ----------
    digits : Digits or str
        The digits, or one of "train", "valid" and "test", for :func:`load`.
    flat : bool
        Whether images are float32 [784] and not [1, 28, 28].

    Raises
    ------
    UnknownNameError
        If `digits` is a name, but not that of a split. It is a ValueError.
    DataError
        If the split cannot be loaded, as in :func:`load`.
    """

    def __init__(self, digits: Digits | str, flat: bool = False) -> None:
        super().__init__()
        if isinstance(digits, str):
            from mnist_helpers.data.splits import load

            digits = load(digits)
        self.digits = digits
        self.flat = flat

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        image = to_floats(self.digits.images[index][None], self.flat)[0]
        return image, self.digits.labels[index].astype(np.int64)[None]

    def __len__(self) -> int:
        return len(self.digits)
