"""What keeping freed memory gains over the whole book: the notebook part of ``make test``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from mnist_helpers.runtime import KEEP_MEMORY, THREADS

ROOT = Path(__file__).parent.parent


def tables():
    before = _seconds("0")
    after = _seconds("1")
    yield (
        "the notebook part of `make test`: every chapter executed again, two at a time",
        ("what", "seconds", "times as fast"),
        [
            (f"freed memory goes back to the system (`{KEEP_MEMORY}=0`)", f"{before:.0f}", "1.00"),
            ("freed memory is kept", f"{after:.0f}", f"{before / after:.2f}"),
        ],
    )


def _seconds(keep: str) -> float:
    """How long all chapters take. Whether they pass is a matter of ``make test``, not of this."""
    command = [
        sys.executable, "-m", "pytest", "book", "--nbval-lax", "-p", "tests.nbval_tolerance",
        "-n", "2", "--dist", "loadfile", "-q",
    ]  # fmt: skip
    env = {**os.environ, THREADS: "1", KEEP_MEMORY: keep}
    start = time.perf_counter()
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if run.returncode not in (0, 1):  # 1: tests have failed; others: there were none
        raise RuntimeError(f"the notebooks could not be executed: {run.stdout[-2000:]}")
    return time.perf_counter() - start
