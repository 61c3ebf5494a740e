"""Writing to disk: whole or not at all, and a clear word if it cannot be done."""

import os
import re
import stat

import pytest

from mnist_helpers.system.files import replacing, replacing_folder, why_not_writable
from tests.conftest import run_python


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_file_is_replaced_only_when_it_is_whole(tmp_path, kind):
    path = tmp_path / "model"
    path.write_bytes(b"old")
    with replacing(kind(path)) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        (other,) = {*tmp_path.iterdir()} - {path}
        assert other.read_bytes() == b"new"  # beside it, so on the same disk
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("before", [[], ["model"]])
def test_an_error_leaves_all_as_it_was(tmp_path, error, before):
    for name in before:
        (tmp_path / name).write_bytes(b"old")

    def write():
        with replacing(tmp_path / "model") as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write()
    assert os.listdir(tmp_path) == before
    assert all((tmp_path / name).read_bytes() == b"old" for name in before)


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(OSError, match="model"), replacing(tmp_path / "model") as file:
        file.write(b"new")
    assert os.listdir(tmp_path) == ["model"]
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "not there" / "model"):
        pytest.fail("there is no folder to write in")
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_its_permissions_are_those_of_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        with replacing(tmp_path / "ours"):
            pass
        (tmp_path / "any").touch()
        assert os.umask(mask) == mask  # left as it was
    finally:
        os.umask(before)
    ours, others = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "any"))
    assert ours == others == 0o666 & ~mask


@pytest.mark.parametrize("before", [False, True])
def test_a_folder_is_replaced_only_when_it_is_whole(tmp_path, before):
    path = tmp_path / "out"
    if before:
        path.mkdir()
        (path / "old").write_text("old")
    with replacing_folder(path) as new:
        (new / "model").write_text("new")
        assert path.exists() == before
        assert not before or os.listdir(path) == ["old"]
    assert os.listdir(path) == ["model"]
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("moment", ["writing", "renaming"])
@pytest.mark.parametrize("before", [False, True])
def test_an_error_leaves_the_folder_as_it_was(tmp_path, monkeypatch, error, moment, before):
    path = tmp_path / "out"
    if before:
        path.mkdir()
        (path / "old").write_text("old")
    rename = os.rename

    def fail_for_the_new(source, target):
        if os.path.basename(source) == "new":
            raise error
        rename(source, target)

    def write():
        with replacing_folder(path) as new:
            (new / "model").write_text("new")
            if moment == "writing":
                raise error
            monkeypatch.setattr(os, "rename", fail_for_the_new)

    with pytest.raises(error):
        write()
    assert os.listdir(tmp_path) == (["out"] if before else [])
    assert not before or (path / "old").read_text() == "old"


@pytest.mark.parametrize("folder", [".", "new", "new/and/deeper"])
def test_a_folder_that_can_be_written_has_no_reason_and_stays_empty(tmp_path, folder):
    assert why_not_writable(tmp_path / folder) is None
    assert os.listdir(tmp_path / folder) == []


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("file", "exists"),
        ("file/below", "Not a directory"),
        ("n" * 300, "too long"),
        ("/proc/x", "No such file|denied|not permitted"),
    ],
)
def test_a_folder_that_cannot_be_written_has_a_reason(tmp_path, folder, reason):
    (tmp_path / "file").touch()
    assert re.search(reason, why_not_writable(tmp_path / folder))
    assert os.listdir(tmp_path) == ["file"]


def test_it_is_tried_with_a_file(tmp_path):
    """As on a full disk, where a folder can be made but no file can be written."""
    done = run_python(
        "import resource, pathlib; from mnist_helpers.system.files import why_not_writable\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "print(why_not_writable(folder))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "print(why_not_writable(folder))"
    )
    assert (done.stdout, done.stderr) == ("None\nFile too large\n", "")
    assert os.listdir(tmp_path) == []
