"""Two hosts with a cable between them: network namespaces, joined by virtual network cards."""

from __future__ import annotations

import os
import subprocess


class Cable:
    """Two namespaces, digits-…-0 and digits-…-1, joined by a pair of virtual network cards."""

    def __init__(self) -> None:
        self.names = [f"digits-{os.getpid()}-{rank}" for rank in (0, 1)]

    def lay(self) -> None:
        for name in self.names:
            ip("netns", "add", name)
        one, other = self.names
        peer = ["peer", "name", "cable1", "netns", other]
        ip("link", "add", "cable0", "netns", one, "type", "veth", *peer)
        for rank, name in enumerate(self.names):
            ip("-n", name, "addr", "add", f"10.77.0.{rank + 1}/24", "dev", f"cable{rank}")
            for card in ("lo", f"cable{rank}"):
                ip("-n", name, "link", "set", card, "up")

    def plug(self, how: str) -> None:
        """`how`: "up" or "down"."""
        ip("-n", self.names[0], "link", "set", "cable0", how)

    def remove(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
