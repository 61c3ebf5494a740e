"""``python -m tools.translate messages``, ``make``, ``place``, or ``check PAGE…``."""

from __future__ import annotations

import sys

from tools.translate import catalogues, checks, making, pages


def main(arguments: list[str]) -> int:
    match arguments:
        case ["messages"]:
            lines = catalogues.update()
            print(*(lines or ["all is translated"]), sep="\n")
        case ["make"]:
            print(f"{making.make()} pages in {making.SOURCE.relative_to(pages.ROOT)}")
        case ["place"]:
            making.put_in_place()
        case ["check", *names]:
            faults = checks.faults([catalogues.of(name) for name in names] or None)
            print(*faults, f"{len(faults)} faults", sep="\n")
            return bool(faults)
        case _:
            print(f"error: expected one of: {__doc__}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
