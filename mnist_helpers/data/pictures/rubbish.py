"""Pictures that are not one digit, drawn by a seeded generator: what a reader should refuse.

There are two halves. What is trained or tuned looks at ``"practice"``; how well it does is judged
on ``"exam"``, which has other scripts, fonts, symbols and ways to scribble.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from mnist_helpers.data.mnist_form import cut_out
from mnist_helpers.data.pictures.handwriting import SIDE, Range, by_hand, characters, glyph
from mnist_helpers.errors import one_of

HALVES = ("practice", "exam")
PAPER, INK = 225, 40  # grey values
PRINTED = 0.3  # share of letters and symbols whose strokes stay as they are printed

LETTERS: dict[str, tuple[Range, ...]] = {
    "practice": (
        ("DejaVuSans", 0x41, 0x5B), ("DejaVuSans", 0x61, 0x7B),  # Latin
        ("DejaVuSans", 0x391, 0x3CA), ("DejaVuSans", 0x410, 0x450),  # Greek, Cyrillic
        ("DejaVuSans", 0x10D0, 0x10F1), ("DejaVuSans", 0x2D30, 0x2D66),  # Georgian, Tifinagh
        ("DejaVuSans", 0x1401, 0x1580),  # Canadian syllabics
    ),
    "exam": (
        ("STIXGeneral", 0x41, 0x5B), ("STIXGeneralItalic", 0x61, 0x7B),  # Latin of other fonts
        ("DejaVuSerif", 0x531, 0x557), ("DejaVuSerif", 0x561, 0x587),  # Armenian
        ("DejaVuSans", 0x5D0, 0x5EB), ("DejaVuSans", 0x621, 0x64B),  # Hebrew, Arabic
        ("DejaVuSans", 0x7CA, 0x7EB), ("DejaVuSans", 0xE81, 0xEB0),  # N'Ko, Lao
    ),
}  # fmt: skip
SYMBOLS: dict[str, tuple[Range, ...]] = {
    "practice": (
        ("DejaVuSans", 0x21, 0x30), ("DejaVuSans", 0x2200, 0x2300),  # ! to /, mathematics
        ("DejaVuSans", 0x25A0, 0x2600),  # squares, triangles, circles
    ),
    "exam": (
        ("DejaVuSerif", 0x3A, 0x41), ("DejaVuSans", 0x2190, 0x2200),  # : to @, arrows
        ("DejaVuSans", 0x2600, 0x2700), ("DejaVuSans", 0x2701, 0x2776),  # suns, chess, stars
    ),
}  # fmt: skip


def rubbish(kind: str, n: int, half: str, seed: int, digits: np.ndarray) -> list[np.ndarray]:
    """Pictures of one kind, dark on light.

    Parameters
    ----------
    kind : str
        One of ``KINDS``: letters, symbols, scribbles, blank, noise, two digits, sheets.
    n : int
        How many.
    half : {"practice", "exam"}
        To learn from, or to be judged on.
    seed : int
        The same one gives the same pictures.
    digits : numpy.ndarray
        uint8 [m, 28, 28]: those of which two, and sheets, are composed.

    Returns
    -------
    list of numpy.ndarray
        uint8 [height, width] each, of about 112 × 112 pixels; sheets are larger.

    Raises
    ------
    UnknownNameError
        For another kind.
    """
    rng = np.random.default_rng([seed, HALVES.index(half), *kind.encode()])
    return [on_paper(draw(kind, half, rng, digits), rng) for _ in range(n)]


def draw(kind: str, half: str, rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """The ink of one picture of :func:`rubbish`: float [height, width] in [0, 1]."""
    return one_of(KINDS, kind, "kind of rubbish")(rng, half, digits)


def on_paper(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink in [0, 1] on paper with a little grain: uint8 [height, width]."""
    grain = rng.normal(0, 3, ink.shape)
    return np.clip(PAPER + grain - (PAPER - INK) * ink, 0, 255).astype(np.uint8)


def digit(rng: np.random.Generator, digits: np.ndarray, scale: float) -> np.ndarray:
    """One of `digits`, its pixels so many times as large: float32 in [0, 1]."""
    side = round(28 * scale)
    one = Image.fromarray(digits[rng.integers(len(digits))])
    return np.asarray(one.resize((side, side), Image.Resampling.BILINEAR), np.float32) / 255


def _letter(rng: np.random.Generator, half: str, _: np.ndarray) -> np.ndarray:
    return _written(LETTERS[half], rng)


