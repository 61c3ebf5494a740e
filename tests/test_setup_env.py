"""Setting up the environment: what is installed where, and that a Paddle that is there is kept."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools" / "setup_env.py"


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python without any packages."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder)
    return folder


def site_packages(environment):
    (folder,) = environment.glob("lib/python*/site-packages")
    return folder


def plan(environment, *options, **variables):
    """What setting up would do with the Python of `environment`."""
    env = {k: v for k, v in os.environ.items() if k not in ("PADDLE", "PYTHONPATH")}
    python = environment / "bin" / "python"
    run = subprocess.run(
        [python, SCRIPT, "--dry-run", *options],
        env={**env, **variables}, capture_output=True, text=True,
    )  # fmt: skip
    return run.returncode, run.stdout, run.stderr


def test_a_bare_machine_gets_the_tested_versions(bare, tmp_path):
    status, out, _ = plan(bare, str(tmp_path / "new"))
    assert status == 0
    assert "--system-site-packages" not in out
    assert "paddlepaddle>=" in out
    assert "--constraint" in out
    assert "jupyter-book" in out
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["paddlepaddle_gpu", "paddlepaddle"])
def test_a_paddle_that_is_there_is_kept(bare, tmp_path, name):
    info = site_packages(bare) / f"{name}-2.6.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.6.2\n")
    try:
        status, out, _ = plan(bare, str(tmp_path / "new"))
        assert status == 0
        assert f"keeping the Paddle that is here: {name.replace('_', '-')} 2.6.2" in out
        assert "--system-site-packages" in out
        assert f"write_text('{site_packages(bare)}')" in out  # made from an environment
        installed = [line for line in out.splitlines() if " install " in line]
        assert not any("paddlepaddle" in line for line in installed)
        assert not any("--constraint" in line for line in installed)
        assert "--no-deps --editable" in installed[-1]

        assert "paddlepaddle>=" in plan(bare, str(tmp_path / "new"), PADDLE="install")[1]
        here = plan(bare, "--here", "--reader")[1]
        assert "venv" not in here.split("install")[0].replace(str(bare), "")
        assert "jupyter-book" not in here
    finally:
        (info / "METADATA").unlink()
        info.rmdir()


def test_wrong_wishes_are_named(bare):
    status, _, error = plan(bare, "--here", PADDLE="keep")
    assert status != 0
    assert "has no Paddle" in error
    assert "'keep', 'install'" in plan(bare, "--here", PADDLE="maybe")[2]
    assert "name a folder" in plan(bare)[2]
    assert plan(bare, "x", "--here")[0] != 0


def test_this_environment_has_the_tested_versions():
    """What runs these tests is what constraints.txt names (unless a Paddle was kept)."""
    if (
        sys.prefix == sys.base_prefix
        or "include-system-site-packages = true" in (Path(sys.prefix) / "pyvenv.cfg").read_text()
    ):
        pytest.skip("not an environment of its own")
    from importlib import metadata

    lines = (SCRIPT.parents[1] / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line)
    names = (
        "paddlepaddle", "numpy", "pillow", "matplotlib", "paddle2onnx", "onnxruntime",
        "jupyter-book", "nbval",
    )  # fmt: skip
    for name in names:
        assert metadata.version(name) == pinned[name]
