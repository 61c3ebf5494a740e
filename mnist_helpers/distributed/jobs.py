"""What a job of several processes needs before, while and after it runs."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_helpers.errors import LaunchError
from mnist_helpers.system.files import why_not_writable
from mnist_helpers.system.ports import is_free
from mnist_helpers.system.processes import child
from mnist_helpers.system.runtime import THREADS, usable_cores

LAUNCHER = "paddle.distributed.launch"
GRACE = "MNIST_HELPERS_GRACE"  # for a guard: after how many seconds it kills, of those told to end
# What the launcher and its workers tell each other. In a process that is a worker itself, or whose
# shell has some of it, it would change what is started here.
SETTINGS = (
    "PADDLE_", "FLAGS_selected_", "MASTER_ADDR", "MASTER_PORT", "POD_", "TRAINER_", "TRAINING_",
    "COLLECTIVE_MASTER_IP",
)  # fmt: skip
NOISE = re.compile(
    r"^(=+ Modified FLAGS detected =+\n(.*\n)*?=+\n|[IW]\d{4} \d\d:\d\d.*\n|.*No ccache found.*\n"
    r"|.*Your model will be trained under CPUONLY mode.*\n"
    r"|  warnings\.warn\((warning_message\)|)\n)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Start:
    """That a worker starts. rank, world: its number among all, and theirs. place: its number in its
    node. time: seconds since 1970."""

    rank: int
    world: int
    place: int
    time: float


@dataclass(frozen=True)
class End:
    """How a worker ended. rank: among all. node, place: its node, and its number there. code: what
    it returned, or, below 0, the signal that killed it. time: seconds since 1970. told: whether the
    launcher had told it to end."""

    rank: int
    node: int
    place: int
    code: int
    time: float
    told: bool = False


@dataclass(frozen=True)
class Job:
    """A job that has ended well.

    Attributes
    ----------
    logs : tuple of pathlib.Path
        The file of each worker, in the order of their ranks.
    seconds : float
        From its start to its end.
    """

    logs: tuple[Path, ...]
    seconds: float

    def said(self, rank: int = 0) -> str:
        """What worker `rank` printed, without Paddle's own messages.

        Parameters
        ----------
        rank : int
            Its number, from 0.

        Returns
        -------
        str
            The text; empty if the log is not there any more.

        Raises
        ------
        IndexError
            If the job had no such worker.
        """
        return said(self.logs[rank])


def said(log: Path) -> str:
    """What is in a worker's log, without Paddle's own messages; nothing if it is not there."""
    return NOISE.sub("", log.read_text(errors="replace")) if log.is_file() else ""


# --- before ---------------------------------------------------------------------------------


def check(command: tuple, workers: int, nodes: int, master: int | None) -> None:
    """LaunchError if there is nothing to start, or nowhere."""
    if not command:
        raise LaunchError("nothing to launch; expected a script, or -m and a module")
    if command[0] == "-m":
        if len(command) < 2 or not _is_module(str(command[1])):
            raise LaunchError(f"no module {' '.join(map(str, command[1:2]))!r} to launch with -m")
    elif not Path(command[0]).is_file():
        raise LaunchError(f"{command[0]}: no such script (looked for in {Path.cwd()})")
    most = max(4, 2 * usable_cores())
    if min(workers, nodes) < 1 or workers * nodes > most:
        raise LaunchError(
            f"{nodes} times {workers} processes on {usable_cores()} cores: expected from 1 to "
            f"{most} in all. More would only wait for each other"
        )
    if master is not None and not is_free(master):
        raise LaunchError(
            f"port {master} of this machine is taken by another program. Name another, or leave it "
            "out for a free one"
        )


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package that it should be in
        return False


def cleared(log_dir: str | os.PathLike) -> Path:
    """The folder for the logs, without those of an older job."""
    log_dir = Path(log_dir).absolute()
    for old in log_dir.glob(".job-*"):
        if _runs(int(old.name.split("-")[1])):
            raise LaunchError(f"{log_dir}: another job writes its logs there. Name another folder")
        shutil.rmtree(old, ignore_errors=True)  # its caller was killed
    if reason := why_not_writable(log_dir):
        raise LaunchError(f"{log_dir}: no logs can be written there ({reason})")
    for old in [*log_dir.glob("workerlog.*"), *log_dir.glob("node-*/workerlog.*")]:
        old.unlink()
    return log_dir


def _runs(process: int) -> bool:
    if os.name == "nt":  # where os.kill ends a process, whatever the signal
        return False
    try:
        os.kill(process, 0)
    except PermissionError:  # it runs, and is another user's
        return True
    except ProcessLookupError:
        return False
    return True


def environment_for(workers: int, threads: int) -> dict[str, str]:
    """What is in the environment of the launcher and, through it, of the workers."""
    import paddle

    env = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    # the launchers of two nodes would ask a proxy for what is on this machine
    env = {k: v for k, v in env.items() if not k.lower().endswith("_proxy")}
    env[THREADS] = str(threads)
    env["PADDLE_DISTRI_BACKEND"] = "gloo"
    env.pop("CUDA_VISIBLE_DEVICES", None)  # a launcher without CUDA takes it for a sign of GPUs
    if paddle.is_compiled_with_cuda():  # it wants a GPU for each worker; they get none
        env["CUDA_VISIBLE_DEVICES"] = ",".join(["-1"] * workers)
    env["GLOO_SOCKET_IFNAME"] = "lo"  # else it looks up the machine's name, perhaps in a network
    env.setdefault("GLOG_minloglevel", "1")
    return env


# --- while ----------------------------------------------------------------------------------


@contextlib.contextmanager
def ended_at_the_end(
    log_dir: Path, job: str = "default"
) -> Iterator[tuple[Path, contextlib.ExitStack]]:
    """A folder for notes, and a stack for processes. At the end all of it goes."""
    notes = Path(tempfile.mkdtemp(prefix=f".job-{os.getpid()}-", dir=log_dir))
    try:
        with contextlib.ExitStack() as stack:
            yield notes, stack
    finally:
        for left in notes.glob("*.pid"):  # a worker, and its children, whose guard was killed
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(left.stem), signal.SIGKILL)
        shutil.rmtree(notes, ignore_errors=True)
        # the launcher writes the whole environment into these, with whatever is secret in it
        for pattern in ("envlog.*", "backup_env.*.json", f"{job}.*.log"):
            for file in [*log_dir.glob(pattern), *log_dir.glob(f"node-*/{pattern}")]:
                file.unlink(missing_ok=True)


def started(
    command: list, env: dict[str, str], log: Path, stack: contextlib.ExitStack
) -> subprocess.Popen:
    """The command, started; it writes into `log`, and ends with the stack."""
    file = stack.enter_context(log.open("wb"))
    return stack.enter_context(child([str(part) for part in command], file, env))


def launcher_started(
    place: list[object],
    command: tuple[str | os.PathLike, ...],
    env: dict[str, str],
    notes: Path,
    node: int,
    stack: contextlib.ExitStack,
) -> subprocess.Popen:
    """Paddle's launcher, started, with a guard in place of each worker.

    place: the launcher's options. node: which of this call's launchers it is; :func:`why` reads
    what it says by this number.
    """
    guard = [sys.executable, "-m", "mnist_helpers.distributed.guard", notes, node]
    python = [sys.executable, "-u", *command]
    launcher = [sys.executable, "-m", LAUNCHER, *place, *guard, *python]
    return started(launcher, env, notes / f"launcher.{node}", stack)


def not_after(end: float, log_dir: Path) -> None:
    """LaunchError if it is later than `end` by the monotonic clock."""
    if time.monotonic() > end:
        raise LaunchError(f"the job took longer than it may, and was ended. Its logs: {log_dir}")


# --- after ----------------------------------------------------------------------------------


def starts_in(notes: Path) -> list[Start]:
    """What the guards have noted of the workers that have started so far."""
    return [Start(**json.loads(path.read_text())) for path in notes.glob("*.start")]


def ends_in(notes: Path) -> list[End]:
    """How the workers ended that have ended so far: what their guards have noted."""
    return [End(**json.loads(path.read_text())) for path in notes.glob("*.end")]


def why(
    notes: Path,
    log_dir: Path,
    nodes: int,
    workers: int,
    first_rank: int = 0,
    since: float = 0,
) -> LaunchError:
    """Who ended first: by the guards' notes or, of a guard that was killed, by its launcher.

    first_rank: that of worker 0 of node 0, if these are not all the job's nodes. since: in seconds
    since 1970; who ended before that is left out.
    """
    ends = [end for end in ends_in(notes) if end.time >= since]
    noted = {(end.node, end.place) for end in ends}
    texts = [(notes / f"launcher.{node}").read_text(errors="replace") for node in range(nodes)]
    for node, text in enumerate(texts):
        found = re.search(r"^Container rank (\d+) status failed .* code (-?\d+) ", text, re.M)
        place, code = map(int, found.groups()) if found else (0, 0)
        if found and (node, place) not in noted:
            ends.append(End(first_rank + node * workers + place, node, place, code, time=0))
    bad = [end for end in ends if end.code]
    if not bad:
        return LaunchError("the launcher failed:\n" + "\n".join(map(last_lines, texts)))
    first = min(bad, key=lambda end: end.time)
    return failure(first.rank, first.code, log_of(log_dir, nodes, first.node, first.place))


def log_of(log_dir: Path, nodes: int, node: int, place: int) -> Path:
    """The log of the worker at `place` in `node`, of so many nodes."""
    return (log_dir / f"node-{node}" if nodes > 1 else log_dir) / f"workerlog.{place}"


def failure(rank: int, code: int, log: Path) -> LaunchError:
    """That worker `rank` has failed, how, and the end of what it printed."""
    end = last_lines(said(log)) or "    (nothing)"
    return LaunchError(
        f"worker {rank} {how_it_ended(code)}. The end of its log, {log}:\n{end}", rank, code, log
    )


def how_it_ended(code: int) -> str:
    """In words: what it returned or, below 0, the signal that killed it."""
    if code < 0:
        return f"was killed by signal {-code} ({signal.Signals(-code).name})"
    return f"ended with code {code}"


def last_lines(text: str, number: int = 8) -> str:
    """The last lines that are not empty, indented."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-number:])
