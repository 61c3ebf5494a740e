"""What each of the book's commands does: ``python tools/make.py TARGET…`` (or make TARGET)."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tools import environment
from tools.errors import SetupError

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html" / "index.html"
# What the rendered site is made of
PAGES = ("book/*.ipynb", "book/*.md", "book/bench/*", "book/_static/**/*", "book/_extensions/*.py",
         "_config.yml", "_toc.yml", "mnist_helpers/**/*.py", "setup.py", "requirements.txt",
         "mnist_helpers/notebook/web/*", "tools/addresses.py", "tools/found.py", "tools/publish.py",
         "tools/drawing/**/*", "mnist_helpers/recipes/far_runs/valid/*", "tests/*.py",
         "tests/slow/*.py", "book/locale/**/*", "tools/translate/*.py",
         "tools/editions.py")  # fmt: skip
# Its script is not in an environment that sees another one's packages; the package is
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
CHINESE = ("_build/zh/source", "--path-output", "_build/zh")
CHINESE_CHAPTER = f"{CHINESE[0]}/book/any_program.ipynb"  # one is executed as it is made
# whole files at a time; with more threads than one each, they would wait for each other
PYTEST = ["-m", "pytest", "-p", "xdist", "-p", "nbval", "-p", "tests.nbval_tolerance",
          "--nbval-lax", "--dist", "loadfile"]  # fmt: skip
# no plugins but these: a machine whose packages the environment sees may have any
IN_TESTS = {"OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def setup() -> None:
    """The environment in .venv (VENV names another folder). Once: later calls do nothing."""
    environment.ready(_venv())


def here() -> None:
    """Install what running the chapters needs into this Python (for AI Studio, for example)."""
    environment.install_here()


def data() -> None:
    """Where the digits come from, and whether they are sound."""
    setup()
    _say("data: where the digits come from, and whether they are sound")
    _run("-m", "mnist_helpers", "data")


def book() -> None:
    """The rendered site, in _build/html, and the Chinese one, in _build/html/zh."""
    setup()
    made = environment.stamp(_venv())
    pages = [path for pattern in PAGES for path in ROOT.glob(pattern)]
    if not SITE.is_file() or SITE.stat().st_mtime < max(
        path.stat().st_mtime for path in [*pages, made]
    ):
        _say("book: rendering the stored notebooks, in English and Chinese (nothing is executed)")
        _run("-m", "tools.translate", "make")
        options = ("--all", "--warningiserror", "--keep-going", "--quiet")
        _run_all(("-c", JUPYTER_BOOK, "build", ".", *options),
                 ("-c", JUPYTER_BOOK, "build", *CHINESE, *options))  # fmt: skip
        # the wheel's times: the same wheel from the same files
        _run("-m", "tools.publish", str(SITE.parent), SOURCE_DATE_EPOCH="315619200")
        _run("-m", "tools.drawing", "scripts", str(SITE.parent / "_static" / "draw" / "networks"))
        _run("-m", "tools.translate", "place")
        os.utime(SITE)
    _say("book: the site is in _build/html (make serve shows it)")


def messages() -> None:
    """For authors: bring the Chinese catalogues up to the English pages; says what is to do."""
    setup()
    _say("messages: what is to be translated, in book/locale")
    _run("-m", "tools.translate", "messages")


def zh() -> None:
    """For authors: the Chinese site alone, where the English one is there."""
    setup()
    _say("zh: Chinese notebooks, and a site of them (nothing is executed)")
    _run("-m", "tools.translate", "make")
    _run("-c", JUPYTER_BOOK, "build", *CHINESE, "--warningiserror", "--keep-going", "--quiet")
    _run("-m", "tools.translate", "place")
    _say("zh: the Chinese site is in _build/html/zh")


def serve() -> None:
    """The site on http://127.0.0.1:8000/ (PORT names another port), until Ctrl-C."""
    book()
    port = os.environ.get("PORT") or "8000"
    _say(f"serve: http://127.0.0.1:{port}/ (Ctrl-C stops it)")
    folder = str(SITE.parent)
    _run("-m", "http.server", port, "--bind", "127.0.0.1", "--directory", folder)


def test() -> None:
    """Lint, the helpers' tests, the site's, and every notebook executed again (TESTS: a part)."""
    lint()
    book()
    chosen = shlex.split(os.environ.get("TESTS") or f"book {CHINESE_CHAPTER} tests")
    _say("test: the helpers, the rendered site, then every notebook under nbval")
    # three, also on two cores: a file often waits for processes that it has started
    _run(*PYTEST, "-n", "3", *chosen, "--ignore=tests/slow", **IN_TESTS)


def test_slow() -> None:
    """What takes longer: kills, browsers, chapters on other systems, set-up from nothing."""
    book()
    _say("test-slow: what takes longer than `make test` should")
    _run(*PYTEST, "-n", "2", "tests/slow", **IN_TESTS)


