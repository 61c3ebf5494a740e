"""Grey values → ink: how far each pixel is from the paper just around it.

A photograph has no one colour of paper: a shadow halves it, and a desk beside the sheet is darker
than many a pen. Both are wide, though, and strokes are narrow. So the paper is what is left when
everything narrower than a window is filled in with its surroundings (a *closing*: the highest value
within the window, then the lowest of these). Straight edges of wide things stay where they are.
"""

from __future__ import annotations

import numpy as np

from mnist_helpers.errors import PictureError

MIN_CONTRAST = 0.03  # of full scale, between paper and ink: less is a blank picture
WINDOW = 0.25  # of the longer side: wider than strokes, narrower than shadows and desks
DARKEST_PAPER = 0.35  # of the lightest: darker "paper" is a desk, whose grain must not count as ink
NOISE = 0.05  # standard deviation below which a neighbourhood says little about dark and light


def ink(grey: np.ndarray, name: str = "picture") -> np.ndarray:
    """How much ink each pixel has: float32 [height, width] in [0, 1], paper 0, the darkest 1.

    `grey` is a float32 [height, width] in [0, 1]. Dark on light and light on dark come out alike.
    Raises PictureError where nothing differs from the paper around it.
    """
    away = ink_of(grey, skewness(grey) > 0)
    contrast = away.max()
    if contrast < MIN_CONTRAST:
        raise PictureError(f"{name}: {too_faint(contrast)}")
    return np.clip(away / contrast, 0, 1)


def too_faint(contrast: float) -> str:
    """What an error says of a picture whose ink, if there is any, hardly differs from its paper."""
    if contrast < 0.5 / 255:
        return "blank (nothing on it differs from the paper around it)"
    return (
        f"blank or too faint (nothing differs from the paper around it by more than "
        f"{contrast:.1%} of full scale; at least {MIN_CONTRAST:.0%} is needed)"
    )


def ink_of(grey: np.ndarray, light_ink: bool) -> np.ndarray:
    """As :func:`ink`, but as a share of the paper's light, whatever the highest.

    `light_ink` says whether the picture is light on dark.
    """
    dark_on_light = -grey if light_ink else grey
    paper = closed(dark_on_light, max(11, round(WINDOW * max(grey.shape))))
    away = np.maximum(paper - dark_on_light, 0)
    away = np.maximum(away - 2 * np.median(away), 0)  # most of it is paper: the rest is noise
    if light_ink:
        return away
    # a shadow takes the same share of the light from paper and ink
    return away / np.maximum(paper, max(DARKEST_PAPER * paper.max(), 1e-3))


def skewness(grey: np.ndarray) -> float:
    """Above 0, up to 2, for light ink on dark paper; below, down to -2, for dark on light.

    Ink is what is rarer in its neighbourhood. There the pixels are standardised; where the rarer
    ones are lighter than the mean, the third powers have a positive sum. Along the edge of a shadow
    or a desk neither is rarer. Two sizes of neighbourhood count, for thin strokes and for bold.
    """
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    step = -(-max(grey.shape) // 160)  # every few pixels are enough
    some = ndimage.uniform_filter(grey, step)[::step, ::step] if step > 1 else grey
    total = 0.0
    for share, least in ((0.12, 7), (0.25, 13)):
        size = max(least, round(share * max(some.shape)))
        away = some - ndimage.uniform_filter(some, size)
        spread = np.sqrt(ndimage.uniform_filter(away**2, size) + NOISE**2)
        cubes = (away / spread) ** 3
        total += cubes.sum() / (np.abs(cubes).sum() + 1e-9)
    return float(total)


def closed(grey: np.ndarray, window: int) -> np.ndarray:
    """`grey` with what is dark and narrower than `window` pixels filled in."""
    from scipy import ndimage

    padded = np.pad(grey, window, mode="symmetric")
    # two pixels more on the way back: a step is blurred, and its pixels must not count as ink
    filled = ndimage.minimum_filter(ndimage.maximum_filter(padded, window), window + 2)
    return filled[window:-window, window:-window]
