"""What it costs to give no answer, and what it saves: ``python -m benchmarks.refusing WEIGHTS``.

WEIGHTS are those of a far network that has not been trained on the validation digits, from
``python -m mnist_helpers far --output DIR``. Writes ``book/bench/refusing.json``, which the page
"Deployment" reads, and prints the ways that were tried. A limit is always chosen on validation
digits; what it costs is counted on test digits, what it saves on the exam's rubbish: other scripts,
fonts, symbols and scribbles than those from which the doorkeeper has learned.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
from PIL import Image

from mnist_helpers.data import Digits, from_picture, load, to_floats
from mnist_helpers.data.augment import moved
from mnist_helpers.data.pictures.counting import how_many
from mnist_helpers.data.pictures.rubbish import KINDS, rubbish
from mnist_helpers.deployment.doorkeeper import like_a_digit
from mnist_helpers.deployment.judging import INK, LEAST, LIKENESS
from mnist_helpers.errors import PictureError
from mnist_helpers.models import load_weights, softmax
from mnist_helpers.notebook import show
from mnist_helpers.recipes import far
from mnist_helpers.system.files import replacing

STORED = Path(__file__).parent.parent / "book" / "bench" / "refusing.json"
MANY = 400  # pictures of each kind
SEED = 27
PRICE = 0.008  # of the validation digits, refused by each way when ways are compared
KNOWN = 12_000  # training digits from which a way may take what it has to know
LIMITS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92)
CURVES = ("the probability alone", "with the ink and the doorkeeper")
LIKENESSES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)


@dataclass(frozen=True, eq=False)
class Seen:
    """What there is to know of some pictures: float32 each, a row for each picture."""

    images: np.ndarray  # [n, 1, 28, 28]
    features: np.ndarray  # [n, 512], what the network's last layer is given
    scores: np.ndarray  # [n, 10]
    labels: np.ndarray | None = None

    @property
    def likeliest(self) -> np.ndarray:
        return self.scores.argmax(axis=1)


class Ways:
    """Each gives a number to every picture, the higher the more it is like a digit: [n]."""

    def __init__(self, model: paddle.nn.Layer, known: Seen) -> None:
        self.model, self.known = model, known
        means = np.stack([known.features[known.labels == c].mean(axis=0) for c in range(10)])
        rest = known.features - means[known.labels]
        spread = rest.T @ rest / len(rest)
        spread += 0.1 * np.trace(spread) / len(spread) * np.eye(len(spread))
        self.means, self.precision = means, np.linalg.inv(spread)

    def largest_probability(self, seen: Seen) -> np.ndarray:
        return softmax(seen.scores).max(axis=1)

    def largest_score(self, seen: Seen) -> np.ndarray:
        return seen.scores.max(axis=1)

    def energy(self, seen: Seen) -> np.ndarray:
        """Liu and others, "Energy-based out-of-distribution detection", NeurIPS 2020."""
        return np.log(np.exp(seen.scores.astype(np.float64)).sum(axis=1))

    def distance_to_the_class(self, seen: Seen) -> np.ndarray:
        """Of Mahalanobis: Lee and others, "A simple unified framework …", NeurIPS 2018."""
        away = seen.features - self.means[seen.likeliest]
        return -np.einsum("ij,jk,ik->i", away, self.precision, away, optimize=True)

    def nearest_digits(self, seen: Seen, k: int = 5) -> np.ndarray:
        """Sun and others, "OOD detection with deep nearest neighbors", ICML 2022."""
        known, new = (
            f / np.linalg.norm(f, axis=1, keepdims=True)
            for f in (self.known.features, seen.features)
        )
        return np.concatenate(
            [np.partition(part @ known.T, -k, axis=1)[:, -k] for part in np.array_split(new, 20)]
        )

    def eight_moved_copies(self, seen: Seen) -> np.ndarray:
        """The likeliest class of the mean over copies: whether the answer bears a small change."""
        moves = np.array([[a, b, c, 0] for a in (0.1, 0.9) for b in (0.2, 0.8) for c in (0.2, 0.8)])
        mean = 0.0
        for u in moves:
            copies = moved(seen.images, np.tile(u, (len(seen.images), 1)), 1.5, 10)
            mean = mean + softmax(outputs(self.model, copies)[1]) / len(moves)
        return np.max(mean, axis=1)

    def doorkeeper(self, seen: Seen) -> np.ndarray:
        return liking(seen)


TRIED: dict[str, Callable[[Ways, Seen], np.ndarray]] = {
    "the largest probability": Ways.largest_probability,
    "the largest score": Ways.largest_score,
    "energy of the scores": Ways.energy,
    "distance of the features to their class": Ways.distance_to_the_class,
    "the nearest training digits, by features": Ways.nearest_digits,
    "the mean of eight moved copies": Ways.eight_moved_copies,
    "the doorkeeper": Ways.doorkeeper,
}


def liking(seen: Seen) -> np.ndarray:
    """The doorkeeper's score, for many pictures."""
    return np.concatenate([like_a_digit(part) for part in np.array_split(seen.images, 20)])


