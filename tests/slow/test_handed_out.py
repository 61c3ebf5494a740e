"""The archives of ``make dist``, unpacked in an empty folder and used there.

Needs ``make book`` to have been run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from tests.test_site import ROOT, SITE
from tools import handouts

CELLS = 8  # of the first chapter: the digits are loaded, and looked at


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """What is handed out, without the PDF: there is no Chromium on its PATH."""
    folder = tmp_path_factory.mktemp("dist")
    empty = tmp_path_factory.mktemp("empty")
    run = subprocess.run(
        [sys.executable, "-m", "tools.handouts", folder], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PATH": str(empty)},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert f"{handouts.NAME}-zh.pdf are left out" in run.stderr
    return folder


def unpacked(dist, kind, folder):
    archive = f"{handouts.NAME}-{kind}"
    shutil.unpack_archive(dist / f"{archive}.zip", folder)
    assert [path.name for path in folder.iterdir()] == [archive]
    return folder / archive


def test_the_site_opens_from_its_folder(dist, tmp_path, browser):
    site = unpacked(dist, "site", tmp_path)
    complaints = []
    tab = browser.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("requestfailed", lambda request: complaints.append(request.url))
    tab.goto((site / "index.html").as_uri())
    tab.wait_for_url("**/book/index.html")
    assert tab.locator("article h1").is_visible()
    tab.locator("article a[href$='01_quickstart.html']").first.click()
    tab.wait_for_url("**/01_quickstart.html")
    assert tab.locator("article img").first.evaluate("i => i.naturalWidth") > 0
    assert tab.url.startswith(site.as_uri())
    assert complaints == []


@pytest.mark.parametrize("kind", ["notebooks", "class", "notebooks-zh"])
def test_a_notebook_runs_with_the_library_from_its_archive(dist, kind, tmp_path, monkeypatch):
    folder = unpacked(dist, kind, tmp_path / "unpacked")
    (wheel,) = folder.glob("*.whl")
    library = tmp_path / "library"
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", library, wheel], check=True
    )
    monkeypatch.setenv("PYTHONPATH", str(library))
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    notebook = nbformat.read(folder / "01_quickstart.ipynb", as_version=4)
    code = [n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    notebook.cells = notebook.cells[: code[CELLS - 1] + 1]
    where = nbformat.v4.new_code_cell("import mnist_helpers; print(mnist_helpers.__file__)")
    notebook.cells.append(where)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    assert str(library) in notebook.cells[-1].outputs[0].text
    assert "built-in sample, as MNIST_SOURCE asks" in json.dumps(notebook)


@pytest.mark.parametrize("language", ["", "-zh"])
def test_the_class_s_archive_has_no_solution(dist, language, tmp_path):
    for kind, there in (("notebooks", True), ("class", False)):
        folder = unpacked(dist, f"{kind}{language}", tmp_path / kind)
        texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.ipynb")]
        assert len(texts) == len(list((ROOT / "book").glob("*.ipynb")))
        assert (
            any(re.search(r"# (?:Solution|解答) \d|\"solution\"", text) for text in texts) == there
        )


def test_the_wheel_is_the_one_of_the_site(dist):
    (wheel,) = dist.glob("*.whl")
    assert wheel.read_bytes() == (SITE / "book" / wheel.name).read_bytes()
