"""The parser of the commands: their help, both of their names, and the options of ``train``."""

import json
import re
import subprocess
import sys
import sysconfig
from dataclasses import fields
from pathlib import Path

import pytest

from mnist_helpers.cli.main import main
from mnist_helpers.training.options import TrainOptions, flag, known_names

COMMANDS = (
    "data", "train", "evaluate", "predict", "read", "export", "fast", "far", "doorkeeper"
)  # fmt: skip


@pytest.fixture(autouse=True)
def sample(monkeypatch):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    monkeypatch.setenv("COLUMNS", "1000")  # argparse breaks no line


def helped(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_the_help_names_all_commands(capsys):
    text = helped([], capsys)
    for command in COMMANDS:
        assert re.search(rf"^ +{command}\s", text, re.MULTILINE)  # a long one has its own line
    assert "99 % in seconds" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command, capsys):
    assert helped([command], capsys).startswith(f"usage: python -m mnist_helpers {command}")


def test_the_help_of_train_is_made_of_its_options(capsys):
    text = helped(["train"], capsys)
    for option in fields(TrainOptions):
        assert flag(option.name) in text
        assert option.metadata["about"] in text
        for name in known_names(option.name):
            assert name in text
    assert "--lr R" in text


@pytest.mark.parametrize(
    "command",
    [
        [Path(sysconfig.get_path("scripts"), "mnist-helpers")],
        [sys.executable, "-m", "mnist_helpers"],
    ],
    ids=["script", "module"],
)
def test_both_names_do_the_same(command):
    run = subprocess.run([*command, "data"], capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    assert "built-in sample" in run.stdout
    wrong = subprocess.run([*command, "evaluate", "/nowhere"], capture_output=True, text=True)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: /nowhere: ")
    told = subprocess.run([*command, "--help"], capture_output=True, text=True)
    script = command[0] != sys.executable
    assert told.stdout.startswith(f"usage: {'mnist-helpers' if script else 'python -m'}")


def test_all_options_stand_in_the_files_of_a_run(tmp_path, capsys):
    given = {
        "model": "linear", "loss": "square-error", "optimizer": "momentum", "learning_rate": 0.02,
        "schedule": "cosine", "epochs": 2, "batch_size": 50, "seed": 5, "save_every": 7,
    }  # fmt: skip
    assert set(given) == {option.name for option in fields(TrainOptions)}
    options = [word for name, value in given.items() for word in (flag(name), str(value))]
    options[options.index("--learning-rate")] = "--lr"
    assert main(["train", "--output", str(tmp_path / "run"), *options]) == 0
    for name in ("run.json", "options.json"):
        facts = json.loads((tmp_path / "run" / name).read_text())
        assert {name: facts[name] for name in given} == given
    assert capsys.readouterr().err == ""
    # --resume compares each with what is given
    given.pop("save_every")  # no weight depends on it
    for name, value in given.items():
        other = next((n for n in known_names(name) if n != value), str(value * 3))
        assert main(["train", "--resume", str(tmp_path / "run"), flag(name), other]) == 1
        assert f"its run has {flag(name)} {value}, not {other}" in capsys.readouterr().err


def test_a_run_that_learned_nothing_says_so(tmp_path, capsys):
    train = ["train", "--model", "linear", "--optimizer", "sgd", "--output"]
    assert main([*train, str(tmp_path / "a"), "--lr", "1e-6"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith("weights ")
    assert err.startswith("note: this run has learned nothing: ")
    assert "Its learning rate is 1e-06 (" in err
    assert main([*train, str(tmp_path / "b"), "--lr", "0.5"]) == 0
    assert capsys.readouterr().err == ""
