"""From any picture of a digit to MNIST's form, with the steps in between.

MNIST's own recipe (LeCun, Cortes, Burges): the ink is cropped, fitted into 20×20 with its aspect kept, anti-aliased,
and placed on 28×28 with its centre of mass in the middle. Before that, the stroke gets the width that MNIST's have.
"""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy import ndimage

from core.digits import SIDE
from core.errors import DrawingError

# The grey rim of the ink takes about a pixel more: in MNIST the ink with its rim fits into 20.
FIT_SIZE = 19.5  # pixels of 28 that the longer side of the ink takes, without the rim
MASS_CENTRE = (
    14.25  # pixels from the edge: MNIST's own centre of mass is between 14.0 and 14.5, because it counts whole pixels
)
STROKE_WIDTH = 2.3  # pixels: the width of MNIST's strokes, as `stroke_width` measures it
SUPERSAMPLING = 4  # fine pixels per pixel while the stroke is widened or thinned
MIN_SIDE, MAX_SIDE = 8, 4096  # pixels of a picture's side
MIN_CONTRAST = 24  # of 255: with less contrast between ink and paper the picture counts as blank
INK_THRESHOLD = 0.25  # of full ink: at and above this a pixel counts as ink


@dataclass(frozen=True)
class NormaliseOptions:
    """The steps from ink to digit. All of them together are MNIST's recipe; switch one off to see its effect."""

    keep_aspect: bool = True  # else the whole picture is squeezed into 28×28, as most demos do
    centre_of_mass: bool = True  # else the ink's box is centred
    anti_alias: bool = True  # else a pixel is either ink or paper
    even_stroke: bool = True  # else the stroke keeps the width it was drawn with


MNIST_OPTIONS = NormaliseOptions()


@dataclass(frozen=True)
class NormalisedDrawing:
    """A digit, and a picture of each step that led to it."""

    digit: np.ndarray  # uint8 (28, 28), 0 = paper
    steps: list[tuple[str, np.ndarray]] = field(default_factory=list)  # name, uint8 (h, w); the last is the digit
    stroke: float = 0.0  # its width before it was changed, in pixels of the digit


def to_digit(rgba: np.ndarray, options: NormaliseOptions = MNIST_OPTIONS) -> NormalisedDrawing:
    """The digit in a picture, uint8 (h, w, 4). Raises `DrawingError` if there is none, or the picture is unreadable."""
    ink = extract_ink(rgba)
    return normalise_ink(ink, options)


def normalise_ink(ink: np.ndarray, options: NormaliseOptions = MNIST_OPTIONS) -> NormalisedDrawing:
    """The digit that `ink` shows, float32 (h, w) in [0, 1]. Raises `DrawingError` if it is blank."""
    cropped = _crop(ink)
    steps = [("Ink found", _bytes(ink)), ("Cropped to the ink", _bytes(cropped))]
    if not options.keep_aspect:
        digit = _to_digit_bytes(_resize(ink, (SIDE, SIDE)), options)
        return NormalisedDrawing(digit, [*steps, ("Squeezed into 28×28", digit)])
    fine = _resize(cropped, _fit_box(cropped.shape, FIT_SIZE * SUPERSAMPLING))
    stroke = stroke_width(fine) / SUPERSAMPLING
    if options.even_stroke:
        fine = _crop(_change_stroke_width(fine, (STROKE_WIDTH - stroke) / 2 * SUPERSAMPLING))
        steps.append(("Stroke width adjusted", _bytes(fine)))
    steps.append(("Fitted into 20×20", _bytes(_resize(fine, _fit_box(fine.shape, FIT_SIZE)))))
    digit = _to_digit_bytes(_centre_on_canvas(fine, options.centre_of_mass), options)
    return NormalisedDrawing(digit, [*steps, ("Centred on 28×28", digit)], stroke)


