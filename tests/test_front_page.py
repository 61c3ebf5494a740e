"""The front page: cards that are made of the notebooks, and the way, of the scoreboard's rows.

Some of it needs ``make book`` to have been run.
"""

from __future__ import annotations

import html
import json
import re
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mnist_helpers.notebook.scoreboard import rows_of
from tests.look_up.pages import BOOK, extension
from tests.test_notation import CHAPTERS, STEM

SITE = BOOK.parent / "_build" / "html"
FAR = BOOK.parent / "mnist_helpers" / "recipes" / "far_runs" / "valid" / "log-0.json"


@pytest.fixture
def cards(monkeypatch):
    return extension("chapter_cards", monkeypatch)


@pytest.fixture
def way(monkeypatch):
    return extension("the_way", monkeypatch)


@pytest.fixture(scope="module")
def page():
    """The rendered front page."""
    if not (SITE / "book" / "index.html").exists():
        pytest.skip("no site: make book renders it")
    return (SITE / "book" / "index.html").read_text(encoding="utf-8")


def first_cell(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]


def plain(text):
    """Words as a reader sees them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("’", "'").split())


# --- cards


@pytest.mark.parametrize("chapter", CHAPTERS, ids=STEM)
def test_a_card_says_what_its_notebook_stores(cards, chapter):
    card, first = cards.card(chapter), first_cell(chapter)
    text = "".join(first["source"])
    title = re.match(r"# ([^:\n]+)", text)[1]
    assert card.label == f"{int(chapter.name[:2])} · {title}"
    assert card.about == first["metadata"]["about"]
    assert re.fullmatch(r"[A-Z].*[.?]", card.about)
    assert not re.search(r"\d", card.about)  # numbers that a run computes are bound in cells only
    assert f"**How long it runs:** {card.time}" in text
    assert re.search(r"minutes?$", card.time)
    assert [card.row] == rows_of(chapter)
    assert card.picture.size == cards.SIZE
    assert np.ptp(np.asarray(card.picture.convert("L"))) > 100  # something is on it
    assert len(card.alt) > 20


def test_a_card_shows_no_time_of_another_row(cards):
    (compared,) = (cards.card(path) for path in CHAPTERS if path.stem == "06_resources")
    assert " s)" in compared.row.change
    assert compared.new == compared.row.change.split(" (")[0]


def test_no_two_cards_are_alike(cards):
    made = [cards.card(chapter) for chapter in CHAPTERS]
    for what in (lambda c: c.about, lambda c: c.alt, lambda c: c.picture.tobytes()):
        assert len(set(map(what, made))) == len(CHAPTERS)


def broken(folder, change):
    """The quickstart's notebook, changed."""
    notebook = json.loads((BOOK / "01_quickstart.ipynb").read_text(encoding="utf-8"))
    marked = next(cell for cell in notebook["cells"] if "thumbnail" in cell["metadata"])
    change(notebook["cells"], marked)
    path = folder / "01_broken.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cells, _: cells[0]["metadata"].pop("about"), 'metadata have no "about"'),
        (lambda cells, _: cells[1]["metadata"].update(thumbnail={}), '2 cells with a "thumbnail"'),
        (lambda _, marked: marked["metadata"].pop("thumbnail"), '0 cells with a "thumbnail"'),
        (lambda _, marked: marked["outputs"].clear(), "has a thumbnail, but no figure is stored"),
        (lambda _, marked: marked["metadata"]["thumbnail"].update(crop=[0, 0, 2, 1]),
         "crop is [0, 0, 2, 1], expected left, top, right and bottom"),
        (lambda _, marked: marked["metadata"]["thumbnail"].pop("crop"), "crop is None, expected"),
        (lambda _, marked: marked["metadata"]["thumbnail"].pop("alt"), 'has no "alt"'),
        (lambda cells, _: cells.__delitem__(slice(1, None)), "0 rows of the scoreboard, expected"),
    ],
)  # fmt: skip
def test_a_notebook_that_lacks_a_part_of_its_card_is_named(tmp_path, cards, change, said):
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        cards.card(broken(tmp_path, change))
    assert str(caught.value).startswith("01_broken.ipynb: ")
    assert "\n" not in str(caught.value)


def test_a_thumbnail_is_the_named_part_of_the_figure(cards, tmp_path):
    """The two halves of a figure are two pictures."""
    halves = []
    for crop in ([0, 0, 0.5, 1], [0.5, 0, 1, 1]):
        path = broken(
            tmp_path, lambda _, m, crop=crop: m["metadata"]["thumbnail"].update(crop=crop)
        )
        halves.append(np.asarray(cards.card(path).picture.convert("L"), float))
    assert np.abs(halves[0] - halves[1]).mean() > 5


