"""What the command ``data`` does."""

from __future__ import annotations

import argparse
import os

from mnist_helpers.data import SPLITS, find_source, split_of
from mnist_helpers.data.mnist_files import NO_CHECK


def data(options: argparse.Namespace) -> int:
    """Print the source, the number of digits in each split and how many of each digit."""

    source = find_source()
    print(f"source: {source}")
    if source.folder is not None:
        print(f"folder: {source.folder}")
    print(f"{'split':6}{'digits':>8}  " + "".join(f"{digit:>6}" for digit in range(10)))
    for split in SPLITS:
        digits = split_of(source, split)
        print(f"{split:6}{len(digits):8,}  " + "".join(f"{n:6,}" for n in digits.counts()))
    checked = "shapes"
    if source.folder is not None:
        sums = "" if os.environ.get(NO_CHECK) == "0" else "checksums, "
        checked = f"{sums}shapes, counts"
    print(f"sound: {checked} and label range are as they should be")
    return 0
