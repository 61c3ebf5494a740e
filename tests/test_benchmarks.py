"""``make bench``: its programs run, its parts are known, and the book's page shows all of them."""

import csv
import json
import re
from pathlib import Path

import pytest

from benchmarks import overfitting, recipes
from benchmarks.__main__ import PARTS, main
from benchmarks.figure import draw

BOOK = Path(__file__).parent.parent / "book"


def test_a_part_that_is_not_there_is_named_and_so_are_the_parts():
    with pytest.raises(SystemExit, match="no part speed; the parts are recipes, runtime"):
        main(["speed"])


def test_the_page_shows_every_part_and_each_has_been_measured():
    page = (BOOK / "benchmarks.md").read_text()
    assert re.findall(r"\{include\} bench/(\w+)\.md", page) != []
    assert set(re.findall(r"\{include\} bench/(\w+)\.md", page)) == set(PARTS)
    for part in PARTS:
        stored = (BOOK / "bench" / f"{part}.md").read_text()
        assert "times as" in stored or part in ("imports", "saving", "scaling"), part
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


def test_the_figure_has_a_bar_for_each_row(tmp_path):
    header = ("recipe", "50,000 digits, s", "times as fast")
    draw(header, [("one", "60.0", "1.0"), ("two in PyTorch", "7.5 (7 to 8)", "8.0")], tmp_path)
    svg = (tmp_path / "steps.svg").read_text()
    for text in ("one", "two in PyTorch", "60.0 s", "7.5 s", "8.0"):
        assert text in svg


def test_the_figure_of_trainings_has_a_logarithmic_axis(tmp_path):
    header = ("recipe", "training, s", "times as fast")
    draw(header, [("one", "400.0", "1"), ("two", "2.5 (2 to 3)", "> 160")], tmp_path)
    svg = (tmp_path / "trainings.svg").read_text()
    for text in ("400.0 s", "2.5 s", "> 160", "1,000"):
        assert text.replace(">", "&gt;") in svg


def test_the_figure_puts_rows_below_their_network_and_draws_a_limit_empty(tmp_path):
    header = ("recipe", "50,000 digits, s", "times as fast")
    rows = [
        (f"{recipes.COURSE}, Paddle as it comes", "60.0", "1.0"),
        (recipes.FAST, "3.0", "20.0"),
        (f"{recipes.COURSE} in PyTorch 2", "20.0", "3.0"),
        (f"{recipes.LIMIT}, 1 thread", "2.0", "30.0"),
    ]
    draw(header, rows, tmp_path)
    svg = (tmp_path / "steps.svg").read_text()
    names = ["the course's network", rows[0][0], rows[2][0], rows[3][0], recipes.FAST]
    places = [svg.index(f"<!-- {name} -->") for name in names]
    assert places == sorted(places)
    assert svg.count("stroke-dasharray") == 1


def of_steps(name, seconds, times):
    return (name, "100", "", "", seconds, times)


def test_the_factors_of_recipe_and_library_are_each_library_s_own():
    torch = "in PyTorch 2"
    steps = [
        of_steps(f"{recipes.COURSE}, Paddle as it comes", "40.0", "1.0"),
        of_steps(recipes.OURS, "8.0", "5.0"),
        of_steps(recipes.FAST, "2.0", "20.0"),
        of_steps(f"{recipes.COURSE} {torch}, 1 thread", "10.0", "4.0"),
        of_steps(f"{recipes.COURSE} {torch}, tuned, 1 thread", "5.0", "8.0"),
        of_steps(f"{recipes.FAST} {torch}, 1 thread", "4.0", "10.0"),
        of_steps(f"{recipes.FAST} {torch}, tuned, 1 thread", "1.0", "40.0"),
    ]
    trainings = [
        (f"{recipes.COURSE}, Paddle as it comes", "10", "98.9", "400.0", "1"),
        (recipes.FAST, "1", "99.1", "2.0 (1.9 to 2.2)", "> 200"),
        (f"{recipes.FAST} {torch}, 1 thread", "1", "99.1", "4.0 (3.9 to 4.2)", "> 100"),
        (f"{recipes.FAST} {torch}, tuned, 1 thread", "1", "99.1", "1.8 (1.7 to 2.0)", "> 222"),
    ]
    (_, _, factors), (_, _, pairs) = recipes.derived(steps, trainings)
    assert [row[:3] for row in factors] == [
        ("this book, 1 thread", "40", "5.0"),
        ("PyTorch 2, 1 thread", "25", "4.0"),
        ("PyTorch 2, tuned, 1 thread", "28", "8.0"),
    ]
    assert pairs == [
        ("the course's network, steps, 1 thread", "1.25", "0.62"),
        ("the fast recipe, steps, 1 thread", "2.00", "0.50"),
        ("the fast recipe, training, 1 thread", "2.00", "0.90 (their ranges meet)"),
    ]


def test_the_stored_factors_are_those_of_the_stored_tables():
    stored = (BOOK / "bench" / "recipes.md").read_text()
    steps, trainings, *derived = (
        [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()]
        for table in re.findall(r"^\|.*\n\|[-: |]*\|\n((?:\|.*\n)+)", stored, re.MULTILINE)
    )
    assert [rows for _, _, rows in recipes.derived(steps, trainings)] == derived


def test_without_pytorch_its_table_says_so():
    steps = [of_steps(recipes.OURS, "8.0", "5.0"), of_steps(recipes.FAST, "2.0", "20.0")]
    _, (_, _, rows) = recipes.derived(steps, [(recipes.FAST, "1", "99.1", "2.0", "> 200")])
    assert [row[0] for row in rows] == ["PyTorch was not there"]


@pytest.mark.parametrize(("accuracy", "times"), [(0.989, "> 40"), (0.99, "40")])
def test_a_base_that_did_not_get_there_makes_it_more_than_so_many_times(accuracy, times):
    class Way(recipes.Way):
        def run(self, *last):
            slow = self.name == recipes.COURSE
            return {"seconds": 404 if slow else 10, "accuracies": [accuracy if slow else 0.992]}

    ways = [Way(name, (), 100) for name in (recipes.COURSE, recipes.FAST)]
    _, header, rows = recipes._trainings(ways)
    assert [row[header.index("times as fast")] for row in rows] == ["1", times]
