"""``make bench``: its programs run, its parts are known, and the book's page shows all of them."""

import csv
import json
import re
from pathlib import Path

import pytest

from benchmarks import overfitting, recipes, refusing, serving
from benchmarks.__main__ import PARTS, main
from benchmarks.figure import GROUPS, answers, draw
from mnist_helpers.deployment.judging import LEAST, LIKENESS

BOOK = Path(__file__).parent.parent / "book"
WITHOUT_RATIOS = ("imports", "saving", "scaling", "serving", "photographs", "sheets")


def test_a_part_that_is_not_there_is_named_and_so_are_the_parts():
    with pytest.raises(SystemExit, match="no part speed; the parts are recipes, runtime"):
        main(["speed"])


def test_the_page_shows_every_part_and_each_has_been_measured():
    page = (BOOK / "benchmarks.md").read_text()
    assert re.findall(r"\{include\} bench/(\w+)\.md", page) != []
    assert set(re.findall(r"\{include\} bench/(\w+)\.md", page)) == set(PARTS)
    for part in PARTS:
        stored = (BOOK / "bench" / f"{part}.md").read_text()
        assert "times as" in stored or part in WITHOUT_RATIOS, part
        assert "cores" in stored.splitlines()[-1]  # the machine
    for figure in re.findall(r"\{image\} (\S+)", page):
        assert "<svg" in (BOOK / figure).read_text()


def test_a_table_is_stored_and_printed_as_markdown(monkeypatch, tmp_path, capsys):
    class Part:
        @staticmethod
        def tables():
            yield "one thing", ("what", "ms"), [("a", "1"), ("b", "2")]

    monkeypatch.setattr("benchmarks.__main__.PAGE", tmp_path / "bench")
    monkeypatch.setattr("importlib.import_module", lambda name: Part)
    main(["imports"])
    table = "**One thing**\n\n| what | ms |\n| --- | ---: |\n| a | 1 |\n| b | 2 |\n"
    assert table in (tmp_path / "bench" / "imports.md").read_text()
    assert table in capsys.readouterr().out


def test_the_stored_run_on_overfitting_is_complete_and_of_the_page_s_functions():
    with overfitting.LOG.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == overfitting.HEADER
    done = [tuple(row[:3]) for row in rows]
    assert len(set(done)) == len(done)
    planned = {
        overfitting.key(function, options, seed)
        for function, options, seeds in overfitting.settings()
        for seed in range(seeds)
    }
    assert set(done) == planned
    cells = json.loads(overfitting.PAGE.read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(c["source"]) + "\n" for c in cells if c["id"] in overfitting.CELLS)
    for function in {function for function, _, _ in planned}:
        assert f"\ndef {function}(" in code


def test_the_stored_trade_is_that_of_the_library_s_limits():
    stored = json.loads(refusing.STORED.read_text(encoding="utf-8"))
    assert stored["limits"] == {"probability": LEAST, "likeness": LIKENESS}
    assert list(stored["ways"]) == list(refusing.TRIED)
    alone, together = (stored["trade"][name] for name in refusing.CURVES)
    assert [row["limit"] for row in alone] == list(refusing.LIMITS)
    assert [row["limit"] for row in together] == list(refusing.LIKENESSES)
    for rows in (alone, together):  # a stricter limit refuses more, and answers less rubbish
        for kind, sign in (("test digits refused", 1), ("letters", -1), ("scribbles", -1)):
            shares = [sign * row[kind] for row in rows]
            assert shares == sorted(shares), kind
    (before,) = (row for row in alone if row["limit"] == LEAST)
    chosen = stored["chosen"]
    assert chosen["test digits refused"] < 0.015
    for kind in ("letters", "symbols", "scribbles"):
        assert chosen[kind] < 0.7 * before[kind], kind
    assert all(chosen[kind] <= 0.05 for kind in ("noise", "two digits", "sheets", "blank"))


