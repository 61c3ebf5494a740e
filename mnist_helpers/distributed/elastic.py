"""A job that outlives the loss of a worker, a launcher, a host or a cable.

The launchers of all hosts meet in an etcd, a small data base that notices within seconds when one
of them is silent. Paddle's launcher then starts the training anew, with the workers that are there;
so the training must save as it goes, and begin where it was saved, with however many workers.

By itself that launcher leaves its workers behind when it is killed, gives up if the workers of two
hosts fail in the same second, and waits for ever for an etcd that it can no longer reach, or for
another launcher that was started again meanwhile. So here it is watched, and started again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from mnist_helpers.distributed.hosts import address_towards, interface_of
from mnist_helpers.distributed.jobs import (
    GRACE,
    End,
    Job,
    Start,
    check,
    cleared,
    ended_at_the_end,
    ends_in,
    environment_for,
    how_it_ended,
    last_lines,
    launcher_started,
    log_of,
    not_after,
    started,
    starts_in,
    why,
)
from mnist_helpers.errors import LaunchError
from mnist_helpers.system import available
from mnist_helpers.system.ports import free_port
from mnist_helpers.system.runtime import usable_cores

SHORTEST = 6  # seconds; a launcher that is there says so every 5 seconds
IN_VAIN = 3  # so often may a launcher, one after another, end before it has started a worker
STUCK = 20  # seconds, besides those to wait, after which a launcher that starts nothing is stuck
STOPPING = 5.0  # seconds that a worker has to save, once it is told to end
# etcd3's generated code is older than today's protobuf
PURE_PYTHON = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}


def launch_elastic(
    *command: str | os.PathLike,
    etcd: str,
    hosts: int = 1,
    fewest: int = 1,
    address: str | None = None,
    workers: int = 1,
    threads: int | None = None,
    restarts: int = 10,
    wait: int = 10,
    job: str = "mnist-helpers",
    log_dir: str | os.PathLike = "log",
    timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Run this host's part of a job that goes on with whoever is there.

    It is called on each host with the same arguments (but for `address`), and again on a host that
    was lost. Whenever a worker fails, or a host is lost or comes, all workers are started anew,
    `workers` on each host that is there. What they do must be resumable: it saves as it goes, in a
    folder that all hosts share, since any of them may hold worker 0 after the next start; and it
    begins where it was saved, with another number of workers. ``mnist_helpers train --run DIR
    --other-workers`` does.

    Workers that are still well when they are to be started anew are told by SIGTERM, and have 5
    seconds to save. Stderr says when a worker starts, and how it ends.

    Parameters
    ----------
    *command : str or path-like
        The script and its arguments; or ``"-m"``, the module, and its arguments.
    etcd : str
        Where the etcd answers: an IPv4 address and a port, such as ``"192.0.2.1:2379"``.
    hosts : int
        How many hosts there are at most. With 1, a worker that fails is started again.
    fewest : int
        With how many the job goes on, at least.
    address : str, optional
        This host's own address; without it, the one from which it would reach the etcd.
    workers : int
        How many processes there are on each host.
    threads : int, optional
        How many threads each has; without it, the cores are shared out.
    restarts : int
        How often the workers of this host may be started again, for whatever reason: also because
        a host has come.
    wait : int
        How long those that are there wait for others before they start, in seconds, 6 or more.
    job : str
        A name that no other job in this etcd has.
    log_dir : path-like
        The folder on this host for the logs of its workers, ``workerlog.0`` and so on. A worker
        that is started again writes at the end of its log.
    timeout : float, optional
        How long the job may take here, in seconds; without it, there is no limit.
    environment : mapping of str to str, optional
        Variables for the processes, on top of this one's own (which they get without proxies and
        without the settings of Paddle's launcher).

    Returns
    -------
    Job
        The logs of this host's workers, and the time that it took.

    Raises
    ------
    LaunchError
        Before anything runs, as in :func:`launch`; if the package etcd3 is not installed, no etcd
        answers, or a number or an address cannot be right. Later, if the workers fail more often
        than `restarts` allows: it names the one that ended first, the last time. Or if it takes
        longer than `timeout`.
    """
    available.require("several processes", LaunchError)
    check(command, workers, 1, None)
    own = address or address_towards(_checked(etcd, hosts, fewest, restarts, wait, job))
    interface = interface_of(own)
    available.require("elastic training", LaunchError)
    check_etcd(etcd)
    log_dir = cleared(log_dir)
    env = environment_for(workers, threads or max(1, usable_cores() // workers))
    env |= {"GLOO_SOCKET_IFNAME": interface, GRACE: str(STOPPING), **PURE_PYTHON}
    env |= environment or {}
    place = ["--nproc_per_node", workers, "--log_dir", log_dir, "--host", own,
             "--master", f"etcd://{etcd}", "--nnodes", f"{fewest}:{hosts}",
             "--elastic_level", 1, "--elastic_timeout", wait, "--job_id", job]  # fmt: skip
    begin = time.monotonic()
    end = float("inf") if timeout is None else begin + timeout
    with ended_at_the_end(log_dir, job) as (notes, stack):
        watch, in_vain = _Watch(notes), 0
        while True:
            before = watch.times()
            options = [*place, "--max_restart", restarts - before]
            launcher = launcher_started(options, command, env, notes, 0, stack)
            _wait_for(launcher, watch, etcd, end, wait + STUCK, log_dir)
            if launcher.returncode == 0:
                break
            if watch.times() > restarts:
                raise why(notes, log_dir, 1, workers, since=watch.last_start())
            in_vain = in_vain + 1 if watch.times() == before else 0
            if in_vain == IN_VAIN:
                raise _never_started(notes, hosts, fewest, wait)
            watch.say(f"the launcher {_end_of(launcher, notes)}; it is started again")
            _wait_for_etcd(etcd, watch, end, log_dir)
    logs = tuple(log_of(log_dir, 1, 0, i) for i in range(workers))
    return Job(logs, time.monotonic() - begin)


def _wait_for(
    launcher: subprocess.Popen,
    watch: _Watch,
    etcd: str,
    end: float,
    patience: float,
    log_dir: Path,
) -> None:
    """Until the launcher ends. It is killed if no worker runs, and it has lost the etcd, for which
    it would wait for ever, or has not started one for so many seconds: now and then, launchers that
    start again at different times wait for each other."""
    watch.begin()
    misses, next_look = 0, 0.0
    while launcher.poll() is None:
        watch.look()
        not_after(end, log_dir)
        if watch.idle() and time.monotonic() > next_look:
            error = _why_no_etcd(etcd)
            misses = misses + 1 if error else 0
            if misses == 2 or watch.idle() > patience:
                error = error or f"for {patience:.0f} seconds its launcher has started none"
                watch.say(f"no worker runs here, and {error}")
                os.killpg(launcher.pid, signal.SIGKILL)
                launcher.wait()
            next_look = time.monotonic() + 1
        time.sleep(0.1)
    watch.look()


def _never_started(notes: Path, hosts: int, fewest: int, wait: int) -> LaunchError:
    text = _said_by_launcher(notes)
    if "peer not ready" in text:
        return LaunchError(
            f"in {IN_VAIN} times {wait} seconds, the number of hosts that are there was not one "
            f"from {fewest} to {hosts}"
        )
    return LaunchError("the launcher failed:\n" + last_lines(text))


def _end_of(launcher: subprocess.Popen, notes: Path) -> str:
    """How the launcher has ended, in words; 256 less its number stands for a signal."""
    code = launcher.returncode
    how = how_it_ended(code - 256 if code > 256 - signal.NSIG else code)
    last = last_lines(_said_by_launcher(notes), 1).strip()
    return f"{how} ({last})" if code > 0 and last else how


def _said_by_launcher(notes: Path) -> str:
    return (notes / "launcher.0").read_text(errors="replace")


def _wait_for_etcd(etcd: str, watch: _Watch, end: float, log_dir: Path) -> None:
    """Until it answers. What the launcher had started ends meanwhile, within a second."""
    time.sleep(1)
    said = False
    while error := _why_no_etcd(etcd):
        not_after(end, log_dir)
        if not said:
            watch.say(f"{error}; waiting for it")
        said = True
        time.sleep(1)


@contextlib.contextmanager
def etcd_here(timeout: float = 30) -> Iterator[str]:
    """An etcd of one's own on this machine, to try things with; it ends with the ``with``.

    What it keeps, it keeps in a temporary folder, and others cannot reach it.

    Parameters
    ----------
    timeout : float
        How long it may take to start, in seconds.

    Yields
    ------
    str
        Where it answers, as :func:`launch_elastic` takes it.

    Raises
    ------
    LaunchError
        If there is no program etcd on this machine, or it does not start in time.
    """
    available.require("etcd", LaunchError)
    with tempfile.TemporaryDirectory(prefix="etcd-") as folder, contextlib.ExitStack() as stack:
        place, other = (f"127.0.0.1:{free_port()}" for _ in range(2))
        command = ["etcd", "--data-dir", f"{folder}/data", "--listen-client-urls",
                   f"http://{place}", "--advertise-client-urls", f"http://{place}",
                   "--listen-peer-urls", f"http://{other}"]  # fmt: skip
        started(command, dict(os.environ), Path(folder, "log"), stack)
        end = time.monotonic() + timeout
        while True:
            try:
                check_etcd(place)
                break
            except LaunchError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        yield place


def _why_no_etcd(etcd: str) -> str:
    """What :func:`check_etcd` raises, in words; empty if all is well."""
    try:
        check_etcd(etcd)
    except LaunchError as error:
        return str(error)
    return ""


def check_etcd(etcd: str) -> None:
    """LaunchError unless an etcd answers at this address and port, and says that it is well."""
    try:
        # whoever has a proxy means it for other machines
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{etcd}/health", timeout=5) as answer:
            well = json.loads(answer.read(1000))["health"] == "true"
    except (OSError, http.client.HTTPException) as error:
        raise LaunchError(
            f"no etcd answers at {etcd} ({getattr(error, 'reason', error)}). Was it started there, "
            f"with --listen-client-urls http://{etcd} --advertise-client-urls http://{etcd}? Is "
            "there a firewall between the hosts?"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise LaunchError(f"what answers at {etcd} is not an etcd") from None
    if not well:
        raise LaunchError(f"the etcd at {etcd} says that it is not well: see its log")


def _checked(etcd: str, hosts: int, fewest: int, restarts: int, wait: int, job: str) -> str:
    """The etcd's address, without its port. LaunchError for what cannot be right."""
    if not 1 <= fewest <= hosts:
        raise LaunchError(f"{fewest} hosts at least, of {hosts}: expected from 1 to {hosts}")
    if restarts < 0 or wait < SHORTEST:
        raise LaunchError(
            f"{restarts} restarts and {wait} seconds to wait: expected 0 or more, and {SHORTEST} "
            "or more, since a launcher says only every 5 seconds that it is there"
        )
    if not re.fullmatch(r"[\w-]+", job):
        raise LaunchError(f"the name {job!r}: expected letters, digits, _ and -")
    host, _, port = etcd.rpartition(":")
    with contextlib.suppress(OSError, ValueError):
        if 0 < int(port) < 65_536:
            return socket.inet_ntoa(socket.inet_aton(host))
    raise LaunchError(f"etcd {etcd!r}: expected an IPv4 address and a port, as in 192.0.2.1:2379")


class _Watch:
    """Says on stderr what the guards note: who starts, and how it ends."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes
        self._said: set[Start | End] = set()
        self._vanished, self._busy = 0, time.monotonic()

    def say(self, text: str) -> None:
        now = f"{datetime.now():%H:%M:%S.%f}"[:-5]  # tenths of a second
        print(f"{now} {text}", file=sys.stderr, flush=True)

    def begin(self) -> None:
        """A launcher has been started. Of an older one that was killed, nothing runs."""
        self._vanished = self._running()
        self._busy = time.monotonic()

    def _running(self) -> int:
        return len(starts_in(self._notes)) - len(ends_in(self._notes))

    def idle(self) -> float:
        """For how many seconds no worker of the launcher has run; 0 if one does."""
        if self._running() > self._vanished:
            self._busy = time.monotonic()
            return 0
        return time.monotonic() - self._busy

    def look(self) -> None:
        """Say what is new."""
        notes: list[Start | End] = [*starts_in(self._notes), *ends_in(self._notes)]
        for note in sorted(notes, key=lambda note: note.time):
            if note not in self._said:
                self._said.add(note)
                self.say(_in_words(note))

    def times(self) -> int:
        """How often worker 0 of this host has started."""
        return sum(start.place == 0 for start in starts_in(self._notes))

    def last_start(self) -> float:
        """When it did so last, in seconds since 1970."""
        return max(start.time for start in starts_in(self._notes) if start.place == 0)


def _in_words(note: Start | End) -> str:
    if isinstance(note, Start):
        return f"worker {note.rank} of {note.world} starts"
    told = ", as it was told to end" if note.told else ""
    return f"worker {note.rank} {how_it_ended(note.code)}{told}"
