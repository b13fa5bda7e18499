"""Photographs and scans: bad light, lines and inverted colours are corrected; hostile files get a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.drawing import photo, picture_file
from core.drawing.segmentation import find_digits, find_one_digit
from core.drawing.strokes import Stroke, render
from core.errors import DrawingError

HEIGHT, WIDTH = 300, 600


def seven_and_one() -> np.ndarray:
    strokes = [
        Stroke(np.array([[150.0, 80.0], [250.0, 80.0], [190.0, 220.0]]), 10.0),
        Stroke(np.array([[400.0, 75.0], [390.0, 225.0]]), 10.0),
    ]
    return render(strokes, HEIGHT, WIDTH)[..., 0] / 255


def photographed(*, ruled=False, inverted=False, noise=4.0) -> np.ndarray:
    """Dark on paper that is half in the shade."""
    x = np.arange(WIDTH)[None, :]
    y = np.arange(HEIGHT)[:, None]
    paper = 120 + 100 * x / WIDTH - 30 * np.exp(-(((x - 200) / 150) ** 2 + ((y - 120) / 90) ** 2))
    if ruled:
        paper = paper * np.where((y % 48 < 2) | (x % 290 < 0), 0.7, 1.0)
    picture = paper * (1 - 0.75 * seven_and_one()) + np.random.default_rng(3).normal(0, noise, (HEIGHT, WIDTH))
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    return 255 - grey if inverted else grey


def saved(grey: np.ndarray, form: str = "PNG", **how) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, form, **how)
    return file.getvalue()


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
def test_two_digits_are_found_in_bad_light(ruled, inverted):
    found = find_digits(photo.extract_photo_ink(photographed(ruled=ruled, inverted=inverted)))
    assert len(found) == 2
    assert abs(found[0].left - 145) < 8
    assert abs(found[1].right - 405) < 8


@pytest.mark.parametrize("degrees", [-4, 2])
def test_ruled_paper_may_lie_askew(degrees):
    turned = Image.fromarray(photographed(ruled=True, noise=2.0)).rotate(
        degrees, Image.Resampling.BICUBIC, fillcolor=170
    )
    assert len(find_digits(photo.extract_photo_ink(np.asarray(turned)))) == 2


def test_the_ink_is_that_which_was_written():
    ink = photo.extract_photo_ink(photographed(ruled=True))
    truth = seven_and_one() > 0.5
    assert (ink[truth] > 0.5).mean() > 0.95
    assert (ink[~truth] > 0.5).mean() < 0.01


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_each_format_is_read(form):
    assert np.abs(photo.read(saved(photographed(), form)).astype(int) - photographed()).mean() < 6


def test_a_picture_on_its_side_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by a quarter to see it upright
    grey = photo.read(saved(photographed(), "JPEG", exif=exif.tobytes()))
    assert grey.shape == (WIDTH, HEIGHT)


def test_a_see_through_picture_lies_on_white():
    ink = (seven_and_one() * 255).astype(np.uint8)
    picture = np.dstack([np.zeros((HEIGHT, WIDTH, 3), np.uint8), ink])
    assert len(find_digits(photo.extract_photo_ink(photo.read(saved(picture))))) == 2


def test_white_ink_on_a_transparent_picture_is_read():
    ink = (seven_and_one() * 255).astype(np.uint8)
    picture = np.dstack([np.full((HEIGHT, WIDTH, 3), 255, np.uint8), ink])
    assert len(find_digits(photo.extract_photo_ink(photo.read(saved(picture))))) == 2


def test_sixteen_bits_per_pixel_are_scaled_and_not_cut_off():
    deep = ((1 - seven_and_one()) * 65535).astype(np.uint16)
    assert len(find_digits(photo.extract_photo_ink(photo.read(saved(deep))))) == 2


@pytest.mark.parametrize("kind", ["BMP", "GIF", "TIFF", "WEBP"])
def test_other_formats_are_read(kind):
    assert len(find_digits(photo.extract_photo_ink(photo.read(saved(photographed(), kind))))) == 2


def test_a_heic_picture_is_read():
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(photographed())).save(file)
    grey = photo.read(file.getvalue())
    assert grey.shape == (HEIGHT, WIDTH)
    assert len(find_digits(photo.extract_photo_ink(grey))) == 2


def test_colours_are_kept_and_grey_pictures_are_grey():
    grey = photographed()
    assert photo.read(saved(np.dstack([grey] * 3))).ndim == 2
    assert photo.read(saved(np.dstack([grey, grey, grey // 2]))).shape == (HEIGHT, WIDTH, 3)


def test_pen_pencil_and_orange_on_one_page_are_all_ink():
    ink = seven_and_one()[..., None]
    colours = np.full((HEIGHT, WIDTH, 3), 20.0)
    colours[:, 320:] = (255, 190, 60)
    page = (ink * colours + (1 - ink) * 250).astype(np.uint8)
    assert len(find_digits(photo.extract_photo_ink(page))) == 2


def test_a_thick_stroke_on_a_small_picture_is_not_hollow():
    pen = render([Stroke(np.array([[70.0, 60.0], [100.0, 30.0], [100.0, 170.0]]), 36.0)], 200, 200)[..., 0]
    assert photo.extract_photo_ink(pen)[pen > 200].min() > 0.5


def test_dark_corners_and_the_edge_of_a_shadow_are_no_ink():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    corners = 1 - 0.6 * ((x / WIDTH - 0.5) ** 2 + (y / HEIGHT - 0.5) ** 2) / 0.5
    shadow = np.where(x + 0.3 * y < 330, 0.5, 1.0)
    for light in (corners, shadow):
        page = (235 * light * (1 - 0.85 * seven_and_one())).astype(np.uint8)
        assert len(find_digits(photo.extract_photo_ink(page))) == 2


def test_the_grain_of_a_table_below_the_page_is_no_ink():
    """It was read as 1s, and the number shown as sure."""
    page = np.dstack([photographed(noise=3.0)] * 3)
    lines = np.random.default_rng(5).normal(0, 15, (40, 1, 1)) + np.random.default_rng(6).normal(0, 6, (40, WIDTH, 1))
    page[-40:] = np.clip(np.array([105, 80, 55]) + lines, 0, 255)
    assert len(find_digits(photo.extract_photo_ink(page))) == 2


def test_one_digit_in_pieces_is_one_digit():
    ink = photo.extract_photo_ink(photo.read(saved(photographed())))
    whole, parts = find_one_digit(ink), find_digits(ink)
    assert (whole.left, whole.right) == (min(part.left for part in parts), max(part.right for part in parts))


def test_large_pictures_are_made_smaller():
    assert max(photo.read(saved(np.zeros((3000, 2000), np.uint8))).shape) == picture_file.WORKING_SIDE


def bomb(width: int, height: int) -> bytes:
    """A few bytes of PNG that say they are a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"no picture at all",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        saved(np.zeros((300, 300), np.uint8))[:60],
        saved(photographed(), "JPEG")[:2000],
        saved(np.zeros((50, 50), np.uint8), "PPM"),
        bomb(60_000, 60_000),
        bomb(7_000, 7_000),
        bomb(3, 3),
        b"\0" * (photo.MAX_BYTES + 1),
    ],
    ids=["empty", "text", "head only", "cut PNG", "cut JPEG", "PPM", "bomb", "large", "tiny", "heavy"],
)
def test_a_hostile_file_gets_a_sentence(hostile):
    with pytest.raises(DrawingError, match="picture") as refused:
        photo.read(hostile)
    assert "Received" not in refused.value.sentence


