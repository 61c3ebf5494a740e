"""Where digits come from: the order of the sources, and what each kind of bad one gets.

Downloads are tested against a real HTTP server on 127.0.0.1. It serves files of the test's own;
their sizes and checksums take the place of MNIST's while a test runs.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from mnist_helpers.data import download, find_source, mnist_files, write_idx
from mnist_helpers.data.splits import load
from mnist_helpers.errors import DataError
from tests.conftest import random_digits, run_python


def as_mnist(monkeypatch, folder):
    """Let the checks of MNIST hold for the files in `folder`."""
    files = []
    for file in mnist_files.FILES:
        packed = (folder / f"{file.name}.gz").read_bytes()
        array = mnist_files.read_idx(folder / f"{file.name}.gz")
        files.append(
            replace(
                file,
                count=len(array),
                packed=len(packed),
                packed_md5=hashlib.md5(packed).hexdigest(),
                content_md5=hashlib.md5(array.data).hexdigest(),
            )
        )
    monkeypatch.setattr(mnist_files, "TRAIN", tuple(files[:2]))
    monkeypatch.setattr(mnist_files, "TEST", tuple(files[2:]))
    monkeypatch.setattr(mnist_files, "FILES", tuple(files))
    monkeypatch.setattr(download, "FILES", tuple(files))


@pytest.fixture
def mnist(monkeypatch, idx_folder, clean):
    """A folder whose files pass for MNIST's; nothing remembered of earlier downloads."""
    as_mnist(monkeypatch, idx_folder)
    download.download.cache_clear()
    return idx_folder


