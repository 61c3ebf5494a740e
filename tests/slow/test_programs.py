"""Programs that the other tests know only in parts, each run once as a whole."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat

from benchmarks import course_recipe, recipes
from mnist_helpers.data import write_course_json
from tests.conftest import nbval_run, sample_digits


def test_the_courses_recipe_runs_with_paddle_alone(tmp_path):
    splits = {"train": sample_digits(900), "valid": sample_digits(200, start=1000)}
    path = tmp_path / "mnist.json.gz"
    write_course_json(path, {**splits, "test": splits["valid"]})

    def run(*arguments):
        command = [sys.executable, course_recipe.__file__, str(path), *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return json.loads(run.stdout.splitlines()[-1])

    assert len(run("3")["steps"]) == 3
    found = run("train", "4")
    assert 1 <= len(found["accuracies"]) <= 4
    assert found["accuracies"][-1] > 0.6
    assert found["seconds"] > 0
    assert "mnist_helpers" not in Path(course_recipe.__file__).read_text()


def test_ours_are_measured_by_the_programs_that_the_table_names(tmp_path):
    ways = {way.name: way for way in recipes.ways(tmp_path)}
    assert next(iter(ways)).startswith(recipes.COURSE)  # the base of the ratios
    fast = ways[recipes.FAST]
    steps = fast.run(recipes.STEPS)["steps"]
    assert len(steps) == recipes.STEPS - 1
    assert min(steps) > 0


LACKING = """\
import platform
platform.system = lambda: "Darwin"
import mnist_helpers
"""


def test_such_cells_are_not_compared_and_are_counted(tmp_path):
    """The real thing: pytest runs nbval, in two processes, on a notebook that lacks something."""
    sources = [LACKING, "# needs: several processes\nprint(1)", "# needs: several processes\n2",
               "# needs: loader workers\nprint(3)", "print(4)"]  # fmt: skip
    cells = []
    for number, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["nbval-check-output"]})
        cell.execution_count = number + 1
        if number:
            cell.outputs = [nbformat.v4.new_output("stream", text=f"{number}\n")]
        cells.append(cell)
    run = nbval_run(tmp_path, cells, "-n", "2", "--dist", "loadfile")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "notebooks: 3 cells could not run here\n" in run.stdout
    assert "    2 × several processes: Paddle's processes talk over Gloo" in run.stdout
    assert "    1 × loader workers: on macOS" in run.stdout
