"""The book's recipes against the course's, and against PyTorch where there is one.

PyTorch is optional: a Python that has it is named in ``TORCH_PYTHON``, or it is installed beside
Paddle. Each way runs in a fresh Python, several times, in turn with the others.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.fresh import fresh
from benchmarks.words import in_threads, numbers_in
from mnist_helpers.data import SPLITS, write_course_json
from mnist_helpers.data.splits import load
from mnist_helpers.system.runtime import usable_cores

HERE = Path(__file__).parent
STEPS, UNCOUNTED, ROUNDS = 70, 10, 3
MOST_EPOCHS = 10  # the course trains ten
FIRST = 20  # steps of a training, in which it gets going
GOAL = 0.99

COURSE = "the course's recipe"
FAST = "the fast recipe"
FAR = "the far recipe"
OURS = "the course's network with this book's `fit`"
LIMIT = "limit: the arithmetic of the course's network"

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
    for name, what, batch in ((OURS, "course", 100), (FAST, "fast", 50), (FAR, "far", 100)):
        found.append(Way(name, (ours, what), batch, 1))
        if usable_cores() > 1:
            found.append(Way(f"{name}, 2 threads", (ours, what), batch, 2))
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
                title = f"{name} in PyTorch {version}{form}, {in_threads(threads)}"
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
        steps = _steps(every)
        yield steps
        runs = _trained(every)
        trainings = _trainings(runs)
        yield trainings
        yield from derived(steps[2], trainings[2])
        yield _where_the_seconds_go(runs)


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
        title = f"{LIMIT}, {in_threads(threads)}"
        epoch = 500 * step
        rows.append((title, "100", f"{1e3 * step:.1f}", "", f"{epoch:.1f}", f"{base / epoch:.1f}"))
    header = (
        "recipe", "batch", "a step, ms: median", "its middle half", "50,000 digits, s",
        "times as fast",
    )  # fmt: skip
    return f"a step of training, data included ({ROUNDS} runs each)", header, rows


def _trained(every: list[Way]) -> dict[str, list[dict]]:
    """Whole trainings, three seeds each: the course's, for ten epochs at most, and the fast ones.

    Name → what each run has printed.
    """
    first, *others = every
    runs = {first.name: [first.run("train", MOST_EPOCHS, seed) for seed in range(ROUNDS)]}
    for way in others:
        if way.name.startswith(FAST):
            runs[way.name] = [way.run("train", seed) for seed in range(ROUNDS)]
    return runs


def _trainings(runs: dict[str, list[dict]]):
    """How many times as fast is "about": two digits, of the median of three runs over another."""
    (name, course), *fast = runs.items()
    base = statistics.median(run["seconds"] for run in course)
    epochs = sorted({len(run["accuracies"]) for run in course})
    accuracies = [run["accuracies"][-1] for run in course]
    title = " to ".join(map(str, [epochs[0], *epochs[1:][-1:]]))
    first = _row(name, title, accuracies, [run["seconds"] for run in course], base)
    rows = [(*first[:-1], "1")]
    for name, found in fast:
        accuracies = [run["accuracies"][-1] for run in found]
        rows.append(_row(name, "1", accuracies, [run["seconds"] for run in found], base))
    header = ("recipe", "epochs", "accuracy, %", "training, s", "times as fast")
    return (
        f"towards 99 % on validation (the course's until then, {MOST_EPOCHS} epochs at most; "
        f"{ROUNDS} seeds each)",
        header,
        rows,
    )


def _where_the_seconds_go(runs: dict[str, list[dict]]):
    """A training is more than its steps at their median: first ones, slow ones, what is between.

    Of each column the median of the seeds, so that a row need not add up.
    """
    rows = []
    for name, found in runs.items():
        if not name.startswith(FAST):
            continue
        parts = []
        for run in found:
            first, rest = run["steps"][:FIRST], run["steps"][FIRST:]
            between = run["seconds"] - sum(run["steps"])
            middle = statistics.median(rest)
            parts.append((sum(first), 1e3 * middle, sum(rest) - len(rest) * middle, between))
        first, middle, slow, between = map(statistics.median, zip(*parts, strict=True))
        rows.append((name, f"{first:.2f}", f"{middle:.2f}", f"{slow:.2f}", f"{between:.2f}"))
    header = (
        "recipe", f"first {FIRST} steps, s", "the others: median, ms",
        "what they take beyond it, s", "outside of steps, s",
    )  # fmt: skip
    return "where the seconds of the fast recipe's training go (medians of its seeds)", header, rows


def derived(steps, trainings):
    """What the rows of the two measured tables say together: two tables more.

    Parameters
    ----------
    steps, trainings : list of tuple of str
        Rows as `_table_of_steps` and `_trainings` make them; also those of a stored table.

    Yields
    ------
    tuple
        Title, header and rows: what the recipe and the library gain each; this book against
        PyTorch.
    """
    epochs = {row[0]: (float(row[4]), float(row[5]), row[3]) for row in steps}
    whole = {row[0]: row for row in trainings}
    yield _factors(epochs, whole)
    yield _against_pytorch(epochs, whole)


def _factors(epochs, whole):
    """The recipe: ten epochs of the course's against one training by the fast one."""
    rows = []
    for fast, row in whole.items():
        if not fast.startswith(FAST):
            continue
        course = fast.replace(FAST, COURSE if "PyTorch" in fast else OURS)
        ten, seconds = MOST_EPOCHS * epochs[course][0], float(row[3].split()[0])
        library = epochs[course][1]
        name = fast.removeprefix(FAST).strip(", ").removeprefix("in ")
        if "PyTorch" not in name:
            name = f"this book, {name or '1 thread'}"
        values = (f"{ten / seconds:.0f}", f"{library:.1f}", f"{ten:.0f}", f"{seconds:.1f}")
        rows.append((name, *values))
    header = (
        "library", "recipe: times as fast", "library: times as fast",
        f"course's recipe, {MOST_EPOCHS} epochs, s", "fast recipe, s",
    )  # fmt: skip
    return "what the recipe gains, and what the library", header, rows


