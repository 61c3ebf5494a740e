"""What the command ``read`` does: the digits on a photograph of a sheet."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from mnist_helpers.cli.predict import answering
from mnist_helpers.data.pictures.decoding import let_go
from mnist_helpers.data.pictures.marking import draw_on, photo_of
from mnist_helpers.data.pictures.sheet import read_sheet
from mnist_helpers.errors import ModelInputError, PictureError
from mnist_helpers.models.outputs import softmax
from mnist_helpers.system.files import replacing


def read(options: argparse.Namespace) -> int:
    """Print a line for each digit, in reading order: its box, the digit, its probability."""
    if options.picture:
        kind = _format_of(options.picture)  # before anything is computed
        photo, scale = photo_of(options.photo)

    @functools.cache
    def model() -> Callable[[np.ndarray], np.ndarray]:
        let_go()  # the photograph is decoded now; Paddle comes only with the model
        return answering(options.model, options.engine)

    def answer(images: np.ndarray) -> np.ndarray:
        outputs = model()(images)
        if outputs.shape[1] == 1:
            raise ModelInputError(
                f"{options.model}: a regression, whose answers have no probabilities; `read` needs "
                "them to see where digits touch: name a model that classifies"
            )
        return softmax(outputs)

    found = read_sheet(options.photo, answer)
    for one in found:
        print(",".join(map(str, one.box)), one.digit, f"{one.probability:.4f}", sep="\t")
    if options.picture:
        draw_on(photo, found, scale)
        with replacing(options.picture) as file:
            photo.save(file, format=kind)
    return 0


def _format_of(path: Path) -> str:
    """Pillow's name for the format that a file's ending stands for; PictureError for another.

    And where the file cannot be written, since its folder is not there.
    """
    endings = Image.registered_extensions()
    kind = endings.get(path.suffix.lower(), "")
    if kind not in ("PNG", "JPEG", "WEBP"):
        raise PictureError(f"{path}: a format to write is not in its name: end it in .png or .jpg")
    if path.is_dir() or not path.parent.is_dir():
        found = "a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise PictureError(f"{path}: {found}; expected a file to write, in a folder that is there")
    return kind
