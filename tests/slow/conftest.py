"""What several of the slow tests use: two hosts, and an etcd.

Where they cannot be had, the tests that use them are skipped, or fail if REQUIRE_HOSTS is set (as
in CI). SLOW_UNTIL is a time, in seconds since 1970, after which no further test begins: those left
are skipped, and counted in the summary.
"""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from mnist_helpers.system import available
from tests.slow.cable import Cable


def pytest_runtest_setup(item):
    if time.time() > float(os.environ.get("SLOW_UNTIL") or "inf"):
        pytest.skip("no time was left for it")


@pytest.fixture(scope="module")
def cable():
    made = Cable()
    try:
        made.lay()
    except (OSError, subprocess.CalledProcessError) as error:
        made.remove()
        said = (getattr(error, "stderr", None) or str(error)).strip()
        if os.environ.get("REQUIRE_HOSTS"):
            pytest.fail(f"REQUIRE_HOSTS is set, but no second host can be made: {said}")
        pytest.skip(f"two hosts need root and iproute2 ({said})")
    yield made
    made.remove()


@pytest.fixture(scope="session")
def elastic():
    """Makes sure that there is what elastic training needs: etcd, and the package etcd3."""
    for need in ("several processes", "elastic training", "etcd"):
        if said := available.line(need):
            if os.environ.get("REQUIRE_HOSTS"):
                pytest.fail(f"REQUIRE_HOSTS is set, but {said}")
            pytest.skip(said)
