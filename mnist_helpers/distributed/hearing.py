"""Hosts that train together hear of each other, so that each can say which of them was lost.

Gloo notices a broken connection only after 30 seconds, and does not say whose it was. So the
launchers keep a line of their own: each has a connection to host 0, and a beat goes over it in both
directions every second. Host 0 passes on to all what it hears of one.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mnist_helpers.errors import LaunchError

BEAT = 1.0  # seconds from one beat to the next
SILENCE = 10.0  # seconds without one, after which a host is lost


@dataclass(frozen=True)
class Trouble:
    """What has ended the job on another host.

    Attributes
    ----------
    rank : int
        The number of that host.
    text : str
        What has happened there.
    time : float
        When, in seconds since 1970, by the clock of this host.
    """

    rank: int
    text: str
    time: float


@dataclass
class _Peer:
    """Another host, at the end of a connection."""

    rank: int
    address: str
    connection: socket.socket
    heard: float = field(default_factory=time.monotonic)
    done: bool = False
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return f"host {self.rank} ({self.address})"

    def send(self, message: dict[str, Any]) -> None:
        # beats and news are sent by threads of their own, and a line must not be torn
        with self._one_at_a_time, contextlib.suppress(OSError):  # whoever reads will notice
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def messages(self) -> Iterator[dict[str, Any]]:
        """What it says, until it says no more."""
        with contextlib.suppress(OSError), self.connection.makefile("rb") as lines:
            for line in lines:
                self.heard = time.monotonic()
                yield json.loads(line)


class Others:
    """The other hosts of a job. Use it in a ``with``: at the end, they hear that all went well.

    Parameters
    ----------
    rank : int
        The number of this host.
    hosts : int
        How many there are.
    master : (str, int)
        Where host 0 listens for the others: its address, and a port that is free there.
    facts : dict
        What must be the same on all hosts, by name; anything that JSON can hold.
    within : float
        How long the others may take to come, in seconds.
    silence : float
        After how many seconds without a beat a host is lost.

    Raises
    ------
    LaunchError
        If the others do not come in time, if they were started with other facts, or if this is
        host 0 and cannot listen there.
    """

    def __init__(
        self,
        rank: int,
        hosts: int,
        master: tuple[str, int],
        facts: dict[str, Any],
        within: float,
        silence: float = SILENCE,
    ) -> None:
        self.rank, self.hosts, self.silence = rank, hosts, silence
        self._troubles: list[Trouble] = []
        self._peers: list[_Peer] = []
        self._stop, self._told = threading.Event(), False
        end = time.monotonic() + within
        try:
            if rank == 0:
                self._wait_for_all(master, facts, end)
            else:
                self._knock(master, facts, end)
        except BaseException:
            self._hang_up()
            raise
        for peer in self._peers:
            peer.heard = time.monotonic()  # the first to come has waited for the last
            threading.Thread(target=self._listen, args=(peer,), daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def __enter__(self) -> Others:
        return self

    def __exit__(self, kind: object, error: BaseException | None, *_: object) -> None:
        if error is None:
            self._tell({"done": True})
        elif not self._told and not self._troubles:
            self.failed(
                f"host {self.rank} has given up: {str(error) or type(error).__name__}", ago=0
            )
        self._hang_up()

    def failed(self, text: str, ago: float) -> None:
        """Tell the others that the job has failed here.

        Parameters
        ----------
        text : str
            What has happened.
        ago : float
            Before how many seconds; hosts need not have the same clock.
        """
        self._told = True
        self._tell({"failed": self.rank, "text": text, "ago": ago})

    def troubles(self) -> list[Trouble]:
        """What has ended the job on other hosts, in the order of the times.

        Returns
        -------
        list of Trouble
            Empty as long as all are well.
        """
        return sorted(self._troubles, key=lambda trouble: trouble.time)

    # --- meeting ----------------------------------------------------------------------------

    def _wait_for_all(self, master: tuple[str, int], facts: dict[str, Any], end: float) -> None:
        with _server(master) as server:
            while len(self._peers) < self.hosts - 1:
                server.settimeout(max(0.01, end - time.monotonic()))
                try:
                    connection, (address, _) = server.accept()
                except TimeoutError:
                    raise LaunchError(self._who_is_missing(master)) from None
                if peer := self._greeted(connection, address, facts):
                    self._peers.append(peer)
        for peer in self._peers:
            peer.send({"welcome": True})

    def _greeted(
        self, connection: socket.socket, address: str, facts: dict[str, Any]
    ) -> _Peer | None:
        """The host that has come; None for whoever is none. LaunchError if it cannot take part."""
        connection.settimeout(5)
        try:
            hello = json.loads(_line(connection))
            peer = _Peer(int(hello["rank"]), address, connection)
            theirs = dict(hello["facts"])
        except (OSError, ValueError, KeyError, TypeError):
            connection.close()
            return None
        connection.settimeout(None)
        known = {0, *(other.rank for other in self._peers)}
        reason = _difference(theirs, facts, peer.name)
        if not reason and (peer.rank in known or not 0 < peer.rank < self.hosts):
            reason = f"{peer.name} has a rank that is taken, or not below {self.hosts}"
        if reason:
            for other in [peer, *self._peers]:
                other.send({"refused": reason})
            connection.close()
            raise LaunchError(reason)
        return peer

    def _knock(self, master: tuple[str, int], facts: dict[str, Any], end: float) -> None:
        while True:
            try:
                connection = socket.create_connection(master, timeout=5)
                break
            except OSError as error:
                if time.monotonic() > end:
                    raise LaunchError(
                        f"host 0 was not found at {master[0]}, port {master[1]} ({error}). Was the "
                        "command started there, with this address as the master? Is there a "
                        "firewall between the hosts?"
                    ) from None
                time.sleep(0.2)
        peer = _Peer(0, master[0], connection)
        self._peers.append(peer)
        peer.send({"rank": self.rank, "facts": facts})
        connection.settimeout(max(0.01, end - time.monotonic()))
        try:
            answer = json.loads(_line(connection) or b"{}")
        except TimeoutError:
            raise LaunchError("host 0 is there, and other hosts have not come in time") from None
        connection.settimeout(None)
        if not answer.get("welcome"):
            raise LaunchError(answer.get("refused") or "host 0 has ended before all had come")

    def _who_is_missing(self, master: tuple[str, int]) -> str:
        here = {0, *(peer.rank for peer in self._peers)}
        missing = ", ".join(str(rank) for rank in range(self.hosts) if rank not in here)
        return (
            f"not all hosts have come: missing {missing} of 0 to {self.hosts - 1}. Was the command "
            f"started there, with the same master, {master[0]}? Is there a firewall between them?"
        )

    # --- meanwhile --------------------------------------------------------------------------

    def _listen(self, peer: _Peer) -> None:
        for message in peer.messages():
            if "failed" in message:
                when = time.time() - message["ago"]
                self._troubles.append(Trouble(message["failed"], message["text"], when))
                self._tell(message, but=peer)
            peer.done = peer.done or "done" in message
        if not peer.done and not self._stop.is_set():
            self._lost(peer, "its launcher has ended without a word")

    def _beat(self) -> None:
        while not self._stop.wait(BEAT):
            for peer in self._peers:
                peer.send({"beat": True})
                silent = time.monotonic() - peer.heard
                if silent > self.silence and not peer.done:
                    self._lost(peer, f"nothing has been heard of it for {silent:.0f} s")
                    peer.done = True

    def _lost(self, peer: _Peer, how: str) -> None:
        if any(trouble.rank == peer.rank for trouble in self._troubles):
            return
        text = f"{peer.name} was lost: {how}"
        self._troubles.append(Trouble(peer.rank, text, time.time()))
        self._tell({"failed": peer.rank, "text": text, "ago": 0}, but=peer)

    def _tell(self, message: dict[str, Any], but: _Peer | None = None) -> None:
        for peer in self._peers:
            if peer is not but:
                peer.send(message)

    def _hang_up(self) -> None:
        self._stop.set()
        for peer in self._peers:
            with contextlib.suppress(OSError):
                peer.connection.shutdown(socket.SHUT_RDWR)
            peer.connection.close()


def _server(address: tuple[str, int]) -> socket.socket:
    try:
        return socket.create_server(address)
    except OSError as error:
        raise LaunchError(
            f"host 0 cannot listen at {address[0]}, port {address[1]}, one above the "
            f"master's: {error.strerror}. Name another port"
        ) from None


def _line(connection: socket.socket, most: int = 65_536) -> bytes:
    """One line, byte by byte, since what follows is read elsewhere."""
    line = b""
    while not line.endswith(b"\n") and len(line) < most:
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line


def _difference(theirs: dict[str, Any], ours: dict[str, Any], name: str) -> str:
    for fact in ours:
        if theirs.get(fact) != ours[fact]:
            return (
                f"{name} was started with another {fact}: {theirs.get(fact)}, not {ours[fact]}, "
                "as host 0"
            )
    return ""
