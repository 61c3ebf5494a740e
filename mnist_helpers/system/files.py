"""Writing to disk: whole or not at all, and a clear word before the work if it cannot be done."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """A binary file under a temporary name beside `path`, renamed to `path` at the end.

    If the body of the ``with`` raises, the new file is gone, and `path` is as it was.

    Parameters
    ----------
    path : str or path
        The file to write. Its folder must be there.

    Yields
    ------
    binary file
        Open for writing.

    Raises
    ------
    OSError
        If the file cannot be written or renamed (FileNotFoundError: there is no such folder).
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike) -> Iterator[Path]:
    """A folder under a temporary name beside `path`, renamed to `path` at the end.

    A folder that was there is gone then, with all that it held; until then it is as it was.
    If the body of the ``with`` raises, the new folder is gone.

    Parameters
    ----------
    path : str or path
        The folder to write. The folder that it is in must be there.

    Yields
    ------
    pathlib.Path
        The new folder, empty. It is for files: folders in it are not allowed.

    Raises
    ------
    OSError
        If the folder cannot be made, flushed or renamed (FileNotFoundError: there is no folder to
        make it in; IsADirectoryError: there is a folder in the new one).
    """
    path = Path(path).absolute()
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    new, old = temporary / "new", temporary / "old"
    try:
        new.mkdir()
        yield new
        for file in new.iterdir():
            with open(file, "rb+") as opened:
                os.fsync(opened.fileno())
        flush_folder(new)
        if path.exists():
            os.rename(path, old)
        try:
            os.rename(new, path)
        except BaseException:
            if old.exists():
                os.rename(old, path)
            raise
        flush_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def flush_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk: a new name is there only when its folder is.

    On Windows this does nothing.

    Parameters
    ----------
    folder : pathlib.Path
        The folder in which a name is new.

    Raises
    ------
    OSError
        If the folder cannot be opened or flushed.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def why_not_writable(folder: Path) -> str | None:
    """Why no file can be written in `folder`, in words, or None if one can.

    `folder` is made if it is not there. It is tried with a file, not asked: the permissions of a
    folder say nothing of a full disk, or of what the superuser may do.

    Parameters
    ----------
    folder : pathlib.Path
        The folder. It is made with those above it, and stays.

    Returns
    -------
    str or None
        The reason, as the system words it; None if a file can be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return None
