"""Regions of a picture: connected ink, one stroke, and how two become one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import ndimage

from core.drawing.normalise import INK_THRESHOLD, normalise_ink
from core.drawing.strokes import Stroke, render
from core.errors import DrawingError

MAX_DIGITS = 40  # digits in one picture
MAX_AREA = 4_000_000  # pixels of the boxes of all strokes together: 18 times the whole canvas
_MIN_SIZE = 0.12  # of the tallest piece: what is smaller in both directions is a speck


class DigitReader(Protocol):
    """What segmentation asks about images, uint8 (n, 28, 28)."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Of each digit, from a network: float32 (n, 10)."""
        ...

    def novelty_score(self, images: np.ndarray) -> np.ndarray:
        """How much each image differs from all digits: float64 (n,)."""
        ...


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


@dataclass(frozen=True, eq=False)
class FoundDigit(DigitRegion):
    """A digit with the network's input, uint8 (28, 28), and its output, float32 (10,), None without a network."""

    image: np.ndarray
    probabilities: np.ndarray | None = None

    @property
    def read_as(self) -> int:
        """The digit with the highest probability; -1 without a network."""
        return -1 if self.probabilities is None else int(self.probabilities.argmax())


def read_regions(regions: list[DigitRegion], reader: DigitReader | None) -> list[FoundDigit]:
    """The regions with image and probabilities. What is read already is not read a second time."""
    new = [region for region in regions if not isinstance(region, FoundDigit)]
    images = [normalise_ink(region.ink).digit for region in new]
    shares = reader.probabilities(np.stack(images)) if reader and new else [None] * len(new)
    read = iter(found_digit(*each) for each in zip(new, images, shares, strict=True))
    return [region if isinstance(region, FoundDigit) else next(read) for region in regions]


def found_digit(region: DigitRegion, image: np.ndarray, probabilities: np.ndarray | None) -> FoundDigit:
    """`region` with the network's input and output."""
    return FoundDigit(region.left, region.top, region.right, region.bottom, region.ink, image, probabilities)


def read_as_it_is(ink: np.ndarray, reader: DigitReader | None) -> FoundDigit:
    """The whole of `ink`, float32 (28, 28) in [0, 1], as the network's input."""
    image = np.rint(255 * ink).astype(np.uint8)
    shares = reader.probabilities(image[None])[0] if reader else None
    return FoundDigit(0, 0, ink.shape[1], ink.shape[0], ink, image, shares)


def stroke_regions(strokes: Sequence[Stroke], size: tuple[int, int]) -> list[DigitRegion]:
    """Each stroke on paper of its own size, without what was drawn beyond a canvas of `size`, (height, width).

    Raises `DrawingError` if all of them together are too large.
    """
    boxes = [(stroke, box) for stroke in strokes if len(stroke.points) and (box := _box(stroke, size))]
    area = sum((right - left) * (bottom - top) for _, (left, top, right, bottom) in boxes)
    if area > MAX_AREA:
        raise DrawingError(
            "The strokes are too large to read all of them. Press Clear and write smaller.", received=area
        )
    return [_stroke_region(stroke, box) for stroke, box in boxes]


def _box(stroke: Stroke, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the part of a stroke that is on the canvas; None if no part is."""
    margin = math.ceil(stroke.width / 2) + 1
    left, top = np.maximum(np.floor(stroke.points.min(0)).astype(int) - margin, 0).tolist()
    right, bottom = np.minimum(np.ceil(stroke.points.max(0)).astype(int) + margin, size[::-1]).tolist()
    return (left, top, right, bottom) if right > left and bottom > top else None


def _stroke_region(stroke: Stroke, box: tuple[int, int, int, int]) -> DigitRegion:
    left, top, right, bottom = box
    moved = Stroke(stroke.points - (left, top), stroke.width)
    ink = render([moved], bottom - top, right - left)[..., 0]
    return DigitRegion(left, top, right, bottom, ink.astype(np.float32) / 255)


def connected_components(ink: np.ndarray) -> list[DigitRegion]:
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


def remove_specks(pieces: list[DigitRegion]) -> list[DigitRegion]:
    tallest = max(max(piece.height, piece.width) for piece in pieces)
    return [piece for piece in pieces if max(piece.height, piece.width) >= _MIN_SIZE * tallest]


def merge(one: DigitRegion, other: DigitRegion) -> DigitRegion:
    left, top = min(one.left, other.left), min(one.top, other.top)
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    ink = np.zeros((bottom - top, right - left), np.float32)
    for part in (one, other):
        place = ink[part.top - top : part.bottom - top, part.left - left : part.right - left]
        np.maximum(place, part.ink, out=place)
    return DigitRegion(left, top, right, bottom, ink)
