"""How much memory the commands take that read pictures, with Paddle beside the largest of them."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, features

from mnist_helpers.data.pictures import MAX_PIXELS
from mnist_helpers.data.pictures.decoding import MAX_PIXELS_OF
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


@pytest.mark.parametrize("command", ["predict", "read"])
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("png", "RGBA", {"compress_level": 1}),
        ("jpeg", "RGB", {"progressive": True}),
        ("webp", "RGB", {"method": 0}),
        ("avif", "RGB", {"speed": 10}),
        ("jp2", "RGB", {}),
    ],
)
def test_the_largest_pictures_leave_memory_below(exported, tmp_path, command, kind, mode, options):
    needed = {"webp": "webp", "avif": "avif", "jp2": "jpg_2000"}.get(kind)
    if needed and not features.check(needed):
        pytest.skip(f"this Pillow has no {needed}")
    of_format = {"jp2": "JPEG2000"}.get(kind, kind.upper())
    path = tmp_path / f"large.{kind}"
    large(MAX_PIXELS_OF.get(of_format, MAX_PIXELS), mode).save(path, **options)
    typed = [sys.executable, "-c", MEASURED, command, "--model", str(exported[1]), str(path)]
    if command == "read":
        typed += ["--picture", str(tmp_path / "found.png")]
    done = subprocess.run(typed, capture_output=True, text=True, timeout=300)
    assert "pixels" not in done.stderr, done.stderr
    assert int(done.stdout.split()[-1]) < MOST
