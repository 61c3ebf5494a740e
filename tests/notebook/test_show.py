"""Tables, and the library's source as a chapter shows it."""

import pytest

from mnist_helpers import data
from mnist_helpers.notebook import show
from mnist_helpers.training import fit


def lines(header, rows):
    return show.table(header, rows).data.splitlines()


def test_columns_of_numbers_are_set_to_the_right():
    rows = [("SGD", 0.3, "96.3 ± 0.2", "1.0 s", "a line"), ("Adam", 1e-05, "97 %", "-", "12 lines")]
    header, rule, first, _ = lines(["name", "rate", "accuracy", "time", "words"], rows)
    assert header == "| name | rate | accuracy | time | words |"
    assert rule == "| --- | ---: | ---: | ---: | --- |"
    assert first == "| SGD | 0.3 | 96.3 ± 0.2 | 1.0 s | a line |"


@pytest.mark.parametrize("cell", ["12", "-3.5", "+0.1", "1,234", "21.4 %", "0.09 ms", "1e-05", ""])
def test_numbers_are_numbers(cell):
    assert lines(["a"], [(cell,)])[1] == "| ---: |"


@pytest.mark.parametrize("cell", ["line", "2 × 3", "97.13 to 97.24 and more", "x12", "True"])
def test_words_are_no_numbers(cell):
    assert lines(["a"], [(cell,)])[1] == "| --- |"


def test_names_of_columns_need_not_be_text():
    assert lines(["digit", 0, 1], [("right", 5, 6)])[0] == "| digit | 0 | 1 |"


def test_source_is_shown_without_what_the_reference_has():
    text = show.source(fit).data
    assert text.startswith("```python\ndef fit(")
    assert "for epoch in range(" in text
    assert "Parameters" not in text
    assert "Raises" not in text


def test_links_of_the_reference_are_plain_code_in_shown_source():
    assert ":func:" in data.batches.__doc__
    text = show.source(data.batches).data
    assert ":func:" not in text
    assert "``shuffled``" in text


def test_a_spread_takes_two_numbers():
    assert show.with_spread([0.9, 0.92]) == "91.0 ± 1.4"
    with pytest.raises(ValueError, match="two numbers or more, not 1"):
        show.with_spread([0.9])


def test_a_file_is_shown_as_it_is(tmp_path):
    path = tmp_path / "program.py"
    path.write_text('"""Écrit."""\n\nprint(1)\n', encoding="utf-8")
    assert show.file(path).data == '```python\n"""Écrit."""\n\nprint(1)\n```'