def lint() -> None:
    """Style, imports that go down only, types, and the files that other programs read."""
    setup()
    _say("lint: ruff on code and notebooks, the floors of the library, types")
    _run("-m", "ruff", "check", ".")
    _run("-m", "ruff", "format", "--check", ".")
    _run("-c", "from importlinter.cli import lint_imports_command as lint; lint()")
    if environment.keeps(_venv()):
        print("types are not checked: they are those of the Paddle that is tested")
    elif _numpy_before("2.4"):
        print("types are not checked: they are those of NumPy 2.4, which needs Python 3.11")
    else:
        _run("-m", "mypy")
    for schema, pattern in (("github-workflows", ".github/workflows/*.yml"),
                            ("citation-file-format", "CITATION.cff")):  # fmt: skip
        files = map(str, sorted(ROOT.glob(pattern)))
        _run("-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", "--quiet", *files)


def notebooks() -> None:
    """For authors: execute chapters (BOOK names some) on MNIST, and store their outputs."""
    setup()
    named = shlex.split(os.environ.get("BOOK") or "")
    chapters = named or sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("book/*.ipynb"))
    _say("notebooks: executing " + " ".join(chapters))
    _run("-m", "tools.store_outputs", *chapters, MNIST_SOURCE="mnist")


def picture() -> None:
    """For authors: the README's picture, taken anew from the front page (needs Chromium)."""
    book()
    _say("picture: the front page, with a digit drawn")
    _run("-m", "tools.picture", str(SITE.parent))


def pdf() -> None:
    """The whole book as one PDF, and as one in Chinese, in dist (needs Chromium)."""
    setup()
    _run("-m", "tools.paper")  # whether there is a Chromium: before minutes are spent on a site
    book()
    _say("pdf: printing the book in both languages, twice: at last with the numbers of pages")
    _run("-m", "tools.paper", str(ROOT / "dist"))


def dist() -> None:
    """What one hands out, in dist: the site, the notebooks, the same for a class, wheel, PDF."""
    book()
    _say("dist: the site, the notebooks with and without solutions, the wheel and the PDF")
    _run("-m", "tools.handouts", str(ROOT / "dist"))


def bench() -> None:
    """The library against the course's way, in one run (about an hour; PARTS names some)."""
    setup()
    _say("bench: against the course's way, in one run (about an hour)")
    _run("-m", "benchmarks", *shlex.split(os.environ.get("PARTS") or ""))


def lock() -> None:
    """For authors: choose the versions in constraints.txt again, keeping those that still fit."""
    setup()
    _run("-m", "tools.lock")


def matrix() -> None:
    """For authors: everything on each Python that is found, and on older Paddles; resumable."""
    setup()
    _run("-m", "tools.matrix", *shlex.split(os.environ.get("PARTS") or ""))


def clean() -> None:
    """Remove the rendered site, what is made of it, and what chapters have written."""
    for folder in ("_build", "dist", "book/output"):
        shutil.rmtree(ROOT / folder, ignore_errors=True)


TARGETS = (setup, here, data, book, messages, zh, serve, test, test_slow, lint, notebooks, picture,
           pdf, dist, bench, lock, matrix, clean)  # fmt: skip
BY_NAME = {target.__name__.replace("_", "-"): target for target in TARGETS}


def _venv() -> Path:
    """Relative where it can be, as a user would write it."""
    folder = Path(os.environ.get("VENV") or ROOT / ".venv").absolute()
    return folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder


def _numpy_before(version: str) -> bool:
    """Whether the environment's NumPy is older."""
    code = "from importlib.metadata import version; print(version('numpy'))"
    said = subprocess.check_output([environment.python_of(_venv()), "-c", code], text=True)
    return [int(n) for n in said.split(".")[:2]] < [int(n) for n in version.split(".")]


def _say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def _run(*command: str, **variables: str) -> None:
    """Run the environment's Python; what it returns, if not 0, is what we return."""
    _run_all(command, **variables)


def _run_all(*commands: tuple[str, ...], **variables: str) -> None:
    """Several at a time; the first return value that is not 0 is what we return."""
    python = environment.python_of(_venv())
    processes = [subprocess.Popen([python, *command], env={**os.environ, **variables})
                 for command in commands]  # fmt: skip
    try:
        codes = [process.wait() for process in processes]
    except BaseException as error:  # an interrupt reaches them by itself; they may want to tidy up
        for process in processes:
            if not isinstance(error, KeyboardInterrupt):
                process.terminate()
            process.wait()
        raise
    if code := next(filter(None, codes), 0):
        sys.exit(code if code > 0 else 128 - code)


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BY_NAME]
    if unknown or not names:
        found = f"no target {unknown[0]!r}" if unknown else "no target named"
        about = [f"    {name:10} {target.__doc__}" for name, target in BY_NAME.items()]
        print(f"error: {found}; there are", *about, sep="\n", file=sys.stderr)
        return 2
    # as an interrupt: what is half done is tidied up
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        for name in names:
            BY_NAME[name]()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
