"""Arrays and their shapes: what describes an array, how NumPy combines shapes, and examples made of one digit."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from core.digits import SIDE, Digits

FRAMES = 6
VIDEOS = 4


@dataclass(frozen=True)
class ArrayInfo:
    """What there is to know of an array without looking into it."""

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
        """How many numbers there are in it."""
        return int(np.prod(self.shape, dtype=np.int64))


class TensorExample(NamedTuple):
    """One rung of the ladder from a number to a batch of videos."""

    name: str
    what: str
    array: np.ndarray


def tensor_examples(digits: Digits, index: int, row: int, column: int) -> list[TensorExample]:
    """From one pixel of the digit at `index` to a batch of videos: uint8 arrays of 0, 1, 2, 3, 4, 4 and 5 axes.

    The batches hold the digit first, then those that follow it.
    """
    image, batch = digits.images[index], digits.images[next_indices(index, 32, len(digits))]
    return [
        TensorExample("Scalar", f"one pixel: row {row}, column {column}", image[row, column, None].reshape(())),
        TensorExample("Vector", f"row {row} of the picture", image[row]),
        TensorExample("Matrix", "the picture", image),
        TensorExample("3 axes", f"a batch of {len(batch)} pictures", batch),
        TensorExample("4 axes", "the batch in colour: red, green, blue", to_rgb(batch)),
        TensorExample("4 axes", f"a video of {FRAMES} frames, in colour", make_video(image)),
        TensorExample(
            "5 axes", f"a batch of {VIDEOS} videos", np.stack([make_video(image) for image in batch[:VIDEOS]])
        ),
    ]


def next_indices(index: int, n: int, total: int) -> np.ndarray:
    """`n` positions from `index` on, starting again at 0 behind the last; all of them if there are fewer: int64."""
    return np.arange(index, index + min(n, total)) % total


def to_rgb(images: np.ndarray) -> np.ndarray:
    """Grey pictures with the same value in red, green and blue: (…, 28, 28) → (…, 28, 28, 3)."""
    return np.repeat(images[..., None], 3, axis=-1)


def make_video(image: np.ndarray) -> np.ndarray:
    """A video of the digit walking past to the right: uint8 (6, 28, 28, 3)."""
    padded = np.pad(image, ((0, 0), (SIDE, SIDE)))
    starts = np.linspace(SIDE + 12, SIDE - 12, FRAMES).round().astype(int)
    return to_rgb(np.stack([padded[:, start : start + SIDE] for start in starts]))


def broadcast_axes(left: tuple[int, ...], right: tuple[int, ...]) -> list[tuple[int, int, int | None]]:
    """NumPy's rule of broadcasting, axis by axis from the left: (length left, length right, length of the result).

    A missing axis counts as 1. The result is None where the lengths differ and neither is 1: the two cannot be added.
    """
    axes = max(len(left), len(right))
    lefts, rights = (1,) * (axes - len(left)) + left, (1,) * (axes - len(right)) + right
    return [
        (a, b, max(a, b) if a == b or 1 in (a, b) else None)  # lengths of 0 do not occur here
        for a, b in zip(lefts, rights, strict=True)
    ]


def flat_index(row: int, column: int) -> int:
    """Where pixel (row, column) stands in the flattened picture."""
    return SIDE * row + column


def scramble_pixels(images: np.ndarray) -> np.ndarray:
    """What reshape(784, n).T makes of the pictures, as pictures: same shape, same numbers, every one out of place."""
    return images.reshape(SIDE * SIDE, -1).T.reshape(images.shape)
