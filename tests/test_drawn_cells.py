"""Cells that call ``draw()`` on the site: a picture of the stored drawing, and where to draw."""

import copy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from mnist_helpers.notebook.by_hand import jupyter
from tools.store_outputs import carry_alternative_texts

EXTENSIONS = Path(__file__).parents[1] / "book" / "_extensions"
ALT = "Drawn with a thick pen: a 3"
LINK = (
    '<p>In Jupyter, there is a field to draw on here. On this site, it is on the page '
    '<a class="reference internal" href="draw.html"><span class="doc">Draw a digit</span></a>.</p>'
)  # fmt: skip


@pytest.fixture
def cell(monkeypatch):
    """A cell with the output that a stored drawing has."""
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, metadata, raw: shown.append((data, metadata))
    )
    jupyter.show_picture(Image.new("L", (4, 4), 255), ALT)
    ((data, metadata),) = shown
    cell = nbformat.v4.new_code_cell("drawing = draw()")
    cell.outputs = [nbformat.v4.new_output("display_data", data, metadata=metadata)]
    return cell


def built(folder, cells):
    """The page that a small site makes of these cells."""
    (folder / "book").mkdir()
    title = nbformat.v4.new_markdown_cell("# Page")
    notebook = nbformat.v4.new_notebook(cells=[title, *cells])
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "book" / "x.ipynb")
    (folder / "book" / "draw.md").write_text("# Draw a digit\n")
    (folder / "index.md").write_text("# Site\n\n```{toctree}\nbook/x\nbook/draw\n```\n")
    (folder / "conf.py").write_text(
        f"import sys\n\nsys.path.insert(0, {str(EXTENSIONS)!r})\n"
        "extensions = ['myst_nb', 'drawn_cells']\nnb_execution_mode = 'off'\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-W", str(folder), str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (folder / "out" / "book" / "x.html").read_text(encoding="utf-8")


def test_the_picture_has_its_alternative_text_and_below_it_a_link_to_the_page(tmp_path, cell):
    carry_alternative_texts(nbformat.v4.new_notebook(cells=[cell]))
    assert cell.metadata["mystnb"]["image"]["alt"] == ALT
    other = copy.deepcopy(cell)
    other.id = "other"
    other.metadata["mystnb"]["image"]["alt"] = "No drawing"
    other.outputs[0].metadata.pop("draw")
    page = built(tmp_path, [cell, other])
    assert page.count(LINK) == 1
    drawn, other = (page.index(f'<img alt="{alt}"') for alt in (ALT, "No drawing"))
    assert drawn < page.index(LINK) < other
