"""Strokes that many people add to digits but that are rare in MNIST.

The flag and base of a 1, the loop of a 4 that is written without lifting the pen, the bar of a 7, the curled tail of
a 9. One stroke is shortened instead: the upper half of a 4's stem.

A stroke is a chain of `POINTS` points (x, y) in pixels. If a digit gets no stroke, all its points are `NO_STROKE`.
"""

import numpy as np

from core.augment.skeletons import (
    BOTTOM,
    CELLS,
    CELLS_PER_PIXEL,
    LEFT,
    MAX_DISTANCE,
    RIGHT,
    TOP,
    Skeletons,
    skeletons_from_mask,
)
from core.digits import SIDE

STYLED_DIGITS = (1, 4, 7, 9)
STROKES, POINTS = 2, 6
NO_STROKE = -99.0  # a coordinate far outside every image
_FLAG_SHARE, _BASE_SHARE = 0.85, 0.4  # share of the styled 1s; some have both
_STEM_REACH = 2.0  # pixels from the straight stem
_ALONG = np.linspace(0, 1, POINTS, dtype=np.float32)[:, None]


def style_strokes(labels: np.ndarray, lines: Skeletons, rng: np.random.Generator) -> np.ndarray:
    """Strokes to add to digits with these `labels` and centre `lines`: float32 (n, 2, 6, 2)."""
    strokes = np.full((len(labels), STROKES, POINTS, 2), NO_STROKE, np.float32)
    for digit, added in ((1, _flag_and_base), (4, _loop), (7, _bar), (9, _tail)):
        chosen = np.flatnonzero(labels == digit)
        strokes[chosen] = added(lines[chosen], rng)
    return strokes


