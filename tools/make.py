"""The book's commands, with or without make: ``python tools/make.py book``, or test, and so on.

The Makefile calls it too. This first part runs on whatever Python it is started with, however old
(so: no f-strings, no annotations): it finds a Python that the book can use, says so in one line if
that is another one or if there is none, and hands over to ``tools/targets.py``.
"""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST, NEWEST = (3, 10), (3, 13)  # Paddle 3.3 has no wheel for others; 3.9 lacks what we write
OTHERS = ("3.12", "3.11", "3.13", "3.10")  # first those that export ONNX, the newest first
EXAMPLE = "make book PYTHON=python3.12"
NAMED = "PYTHON_NAMED"  # set by the Makefile where the user named a Python
ASKED = "PYTHON_ASKED"  # so that the next part knows of it
PROBE = (
    "import sys\n"
    "try: import venv, ensurepip; has = 1\n"
    "except ImportError: has = 0\n"
    "print('%d.%d.%d %d %s' % (sys.version_info[:3] + (has, sys._base_executable)))"
)


def main():
    named = os.environ.pop(NAMED, "")
    venv = os.path.abspath(os.environ.get("VENV") or os.path.join(ROOT, ".venv"))
    python, complaint = sys.executable, unfit(sys.version_info[:2])
    if "here" in sys.argv[1:]:  # into this very Python, and no other
        named = "1"
    elif os.path.realpath(sys.prefix) == os.path.realpath(venv):
        python = sys._base_executable  # a Python cannot make its own environment anew
    elif named:
        os.environ[ASKED] = "1"
    if complaint and not named:
        python, complaint = another(venv, complaint)
    if complaint:
        sys.stderr.write("error: " + complaint + "\n")
        return 1
    for name in ("VENV", "MNIST_DIR"):  # what follows runs in the project's folder
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.environ[name])
    command = [python, "-m", "tools.targets"] + sys.argv[1:]
    if os.name == "nt":  # which has no exec that a terminal waits for
        return subprocess.call(command, cwd=ROOT)
    os.chdir(ROOT)
    os.execv(python, command)


def unfit(version):
    """Why a Python of this version will not do, in one line, or None."""
    if OLDEST <= version <= NEWEST:
        return None
    needed = "needs Python %d.%d to %d.%d" % (OLDEST + NEWEST)
    return "the book %s, and this is %d.%d; name one: %s" % ((needed,) + version + (EXAMPLE,))


def another(venv, complaint):
    """A Python that will do, and None; or None, and why there is none."""
    for command in candidates(venv):
        found = probe(command)
        if found and not unfit(found[0][:2]) and found[1]:
            sys.stderr.write(
                "this is Python %d.%d, which the book cannot use; taking " % sys.version_info[:2]
                + "%s (Python %d.%d.%d)\n" % ((found[2],) + found[0])
            )
            return found[2], None
    return None, complaint


def candidates(venv):
    """Commands that may start another Python; first that of the environment already there."""
    folder, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    yield [os.path.join(venv, folder, "python" + ending)]
    for version in OTHERS:
        path = getattr(shutil, "which", lambda name: name)("python" + version)
        if path:
            yield [path]
        if os.name == "nt":
            yield ["py", "-" + version]


def probe(command):
    """Version, whether it can make environments, and path; None if it does not even start."""
    try:
        process = subprocess.Popen(
            command + ["-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        said = process.communicate()[0].decode("utf-8", "replace").strip()
    except OSError:
        return None
    if process.returncode or not said:
        return None
    version, has_venv, path = said.split(" ", 2)
    return tuple(map(int, version.split("."))), has_venv == "1", path


if __name__ == "__main__":
    sys.exit(main())
