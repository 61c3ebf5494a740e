"""How much memory the commands take that read pictures, with Paddle beside the largest of them."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from mnist_helpers.data.pictures import MAX_PIXELS, load_image
from mnist_helpers.data.pictures.decoding import MAX_PIXELS_OF
from mnist_helpers.system.measure import cost
from tests.conftest import sample_digits

resource = pytest.importorskip("resource")  # Windows has none
MOST = 600  # MB
# In a process of its own, whose only child is the command: then its peak is the command's.
MEASURED = """\
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "mnist_helpers", *sys.argv[1:]])
unit = 1 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit // 1_000_000)
sys.exit(done.returncode)
"""


def large(pixels: int, mode: str) -> Image.Image:
    """A sheet of one digit, in a picture of nearly `pixels` pixels, four wide and three high."""
    paper = np.full((300, 400), 230, np.uint8)
    paper[100:200, 150:250] = (
        230 - np.kron(sample_digits(1, 300).images[0], np.ones((4, 4)))[6:106, 6:106] // 1.2
    )
    height = int((pixels * 3 / 4) ** 0.5)
    return Image.fromarray(paper).resize((pixels // height, height)).convert(mode)


FORMATS = pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("png", "RGBA", {"compress_level": 1}),
        ("jpeg", "RGB", {"progressive": True}),
        ("webp", "RGB", {"method": 0}),
        ("avif", "RGB", {"speed": 10}),
        ("jp2", "RGB", {}),
    ],
)


def largest(folder: Path, kind: str, mode: str, options: dict) -> Path:
    """The largest picture of its format that is read."""
    needed = {"webp": "webp", "avif": "avif", "jp2": "jpg_2000"}.get(kind)
    if needed and not features.check(needed):
        pytest.skip(f"this Pillow has no {needed}")
    of_format = {"jp2": "JPEG2000"}.get(kind, kind.upper())
    path = folder / f"large.{kind}"
    large(MAX_PIXELS_OF.get(of_format, MAX_PIXELS), mode).save(path, **options)
    return path


@FORMATS
@pytest.mark.parametrize("command", ["predict", "read"])
def test_the_largest_pictures_leave_memory_below(exported, tmp_path, command, kind, mode, options):
    path = largest(tmp_path, kind, mode, options)
    given = (
        [str(path)] * 2
        if command == "predict"
        else ["--picture", str(tmp_path / "f.png"), str(path)]
    )
    typed = [sys.executable, "-c", MEASURED, command, "--model", str(exported[1]), *given]
    done = subprocess.run(typed, capture_output=True, text=True, timeout=300)
    assert "pixels" not in done.stderr, done.stderr
    assert int(done.stdout.split()[-1]) < MOST


@FORMATS
def test_to_read_one_takes_less_than_its_docstring_says(tmp_path, kind, mode, options):
    path = largest(tmp_path, kind, mode, options)
    setup = "from mnist_helpers.data.pictures import load_image; import scipy.ndimage"
    (most,) = re.findall(r"takes less than (\d+) MB", load_image.__doc__)
    _, taken = cost(f"load_image({str(path)!r})", setup)
    assert 20 < taken < int(most)
