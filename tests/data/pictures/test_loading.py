"""Pictures from outside. What goes in is drawn here, so that the right answer is known."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_helpers.data.pictures import MAX_PIXELS, from_drawing, load_image
from mnist_helpers.errors import PictureError

DARK, LIGHT = 30, 225


def seven(size=(300, 300), ink=DARK, paper=LIGHT, at=(90, 60)) -> Image.Image:
    """A grey picture of a 7, 110 × 170 pixels large, with its corner at `at`."""
    picture = Image.new("L", size, paper)
    x, y = at
    line = [(x, y), (x + 110, y), (x + 40, y + 170)]
    ImageDraw.Draw(picture).line(line, fill=ink, width=22, joint="curve")
    return picture


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "seven.png"
    seven().save(path)
    return load_image(path)


def check_form(field):
    assert field.shape == (1, 1, 28, 28)
    assert field.dtype == np.float32
    image = field[0, 0]
    assert image.min() == 0
    assert image.max() == 1
    rows, columns = np.nonzero(image > 0.1)
    assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
    centre = np.array([image.sum(1) @ np.arange(28), image.sum(0) @ np.arange(28)]) / image.sum()
    assert np.abs(centre - 14).max() <= 0.51
    assert 0.03 < image.mean() < 0.3  # ink is the smaller part


def same(field, expected, tolerance=0.02):
    check_form(field)
    # where the centre of mass is rounded the other way, all of it lies one pixel further
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    distances = [np.abs(np.roll(field, s, (2, 3)) - expected).mean() for s in shifts]
    assert min(distances) < tolerance


def test_the_form_is_mnists(expected):
    check_form(expected)
    assert expected[0, 0].sum(axis=1).argmax() < 12  # the bar of the 7 is in the upper half


def save(picture, path, **options):
    picture.save(path, **options)
    return load_image(path)


GREY = seven()
TRANSPARENT_INK = Image.merge(
    "RGBA", [Image.new("L", GREY.size, 20)] * 3 + [GREY.point(lambda v: 255 if v < 128 else 0)]
)


def sixteen_bit(picture):
    return Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)


WAYS = {
    "jpeg": (GREY, "jpg", {"quality": 85}),
    "rgb": (GREY.convert("RGB"), "png", {}),
    "rgba": (GREY.convert("RGBA"), "png", {}),
    "palette": (GREY.convert("P"), "png", {}),
    "palette with transparency": (GREY.convert("P"), "gif", {"transparency": 0}),
    "one bit": (GREY.convert("1", dither=Image.Dither.NONE), "png", {}),
    "grey with alpha": (GREY.convert("LA"), "png", {}),
    "cmyk": (GREY.convert("CMYK"), "jpg", {}),
    "16 bit": (sixteen_bit(GREY), "png", {}),
    "16 bit tiff": (sixteen_bit(GREY), "tiff", {}),
    "32 bit float": (Image.fromarray(np.asarray(GREY, np.float32) / 255), "tiff", {}),
    "ink on nothing": (TRANSPARENT_INK, "png", {}),
    "light on dark": (seven(ink=LIGHT, paper=DARK), "png", {}),
    "light on dark, 16 bit": (sixteen_bit(seven(ink=LIGHT, paper=DARK)), "png", {}),
    "pencil": (seven(ink=150, paper=200), "png", {}),
    "elsewhere": (seven(size=(900, 500), at=(600, 300)), "png", {}),
    "large": (GREY.resize((2000, 2000)), "jpg", {}),
    "coloured": (
        Image.merge("RGB", [GREY, GREY.point(lambda v: v * 3 // 4), GREY.point(lambda v: v // 2)]),
        "png",
        {},
    ),
    "webp": (GREY.convert("RGB"), "webp", {}),
    "bmp": (GREY, "bmp", {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_digit_in_every_mode(tmp_path, expected, way):
    picture, suffix, options = WAYS[way]
    same(save(picture, tmp_path / f"x.{suffix}", **options), expected)


def test_light_ink_on_nothing(tmp_path, expected):
    picture = TRANSPARENT_INK.copy()
    picture.paste((240, 240, 240), mask=None, box=(0, 0, *picture.size))
    picture.putalpha(TRANSPARENT_INK.getchannel("A"))
    same(save(picture, tmp_path / "x.png"), expected)


def test_rounded_corners_are_not_ink(tmp_path, expected):
    picture = GREY.convert("RGBA")
    mask = Image.new("L", GREY.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 299, 299), radius=60, fill=255)
    picture.putalpha(mask)
    same(save(picture, tmp_path / "x.png"), expected)


def test_a_bold_digit_on_a_small_sheet_is_dark_ink_though_the_sheet_is_rare_too(tmp_path):
    """With a dark desk all round, light pixels are as rare here as dark ones."""
    sheet = Image.new("L", (240, 240), LIGHT)
    ImageDraw.Draw(sheet).line([(70, 40), (180, 40), (110, 210)], DARK, width=40, joint="curve")
    picture = Image.new("L", (320, 320), 70)
    picture.paste(sheet, (40, 40))
    same(save(picture, tmp_path / "desk.png"), save(sheet, tmp_path / "sheet.png"))


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_exif_rotation_is_undone(tmp_path, expected, orientation):
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
            8: Image.Transpose.ROTATE_270}[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    same(save(GREY.transpose(turn), tmp_path / "x.jpg", exif=exif, quality=90), expected)


def test_a_photograph_in_uneven_light(tmp_path, expected):
    rng = np.random.default_rng(0)
    grey = np.asarray(seven(size=(600, 400), at=(200, 100)), np.float32) / 255
    light = np.linspace(0.55, 1.0, 600)[None] * np.linspace(1.0, 0.8, 400)[:, None]
    photo = np.clip(grey * light + rng.normal(0, 0.02, grey.shape), 0, 1)
    picture = Image.fromarray((255 * photo).astype(np.uint8))
    same(save(picture, tmp_path / "x.jpg"), expected, 0.04)


def test_a_picture_in_mnists_form_comes_back(tmp_path, expected):
    picture = Image.fromarray(np.rint(255 * expected[0, 0]).astype(np.uint8))
    assert np.abs(save(picture, tmp_path / "x.png") - expected).max() < 0.02


@pytest.mark.parametrize("width", [1, 28, 2000])
def test_extreme_shapes(tmp_path, width):
    picture = Image.new("L", (max(width, 3), 40), 255)
    ImageDraw.Draw(picture).line([(1, 5), (1, 35)], fill=0, width=1 + width // 200)
    field = save(picture, tmp_path / "x.png")
    assert field.shape == (1, 1, 28, 28)
    assert np.isfinite(field).all()


def blank_noise():
    rng = np.random.default_rng(0)
    return Image.fromarray(np.clip(rng.normal(200, 4, (400, 400)), 0, 255).astype(np.uint8))


BLANK = {
    "white": Image.new("RGB", (100, 100), "white"),
    "black": Image.new("L", (100, 100), 0),
    "transparent": Image.new("RGBA", (100, 100), (0, 0, 0, 0)),
    "noise": blank_noise(),
    "one pixel": Image.new("L", (1, 1), 7),
    "gradient": Image.fromarray(np.tile(np.linspace(100, 200, 300), (200, 1)).astype(np.uint8)),
}


@pytest.mark.parametrize("kind", BLANK)
def test_blank_pictures_are_refused(tmp_path, kind):
    with pytest.raises(PictureError, match=r"x\.png: blank"):
        save(BLANK[kind], tmp_path / "x.png")


def png_of(width, height):
    """A PNG that claims to be large and holds nothing."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def test_an_open_file_is_read_as_its_path_is(tmp_path, expected):
    path = tmp_path / "digit.png"
    Image.fromarray((255 * (1 - expected[0, 0])).astype(np.uint8)).resize((84, 84)).save(path)
    assert (load_image(io.BytesIO(path.read_bytes())) == load_image(path)).all()


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_an_open_file_that_is_no_picture_is_refused(content):
    with pytest.raises(PictureError, match=r"^picture: "):
        load_image(io.BytesIO(content))


