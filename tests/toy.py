"""A project in small, to set up: the real ``tools/``, one package, and an index that serves it.

The package takes no time to install, and nothing leaves this machine.
"""

from __future__ import annotations

import contextlib
import http.server
import shutil
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import uv

from tests.conftest import served

ROOT = Path(__file__).parents[1]
# Installs the project itself without fetching a build tool
BACKEND = """
import zipfile

def build_editable(folder, settings=None, metadata=None):
    name = "toy_project-1.0-py3-none-any.whl"
    files = {"METADATA": "Metadata-Version: 2.1\\nName: toy-project\\nVersion: 1.0\\n",
             "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
             "RECORD": ""}
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        for name_in, text in files.items():
            wheel.writestr(f"toy_project-1.0.dist-info/{name_in}", text)
    return name

build_wheel = build_editable
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "toy-project"
version = "1.0"
"""


def project(folder: Path) -> Path:
    """A project that needs the package toy, of which version 1.0 is the tested one."""
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "requirements.txt").write_text("paddlepaddle>=3.0\ntoy>=1.0  # the package\n")
    (folder / "requirements-dev.txt").write_text("uv\n")
    (folder / "constraints.txt").write_text("paddlepaddle==3.3.1\ntoy==1.0\nuv==1.0\n")
    return folder


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """A wheel of pure Python in `folder`."""
    info = f"{name}-{version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        for path, text in files.items():
            file.writestr(path, text)
        file.writestr(f"{info}/METADATA", about)
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")


@contextlib.contextmanager
def index(folder: Path, with_uv: bool = True) -> Iterator[str]:
    """The address of an index with paddlepaddle 3.3.1, toy 1.0, 1.1 and 2.0, and a uv that is ours.

    `folder` is new. Whoever asks for toy 1.0 itself, the file, waits while ``folder/wait`` exists.
    """
    folder.mkdir()
    wheel(folder, "paddlepaddle", "3.3.1", {"paddle.py": ""})
    for version in ("1.0", "1.1", "2.0"):
        wheel(folder, "toy", version, {"toy.py": f"version = {version!r}\n"})
    if with_uv:
        start = f"import subprocess, sys\ncommand = [{uv.find_uv_bin()!r}, *sys.argv[1:]]\n"
        start += "sys.exit(subprocess.call(command))\n"
        wheel(folder, "uv", "1.0", {"uv/__init__.py": "", "uv/__main__.py": start})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            name = self.path.strip("/").split("/")[-1]
            if name.endswith(".whl"):
                self.body = (folder / name).read_bytes()
            else:
                found = sorted(path.name for path in folder.glob(f"{name}-*.whl"))
                links = (f'<a href="/files/{path}">{path}</a>' for path in found)
                self.body = "".join(links).encode()
            self.send_response(200 if self.body else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(self.body)))
            self.end_headers()

        def do_GET(self):
            if "toy-1.0" in self.path:
                (folder / "asked").touch()
                while (folder / "wait").exists():
                    time.sleep(0.05)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.do_HEAD()
                self.wfile.write(self.body)

        def log_message(self, *args):
            pass

    with served(Handler) as address:
        yield f"{address}/simple/"


PYTHON = getattr(sys, "_base_executable", sys.executable)  # outside of the environment of the tests
