"""Sheets of test digits, composed in several conditions: how many digits are read rightly.

The limits in ``mnist_helpers.data.pictures`` were chosen on sheets of validation digits; these are
others. ``python -m benchmarks.sheets`` reads ten sheets in each condition; with ``2 valid``, two of
validation digits.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from mnist_helpers.data.pictures.composing import CONDITIONS, Composed, compose
from mnist_helpers.data.pictures.sheet import SheetDigit, digits_on
from mnist_helpers.data.splits import load
from mnist_helpers.models.weights import load_weights
from mnist_helpers.recipes import far

SHEETS = 10  # in each condition
ON_EACH = 48  # digits
SAME = 0.4  # of what two boxes cover together, they must share: else they are of different digits


class Score(NamedTuple):
    """What came of a sheet: how many digits were read rightly, found, and found but not there.

    swapped: how often one comes before its predecessor in reading order.
    """

    right: int
    found: int
    extra: int
    swapped: int


def tables(sheets: int = SHEETS, split: str = "test"):
    digits = load(split, quiet=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        answer = far_network(folder)
        for number, condition in enumerate(CONDITIONS):
            scores = []
            for sheet in range(sheets):
                first = ON_EACH * (number * sheets + sheet) % (len(digits) - ON_EACH)
                composed = compose(digits[first : first + ON_EACH], condition, seed=sheet)
                scores.append(score(composed, digits_on(_grey(composed), answer)))
            total = np.sum(scores, axis=0)
            n = ON_EACH * sheets
            worst = min(one.right for one in scores) / ON_EACH
            right, found, extra = (f"{100 * count / n:.1f}" for count in total[:3])
            rows.append((condition, right, f"{100 * worst:.1f}", found, extra, str(total[3])))
    yield (
        f"{sheets} sheets of {ON_EACH} {split} digits in each condition, read by the far network",
        ("sheets", "right, %", "the worst sheet, %", "found, %", "not there, %", "out of order"),
        rows,
    )


def far_network(folder: str) -> Callable[[np.ndarray], np.ndarray]:
    """The far network of seed 0, exported to `folder`."""
    from mnist_helpers.deployment.export import save_inference_model
    from mnist_helpers.deployment.predictor import Predictor

    network = far.network()
    load_weights(network, far.RUNS / "weights-0.pdparams")
    network.eval()
    return Predictor(save_inference_model(network, folder))


def score(sheet: Composed, found: list[SheetDigit]) -> Score:
    """Each digit on the sheet has at most one that was found, and the other way round."""
    if not found:
        return Score(0, 0, 0, 0)
    shared = overlaps(sheet.boxes, np.array([one.box for one in found]))
    pairs = [
        (i, j) for i, j in zip(*linear_sum_assignment(-shared), strict=True) if shared[i, j] > SAME
    ]
    right = sum(sheet.labels[i] == found[j].digit for i, j in pairs)
    swapped = sum(before > after for (_, before), (_, after) in itertools.pairwise(pairs))
    return Score(int(right), len(pairs), len(found) - len(pairs), swapped)


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What each two boxes share, of what they cover together: float [n, m] in [0, 1]."""
    one, other = boxes[:, None], others[None]
    start, stop = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    shared = np.maximum(stop - start, 0).prod(axis=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (one, other)]
    return shared / (areas[0] + areas[1] - shared)


def _grey(sheet: Composed) -> np.ndarray:
    return sheet.picture.astype(np.float32) / 255


if __name__ == "__main__":
    ((title, header, rows),) = tables(*(int(n) for n in sys.argv[1:2]), *sys.argv[2:])
    print(title, *(" | ".join(row) for row in [header, *rows]), sep="\n")
