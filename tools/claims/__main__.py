"""``python -m tools.claims [02_data …]``: what to read again, and what is not declared yet."""

import sys

from tools.claims.bindings import report, undeclared
from tools.claims.places import read


def main(chapters: list[str]) -> None:
    book = read()
    print(report(book))
    for chapter in chapters or book:
        missing = undeclared(book, chapter)
        print(f"\n{chapter}: {len(missing)} numbers are not declared", *missing, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
