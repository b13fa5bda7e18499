"""Strokes that many hands add and MNIST's writers hardly did.

Flag and base of a 1, the loop of a 4 that is written without lifting the pen, bar of a 7, curled tail of a 9. And one
that they leave out: the upper half of a 4's stem.

A stroke is a chain of `POINTS` places (x, y) in pixels of the image. Where a digit gets none, its places are `NONE`.
"""

import numpy as np

from core.augment.skeletons import BOTTOM, CELLS, FINE, LEFT, RIGHT, TOP, CentreLines, of_cells
from core.digits import SIDE

STYLED = (1, 4, 7, 9)
STROKES, POINTS = 2, 6
NONE = -99.0  # far away from any image
_FLAGGED, _BASED = 0.85, 0.4  # share of the styled 1s; some have both
_STEM_REACH = 2.0  # pixels from the straight stem
_ALONG = np.linspace(0, 1, POINTS, dtype=np.float32)[:, None]


def european_strokes(labels: np.ndarray, lines: CentreLines, rng: np.random.Generator) -> np.ndarray:
    """What is added to digits with these `labels` and centre `lines`: float32 (n, 2, 6, 2)."""
    strokes = np.full((len(labels), STROKES, POINTS, 2), NONE, np.float32)
    for digit, added in ((1, _flag_and_base), (4, _loop), (7, _bar), (9, _tail)):
        chosen = np.flatnonzero(labels == digit)
        strokes[chosen] = added(lines[chosen], rng)
    return strokes


