"""For teachers: each section has its lesson, each exercise its reader."""

import re

import pytest

from tests.look_up.pages import LINK, NOTEBOOKS, STEM, extension, sections, text_of, title_of

# At a chapter's end, and read at home
NOT_IN_A_LESSON = ("What went wrong in the course's version", "Scoreboard", "Summary", "Exercises",
                   "Two things to look up")  # fmt: skip
PLAN = sections("teaching.md")["a-plan-for-lessons-of-90-minutes"][2]
FOR_WHOM = sections("teaching.md")["which-exercises-for-whom"][2]


def test_every_exercise_is_for_somebody():
    exercises = {
        (path.name, where): title
        for path in NOTEBOOKS
        for where, (title, level, _) in sections(path.name).items()
        if level == 3 and title.startswith("Exercise ")
    }
    points = [LINK.search(line).groups() for line in FOR_WHOM.splitlines() if line.startswith("- ")]
    assert sorted((name, where) for _, name, where in points) == sorted(exercises)
    for words, name, where in points:
        assert words == exercises[name, where]


def test_every_exercise_says_what_it_asks():
    for line in FOR_WHOM.splitlines():
        assert not line.startswith("- ") or re.search(r"\): \w.{5,}", line), line


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=STEM)
def test_every_section_of_a_chapter_has_its_lesson_in_order(notebook):
    _, _, own = next(
        section for section in sections("teaching.md").values()
        if section[:2] == (title_of(notebook.name), 3)
    )  # fmt: skip
    named = [(name, where) for _, name, where in LINK.findall(own)]
    assert [where for _, where in named if not where.startswith("exercise-")] == [
        where
        for where, (title, level, _) in sections(notebook.name).items()
        if level == 2 and title not in NOT_IN_A_LESSON
    ]
    assert {name for name, _ in named} == {notebook.name}


def test_lessons_are_counted_on():
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", PLAN, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=STEM)
def test_how_long_a_chapter_runs_is_said_in_its_own_words(notebook, monkeypatch):
    link, runs, needs = extension("chapter_facts", monkeypatch).facts(notebook)
    assert title_of(notebook.name) in link
    text = text_of(notebook.name)
    assert f"**How long it runs:** {runs}\n" in text
    assert (f"**What it needs:** {needs}\n" in text) == bool(needs) == ("What it needs" in text)
