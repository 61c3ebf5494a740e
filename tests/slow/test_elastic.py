"""A training that outlives the loss of a worker, a launcher, a host and a cable, with a real etcd.

What each loss costs is printed as a table at the end: ``pytest -s tests/slow/test_elastic.py``.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil
import pytest

from mnist_helpers.distributed import etcd_here, launch
from mnist_helpers.distributed.jobs import LAUNCHER
from mnist_helpers.models.weights import arrays_in
from tests.conftest import nothing_left, soon

JOB = "tests.slow.elastic_job"
ROWS: list[tuple[str, ...]] = []
HEAD = ("what happens", "noticed", "trains again", "workers", "last step", "goes on after",
        "steps lost", "weights")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def table(elastic):
    """Printed at the end: a row for whatever happens."""
    yield
    rows = [HEAD, *ROWS]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    print()
    for row in rows:
        print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


@pytest.fixture(scope="module")
def uncut(tmp_path_factory) -> Path:
    """The weights of two workers that nothing happens to."""
    folder = tmp_path_factory.mktemp("uncut")
    (folder / "pause").write_text("0")
    launch("-m", JOB, folder, threads=1, log_dir=folder / "log", timeout=120)
    return folder / "trained.pdparams"


class Training:
    """The job of tests/slow/elastic_job.py on one host or two, and what its steps say."""

    def __init__(self, folder: Path, etcd: str, *options: str) -> None:
        self.folder, self.etcd, self.options = folder, etcd, options
        self.hosts: dict[int, subprocess.Popen] = {}
        self.events: list[tuple[str, float, int, int, str]] = []
        self.run = folder / "run"
        self.run.mkdir()
        self.pause(0.1)

    def pause(self, seconds: float) -> None:
        """How long it waits after each step, from now on."""
        (self.run / "pause").write_text(str(seconds))

    def start(self, rank: int = 0, inside: tuple[str, ...] = ()) -> None:
        place = self.folder / f"host-{rank}"
        place.mkdir(exist_ok=True)
        with (place / "said").open("a") as file:
            self.hosts[rank] = subprocess.Popen(
                [*inside, sys.executable, "-m", "mnist_helpers", "launch", "--elastic", self.etcd,
                 "--threads", "1", "--wait", "6", "--timeout", "150", "--log-dir",
                 str(place / "log"), *self.options, "-m", JOB, str(self.run)],
                stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def said(self, rank: int = 0) -> str:
        return (self.folder / f"host-{rank}" / "said").read_text()

    def steps(self) -> list[tuple[float, int, int]]:
        """Time, number and workers of each step so far."""
        path = self.run / "steps"
        lines = path.read_text().split("\n")[:-1] if path.is_file() else []
        return [(float(t), int(n), int(w)) for t, n, w in map(str.split, lines)]

    def reaches(self, step: int, world: int, after: float = 0) -> None:
        """Wait until so many workers make this step, or a later one, at a time after `after`."""

        def there() -> bool:
            return any(t > after and n >= step and w == world for t, n, w in self.steps())

        assert soon(there, 75), (self.said(), self.steps()[-3:])

    def kill(self, name: str) -> None:
        """The launcher of host 0, or its worker of the highest rank."""
        children = psutil.Process(self.hosts[0].pid).children(recursive=True)
        if name == "launcher":
            victim = next(p for p in children if p.cmdline()[1:3] == ["-m", LAUNCHER])
        else:
            workers = [p for p in children if p.cmdline()[1:4] == ["-u", "-m", JOB]]
            victim = max(workers, key=lambda p: p.environ()["PADDLE_TRAINER_ID"])
        victim.kill()

    def happens(self, what: str, world: int, but: str = "nobody") -> float:
        """Note what happens now. After it there are so many workers; the first line of host 0 that
        says anything, but of `but`, is when it is noticed."""
        now = datetime.now().timestamp()
        self.events.append((what, now, world, len(self.said().splitlines()), but))
        return now

    def ends(self) -> None:
        """Wait until all hosts have ended well."""
        self.pause(0)
        codes = [process.wait(90) for process in self.hosts.values()]
        assert codes == [0] * len(self.hosts), self.said()

    def lost(self, uncut: Path) -> list[int]:
        """The steps that each event cost; their rows are added to the table."""
        found = []
        for what, when, world, lines, but in self.events:
            steps = self.steps()
            last = max((t, n) for t, n, _ in steps if t < when + 1)[1]
            if any(n == 60 and t < when for t, n, _ in steps):
                raise AssertionError("too late: it had trained to its end")
            again, first = next((t, n) for t, n, w in steps if t > when + 1 and w == world)
            if what.endswith("comes back"):  # the other trains on until it is told to stop
                last = max((t, n) for t, n, w in steps if t < again and w != world)[1]
            said = [line for line in self.said().splitlines()[lines:] if but not in line]
            found.append(last - first + 1)
            cells = (f"{_time_of(said[0]) - when:.1f} s", f"{again - when:.1f} s", world, last,
                     first - 1, found[-1], self.compared(uncut))  # fmt: skip
            ROWS.append((what, *map(str, cells)))
        return found

    def difference(self, uncut: Path) -> float:
        """The largest between the weights here and those of the run that was not cut."""
        own, other = (
            arrays_in(path.read_bytes(), path) for path in (self.run / "trained.pdparams", uncut)
        )
        return max(float(np.abs(own[name] - other[name]).max()) for name in other)

    def compared(self, uncut: Path) -> str:
        largest = self.difference(uncut)
        return f"differ by {largest:.1e}" if largest else "equal to the bit"


def _time_of(line: str) -> float:
    """When a launcher has said this line, today."""
    clock = datetime.strptime(line.split()[0], "%H:%M:%S.%f").time()
    return datetime.combine(datetime.now().date(), clock).timestamp()


@pytest.fixture(scope="module")
def etcd(elastic):
    with etcd_here() as place:
        yield place


def test_what_is_killed_is_started_again_and_ends_as_if_nothing_had_happened(
    etcd, uncut, tmp_path, offspring
):
    training = Training(tmp_path, etcd)
    training.start()
    training.reaches(12, 2)
    for victim, step in (("worker", 23), ("launcher", 24)):
        when = training.happens(f"a {victim} is killed", 2, but="worker 1 was")
        training.kill(victim)
        training.reaches(step, 2, after=when + 1)
    training.ends()
    assert all(0 <= lost <= 5 for lost in training.lost(uncut))  # it is saved every five steps
    assert training.difference(uncut) == 0
    assert "worker 1 of 2 starts" in training.said()
    assert nothing_left(offspring, tmp_path / "host-0" / "log")


@pytest.fixture
def far_etcd(elastic, cable, tmp_path):
    """An etcd on the first of two hosts."""
    place, log = "10.77.0.1:2379", tmp_path / "etcd.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [*inside(cable, 0), "etcd", "--data-dir", str(tmp_path / "etcd"),
             "--listen-client-urls", f"http://{place}", "--advertise-client-urls",
             f"http://{place}"],
            stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        assert soon(lambda: "ready to serve client requests" in log.read_text(), 20), log
        yield place
    finally:
        process.terminate()
        process.wait()


def inside(cable, rank: int) -> tuple[str, ...]:
    return ("ip", "netns", "exec", cable.names[rank])


@pytest.fixture
def two(cable, far_etcd, tmp_path, offspring):
    """A training on two hosts, at its 12th step."""
    training = Training(tmp_path, far_etcd, "--hosts", "2")
    for rank in (0, 1):
        training.start(rank, inside(cable, rank))
    training.reaches(12, 2)
    yield training
    for process in training.hosts.values():
        process.kill()
        process.wait()


def test_a_host_is_lost_and_comes_back(two, cable, uncut):
    when = two.happens("a host is lost", 1)
    for process in [*psutil.Process(two.hosts[1].pid).children(recursive=True), two.hosts[1]]:
        process.send_signal(signal.SIGKILL)
    two.hosts[1].wait()
    two.reaches(11, 1, after=when)
    two.pause(1)
    when = two.happens("the host comes back", 2)
    two.start(1, inside(cable, 1))
    two.reaches(11, 2, after=when)
    two.ends()
    lost, back = two.lost(uncut)
    assert 0 <= lost <= 5
    assert back == 0  # whoever is told to stop saves before it does
    assert 0 < two.difference(uncut) < 1e-4  # batches of 120 were once 120, and not 60 and 60
    assert "goes on after step 10, with 1 worker instead of 2. A batch has 120" in everything(two)
    assert ", with 2 workers instead of 1. A batch has 120 digits" in everything(two)


def test_a_cable_is_cut_and_mended(two, cable, uncut):
    when = two.happens("the cable is cut", 1)
    cable.plug("down")
    try:
        two.reaches(11, 1, after=when)
        two.pause(1)
        assert soon(lambda: "no etcd answers" in two.said(1), 60), two.said(1)
    finally:
        when = two.happens("the cable comes back", 2)
        cable.plug("up")
    two.reaches(11, 2, after=when)
    two.ends()
    lost, back = two.lost(uncut)
    assert 0 <= lost <= 5
    assert back == 0
    assert 0 < two.difference(uncut) < 1e-4


def everything(training: Training) -> str:
    """What all workers have printed."""
    return "".join(log.read_text() for log in training.folder.glob("host-*/log/workerlog.*"))
