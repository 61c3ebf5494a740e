"""Logs of trainings, as pages keep them."""

import pytest

from mnist_helpers.notebook import read_log

LOG = """
SGD; constant; 0.5; 96 95; 036 - x
Adam; one-cycle; 1; 97
  98; 0 0
"""


def test_lines_are_found_by_their_keys():
    assert read_log(LOG, 3, "; ") == {
        ("SGD", "constant", 0.5): ["96 95", "036 - x"],
        ("Adam", "one-cycle", 1): ["97  98", "0 0"],
    }


def test_without_a_separator_white_space_is_one():
    assert read_log("conv  0.003 2   1.5\nfull 0.08 0\n", 3) == {
        ("conv", 0.003, 2): ["1.5"],
        ("full", 0.08, 0): [],
    }


def test_numbers_of_keys_are_floats():
    ((_, rate),) = read_log("a 1 x", 2)
    assert isinstance(rate, float)
    assert rate == 1


def test_a_key_comes_once():
    with pytest.raises(ValueError, match="a second line with the key"):
        read_log("a 1 x\na 1.0 y", 2)


def test_a_line_has_a_whole_key():
    with pytest.raises(ValueError, match="3 fields of a key expected: a 1"):
        read_log("a 1", 3)
