"""Digits in pieces: neighbours in a line become one digit where that looks more like a digit than each alone."""

import numpy as np

from core.drawing.best_path import best_path
from core.drawing.digit_region import DigitReader, DigitRegion, found_digit, merge
from core.drawing.normalise import normalise_ink
from core.drawing.touching_digits import digit_likelihood, small_penalty

_MAX_PIECES = 3
_MAX_WIDTH = 1.4  # of the line's height: wider pieces together are no digit
_FRAGMENT = 0.75  # of the line's height: lower pieces may be parts of a digit
_MAX_GAP = 0.22  # of the line's height, between the parts of one digit
_WHOLE_PENALTY = 1.5  # for joining two pieces that are both as high as digits


def join_pieces(line: list[DigitRegion], reader: DigitReader | None) -> list[DigitRegion]:
    """The pieces of a line, from left to right, with broken digits joined. Without `reader` nothing is joined."""
    height = float(np.quantile([piece.height for piece in line], 0.75))
    groups = {
        (start, stop): _merged(line[start:stop])
        for start in range(len(line))
        for stop in range(start + 1, min(start + _MAX_PIECES, len(line)) + 1)
        if stop == start + 1 or _may_be_one(line[start:stop], height)
    }
    if reader is None or len(groups) == len(line):
        return line
    # Only what can become another digit is read here.
    joined = [span for span in groups if span[1] > span[0] + 1]
    asked = [span for span in groups if any(first < span[1] and span[0] < stop for first, stop in joined)]
    images = np.stack([normalise_ink(groups[span].ink).digit for span in asked])
    probabilities = reader.probabilities(images)
    likelihood = digit_likelihood(probabilities, reader.novelty_score(images))
    scores = dict.fromkeys(groups, 0.0)
    for at, span in enumerate(asked):
        scores[span] = float(likelihood[at]) - _penalty(line[span[0] : span[1]], groups[span], height)
        groups[span] = found_digit(groups[span], images[at], probabilities[at])
    return [groups[span] for span in best_path(scores, len(line) + 1)]


def _may_be_one(pieces: list[DigitRegion], height: float) -> bool:
    """Whether pieces side by side are close enough for one digit, and together no wider."""
    if max(piece.right for piece in pieces) - pieces[0].left > _MAX_WIDTH * height:
        return False
    gaps = [right.left - max(piece.right for piece in pieces[: at + 1]) for at, right in enumerate(pieces[1:])]
    has_fragment = any(piece.height < _FRAGMENT * height for piece in pieces)
    return max(gaps) <= _MAX_GAP * height * (1 if has_fragment else 0.4)


def _penalty(pieces: list[DigitRegion], whole: DigitRegion, height: float) -> float:
    tall = sum(piece.height >= _FRAGMENT * height for piece in pieces)
    return _WHOLE_PENALTY * max(0, tall - 1) + small_penalty(whole, height)


def _merged(pieces: list[DigitRegion]) -> DigitRegion:
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = merge(whole, piece)
    return whole
