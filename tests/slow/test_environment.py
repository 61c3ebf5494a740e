"""Setting up: what is installed where, whole or not at all, and one plain line where it cannot be.

All of it in a folder with a space and letters that are not ASCII, by a real pip and a real uv.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests import toy
from tests.conftest import soon
from tools import installing

UNSET = ("PADDLE", "PYTHONPATH", "VENV", "PYTHON_NAMED", "PYTHON_ASKED", "VIRTUAL_ENV")


@pytest.fixture
def project(tmp_path):
    return toy.project(tmp_path / "mein Ordner für Ziffern")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with toy.index(tmp_path_factory.mktemp("index") / "files") as address:
        yield address


def environment_for(address, project, **variables):
    """Of a machine whose pip knows `address` alone, and whose home is empty."""
    env = {k: v for k, v in os.environ.items() if k not in UNSET and not k.startswith("PIP_")}
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    return {**env, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": address, "HOME": str(home),
            "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0", "UV_CACHE_DIR": str(home / "uv"),
            **variables}  # fmt: skip


def make(project, address, *targets, python=toy.PYTHON, **variables):
    """Status, and the lines of stdout and of stderr."""
    run = subprocess.run(
        [python, project / "tools" / "make.py", *(targets or ["setup"])],
        env=environment_for(address, project, **variables),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return run.returncode, run.stdout.splitlines(), run.stderr.splitlines()


def installed(project, folder=".venv"):
    """Package → version, of an environment."""
    (packages,) = (project / folder).glob("lib/python*/site-packages")
    names = (path.stem.split("-") for path in packages.glob("*.dist-info"))
    return {name: version for name, version, *_ in names}


def add(project, name, version):
    """A package that the reader has installed."""
    (packages,) = (project / ".venv").glob("lib/python*/site-packages")
    info = packages / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


# --- whole ----------------------------------------------------------------------------------


def test_a_bare_machine_gets_the_tested_versions_by_uv(project, address):
    status, out, err = make(project, address)
    assert (status, err) == (0, [])
    wanted = {"toy": "1.0", "paddlepaddle": "3.3.1", "toy_project": "1.0", "uv": "1.0"}
    assert wanted.items() <= installed(project).items()
    assert any(line.startswith("+ uv pip install 2 packages") for line in out)
    assert ".venv is ready" in out[-1]


def test_the_second_time_nothing_is_done(project, address):
    make(project, address)
    before = {path: path.stat().st_mtime_ns for path in (project / ".venv").rglob("*")}
    assert make(project, "http://127.0.0.1:9/") == (0, [], [])
    assert {path: path.stat().st_mtime_ns for path in (project / ".venv").rglob("*")} == before


def test_where_there_is_no_uv_pip_does_it(project, tmp_path):
    with toy.index(tmp_path / "files", with_uv=False) as address:
        (project / "requirements-dev.txt").write_text("")
        status, out, err = make(project, address)
    assert (status, err) == (0, [])
    assert installed(project)["toy"] == "1.0"
    assert any(line.startswith("+ pip install 2 packages") for line in out)


def test_where_uv_fails_pip_does_it(project, address):
    status, out, _ = make(project, address, UV_OFFLINE="1")
    assert status == 0
    assert installed(project)["toy"] == "1.0"
    assert any("uv could not" in line for line in out)


def test_a_setting_of_pips_that_uv_does_not_know_leaves_it_to_pip(project, address):
    status, out, _ = make(project, address, PIP_PLATFORM_SOMETHING="1", PIP_SRC="x")
    assert status == 0
    assert not any("uv pip" in line for line in out)
    assert installed(project)["toy"] == "1.0"


def test_changed_requirements_are_brought_in_and_what_the_reader_added_stays(project, address):
    make(project, address)
    add(project, "jupyterlab", "4.0")
    (project / "constraints.txt").write_text("paddlepaddle==3.3.1\ntoy==1.1\nuv==1.0\n")
    status, out, _ = make(project, address)
    assert status == 0
    assert "made anew" not in "".join(out)
    assert {"toy": "1.1", "jupyterlab": "4.0"}.items() <= installed(project).items()


def test_requirements_that_cannot_be_brought_in_leave_what_was_there(project, address):
    make(project, address)
    add(project, "jupyterlab", "4.0")
    before = installed(project)
    (project / "constraints.txt").write_text("paddlepaddle==3.3.1\ntoy==1.1\nuv==1.0\n")
    for _ in range(2):
        status, _, err = make(project, "http://127.0.0.1:9/")
        assert (status, len(err)) == (1, 1)
        assert installed(project) == before
    assert make(project, address)[0] == 0
    assert {"toy": "1.1", "jupyterlab": "4.0"}.items() <= installed(project).items()


def test_versions_can_be_chosen_anew_for_uv_too(project, address):
    """`make lock` begins with a set-up, and the line of uv may have been taken out."""
    (project / "constraints.txt").write_text("paddlepaddle==3.3.1\ntoy==1.0\n")
    assert make(project, address)[0] == 0
    assert installed(project)["toy"] == "1.0"


def test_an_environment_of_the_reader_s_is_added_to(project, address):
    venv.create(project / ".venv", with_pip=True)
    add(project, "thesis", "1.0")
    status, _, _ = make(project, address)
    assert status == 0
    assert {"toy": "1.0", "thesis": "1.0"}.items() <= installed(project).items()


def test_the_reader_s_environment_may_be_the_python_that_runs(project, address):
    venv.create(project / ".venv", with_pip=True, symlinks=True)
    status, _, err = make(project, address, python=project / ".venv" / "bin" / "python")
    assert (status, err) == (0, [])
    assert installed(project)["toy"] == "1.0"


def test_another_folder_can_be_named(project, address, tmp_path):
    assert make(project, address, VENV=str(tmp_path / "other"))[0] == 0
    assert installed(tmp_path, "other")["toy"] == "1.0"
    assert not (project / ".venv").exists()


def test_another_python_that_is_asked_for_gets_a_new_environment(project, address, tmp_path):
    make(project, address)
    venv.create(tmp_path / "other", with_pip=True, symlinks=True)
    other = tmp_path / "other" / "bin" / "python"
    assert make(project, address, python=other) == (0, [], [])  # not asked for
    itself = project / ".venv" / "bin" / "python"
    assert make(project, address, python=itself, PYTHON_NAMED="1") == (0, [], [])
    status, out, _ = make(project, address, python=other, PYTHON_NAMED="1")
    assert status == 0
    assert any(f"({tmp_path / 'other'}) was asked for; it is made anew" in line for line in out)


# --- or not at all --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "index", ["http://127.0.0.1:9/simple/", "https://no-such-host.invalid/simple/"]
)
def test_without_an_index_in_reach_one_line_says_so_and_nothing_is_left(project, index):
    status, _, err = make(project, index)
    assert status == 1
    (line,) = err
    assert line.startswith(f"error: no package index in reach ({index}); with pip's own settings")
    assert not (project / ".venv").exists()


def test_an_index_that_pip_does_not_trust_is_named(project):
    status, _, (line,) = make(project, "http://no-such-host.invalid/simple/")
    assert status == 1
    assert "is not https; to trust it: PIP_TRUSTED_HOST=no-such-host.invalid" in line


def test_a_package_that_is_not_there_is_named_in_one_line(project, address):
    (project / "requirements.txt").write_text("toy>=3\n")
    (project / "constraints.txt").write_text("uv==1.0\n")
    status, _, (line,) = make(project, address)
    assert status == 1
    assert line.startswith("error: Could not find a version that satisfies the requirement toy>=3")
    assert "from versions" in Path(line.split("said: ")[1].rstrip(")")).read_text()
    assert not (project / ".venv").exists()


def test_a_failure_leaves_the_reader_s_environment_as_it_was(project):
    venv.create(project / ".venv", with_pip=True)
    add(project, "thesis", "1.0")
    before = installed(project)
    assert make(project, "http://127.0.0.1:9/")[0] == 1
    assert installed(project) == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_set_up_leaves_nothing_or_is_done_anew(project, tmp_path, how):
    with toy.index(tmp_path / "files") as address:
        (tmp_path / "files" / "wait").touch()
        process = subprocess.Popen(
            [toy.PYTHON, project / "tools" / "make.py", "setup"],
            env=environment_for(address, project), start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        with process:
            assert soon((tmp_path / "files" / "asked").exists, 60)
            os.killpg(process.pid, how)
            (tmp_path / "files" / "wait").unlink()
            said = process.communicate(timeout=60)[0].decode()
        assert process.returncode != 0
        assert "Traceback" not in said
        assert (project / ".venv").exists() == (how == signal.SIGKILL)
        status, out, _ = make(project, address)
        assert status == 0
        assert any("left half-made" in line for line in out) == (how == signal.SIGKILL)
        assert installed(project)["toy"] == "1.0"


def test_an_older_version_s_environment_is_made_anew(project, address):
    venv.create(project / ".venv")
    (project / ".venv" / ".ready").touch()
    add(project, "ancient", "1.0")
    status, out, _ = make(project, address)
    assert status == 0
    assert any("older version's; it is made anew" in line for line in out)
    assert "ancient" not in installed(project)


def test_an_environment_whose_python_has_gone_is_made_anew(project, address):
    make(project, address)
    python = project / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    status, out, _ = make(project, address)
    assert status == 0
    assert any("does not start any more; it is made anew" in line for line in out)


def test_a_folder_that_is_no_environment_is_never_touched(project, address):
    (project / ".venv").mkdir()
    (project / ".venv" / "thesis.txt").write_text("years of work")
    status, _, err = make(project, address)
    assert (status, len(err)) == (1, 1)
    assert ".venv is not an environment; name another folder" in err[0]
    assert [path.name for path in (project / ".venv").iterdir()] == ["thesis.txt"]


# --- what a machine lacks -------------------------------------------------------------------


def lacking(project, code):
    """A folder whose sitecustomize makes every Python lack something."""
    folder = project.parent / "lacking"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return str(folder)


def test_a_python_without_venv_names_debians_package(project, address):
    lacks = lacking(project, "import sys\nsys.modules['ensurepip'] = None\n")
    status, _, (line,) = make(project, address, PYTHONPATH=lacks)
    assert status == 1
    version = "{}.{}".format(*sys.version_info)
    assert f"cannot make environments; on Debian and Ubuntu: sudo apt install python{version}" in (
        line
    )
    assert not (project / ".venv").exists()


def test_too_small_a_disk_is_named_before_anything_is_done(project, address):
    code = "import collections, shutil\n" + (
        "shutil.disk_usage = lambda path: collections.namedtuple('U', 'free')(3e8)\n"
    )
    status, _, (line,) = make(project, address, PYTHONPATH=lacking(project, code))
    assert status == 1
    assert line == (
        "error: .venv needs 2.2 GB, and its disk has 0.3 GB left; make room, or name a folder on "
        "another disk: make book VENV=…"
    )
    assert not (project / ".venv").exists()


def test_a_disk_that_fills_up_meanwhile_is_named(project, address, tmp_path):
    """A real one, in memory, with room for pip and little more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=70m", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        code = "import collections, shutil\nreal = shutil.disk_usage\n" + (
            "shutil.disk_usage = lambda path: collections.namedtuple('U', 'free')(9e9)\n"
        )
        big = tmp_path / "big"
        with toy.index(big) as address:
            noise = os.urandom(50_000_000).hex()
            toy.wheel(big, "toy", "1.0", {"toy.py": "", "noise.txt": noise})
            status, _, err = make(
                project, address, PYTHONPATH=lacking(project, code), VENV=str(disk / "venv")
            )
        assert status == 1
        (line,) = err
        assert line.startswith(f"error: {disk / 'venv'} needs 2.2 GB, and its disk has ")
        assert not (disk / "venv").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# --- a Paddle that is there -----------------------------------------------------------------


