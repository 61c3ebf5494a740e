"""Make the environment that the book needs: ``python tools/setup_env.py .venv``.

On a machine without Paddle, it installs exactly the versions that the book was tested
with (constraints.txt). Where this Python already has a Paddle (AI Studio has the GPU
build), that one is kept: the environment then sees the machine's packages, nothing of
Paddle is installed, and other packages only where they are missing. ``PADDLE=keep`` or
``PADDLE=install`` decides it by hand. ``--dry-run`` prints the commands. ``--here``
installs into this Python instead of a new environment.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PADDLES = ("paddlepaddle", "paddlepaddle-gpu", "paddlepaddle-xpu", "paddlepaddle-dcu")
SEE_PARENT = (
    "import pathlib, sysconfig; "
    "pathlib.Path(sysconfig.get_path('purelib'), 'parent.pth').write_text({!r})"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("venv", nargs="?", type=Path, help="folder of the environment")
    parser.add_argument("--here", action="store_true", help="install into this Python")
    parser.add_argument("--reader", action="store_true", help="only what running chapters needs")
    parser.add_argument("--dry-run", action="store_true", help="print the commands, run nothing")
    options = parser.parse_args()
    if options.here == (options.venv is not None):
        parser.error("name a folder for the environment, or say --here")

    keep = keeps_paddle()
    if keep:
        print(f"keeping the Paddle that is here: {keep}", flush=True)
    for command in commands(options, keep):
        print("+", " ".join(map(str, command)), flush=True)
        if not options.dry_run:
            subprocess.run(command, check=True)
    return 0


def keeps_paddle() -> str | None:
    """The Paddle to keep ("paddlepaddle-gpu 3.3.1"), or None if one is to be installed."""
    wish = os.environ.get("PADDLE", "")
    if wish not in ("", "keep", "install"):
        sys.exit(f"error: PADDLE is {wish!r}; it can be 'keep', 'install' or not set")
    found = []
    for name in PADDLES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    if wish == "keep" and not found:
        sys.exit(f"error: PADDLE=keep, but {sys.executable} has no Paddle")
    return None if wish == "install" or not found else found[0]


def commands(options: argparse.Namespace, keep: str | None) -> list[list]:
    """The commands to run, in order."""
    steps = []
    if options.here:
        python = Path(sys.executable)
    else:
        scripts = sysconfig.get_path("scripts", "venv", {"base": str(options.venv)})
        python = Path(scripts) / "python"
        see_ours = ["--system-site-packages"] if keep else []
        steps.append([sys.executable, "-m", "venv", *see_ours, options.venv])
        if keep and sys.prefix != sys.base_prefix:
            # made from an environment, a new one sees the packages of the Python under both
            steps.append([python, "-c", SEE_PARENT.format(sysconfig.get_path("purelib"))])
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    wanted = requirements("requirements.txt")
    if not options.reader:
        wanted += requirements("requirements-dev.txt")
    if keep:
        wanted = [line for line in wanted if re.split(r"[^\w-]", line)[0] not in PADDLES]
        steps.append([*pip, *wanted])
    else:
        steps.append([*pip, "--constraint", ROOT / "constraints.txt", *wanted])
    # its dependencies are installed; without --no-deps pip would fetch Paddle's CPU build
    steps.append([*pip, "--no-deps", "--editable", ROOT])
    return steps


def requirements(name: str) -> list[str]:
    """The lines of a requirements file, without comments."""
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [line for line in lines if line]


if __name__ == "__main__":
    sys.exit(main())
