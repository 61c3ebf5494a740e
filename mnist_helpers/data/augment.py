"""New digits from old: small shifts and rotations, which leave a digit what it is."""

from __future__ import annotations

from functools import partial

import numpy as np
import paddle
import paddle.nn.functional as F


def moved(
    images: np.ndarray, u: np.ndarray, pixels: float = 2.0, degrees: float = 10.0
) -> np.ndarray:
    """Each digit turned about its middle and shifted, by amounts of its own: float32 [b, 1, h, w].

    `images` are float32 [b, 1, h, w]; `u` float [b, 4] in [0, 1) chooses the amounts: the angle
    between -`degrees` and `degrees`, the shift to the right and down between -`pixels` and
    `pixels` (the fourth number is not used). Pixels are interpolated linearly; what comes in from
    outside is paper (0).
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


def moving(pixels: float = 2.0, degrees: float = 10.0):
    """:func:`moved` with these limits, for ``fit(…, augment=moving(2, 10))``.

    Raises ValueError for limits that are negative or not finite.
    """
    for name, limit in (("pixels", pixels), ("degrees", degrees)):
        if not 0 <= limit < np.inf:
            raise ValueError(f"{name} must be 0 or more, not {limit}")
    return partial(moved, pixels=pixels, degrees=degrees)


def shifted(images: np.ndarray, u: np.ndarray, pixels: int = 1) -> np.ndarray:
    """Each digit shifted by whole pixels of its own: float32 [b, 1, h, w].

    To the right and down by -`pixels`, …, `pixels`, each as likely, as the first two columns of
    `u` choose. Much cheaper than :func:`moved`, since nothing is interpolated. Arguments as there.
    """
    b, _, height, width = images.shape
    padded = np.pad(images[:, 0], ((0, 0), (pixels, pixels), (pixels, pixels)))
    right, down = (u[:, :2] * (2 * pixels + 1)).astype(np.intp).T  # 0 … 2 · pixels
    rows = (2 * pixels - down)[:, None, None] + np.arange(height)[:, None]
    columns = (2 * pixels - right)[:, None, None] + np.arange(width)
    return padded[np.arange(b)[:, None, None], rows, columns][:, None]


def shifting(pixels: int = 1):
    """:func:`shifted` with this limit, for ``fit(…, augment=shifting(1))``.

    Raises ValueError for a limit that is not a whole number, 0 or more.
    """
    if not (0 <= pixels < np.inf and pixels == int(pixels)):
        raise ValueError(f"pixels must be a whole number, 0 or more, not {pixels}")
    return partial(shifted, pixels=int(pixels))