def test_what_is_no_picture_is_refused(tmp_path):
    whole = tmp_path / "whole.png"
    GREY.save(whole)
    content = whole.read_bytes()
    for fault, text in {
        b"": "not a picture",
        b"just text": "not a picture",
        content[:200]: "damaged",
        content[: len(content) // 2]: "damaged",
        png_of(9000, 9000): f"at most {MAX_PIXELS:,}",
        png_of(100_000, 100_000): "pixels",
    }.items():
        path = tmp_path / "bad.png"
        path.write_bytes(fault)
        with pytest.raises(PictureError, match=text) as error:
            load_image(path)
        assert str(path) in str(error.value)
    with pytest.raises(FileNotFoundError):
        load_image(tmp_path / "nothing.png")
    with pytest.raises(IsADirectoryError, match="a folder"):
        load_image(tmp_path)


# ---- drawings


def drawing(**where):
    """The 7 as a drawing: 255 for ink, 0 for paper."""
    return np.asarray(seven(ink=255, paper=0, **where))


def test_a_drawing_comes_to_mnists_form_wherever_it_is_drawn_and_however_faint(expected):
    field = from_drawing(drawing())
    same(field, expected)
    assert np.array_equal(from_drawing(drawing(at=(20, 110))), field)
    assert np.array_equal(from_drawing(drawing() // 3), field)


def test_the_faintest_ink_belongs_to_a_drawing():
    ink = drawing().copy()
    ink[290, 290] = 1  # noise in a photograph, a mark here: the box reaches to it
    assert not np.array_equal(from_drawing(ink), from_drawing(drawing()))


def test_a_drawing_between_two_pixels_goes_where_its_mirror_image_goes():
    """However the sums for its centre of mass come out in the last bit."""
    ink = np.zeros((280, 280), np.uint8)
    ink[40:240, 130:150] = 255
    ink[60:80, 120:160] = 100  # of no width that floats hold exactly
    field = from_drawing(ink)[0, 0]
    assert np.array_equal(field, from_drawing(np.ascontiguousarray(ink[:, ::-1]))[0, 0])
    left, right = field[:, :14].sum(), field[:, 14:].sum()
    assert left == pytest.approx(right)


@pytest.mark.parametrize(
    ("ink", "message"),
    [
        (np.zeros((280, 280), np.uint8), "mine: blank"),
        (np.zeros((0, 4), np.uint8), "mine: blank"),
        (np.ones((28, 28), np.float32), r"mine: float32 \[28, 28\]; expected uint8"),
        (np.ones((1, 28, 28), np.uint8), r"mine: uint8 \[1, 28, 28\]; expected uint8 \[height"),
    ],
)
def test_what_is_no_drawing_is_refused(ink, message):
    with pytest.raises(PictureError, match=message):
        from_drawing(ink, "mine")
