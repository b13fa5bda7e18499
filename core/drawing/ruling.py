"""Straight thin lines in a picture, each with a slope of its own: ruled or squared paper, boxes, underlines."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

MAX_SLOPE = 0.16  # 9 degrees
_SLOPES = np.linspace(-MAX_SLOPE, MAX_SLOPE, 65)
_BIN = 2  # pixels: how exactly the place of a line is searched
_NEAR = 2.5  # pixels: how far from a line its pixels may be
_MAX_LINES = 150
MAX_THICKNESS = 0.012  # of the longer side
_MIN_RULE_LENGTH = 0.45  # of the longer side: a straight thin line as long as this is ruled
_STRONG_SHARE = 0.002  # of the pixels: the darkest ones, which are ink
_FAINT = 0.5  # of their darkness
_COVERAGE = 0.6  # share of a line's columns in which there is ink …
_ACROSS, _FAINT_COVERAGE = 0.6, 0.2  # … or less for a faint line, if it goes across that share of the picture
_EDGE = 0.03  # of the width: a line that ends nearer to the edge reaches it
_LONG = 0.3  # of the width: a line as long as this goes on after a gap


@dataclass(frozen=True)
class Line:
    """A line along the rows: y = a + b·x + c·x² from column `start` to `stop`."""

    curve: tuple[float, float, float]
    start: int
    stop: int
    thickness: float

    def rows(self, columns: np.ndarray) -> np.ndarray:
        """The line's middle in each of `columns`."""
        a, b, c = self.curve
        rows: np.ndarray = a + b * columns + c * columns**2
        return rows


@dataclass(frozen=True)
class _Runs:
    """The ink of a mask as upright runs: column, first row, length; each of them int (n,)."""

    column: np.ndarray
    first: np.ndarray
    length: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        middles: np.ndarray = self.first + (self.length - 1) / 2
        return middles


def remove_ruling(darkness: np.ndarray) -> np.ndarray:
    """`darkness`, float32 (h, w), without long lines along both axes; strokes that cross them stay."""
    longer, count = max(darkness.shape), int(_STRONG_SHARE * darkness.size) + 1
    length, thickest = _MIN_RULE_LENGTH * longer, max(4.0, MAX_THICKNESS * longer)
    strongest = -np.partition(-darkness.ravel(), count)[:count]
    faint = (darkness > 0) & (darkness < _FAINT * strongest.mean())
    darkness = np.where(faint & ~remove_lines(faint, length, thickest, _FAINT_COVERAGE), 0, darkness)
    return np.where(remove_lines(darkness > 0, length, thickest, to_edge=True), darkness, 0)


def remove_lines(
    mask: np.ndarray, min_length: float, max_thickness: float, coverage: float = _COVERAGE, *, to_edge: bool = False
) -> np.ndarray:
    """`mask`, bool (h, w), without lines along both axes. Strokes that cross a line stay whole.

    coverage: the share of a line that goes across the picture in which there is ink. to_edge: only lines that reach an
    edge of the picture; others may be a form's.
    """
    for _ in range(2):
        lines = find_lines(mask, min_length, max_thickness, coverage)
        if to_edge:
            margin = _EDGE * mask.shape[1]
            lines = [line for line in lines if line.start < margin or line.stop > mask.shape[1] - margin]
        mask = _without(mask, lines).T
    return mask


def find_lines(mask: np.ndarray, min_length: float, max_thickness: float, coverage: float = _COVERAGE) -> list[Line]:
    """The lines along the rows of `mask`, bool (h, w), longest first."""
    height, width = mask.shape
    runs = _upright_runs(mask)
    thin = runs.length <= max_thickness
    thin_runs = _Runs(runs.column[thin], runs.first[thin], runs.length[thin])
    columns, middles = thin_runs.column, thin_runs.middle
    if len(columns) < coverage * min_length:
        return []
    centred = columns - width / 2
    bins = ((middles[None] - _SLOPES[:, None] * centred + MAX_SLOPE * width) / _BIN).astype(np.int32)
    rows = int((height + 2 * MAX_SLOPE * width) / _BIN) + 3
    flat = bins + (np.arange(len(_SLOPES)) * rows)[:, None]
    votes = np.bincount(flat.ravel(), minlength=rows * len(_SLOPES)).astype(np.float32)
    free = np.ones(len(columns), bool)
    covered = _covered(mask)
    found: list[Line] = []
    for _ in range(_MAX_LINES):
        table = votes.reshape(len(_SLOPES), rows)
        pairs = table[:, :-1] + table[:, 1:]  # a line may fall on two bins
        best = int(pairs.argmax())
        if pairs.flat[best] < 0.8 * coverage * min_length:
            break
        slope, row = best // (rows - 1), best % (rows - 1)
        used = free & ((bins[slope] == row) | (bins[slope] == row + 1))
        line, inliers = _fit(thin_runs, free, used, covered, coverage)
        if line and line.stop - line.start >= min_length:
            found.append(line)
            used |= inliers
        taken = np.flatnonzero(used)
        free[taken] = False
        np.subtract.at(votes, flat[:, taken].ravel(), 1)
    return sorted(found, key=lambda line: line.start - line.stop)


