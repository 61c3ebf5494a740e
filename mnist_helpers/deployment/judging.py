"""An answer, or a reason for none: what a picture shows may be no digit, several, or doubtful.

Three witnesses are heard: where the ink lies (:mod:`mnist_helpers.data.pictures.counting`), a
small network that tells digits from other things (:mod:`mnist_helpers.deployment.doorkeeper`), and
how sure the model is of its own answer. The limits were chosen on validation digits and own rubbish
(``python -m benchmarks.refusing``); what they cost is on the page "Deployment".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_helpers.data.pictures.counting import how_many
from mnist_helpers.deployment.doorkeeper import like_a_digit
from mnist_helpers.models.outputs import digits_in, softmax

DIGIT, DOUBTFUL, NO_DIGIT, SEVERAL = "digit", "doubtful", "no digit", "more than one"
LEAST = 0.6  # of the likeliest class's probability
LIKENESS = 0.2  # the least of the doorkeeper's score
INK = 0.3  # above it, a pixel counts as ink when digits are counted


@dataclass(frozen=True)
class Verdict:
    """What is said of a picture.

    Attributes
    ----------
    what : str
        ``"digit"``, which is an answer; or ``"doubtful"``, ``"no digit"`` or ``"more than one"``,
        which are none.
    likeliest : int
        The class with the highest probability, 0 to 9, which is the answer where there is one; of
        a regression the nearest digit, or 255 if its number is not finite.
    probability : float or None
        The model's, of that class; None from a regression, which has none.
    reason : str
        Why there is no answer, and what to do; empty if there is one.
    """

    what: str
    likeliest: int
    probability: float | None
    reason: str = ""

    @property
    def digit(self) -> int | None:
        """The answer, 0 to 9; None where there is none."""
        return self.likeliest if self.what == DIGIT else None


def judge(
    images: np.ndarray,
    outputs: np.ndarray,
    shown: Sequence[int] | None = None,
    *,
    least: float = LEAST,
    likeness: float = LIKENESS,
) -> list[Verdict]:
    """What to say of pictures, given a model's outputs for them.

    Parameters
    ----------
    images : numpy.ndarray
        float32 [n, 1, 28, 28] in [0, 1], in MNIST's form.
    outputs : numpy.ndarray
        The model's, for these: scores float32 [n, 10], or numbers of a regression, [n, 1].
    shown : sequence of int, optional
        How many digits are on each picture, as ``load_counted`` tells; those close together are
        counted here, too.
    least : float
        The least probability of an answer, in [0, 1].
    likeness : float
        The least score of the doorkeeper, in [0, 1].

    Returns
    -------
    list of Verdict
        One for each picture.
    """
    likes, counts = like_a_digit(images), shown or [1] * len(images)
    return [
        _judged(image, row, float(like), count, least, likeness)
        for image, row, like, count in zip(images[:, 0], outputs, likes, counts, strict=True)
    ]


def _judged(
    image: np.ndarray, outputs: np.ndarray, like: float, shown: int, least: float, likeness: float
) -> Verdict:
    digit = int(digits_in(outputs[None])[0])
    probabilities = softmax(outputs[None])[0] if len(outputs) > 1 else None
    probability = None if probabilities is None else float(probabilities[digit])
    here = how_many(image > INK)
    what, reason = DIGIT, ""
    if here == 0:
        what, reason = NO_DIGIT, "there is no ink"
    elif max(here, shown) > 1:
        what = SEVERAL
        reason = f"{max(here, shown)} digits, or what may be digits; cut the picture to one"
    elif like < likeness:
        what = NO_DIGIT
        reason = f"it looks like none ({like:.2f}; a digit has {likeness:.2f} to 1)"
    elif probabilities is not None and probabilities[digit] < least:
        what, reason = DOUBTFUL, _between(probabilities, least)
    elif digit > 9:
        what, reason = DOUBTFUL, "the model's number is not finite"
    return Verdict(what, digit, probability, reason)


def _between(probabilities: np.ndarray, least: float) -> str:
    second, first = np.argsort(probabilities)[-2:]
    return (
        f"{first} ({probabilities[first]:.2f}) or {second} "
        f"({probabilities[second]:.2f}); an answer has {least:.2f} to 1"
    )
