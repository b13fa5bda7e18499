"""The line down the middle of each stroke, and how far every place is from it: with them a pen redraws a digit.

Images are looked at on a grid of half pixels. A row of it fits into one 64-bit number: it is thinned at once.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.digits import SIDE

CELLS_PER_PIXEL = 2  # fine cells to a pixel
CELLS = SIDE * CELLS_PER_PIXEL  # in a row; at most 64
INK_THRESHOLD = 100  # of 255: from here on a cell is written on
MAX_DISTANCE = 10  # fine cells; what is further from the line is kept as that
DISTANCE_STEPS = 24  # a distance is kept in such parts of a fine cell
DIRECTIONS = 16  # in which the outermost places are looked for
_CHUNK = 1000

_ONE = np.uint64(1)
_ANGLES = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
_UNIT_VECTORS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)]).astype(np.float32)
RIGHT, BOTTOM, LEFT, TOP = range(0, DIRECTIONS, DIRECTIONS // 4)  # of `CentreLines.outermost`


@dataclass(frozen=True)
class Skeletons:
    """The centre lines of n images. Places are (x, y) in pixels, (0, 0) the upper left corner of the image.

    distance: uint8 (n, 56, 56), from each fine cell to the line, in `DISTANCE_STEPS` a fine cell, at most `MAX_DISTANCE` cells.
    outermost: float32 (n, 16, 2), the place on the line that lies furthest to the right, and so on clockwise.
    middle: float32 (n, 2), the mean of all places on the line. length: float32 (n,), of the line, in pixels.
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
        """Which fine cells the line runs through: bool (n, 56, 56)."""
        return self.distance == 0


def centre_lines(images: np.ndarray) -> Skeletons:
    """The centre lines of `images`, uint8 (n, 28, 28). 60,000 take about five seconds."""
    parts = [_skeletons(images[start : start + _CHUNK]) for start in range(0, max(len(images), 1), _CHUNK)]
    return Skeletons(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def thin(ink: np.ndarray) -> np.ndarray:
    """Wears strokes away from both sides until lines one cell wide are left: bool (n, h, w ≤ 64) → the same.

    Two-step thinning of Guo and Hall (1989), which keeps what hangs together together and ends where they are.
    """
    rows = _pack_rows(ink)
    while True:
        before = rows
        rows = _thinning_step(_thinning_step(rows, first=True), first=False)
        if np.array_equal(rows, before):
            return _unpack_rows(rows, ink.shape[2])


def squared_distances(line: np.ndarray) -> np.ndarray:
    """Squared distance of each cell to the nearest one of `line`, at most `MAX_DISTANCE`²: bool (n, h, w) → uint8."""
    squared = np.where(line, 0, MAX_DISTANCE**2).astype(np.uint8)
    return _distance_pass(_distance_pass(squared, 2), 1)


def skeletons_from_mask(line: np.ndarray) -> Skeletons:
    """The centre lines that run through the fine cells `line`, bool (n, 56, 56), already thin."""
    return Skeletons(*_measure(line))


def _skeletons(images: np.ndarray) -> tuple[np.ndarray, ...]:
    return _measure(thin(_UPSAMPLING @ images.astype(np.float32) @ _UPSAMPLING.T > INK_THRESHOLD))


def _measure(line: np.ndarray) -> tuple[np.ndarray, ...]:
    cells = line.sum((1, 2))
    places = (np.arange(CELLS, dtype=np.float32) + 0.5) / CELLS_PER_PIXEL
    middle = np.stack([line.sum(1) @ places, line.sum(2) @ places], 1) / np.maximum(cells, 1)[:, None]
    middle[cells == 0] = SIDE / 2
    # A cell of a slanted line is longer than its side: 1.1 on the average over all directions.
    length = cells / CELLS_PER_PIXEL * 1.1
    return (
        _LENGTHS[squared_distances(line)],
        _extreme_points(line),
        middle.astype(np.float32),
        length.astype(np.float32),
    )


def _upsampling_weights() -> np.ndarray:
    """Weights that spread 28 pixels over 56 fine cells, bilinear: float32 (56, 28)."""
    place = (np.arange(CELLS)[:, None] + 0.5) / CELLS_PER_PIXEL - 0.5
    return np.maximum(0, 1 - np.abs(place - np.arange(SIDE))).astype(np.float32)


_UPSAMPLING = _upsampling_weights()
_LENGTHS = np.rint(np.sqrt(np.arange(MAX_DISTANCE**2 + 1)) * DISTANCE_STEPS).astype(np.uint8)


def _pack_rows(cells: np.ndarray) -> np.ndarray:
    """A row as one number: bool (n, h, w) → uint64 (n, h), cell x is bit x."""
    bits = np.packbits(cells, axis=2, bitorder="little")
    padded = np.zeros((*cells.shape[:2], 8), np.uint8)
    padded[..., : bits.shape[2]] = bits
    return padded.view("<u8")[..., 0].astype(np.uint64)


def _unpack_rows(rows: np.ndarray, width: int) -> np.ndarray:
    bytes_ = rows.astype("<u8")[..., None].view(np.uint8)
    return np.unpackbits(bytes_, axis=2, bitorder="little")[..., :width].astype(bool)


def _thinning_step(rows: np.ndarray, *, first: bool) -> np.ndarray:
    """One step of thinning on rows of bits; `first` takes from the one side of a stroke, the other step from the other.

    p2 to p9 are the eight neighbours, clockwise from the one above, as in the paper.
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
    kept = (p2 | p3 | ~p5) & p4 if first else (p6 | p7 | ~p9) & p8
    return rows & ~(one_run & on_the_rim & ~kept)


def _at_least_two(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Bits that are set in at least two."""
    return (a & b) | (c & d) | ((a | b) & (c | d))


def _distance_pass(squared: np.ndarray, axis: int) -> np.ndarray:
    """The least of `squared` plus the squared way along `axis`: half of an exact distance transform."""
    source, nearest = np.moveaxis(squared, axis, 2), squared.copy()
    found = np.moveaxis(nearest, axis, 2)
    for way in range(1, MAX_DISTANCE):
        further = np.minimum(source, MAX_DISTANCE**2 - way**2) + np.uint8(way**2)
        np.minimum(found[:, :, way:], further[:, :, :-way], out=found[:, :, way:])
        np.minimum(found[:, :, :-way], further[:, :, way:], out=found[:, :, :-way])
    return nearest


def _extreme_points(line: np.ndarray) -> np.ndarray:
    """The place of each line furthest each way: (n, 56, 56) → (n, 16, 2); the image's middle if there is none."""
    first, last = line.argmax(2), CELLS - 1 - line[:, :, ::-1].argmax(2)
    y = np.broadcast_to(np.arange(CELLS), first.shape)
    ends = np.concatenate([np.stack([first, y], 2), np.stack([last, y], 2)], 1).astype(np.float32)  # of each row
    reach = ends @ _UNIT_VECTORS
    reach[~np.tile(line.any(2), 2)] = -np.inf
    furthest = (np.take_along_axis(ends, reach.argmax(1)[:, :, None], 1) + 0.5) / CELLS_PER_PIXEL
    furthest[~line.any((1, 2))] = SIDE / 2
    return furthest
