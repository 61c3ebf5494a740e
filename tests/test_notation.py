"""Chapters are written in what every viewer of notebooks reads: CommonMark, tables, ``$…$``.

JupyterLab, VS Code, Colab, AI Studio and a repository's viewer show these cells, and none of them
knows the site's directives and roles. CONTRIBUTING.md says how to write.
"""

import re
from operator import attrgetter
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

BOOK = Path(__file__).parents[1] / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.name[:2].isdecimal()]
STEM = attrgetter("stem")
# as strict as the strictest of them: VS Code draws no formula that begins or ends with a space
MARKDOWN = (
    MarkdownIt("commonmark")
    .enable("table")
    .use(dollarmath_plugin, allow_space=False, allow_digits=False)
)
LANGUAGES = ("", "python", "json", "text", "bash")


@pytest.fixture(params=NOTEBOOKS, ids=STEM)
def chapter(request):
    return request.param


def cells_of(notebook, kind):
    cells = nbformat.read(notebook, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == kind]


def faults(text):
    """What not every viewer shows as it is meant."""
    found = []
    for token in tokens(MARKDOWN.parse(text)):
        if token.type == "fence" and token.info.strip() not in LANGUAGES:
            found.append(f"a code block of {token.info.strip()!r}")
        elif token.type in ("html_block", "html_inline"):
            found.append(f"HTML: {token.content}")
        elif token.type == "link_open":
            found += wrong_target(token.attrs["href"])
        elif token.type == "text":
            found += words(token.content)
        elif token.type in ("math_inline", "math_block") and not token.content.strip():
            found.append("an empty formula")
    if re.search(r"(?<!!)\[\s*\]\(", text):
        found.append("a link without a text")
    return found


def tokens(tree):
    for token in tree:
        yield token
        yield from tokens(token.children or [])


def words(text):
    """Notations of one tool that a parser of CommonMark takes for words."""
    for pattern, what in (
        (r"\{[\w:.-]+\}$", "a role"),
        (r"^:::|^\+\+\+|^%(?=\s)", "a directive"),
        (r"^\([\w-]+\)=$", "a label"),
        (r"^:[\w-]+:", "an option of a directive"),
        (r"\[\^\w+\]", "a footnote"),
        (r"\{\{.*\}\}", "a substitution"),
        (r"^\|.*\|$", "a table with a fault"),
        (r"(?<!\\)\$", "a dollar sign that is no formula"),
    ):
        if re.search(pattern, text):
            yield f"{what}: {text}"


def wrong_target(address):
    """Links between pages name the file, which Jupyter opens and the site finds."""
    if re.match(r"https?://", address):
        return
    path, _, _ = address.partition("#")
    if not path or not (BOOK / path).is_file():
        yield f"a link to {address}, which is not a file"


def test_every_viewer_reads_every_cell(chapter):
    for cell in cells_of(chapter, "markdown"):
        assert faults(cell.source) == [], cell.source


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("```{note}\nA note.\n```", "a code block of '{note}'"),
        (":::{note}\nA note.\n:::", "a directive"),
        ("See {doc}`02_data`.", "a role"),
        ("(ex-1)=\n# Title", "a label"),
        (":label: ex-1", "an option"),
        ("as [](02_data.ipynb) says", "a link without a text"),
        ("as [the chapter on data](02_data) says", "not a file"),
        ("as [this](#title) says", "not a file"),
        ("<div>HTML</div>", "HTML"),
        ("a <b>word</b>", "HTML"),
        ("a note[^1]", "a footnote"),
        ("{{ name }}", "a substitution"),
        ("| a | b |\n|---|\n| 1 | 2 |", "a table with a fault"),
        ("it costs 5 $", "a dollar sign"),
        ("the rate $ r $ falls", "a dollar sign"),
    ],
)
def test_it_finds_what_only_one_tool_knows(text, what):
    assert any(what in fault for fault in faults(text)), faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "> **Note.** A note.",
        "the set {0, 1}, `{note}`, and $\\{a\\}$",
        "as [the chapter on data](02_data.ipynb) says",
        "| a | b |\n|---|---|\n| 1 | $x$ |",
        "```python\nx = {1}\n```",
        "$$\nx^2\n$$",
    ],
)
def test_it_lets_pass_what_all_know(text):
    assert faults(text) == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=STEM)
def test_exercises_are_numbered_headings_and_each_has_a_solution(chapter):
    number = int(chapter.name[:2])
    cells = [cell for cell in cells_of(chapter, "markdown") if cell.source.startswith("###")]
    exercises = [cell for cell in cells if cell.source.startswith(f"### Exercise {number}.")]
    solutions = [cell for cell in cells if "solution" in cell.metadata.get("tags", [])]
    assert exercises
    first = 1 + exercises_before(chapter)
    for n, (exercise, solution) in enumerate(zip(exercises, solutions, strict=True), start=first):
        assert exercise.source.splitlines()[0] == f"### Exercise {number}.{n}"
        assert solution.source == f"#### Solution {number}.{n}"
        assert cells.index(solution) == cells.index(exercise) + 1


def exercises_before(chapter):
    """How many there are on the earlier pages of a chapter that has several."""
    earlier = [c for c in CHAPTERS if c.name[:2] == chapter.name[:2] and c.name < chapter.name]
    cells = [cell for page in earlier for cell in cells_of(page, "markdown")]
    return sum(cell.source.startswith("### Exercise ") for cell in cells)


def test_what_folds_is_said_by_metadata_for_each_tool(chapter):
    """By tags on the site, in JupyterLab by metadata of its own: never one without the other."""
    for cell in nbformat.read(chapter, as_version=4).cells:
        tags, here = cell.metadata.get("tags", []), cell.metadata.get("jupyter", {})
        solution = "solution" in tags
        assert cell.metadata.get("jp-MarkdownHeadingCollapsed", False) == solution
        hidden = bool({"hide-input", "remove-cell", "remove-input"} & set(tags))
        assert here.get("source_hidden", False) == hidden, cell.source
        assert here.get("outputs_hidden", False) == ("hide-output" in tags), cell.source


def test_no_visible_cell_is_long(chapter):
    """Or it says why. A program that a cell writes to a file cannot be cut."""
    for cell in cells_of(chapter, "code"):
        hidden = bool({"hide-input", "remove-cell"} & set(cell.metadata.get("tags", [])))
        program = cell.source.startswith("%%writefile")
        long = not hidden and not program and len(cell.source.splitlines()) > 30
        assert bool(cell.metadata.get("long")) == long, cell.source
