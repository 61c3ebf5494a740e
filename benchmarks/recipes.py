"""The book's recipes against the course's, and against PyTorch where there is one.

PyTorch is optional: a Python that has it is named in ``TORCH_PYTHON``, or it is installed beside
Paddle. Each way runs in a fresh Python, several times, in turn with the others.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_helpers.data import SPLITS, load, write_course_json
from mnist_helpers.processes import child
from mnist_helpers.runtime import KEEP_MEMORY, MKL_ON_AMD, THREADS, usable_cores

HERE = Path(__file__).parent
STEPS, UNCOUNTED, ROUNDS = 70, 10, 3
MOST_EPOCHS = 10  # the course trains ten

# The steps of a recipe of ours: the time between one call of the observer and the next
OURS = """
import json, time
from mnist_helpers import far, fast, losses, models
from mnist_helpers.data import load
from mnist_helpers.observers import Observer
from mnist_helpers.training import fit
import paddle

class Clock(Observer):
    def on_step(self, model, history):
        times.append(time.perf_counter())

def course(digits, seed, valid=None, observers=()):
    paddle.seed(seed)
    model = models.ConvNet()
    adam = paddle.optimizer.Adam(0.001, parameters=model.parameters())
    return fit(model, digits, loss=losses.cross_entropy, optimizer=adam, seed=seed, valid=valid,
               observers=observers)

def steps(train, batch):
    far.EPOCHS = 1
    train(digits[: batch * {steps}], 0, observers=[Clock()])
    return {{"steps": [b - a for a, b in zip(times, times[1:{steps}])]}}

def whole(train, seed):
    _, history = train(digits, seed, load("valid", quiet=True))
    return {{"seconds": history.seconds, "accuracies": [history.accuracy]}}

times, digits = [], load("train", quiet=True)
print(json.dumps({call}))
"""


@dataclass(frozen=True)
class Way:
    """name: in the table. command: what to run, without its last arguments. batch: digits a step.
    threads: "" as it comes. steps, train: the last arguments for the one and the other."""

    name: str
    command: tuple[str, ...]
    batch: int
    threads: str
    steps: str
    train: str = ""

    def run(self, *last: str) -> dict:
        """What the program prints, as JSON."""
        names = (THREADS, MKL_ON_AMD, KEEP_MEMORY)
        env = {name: value for name, value in os.environ.items() if name not in names}
        if self.threads:
            env[THREADS] = self.threads
        with tempfile.TemporaryFile() as output:
            with child([*self.command, *last], output, env) as process:
                code = process.wait()
            output.seek(0)
            said = output.read().decode(errors="replace")
        if code:
            raise RuntimeError(f"{self.name}: {said.strip()[-2000:]}")
        return json.loads(said.splitlines()[-1])


COURSE = "the course's recipe"
FAST = "the fast recipe"


def ways(folder: Path) -> list[Way]:
    """All that can run here, the course's recipe first; their data is written into `folder`."""
    splits = {name: load(name, quiet=True) for name in SPLITS}
    write_course_json(folder / "mnist.json.gz", splits)
    course = (sys.executable, str(HERE / "course_recipe.py"), str(folder / "mnist.json.gz"))
    found = [Way(f"{COURSE}, Paddle as it comes", course, 100, "", str(STEPS))]
    python = (sys.executable, "-c")
    for name, what, batch, threads in (
        ("the same network with this book's `fit`", "course", 100, "1"),
        ("the same, 2 threads", "course", 100, "2"),
        (FAST, "fast.train", 50, "1"),
        (f"{FAST}, 2 threads", "fast.train", 50, "2"),
        ("the far recipe", "far.train", 100, "1"),
        ("the far recipe, 2 threads", "far.train", 100, "2"),
    ):
        if int(threads) > usable_cores():
            continue
        steps = OURS.format(steps=STEPS, call=f"steps({what}, {batch})")
        train = OURS.format(steps=STEPS, call=f"whole({what}, SEED)")
        found.append(Way(name, python, batch, threads, steps, train))
    return found + _pytorch(folder, splits)


def _pytorch(folder: Path, splits) -> list[Way]:
    torch = os.environ.get("TORCH_PYTHON", sys.executable)
    asked = [torch, "-c", "import torch; print(torch.__version__.split('+')[0])"]
    answer = subprocess.run(asked, capture_output=True, text=True)
    if answer.returncode:
        return []
    version = answer.stdout.strip()
    arrays = {f"{name}_{what}": getattr(digits, what) for name, digits in splits.items()
              for what in ("images", "labels")}  # fmt: skip
    np.savez(folder / "digits.npz", **arrays)
    command = (torch, str(HERE / "pytorch_recipes.py"), str(folder / "digits.npz"))
    found = []
    for name, what, batch in ((COURSE, "course", 100), (FAST, "fast", 50)):
        for threads in sorted({1, usable_cores()}):
            title = f"{name} in PyTorch {version}, {threads} thread" + "s" * (threads > 1)
            found.append(Way(title, (*command, what), batch, str(threads), str(STEPS), "train"))
    return found


def tables():
    with tempfile.TemporaryDirectory() as folder:
        every = ways(Path(folder))
        yield _steps(every)
        yield _trainings(every)


def _steps(every: list[Way]):
    found = {way: [] for way in every}
    for _ in range(ROUNDS):
        for way in every:
            found[way] += way.run(way.steps)["steps"][UNCOUNTED:]
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
    header = (
        "recipe", "batch", "a step, ms: median", "its middle half", "50,000 digits, s",
        "times as fast",
    )  # fmt: skip
    return f"a step of training, data included ({ROUNDS} runs each)", header, rows


def _trainings(every: list[Way]):
    """Whole trainings: the course's until 99 % (or its ten epochs), the fast ones' three seeds."""
    course = every[0].run("train", str(MOST_EPOCHS))
    base = course["seconds"]
    rows = [
        _row(every[0].name, len(course["accuracies"]), [course["accuracies"][-1]], [base], base)
    ]
    for way in every:
        if not way.name.startswith(FAST):
            continue
        runs = []
        for seed in range(ROUNDS):
            if way.command[-1] == "-c":
                runs.append(way.run(way.train.replace("SEED", str(seed))))
            else:
                runs.append(way.run(way.train, str(seed)))
        accuracies = [run["accuracies"][-1] for run in runs]
        rows.append(_row(way.name, 1, accuracies, [run["seconds"] for run in runs], base))
    header = ("recipe", "epochs", "accuracy, %", "training, s", "times as fast")
    return (
        f"towards 99 % on validation (the course's until then, {MOST_EPOCHS} epochs at most; the "
        f"others {ROUNDS} seeds)",
        header,
        rows,
    )


def _row(name, epochs, accuracies, seconds, base):
    median = statistics.median(seconds)
    return (
        name, str(epochs), _span([100 * a for a in accuracies], ".2f"), _span(seconds, ".1f"),
        f"{base / median:.1f}",
    )  # fmt: skip


def _span(numbers, form: str) -> str:
    """The median, and the lowest and highest where there are several."""
    median = format(statistics.median(numbers), form)
    if len(numbers) == 1:
        return median
    return f"{median} ({min(numbers):{form}} to {max(numbers):{form}})"
