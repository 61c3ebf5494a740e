"""Time and memory, measured the same way on the book's pages and in ``benchmarks/``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable

_PROGRAM = """
import time
from mnist_helpers.system.measure import peak_memory
{setup}
before = peak_memory()
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
print(seconds, peak_memory() - before)
"""


def cost(code: str, setup: str = "") -> tuple[float, float]:
    """What `code` takes, in s and MB, in a fresh Python that ran `setup` first.

    The memory is how far the peak rose above that of the process before `code`.

    Parameters
    ----------
    code : str
        The program to measure, its lines not indented. It may print; what it prints is not shown.
    setup : str
        A program that runs before it, and is not measured: imports, for example.

    Returns
    -------
    seconds : float
        The time that `code` took.
    memory : float
        In MB (10**6 bytes). 0 if `setup` needed more, and gave it back.

    Raises
    ------
    subprocess.CalledProcessError
        If the code fails. What Python says of it is on stderr.
    """
    program = _PROGRAM.format(setup=setup, code=code)
    python = [sys.executable, "-c", program]
    run = subprocess.run(python, stdout=subprocess.PIPE, check=True)
    seconds, memory = run.stdout.split()[-2:]
    return float(seconds), float(memory)


def peak_memory() -> float:
    """The most memory that this process has held so far, in MB (10**6 bytes).

    Returns
    -------
    float
        The peak of its resident memory, which never falls.

    Raises
    ------
    ImportError
        Where there is neither ``/proc`` nor Python's module ``resource``, as on Windows.
    """
    try:
        with open("/proc/self/status") as status:
            (line,) = (line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    except (OSError, ValueError):  # macOS: no /proc; some containers: no such line
        import resource

        unit = 1 if sys.platform == "darwin" else 1024  # bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def seconds_for_pass(make: Callable[[], Iterable], repeats: int = 3) -> float:
    """The best time, in seconds, of `repeats` full passes over what `make()` gives.

    Parameters
    ----------
    make : callable
        Without arguments; gives something to go through, for each pass anew. The call is part of
        the pass.
    repeats : int
        How many passes, at least 1.

    Returns
    -------
    float
        The time of the fastest pass, in seconds.

    Raises
    ------
    ValueError
        If `repeats` is below 1.
    """
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _item in make():
            pass
        times.append(time.perf_counter() - start)
    return min(times)
