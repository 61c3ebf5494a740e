"""A picture of a web page, by the Chromium that is on the machine, if one is."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from mnist_helpers.system.available import CHROMIUM, can
from mnist_helpers.system.processes import child

FLAGS = [
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",  # a container may have too little of it
]  # fmt: skip

PATIENCE = (30.0, 60.0)  # seconds for each try: once in many times a page's own clock stands still


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome, or None.

    Returns
    -------
    str or None
        The first on the PATH, of those that ``CHROMIUM`` names; None if there is none.
    """
    return next((path for path in map(shutil.which, CHROMIUM) if path), None)


def flags() -> list[str]:
    """Options for a Chromium without a window that talks to nobody but the page's server.

    Returns
    -------
    list of str
        For the command line.
    """
    # Chromium refuses to run its sandbox as root; there is no root on a reader's own machine
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, "--no-sandbox"] if as_root else FLAGS


def screenshot(
    address: str, width: int = 900, height: int = 600, seconds: int = 15
) -> bytes | None:
    """The page at `address` as a PNG, `width` × `height` pixels, once its scripts have run.

    The picture has at most 256 colours, so that it is small enough to be stored in a notebook. If
    there is no Chromium, or it gives no picture though it is asked twice, one plain line says so.

    Parameters
    ----------
    address : str
        The page's URL.
    width, height : int
        The size of the window, in pixels.
    seconds : int
        For how long its scripts may run, by the page's own clock, in seconds. That clock skips
        waiting, so it takes less.

    Returns
    -------
    bytes or None
        A PNG file; None if there is no picture.
    """
    if not can("a browser") or (chromium := find_chromium()) is None:
        return None
    for patience in PATIENCE:
        try:
            return _taken(chromium, address, width, height, seconds, patience)
        except (subprocess.TimeoutExpired, OSError) as error:
            failed = error
    print(f"Chromium gave no picture of {address} ({type(failed).__name__}).")
    return None


def _taken(
    chromium: str, address: str, width: int, height: int, seconds: int, patience: float
) -> bytes:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        picture = Path(folder) / "page.png"
        command = [
            chromium, *flags(), f"--user-data-dir={folder}/profile", f"--screenshot={picture}",
            f"--window-size={width},{height}", f"--virtual-time-budget={1000 * seconds}", address,
        ]  # fmt: skip
        with tempfile.TemporaryFile() as said, child(command, said) as process:
            process.wait(patience)
            return _with_fewer_colours(picture)


def _with_fewer_colours(path: Path) -> bytes:
    file = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            file, "PNG", optimize=True
        )
    return file.getvalue()
