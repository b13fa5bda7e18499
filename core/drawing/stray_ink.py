"""Dark things in a picture that no pen wrote as a digit: objects, edges of the table, rings, frames, underlines."""

import numpy as np
from scipy import ndimage

from core.drawing.form_ticks import remove_ticks, remove_ticks_without_line
from core.drawing.pieces import Pieces, digit_size, find_pieces, keep_others
from core.drawing.ruling import MAX_THICKNESS, find_lines, remove_lines
from core.drawing.underlines import remove_underlines

_MIN_SIDE_LENGTH = 1.25  # of the digits' height: a line of a frame or below a number
_SOLID = 0.6  # of its longer side: a thing thicker than that is no stroke
_MIN_SOLID = 0.35  # of the digits' height: smaller solid things are dots
_ALONG = 0.35  # of the picture's side: what lies along its edge for so long is no stroke
_WHOLE, _MANY = 0.5, 4  # at the picture's edge: of the digits' height, what is smaller; pieces on one edge, if more
_BOX, _BOX_SIDE = 0.8, 0.8  # of the digits' height: the smallest box; of a box with a digit: how long its sides are
_RING, _TALL = 0.6, 1.6  # of a frame's ink, what is no straight side, if it is a ring; of the digits' height, a digit
_MIN_INSIDE = 0.3  # of a ring's height: what is inside is a digit if it is as high as this
_SLIVER, _ASPECT = 0.5, 8  # what is left of a line: of the usual thickness; how many times as long as wide
_AT_EDGE = 0.03  # of the picture's longer side: how near to its edge that is


def remove_stray_ink(mask: np.ndarray) -> np.ndarray:
    """`mask`, bool (h, w), with strokes of digits alone, as far as their form tells."""
    longer = max(mask.shape)
    thickest = max(4.0, MAX_THICKNESS * longer)
    mask = _without_solids(mask)
    mask = remove_underlines(mask)
    for _ in range(2):  # a frame around a frame
        mask = _without_frames(mask, thickest)
    return remove_ticks_without_line(remove_underlines(mask))


def _without_solids(mask: np.ndarray) -> np.ndarray:
    """Removes objects, and what lies along the picture's edge as no stroke does."""
    pieces = find_pieces(mask)
    if not len(pieces.areas):
        return mask
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    thickness = 2 * np.asarray(ndimage.maximum(depth, pieces.labels, np.arange(1, len(pieces.areas) + 1)))
    sizes = np.maximum(pieces.heights, pieces.widths)
    at_edge = _edge_contact(pieces, mask.shape)
    solid = thickness > _SOLID * sizes
    along_edge = (at_edge > 3 * thickness) & (at_edge > _ALONG * max(mask.shape))
    strokes = ~solid & ~along_edge
    height = digit_size(Pieces(pieces.labels, *(side[strokes] for side in (
        pieces.tops, pieces.bottoms, pieces.lefts, pieces.rights, pieces.areas))))  # fmt: skip
    inside = strokes & (at_edge == 0) & (sizes > _WHOLE * height)
    usual = float(np.median(thickness[inside])) if inside.any() else np.inf
    thick_at_edge = (at_edge > 0) & (thickness > 2.5 * usual)
    gone = (solid & (sizes > _MIN_SOLID * height)) | along_edge | thick_at_edge
    gone |= (thickness < _SLIVER * usual) & _are_slivers(pieces, mask.shape)
    gone |= (at_edge > 0) & ((sizes < _WHOLE * height) | _are_many_on_one_edge(pieces, mask.shape))
    return mask if gone.all() else keep_others(mask, pieces, gone)


def _are_slivers(pieces: Pieces, shape: tuple[int, ...]) -> np.ndarray:
    """Which pieces are straight and thin, along an edge of the picture and near to it: bool (n,)."""
    margin = _AT_EDGE * max(shape)
    shorter, longer = np.minimum(pieces.widths, pieces.heights), np.maximum(pieces.widths, pieces.heights)
    upright = pieces.heights > pieces.widths
    beside = np.where(
        upright,
        (pieces.rights < margin) | (pieces.lefts > shape[1] - margin),
        (pieces.bottoms < margin) | (pieces.tops > shape[0] - margin),
    )
    slivers: np.ndarray = beside & (longer > _ASPECT * shorter)
    return slivers


def _are_many_on_one_edge(pieces: Pieces, shape: tuple[int, ...]) -> np.ndarray:
    """Whether each piece is one of several on the same edge of the picture: bool (n,). A table's grain is so."""
    high, wide = shape
    sides = pieces.tops == 0, pieces.bottoms == high, pieces.lefts == 0, pieces.rights == wide
    many: np.ndarray = np.any([side for side in sides if np.count_nonzero(side) >= _MANY] or [False], axis=0)
    return many & np.ones(len(pieces.areas), bool)