def test_the_site_has_a_card_for_each_page_of_the_chapters_in_their_order(cards, page):
    shown = page.split("chapter-cards", 1)[1].split("</section>")[0].split('class="sd-card ')[1:]
    assert len(shown) == len(CHAPTERS)
    for chapter, text in zip(CHAPTERS, shown, strict=True):
        card = cards.card(chapter)
        assert re.findall(r'href="([^"]+)"', text)[:1] == [f"{chapter.stem}.html"]
        assert f'<img alt="{card.alt}"' in text
        words = plain(text)
        result = f"{card.row.cells()[2]} {card.new}"
        for part in (card.label, card.about, result, card.time):
            assert part in words
        (picture,) = re.findall(r'src="([^"]+)"', text)
        assert (SITE / "book" / picture).stat().st_size < 80_000


# --- the way


def test_the_way_has_each_row_of_the_scoreboard_and_ends_with_the_far_recipe(way):
    steps = way.steps_of(BOOK, "the far recipe")
    rows = [row for chapter in CHAPTERS for row in rows_of(chapter)]
    far = json.loads(FAR.read_text(encoding="utf-8"))
    assert far["judged on"] == "valid"  # as all rows are
    assert [step.accuracy for step in steps] == [*(row.accuracy for row in rows), far["accuracy"]]
    assert [int(step.name.split(" ")[0]) for step in steps[:-1]] == [row.chapter for row in rows]
    assert steps[-1].name == "the far recipe"
    most = 0
    for step in steps:
        assert step.best == (step.accuracy >= most)
        most = max(most, step.accuracy)
    assert steps[-1].best


def test_both_forms_can_be_seen_on_their_pages(way):
    """Where the light one is dark, the dark one is light; and their paper is not there."""
    steps = way.steps_of(BOOK, "the far recipe")
    tones = {}
    for paper, colours in way.PAPERS.items():
        drawn = np.asarray(way.drawn(steps, **colours).convert("RGBA"), float)
        assert (drawn[..., 3] == 0).mean() > 0.8
        tones[paper] = drawn[drawn[..., 3] == 255][:, :3].mean()
    assert tones["light"] < 110
    assert tones["dark"] > 145


def test_a_better_model_lies_further_to_the_right(way):
    places = [way.stretched(accuracy) for accuracy in (0, 0.2, 0.9, 0.99, 0.999)]
    assert places == sorted(places)
    assert np.allclose(np.diff(places[2:]), 1)  # a tenth of the mistakes: always as far


def test_names_in_letters_that_the_font_lacks_are_written_by_the_browser(way):
    assert way.Step("7 · Over- and underfitting", 0.9, True).drawable()
    names = ["1 · 快速上手", "2 · 数据 <x>"]
    steps = [
        way.Step(name, accuracy, True) for name, accuracy in zip(names, (0.5, 0.9), strict=True)
    ]
    assert not any(step.drawable() for step in steps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Matplotlib's, of glyphs that are missing
        made = way.lettered(steps, **way.PAPERS["light"])
    assert made == way.lettered(steps, **way.PAPERS["light"])
    root = ET.fromstring(made)
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    assert [node.text for node in texts] == names
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    places = [(float(node.attrib["x"]), float(node.attrib["y"])) for node in texts]
    assert all(0 <= x < width / 2 and 0 < y < height for x, y in places)
    assert places[0][1] < places[1][1]


def test_the_site_shows_the_way_in_two_forms_and_in_words(way, page):
    steps = way.steps_of(BOOK, "10 · the far recipe")
    images = re.findall(r'<img alt="([^"]+)" class="way only-(\w+)" src="([^"]+)"', page)
    assert [form for _, form, _ in images] == ["light", "dark"]
    for alt, _, source in images:
        assert (SITE / "book" / source).is_file()
        assert all(step.said() in alt for step in steps)
    below = plain(page.split('class="way-caption', 1)[1].split("</div>")[0])
    first, last = (way.percent(steps[n].accuracy) for n in (0, -1))
    assert f"From {first} to {last} of the" in below


# --- proofs


def test_each_answer_ends_with_a_proof_that_is_there():
    """Sections are looked up in tests/look_up, files on the site in test_site.py."""
    text = (BOOK / "index.md").read_text(encoding="utf-8")
    part = text.split("## What to ask of a course", 1)[1].split("\n## ")[0]
    answers = re.findall(r"^- \*\*(.+\?)\*\* (.+)$", part, re.MULTILINE)
    assert len(answers) >= 5
    for question, answer in answers:
        assert re.search(r"\]\(\w+\.\w+#?[\w-]*\)|\{download\}`", answer), question
    files = re.findall(r"\{download\}`[^`]+<\.\./([^>]+)>`", part)
    assert files
    assert all((BOOK.parent / file).is_file() for file in files)
