"""Processes that are killed with ``kill -9`` while they train and save: nothing is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest

from mnist_helpers.training import checkpoints
from tests.training.test_checkpoints import run as some_parts
from tests.training.test_resuming import OPTIMIZERS, run

SAVES = """
import sys
from pathlib import Path
from tests.training.test_checkpoints import run
from mnist_helpers.training import checkpoints
parts = run()
step = 0
while True:
    step += 1
    checkpoints.save(sys.argv[1], *parts, step=step, keep=1)
    print(step, flush=True)
"""

# A process that has imported everything forks one child for each life of a run. Every child but
# the last is killed at a random moment; saving goes on all the time, so many are killed in it.
LIVES = """
import os, random, signal, sys, time
from pathlib import Path
from tests.training.test_resuming import run
folder, kind, scheduled, seed = sys.argv[1], sys.argv[2], sys.argv[3] == "True", int(sys.argv[4])
rng, kills = random.Random(seed), 0

def newest():
    return max([int(p.name[5:13]) for p in Path(folder).glob("step-*")], default=0)

while True:
    child = os.fork()
    if child == 0:
        weights, _ = run(folder, kind, scheduled, every=1)
        Path(folder, "weights").write_text(weights)
        os._exit(0)
    if kills < 5:
        goal = newest() + rng.choice([0, 1, 2])  # 0: before the first save of this life
        while newest() < goal:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))  # a step, with its save, takes about as long
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        kills += 1
        continue
    assert status == 0
    break
print(kills)
"""


@pytest.mark.parametrize("scheduled", [True, False])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_kill_9_at_random_moments(tmp_path, kind, scheduled):
    expected, _ = run(None, kind, scheduled)
    command = [sys.executable, "-c", LIVES, str(tmp_path), kind, str(scheduled), "1"]
    lives = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert lives.returncode == 0, lives.stderr
    assert int(lives.stdout) == 5  # and there are six such tests: thirty kills
    assert (tmp_path / "weights").read_text() == expected


def test_a_kill_while_saving_never_leaves_less_than_a_sound_checkpoint(tmp_path):
    """Killed at random moments of saving without a pause: the last one that was said to be there
    can be loaded, or a newer one."""
    rng = random.Random(0)
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVES, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        said = [process.stdout.readline() for _ in range(3)]
        time.sleep(rng.random() / 20)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().split("\n")
        process.wait()
        process.stdout.close()
        last = max(int(line) for line in said if line.strip())
        assert checkpoints.load(tmp_path).step >= last
        for path in tmp_path.iterdir():  # the next process starts again from step 1
            if path.name.startswith("step-"):
                checkpoints._remove(path)
    checkpoints.save(tmp_path, *some_parts(), step=0)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000000"]  # what was left is gone
