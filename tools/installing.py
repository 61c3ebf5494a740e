"""Packages into an environment: by uv, in a fraction of the time, else by pip.

Both take their settings from pip's own: its files, its ``PIP_…`` variables. uv does not know these,
so :func:`uv_options` translates them; where one has no translation, pip installs.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tools.errors import SetupError, out_of_space

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
PADDLES = ("paddlepaddle", "paddlepaddle-gpu", "paddlepaddle-xpu", "paddlepaddle-dcu")
# pip's settings and what they are called in uv; None: of no matter there
IN_UV = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
    "constraint": "--constraint",
    "no-index": "--no-index",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
    **dict.fromkeys((
        "cache-dir", "no-cache-dir", "config-file", "disable-pip-version-check", "no-color",
        "no-input", "no-warn-script-location", "prefer-binary", "progress-bar", "quiet",
        "require-virtualenv", "root-user-action", "verbose",
    )),
}  # fmt: skip
NO_INDEX = re.compile(
    r"Retrying \(|Max retries|ConnectionError|error sending request|dns error"
    r"|timed out|No route to host|Network is unreachable|Name or service not known|tcp connect"
)
FULL = re.compile(r"No space left on device|os error 28\b|Errno 28\b")
EVERY = 10  # seconds between two signs of life, where there is no terminal


def install(python: str, *, keep: bool, reader: bool = False) -> None:
    """Install what the book needs for `python`. Raises SetupError, in one line, if that fails.

    With `keep` nothing of Paddle is installed, and what is there stays as it is. With `reader`,
    only what running the chapters needs, and by pip: it may be anybody's Python.
    """
    wanted = requirements("requirements.txt")
    if not reader:
        wanted += requirements("requirements-dev.txt")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install"]
    itself = ["--no-deps", "--editable", str(ROOT)]
    if keep:
        wanted = [line for line in wanted if _name(line) not in PADDLES]
        with tempfile.TemporaryDirectory() as folder:
            versions = Path(folder) / "constraints.txt"
            versions.write_text(_for_what_is_missing(python), encoding="utf-8")
            try:
                _run([*pip, "--constraint", versions, *wanted], python)
            except SetupError:
                print("the tested versions do not fit what is here; trying others", flush=True)
                _run([*pip, *wanted], python)
        _run([*pip, *itself], python)
    elif reader or not _installed_by_uv(python, pip, wanted):
        _run([*pip, "--constraint", CONSTRAINTS, *wanted], python)
        _run([*pip, *itself], python)


def requirements(name: str) -> list[str]:
    """The lines of a requirements file, without comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _name(line: str) -> str:
    """The package that a line of requirements or constraints is of."""
    return re.split(r"[^\w.-]", line)[0].lower().replace("_", "-")


def _for_what_is_missing(python: str) -> str:
    """The tested versions of those packages that `python` does not have yet."""
    code = "from importlib import metadata\nfor d in metadata.distributions(): print(d.name)"
    try:
        said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        there = set(map(_name, said.stdout.split()))
    except subprocess.CalledProcessError:
        return ""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if _name(line) not in there | set(PADDLES))


# --- uv -------------------------------------------------------------------------------------


def _installed_by_uv(python: str, pip: list, wanted: list[str]) -> bool:
    """Whether uv has done it. SetupError if there is no index: then pip need not be tried."""
    pins = (line for line in requirements("constraints.txt") if _name(line) == "uv")
    pin = next(pins, "uv")  # none while `make lock` is to choose another
    translated = uv_options(pip_settings(python))
    if translated is None:
        return False
    options, variables = translated
    try:
        # a second try at most: pip's usual five would keep us waiting for an index that is away
        _run([*pip, "--quiet", "--retries", "1", pin.split(";")[0].strip()], python)
    except SetupError as error:
        if NO_INDEX.search(str(error.__cause__)):
            raise
        return False
    cache = _cache_of_its_own(python)
    uv = [python, "-m", "uv", "pip", "install", "--python", python, *options]
    # compiled now, as pip does it: else whoever imports them first waits, and gets their warnings
    uv += ["--compile-bytecode", *(["--cache-dir", cache] if cache else [])]
    try:
        constraints = ["--constraint", CONSTRAINTS]
        _run([*uv, *constraints, *wanted, "--editable", ROOT], python, variables)
    except SetupError as error:
        print(f"uv could not ({error}); trying pip", flush=True)
        return False
    finally:
        if cache:
            shutil.rmtree(cache, ignore_errors=True)
    return True


def pip_settings(python: str) -> dict[str, str]:
    """pip's settings for `python`: name → value; of a variable and a file, the variable counts."""
    asked = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
    found = {}
    for line in asked.stdout.splitlines():
        key, _, value = line.partition("=")
        where, _, name = key.rpartition(".")
        if where in ("global", "install", ":env:"):
            found[name] = ast.literal_eval(value)
    return found


