"""Numbers in sentences are those of the stored outputs; and the check of that can fail.

A text cell declares its numbers in its metadata; CONTRIBUTING.md says how.
"""

import contextlib
import itertools

import pytest

from tests.test_claims import page
from tools.claims.bindings import declarations, fault, kind_of, places, undeclared, wrong
from tools.claims.places import read

# Whose numbers are not all declared yet. A chapter is taken off when they are; none is put on.
NOT_BOUND_YET = ("07", "08", "09")

BOOK = read()


@pytest.fixture(params=BOOK)
def chapter(request):
    return request.param


def as_lines(problems):
    return "\n" + "\n".join(map(str, problems))


def test_every_bound_number_is_that_of_the_stored_output(chapter):
    found = wrong(BOOK, chapter)
    assert not found, as_lines(found)


def test_every_number_is_declared(chapter):
    found = undeclared(BOOK, chapter)
    if chapter.startswith(NOT_BOUND_YET):
        assert found, f"{chapter} declares all its numbers: take it off the list"
    else:
        assert not found, as_lines(found)


def test_the_list_of_chapters_that_are_not_bound_only_shrinks():
    assert set(NOT_BOUND_YET) <= {f"{n:02}" for n in range(2, 11)}


def test_every_bound_number_that_changes_is_noticed(chapter):
    assert list(unnoticed(BOOK, chapter)) == []


def unnoticed(book, chapter):
    """The declarations that hold as well for a number three times as large, or a third."""
    for cell, declaration in declarations(book[chapter]):
        if kind_of(declaration) == "source":
            continue
        open_ended = declaration.get("how") in ("more", "less")
        for place in itertools.chain(*places(book, chapter, declaration).values()):
            noticed = [fails(book, chapter, cell, declaration, place, by) for by in (3, 1 / 3)]
            if not (any if open_ended else all)(noticed):
                yield f"{cell.id}: {declaration}"


def fails(book, chapter, cell, declaration, place, factor):
    with changed(place, factor):
        return fault(book, chapter, cell, declaration) is not None


@contextlib.contextmanager
def changed(place, factor):
    """Another number at this place of an output, until the end of the `with`."""
    before = place.holder[place.key]
    value = place.value * factor or (3 if factor > 1 else -3)  # also for 0
    number = f"{100 * value:g}%" if "%" in before[place.start : place.end] else f"{value:g}"
    place.holder[place.key] = before[: place.start] + number + before[place.end :]
    try:
        yield
    finally:
        place.holder[place.key] = before


def test_a_number_that_could_be_any_is_not_bound():
    """What `unnoticed` is for: a formula in which the output plays no part."""
    says = {"says": "5", "a": "prints :: accuracy: #"}
    book = page("5 of them", [{**says, "is": "5 + 0 * a"}])
    assert wrong(book, "01_first") == []
    assert len(list(unnoticed(book, "01_first"))) == 1
    book = page("21.6% of them", [{**says, "says": "21.6%"}])
    assert list(unnoticed(book, "01_first")) == []
    assert wrong(book, "01_first") == []  # and all is as it was
