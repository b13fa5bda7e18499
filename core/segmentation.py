"""Several digits in one picture: where each is, read from left to right, line by line.

Ink that hangs together is one piece; pieces above one another are one digit (the bar of a 5, a broken 4). A piece too
wide for a digit is cut where neighbours touch: the cuts are chosen so that what lies between looks most like digits.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.drawing import INK, LARGEST, from_ink
from core.errors import DrawingError
from core.strokes import Stroke, render

MOST = 40  # digits in one picture
WIDEST = 1.15  # of its line's height: what is wider is taken for touching digits
_SMALLEST = 0.12  # of the tallest piece: what is smaller both ways is dirt or belongs to a neighbour
_SHARED = 0.45  # of the narrower piece's width that lies above or below the other: they are one digit
_CUTS = 14  # places tried in a wide piece
_NARROWEST = 0.12  # of the height, for a piece between two cuts: a 1
Likeness = Callable[[np.ndarray], np.ndarray]  # uint8 (n, 28, 28) → (n,), how much each looks like a digit, at most 0


@dataclass(frozen=True, eq=False)
class Found:
    """One digit in a picture: its box in pixels, and its ink alone, float32 (bottom − top, right − left)."""

    left: int
    top: int
    right: int
    bottom: int
    ink: np.ndarray

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


def find(ink: np.ndarray, likeness: Likeness | None = None) -> list[Found]:
    """The digits in `ink`, float32 (h, w) in [0, 1], in reading order. Without `likeness` nothing is cut apart.

    Raises `DrawingError` where there is none, or more than anybody writes.
    """
    return _in_order(_pieces(ink), likeness)


def find_strokes(strokes: Sequence[Stroke], likeness: Likeness | None = None) -> list[Found]:
    """The digits that `strokes` make, in reading order. A stroke is never torn from its digit by what crosses it.

    Where the strokes are known, digits that touch but were drawn one by one come apart by themselves.
    """
    return _in_order([_of_stroke(stroke) for stroke in strokes if len(stroke.points)], likeness)


def _in_order(pieces: list[Found], likeness: Likeness | None) -> list[Found]:
    if not pieces:
        raise DrawingError("There is no ink to read: the drawing is blank. Write digits from 0 to 9.")
    if len(pieces) > 4 * MOST:
        raise DrawingError(f"A picture may hold {MOST} digits. Received: {len(pieces)} pieces of ink. Cut it smaller.")
    lines = [_joined(line) for line in _lines(_without_dirt(pieces))]
    digits = [part for line in lines for whole in line for part in _apart(whole, _height(line), likeness)]
    if len(digits) > MOST:
        raise DrawingError(f"A picture may hold {MOST} digits. Received: {len(digits)}. Cut it smaller.")
    return digits


def _of_stroke(stroke: Stroke) -> Found:
    """One stroke on paper of its own size."""
    margin = math.ceil(stroke.width / 2) + 1
    low = np.floor(stroke.points.min(0)).astype(int) - margin
    width, height = (np.ceil(stroke.points.max(0)).astype(int) + margin - low).tolist()
    if max(width, height) > LARGEST:
        raise DrawingError(f"A stroke must be at most {LARGEST} pixels long. Received: {max(width, height)}. Clear.")
    ink = render([Stroke(stroke.points - low, stroke.width)], height, width)[..., 0]
    left, top = low.tolist()
    return Found(left, top, left + width, top + height, ink.astype(np.float32) / 255)


def _pieces(ink: np.ndarray) -> list[Found]:
    """Ink that hangs together, corners included."""
    labels, count = ndimage.label(ink > INK, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    kept = sorted(range(count), key=lambda i: -sizes[i])[: 4 * MOST + 1]
    return [_cut_out(ink, boxes[i], labels[boxes[i]] == i + 1) for i in kept]


def _cut_out(ink: np.ndarray, box: tuple[slice, slice], mask: np.ndarray) -> Found:
    rows, columns = box
    # The half-toned rim, fainter than `INK`, belongs to it as well.
    near = ndimage.binary_dilation(mask, np.ones((3, 3)))
    return Found(columns.start, rows.start, columns.stop, rows.stop, np.where(near, ink[box], 0))


def _without_dirt(pieces: list[Found]) -> list[Found]:
    tallest = max(max(piece.height, piece.width) for piece in pieces)
    return [piece for piece in pieces if max(piece.height, piece.width) >= _SMALLEST * tallest]


def _lines(pieces: list[Found]) -> list[list[Found]]:
    """Pieces side by side are one line; lines from top to bottom."""
    lines: list[list[Found]] = []
    for piece in sorted(pieces, key=lambda piece: -piece.height):
        middle = (piece.top + piece.bottom) / 2
        home = next((line for line in lines if line[0].top <= middle <= line[0].bottom), None)
        if home is None:
            lines.append([piece])
        else:
            home.append(piece)
    lines.sort(key=lambda line: line[0].top)
    return [sorted(line, key=lambda piece: piece.left) for line in lines]


def _joined(line: list[Found]) -> list[Found]:
    """Pieces above one another made one."""
    digits: list[Found] = []
    for piece in line:
        if digits and _one_digit(digits[-1], piece):
            digits[-1] = _together(digits[-1], piece)
        else:
            digits.append(piece)
    return digits


def _one_digit(left: Found, right: Found) -> bool:
    shared = min(left.right, right.right) - max(left.left, right.left)
    return shared >= _SHARED * min(left.width, right.width)


def _together(one: Found, other: Found) -> Found:
    left, top = min(one.left, other.left), min(one.top, other.top)
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    ink = np.zeros((bottom - top, right - left), np.float32)
    for part in (one, other):
        place = ink[part.top - top : part.bottom - top, part.left - left : part.right - left]
        np.maximum(place, part.ink, out=place)
    return Found(left, top, right, bottom, ink)


def _height(line: list[Found]) -> float:
    return float(np.median([piece.height for piece in line if piece.height > 0.5 * max(p.height for p in line)]))


def _apart(whole: Found, height: float, likeness: Likeness | None) -> list[Found]:
    """`whole`, or the digits that touch in it."""
    if likeness is None or whole.width <= WIDEST * height:
        return [whole]
    cuts = _places_to_cut(whole.ink)
    edges = [0, *cuts, whole.width]
    spans = [
        (a, b)
        for a in range(len(edges))
        for b in range(a + 1, len(edges))
        if _NARROWEST * height <= edges[b] - edges[a] <= WIDEST * height
    ]
    tried = {span: _part(whole, edges[span[0]], edges[span[1]]) for span in spans}
    parts = {span: part for span, part in tried.items() if part is not None}
    if not parts:
        return [whole]
    images = np.stack([from_ink(part.ink).digit for part in parts.values()])
    scores = dict(zip(parts, likeness(images), strict=True))
    return [parts[span] for span in _best_chain(scores, len(edges))] or [whole]


def _places_to_cut(ink: np.ndarray) -> list[int]:
    """Columns with little ink, well spread: where neighbours touch."""
    thickness = ndimage.gaussian_filter1d(ink.sum(0), max(1.0, len(ink) / 60))
    apart = max(2, ink.shape[1] // (2 * _CUTS))
    places: list[int] = []
    for column in np.argsort(thickness, kind="stable"):
        if apart <= column <= ink.shape[1] - apart and all(abs(column - place) >= apart for place in places):
            places.append(int(column))
            if len(places) == _CUTS:
                break
    return sorted(places)


def _part(whole: Found, start: int, stop: int) -> Found | None:
    """The columns from `start` to `stop`, cropped to their ink; None where there is too little."""
    ink = whole.ink[:, start:stop]
    rows = np.flatnonzero((ink > INK).any(1))
    if len(rows) < 0.3 * whole.height:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    return Found(whole.left + start, whole.top + top, whole.left + stop, whole.top + bottom, ink[top:bottom])


def _best_chain(scores: dict[tuple[int, int], float], edges: int) -> list[tuple[int, int]]:
    """The spans from the first edge to the last whose digits are likeliest by their width's share."""
    best: list[tuple[float, list[tuple[int, int]]] | None] = [(0.0, [])] + [None] * (edges - 1)
    for stop in range(1, edges):
        for start in range(stop):
            before = best[start]
            if before is None or (start, stop) not in scores:
                continue
            score = before[0] + scores[(start, stop)]
            here = best[stop]
            if here is None or score > here[0]:
                best[stop] = (score, [*before[1], (start, stop)])
    found = best[-1]
    return found[1] if found else []
