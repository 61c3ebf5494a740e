"""Work in other processes: what comes back, and that nobody outlives whoever started it."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from mnist_helpers.errors import DivergedError
from mnist_helpers.system.processes import child, in_parallel
from tests.conftest import INTERRUPTIBLE, run_python, soon

SLEEPERS = ["sh", "-c", "echo ready; sleep 300 & sleep 300"]


def test_results_come_in_the_order_of_the_tasks():
    def later_is_faster(i, n):
        time.sleep((n - i) / 20)
        return i, os.getpid()

    answers = in_parallel(later_is_faster, [(i, 5) for i in range(5)], workers=2)
    assert [i for i, _ in answers] == list(range(5))
    assert os.getpid() not in {pid for _, pid in answers}
    assert in_parallel(later_is_faster, [], workers=2) == []
    assert in_parallel(abs, ((-i,) for i in range(3)), workers=2) == [0, 1, 2]


def test_two_tasks_run_at_the_same_time(tmp_path):
    def meet(mine, other):  # would wait in vain if they ran one after the other
        (tmp_path / mine).touch()
        end = time.monotonic() + 60
        while not (tmp_path / other).exists():
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.05)
        return mine

    assert in_parallel(meet, [("a", "b"), ("b", "a")], workers=2) == ["a", "b"]


NOTEBOOK = """
from mnist_helpers.system.processes import in_parallel
factor = 3
def times(number):
    return factor * number
def adding(term):
    return lambda number: term + times(number)
print(in_parallel(times, [(1,), (2,)], workers=2))
print(in_parallel(lambda a, b: a - b, [(5, 3), (9, 8)], workers=2))
print(in_parallel(adding(10), [(1,), (2,)], workers=2))
"""


def test_functions_that_a_program_defines_are_taken():
    done = run_python(NOTEBOOK)
    assert (done.stdout, done.stderr) == ("[3, 6]\n[2, 1]\n[13, 16]\n", "")


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_any_number_of_workers_will_do(offspring, workers):
    pids = in_parallel(lambda: (time.sleep(0.1), os.getpid())[1], [()] * 4, workers=workers)
    assert 1 <= len(set(pids)) <= min(workers, 4)
    assert os.getpid() not in pids
    assert soon(lambda: not offspring(), 5)


def test_much_can_be_sent_and_got_back():
    arrays = [(np.full(2_000_000, i, np.float32),) for i in range(3)]
    answers = in_parallel(lambda array: array + 1, arrays, workers=2)
    assert [answer.mean() for answer in answers] == [1, 2, 3]


def test_what_a_task_prints_is_printed_here(capfd):
    def talkative(i):
        print("task", i)
        subprocess.run(["echo", "from a process of its own"])
        return i

    assert in_parallel(talkative, [(1,), (2,)], workers=2) == [1, 2]
    out, err = capfd.readouterr()
    assert sorted(out.splitlines()) == ["task 1", "task 2"]
    assert err == "from a process of its own\n" * 2


def test_an_exception_in_a_task_is_raised_here_and_nobody_is_left(offspring):
    def task(i):
        if i == 1:
            raise LookupError("no digit", i)
        time.sleep(300)

    start = time.monotonic()
    with pytest.raises(LookupError) as error:
        in_parallel(task, [(i,) for i in range(4)], workers=2)
    assert error.value.args == ("no digit", 1)
    assert any("in task" in note for note in getattr(error.value, "__notes__", ["in task"]))
    assert time.monotonic() - start < 150  # the others have not been waited for
    assert soon(lambda: not offspring(), 5)


def test_a_diverged_training_is_said_to_be_one():
    def training():
        raise DivergedError("the loss is nan at step 3", [3.0, 4.0, float("nan")])

    with pytest.raises(DivergedError, match="at step 3") as error:
        in_parallel(training, [()], workers=1)
    assert error.value.history[:2] == [3.0, 4.0]


@pytest.mark.parametrize("thing", ["threading.Lock()", "(number for number in [])"])
def test_a_result_that_cannot_be_sent_is_an_error_that_says_so(thing, offspring):
    with pytest.raises(TypeError, match="cannot be sent between processes"):
        in_parallel(lambda: eval(thing, {"threading": threading}), [()], workers=1)
    with pytest.raises(TypeError, match="cannot pickle"):
        in_parallel(print, [(threading.Lock(),)], workers=1)
    assert soon(lambda: not offspring(), 5)


def test_a_pointer_as_a_result_is_an_error_that_says_so(capfd):
    def result():
        return ctypes.pointer(ctypes.c_int(3))

    with pytest.raises((TypeError, ValueError)):
        in_parallel(result, [()], workers=1)
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_dies_is_an_error_and_nobody_is_left(offspring):
    with pytest.raises(RuntimeError, match="ended in the middle"):
        in_parallel(lambda i: os._exit(i), [(3,), (4,)], workers=2)
    assert soon(lambda: not offspring(), 5)


def test_a_task_cannot_wait_for_the_keyboard():
    def reads_nothing():  # as from /dev/null; but it must not wait for it
        return bool(select.select([0], [], [], 2)[0]) and os.read(0, 100) == b""

    assert in_parallel(reads_nothing, [()], workers=1) == [True]


def test_what_a_task_has_started_ends_with_it(offspring, tmp_path):
    def task(i):
        if i == 0:
            while not (tmp_path / "started").exists():
                time.sleep(0.05)
            raise LookupError
        with subprocess.Popen(["sleep", "300"]):
            (tmp_path / "started").touch()

    with pytest.raises(LookupError):
        in_parallel(task, [(0,), (1,)], workers=2)
    assert soon(lambda: not offspring(), 3)


WORKING = """
import subprocess, sys
from mnist_helpers.system.processes import in_parallel
folder = sys.argv[1]
def task(i):
    open(f"{folder}/{i}", "w").close()
    subprocess.run(["sleep", "60"])
