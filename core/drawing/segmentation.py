"""Several digits in one picture: where each is, from left to right and line by line.

Connected ink is one piece; pieces above one another are one digit (the bar of a 5, a broken 4). A piece wide enough for
two digits is cut along seams that cross little ink. The seams are chosen so that the parts look most like digits.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.drawing.normalise import INK_THRESHOLD, MAX_SIDE, normalise_ink
from core.drawing.seams import add_borders, find_seams
from core.drawing.strokes import Stroke, render
from core.errors import DrawingError

MAX_DIGITS = 40  # digits in one picture
MAX_ASPECT = 1.15  # of its line's height: what is wider is more than one digit
_MIN_SIZE = 0.12  # of the tallest piece: what is smaller in both directions is a speck
_MIN_OVERLAP = 0.45  # of the narrower piece's width above or below the other: from here on they are one digit
_MAX_SINGLE_WIDTH = 0.85  # of its line's height: what is narrower is one digit
_WIDE, _TOO_WIDE = 0.8, 10.0  # among touching digits: above this width a part is less likely to be one digit
_MIN_WIDTH = 0.12  # of the height, for a part between two seams: a 1
_NOVELTY_WEIGHT = 5.0  # weight of the novelty score beside the network's own probability
# uint8 (n, 28, 28) → (n,), how much each looks like a digit, at most 0
DigitScorer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class DigitRegion:
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


def digit_likelihood(probabilities: np.ndarray, novelty_score: np.ndarray) -> np.ndarray:
    """How much pieces of ink look like digits, from a network's probabilities, (n, 10), and novelty scores, (n,)."""
    return np.log(probabilities.max(axis=1)) - _NOVELTY_WEIGHT * novelty_score


def find_digits(ink: np.ndarray, digit_scorer: DigitScorer | None = None) -> list[DigitRegion]:
    """The digits in `ink`, float32 (h, w) in [0, 1], in reading order. Without `digit_scorer` nothing is cut.

    Raises `DrawingError` if there is none, or more than `MAX_DIGITS`.
    """
    return _order_digits(_connected_components(ink), digit_scorer)


def whole_region(ink: np.ndarray) -> DigitRegion:
    """All of `ink`, float32 (h, w) in [0, 1], as one digit. Raises `DrawingError` if it is blank."""
    pieces = _connected_components(ink)
    if not pieces:
        raise DrawingError("There is no ink to read: the picture is blank. Write a digit from 0 to 9.")
    first, *rest = _remove_specks(pieces)
    for piece in rest:
        first = _merge(first, piece)
    return first


def find_digits_in_strokes(strokes: Sequence[Stroke], digit_scorer: DigitScorer | None = None) -> list[DigitRegion]:
    """The digits that `strokes` make, in reading order. A stroke stays in one piece.

    So digits that touch are separate as long as each was drawn with strokes of its own.
    """
    return _order_digits([_from_stroke(stroke) for stroke in strokes if len(stroke.points)], digit_scorer)


def _order_digits(pieces: list[DigitRegion], digit_scorer: DigitScorer | None) -> list[DigitRegion]:
    if not pieces:
        raise DrawingError("There is no ink to read: the drawing is blank. Write digits from 0 to 9.")
    if len(pieces) > 4 * MAX_DIGITS:
        raise DrawingError(
            f"The picture has too many separate spots to read: a page with a pattern, shadows or print looks like "
            f"this. Crop it to the handwriting, at most {MAX_DIGITS} digits.",
            received=len(pieces),
        )
    lines = [_merge_overlapping(line) for line in _group_lines(_remove_specks(pieces))]
    digits = [
        part for line in lines for whole in line for part in _split_touching(whole, _line_height(line), digit_scorer)
    ]
    if len(digits) > MAX_DIGITS:
        raise DrawingError(f"A picture may hold {MAX_DIGITS} digits. Crop it to fewer.", received=len(digits))
    return digits


def _from_stroke(stroke: Stroke) -> DigitRegion:
    """One stroke on paper of its own size."""
    margin = math.ceil(stroke.width / 2) + 1
    low = np.floor(stroke.points.min(0)).astype(int) - margin
    width, height = (np.ceil(stroke.points.max(0)).astype(int) + margin - low).tolist()
    if max(width, height) > MAX_SIDE:
        raise DrawingError(
            f"A stroke may be {MAX_SIDE:,} pixels long. Press Clear and draw again.", received=max(width, height)
        )
    ink = render([Stroke(stroke.points - low, stroke.width)], height, width)[..., 0]
    left, top = low.tolist()
    return DigitRegion(left, top, left + width, top + height, ink.astype(np.float32) / 255)


