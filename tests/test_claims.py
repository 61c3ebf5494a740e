"""The check of numbers in sentences: what it finds, where it looks, and what it lets pass."""

import re
import subprocess
import sys

import nbformat
import pytest

from tools import store_outputs
from tools.claims.bindings import holds, report, undeclared, wrong
from tools.claims.formula import BindingError, evaluate
from tools.claims.places import ROOT, find
from tools.claims.prose import claims, numbers, sentence

TABLE = """| optimiser | rate | accuracy, % | both |
| --- | ---: | ---: | --- |
| SGD | 0.3 | 96.3 ± 0.2 | 12 |
| Adam | 0.003 | 96.5 ± 0.2 | 89.6%, 90.8% |
| Adam | 0.01 | **90** | 89.3%, 89.2% |
"""
SHARE, LAST, BOTH = "prints :: accuracy: #", "prints :: loss: … #", "prints :: loss: # #"
SGD, ADAM = "shows :: SGD :: accuracy, %", "shows :: Adam | 0.01 :: accuracy, %"
EPOCHS = "prints :: epochs = #"
CODE = "epochs = 10  # ten\nloader = DataLoader(train, batch_size=16)\nflat = nn.Linear(28 * 28, 1)"


def page(text="", declared=(), printed="accuracy: 21.6%\nmean loss: 4.41 3.32\n", seconds="41"):
    """A book of one chapter: a cell that prints, one that shows a table, and a text."""
    cells = [
        nbformat.v4.new_code_cell(CODE, id="prints"),
        nbformat.v4.new_code_cell(id="shows"),
        nbformat.v4.new_markdown_cell(text, id="text", metadata={"numbers": list(declared)}),
    ]
    cells[0].outputs = [nbformat.v4.new_output("stream", text=printed)]
    shown = {"text/markdown": TABLE, "text/plain": "a table"}
    cells[1].outputs = [nbformat.v4.new_output("execute_result", shown)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.executed = {"seconds": seconds}
    return {"01_first": notebook}


def fault_of(text, **declaration):
    """What is found wrong with a text that makes this declaration."""
    return "\n".join(problem.what for problem in wrong(page(text, [declaration]), "01_first"))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("the root is 1.8", [(1.8,)]),
        ("60,000 digits in 2e-3 s, and -0.5", [(60000,), (0.002,), (-0.5,)]),
        ("99 % of them, 0.4 per cent", [(0.99,), (0.004,)]),
        ("half a per cent", [(0.005,)]),
        ("from 3 to 15 points, 4 to 6", [(3, 15), (4, 6)]),
        ("28 × 28 pixels, 5×5 pixels, 784 → 10 → 1", [(28, 28), (5, 5), (784, 10, 1)]),
        ("labels of shape [100, 1], (2, 100)", [(100, 1), (2, 100)]),
        (
            "a sixth of it, the last sixth, two thirds, about a third",
            [(1 / 6,), (1 / 6,), (2 / 3,), (1 / 3,)],
        ),
        ("half of them, a quarter, three quarters", [(0.5,), (0.25,), (0.75,)]),
        ("twice as many, more than twice, it halves the time", [(2,), (2,), (0.5,)]),
        ("300 times, ten times, a hundred times", [(300,), (10,), (100,)]),
        ("three hundred times, twenty-five digits", [(300,), (25,)]),
        ("one and a half pixels, 2 million digits", [(1.5,), (2e6,)]),
        ("one in five, one digit in four, 96 in 100", [(0.2,), (0.25,), (0.96,)]),
        ("nine times out of ten, 15 of the 10,000 labels", [(0.9,), (0.0015,)]),
        ("31,250 steps in 16 s", [(31250,), (16,)]),
        ("three seeds, ten *epochs*, **two** minutes", [(3,), (10,), (2,)]),
        ("nearly 2, a loss of 3, about two, more than three", [(2,), (3,), (2,), (3,)]),
        ("under a minute, about a second", [(1,), (1,)]),
        ("1/4 of it", [(0.25,)]),
        ("It was a sixth. Now it fell to a fifth, as a seventh of", [(1 / 6,), (1 / 5,), (1 / 7,)]),
        ("2,000 digits, and 2000 digits", [(2000,), (2000,)]),
        ("| table | 21.6 |", [(21.6,)]),
    ],
)
def test_it_finds_numbers_in_sentences(text, values):
    found = claims(text)
    assert [pytest.approx(number.values) for number in found] == values


