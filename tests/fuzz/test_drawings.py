"""Drawings, pictures and saved digits from forged messages and damaged files."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from core.drawing import photo, segmentation, strokes, to_digit
from core.drawing.personal_digits import PersonalDigits
from pages.parts.draw import live_ink
from tests.fuzz.cases import AMOUNTS, Json, damaged, tries

HEIGHT, WIDTH = 260, 840
_NUMBER = (
    st.integers(-100, 1000)
    | st.floats()
    | st.sampled_from([0, 4000, 9999, -9999, 10**400, "5", None, True, float("nan")])
)
_COMMAND = st.tuples(st.sampled_from(["M", "L", "Q", "Z", "", 5]), st.lists(_NUMBER, max_size=6)).map(
    lambda pair: [pair[0], *pair[1]]
)
_FIELDS = ("left", "top", "strokeWidth", "scaleX", "scaleY", "angle", "skewX", "skewY", "flipX", "originX", "originY")
_PATH = st.fixed_dictionaries(
    {"type": st.sampled_from(["path", "Path", "text", 5]), "path": st.lists(_COMMAND, max_size=12) | Json},
    optional={name: _NUMBER | st.sampled_from(["left", "center"]) for name in _FIELDS},
)
DRAWINGS = st.fixed_dictionaries({"objects": st.lists(_PATH | Json, max_size=5) | Json}) | Json


def read_drawing(message: Any) -> None:
    written = strokes.from_canvas(strokes.checked(message))
    to_digit(strokes.render(written, 280, 280))
    segmentation.find_digits_in_strokes(written, size=(HEIGHT, WIDTH))


def pictures() -> list[bytes]:
    """One small picture of each format, of several kinds of pixels."""
    found = []
    pixels = np.full((40, 60, 4), 255, np.uint8)
    pixels[5:35, 20:26, :3] = 0
    for form, mode in (
        ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB"),
        ("BMP", "RGB"), ("GIF", "P"), ("TIFF", "RGB"), ("TIFF", "L"),
    ):  # fmt: skip
        file = io.BytesIO()
        picture = Image.fromarray(pixels)
        picture = picture.convert("L").convert("I;16") if mode == "I;16" else picture.convert(mode)
        picture.save(file, form)
        found.append(file.getvalue())
    return found


def read_picture(content: bytes) -> None:
    ink = photo.extract_photo_ink(photo.read(content))
    segmentation.find_digits(ink)


@AMOUNTS
def test_drawings(amount):
    tries(read_drawing, DRAWINGS, amount)


@AMOUNTS
def test_live_ink(amount):
    message = st.fixed_dictionaries({"side": st.sampled_from([56, 57]), "session": Json, "seq": Json, "pixels": Json})
    tries(live_ink.read, message | Json, amount)


@AMOUNTS
def test_pictures(amount):
    tries(read_picture, damaged(*pictures()), amount)


@AMOUNTS
def test_personal_digits(amount, tmp_path: Path):
    personal = PersonalDigits("0123456789ab", tmp_path)
    saved = personal.add(np.eye(28, dtype=np.uint8) * 255, 3)
    original = (personal.folder / saved.id).read_bytes()

    def read(content: bytes) -> None:
        (personal.folder / saved.id).write_bytes(content)
        assert len(personal.digits()) <= 1

    tries(read, damaged(original), amount)
