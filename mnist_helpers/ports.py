"""Ports of this machine."""

from __future__ import annotations

import secrets
import socket

from mnist_helpers.errors import LaunchError


def is_free(port: int) -> bool:
    """Whether a server could listen at `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port, below those that Linux hands out by itself, so that it remains free."""
    for _ in range(100):
        port = 10_000 + secrets.randbelow(20_000)  # not `random`: a notebook may have seeded it
        if is_free(port):
            return port
    raise LaunchError("no free port from 10,000 to 29,999 on this machine")
