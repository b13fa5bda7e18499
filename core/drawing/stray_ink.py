"""Dark things in a picture that no pen wrote as a digit: objects, edges of the table, rings, frames, underlines."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.drawing.ruling import MAX_THICKNESS, find_lines, remove_lines

_MIN_SIDE_LENGTH = 1.25  # of the digits' height: a line of a frame or below a number
_SOLID = 0.6  # of its longer side: a thing thicker than that is no stroke
_MIN_SOLID = 0.35  # of the digits' height: smaller solid things are dots
_ALONG = 0.35  # of the picture's side: what lies along its edge for so long is no stroke
_WHOLE, _MANY = 0.5, 4  # at the picture's edge: of the digits' height, what is smaller; pieces on one edge, if more
_BOX, _BOX_SIDE = 0.8, 0.8  # of the digits' height: the smallest box; of a box with a digit: how long its sides are
_MIN_INSIDE = 0.3  # of a ring's height: what is inside is a digit if it is as high as this
_TICK, _UNEVEN = 0.25, 0.3  # of a tick's height: its width; of their distance: how much it varies
_DASH, _SHORT = 3, 0.7  # a dash: of its height, how long it is at least; of the digits' height, at most
_MAX_GAP = 0.35  # of the digits' height: how far a bar is from its digit
_FLAT, _LONG = 0.4, 1.4  # of the digits' height: lower and longer than that is a line below a number


@dataclass(frozen=True, eq=False)
class Pieces:
    """The connected ink of a picture: a number for each pixel, 0 is paper, and of each piece its box and area."""

    labels: np.ndarray  # int32 (h, w)
    tops: np.ndarray  # int (n,), of piece 1, 2, …
    bottoms: np.ndarray
    lefts: np.ndarray
    rights: np.ndarray
    areas: np.ndarray

    @property
    def heights(self) -> np.ndarray:
        heights: np.ndarray = self.bottoms - self.tops
        return heights

    @property
    def widths(self) -> np.ndarray:
        widths: np.ndarray = self.rights - self.lefts
        return widths


def find_pieces(mask: np.ndarray) -> Pieces:
    """The connected ink of `mask`, bool (h, w); a shared corner connects."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    sides = np.array([(r.start, r.stop, c.start, c.stop) for r, c in boxes]).reshape(-1, 4)
    tops, bottoms, lefts, rights = sides.T
    return Pieces(labels, tops, bottoms, lefts, rights, np.bincount(labels.ravel(), minlength=count + 1)[1:])


def remove_stray_ink(mask: np.ndarray) -> np.ndarray:
    """`mask`, bool (h, w), with strokes of digits alone, as far as their form tells."""
    longer = max(mask.shape)
    thickest = max(4.0, MAX_THICKNESS * longer)
    mask = _without_solids(mask)
    mask = _without_underlines(mask)
    for _ in range(2):  # a frame around a frame
        mask = _without_frames(mask, thickest)
    return _without_underlines(mask)


def digit_size(pieces: Pieces) -> float:
    """The longer side of most pieces, weighted by their ink: float, in pixels; 0 if there is none.

    The longer side, because the page may be on its side. Long lines do not count.
    """
    shorter, longer = np.minimum(pieces.widths, pieces.heights), np.maximum(pieces.widths, pieces.heights)
    some = (longer < 20 * shorter) & (shorter > 0)
    if not some.any():
        return 0.0
    sizes, weights = longer[some], pieces.areas[some]
    order = np.argsort(sizes)
    return float(sizes[order][np.searchsorted(weights[order].cumsum(), weights.sum() / 2)])


def _keep(mask: np.ndarray, pieces: Pieces, gone: np.ndarray) -> np.ndarray:
    """`mask` without the pieces of which `gone`, bool (n,), is true."""
    kept: np.ndarray = mask & ~np.concatenate([[False], gone])[pieces.labels]
    return kept


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
    gone |= (at_edge > 0) & ((sizes < _WHOLE * height) | _are_many_on_one_edge(pieces, mask.shape))
    return mask if gone.all() else _keep(mask, pieces, gone)


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
    mask = _keep(mask, pieces, framed)
    for at in np.flatnonzero((np.minimum(pieces.widths, pieces.heights) > _BOX * height) & ~framed):
        box = slice(pieces.tops[at], pieces.bottoms[at]), slice(pieces.lefts[at], pieces.rights[at])
        own = pieces.labels[box] == at + 1
        mask[box] &= ~own | _without_box(own, thickest)
    large = (np.maximum(pieces.widths, pieces.heights) > _MIN_SIDE_LENGTH * height) & ~framed
    for at in np.flatnonzero(large):
        box = slice(pieces.tops[at], pieces.bottoms[at]), slice(pieces.lefts[at], pieces.rights[at])
        own = pieces.labels[box] == at + 1
        without = remove_lines(np.pad(own, 4), _MIN_SIDE_LENGTH * height, thickest)[4:-4, 4:-4]
        mask[box] &= ~own | _without_ticks(without, own & ~without)
    return mask


def _without_box(piece: np.ndarray, thickest: float) -> np.ndarray:
    """`piece`, bool (h, w), without the box in which its digit stands and which it touches; a digit alone stays."""
    padded = np.pad(piece, 4)
    sides = [find_lines(each, _BOX_SIDE * (each.shape[1] - 8), thickest) for each in (padded, padded.T)]
    if sum(map(len, sides)) < 3:
        return piece
    return remove_lines(padded, _BOX_SIDE * min(piece.shape), thickest)[4:-4, 4:-4]


def _without_ticks(mask: np.ndarray, line: np.ndarray) -> np.ndarray:
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
    apart = np.diff(np.sort((pieces.lefts + pieces.rights)[ticks] / 2))
    return _keep(mask, pieces, ticks) if np.ptp(apart) < _UNEVEN * apart.mean() else mask


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


def _without_underlines(mask: np.ndarray) -> np.ndarray:
    """Removes long flat pieces below or above a number, also those that a hand drew, and dashes with no digit near."""
    pieces = find_pieces(mask)
    size = digit_size(pieces)
    flat = (pieces.heights < _FLAT * size) & (pieces.widths > _LONG * size)
    short = (pieces.widths < _SHORT * size) & (pieces.heights < _FLAT * size)  # a longer one may be a 1 on its side
    for at in np.flatnonzero(short & (pieces.widths > _DASH * pieces.heights)):
        beside = (np.minimum(pieces.rights, pieces.rights[at]) - np.maximum(pieces.lefts, pieces.lefts[at])) > 0
        gap = np.maximum(pieces.tops, pieces.tops[at]) - np.minimum(pieces.bottoms, pieces.bottoms[at])
        flat[at] |= not (beside & (gap < _MAX_GAP * size) & (pieces.heights > 0.4 * size)).any()
    upright = pieces.heights > _FLAT * size
    return mask if not upright.any() else _keep(mask, pieces, flat)
