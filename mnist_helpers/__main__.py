"""The commands that a person types outside a notebook: ``python -m mnist_helpers data``."""

from __future__ import annotations

import argparse
import sys

from mnist_helpers.errors import HelperError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 1 after a one-line reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m mnist_helpers")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    data = commands.add_parser(
        "data", help="where the digits come from, and whether they are sound"
    )
    data.set_defaults(run=_data)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except (HelperError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _data(options: argparse.Namespace) -> None:
    """Print the source, the number of digits in each split and how many of each digit."""
    from mnist_helpers.data import SPLITS, find_source, split_of

    source = find_source()
    print(f"source: {source}")
    if source.folder is not None:
        print(f"folder: {source.folder}")
    print(f"{'split':6}{'digits':>8}  " + "".join(f"{digit:>6}" for digit in range(10)))
    for split in SPLITS:
        digits = split_of(source, split)
        print(f"{split:6}{len(digits):8,}  " + "".join(f"{n:6,}" for n in digits.counts()))
    checked = "checksums, shapes, counts" if source.folder else "shapes"
    print(f"sound: {checked} and label range are as they should be")


if __name__ == "__main__":
    sys.exit(main())
