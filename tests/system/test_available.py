"""What cannot be had everywhere: one plain line each, in cells too, and the line is counted."""

import platform
import shutil
import signal
import sys
from pathlib import Path

import pytest

from mnist_helpers.distributed import launch
from mnist_helpers.errors import LaunchError, MissingPackageError, UnknownNameError
from mnist_helpers.system import available
from tests.conftest import run_python

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["Darwin", "Windows"])
def elsewhere(request, monkeypatch):
    """Another system, as far as our own code can see."""
    monkeypatch.setattr(platform, "system", lambda: request.param)
    return request.param


def test_a_linux_machine_has_what_only_linux_has():
    if platform.system() != "Linux":
        pytest.skip("not Linux")
    for need in ("several processes", "kill -9", "measured memory", "loader workers"):
        assert available.why_not(need) is None
        assert available.can(need)
        available.require(need)


def test_elsewhere_one_line_says_what_and_why(elsewhere, capsys):
    for need in ("several processes", "loader workers"):
        assert not available.can(need)
        (line,) = capsys.readouterr().out.splitlines()
        assert line == available.line(need)
        assert line.startswith(f"not here: {need}: ")
        assert {"Darwin": "macOS"}.get(elsewhere, elsewhere) in line


def test_nothing_is_launched_elsewhere(elsewhere, tmp_path):
    with pytest.raises(LaunchError, match=r"^several processes: .*Gloo.*on Linux only"):
        launch(tmp_path / "any.py", log_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_not_there_is_named(monkeypatch):
    monkeypatch.delattr(signal, "SIGKILL")
    assert "no such signal" in available.why_not("kill -9")


def test_too_little_shared_memory_for_loader_workers_is_named(monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(available, "SHARED", ROOT)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    assert "has 1 MB free of the 8 needed" in available.why_not("loader workers")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=64_000_000))
    assert available.why_not("loader workers") is None


def test_memory_can_be_measured_where_either_way_is_there(monkeypatch):
    monkeypatch.setattr(available, "STATUS", Path("/nowhere"))
    assert available.why_not("measured memory") is None  # the module resource
    monkeypatch.setitem(sys.modules, "resource", None)
    assert "does not have" in available.why_not("measured memory")


@pytest.mark.parametrize(
    ("need", "package"),
    [("ONNX export", "paddle2onnx"), ("ONNX export", "onnxruntime"), ("VisualDL", "visualdl")],
)
def test_a_missing_package_is_named_with_what_installs_it(monkeypatch, need, package):
    for present in ("paddle2onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, present, sys)
        monkeypatch.setattr(sys, "__spec__", "here", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(sys, "version_info", (3, 12))
    with pytest.raises(MissingPackageError, match=f"{package} is not installed; .*pip install"):
        available.require(need)


def test_on_3_13_nobody_is_sent_for_a_package_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "paddle2onnx", None)
    monkeypatch.setattr(sys, "version_info", (3, 13))
    reason = available.why_not("ONNX export")
    assert "there is none for Python 3.13" in reason
    assert "pip install" not in reason


def test_stored_runs_lie_beside_the_notebooks(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT / "book")
    assert available.why_not("stored runs") is None
    monkeypatch.chdir(tmp_path)
    assert "in the project's folder book/bench" in available.why_not("stored runs")


def test_an_unknown_need_is_an_error_that_lists_the_known():
    with pytest.raises(UnknownNameError, match="no need 'GPU'; known: several processes, kill -9"):
        available.can("GPU")


# --- cells ----------------------------------------------------------------------------------

CELL = ["# needs: several processes, loader workers\n", "print('it ran')\n"]


def test_a_cell_that_can_run_is_left_as_it_is():
    if platform.system() == "Linux":
        assert available.run_or_say(CELL) == CELL
    for cell in (["x = 1\n", *CELL], [], ["# needs more\n"], ["\n", *CELL]):
        assert available.run_or_say(cell) == cell


def test_elsewhere_the_cell_says_why_it_does_not_run(elsewhere):
    (program,) = available.run_or_say(CELL)
    assert program == f"print({available.line('several processes')!r})\n"


def test_a_cell_with_a_need_that_nobody_knows_fails():
    (program,) = available.run_or_say(["# needs: GPU\n", "pass\n"])
    with pytest.raises(ValueError, match="no need 'GPU'"):
        exec(program)


def test_without_a_notebook_nothing_is_touched():
    assert run_python("import sys, mnist_helpers; print('IPython' in sys.modules)").stdout == (
        "False\n"
    )


def test_needs_are_heeded_from_the_import_on_and_asked_once():
    code = """
import platform
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
platform.system = lambda: "Darwin"
cell = "# needs: several processes\\nprint('it ran')"
shell.run_cell(cell)
shell.run_cell("import mnist_helpers")
shell.run_cell("from mnist_helpers.system.available import watch_cells; watch_cells()")
shell.run_cell(cell)
shell.run_cell("print('the next cell')")
print(len(shell.input_transformers_cleanup))
"""
    first, second, third, number = run_python(code).stdout.splitlines()
    assert first == "it ran"
    assert second.startswith("not here: several processes: ")
    assert third == "the next cell"
    fresh = run_python(
        "from IPython.core.interactiveshell import InteractiveShell as Shell\n"
        "print(len(Shell.instance().input_transformers_cleanup))"
    )
    assert int(number) == int(fresh.stdout) + 1
