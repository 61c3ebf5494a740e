"""What is made of the addresses in _config.yml: links to run notebooks, and what they install.

Nothing here asks a network. Binder, Colab and AI Studio themselves were never run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.parse

import pytest
import yaml

from tests.look_up.pages import extension
from tools import addresses

ROOT = addresses.ROOT
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
HUB = "https://github.com/someone/digits-with-paddle"


@pytest.fixture
def launch(monkeypatch):
    return extension("launch", monkeypatch)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_on_github_a_notebook_opens_in_binder_and_colab(notebook, launch):
    path = notebook.relative_to(ROOT).as_posix()
    binder = urllib.parse.urlsplit(launch.binder(f"{HUB}.git/", "main", path))
    assert (binder.netloc, binder.path) == (
        "mybinder.org", "/v2/gh/someone/digits-with-paddle/main",
    )  # fmt: skip
    opened = urllib.parse.parse_qs(binder.query)["urlpath"]
    assert opened == [f"lab/tree/{path}"]
    assert launch.colab(HUB, "main", path) == (
        f"https://colab.research.google.com/github/someone/digits-with-paddle/blob/main/{path}"
    )


@pytest.mark.parametrize(
    ("repository", "source"),
    [
        ("https://gitlab.com/a/b", "gl/a%2Fb"),
        ("https://gitlab.com/group/part/b", "gl/group%2Fpart%2Fb"),
        ("https://gitee.com/a/b", "git/https%3A%2F%2Fgitee.com%2Fa%2Fb"),
        ("https://git.example/a/b.git", "git/https%3A%2F%2Fgit.example%2Fa%2Fb"),
    ],
)
def test_elsewhere_it_opens_in_binder_only(repository, source, launch):
    link = launch.binder(repository, "a/branch", "book/02_data.ipynb")
    assert link.startswith(f"https://mybinder.org/v2/{source}/a%2Fbranch?urlpath=")
    assert launch.colab(repository, "main", "book/02_data.ipynb") is None
    names = [made["text"] for made in launch.buttons(repository, "main", "x.ipynb", "#")["buttons"]]
    assert names == ["Binder", "AI Studio"]


def test_what_a_notebook_installs_is_the_repository_s_library_or_the_site_s_wheel():
    wheel = r"mnist_helpers-[\d.]+-py3-none-any\.whl"
    assert re.fullmatch(wheel, addresses.library({}))
    assert re.fullmatch(wheel, addresses.library({"repository": {"url": ""}}))
    named = {"repository": {"url": f"{HUB}.git", "branch": "next"}}
    assert addresses.library(named) == f"git+{HUB}@next"
    assert addresses.library({"repository": {"url": HUB}}) == f"git+{HUB}@main"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_installs_what_config_says(notebook):
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert f'LIBRARY = "{addresses.library(settings)}"\n' in first_cell(notebook), (
        "_config.yml names another address: python -m tools.addresses"
    )


def first_cell(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "".join(next(cell for cell in cells if cell["cell_type"] == "code")["source"])


def test_alone_a_notebook_says_how_to_get_the_library_from_its_repository(tmp_path):
    """As in Colab, where it has neither the library nor a Paddle."""
    copy = tmp_path / "01_quickstart.ipynb"
    copy.write_text((ROOT / "book" / copy.name).read_text(encoding="utf-8"), encoding="utf-8")
    before = copy.read_text(encoding="utf-8")
    assert addresses.name_library(copy, f"git+{HUB}@main")
    assert len(copy.read_text(encoding="utf-8").splitlines()) == len(before.splitlines())
    assert not addresses.name_library(copy, f"git+{HUB}@main")  # a second time changes nothing
    code = first_cell(copy).replace("find_spec(name)", "None")
    with pytest.raises(SystemExit, match=r"%pip install ") as said:
        exec(compile(code, copy.name, "exec"), {})
    assert str(said.value).splitlines()[0] == (
        f"In a new cell above, run: %pip install git+{HUB}@main paddlepaddle"
    )


def test_a_notebook_without_the_line_is_named(tmp_path):
    copy = tmp_path / "x.ipynb"
    cell = {"cell_type": "code", "source": ["print(1)"]}
    copy.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"x\.ipynb: its first code cell has 0 lines LIBRARY"):
        addresses.name_library(copy, "anything")


def test_binder_installs_what_chapters_need_by_a_command_that_is_tested():
    """`make here` is tested in tests/slow/test_environment.py; Binder has never run it."""
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/bash\n")
    commands = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -e", "python tools/make.py here"]
    subprocess.run(["bash", "-n", script], check=True)
    python = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    assert re.fullmatch(r"python-3\.1[0-2]", python)  # those that run every cell
