"""The fast recipe: its pieces, the log of what they are worth, and the program in one file."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from benchmarks import pieces as experiment
from mnist_helpers.data import paddle_files
from mnist_helpers.models.networks import Linear
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.recipes import fast
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import sample_digits

LOG = json.loads((fast.RUNS / "pieces.json").read_text())
PLAIN = fast.Pieces(Linear, 100, 0.001, False, 0.999, cross_entropy, None)


@pytest.fixture
def few(monkeypatch):
    """A few digits, each seen twice."""
    monkeypatch.setattr(fast, "epochs_like", lambda n, digits: 2)
    return sample_digits(200)


def test_each_piece_changes_the_training(few):
    results = {fingerprint(fast.train(few, 3, pieces=PLAIN)[0])}
    for field in fields(fast.Pieces):
        value = getattr(fast.Pieces(), field.name)
        model, _ = fast.train(few, 3, pieces=replace(PLAIN, **{field.name: value}))
        results.add(fingerprint(model))
    assert len(results) == 1 + len(fields(fast.Pieces))


def test_the_rate_rises_and_falls_or_stays(few):
    _, history = fast.train(few)
    assert max(history.rates) == pytest.approx(fast.RATE, rel=0.2)
    assert history.rates[-1] < fast.RATE / 10
    _, history = fast.train(few, pieces=replace(fast.Pieces(), one_cycle=False))
    assert set(history.rates) == {fast.RATE}


# ---- the log


@pytest.mark.parametrize("series", experiment.ROWS)
def test_the_log_has_all_rows_with_their_seeds(series):
    rows = experiment.ROWS[series]
    assert list(LOG[series]) == list(rows)
    for name, pieces in rows.items():
        seeds = experiment.FEW if pieces.network is experiment.ConvNet else experiment.SEEDS
        assert len(LOG[series][name]["accuracies"]) == seeds >= 5
        assert len(LOG[series][name]["seconds"]) == seeds


def test_all_rows_of_a_series_differ_in_what_their_names_say():
    assert experiment.LEFT_OUT["nothing"] == fast.Pieces()
    for name, pieces in experiment.LEFT_OUT.items():
        changed = {f.name for f in fields(pieces) if getattr(pieces, f.name) !=
                   getattr(fast.Pieces(), f.name)}  # fmt: skip
        assert len(changed - {"rate"}) == (name not in ("nothing", "the high rate")), name
    last = list(experiment.STAIRS.values())[-1]
    assert replace(last, loss=fast.Pieces().loss, augment=fast.ONE_PIXEL) == fast.Pieces()


# ---- the program in one file

ALONE = """
import importlib.util, runpy, sys
sys.modules["mnist_helpers"] = None  # an import of it fails
try:
    import mnist_helpers
except ImportError:
    sys.argv = ["fast_digits.py", *sys.argv[1:]]
    runpy.run_path("fast_digits.py", run_name="__main__")
"""


def accuracy_alone(tmp_path, *arguments):
    """On validation, of the program in an otherwise empty folder, without the library."""
    folder = tmp_path / "empty"
    folder.mkdir()
    shutil.copy(fast.PROGRAM, folder)
    drop = (
        "PYTHONPATH",
        "MNIST_DIR",
        "MNIST_SOURCE",
        "OMP_NUM_THREADS",
        "MKL_DEBUG_CPU_TYPE",
        "MNIST_KEEP_MEMORY",
    )  # as a reader starts it, without what the library has set
    run = subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, arguments)], cwd=folder, text=True, timeout=300,
        env={k: v for k, v in os.environ.items() if k not in drop}, capture_output=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert sorted(p.name for p in folder.iterdir()) == ["fast_digits.py"]
    return float(re.search(r"accuracy on validation: ([01]\.\d+)", run.stdout)[1])


def test_the_program_needs_nothing_but_paddle_and_numpy():
    text = fast.PROGRAM.read_text(encoding="utf-8")
    imported = re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)
    assert set(imported) == {"argparse", "os", "time", "numpy", "paddle"}
    code = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(code) < 80
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("told", "chosen"),
    [
        ("vendor_id : AuthenticAMD", "5"),
        ("vendor_id : GenuineIntel", None),
    ],
)
def test_the_program_sets_mkl_s_path_on_amd_only(told, chosen, monkeypatch):
    lines = fast.PROGRAM.read_text(encoding="utf-8").split("import numpy")[0]
    monkeypatch.delenv("MKL_DEBUG_CPU_TYPE", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("builtins.open", lambda path: io.StringIO(told))
    monkeypatch.setattr("os.path.exists", lambda path: True)
    exec(lines, {})
    found = os.environ.pop("MKL_DEBUG_CPU_TYPE", None)
    assert found == chosen


def test_the_program_learns_the_built_in_sample(tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    folder = Path(paddle_files("train", tmp_path / "digits")["image_path"]).parent
    assert accuracy_alone(tmp_path, "--folder", folder, "--epochs", 20) > 0.97
