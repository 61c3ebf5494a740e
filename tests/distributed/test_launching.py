"""Jobs of several processes: how they are started, how they fail, and that nothing is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnist_helpers.distributed import jobs, launch, launching, run_alone
from mnist_helpers.errors import LaunchError
from tests.conftest import INTERRUPTIBLE, nothing_left, soon


@pytest.fixture
def script(tmp_path):
    """A function: the path of a script with this text."""

    def write(text: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(text)
        return path

    return write


WORLD = """
import json, os, sys
names = ("PADDLE_TRAINERS_NUM", "OMP_NUM_THREADS", "http_proxy", "HTTPS_PROXY", "PADDLE_JOB_ID",
         "PADDLE_DISTRI_BACKEND", "MARK")
print("I1125 01:42:10.459725 13680 tcp_store.cc:336] create libuv server at port: 46433")
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "rank": os.environ["PADDLE_TRAINER_ID"],
                  **{name: os.environ.get(name) for name in names}}))
"""


def test_a_script_runs_in_each_worker_in_a_clean_environment(
    script, tmp_path, monkeypatch, offspring
):
    # as a shell may have it that is a worker's itself
    for name in ("PADDLE_TRAINER_ID", "PADDLE_NNODES", "PADDLE_NPROC_PER_NODE", "PADDLE_RANK"):
        monkeypatch.setenv(name, "7")
    monkeypatch.setenv("PADDLE_MASTER", "example.com:1")
    monkeypatch.setenv("PADDLE_JOB_ID", "mine")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    log_dir = tmp_path / "log"
    log_dir.mkdir()
    (log_dir / "workerlog.5").write_text("of an older job")
    (log_dir / "notes.txt").write_text("mine")
    job = launch(
        script(WORLD), "a b", "--c", log_dir=log_dir, threads=3, environment={"MARK": "here"}
    )
    for rank in range(2):
        world = json.loads(job.said(rank))  # Paddle's own line is left out
        assert world["argv"] == ["a b", "--c"]
        assert world["cwd"] == os.getcwd()
        assert (world["rank"], world["PADDLE_TRAINERS_NUM"]) == (str(rank), "2")
        assert (world["OMP_NUM_THREADS"], world["MARK"]) == ("3", "here")
        assert world["PADDLE_DISTRI_BACKEND"] == "gloo"
        assert (world["http_proxy"], world["HTTPS_PROXY"]) == (None, None)
        assert world["PADDLE_JOB_ID"] is None
    assert [log.parent for log in job.logs] == [log_dir] * 2
    # the launcher has written the environment into files; they are gone
    assert sorted(os.listdir(log_dir)) == ["notes.txt", "workerlog.0", "workerlog.1"]
    assert soon(lambda: not offspring(), 5)


def test_what_a_job_left_whose_caller_was_killed_goes(script, tmp_path, offspring):
    left = tmp_path / "log" / ".job-99999999-abc"
    left.mkdir(parents=True)
    assert run_alone(script("print(3)"), log_dir=tmp_path / "log").said() == "3\n"
    assert nothing_left(offspring, tmp_path / "log")
    assert not left.exists()


def test_on_a_machine_with_gpus_the_workers_get_none(monkeypatch):
    import paddle

    monkeypatch.setattr(paddle, "is_compiled_with_cuda", lambda: True)
    assert jobs.environment_for(3, 1)["CUDA_VISIBLE_DEVICES"] == "-1,-1,-1"


NODES = """
import os
from mnist_helpers.distributed.workers import join
workers = join()
import paddle, paddle.distributed as dist
sum = paddle.to_tensor([workers.rank + 1])
dist.all_reduce(sum)
print(workers.rank, workers.world, sum.item(), os.environ["PADDLE_NNODES"])
"""


def test_two_nodes_find_each_other_and_work_together(script, tmp_path, offspring):
    job = launch(script(NODES), workers=1, nodes=2, threads=1, log_dir=tmp_path / "log")
    assert [job.said(rank) for rank in range(2)] == ["0 2 3 2\n", "1 2 3 2\n"]
    assert [log.parent.name for log in job.logs] == ["node-0", "node-1"]
    assert nothing_left(offspring, tmp_path / "log")


SPAWNED = """
import mnist_helpers
import paddle.distributed as dist

def work(folder):
    from mnist_helpers.distributed.workers import join
    import paddle
    workers = join()
    sum = paddle.to_tensor([workers.rank + 1])
    dist.all_reduce(sum)
    open(f"{folder}/{workers.rank}", "w").write(f"{workers.world} {sum.item()}")

if __name__ == "__main__":
    import sys
    dist.spawn(work, args=(sys.argv[1],), nprocs=2, backend="gloo")
    print("done")
"""


def test_a_script_may_start_its_workers_itself(script, tmp_path, offspring):
    job = run_alone(script(SPAWNED), tmp_path, log_dir=tmp_path / "log")
    assert job.said().endswith("done\n")
    assert [(tmp_path / str(rank)).read_text() for rank in range(2)] == ["2 3", "2 3"]
    assert nothing_left(offspring, tmp_path / "log")


# --- what fails -----------------------------------------------------------------------------


ONE_FAILS = """
import os, signal, subprocess, sys, time
if os.environ["PADDLE_TRAINER_ID"] == "1":
    print("about to end")
    sys.exit("no digits left")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "300"])
