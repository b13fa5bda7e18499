"""Arrays and their shapes: what describes an array, how NumPy combines shapes, and examples made of one digit."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from core.digits import SIDE, Digits

FRAMES = 6
VIDEOS = 4


@dataclass(frozen=True)
class ArrayInfo:
    """Facts about an array: its shape, dtype, range and size."""

    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    bytes: int

    @classmethod
    def from_array(cls, array: np.ndarray) -> Self:
        return cls(array.shape, str(array.dtype), array.min().item(), array.max().item(), array.nbytes)

    @property
    def axes(self) -> int:
        return len(self.shape)

    @property
    def values(self) -> int:
        """The number of values."""
        return int(np.prod(self.shape, dtype=np.int64))


class TensorExample(NamedTuple):
    """One tensor between a single number and a batch of videos."""

    name: str
    what: str
    array: np.ndarray


def tensor_examples(digits: Digits, index: int, row: int, column: int) -> list[TensorExample]:
    """From one pixel of the digit at `index` to a batch of videos: uint8 arrays of 0, 1, 2, 3, 4, 4 and 5 axes.

    A batch starts with the chosen digit and continues with the digits after it.
    """
    image, batch = digits.images[index], digits.images[next_indices(index, 32, len(digits))]
    return [
        TensorExample("Scalar", f"one pixel: row {row}, column {column}", image[row, column, None].reshape(())),
        TensorExample("Vector", f"row {row} of the image", image[row]),
        TensorExample("Matrix", "the image", image),
        TensorExample("3 axes", f"a batch of {len(batch)} images", batch),
        TensorExample("4 axes", "the batch in colour: red, green, blue", to_rgb(batch)),
        TensorExample("4 axes", f"a video of {FRAMES} frames, in colour", make_video(image)),
        TensorExample(
            "5 axes", f"a batch of {VIDEOS} videos", np.stack([make_video(image) for image in batch[:VIDEOS]])
        ),
    ]


def next_indices(index: int, n: int, total: int) -> np.ndarray:
    """`n` positions from `index` on, at most `total`. After the last position comes 0: int64."""
    return np.arange(index, index + min(n, total)) % total


def to_rgb(images: np.ndarray) -> np.ndarray:
    """Grey images with the same value in red, green and blue: (…, 28, 28) → (…, 28, 28, 3)."""
    return np.repeat(images[..., None], 3, axis=-1)


def make_video(image: np.ndarray) -> np.ndarray:
    """A video in which the digit moves to the right: uint8 (6, 28, 28, 3)."""
    padded = np.pad(image, ((0, 0), (SIDE, SIDE)))
    starts = np.linspace(SIDE + 12, SIDE - 12, FRAMES).round().astype(int)
    return to_rgb(np.stack([padded[:, start : start + SIDE] for start in starts]))


def broadcast_axes(left: tuple[int, ...], right: tuple[int, ...]) -> list[tuple[int, int, int | None]]:
    """NumPy's broadcasting rule for each axis, from the left: (left length, right length, length of the result).

    A missing axis counts as 1. The result is None if the lengths differ and neither is 1: then the arrays do not fit.
    """
    axes = max(len(left), len(right))
    lefts, rights = (1,) * (axes - len(left)) + left, (1,) * (axes - len(right)) + right
    return [
        (a, b, max(a, b) if a == b or 1 in (a, b) else None)  # lengths of 0 do not occur here
        for a, b in zip(lefts, rights, strict=True)
    ]


def flat_index(row: int, column: int) -> int:
    """The position of pixel (row, column) in the flattened image."""
    return SIDE * row + column


def scramble_pixels(images: np.ndarray) -> np.ndarray:
    """The images after a wrong reshape(784, n).T: same shape and values, but all pixels in wrong places."""
    return images.reshape(SIDE * SIDE, -1).T.reshape(images.shape)
