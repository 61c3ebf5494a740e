"""``read``, as a person types it: a sheet composed of the built-in sample's digits."""

import re

import numpy as np
import pytest
from PIL import Image

from mnist_helpers.__main__ import main
from mnist_helpers.data.pictures import compose
from tests.conftest import EXPORTED_FOR, sample_digits


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "sheet.png"
    Image.fromarray(compose(sample_digits(12, 300), seed=2, columns=4).picture).save(path)
    return path


@pytest.mark.parametrize("engine", EXPORTED_FOR)
def test_a_line_for_each_digit_in_reading_order(exported, photo, engine, capsys):
    assert main(["read", "--model", str(exported[1]), "--engine", engine, str(photo)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert len(lines) == 12
    found = [re.fullmatch(r"(\d+),(\d+),(\d+),(\d+)\t(\d)\t([01]\.\d{4})", line) for line in lines]
    boxes = np.array([[int(side) for side in line.groups()[:4]] for line in found])
    sheet = compose(sample_digits(12, 300), seed=2, columns=4)
    assert np.abs(boxes - sheet.boxes).max() <= 5
    right = [int(line[5]) == label for line, label in zip(found, sheet.labels, strict=True)]
    assert sum(right) >= 9


def test_the_picture_shows_what_was_found(exported, photo, tmp_path, capsys):
    model = ["--model", str(exported[1])]
    for name in ("out.png", "out.jpg"):
        assert main(["read", *model, "--picture", str(tmp_path / name), str(photo)]) == 0
        drawn, plain = Image.open(tmp_path / name), Image.open(photo)
        assert (drawn.size, drawn.mode) == (plain.size, "RGB")
        assert (np.asarray(drawn.convert("L")) != np.asarray(plain)).mean() > 0.01
    assert capsys.readouterr().err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jpg", "out.png", "sheet.png"]


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        ("out.txt", "out.txt: a format to write is not in its name: end it in .png or .jpg"),
        ("out", "out: a format to write is not in its name"),
        ("nowhere/out.png", "nowhere/out.png: there is no folder"),
    ],
)
def test_a_picture_that_cannot_be_written_is_said_first(
    exported, photo, tmp_path, capsys, picture, reason
):
    options = ["--model", str(exported[1]), "--picture", str(tmp_path / picture)]
    assert main(["read", *options, str(photo)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert reason in line


def test_what_is_no_sheet_is_one_line(exported, tmp_path, capsys):
    blank = tmp_path / "blank.png"
    Image.new("L", (300, 200), 230).save(blank)
    for path, reason in ((blank, f"{blank}: blank"), (tmp_path / "no.png", "No such file")):
        assert main(["read", "--model", str(exported[1]), str(path)]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        (line,) = err.splitlines()
        assert reason in line


def test_a_regression_is_refused(photo, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    monkeypatch.delenv("MNIST_DIR", raising=False)
    run = str(tmp_path / "run")
    train = ["train", "--model", "mlp", "--loss", "square-error", "--output", run]
    assert main(train) == 0
    capsys.readouterr()
    assert main(["read", "--model", run, str(photo)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {run}: a regression, whose answers have no")