@pytest.fixture
def machine(tmp_path):
    """A function that makes a Python which has this Paddle; its path."""

    def with_paddle(name, version):
        folder = tmp_path / f"{name}-{version}"
        venv.create(folder, with_pip=True, symlinks=True)
        (packages,) = folder.glob("lib/python*/site-packages")
        for package, number in ((name, version), ("toy", "2.0")):
            info = packages / f"{package.replace('-', '_')}-{number}.dist-info"
            info.mkdir()
            about = f"Metadata-Version: 2.1\nName: {package}\nVersion: {number}\n"
            (info / "METADATA").write_text(about)
            (info / "RECORD").write_text("")
        return folder / "bin" / "python"

    return with_paddle


@pytest.mark.parametrize("name", ["paddlepaddle-gpu", "paddlepaddle"])
def test_a_paddle_that_is_there_is_kept_with_the_packages_beside_it(
    project, address, machine, name
):
    status, out, err = make(project, address, python=machine(name, "3.1.0"))
    assert (status, err) == (0, [])
    assert f"keeping the Paddle that is here: {name} 3.1.0" in out
    assert {"paddlepaddle", "paddlepaddle_gpu", "toy"}.isdisjoint(installed(project))
    python = project / ".venv" / "bin" / "python"
    code = f"from importlib.metadata import version as v; print(v({name!r}), v('toy'))"
    seen = subprocess.run([python, "-c", code], capture_output=True, text=True)
    assert seen.stdout == "3.1.0 2.0\n"
    assert json.loads((project / ".venv" / ".made-by-make-setup").read_text())["keep"] == (
        f"{name} 3.1.0"
    )


