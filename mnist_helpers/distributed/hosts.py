"""One job on several machines: the same command on each, but for the machine's number."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path

import paddle

from mnist_helpers import __version__
from mnist_helpers.distributed.hearing import SILENCE, Others
from mnist_helpers.distributed.jobs import (
    Job,
    check,
    cleared,
    ended_at_the_end,
    ends_in,
    environment_for,
    launcher_started,
    log_of,
    not_after,
    why,
)
from mnist_helpers.errors import LaunchError
from mnist_helpers.system import available
from mnist_helpers.system.runtime import usable_cores

SIOCGIFADDR = 0x8915  # Linux: asks for the address of a network interface
SETTLING = 1.5  # seconds in which what failed first is heard of from everywhere


def launch_on_hosts(
    *command: str | os.PathLike,
    hosts: int,
    rank: int,
    master: str,
    address: str | None = None,
    workers: int = 1,
    threads: int | None = None,
    log_dir: str | os.PathLike = "log",
    timeout: float | None = None,
    silence: float = SILENCE,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Run this host's part of a job in which several machines train together.

    It is called on each of them, in any order, with the same arguments but for `rank` (and
    `address`); each waits until all are there. The hosts must reach each other at two ports of the
    first, the one that `master` names and the next, and at those that the workers choose.

    Whatever happens, the processes on this host end with the job. If another host is lost, this
    one notices after `silence` seconds at most, and names it.

    Parameters
    ----------
    *command : str or path-like
        The script and its arguments; or ``"-m"``, the module, and its arguments.
    hosts : int
        How many machines take part, 2 or more.
    rank : int
        The number of this one, from 0.
    master : str
        An address of host 0, IPv4, and a port that is free there, such as ``"192.0.2.1:8090"``.
    address : str, optional
        This host's own address; without it, the one from which it would reach the master.
    workers : int
        How many processes there are on each host.
    threads : int, optional
        How many threads each has; without it, the cores are shared out.
    log_dir : path-like
        The folder on this host for the logs of its workers, ``workerlog.0`` and so on.
    timeout : float, optional
        How long the job may take, and how long it may take the others to come, in seconds; without
        it, there is no limit.
    silence : float
        After how many seconds without a sign of life a host counts as lost.
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
        Before anything runs, as in :func:`launch`, and if an address or a rank cannot be right, if
        the others do not come in time, or were started with another command, number of hosts or
        workers, Python, Paddle or version of this library. Later, if a host is lost or a worker
        fails, here or there: it names whoever was first.
    """
    available.require("several processes", LaunchError)
    check(command, workers, 1, None)
    host, port = _checked(hosts, rank, master)
    own = address or address_towards(host)
    interface = interface_of(own)
    if rank == 0 and own != host:
        raise LaunchError(f"the master is {host}, and host 0 has the address {own}")
    log_dir = cleared(log_dir)
    env = environment_for(workers, threads or max(1, usable_cores() // workers))
    env |= {"GLOO_SOCKET_IFNAME": interface, **(environment or {})}
    end = float("inf") if timeout is None else time.monotonic() + timeout
    within = 1e6 if timeout is None else timeout
    facts = _facts(command, hosts, workers)
    with Others(rank, hosts, (host, port + 1), facts, within, silence) as others:
        begin = time.monotonic()
        with ended_at_the_end(log_dir) as (notes, stack):
            place = ["--nproc_per_node", workers, "--log_dir", log_dir, "--nnodes", hosts,
                     "--rank", rank, "--master", master, "--host", own]  # fmt: skip
            launcher = launcher_started(place, command, env, notes, 0, stack)
            while launcher.poll() is None and not others.troubles():
                if any(end.code for end in ends_in(notes)):
                    break
                not_after(end, log_dir)
                time.sleep(0.05)
            if launcher.returncode != 0:
                raise _first_failure(others, notes, log_dir, workers, rank)
        seconds = time.monotonic() - begin
    return Job(tuple(log_of(log_dir, 1, 0, i) for i in range(workers)), seconds)


def _checked(hosts: int, rank: int, master: str) -> tuple[str, int]:
    """The master's address and port."""
    if hosts < 2:
        raise LaunchError(f"{hosts} hosts; expected 2 or more (on one machine, use launch)")
    if not 0 <= rank < hosts:
        raise LaunchError(f"host {rank} of {hosts}: expected a number from 0 to {hosts - 1}")
    host, _, port = master.rpartition(":")
    with contextlib.suppress(OSError, ValueError):
        if 0 < int(port) < 65_535:
            return socket.inet_ntoa(socket.inet_aton(host)), int(port)
    raise LaunchError(
        f"master {master!r}: expected an IPv4 address of host 0 and a port, as in 192.0.2.1:8090"
    )


def address_towards(host: str) -> str:
    """This machine's address for whoever is at `host`. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))
        except OSError as error:
            raise LaunchError(f"there is no way to {host}: {error.strerror}") from None
        return probe.getsockname()[0]


def interface_of(address: str) -> str:
    """The name of the network interface that has this address; Gloo wants to know it."""
    import fcntl  # which is not on Windows, where nothing is launched

    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # one without an address
                asked = struct.pack("256s", name.encode()[:15])
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, asked)
                found[socket.inet_ntoa(answer[20:24])] = name
    if address not in found:
        have = ", ".join(sorted(found)) or "none"
        raise LaunchError(f"{address} is not an address of this machine; it has {have}")
    return found[address]


def _facts(command: tuple, hosts: int, workers: int) -> dict[str, object]:
    """What must be the same on all hosts, in the words of an error."""
    return {
        "number of hosts": hosts,
        "number of workers": workers,
        "command": " ".join(map(str, command)),
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "Paddle": paddle.__version__,
        "version of mnist_helpers": __version__,
    }


def _first_failure(
    others: Others, notes: Path, log_dir: Path, workers: int, rank: int
) -> LaunchError:
    """Whoever failed first, here or on another host; the others hear what has happened here."""
    time.sleep(0.1)  # a guard may be about to say how its worker has ended
    ends = [end.time for end in ends_in(notes) if end.code]
    own = None
    if ends or not others.troubles():
        when = min(ends, default=time.time())
        own = why(notes, log_dir, 1, workers, rank * workers)
        others.failed(f"on host {rank}, {own}", time.time() - when)
    time.sleep(SETTLING)
    troubles = others.troubles()
    if own and not (troubles and troubles[0].time < when):
        return own
    return LaunchError(
        f"{troubles[0].text}\nSo the job was ended on this host, {rank}, too. What was saved is "
        f"still there; the logs are in {log_dir}"
    )
