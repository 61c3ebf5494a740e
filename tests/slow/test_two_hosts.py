"""Two hosts with a cable between them: network namespaces, each with an address of its own.

They need root and Debian's iproute2. Elsewhere these tests are skipped, or fail if REQUIRE_HOSTS is
set (as in CI). Only namespaces that were made here are ever touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import soon
from tests.slow.cable import Cable

TRAIN = ["--model", "lenet5", "--epochs", "40", "--output", "run"]
MASTER = "10.77.0.1:8090"


def start(cable: Cable, folder: Path, rank: int, *train: str) -> subprocess.Popen:
    """The launcher of a host, in a folder that the other does not have."""
    place = folder / f"host-{rank}"
    place.mkdir(exist_ok=True)
    inside = ["ip", "netns", "exec", cable.names[rank]]
    launch = [sys.executable, "-m", "mnist_helpers", "launch", "--hosts", "2", "--rank", str(rank),
              "--master", MASTER, "--threads", "1", "--timeout", "120"]  # fmt: skip
    with (place / "said").open("w") as file:
        return subprocess.Popen(
            [*inside, *launch, "-m", "mnist_helpers", "train", *train],
            cwd=place, stdout=file, stderr=subprocess.STDOUT,
            env={**os.environ, "MNIST_SOURCE": "sample"},
        )  # fmt: skip


def said(folder: Path) -> list[str]:
    return [(folder / f"host-{rank}" / "said").read_text() for rank in (0, 1)]


@pytest.fixture(scope="module")
def uncut(cable, tmp_path_factory) -> str:
    """The last line of a run on two hosts, with nothing cut: the checksum of its weights."""
    folder = tmp_path_factory.mktemp("uncut")
    both = [start(cable, folder, rank, *TRAIN) for rank in (0, 1)]
    assert [process.wait(150) for process in both] == [0, 0], said(folder)
    first, second = said(folder)
    assert second == ""  # the first worker alone speaks
    assert not (folder / "host-1" / "run").exists()  # and it alone saves
    return first.splitlines()[-1]


def test_two_hosts_give_the_weights_of_two_workers_on_one(uncut, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mnist_helpers", "launch", "--workers", "2", "--threads", "1",
         "-m", "mnist_helpers", "train", *TRAIN],
        cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "MNIST_SOURCE": "sample"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert uncut.startswith("weights ")
    assert done.stdout.splitlines()[-1] == uncut


def test_a_cable_that_is_cut_ends_both_and_each_names_the_other_and_nothing_is_lost(
    cable, uncut, tmp_path
):
    both = [start(cable, tmp_path, rank, *TRAIN) for rank in (0, 1)]
    saved = tmp_path / "host-0" / "run" / "checkpoints"
    assert soon(lambda: any(path.name > "step-00000100" for path in saved.glob("step-*")), 60)
    cable.plug("down")
    begin = time.monotonic()
    try:
        assert [process.wait(60) for process in both] == [1, 1]
        assert time.monotonic() - begin < 25  # 10 of silence, and 5 for processes to end
        first, second = said(tmp_path)
        assert first.startswith("error: host 1 (10.77.0.2) was lost: nothing has been heard of it")
        assert second.startswith("error: host 0 (10.77.0.1) was lost: nothing has been heard of it")
    finally:
        cable.plug("up")
    both = [start(cable, tmp_path, rank, "--resume", "run") for rank in (0, 1)]
    assert [process.wait(150) for process in both] == [0, 0], said(tmp_path)
    assert said(tmp_path)[0].splitlines()[-1] == uncut


def test_ip_is_there_if_it_is_required():
    assert shutil.which("ip") or not os.environ.get("REQUIRE_HOSTS")
