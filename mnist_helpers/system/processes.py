"""Work in other processes, none of which outlives this one, however it ends."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import IO, Any

from mnist_helpers.system.runtime import usable_cores

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has no SIGKILL


def in_parallel(
    function: Callable[..., Any], tasks: Iterable[tuple], workers: int | None = None
) -> list:
    """``[function(*task) for task in tasks]``, in as many processes as there are cores.

    Functions that a notebook defines are allowed: they, what they refer to, tasks and results are
    sent with cloudpickle. What a task prints is printed here when it is done. The first exception
    that a task raises is raised here, and ends the others. The processes are gone when this returns
    or raises, and end with this process if it is killed.

    Parameters
    ----------
    function : callable
        What to do for each task.
    tasks : iterable of tuple
        The arguments of one call each.
    workers : int, optional
        The number of processes, never more than tasks; without it, :func:`usable_cores`.

    Returns
    -------
    list
        The results, in the order of the tasks.

    Raises
    ------
    Exception
        What the first task that fails raises; a RuntimeError that says the same, if that cannot be
        pickled.
    RuntimeError
        If a process dies in the middle of a task.
    TypeError
        If the function, a task or a result cannot be sent between processes. (For the function and
        the tasks, pickling raises other errors as well, such as ``pickle.PicklingError``.)
    """
    tasks = list(tasks)
    number = max(1, min(workers or usable_cores(), len(tasks)))
    with contextlib.ExitStack() as stack:
        pool = [stack.enter_context(_worker()) for _ in range(number)]
        free: queue.SimpleQueue[subprocess.Popen] = queue.SimpleQueue()
        for worker in pool:
            free.put(worker)

        def done_by_a_free_one(task: tuple) -> Any:
            worker = free.get()
            try:
                return _ask(worker, function, task)
            finally:
                free.put(worker)

        threads = stack.enter_context(ThreadPoolExecutor(number))
        futures = [threads.submit(done_by_a_free_one, task) for task in tasks]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:  # an interrupt as well: the threads wait for their processes
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in pool:
                _end(worker, KILL)
            raise
        return [future.result() for future in futures]


@contextlib.contextmanager
def _worker() -> Iterator[subprocess.Popen]:
    """A Python that does what it is asked through its stdin, until that is closed."""
    program = "from mnist_helpers.system.processes import _work; _work()"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    requests, answers = _pipes(process)
    try:
        _send(requests, (os.getpid(), sys.path))
        yield process
    finally:
        with contextlib.suppress(BrokenPipeError):
            requests.close()
        process.wait()
        answers.close()


def _pipes(worker: subprocess.Popen) -> tuple[IO[bytes], IO[bytes]]:
    """What a worker reads from, and what it writes to."""
    assert worker.stdin is not None  # `_worker` asked for both
    assert worker.stdout is not None
    return worker.stdin, worker.stdout


def _ask(worker: subprocess.Popen, function: Callable[..., Any], task: tuple) -> Any:
    import cloudpickle  # type: ignore[import-untyped]  # it brings no types

    requests, answers = _pipes(worker)
    try:
        _send(requests, (cloudpickle.dumps(function), task))
        printed, result, error = pickle.load(answers)
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        raise RuntimeError(
            f"a process ended in the middle of {function} (was it killed, or short of memory?)"
        ) from None
    print(printed, end="")
    if error is not None:
        raise error
    return result


def _send(file: IO[bytes], thing: Any) -> None:
    import cloudpickle

    file.write(cloudpickle.dumps(thing))  # not dump: what cannot be pickled must not be half sent
    file.flush()


def _work() -> None:
    """What a worker does: read a function and a task, answer (printed, result, error)."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # what a task, or a process that it starts, reads and prints must not come between these
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    parent, sys.path[:] = pickle.load(requests)
    end_with(parent)
    while True:
        printed, result, error = io.StringIO(), None, None
        try:
            pickled, task = pickle.load(requests)
        except EOFError:
            return
        try:
            with contextlib.redirect_stdout(printed):
                result = pickle.loads(pickled)(*task)
        except Exception as raised:
            error = raised
            if hasattr(error, "add_note"):  # Python 3.11
                error.add_note(f"in another process:\n{traceback.format_exc()}")
            error = _sendable(error)
        try:
            _send(answers, (printed.getvalue(), result, error))
        except Exception as unfit:  # pickling raises many kinds
            kind = type(result).__name__
            reason = TypeError(f"a {kind} cannot be sent between processes: {unfit}")
            _send(answers, (printed.getvalue(), None, reason))


def _sendable(error: Exception) -> Exception:
    """`error`, if it survives pickling; else a RuntimeError that says the same."""
    import cloudpickle

    try:
        pickle.loads(cloudpickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def child(
    command: list[str], output: IO[bytes], env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen]:
    """`command` as a process that ends, with all that it started, at the end of the ``with``.

    Also if the body raises, and within a second if this process is killed. It is asked to end with
    SIGTERM, and killed if it has not done so after 5 seconds. Its stdin is empty. A command that
    cannot be started is no error here: its process ends with a code other than 0, and says why.
    (On Windows, what the process started may outlive it.)

    Parameters
    ----------
    command : list of str
        A program and its arguments.
    output : binary file
        Where what the process prints goes, stderr too: a file of the system, open for writing.
    env : dict of str to str, optional
        Its environment; without it, this process's.

    Yields
    ------
    subprocess.Popen
        A process that runs the command, and ends when it does, with its code (256 is added to one
        below 0, of a command that a signal killed).
    """
    # the command gets the environment as it is before this package is imported, which changes it
    program = (
        "import os; env = dict(os.environ); from mnist_helpers.system.processes import _watch; "
    )
    watcher = [sys.executable, "-c", program + "_watch(env)", str(os.getpid()), *command]
    process = subprocess.Popen(
        watcher,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        start_new_session=True,  # its own process group, which _end can end as a whole
    )
    try:
        yield process
    finally:
        _end(process, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _end(process, KILL)
            process.wait()


def _end(process: subprocess.Popen, how: int) -> None:
    """Send the signal `how` to the process and all that it started."""
    if os.name == "nt":
        process.terminate()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)


_watched: set[int] = set()


def end_with(parent: int) -> None:
    """From now on, this process ends within a second of its parent, the process `parent`.

    Whoever is killed with SIGKILL cannot tidy up; so the child looks. If it leads a process group,
    all of the group ends. (On Windows, where a process keeps the number of a parent that has gone,
    this does nothing.)

    Parameters
    ----------
    parent : int
        The number (PID) of the process that started this one. If that has gone already, this
        process ends now.
    """
    if parent in _watched or os.name == "nt":
        return
    _watched.add(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _watch(env: dict[str, str]) -> None:
    """What `child` starts: runs the command in sys.argv, and ends with the process named there."""
    end_with(int(sys.argv[1]))
    # SIGTERM goes to the whole group: the command may tidy up, and this waits for it
    signal.signal(signal.SIGTERM, lambda *_: None)
    sys.exit(subprocess.run(sys.argv[2:], env=env).returncode)
