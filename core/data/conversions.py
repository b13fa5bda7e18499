"""Arrays in other people's forms, converted to uint8 images (n, 28, 28) and labels (n,). Each conversion has a note."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from core.digits import NUM_CLASSES, SIDE
from core.errors import DataError

MAX_IMAGES = 1_000_000  # in a part; the largest set of digits in use has 280,000
MAX_BYTES = 3 << 29  # 1.6 GB for one array: 60,000 images in float64 have 0.4 GB
_CHUNK = 8192  # images that are converted at once
_SHAPES = {
    (SIDE, SIDE): "",
    (SIDE * SIDE,): f"Rows of {SIDE * SIDE} pixels were reshaped to {SIDE}×{SIDE}.",
    (SIDE, SIDE, 1): "The channel axis of the images was removed.",
    (1, SIDE, SIDE): "The channel axis of the images was removed.",
}


class Converted(NamedTuple):
    """Arrays in this project's form, and what was done to them."""

    arrays: list[np.ndarray]
    notes: list[str]


def to_images(parts: Sequence[np.ndarray]) -> Converted:
    """The training and test images as uint8 (n, 28, 28). Both are converted in the same way.

    Raises `DataError` for another shape, or for values that are no pixels.
    """
    notes = []
    for images in parts:
        if len(images) > MAX_IMAGES:
            raise DataError(f"A data set may have at most {MAX_IMAGES:,} images. Use a part of them.", len(images))
        if images.ndim == 0 or images.shape[1:] not in _SHAPES or images.dtype.kind not in "uifb":
            raise DataError(
                f"Images must be numbers of shape (n, {SIDE}, {SIDE}), (n, {SIDE * SIDE}) or (n, {SIDE}, {SIDE}, 1). "
                "Resize them, or use the published MNIST files.",
                f"{images.dtype} {images.shape}",
            )
        notes.append(_SHAPES[images.shape[1:]])
    scale, note = _scaling(parts)
    notes.append(note)
    converted: list[np.ndarray] = [_converted(part, scale).reshape(-1, SIDE, SIDE) for part in parts]
    return Converted(converted, [*dict.fromkeys(filter(None, notes))])


def to_labels(parts: Sequence[np.ndarray]) -> Converted:
    """The training and test labels as whole numbers (n,). Raises `DataError` for what is no label.

    The range of the numbers is checked by `Digits`.
    """
    notes, labels = [], []
    for part in parts:
        if part.ndim == 2 and part.shape[1] == NUM_CLASSES and part.dtype.kind in "uifb":
            if not (np.isin(part, (0, 1)).all() and (part.sum(axis=1) == 1).all()):
                raise DataError(
                    "One-hot labels must have one 1 and nine 0s in each row. Save the labels as numbers from 0 to 9."
                )
            part = part.argmax(axis=1).astype(np.uint8)
            notes.append("One-hot labels were turned into numbers.")
        elif part.ndim == 2 and part.shape[1] == 1:
            part = part[:, 0]
            notes.append("Labels of shape (n, 1) were reshaped to (n,).")
        if part.dtype.kind == "f" and np.isfinite(part).all() and (part == np.rint(part)).all():
            part = np.clip(part, -(2**31), 2**31).astype(np.int64)
            notes.append("Labels with a decimal point were turned into whole numbers.")
        labels.append(part)
    return Converted(labels, [*dict.fromkeys(notes)])


def _scaling(parts: Sequence[np.ndarray]) -> tuple[Callable[[np.ndarray], np.ndarray], str]:
    """How pixel values become 0 to 255, and the note about it."""
    filled = [part for part in parts if part.size]
    low = min((float(part.min()) for part in filled), default=0.0)
    high = max((float(part.max()) for part in filled), default=255.0)
    whole = all(part.dtype.kind in "uib" for part in parts)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DataError("Pixels must be numbers. Some of them are not a number (NaN) or infinite. Save the set again.")
    if 0 < high <= 1 and low >= 0:
        if high == 255 / 256:  # the mnist.pkl.gz of the Theano tutorials
            return lambda part: part * 256, "Pixels from 0 to 1 were multiplied by 256."
        kind = "Pixels of 0 and 1" if whole else "Pixels from 0 to 1"
        return lambda part: part.astype(np.float32) * 255, f"{kind} were multiplied by 255."
    if low >= 0 and high <= 255:
        is_uint8 = all(part.dtype == np.uint8 for part in parts)
        return lambda part: part, "" if is_uint8 else "Pixels were rounded to whole numbers from 0 to 255."
    if low >= -1 and high <= 1:
        return lambda part: (part + 1) * 127.5, "Pixels from -1 to 1 were scaled to 0 to 255."
    raise DataError(
        "Pixels must be from 0 to 255, from 0 to 1, or from -1 to 1. Scale them and save the set again.",
        f"{low:g} to {high:g}",
    )


def _converted(part: np.ndarray, scale: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """In chunks: a whole set in float64 would need eight times its memory once more."""
    if part.dtype == np.uint8 and scale(part[:1]) is part[:1].base:
        return part
    done = np.empty(part.shape, np.uint8)
    for start in range(0, len(part), _CHUNK):
        chunk = scale(part[start : start + _CHUNK])
        done[start : start + _CHUNK] = np.rint(chunk) if chunk.dtype.kind == "f" else chunk
    return done
