"""What libraries written in C++ print, kept off the reader's page."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import IO

STDOUT, STDERR = 1, 2


@contextlib.contextmanager
def held_back(descriptor: int, said: IO[bytes]) -> Iterator[None]:
    """Inside a ``with``, what is written to the process's `STDOUT` or `STDERR` goes to `said`.

    `said` is an open file, and is at its start afterwards. Python's ``sys.stdout`` and
    ``sys.stderr`` write there too, unless they are something else, as in a notebook. This holds
    for all threads of the process: keep it short.
    """
    _flush()
    real = os.dup(descriptor)
    os.dup2(said.fileno(), descriptor)
    try:
        yield
    finally:
        _flush()
        os.dup2(real, descriptor)
        os.close(real)
        said.seek(0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
