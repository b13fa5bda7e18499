"""The centre line of each stroke, and the distance of every position from it. With these a pen can redraw a digit.

Images are enlarged to a grid of half pixels. One row of this grid fits into a 64-bit number, so it is thinned at once.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.digits import SIDE

CELLS_PER_PIXEL = 2  # fine cells per pixel
CELLS = SIDE * CELLS_PER_PIXEL  # per row; at most 64
INK_THRESHOLD = 100  # of 255: cells above this value are ink
MAX_DISTANCE = 10  # fine cells; larger distances are stored as this
DISTANCE_STEPS = 24  # stored steps per fine cell of distance
DIRECTIONS = 16  # number of directions for the extreme points
_AT_ONCE = 200  # images, so that the data stays in the processor's cache

_ONE = np.uint64(1)
_ANGLES = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
_UNIT_VECTORS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)]).astype(np.float32)
RIGHT, BOTTOM, LEFT, TOP = range(0, DIRECTIONS, DIRECTIONS // 4)  # indices into `Skeletons.extremes`


@dataclass(frozen=True)
class Skeletons:
    """The centre lines of n images. Points are (x, y) in pixels; (0, 0) is the upper left corner.

    distance: uint8 (n, 56, 56), from each fine cell to the line, in steps of 1 / `DISTANCE_STEPS` cell, at most
    `MAX_DISTANCE` cells. extremes: float32 (n, 16, 2), the point of the line furthest to the right, then clockwise.
    middle: float32 (n, 2), the mean of all points of the line. length: float32 (n,), of the line, in pixels.
    """

    distance: np.ndarray
    extremes: np.ndarray
    middle: np.ndarray
    length: np.ndarray

    def __len__(self) -> int:
        return len(self.length)

    def __getitem__(self, chosen: slice | np.ndarray) -> Self:
        return type(self)(*(getattr(self, name)[chosen] for name in ("distance", "extremes", "middle", "length")))

    def replace_at(self, chosen: np.ndarray, others: Self) -> Self:
        """A copy with `others` at the indices `chosen`."""
        copy = self[np.arange(len(self))]
        for name in ("distance", "extremes", "middle", "length"):
            getattr(copy, name)[chosen] = getattr(others, name)
        return copy

    def line_mask(self) -> np.ndarray:
        """The fine cells on the line: bool (n, 56, 56)."""
        return self.distance == 0


def centre_lines(images: np.ndarray, threads: int = 1) -> Skeletons:
    """The centre lines of `images`, uint8 (n, 28, 28). 60,000 images take a core some 4 s."""
    starts = range(0, max(len(images), 1), _AT_ONCE)
    with ThreadPoolExecutor(threads, "skeletons") as pool:
        parts = list(pool.map(lambda start: _skeletons(images[start : start + _AT_ONCE]), starts))
    return Skeletons(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def thin(ink: np.ndarray) -> np.ndarray:
    """Thins strokes from both sides to lines one cell wide: bool (n, h, w ≤ 64) → the same shape.

    Two-step thinning of Guo and Hall (1989). It keeps strokes connected and does not shorten their ends.
    """
    rows = _pack_rows(ink)
    unfinished = np.arange(len(rows))  # images
    while len(unfinished):
        before = rows[unfinished]
        after = _thinning_step(_thinning_step(before, first=True), first=False)
        rows[unfinished] = after
        unfinished = unfinished[(after != before).any(1)]
    return _unpack_rows(rows, ink.shape[2])


def squared_distances(line: np.ndarray) -> np.ndarray:
    """Squared distance of each cell to the nearest cell of `line`, at most `MAX_DISTANCE`²: bool (n, h, w) → uint8."""
    # Images along the last axis: then every row of memory is long, and NumPy needs a tenth of the time.
    # Images along the last axis: then rows in memory are long, and NumPy needs a tenth of the time.
    squared = np.where(np.ascontiguousarray(np.moveaxis(line, 0, 2)), 0, MAX_DISTANCE**2).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(_distance_pass(_distance_pass(squared, 1), 0), 2, 0))


def skeletons_from_mask(line: np.ndarray) -> Skeletons:
    """The centre lines given by the fine cells `line`, bool (n, 56, 56), which must be thin."""
    return Skeletons(*_measure(line))


def _skeletons(images: np.ndarray) -> tuple[np.ndarray, ...]:
    return _measure(thin(_UPSAMPLING @ images.astype(np.float32) @ _UPSAMPLING.T > INK_THRESHOLD))


def _measure(line: np.ndarray) -> tuple[np.ndarray, ...]:
    columns, rows = line.sum(1, dtype=np.uint8), line.sum(2)
    cells = rows.sum(1)
    places = (np.arange(CELLS, dtype=np.float32) + 0.5) / CELLS_PER_PIXEL
    middle = np.stack([columns.astype(int) @ places, rows @ places], 1) / np.maximum(cells, 1)[:, None]
    middle[cells == 0] = SIDE / 2
    # A slanted line is longer than the side of its cell: by a factor of 1.1, averaged over all directions.
    length = cells / CELLS_PER_PIXEL * 1.1
    return (
        _LENGTHS[squared_distances(line)],
        _extreme_points(line),
        middle.astype(np.float32),
        length.astype(np.float32),
    )


def _upsampling_weights() -> np.ndarray:
    """Bilinear weights from 28 pixels to 56 fine cells: float32 (56, 28)."""
    place = (np.arange(CELLS)[:, None] + 0.5) / CELLS_PER_PIXEL - 0.5
    return np.maximum(0, 1 - np.abs(place - np.arange(SIDE))).astype(np.float32)


_UPSAMPLING = _upsampling_weights()
_LENGTHS = np.rint(np.sqrt(np.arange(MAX_DISTANCE**2 + 1)) * DISTANCE_STEPS).astype(np.uint8)


def _pack_rows(cells: np.ndarray) -> np.ndarray:
    """Packs each row into one number: bool (n, h, w) → uint64 (n, h). Cell x is bit x."""
    bits = np.packbits(cells, axis=2, bitorder="little")
    padded = np.zeros((*cells.shape[:2], 8), np.uint8)
    padded[..., : bits.shape[2]] = bits
    return padded.view("<u8")[..., 0].astype(np.uint64)


def _unpack_rows(rows: np.ndarray, width: int) -> np.ndarray:
    bytes_ = rows.astype("<u8")[..., None].view(np.uint8)
    return np.unpackbits(bytes_, axis=2, bitorder="little")[..., :width].astype(bool)


def _thinning_step(rows: np.ndarray, *, first: bool) -> np.ndarray:
    """One thinning step on bit rows. `first` removes cells from one side of a stroke, the next step from the other.

    As in the paper, p2 to p9 are the eight neighbours, clockwise from the one above.
    """
    above, below = np.zeros_like(rows), np.zeros_like(rows)
    above[:, 1:], below[:, :-1] = rows[:, :-1], rows[:, 1:]
    p2, p3, p4, p5 = above, above >> _ONE, rows >> _ONE, below >> _ONE
    p6, p7, p8, p9 = below, below << _ONE, rows << _ONE, above << _ONE
    runs = (~p2 & (p3 | p4), ~p4 & (p5 | p6), ~p6 & (p7 | p8), ~p8 & (p9 | p2))
    one_run = (runs[0] ^ runs[1] ^ runs[2] ^ runs[3]) & ~_at_least_two(*runs)
    one_way, other_way = (p9 | p2, p3 | p4, p5 | p6, p7 | p8), (p2 | p3, p4 | p5, p6 | p7, p8 | p9)
    inside = (
        one_way[0] & one_way[1] & one_way[2] & one_way[3] & other_way[0] & other_way[1] & other_way[2] & other_way[3]
    )
    on_the_rim = _at_least_two(*one_way) & _at_least_two(*other_way) & ~inside
    is_kept = (p2 | p3 | ~p5) & p4 if first else (p6 | p7 | ~p9) & p8
    return rows & ~(one_run & on_the_rim & ~is_kept)


def _at_least_two(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Bits that are set in at least two of the four."""
    return (a & b) | (c & d) | ((a | b) & (c | d))


