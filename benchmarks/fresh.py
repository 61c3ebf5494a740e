"""Programs in a Python of their own: Paddle takes its threads and settings once, at the start."""

from __future__ import annotations

import json
import os
import sys
import tempfile

from mnist_helpers.system.processes import child
from mnist_helpers.system.runtime import KEEP_MEMORY, MKL_ON_AMD, THREADS


def environment(**settings: str) -> dict[str, str]:
    """This process's environment, with these settings for Paddle and none of its own."""
    names = (THREADS, MKL_ON_AMD, KEEP_MEMORY)
    return {**{k: v for k, v in os.environ.items() if k not in names}, **settings}


def fresh(
    *arguments: str, threads: int | None = None, python: str = sys.executable, **settings: str
):
    """What `python`, called with `arguments`, prints last, as JSON.

    It has none of this process's settings for Paddle, so many `threads` (None: as it comes), and
    these `settings` in its environment. Raises RuntimeError, with the end of what was printed, if
    it fails.
    """
    env = environment(**({THREADS: str(threads)} if threads else {}), **settings)
    with tempfile.TemporaryFile() as output:
        with child([python, *arguments], output, env) as process:
            code = process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    if code:
        raise RuntimeError(f"a program has failed: {said.strip()[-2000:]}")
    return json.loads(said.splitlines()[-1])
