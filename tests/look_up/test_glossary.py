"""The glossary: sorted, taught where it says, and complete where chapters give a thing its name."""

import re

import pytest

from tests.look_up.pages import NOTEBOOKS, STEM, sections, text_of

WHERE = re.compile(r"(Chapter \d+|Besides): \[\]\((.*?)#(.*?)\)$")
# What a section says in place of the term, or for a part of it
SAID_OTHERWISE = {"dead unit": "*dead*", "global interpreter lock": "GIL",
                  "state dictionary": "state_dict", "loss scaling": "GradScaler"}  # fmt: skip
NAMING = re.compile(
    # called a *step*; this is *noise*; a *kernel*, its *stride*; the **chain rule**; (*batches*)
    r"\b(?:[Cc]alls?|[Cc]alled|(?:This|That) is|(?:is|are) the|an?|its|in(?:to)?)"
    r"(?: (?:an?|the|its|it|this|that|them|such directions|the matrix's))?"
    r" \*{1,2}([A-Za-z][^*\n]{2,40})\*{1,2}"
    r"|(?<=[a-z,] )\*\*([A-Za-z][\w -]{2,40})\*\*"
    r"|\(\*([a-z][^*\n]{2,30})\*\)"
)
# Stressed and not named, another form of a term, or the first words of a point
NOT_TERMS = {"not", "most", "new", "before", "larger", "second", "hundredth", "difference", "sum",
             "curve", "fan", "folder", "loaded", "fine-tuned", "asynchronously", "diverges", "rate",
             "shows", "writer's", "the course", "ink 1 and paper 0", "missing class",
             "hand", "verdict"}  # fmt: skip


def entries():
    """(term, Chinese word or None, definition, notebook, section) of each entry."""
    text = re.search(r"```\{glossary\}\n(.*?)\n```", text_of("glossary.md"), re.DOTALL)[1]
    for entry in text.split("\n\n"):
        *terms, definition = entry.split("\n")
        chapter, name, where = WHERE.search(definition).groups()
        number = f"Chapter {int(name[:2])}" if name[:2].isdecimal() else "Besides"
        assert chapter == number, entry
        yield terms[0], (terms[1:] or [None])[0], definition, name, where


ENTRIES = list(entries())


def test_it_is_sorted_and_names_each_term_once():
    terms = [term for term, *_ in ENTRIES]
    assert terms == sorted(terms, key=str.casefold)
    assert len(set(terms)) == len(terms)
    chinese = [word for _, word, *_ in ENTRIES if word]
    assert len(set(chinese)) == len(chinese)
    assert all(re.search(r"[\u4e00-\u9fff]", word) for word in chinese)


def test_every_definition_is_indented_and_is_a_sentence():
    for term, _, definition, *_ in ENTRIES:
        assert re.match(r"  (\S.*[.)]) (Chapter \d+|Besides): \[\]", definition), term


@pytest.mark.parametrize(("term", "name", "where"), [(e[0], e[3], e[4]) for e in ENTRIES])
def test_the_section_that_an_entry_names_has_its_term(term, name, where):
    text = sections(name)[where][2].casefold()
    words = [SAID_OTHERWISE[term]] if term in SAID_OTHERWISE else map(stem, term.split())
    for word in words:
        assert re.search(rf"(?<![a-z]){re.escape(word.casefold())}", text), word


def stem(word):
    """Enough of a word to find its other forms: normalisation, normalised."""
    word = word.casefold().removesuffix("'s")
    return word if len(word) < 7 else word[:6]


def test_words_that_paddle_s_documentation_does_not_have_are_entries():
    (named,) = re.findall(r"they are usual elsewhere: (.*)\.$", text_of("glossary.md"), re.M)
    assert set(named.split("、")) <= {word for _, word, *_ in ENTRIES}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=STEM)
def test_what_a_chapter_gives_a_name_is_explained(notebook):
    """In italics or bold, behind "called" and the like, or alone in brackets."""
    found = set(names(text_of(notebook.name)))
    assert {word for word in found - NOT_TERMS if not explained(word)} == set()


def test_a_name_that_is_not_explained_is_found():
    text = "It is called a *leap*. That is *far*; (*hop*) is the **mini-leap**, an *ease*."
    assert names(text) == ["leap", "far", "hop", "mini-leap", "ease"]
    assert not any(map(explained, names(text)))
    assert all(map(explained, ("chain rule", "batches", "broadcast", "mlp", "weights")))


def names(text):
    """What the text gives a name."""
    return [plain("".join(groups)) for groups in NAMING.findall(text)]


def plain(words):
    return words.strip(" .,:").casefold()


def explained(word):
    """Whether the glossary has the word, in the singular, or a term that begins with it."""
    forms = {word, word.removesuffix("s"), word.removesuffix("es")}
    return any(re.match(rf"{re.escape(form)}(?:[ -]|$)", has) for form in forms for has in known())


def known():
    """All terms, and what their definitions have in italics or name "for short"."""
    for term, _, definition, *_ in ENTRIES:
        yield plain(term)
        yield from map(plain, re.findall(r"\*([^*]+)\*", definition))
        yield from map(plain, re.findall(r"; ([\w-]+) for short", definition))
