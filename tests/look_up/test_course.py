"""The course: what chapters say is wrong in it, each with its proof; where its sections went."""

import json
import re

import pytest

from tests.look_up.pages import (
    BOOK,
    LINK,
    NOTEBOOKS,
    address,
    extension,
    sections,
    text_of,
    title_of,
)

HEADING = "## What went wrong in the course's version"
DIRECTIVES = re.findall(
    r"^## (.*)\n\n```\{course-mistakes\} (\S+)\n((?:.*\n)*?)```", text_of("mistakes.md"), re.M
)


@pytest.fixture
def course_mistakes(monkeypatch):
    return extension("course_mistakes", monkeypatch)


def test_each_chapter_s_section_is_gathered_under_the_chapter_s_title():
    having = [path.name for path in NOTEBOOKS if HEADING in text_of(path.name)]
    assert [name for _, name, _ in DIRECTIVES] == having
    assert {path.name for path in NOTEBOOKS if path.name[:2].isdecimal()} <= set(having)
    for title, name, _ in DIRECTIVES:
        assert title == title_of(name).split(":")[0]


@pytest.mark.parametrize(("title", "name", "lines"), DIRECTIVES)
def test_no_word_of_the_section_is_lost_and_each_mistake_has_its_proof(
    title, name, lines, course_mistakes
):
    told = course_mistakes.page_of(BOOK / name, lines.splitlines())
    _, mistakes = course_mistakes.mistakes_in(BOOK / name)
    assert len(mistakes) == len(lines.splitlines())
    proofs = re.findall(r"\]\(([\w.]+)#([\w-]+)\)$", told, re.MULTILINE)
    assert len(proofs) == len(mistakes)
    assert {page for page, _ in proofs} == {name}
    assert {where for _, where in proofs} <= set(sections(name))
    section = sections(name)[course_mistakes.ADDRESS][2].strip()
    for block in re.split(r"\n\n+|\n(?=- )", section):
        if not block.startswith('("The course" is'):
            assert "".join(block.removeprefix("- ").split()) in "".join(told.split())


def notebook_with(folder, *cells):
    """A notebook that has this Markdown and this code in its section on the course."""
    kinds = ["markdown", *["code"] * (len(cells) - 1)]
    made = [{"cell_type": kind, "source": [text]} for kind, text in zip(kinds, cells, strict=True)]
    made[0]["source"].insert(0, f"{HEADING}\n\n")
    made.append({"cell_type": "markdown", "source": ["## Scoreboard\n\nNot this."]})
    path = folder / "07_x.ipynb"
    path.write_text(json.dumps({"cells": made}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["Its loss: told"], "0 lines for the mistake that begins with 'Its rate"),
        (["Its loss: told", "Its rate: told", "Its r: told"], "2 lines for"),
        (["Its loss: told", "Its rate: told", "Its net: told"], "no mistake begins with 'Its net'"),
        (["Its loss: here", "Its rate: told"], "no cell shows what begins with 'Its loss"),
    ],
)
def test_what_does_not_go_together_is_named(tmp_path, course_mistakes, lines, fault):
    path = notebook_with(tmp_path, "- Its loss is wrong.\n- Its rate, too.")
    with pytest.raises(ValueError, match=fault):
        course_mistakes.page_of(path, lines)


def test_a_notebook_without_the_section_is_named(tmp_path, course_mistakes):
    path = tmp_path / "07_x.ipynb"
    path.write_text('{"cells": []}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"07_x\.ipynb has no section"):
        course_mistakes.page_of(path, [])


def test_a_cell_below_a_list_shows_its_points(tmp_path, course_mistakes):
    path = notebook_with(tmp_path, "First words.\n\n- A.\n- B.", "print(1)")
    assert course_mistakes.page_of(path, ["A: here", "B: how"]) == (
        "First words.\n\n"
        "- A.\n\n  Proof: [a cell of the chapter's section]"
        "(07_x.ipynb#what-went-wrong-in-the-courses-version)\n\n"
        "- B.\n\n  Proof: [](07_x.ipynb#how)"
    )


def test_a_section_of_plain_paragraphs_is_one_mistake(tmp_path, course_mistakes):
    path = notebook_with(tmp_path, "It forgets this.\n\nAnd that.", "print(1)")
    assert course_mistakes.page_of(path, ["It forgets: here"]).startswith(
        "- It forgets this.\n\n  And that.\n\n  Proof: "
    )


def test_each_section_of_the_course_leads_to_its_chapter():
    text = text_of("from_the_course.md")
    named = re.findall(r"^\| (\d+)(?: \(.*?\))? \| \[(\d+) · .*?\]\(#(.*?)\)", text, re.MULTILINE)
    assert [int(number) for number, _, _ in named] == [1, 2, 3, 4, 5, 7, 8, 9, 10]
    for number, chapter, where in named:
        title, _, below = sections("from_the_course.md")[where]
        assert title == f"Section {number}, now chapter {chapter}"
        assert int(LINK.search(below)[2][:2]) == int(chapter)
        assert "**Worth a look**: " in below
        assert "](mistakes.md#" in below
    for count, where in re.findall(r"\[(\w+) things\]\(mistakes\.md#(.*?)\)", text):
        lines = next(lines for heading, _, lines in DIRECTIVES if address(heading) == where)
        assert {"three": 3, "six": 6}[count] == len(lines.splitlines())
    linked = {name for _, name, _ in LINK.findall(text)}
    assert {path.name for path in NOTEBOOKS} <= linked


def test_the_course_s_exercises_are_those_that_the_chapters_name():
    """A chapter says beside an exercise that it is the course's."""
    theirs = {}
    for path in NOTEBOOKS:
        for title, _, text in sections(path.name).values():
            if said := re.match(r"\s*\(The course's exercise (2-\d)\.\)", text):
                theirs[said[1]] = (path.name, address(title))
    assert set(theirs) == {"2-1", "2-2", "2-3"}  # 2-4 has five parts, on two pages
    for number, (name, where) in theirs.items():
        link = rf"exercise {number} is \[exercise [\d.]+\]\({name}#{where}\)"
        assert re.search(link, text_of("from_the_course.md")), number
