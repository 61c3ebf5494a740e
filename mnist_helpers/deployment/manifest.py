"""The folder of an exported model: what it says of itself, and the checks that follow from it.

``export.json`` says what the model takes and gives, which versions made it, and what the other
files must be: ``model.json`` and ``model.pdiparams`` (Paddle's program and parameters) and, if it
was asked for, ``model.onnx``. This module needs no Paddle.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_helpers.errors import ExportError, ModelInputError

ABOUT, PROGRAM, PARAMETERS, ONNX = "export.json", "model.json", "model.pdiparams", "model.onnx"
FILES = (ABOUT, PROGRAM, PARAMETERS, ONNX)
FORMAT = 1

# What the book's models are trained on, and nothing else
INPUT: dict[str, Any] = {
    "name": "image",
    "dtype": "float32",
    "layout": "NCHW",
    "shape": [None, 1, 28, 28],
    "range": [0, 1],
    "paper": 0,
    "ink": 1,
}
SCORES, NUMBER = "scores", "number"  # one a class, before any softmax; or the digit itself
OUTPUTS = {
    SCORES: {"kind": SCORES, "shape": [None, 10], "classes": list(range(10))},
    NUMBER: {"kind": NUMBER, "shape": [None, 1], "classes": list(range(10))},
}
FLOAT32 = np.dtype(INPUT["dtype"])
Run = Callable[[np.ndarray], np.ndarray]  # images float32 [n, 1, 28, 28] → outputs [n, …]
ROUNDING = 1e-6  # how far a pixel may be outside the range


@dataclass(frozen=True)
class Exported:
    """What ``export.json`` says.

    folder: where it is. model: the name of the model's class. output: `SCORES` or `NUMBER`.
    versions: package → version that made it. files: name → SHA-256. about: what was given to
    ``save_inference_model``.
    """

    folder: Path
    model: str
    output: str
    versions: dict[str, str]
    files: dict[str, str]
    about: dict

    def checked(self, name: str) -> Path:
        """The path of one of the files; ExportError if it is missing or is not what it was."""
        path = self.folder / name
        if name not in self.files and name == ONNX:
            again = "export it again with onnx=True (--onnx)"
            raise ExportError(f"{self.folder}: exported without ONNX; {again}")
        if name not in self.files:
            raise ExportError(f"{path}: not a file of this export; it has {', '.join(self.files)}")
        if not path.is_file():
            raise ExportError(f"{self.folder}: no {name} in it; it is not complete: copy it again")
        if sha256(path) != self.files[name]:
            raise ExportError(
                f"{path}: damaged, or of another export (its SHA-256 is not the one in {ABOUT}): "
                "copy the folder again"
            )
        return path

    def check_paddle(self, here: str) -> None:
        """ExportError if `here`, Paddle's version, reads no programs of the one that exported."""
        theirs = self.versions.get("paddle", "")
        majors = {theirs.split(".")[0], here.split(".")[0]} - {"0"}  # 0.0.0: built from source
        if len(majors) > 1:
            raise ExportError(
                f"{self.folder}: exported by Paddle {theirs or 'of no version'}, and this is "
                f"Paddle {here}. Export it again with this one, or use its {ONNX}"
            )


def write(folder: Path, model: str, output: str, versions: dict, about: dict) -> None:
    """Describe the export whose other files are in `folder`."""
    files = {name: sha256(folder / name) for name in FILES if (folder / name).is_file()}
    facts = {
        "format": FORMAT,
        "model": model,
        "input": INPUT,
        "output": OUTPUTS[output],
        "versions": versions,
        "files": files,
        "about": about,
    }
    text = json.dumps(facts, indent=2)
    # lists of numbers in a line each; in a string there is no line break
    text = re.sub(r"\[\n[\s\d,nul]+\]", lambda found: json.dumps(json.loads(found[0])), text)
    (folder / ABOUT).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Exported:
    """What the export in `folder` says of itself; ExportError if that is not as it should be."""
    path = folder / ABOUT
    if not path.is_file():
        raise ExportError(f"{folder}: {_why_none(folder)}")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        version = facts["format"]
        if version == FORMAT:
            takes, gives = facts["input"], facts["output"]
            named = [dict(facts[name]) for name in ("versions", "files", "about")]
            model = str(facts["model"])
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path}: damaged, or not an export's ({error!r})") from None
    if version != FORMAT:
        raise ExportError(f"{path}: of format {version!r}; this version reads format {FORMAT}")
    if takes != INPUT:
        raise ExportError(f"{path}: takes {takes}; this version gives {INPUT}")
    kinds = [kind for kind, form in OUTPUTS.items() if form == gives]
    if not kinds:
        raise ExportError(f"{path}: gives {gives}; expected one of {list(OUTPUTS.values())}")
    return Exported(folder, model, kinds[0], *named)


