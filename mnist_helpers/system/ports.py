"""Ports of this machine."""

from __future__ import annotations

import secrets
import socket

from mnist_helpers.errors import LaunchError


def is_free(port: int) -> bool:
    """Whether a server could listen at `port`.

    Parameters
    ----------
    port : int
        From 1 to 65,535.

    Returns
    -------
    bool
        False if somebody listens there, or if this process may not.

    Raises
    ------
    OverflowError
        If `port` is below 0 or above 65,535.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port, below those that Linux hands out by itself, so that it remains free.

    Returns
    -------
    int
        From 10,000 to 29,999, drawn at random.

    Raises
    ------
    LaunchError
        If a hundred that were drawn are all taken.
    """
    for _ in range(100):
        port = 10_000 + secrets.randbelow(20_000)  # not `random`: a notebook may have seeded it
        if is_free(port):
            return port
    raise LaunchError("no free port from 10,000 to 29,999 on this machine")
