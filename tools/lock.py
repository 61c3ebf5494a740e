"""Choose the versions in constraints.txt again: one list, for every Python that the book supports.

What still fits stays as it is; to move a package to a newer version, take its lines out first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.installing import pip_settings, uv_options

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\
# The versions that the book is tested with, all of them, on each Python that it supports: made by
# `make lock` of requirements.txt and requirements-dev.txt. `make setup` installs exactly these.
"""


def main() -> int:
    path = ROOT / "constraints.txt"
    options, variables = uv_options(pip_settings(sys.executable)) or ([], {})
    command = [sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version",
               "3.10", "--no-header", "--no-annotate", "--quiet", "--output-file", path,
               ROOT / "requirements.txt", ROOT / "requirements-dev.txt", *options]  # fmt: skip
    code = subprocess.run(command, env={**os.environ, **variables}).returncode
    if not code:
        path.write_text(HEAD + path.read_text(encoding="utf-8"), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
