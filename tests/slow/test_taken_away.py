"""A notebook that a reader takes from the built site, with the wheel beside it, and nothing else.

Each in an empty folder, in an environment of its own, whose Paddle has another distribution's name,
as AI Studio's has: installing the wheel must leave it alone.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import installing, publish

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
CONSTRAINTS = ROOT / "constraints.txt"


def install(python, *packages):
    """By uv with pip's own settings, as `make setup` does it; else by pip."""
    translated = installing.uv_options(installing.pip_settings(sys.executable))
    options, variables = translated or ([], {})
    uv = [sys.executable, "-m", "uv", "pip", "install", "--python", python, *options]
    command = uv if translated else [python, "-m", "pip", "install"]
    subprocess.run(
        [*command, "--quiet", "--constraint", CONSTRAINTS, *packages],
        env={**os.environ, **variables}, check=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python that has Jupyter, and a Paddle by another name; not the book's library."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    install(python, "paddlepaddle", "setuptools", "nbclient", "ipykernel")
    (info,) = folder.glob("env/lib/python*/site-packages/paddlepaddle-*.dist-info")
    metadata = info / "METADATA"
    text = metadata.read_text(encoding="utf-8")
    metadata.unlink()  # never written into: it may be the very file of uv's cache
    metadata.write_text(re.sub("^Name: .*$", "Name: paddlepaddle-gpu", text, flags=re.M))
    info.rename(info.with_name(info.name.replace("paddlepaddle", "paddlepaddle_gpu")))
    return python


@pytest.fixture
def taken(tmp_path):
    """Copies of what the site has: (folder, wheel)."""
    (wheel,) = (SITE / "book").glob("*.whl")
    shutil.copy(wheel, tmp_path)
    for notebook in (SITE / "_sources" / "book").glob("*.ipynb"):
        shutil.copy(notebook, tmp_path)
    return tmp_path, wheel.name


def execute(python, folder, name):
    """What ``jupyter execute`` ends with, and the notebook that it leaves."""
    drop = ("PYTHONPATH", "VIRTUAL_ENV")
    env = {key: value for key, value in os.environ.items() if key not in drop}
    env |= {
        "MNIST_SOURCE": "sample",
        "JUPYTER_PATH": str(Path(python).parents[1] / "share/jupyter"),
    }
    env.pop("MNIST_DIR", None)
    command = [python, "-m", "jupyter", "execute", "--inplace", "--timeout=300", name]
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    return run, json.loads((folder / name).read_text(encoding="utf-8"))


def test_without_the_library_the_first_cell_says_what_to_do(python, taken):
    folder, wheel = taken
    run, _ = execute(python, folder, "01_quickstart.ipynb")
    assert run.returncode != 0
    # and not paddlepaddle, since there is one
    assert f"In a new cell above, run: %pip install {wheel}\n" in run.stderr


def test_with_the_wheel_it_runs_and_its_paddle_stays(python, taken):
    folder, wheel = taken
    install(python, folder / wheel)
    said = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], text=True,
                          capture_output=True, check=True).stdout  # fmt: skip
    assert [line.split("==")[0] for line in said.split() if line.startswith("paddlepaddle")] == [
        "paddlepaddle-gpu"
    ]
    where = [python, "-c", "import mnist_helpers; print(mnist_helpers.__file__)"]
    said = subprocess.run(where, cwd=folder, text=True, capture_output=True, check=True).stdout
    assert str(python.parents[1]) in said  # the wheel's, not this project's
    for name in ("01_quickstart.ipynb", "10_all_together.ipynb"):
        if name.startswith("10"):
            shorten(folder / name)
        run, notebook = execute(python, folder, name)
        assert run.returncode == 0, run.stderr[-2000:]
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert all(cell["execution_count"] for cell in cells)


def shorten(path):
    """Of the last chapter, what opens files that come with the library, and its imports."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    digits = {**code[1], "id": "digits", "source": 'test = data.load("test")'}
    opens = [cell for cell in code if "far.RUNS" in "".join(cell["source"])]
    assert opens
    kept = [*code[:2], digits, *opens]
    notebook["cells"] = kept
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_with_an_address_the_copies_name_it(tmp_path, monkeypatch):
    address = "https://digits.example/book-site/"
    settings = {"title": "Digits", "html": {"baseurl": address}}
    monkeypatch.setattr(publish, "_settings", lambda: settings)
    site = tmp_path / "html"
    (site / "book").mkdir(parents=True)
    shutil.copytree(SITE / "_sources", site / "_sources")
    publish.main(site)
    (wheel,) = (site / "book").glob("*.whl")
    for notebook in (site / "_sources" / "book").glob("*.ipynb"):
        first = next(
            cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"
        )  # fmt: skip
        text = "".join(first["source"])
        assert f'"https://digits.example/book-site/book/{wheel.name}"' in text
        compile(text, notebook.name, "exec")
