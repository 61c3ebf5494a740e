"""What importing the helpers costs: nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys

WHAT = ("mnist_helpers", "mnist_helpers.data", "mnist_helpers, paddle")


def tables():
    rows = [(f"`import {what}`", f"{min(_seconds(what) for _ in range(5)):.3f}") for what in WHAT]
    yield "imports, each in a fresh Python", ("what", "seconds"), rows


def _seconds(what: str) -> float:
    program = f"import time; start = time.perf_counter(); import {what}\n"
    program += "print(time.perf_counter() - start)"
    run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    return float(run.stdout)
