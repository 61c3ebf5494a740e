"""Several processes at one training: started, watched, and ended together.

>>> from mnist_helpers.distributed import launch
>>> job = launch("train.py", workers=2)     # doctest: +SKIP
>>> print(job.said(rank=0))                 # doctest: +SKIP

What a program does when it has been started so is in :mod:`mnist_helpers.workers`.
"""

from __future__ import annotations

from mnist_helpers.distributed.launching import Job, launch, run_alone
from mnist_helpers.errors import LaunchError, WorkersError

__all__ = ["Job", "LaunchError", "WorkersError", "launch", "run_alone"]