time.sleep(300)
"""

GUARD_KILLED = """
import os, signal, time
if os.environ["PADDLE_TRAINER_ID"] == "1":
    os.kill(os.getppid(), signal.SIGKILL)
time.sleep(300)
"""

LAUNCHER_KILLED = """
import os, signal, time
if os.environ["PADDLE_TRAINER_ID"] == "1":
    guard = open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2]
    os.kill(int(guard.split()[1]), signal.SIGKILL)
time.sleep(300)
"""


@pytest.mark.parametrize(
    ("text", "said", "rank", "code"),
    [
        (ONE_FAILS, r"worker 1 ended with code 1.*\n    about to end\n    no digits left$", 1, 1),
        (GUARD_KILLED, r"worker 1 was killed by signal 9", 1, -9),
        (LAUNCHER_KILLED, r"the launcher failed", None, None),
    ],
)
def test_whoever_fails_all_of_it_ends_soon(script, tmp_path, offspring, text, said, rank, code):
    start = time.monotonic()
    with pytest.raises(LaunchError, match=said) as error:
        launch(script(text), log_dir=tmp_path / "log")
    assert time.monotonic() - start < 25  # of which the start takes some
    assert (error.value.rank, error.value.code) == (rank, code)
    assert nothing_left(offspring, tmp_path / "log")


def test_a_port_that_is_taken_in_the_meantime(script, tmp_path, offspring, monkeypatch):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        monkeypatch.setattr(launching, "free_port", lambda: port)
        with pytest.raises(LaunchError, match=rf"(?s)worker 0 .*port {port} of this machine"):
            launch(script(NODES), threads=1, log_dir=tmp_path / "log")
    assert nothing_left(offspring, tmp_path / "log")


SECOND = """
import os, sys, time
from mnist_helpers.errors import LaunchError
from mnist_helpers.distributed import launch
if os.environ["PADDLE_TRAINER_ID"] == "0":
    try:
        launch(sys.argv[0], log_dir=f"{sys.argv[1]}/log")
    except LaunchError as error:
        open(f"{sys.argv[1]}/said", "w").write(str(error))
time.sleep(300)
"""


def test_a_job_that_takes_too_long_is_ended(script, tmp_path, offspring):
    with pytest.raises(LaunchError, match=r"took longer than it may.*log"):
        launch(script(SECOND), tmp_path, log_dir=tmp_path / "log", timeout=6)
    assert (tmp_path / "said").read_text() == (
        f"{tmp_path}/log: another job writes its logs there. Name another folder"
    )
    assert nothing_left(offspring, tmp_path / "log")


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        ("print('here'); raise SystemExit(4)", "worker 0 ended with code 4.*\n    here", 4),
        ("import os; os.kill(os.getpid(), 9)", r"signal 9 \(SIGKILL\)(.*\n)*    \(nothing\)", -9),
    ],
)
def test_a_script_that_fails_alone(script, tmp_path, offspring, text, said, code):
    with pytest.raises(LaunchError, match=said) as error:
        run_alone(script(text), log_dir=tmp_path / "log")
    assert error.value.code == code
    assert nothing_left(offspring, tmp_path / "log")


CALLER = """
import sys
from mnist_helpers.distributed import launch
launch(sys.argv[1], log_dir=sys.argv[2])
"""

READY = """
import os, subprocess, sys, time
open(f"{os.path.dirname(sys.argv[0])}/ready-{os.getpid()}", "w")
subprocess.run(["sleep", "300"])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["SIGKILL", "SIGINT"])
def test_all_ends_with_the_process_that_called(script, tmp_path, offspring, how):
    path = script(READY)
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE + CALLER, path, tmp_path / "log"],
        stderr=subprocess.DEVNULL,
    ) as caller:
        try:
            assert soon(lambda: len(list(tmp_path.glob("ready-*"))) == 2, 60)
            # the caller; its watcher and the launcher; twice a guard, the script and its sleep
            assert soon(lambda: len(offspring()) == 9, 10)
        finally:
            caller.send_signal(how)
    assert soon(lambda: not offspring(), 15)


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        (["missing.py"], {}, r"missing\.py: no such script"),
        (["-m", "no_such_module"], {}, "no module 'no_such_module'"),
        (["-m", "no_such_package.module"], {}, "no module 'no_such_package.module'"),
        (["-m"], {}, "no module '' to launch"),
        ([], {}, "nothing to launch"),
        (["here"], {"workers": 0}, "1 times 0 processes"),
        (["here"], {"workers": 500}, r"1 times 500 processes on \d+ cores: expected from 1 to"),
        (["here"], {"nodes": 300}, "300 times 2 processes"),
        (["here"], {"master": "taken"}, r"port \d+ of this machine is taken"),
        (["here"], {"log_dir": "here"}, "no logs can be written there"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_runs(
    script, tmp_path, offspring, command, options, said
):
    here = script("raise SystemExit('it ran')")
    command = [here if part == "here" else part for part in command]
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        known = {"taken": server.getsockname()[1], "here": here}
        options = {"log_dir": tmp_path / "log"} | {k: known.get(v, v) for k, v in options.items()}
        with pytest.raises(LaunchError, match=said):
            launch(*command, **options)
    assert offspring() == []
    assert list(tmp_path.glob("log/*")) == []
