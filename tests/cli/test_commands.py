"""The commands, as a person types them, on the built-in sample."""

import functools
import json
import re
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

from mnist_helpers.__main__ import main
from mnist_helpers.cli import commands
from mnist_helpers.distributed.workers import Workers
from mnist_helpers.errors import RunError
from mnist_helpers.training.options import TrainOptions
from tests.conftest import ONNX_EXPORT


@pytest.fixture(autouse=True)
def sample(monkeypatch):
    for name in ("MNIST_DIR", "MNIST_MIRRORS", "MNIST_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MNIST_SOURCE", "sample")


def train(folder, *options):
    return main(["train", "--model", "mlp", "--output", str(folder), *options])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of a softmax regression, and what the command printed."""
    folder = tmp_path_factory.mktemp("runs") / "a"
    command = [sys.executable, "-m", "mnist_helpers", "train", "--model", "linear"]
    command += ["--epochs", "20", "--seed", "3", "--learning-rate", "0.01", "--output", str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_SOURCE", "sample")
        patch.delenv("MNIST_DIR", raising=False)
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return folder, run


def test_run_begins_and_then_goes_on(tmp_path, capsys):
    again = ["train", "--run", str(tmp_path / "run"), "--model", "linear", "--other-workers"]
    assert main(again) == 0
    weights = capsys.readouterr().out.splitlines()[-1]
    assert main(again) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == weights
    assert said.err == f"{tmp_path / 'run'}: this run is complete\n"
    assert main([*again, "--epochs", "2"]) == 1
    assert "its run has --epochs 1, not 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--run", "x", "--overwrite"], "--overwrite is for a new run: leave it out, or name"),
        (["--output", "x", "--other-workers"], "--other-workers is for a run that goes on"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(flags, reason, capsys):
    assert main(["train", "--model", "linear", *flags]) == 1
    assert capsys.readouterr().err.startswith(f"error: {reason}")


def test_batches_are_shared_out_to_the_workers_that_are_there(tmp_path):
    options = TrainOptions("mlp", batch_size=50)
    shared_out = functools.partial(commands._shared_out, tmp_path, options)
    assert shared_out(2, 4, True).batch_size == 25
    assert shared_out(2, 1, True).batch_size == 100
    assert shared_out(2, 2, False) is options
    reason = "its batches of 100 digits cannot be shared out evenly to 3 workers"
    with pytest.raises(RunError, match=reason):
        shared_out(2, 3, True)


def test_a_folder_that_not_all_workers_share_is_refused(tmp_path):
    class Two(Workers):
        def gather(self, thing):
            return [thing, None]  # the second sees no run there

    (tmp_path / "options.json").write_text("{}")
    with pytest.raises(RunError, match="worker 1 does not see there the run that worker 0 sees"):
        commands._check_all_see(tmp_path, Two())
    commands._check_all_see(tmp_path, Workers())


@pytest.fixture
def pictures(tmp_path):
    """Two drawn digits, 0 and 1."""
    zero, one = (Image.new("L", (100, 100), 255) for _ in range(2))
    ImageDraw.Draw(zero).ellipse((30, 15, 70, 85), width=10, outline=0)
    ImageDraw.Draw(one).line((52, 12, 48, 88), width=10, fill=0)
    zero.save(tmp_path / "zero.png")
    one.save(tmp_path / "one.jpg")
    return [str(tmp_path / "zero.png"), str(tmp_path / "one.jpg")]


def test_training_ends_with_accuracy_and_weights(trained):
    _, run = trained
    assert run.stderr == ""  # no bar: nobody watches
    accuracy, weights = run.stdout.splitlines()[-2:]
    assert re.fullmatch(r"accuracy 0\.\d{4}", accuracy)
    assert re.fullmatch(r"weights [0-9a-f]{64}", weights)
    assert float(accuracy.split()[1]) > 0.85


def test_what_it_writes_says_how_it_was_made(trained):
    folder, run = trained
    facts = json.loads((folder / "run.json").read_text())
    assert (facts["model"], facts["epochs"], facts["seed"]) == ("linear", 20, 3)
    assert f"accuracy {facts['accuracy']:.4f}" in run.stdout
    assert f"weights {facts['weights']}" in run.stdout
    assert "sample" in facts["data"]


def test_one_seed_gives_the_same_weights_and_another_others(tmp_path, capsys):
    lines = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert train(tmp_path / name, "--seed", seed) == 0
        lines.append(capsys.readouterr().out.splitlines()[-1])
    assert lines[0] == lines[1] != lines[2]


def test_evaluation_agrees_with_training(trained, capsys):
    folder, run = trained
    assert main(["evaluate", str(folder)]) == 0
    loss, accuracy = capsys.readouterr().out.splitlines()[-2:]
    assert accuracy == run.stdout.splitlines()[-2]
    assert f"validation loss {loss.split()[1]}" in run.stdout
    assert main(["evaluate", str(folder), "--split", "test"]) == 0
    assert re.search(r"test: .*\nloss \d\.\d{4}\naccuracy 0\.\d{4}\n$", capsys.readouterr().out)


def test_every_name_is_known_and_trains(tmp_path, capsys):
    for number, options in enumerate(
        [
            ("--optimizer", "sgd", "--schedule", "cosine"),
            ("--optimizer", "momentum", "--schedule", "polynomial"),
            ("--optimizer", "adagrad", "--loss", "square-error"),
            ("--optimizer", "rmsprop", "--batch-size", "50"),
            ("--optimizer", "adamw", "--schedule", "one-cycle"),
        ]
    ):
        assert train(tmp_path / str(number), *options) == 0, capsys.readouterr()


def test_pictures_are_answered_a_line_each(trained, pictures, capsys):
    assert main(["predict", "--model", str(trained[0]), *pictures]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    answers = [line.split("\t") for line in captured.out.splitlines()]
    assert [path for path, _, _ in answers] == pictures
    assert [digit for _, digit, _ in answers] == ["0", "1"]
    for _, _, probability in answers:
        assert re.fullmatch(r"[01]\.\d{4}", probability)
        assert 0.1 < float(probability) <= 1


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """The export of that run, with ONNX where that can be made, and what the command printed."""
    folder = tmp_path_factory.mktemp("exports") / "a"
    command = [sys.executable, "-m", "mnist_helpers", "export", str(trained[0])]
    command += ["--output", str(folder), *(["--onnx"] if ONNX_EXPORT else [])]
    return folder, subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_exporting_prints_the_files(trained, exported):
    folder, run = exported
    assert (run.returncode, run.stderr) == (0, "")
    onnx = ["model.onnx"] if ONNX_EXPORT else []
    names = ("export.json", "model.json", *onnx, "model.pdiparams")
    paths = [folder / name for name in names]
    assert run.stdout.splitlines() == [f"{path}\t{path.stat().st_size}" for path in paths]
    about = json.loads((folder / "export.json").read_text())["about"]
    assert about["weights"] == trained[1].stdout.split()[-1]
    assert "sample" in about["data"]


@pytest.mark.parametrize(
    ("file", "options"),
    [
        (".", ()),
        (".", ("--engine", "native")),
        pytest.param(".", ("--engine", "onnx"), marks=pytest.mark.needs("ONNX export")),
        pytest.param("model.onnx", (), marks=pytest.mark.needs("ONNX export")),
    ],
)
def test_an_export_gives_the_lines_of_its_run(trained, exported, pictures, capsys, file, options):
    assert main(["predict", "--model", str(trained[0]), *pictures]) == 0
    expected = capsys.readouterr()
    path = str(exported[0] / file)
    assert main(["predict", "--model", path, *options, *pictures]) == 0
    assert capsys.readouterr() == expected


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("predict --engine onnx --model {run} x.png", "a run, which has no engine onnx"),
        ("predict --engine tf --model {export} x.png", "no engine 'tf'; known: native, onnx"),
        ("predict --model nowhere.onnx x.png", "nowhere.onnx: no such file"),
        ("predict --model {run}/run.json x.png", "a file; expected the folder of an export"),
        ("export {run} --output {run} --overwrite", "{run}: holds something already"),
        ("export {export} --output out", "{export}: not the folder of a run"),
    ],
)
def test_what_cannot_be_exported_or_asked_is_one_line(trained, exported, capsys, command, named):
    folders = {"run": trained[0], "export": exported[0]}
    assert main(command.format(**folders).split()) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert named.format(**folders) in line


def test_an_export_can_be_replaced(trained, tmp_path, capsys):
    command = ["export", str(trained[0]), "--output", str(tmp_path / "out")]
    assert [main(command), main(command), main([*command, "--overwrite"])] == [0, 1, 0]
    assert "or replace it (overwrite=True, --overwrite)" in capsys.readouterr().err


def test_a_bad_picture_does_not_stop_the_others(trained, pictures, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    missing = str(tmp_path / "missing.png")
    given = [pictures[0], str(bad), missing, pictures[1]]
    assert main(["predict", "--model", str(trained[0]), *given]) == 1
    captured = capsys.readouterr()
    assert [line.split("\t")[0] for line in captured.out.splitlines()] == pictures
    first, second = captured.err.splitlines()
    assert first.startswith(f"error: {bad}: not a picture")
    assert missing in second


def test_what_has_no_answer_is_refused_and_named(trained, pictures, tmp_path, capsys):
    eleven, letter, faint, empty = (Image.new("L", (140, 140), 230) for _ in range(4))
    for x in (45, 95):
        ImageDraw.Draw(eleven).line((x, 25, x, 115), width=10, fill=20)
    zigzag = [(20, 110), (35, 30), (50, 110), (65, 30), (80, 110), (95, 30), (110, 110)]
    ImageDraw.Draw(letter).line(zigzag, width=9, fill=20, joint="curve")
    ImageDraw.Draw(faint).line((70, 25, 70, 115), width=10, fill=226)
    odd = []
    for name, picture in (("11", eleven), ("saw", letter), ("faint", faint), ("empty", empty)):
        odd.append(str(tmp_path / f"{name}.png"))
        picture.save(odd[-1])
    command = ["predict", "--model", str(trained[0]), *odd, pictures[0]]
    assert main(command) == 1
    captured = capsys.readouterr()
    assert [line.split("\t")[:2] for line in captured.out.splitlines()] == [[pictures[0], "0"]]
    lines = captured.err.splitlines()
    said = ("more than one: 2 digits", "no digit: it looks like none", "faint", "blank")
    for line, path, words in zip(lines, odd, said, strict=True):
        assert line.startswith(f"refused: {path}: ")
        assert words in line

    # all the same: but where there is no ink, there is nothing to answer for
    assert main([*command, "--doubtful"]) == 1
    captured = capsys.readouterr()
    assert [line.split("\t")[0] for line in captured.out.splitlines()] == [*odd[:2], pictures[0]]
    assert len(captured.err.splitlines()) == 2
    assert main(["predict", "--model", str(trained[0]), "--doubtful", odd[0]]) == 0


def test_a_regression_has_no_probability(tmp_path, pictures, capsys):
    assert train(tmp_path / "r", "--loss", "square-error") == 0
    capsys.readouterr()
    assert main(["predict", "--model", str(tmp_path / "r"), pictures[0]]) == 0
    assert re.fullmatch(r".*zero\.png\t\d\t-\n", capsys.readouterr().out)


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    assert train(folder) == 1
    error = capsys.readouterr().err
    assert "holds something already (thesis.txt)" in error
    assert "--overwrite" in error
    assert {p.name: p.read_text() for p in folder.iterdir()} == {"thesis.txt": "years of work"}


def test_overwrite_replaces_the_run_and_nothing_else(tmp_path, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    for seed in ("1", "2"):
        assert train(folder, "--overwrite", "--seed", seed) == 0
    assert json.loads((folder / "run.json").read_text())["seed"] == 2
    assert (folder / "thesis.txt").read_text() == "years of work"
    assert main(["evaluate", str(folder)]) == 0


@pytest.mark.parametrize(
    ("option", "name", "listed"),
    [
        ("--model", "resnet", "linear, mlp, convnet, lenet5, alexnet"),
        ("--optimizer", "lion", "sgd, momentum, adagrad, rmsprop, adam, adamw"),
        ("--loss", "hinge", "cross-entropy, square-error"),
        ("--schedule", "step", "constant, polynomial, cosine, one-cycle"),
    ],
)
def test_unknown_names_list_the_known_ones(tmp_path, capsys, option, name, listed):
    assert train(tmp_path / "out", option, name) == 1
    error = capsys.readouterr().err
    assert f"{name!r}" in error
    assert listed in error
    assert not (tmp_path / "out").exists()


def test_an_unknown_split_lists_the_known_ones(trained, capsys):
    assert main(["evaluate", str(trained[0]), "--split", "eval"]) == 1
    assert "no split 'eval'; the splits are train, valid, test" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--epochs", "0"), ("--epochs", "many"), ("--seed", "-1"), ("--seed", str(2**32)),
        ("--batch-size", "0"), ("--learning-rate", "nan"), ("--learning-rate", "0"),
    ],
)  # fmt: skip
def test_bad_numbers_are_refused_before_anything_runs(tmp_path, capsys, wrong):
    with pytest.raises(SystemExit) as stop:
        train(tmp_path / "out", *wrong)
    assert stop.value.code == 2
    assert re.search(rf"argument {wrong[0]}\S*: expected", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_a_run_that_diverges_leaves_nothing_behind(tmp_path, capsys):
    options = ("--loss", "square-error", "--optimizer", "sgd", "--learning-rate", "1e9")
    assert train(tmp_path / "out", "--epochs", "30", *options) == 1
    assert re.search(r"error: the loss is \w+ at step \d+ .*rate 1e\+09", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["evaluate"], ["predict", "x.png", "--model"]])
def test_a_folder_that_is_no_run_is_named(tmp_path, capsys, command):
    assert main([*command, str(tmp_path)]) == 1
    assert f"error: {tmp_path}: not the folder of a run" in capsys.readouterr().err