def line_area(shape: tuple[int, ...], lines: list[Line], margin: float) -> np.ndarray:
    """Bool (h, w): the pixels that are at most `margin` beside a line."""
    area = np.zeros(shape, bool)
    for line in lines:
        columns = np.arange(max(0, line.start - int(margin)), min(shape[1], line.stop + int(margin)))
        middle = line.rows(columns)
        reach = line.thickness / 2 + margin
        for offset in range(-int(reach) - 1, int(reach) + 2):
            rows = np.rint(middle + offset).astype(np.int64)
            good = (np.abs(rows - middle) <= reach) & (rows >= 0) & (rows < shape[0])
            area[rows[good], columns[good]] = True
    return area


def _without(mask: np.ndarray, lines: list[Line]) -> np.ndarray:
    """Removes the runs of ink that are as thin as the line; longer ones are strokes that cross it."""
    if not lines:
        return mask
    mask = mask.copy()
    runs = _upright_runs(mask)
    order = np.lexsort((runs.first, runs.column))
    column, first, length = runs.column[order], runs.first[order], runs.length[order]
    middle = first + (length - 1) / 2
    begins = np.searchsorted(column, np.arange(mask.shape[1] + 1))
    for line in lines:
        low, high = begins[max(0, line.start - 2)], begins[min(mask.shape[1], line.stop + 2)]
        part = slice(low, high)
        away = np.abs(middle[part] - line.rows(column[part]))
        most = line.thickness + max(2.0, 0.5 * line.thickness)
        for at in np.flatnonzero((away <= _NEAR + line.thickness / 2) & (length[part] <= most)) + low:
            mask[first[at] : first[at] + length[at], column[at]] = False
    near = line_area(mask.shape, lines, 3.0)
    return _without_crumbs(mask, near)


def _without_crumbs(mask: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Removes pieces of ink that are mostly beside a line: its rough edges and ends."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    area = np.bincount(labels.ravel(), minlength=count + 1)
    beside = np.bincount(labels[near], minlength=count + 1)
    crumbs = beside > 0.6 * area
    crumbs[0] = False
    return mask & ~crumbs[labels]


def _fit(
    runs: _Runs, free: np.ndarray, used: np.ndarray, covered: np.ndarray, coverage: float
) -> tuple[Line | None, np.ndarray]:
    """The line through the runs `used`, bent a little if that fits, as far as it goes; and the runs on it."""
    columns, middles, lengths = runs.column, runs.middle, runs.length
    inliers = used
    curve = np.zeros(3)
    for degree in (1, 1, 2):
        if np.count_nonzero(inliers) < 8:
            return None, used
        fitted = np.polynomial.polynomial.polyfit(columns[inliers], middles[inliers], degree)
        curve = np.pad(fitted, (0, 3 - len(fitted)))
        away = np.abs(middles - np.polynomial.polynomial.polyval(columns, curve))
        low, high = columns[used].min(), columns[used].max()
        inliers = free & (away <= _NEAR) & (columns >= low - 40) & (columns <= high + 40)
    if not inliers.any():
        return None, used
    thickness = float(np.median(lengths[inliers]))
    inliers &= lengths <= thickness + max(2.0, 0.5 * thickness)
    span = _longest_stretch(columns[inliers], curve, covered, coverage)
    if span is None:
        return None, used
    start, stop = span
    inliers &= (columns >= start) & (columns < stop)
    # A slope far from level is a stroke, and a curve is no ruled line.
    slope = float(np.diff(np.polynomial.polynomial.polyval([start, stop], curve))[0]) / (stop - start)
    if abs(slope) > 1.3 * MAX_SLOPE or abs(curve[2]) * (stop - start) ** 2 / 4 > 0.02 * (stop - start) + 2:
        return None, used
    return Line((float(curve[0]), float(curve[1]), float(curve[2])), start, stop, thickness), inliers


def _longest_stretch(
    columns: np.ndarray, curve: np.ndarray, covered: np.ndarray, coverage: float
) -> tuple[int, int] | None:
    """From where to where there is ink along the line; strokes that cross it, and short gaps, count as ink."""
    if not len(columns):
        return None
    places = np.unique(columns)
    width = covered.shape[1]
    x = np.arange(width)
    rows = np.rint(np.polynomial.polynomial.polyval(x, curve)).astype(np.int64)
    inside = (rows >= 0) & (rows < covered.shape[0])
    ink = np.zeros(width, bool)
    ink[inside] = covered[rows[inside], x[inside]]
    thin = np.zeros(width, bool)
    thin[places] = True
    if places[-1] - places[0] > _ACROSS * width and len(places) > coverage * (places[-1] - places[0]):
        return int(places[0]), int(places[-1]) + 1
    stretches = ndimage.binary_closing(np.pad(thin | ink, 16), np.ones(13))[16:-16]
    labels, _ = ndimage.label(stretches)
    best: tuple[int, int] | None = None
    longest = 0
    for (piece,) in ndimage.find_objects(labels):
        own = int(np.count_nonzero(thin[piece]))
        if own > longest and own >= _COVERAGE * (piece.stop - piece.start):
            longest, best = own, (int(piece.start), int(piece.stop))
    if best and best[1] - best[0] > _LONG * width:  # it goes on behind a stroke
        return int(places[0]), int(places[-1]) + 1
    return best


def _covered(mask: np.ndarray) -> np.ndarray:
    """`mask` one pixel thicker up and down."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    return grown


def _upright_runs(mask: np.ndarray) -> _Runs:
    turned = np.zeros((mask.shape[1], mask.shape[0] + 2), np.int8)
    turned[:, 1:-1] = mask.T
    change = np.diff(turned, axis=1)
    column, first = np.nonzero(change == 1)
    _, stop = np.nonzero(change == -1)
    return _Runs(column, first, stop - first)
