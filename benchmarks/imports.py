"""What importing the helpers costs: nothing heavy before it is needed."""

from __future__ import annotations

import statistics
import subprocess
import sys

WHAT = ("paddle", "mnist_helpers, paddle", "mnist_helpers", "mnist_helpers.data")
ROUNDS = 7  # in turn; each time a new Python


def tables():
    found = {what: [] for what in WHAT}
    for _ in range(ROUNDS):
        for what in WHAT:
            found[what].append(_seconds(what))
    rows = [
        (f"`import {what}`", f"{statistics.median(times):.3f}", f"{min(times):.3f}")
        for what, times in found.items()
    ]
    title = f"imports, each in a fresh Python ({ROUNDS} times, in turn)"
    yield title, ("what", "seconds: median", "least"), rows


def _seconds(what: str) -> float:
    program = f"import time; start = time.perf_counter(); import {what}\n"
    program += "print(time.perf_counter() - start)"
    run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    return float(run.stdout)
