"""``paddle.distributed.launch``, so that a notebook or a test can use it: it ends, and says why."""

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mnist_helpers.errors import LaunchError
from mnist_helpers.system import available
from mnist_helpers.system.files import why_not_writable
from mnist_helpers.system.ports import free_port, is_free
from mnist_helpers.system.processes import child
from mnist_helpers.system.runtime import THREADS, usable_cores

LAUNCHER = "paddle.distributed.launch"
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
class End:
    """How a worker ended. rank: among all. node, place: its node, and its number there. code: what
    it returned, or, below 0, the signal that killed it. time: seconds since 1970."""

    rank: int
    node: int
    place: int
    code: int
    time: float


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


def launch(
    *command: str | os.PathLike,
    workers: int = 2,
    threads: int | None = None,
    nodes: int = 1,
    master: int | None = None,
    log_dir: str | os.PathLike = "log",
    timeout: float = 600,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Run a script, or ``-m`` and a module, in `workers` processes.

    ``python -m paddle.distributed.launch`` starts them, on this machine's processor; they talk over
    Gloo. With `nodes` above 1, each "node" is a launcher of its own with so many workers. Whatever
    happens, also if this process is killed, all the job's processes end.

    What worker i prints is in ``workerlog.<i>`` in `log_dir`, with several nodes in ``node-<n>``
    inside; the logs of the job before are removed.

    Parameters
    ----------
    *command : str or path-like
        The script and its arguments; or ``"-m"``, the module, and its arguments.
    workers : int
        How many processes there are in each node.
    threads : int, optional
        How many threads each process has; without it, the cores are shared out.
    nodes : int
        How many nodes there are, all on this machine.
    master : int, optional
        The port of this machine at which they meet; without it, a free one.
    log_dir : path-like
        The folder for the logs, which is made if it is not there.
    timeout : float
        How long the job may take, in seconds.
    environment : mapping of str to str, optional
        Variables for the processes, on top of this one's own (which they get without proxies and
        without the settings of Paddle's launcher).

    Returns
    -------
    Job
        The logs, and the time that it took, once all its processes have ended well.

    Raises
    ------
    LaunchError
        Before anything runs, if this is not Linux (Paddle's processes talk over Gloo there only),
        if the script or module is missing, if there would be no process, or more than twice as many
        as cores (4 are always allowed), if the port is taken or none is free, or if `log_dir`
        cannot be written or is another job's. Later, if a worker fails: within 10 seconds it names
        the one that ended first, how, and the end of its log. Or if the job does not end within
        `timeout` seconds.
    """
    available.require("several processes", LaunchError)
    _check(command, workers, nodes, master)
    log_dir = _cleared(log_dir)
    port = master or free_port()
    env = _environment(workers, threads or max(1, usable_cores() // (workers * nodes)))
    env |= environment or {}
    start = time.monotonic()
    with _ended_at_the_end(log_dir) as (notes, stack):
        launchers = []
        for node in range(nodes):
            logs = log_dir / f"node-{node}" if nodes > 1 else log_dir
            place = _place(port, node, nodes, workers, logs)
            guard = [sys.executable, "-m", "mnist_helpers.distributed.guard", notes, node]
            python = [sys.executable, "-u", *command]
            launcher = [sys.executable, "-m", LAUNCHER, *place, *guard, *python]
            launchers.append(_started(launcher, env, notes / f"launcher.{node}", stack))
        if not _wait(launchers, start + timeout, log_dir):
            raise _why(notes, log_dir, nodes, workers)
    seconds = time.monotonic() - start
    every = [_log(log_dir, nodes, node, i) for node in range(nodes) for i in range(workers)]
    return Job(tuple(every), seconds)


def run_alone(
    *command: str | os.PathLike,
    threads: int = 1,
    log_dir: str | os.PathLike = "log",
    timeout: float = 600,
    environment: Mapping[str, str] | None = None,
) -> Job:
    """Run a script, or ``-m`` and a module, in a process of its own, without the launcher.

    For comparison, and for scripts that start their workers themselves, with
    ``paddle.distributed.spawn``. It need not be on Linux; everything else is as in :func:`launch`.

    Parameters
    ----------
    *command : str or path-like
        The script and its arguments; or ``"-m"``, the module, and its arguments.
    threads : int
        How many threads the process has.
    log_dir : path-like
        The folder for the log, ``workerlog.0``; it is made if it is not there.
    timeout : float
        How long the process may take, in seconds.
    environment : mapping of str to str, optional
        Variables for the processes, on top of this one's own (which they get without proxies and
        without the settings of Paddle's launcher).

    Returns
    -------
    Job
        The log, and the time that it took, once the process has ended well.

    Raises
    ------
    LaunchError
        Before anything runs, if the script or module is missing, or if `log_dir` cannot be written
        or is another job's. Later, if the process fails, or does not end within `timeout` seconds.
    """
    _check(command, 1, 1, None)
    log_dir = _cleared(log_dir)
    log = log_dir / "workerlog.0"
    env = _environment(1, threads)
    env |= environment or {}
    start = time.monotonic()
    with _ended_at_the_end(log_dir) as (_, stack):
        process = _started([sys.executable, "-u", *command], env, log, stack)
        while process.poll() is None:
            _not_after(start + timeout, log_dir)
            time.sleep(0.02)
    if code := process.returncode:
        # a signal comes through as 256 less its number
        raise _failed(0, code - 256 if code > 256 - signal.NSIG else code, log)
    return Job((log,), time.monotonic() - start)


# --- before ---------------------------------------------------------------------------------


def _check(command: tuple, workers: int, nodes: int, master: int | None) -> None:
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


def _cleared(log_dir: str | os.PathLike) -> Path:
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


def _environment(workers: int, threads: int) -> dict[str, str]:
    """For the launcher, and through it for the workers."""
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


def _place(port: int, node: int, nodes: int, workers: int, logs: Path) -> list[object]:
    """The launcher's options."""
    place: list[object] = ["--nproc_per_node", workers, "--log_dir", logs]
    if nodes == 1:
        return [*place, "--ips", "127.0.0.1", "--start_port", port]
    return [*place, "--nnodes", nodes, "--rank", node, "--master", f"127.0.0.1:{port}"]


# --- while ----------------------------------------------------------------------------------


@contextlib.contextmanager
def _ended_at_the_end(log_dir: Path) -> Iterator[tuple[Path, contextlib.ExitStack]]:
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
        for pattern in ("envlog.*", "backup_env.*.json", "default.*.log"):
            for file in [*log_dir.glob(pattern), *log_dir.glob(f"node-*/{pattern}")]:
                file.unlink(missing_ok=True)


def _started(
    command: list, env: dict[str, str], log: Path, stack: contextlib.ExitStack
) -> subprocess.Popen:
    file = stack.enter_context(log.open("wb"))
    return stack.enter_context(child([str(part) for part in command], file, env))


def _wait(launchers: list[subprocess.Popen], end: float, log_dir: Path) -> bool:
    """Until all are done, or one has failed: whether all is well. LaunchError at the time `end`."""
    while any(launcher.poll() is None for launcher in launchers):
        if any(launcher.returncode for launcher in launchers):
            time.sleep(1)  # what failed first may not have been noted yet
            break
        _not_after(end, log_dir)
        time.sleep(0.02)
    return not any(launcher.returncode for launcher in launchers)


def _not_after(end: float, log_dir: Path) -> None:
    if time.monotonic() > end:
        raise LaunchError(f"the job took longer than it may, and was ended. Its logs: {log_dir}")


# --- after ----------------------------------------------------------------------------------


def _why(notes: Path, log_dir: Path, nodes: int, workers: int) -> LaunchError:
    """Who ended first: by the guards' notes or, of a guard that was killed, by its launcher."""
    ends = [End(**json.loads(path.read_text())) for path in notes.glob("*.end")]
    noted = {(end.node, end.place) for end in ends}
    said = [(notes / f"launcher.{node}").read_text(errors="replace") for node in range(nodes)]
    for node, text in enumerate(said):
        found = re.search(r"^Container rank (\d+) status failed .* code (-?\d+) ", text, re.M)
        place, code = map(int, found.groups()) if found else (0, 0)
        if found and (node, place) not in noted:
            ends.append(End(node * workers + place, node, place, code, time=0))
    failed = [end for end in ends if end.code]
    if not failed:
        return LaunchError("the launcher failed:\n" + "\n".join(map(_last_lines, said)))
    first = min(failed, key=lambda end: end.time)
    return _failed(first.rank, first.code, _log(log_dir, nodes, first.node, first.place))


def _log(log_dir: Path, nodes: int, node: int, place: int) -> Path:
    return (log_dir / f"node-{node}" if nodes > 1 else log_dir) / f"workerlog.{place}"


def _failed(rank: int, code: int, log: Path) -> LaunchError:
    how = f"ended with code {code}"
    if code < 0:
        how = f"was killed by signal {-code} ({signal.Signals(-code).name})"
    end = _last_lines(said(log)) or "    (nothing)"
    return LaunchError(f"worker {rank} {how}. The end of its log, {log}:\n{end}", rank, code, log)


def _last_lines(text: str, number: int = 8) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-number:])