@contextlib.contextmanager
def server(folder, fault=None):
    """Serves `folder`; yields its address and the list of paths that were asked for."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def do_GET(self):
            asked.append(self.path)
            if fault == "hangs":
                stop.wait(20)
                return
            content = (folder / self.path.lstrip("/")).read_bytes()
            if fault == "wrong":
                content = content[:-1] + bytes([content[-1] ^ 1])
            if fault == "page":
                content = b"<html>log in to this network</html>"
            if fault == "endless":
                content += bytes(1 << 22)
            self.send_response(200)
            if fault != "endless":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):
                if fault == "breaks":
                    self.wfile.write(content[: len(content) // 2])
                elif fault == "drips":
                    for byte in content:
                        self.wfile.write(bytes([byte]))
                        if stop.wait(0.05):
                            return
                else:
                    self.wfile.write(content)

        def log_message(self, *args):
            pass

    asked, stop = [], threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}", asked
        finally:
            stop.set()
            httpd.shutdown()
            thread.join()


def names(folder):
    return sorted(os.listdir(folder)) if folder.exists() else None


# --- the order of the sources ---------------------------------------------------------------


def test_mnist_dir_comes_first(mnist, clean, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DIR", str(mnist))
    train, valid, test = (load(split) for split in ("train", "valid", "test"))
    images, labels = random_digits(60)
    assert np.array_equal(train.images, images[:50])
    assert np.array_equal(valid.labels, labels[50:])
    assert np.array_equal(test.images, random_digits(10)[0])
    assert capsys.readouterr().out.splitlines() == [
        "train: 50 digits of MNIST, from MNIST_DIR",
        "valid: 10 digits of MNIST, from MNIST_DIR",
        "test: 10 digits of MNIST, from MNIST_DIR",
    ]
    assert names(clean) is None  # nothing was cached


def test_plain_files_and_recompressed_ones_are_mnist_too(mnist, clean, monkeypatch):
    for number, file in enumerate(mnist_files.FILES):
        path = mnist / f"{file.name}.gz"
        content = gzip.decompress(path.read_bytes())
        if number % 2:
            path.write_bytes(gzip.compress(content, 1))
        else:
            path.unlink()
            (mnist / file.name).write_bytes(content)
    monkeypatch.setenv("MNIST_DIR", str(mnist))
    assert len(load("train")) == 50


def test_the_cache_comes_before_a_download(mnist, clean, monkeypatch):
    shutil.copytree(mnist, clean)
    with server(mnist) as (address, asked):
        monkeypatch.setenv("MNIST_MIRRORS", address)
        assert find_source().where == "from the cache"
    assert asked == []


def test_a_download_fills_the_cache(mnist, clean, monkeypatch, capsys):
    with server(mnist) as (address, asked):
        monkeypatch.setenv("MNIST_MIRRORS", address)
        assert find_source().where == "downloaded"
        assert len(asked) == 4
        said = capsys.readouterr().err
        assert address in said
        assert "train-images-idx3-ubyte:   0%" in said  # the progress bar
        assert names(clean) == names(mnist)
        assert find_source().where == "from the cache"
        assert len(asked) == 4
    for name in names(mnist):
        assert (clean / name).read_bytes() == (mnist / name).read_bytes()


def test_the_second_mirror_is_tried(mnist, clean, monkeypatch, capsys):
    with server(mnist, "wrong") as (first, _), server(mnist) as (second, asked):
        monkeypatch.setenv("MNIST_MIRRORS", f"{first} {second}/")
        assert find_source().where == "downloaded"
        assert len(asked) == 4
    assert "not MNIST's (MD5)" in capsys.readouterr().err


def test_without_a_network_the_sample_is_announced(mnist, clean, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_MIRRORS", "http://127.0.0.1:9")  # nobody listens there
    digits = load("valid")
    said = capsys.readouterr()
    assert "figures will differ from the book's" in said.out
    assert "MNIST cannot be had: no mirror gave it (http://127.0.0.1:9/" in said.err
    assert digits.source == "built-in sample"
    assert names(clean) in (None, [])


def test_sample_by_request_beats_mnist_dir(mnist, clean, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DIR", str(mnist))
    monkeypatch.setenv("MNIST_SOURCE", "sample")
    splits = [load(split) for split in ("train", "valid", "test")]
    assert sum(map(len, splits)) == 1797
    assert len(splits[0]) == pytest.approx(1797 * 5 / 7, abs=2)
    assert all(digits.counts().min() > len(digits) / 15 for digits in splits)
    # in MNIST's form: in the 20 × 20 box, its centre of mass at (14, 14)
    for image in splits[0].images[:50].astype(float):
        rows, columns = np.nonzero(image > 0)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
        centre = (
            image.sum(1) @ np.arange(28) / image.sum(),
            image.sum(0) @ np.arange(28) / image.sum(),
        )
        assert np.abs(np.array(centre) - 14).max() < 1.6  # a digit at the box's edge stays inside


def test_mnist_by_request_is_never_replaced(mnist, clean, monkeypatch):
    monkeypatch.setenv("MNIST_SOURCE", "mnist")
    monkeypatch.setenv("MNIST_MIRRORS", "http://127.0.0.1:9")
    with pytest.raises(DataError, match="MNIST_SOURCE asks for MNIST, which cannot be had"):
        load("test")


def test_unknown_names_are_refused(clean, monkeypatch):
    with pytest.raises(ValueError, match="train, valid, test"):
        load("eval")
    monkeypatch.setenv("MNIST_SOURCE", "fashion")
    with pytest.raises(DataError, match=r"'fashion'.*'mnist', 'sample'"):
        load("test")


# --- bad folders ----------------------------------------------------------------------------


def spoil(folder, fault):
    """Put one fault into a folder of MNIST's files."""
    images, labels = (folder / f"{file.name}.gz" for file in mnist_files.TEST)
    if fault == "nothing there":
        shutil.rmtree(folder)
    elif fault == "empty":
        for path in folder.iterdir():
            path.unlink()
    elif fault == "one missing":
        labels.unlink()
    elif fault == "truncated":
        images.write_bytes(images.read_bytes()[:-500])
    elif fault == "not gzip":
        images.write_bytes(b"hello")
    elif fault == "other content":
        write_idx(images, random_digits(10, seed=5)[0])
    elif fault == "other count":
        for path, array in zip((images, labels), random_digits(11), strict=True):
            write_idx(path, array)
    elif fault == "lengths":
        write_idx(labels, random_digits(9)[1])
    elif fault == "label":
        labels.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 10]) + bytes([11] * 10)))
    elif fault == "swapped":
        content = images.read_bytes(), labels.read_bytes()
        labels.write_bytes(content[0])
        images.write_bytes(content[1])
    elif fault == "a folder":
        images.unlink()
        images.mkdir()


