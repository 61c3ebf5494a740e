"""Sentences of a page that are checked."""

import pytest

from mnist_helpers.notebook import verdict_on
from mnist_helpers.notebook.verdicts import NOT_NOW


@pytest.mark.parametrize("n", [9_999, 10_000])
def test_what_holds_is_said(n, capsys):
    verdict_on(range(n))("ReLU leads", True)
    assert capsys.readouterr().out == "ReLU leads: yes\n"


def test_with_enough_digits_a_sentence_must_hold():
    with pytest.raises(AssertionError, match="ReLU leads"):
        verdict_on(range(10_000))("ReLU leads", False)


def test_with_few_digits_it_may_fail(capsys):
    verdict_on(range(9_999))("ReLU leads", False)
    assert capsys.readouterr().out == "ReLU leads: cannot tell from so few digits\n"


def test_seconds_may_fall_short_where_the_machine_is_busy(capsys):
    verdict = verdict_on(range(10_000))
    verdict("it is quicker", False, timed=True)
    assert capsys.readouterr().out == f"it is quicker: {NOT_NOW}\n"
    verdict("it is quicker", True, timed=True)
    assert capsys.readouterr().out == "it is quicker: yes\n"