def texts(path):
    return re.findall(r"<!-- (.*) -->", path.read_text())


def test_the_figure_has_a_bar_for_each_row(tmp_path):
    header = ("recipe", "50,000 digits, s", "times as fast")
    rows = [(recipes.FAST, "60.0", "1.0"), (f"{recipes.FAST} in PyTorch 2", "7.5", "8.0")]
    draw(header, rows, tmp_path)
    found = texts(tmp_path / "steps.svg")
    assert {"this book, 1 thread", "PyTorch 2", "60.0 s · 1.0 ×", "7.5 s · 8.0 ×"} <= set(found)


@pytest.mark.parametrize(("accuracy", "said"), [("98.91", ", and not yet at 99 %"), ("99", "")])
def test_the_course_lies_beyond_the_axis_of_trainings(tmp_path, accuracy, said):
    header = ("recipe", "accuracy, %", "training, s", "times as fast")
    course = (f"{recipes.COURSE}, Paddle as it comes", accuracy, "400.0", "1")
    rows = [course, (recipes.FAST, "99.1 (99.0 to 99.2)", "2.5 (2.0 to 3.0)", "about 160")]
    draw(header, rows, tmp_path)
    found = texts(tmp_path / "trainings.svg")
    assert {f"400.0 s{said}", "2.5 s · about 160 ×"} <= set(found)
    assert "100" not in found  # a tick


def test_the_figure_of_answers_has_a_panel_for_one_digit_and_for_128(tmp_path):
    seconds = {"dynamic": ([0.002], [0.128]), "native": ([0.001], [0.064]), "onnx": ([0.004], [1])}
    found = {
        "net, 1 thread": {**seconds, "jit": ([1], [1])},
        "as it comes": {"dynamic": ([1], [1])},
    }
    tables = list(serving.tables_of(found))
    (_, header, one), (_, _, percentile), (_, _, many) = tables
    assert header == ("network", "dynamic", "native", "onnx", "jit")
    assert one[0][1:] == percentile[0][1:] == ("2.000", "1.000", "4.000", "1000.000")
    assert [row[1:3] for row in many] == [("1,000", "2,000"), ("128", "")]
    answers(tables, tmp_path)
    texts_ = texts(tmp_path / "answers.svg")
    assert {"one digit", "128 digits at once", "native", "onnx", "jit"} <= set(texts_)
    assert texts_.count("net, 1 thread") == 2
    assert "as it comes" not in texts_  # nothing to compare


def test_the_figure_puts_rows_below_their_network_and_draws_a_limit_empty(tmp_path):
    header = ("recipe", "50,000 digits, s", "times as fast")
    rows = [
        (f"{recipes.COURSE}, Paddle as it comes", "60.0", "1.0"),
        (recipes.FAST, "3.0", "20.0"),
        (f"{recipes.OURS}, 2 threads", "10.0", "6.0"),
        (f"{recipes.COURSE} in PyTorch 2, 1 thread", "20.0", "3.0"),
        (f"{recipes.LIMIT}, 1 thread", "2.0", "30.0"),
    ]
    draw(header, rows, tmp_path)
    names = ["Paddle as it comes", "PyTorch 2, 1 thread", "this book, 2 threads",
             "limit, 1 thread", "this book, 1 thread"]  # fmt: skip
    found = texts(tmp_path / "steps.svg")
    assert [text for text in found if text in names] == names
    assert [text for text in found if text in GROUPS] == list(GROUPS[:2])
    assert (tmp_path / "steps.svg").read_text().count("stroke-dasharray") == 1


def of_steps(name, seconds, times, reach=""):
    return (name, "100", "", reach, seconds, times)


