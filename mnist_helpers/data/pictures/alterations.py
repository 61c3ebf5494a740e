"""What happens to a digit on its way into a photograph: a margin, lines, a shadow, a desk, …

Each is a function from a picture and a random generator to a new picture; both are uint8
[height, width, 3]. The same generator state gives the same picture. They are for testing what
:func:`mnist_helpers.data.pictures.load_image` bears; sizes are shares of the picture's longer side.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

LONGEST = 600  # pixels along the longer side of what is altered
BLUE = np.array([168, 198, 228])  # of the lines of an exercise book


def on_paper(digit: np.ndarray, rng: np.random.Generator, size: int = LONGEST) -> np.ndarray:
    """An MNIST digit as a photograph: dark ink on light paper with grain and uneven light.

    Parameters
    ----------
    digit : numpy.ndarray
        uint8 [28, 28], ink 255 and paper 0.
    rng : numpy.random.Generator
        Chooses the paper, the ink, the light and the place.
    size : int
        Pixels along a side of the photograph.

    Returns
    -------
    numpy.ndarray
        uint8 [size, size, 3].
    """
    side = int(size * rng.uniform(0.5, 0.8))
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    ink = np.zeros((size, size, 1))
    top, left = rng.integers(0, size - side + 1, 2)
    # the steps of 28 × 28 pixels become an edge of a few pixels, as a pen's is
    ink[top : top + side, left : left + side, 0] = np.clip(np.asarray(large) / 64 - 1.5, 0, 1)
    paper = rng.uniform(190, 245) * np.array([1, rng.uniform(0.95, 1), rng.uniform(0.85, 1)])
    pen = np.array([rng.uniform(20, 60), rng.uniform(20, 70), rng.uniform(30, 130)])
    return _as_bytes(_light(size, rng) * (paper + ink * (pen - paper)) + _grain(size, size, rng))


def plain(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture as it is, to compare with.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Not used.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3].
    """
    return picture


