"""Files of digits: what is written comes back, and what is wrong is refused in one clear line."""

import contextlib
import gzip
import json
import os
import resource
import struct

import numpy as np
import pytest

from mnist_helpers.data import (
    SPLITS,
    Digits,
    read_course_json,
    read_idx,
    write_course_json,
    write_idx,
)
from mnist_helpers.data.formats import MAX_COUNT
from mnist_helpers.errors import DataError
from tests.conftest import random_digits, run_python


@pytest.fixture
def splits():
    return {
        name: Digits.checked(*random_digits(n, n))
        for name, n in zip(SPLITS, (7, 3, 2), strict=True)
    }


@pytest.mark.parametrize("name", ["x-idx3-ubyte", "x-idx3-ubyte.gz"])
def test_idx_comes_back(tmp_path, name):
    for array in random_digits(5):
        write_idx(tmp_path / name, array)
        assert np.array_equal(read_idx(tmp_path / name), array)
        assert read_idx(tmp_path / name).dtype == np.uint8


def test_idx_has_the_bytes_of_the_format(tmp_path):
    write_idx(tmp_path / "l", np.array([7, 2], np.uint8))
    assert (tmp_path / "l").read_bytes() == bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 2])
    write_idx(tmp_path / "i", np.ones((1, 28, 28), np.uint8))
    assert (tmp_path / "i").read_bytes() == struct.pack(">4I", 2051, 1, 28, 28) + b"\1" * 784