def _connected_components(ink: np.ndarray) -> list[DigitRegion]:
    """Connected ink; a shared corner connects."""
    labels, count = ndimage.label(ink > INK_THRESHOLD, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    largest = sorted(range(count), key=lambda i: -sizes[i])[: 4 * MAX_DIGITS + 1]
    return [_extract_region(ink, boxes[i], labels[boxes[i]] == i + 1) for i in largest]


def _extract_region(ink: np.ndarray, box: tuple[slice, slice], mask: np.ndarray) -> DigitRegion:
    rows, columns = box
    # The grey rim, fainter than `INK_THRESHOLD`, belongs to it.
    near = ndimage.binary_dilation(mask, np.ones((3, 3)))
    return DigitRegion(columns.start, rows.start, columns.stop, rows.stop, np.where(near, ink[box], 0))


def _remove_specks(pieces: list[DigitRegion]) -> list[DigitRegion]:
    tallest = max(max(piece.height, piece.width) for piece in pieces)
    return [piece for piece in pieces if max(piece.height, piece.width) >= _MIN_SIZE * tallest]


def _group_lines(pieces: list[DigitRegion]) -> list[list[DigitRegion]]:
    """Pieces side by side are one line, also if it rises or falls; lines from top to bottom.

    Large pieces are chained from left to right; then each small one joins the line of the nearest large piece.
    """
    tallest = max(piece.height for piece in pieces)
    large = sorted((piece for piece in pieces if piece.height > 0.5 * tallest), key=lambda piece: piece.left)
    lines: list[list[DigitRegion]] = []
    for piece in large:
        _join(piece, lines, [line[-1] for line in lines])
    chains = [list(line) for line in lines]
    for piece in sorted((piece for piece in pieces if piece.height <= 0.5 * tallest), key=lambda piece: -piece.height):
        nearest = [_nearest(piece, line) for line in chains]
        _join(piece, lines, nearest + [line[0] for line in lines[len(chains) :]])
    lines.sort(key=lambda line: np.mean([piece.top for piece in line]))
    return [sorted(line, key=lambda piece: piece.left) for line in lines]


def _nearest(piece: DigitRegion, line: list[DigitRegion]) -> DigitRegion:
    return min(line, key=lambda other: abs(other.left - piece.left))


def _join(piece: DigitRegion, lines: list[list[DigitRegion]], neighbours: list[DigitRegion]) -> None:
    """Adds `piece` to the line whose neighbour is at its height; to a new line if there is none."""
    middle = (piece.top + piece.bottom) / 2
    beside = [
        at
        for at, other in enumerate(neighbours)
        if other.top <= middle <= other.bottom or piece.top <= (other.top + other.bottom) / 2 <= piece.bottom
    ]
    if beside:
        lines[min(beside, key=lambda at: abs(neighbours[at].top + neighbours[at].bottom - 2 * middle))].append(piece)
    else:
        lines.append([piece])


def _merge_overlapping(line: list[DigitRegion]) -> list[DigitRegion]:
    """Merges pieces that are above one another."""
    digits: list[DigitRegion] = []
    for piece in line:
        if digits and _is_one_digit(digits[-1], piece):
            digits[-1] = _merge(digits[-1], piece)
        else:
            digits.append(piece)
    return digits


def _is_one_digit(left: DigitRegion, right: DigitRegion) -> bool:
    shared = min(left.right, right.right) - max(left.left, right.left)
    return shared >= _MIN_OVERLAP * min(left.width, right.width)


def _merge(one: DigitRegion, other: DigitRegion) -> DigitRegion:
    left, top = min(one.left, other.left), min(one.top, other.top)
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    ink = np.zeros((bottom - top, right - left), np.float32)
    for part in (one, other):
        place = ink[part.top - top : part.bottom - top, part.left - left : part.right - left]
        np.maximum(place, part.ink, out=place)
    return DigitRegion(left, top, right, bottom, ink)


def _line_height(line: list[DigitRegion]) -> float:
    return float(np.median([piece.height for piece in line if piece.height > 0.5 * max(p.height for p in line)]))


def _split_touching(whole: DigitRegion, height: float, digit_scorer: DigitScorer | None) -> list[DigitRegion]:
    """`whole`, or the digits that touch in it."""
    if digit_scorer is None or whole.width <= _MAX_SINGLE_WIDTH * height:
        return [whole]
    edges = add_borders(find_seams(whole.ink), whole.ink.shape)
    middles = edges.mean(1)
    spans = [
        (a, b)
        for a in range(len(edges))
        for b in range(a + 1, len(edges))
        if _MIN_WIDTH * height <= middles[b] - middles[a] <= MAX_ASPECT * height
    ]
    tried = {span: _cut_between(whole, edges[span[0]], edges[span[1]]) for span in spans}
    parts = {span: part for span, part in tried.items() if part is not None}
    if not parts:
        return [whole]
    images = np.stack([normalise_ink(part.ink).digit for part in parts.values()])
    scores = dict(zip(parts, digit_scorer(images), strict=True))
    if whole.width > MAX_ASPECT * height:  # certainly more than one digit
        for span, part in parts.items():
            scores[span] -= _TOO_WIDE * max(0.0, part.width / height - _WIDE)
    return [parts[span] for span in _best_segmentation(scores, len(edges))] or [whole]


def _cut_between(whole: DigitRegion, start: np.ndarray, stop: np.ndarray) -> DigitRegion | None:
    """The part between two seams, cropped to its ink; None if there is too little."""
    column = np.arange(whole.width)
    ink = np.where((column >= start[:, None]) & (column < stop[:, None]), whole.ink, 0)
    rows, columns = np.flatnonzero((ink > INK_THRESHOLD).any(1)), np.flatnonzero((ink > INK_THRESHOLD).any(0))
    if len(rows) < 0.3 * whole.height:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = whole.left + left, whole.top + top, whole.left + right, whole.top + bottom
    return DigitRegion(*box, ink[top:bottom, left:right])


def _best_segmentation(scores: dict[tuple[int, int], float], edges: int) -> list[tuple[int, int]]:
    """The spans from the first edge to the last with the largest sum of scores."""
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