def uv_options(settings: dict[str, str]) -> tuple[list[str], dict[str, str]] | None:
    """`settings` of pip's as uv's options and variables, or None if one has no translation."""
    # as pip does it: the best version of all places, not of the first that has the package
    options, variables = ["--index-strategy", "unsafe-best-match"], {}
    for name, value in settings.items():
        if name not in IN_UV:
            return None
        to = IN_UV[name]
        if to == "--no-index":
            options += [to] if value.lower() in ("1", "true", "yes", "on") else []
        elif to and to.startswith("--"):
            options += [part for each in value.split() for part in (to, each)]
        elif to:
            variables[to] = value
    return options, variables


def _cache_of_its_own(python: str) -> Path | None:
    """None if uv's usual place can hold what it fetches; else a folder beside the packages."""
    asked = subprocess.run([python, "-m", "uv", "cache", "dir"], capture_output=True, text=True)
    folder = Path(asked.stdout.strip() or "/")
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 3e9:
        return None
    return Path(python).parents[1] / ".uv-cache"


# --- running, and saying what goes on -------------------------------------------------------


def _run(command: list, python: str, variables: dict[str, str] | None = None) -> None:
    """Run it, showing a sign of life. SetupError, with all that it said as its cause."""
    print("+", _shown(command), flush=True)
    process = subprocess.Popen(
        list(map(str, command)),
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    said, now = [], ["starting"]
    done = threading.Event()
    shower = threading.Thread(target=_show, args=(now, done), daemon=True)
    shower.start()
    try:
        for line in process.stdout:
            said.append(line)
            now[0] = _brief(line) or now[0]
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        done.set()
        shower.join()
    if code:
        raise _why("".join(said), python)


def _shown(command: list) -> str:
    """The command without what would make it many lines long."""
    words = [str(word) for word in command[2:]]
    named = [word for word in words if re.match(r"[A-Za-z][\w.-]*[<>=]", word)]
    tool = "uv pip" if words[0] == "uv" else "pip"
    what = f"{len(named)} packages, and what they need" if len(named) > 1 else "".join(named)
    return f"{tool} install {what or 'this project'}"


def _brief(line: str) -> str | None:
    """What a line of uv's or pip's tells of how far it is."""
    if re.match(r"Installed \d+ package", line):
        return "compiling what is installed"  # uv says nothing while it does
    found = re.match(
        r"\s*((?:Collecting|Download(?:ing|ed)|Resolved|Prepared|Building|Installing) ?\S* ?\S*)",
        line,
    )
    return found and found[1].strip(" ,")[:60]


def _show(now: list[str], done: threading.Event) -> None:
    terminal = sys.stdout.isatty()
    start = time.monotonic()
    while not done.wait(1 if terminal else EVERY):
        text = f"  {time.monotonic() - start:3.0f} s  {now[0]}"
        print(f"\r{text:78}" if terminal else text, end="" if terminal else "\n", flush=True)
    if terminal:
        print(f"\r{'':78}\r", end="", flush=True)


def _why(said: str, python: str) -> SetupError:
    """What went wrong, in one line; the whole of it is kept in a file."""
    if FULL.search(said):
        venv = Path(python).parents[1]
        error = SetupError(out_of_space(venv, shutil.disk_usage(venv).free))
    elif "externally-managed-environment" in said:
        error = SetupError(
            f"{python} is the system's own, which pip leaves alone; use `make setup`, or an "
            "environment"
        )
    elif found := re.search(r"located at (\S+) is not a trusted or secure host", said):
        error = SetupError(
            f"pip ignores the package index at {found[1]}, which is not https; to trust it: "
            f"PIP_TRUSTED_HOST={found[1]}"
        )
    elif NO_INDEX.search(said):
        index = pip_settings(python).get("index-url", "https://pypi.org/simple")
        error = SetupError(
            f"no package index in reach ({index}); with pip's own settings you can name another "
            "(README, Another package index)"
        )
    else:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        wrong = [line for line in lines if line.lower().startswith(("error", "×"))] or lines[-1:]
        first = re.sub(r"^error: ", "", "".join(wrong[:1]), flags=re.IGNORECASE)
        error = SetupError(f"{first[:200]} (all that was said: {_kept(said)})")
    error.__cause__ = RuntimeError(said)
    return error


def _kept(said: str) -> str:
    path = Path(tempfile.gettempdir()) / "digits-setup.log"
    try:
        path.write_text(said, encoding="utf-8")
    except OSError as error:
        return f"not kept, {error.strerror}"
    return str(path)
