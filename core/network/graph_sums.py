"""Convolutions and pooling with padding, strides and dilation in NumPy, as Keras computes them.

`forward.convolve` is for this project's own networks, which have none of these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np


@dataclass(frozen=True)
class Window:
    """The window that moves over an image. All pairs are rows, columns."""

    size: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    same: bool = False  # padding="same"; else "valid"
    dilation: tuple[int, int] = (1, 1)

    def reach(self, axis: int) -> int:
        """How many pixels the window spans along an axis."""
        return (self.size[axis] - 1) * self.dilation[axis] + 1

    def output_side(self, side: int, axis: int) -> int:
        """How many places the window has along an axis of `side` pixels; 0 or less if it does not fit."""
        if self.same:
            return -(-side // self.strides[axis])
        return (side - self.reach(axis)) // self.strides[axis] + 1

    def padded(self, values: np.ndarray, fill: float = 0.0) -> np.ndarray:
        """Images (n, h, w, c) with the border that padding="same" adds; the odd pixel is at the end."""
        if not self.same:
            return values
        borders = [(0, 0)]
        for axis in (0, 1):
            side = values.shape[1 + axis]
            wanted = (self.output_side(side, axis) - 1) * self.strides[axis] + self.reach(axis)
            missing = max(wanted - side, 0)
            borders.append((missing // 2, missing - missing // 2))
        return np.pad(values, [*borders, (0, 0)], constant_values=fill)

    def places(self, padded: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
        """For each row and column in the window, the pixels that it meets there: (n, h', w', c)."""
        high, wide = ((padded.shape[1 + axis] - self.reach(axis)) // self.strides[axis] + 1 for axis in (0, 1))
        for row in range(self.size[0]):
            for column in range(self.size[1]):
                top, left = row * self.dilation[0], column * self.dilation[1]
                rows = slice(top, top + (high - 1) * self.strides[0] + 1, self.strides[0])
                columns = slice(left, left + (wide - 1) * self.strides[1] + 1, self.strides[1])
                yield row, column, padded[:, rows, columns]


def convolve(values: np.ndarray, kernel: np.ndarray, window: Window, groups: int = 1) -> np.ndarray:
    """(n, h, w, c) with (k, k, c / groups, filters) → (n, h', w', filters)."""
    padded = window.padded(values)
    if groups == 1:
        return _sums(padded, kernel, window)
    parts, kernels = np.split(padded, groups, axis=-1), np.split(kernel, groups, axis=-1)
    return np.concatenate([_sums(part, own, window) for part, own in zip(parts, kernels, strict=True)], axis=-1)


def convolve_depthwise(values: np.ndarray, kernel: np.ndarray, window: Window) -> np.ndarray:
    """(n, h, w, c) with (k, k, c, m) → (n, h', w', c · m): each channel has its own m filters."""
    found = sum(met[..., None] * kernel[row, column] for row, column, met in window.places(window.padded(values)))
    sums = np.asarray(found)
    return sums.reshape(*sums.shape[:3], -1)


def max_pool(values: np.ndarray, window: Window) -> np.ndarray:
    """The largest value in each window: (n, h', w', c)."""
    return reduce(np.maximum, (met for _, _, met in window.places(window.padded(values, -np.inf))))


def average_pool(values: np.ndarray, window: Window) -> np.ndarray:
    """The mean of the image's own pixels in each window: (n, h', w', c)."""
    inside = np.ones((1, *values.shape[1:3], 1), values.dtype)
    sums, counts = (
        np.asarray(sum(met for _, _, met in window.places(window.padded(part)))) for part in (values, inside)
    )
    return np.asarray(sums / counts)


def image_shape(shape: Sequence[int], window: Window, channels: int) -> tuple[int, int, int]:
    """The output shape of a window on an image (h, w, c)."""
    return window.output_side(shape[0], 0), window.output_side(shape[1], 1), channels


def _sums(padded: np.ndarray, kernel: np.ndarray, window: Window) -> np.ndarray:
    # One matrix product for each place in the window takes less memory than all windows at once, and is as fast.
    found: np.ndarray | None = None
    for row, column, met in window.places(padded):
        part = met @ kernel[row, column]
        if found is None:
            found = part
        else:
            found += part
    assert found is not None
    return found