def test_another_paddle_is_installed_if_that_is_asked_for(project, address, machine):
    python = machine("paddlepaddle-gpu", "3.1.0")
    assert make(project, address, python=python, PADDLE="install")[0] == 0
    assert installed(project)["paddlepaddle"] == "3.3.1"
    status, out, _ = make(project, address, python=python, PADDLE="keep")
    assert status == 0
    assert any("PADDLE=keep was asked for; it is made anew" in line for line in out)
    assert "paddlepaddle" not in installed(project)


def test_a_paddle_that_is_too_old_is_not_kept(project, address, machine):
    python = machine("paddlepaddle", "2.6.2")
    status, out, _ = make(project, address, python=python)
    assert status == 0
    assert any("too old (paddlepaddle 2.6.2; the book needs 3.0 or later)" in line for line in out)
    assert installed(project)["paddlepaddle"] == "3.3.1"
    for arguments in ({"PADDLE": "keep"}, {}):
        shutil.rmtree(project / ".venv", ignore_errors=True)
        targets = ["setup"] if arguments else ["here"]
        status, _, (line,) = make(project, address, *targets, python=python, **arguments)
        assert status == 1
        assert "is too old" in line
        assert "PADDLE=install" in line


def test_here_installs_what_chapters_need_beside_the_paddle(project, address, machine):
    python = machine("paddlepaddle-gpu", "3.1.0")
    (project / "requirements.txt").write_text("paddlepaddle>=3.0\ntoy>=1.0\nuv\n")
    status, out, _ = make(project, address, "here", python=python)
    assert status == 0
    assert "ready: open the notebooks in book/" in out
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    names = {path.name.split("-")[0] for path in packages.glob("*.dist-info")}
    assert {"toy_project", "uv", "paddlepaddle_gpu"} <= names
    assert "paddlepaddle" not in names
    assert not (project / ".venv").exists()