def is_export(path: Path) -> bool:
    """Whether `path` is an export, or was meant to be one: a folder with its files, or a file."""
    return (
        path.is_file()
        or path.suffix == ".onnx"
        or any((path / name).exists() for name in FILES)
        or _of_paddle_2(path)
    )


def check_images(images: np.ndarray) -> None:
    """Refuse images that an exported model does not take, with a hint.

    Parameters
    ----------
    images : numpy.ndarray
        float32 [n, 1, 28, 28], n at least 1, in [0, 1]: 0 is paper, 1 is ink. A pixel may be
        outside by 1e-6, for rounding.

    Raises
    ------
    ModelInputError
        If they are anything else: in kind, shape, dtype or range, or not finite.
    """
    if not isinstance(images, np.ndarray):
        raise ModelInputError(f"images: expected a NumPy array, not a {type(images).__name__}")
    if images.shape[1:] != (1, 28, 28) or len(images) == 0:
        found, expected = f"shape {list(images.shape)}", "[n, 1, 28, 28], n at least 1"
        _refuse(found, expected, _shape_hint(images.shape))
    if images.dtype != FLOAT32:
        hint = (
            "images / np.float32(255)" if images.dtype == np.uint8 else "images.astype('float32')"
        )
        _refuse(f"dtype {images.dtype}", "float32", hint)
    pixels = images.ravel()  # for one picture, argmin takes a third of the time of min
    lowest, highest = pixels[pixels.argmin()], pixels[pixels.argmax()]
    if not (lowest >= -ROUNDING and highest <= 1 + ROUNDING):  # not: of what is not a number, too
        _refuse_range(lowest, highest)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _refuse(found: str, expected: str, hint: str) -> None:
    raise ModelInputError(f"images: {found}; expected {expected}" + (f" ({hint})" if hint else ""))


def _refuse_range(lowest: np.float32, highest: np.float32) -> None:
    hint = ""
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        _refuse("some pixels are not finite numbers", "0 (paper) to 1 (ink)", "")
    if lowest < -ROUNDING:
        hint = "normalised to [-1, 1]? Then (images + 1) / 2; the model was trained on [0, 1]"
    elif highest <= 255:
        hint = "bytes, 0 to 255? Then images / np.float32(255)"
    _refuse(f"pixels from {lowest:.4g} to {highest:.4g}", "0 (paper) to 1 (ink)", hint)


def _shape_hint(shape: tuple[int, ...]) -> str:
    if shape == (28, 28):
        return "one picture? Then images[None, None]"
    if len(shape) == 3 and shape[1:] == (28, 28):
        return "images[:, None] adds the channel"
    if len(shape) == 4 and shape[1:] == (28, 28, 1):
        return "the channel comes first: images.transpose(0, 3, 1, 2)"
    if len(shape) == 2 and shape[1] == 784:
        return "images.reshape(-1, 1, 28, 28)"
    return "mnist_helpers.data.pictures.load_image brings a picture to this form"


def _why_none(folder: Path) -> str:
    if _of_paddle_2(folder):
        return (
            "exported by Paddle 2 (.pdmodel), with nothing on what it takes. Load it there, and "
            "export its weights again with this version"
        )
    if any((folder / name).exists() for name in FILES):
        return f"no {ABOUT} in it; it is not complete: copy the whole folder"
    return (
        f"not the folder of an export (no {ABOUT} in it). "
        "`python -m mnist_helpers export RUN --output FOLDER` makes one"
    )


def _of_paddle_2(folder: Path) -> bool:
    return any(folder.glob("*.pdmodel"))