@pytest.mark.parametrize(
    "text",
    [
        "`batch_size=16`, ``16``, and\n\n```\n784\n```\n\n    x = 100\n",
        "a sum $w_{784} x + 100$, and\n$$\n784\n$$",
        "[this](https://example.org/300) and https://example.org/300",
        "LeNet-5, CIFAR-10, float32, `L2`",
        "in 1998, the 1990s, 2012: the net",
        "[chapter 10](10.ipynb), exercise 2-14, Exercise 10.2, Python 3.10 to 3.12, version 10",
        "12. the twelfth item\n13. and the next",
        "four parts, one of them, the first two, a 7, the answers 1 and 7",
        "from 0 to 1, -1 to 1, 0 to 9, [0, 1], 3 × 3 windows",
        "near 0 and 1; a third row, a second time, the third, a third, too",
        "it draws twice, half-way, in a second process",
    ],
)
def test_it_leaves_out_what_is_no_claim(text):
    assert [text[number.start : number.end] for number in claims(text)] == []


def test_a_number_is_found_where_it_stands():
    text = "`16` in code. The loss is **3.32** now. And 5."
    (number,) = claims(text)
    assert text[number.start : number.end] == "3.32"
    assert sentence(text, number.start, number.end) == "The loss is **3.32** now."
    assert len(numbers(text)) == 2


@pytest.mark.parametrize(
    ("reference", "values"),
    [
        ("prints :: accuracy: #", [0.216]),
        ("prints :: mean loss: # #", [4.41, 3.32]),
        ("prints :: loss: … #", [3.32]),
        ("prints[0] :: accuracy: #", [0.216]),
        ("01/prints :: accuracy: #", [0.216]),
        ("shows :: SGD :: rate", [0.3]),
        ("shows :: Adam | 0.01 :: accuracy, %", [90]),
        ("shows :: SGD :: accuracy, % :: # ±", [96.3]),
        ("shows :: SGD :: accuracy, % :: ± #", [0.2]),
        ("shows :: Adam | 0.003 :: both :: , #", [0.908]),
        ("executed :: seconds", [41]),
        ("text :: wrong by #", [4]),
    ],
)
def test_it_finds_the_number_in_an_output(reference, values):
    found = find(page("being wrong by 4"), "01_first", reference)
    assert [place.value for place in found] == pytest.approx(values)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("prints :: batch_size=#", 16),
        ("prints :: epochs = #", 10),
        ("prints :: 28 * 28", 784),
        ("tools/claims/bindings.py :: WIDEST = #", 25),
    ],
)
def test_it_finds_a_constant_in_code(reference, value):
    assert [place.value for place in find(page(), "01_first", reference, code=True)] == [value]


@pytest.mark.parametrize(
    ("reference", "code", "message"),
    [
        ("nowhere :: #", False, "there is no cell nowhere"),
        ("prints", False, "expected cell :: pattern"),
        ("prints :: loss of #", False, "prints has no 'loss of #'"),
        ("prints :: #", False, "prints has '#' 3 times"),
        ("prints :: epochs = #", False, "has no"),  # that is code, and not output
        ("prints :: 784", True, "neither # nor anything to compute"),
        ("prints :: 20 * 28", True, "has no"),
        ("shows :: Adam :: rate", False, "has 'Adam :: rate' 2 times"),
        ("shows :: SGD :: time", False, "has no 'SGD :: time'"),
        ("shows :: SGD :: accuracy, %", False, "is '96.3 ± 0.2': say which number of it"),
        ("tools/none.py :: #", True, "there is no file tools/none.py"),
    ],
)
def test_it_says_why_there_is_no_such_number(reference, code, message):
    with pytest.raises(BindingError, match=re.escape(message)):
        find(page(), "01_first", reference, code)