HEADER = struct.pack(">4I", 2051, 2, 28, 28)
BAD = {
    "empty": (b"", "0 bytes long"),
    "half a header": (HEADER[:12], "12 bytes long"),
    "magic": (struct.pack(">2I", 1234, 5) + b"\0" * 5, "magic number 1234.*2051.*2049"),
    "shape": (struct.pack(">4I", 2051, 1, 32, 32) + b"\0" * 1024, "32 × 32.*expected 28 × 28"),
    "short": (HEADER + b"\0" * 800, "800 of the 1,568 bytes.*truncated"),
    "long": (HEADER + b"\0" * 1569, "goes on after the 1,568 bytes"),
    "no items": (struct.pack(">2I", 2049, 0), "names 0 items"),
    "too many": (struct.pack(">2I", 2049, 2**32 - 1), "4,294,967,295 items"),
    "label": (struct.pack(">2I", 2049, 3) + bytes([1, 10, 2]), "label 10 at position 1"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("fault", BAD)
def test_bad_idx_is_named(tmp_path, fault, packed):
    content, message = BAD[fault]
    path = tmp_path / ("bad.gz" if packed else "bad")
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=message) as error:
        read_idx(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("fault", ["cut", "flipped", "crc", "no gzip"])
def test_damaged_gzip_is_named(tmp_path, fault):
    path = tmp_path / "x.gz"
    write_idx(path, random_digits(50)[0])
    content = bytearray(path.read_bytes())
    if fault == "cut":
        content = content[:-1000]
    elif fault == "flipped":
        content[len(content) // 2] ^= 255
    elif fault == "crc":
        content[-8] ^= 1
    else:
        content = b"<html>not found</html>"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.gz"):
        read_idx(path)


def bomb(path, header):
    """A .gz whose content is 2 GB of zeros after `header`."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header)
        block = bytes(1 << 24)
        for _ in range(128):
            file.write(block)


@pytest.mark.parametrize(
    ("reader", "name", "header"),
    [
        ("read_idx", "bomb.gz", struct.pack(">4I", 2051, 10, 28, 28)),
        ("read_course_json", "bomb.json.gz", b"[[[["),
    ],
)
def test_a_gzip_bomb_takes_little_memory(tmp_path, reader, name, header):
    bomb(tmp_path / name, header)
    run = run_python(
        "from mnist_helpers import data; from mnist_helpers.system.measure import peak_memory\n"
        "from mnist_helpers.errors import DataError\n"
        "before = peak_memory()\n"
        f"try:\n    data.{reader}({str(tmp_path / name)!r})\n"
        "except DataError as error:\n    print(error)\n"
        "print(peak_memory() - before)"
    )
    *message, megabytes = run.stdout.splitlines()
    assert len(message) == 1, run.stderr
    assert name in message[0]
    assert float(megabytes) < 200


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 28, 28)), np.zeros((2, 27, 28), np.uint8), np.zeros((2, 784), np.uint8)],
)
def test_idx_of_another_kind_is_not_written(tmp_path, array):
    with pytest.raises(DataError, match="not"):
        write_idx(tmp_path / "x", array)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["mnist.json", "mnist.json.gz"])
def test_course_json_comes_back(tmp_path, splits, name):
    write_course_json(tmp_path / name, splits)
    back = read_course_json(tmp_path / name)
    for split in SPLITS:
        assert np.array_equal(back[split].images, splits[split].images)
        assert np.array_equal(back[split].labels, splits[split].labels)


def test_course_json_is_what_the_course_reads(tmp_path, splits):
    write_course_json(tmp_path / "mnist.json.gz", splits)
    with gzip.open(tmp_path / "mnist.json.gz") as file:
        train, valid, test = json.load(file)
    for part, split in ((train, "train"), (valid, "valid"), (test, "test")):
        images, labels = part
        assert labels == splits[split].labels.tolist()
        pixels = splits[split].images.reshape(-1, 784) / 255
        assert np.allclose(images, pixels, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 256])
def test_course_json_in_bytes_or_in_256ths(tmp_path, splits, scale):
    content = [
        [(part.images.reshape(-1, 784) / scale).tolist(), part.labels.tolist()]
        for part in splits.values()
    ]
    (tmp_path / "x.json").write_text(json.dumps(content, indent=1))
    back = read_course_json(tmp_path / "x.json")
    assert all(np.array_equal(back[name].images, splits[name].images) for name in SPLITS)


IMAGE = [0.0] * 784
SPLIT = [[IMAGE, IMAGE], [1, 2]]
BAD_JSON = {
    "object": {"train": SPLIT},
    "two splits": [SPLIT, SPLIT],
    "four splits": [SPLIT] * 4,
    "short image": [[[IMAGE[:-1]], [1]], SPLIT, SPLIT],
    "counts": [[[IMAGE], [1, 2]], SPLIT, SPLIT],
    "label": [[[IMAGE], [10]], SPLIT, SPLIT],
    "label kind": [[[IMAGE], [1.5]], SPLIT, SPLIT],
    "pixel": [[[[-1.0] * 784], [1]], SPLIT, SPLIT],
    "no fraction": [[[[0.1234] * 784], [1]], SPLIT, SPLIT],
    "words": [[[["a"] * 784], [1]], SPLIT, SPLIT],
    "empty": [],
    "no images": [[[], []], SPLIT, SPLIT],
    "deeper": [[[[IMAGE]], [1]], SPLIT, SPLIT],
    "rows": [[[[0] * 28] * 28, [1]], SPLIT, SPLIT],
    "number": 5,
}


@pytest.mark.parametrize("fault", BAD_JSON)
def test_a_json_that_is_not_the_courses_is_named(tmp_path, fault):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(BAD_JSON[fault]))
    with pytest.raises(DataError, match=r"x\.json"):
        read_course_json(path)


def test_a_truncated_or_binary_json_is_named(tmp_path, splits):
    path = tmp_path / "x.json"
    write_course_json(path, splits)
    text = path.read_bytes()
    for content in (text[:-1], text[: len(text) // 2], text + b"]", b"\xff\xfe", b"", b"[[[[NaN"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"x\.json"):
            read_course_json(path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    """A real one: the system refuses to let the file grow, as a full disk does."""
    path = tmp_path / "x"
    write_idx(path, np.array([1], np.uint8))
    before = path.read_bytes()
    code = (
        "import resource, numpy as np; from mnist_helpers.data import write_idx\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"write_idx({str(path)!r}, np.zeros((1000, 28, 28), np.uint8))"
    )
    run = run_python(code)
    assert run.returncode != 0
    assert "File too large" in run.stderr
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000


def test_the_limit_on_counts_admits_mnist():
    assert MAX_COUNT >= 70_000


def test_the_peak_is_the_same_by_the_other_way_to_ask(monkeypatch):
    """Where /proc does not say it (macOS, some containers), the module resource does."""
    from mnist_helpers.system import measure

    expected = measure.peak_memory()
    monkeypatch.setattr(measure, "open", _nothing, raising=False)
    assert measure.peak_memory() == pytest.approx(expected, rel=0.05)


@contextlib.contextmanager
def _nothing(*_):
    yield iter(["Name: python\n"])