def test_the_factors_of_recipe_and_library_are_each_library_s_own():
    torch = "in PyTorch 2"
    steps = [
        of_steps(f"{recipes.COURSE}, Paddle as it comes", "40.0", "1.0"),
        of_steps(recipes.OURS, "8.0", "5.0"),
        of_steps(recipes.FAST, "2.0", "20.0", "1.9 to 2.1"),
        of_steps(f"{recipes.COURSE} {torch}, 1 thread", "10.0", "4.0"),
        of_steps(f"{recipes.COURSE} {torch}, tuned, 1 thread", "5.0", "8.0"),
        of_steps(f"{recipes.FAST} {torch}, 1 thread", "4.0", "10.0", "3.0 to 5.0"),
        of_steps(f"{recipes.FAST} {torch}, tuned, 1 thread", "1.0", "40.0", "0.5 to 2.0"),
    ]
    trainings = [
        (f"{recipes.COURSE}, Paddle as it comes", "10", "98.9", "400.0", "1"),
        (recipes.FAST, "1", "99.1", "2.0 (1.9 to 2.2)", "about 200"),
        (f"{recipes.FAST} {torch}, 1 thread", "1", "99.1", "4.0 (3.9 to 4.2)", "about 100"),
        (f"{recipes.FAST} {torch}, tuned, 1 thread", "1", "99.1", "1.8 (1.7 to 2.0)", "about 220"),
    ]
    (_, _, factors), (_, _, pairs) = recipes.derived(steps, trainings)
    assert [row[:3] for row in factors] == [
        ("this book, 1 thread", "40", "5.0"),
        ("PyTorch 2, 1 thread", "25", "4.0"),
        ("PyTorch 2, tuned, 1 thread", "28", "8.0"),
    ]
    assert pairs == [
        ("the course's network, steps, 1 thread", "1.25", "0.62"),
        ("the fast recipe, steps, 1 thread", "2.00", "0.50 (their ranges meet)"),
        ("the fast recipe, training, 1 thread", "2.00", "0.90 (their ranges meet)"),
    ]


def test_the_stored_factors_are_those_of_the_stored_tables():
    stored = (BOOK / "bench" / "recipes.md").read_text()
    steps, trainings, factors, pairs, *_ = (
        [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()]
        for table in re.findall(r"^\|.*\n\|[-: |]*\|\n((?:\|.*\n)+)", stored, re.MULTILINE)
    )
    assert [rows for _, _, rows in recipes.derived(steps, trainings)] == [factors, pairs]


def test_where_the_seconds_of_a_training_go_is_told_for_the_fast_recipe():
    steps = [0.1] * 20 + [0.01] * 99 + [0.5]
    run = {"seconds": sum(steps) + 0.25, "accuracies": [0.99], "steps": steps}
    course = {"seconds": 400.0, "accuracies": [0.98]}
    _, _, rows = recipes._where_the_seconds_go({recipes.COURSE: [course], recipes.FAST: [run] * 3})
    assert rows == [(recipes.FAST, "2.00", "10.00", "0.49", "0.25")]


def test_without_pytorch_its_table_says_so():
    steps = [of_steps(recipes.OURS, "8.0", "5.0"), of_steps(recipes.FAST, "2.0", "20.0")]
    _, (_, _, rows) = recipes.derived(steps, [(recipes.FAST, "1", "99.1", "2.0", "about 200")])
    assert [row[0] for row in rows] == ["PyTorch was not there"]


@pytest.mark.parametrize(("seconds", "times"), [(1434, "about 140"), (434, "about 43")])
def test_the_course_is_trained_with_three_seeds_and_compared_in_two_digits(seconds, times):
    class Way(recipes.Way):
        def run(self, *last):
            if self.name != recipes.COURSE:
                return {"seconds": 10, "accuracies": [0.992]}
            _, _, seed = last
            return {"seconds": seconds + seed - 1, "accuracies": [0.989] * (10 - seed)}

    ways = [Way(name, (), 100) for name in (recipes.COURSE, recipes.FAST)]
    _, header, rows = recipes._trainings(recipes._trained(ways))
    assert [row[header.index("times as fast")] for row in rows] == ["1", times]
    assert rows[0][1] == "8 to 10"
