"""A photograph or a scan → ink: safe decoding, even light, dark on light, ruled lines removed."""

import io
import warnings

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

from core.errors import DrawingError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_BYTES = 10_000_000
MAX_PIXELS = 50_000_000  # the largest cameras of phones; a JPEG is decoded at a reduced size
MAX_MEMORY, _BYTES_PER_PIXEL = 400_000_000, 10  # other formats: colour, a copy upright, and grey
_DEEP_BYTES, _WEBP_BYTES = 16, 25  # per pixel: transparent or 16 bits a colour; WebP, which is decoded as an animation
WORKING_SIDE = 1200  # pixels of the longer side that is worked on
_TOO_LARGE = (
    f"A JPEG picture may have {MAX_PIXELS / 1e6:.0f} megapixels, a WebP picture "
    f"{MAX_MEMORY / _WEBP_BYTES / 1e6:.0f}, a transparent one {MAX_MEMORY / _DEEP_BYTES / 1e6:.0f} and others "
    f"{MAX_MEMORY / _BYTES_PER_PIXEL / 1e6:.0f}. "
    "Save it smaller and try again."
)
_MIN_CONTRAST = 0.12  # of the paper's brightness: what differs less is not ink
_MIN_RULE_LENGTH = 0.35  # of the longer side: a line as long as this is not a digit's stroke …
_MAX_RULE_THICKNESS = 0.012  # … unless it is thicker than that
_MAX_SLOPE = 0.1  # of a ruled line, 6 degrees


