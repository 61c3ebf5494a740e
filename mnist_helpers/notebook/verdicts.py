"""What a chapter says of its results is checked where there are digits enough to tell."""

from __future__ import annotations

from collections.abc import Callable, Sized

ENOUGH = 10_000  # training digits; with fewer, runs differ by more than the sentences claim


def verdict_on(digits: Sized) -> Callable[[str, bool], None]:
    """A function that checks the sentences of a page: ``verdict(sentence, holds)``.

    It prints the sentence with "yes", or with "cannot tell" where the digits are too few and it
    does not hold.

    Parameters
    ----------
    digits : sized
        What the page trains with; on 10,000 or more, every sentence must hold.

    Returns
    -------
    callable
        It takes a sentence (str) and whether it holds (bool). It raises AssertionError, with the
        sentence, for one that does not hold although there are digits enough.
    """

    def verdict(sentence: str, holds: bool) -> None:
        if not holds and len(digits) >= ENOUGH:
            raise AssertionError(sentence)
        print(sentence + ":", "yes" if holds else "cannot tell from so few digits")

    return verdict
