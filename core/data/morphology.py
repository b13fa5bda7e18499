"""Numbers that describe a written digit: ink, thickness, slant, distance from the mean image.

The measures follow Castro et al., Morpho-MNIST (JMLR 20, 2019), who take them from each image's shape; here they are
computed from sums over the pixels, which takes about a second for 70,000 digits.
"""

from collections.abc import Callable, Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from core.digits import NUM_CLASSES, SIDE, Digits

MEASURES = {
    "ink": "Ink: the mean of all pixel values, 0 to 255",
    "thickness": "Thickness: ink divided by half the length of its outline, in pixels",
    "slant": "Slant: how many degrees the digit leans to the right",
    "distance": "Distance from the mean image of its digit, in grey values per pixel (root mean square)",
}
_CHUNK = 1000  # images at a time: 3 MB as float32, so that little memory is used


def measure(digits: Digits) -> dict[str, np.ndarray]:
    """Each measure of each digit: name → float32 (n,)."""
    return {
        "ink": digits.images.mean(axis=(1, 2), dtype=np.float32),
        "thickness": _concatenate(thickness(chunk) for chunk in _chunks(digits.images)),
        "slant": _concatenate(slant(chunk) for chunk in _chunks(digits.images)),
        "distance": distance_to_mean(mean_images(digits), digits),
    }


def thickness(images: np.ndarray) -> np.ndarray:
    """Mean width of the strokes in pixels: float32 (n,). A stroke of width w, length l has area wl, outline 2l."""
    values = images.astype(np.float32)
    padded = np.pad(values, ((0, 0), (0, 1), (0, 1)))
    down, right = np.diff(padded, axis=1)[:, :, :-1], np.diff(padded, axis=2)[:, :-1]
    outline = np.sqrt(down * down + right * right).sum(axis=(1, 2))  # total variation: an outline of any direction
    return 2 * values.sum(axis=(1, 2)) / np.maximum(outline, 1)


def slant(images: np.ndarray) -> np.ndarray:
    """The angle at which ink shifts to the right from bottom to top, in degrees: float32 (n,), 0 = upright."""
    y, x = np.mgrid[:SIDE, :SIDE].reshape(2, -1).astype(np.float32) - (SIDE - 1) / 2
    ink = images.reshape(len(images), -1).astype(np.float32)
    total, sx, sy, sxy, syy = (ink @ np.stack([np.ones_like(x), x, y, x * y, y * y], axis=1)).T
    total = np.maximum(total, 1)
    covariance, variance = sxy / total - sx * sy / total**2, syy / total - (sy / total) ** 2
    return -np.degrees(np.arctan2(covariance, np.maximum(variance, 1e-6))).astype(np.float32)


def mean_images(digits: Digits) -> np.ndarray:
    """The mean image of each digit: float32 (10, 28, 28), 0 to 255; all 0 for a digit that is missing."""
    return _sum_per_digit(digits, lambda values: values) / np.maximum(digits.counts, 1)[:, None, None].astype(
        np.float32
    )


def std_images(digits: Digits) -> np.ndarray:
    """The standard deviation of each pixel within each digit: float32 (10, 28, 28)."""
    squares = _sum_per_digit(digits, np.square) / np.maximum(digits.counts, 1)[:, None, None].astype(np.float32)
    return np.sqrt(np.maximum(squares - mean_images(digits) ** 2, 0))


def value_counts(digits: Digits) -> np.ndarray:
    """How many pixels have each value: int64 (256,)."""
    counts = (np.bincount(chunk.ravel(), minlength=256) for chunk in _chunks(digits.images))
    return sum(counts, np.zeros(256, np.int64))


def distance_to_mean(means: np.ndarray, digits: Digits) -> np.ndarray:
    """The distance of each digit from the mean image of its label, root mean square over the pixels: float32 (n,)."""
    return _concatenate(
        np.sqrt(np.square(images.astype(np.float32) - means[labels]).mean(axis=(1, 2)))
        for images, labels in zip(_chunks(digits.images), _chunks(digits.labels), strict=True)
    )


def _sum_per_digit(digits: Digits, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    total = np.zeros((NUM_CLASSES, SIDE * SIDE), np.float32)
    with threadpool_limits(1):  # many times faster than two while a training run uses the cores
        for images, labels in zip(_chunks(digits.images), _chunks(digits.labels), strict=True):
            # Multiplying by the one-hot labels sums the images of all ten digits at once.
            one_hot = np.eye(NUM_CLASSES, dtype=np.float32)[labels]
            total += one_hot.T @ transform(images.reshape(len(images), -1).astype(np.float32))
    return total.reshape(NUM_CLASSES, SIDE, SIDE)


def _chunks(array: np.ndarray) -> Iterator[np.ndarray]:
    return (array[start : start + _CHUNK] for start in range(0, len(array), _CHUNK))


def _concatenate(parts: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.float32), *parts])
