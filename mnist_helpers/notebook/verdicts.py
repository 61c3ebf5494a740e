"""What a chapter says of its results is checked where there are digits enough to tell."""

from __future__ import annotations

from collections.abc import Sized
from typing import Protocol

ENOUGH = 10_000  # training digits; with fewer, runs differ by more than the sentences claim
NOT_NOW = "not this time; is the machine busy with something else?"


class Verdict(Protocol):
    """A check of one sentence; ``timed`` where it rests on seconds that this run has taken."""

    def __call__(self, sentence: str, holds: bool, *, timed: bool = False) -> None: ...


def verdict_on(digits: Sized) -> Verdict:
    """A function that checks the sentences of a page: ``verdict(sentence, holds)``.

    It prints the sentence with "yes"; with "cannot tell" where the digits are too few and it does
    not hold; and with "not this time" where ``timed=True`` and it does not hold: seconds depend
    on what else the machine is at, which says nothing against the code.

    Parameters
    ----------
    digits : sized
        What the page trains with; on 10,000 or more, every sentence that is not timed must hold.

    Returns
    -------
    callable
        It takes a sentence (str) and whether it holds (bool). It raises AssertionError, with the
        sentence, for one that does not hold although there are digits enough.
    """

    def verdict(sentence: str, holds: bool, *, timed: bool = False) -> None:
        said = "yes"
        if not holds and len(digits) < ENOUGH:
            said = "cannot tell from so few digits"
        elif not holds and timed:
            said = NOT_NOW
        elif not holds:
            raise AssertionError(sentence)
        print(sentence + ":", said)

    return verdict
