"""What the settings gain over the whole book: the notebook part of ``make test``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.fresh import environment
from mnist_helpers.system.runtime import KEEP_MEMORY, MKL_ON_AMD, THREADS

ROOT = Path(__file__).parent.parent
AS_IT_COMES = {MKL_ON_AMD: "", KEEP_MEMORY: "0"}  # empty: MKL chooses by itself


def tables():
    before = _seconds(AS_IT_COMES)
    after = _seconds({})
    settings = ", ".join(f"`{name}={value}`" for name, value in AS_IT_COMES.items())
    yield (
        "the notebook part of `make test`: every chapter executed again, two at a time "
        "(one run each)",
        ("what", "seconds", "times as fast"),
        [
            (f"without two settings ({settings})", f"{before:.0f}", "1.00"),
            ("as this book sets it up", f"{after:.0f}", f"{before / after:.2f}"),
        ],
    )


def _seconds(settings: dict[str, str]) -> float:
    """How long all chapters take. Whether they pass is a matter of ``make test``, not of this."""
    command = [
        sys.executable, "-m", "pytest", "book", "--nbval-lax", "-p", "tests.nbval_tolerance",
        "-n", "2", "--dist", "loadfile", "-q",
    ]  # fmt: skip
    env = environment(**{THREADS: "1"}, **settings)
    start = time.perf_counter()
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if run.returncode not in (0, 1):  # 1: tests have failed; others: there were none
        raise RuntimeError(f"the notebooks could not be executed: {run.stdout[-2000:]}")
    return time.perf_counter() - start
