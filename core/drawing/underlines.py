"""Lines that a hand drew below or above a number, and dashes with no digit near."""

import numpy as np

from core.drawing.pieces import Pieces, digit_size, find_pieces, keep_others

_DASH, _SHORT = 3, 0.7  # a dash: of its height, how long it is at least; of the digits' height, at most
_MAX_GAP = 0.35  # of the digits' height: how far a bar is from its digit
_FLAT, _LONG = 0.4, 1.4  # of the digits' height: lower and longer than that is a line below a number
_LINE_ASPECT = 8  # of its height: a line below several digits is longer
_BELOW, _BEYOND = 0.6, 0.15  # how far below them, of their height; how much wider they may be, of its length


def remove_underlines(mask: np.ndarray) -> np.ndarray:
    """Removes long flat pieces below or above a number, also those that a hand drew, and dashes with no digit near."""
    pieces = find_pieces(mask)
    size = digit_size(pieces)
    flat = (pieces.heights < _FLAT * size) & (pieces.widths > _LONG * size)
    short = (pieces.widths < _SHORT * size) & (pieces.heights < _FLAT * size)  # a longer one may be a 1 on its side
    for at in np.flatnonzero(short & (pieces.widths > _DASH * pieces.heights)):
        beside = (np.minimum(pieces.rights, pieces.rights[at]) - np.maximum(pieces.lefts, pieces.lefts[at])) > 0
        gap = np.maximum(pieces.tops, pieces.tops[at]) - np.minimum(pieces.bottoms, pieces.bottoms[at])
        flat[at] |= not (beside & (gap < _MAX_GAP * size) & (pieces.heights > 0.4 * size)).any()
    for at in np.flatnonzero(pieces.widths > _LINE_ASPECT * pieces.heights):
        flat[at] |= _is_below_several(pieces, int(at), size)
    upright = pieces.heights > _FLAT * size
    return mask if not upright.any() else keep_others(mask, pieces, flat)


def _is_below_several(pieces: Pieces, at: int, size: float) -> bool:
    """Whether a flat piece goes along below several digits side by side. On a page on its side, no 1 does that."""
    beyond = _BEYOND * pieces.widths[at]
    gap = pieces.tops[at] - pieces.bottoms
    above = (gap > -2) & (gap < _BELOW * size) & (pieces.heights > _FLAT * size)
    above &= (pieces.lefts > pieces.lefts[at] - beyond) & (pieces.rights < pieces.rights[at] + beyond)
    if np.count_nonzero(above) < 2:
        return False
    order = np.argsort(pieces.lefts[above])
    lefts, rights = pieces.lefts[above][order], pieces.rights[above][order]
    beside = lefts[1:] > rights[:-1] - 0.2 * (rights - lefts)[:-1]
    return bool(beside.all() and rights.max() - lefts.min() > (1 - 2 * _BEYOND) * pieces.widths[at])
