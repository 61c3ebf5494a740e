"""What the command ``launch`` does."""

from __future__ import annotations

import argparse

from mnist_helpers.distributed.elastic import launch_elastic
from mnist_helpers.distributed.hosts import launch_on_hosts
from mnist_helpers.distributed.launching import launch as launch_here
from mnist_helpers.errors import LaunchError


def launch(options: argparse.Namespace) -> int:
    """Run a program in several processes; prints what the first one on this machine has printed."""
    command = ["-m", *options.command] if options.module else options.command
    common = {"threads": options.threads, "log_dir": options.log_dir}
    if options.elastic:
        if options.master or options.rank:
            raise LaunchError("--rank and --master do not go with --elastic: the etcd gives places")
        job = launch_elastic(
            *command,
            etcd=options.elastic,
            hosts=options.hosts,
            fewest=options.fewest,
            address=options.address,
            workers=options.workers or (2 if options.hosts == 1 else 1),
            restarts=options.restarts,
            wait=options.wait,
            job=options.job,
            timeout=options.timeout,
            **common,
        )
    elif options.hosts == 1:
        if options.master or options.address or options.rank:
            raise LaunchError("--rank, --master and --address are for several machines: --hosts")
        limit = float("inf") if options.timeout is None else options.timeout
        job = launch_here(*command, workers=options.workers or 2, timeout=limit, **common)
    else:
        if not options.master:
            raise LaunchError("--master is missing: an address of machine 0, and a port")
        job = launch_on_hosts(
            *command,
            hosts=options.hosts,
            rank=options.rank,
            master=options.master,
            address=options.address,
            workers=options.workers or 1,
            timeout=options.timeout,
            **common,
        )
    print(job.said(0), end="")
    return 0
