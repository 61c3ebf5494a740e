"""``make bench``: what the book's library gains, each against the course's way in the same run.

Prints tables in Markdown. Machines differ and are busy, so the ratios count, not the seconds; each
time is the best of several.
"""

from __future__ import annotations

import platform

from benchmarks import data, imports, runtime, saving, scaling, serving


def main() -> None:
    print(f"Python {platform.python_version()}, {platform.machine()}, {runtime.processor()}\n")
    for part in (data, imports, runtime, saving, scaling, serving):
        for title, header, rows in part.tables():
            print(f"**{title}**\n")
            print("| " + " | ".join(header) + " |")
            print("|" + " --- |" + " ---: |" * (len(header) - 1))
            for row in rows:
                print("| " + " | ".join(row) + " |")
            print(flush=True)


if __name__ == "__main__":
    main()
