"""The lesson's arithmetic: what each step of Prepare shows, worked out on real digits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from threadpoolctl import threadpool_limits

from core.data.sampling import flatten, normalise, softmax
from core.digits import NUM_CLASSES, SIDE, Digits

Shape = tuple[int, int, int]
FRAMES = 6
VIDEOS = 4
SOFTMAX_OF_ONE, SOFTMAX_OF_ZERO = (
    np.e / (np.e + 9),
    1 / (np.e + 9),
)  # the bars of softmax on one 1 among nine 0s: 23.2 % and 8.5 %
# How sharply the mean images answer: of the powers of two, the one with the least loss on MNIST's training images.
TEMPERATURE = 4.0
KERAS_EPSILON = 1e-7  # of a bare share, Keras never takes the logarithm of less
PRODUCT_SHAPE = (64, SIDE * SIDE, 512)  # images, pixels, units: a batch meets the first layer of a small network


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


class ProductTimes(NamedTuple):
    """How long one and the same matrix product takes here in two precisions."""

    float32: float
    float64: float


def time_matrix_product(
    repeats: int = 60,
    budget: float = 0.12,
    clock: Callable[[], float] = time.perf_counter,
    shape: Shape = PRODUCT_SHAPE,
) -> ProductTimes:
    """Times the product of a batch of pictures with a layer's weights, (images, pixels) @ (pixels, units).

    On one core. The two precisions take turns, so that a busy moment falls on both; the best of `repeats` counts, or
    of as many as `budget` seconds allow. The first turn warms up and is not counted.
    """
    images, pixels, units = shape
    operands = [(np.ones((images, pixels), dtype), np.ones((pixels, units), dtype)) for dtype in (np.float32, float)]
    turns: list[list[float]] = []
    with threadpool_limits(1):  # threads that wait for one another on a busy machine would drown what is measured
        began = clock()
        while len(turns) < 2 or (len(turns) <= repeats and clock() - began < budget):
            turns.append([_time_product(left, right, clock) for left, right in operands])
    return ProductTimes(*(min(times) for times in zip(*turns[1:], strict=True)))


def _time_product(left: np.ndarray, right: np.ndarray, clock: Callable[[], float]) -> float:
    began = clock()
    left @ right
    return clock() - began


class TemplateLayer(NamedTuple):
    """A network of one layer made without training: each digit's weights are its mean image."""

    weights: np.ndarray  # float32 (784, 10)
    biases: np.ndarray  # float32 (10,)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, 28, 28) → float32 (n, 10), of mean 0: the nearer to a mean image, the higher."""
        return flatten(normalise(images)) @ self.weights + self.biases


def make_template_layer(means: np.ndarray) -> TemplateLayer:
    """The layer whose scores order the digits by their distance to `means`, float32 (10, 28, 28), 0 to 255.

    |x − m|² = |x|² − 2 x·m + |m|², and |x|² is the same for all ten: so x·m − |m|² / 2 says which mean is nearest.
    """
    rows = flatten(means).astype(np.float32) / 255
    weights, biases = rows.T * (2 / TEMPERATURE), -np.square(rows).sum(axis=1) / TEMPERATURE
    # Centred, so that each picture's ten scores have a mean of 0: easier to read, and softmax is the same.
    return TemplateLayer(weights - weights.mean(axis=1, keepdims=True), biases - biases.mean())


class SoftmaxSteps(NamedTuple):
    """Softmax with every number on the way: float64 (10,) each."""

    scores: np.ndarray
    powers: np.ndarray
    total: float
    shares: np.ndarray


def softmax_steps(scores: np.ndarray) -> SoftmaxSteps:
    """e to the power of each score, their sum, and each one's share of it. Scores: float (10,), below 700."""
    scores = scores.astype(np.float64)
    powers = np.exp(scores)
    return SoftmaxSteps(scores, powers, float(powers.sum()), powers / powers.sum())


def softmax_overflow(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Softmax in float32 as it is written down, and with the largest score taken off first."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(scores.astype(np.float32))
        naive = powers / powers.sum()
    return naive, softmax(scores.astype(np.float32))


def cross_entropy_of_share(share: float) -> float:
    """Cross-entropy when the right digit was given `share`, as Keras has it where the share is all it is handed: cut
    off at its epsilon, so never infinite. On TensorFlow, `fit` and `evaluate` look behind the softmax and cut nothing.
    """
    return -float(np.log(np.clip(share, KERAS_EPSILON, 1)))


def one_hot_distances(labels: np.ndarray, label: int) -> np.ndarray:
    """How far each label is from the label `to` as one-hot rows: 0 for itself, √2 for every other. float64 (n,)."""
    rows = np.eye(NUM_CLASSES)
    return np.linalg.norm(rows[labels] - rows[label], axis=1)