def _edge_contact(pieces: Pieces, shape: tuple[int, ...]) -> np.ndarray:
    """How many pixels of each piece are on the picture's edge: int (n,), the side with the most."""
    sides = (pieces.labels[0], pieces.labels[-1], pieces.labels[:, 0], pieces.labels[:, -1])
    counts: np.ndarray = np.max([np.bincount(side, minlength=len(pieces.areas) + 1)[1:] for side in sides], axis=0)
    return counts


def _without_frames(mask: np.ndarray, thickest: float) -> np.ndarray:
    """Removes rings and boxes around digits, and straight sides of boxes that digits touch."""
    pieces = find_pieces(mask)
    framed = _frames(pieces)
    inner = ~framed & (pieces.areas > 0)
    height = digit_size(Pieces(pieces.labels, *(side[inner] for side in (
        pieces.tops, pieces.bottoms, pieces.lefts, pieces.rights, pieces.areas))))  # fmt: skip
    if not height:
        return mask
    mask = keep_others(mask, pieces, framed)
    for at in np.flatnonzero(framed):
        box, own = pieces.cut_out(at)
        mask[box] |= _digits_on_frame(own, height, thickest)
    for at in np.flatnonzero((np.minimum(pieces.widths, pieces.heights) > _BOX * height) & ~framed):
        box, own = pieces.cut_out(at)
        mask[box] &= ~own | _without_box(own, thickest)
    large = (np.maximum(pieces.widths, pieces.heights) > _MIN_SIDE_LENGTH * height) & ~framed
    for at in np.flatnonzero(large):
        box, own = pieces.cut_out(at)
        without = remove_lines(np.pad(own, 4), _MIN_SIDE_LENGTH * height, thickest)[4:-4, 4:-4]
        mask[box] &= ~own | remove_ticks(without, own & ~without)
    return mask


def _digits_on_frame(frame: np.ndarray, height: float, thickest: float) -> np.ndarray:
    """The digits that touch a frame with straight sides: bool (h, w) as `frame`, of which they are a part."""
    without = remove_lines(np.pad(frame, 4), height, thickest)[4:-4, 4:-4]
    if np.count_nonzero(without) > _RING * np.count_nonzero(frame):  # hardly a straight side: a ring
        return np.zeros(frame.shape, bool)
    rest = find_pieces(without)
    high = (rest.heights > _WHOLE * height) & (rest.heights < _TALL * height)
    return keep_others(without, rest, ~high | (rest.widths < _MIN_INSIDE * height) | (rest.widths > _TALL * height))


def _without_box(piece: np.ndarray, thickest: float) -> np.ndarray:
    """`piece`, bool (h, w), without the box in which its digit stands and which it touches; a digit alone stays."""
    padded = np.pad(piece, 4)
    sides = [find_lines(each, _BOX_SIDE * (each.shape[1] - 8), thickest) for each in (padded, padded.T)]
    if sum(map(len, sides)) < 3:
        return piece
    return remove_lines(padded, _BOX_SIDE * min(piece.shape), thickest)[4:-4, 4:-4]


def _frames(pieces: Pieces) -> np.ndarray:
    """Which pieces go around others: bool (n,)."""
    framed = np.zeros(len(pieces.areas), bool)
    for at in np.argsort(-pieces.areas)[:60]:
        inside = (
            (pieces.tops > pieces.tops[at]) & (pieces.bottoms < pieces.bottoms[at])
            & (pieces.lefts > pieces.lefts[at]) & (pieces.rights < pieces.rights[at])
            & (pieces.heights > _MIN_INSIDE * min(pieces.heights[at], pieces.widths[at]))
        )  # fmt: skip
        if any(_surrounds(pieces, int(at), int(other)) for other in np.flatnonzero(inside)):
            framed[at] = True
    return framed


def _surrounds(pieces: Pieces, outer: int, inner: int) -> bool:
    """Whether there is ink of `outer` to the left, to the right, above and below the middle of `inner`."""
    row = (pieces.tops[inner] + pieces.bottoms[inner]) // 2
    column = (pieces.lefts[inner] + pieces.rights[inner]) // 2
    reach = max(2, pieces.heights[inner] // 3)  # a ring may have a gap
    across = (pieces.labels[max(0, row - reach) : row + reach] == outer + 1).any(0)
    down = (pieces.labels[:, max(0, column - reach) : column + reach] == outer + 1).any(1)
    return bool(across[:column].any() and across[column:].any() and down[:row].any() and down[row:].any())
