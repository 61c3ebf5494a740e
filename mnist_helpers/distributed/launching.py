"""``paddle.distributed.launch``, so that a notebook or a test can use it: it ends, and says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from mnist_helpers.distributed.jobs import (
    Job,
    check,
    cleared,
    ended_at_the_end,
    environment_for,
    failure,
    launcher_started,
    log_of,
    not_after,
    started,
    why,
)
from mnist_helpers.errors import LaunchError
from mnist_helpers.system import available
from mnist_helpers.system.ports import free_port
from mnist_helpers.system.runtime import usable_cores


def launch(
    *command: str | os.PathLike,
    workers: int = 2,
    threads: int | None = None,
    nodes: int = 1,
    master: int | None = None,
    log_dir: str | os.PathLike = "log",
    timeout: float = 600,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Run a script, or ``-m`` and a module, in `workers` processes.

    ``python -m paddle.distributed.launch`` starts them, on this machine's processor; they talk over
    Gloo. With `nodes` above 1, each "node" is a launcher of its own with so many workers. Whatever
    happens, also if this process is killed, all the job's processes end.

    What worker i prints is in ``workerlog.<i>`` in `log_dir`, with several nodes in ``node-<n>``
    inside; the logs of the job before are removed.

    Parameters
    ----------
    *command : str or path-like
        The script and its arguments; or ``"-m"``, the module, and its arguments.
    workers : int
        How many processes there are in each node.
    threads : int, optional
        How many threads each process has; without it, the cores are shared out.
    nodes : int
        How many nodes there are, all on this machine.
    master : int, optional
        The port of this machine at which they meet; without it, a free one.
    log_dir : path-like
        The folder for the logs, which is made if it is not there.
    timeout : float
        How long the job may take, in seconds.
    environment : mapping of str to str, optional
        Variables for the processes, on top of this one's own (which they get without proxies and
        without the settings of Paddle's launcher).

    Returns
    -------
    Job
        The logs, and the time that it took, once all its processes have ended well.

    Raises
    ------
    LaunchError
        Before anything runs, if this is not Linux (Paddle's processes talk over Gloo there only),
        if the script or module is missing, if there would be no process, or more than twice as many
        as cores (4 are always allowed), if the port is taken or none is free, or if `log_dir`
        cannot be written or is another job's. Later, if a worker fails: within 10 seconds it names
        the one that ended first, how, and the end of its log. Or if the job does not end within
        `timeout` seconds.
    """
    available.require("several processes", LaunchError)
    check(command, workers, nodes, master)
    log_dir = cleared(log_dir)
    port = master or free_port()
    env = environment_for(workers, threads or max(1, usable_cores() // (workers * nodes)))
    env |= environment or {}
    start = time.monotonic()
    with ended_at_the_end(log_dir) as (notes, stack):
        launchers = []
        for node in range(nodes):
            logs = log_dir / f"node-{node}" if nodes > 1 else log_dir
            place = _place(port, node, nodes, workers, logs)
            launchers.append(launcher_started(place, command, env, notes, node, stack))
        if not _wait(launchers, start + timeout, log_dir):
            raise why(notes, log_dir, nodes, workers)
    seconds = time.monotonic() - start
    every = [log_of(log_dir, nodes, node, i) for node in range(nodes) for i in range(workers)]
    return Job(tuple(every), seconds)


def run_alone(
    *command: str | os.PathLike,
    threads: int = 1,
    log_dir: str | os.PathLike = "log",
    timeout: float = 600,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Run a script, or ``-m`` and a module, in a process of its own, without the launcher.

    For comparison, and for scripts that start their workers themselves, with
    ``paddle.distributed.spawn``. It need not be on Linux; everything else is as in :func:`launch`.

    Parameters
    ----------
    *command : str or path-like
        The script and its arguments; or ``"-m"``, the module, and its arguments.
    threads : int
        How many threads the process has.
    log_dir : path-like
        The folder for the log, ``workerlog.0``; it is made if it is not there.
    timeout : float
        How long the process may take, in seconds.
    environment : mapping of str to str, optional
        Variables for the processes, on top of this one's own (which they get without proxies and
        without the settings of Paddle's launcher).

    Returns
    -------
    Job
        The log, and the time that it took, once the process has ended well.

    Raises
    ------
    LaunchError
        Before anything runs, if the script or module is missing, or if `log_dir` cannot be written
        or is another job's. Later, if the process fails, or does not end within `timeout` seconds.
    """
    check(command, 1, 1, None)
    log_dir = cleared(log_dir)
    log = log_dir / "workerlog.0"
    env = environment_for(1, threads)
    env |= environment or {}
    start = time.monotonic()
    with ended_at_the_end(log_dir) as (_, stack):
        process = started([sys.executable, "-u", *command], env, log, stack)
        while process.poll() is None:
            not_after(start + timeout, log_dir)
            time.sleep(0.02)
    if code := process.returncode:
        # a signal comes through as 256 less its number
        raise failure(0, code - 256 if code > 256 - signal.NSIG else code, log)
    return Job((log,), time.monotonic() - start)


def _place(port: int, node: int, nodes: int, workers: int, logs: Path) -> list[object]:
    """The launcher's options."""
    place: list[object] = ["--nproc_per_node", workers, "--log_dir", logs]
    if nodes == 1:
        return [*place, "--ips", "127.0.0.1", "--start_port", port]
    return [*place, "--nnodes", nodes, "--rank", node, "--master", f"127.0.0.1:{port}"]


def _wait(launchers: list[subprocess.Popen], end: float, log_dir: Path) -> bool:
    """Until all are done, or one has failed: whether all is well. LaunchError at the time `end`."""
    while any(launcher.poll() is None for launcher in launchers):
        if any(launcher.returncode for launcher in launchers):
            time.sleep(1)  # what failed first may not have been noted yet
            break
        not_after(end, log_dir)
        time.sleep(0.02)
    return not any(launcher.returncode for launcher in launchers)
