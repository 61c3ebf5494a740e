"""What holds for every notebook as it is stored; and that the comparison of outputs can fail.

Chapters have a number in front of their name; other notebooks are pages besides.
"""

import ast
import base64
import io
import re
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from PIL import Image

from mnist_helpers import __version__
from mnist_helpers.notebook import pictures
from mnist_helpers.notebook.scoreboard import rows_of
from mnist_helpers.notebook.verdicts import NOT_NOW
from tests.conftest import nbval_run
from tests.nbval_tolerance import near
from tests.test_notation import CHAPTERS, NOTEBOOKS, STEM
from tools.store_outputs import carry_alternative_texts, faults, use_palettes


@pytest.fixture(params=NOTEBOOKS, ids=STEM)
def chapter(request):
    return request.param


def test_there_are_chapters():
    assert len(CHAPTERS) >= 2


def test_stored_outputs_are_clean_and_complete(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    nbformat.validate(notebook)
    assert chapter.stat().st_size < 1_000_000
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert faults(notebook) == []


def test_stored_outputs_are_of_mnist_itself(chapter):
    text = chapter.read_text(encoding="utf-8")
    assert "MNIST, from" in text or "MNIST, downloaded" in text
    assert "digits of built-in sample" not in text


def test_figures_have_alternative_texts(chapter):
    for cell in nbformat.read(chapter, as_version=4).cells:
        assert alternative_text_fault(cell) is None, cell.source


def alternative_text_fault(cell):
    """What is wrong with the alternative text of a cell's figures; None if nothing is."""
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if any(kind.startswith("image/") for kind in data) and len(alt) <= 20:
            return "the cell has none"
        svg = data.get("image/svg+xml")
        if svg:
            own = ElementTree.fromstring("".join(svg)).get("aria-label")
            if own != alt:
                return f"the picture says {own!r}, its cell {alt!r}"
    return None


@pytest.fixture
def cell_with_a_picture():
    data, metadata = pictures.pipeline("loss")._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("pictures.pipeline('loss')")
    cell.outputs = [nbformat.v4.new_output("display_data", data, metadata=metadata)]
    return cell


@pytest.mark.parametrize("kind", ["image/svg+xml", "image/png"])
def test_a_figure_without_an_alternative_text_is_found(cell_with_a_picture, kind):
    (output,) = cell_with_a_picture.outputs
    output.data = {kind: output.data[kind]}
    assert alternative_text_fault(cell_with_a_picture) == "the cell has none"


def test_a_picture_s_alternative_text_is_its_cell_s(cell_with_a_picture):
    cell = cell_with_a_picture
    carry_alternative_texts(nbformat.v4.new_notebook(cells=[cell]))
    assert cell.metadata["mystnb"]["image"]["alt"].endswith("Lit: loss.")
    assert alternative_text_fault(cell) is None
    cell.metadata["mystnb"]["image"]["alt"] = "What the picture said some time ago."
    assert "the picture says 'The stages" in alternative_text_fault(cell)


def stored(array):
    """The picture that is stored in the place of this one, and how its size compares."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG", dpi=(130, 130))
    png = base64.b64encode(file.getvalue()).decode()
    cell = nbformat.v4.new_code_cell("a figure")
    cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": png})]
    use_palettes(nbformat.v4.new_notebook(cells=[cell]))
    (output,) = cell.outputs
    after = base64.b64decode(output.data["image/png"])
    return Image.open(io.BytesIO(after)), len(after) / len(file.getvalue())


def test_a_figure_of_few_colours_is_stored_as_it_is():
    rng = np.random.default_rng(0)
    array = rng.integers(0, 255, (100, 3), np.uint8)[rng.integers(0, 100, (60, 80))]
    picture, _ = stored(array)
    assert picture.mode == "P"
    assert (np.asarray(picture.convert("RGB")) == array).all()
    assert picture.info["dpi"] == pytest.approx((130, 130), abs=0.1)


def test_a_figure_of_many_colours_is_stored_nearly_as_it_is_and_smaller():
    array = np.random.default_rng(0).integers(200, 255, (60, 80, 4), np.uint8)
    array[..., 3] = 255
    picture, share = stored(array)
    assert picture.mode == "P"
    assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - array[..., :3]).max() < 16
    assert share < 0.7


def test_a_transparent_figure_stays():
    array = np.zeros((20, 20, 4), np.uint8)
    assert stored(array)[0].mode == "RGBA"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=STEM)
def test_a_chapter_has_its_parts(chapter):
    text = "\n".join(
        cell.source for cell in nbformat.read(chapter, as_version=4).cells
        if cell.cell_type == "markdown"
    )  # fmt: skip
    for part in ("**What you will learn**", "**How long it runs:**", "**Stage of the pipeline:**",
                 "## What went wrong in the course's version", "## Scoreboard", "## Summary",
                 "## Exercises"):  # fmt: skip
        assert part in text
    (row,) = rows_of(chapter)
    assert row.chapter == int(chapter.name[:2])
    assert 0 < row.accuracy < 1


@pytest.mark.parametrize("page", [p for p in NOTEBOOKS if p not in CHAPTERS], ids=STEM)
def test_a_page_besides_has_no_row_on_the_scoreboard(page):
    text = page.read_text(encoding="utf-8")
    for part in ("**What you will learn**", "**How long it runs:**", "## Summary"):
        assert part in text
    assert rows_of(page) == []


def test_it_says_when_and_with_what_it_was_executed(chapter):
    executed = nbformat.read(chapter, as_version=4).metadata["executed"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", executed.pop("date"))
    assert re.fullmatch(r"\d+", executed.pop("seconds", "0"))  # those stored before have none
    assert set(executed) == {"paddle", "python", "numpy", "library"}
    assert all(re.match(r"\d+\.\d+", version) for version in executed.values())


def test_the_first_cell_says_what_a_notebook_on_its_own_needs(chapter):
    cells = nbformat.read(chapter, as_version=4).cells
    first = next(cell for cell in cells if cell.cell_type == "code")
    wheel = f"mnist_helpers-{__version__}-py3-none-any.whl"
    assert 'LIBRARY = "' in first.source  # which one: tests/test_addresses.py
    assert "%pip install" in first.source
    assert first.outputs == []  # nothing is missing here
    running = (chapter.parent / "running.md").read_text(encoding="utf-8")
    assert set(re.findall(r"mnist_helpers-\S+?\.whl", running)) == {wheel}


def test_shown_source_is_the_library_s(chapter):
    """Or a page would go on showing a function as it once was: the stored text is looked at here,
    what the cell prints when it is run by nbval."""
    names: dict[str, object] = {}
    for cell in nbformat.read(chapter, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        calls = shown_source(cell.source, names)
        if "show.source(" not in cell.source:
            continue
        assert "nbval-check-output" in cell.metadata.get("tags", []), cell.source
        assert "tolerance" not in cell.metadata
        assert calls, cell.source
        stored = [
            out.data["text/markdown"]
            for out in cell.outputs
            if "text/markdown" in out.get("data", {})
        ]
        for call in calls:
            assert eval(call, names).data in stored, f"{call}: execute {chapter.name} again"


def shown_source(code: str, names: dict[str, object]) -> list[str]:
    """The calls of show.source in a cell; its imports are made, into `names`."""
    if code.lstrip().startswith("%"):
        return []
    tree = ast.parse(code)
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            exec(compile(ast.Module([statement], []), "<cell>", "exec"), names)
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "show.source"
    ]


def test_no_chapter_compares_times(chapter):
    """Cells whose output is compared print no seconds and no megabytes."""
    for cell in nbformat.read(chapter, as_version=4).cells:
        if "nbval-check-output" in cell.metadata.get("tags", []):
            text = "".join(output.get("text", "") for output in cell.outputs)
            assert not re.search(r"\d s\b", text), cell.source


def test_what_could_not_run_is_not_stored():
    line = "not here: ONNX export: the package paddle2onnx is not installed\n"
    cell = nbformat.v4.new_code_cell("# needs: ONNX export")
    cell.outputs = [nbformat.v4.new_output("stream", text=line)]
    assert faults(nbformat.v4.new_notebook(cells=[cell])) == [f"cell 0: {line.strip()}"]


def test_seconds_of_a_busy_machine_are_not_stored():
    line = f"it is quicker: {NOT_NOW}\n"
    cell = nbformat.v4.new_code_cell("verdict('it is quicker', False, timed=True)")
    cell.outputs = [nbformat.v4.new_output("stream", text="two ways\n" + line)]
    assert len(faults(nbformat.v4.new_notebook(cells=[cell]))) == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "tolerance", "equal"),
    [
        ("loss 3.70", "loss 3.71", 0, True),  # one unit of the last digit
        ("loss 3.70", "loss 3.75", 0, False),
        ("loss 3.70", "loss 4.00", 0.1, True),
        ("loss 3.70", "loss 4.20", 0.1, False),
        ("accuracy 23.1%", "accuracy 9.1%", 0.15, False),
        ("accuracy 23.1%", "accuracy  22.0%", 0.15, True),  # spaces do not matter
        ("loss 3.70", "cost 3.70", 0.5, False),  # words do
        ("1,000 digits", "999 digits", 0, True),
        ("-1.5", "1.5", 0.1, False),
        ("a 1", "a 1 2", 1, False),
        ("1e-05", "1.1e-05", 0.2, True),
    ],
)
def test_near(ours, theirs, tolerance, equal):
    assert near(ours, theirs, tolerance) == equal


NOTEBOOK_CELL = {"tags": ["nbval-check-output"], "tolerance": 0.1}


@pytest.mark.parametrize(("printed", "passes"), [(1.05, True), (1.5, False)])
def test_nbval_fails_where_a_number_is_off(tmp_path, printed, passes):
    """The real thing: pytest runs nbval with our plugin on a notebook with one stored number."""
    cell = nbformat.v4.new_code_cell(f"print('loss', {printed})", metadata=NOTEBOOK_CELL)
    cell.execution_count = 1
    cell.outputs = [nbformat.v4.new_output("stream", text="loss 1.0\n")]
    run = nbval_run(tmp_path, [cell])
    assert (run.returncode == 0) == passes, run.stdout + run.stderr
    if not passes:
        assert "1.5" in run.stdout