@pytest.mark.parametrize(
    ("said", "step", "measured", "how", "held"),
    [
        (1.8, 0.05, 1.822, None, True),
        (1.7, 0.05, 1.822, None, False),
        (1.85, 0.005, 1.85, None, True),
        (60000, 0.5, 60001, None, False),
        (1 / 6, 0, 1 / 6, None, True),
        (1 / 6, 0, 1 / 7, None, False),  # words are exact,
        (1 / 6, 0, 0.16, "about 5 %", True),
        (1 / 6, 0, 1 / 7, "about 10 %", False),  # or say how near
        (2, 0, 1.82, "less 15 %", True),
        (2, 0, 1.5, "less 15 %", False),
        (2, 0, 2.1, "less 15 %", False),
        (0.99, 0.005, 0.9917, "more", True),
        (0.99, 0.005, 0.99, "more", False),
        (3, 0, 4, "more 10 %", False),
    ],
)
def test_how_a_sentence_may_say_what_was_measured(said, step, measured, how, held):
    assert holds(said, step, measured, how) == held


@pytest.mark.parametrize("how", ["about", "roughly", "about 60 %", "about 0 %", "more 10", 5])
def test_how_has_few_words_and_no_wide_tolerance(how):
    assert "prints" not in fault_of("21.6%", says="21.6%", a=SHARE, how=how)
    assert fault_of("21.6%", says="21.6%", a=SHARE, how=how) != ""


@pytest.mark.parametrize(
    ("text", "says", "declared"),
    [
        ("21.6 % are right", "21.6 %", {"a": SHARE}),
        ("about one in five", "one in five", {"a": SHARE, "how": "about 15 %"}),
        ("its root is 1.8", "1.8", {"is": "sqrt(a)", "a": LAST}),
        ("4.41, then 3.32", "4.41, then 3.32", {"a": BOTH}),
        ("it fell by 1.09", "1.09", {"is": "a[0] - a[1]", "a": BOTH}),
        ("all above 3", "above 3", {"a": BOTH, "how": "more"}),
        ("3 to 5 points", "3 to 5", {"a": BOTH, "how": "within"}),
        ("7 % more", "7 %", {"is": "a / b - 1", "a": f"{SGD} :: # ±", "b": ADAM}),
        ("784 and 784 again", "784", {"constant": "prints :: 28 * 28"}),
        ("ten epochs", "ten", {"constant": EPOCHS}),
        ("a tenth of it", "a tenth", {"is": "1 / constant", "constant": EPOCHS}),
        ("28 × 28", "28 × 28", {"constant": "prints :: Linear(# * #"}),
        ("a committee of 35", "35", {"source": "Meier and others, 2012"}),
        ("under a minute", "a", {"is": "a / 60", "a": "executed :: seconds", "how": "less"}),
        ("wrong by 4 costs sixteen times", "sixteen", {"is": "a ** 2", "a": "text :: by #"}),
    ],
)
def test_a_sentence_that_says_what_was_measured(text, says, declared):
    book = page(text, [{"says": says, **declared}])
    assert [str(problem) for problem in wrong(book, "01_first")] == []


