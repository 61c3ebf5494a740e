"""The built-in sample: real handwritten digits that need no download.

They are the 1,797 digits of the UCI set "Optical Recognition of Handwritten Digits" (Alpaydin and
Kaynak, 1998), which scikit-learn carries: 8 × 8 pixels, 17 levels of grey. Here they are brought
to MNIST's form, so that every chapter runs on them; being so coarse, they look softer.
"""

from __future__ import annotations

import numpy as np

from mnist_helpers.data.mnist_form import to_mnist_form


def sample_arrays() -> tuple[np.ndarray, np.ndarray]:
    """All 1,797 digits in MNIST's form: images uint8 [1797, 28, 28], labels uint8 [1797]."""
    # A second to import: only when it is needed
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # it has no types

    bunch = load_digits()
    ink = (bunch.images / 16).astype(np.float32)
    images = np.stack([np.rint(255 * to_mnist_form(digit)).astype(np.uint8) for digit in ink])
    return images, bunch.target.astype(np.uint8)
