"""What ``make dist`` hands out. (Whole archives, unpacked and used: tests/slow.)"""

import ast
import json
import re
import zipfile

import nbformat
import pytest

from tests.test_notation import NOTEBOOKS, STEM
from tests.test_notebooks import alternative_text_fault
from tools import editions, handouts
from tools.class_edition import without_solutions
from tools.editions import CHINESE, ENGLISH
from tools.store_outputs import faults
from tools.translate import making

TAG = "solution"


def cell(kind, source, tags=(), count=None):
    made = {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)}}
    if kind == "code":
        made |= {"execution_count": count, "outputs": [{"execution_count": count}]}
    return made


def test_a_solution_ends_at_the_next_heading_of_its_level():
    cells = [
        cell("code", "a = 1", count=1), cell("markdown", "### Exercise 1"),
        cell("markdown", "#### Solution 1", [TAG]), cell("markdown", "##### Within it"),
        cell("code", "b = 2  # the answer", count=2), cell("markdown", "Because."),
        cell("markdown", "### Exercise 2"), cell("code", "c = 3", count=3),
        cell("markdown", "#### Solution 2", [TAG]), cell("markdown", "Easy."),
    ]  # fmt: skip
    notebook = {"cells": cells}
    made = without_solutions(notebook)["cells"]
    assert [c["source"] for c in made] == ["a = 1", "### Exercise 1", "### Exercise 2", "c = 3"]
    assert [c["execution_count"] for c in made if c["cell_type"] == "code"] == [1, 2]
    assert made[-1]["outputs"][0]["execution_count"] == 2
    assert cells[7]["execution_count"] == 3  # the notebook that was given is as it was


def test_a_tag_where_no_heading_is_is_refused():
    with pytest.raises(ValueError, match="begins with no heading"):
        without_solutions({"cells": [cell("markdown", "Because.", [TAG])]})


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """What stands in the place of the wheel; its name is the true one's."""
    name = f"mnist_helpers-{handouts.__version__}-py3-none-any.whl"
    path = tmp_path_factory.mktemp("wheel") / name
    path.write_bytes(b"a wheel")
    return path


@pytest.fixture(scope="module", params=editions.ALL, ids=lambda edition: edition.code)
def edition(request):
    return request.param


@pytest.fixture(scope="module")
def archives(wheel, edition):
    """What is in the two archives of a language: the notebooks, and those for a class."""
    return [dict(handouts.notebook_files(wheel, its, edition)) for its in (False, True)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=STEM)
def test_the_class_s_notebooks_have_no_solution_left_and_are_sound(path, edition, archives):
    stored, made = (nbformat.reads(its[path.name].decode(), as_version=4) for its in archives)
    nbformat.validate(made)
    kept = {c.id for c in made.cells}
    left_out = [c for c in stored.cells if c.id not in kept]
    text = "\n".join(c.source for c in made.cells)
    exercises = len(re.findall(r"^### (?:Exercise|练习)", text, re.MULTILINE))
    assert len([c for c in left_out if TAG in c.metadata.get("tags", [])]) == exercises
    assert not re.search(r"^#+ (?:Solution|解答)", text, re.MULTILINE)
    for gone in left_out:
        assert gone.source not in text
    # what tests/test_notebooks.py asks of every stored notebook
    code = [c for c in made.cells if c.cell_type == "code"]
    assert [c.execution_count for c in code] == list(range(1, len(code) + 1))
    assert faults(made) == []
    if edition is ENGLISH:  # a picture says in English what it shows
        assert [fault for c in made.cells if (fault := alternative_text_fault(c))] == []
    # nothing that is kept needs a name that only a solution gives
    given, wanted = names(made.cells)
    only_there = names(left_out)[0] - given
    assert not only_there & wanted


