"""What cannot be had on every machine, and the one plain line that then stands in its place.

A cell of a chapter whose first line is ``# needs: ONNX export`` runs where a model can be exported
as ONNX. Elsewhere that line alone is printed in its place, and the chapter goes on::

    not here: ONNX export: the package paddle2onnx is not installed; …

``make test`` knows the line: what such a cell prints is not compared, and the cells are counted.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import signal
import sys
from pathlib import Path

from mnist_helpers.errors import MissingPackageError, UnknownNameError, one_of

NOT_HERE = "not here: "  # how the line begins; nothing else that is printed does
COMMENT = re.compile(r"# needs: (.+)")
STATUS = Path("/proc/self/status")
# Memory that processes share; a container may have little. Bytes: two workers and the book's
# batches work with 2 MiB, and do not with 1
SHARED, ENOUGH_SHARED = Path("/dev/shm"), 8_000_000
STORED_RUNS = Path("bench")  # a notebook runs in its own folder
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def why_not(need: str) -> str | None:
    """Why `need` cannot be had on this machine, in words; None if it can.

    Parameters
    ----------
    need : str
        A key of ``NEEDS``: "several processes", "kill -9", "measured memory", "loader workers",
        "ONNX export", "VisualDL", "a browser", "elastic training", "etcd" or "stored runs".

    Returns
    -------
    str or None
        The reason, one line; None where `need` can be had.

    Raises
    ------
    UnknownNameError
        If `need` is not a key of ``NEEDS``.
    """
    return one_of(NEEDS, need, "need")()


def line(need: str) -> str | None:
    """The line that is printed where `need` cannot be had; None where it can.

    Parameters
    ----------
    need : str
        A key of ``NEEDS``; see :func:`why_not`.

    Returns
    -------
    str or None
        The line, which begins with "not here: ", without a line end.

    Raises
    ------
    UnknownNameError
        If `need` is not a key of ``NEEDS``.
    """
    reason = why_not(need)
    return reason and f"{NOT_HERE}{need}: {reason}"


def can(need: str) -> bool:
    """Whether `need` can be had here. If not, the line that says why is printed.

    Parameters
    ----------
    need : str
        "several processes", "kill -9", "measured memory", "loader workers", "ONNX export",
        "VisualDL", "a browser", "elastic training", "etcd" or "stored runs": a key of
        ``mnist_helpers.system.available.NEEDS``.

    Returns
    -------
    bool
        True if it can be had.

    Raises
    ------
    UnknownNameError
        If `need` is none of these.
    """
    said = line(need)
    if said:
        print(said)
    return not said


def require(need: str, error: type[Exception] = MissingPackageError) -> None:
    """Raise `error`, which says why, if `need` cannot be had here.

    Parameters
    ----------
    need : str
        A key of ``NEEDS``; see :func:`why_not`.
    error : type of Exception
        What to raise. It is called with the message.

    Raises
    ------
    MissingPackageError
        Or what `error` says instead: if `need` cannot be had.
    UnknownNameError
        If `need` is not a key of ``NEEDS``.
    """
    if reason := why_not(need):
        raise error(f"{need}: {reason}")


# --- the cells of a notebook ----------------------------------------------------------------


def watch_cells() -> None:
    """In a notebook: from the next cell on, heed ``# needs: …``. Elsewhere this does nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and run_or_say not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(run_or_say)


def run_or_say(lines: list[str]) -> list[str]:
    """The lines of a cell as they are, or a program that prints why the cell cannot run here.

    Parameters
    ----------
    lines : list of str
        The cell's lines, each with its line end. What the cell needs stands in the first, after
        ``# needs:``, with commas between.

    Returns
    -------
    list of str
        `lines`; or one line of Python that prints the first thing that cannot be had, or that
        raises ValueError if a need is not known.
    """
    found = COMMENT.match(lines[0]) if lines else None
    if not found:
        return lines
    needs = [need.strip() for need in found[1].split(",")]
    try:
        said = next(filter(None, map(line, needs)), None)
    except UnknownNameError as error:  # a misspelt need must not go unnoticed
        return [f"raise ValueError({str(error)!r})\n"]
    return [f"print({said!r})\n"] if said else lines


# --- what a machine may lack ----------------------------------------------------------------


def _system() -> str:
    """Linux, macOS, Windows, …"""
    return {"Darwin": "macOS"}.get(platform.system(), platform.system())


def _no_processes_together() -> str | None:
    if _system() != "Linux":
        return f"Paddle's processes talk over Gloo, which it has on Linux only; this is {_system()}"
    return None


def _no_kill_9() -> str | None:
    if not hasattr(signal, "SIGKILL") or not hasattr(os, "killpg"):
        return f"there is no such signal on {_system()}"
    return None


def _no_memory() -> str | None:
    if STATUS.exists() or _installed("resource"):
        return None
    return f"the book asks for it in ways that {_system()} does not have"


def _no_loader_workers() -> str | None:
    if _system() in ("macOS", "Windows"):
        return f"on {_system()} Paddle's DataLoader takes none, whatever num_workers says"
    if SHARED.exists() and (free := shutil.disk_usage(SHARED).free) < ENOUGH_SHARED:
        return (
            f"they hand over batches through {SHARED}, which has {free // 1_000_000} MB free of "
            f"the {ENOUGH_SHARED // 1_000_000} needed; in Docker: --shm-size=64m"
        )
    return None


def _no_onnx_export() -> str | None:
    for package in ("paddle2onnx", "onnxruntime"):
        if not _installed(package):
            none_at_all = package == "paddle2onnx" and sys.version_info >= (3, 13)
            how = (
                "there is none for Python 3.13; with 3.12: make setup PYTHON=python3.12"
                if none_at_all
                else _how_to_have("paddle2onnx onnxruntime")
            )
            return f"the package {package} is not installed; {how}"
    return None


def _no_visualdl() -> str | None:
    if not _installed("visualdl"):
        return f"the package visualdl is not installed; {_how_to_have('visualdl')}"
    return None


def _no_chromium() -> str | None:
    if not any(map(shutil.which, CHROMIUM)):
        return (
            "to take a picture of a page with; on the PATH, a Chromium or Chrome is looked for as "
            + ", ".join(CHROMIUM)
        )
    return None


def _no_elastic_training() -> str | None:
    if not _installed("etcd3"):
        return f"the package etcd3 is not installed; {_how_to_have('etcd3')}"
    return None


def _no_etcd() -> str | None:
    if not shutil.which("etcd"):
        return "there is no program etcd on the PATH; Debian and Ubuntu: apt install etcd-server"
    return None


def _no_stored_runs() -> str | None:
    if not STORED_RUNS.is_dir():
        return "their logs are in the project's folder book/bench, which is not beside the page"
    return None


def _how_to_have(packages: str) -> str:
    """For this very Python, which need not be the one that a terminal calls so."""
    return f"to have it: {sys.executable} -m pip install {packages}"


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # a module without a spec, or None in sys.modules: it cannot be imported
        return False


NEEDS = {
    "several processes": _no_processes_together,
    "kill -9": _no_kill_9,
    "measured memory": _no_memory,
    "loader workers": _no_loader_workers,
    "ONNX export": _no_onnx_export,
    "VisualDL": _no_visualdl,
    "a browser": _no_chromium,
    "elastic training": _no_elastic_training,
    "etcd": _no_etcd,
    "stored runs": _no_stored_runs,
}
