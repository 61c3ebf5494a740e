"""Several machines in one job. Here they are launchers on one machine, which do not know it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mnist_helpers.distributed import launch_on_hosts
from mnist_helpers.errors import LaunchError
from mnist_helpers.system.ports import free_port
from tests.conftest import INTERRUPTIBLE, nothing_left, soon

# Each worker says who it is, and stays if it is asked to
MEETS = """
import sys, time
from mnist_helpers.distributed import join
workers = join()
print(workers.rank, workers.world, workers.gather(10 + workers.rank), flush=True)
time.sleep(float(sys.argv[1]))
"""
COMMAND = "from mnist_helpers.cli.main import main\nraise SystemExit(main())"


class Hosts:
    """Launchers of one job, each with its own folder."""

    def __init__(self, folder: Path) -> None:
        (folder / "meets.py").write_text(MEETS)
        self.folder, self.port = folder, free_port()
        self.started: dict[int, subprocess.Popen] = {}

    def start(self, rank: int, *command: object, **others: object) -> subprocess.Popen:
        """Start host `rank` of two; `others` are options that are not the usual ones."""
        place = self.folder / f"host-{rank}"
        place.mkdir(exist_ok=True)
        options = {"hosts": 2, "rank": rank, "master": f"127.0.0.1:{self.port}", "threads": 1,
                   "timeout": 60, **others}  # fmt: skip
        flags = [str(part) for k, v in options.items() for part in (f"--{k.replace('_', '-')}", v)]
        with (place / "said").open("w") as file:
            self.started[rank] = subprocess.Popen(
                [sys.executable, "-c", INTERRUPTIBLE + COMMAND, "launch", *flags,
                 *map(str, command or ("../meets.py", 0))],
                cwd=place, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self.started[rank]

    def ended(self) -> list[int]:
        """The exit statuses, once all have ended."""
        return [self.started[rank].wait(90) for rank in sorted(self.started)]

    def said(self, rank: int) -> str:
        return (self.folder / f"host-{rank}" / "said").read_text()

    def all_work(self) -> bool:
        """Whether every host's worker has met the others."""
        logs = [self.folder / f"host-{rank}" / "log" / "workerlog.0" for rank in self.started]
        return all(log.is_file() and "[10, 11]" in log.read_text() for log in logs)


@pytest.fixture
def two(tmp_path, offspring):
    hosts = Hosts(tmp_path)
    yield hosts
    for process in hosts.started.values():
        process.kill()
        process.wait()


@pytest.mark.parametrize("first", [0, 1])
def test_they_meet_in_any_order_and_nothing_is_left(two, first, offspring):
    two.start(first)
    time.sleep(1)
    two.start(1 - first)
    assert two.ended() == [0, 0]
    assert [two.said(0), two.said(1)] == ["0 2 [10, 11]\n", "1 2 [10, 11]\n"]
    assert nothing_left(offspring, two.folder / "host-0" / "log")
    assert nothing_left(offspring, two.folder / "host-1" / "log")


def test_both_say_which_worker_of_which_host_failed(two, offspring):
    for rank in (0, 1):
        two.start(rank, "../meets.py", 60)
    assert soon(two.all_work, 60)
    guards = [
        p for p in offspring() if "meets.py" in p.cmdline()[-2] and "guard" not in p.cmdline()
    ]
    victim = next(p for p in guards if p.cwd().endswith("host-1") and is_worker(p))
    victim.kill()
    begin = time.monotonic()
    assert two.ended() == [1, 1]
    assert time.monotonic() - begin < 20
    assert two.said(1).startswith("error: worker 1 was killed by signal 9 (SIGKILL).")
    assert two.said(0).startswith("error: on host 1, worker 1 was killed by signal 9 (SIGKILL).")
    assert "So the job was ended on this host, 0, too" in two.said(0)
    assert soon(lambda: not offspring(), 5)


def is_worker(process: psutil.Process) -> bool:
    """Whether it is the program itself: not a launcher, a guard or a watcher that has its name."""
    return not {"launch", "paddle.distributed.launch"} & set(process.cmdline()) and (
        process.cmdline()[1:2] == ["-u"]
    )


def test_a_launcher_that_is_killed_is_named_by_the_other(two, offspring):
    for rank in (0, 1):
        two.start(rank, "../meets.py", 60)
    assert soon(two.all_work, 60)
    two.started[1].kill()
    begin = time.monotonic()
    assert two.ended() == [1, -signal.SIGKILL]
    assert time.monotonic() - begin < 20
    lost = "error: host 1 (127.0.0.1) was lost: its launcher has ended without a word\n"
    assert two.said(0).startswith(lost)
    assert soon(lambda: not offspring(), 5)


def test_an_interrupt_on_one_host_ends_the_job_on_both(two, offspring):
    for rank in (0, 1):
        two.start(rank, "../meets.py", 60)
    assert soon(two.all_work, 60)
    two.started[0].send_signal(signal.SIGINT)
    two.ended()
    assert two.said(1).startswith("error: host 0 has given up: KeyboardInterrupt\n")
    assert soon(lambda: not offspring(), 5)


def test_a_host_that_was_started_differently_is_refused(two):
    two.start(0)
    two.start(1, workers=2)
    assert two.ended() == [1, 1]
    reason = "host 1 (127.0.0.1) was started with another number of workers: 2, not 1, as host 0"
    assert [two.said(0), two.said(1)] == [f"error: {reason}\n"] * 2


def test_a_port_that_is_taken_is_named(two):
    with socket.create_server(("127.0.0.1", two.port + 1)):
        two.start(0)
        assert two.ended() == [1]
    where = f"127.0.0.1, port {two.port + 1}, one above the master's"
    assert two.said(0).startswith(f"error: host 0 cannot listen at {where}: Address already in use")


def test_who_does_not_come_is_named(two):
    two.start(0, timeout=3)
    assert two.ended() == [1]
    assert two.said(0).startswith("error: not all hosts have come: missing 1 of 0 to 1.")


def test_a_master_that_is_not_there_is_named(two):
    two.start(1, timeout=3)
    assert two.ended() == [1]
    assert re.match(rf"error: host 0 was not found at 127.0.0.1, port {two.port + 1} ", two.said(1))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"hosts": 1}, "1 hosts; expected 2 or more"),
        ({"rank": 2}, "host 2 of 2: expected a number from 0 to 1"),
        ({"master": "127.0.0.1"}, "expected an IPv4 address of host 0 and a port"),
        ({"master": "here:80"}, "expected an IPv4 address of host 0 and a port"),
        ({"master": "127.0.0.1:65535"}, "expected an IPv4 address of host 0 and a port"),
        ({"address": "192.0.2.7"}, "192.0.2.7 is not an address of this machine; it has 127.0.0.1"),
        ({"master": "192.0.2.7:80", "address": "127.0.0.1"}, "the master is 192.0.2.7, and host 0"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(tmp_path, options, reason):
    given = {"hosts": 2, "rank": 0, "master": "127.0.0.1:8090", **options}
    with pytest.raises(LaunchError, match=re.escape(reason)):
        launch_on_hosts(__file__, log_dir=tmp_path / "log", **given)
    assert os.listdir(tmp_path) == []
