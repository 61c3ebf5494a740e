"""``python -m tools.drawing train [NETWORK…]`` or ``… scripts FOLDER``: the page "Draw a digit"."""

from __future__ import annotations

import argparse
from pathlib import Path

import mnist_helpers  # before Paddle: it sets the threads
from tools.drawing.scripts import write
from tools.drawing.training import NETWORKS, train

assert mnist_helpers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.drawing", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    trains = actions.add_parser("train", help="train networks, and store weights and logs")
    trains.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    scripts = actions.add_parser("scripts", help="write the stored networks as scripts")
    scripts.add_argument("folder", type=Path, help="where to write them")
    options = parser.parse_args()
    if options.action == "scripts":
        write(options.folder)
        return
    if unknown := [name for name in options.networks if name not in NETWORKS]:
        parser.error(f"no network {unknown[0]!r}; there are {', '.join(NETWORKS)}")
    for name in options.networks or NETWORKS:
        train(name)


if __name__ == "__main__":
    main()
