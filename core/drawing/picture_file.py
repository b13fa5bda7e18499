"""The file of a picture → its pixels: safe decoding, at a reduced size, upright."""

import io
import warnings
from functools import cache

import numpy as np
from PIL import Image, ImageOps

from core.errors import DrawingError

FORMATS = ("PNG", "JPEG", "HEIF", "WEBP", "BMP", "GIF", "TIFF")  # HEIF: HEIC, the photographs of iPhones
MAX_BYTES = 25_000_000
MAX_PIXELS = 50_000_000  # the largest cameras of phones; a JPEG is decoded at a reduced size
_HEIF_BYTES = 8  # per pixel: 352 MB were measured for 50 megapixels
MAX_MEMORY, _BYTES_PER_PIXEL = 400_000_000, 10  # other formats: colour, a copy upright, and grey
_DEEP_BYTES, _WEBP_BYTES = 16, 25  # per pixel: transparent or 16 bits a colour; WebP, which is decoded as an animation
_COLOURED = 8  # grey values: colours that differ less are grey
WORKING_SIDE = 1200  # pixels of the longer side that is worked on
_TOO_LARGE = (
    f"A JPEG or HEIC picture may have {MAX_PIXELS / 1e6:.0f} megapixels, a WebP picture "
    f"{MAX_MEMORY / _WEBP_BYTES / 1e6:.0f}, a transparent one {MAX_MEMORY / _DEEP_BYTES / 1e6:.0f} and others "
    f"{MAX_MEMORY / _BYTES_PER_PIXEL / 1e6:.0f}. "
    "Save it smaller and try again."
)


def read(content: bytes) -> np.ndarray:
    """The picture in a file's bytes, upright, at most 1200 pixels a side: uint8 (h, w, 3), or (h, w) if it is grey.

    Raises `DrawingError` for a file that is too large, no picture, damaged, or a bomb (small file, huge picture).
    """
    if len(content) > MAX_BYTES:
        raise DrawingError(
            f"The picture's file may have {MAX_BYTES / 1e6:.0f} MB. Save the picture smaller and try again.",
            received=len(content),
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            _check_webp(content)
            with Image.open(io.BytesIO(content), formats=_possible_formats(content)) as picture:
                return _decode(picture)
    except DrawingError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DrawingError(_TOO_LARGE) from error
    except Exception as error:  # for a damaged file Pillow may raise anything
        raise DrawingError(
            f"The file is damaged or not a picture. Choose a picture in one of these formats: "
            f"{', '.join(FORMATS).replace('HEIF', 'HEIC')}."
        ) from error


def _possible_formats(content: bytes) -> list[str]:
    """What Pillow may take the file for. It learns to read HEIC only where one comes, which takes 5 MB."""
    if content[4:8] == b"ftyp":
        _add_heif()
        return ["HEIF"]
    return [name for name in FORMATS if name != "HEIF"]


@cache
def _add_heif() -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _check_size(picture: Image.Image) -> None:
    """Refuses what would take too much memory, from the file's header, before a pixel is decoded."""
    width, height = picture.size
    is_deep = picture.mode in ("RGBA", "LA", "PA") or picture.mode[0] in "IF" or "transparency" in picture.info
    bytes_per_pixel = {"JPEG": 0, "HEIF": _HEIF_BYTES, "WEBP": _WEBP_BYTES}.get(  # a JPEG is decoded at a reduced size
        str(picture.format), _DEEP_BYTES if is_deep else _BYTES_PER_PIXEL
    )
    needed = width * height * bytes_per_pixel
    if width * height > MAX_PIXELS or needed > MAX_MEMORY or min(width, height) < 8:
        raise DrawingError(
            _TOO_LARGE if min(width, height) >= 8 else "Each side of a picture must have 8 pixels or more.",
            received=f"{width}×{height}",
        )


def _check_webp(content: bytes) -> None:
    """Refuses a large WebP from its first bytes: Pillow takes memory for all pixels as soon as it opens one."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return
    kind, body = content[12:16], content[20:30]
    if kind == b"VP8X":
        width, height = (int.from_bytes(body[start : start + 3], "little") + 1 for start in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (int.from_bytes(body[start : start + 2], "little") & 0x3FFF for start in (6, 8))
    if width * height * _WEBP_BYTES > MAX_MEMORY:
        raise DrawingError(_TOO_LARGE, received=f"{width}×{height}")


def _decode(picture: Image.Image) -> np.ndarray:
    _check_size(picture)
    # A JPEG can be decoded at half, a quarter or an eighth of its size.
    picture.draft("RGB" if picture.mode not in ("L", "1") else "L", (2 * WORKING_SIDE, 2 * WORKING_SIDE))
    if picture.format == "JPEG":
        picture.thumbnail((2 * WORKING_SIDE, 2 * WORKING_SIDE), Image.Resampling.BOX)
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith(("I", "F")):  # 16 bits and more per pixel: `convert` would cut off all but white
        deep = np.asarray(upright, np.float32)
        flat = Image.fromarray(np.clip(deep / (257 if deep.max() > 255 else 1), 0, 255).astype(np.uint8))
    elif upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        flat = _flatten(upright.convert("RGBA"))
    else:
        flat = upright.convert("L" if upright.mode in ("L", "1") else "RGB")
    flat.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    is_grey = flat.mode == "L" or (np.ptp(np.asarray(flat)[::2, ::2].astype(np.int16), axis=2) < _COLOURED).all()
    return np.asarray(flat.convert("L") if is_grey else flat)


def _flatten(picture: Image.Image) -> Image.Image:
    """A transparent picture on white; on black if what can be seen is itself light."""
    colours, alpha = picture.convert("RGB"), picture.getchannel("A")
    opaque = np.asarray(alpha) > 128
    is_light = opaque.any() and not opaque.all() and float(np.asarray(colours.convert("L"))[opaque].mean()) > 160
    paper = (0, 0, 0) if is_light else (255, 255, 255)
    return Image.composite(colours, Image.new("RGB", picture.size, paper), alpha)
