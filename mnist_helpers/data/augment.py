"""New digits from old: small changes of form, which leave a digit what it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F


def moved(
    images: np.ndarray, u: np.ndarray, pixels: float = 2.0, degrees: float = 10.0
) -> np.ndarray:
    """Each digit turned about its middle and shifted, by amounts of its own.

    `u` chooses them: the angle between -`degrees` and `degrees`, the shift to the right and down
    between -`pixels` and `pixels` (the fourth number is not used). Pixels are interpolated
    linearly; what comes in from outside is paper (0).

    Parameters
    ----------
    images : numpy.ndarray
        float32 [b, 1, h, w].
    u : numpy.ndarray
        float [b, 4] in [0, 1).
    pixels, degrees : float
        The limits, 0 or more.

    Returns
    -------
    numpy.ndarray
        float32 [b, 1, h, w].
    """
    height, width = images.shape[2:]
    angle, right, down = (2 * u[:, :3] - 1).T * np.array([np.deg2rad(degrees), pixels, pixels])[
        :, None
    ]
    cos, sin = np.cos(angle), np.sin(angle)
    # affine_grid wants, for each pixel of the new image, its place in the old one; places run
    # from -1 to 1 along a side, and so does the shift, with the opposite sign
    x = np.stack([cos, -sin * height / width, -(cos * right - sin * down) * 2 / width], axis=1)
    y = np.stack([sin * width / height, cos, -(sin * right + cos * down) * 2 / height], axis=1)
    matrices = paddle.to_tensor(np.stack([x, y], axis=1).astype(np.float32))
    with paddle.no_grad():
        grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
        return F.grid_sample(paddle.to_tensor(images), grid, align_corners=False).numpy()


def moving(
    pixels: float = 2.0, degrees: float = 10.0
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """:func:`moved` with these limits, for ``fit(…, augment=moving(2, 10))``.

    Parameters
    ----------
    pixels, degrees : float
        As in :func:`moved`.

    Returns
    -------
    callable
        From (images, u) to images.

    Raises
    ------
    ValueError
        For limits that are negative or not finite.
    """
    _check(pixels=pixels, degrees=degrees)
    return partial(moved, pixels=pixels, degrees=degrees)


def shifted(images: np.ndarray, u: np.ndarray, pixels: int = 1) -> np.ndarray:
    """Each digit shifted by whole pixels of its own.

    To the right and down by -`pixels`, …, `pixels`, each as likely, as the first two columns of
    `u` choose. Much cheaper than :func:`moved`, since nothing is interpolated.

    Parameters
    ----------
    images : numpy.ndarray
        float32 [b, 1, h, w].
    u : numpy.ndarray
        float [b, 2] or more columns, in [0, 1).
    pixels : int
        The limit, 0 or more.

    Returns
    -------
    numpy.ndarray
        float32 [b, 1, h, w].
    """
    b, _, height, width = images.shape
    padded = np.zeros((b, height + 2 * pixels, width + 2 * pixels), images.dtype)
    padded[:, pixels : pixels + height, pixels : pixels + width] = images[:, 0]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    right, down = (u[:, :2] * (2 * pixels + 1)).astype(np.intp).T  # 0 … 2 · pixels
    return windows[np.arange(b), 2 * pixels - down, 2 * pixels - right][:, None]


def shifting(pixels: int = 1) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """:func:`shifted` with this limit, for ``fit(…, augment=shifting(1))``.

    Parameters
    ----------
    pixels : int
        As in :func:`shifted`.

    Returns
    -------
    callable
        From (images, u) to images.

    Raises
    ------
    ValueError
        For a limit that is not a whole number, 0 or more.
    """
    if not (0 <= pixels < np.inf and pixels == int(pixels)):
        raise ValueError(f"pixels must be a whole number, 0 or more, not {pixels}")
    return partial(shifted, pixels=int(pixels))


POINTS = 5  # a bend is drawn at 5 × 5 points of the image, and smooth between them


def distorted(
    images: np.ndarray,
    u: np.ndarray,
    degrees: float = 10.0,
    pixels: float = 1.5,
    stretch: float = 0.05,
    shear: float = 0.05,
    bend: float = 0.5,
) -> np.ndarray:
    """Each digit turned, shifted, stretched, sheared and bent, by amounts of its own.

    `u` chooses them, each between minus and plus its limit. The pixels are interpolated linearly;
    what comes in from outside is paper (0). Elastic distortions: Simard, Steinkraus and Platt,
    "Best practices for convolutional neural networks applied to visual document analysis", ICDAR
    2003.

    Parameters
    ----------
    images : numpy.ndarray
        float32 [b, 1, h, w].
    u : numpy.ndarray
        float [b, 56] in [0, 1).
    degrees : float
        Of the angle.
    pixels : float
        Of the shifts, to the side and down.
    stretch : float
        Of the logarithms of the width's and the height's factors.
    shear : float
        Of the shear: pixels to the side for each pixel down.
    bend : float
        Of how far each of 5 × 5 points moves to the side and down, in pixels; in between, bicubic
        interpolation.

    Returns
    -------
    numpy.ndarray
        float32 [b, 1, h, w].
    """
    b, _, height, width = images.shape
    v = 2 * u - 1
    limits = [np.deg2rad(degrees), stretch, stretch, shear]
    angle, wide, high, slant = (v[:, [0, 3, 4, 5]] * limits).T
    cos, sin, wide, high = np.cos(angle), np.sin(angle), np.exp(wide), np.exp(high)
    # grid_sample wants, for each pixel of the new image, its place in the old one; here both are
    # in pixels from the middle
    x = np.stack([wide * cos, wide * (slant - sin)], axis=1)
    y = np.stack([high * sin, high * cos], axis=1)
    middle = np.array([[(height - 1) / 2], [(width - 1) / 2]])
    down, right = np.indices((height, width)).reshape(2, -1) - middle
    places = np.stack([x, y], axis=1) @ np.stack([right, down])  # [b, 2, h · w]
    places += pixels * v[:, 1:3, None]
    places += bend * v[:, 6:].reshape(b, 2, -1) @ _bumps(height, width)
    grid = (places.reshape(b, 2, height, width).transpose(0, 2, 3, 1)) * [2 / width, 2 / height]
    with paddle.no_grad():
        grid = paddle.to_tensor(grid.astype(np.float32))
        return F.grid_sample(paddle.to_tensor(images), grid, align_corners=False).numpy()


def distorting(**limits: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """:func:`distorted` with these limits, for ``fit(…, augment=distorting(degrees=15))``.

    Parameters
    ----------
    **limits : float
        Those of :func:`distorted`, by name. An unknown one is noticed with the first batch
        (TypeError).

    Returns
    -------
    callable
        From (images, u) to images. Its attribute ``draws`` says how many columns `u` must have.

    Raises
    ------
    ValueError
        For limits that are negative or not finite.
    """
    _check(**limits)
    distort: Callable[..., np.ndarray] = distorted  # the limits are known only when it runs
    augment: Any = partial(distort, **limits)  # Any: it gets an attribute of its own
    augment.draws = 6 + 2 * POINTS**2  # as `batches` asks
    return augment


def _check(**limits: float) -> None:
    for name, limit in limits.items():
        if not 0 <= limit < np.inf:
            raise ValueError(f"{name} must be 0 or more, not {limit}")


@lru_cache
def _bumps(height: int, width: int) -> np.ndarray:
    """For each of 5 × 5 points, the share that it has in each pixel: float64 [25, h · w]."""
    one = paddle.eye(POINTS**2).reshape([POINTS**2, 1, POINTS, POINTS])
    with paddle.no_grad():
        bumps = F.interpolate(one, [height, width], mode="bicubic", align_corners=True)
    return bumps.numpy().reshape(POINTS**2, height * width).astype(np.float64)
