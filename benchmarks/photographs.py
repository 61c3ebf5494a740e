"""How many digits are read rightly from pictures that a camera, a desk or a form has made worse.

``python -m benchmarks.photographs [FOLDER]`` reads MNIST's validation digits on
paper, and, where FOLDER has them, photographs whose names begin with ``LABEL_HAND_``. Half of the
hands are those that the preparation was tuned on; the other half judges it. The network is that of
the far recipe, seed 0.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import paddle
from PIL import Image

from mnist_helpers.data.pictures import from_picture
from mnist_helpers.data.pictures.alterations import ALTERATIONS, LONGEST, on_paper
from mnist_helpers.data.splits import load
from mnist_helpers.errors import PictureError
from mnist_helpers.models.weights import load_weights
from mnist_helpers.recipes import far

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "pictures"
SMALLEST = 120  # pixels along the shorter side of what is altered: the others are no photographs
DIGITS = 100  # of MNIST, on paper
AS_SENT = "as sent"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--wrong", action="store_true", help="name what is read wrongly")
    parser.add_argument("--only", nargs="*", help="these alterations, of the hands to tune on")
    options = parser.parse_args()
    model = network()
    for group, name, pictures in conditions(options.folder):
        if options.only and (name not in options.only or "other" in group):
            continue
        said = [(who, label, answer(model, picture)) for who, label, picture in pictures]
        right = sum(label == digit for _, label, digit in said)
        if options.wrong and "other" not in group:
            for who, label, digit in said:
                if digit != label:
                    print(f"{name}: {who}: {digit}")
        print(f"{group}, {name}: {right} of {len(said)}", flush=True)


def tables(folder: Path = FOLDER):
    """For ``make bench``: by kind of photograph; and where FOLDER has pictures, all as sent."""
    model, results = network(), {}
    for group, name, pictures in conditions(folder):
        right = [label == answer(model, picture) for _, label, picture in pictures]
        results.setdefault(group, {})[name] = f"{sum(right)} of {len(right)}"
    columns = {group: of for group, of in results.items() if AS_SENT not in of}
    rows = [(name, *(of[name] for of in columns.values())) for name in ALTERATIONS]
    yield "photographs of single digits, read rightly", ("photograph", *columns), rows
    if as_sent := [(group, of[AS_SENT]) for group, of in results.items() if AS_SENT in of]:
        yield "every picture as it was sent, read rightly", ("hands", "pictures"), as_sent


def conditions(folder: Path) -> Iterator[tuple[str, str, Iterator]]:
    """(group, condition, pictures) of everything that is measured."""
    for group, pictures in groups(folder):
        for name in [AS_SENT] if group.startswith("all") else ALTERATIONS:
            yield group, name, altered(pictures, name)


def network() -> paddle.nn.Layer:
    """That of the far recipe, as its run with seed 0 has left it."""
    model = far.network()
    load_weights(model, far.RUNS / "weights-0.pdparams")
    model.eval()
    return model


def groups(folder: Path) -> Iterator[tuple[str, list[tuple[str, int, Image.Image]]]]:
    """(name, pictures with their label) of each column of the table."""
    digits = load("valid", quiet=True)[:DIGITS]
    rng = np.random.default_rng(0)
    yield (
        "MNIST on paper",
        [
            (f"digit {i}", int(label), Image.fromarray(on_paper(image, rng)))
            for i, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True))
        ],
    )
    pictures = [(path.name, int(path.name[0]), path) for path in sorted(folder.glob("?_*_*.*"))]
    if not pictures:
        return
    opened = [(name, label, _opened(path)) for name, label, path in pictures]
    large = [p for p in opened if min(p[2].size) >= SMALLEST]
    hands, of_large = {_hand(p) for p in opened}, {_hand(p) for p in large}
    judged = _judged(of_large) | _judged(hands - of_large)
    for name, judging in (("hands tuned on", False), ("other hands", True)):
        yield name, [(n, d, _flat(p)) for n, d, p in large if (_hand((n,)) in judged) == judging]
    for name, judging in (("all hands tuned on", False), ("all other hands", True)):
        yield name, [p for p in opened if (_hand(p) in judged) == judging]


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()  # and let go of the file
        return picture


def _hand(picture: tuple) -> str:
    return picture[0].split("_")[1]


def _judged(hands: set[str]) -> set[str]:
    """Every second hand, in their order."""
    return set(sorted(hands)[1::2])


def _flat(picture: Image.Image) -> Image.Image:
    """RGB, LONGEST pixels along the longer side; on white, what was transparent."""
    rgba = picture.convert("RGBA")
    alpha = np.asarray(rgba.getchannel("A"))
    colours = np.asarray(rgba.convert("L"))[alpha > 127]
    white = (alpha > 127).mean() > 0.5 or np.median(colours) < 128
    flat = Image.alpha_composite(Image.new("RGBA", rgba.size, "white" if white else "black"), rgba)
    scale = LONGEST / max(flat.size)
    size = (round(flat.width * scale), round(flat.height * scale))
    return flat.convert("RGB").resize(size, Image.Resampling.BICUBIC)


def altered(pictures, name: str) -> Iterator[tuple[str, int, Image.Image]]:
    """The same pictures after what `name` does, each with a seed of its own."""
    for who, label, picture in pictures:
        if name in ALTERATIONS:
            rng = np.random.default_rng(zlib.crc32(f"{name} {who}".encode()))
            picture = Image.fromarray(ALTERATIONS[name](np.asarray(picture), rng))
        yield who, label, picture


@paddle.no_grad()
def answer(model: paddle.nn.Layer, picture: Image.Image) -> int | str:
    """The digit, or why the picture was refused."""
    try:
        image = from_picture(picture)
    except PictureError as error:
        return str(error)
    return int(model(paddle.to_tensor(image)).numpy().argmax())


if __name__ == "__main__":
    main()