def extract_ink(rgba: np.ndarray) -> np.ndarray:
    """How much ink each pixel holds, float32 (h, w) in [0, 1], for any colours of ink and paper.

    In a transparent picture the opaque part is ink; otherwise ink is what differs from the border, which is paper.
    """
    rgba = np.asarray(rgba)
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4:
        raise DrawingError(
            "A drawing must be uint8 of shape (height, width, 4). Send red, green, blue and alpha of each pixel.",
            received=f"{rgba.dtype} {rgba.shape}",
        )
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in rgba.shape[:2]):
        raise DrawingError(
            f"Each side of a drawing must have {MIN_SIDE} to {MAX_SIDE} pixels. Make it larger or smaller first.",
            received=f"{rgba.shape[1]}×{rgba.shape[0]}",
        )
    alpha = rgba[..., 3]
    if alpha.min() < MIN_CONTRAST:
        difference = alpha.astype(np.float32)
    else:
        grey = np.asarray(Image.fromarray(rgba).convert("L"), np.float32)
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        difference = np.abs(grey - np.median(border))
    max_difference = float(difference.max())
    if max_difference < MIN_CONTRAST:
        raise DrawingError("There is no ink to read: the drawing is blank. Draw a digit from 0 to 9.")
    return difference / max_difference


def stroke_width(ink: np.ndarray) -> float:
    """Mean width of the strokes in `ink`, float (h, w) in [0, 1], in its own pixels.

    Across a stroke of width w the distance to the nearest paper rises from 0 to w/2 and falls again. Its mean is w/4.
    """
    depth = ndimage.distance_transform_edt(np.pad(ink > 0.5, 1))
    inside = depth[depth > 0]
    # The transform measures between pixel centres: the edge itself is half a pixel further out.
    return float(4 * (inside - 0.5).mean()) if len(inside) else 0.0


def _crop(ink: np.ndarray) -> np.ndarray:
    written = ink > INK_THRESHOLD
    rows, columns = np.flatnonzero(written.any(1)), np.flatnonzero(written.any(0))
    if not len(rows):
        raise DrawingError("There is no ink to read: the drawing is blank. Draw a digit from 0 to 9.")
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fit_box(shape: tuple[int, ...], longer: float) -> tuple[int, int]:
    """The (height, width) of a box whose longer side is `longer`, with the aspect of `shape`."""
    scale = longer / max(shape)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _resize(ink: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Each new pixel is the mean of the old ones that it covers."""
    image = Image.fromarray(np.ascontiguousarray(ink, np.float32))
    return np.clip(np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR)), 0, 1)


def _change_stroke_width(fine: np.ndarray, growth: float) -> np.ndarray:
    """`fine` with the edge of its ink moved outwards by `growth` pixels, or inwards if that is negative."""
    margin = int(max(growth, 0)) + 2
    mask = np.pad(fine > 0.5, margin)
    depth = ndimage.distance_transform_edt(mask)
    # A stroke never disappears: where it is thinner than what is taken off, its middle remains.
    height = ndimage.distance_transform_edt(~mask)
    signed = np.where(mask, depth - 0.5, 0.5 - height)
    edge = -growth if growth >= 0 else np.minimum(-growth, ndimage.maximum_filter(depth, 5) - 1.0)
    return np.clip(signed - edge + 0.5, 0, 1).astype(np.float32)


def _centre_on_canvas(fine: np.ndarray, centre_of_mass: bool) -> np.ndarray:
    """`fine` fitted into 20×20 on 28×28, centred by mass or by its box, to a fraction of a pixel."""
    height, width = fine.shape
    side = max(height, width) / FIT_SIZE * SIDE
    middle = (height / 2, width / 2)
    if centre_of_mass:
        middle = tuple(place + 0.5 for place in ndimage.center_of_mass(fine))
    margin = int(side) + 1
    padded = Image.fromarray(np.pad(fine, margin))
    top, left = (place + margin - side * MASS_CENTRE / SIDE for place in middle)
    box = (left, top, left + side, top + side)
    return np.asarray(padded.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box))


def _to_digit_bytes(digit: np.ndarray, options: NormaliseOptions) -> np.ndarray:
    """As bytes; without anti-aliasing each pixel is 0 or 255."""
    return _bytes(digit if options.anti_alias else (digit > 0.5).astype(np.float32))


def _bytes(ink: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(ink * 255), 0, 255).astype(np.uint8)
