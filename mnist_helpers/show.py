"""What chapters show besides figures: the helpers' own source, and small tables."""

from __future__ import annotations

import inspect
import statistics
from collections.abc import Sequence

from IPython.display import Markdown


def source(*things) -> Markdown:
    """The source of functions or classes of this package, as it runs, rendered as code."""
    text = "\n\n".join(inspect.getsource(thing).rstrip() for thing in things)
    return Markdown(f"```python\n{text}\n```")


def table(header: Sequence[str], rows: Sequence[Sequence]) -> Markdown:
    """A table; every cell is written with ``str``."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))


def with_spread(fractions: Sequence[float]) -> str:
    """Mean and standard deviation (of a sample: n - 1) of several runs, in percent, as text."""
    mean, spread = statistics.mean(fractions), statistics.stdev(fractions)
    return f"{100 * mean:.1f} ± {100 * spread:.1f}"
