"""How nbval compares the chapters' outputs with the stored ones (a pytest plugin).

nbval executes every cell; an exception fails the test. Cells with the tag ``nbval-check-output``
are also compared. With ``"tolerance": 0.1`` in the cell's metadata, numbers in the text may differ
by 10 % and one unit of their last printed digit, as they do between processors; the words around
them may not. Without it, the text must be the same.

The stored outputs are those of MNIST. On the built-in sample nothing is compared: there, the
chapters must run through and their own ``assert`` lines must hold.
"""

from __future__ import annotations

import os
import re
from decimal import Decimal

from nbval.plugin import IPyNbCell

from mnist_helpers.data import find_source

NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?")


class Tolerant(str):
    """A text that equals another if its words are the same and its numbers are near."""

    tolerance = 0.0

    def __eq__(self, other):
        return near(str(self), str(other), self.tolerance)

    def __ne__(self, other):
        return not self == other

    __hash__ = None


def near(ours: str, theirs: str, tolerance: float) -> bool:
    """Whether two texts are the same but for numbers that differ within `tolerance`."""
    if [text.split() for text in NUMBER.split(ours)] != [
        text.split() for text in NUMBER.split(theirs)
    ]:
        return False
    pairs = zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=True)
    return all(numbers_near(a, b, tolerance) for a, b in pairs)


def numbers_near(ours: str, theirs: str, tolerance: float) -> bool:
    a, b = (Decimal(text.replace(",", "").replace("−", "-")) for text in (ours, theirs))
    last_digit = max(Decimal(1).scaleb(x.as_tuple().exponent) for x in (a, b))
    return abs(a - b) <= Decimal(str(tolerance)) * max(abs(a), abs(b)) + last_digit


def pytest_collection_modifyitems(items):
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    if not cells:
        return
    if os.environ.get("MNIST_DIR"):  # notebooks run in their own folder
        os.environ["MNIST_DIR"] = os.path.abspath(os.environ["MNIST_DIR"])
    source = find_source()
    print(f"\nnotebooks: on {source}")
    if source.name != "MNIST":
        os.environ["MNIST_SOURCE"] = "sample"  # so that no chapter looks for MNIST again
    for item in cells:
        if source.name != "MNIST":
            item.options["check"] = False
        tolerance = item.cell.metadata.get("tolerance")
        if tolerance is not None:
            item.sanitize = _tolerantly(tolerance)


def _tolerantly(tolerance: float):
    def sanitize(output):
        if not isinstance(output, str):
            return output
        text = Tolerant(output)
        text.tolerance = tolerance
        return text

    return sanitize
