"""Fetching MNIST's four files into the cache, from whichever mirror answers."""

from __future__ import annotations

import functools
import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from mnist_helpers.data.mnist_files import FILES, MnistFile, is_original
from mnist_helpers.errors import DataError
from mnist_helpers.system.files import replacing

MIRRORS = (
    "https://dataset.bj.bcebos.com/mnist",  # Paddle's own
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
CONNECT_SECONDS = 5  # the longest silence before, or in the middle of, an answer
FILE_SECONDS = 120  # the longest time for one file, however steadily it drips
_CHUNK = 1 << 16


def mirrors() -> tuple[str, ...]:
    """Where to fetch from, in order: ``MNIST_MIRRORS`` (with spaces between) or ours."""
    own = os.environ.get("MNIST_MIRRORS", "").split()
    return tuple(address.rstrip("/") for address in own) or MIRRORS


@functools.cache
def download(folder: Path, addresses: tuple[str, ...]) -> str:
    """Fetch those of MNIST's files that `folder` lacks or has in another form; says "" or why not.

    A file is checked by size and MD5 before anything is written, and written under a temporary
    name before it takes its place; so a broken or wrong download changes nothing in `folder`, and
    two processes may do this at once. A failure is remembered for the life of the process: a
    second `load` does not wait again.
    """
    reasons = []
    for address in addresses:
        print(f"fetching MNIST from {address} …", file=sys.stderr)
        try:
            for file in FILES:
                if not is_original(folder / f"{file.name}.gz", file):
                    _place(folder, file, _fetch(f"{address}/{file.name}.gz", file))
            return ""
        except _CannotStore as error:
            return str(error)
        except DataError as error:
            reasons.append(str(error))
            print(f"  {error}", file=sys.stderr)
    return f"no mirror gave it ({reasons[-1]})"


class _CannotStore(DataError):
    """The cache cannot be written: another mirror would not help."""


def _place(folder: Path, file: MnistFile, content: bytes) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / f"{file.name}.gz") as out:
            out.write(content)
    except OSError as error:
        raise _CannotStore(
            f"cannot write to the cache {folder} ({error.strerror or error}). Put MNIST's files in "
            "a folder of your own and set MNIST_DIR to it"
        ) from error


def _fetch(url: str, file: MnistFile) -> bytes:
    """The checked bytes of one file; DataError says what was wrong with the answer."""
    deadline = time.monotonic() + FILE_SECONDS
    request = urllib.request.Request(url, headers={"User-Agent": "mnist-helpers"})
    try:
        with urllib.request.urlopen(request, timeout=CONNECT_SECONDS) as answer:
            content = _read_bounded(answer, file, url, deadline)
    except urllib.error.HTTPError as error:
        raise DataError(f"{url}: the server answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:  # URLError and time-outs are OSErrors
        reason = getattr(error, "reason", None) or error
        raise DataError(f"{url}: {reason}") from error
    if hashlib.md5(content).hexdigest() != file.packed_md5:
        raise DataError(f"{url}: {len(content):,} bytes came, but they are not MNIST's (MD5)")
    return content


def _read_bounded(
    answer: http.client.HTTPResponse, file: MnistFile, url: str, deadline: float
) -> bytes:
    """Read an answer that must have `file.packed` bytes, with a progress bar."""
    from tqdm import tqdm  # type: ignore[import-untyped]  # it has no types of its own

    content = bytearray()
    bar = tqdm(total=file.packed, unit="B", unit_scale=True, desc=file.name, leave=False)
    with bar:
        while chunk := answer.read1(_CHUNK):
            content += chunk
            bar.update(len(chunk))
            if len(content) > file.packed:
                raise DataError(f"{url}: more than the {file.packed:,} bytes expected")
            if time.monotonic() > deadline:
                raise DataError(f"{url}: not done after {FILE_SECONDS} s")
    if len(content) < file.packed:
        raise DataError(f"{url}: broke off after {len(content):,} of {file.packed:,} bytes")
    return bytes(content)