FAULTS = {
    "nothing there": "is not a folder",
    "empty": "has no train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k",
    "one missing": "has no t10k-labels-idx1-ubyte",
    "a folder": "has no t10k-images-idx3-ubyte",
    "truncated": "t10k-images.*damaged gzip",
    "not gzip": "t10k-images.*damaged gzip",
    "other content": "t10k-images.*content is not MNIST's.*MNIST_VERIFY=0",
    "other count": "t10k-images.*11 items; MNIST's has 10",
    "lengths": "10 images in t10k-images-idx3-ubyte but 9 labels in t10k-labels",
    "label": "t10k-labels.*label 11 at position 0",
    "swapped": "t10k-images.*holds labels",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_mnist_dir_is_an_error_for_every_split(mnist, clean, monkeypatch, fault):
    """The fault is in the test files; "train" must fail as well, or splits would be mixed."""
    spoil(mnist, fault)
    monkeypatch.setenv("MNIST_DIR", str(mnist))
    for split in ("train", "test"):
        with pytest.raises(DataError, match=FAULTS[fault]) as error:
            load(split)
        assert str(mnist) in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("fault", ["truncated", "other content", "lengths", "label", "swapped"])
def test_a_bad_cache_is_announced_and_mended_by_a_download(
    mnist, clean, monkeypatch, capsys, fault, tmp_path
):
    shutil.copytree(mnist, tmp_path / "good")
    shutil.copytree(mnist, clean)
    spoil(clean, fault)
    with server(tmp_path / "good") as (address, asked):
        monkeypatch.setenv("MNIST_MIRRORS", address)
        assert find_source().where == "downloaded"
        assert 1 <= len(asked) <= 2  # only what was wrong
    assert "the cached MNIST cannot be used" in capsys.readouterr().err
    assert len(load("test")) == 10


def test_a_bad_cache_without_network_stays_as_it_was(mnist, clean, monkeypatch, capsys):
    shutil.copytree(mnist, clean)
    spoil(clean, "truncated")
    before = {path.name: path.read_bytes() for path in clean.iterdir()}
    monkeypatch.setenv("MNIST_MIRRORS", "http://127.0.0.1:9")
    sources = {load(split).source for split in ("train", "valid", "test")}
    assert sources == {"built-in sample"}
    assert {path.name: path.read_bytes() for path in clean.iterdir()} == before
    assert "the cached MNIST cannot be used" in capsys.readouterr().err


def test_other_digits_on_request(idx_folder, clean, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(idx_folder))
    with pytest.raises(DataError, match="60 items; MNIST's has 60,000"):
        load("train")
    monkeypatch.setenv("MNIST_VERIFY", "0")
    assert len(load("train")) == 50


# --- bad downloads --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("hangs", "timed out"),
        ("drips", "not done after 1 s"),
        ("breaks", "broke off after|IncompleteRead"),
        ("wrong", "not MNIST's"),
        ("page", "broke off after 35 of"),
        ("endless", "more than the"),
    ],
)
def test_a_bad_download_leaves_the_cache_as_it_was(mnist, clean, monkeypatch, fault, message):
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(download, "FILE_SECONDS", 1)
    monkeypatch.setenv("MNIST_SOURCE", "mnist")
    clean.mkdir(parents=True)
    (clean / "mine.txt").write_text("keep")
    start = time.monotonic()
    with server(mnist, fault) as (address, _):
        monkeypatch.setenv("MNIST_MIRRORS", address)
        with pytest.raises(DataError, match=message):
            load("test")
    assert time.monotonic() - start < 10
    assert names(clean) == ["mine.txt"]


def test_a_missing_file_on_the_server(mnist, clean, monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_SOURCE", "mnist")
    code = http.server.SimpleHTTPRequestHandler
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), code) as httpd:
        code.log_message = lambda *args: None
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        monkeypatch.setenv("MNIST_MIRRORS", f"http://127.0.0.1:{httpd.server_port}/nowhere")
        with pytest.raises(DataError, match="answered 404"):
            load("test")
        httpd.shutdown()
    assert names(clean) in (None, [])


