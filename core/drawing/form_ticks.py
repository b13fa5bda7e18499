"""The short upright lines on the base line of a form that divide it into boxes without a lid: they are no 1s."""

import numpy as np
from scipy import ndimage

from core.drawing.pieces import digit_size, find_pieces, keep_others

_TICK, _UNEVEN = 0.25, 0.3  # of a tick's height: its width; of their distance: how much it varies
_SHORTEST, _LOWER = 0.2, 0.08  # of the digits' height: of a tick; how much lower than digits it ends
_MOST_BOXES = 12  # of a form: more are not recognised by their ticks


def remove_ticks(mask: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Removes the short straight pieces on a line that divide it evenly, as in a form: they are no 1s.

    mask, line: bool (h, w), the ink without the line, and the ink of the line.
    """
    pieces = find_pieces(mask)
    touching = np.unique(pieces.labels[ndimage.binary_dilation(line, np.ones((3, 3)), iterations=3)])
    upright = pieces.widths < np.maximum(_TICK * pieces.heights, 6)
    ticks = np.zeros(len(pieces.areas), bool)
    ticks[touching[touching > 0] - 1] = True
    ticks &= upright
    if np.count_nonzero(ticks) < 3:
        return mask
    middles = np.sort((pieces.lefts + pieces.rights)[ticks] / 2)
    step = _common_step(middles)
    if not step:
        return mask
    mask = keep_others(mask, pieces, ticks)
    width = int(np.median(pieces.widths[ticks]))
    for middle in np.arange(middles[0], middles[-1], step)[1:]:  # those that touch a digit
        _erase_upward(mask, round(middle), int(pieces.bottoms[ticks].max()), width)
    return mask


def remove_ticks_without_line(mask: np.ndarray) -> np.ndarray:
    """Removes ticks whose line is gone already: thin, evenly spaced, and they end at one height below the digits.

    mask: bool (h, w), the ink.
    """
    pieces = find_pieces(mask)
    size = digit_size(pieces)
    thin = (pieces.widths < np.maximum(_TICK / 2 * pieces.heights, 6)) & (pieces.heights > _SHORTEST * size)
    rest = ~thin & (pieces.heights > 2 * _SHORTEST * size)
    if not rest.any():
        return mask
    thin &= pieces.bottoms > np.median(pieces.bottoms[rest]) + _LOWER * size
    middles, bottoms = (pieces.lefts + pieces.rights)[thin] / 2, pieces.bottoms[thin]
    if len(middles) < 3 or not _common_step(np.sort(middles)):
        return mask
    level = np.polynomial.polynomial.polyval(middles, np.polynomial.polynomial.polyfit(middles, bottoms, 1))
    return keep_others(mask, pieces, thin) if np.abs(bottoms - level).max() < _LOWER / 2 * size else mask


def _common_step(places: np.ndarray) -> float:
    """The distance of which all distances between sorted `places` are multiples; 0 if there is none."""
    apart = np.diff(places)
    times = np.rint(apart / apart.min())
    if times.sum() > _MOST_BOXES or np.abs(apart / apart.min() - times).max() > _UNEVEN / 2:
        return 0.0
    return float(apart.sum() / times.sum())


def _erase_upward(mask: np.ndarray, column: int, bottom: int, width: int) -> None:
    """Removes the upright line at `column`, from the row `bottom` up to where the ink is wider than the line."""
    near = slice(max(0, column - width), column + width + 1)
    wider = slice(max(0, column - 3 * width), column + 3 * width + 1)
    for row in range(min(bottom, len(mask)) - 1, -1, -1):
        if np.count_nonzero(mask[row, wider]) > 1.5 * width + 1:
            return
        mask[row, near] = False
