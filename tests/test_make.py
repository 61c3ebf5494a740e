"""The commands: which Python they take, in plain words, and what they do without make."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import installing

ROOT = Path(__file__).parents[1]
MAKE = ROOT / "tools" / "make.py"
BASE = getattr(sys, "_base_executable", sys.executable)
UNSET = ("VENV", "PYTHON_NAMED", "PYTHON_ASKED", "PYTHONPATH")
# A Python of another version, as far as the program can see
PRETEND = """
import runpy, sys
sys.version_info = {version} + ("final", 0)
sys.argv = [{make!r}, *sys.argv[1:]]
runpy.run_path({make!r}, run_name="__main__")
"""


@pytest.fixture
def bare(tmp_path):
    """An environment without any setting of ours, and a PATH with nothing on it."""
    (tmp_path / "bin").mkdir()
    env = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**env, "PATH": str(tmp_path / "bin"), "VENV": str(tmp_path / "venv")}


def as_version(version, *targets, env):
    code = PRETEND.format(version=version, make=str(MAKE))
    return subprocess.run([BASE, "-c", code, *targets], env=env, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("version", "name"), [((3, 9, 18), "3.9"), ((3, 14, 0), "3.14"), ((2, 7, 18), "2.7")]
)
def test_a_python_that_will_not_do_says_which_would(bare, version, name):
    run = as_version(version, "setup", env=bare)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr == (
        f"error: the book needs Python 3.10 to 3.13, and this is {name}; name one: make book "
        "PYTHON=python3.12\n"
    )


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 14, 0)])
def test_one_on_the_path_that_will_do_is_taken_and_named(bare, version):
    (Path(bare["PATH"]) / "python3.12").write_text("#!/bin/sh\nexit 127\n")  # as pyenv leaves them
    (Path(bare["PATH"]) / "python3.12").chmod(0o755)
    (Path(bare["PATH"]) / "python3.11").symlink_to(BASE)
    run = as_version(version, "no-such-target", env=bare)
    first, second, *_ = run.stderr.splitlines()
    old = "{}.{}".format(*version)
    assert first.startswith(f"this is Python {old}, which the book cannot use; taking ")
    assert first.endswith("python3.11 (Python {}.{}.{})".format(*sys.version_info))
    assert second == "error: no target 'no-such-target'; there are"


def test_but_not_where_a_python_was_named(bare):
    (Path(bare["PATH"]) / "python3.11").symlink_to(BASE)
    run = as_version((3, 14, 0), "setup", env={**bare, "PYTHON_NAMED": "1"})
    assert run.returncode == 1
    assert "and this is 3.14; name one" in run.stderr


def test_the_first_part_is_for_any_python():
    """It says that a Python is too old: so old ones must be able to read it."""
    text = MAKE.read_text()
    assert text.isascii()
    assert not re.search(r"\bf[\"']|:=|->|\bfrom __future__|\*\*\{", text)
    for python in sorted(Path.home().glob(".pyenv/versions/*/bin/python")):
        run = subprocess.run([python, MAKE, "no"], capture_output=True, text=True,
                             env={"PATH": "/nowhere", "VENV": "/nowhere"})  # fmt: skip
        assert run.stderr.startswith(("error: the book needs", "error: no target")), run.stderr


def test_targets_are_listed_and_the_makefile_has_them_all():
    run = subprocess.run([sys.executable, MAKE], capture_output=True, text=True)
    assert run.returncode == 2
    listed = re.findall(r"^    ([\w-]+) +\S", run.stderr, re.M)
    (targets,) = re.findall(r"^TARGETS := (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert set(targets.split()) == set(listed)


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make on this machine")
def test_a_python_that_is_not_there_is_named_by_make():
    run = subprocess.run(
        ["make", "setup", "PYTHON=python3.99"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode != 0
    assert "error: there is no python3.99 on this machine; name another: make setup" in run.stderr


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make on this machine")
def test_make_tells_whether_a_python_was_named(tmp_path):
    def sees(*arguments, **variables):
        # where make runs these tests, its own variables would reach this make as well
        own = (*UNSET, "PYTHON", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL")
        env = {name: value for name, value in os.environ.items() if name not in own}
        seen = "seen: ; @echo named=$$PYTHON_NAMED"
        dry = ["make", "-C", ROOT, "--eval", seen, "seen", *arguments]
        run = subprocess.run(dry, env={**env, **variables}, capture_output=True, text=True)
        return "named=1" in run.stdout

    assert not sees()
    assert sees("PYTHON=python3")
    assert sees(PYTHON="python3")


def test_what_this_runs_in_has_the_tested_versions():
    """What runs these tests is what constraints.txt names (unless a Paddle was kept)."""
    note = Path(sys.prefix) / ".made-by-make-setup"
    if not note.exists() or json.loads(note.read_text())["keep"]:
        pytest.skip("not an environment of make setup's, with a Paddle of its own")
    lines = installing.requirements("constraints.txt")
    pins = [pin for pin in map(Requirement, lines) if not pin.marker or pin.marker.evaluate()]
    assert len({pin.name for pin in pins}) == len(pins)
    here = [sysconfig.get_path("purelib")]  # not what packages carry with them
    found = {
        installing._name(dist.name): dist.version for dist in metadata.distributions(path=here)
    }
    for pin in pins:
        version = found.get(pin.name)
        assert version is None or pin.specifier.contains(version, prereleases=True), pin
    for name in ("paddlepaddle", "numpy", "pillow", "matplotlib", "jupyter-book", "nbval"):
        assert name in found