def test_a_failure_is_not_waited_for_twice(mnist, clean, monkeypatch):
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.5)
    with server(mnist, "hangs") as (address, asked):
        monkeypatch.setenv("MNIST_MIRRORS", address)
        load("test", quiet=True)
        load("train", quiet=True)
    assert len(asked) == 1


def test_a_cache_that_cannot_be_written_is_announced(mnist, clean, monkeypatch, capsys):
    """/proc refuses new folders even to root, as a read-only file system does."""
    monkeypatch.setenv("HOME", "/proc")
    with server(mnist) as (address, _):
        monkeypatch.setenv("MNIST_MIRRORS", address)
        assert find_source().name == "built-in sample"
    said = capsys.readouterr().err
    assert "cannot write to the cache /proc/.cache" in said
    assert "set MNIST_DIR" in said


def test_no_space_left_is_announced(mnist, clean, monkeypatch, capsys, tmp_path):
    """A real full disk: a file system of 16 kB. (Needs the right to mount one.)"""
    home = tmp_path / "small"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(home)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        monkeypatch.setenv("HOME", str(home))
        with server(mnist) as (address, _):
            monkeypatch.setenv("MNIST_MIRRORS", address)
            assert find_source().name == "built-in sample"
        said = capsys.readouterr().err
        assert "No space left on device" in said
        cache = home / ".cache" / "paddle" / "dataset" / "mnist"
        assert [n for n in names(cache) or [] if n.endswith(".part")] == []
    finally:
        subprocess.run(["umount", str(home)], check=True)


TWO = """
import sys
from dataclasses import replace
from mnist_helpers.data import download, find_source, mnist_files
files = tuple(replace(f, packed=p, packed_md5=m, count=c, content_md5=d)
              for f, (p, m, c, d) in zip(mnist_files.FILES, {files!r}))
mnist_files.TRAIN, mnist_files.TEST, mnist_files.FILES = files[:2], files[2:], files
download.FILES = files
print(find_source().name)
"""


def test_two_processes_may_download_at_once(mnist, clean, monkeypatch):
    files = [(f.packed, f.packed_md5, f.count, f.content_md5) for f in mnist_files.FILES]
    code = TWO.format(files=files)
    with server(mnist) as (address, asked):
        monkeypatch.setenv("MNIST_MIRRORS", address)
        runs = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        assert [run.communicate(timeout=60)[0].strip() for run in runs] == ["MNIST"] * 3
    assert names(clean) == names(mnist)
    assert all((clean / name).read_bytes() == (mnist / name).read_bytes() for name in names(mnist))
    assert len(asked) >= 4


# --- the command ----------------------------------------------------------------------------


def command(**environment):
    code = "import sys; from mnist_helpers.__main__ import main; sys.exit(main(['data']))"
    return run_python(code, **{"MNIST_DIR": None, "MNIST_SOURCE": None, **environment})


def test_the_command_prints_source_counts_and_balance(idx_folder):
    run = command(MNIST_DIR=str(idx_folder), MNIST_VERIFY="0")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == "source: MNIST, from MNIST_DIR"
    assert str(idx_folder) in lines[1]
    counts = {
        line.split()[0]: [int(n.replace(",", "")) for n in line.split()[1:]] for line in lines[3:6]
    }
    assert {name: row[0] for name, row in counts.items()} == {"train": 50, "valid": 10, "test": 10}
    assert all(sum(row[1:]) == row[0] for row in counts.values())
    assert counts["train"][1:] == np.bincount(random_digits(60)[1][:50], minlength=10).tolist()


def test_the_command_gives_one_line_and_a_status_when_data_are_bad(idx_folder):
    run = command(MNIST_DIR=str(idx_folder))
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert run.stderr.startswith("error: ")
    assert "MNIST's has 60,000" in run.stderr
    assert run.stdout == ""


@pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="needs MNIST itself")
def test_mnist_itself():
    run = command(MNIST_DIR=os.environ["MNIST_DIR"])
    assert run.returncode == 0, run.stderr
    assert "train   50,000" in run.stdout
    assert "valid   10,000" in run.stdout
    assert "test    10,000" in run.stdout
