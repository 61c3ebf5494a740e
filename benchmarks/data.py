"""Digits into memory, and a shuffled pass over them."""

from __future__ import annotations

import math
import tempfile
from functools import partial
from pathlib import Path

import paddle

from benchmarks.course_recipe import course_generator
from benchmarks.fresh import fresh
from mnist_helpers.data import SPLITS, MnistDataset, batches, to_floats, write_course_json
from mnist_helpers.data.splits import load
from mnist_helpers.system.measure import cost, seconds_for_pass

ROUNDS = 5  # through all the ways; the best pass of each counts

# As in the course: what json.load gives, lists of numbers, goes into the generator
OVER_LISTS = """
import gzip, json, sys
from benchmarks.course_recipe import course_generator
from mnist_helpers.system.measure import seconds_for_pass
with gzip.open(sys.argv[1]) as file:
    images, labels = json.load(file)[0]
once = lambda: course_generator(images, labels, 100)
print(json.dumps(seconds_for_pass(once, int(sys.argv[2]))))
"""


def tables():
    splits = {name: load(name, quiet=True) for name in SPLITS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mnist.json.gz"
        write_course_json(path, splits)
        yield _into_memory(path)
        yield _one_pass(splits["train"], fresh("-c", OVER_LISTS, str(path), str(ROUNDS)))


def _into_memory(path: Path):
    """Each way in a Python of its own: the memory is the rise of its peak."""
    course = cost(f"x = json.load(gzip.open({str(path)!r}))", "import gzip, json")
    rows = cost(
        f"x = read_course_json({str(path)!r})",
        "from mnist_helpers.data import read_course_json",
    )
    setup = "from mnist_helpers.data import SPLITS, find_source, split_of"
    code = "source = find_source(); x = [split_of(source, name) for name in SPLITS]"
    ours = min(cost(code, setup) for _ in range(3))
    ways = [
        ("the course: `json.load` of `mnist.json.gz`", course),
        ("`read_course_json`, the same file", rows),
        ("all three splits from the gz files, checksums included", ours),
    ]
    return (
        "digits into memory",
        ("way", "seconds", "peak memory, MB", "times as fast"),
        [(name, f"{s:.2f}", f"{mb:,.0f}", f"{course[0] / s:.1f}") for name, (s, mb) in ways],
    )


def _one_pass(train, course: float):
    floats = list(to_floats(train.images, flat=True))
    ways = {
        "the same, over arrays": lambda: course_generator(floats, train.labels, 100),
        "`batches`": lambda: batches(train, 100),
    }
    for workers in (0, 1, 2, 4):
        loader = paddle.io.DataLoader(
            MnistDataset(train), batch_size=100, shuffle=True, num_workers=workers
        )
        ways[f"`paddle.io.DataLoader`, {workers} worker{'s' * (workers != 1)}"] = partial(
            iter, loader
        )
    found = {"the course's generator, over its lists of numbers": course}
    for _ in range(ROUNDS):
        for way, make in ways.items():
            found[way] = min(seconds_for_pass(make, 1), found.get(way, math.inf))
    return (
        f"one shuffled pass over {len(train):,} images in batches of 100, no training",
        ("way", "seconds", "times as fast"),
        [(name, f"{seconds:.3f}", f"{course / seconds:.1f}") for name, seconds in found.items()],
    )