def _against_pytorch(epochs, whole):
    """PyTorch's seconds over this book's: below 1, PyTorch is faster."""
    rows = []
    for what, ours, theirs, table in (
        ("the course's network, steps", OURS, COURSE, epochs),
        ("the fast recipe, steps", FAST, FAST, epochs),
        ("the fast recipe, training", FAST, FAST, whole),
    ):
        for threads in (1, 2):
            mine = ours + ", 2 threads" * (threads == 2)
            ends = {form: f"{form}, {in_threads(threads)}" for form in ("", ", tuned")}
            found = {
                form: table[name]
                for form, end in ends.items()
                for name in table
                if name.startswith(f"{theirs} in PyTorch")
                and name.endswith(end)
                and ("tuned" in name) == bool(form)
            }
            if mine in table and len(found) == len(ends):
                values = (_ratio(table[mine], found[form]) for form in ends)
                rows.append((f"{what}, {in_threads(threads)}", *values))
    title = "pyTorch's seconds over this book's: below 1, PyTorch is faster"
    rows = rows or [("PyTorch was not there", "", "")]  # the page shows this table in any case
    return title, ("what", "PyTorch as it comes", "tuned"), rows


def _ratio(ours, theirs) -> str:
    """Of seconds; with a word where the ranges of both reach into each other."""
    if isinstance(ours[1], float):  # of steps: the finer number is how many times as fast
        ratio = ours[1] / theirs[1]
        ranges = [numbers_in(row[2]) for row in (ours, theirs)]
    else:
        (mine, *my_range), (other, *their_range) = (numbers_in(row[3]) for row in (ours, theirs))
        ratio, ranges = other / mine, [my_range, their_range]
    meet = all(ranges) and max(low for low, _ in ranges) <= min(high for _, high in ranges)
    return f"{ratio:.2f}" + " (their ranges meet)" * meet


def _row(name, epochs, accuracies, seconds, base):
    times = base / statistics.median(seconds)
    rounded = round(times, 1 - math.floor(math.log10(times)))  # to two digits
    return (
        name, epochs, _span([100 * a for a in accuracies], ".2f"), _span(seconds, ".1f"),
        f"about {rounded:.0f}",
    )  # fmt: skip


def _span(numbers, form: str) -> str:
    """The median, and the lowest and highest where there are several."""
    median = format(statistics.median(numbers), form)
    if len(numbers) == 1:
        return median
    return f"{median} ({min(numbers):{form}} to {max(numbers):{form}})"