def outputs(model: paddle.nn.Layer, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features [n, 512] and scores [n, 10]."""
    found = []
    with paddle.no_grad():
        for start in range(0, len(images), 500):
            batch = paddle.to_tensor(images[start : start + 500])
            features = model.body(batch.flatten(2).transpose([0, 2, 1]))
            found.append((features.numpy(), model.head(features).numpy()))
    features, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return features, scores


def look(model: paddle.nn.Layer, images: np.ndarray, labels: np.ndarray | None = None) -> Seen:
    return Seen(images, *outputs(model, images), labels)


def prepared(kind: str, half: str, digits: Digits) -> np.ndarray:
    """Pictures of a kind as `load_image` gives them, without those that it refuses itself."""
    found = [np.zeros((0, 1, 28, 28), np.float32)]
    for picture in rubbish(kind, MANY, half, SEED, digits.images):
        try:
            found.append(from_picture(Image.fromarray(picture)))
        except PictureError:  # blank: no model is asked
            continue
    return np.concatenate(found)


def share(answered: np.ndarray) -> float:
    """Of all that were drawn: those without ink have not been answered, either."""
    return round(float(answered.sum()) / MANY, 4)


def answers(seen: Seen, least: float, likeness: float | None) -> np.ndarray:
    """Which pictures are answered: bool [n]. Without `likeness`, by the probability alone."""
    sure = softmax(seen.scores).max(axis=1) >= least
    if likeness is None:
        return sure
    one = np.array([how_many(image > INK) == 1 for image in seen.images[:, 0]], bool)
    return sure & one & (liking(seen) >= likeness)


def main(weights: str) -> None:
    model = far.network()
    load_weights(model, weights)
    model.eval()
    splits = {name: load(name, quiet=True) for name in ("train", "valid", "test")}
    seen = {
        name: look(model, to_floats(split.images[:KNOWN]), split.labels[:KNOWN])
        for name, split in splits.items()
    }
    for kind in KINDS:
        images = prepared(kind, "exam", splits["test"])
        if len(images):
            seen[kind] = look(model, images)
    found = {
        "limits": {"probability": LEAST, "likeness": LIKENESS},
        "pictures of each kind": MANY,
        "wrong answers": int((seen["test"].likeliest != seen["test"].labels).sum()),
        "ways": ways_tried(Ways(model, seen["train"]), seen),
        "trade": {
            CURVES[0]: [traded(seen, least, None) for least in LIMITS],
            CURVES[1]: [traded(seen, LEAST, like) for like in LIKENESSES],
        },
        "chosen": traded(seen, LEAST, LIKENESS),
    }
    with replacing(STORED) as file:
        file.write((json.dumps(found, indent=1) + "\n").encode())
    _show(found)


def ways_tried(ways: Ways, seen: dict[str, Seen]) -> dict[str, dict[str, float]]:
    """Each at a limit that refuses PRICE of the validation digits."""
    found = {}
    for name, way in TRIED.items():
        limit = np.quantile(way(ways, seen["valid"]), PRICE)
        refused = (way(ways, seen["test"]) < limit).mean()
        found[name] = {"test digits refused": round(float(refused), 4)} | {
            kind: share(way(ways, seen[kind]) >= limit) if kind in seen else 0.0 for kind in KINDS
        }
    return found


def traded(seen: dict[str, Seen], least: float, likeness: float | None) -> dict[str, float]:
    """What is refused of the digits, what is answered of the rubbish."""
    row = {"limit": least if likeness is None else likeness}
    for name in ("valid", "test"):
        answered = answers(seen[name], least, likeness)
        row[f"{name} digits refused"] = round(1 - float(answered.mean()), 4)
        wrong = seen[name].likeliest != seen[name].labels
        row[f"{name} wrong answers"] = int((wrong & answered).sum())
    for kind in KINDS:
        row[kind] = share(answers(seen[kind], least, likeness)) if kind in seen else 0.0
    return row


def _show(found: dict) -> None:
    for title in ("ways", "trade"):
        rows = found[title]
        if title == "ways":
            rows = [{"way": name, **row} for name, row in rows.items()]
            print(show.table(list(rows[0]), [list(row.values()) for row in rows]).data, "\n")
            continue
        for name, part in rows.items():
            print(name)
            print(show.table(list(part[0]), [list(row.values()) for row in part]).data, "\n")
    print("chosen:", found["chosen"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.refusing WEIGHTS.pdparams")
    main(sys.argv[1])
