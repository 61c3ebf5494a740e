"""The environment that the book runs in: made once, whole or not at all, never somebody else's.

On a machine without Paddle it gets exactly the versions that the book was tested with
(constraints.txt). Where the Python that is used already has a Paddle (AI Studio has the GPU build),
that one is kept: the environment then sees that Python's packages, nothing of Paddle is installed,
and other packages only where they are missing. ``PADDLE=keep`` or ``PADDLE=install`` decides it by
hand.

A note in the environment says whose it is, and whether it is whole. One that an interrupted set-up
has left is made anew; one that the reader has made is added to, never removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from tools.errors import SetupError, out_of_space
from tools.installing import PADDLES, install

ROOT = Path(__file__).resolve().parents[1]
LISTS = ("requirements.txt", "requirements-dev.txt", "constraints.txt", "pyproject.toml")
NOTE = ".made-by-make-setup"
OLD_NOTE = ".ready"  # of this project's earlier versions
NEEDED = 2.3e9  # bytes of disk: 2.2 GB when all is there
OLDEST_PADDLE = (3, 0)
ASKED = "PYTHON_ASKED"  # set by make.py: the user named the Python that runs this
PADDLE_IN = f"""
from importlib import metadata
for name in {PADDLES}:
    try:
        print(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        pass
"""
SEE_PARENT = (
    "import pathlib, sysconfig; "
    "pathlib.Path(sysconfig.get_path('purelib'), 'parent.pth').write_text({!r})"
)


def ready(venv: Path) -> None:
    """Make the environment `venv`, or bring it up to date; nothing if it is. Raises SetupError."""
    _check_machine()
    _check_wish()
    note, lists = _note(venv), _fingerprint()
    anew = _why_anew(venv, note)
    if note and not anew and note["lists"] == lists:
        return
    start = time.monotonic()
    print(
        f"\n== setup: the environment in {venv} (once; it takes a minute, and 2.2 GB)", flush=True
    )
    if anew:
        print(f"{venv} {anew}; it is made anew", flush=True)
        shutil.rmtree(venv)
    new = _is_nothing(venv)
    ours = new or note.get("ours", False)
    try:
        if new:
            keep = kept_paddle(sys.executable)
            _create(venv, keep)
        else:
            keep = note["keep"] if note else kept_paddle(python_of(venv))
        install(python_of(venv), keep=bool(keep))
        python = _this_python() if new else note.get("python", "")
        _write(venv, ours=ours, whole=True, lists=lists, keep=keep, python=python)
    except BaseException:  # an interrupt as well
        if new:
            shutil.rmtree(venv, ignore_errors=True)
        raise  # what was there before stays, and so does its note: the next set-up goes on with it
    print(f"{venv} is ready ({time.monotonic() - start:.0f} s)", flush=True)


def install_here() -> None:
    """Install what running the chapters needs into this Python. Raises SetupError."""
    _check_machine()
    _check_wish()
    keep = kept_paddle(sys.executable, only=True)
    install(sys.executable, keep=bool(keep), reader=True)
    print("ready: open the notebooks in book/", flush=True)


def python_of(venv: Path) -> str:
    """The path of the environment's Python."""
    # not from sysconfig, which knows environments since Python 3.11 only
    name = Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")
    return str(venv.absolute() / name)


def keeps(venv: Path) -> str | None:
    """The Paddle that was there before, and that the environment uses; None for its own."""
    return _note(venv).get("keep")


def stamp(venv: Path) -> Path:
    """A file that is as old as what is installed in the environment."""
    return venv / NOTE


def kept_paddle(python: str, only: bool = False) -> str | None:
    """The Paddle that `python` has ("paddlepaddle-gpu 3.3.1") if it is to be kept; said aloud.

    SetupError for one that is too old, where there can be no other beside it (`only`, or the user's
    wish).
    """
    wish = os.environ.get("PADDLE", "")
    asked = subprocess.run([python, "-c", PADDLE_IN], capture_output=True, text=True)
    found = asked.stdout.splitlines()[:1]
    if only and wish == "install" and found and found[0].split()[0] != "paddlepaddle":
        name = found[0].split()[0]
        raise SetupError(
            f"{name} is here, and beside it another Paddle would overwrite its files; first: "
            f"{python} -m pip uninstall {name}"
        )
    if wish == "keep" and not found:
        raise SetupError(f"PADDLE=keep, but {python} has no Paddle")
    if wish == "install" or not found:
        return None
    if _version(found[0]) < OLDEST_PADDLE:
        old = f"the Paddle that is here is too old ({found[0]}; the book needs 3.0 or later)"
        if only or wish == "keep":
            raise SetupError(f"{old}; with PADDLE=install, another is installed")
        print(f"{old}; another is installed in the environment", flush=True)
        return None
    print(f"keeping the Paddle that is here: {found[0]}", flush=True)
    return found[0]


def _check_machine() -> None:
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise SetupError(
            "Paddle's last version for Macs with an Intel processor is 3.0, and what is tested "
            "with it does not run there; use Linux, in a virtual machine or a container"
        )


def _check_wish() -> None:
    wish = os.environ.get("PADDLE", "")
    if wish not in ("", "keep", "install"):
        raise SetupError(f"PADDLE is {wish!r}; it can be 'keep', 'install' or not set")


def _version(paddle: str) -> tuple[int, ...]:
    found = tuple(map(int, re.findall(r"\d+", paddle.split()[1])[:2]))
    return OLDEST_PADDLE if found == (0, 0) else found  # 0.0.0: built from source


# --- what is there --------------------------------------------------------------------------


def _note(venv: Path) -> dict:
    """What the environment says of itself; nothing if it is not ours, and of nobody's if half."""
    path = venv / NOTE
    if not path.exists():
        return {"ours": True, "whole": False} if (venv / OLD_NOTE).exists() else {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # cut off
        return {"ours": True, "whole": False}


def _write(venv: Path, **note) -> None:
    (venv / NOTE).write_text(json.dumps(note), encoding="utf-8")


def _this_python() -> str:
    return "Python {}.{}.{} ({})".format(*sys.version_info[:3], sys.prefix)


def _fingerprint() -> str:
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in LISTS)).hexdigest()