@pytest.mark.parametrize("grey", [0, 200, 255])
def test_paper_without_ink_gets_a_sentence(grey):
    with pytest.raises(DrawingError, match="no ink"):
        photo.extract_photo_ink(np.full((200, 200), grey, np.uint8))


def webp_header(width: int, height: int) -> bytes:
    """36 bytes that announce an empty WebP of this size; Pillow once took 1.1 GB for them."""
    bits = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", bits) + bytes(5)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@pytest.mark.parametrize("size", [(16383, 2500), (16383, 16383), (6000, 4000)])
def test_a_large_webp_is_refused_from_its_first_bytes(size, monkeypatch):
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("Pillow takes the memory when it opens the file")

    monkeypatch.setattr(picture_file.Image, "open", opened)
    with pytest.raises(DrawingError, match="WebP picture 16"):
        photo.read(webp_header(*size))


@pytest.mark.parametrize("inverted", [False, True])
def test_an_image_of_mnist_is_read_as_it_is(embedded, inverted):
    for image in embedded.test.images[:200]:
        ink = photo.extract_photo_ink(255 - image if inverted else image)
        found = find_one_digit(ink)
        np.testing.assert_array_equal(found.image, image)
    in_three_channels = np.repeat((255 - image if inverted else image)[..., None], 3, axis=2)
    np.testing.assert_array_equal(find_one_digit(photo.extract_photo_ink(in_three_channels)).image, image)


def test_a_small_picture_that_has_not_mnists_form_gets_it(embedded):
    image = embedded.test.images[0]
    moved = np.roll(image, 4, axis=1)  # off the centre
    found = find_one_digit(photo.extract_photo_ink(moved))
    assert np.abs(found.image.astype(int) - image).mean() < np.abs(moved.astype(int) - image).mean() / 2
