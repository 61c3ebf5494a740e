"""What several test files use: small sets of digits in MNIST's format, and a clean environment."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

import numpy as np
import pytest

from mnist_helpers.data import Digits, write_idx
from mnist_helpers.data.mnist_files import TEST, TRAIN

SETTINGS = ("MNIST_DIR", "MNIST_SOURCE", "MNIST_MIRRORS", "MNIST_VERIFY")


def random_digits(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """n random images uint8 [n, 28, 28] and labels uint8 [n]."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n).astype(np.uint8)


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """No setting of the user's, and a home folder of the test's own; returns the cache folder."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home" / ".cache" / "paddle" / "dataset" / "mnist"


@pytest.fixture
def idx_folder(tmp_path):
    """A folder with the four files, of 60 training and 10 test digits that are not MNIST's."""
    folder = tmp_path / "idx"
    folder.mkdir()
    for pair, n in ((TRAIN, 60), (TEST, 10)):
        for file, array in zip(pair, random_digits(n), strict=True):
            write_idx(folder / f"{file.name}.gz", array)
    return folder


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `code` in a fresh Python, with these variables set (or, if None, not set)."""
    env = {**os.environ, **{k: v for k, v in environment.items() if v is not None}}
    for name in [name for name, value in environment.items() if value is None]:
        env.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120
    )


@functools.cache
def _sample():
    from mnist_helpers.data.sample import sample_arrays

    return sample_arrays()


def sample_digits(n: int, start: int = 0) -> Digits:
    """n digits of the built-in sample: real ones, without a network."""
    images, labels = _sample()
    part = slice(start, start + n)
    return Digits.checked(images[part], labels[part], "the built-in sample")
