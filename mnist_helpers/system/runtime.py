"""Threads, processor settings, device and seeds: what a process needs before it uses Paddle.

The settings are environment variables that Paddle and its maths library (MKL) read once, while
they are loaded. ``import mnist_helpers`` therefore calls :func:`configure`; import it before
``paddle``. A variable that the user has set is never changed.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import platform
import random
import shutil
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

from mnist_helpers.system import paddle_import

THREADS = "OMP_NUM_THREADS"
MKL_ON_AMD = "MKL_DEBUG_CPU_TYPE"
KEEP_MEMORY = "MNIST_KEEP_MEMORY"

CPUINFO = Path("/proc/cpuinfo")
AVX512 = {"avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"}

# The numbers of glibc's mallopt: M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, and what they get
MALLOC = {-1: 2**31 - 1, -2: 64 * 2**20, -3: 32 * 2**20}


def configure() -> dict[str, str]:
    """Set up this process for Paddle. Safe to call again: the second call changes nothing.

    - ``OMP_NUM_THREADS``: as many threads as this process may use cores. (Importing Paddle sets
      it to 1 unless it is there.)
    - ``MKL_DEBUG_CPU_TYPE``, on AMD processors only: the MKL inside the Paddle wheel takes a
      slow path on processors that are not Intel's. 5 makes it take the AVX2 one; 7, where the
      processor has them, the one of 512 bits (AVX-512 as in Intel's Skylake servers).
    - Memory that is freed stays with the process (``system.runtime.keep_memory``), unless
      ``MNIST_KEEP_MEMORY=0``.
    - ``HOME``, only where the user's cannot be written (``have_a_home``).
    - What Paddle says to its own developers is kept back
      (``system.paddle_import``).

    Returns
    -------
    dict of str to str
        The two variables above as they now are, without one that is not set.

    Warns
    -----
    RuntimeWarning
        If Paddle has been imported already, when it is too late.
    """
    if "paddle" not in sys.modules:
        os.environ.setdefault(THREADS, str(usable_cores()))
        if is_amd():
            os.environ.setdefault(MKL_ON_AMD, "7" if has_avx512() else "5")
        if os.environ.get(KEEP_MEMORY, "1") != "0":
            keep_memory()
        have_a_home()
        paddle_import.quieten()
    elif not paddle_import.is_quietened():
        warnings.warn(
            "paddle was imported before mnist_helpers, so it runs without the settings that make "
            "it fast here (threads, MKL). Restart Python and import mnist_helpers first.",
            RuntimeWarning,
            stacklevel=2,
        )
    return {name: os.environ[name] for name in (THREADS, MKL_ON_AMD) if name in os.environ}


def keep_memory() -> bool:
    """Have the C library keep the memory that is freed, for the next step of the training.

    Each step needs the same arrays of some megabytes. glibc (the C library of most Linux systems)
    hands such memory back to the system when it is freed, and asks for it again a moment later;
    the system then clears each page anew, which can take as long as the arithmetic. Blocks of up
    to 32 MiB, the most that glibc allows here, are kept. See mallopt(3).

    Returns
    -------
    bool
        True where that was done; False where there is another C library, or glibc refused.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # Windows, macOS
        return False
    if platform.libc_ver()[0] != "glibc":
        return False
    taken = [mallopt(what, number) for what, number in MALLOC.items()]  # 1, or 0 if refused
    return all(taken)


def have_a_home() -> bool:
    """Give this process, and those that it starts, a home of their own if the user's is read-only.

    Paddle writes into ``~/.cache`` when it makes a static graph, and fails where it cannot. The
    home that is made here goes with the process; through it, MNIST is seen in the real one's cache.

    Returns
    -------
    bool
        True if that was done. Always False on Windows.
    """
    home, cache = Path.home(), Path(".cache", "paddle")
    nearest = next(p for p in (home / cache, *(home / cache).parents) if p.exists())
    if os.name == "nt" or os.access(nearest, os.W_OK):
        return False
    own = Path(tempfile.mkdtemp(prefix="home-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    digits = cache / "dataset" / "mnist"
    (own / digits.parent).mkdir(parents=True)
    if (home / digits).is_dir():
        (own / digits).symlink_to(home / digits)
    os.environ["HOME"] = str(own)
    return True


def usable_cores() -> int:
    """Cores that this process may use: its CPU affinity, cut by a container's CPU quota.

    Returns
    -------
    int
        At least 1. Of a quota such as 2.5, the whole cores.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS, Windows
        cores = os.cpu_count() or 1
    quota = _cgroup_quota(Path("/sys/fs/cgroup"))
    return max(1, min(cores, int(quota)) if quota else cores)


def paddle_threads() -> int:
    """How many threads Paddle has in this process: the first number in ``OMP_NUM_THREADS``.

    Returns
    -------
    int
        At least 1: also where the variable is not set, or holds no number there.
    """
    first = os.environ.get(THREADS, "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else 1


def _cgroup_quota(root: Path) -> float | None:
    """CPUs granted by the Linux control group mounted at `root` (v2, then v1), or None."""
    with suppress(OSError, ValueError):
        granted, of = (root / "cpu.max").read_text().split()
        return None if granted == "max" else int(granted) / int(of)
    with suppress(OSError, ValueError):
        quota = int((root / "cpu" / "cpu.cfs_quota_us").read_text())
        period = int((root / "cpu" / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else None
    return None


def is_amd() -> bool:
    """Whether the processor is AMD's.

    Returns
    -------
    bool
        As the system tells it; False if it does not.
    """
    with suppress(OSError):
        return "AuthenticAMD" in CPUINFO.read_text()
    return "AuthenticAMD" in platform.processor()  # Windows


def has_avx512() -> bool:
    """Whether the processor has the AVX-512 instructions that MKL's code for Skylake servers uses.

    Returns
    -------
    bool
        As Linux tells it; False on other systems.
    """
    with suppress(OSError):
        return set(CPUINFO.read_text().split()) >= AVX512
    return False


def best_device() -> str:
    """Name of the best device that this Paddle can use here, for ``paddle.set_device``.

    ``"gpu:0"`` or ``"xpu:0"`` where Paddle was built for it and finds one, else ``"cpu"``. Among
    processes that ``paddle.distributed.launch`` has started, the device that the launcher gave
    this one; ``"cpu"`` if they talk over Gloo, which is for processors.

    Returns
    -------
    str
        ``"cpu"``, or the kind and the number: ``"gpu:0"``.
    """
    import paddle

    if os.environ.get("PADDLE_DISTRI_BACKEND") == "gloo":
        return "cpu"
    if paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0:
        return f"gpu:{_given('gpus')}"
    if paddle.is_compiled_with_xpu() and paddle.device.xpu.device_count() > 0:
        return f"xpu:{_given('xpus')}"
    return "cpu"


def _given(kind: str) -> str:
    """The number of the device that the launcher gave this process, or the first."""
    return os.environ.get(f"FLAGS_selected_{kind}", "").split(",")[0] or "0"


def seed_everything(seed: int) -> None:
    """Seed the generators of Python, NumPy and Paddle, so that a run can be repeated.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1. An integer of NumPy's will do as well.

    Raises
    ------
    ValueError
        If `seed` is not an integer, or not in that range (NumPy takes no others).
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be an integer from 0 to 2**32 - 1, not {seed!r}")
    import numpy as np
    import paddle

    seed = int(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - other people's code may draw from NumPy's global state
    paddle.seed(seed)