@pytest.mark.parametrize(
    ("text", "declaration", "message"),
    [
        (
            "its root is 1.7",
            {"says": "1.7", "is": "sqrt(a)", "a": LAST},
            "says '1.7', measured 1.822 (sqrt(a), a is prints :: loss: … #)",
        ),
        ("a sixth", {"says": "a sixth", "a": SHARE, "how": "about 20 %"}, "measured 0.216"),
        ("4 to 6", {"says": "4 to 6", "a": BOTH, "how": "within"}, "measured 4.41, 3.32"),
        ("some 21.6%", {"says": "21.6", "a": SHARE}, "no such number, as a whole"),
        ("from 0 to 10", {"says": "10", "constant": EPOCHS}, "no such number, as a whole"),
        ("now 21.7%", {"says": "21.6%", "a": SHARE}, "no such number"),
        ("21.6% and 21.6%", {"says": "21.6%", "a": SHARE}, "more than once"),
        ("28 × 28", {"says": "28 × 28", "is": "(4, 4, 3)", "a": LAST}, "says 2 numbers, and 3"),
        ("21.6%", {"says": "21.6%", "a": "text :: #"}, "bound to itself"),
        ("21.6%", {"says": "21.6%", "a": SHARE, "is": "b"}, "cannot compute 'b'"),
        ("21.6%", {"says": "21.6%"}, "expected an output (a, b, …), or a constant, or a source"),
        ("10", {"says": "10", "constant": EPOCHS, "source": "them"}, "expected an output"),
        ("10", {"says": "10", "source": " "}, "the source has no name"),
        ("10", {"says": "10", "constant": "prints :: 10"}, "neither # nor anything to compute"),
        ("10", {"says": "10", "form": SHARE}, "'form' is not known"),
        ("10", {"constant": EPOCHS}, "does not say what"),
    ],
)
def test_what_is_wrong_with_a_sentence_or_its_declaration(text, declaration, message):
    assert message in fault_of(text, **declaration)


def test_a_problem_names_chapter_cell_and_sentence():
    book = page("First. The root is 1.7, no less. Then", [{"says": "1.7", "a": LAST}])
    (problem,) = wrong(book, "01_first")
    assert str(problem) == (
        "01_first, text: says '1.7', measured 3.32 (a is prints :: loss: … #)\n"
        "    The root is 1.7, no less."
    )
    assert report(book) == f"sentences to read again: 1\n{problem}"
    assert report(page()) == "numbers in sentences: all that are bound hold"


def test_another_chapter_can_be_meant():
    book = page("it reads 21.6%", [{"says": "21.6%", "a": f"02/{SHARE}"}])
    assert "there is no cell 02/prints" in wrong(book, "01_first")[0].what
    book["02_second"] = page()["01_first"]
    assert wrong(book, "01_first") == []
    book["02_second"].cells[0].outputs[0].text = "accuracy: 31.6%\n"
    assert "measured 0.316" in wrong(book, "01_first")[0].what


def test_what_is_not_declared_is_named():
    book = page("Four parts. It reads 21.6% in 16 s, twice as much as 10.8%.",
                [{"says": "in 16 s", "source": "the course"}])  # fmt: skip
    said = [problem.what for problem in undeclared(book, "01_first")]
    assert said == ["not declared: 21.6%", "not declared: twice", "not declared: 10.8%"]


@pytest.mark.parametrize("formula", ["__import__('os')", "a.real", "1 / 0", "a +", "min(a)", "'x'"])
def test_formulas_can_only_compute(formula):
    with pytest.raises(BindingError, match="cannot compute"):
        evaluate(formula, {"a": [2.0]})


def test_storing_outputs_ends_with_the_sentences_to_read_again(capsys, monkeypatch):
    book = page("The root is 1.7.", [{"says": "1.7", "is": "sqrt(a)", "a": LAST}])
    monkeypatch.setattr(store_outputs, "read", lambda: book)
    monkeypatch.setattr(store_outputs, "store", lambda path: sys.exit(f"error: {path}"))
    with pytest.raises(SystemExit):  # one that is not stored does not keep the others back
        store_outputs.main(["02_second.ipynb"])
    assert capsys.readouterr().out.endswith("measured 1.822 (sqrt(a), a is prints :: loss: … #)\n"
                                            "    The root is 1.7.\n")  # fmt: skip


def test_the_command_names_what_is_not_declared():
    run = subprocess.run(
        [sys.executable, "-m", "tools.claims", "01_quickstart"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "01_quickstart: 0 numbers are not declared" in run.stdout
