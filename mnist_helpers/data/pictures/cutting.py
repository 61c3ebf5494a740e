"""Digits that touch → one by one: they are cut where the model reads best what comes of it.

A glyph may be cut along each of its seams (:mod:`mnist_helpers.data.pictures.seams`). Every stretch
between two of them is brought to MNIST's form and read. Of all the ways to divide the glyph, the
one is taken whose pieces are the best digits: probable, and of a digit's form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mnist_helpers.data.mnist_form import to_mnist_form
from mnist_helpers.data.pictures.glyphs import Glyph
from mnist_helpers.data.pictures.parts import parts_of
from mnist_helpers.data.pictures.seams import Seam, seams_in

Answer = Callable[[np.ndarray], np.ndarray]  # float32 [n, 1, 28, 28] → probabilities [n, 10]

INK = 0.12  # of full ink: less does not count when a piece is cut out
SLIVER = 0.06  # of the piece's largest part: what is smaller was cut off a neighbour
LOWEST, WIDEST = 0.5, 1.8  # a piece's least share of the glyph's height; its width in heights
# The logarithm of a digit's width in heights, and how far it spreads: for each of 0 to 9, the
# median and the standard deviation in MNIST's training digits
FORMS = np.array([-0.11, -0.8, -0.05, -0.22, -0.22, -0.05, -0.36, -0.22, -0.22, -0.36])
SPREADS = np.array([0.19, 0.45, 0.21, 0.21, 0.2, 0.26, 0.21, 0.21, 0.22, 0.2])
SURE = 0.9  # a digit that stands alone is often read with this probability: more proves no more
# What a piece loses, as the logarithm of a probability. Chosen on composed validation digits
BY_FORM = 0.05  # for an unusual form, times the square of standard deviations
BY_HEIGHT = 0.5  # for being lower than the glyph, times the square of the logarithm
BY_CUT = 0.05  # for having been cut off
BY_GAP = 0.5  # for having all but a gap in its midst, where it might have been cut
GAP = 0.2  # heights of full ink: a seam that costs less is as good as a gap
MIDST = 0.15  # of the width: closer to a side, a gap says nothing


class Piece(NamedTuple):
    """What lies between two of a glyph's seams, which are given by their numbers."""

    start: int
    stop: int
    glyph: Glyph


def read_glyphs(glyphs: Sequence[Glyph], answer: Answer) -> list[list[tuple[Glyph, np.ndarray]]]:
    """The digits of each glyph from the left, each with its probabilities, float32 [10].

    All pieces of all glyphs are given to `answer` at once.
    """
    seams = [seams_in(glyph.ink) for glyph in glyphs]
    pieces = [_pieces(glyph, ways) for glyph, ways in zip(glyphs, seams, strict=True)]
    forms = [form_of(piece.glyph) for some in pieces for piece in some]
    if not forms:
        return [[] for _ in glyphs]
    answers = np.split(answer(np.stack(forms)), np.cumsum([len(some) for some in pieces])[:-1])
    return [
        _best(some, _worths(some, ways, read, len(glyph.ink)), read)
        for glyph, ways, some, read in zip(glyphs, seams, pieces, answers, strict=True)
    ]


def form_of(glyph: Glyph) -> np.ndarray:
    """A glyph in MNIST's form: float32 [1, 28, 28]."""
    field = to_mnist_form(glyph.ink, INK)
    return field[None] / field.max()


def _pieces(glyph: Glyph, seams: Sequence[Seam]) -> list[Piece]:
    """What may be a digit between two of a glyph's seams."""
    height = len(glyph.ink)
    pieces = []
    for start in range(len(seams) - 1):
        for stop in range(start + 1, len(seams)):
            left, right = seams[start].columns, seams[stop].columns
            if (right - left).mean() > WIDEST * height:
                break
            piece = _trimmed(_between(glyph, left, right))
            if piece is None:
                continue
            high, wide = piece.ink.shape
            if high > LOWEST * height and wide < WIDEST * high:
                pieces.append(Piece(start, stop, piece))
    return pieces


def _between(glyph: Glyph, left: np.ndarray, right: np.ndarray) -> Glyph:
    """What lies between two seams."""
    start, stop = left.min(), right.max()
    columns = np.arange(start, stop)
    inside = (left[:, None] <= columns) & (columns < right[:, None])
    ink = np.where(inside, glyph.ink[:, start:stop], 0)
    return Glyph(ink, glyph.left + int(start), glyph.top)


def _trimmed(piece: Glyph) -> Glyph | None:
    """A piece of a glyph without the slivers of its neighbours, and no larger than its ink."""
    parts = parts_of(piece.ink > INK)
    if not parts:
        return None
    kept = [part for part in parts if part.area >= SLIVER * parts[0].area]
    for part in parts[len(kept) :]:  # the largest come first
        piece.ink[part.rows, part.columns][part.mask] = 0
    top, left = min(part.rows.start for part in kept), min(part.columns.start for part in kept)
    bottom, right = max(part.rows.stop for part in kept), max(part.columns.stop for part in kept)
    return Glyph(piece.ink[top:bottom, left:right], piece.left + left, piece.top + top)


def _worths(
    pieces: Sequence[Piece], seams: Sequence[Seam], probabilities: np.ndarray, height: int
) -> np.ndarray:
    """How good a digit each piece is: float [n], the logarithms of something like probabilities."""
    high, wide = np.array([piece.glyph.ink.shape for piece in pieces]).reshape(-1, 2).T
    unusual = ((np.log(wide / high)[:, None] - FORMS) / SPREADS) ** 2
    as_digits = np.log(np.minimum(probabilities / SURE, 1) + 1e-9) - BY_FORM * unusual
    gaps = np.array([_gap(piece, seams) for piece in pieces])
    return as_digits.max(axis=1) - BY_HEIGHT * np.log(high / height) ** 2 - BY_GAP * gaps - BY_CUT


def _gap(piece: Piece, seams: Sequence[Seam]) -> float:
    """Of the seams through a piece's midst, how near the best one is to being a gap: 0 to 1."""
    left, right = seams[piece.start].columns.mean(), seams[piece.stop].columns.mean()
    near = MIDST * (right - left)
    gap = 0.0
    for seam in seams[piece.start + 1 : piece.stop]:
        if left + near < seam.columns.mean() < right - near:
            gap = max(gap, 1 - seam.cost / GAP)
    return gap


def _best(
    pieces: Sequence[Piece], worths: np.ndarray, probabilities: np.ndarray
) -> list[tuple[Glyph, np.ndarray]]:
    """The pieces, side by side, whose worths add up to the most."""
    best: dict[int, float] = {0: 0.0}  # seam → the most that what is left of it can be worth
    last: dict[int, int] = {}  # … and the piece which then ends there
    for i in sorted(range(len(pieces)), key=lambda i: pieces[i].stop):
        start, stop, _ = pieces[i]
        if start in best and best[start] + worths[i] > best.get(stop, -np.inf):
            best[stop], last[stop] = best[start] + worths[i], i
    way: list[tuple[Glyph, np.ndarray]] = []
    seam = max(best, default=0)
    while seam > 0:
        way.append((pieces[last[seam]].glyph, probabilities[last[seam]]))
        seam = pieces[last[seam]].start
    return way[::-1]
