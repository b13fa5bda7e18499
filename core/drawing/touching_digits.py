"""Digits that touch: a piece of ink is cut along seams, so that the parts look most like digits."""

import numpy as np

from core.drawing.best_path import best_path
from core.drawing.digit_region import DigitReader, DigitRegion, found_digit
from core.drawing.normalise import INK_THRESHOLD, normalise_ink
from core.drawing.seams import add_borders, find_seams

MAX_ASPECT = 1.15  # of its line's height: what is wider is more than one digit
_MAX_SINGLE_WIDTH = 0.85  # of its line's height: what is narrower is one digit
_MAX_WHOLE_WIDTH = 1.6  # of its line's height: a low wide 0 is one digit, if it reads better than its parts …
_USUAL_WHOLE_WIDTH, _WIDE_WHOLE_PENALTY = 1.3, 2.5  # … by so much, if it is wider than that
_WIDE, _TOO_WIDE = 0.8, 10.0  # among touching digits: above this width a part is less likely to be one digit
_MIN_WIDTH = 0.12  # of the height, for a part between two seams: a 1
_USUAL_HEIGHT, _SMALL_PENALTY = 0.75, 4.0  # of its line's height; for each such height that is missing below that
_NOVELTY_WEIGHT = 5.0  # weight of the novelty score beside the network's own probability


def split_touching(whole: DigitRegion, height: float, reader: DigitReader | None) -> list[DigitRegion]:
    """`whole`, or the digits that touch in it, which are read then. Without `reader` nothing is cut."""
    if reader is None or whole.width <= _MAX_SINGLE_WIDTH * height:
        return [whole]
    edges = add_borders(find_seams(whole.ink), whole.ink.shape)
    middles = edges.mean(1)
    spans = [
        (a, b)
        for a in range(len(edges))
        for b in range(a + 1, len(edges))
        if _MIN_WIDTH * height <= middles[b] - middles[a] <= MAX_ASPECT * height
        or ((a, b) == (0, len(edges) - 1) and whole.width <= _MAX_WHOLE_WIDTH * height)
    ]
    tried = {span: _cut_between(whole, edges[span[0]], edges[span[1]]) for span in spans}
    parts = {span: part for span, part in tried.items() if part is not None}
    if not parts:
        return [whole]
    images = np.stack([normalise_ink(part.ink).digit for part in parts.values()])
    probabilities = reader.probabilities(images)
    scores = dict(zip(parts, digit_likelihood(probabilities, reader.novelty_score(images)), strict=True))
    read = dict(zip(parts, map(found_digit, parts.values(), images, probabilities), strict=True))
    for span, part in parts.items():
        scores[span] -= small_penalty(part, height)
    if whole.width > _USUAL_WHOLE_WIDTH * height:  # probably more than one digit
        for span, part in parts.items():
            is_whole = span == (0, len(edges) - 1)
            too_wide = _TOO_WIDE * max(0.0, part.width / height - _WIDE)
            scores[span] -= _WIDE_WHOLE_PENALTY if is_whole else too_wide
    return [read[span] for span in best_path(scores, len(edges))] or [whole]


def digit_likelihood(probabilities: np.ndarray, novelty_score: np.ndarray) -> np.ndarray:
    """How much pieces of ink look like digits, from a network's probabilities, (n, 10), and novelty scores, (n,)."""
    return np.log(probabilities.max(axis=1)) - _NOVELTY_WEIGHT * novelty_score


def small_penalty(piece: DigitRegion, height: float) -> float:
    """By how much it is less likely that `piece` is a digit of a line of `height` because it is low."""
    return _SMALL_PENALTY * max(0.0, _USUAL_HEIGHT - max(piece.height, 0.7 * piece.width) / height)


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
