"""The connected ink of a picture, with the boxes and the areas of its pieces."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

_LONG, _FILL = 2.5, 0.25  # several digits on a line: of the shorter side; of the box, at most so much is ink


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

    def cut_out(self, at: int | np.integer) -> tuple[tuple[slice, slice], np.ndarray]:
        """The piece at this place of the arrays: the rows and columns of its box, and its own ink there, bool."""
        box = slice(self.tops[at], self.bottoms[at]), slice(self.lefts[at], self.rights[at])
        return box, self.labels[box] == at + 1


def find_pieces(mask: np.ndarray) -> Pieces:
    """The connected ink of `mask`, bool (h, w); a shared corner connects."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    sides = np.array([(r.start, r.stop, c.start, c.stop) for r, c in boxes]).reshape(-1, 4)
    tops, bottoms, lefts, rights = sides.T
    return Pieces(labels, tops, bottoms, lefts, rights, np.bincount(labels.ravel(), minlength=count + 1)[1:])


def digit_size(pieces: Pieces) -> float:
    """The longer side of most pieces, weighted by their ink: float, in pixels; 0 if there is none.

    The longer side, because the page may be on its side; of a long piece that is mostly paper, as digits on a line are,
    the shorter one. Long lines do not count.
    """
    shorter, longer = np.minimum(pieces.widths, pieces.heights), np.maximum(pieces.widths, pieces.heights)
    some = (longer < 20 * shorter) & (shorter > 0)
    if not some.any():
        return 0.0
    joined = (longer > _LONG * shorter) & (pieces.areas < _FILL * longer * shorter)
    sizes, weights = np.where(joined, shorter, longer)[some], pieces.areas[some]
    order = np.argsort(sizes)
    return float(sizes[order][np.searchsorted(weights[order].cumsum(), weights.sum() / 2)])


def keep_others(mask: np.ndarray, pieces: Pieces, gone: np.ndarray) -> np.ndarray:
    """`mask` without the pieces of which `gone`, bool (n,), is true."""
    kept: np.ndarray = mask & ~np.concatenate([[False], gone])[pieces.labels]
    return kept
