"""Whether a model is right as often as it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Calibration:
    """Digits in bins by how sure the model was of its answer; only bins that have some.

    Attributes
    ----------
    confidence : numpy.ndarray
        float64 [k], the mean probability of the answers in a bin.
    accuracy : numpy.ndarray
        float64 [k], the share of them that are right.
    count : numpy.ndarray
        int64 [k], how many digits are in a bin.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error, in [0, 1].

        How far apart confidence and accuracy of a bin are, on average over all digits (Guo and
        others, "On calibration of modern neural networks", ICML 2017).
        """
        gaps = np.abs(self.confidence - self.accuracy)
        return float((gaps * self.count).sum() / self.count.sum())

    def by_chance(self) -> np.ndarray:
        """From where to where the accuracy of each bin would lie, if the model's word were good.

        It would, 95 times in 100 or more. This is found by drawing, 10,000 times: two standard
        errors of a few answers would reach below 0 or above 1.

        Returns
        -------
        numpy.ndarray
            float64 [2, k], lowest and highest, in [0, 1].
        """
        size = 10_000, len(self.count)
        draws = np.random.default_rng(0).binomial(self.count, self.confidence, size)
        return np.quantile(draws / self.count, [0.025, 0.975], axis=0, method="inverted_cdf")


def calibration(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> Calibration:
    """Whether a model is right as often as it says.

    The digits are put into bins of equal width from 0 to 1, by the probability of the likeliest
    class.

    Parameters
    ----------
    probabilities : numpy.ndarray
        float [n, c] in [0, 1], a row for each digit, as :func:`probabilities` gives them.
    labels : numpy.ndarray
        int [n], the right classes.
    bins : int
        How many bins there are, the empty ones included.

    Returns
    -------
    Calibration
        Confidence, accuracy and count of the bins that have some digits.

    Raises
    ------
    ValueError
        If `bins` is below 1.
    """
    sure = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    which = np.minimum((sure * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    some = count > 0
    confidence = np.bincount(which, sure, bins)[some] / count[some]
    accuracy = np.bincount(which, right, bins)[some] / count[some]
    return Calibration(confidence, accuracy, count[some])
