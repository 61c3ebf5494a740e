"""What it costs to give no answer, and what it saves: ``python -m benchmarks.refusing WEIGHTS``.

WEIGHTS are those of a far network that has not been trained on the validation digits, from
``python -m mnist_helpers far --output DIR``. Writes ``book/bench/refusing.json``, which the page
"Deployment" reads, and prints the ways that were tried. A limit is always chosen on validation
digits; what it costs is counted on test digits, what it saves on the exam's rubbish: other scripts,
fonts, symbols and scribbles than those from which the doorkeeper has learned.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import paddle
from PIL import Image

from mnist_helpers.data import Digits, load, load_counted, to_floats
from mnist_helpers.data.augment import moved
from mnist_helpers.data.pictures.counting import how_many
from mnist_helpers.data.pictures.rubbish import KINDS, rubbish
from mnist_helpers.deployment.doorkeeper import like_a_digit
from mnist_helpers.deployment.judging import INK, LEAST, LIKENESS
from mnist_helpers.errors import NoDigitError
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
    shown: np.ndarray | None = None  # [n], how many digits each picture shows, where that is known

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


@cache  # a Seen is compared by its identity
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


def look(model: paddle.nn.Layer, digits: Digits) -> Seen:
    images = to_floats(digits.images)
    return Seen(images, *outputs(model, images), labels=digits.labels)


def look_at_rubbish(model: paddle.nn.Layer, kind: str, digits: Digits) -> Seen | None:
    """Pictures of a kind, as `predict` reads them; without those in which it finds nothing."""
    images, shown = [], []
    for picture in rubbish(kind, MANY, "exam", SEED, digits.images):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        try:
            image, n = load_counted(file)
        except NoDigitError:
            continue
        images.append(image)
        shown.append(n)
    if not images:
        return None
    joined = np.concatenate(images)
    return Seen(joined, *outputs(model, joined), shown=np.array(shown))


def share(answered: np.ndarray) -> float:
    """Of all that were drawn: those in which nothing was found have not been answered, either."""
    return round(float(answered.sum()) / MANY, 4)


def answers(seen: Seen, least: float, likeness: float | None) -> np.ndarray:
    """Which pictures are answered: bool [n]. Without `likeness`, by the probability alone."""
    sure = softmax(seen.scores).max(axis=1) >= least
    if likeness is None:
        return sure
    return sure & alone(seen) & (liking(seen) >= likeness)


@cache
def alone(seen: Seen) -> np.ndarray:
    """Which pictures show one digit, as far as it can be counted: bool [n]."""
    one = np.array([how_many(image > INK) == 1 for image in seen.images[:, 0]], bool)
    return one if seen.shown is None else one & (seen.shown == 1)


def main(weights: str) -> None:
    model = far.network()
    load_weights(model, weights)
    model.eval()
    splits = {name: load(name, quiet=True) for name in ("train", "valid", "test")}
    seen = {name: look(model, split[:KNOWN]) for name, split in splits.items()}
    for kind in KINDS:
        looked = look_at_rubbish(model, kind, splits["test"])
        if looked is not None:
            seen[kind] = looked
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