def names(cells):
    """The names that the code of some cells binds, and those that it reads."""
    given, wanted = set(), set()
    for its in cells:
        if its.cell_type != "code":
            continue
        code = "\n".join(
            line for line in its.source.splitlines() if not line.startswith(("%", "!"))
        )
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Name):
                (given if isinstance(node.ctx, ast.Store) else wanted).add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                given.add(node.name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                given.update((a.asname or a.name).split(".")[0] for a in node.names)
            elif isinstance(node, ast.arg):
                given.add(node.arg)
    return given, wanted


@pytest.mark.parametrize("for_a_class", [False, True])
def test_a_notebook_s_links_lead_to_what_is_beside_it(for_a_class, archives):
    files = archives[for_a_class]
    for name in [name for name in files if name.endswith(".ipynb")]:
        for its in json.loads(files[name])["cells"]:
            if its["cell_type"] == "markdown":
                for link in re.findall(r"\]\(([^)\s#]+)", "".join(its["source"])):
                    assert link in files or re.match("https?:", link), (name, link)


def test_what_chapters_read_goes_with_them(archives):
    for files in archives:
        assert {name for name in files if name.startswith("bench/")} == set(
            re.findall(r"bench/\w+\.\w+", "".join(map(str, code_of(files))))
        )


def code_of(files):
    for name in files:
        if name.endswith(".ipynb"):
            for its in json.loads(files[name])["cells"]:
                if its["cell_type"] == "code":
                    for line in its["source"]:
                        yield line.partition("#")[0]


def test_the_read_me_names_what_is_there(edition, archives, wheel):
    for_a_class = {ENGLISH: "the edition for a class", CHINESE: "供上课使用的版本"}[edition]
    for files, there in zip(archives, (False, True), strict=True):
        text = files["README.md"].decode()
        assert (for_a_class in text) == there
        assert text.startswith(f"# {edition.say('Digits with Paddle')}")
        assert (re.search("[\u4e00-\u9fff]", text) is not None) == (edition is CHINESE)
        assert wheel.name in text
        for name in re.findall(r"(?<=-[rc] )[\w.]+|\w+\.ipynb", text):
            assert name in files, name
        assert files["requirements.txt"].decode().startswith(f"./{wheel.name}\n")


def test_chinese_notebooks_are_those_of_the_site(wheel):
    """Those that are made of the English ones: with their code, and with Chinese words."""
    files = dict(handouts.notebook_files(wheel, edition=CHINESE))
    made = json.loads(making.made("01_quickstart.ipynb"))
    packed = json.loads(files["01_quickstart.ipynb"])
    assert [c["id"] for c in packed["cells"]] == [c["id"] for c in made["cells"]]
    assert packed["cells"][0] == made["cells"][0]
    assert packed["metadata"]["language"] == "zh_CN"


def test_the_same_files_give_the_same_archive(tmp_path):
    files = {"b/2.txt": b"two", "a.txt": b"one"}
    for folder, given in (("x", files), ("y", dict(reversed(files.items())))):
        (tmp_path / folder).mkdir()
        handouts.pack(tmp_path / folder / "things.zip", given)
    assert (tmp_path / "x/things.zip").read_bytes() == (tmp_path / "y/things.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "x/things.zip") as packed:
        assert packed.namelist() == ["things/a.txt", "things/b/2.txt"]
        assert packed.read("things/a.txt") == b"one"


@pytest.fixture
def site(tmp_path, monkeypatch, wheel):
    """A site of one page and a wheel, and no Chromium."""
    folder = tmp_path / "html"
    (folder / "book").mkdir(parents=True)
    (folder / "index.html").write_text("a page")
    (folder / "book" / wheel.name).write_bytes(wheel.read_bytes())
    monkeypatch.setattr(handouts, "SITE", folder)
    monkeypatch.setenv("PATH", str(tmp_path))
    return folder


def test_without_chromium_the_pdf_is_left_out_and_a_line_says_so(site, wheel, tmp_path, capsys):
    assert handouts.main(tmp_path / "dist") == 0
    name = handouts.NAME
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == [
        f"{name}-class-zh.zip", f"{name}-class.zip", f"{name}-notebooks-zh.zip",
        f"{name}-notebooks.zip", f"{name}-site.zip", wheel.name,
    ]  # fmt: skip
    said = capsys.readouterr()
    assert said.err.startswith(f"{name}.pdf and {name}-zh.pdf are left out: they are printed by")
    assert said.err.count("\n") == 1
    with zipfile.ZipFile(tmp_path / "dist" / f"{name}-site.zip") as packed:
        assert packed.namelist() == [f"{name}-site/book/{wheel.name}", f"{name}-site/index.html"]


def test_a_site_without_the_wheel_is_refused(site, wheel, tmp_path, capsys):
    (site / "book" / wheel.name).unlink()
    assert handouts.main(tmp_path / "dist") == 1
    assert "has 0 wheels, expected one: remove _build" in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()
