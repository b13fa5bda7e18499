"""The pixels of redrawn images: each new pixel takes its ink from its source position.

An image is resampled, and blurred, only once, because all changes are combined into one mapping.
"""

import numpy as np

from core.augment.handwriting_styles import NO_STROKE, distance_to_strokes
from core.augment.redraw_plan import KNOTS, RedrawPlan
from core.augment.skeletons import CELLS_PER_PIXEL, DISTANCE_STEPS, Skeletons
from core.digits import SIDE

OWN_WIDTHS = (1.2, 3.5)  # pixels: range of a stroke that is added to an image's own ink


def render(images: np.ndarray, lines: Skeletons, plan: RedrawPlan) -> np.ndarray:
    """New images, uint8 (n, 28, 28), from `images` of the same shape and their centre lines, changed by `plan`.

    All products are of small matrices: for large ones, NumPy would start threads that disturb the training.
    """
    drawn = np.empty((len(images), SIDE * SIDE), np.uint8)
    pen, own = np.flatnonzero(plan.pen), np.flatnonzero(~plan.pen)
    drawn[pen] = np.rint(_pen_drawing(lines.distance[pen], plan[pen]))
    drawn[own] = np.rint(_own_drawing(images[own], lines.length[own], plan[own]))
    return drawn.reshape(images.shape)


def _pen_drawing(distance: np.ndarray, plan: RedrawPlan) -> np.ndarray:
    """The ink of lines at `distance` (as in `Skeletons`), and of added strokes, from one pen: float32 (n, 784)."""
    x, y = _source_positions(plan)
    nearest = _interpolate(distance, x, y, CELLS_PER_PIXEL, beyond=255)
    nearest /= DISTANCE_STEPS * CELLS_PER_PIXEL
    styled = _styled(plan)
    reach = (plan.width + plan.edge)[styled] / 2 / plan.size[styled]
    added = distance_to_strokes(plan.strokes[styled], x[styled], y[styled], reach)
    nearest[styled] = np.minimum(nearest[styled], added)
    nearest *= plan.size[:, None]
    return _pen_ink(nearest, plan.width[:, None], plan.edge[:, None])


def _own_drawing(images: np.ndarray, length: np.ndarray, plan: RedrawPlan) -> np.ndarray:
    """The ink of the images themselves and of added strokes: float32 (n, 784). length: of their lines, in pixels."""
    x, y = _source_positions(plan)
    ink = _interpolate(images, x, y, 1)
    styled = _styled(plan)
    # A stroke added to an image's own ink gets the width of that ink.
    width = images[styled].sum((1, 2)) / 255 / np.maximum(length[styled], 1)
    width = np.clip(width, *OWN_WIDTHS).astype(np.float32)
    added = distance_to_strokes(plan.strokes[styled], x[styled], y[styled], (width + 1) / 2)
    ink[styled] = np.maximum(ink[styled], _pen_ink(added, width[:, None], 1.0))
    return ink


def _styled(plan: RedrawPlan) -> np.ndarray:
    """The images with added strokes."""
    return np.flatnonzero(plan.strokes[:, :, 0, 0].max(1) > NO_STROKE)


def _source_positions(plan: RedrawPlan) -> tuple[np.ndarray, np.ndarray]:
    """The source position of each new pixel: x and y, float32 (n, 784)."""
    n = len(plan.size)
    shifts = (_SPLINE_WEIGHTS @ plan.bend).reshape(n, 2 * SIDE, KNOTS) @ _SPLINE_COLUMNS
    x, y = np.moveaxis(shifts.reshape(n, 2, SIDE, SIDE), 1, 0)
    x = x + (_PIXELS - plan.target[:, :1])[:, None, :]
    y = y + (_PIXELS - plan.target[:, 1:])[:, :, None]
    back, middle = np.linalg.inv(plan.matrix)[..., None, None], plan.middle[..., None, None]
    source_x = back[:, 0, 0] * x
    source_x += back[:, 0, 1] * y
    source_x += middle[:, 0]
    x *= back[:, 1, 0]
    y *= back[:, 1, 1]
    x += y
    x += middle[:, 1]
    return source_x.reshape(n, SIDE * SIDE), x.reshape(n, SIDE * SIDE)


def _interpolate(maps: np.ndarray, x: np.ndarray, y: np.ndarray, fine: int, beyond: int = 0) -> np.ndarray:
    """Bilinear values of `maps`, uint8 (n, s, s) with `fine` cells per pixel, at positions (x, y)."""
    side = maps.shape[1] + 2
    padded = np.full((len(maps), side, side), beyond, np.uint8)
    padded[:, 1:-1, 1:-1] = maps
    x, left = _cells(x, fine, side)
    y, top = _cells(y, fine, side)
    top *= side
    top += left  # exact in float32, and one conversion is faster than two
    at = top.astype(np.int32).astype(np.intp)
    at += (np.arange(len(maps)) * side * side)[:, None]
    flat = padded.reshape(-1)
    upper = _between(flat, at, x)
    lower = _between(flat[side:], at, x)
    lower -= upper
    lower *= y
    upper += lower
    return upper


def _cells(place: np.ndarray, fine: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The share of the way from one cell of a padded map to the next, and the number of the first: float32 (n, 784)."""
    place = place * fine
    place += 0.5
    np.clip(place, 0, side - 1.001, out=place)
    cell = np.floor(place)
    place -= cell
    return place, cell


def _between(flat: np.ndarray, at: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Values at a `share` of the way from cells `at` to their right neighbours: float32 (n, 784)."""
    value = flat.take(at).astype(np.float32)
    right = flat[1:].take(at).astype(np.float32)
    right -= value
    right *= share
    value += right
    return value


def _pen_ink(distance: np.ndarray, width: np.ndarray, edge: np.ndarray | float) -> np.ndarray:
    """Ink, 0 to 255, of a pen of this `width` at a `distance` from its line."""
    ink: np.ndarray = width / 2 - distance
    ink /= edge
    ink += 0.5
    np.clip(ink, 0, 1, out=ink)
    ink *= 255
    return ink


def _spline_weights() -> np.ndarray:
    """Cubic B-spline weights from a coarse grid, slightly wider than the image, to its pixels: float32 (28, 7)."""
    knots = np.linspace(-4, SIDE + 4, KNOTS)
    distance = np.abs(np.arange(SIDE)[:, None] + 0.5 - knots) / (knots[1] - knots[0])
    near, far = (4 - 6 * distance**2 + 3 * distance**3) / 6, np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


_SPLINE_WEIGHTS = _spline_weights()
_SPLINE_COLUMNS = np.ascontiguousarray(_SPLINE_WEIGHTS.T)
_PIXELS = (np.arange(SIDE) + 0.5).astype(np.float32)