def _is_nothing(venv: Path) -> bool:
    return not venv.exists() or (venv.is_dir() and not any(venv.iterdir()))


def _why_anew(venv: Path, note: dict) -> str | None:
    """Why what is there must go, in words; None if it can stay, or if there is nothing.

    Raises SetupError if it cannot stay, and is not ours.
    """
    if _is_nothing(venv):
        return None
    if not note and not (venv / "pyvenv.cfg").is_file():
        raise SetupError(f"{venv} is not an environment; name another folder: make book VENV=…")
    reason = _what_is_wrong(venv, note)
    if reason and not note.get("ours"):
        raise SetupError(f"{venv} {reason}; remove it, or name another folder: make book VENV=…")
    return reason


def _what_is_wrong(venv: Path, note: dict) -> str | None:
    if note and not note["whole"]:
        return "was left half-made, or is an older version's"
    if not _starts(python_of(venv)):
        return "has a Python that does not start any more"
    if os.environ.get(ASKED) and note.get("ours") and note["python"] != _this_python():
        return f"is of {note['python']}, and {_this_python()} was asked for"
    wish = os.environ.get("PADDLE", "")
    if note and wish == "install" and note["keep"]:
        return f"uses {note['keep']}, and PADDLE=install was asked for"
    if note and wish == "keep" and not note["keep"]:
        return "has a Paddle of its own, and PADDLE=keep was asked for"
    return None


def _starts(python: str) -> bool:
    try:
        return not subprocess.run([python, "-c", ""], capture_output=True).returncode
    except OSError:
        return False


# --- making it ------------------------------------------------------------------------------


def _create(venv: Path, keep: str | None) -> None:
    folder = next(parent for parent in venv.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < NEEDED:
        raise SetupError(out_of_space(venv, free))
    try:
        import ensurepip  # noqa: F401 - Debian has it in another package than Python
    except ImportError:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise SetupError(
            f"{sys.executable} cannot make environments; on Debian and Ubuntu: "
            f"sudo apt install {package}"
        ) from None
    try:
        venv.mkdir(parents=True, exist_ok=True)
        _write(venv, ours=True, whole=False)  # before anything else: a kill leaves it so
    except OSError as error:
        raise SetupError(f"{venv}: cannot be made ({error.strerror})") from None
    options = ["--system-site-packages"] if keep else []
    command = [sys.executable, "-m", "venv", *options, str(venv)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        if (free := shutil.disk_usage(venv).free) < 50e6:
            raise SetupError(out_of_space(venv, free))
        last = (made.stdout + made.stderr).strip().splitlines()[-1:]
        raise SetupError(f"{venv}: cannot be made ({''.join(last)})")
    if keep and sys.prefix != sys.base_prefix:
        # made from an environment, a new one sees the packages of the Python under both
        code = SEE_PARENT.format(sysconfig.get_path("purelib"))
        subprocess.run([python_of(venv), "-c", code], check=True)
