"""Chapters on systems that are not Linux, as far as Linux can pretend: they run through.

What such a system lacks is taken away in the notebook's process. Nothing here was run on macOS or
on Windows.
"""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mnist_helpers.system import available

BOOK = Path(__file__).parents[2] / "book"
LACKS = {
    "Darwin": {"several processes", "loader workers"},
    "Windows": {"several processes", "loader workers", "kill -9", "measured memory"},
}
PRETEND = {
    "Darwin": """
import platform
platform.system = lambda: "Darwin"
""",
    "Windows": """
import pathlib, platform, signal, subprocess, sys
platform.system = lambda: "Windows"
subprocess.Popen.kill = subprocess.Popen.terminate  # as it is there
del signal.SIGKILL
sys.modules["resource"] = None
from mnist_helpers.system import available
available.STATUS = pathlib.Path("/nowhere")
""",
}


def needs_of(cell):
    found = available.COMMENT.match(cell.source) if cell.cell_type == "code" else None
    return {need.strip() for need in found[1].split(",")} if found else set()


def chapters_with(needs):
    """The chapters with a cell that needs one of these."""
    for path in sorted(BOOK.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        if any(needs_of(cell) & needs for cell in cells):
            yield path.stem


def cases():
    every = sorted(chapters_with(LACKS["Windows"]))
    assert len(every) >= 3
    # Windows lacks all that macOS does: one chapter is enough to see macOS's own words
    return [*(("Windows", name) for name in every), ("Darwin", "02_data")]


@pytest.mark.parametrize(("system", "chapter"), cases())
def test_a_chapter_goes_on_where_a_cell_cannot_run(monkeypatch, system, chapter):
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    notebook = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.cells.insert(0, nbformat.v4.new_code_cell(PRETEND[system]))
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": BOOK}})
    client.execute()  # raises where a cell does
    missing = 0
    for cell in notebook.cells:
        lacking = needs_of(cell) & LACKS[system]
        said = "".join(output.get("text", "") for output in cell.get("outputs", []))
        if lacking:
            assert re.fullmatch(r"not here: .*\n", said), said
            assert any(need in said for need in lacking)
            assert {"Darwin": "macOS"}.get(system, system) in said
            missing += 1
        else:
            assert available.NOT_HERE not in said, cell.source
    assert missing
