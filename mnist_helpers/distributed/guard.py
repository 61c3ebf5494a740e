"""What the launcher starts in place of each worker: it starts the worker, and says how it ended.

``python -m mnist_helpers.distributed.guard FOLDER COMMAND…`` runs the command as its child. It
ends, with the command, when the launcher is gone; and it leaves in FOLDER a file that says who
ended, when, and by what signal. (When one worker dies, the others lose their connection and die
as well; the launcher reports whom it finds first.) A worker that is told to end, and has not done
so after the seconds in the variable ``GRACE``, is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from mnist_helpers.distributed.jobs import GRACE, LAUNCHER, End, Start
from mnist_helpers.system.files import replacing
from mnist_helpers.system.processes import end_with

# Seconds that worker 0 has before the others start. All meet at a port that it opens; whoever
# knocks before that tries again after 3 seconds, and the job waits for it.
HEAD_START = 0.3


def main() -> int:
    folder, node, *command = sys.argv[1:]
    _end_with_the_launcher()
    (Path(folder) / f"{os.getpid()}.pid").touch()
    told = threading.Event()
    # the launcher sends it to the whole group: the worker may tidy up, and this waits for it
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    rank, world, place = (
        int(os.environ[f"PADDLE_{name}"]) for name in ("TRAINER_ID", "TRAINERS_NUM", "RANK_IN_NODE")
    )
    if rank:
        time.sleep(HEAD_START)
    _note(folder, "start", Start(rank, world, place, time.time()))
    worker = subprocess.Popen(command)
    if grace := os.environ.get(GRACE):
        threading.Thread(target=_kill_later, args=(worker, told, float(grace)), daemon=True).start()
    code = worker.wait()
    _note(folder, "end", End(rank, int(node), place, code, time.time(), told.is_set()))
    return code if code >= 0 else 128 - code


def _note(folder: str, kind: str, note: Start | End) -> None:
    with replacing(Path(folder) / f"{os.getpid()}.{kind}") as file:
        file.write(json.dumps(asdict(note)).encode())


def _kill_later(worker: subprocess.Popen, told: threading.Event, grace: float) -> None:
    """Once it is told to end, after so many seconds: it may wait for others that are lost."""
    told.wait()
    time.sleep(grace)
    worker.kill()


def _end_with_the_launcher() -> None:
    launcher = os.getppid()
    end_with(launcher)
    # it may have been gone before the line above looked
    if LAUNCHER not in Path(f"/proc/{launcher}/cmdline").read_text().split("\0"):
        sys.exit("the launcher has gone")


if __name__ == "__main__":
    sys.exit(main())