def margin(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sheet two and a half times as high and as wide, the picture somewhere on it.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses the place.

    Returns
    -------
    numpy.ndarray
        uint8 [2.5 height, 2.5 width, 3].
    """
    height, width = picture.shape[:2]
    place = (int(rng.uniform(0.1, 1.4) * height), int(rng.uniform(0.1, 1.4) * width))
    return _laid(picture, (int(2.5 * height), int(2.5 * width)), place, rng)


def ruled(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Seven light-blue lines across, at most a degree from level.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses the slope and where they begin.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3].
    """
    slope = np.deg2rad(rng.uniform(-1, 1))
    return _with_lines(picture, len(picture) / 7, [slope], rng)


def squared(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Squared paper, at most a degree from level.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses the slope, the squares' size and where they begin.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3].
    """
    slope = np.deg2rad(rng.uniform(-1, 1))
    step = max(picture.shape) * rng.uniform(0.05, 0.1)
    return _with_lines(picture, step, [slope, slope + np.pi / 2], rng)


def speck(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A dark speck near a corner.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses the corner, the place and the size.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3].
    """
    height, width = picture.shape[:2]
    size = max(height, width)
    y, x = (rng.uniform(0.02, 0.06, 2) * size).astype(int)
    y, x = (y, height - y)[rng.integers(2)], (x, width - x)[rng.integers(2)]
    down, right = np.indices((height, width))
    distance = np.hypot(down - y, (right - x) * rng.uniform(0.7, 1.4))
    covered = np.clip(size * rng.uniform(0.008, 0.016) - distance + 0.5, 0, 1)[..., None]
    return _as_bytes(picture + covered * (_ink_of(picture) - picture))


def shadow(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shadow with a hard, slanting edge, through the middle: half the light is left in it.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses the slant, the side and the place.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3].
    """
    angle = rng.uniform(0, 2 * np.pi)
    dark = _beyond(picture.shape, angle, rng.uniform(-0.15, 0.15), soft=3)
    return _as_bytes(picture * (1 - 0.5 * dark))


def frame(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A printed rectangle round the digit, as forms have it.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses its distance from the edge and its lines' thickness.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3].
    """
    size = max(picture.shape)
    inset, thick = int(rng.uniform(0.01, 0.05) * size), int(rng.uniform(0.005, 0.015) * size)
    inner = inset + thick
    framed = picture.copy()
    framed[inset:-inset, inset:-inset] = _ink_of(picture)
    framed[inner:-inner, inner:-inner] = picture[inner:-inner, inner:-inner]
    return framed


def desk(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A dark desk at one side, beyond the sheet's edge, which is not quite straight up or level.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses the side, the slant and the desk's width.

    Returns
    -------
    numpy.ndarray
        uint8, larger than `picture` at one side.
    """
    height, width = picture.shape[:2]
    side, more = rng.integers(4), rng.uniform(0.15, 0.3)
    size = (height, int(width * (1 + more))) if side < 2 else (int(height * (1 + more)), width)
    place = ((0, 0) if side % 2 else (0, size[1] - width) if side < 2
             else (size[0] - height, 0))  # fmt: skip
    return _on_desk(_laid(picture, size, place, rng), place, (height, width), rng)


def all_round(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sheet on a dark desk, which is seen on all four sides.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 [height, width, 3].
    rng : numpy.random.Generator
        Chooses the sheet's turn and the desk's widths.

    Returns
    -------
    numpy.ndarray
        uint8, larger than `picture` on all sides.
    """
    height, width = picture.shape[:2]
    more = (rng.uniform(0.1, 0.25, 4) * max(height, width)).astype(int)
    size = (height + more[0] + more[1], width + more[2] + more[3])
    place = (more[0], more[2])
    return _on_desk(_laid(picture, size, place, rng), place, (height, width), rng)


ALTERATIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "as it is": plain,
    "a wide margin": margin,
    "ruled lines": ruled,
    "squared paper": squared,
    "a speck": speck,
    "a printed frame": frame,
    "a hard shadow": shadow,
    "a desk at one side": desk,
    "a desk all round": all_round,
}


def _paper_of(picture: np.ndarray) -> np.ndarray:
    """Its colour, float [3]: what most of the picture's edge shows."""
    edge = [picture[0], picture[-1], picture[:, 0], picture[:, -1]]
    return np.median(np.concatenate(edge), axis=0)


def _is_light(picture: np.ndarray) -> bool:
    return bool(_paper_of(picture).mean() > 127)


def _ink_of(picture: np.ndarray) -> np.ndarray:
    """The colour of what is printed on such paper, float [3]."""
    return np.full(3, 30.0 if _is_light(picture) else 225.0)


def _as_bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _grain(height: int, width: int, rng: np.random.Generator, strength: float = 3) -> np.ndarray:
    """Of paper and of the camera: float [height, width, 1]."""
    return rng.normal(0, strength, (height, width, 1))


def _light(size: int, rng: np.random.Generator) -> np.ndarray:
    """Slowly falling off to one side: float [size, size, 1], 1 at most."""
    angle, least = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1)
    y, x = np.indices((size, size)) / size - 0.5
    along = (x * np.cos(angle) + y * np.sin(angle)) / np.sqrt(2) + 0.5
    return (least + (1 - least) * along)[..., None]


def _laid(
    picture: np.ndarray, size: tuple[int, int], place: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """The picture on a larger sheet of its own paper, its corner at `place`."""
    sheet = _as_bytes(_paper_of(picture) + _grain(*size, rng, strength=2))
    top, left = place
    sheet[top : top + len(picture), left : left + picture.shape[1]] = picture
    return sheet


def _beyond(shape: tuple[int, ...], angle: float, offset: float, soft: float) -> np.ndarray:
    """1 beyond a straight edge and 0 before it, `soft` pixels between: float [height, width, 1].

    The edge is at right angles to `angle`, `offset` · the longer side from the middle.
    """
    height, width = shape[:2]
    y, x = np.indices((height, width))
    along = (x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle)
    return np.clip((along - offset * max(height, width)) / soft + 0.5, 0, 1)[..., None]


def _with_lines(
    picture: np.ndarray, step: float, angles: list[float], rng: np.random.Generator
) -> np.ndarray:
    """Printed lines, `step` pixels apart, that run in the directions `angles`."""
    y, x = np.indices(picture.shape[:2])
    thick, covered = max(picture.shape) * rng.uniform(0.003, 0.006), np.zeros(picture.shape[:2])
    for angle in angles:
        across = (y * np.cos(angle) - x * np.sin(angle) + rng.uniform(0, step)) % step
        covered = np.maximum(covered, np.clip((thick - np.abs(across - step / 2)) + 0.5, 0, 1))
    colour = BLUE * _paper_of(picture).max() / 255 if _is_light(picture) else 0.4 * BLUE
    lined = picture + covered[..., None] * (colour - picture)
    darker = np.minimum if _is_light(picture) else np.maximum
    return _as_bytes(darker(picture, lined))  # the pen goes over the lines


def _on_desk(
    sheet: np.ndarray, place: tuple[int, int], size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """A desk where `sheet` is not within the box of `size` at `place`, its edges a bit slanted."""
    height, width = sheet.shape[:2]
    y, x = np.indices((height, width))
    slant = np.tan(np.deg2rad(rng.uniform(-2, 2)))
    down, right = y - place[0] + slant * (x - width / 2), x - place[1] - slant * (y - height / 2)
    there = np.ones((height, width), bool)  # a side where the sheet goes on has no edge
    there &= (down >= 0) | (place[0] == 0)
    there &= (right >= 0) | (place[1] == 0)
    there &= (down < size[0]) | (place[0] + size[0] == height)
    there &= (right < size[1]) | (place[1] + size[1] == width)
    light = rng.uniform(25, 80) if _is_light(sheet[there][None]) else rng.uniform(150, 220)
    wood = light * np.array([1.1, 1, 0.85]) + _grain(height, 1, rng, 4) + _grain(height, width, rng)
    return np.where(there[..., None], sheet, _as_bytes(wood))
