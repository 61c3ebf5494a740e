"""The book's recipes against the course's, and against PyTorch where there is one.

PyTorch is optional: a Python that has it is named in ``TORCH_PYTHON``, or it is installed beside
Paddle. Each way runs in a fresh Python, several times, in turn with the others.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.fresh import fresh
from mnist_helpers.data import SPLITS, write_course_json
from mnist_helpers.data.splits import load
from mnist_helpers.system.runtime import usable_cores

HERE = Path(__file__).parent
STEPS, UNCOUNTED, ROUNDS = 70, 10, 3
MOST_EPOCHS = 10  # the course trains ten
GOAL = 0.99

COURSE = "the course's recipe"
FAST = "the fast recipe"

# Multiplications and additions of a step of the course's network, 100 digits: both convolutions and
# the linear layer, forward and two products backward (the first one needs no gradient of images)
PER_DIGIT = {"conv": 28**2 * 25 * 20, "conv again": 14**2 * 500 * 20, "linear": 980 * 10}
ARITHMETIC = 100 * 2 * (3 * sum(PER_DIGIT.values()) - PER_DIGIT["conv"])
PRODUCT = """
import json, time
import mnist_helpers
import paddle
a, times = paddle.rand([1024, 1024]), []
for _ in range(30):
    start = time.perf_counter()
    a @ a
    times.append(time.perf_counter() - start)
print(json.dumps(2 * 1024**3 / sorted(times)[len(times) // 2]))
"""

# glibc's names for what mnist_helpers.system.runtime.keep_memory sets
KEPT_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
}


@dataclass(frozen=True)
class Way:
    """name: in the table. program: a file and its first arguments; after them comes a number of
    steps, or ``train`` and a number. batch: digits a step. threads: None as it comes. python: what
    runs it. settings: its environment's."""

    name: str
    program: tuple[str, ...]
    batch: int
    threads: int | None = None
    python: str = sys.executable
    settings: tuple[tuple[str, str], ...] = ()

    def run(self, *last: int | str) -> dict:
        """What the program prints, as JSON."""
        arguments = [*self.program, *map(str, last)]
        settings = dict(self.settings)
        return fresh(*arguments, threads=self.threads, python=self.python, **settings)


def ways(folder: Path) -> list[Way]:
    """All that can run here, the course's recipe first; their data are those of `write`."""
    course = (str(HERE / "course_recipe.py"), str(folder / "mnist.json.gz"))
    ours = str(HERE / "our_recipes.py")
    found = [Way(f"{COURSE}, Paddle as it comes", course, 100)]
    for name, two, what, batch in (
        ("the same network with this book's `fit`", "the same, 2 threads", "course", 100),
        (FAST, f"{FAST}, 2 threads", "fast", 50),
        ("the far recipe", "the far recipe, 2 threads", "far", 100),
    ):
        found.append(Way(name, (ours, what), batch, 1))
        if usable_cores() > 1:
            found.append(Way(two, (ours, what), batch, 2))
    return found + _pytorch(folder)


def _pytorch(folder: Path) -> list[Way]:
    torch = os.environ.get("TORCH_PYTHON", sys.executable)
    asked = [torch, "-c", "import torch; print(torch.__version__.split('+')[0])"]
    answer = subprocess.run(asked, capture_output=True, text=True)
    if answer.returncode:
        return []
    version = answer.stdout.strip()
    program = (str(HERE / "pytorch_recipes.py"), str(folder / "digits.npz"))
    found = []
    for name, what, batch in ((COURSE, "course", 100), (FAST, "fast", 50)):
        for form, suffix, settings in (
            ("", "", ()),
            (", tuned", "-tuned", tuple(KEPT_MEMORY.items())),
        ):
            for threads in sorted({1, usable_cores()}):
                title = f"{name} in PyTorch {version}{form}, {threads} thread"
                title += "s" * (threads > 1)
                program_of = (*program, what + suffix)
                found.append(Way(title, program_of, batch, threads, torch, settings))
    return found


def write(folder: Path) -> None:
    """The digits, as the course's recipe and PyTorch's read them."""
    splits = {name: load(name, quiet=True) for name in SPLITS}
    write_course_json(folder / "mnist.json.gz", splits)
    arrays = {
        f"{name}_{what}": getattr(splits[name], what)
        for name in ("train", "valid")
        for what in ("images", "labels")
    }
    np.savez(folder / "digits.npz", **arrays)


def tables():
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        every = ways(Path(folder))
        yield _steps(every)
        yield _trainings(every)


def _steps(every: list[Way]):
    found = {way: [] for way in every}
    for _ in range(ROUNDS):
        for way in every:
            found[way] += way.run(STEPS)["steps"][UNCOUNTED:]
    return _table_of_steps(found)


def _table_of_steps(found: dict[Way, list[float]]):
    rows, base = [], None
    for way, seconds in found.items():
        low, median, high = statistics.quantiles(seconds, n=4)
        epoch = 50_000 / way.batch * median
        base = base or epoch
        rows.append(
            (
                way.name,
                str(way.batch),
                f"{1e3 * median:.1f}",
                f"{1e3 * low:.1f} to {1e3 * high:.1f}",
                f"{epoch:.1f}",
                f"{base / epoch:.1f}",
            )
        )
    for threads in sorted({1, usable_cores()}):
        step = ARITHMETIC / fresh("-c", PRODUCT, threads=threads)
        title = f"the arithmetic of the course's network alone, {threads} thread"
        title += "s" * (threads > 1)
        epoch = 500 * step
        rows.append((title, "100", f"{1e3 * step:.1f}", "", f"{epoch:.1f}", f"{base / epoch:.1f}"))
    header = (
        "recipe", "batch", "a step, ms: median", "its middle half", "50,000 digits, s",
        "times as fast",
    )  # fmt: skip
    return f"a step of training, data included ({ROUNDS} runs each)", header, rows


def _trainings(every: list[Way]):
    """Whole trainings: the course's until 99 % (or its ten epochs), the fast ones' three seeds.

    If the course's does not get there, the others are "more than" so many times as fast.
    """
    course = every[0].run("train", MOST_EPOCHS)
    base, accuracies = course["seconds"], course["accuracies"]
    rows = [(*_row(every[0].name, len(accuracies), accuracies[-1:], [base], base)[:-1], "1")]
    more = "> " * (accuracies[-1] < GOAL)
    for way in every:
        if not way.name.startswith(FAST):
            continue
        runs = [way.run("train", seed) for seed in range(ROUNDS)]
        accuracies = [run["accuracies"][-1] for run in runs]
        rows.append(_row(way.name, 1, accuracies, [run["seconds"] for run in runs], base, more))
    header = ("recipe", "epochs", "accuracy, %", "training, s", "times as fast")
    return (
        f"towards 99 % on validation (the course's until then, {MOST_EPOCHS} epochs at most; the "
        f"others {ROUNDS} seeds)",
        header,
        rows,
    )


def _row(name, epochs, accuracies, seconds, base, more=""):
    median = statistics.median(seconds)
    return (
        name, str(epochs), _span([100 * a for a in accuracies], ".2f"), _span(seconds, ".1f"),
        f"{more}{int(base / median)}",
    )  # fmt: skip


def _span(numbers, form: str) -> str:
    """The median, and the lowest and highest where there are several."""
    median = format(statistics.median(numbers), form)
    if len(numbers) == 1:
        return median
    return f"{median} ({min(numbers):{form}} to {max(numbers):{form}})"