def read(content: bytes) -> np.ndarray:
    """The picture in a file's bytes, upright, at most 1200 pixels a side: uint8 (h, w), grey.

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
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                return _decode(picture)
    except DrawingError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DrawingError(_TOO_LARGE) from error
    except Exception as error:  # for a damaged file Pillow may raise anything
        raise DrawingError(
            f"The file is damaged or not a picture. Choose a picture in one of these formats: {', '.join(FORMATS)}."
        ) from error


def extract_photo_ink(grey: np.ndarray) -> np.ndarray:
    """How much ink each pixel holds, float32 (h, w) in [0, 1], in any light, dark on light or light on dark.

    Raises `DrawingError` if there is only paper.
    """
    light = _make_dark_on_light(grey).astype(np.float32)
    paper = _estimate_paper(light)
    darkness = np.clip((paper - light) / np.maximum(paper, 32), 0, 1)
    darkness = _remove_ruling(np.where(darkness > _MIN_CONTRAST, darkness, 0))
    written = darkness > _threshold(darkness)
    if written.sum() < 12:
        raise DrawingError("There is no ink to read in this picture. Write with a dark pen on light paper.")
    full = float(np.percentile(darkness[written], 60))
    # Whole pieces that contain some clear ink, each with its grey rim; grain and shadows contain none.
    labels, count = ndimage.label(darkness > _MIN_CONTRAST, np.ones((3, 3)))
    firm = np.bincount(labels[written], minlength=count + 1) >= 4
    firm[0] = False
    return np.where(firm[labels], np.clip(darkness / full, 0, 1), 0).astype(np.float32)


def _check_size(picture: Image.Image) -> None:
    """Refuses what would take too much memory, from the file's header, before a pixel is decoded."""
    width, height = picture.size
    is_deep = picture.mode in ("RGBA", "LA", "PA") or picture.mode[0] in "IF" or "transparency" in picture.info
    bytes_per_pixel = {"JPEG": 0, "WEBP": _WEBP_BYTES}.get(  # a JPEG is decoded at a reduced size
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
    picture.draft("L", (2 * WORKING_SIDE, 2 * WORKING_SIDE))
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith(("I", "F")):  # 16 bits and more per pixel: `convert` would cut off all but white
        deep = np.asarray(upright, np.float32)
        grey = Image.fromarray(np.clip(deep / (257 if deep.max() > 255 else 1), 0, 255).astype(np.uint8))
    elif upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        grey = _flatten(upright.convert("RGBA"))
    else:
        grey = upright.convert("L")
    grey.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    return np.asarray(grey)


def _flatten(picture: Image.Image) -> Image.Image:
    """A transparent picture in grey, on white; on black if what can be seen is itself light."""
    grey, alpha = picture.convert("L"), picture.getchannel("A")
    opaque = np.asarray(alpha) > 128
    is_light = opaque.any() and not opaque.all() and float(np.asarray(grey)[opaque].mean()) > 160
    return Image.composite(grey, Image.new("L", picture.size, 0 if is_light else 255), alpha)


def _make_dark_on_light(grey: np.ndarray) -> np.ndarray:
    """Turns light on dark into dark on light. Ink is rarer than paper, so it contrasts more with its surroundings."""
    light = grey[::4, ::4].astype(np.float32)  # enough to decide
    away = light - ndimage.gaussian_filter(light, max(light.shape) / 12)
    return 255 - grey if (away**3).mean() > 0 else grey


def _estimate_paper(light: np.ndarray) -> np.ndarray:
    """The brightness of the paper everywhere, also under the ink: float32 (h, w)."""
    coarse = max(1, max(light.shape) // 160)
    small = ndimage.zoom(ndimage.uniform_filter(light, coarse)[::coarse, ::coarse], 1)
    closed = ndimage.grey_closing(small, size=(25, 25))  # wider than a stroke, narrower than a shadow
    smooth = ndimage.gaussian_filter(closed, 6)
    rows = np.minimum(np.arange(light.shape[0]) / coarse, small.shape[0] - 1)
    columns = np.minimum(np.arange(light.shape[1]) / coarse, small.shape[1] - 1)
    return ndimage.map_coordinates(smooth, np.meshgrid(rows, columns, indexing="ij"), order=1).astype(np.float32)


def _remove_ruling(darkness: np.ndarray) -> np.ndarray:
    """Removes long thin lines in both directions; strokes that cross them remain."""
    for _ in range(2):
        darkness = _remove_horizontal_lines(darkness, max(darkness.shape)).T
    return darkness


def _remove_horizontal_lines(darkness: np.ndarray, longest: int) -> np.ndarray:
    """Removes lines along the rows; they may slope as much as a camera is held askew."""
    length = int(min(_MIN_RULE_LENGTH * longest, 0.8 * darkness.shape[1]))
    if length < 40:
        return darkness
    lean = _estimate_slope(darkness > _MIN_CONTRAST)
    mask = _shift_columns(darkness, lean) > _MIN_CONTRAST
    # A line may deviate by a pixel and be faint in places.
    ruled = _open(_close(_dilate(mask, 3, axis=0), 9, axis=1), length, axis=1)
    thickness = _thickness(ruled)
    if not 0 < thickness <= _MAX_RULE_THICKNESS * longest:
        return darkness
    # Strokes reach further across the line than the line is thick.
    strokes = _open(mask, thickness + 2, axis=0)
    return np.where(_shift_columns(ruled & ~strokes, -lean), 0, darkness)


def _estimate_slope(mask: np.ndarray) -> float:
    """The slope of lines along the rows, positive if they fall: at this slope the rows differ most in their ink."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0.0
    columns = columns - mask.shape[1] / 2

    def contrast(slope: float) -> float:
        counts = np.bincount((rows - slope * columns + mask.shape[1]).astype(np.int64))
        return float((counts.astype(np.float64) ** 2).sum())

    coarse = max(np.linspace(-_MAX_SLOPE, _MAX_SLOPE, 51), key=contrast)
    return float(max(coarse + np.linspace(-0.004, 0.004, 17), key=contrast))


def _shift_columns(values: np.ndarray, lean: float) -> np.ndarray:
    """Each column moved up by the slope times its distance from the middle; what enters from the edge is empty."""
    height, width = values.shape
    moved = np.round(lean * (np.arange(width) - width / 2)).astype(np.int64)
    rows = np.arange(height)[:, None] + moved
    inside = (rows >= 0) & (rows < height)
    return np.where(inside, values[np.clip(rows, 0, height - 1), np.arange(width)], 0).astype(values.dtype)


# Binary morphology with a straight bar along an axis, by running minima and maxima: with `ndimage.binary_opening` a bar
# of hundreds of pixels took most of a second. Outside the picture is paper.


def _dilate(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    middle = 0 if length % 2 else -1  # the mirrored bar, if its length is even
    grown = ndimage.maximum_filter1d(mask.view(np.uint8), length, axis=axis, mode="constant", origin=middle)
    return np.asarray(grown).view(bool)


def _erode(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    return np.asarray(ndimage.minimum_filter1d(mask.view(np.uint8), length, axis=axis, mode="constant")).view(bool)


def _open(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    """The parts of `mask` that contain a bar of that length."""
    return _dilate(_erode(mask, length, axis), length, axis)


def _close(mask: np.ndarray, length: int, axis: int) -> np.ndarray:
    """`mask` with its gaps shorter than that filled."""
    return _erode(_dilate(mask, length, axis), length, axis)


def _thickness(ruled: np.ndarray) -> int:
    """Of lines along the rows, in pixels; 0 if there is no line."""
    labels, _ = ndimage.label(ruled)
    boxes = ndimage.find_objects(labels)
    areas = np.bincount(labels.ravel())[1:]
    lengths = np.array([columns.stop - columns.start for _, columns in boxes])
    return int(np.median(areas / lengths)) if boxes else 0


def _threshold(darkness: np.ndarray) -> float:
    """Otsu's threshold: the darkness that separates ink best from the rest of the paper."""
    counts, edges = np.histogram(darkness[darkness > 0], 64, (0, 1))
    weight = counts.cumsum()
    total = weight[-1]
    if not total:
        return 1.0
    middles = (edges[:-1] + edges[1:]) / 2
    sums = (counts * middles).cumsum()
    parted = weight * (total - weight)
    between = np.where(parted > 0, (sums[-1] * weight / total - sums) ** 2 / np.maximum(parted, 1), 0)
    return min(0.5, max(_MIN_CONTRAST * 1.5, float(middles[between.argmax()])))
