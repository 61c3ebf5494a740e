"""A set of digits in memory: one array of bytes for the images, one for the labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_helpers.data.formats import check_labels
from mnist_helpers.errors import DataError

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits and their labels.

    ``digits[:1000]`` are the first thousand; an array of positions or of booleans chooses as well.
    Nothing is checked here: see :meth:`checked`.

    Attributes
    ----------
    images : numpy.ndarray
        uint8 [n, 28, 28], 0 where the paper is, 255 where the ink is full.
    labels : numpy.ndarray
        uint8 [n], 0 to 9.
    source : str
        Where they come from, in words ("MNIST", for example).
    """

    images: np.ndarray
    labels: np.ndarray
    source: str = "an array"

    def __repr__(self) -> str:
        return f"{len(self):,} digits of {self.source}"

    @classmethod
    def checked(cls, images: np.ndarray, labels: np.ndarray, source: str = "an array") -> Digits:
        """Digits from arrays that may be wrong: DataError says what is, and what was expected.

        Both are made read-only, so that no chapter can spoil another's digits.

        Parameters
        ----------
        images : numpy.ndarray
            uint8 [n, 28, 28], n at least 1.
        labels : numpy.ndarray
            [n], from 0 to 9, of any integer dtype.
        source : str
            Where they come from, in words; errors begin with it.

        Returns
        -------
        Digits
            The digits. Their arrays are read-only views of those given, or of a copy where labels
            are not uint8.

        Raises
        ------
        DataError
            If a shape, a dtype or a label is not as it should be, if there are not as many labels
            as images, or if there are no digits at all.
        """
        images, labels = np.asarray(images), np.asarray(labels)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
            raise DataError(
                f"{source}: images are {images.dtype} {list(images.shape)}; "
                "expected uint8 [n, 28, 28]"
            )
        if labels.dtype.kind not in "iu" or labels.ndim != 1:
            raise DataError(
                f"{source}: labels are {labels.dtype} {list(labels.shape)}; expected integers [n]"
            )
        if len(images) != len(labels):
            raise DataError(f"{source}: {len(images):,} images but {len(labels):,} labels")
        if len(images) == 0:
            raise DataError(f"{source}: no digits at all")
        check_labels(labels, source)
        labels = labels.astype(np.uint8, copy=False)
        images, labels = images.view(), labels.view()
        images.flags.writeable = labels.flags.writeable = False
        return cls(images, labels, source)

    def __len__(self) -> int:
        """How many there are.

        Returns
        -------
        int
            0 or more.
        """
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> Digits:
        """Part of the digits: ``digits[:1000]``, or by an array of positions or of booleans.

        Parameters
        ----------
        index : slice or numpy.ndarray
            As for a NumPy array; not a single position.

        Returns
        -------
        Digits
            Of the same source; a slice copies nothing.

        Raises
        ------
        TypeError
            For a single position.
        """
        if isinstance(index, (int, np.integer)):
            raise TypeError("take digits by a slice or an array of positions: digits[i : i + 1]")
        return Digits(self.images[index], self.labels[index], self.source)

    def counts(self) -> np.ndarray:
        """How many of each digit: int64 [10].

        Returns
        -------
        numpy.ndarray
            int64 [10]: at position k, how many labels are k.
        """
        return np.bincount(self.labels, minlength=10)
