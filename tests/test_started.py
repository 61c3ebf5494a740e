"""However the tests are started, they pass: what depended on it once is tried here again."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_in_the_background_where_interrupts_are_ignored():
    """As under ``nohup make test &``: whoever is started there ignores them, too."""
    tests = (
        "tests/system/test_processes.py::test_an_interrupt_ends_the_workers",
        "tests/distributed/test_launching.py::test_all_ends_with_the_process_that_called[SIGINT]",
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *tests], cwd=ROOT, capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout
