"""Our digits as the two files that ``paddle.vision.datasets.MNIST`` reads."""

from __future__ import annotations

import os
from pathlib import Path

from mnist_helpers.data import mnist_files
from mnist_helpers.data.formats import write_idx
from mnist_helpers.data.sources import Source, find_source
from mnist_helpers.errors import DataError


def paddle_files(
    mode: str, folder: str | os.PathLike, source: Source | None = None
) -> dict[str, str]:
    """``{"image_path": …, "label_path": …}`` for ``paddle.vision.datasets.MNIST(mode=mode, …)``.

    Paddle downloads MNIST itself when it is not told where the files are, and then fails without
    a network. This gives it the files of our own source. Where they are not gzipped IDX files as
    Paddle wants them (the built-in sample), they are written to `folder`, as many whole hundreds
    as there are: Paddle's reader takes 100 digits at a time.

    Parameters
    ----------
    mode : str
        "train", which is MNIST's whole training file, or "test".
    folder : str or os.PathLike
        Where to write files, if that is needed. It is made if it is not there.
    source : Source, optional
        Where the digits come from; else what :func:`find_source` finds.

    Returns
    -------
    dict of str to str
        The paths of two gzipped IDX files, as ``image_path`` and ``label_path``.

    Raises
    ------
    ValueError
        For a mode other than "train" or "test".
    DataError
        If the source has fewer than 100 digits, or is not sound, as in :func:`find_source`.
    OSError
        If the files cannot be written.
    """
    if mode not in ("train", "test"):
        raise ValueError(f"mode must be 'train' or 'test', not {mode!r}")
    source = source or find_source()
    pair = mnist_files.TRAIN if mode == "train" else mnist_files.TEST
    if source.folder is not None:
        paths = [source.folder / f"{file.name}.gz" for file in pair]
        if all(path.is_file() for path in paths):
            return {"image_path": str(paths[0]), "label_path": str(paths[1])}
    images, labels = source.read(mode)
    hundreds = len(labels) // 100 * 100
    if hundreds == 0:
        raise DataError(f"{source}: {len(labels)} digits; Paddle's reader needs 100 or more")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{file.name}.gz" for file in pair]
    write_idx(paths[0], images[:hundreds])
    write_idx(paths[1], labels[:hundreds])
    return {"image_path": str(paths[0]), "label_path": str(paths[1])}
