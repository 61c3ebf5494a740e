"""Everything, on each Python that is found, and on older Paddles: ``make matrix``.

Each case is what a new user does: a fresh clone of what is committed, an empty home, a fresh
environment; then ``make book`` and ``make test``. With a Paddle that is already there (3.0 to 3.2),
the library's tests and three chapters. Cases that have passed are not run again until something
changes that they depend on: stop it when you like, and start it again. PARTS names cases ("3.13",
"paddle-3.0", "sample"). ``PARTS=--write`` runs nothing: it puts the table into README.md.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".matrix"  # results and logs; not committed
README = ROOT / "README.md"
BEGIN, END = "<!-- the matrix: make matrix PARTS=--write -->", "<!-- end -->"
NOT_TESTED = ("README.md", "CONTRIBUTING.md", "docs/")  # what no case depends on
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
OLDER = {"3.10": ("3.0.0",), "3.11": ("3.1.1",), "3.12": ("3.2.2",), "3.13": ("3.0.0",)}
SOME = "tests book/01_quickstart.ipynb book/06_resources.ipynb book/09_deployment.ipynb"
HOURS = 1.5  # after which a case has failed


@dataclass(frozen=True)
class Case:
    """One way to be: a Python, the Paddle that it has before (None: none), and the digits."""

    python: str
    version: str
    paddle: str | None
    digits: str

    @property
    def name(self) -> str:
        kept = f"-paddle-{self.paddle}" if self.paddle else ""
        return f"python-{self.version}{kept}-{self.digits}"


@dataclass(frozen=True)
class Result:
    """How it went. seconds: of set-up and site, and of the tests. said: pytest's own last words;
    missing: those of cells that could not run. commit: what was run."""

    case: Case
    fingerprint: str
    date: str
    ok: bool
    seconds: tuple[float, float]
    said: str
    missing: str
    commit: str


def main(arguments: list[str]) -> int:
    fingerprint, known = _fingerprint(), _known()
    write = arguments == ["--write"]
    if not write and not os.environ.get("MNIST_DIR"):
        sys.exit("error: MNIST_DIR must name a folder with MNIST's four files")
    for case in [] if write else cases(pythons()):
        if not all(word in case.name for word in arguments):
            continue
        before = known.get(case.name)
        if before and before.ok and before.fingerprint == fingerprint:
            continue
        print(f"{case.name} …", flush=True)
        known[case.name] = result = run(case, fingerprint)
        _remember(result)
        print(f"    {result.said} {result.missing}", flush=True)
    table = _table(sorted(known.values(), key=lambda r: (bool(r.case.paddle), _key(r.case))))
    print(table)
    if write:
        _write(table)
    return int(not all(result.ok for result in known.values()))


def pythons() -> dict[str, str]:
    """Version → path of each Python on this machine that the book supports."""
    names = [Path("/usr/bin/python3"), *(Path(f"/usr/bin/python{v}") for v in PYTHONS)]
    names += [Path(path) for v in PYTHONS if (path := shutil.which(f"python{v}"))]
    for place in (".pyenv/versions/*/bin/python3", ".local/share/uv/python/*/bin/python3"):
        names += Path.home().glob(place)
    found = {}
    for name in names:
        code = "import sys, ensurepip; print('%d.%d.%d' % sys.version_info[:3], sys.executable)"
        if name.exists():
            asked = subprocess.run([name, "-c", code], capture_output=True, text=True)
            version, _, path = asked.stdout.strip().partition(" ")
            if version.rpartition(".")[0] in PYTHONS:
                found.setdefault(version, path)
    return dict(sorted(found.items(), key=lambda item: _numbers(item[0])))


def cases(found: dict[str, str]) -> list[Case]:
    """What is to be run, in order."""
    new = [Case(path, version, None, digits)
           for version, path in found.items() for digits in ("MNIST", "sample")]  # fmt: skip
    latest = {version.rpartition(".")[0]: version for version in found}
    old = [Case(found[latest[minor]], latest[minor], paddle, digits)
           for minor, paddles in OLDER.items() if minor in latest
           for paddle in paddles for digits in ("MNIST", "sample")]  # fmt: skip
    return new + old


def run(case: Case, fingerprint: str) -> Result:
    """A fresh clone in a fresh folder, both commands; what is said goes to a log."""
    KEPT.mkdir(exist_ok=True)
    log = KEPT / f"{case.name}.log"
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder, log.open("w") as file:
        clone, home = Path(folder) / "clone", Path(folder) / "home"
        home.mkdir()
        env = _environment(case, home)
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        commit = _git("rev-parse", "--short", "HEAD", cwd=clone).strip()
        python = case.python if not case.paddle else _with_paddle(case, Path(folder), env, file)

        def timed(*command: str) -> tuple[int, float]:
            start = time.monotonic()
            done = subprocess.run(
                ["make", *command, f"PYTHON={python}"], cwd=clone, env=env, stdout=file,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=3600 * HOURS,
            )  # fmt: skip
            return done.returncode, time.monotonic() - start

        book, site = timed("book")
        test, tests = timed("test", *([f"TESTS={SOME}"] if case.paddle else []))
    text = log.read_text(errors="replace")
    said = (re.findall(r"^=+ (.*) in [\d.]+s.* =+$", text, re.M) or ["no result"])[-1]
    cells = re.findall(r"^notebooks: (\d+) cells could not run here$", text, re.M)
    missing = f"{cells[-1]} cells could not run" if cells and cells[-1] != "0" else ""
    date = datetime.date.today().isoformat()
    return Result(
        case, fingerprint, date, not book and not test, (site, tests), said, missing, commit
    )


def _with_paddle(case: Case, folder: Path, env: dict, log) -> str:
    """A Python that has an older Paddle already."""
    python = folder / "machine" / "bin" / "python"
    subprocess.run([case.python, "-m", "venv", folder / "machine"], check=True)
    wanted = [f"paddlepaddle=={case.paddle}", "setuptools"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], env=env, check=True,
                   stdout=log, stderr=subprocess.STDOUT)  # fmt: skip
    return str(python)


def _environment(case: Case, home: Path) -> dict[str, str]:
    drop = ("VIRTUAL_ENV", "PADDLE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "OMP_NUM_THREADS")
    env = {name: value for name, value in os.environ.items()
           if name not in drop and not name.startswith(("PYTHON", "MNIST_"))}  # fmt: skip
    cache = env.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")  # packages, not digits
    env |= {"HOME": str(home), "UV_CACHE_DIR": cache}
    if case.digits == "MNIST":
        env["MNIST_DIR"] = str(Path(os.environ["MNIST_DIR"]).absolute())
    return env


# --- what is kept ---------------------------------------------------------------------------


def _fingerprint() -> str:
    """Of all committed files that a case depends on."""
    lines = _git("ls-tree", "-r", "HEAD").splitlines()
    kept = [line for line in lines if not line.split("\t")[1].startswith(NOT_TESTED)]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:12]


def _git(*arguments: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout


def _known() -> dict[str, Result]:
    """The last result of each case."""
    file = KEPT / "results.jsonl"
    found = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        facts = json.loads(line)
        result = Result(**{**facts, "case": Case(**facts["case"])})
        found[result.case.name] = result
    return found


def _remember(result: Result) -> None:
    with (KEPT / "results.jsonl").open("a") as file:
        print(json.dumps(asdict(result)), file=file)


def _table(results: list[Result]) -> str:
    columns = ("Python", "Paddle", "digits", "set-up and site", "what was run", "time", "result",
               "commit")  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", "| --- | --- | --- | ---: | --- | ---: | --- | --- |"]
    for result in results:
        case, (site, tests) = result.case, result.seconds
        paddle = f"{case.paddle}, there before" if case.paddle else "as set up"
        what = "tests, chapters 1, 6, 9" if case.paddle else "`make test`"
        said = ", ".join(filter(None, (result.said, result.missing)))
        ok = said if result.ok else f"**failed**: {said}"
        lines.append(
            f"| {case.version} | {paddle} | {case.digits} | {site:.0f} s | {what} | "
            f"{tests / 60:.0f} min | {ok} | `{result.commit}` |"
        )
    dates = sorted({result.date for result in results})
    return "\n".join([*lines, "", f"Run on {' to '.join(dates[:1] + dates[1:][-1:])}."])


def _write(table: str) -> None:
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def _key(case: Case) -> tuple:
    return _numbers(case.version), _numbers(case.paddle or "0"), case.digits


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
