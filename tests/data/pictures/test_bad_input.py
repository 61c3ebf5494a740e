"""Files that are no picture of a digit: one line says what was found, and what to do."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_helpers.data.pictures import MAX_PIXELS, from_picture, load_image
from mnist_helpers.errors import PictureError


def digit(size=300):
    picture = Image.new("L", (size, size), 220)
    ImageDraw.Draw(picture).line([(90, 60), (200, 60), (130, 230)], fill=30, width=22)
    return picture


BAD = {
    "empty": (b"", "an empty file"),
    "text": (b"my digit is a 7", "not a picture in a format that Pillow reads"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pillow-heif"),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "pdf": (b"%PDF-1.7\n", "a PDF document"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_is_called_what_it_is(tmp_path, kind):
    content, text = BAD[kind]
    path = tmp_path / "digit.heic"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=text) as error:
        load_image(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_several_pictures_in_a_file_are_counted(tmp_path):
    path = tmp_path / "digit.gif"
    digit().save(path, save_all=True, append_images=[digit().rotate(90), digit().rotate(180)])
    with pytest.raises(PictureError, match="3 pictures in one file"):
        load_image(path)


def test_a_truncated_photograph_is_called_damaged(tmp_path):
    path = tmp_path / "digit.jpg"
    digit().save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(PictureError, match="a damaged picture"):
        load_image(path)


def test_claimed_pixels_are_counted_before_they_are_read(tmp_path):
    path = tmp_path / "digit.bmp"
    digit().save(path)
    content = bytearray(path.read_bytes())
    content[18:26] = struct.pack("<ii", 20_000, 10_000)
    path.write_bytes(content)
    with pytest.raises(PictureError, match=rf"200,000,000 pixels; at most {MAX_PIXELS:,}"):
        load_image(path)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_has_nothing_to_read(size):
    with pytest.raises(PictureError, match=f"{size[0]} × {size[1]} pixels: nothing to read"):
        from_picture(Image.new("L", size))


@pytest.mark.parametrize(
    ("grey", "text"),
    [(np.full((60, 60), 200), "blank"), (np.full((60, 60), 200) - np.eye(60) * 4, "too faint")],
)
def test_empty_and_faint_pictures_are_told_apart(grey, text):
    with pytest.raises(PictureError, match=text):
        from_picture(Image.fromarray(grey.astype(np.uint8)))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_large_picture_is_the_same_in_every_mode(mode):
    large = digit(300).resize((3000, 3000))
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(large).astype(np.uint16) * 257)
    else:
        picture = large.convert(mode)
    assert np.abs(from_picture(picture) - from_picture(large)).mean() < 0.02