in_parallel(task, [(i,) for i in range(int(sys.argv[2]))], workers=2)
"""


@pytest.mark.parametrize("tasks", [3, 1])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_process_that_called_them(offspring, tmp_path, how, tasks):
    command = [sys.executable, "-c", WORKING, str(tmp_path), str(tasks)]
    with subprocess.Popen(command) as caller:
        try:
            assert soon(lambda: len(os.listdir(tmp_path)) == min(tasks, 2), 60)
            # the caller, and for each task a worker and sleep
            assert soon(lambda: len(offspring()) == 1 + 2 * min(tasks, 2), 60)
        finally:
            caller.send_signal(how)
    assert soon(lambda: not offspring(), 10)


def test_an_interrupt_ends_the_workers(offspring, tmp_path):
    program = INTERRUPTIBLE + WORKING.replace(
        'subprocess.run(["sleep", "60"])', "import time; time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path), "3"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as caller:
        assert soon(lambda: len(os.listdir(tmp_path)) == 2, 60)
        start = time.monotonic()
        caller.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in caller.communicate()[1]
    assert time.monotonic() - start < 30  # the tasks have not been waited for
    assert soon(lambda: not offspring(), 5)


# --- child ----------------------------------------------------------------------------------


@pytest.fixture
def output(tmp_path):
    """An open file, and a function that reads what has been written to it so far."""
    path = tmp_path / "output"
    with path.open("wb") as file:
        yield file, path.read_bytes


def test_a_command_that_ends_gives_its_code_and_what_it_printed(output):
    file, said = output
    with child(["sh", "-c", "echo out; echo err >&2; exit 7"], file) as process:
        assert process.wait(60) == 7
    assert process.returncode == 7
    assert said() == b"out\nerr\n"


def test_a_command_cannot_wait_for_the_keyboard(output):
    file, said = output
    with child(["sh", "-c", "read line; echo got $line"], file) as process:
        process.wait(60)
    assert said() == b"got\n"


@pytest.mark.parametrize("own", [True, False], ids=["own environment", "this process's"])
def test_a_command_gets_the_environment_that_was_asked_for_and_nothing_else(
    output, monkeypatch, own
):
    for name in ("OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE", "GLOG_minloglevel"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("A_VARIABLE", "of this process")
    env = {"PATH": os.environ["PATH"], "A_VARIABLE": "of its own"} if own else None
    file, said = output
    with child(["env"], file, env) as process:
        assert process.wait(60) == 0
    found = dict(line.split("=", 1) for line in said().decode().splitlines() if "=" in line)
    assert found["A_VARIABLE"] == ("of its own" if own else "of this process")
    for name in ("OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE", "GLOG_minloglevel"):
        assert name not in found


def test_a_command_that_is_not_there_fails_and_says_so(output):
    file, said = output
    with child(["no-such-command"], file) as process:
        assert process.wait(60) != 0
    assert b"no-such-command" in said()


STUBBORN = ["sh", "-c", "trap '' TERM; echo ready; sleep 300 & sleep 300"]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (SLEEPERS, None),
        (SLEEPERS, ZeroDivisionError),
        (SLEEPERS, KeyboardInterrupt),
        pytest.param(STUBBORN, None, id="ignores SIGTERM"),
    ],
)
def test_it_ends_with_its_children_at_the_end_of_the_with(offspring, output, command, error):
    file, said = output

    def body():
        with child(command, file):
            assert soon(lambda: said() == b"ready\n", 60)
            assert soon(lambda: len(offspring()) == 4, 60)  # our watcher, sh, two times sleep
            if error:
                raise error

    if error:
        with pytest.raises(error):
            body()
    else:
        body()
    assert soon(lambda: not offspring(), 5)


def test_what_a_finished_command_has_left_behind_ends_too(offspring, output):
    file, _ = output
    with child(["sh", "-c", "sleep 300 & exit 0"], file) as process:
        assert process.wait(60) == 0
        assert len(offspring()) == 1
    assert soon(lambda: not offspring(), 5)


def test_a_command_may_tidy_up_when_it_is_asked_to_end(output):
    tidies = "trap 'sleep 1; echo tidied; exit' TERM; echo ready; while :; do sleep 0.1; done"
    file, said = output
    with child(["sh", "-c", tidies], file):
        assert soon(lambda: said() == b"ready\n", 60)
    assert b"tidied" in said()


HOLDING = """
import sys, time
from mnist_helpers.system.processes import child
with open(sys.argv[1], "wb") as file, child(sys.argv[2:], file):
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_children_when_its_parent_is_killed(offspring, tmp_path, how):
    path = tmp_path / "output"
    command = [sys.executable, "-c", HOLDING, str(path), *SLEEPERS]
    with subprocess.Popen(command) as parent:
        try:
            assert soon(lambda: len(offspring()) == 5, 60)
        finally:
            parent.send_signal(how)
        parent.wait(60)
    assert soon(lambda: not offspring(), 10)
    assert path.read_bytes() == b"ready\n"