def distance_to(strokes: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far each place (x, y), float32 (n, places), is from the nearest of its image's strokes: the same shape."""
    nearest = np.full(x.shape, np.inf, np.float32)
    pieces = STROKES * (POINTS - 1)
    starts, ends = (part.reshape(len(x), pieces, 2) for part in (strokes[:, :, :-1], strokes[:, :, 1:]))
    for piece in range(pieces):
        (x0, y0), (dx, dy) = starts[:, piece].T[..., None], (ends - starts)[:, piece].T[..., None]
        away_x, away_y = x - x0, y - y0
        square = np.maximum(dx * dx + dy * dy, 1e-6)
        along = np.clip(away_x * (dx / square) + away_y * (dy / square), 0, 1)
        away_x -= along * dx
        away_y -= along * dy
        np.minimum(nearest, away_x * away_x + away_y * away_y, out=nearest)
    return np.sqrt(nearest)


def short_stemmed(fours: CentreLines, rng: np.random.Generator) -> CentreLines:
    """4s whose stem begins not far above the cross stroke."""
    top, bottom, height = fours.outermost[:, TOP + 2], fours.outermost[:, BOTTOM], _height(fours)
    stem = bottom - top
    begin = fours.outermost[:, RIGHT + 1, 1] - _between(rng, height, 0.0, 0.25) * height
    # Where the cross stroke ends below the middle, what was taken for its end is none.
    share = np.minimum((begin - top[:, 1]) / np.maximum(stem[:, 1], 1), 0.45)
    x, y = ((np.indices((CELLS, CELLS))[::-1] + 0.5) / FINE).astype(np.float32)
    x, y = x - top[:, 0, None, None], y - top[:, 1, None, None]
    across, down = stem[:, 0, None, None], stem[:, 1, None, None]
    square = across**2 + down**2 + 1e-6
    near = np.abs(x * down - y * across) < _STEM_REACH * np.sqrt(square)
    cut = near & ((x * across + y * down) / square < share[:, None, None])
    places = fours.places()
    left = places & ~cut
    much = left.sum((1, 2)) > 0.7 * places.sum((1, 2))  # else it was another kind of 4
    return of_cells(np.where(much[:, None, None], left, places))


def _flag_and_base(lines: CentreLines, rng: np.random.Generator) -> np.ndarray:
    top, bottom, height = lines.outermost[:, TOP], lines.outermost[:, BOTTOM], _height(lines)
    strokes = np.full((len(lines), STROKES, POINTS, 2), NONE, np.float32)
    angle = np.deg2rad(_between(rng, height, 30, 68))  # below the horizontal
    length = _between(rng, height, 0.2, 0.75) * height
    end = top + np.stack([-np.cos(angle), np.sin(angle)], 1) * length[:, None]
    sag = np.stack([_between(rng, height, -0.1, 0.1), _between(rng, height, -0.1, 0.1)], 1) * height[:, None]
    flag = _curve(top, (top + end) / 2 + sag, end)
    left, right = _between(rng, height, 0.15, 0.4) * height, _between(rng, height, 0.15, 0.4) * height
    base = _straight(bottom, left, right, _between(rng, height, -0.1, 0.1))
    which = rng.random(len(lines))
    strokes[which < _FLAGGED, 0] = flag[which < _FLAGGED]
    strokes[which > 1 - _BASED, 1] = base[which > 1 - _BASED]
    return strokes


def _loop(lines: CentreLines, rng: np.random.Generator) -> np.ndarray:
    """From the right end of the cross stroke round to the top of the stem."""
    end, top, height = lines.outermost[:, RIGHT + 1], lines.outermost[:, TOP + 2], _height(lines)
    right, up = _between(rng, height, 0.0, 0.35) * height, _between(rng, height, -0.1, 0.3) * height
    loop = _curve(end, (end + top) / 2 + np.stack([right, -up], 1), top)
    return np.stack([loop, np.full_like(loop, NONE)], 1)


def _bar(lines: CentreLines, rng: np.random.Generator) -> np.ndarray:
    height = _height(lines)
    width = np.maximum(lines.outermost[:, RIGHT, 0] - lines.outermost[:, LEFT, 0], height / 2)
    y = lines.outermost[:, TOP, 1] + _between(rng, height, 0.4, 0.68) * height
    x, crossed = _stem(lines, y)
    left, right = _between(rng, width, 0.2, 0.45) * width, _between(rng, width, 0.2, 0.45) * width
    bar = _straight(np.stack([x, y], 1), left, right, _between(rng, height, -0.45, 0.15))
    strokes = np.full((len(lines), STROKES, POINTS, 2), NONE, np.float32)
    strokes[crossed, 0] = bar[crossed]
    return strokes


def _tail(lines: CentreLines, rng: np.random.Generator) -> np.ndarray:
    start, height = lines.outermost[:, BOTTOM], _height(lines)
    reach, sag, rise = (_between(rng, height, *share) * height for share in ((0.25, 0.8), (0.0, 0.25), (-0.05, 0.28)))
    tail = _curve(start, start + np.stack([-0.45 * reach, sag], 1), start + np.stack([-reach, -rise], 1))
    return np.stack([tail, np.full_like(tail, NONE)], 1)


def _height(lines: CentreLines) -> np.ndarray:
    return np.maximum(lines.outermost[:, BOTTOM, 1] - lines.outermost[:, TOP, 1], 6)


def _stem(lines: CentreLines, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each line crosses the height `y`: x, and whether it does at all."""
    rows = np.clip((y[:, None] * FINE).astype(int) + np.arange(-1, 2), 0, SIDE * FINE - 1)
    crossing = lines.distance[np.arange(len(y))[:, None], rows] == 0
    cells = crossing.sum((1, 2))
    places = (np.arange(SIDE * FINE, dtype=np.float32) + 0.5) / FINE
    return (crossing.sum(1) @ places / np.maximum(cells, 1)).astype(np.float32), cells > 0


def _straight(through: np.ndarray, left: np.ndarray, right: np.ndarray, fall: np.ndarray) -> np.ndarray:
    """A line from `left` to `right` of a place (n, 2), that falls by `fall` pixels a pixel: float32 (n, 6, 2)."""
    slope = np.stack([np.ones_like(fall), fall], 1)
    start, end = through - slope * left[:, None], through + slope * right[:, None]
    return _curve(start, (start + end) / 2, end)


def _curve(start: np.ndarray, pull: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The quadratic curve from start to end (n, 2), pulled towards `pull`: float32 (n, 6, 2)."""
    start, pull, end = start[:, None], pull[:, None], end[:, None]
    curve: np.ndarray = (1 - _ALONG) ** 2 * start + 2 * _ALONG * (1 - _ALONG) * pull + _ALONG**2 * end
    return curve.astype(np.float32)


def _between(rng: np.random.Generator, like: np.ndarray, low: float, high: float) -> np.ndarray:
    return rng.uniform(low, high, len(like)).astype(np.float32)
