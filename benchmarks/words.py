"""How the tables say things, and how they are read again."""

from __future__ import annotations

import re


def in_threads(n: int) -> str:
    """How a table names so many threads: "1 thread", "2 threads"."""
    return f"{n} thread" + "s" * (n > 1)


def numbers_in(cell: str) -> list[float]:
    """Of "2.8 (2.8 to 3.0)": 2.8, 2.8 and 3.0."""
    return [float(number) for number in re.findall(r"[\d.]+", cell)]