def _distance_pass(squared: np.ndarray, axis: int) -> np.ndarray:
    """The minimum of `squared` plus squared distance along `axis`: one half of an exact distance transform."""
    nearest = squared.copy()
    source, found = np.moveaxis(squared, axis, 0), np.moveaxis(nearest, axis, 0)
    for way in range(1, MAX_DISTANCE):
        further = source + np.uint8(way**2)  # at most 181
        np.minimum(found[way:], further[:-way], out=found[way:])
        np.minimum(found[:-way], further[way:], out=found[:-way])
    return nearest


def _extreme_points(line: np.ndarray) -> np.ndarray:
    """The furthest point of each line in 16 directions: (n, 56, 56) → (n, 16, 2); an empty image gives its centre."""
    first, last = line.argmax(2), CELLS - 1 - line[:, :, ::-1].argmax(2)
    y = np.broadcast_to(np.arange(CELLS), first.shape)
    ends = np.concatenate([np.stack([first, y], 2), np.stack([last, y], 2)], 1).astype(np.float32)  # of each row
    reach = ends @ _UNIT_VECTORS
    reach[~np.tile(line.any(2), 2)] = -np.inf
    furthest = (np.take_along_axis(ends, reach.argmax(1)[:, :, None], 1) + 0.5) / CELLS_PER_PIXEL
    furthest[~line.any((1, 2))] = SIDE / 2
    return furthest
