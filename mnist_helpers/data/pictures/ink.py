"""Grey values → ink: how far each pixel is from the paper around it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from mnist_helpers.errors import PictureError

WORK_SIZE = 280  # pixels along the longer side while the digit is being found: 10 to MNIST's one
MIN_CONTRAST = 0.1  # of full scale, between paper and ink: less is a blank picture


def ink(grey: np.ndarray, name: str = "picture") -> np.ndarray:
    """How much ink each pixel has: float32 [height, width] in [0, 1], paper 0, the darkest 1.

    `grey` is a float32 [height, width] in [0, 1]. Dark on light and light on dark come out alike.
    Raises PictureError where paper and ink hardly differ.
    """
    if max(grey.shape) >= WORK_SIZE:  # specks and noise are smoothed away
        grey = np.asarray(Image.fromarray(grey).filter(ImageFilter.MedianFilter(3)))
    away = _ink(grey)
    contrast = away.max()
    if contrast < MIN_CONTRAST:
        raise PictureError(
            f"{name}: blank (paper and ink differ by {contrast:.0%} of full scale; "
            f"at least {MIN_CONTRAST:.0%} is needed)"
        )
    return np.clip(away / contrast, 0, 1)


def _ink(grey: np.ndarray) -> np.ndarray:
    """How far each pixel is from the paper around it: float32 [height, width], at least 0."""
    frame = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    away = grey - np.median(frame)  # the paper is what most of the picture's edge shows
    if -away.min() > away.max():  # dark on light: turn round, so that ink is high
        away = -away
    ink = np.maximum(away - _uneven_light(away), 0)
    return np.maximum(ink - 2 * np.median(ink), 0)  # most of a picture is paper: the rest is noise


def _uneven_light(away: np.ndarray) -> np.ndarray:
    """The slow change of the paper over a photograph, as [height, width].

    A quadratic surface, fitted by least squares to the pixels that are paper; which those are is
    found in a few rounds, each leaving out what lies far above the surface of the round before.
    """
    height, width = away.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    step = max(1, max(away.shape) // 64)  # every few pixels are enough for a smooth surface
    some_terms, some = terms[::step, ::step].reshape(-1, 6), away[::step, ::step].reshape(-1)
    limit = 0.5 * some.max()
    surface = np.zeros_like(some)
    for _ in range(4):
        paper = some - surface <= limit
        known = some_terms[paper]
        coefficients = np.linalg.lstsq(known.T @ known, known.T @ some[paper], rcond=None)[0]
        surface = some_terms @ coefficients
        limit = max(3 * np.std((some - surface)[paper]), 0.1 * (some - surface).max())
    return (terms @ coefficients).astype(np.float32)