def test_here_is_this_python_and_no_other(project, address):
    """Also where it is that of the project's own folder, or is too old."""
    (project / "requirements.txt").write_text("toy>=1.0\n")
    venv.create(project / ".venv", with_pip=True, symlinks=True)
    status, _, err = make(project, address, "here", python=project / ".venv" / "bin" / "python")
    assert (status, err) == (0, [])
    assert installed(project)["toy"] == "1.0"
    code = "import runpy, sys; sys.version_info = (3, 9, 0); sys.argv = sys.argv[1:]; "
    run = subprocess.run(
        [toy.PYTHON, "-c", code + "runpy.run_path(sys.argv[0], run_name='__main__')",
         project / "tools" / "make.py", "here"],
        env=environment_for(address, project), capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 1
    assert "and this is 3.9" in run.stderr
    assert "taking" not in run.stderr


def test_two_paddles_never_come_into_one_python(project, address, machine):
    python = machine("paddlepaddle-gpu", "3.1.0")
    status, _, (line,) = make(project, address, "here", python=python, PADDLE="install")
    assert status == 1
    assert "would overwrite its files; first: " in line
    assert "pip uninstall paddlepaddle-gpu" in line


def test_a_mac_with_an_intel_processor_is_told_so(project, address):
    code = "import platform, sys\nsys.platform = 'darwin'\nplatform.machine = lambda: 'x86_64'\n"
    status, _, (line,) = make(project, address, PYTHONPATH=lacking(project, code))
    assert status == 1
    assert "Intel" in line
    assert not (project / ".venv").exists()


def test_wrong_wishes_are_named(project, address):
    for variables, said in (
        ({"PADDLE": "keep"}, "PADDLE=keep, but .* has no Paddle"),
        ({"PADDLE": "maybe"}, "PADDLE is 'maybe'; it can be 'keep', 'install' or not set"),
    ):
        status, _, (line,) = make(project, address, **variables)
        assert status == 1
        assert re.search(said, line)
    assert not (project / ".venv").exists()


# --- pip's settings -------------------------------------------------------------------------


def test_pips_settings_are_uvs_too():
    settings = {
        "index-url": "https://a/simple", "extra-index-url": "https://b/simple\nhttps://c/simple",
        "find-links": "/wheels", "trusted-host": "a", "cert": "/ca.pem", "timeout": "60",
        "proxy": "http://p:3128", "no-index": "false", "disable-pip-version-check": "1",
        "constraint": "/c.txt",
    }  # fmt: skip
    options, variables = installing.uv_options(settings)
    assert options[2:] == [
        "--default-index", "https://a/simple", "--index", "https://b/simple",
        "--index", "https://c/simple", "--find-links", "/wheels", "--allow-insecure-host", "a",
        "--constraint", "/c.txt",
    ]  # fmt: skip
    assert variables == {
        "SSL_CERT_FILE": "/ca.pem", "UV_HTTP_TIMEOUT": "60", "ALL_PROXY": "http://p:3128"
    }  # fmt: skip
    assert installing.uv_options({"no-index": "true"})[0][2:] == ["--no-index"]
    assert installing.uv_options({"client-cert": "/c.pem"}) is None


def test_a_file_of_pips_names_the_index(project, address, tmp_path):
    file = tmp_path / "pip.conf"
    file.write_text(f"[global]\nindex-url = {address}\n")
    nowhere = "http://127.0.0.1:9/"
    assert make(project, nowhere, PIP_CONFIG_FILE=str(file))[0] == 1  # a variable comes first
    env = environment_for(nowhere, project, PIP_CONFIG_FILE=str(file))
    del env["PIP_INDEX_URL"]
    command = [toy.PYTHON, project / "tools" / "make.py", "setup"]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "+ uv pip install 2 packages" in run.stdout
    assert installed(project)["toy"] == "1.0"


@pytest.mark.parametrize("variable", ["http_proxy", "PIP_PROXY"])
def test_a_proxy_is_asked_whoever_names_it(project, address, variable):
    """The host is nowhere; the proxy, which is our index in disguise, answers for it."""
    proxy = address.removesuffix("/simple/")
    status, out, err = make(
        project, "http://index.invalid/simple/", PIP_TRUSTED_HOST="index.invalid",
        **{variable: proxy},
    )  # fmt: skip
    assert (status, err) == (0, [])
    assert any(line.startswith("+ uv pip install") for line in out)
    assert not any("uv could not" in line for line in out)
    assert installed(project)["toy"] == "1.0"