def _symbol(rng: np.random.Generator, half: str, _: np.ndarray) -> np.ndarray:
    return _written(SYMBOLS[half], rng)


def _written(ranges: tuple[Range, ...], rng: np.random.Generator) -> np.ndarray:
    chosen = ranges[rng.integers(len(ranges))]
    known = characters(chosen)
    return by_hand(glyph(chosen[0], known[rng.integers(len(known))]), rng, PRINTED)


def _scribble(rng: np.random.Generator, half: str, _: np.ndarray) -> np.ndarray:
    ways = SCRIBBLES[half]
    points = ways[rng.integers(len(ways))](rng)
    points = points - points.min(axis=0)
    points = SIDE * (0.1 + 0.8 * points / points.max())
    picture = Image.new("L", (SIDE, SIDE))
    pen = round(rng.uniform(3, 12))
    ImageDraw.Draw(picture).line([(x, y) for x, y in points], 255, pen, joint="curve")
    return np.asarray(picture, np.float32) / 255


def _curl(rng: np.random.Generator) -> np.ndarray:
    """A pen that goes on evenly, and turns as it likes: [200, 2]."""
    turns = np.convolve(rng.normal(0, 1, 239), np.ones(40) / 40, "valid")
    angle = np.cumsum(rng.uniform(0.8, 1.6) * turns)
    return np.cumsum(np.stack([np.cos(angle), np.sin(angle)], axis=1), axis=0)


def _zigzag(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 1, (rng.integers(4, 9), 2))


def _spiral(rng: np.random.Generator) -> np.ndarray:
    t = np.linspace(0.1, 1, 200)
    angle = 2 * np.pi * (rng.uniform(2, 4) * rng.choice([-1, 1]) * t + rng.random())
    return np.stack([t * np.cos(angle), rng.uniform(0.6, 1.4) * t * np.sin(angle)], axis=1)


def _hatching(rng: np.random.Generator) -> np.ndarray:
    n = rng.integers(6, 12)
    x = np.linspace(0, 1, n) + rng.normal(0, 0.02, n)
    y = np.arange(n) % 2 * rng.uniform(0.6, 1.2) + rng.normal(0, 0.1, n)
    return np.stack([x, y], axis=1) @ _turn(rng)


def _loops(rng: np.random.Generator) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 300)
    a, b = rng.choice([(3, 2), (4, 3), (5, 2), (3, 4), (2, 5)])
    return np.stack([np.sin(a * t + rng.uniform(0, 6)), np.sin(b * t)], axis=1) @ _turn(rng)


def _turn(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


SCRIBBLES: dict[str, tuple[Callable[[np.random.Generator], np.ndarray], ...]] = {
    "practice": (_curl, _zigzag),
    "exam": (_spiral, _hatching, _loops),
}


def _blank(*_: object) -> np.ndarray:
    return np.zeros((SIDE, SIDE))


def _noise(rng: np.random.Generator, half: str, _: np.ndarray) -> np.ndarray:
    """Spots, fine or coarse; in the exam also finer and coarser ones."""
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types

    size = rng.uniform(0.5, 4) if half == "practice" else rng.uniform(0, 8)
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), size)
    return np.clip(grain / np.abs(grain).max() * rng.uniform(0.2, 1), 0, 1)


def _two(rng: np.random.Generator, _: str, digits: np.ndarray) -> np.ndarray:
    scale = rng.uniform(2, 4)
    pair = [cut_out(digit(rng, digits, scale), 0.3) for _ in range(2)]
    height = max(len(one) for one in pair)
    gap = np.zeros((height, round(scale * rng.uniform(2, 8))))
    left, right = (np.pad(one, ((0, height - len(one)), (0, 0))) for one in pair)
    return np.pad(np.hstack([left, gap, right]), round(6 * scale))


def _sheet(rng: np.random.Generator, _: str, digits: np.ndarray) -> np.ndarray:
    rows, columns, scale = rng.integers(1, 5), rng.integers(3, 7), rng.uniform(1.5, 3)
    lines = [[digit(rng, digits, scale) for _ in range(columns)] for _ in range(rows)]
    return np.vstack([np.hstack(line) for line in lines])


KINDS: dict[str, Callable[[np.random.Generator, str, np.ndarray], np.ndarray]] = {
    "letters": _letter,
    "symbols": _symbol,
    "scribbles": _scribble,
    "blank": _blank,
    "noise": _noise,
    "two digits": _two,
    "sheets": _sheet,
}
