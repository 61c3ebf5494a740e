"""How nbval compares the chapters' outputs with the stored ones (a pytest plugin).

nbval executes every cell; an exception fails the test. Cells with the tag ``nbval-check-output``
are also compared. With ``"tolerance": 0.1`` in the cell's metadata, numbers in the text may differ
by 10 % and one unit of their last printed digit, as they do between processors; the words around
them may not. Without it, the text must be the same.

The stored outputs are those of MNIST. On the built-in sample nothing is compared: there, the
chapters must run through and their own ``assert`` lines must hold.

A cell that could not do its work on this machine has said so in a line of its own
(:mod:`mnist_helpers.system.available`). Its output is not compared, and the last lines of the test
run tell how many such cells there were, and why.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from decimal import Decimal

import pytest
from nbval.plugin import IPyNbCell

from mnist_helpers.data import find_source
from mnist_helpers.system.available import NOT_HERE

SIZE = re.compile(r"paddle\.Size\((\[[^\]]*\])\)")
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
        item.sanitize = _in_one_way
        item.compare_outputs = _unless_not_here(item.compare_outputs)
        if source.name != "MNIST":
            item.options["check"] = False
        tolerance = item.cell.metadata.get("tolerance")
        if tolerance is not None:
            item.sanitize = _tolerantly(tolerance)


def _in_one_way(output):
    """Shapes print as lists in Paddle 3.0 to 3.2."""
    return SIZE.sub(r"\1", output) if isinstance(output, str) else output


def _tolerantly(tolerance: float):
    def sanitize(output):
        if not isinstance(output, str):
            return output
        text = Tolerant(_in_one_way(output))
        text.tolerance = tolerance
        return text

    return sanitize


# --- cells that could not do their work here ------------------------------------------------


def not_here(outputs) -> list[str]:
    """The lines in the outputs of a cell that say what cannot be had here, and why."""
    lines = "\n".join(output.get("text", "") for output in outputs).splitlines()
    return [line for line in lines if line.startswith(NOT_HERE)]


def _unless_not_here(compare):
    def compare_unless(outputs, reference, *args, **kwargs):
        return bool(not_here(outputs)) or compare(outputs, reference, *args, **kwargs)

    return compare_unless


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    yield
    if isinstance(item, IPyNbCell):  # properties reach the report, also from another process
        item.user_properties.extend(
            ("not here", line) for line in not_here(item.test_outputs or [])
        )


def pytest_terminal_summary(terminalreporter):
    reports = [r for r in terminalreporter.stats.get("passed", []) if r.when == "call"]
    lines = [dict(report.user_properties).get("not here") for report in reports]
    cells = Counter(line for line in lines if line)
    if any(".ipynb" in report.nodeid for report in reports):
        terminalreporter.write_line(f"notebooks: {cells.total()} cells could not run here")
        for line, number in sorted(cells.items()):
            terminalreporter.write_line(f"    {number} × {line.removeprefix(NOT_HERE)}")