def distance_to_strokes(strokes: np.ndarray, x: np.ndarray, y: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Distance from each point (x, y), float32 (n, points), to the nearest stroke of its image: the same shape.

    Only distances below `reach`, (n,), are exact; larger ones are larger than that. Most points are far from a stroke,
    so they are not computed.
    """
    nearest = np.full(x.shape, MAX_DISTANCE**2, np.float32)
    for stroke in np.moveaxis(strokes, 1, 0):
        margin = reach[:, None] + 0.01  # for rounding
        low, high = stroke.min(1) - margin, stroke.max(1) + margin
        is_near = (x > low[:, :1]) & (x < high[:, :1]) & (y > low[:, 1:]) & (y < high[:, 1:])
        image, point = np.nonzero(is_near)
        found = _squared_distance(stroke, image, x[is_near], y[is_near])
        nearest[image, point] = np.minimum(nearest[image, point], found)
    return np.sqrt(nearest)


def _squared_distance(strokes: np.ndarray, image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared distance of each point, float32 (points,), to the stroke of its `image`: `strokes` (n, 6, 2)."""
    nearest = np.full(x.shape, np.inf, np.float32)
    steps = np.diff(strokes, axis=1)
    shares = steps / np.maximum((steps * steps).sum(2), 1e-6)[..., None]
    for start, step, share in zip(*(np.moveaxis(each, 1, 0) for each in (strokes[:, :-1], steps, shares)), strict=True):
        (x0, y0), (dx, dy), (x_share, y_share) = (each.T.take(image, axis=1) for each in (start, step, share))
        away_x, away_y = x - x0, y - y0
        along = np.clip(away_x * x_share + away_y * y_share, 0, 1)
        away_x -= along * dx
        away_y -= along * dy
        np.minimum(nearest, away_x * away_x + away_y * away_y, out=nearest)
    return nearest


def shorten_stems(fours: Skeletons, rng: np.random.Generator) -> Skeletons:
    """Skeletons of 4s with a stem that starts just above the cross stroke."""
    top, bottom, height = fours.extremes[:, TOP + 2], fours.extremes[:, BOTTOM], _height(fours)
    stem = bottom - top
    begin = fours.extremes[:, RIGHT + 1, 1] - _uniform(rng, height, 0.0, 0.25) * height
    # The limit matters if the point found as the end of the cross stroke is not its end.
    share = np.minimum((begin - top[:, 1]) / np.maximum(stem[:, 1], 1), 0.45)
    x, y = ((np.indices((CELLS, CELLS))[::-1] + 0.5) / CELLS_PER_PIXEL).astype(np.float32)
    x, y = x - top[:, 0, None, None], y - top[:, 1, None, None]
    across, down = stem[:, 0, None, None], stem[:, 1, None, None]
    square = across**2 + down**2 + 1e-6
    near = np.abs(x * down - y * across) < _STEM_REACH * np.sqrt(square)
    cut = near & ((x * across + y * down) / square < share[:, None, None])
    places = fours.line_mask()
    left = places & ~cut
    is_plausible = left.sum((1, 2)) > 0.7 * places.sum((1, 2))  # else this 4 has another form
    return skeletons_from_mask(np.where(is_plausible[:, None, None], left, places))


def _flag_and_base(lines: Skeletons, rng: np.random.Generator) -> np.ndarray:
    top, bottom, height = lines.extremes[:, TOP], lines.extremes[:, BOTTOM], _height(lines)
    strokes = np.full((len(lines), STROKES, POINTS, 2), NO_STROKE, np.float32)
    angle = np.deg2rad(_uniform(rng, height, 30, 68))  # below the horizontal
    length = _uniform(rng, height, 0.2, 0.75) * height
    end = top + np.stack([-np.cos(angle), np.sin(angle)], 1) * length[:, None]
    sag = np.stack([_uniform(rng, height, -0.1, 0.1), _uniform(rng, height, -0.1, 0.1)], 1) * height[:, None]
    flag = _curve(top, (top + end) / 2 + sag, end)
    left, right = _uniform(rng, height, 0.15, 0.4) * height, _uniform(rng, height, 0.15, 0.4) * height
    base = _straight_line(bottom, left, right, _uniform(rng, height, -0.1, 0.1))
    which = rng.random(len(lines))
    strokes[which < _FLAG_SHARE, 0] = flag[which < _FLAG_SHARE]
    strokes[which > 1 - _BASE_SHARE, 1] = base[which > 1 - _BASE_SHARE]
    return strokes


def _loop(lines: Skeletons, rng: np.random.Generator) -> np.ndarray:
    """A curve from the right end of the cross stroke to the top of the stem."""
    end, top, height = lines.extremes[:, RIGHT + 1], lines.extremes[:, TOP + 2], _height(lines)
    right, up = _uniform(rng, height, 0.0, 0.35) * height, _uniform(rng, height, -0.1, 0.3) * height
    loop = _curve(end, (end + top) / 2 + np.stack([right, -up], 1), top)
    return np.stack([loop, np.full_like(loop, NO_STROKE)], 1)


def _bar(lines: Skeletons, rng: np.random.Generator) -> np.ndarray:
    height = _height(lines)
    width = np.maximum(lines.extremes[:, RIGHT, 0] - lines.extremes[:, LEFT, 0], height / 2)
    y = lines.extremes[:, TOP, 1] + _uniform(rng, height, 0.4, 0.68) * height
    x, crossed = _stem(lines, y)
    left, right = _uniform(rng, width, 0.2, 0.45) * width, _uniform(rng, width, 0.2, 0.45) * width
    bar = _straight_line(np.stack([x, y], 1), left, right, _uniform(rng, height, -0.45, 0.15))
    strokes = np.full((len(lines), STROKES, POINTS, 2), NO_STROKE, np.float32)
    strokes[crossed, 0] = bar[crossed]
    return strokes


def _tail(lines: Skeletons, rng: np.random.Generator) -> np.ndarray:
    start, height = lines.extremes[:, BOTTOM], _height(lines)
    reach, sag, rise = (_uniform(rng, height, *share) * height for share in ((0.25, 0.8), (0.0, 0.25), (-0.05, 0.28)))
    tail = _curve(start, start + np.stack([-0.45 * reach, sag], 1), start + np.stack([-reach, -rise], 1))
    return np.stack([tail, np.full_like(tail, NO_STROKE)], 1)


def _height(lines: Skeletons) -> np.ndarray:
    return np.maximum(lines.extremes[:, BOTTOM, 1] - lines.extremes[:, TOP, 1], 6)


def _stem(lines: Skeletons, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The x at which each line crosses the height `y`, and whether it crosses it."""
    rows = np.clip((y[:, None] * CELLS_PER_PIXEL).astype(int) + np.arange(-1, 2), 0, SIDE * CELLS_PER_PIXEL - 1)
    crossing = lines.distance[np.arange(len(y))[:, None], rows] == 0
    cells = crossing.sum((1, 2))
    places = (np.arange(SIDE * CELLS_PER_PIXEL, dtype=np.float32) + 0.5) / CELLS_PER_PIXEL
    return (crossing.sum(1) @ places / np.maximum(cells, 1)).astype(np.float32), cells > 0


def _straight_line(centre: np.ndarray, left: np.ndarray, right: np.ndarray, fall: np.ndarray) -> np.ndarray:
    """A line through `centre` (n, 2), `left` and `right` pixels long, with slope `fall`: float32 (n, 6, 2)."""
    slope = np.stack([np.ones_like(fall), fall], 1)
    start, end = centre - slope * left[:, None], centre + slope * right[:, None]
    return _curve(start, (start + end) / 2, end)


def _curve(start: np.ndarray, control: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The quadratic Bézier curve from `start` to `end` (n, 2) with the point `control`: float32 (n, 6, 2)."""
    start, control, end = start[:, None], control[:, None], end[:, None]
    curve: np.ndarray = (1 - _ALONG) ** 2 * start + 2 * _ALONG * (1 - _ALONG) * control + _ALONG**2 * end
    return curve.astype(np.float32)


def _uniform(rng: np.random.Generator, like: np.ndarray, low: float, high: float) -> np.ndarray:
    return rng.uniform(low, high, len(like)).astype(np.float32)
